# heatmap.awk - bagg's json of intervals with many percentiles: a panel for each group of distributions, a column for each interval.

# Keys of bagg's own lines; in a string these quotes would be escaped.
function number(key) {
  return match($0, "\"" key "\":-?[0-9.]+(e[-+]?[0-9]+)?") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : ""
}
function text(key) {
  if (!match($0, "\"" key "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
  return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
}
# All that tells groups apart stands between the header and metric, in one order.
function group_of(    from, to, between) {
  from = index($0, "\"tool\":")
  to = index($0, "\"metric\":")
  between = substr($0, from, to - from)
  gsub(/"(tool|test|rep)":/, "", between)
  gsub(/"start":[0-9.]+,?|"window":[0-9.e+-]+,?/, "", between)
  gsub(/"/, "", between)
  gsub(/:/, "=", between)
  gsub(/,+$/, "", between)
  gsub(/,+/, " ", between)
  return between " " text("metric")
}
BEGIN {
  ranks = split("0 0.01 0.1 0.25 0.5 0.75 0.9 0.95 0.97 0.98 0.99 0.995 0.998 0.999 0.9995 0.9999 1", rank, " ")
  split("min p1 p10 p25 p50 p75 p90 p95 p97 p98 p99 p995 p998 p999 p9995 p9999 max", name, " ")
  bins = 48
}
/"kind":"agg"/ && number("n") > 1 && number("p50") != "" && number("max") > 0 {
  g = text("of") SUBSEP group_of()
  of[g] = text("of")
  kinds[of[g]] = 1
  if (!(g in columns)) {
    group[++groups] = g
    title[g] = group_of()
  }
  c = ++columns[g]
  unit[g] = text("unit")
  metric[g] = text("metric")
  to[g, c] = number("ts")
  from[g, c] = number("records") == 1 && number("dur") != "" ? to[g, c] - number("dur") : ""
  start[g, c] = number("start")
  window = number("window")
  for (r = 1; r <= ranks; r++) value[g, c, r] = number(name[r]) + 0
  if (value[g, c, 1] < 1e-9) value[g, c, 1] = unit[g] == "ns" ? 1 : value[g, c, 2] > 0 ? value[g, c, 2] : value[g, c, ranks] / 1000
  for (r = 2; r <= ranks; r++) if (value[g, c, r] < value[g, c, r - 1]) value[g, c, r] = value[g, c, r - 1]
}
function wanted(g) {
  return of[g] != "result" || !("sample" in kinds || "event" in kinds)
}
# Where a column begins: as its one record says, else with its interval, or where the one before ends if that is not far.
function set_columns(g,    c, gap, least) {
  for (c = 2; c <= columns[g]; c++) {
    gap = to[g, c] - to[g, c - 1]
    if (gap > 0 && (least == "" || gap < least)) least = gap
  }
  for (c = 1; c <= columns[g]; c++) {
    if (window > 0.001) {
      from[g, c] = start[g, c]
      to[g, c] = start[g, c] + window
    } else if (from[g, c] == "") {
      from[g, c] = to[g, c] - (least == "" ? window : least)
      if (c > 1 && from[g, c] - to[g, c - 1] > 0 && from[g, c] - to[g, c - 1] < 2 * least) from[g, c] = to[g, c - 1]
    }
    if (first == "" || from[g, c] < first) first = from[g, c]
    if (to[g, c] > last) last = to[g, c]
  }
}
# Values between two percentiles are taken to lie evenly, by their logarithms; where these are far apart, half at either.
function fill(g, c, low, step,    r, b, b1, b2, left, right, width) {
  for (b = 0; b < bins; b++) cell[b] = 0
  for (r = 1; r < ranks; r++) {
    left = (log(value[g, c, r]) - low) / step
    right = (log(value[g, c, r + 1]) - low) / step
    b1 = int(left)
    b2 = int(right)
    if (b1 >= bins) b1 = bins - 1
    if (b2 >= bins) b2 = bins - 1
    width = right - left
    if (b2 - b1 > 6) {
      cell[b1] += (rank[r + 1] - rank[r]) / 2
      cell[b2] += (rank[r + 1] - rank[r]) / 2
      continue
    }
    for (b = b1; b <= b2; b++)
      cell[b] += (rank[r + 1] - rank[r]) * (b1 == b2 || width <= 0 ? b == b1 : ((b + 1 < right ? b + 1 : right) - (b > left ? b : left)) / width)
  }
}
function panel(g, p,    c, b, low, high, step, by, shown) {
  for (c = 1; c <= columns[g]; c++) {
    if (low == "" || value[g, c, 1] < low) low = value[g, c, 1]
    if (value[g, c, ranks] > high) high = value[g, c, ranks]
  }
  high *= 1.1
  low /= 1.1
  shown = log_axis("y", unit[g], low, high, 8)
  by = scale_by
  printf "$h%d << EOD\n", p
  step = (log(high) - log(low)) / bins
  for (c = 1; c <= columns[g]; c++) {
    fill(g, c, log(low), step)
    for (b = 0; b < bins; b++)
      if (cell[b] > 1e-5)
        printf "%.6f %.6g %.6f %.6f %.6g %.6g %.4g\n", (from[g, c] - first) / time_by, low * exp(b * step) / by,
          (from[g, c] - first) / time_by,
          (to[g, c] - first) / time_by, low * exp(b * step) / by, low * exp((b + 1) * step) / by, cell[b] * 100
  }
  printf "EOD\n$l%d << EOD\n", p
  for (c = 1; c <= columns[g]; c++) {
    if (c > 1 && from[g, c] - to[g, c - 1] > 2 * (to[g, c] - from[g, c])) print ""
    printf "%.6f %.6g %.6g\n", ((from[g, c] + to[g, c]) / 2 - first) / time_by, value[g, c, 5] / by, value[g, c, 11] / by
  }
  print "EOD"
  printf "%s\nset ylabel %s\n", (panels > 1 ? "set title " quote(title[g]) : "unset title"), axis(metric[g], shown)
  printf "set yrange [%.6g:%.6g]\nset xrange [0:%.6f]\n", low / by, high / by, (last - first) / time_by
  printf "plot $h%d using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 noborder fc palette notitle", p
  printf ", $l%d using 1:2 with lines lw 1.5 lc rgb '#111111' title 'p50'", p
  printf ", $l%d using 1:3 with lines lw 1.5 dt 2 lc rgb '#d55e00' title 'p99'\n", p
}
END {
  for (i = 1; i <= groups; i++) if (wanted(group[i])) chosen[++panels] = group[i]
  if (!panels) exit 1
  for (p = 1; p <= panels; p++) set_columns(chosen[p])
  choose_time(first, last)
  begin(960, panels == 1 ? 520 : 40 + 320 * panels, panels, panels == 1 ? title[chosen[1]] : "distributions over time")
  print "set palette defined (0 '#eef4fa', 0.35 '#9ecae1', 0.65 '#4292c6', 0.85 '#08519c', 1 '#08306b')"
  print "set logscale cb\nset cbrange [0.01:100]\nset format cb '%g %%'\nset cblabel 'share of values'\nset grid front"
  printf "set xlabel %s\n", quote(time_label)
  for (p = 1; p <= panels; p++) panel(chosen[p], p)
}
