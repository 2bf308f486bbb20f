# interval.awk - reads bagg's tsv with windows of 1 ms, prints the length of interval that gives at most `most` of them.
NR > 1 && $2 == "agg" {
  if (first == "" || $1 < first) first = $1
  if ($1 > last) last = $1
  if (!(($9, $1) in seen) && ++times[$9] > count) count = times[$9]
  seen[$9, $1] = 1
}
END {
  ms = 1
  if (count > most)
    for (digit = 1; ms * most < (last - first) * 1000; digit = digit == 5 ? 1 : digit == 2 ? 5 : 2)
      ms = digit == 5 ? ms * 2 : digit == 1 ? ms * 2 : ms * 2.5
  printf "%dms\n", ms
}
