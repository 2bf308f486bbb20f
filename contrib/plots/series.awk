# series.awk - bagg's tsv of intervals: a panel for each metric, a line for each group.
BEGIN { FS = "\t" }
NR == 1 || $2 != "agg" || $12 == 0 { next }
{
  decode_dims($8, dims)
  of = dims["of"]
  delete dims["of"]
  delete dims["start"]
  kinds[of] = 1
  rows++
  row_of[rows] = of
  row_time[rows] = $1
  row_panel[rows] = $9 SUBSEP $10
  row_n[rows] = $12
  row_mid[rows] = $12 > 1 ? $16 : $13
  row_high[rows] = $12 > 1 ? $18 : $13
  if ($3 != "-") dims["run"] = $3
  if ($4 != "-") dims["host"] = $4
  if ($5 != "-") dims["tool"] = $5
  row_test[rows] = $6 == "-" ? "" : $6
  for (key in dims) {
    row_dims[rows, key] = dims[key]
    if (!(key in value_of)) value_of[key] = dims[key]
    if (value_of[key] != dims[key] || rows > ++key_count[key]) varies[key] = 1
  }
}
# Results of whole runs say nothing about time where there are samples.
function wanted(i) {
  return row_of[i] != "result" || !("sample" in kinds || "event" in kinds)
}
function name_of(i,    name, key) {
  name = row_test[i]
  for (key in varies) if (((i, key) in row_dims)) name = name (name == "" ? "" : " ") key "=" row_dims[i, key]
  return name == "" ? "value" : name
}
function panel(id,    part, i, s, low, high, unit, dist, style, marks, pass, least, before, gap) {
  split(id, part, SUBSEP)
  low = high = ""
  dist = 0
  for (i = 1; i <= rows; i++) {
    if (!wanted(i) || row_panel[i] != id || row_mid[i] == "-") continue
    if (low == "" || row_mid[i] + 0 < low) low = row_mid[i] + 0
    if (high == "" || row_high[i] + 0 > high) high = row_high[i] + 0
    if (row_n[i] > 1) dist = 1
  }
  unit = log_axis("y", part[2], low, high, 100)
  printf "set ylabel %s\nset xlabel %s\n", axis(part[1], unit), quote(time_label)
  printf "set yrange [%s:*]\nset xrange [0:%.6f]\n", (low > 0 && unit != "" ? "0" : "*"), (last > first ? (last - first) / time_by : 1)
  for (s = 1; s <= series_count[id]; s++) {
    printf "$s%d << EOD\n", s
    least = before = ""
    for (pass = 1; pass <= 2; pass++)
      for (i = 1; i <= rows; i++) {
        if (!wanted(i) || row_panel[i] != id || row_name[i] != series_name[id, s] || row_mid[i] == "-") continue
        gap = before == "" ? 0 : row_time[i] - before
        before = row_time[i]
        if (pass == 1 && gap > 0 && (least == "" || gap < least)) least = gap
        if (pass == 1) continue
        # Nothing is known of a pause: no line across it.
        if (gap > 5 * least) print ""
        printf "%.6f %.9g %.9g\n", (row_time[i] - first) / time_by, row_mid[i] / scale_by, row_high[i] / scale_by
      }
    print "EOD"
  }
  printf "plot "
  for (s = 1; s <= series_count[id]; s++) {
    style = points[id, s] <= 120 ? "with linespoints" : "with lines"
    marks = points[id, s] <= 120 ? " pt 7 ps 0.4" : ""
    printf "%s$s%d using 1:2 %s ls %d lw 1.5%s title %s", (s > 1 ? ", " : ""), s, style, (s - 1) % 8 + 1, marks,
      quote(series_name[id, s] (dist ? " p50" : ""))
    if (dist) printf ", $s%d using 1:3 %s ls %d lw 1 dt 2%s title %s", s, style, (s - 1) % 8 + 1, marks,
      quote(series_name[id, s] " p99")
  }
  print ""
}
END {
  for (i = 1; i <= rows; i++) {
    if (!wanted(i)) continue
    if (first == "" || row_time[i] < first) first = row_time[i]
    if (row_time[i] > last) last = row_time[i]
    id = row_panel[i]
    row_name[i] = name_of(i)
    if (!(id in series_count)) panel_id[++panels] = id
    if (!((id, row_name[i]) in index_of)) {
      index_of[id, row_name[i]] = ++series_count[id]
      series_name[id, series_count[id]] = row_name[i]
    }
    points[id, index_of[id, row_name[i]]]++
  }
  if (!panels) exit 1
  choose_time(first, last)
  begin(960, panels == 1 ? 480 : 40 + 300 * panels, panels, "over time" (interval == "" ? "" : ", intervals of " interval))
  for (p = 1; p <= panels; p++) panel(panel_id[p])
}
