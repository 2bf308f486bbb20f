# common.awk - what all plots share: units, labels, and how a picture begins.

# In single quotes gnuplot replaces nothing, so names may hold anything but control characters.
function quote(text) {
  gsub(/[\001-\037\177]/, " ", text)
  gsub(/'/, "''", text)
  return "'" text "'"
}

# decode_dims(TEXT, INTO): k=v,k=v of a tsv column.
function decode_dims(text, into,    parts, count, i, at) {
  split("", into)
  if (text == "-") return
  count = split(text, parts, ",")
  for (i = 1; i <= count; i++) {
    at = index(parts[i], "=")
    into[decode(substr(parts[i], 1, at - 1))] = decode(substr(parts[i], at + 1))
  }
}

function decode(text) {
  gsub(/%2C/, ",", text)
  gsub(/%3D/, "=", text)
  gsub(/%25/, "%", text)
  return text
}

# choose_scale(UNIT, MAX): sets scale_by and scale_unit so that numbers up to MAX are short.
function choose_scale(unit, max,    names, steps, count, i, by) {
  scale_by = 1
  scale_unit = unit
  if (unit == "ns") count = split("ns µs ms s", names, " ")
  else if (unit == "B") count = split("B KiB MiB GiB TiB", names, " ")
  else if (unit == "B/s" || unit == "op/s" || unit == "Hz")
    count = split(unit " k" unit " M" unit " G" unit " T" unit, names, " ")
  by = unit == "B" ? 1024 : 1000
  for (i = 1; i < count && max >= by * scale_by; i++) scale_by *= by
  if (count) scale_unit = names[i]
}

# axis(NAME, UNIT): a label; ratios and counts have no unit to name.
function axis(name, unit) {
  return quote(name (unit == "" || unit == "count" || unit == "-" ? "" : " (" unit ")"))
}

# choose_time(FIRST, LAST): sets time_by, seconds of one unit of the time axis, and time_label.
function choose_time(first, last,    span, unit) {
  span = last - first
  time_by = span < 300 ? 1 : span < 18000 ? 60 : span < 432000 ? 3600 : 86400
  unit = time_by == 1 ? "s" : time_by == 60 ? "min" : time_by == 3600 ? "h" : "days"
  time_label = "time since " date_of(int(first)) " UTC (" unit ")"
}

# Days since 1970 to a date, by eras of 400 years that begin in March. (strftime is not in every awk.)
function date_of(seconds,    z, era, doe, yoe, doy, mp, day, month, year, rest) {
  z = int(seconds / 86400) + 719468
  rest = seconds % 86400
  era = int(z / 146097)
  doe = z - era * 146097
  yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
  doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
  mp = int((5 * doy + 2) / 153)
  day = doy - int((153 * mp + 2) / 5) + 1
  month = mp < 10 ? mp + 3 : mp - 9
  year = yoe + era * 400 + (month <= 2)
  return sprintf("%04d-%02d-%02d %02d:%02d:%02d", year, month, day, int(rest / 3600), int(rest / 60) % 60, rest % 60)
}

# begin(WIDTH, HEIGHT, PANELS, TITLE): TITLE is what stands above unless the user said something else.
function begin(width, height, panels, title,    parts) {
  if (size != "") {
    split(size, parts, "x")
    width = parts[1]
    height = parts[2]
  }
  print "set encoding utf8\nset micro"
  if (terminal == "png") printf "set terminal pngcairo noenhanced background 'white' size %d,%d font 'sans,10'\n", width, height
  else printf "set terminal svg noenhanced background 'white' size %d,%d font 'sans-serif,13'\n", width, height
  print "set border 3 lc rgb '#555555'"
  print "set tics nomirror out textcolor rgb '#333333'"
  print "set grid back lc rgb '#dddddd' lt 1 lw 0.7"
  print "set key above left horizontal Left reverse samplen 2 width 1 textcolor rgb '#333333'"
  print "set style line 1 lc rgb '#0072b2'\nset style line 2 lc rgb '#d55e00'\nset style line 3 lc rgb '#009e73'"
  print "set style line 4 lc rgb '#cc79a7'\nset style line 5 lc rgb '#e69f00'\nset style line 6 lc rgb '#56b4e9'"
  print "set style line 7 lc rgb '#333333'\nset style line 8 lc rgb '#999933'"
  print "if (plot_title eq '') plot_title = " quote(title)
  printf "set multiplot layout %d,1 title plot_title font ',%d'\n", panels, terminal == "png" ? 12 : 15
}

# log_axis(NAME, UNIT, LOW, HIGH, FROM): an axis that is logarithmic, with SI prefixes, where HIGH is more than FROM times LOW.
# Sets scale_by for the data and returns the unit for the label, which is empty where the numbers have theirs.
function log_axis(name, unit, low, high, from,    digit, at, list) {
  if (!(low > 0 && high / low > from)) {
    printf "unset logscale %s\nset format %s '%%g'\nset %stics auto\n", name, name, name
    choose_scale(unit, high)
    return scale_unit
  }
  scale_by = unit == "ns" ? 1e9 : 1
  printf "set logscale %s\nset format %s '%%.0s %%c%s'\nset %stics auto\n", name, name,
    (unit == "ns" ? "s" : unit == "ratio" || unit == "count" ? "" : unit), name
  if (high / low > 1000) return ""
  # Few powers of ten: 1, 2 and 5 of each.
  for (at = exp(log(10) * int(log(low / scale_by) / log(10) - 2)); at < high / scale_by * 10; at *= 10)
    for (digit = 1; digit <= 5; digit += digit == 1 ? 1 : 3)
      list = list (list == "" ? "" : ", ") sprintf("%.6g", at * digit)
  printf "set %stics (%s)\n", name, list
  return ""
}
