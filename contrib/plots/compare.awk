# compare.awk - bdiff's tsv: a row for each metric that both sides have, its change and the confidence interval.
BEGIN {
  FS = "\t"
  colour["regressed"] = "#d55e00"
  colour["improved"] = "#009e73"
  colour["changed"] = "#cc79a7"
  colour["accepted"] = "#e69f00"
  colour["unsure"] = "#e69f00"
  colour["same"] = "#777777"
  count_verdicts = split("regressed improved changed accepted unsure same", verdicts, " ")
}
NR == 1 || $2 != "diff" { next }
{
  decode_dims($8, dims)
  if (!("verdict" in dims) || !("change_pct" in dims) || dims["stat"] == "shape" || !(dims["verdict"] in colour)) {
    if ("verdict" in dims && dims["stat"] != "shape") left_out++
    next
  }
  rows++
  label[rows] = ($6 == "-" ? "" : $6 " ") $9 (dims["stat"] == "value" ? "" : " " dims["stat"])
  change[rows] = dims["change_pct"] + 0
  low[rows] = "change_lo" in dims ? dims["change_lo"] : change[rows]
  high[rows] = "change_hi" in dims ? dims["change_hi"] : change[rows]
  if (low[rows] + 0 < least) least = low[rows] + 0
  if (high[rows] + 0 > most) most = high[rows] + 0
  verdict[rows] = dims["verdict"]
  seen[dims["verdict"]] = 1
  choose_scale($10,
    dims["base"] + 0 > dims["new"] + 0 ? dims["base"] + 0 : dims["new"] + 0)
  medians[rows] = sprintf("%.4g → %.4g %s", dims["base"] / scale_by, dims["new"] / scale_by,
    scale_unit == "count" || scale_unit == "ratio" ? "" : scale_unit)
  split("accepted alpha base base_hi base_lo change_hi change_lo change_pct expires family floor_pct level max_pct median_pct n_base n_new need new new_hi " \
        "new_lo p p_by p_perm p_u reason runs_base runs_new shift stat taint threshold_pct u verdict why", own, " ")
  for (i in own) delete dims[own[i]]
  for (key in dims) {
    row_dims[rows, key] = dims[key]
    if (!(key in value_of)) value_of[key] = dims[key]
    if (value_of[key] != dims[key] || rows > ++key_count[key]) varies[key] = 1
  }
}
END {
  if (left_out) printf "plot: %d rows without a change in percent are left out\n", left_out | "cat >&2"
  if (!rows) exit 1
  for (i = 1; i <= rows; i++)
    for (key in varies) if ((i, key) in row_dims) label[i] = label[i] " " key "=" row_dims[i, key]
  begin(960, 150 + 30 * rows, 1, "change of the median, with 95 % confidence interval")
  printf "set yrange [%g:0.4]\nset ytics scale 0 (", rows + 0.6
  for (i = 1; i <= rows; i++) printf "%s%s %d", (i > 1 ? ", " : ""), quote(label[i]), i
  printf ")\nset y2range [%g:0.4]\nset y2tics scale 0 (", rows + 0.6
  for (i = 1; i <= rows; i++) printf "%s%s %d", (i > 1 ? ", " : ""), quote(medians[i]), i
  print ")\nset border 1\nset xlabel 'change from base to new (%)'\nset format x '%+g'"
  print "set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#333333' lw 1.2 back"
  if (least == most) most = 1
  printf "set xrange [%.6g:%.6g]\n", least - (most - least) * 0.04, most + (most - least) * 0.04
  for (v = 1; v <= count_verdicts; v++) {
    if (!(verdicts[v] in seen)) continue
    printf "$%s << EOD\n", verdicts[v]
    for (i = 1; i <= rows; i++) if (verdict[i] == verdicts[v]) print change[i], i, low[i], high[i]
    print "EOD"
  }
  printf "plot "
  for (v = 1; v <= count_verdicts; v++)
    if (verdicts[v] in seen)
      printf "%s$%s using 1:2:3:4 with xerrorbars pt 7 ps 0.8 lw 2 lc rgb '%s' title '%s'",
        (drawn++ ? ", " : ""), verdicts[v], colour[verdicts[v]], verdicts[v]
  print ""
}
