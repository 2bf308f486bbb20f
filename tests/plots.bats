load helper

# contrib/plots: that each picture is whole and shows what the records say. What is pretty, no test can tell.

setup() {
  need gnuplot
  cd "$BATS_TEST_TMPDIR"
  mkdir tmp
  export TMPDIR="$PWD/tmp"
}

plot() {
  timeout 60 "$TOP/contrib/plots/plot" "$@"
}

# sample TS TEST METRIC UNIT FIGURES
sample() {
  printf '{"v":1,"kind":"sample","ts":%s,"run":"0000000a","host":"a","tool":"t","test":"%s","metric":"%s","unit":"%s",%s}\n' "$@"
}

# check_svg FILE TEXT...: FILE is well-formed and shows each TEXT.
check_svg() {
  local file=$1 text
  if command -v xmllint >/dev/null; then
    xmllint --noout "$file"
  else
    head -n 3 "$file" | grep -q '^<svg'
    sed '/^$/d' "$file" | tail -n 1 | grep -qx '</svg>'
  fi
  sed -n 's|^.*<text>\(.*\)</text>.*$|\1|p' "$file" | sed 's|<[^>]*>||g; s|^ *||; s| *$||' >texts
  shift
  for text in "$@"; do
    grep -qxF -- "$text" texts || { echo "no text: $text"; cat texts; false; }
  done
}

# Symbols drawn, those of the key included.
symbols() {
  grep -c "<use xlink:href='#gpPt[0-9]*' transform" "$1"
}

@test "plot series: a point for every value, a panel for every metric" {
  for second in 10 11 12 13; do
    sample "17636612$second.250000" x rate op/s '"value":'$((second * 1000000))
    sample "17636612$second.500000" y rate op/s '"value":'$((second * 2000000))
    sample "17636612$second.500000" y bw B/s '"value":'$((second * 3000))
  done >in
  plot -o out.svg series in
  check_svg out.svg 'rate (Mop/s)' 'bw (kB/s)' 'time since 2025-11-20 17:53:30 UTC (s)' x y 'over time'
  [ "$(symbols out.svg)" -eq $((12 + 3)) ]
  plot -m bw -o out.svg --title 'a & b' series <in
  check_svg out.svg 'a &amp; b' 'bw (kB/s)'
  [ "$(symbols out.svg)" -eq $((4 + 1)) ]
}

@test "plot series: intervals, and no line across a pause" {
  for second in 10 11 12 13 14 60 61 62 63 64; do
    sample "17636612$second.250000" x rate op/s '"value":'$((second * 1000000))
  done >in
  plot -i 10s -o out.svg series in
  # Of the five values in each interval the median and p99 are drawn.
  check_svg out.svg 'over time, intervals of 10s' 'x p50' 'x p99'
  [ "$(symbols out.svg)" -eq $((2 * 2 + 2)) ]
  plot -o out.svg series in
  [ "$(symbols out.svg)" -eq $((10 + 1)) ]
  # The line is a path that begins twice; the key has one of its own.
  [ "$(tr '\n' ' ' <out.svg | grep -o "<path stroke='rgb(  0, 114, 178)'  d='[^']*'" | grep -o 'M[0-9]' | wc -l)" -eq 3 ]
}

@test "plot cdf and plot percentiles: a point for every row of the table" {
  "$BUILD/bench/genrec" -b 1000 2000 >in
  bagg -q -k test -f hgrm in >table
  groups=$(grep -c 'Percentile TotalCount' table)
  rows=$(grep -cE '^ +[0-9]' table)
  plot -k test -o out.svg cdf in
  check_svg out.svg value 'share of values (%)' '100 µs' 'cumulative distribution'
  [ "$(symbols out.svg)" -eq $((rows + groups)) ]
  plot -k test -o out.svg percentiles in
  check_svg out.svg value percentile '50%' '99%' percentiles
  # The last row of each group is the 100th percentile, which is infinitely far.
  [ "$(symbols out.svg)" -eq $((rows - groups + groups)) ]
  # An axis from 0 and a logarithmic one in the same picture.
  sample 1763661210 x rate op/s '"value":2000' >two
  sample 1763661210 x lat ns '"value":20' >>two
  sample 1763661211 x lat ns '"value":20000' >>two
  plot -o out.svg percentiles two
  check_svg out.svg 'value (kop/s)' value '10 µs' 0
}

