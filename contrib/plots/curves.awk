# curves.awk - the percentile tables of bagg's hgrm: a panel for each unit, a curve for each group.
/^#\[/ && !/^#\[(Mean|Max|Buckets) +=/ {
  title = substr($0, 3)
  sub(/\][ \t]*$/, "", title)
  unit = title
  sub(/.*[ ,]in /, "", unit)
  if (unit == title) unit = "count"
  sub(/,? in [^ ]*$/, "", title)
  sub(/ in [^ ]*$/, "", title)
  count++
  name[count] = title
  unit_of[count] = unit == "ms" ? "ns" : unit
  factor = unit == "ms" ? 1e6 : 1
  is_sample[count] = sub(/ of=sample/, "", name[count])
  if (!is_sample[count]) others = 1
  next
}
$1 ~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ && count && NF >= 3 {
  rows[count]++
  value[count, rows[count]] = $1 * factor
  share[count, rows[count]] = $2
  far[count, rows[count]] = NF > 3 ? $4 : ""
}
# Samples are parts of results.
function wanted(c) {
  return rows[c] && !(is_sample[c] && others)
}
function panel(unit,    c, i, low, high, most, shown, curves, label, nines, at) {
  low = high = ""
  most = 10
  for (c = 1; c <= count; c++) {
    if (!wanted(c) || unit_of[c] != unit) continue
    for (i = 1; i <= rows[c]; i++) {
      if (low == "" || value[c, i] < low) low = value[c, i]
      if (high == "" || value[c, i] > high) high = value[c, i]
      if (far[c, i] + 0 > most) most = far[c, i] + 0
    }
  }
  shown = log_axis(kind == "cdf" ? "x" : "y", unit, low, high, 100)
  label = axis("value", shown)
  if (kind == "cdf") {
    printf "set xlabel %s\nset ylabel 'share of values (%%)'\nset yrange [0:100]\nset ytics 10\n", label
  } else {
    printf "set ylabel %s\nset xlabel 'percentile'\nset logscale x\nset xrange [1:%g]\nunset mxtics\n", label, most
    printf "set xtics ('0%%%%' 1, '50%%%%' 2, '75%%%%' 4, '90%%%%' 10"
    nines = "99"
    for (at = 100; at <= most; at *= 10) {
      printf ", '%s%%%%' %d", nines, at
      nines = nines (at == 100 ? ".9" : "9")
    }
    print ")"
    print "set yrange [" (shown == "" ? "*" : "0") ":*]"
  }
  for (c = 1; c <= count; c++) {
    if (!wanted(c) || unit_of[c] != unit) continue
    printf "$c%d << EOD\n", c
    for (i = 1; i <= rows[c]; i++) {
      if (kind == "cdf") printf "%.9g %.9g\n", value[c, i] / scale_by, share[c, i] * 100
      else if (far[c, i] != "") printf "%.9g %.9g\n", far[c, i], value[c, i] / scale_by
    }
    print "EOD"
  }
  printf "plot "
  for (c = 1; c <= count; c++) {
    if (!wanted(c) || unit_of[c] != unit) continue
    printf "%s$c%d using 1:2 with linespoints ls %d lw 1.5 pt 7 ps 0.3 title %s",
      (curves++ ? ", " : ""), c, (curves - 1) % 8 + 1, quote(name[c])
  }
  print ""
}
END {
  for (c = 1; c <= count; c++) {
    if (!wanted(c) || (unit_of[c] in have)) continue
    have[unit_of[c]] = 1
    units[++panels] = unit_of[c]
  }
  for (c = 1; c <= count; c++) shown_curves += wanted(c)
  if (!panels) exit 1
  begin(960, 40 + (panels == 1 ? 480 : 400 * panels) + 6 * shown_curves, panels, kind == "cdf" ? "cumulative distribution" : "percentiles")
  for (p = 1; p <= panels; p++) panel(units[p])
}