@test "plot heatmap: a column for every sample" {
  "$BUILD/bench/genrec" -D -b 100 800 | jq -c '.test = "x" | del(.qd)' >in
  plot -o out.svg heatmap in
  check_svg out.svg lat 'share of values' 'time since 2025-11-20 17:53:53 UTC (s)' p50 p99 'gen x lat'
  grep -oE "<polygon fill = '[^']*' points = '[0-9.]+," out.svg | sed "s/.*'//" | sort -u >columns
  [ "$(wc -l <columns)" -ge 8 ]
  plot -i 1s -o wide.svg heatmap in
  grep -oE "<polygon fill = '[^']*' points = '[0-9.]+," wide.svg | sed "s/.*'//" | sort -u >wide
  [ "$(wc -l <wide)" -lt "$(wc -l <columns)" ]
}

@test "plot compare: a point with its interval for every row that has a change" {
  "$BUILD/bench/gensim" -t 3 -x 10 . 1
  plot -o out.svg compare 1.base 1.new
  check_svg out.svg 'change from base to new (%)' 'sim1 lat' 'sim2 lat' 'sim3 lat' regressed
  [ "$(symbols out.svg)" -eq $((3 + 1)) ]
  run --separate-stderr plot -o out.svg compare 1.base 1.base
  [ "$status" -eq 0 ]
  check_svg out.svg same
}

@test "plot: SVG to standard output, PNG by name, and the size asked for" {
  sample 1763661210 x rate op/s '"value":1' >in
  plot --size 400x300 series in >out.svg
  check_svg out.svg 'rate (op/s)'
  grep -q 'width="400" height="300"' out.svg
  plot --size 400x300 -o out.png series in
  [ "$(od -An -tx1 -N 24 out.png | tr -d ' \n')" = 89504e470d0a1a0a0000000d49484452000001900000012c ]
}

@test "plot: names are text, whatever they hold" {
  name='`touch pwned`$(touch pwned)'\'' ; system \"touch pwned\" ; print @x <b> & µ_{2} %s'
  for second in 10 11; do
    sample "17636612$second" "$name" rate op/s '"value":1'
    sample "17636612$second" y rate op/s '"value":2'
  done >in
  plot -o out.svg --title "it's \`touch pwned\`" series in
  check_svg out.svg "it's \`touch pwned\`" "\`touch pwned\`\$(touch pwned)' ; system \"touch pwned\" ; print @x &lt;b> &amp; µ_{2} %s"
  plot -o out.svg cdf in
  plot -o out.svg -k test,metric compare <(jq -c '.kind = "result"' in) <(jq -c '.kind = "result"' in) 2>/dev/null || :
  [ ! -e pwned ]
}

@test "plot: what cannot be drawn is said" {
  sample 1763661210 x rate op/s '"value":1' >in
  run --separate-stderr plot
  [ "$status" -eq 2 ] && [[ $stderr == *usage:* ]]
  run --separate-stderr plot pie in
  [ "$status" -eq 2 ] && [[ $stderr == *usage:* ]]
  run --separate-stderr plot -o out.pdf series in
  [ "$status" -eq 2 ] && [[ $stderr == *.png* ]]
  run --separate-stderr plot --size 5 series in
  [ "$status" -eq 2 ] && [[ $stderr == *--size* ]]
  run --separate-stderr plot --bogus series in
  [ "$status" -eq 2 ]
  run --separate-stderr plot series /dev/null
  [ "$status" -eq 2 ] && [[ $stderr == *"nothing to draw"* ]]
  run --separate-stderr plot heatmap in
  [ "$status" -eq 2 ] && [ -z "$output" ]
  [ -z "$(ls -A tmp)" ]
}

@test "plot: a bad line is named, the rest is drawn, the exit status is 1" {
  { sample 1763661210 x rate op/s '"value":1'; echo '{"v":1,'; } >in
  run --separate-stderr plot -o out.svg series in
  [ "$status" -eq 1 ]
  [[ $stderr == *in:2* ]]
  check_svg out.svg 'rate (op/s)'
}

@test "plot: without gnuplot it says so" {
  mkdir bin
  for program in sh dirname expr; do ln -s "$(command -v $program)" bin/; done
  run --separate-stderr env PATH="$PWD/bin" "$TOP/contrib/plots/plot" series /dev/null
  [ "$status" -eq 3 ] && [[ $stderr == *gnuplot* ]]
}
