load helper

FORMATS="json tsv csv text md prom openmetrics hlog hgrm go"
HDR_JAR=/usr/share/java/hdrhistogram.jar

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# record METRIC UNIT DIMS MEASUREMENT: a result record; DIMS is JSON text such as "cpu":1, or empty.
record() {
  printf '{"v":1,"kind":"result","ts":1763661235.5,"run":"00000001","host":"h","tool":"t","test":"x",%s"metric":"%s","unit":"%s","dur":1.5,%s}\n' \
    "$3" "$1" "$2" "$4"
}

# scalars METRIC UNIT DIMS VALUE...
scalars() {
  local metric=$1 unit=$2 dims=$3 v
  shift 3
  for v in "$@"; do
    record "$metric" "$unit" "$dims" "\"value\":$v"
  done
}

# distribution METRIC UNIT DIMS: one record of the integers on stdin, with the histogram of three digits.
distribution() {
  local hist figures
  sort -n >sorted
  hist=$("$BUILD/unit/histcodec" --encode 3 <sorted)
  figures=$(awk '{ s += $1; v[NR] = $1 }
    END { printf "\"n\":%d,\"min\":%d,\"mean\":%.17g,\"sd\":1,\"max\":%d,\"sum\":%.0f", NR, v[1], s / NR, v[NR], s }' sorted)
  record "$1" "$2" "$3" "$figures,\"digits\":3,\"hist\":\"$hist\""
}

# latencies: 3000 integers over four decades, the same on every run.
latencies() {
  awk 'BEGIN { srand(11); for (i = 0; i < 3000; i++) printf "%d\n", 800 * exp((rand() + rand() + rand()) * 2.5) }'
}

# everything: groups of every sort that is hard on some format.
everything() {
  latencies | distribution lat ns '"bs":4096,'
  seq 70 | while read -r v; do scalars rate op/s '' "$v.5"; done
  scalars iops op/s '"qd":32,' 12345.678 13345
  scalars drift ns '' -5 0 7
  scalars big count '' 9007199254740993
  scalars tiny ratio '' 1e-12
  scalars huge '' '' 1e300
  scalars 'm_sum' ratio '' 0.5
  scalars m ratio '' 0.5
  record rtt ns '' '"n":3,"min":1,"max":9,"mean":4,"sd":1'
  record below ns '' '"n":3,"min":-1,"max":9,"mean":-4,"sd":1'
  record none ns '' '"n":0'
  scalars lat '' '"na\"me|`":"a\"b\\c\nd\te|f`g,h=i",' 0
  scalars 'ra te' 'a b/c' '"a.b":"1","a-b":1,"a_b":"","le":"x","_x":1,"0":2,"ü":3,"quantile":4,' 1
  scalars 'ra te' 'a b/c' '"a.b":"1","a-b":1,"le":"x","_x":1,"0":2,"ü":3,"quantile":4,' 2
  scalars lat ns '"cmd":"# *x* <b> _y_ [z] \r\u0000\u001b[1m",' 3
  scalars lat ns '"node":"a-8",' 4
  scalars lat 'é\n\u009b1m ééééééééééééééééééééééééééééééééééé' '' 5 6
}

# valid FORMAT FILE: what can be said of any file of that format without another program.
valid() {
  case $1 in
  json) jq -e . "$2" >/dev/null ;;
  tsv) awk -F'\t' 'NF != 20 { exit 1 }' "$2" ;;
  md) [ "$(grep '^|' "$2" | jq -R length | sort -u | wc -l)" -le 1 ] ;;
  prom) ! grep -vE '^(# (HELP|TYPE) [a-z].*|[a-zA-Z_][a-zA-Z0-9_]*(\{.*\})? [^ ]+)$' "$2" ;;
  openmetrics) [ "$(tail -n 1 "$2")" = '# EOF' ] && [ "$(grep -c '# EOF' "$2")" -eq 1 ] ;;
  go) awk '
      /^Benchmark[^a-z]/ { if (NF < 4 || NF % 2 || $2 !~ /^[1-9][0-9]*$/) exit 1
        for (i = 3; i < NF; i += 2) if ($i !~ /^-?[0-9.]+(e[-+][0-9]+)?$/ || $(i + 1) ~ /^[-0-9]/) exit 1
        next }
      /^Unit [^ ]+ better=(lower|higher)$/ { if ($2 in seen) exit 1; seen[$2]; next }
      /^[a-z][a-z]*:( [^ ].*)?$/ { next }
      { exit 1 }' "$2" ;;
  esac
}

# debian_python MODULE: the distribution's interpreter, which has the distribution's modules.
need_module() {
  /usr/bin/python3 -c "import $1" 2>/dev/null || skip "no python3 module $1"
}

@test "every format takes every sort of group, no group at all, and says so in its own grammar" {
  everything >in
  for format in $FORMATS; do
    run -0 --separate-stderr timeout 20 bagg -f "$format" -o out in
    valid "$format" out || { echo "$format"; cat out; false; }
    run -0 --separate-stderr timeout 20 bagg -f "$format" -o none /dev/null
    [ ! -s none ] || valid "$format" none || { echo "$format, empty"; cat none; false; }
    scalars m ns '' 5 >one
    run -0 --separate-stderr timeout 20 bagg -f "$format" -o out one
    [ -s out ]
    valid "$format" out
  done
}

@test "control bytes of values reach no terminal" {
  everything >in
  for format in text md hlog hgrm go; do
    timeout 20 bagg -f "$format" in >out 2>err
    [ "$(LC_ALL=C tr -d '\n\40-\176\200-\377' <out | wc -c)" -eq 0 ] || { echo "$format"; false; }
    iconv -f UTF-8 -t UTF-8 out >/dev/null
    run ! grep -q $'\302\233' out
  done
  LC_ALL=C timeout 20 bagg -f text --chart in >out 2>err
  iconv -f UTF-8 -t UTF-8 out >/dev/null
  run ! grep -q $'\302\233' out
  [ "$(LC_ALL=C tr -d '\n\40-\176\200-\377' <out | wc -c)" -eq 0 ]
}

@test "integers beyond 2^53 are exact in every format that shows single values" {
  scalars big count '' 9007199254740993 >in
  for format in json tsv csv prom openmetrics hgrm go; do
    timeout 20 bagg -f "$format" in >out
    grep -q 9007199254740993 out || { echo "$format"; false; }
  done
}

@test "-f csv: the columns of tsv, absent ones empty" {
  scalars rate op/s '"cpu":1,' 5 >in
  timeout 20 bagg -f csv in >out
  timeout 20 bagg -f tsv in >tsv
  [ "$(head -n 1 out | tr , '\t')" = "$(head -n 1 tsv)" ]
  [ "$(sed -n 2p out)" = '1763661235.500000,agg,00000001,h,t,x,,"cpu=1,of=result",rate,op/s,,1,5,,5,5,5,5,5,5' ]
  [ "$(wc -l <out)" -eq 2 ]
  run ! grep -q $'\r' out
}

@test "-f csv: Miller and Python read back what was in the records, newlines and quotes too" {
  need mlr
  scalars 'a\"b,c' 'x\ny' '"k":"say \"hi\",\nor not",' 5 >in
  timeout 20 bagg -f csv in >out
  [ "$(mlr --icsv --ojson cat out | jq -c '.[0] | [.metric, .unit, .dims, .n]')" = \
    '["a\"b,c","x\ny","k=say \"hi\"%2C\nor not,of=result",1]' ]
  need python3
  [ "$(python3 -c 'import csv, json
r = list(csv.DictReader(open("out", newline="")))
print(json.dumps([len(r), r[0]["metric"], r[0]["unit"], r[0]["dims"]]))')" = \
    '[1, "a\"b,c", "x\ny", "k=say \"hi\"%2C\nor not,of=result"]' ]
}

@test "-f md: raw text is aligned, numbers to the right, nothing is taken for markup" {
  everything >in
  timeout 20 bagg -f md in >out 2>err
  grep -q -- '---: |' out
  grep -q -F 'a"b\\c?d?e\|f\`g,h=i' out
  grep -q -F '# \*x\* \<b> \_y\_ \[z]' out
  scalars io_uring '' '"a":"\\|",' 1 2 >in
  timeout 20 bagg -f md in >out
  grep -q 'a=\\\\\\|' out
  grep -q 'io_uring' out
}

@test "-f prom: single values are summaries in base units, exactly" {
  scalars lat ns '"bs":4096,"cmd":"a\"b\\c\nd",' 1500 2500000001 >in
  timeout 20 bagg -P 50,99.9 -T rack=r1 -f prom in >out
  labels='tool="t",test="x",host="h",bs="4096",cmd="a\"b\\c\nd",rack="r1"'
  diff out - <<END
# HELP btools_lat_seconds lat: values
# TYPE btools_lat_seconds summary
btools_lat_seconds{$labels,quantile="0.0"} 0.0000015
btools_lat_seconds{$labels,quantile="0.5"} 0.0000015
btools_lat_seconds{$labels,quantile="0.999"} 2.500000001
btools_lat_seconds{$labels,quantile="1.0"} 2.500000001
btools_lat_seconds_sum{$labels} 2.500001501
btools_lat_seconds_count{$labels} 2
END
}

@test "-f prom: bucket counts are those of the values" {
  latencies >values
  distribution lat ns '' <values >in
  timeout 20 bagg -f prom in >out
  grep -c '_bucket' out
  [ "$(grep -c '_bucket' out)" -ge 8 ]
  sed -n 's/.*_bucket{.*le="\(.*\)"} \(.*\)/\1 \2/p' out >buckets
  while read -r le count; do
    [ "$(awk -v le="$le" '{ n += le == "+Inf" || $1 <= le * 1e9 + 0.01 } END { print n }' values)" -eq "$count" ] ||
      { echo "le=$le has $count"; false; }
  done <buckets
  [ "$(tail -n 1 buckets)" = '+Inf 3000' ]
  [ "$(tail -n 2 buckets | head -n 1 | cut -d ' ' -f 2)" -eq 3000 ]
  grep -q '_count{.*} 3000$' out
  [ "$(sed -n 's/.*_sum{.*} //p' out)" = "$(awk '{ s += $1 } END { printf "%.9f", s / 1e9 }' values | sed 's/0*$//')" ]
  [ "$(sed -n 's/.*quantile="0.5"} //p' out)" = "$(timeout 20 bagg in | jq -r 'select(.p50).p50' | awk '{ printf "%.9f", $1 / 1e9 }')" ]
}

@test "-f prom: names and labels are legal, and no two alike" {
  scalars 'ra te' 'a b/c' '"a.b":"1","a-b":1,"a_b":2,"le":"x","_x":1,"0":2,' 1 >in
  scalars 'ra.te' 'a b/c' '' 1 >>in
  scalars rate op/s '' 1 >>in
  scalars lat_seconds ns '' 1 >>in
  scalars n count '' 1 >>in
  timeout 20 bagg -f prom in >out
  grep -q '^btools_ra_te_a_b_c_count{tool="t",test="x",host="h",dim_0="2",dim__x="1",a_b_2="1",a_b_3="1",a_b="2",dim_le="x"} 1$' out
  grep -q '^btools_ra_te_2_a_b_c_count{' out
  grep -q '^btools_rate_ops_per_second_count{' out
  grep -q '^btools_lat_seconds_count{' out
  grep -q '^btools_n_count{' out
  run ! grep -q '_seconds_seconds' out
}

@test "-f prom: groups that would be one series are told apart" {
  scalars m '' '"a":"1",' 1 >in
  scalars m '' '"a":1,' 2 >>in
  scalars m '' '"a":"","b":2,' 3 >>in
  scalars m '' '"b":2,' 4 >>in
  timeout 20 bagg -f prom in >out
  grep '_count' out >counts
  [ "$(wc -l <counts)" -eq 4 ]
  [ "$(sort -u counts | wc -l)" -eq 4 ]
  [ "$(grep -c 'duplicate="2"' counts)" -eq 2 ]
}

@test "-f prom: what may be negative is a gauge, what is unknown is NaN" {
  scalars drift ns '' -5 7 >in
  timeout 20 bagg -f prom in >out
  grep -q '^# TYPE btools_drift_seconds gauge$' out
  grep -q '^btools_drift_seconds{.*quantile="0.0"} -5e-09$' out
  grep -q '^btools_drift_seconds_sum{.*} 2e-09$' out
  grep -q '^# TYPE btools_drift_seconds_count gauge$' out
  record rtt ns '' '"n":3,"min":1,"max":9,"mean":4,"sd":1' >in
  timeout 20 bagg -f prom in >out 2>err
  grep -q '_bucket{.*le="+Inf"} 3$' out
  [ "$(grep -c '_bucket' out)" -eq 1 ]
  grep -q '_quantile{.*quantile="0.5"} NaN$' out
  grep -q '_quantile{.*quantile="1.0"} 9e-09$' out
}

@test "-f prom, openmetrics: Prometheus' own client reads them, the latter strictly" {
  need_module prometheus_client
  everything >in
  for format in prom openmetrics; do
    timeout 20 bagg -f "$format" in >out 2>err
    /usr/bin/python3 - "$format" >families <<'END'
import sys
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prom
from prometheus_client.utils import floatToGoString
parse = (openmetrics if sys.argv[1] == "openmetrics" else prom).text_string_to_metric_families
seen = set()
for f in parse(open("out", newline="").read()):
    print(f.type, f.name)
    for s in f.samples:
        key = (s.name, tuple(sorted((k, v) for k, v in s.labels.items() if v)))
        assert key not in seen, key
        seen.add(key)
        assert not any(k.startswith("_") for k in s.labels), s
        for k in set(s.labels) & {"le", "quantile"}:
            assert s.labels[k] == floatToGoString(s.labels[k]), s
        if s.labels.get("na__me__"):
            assert s.labels["na__me__"] == 'a"b\\c\nd\te|f`g,h=i', s
END
    grep -q '^histogram btools_lat_seconds$' families
    grep -q '^gauge btools_drift_seconds$' families
    grep -q '^summary btools_iops_ops_per_second$' families
  done
  grep -q '^# UNIT btools_lat_seconds seconds$' out
}

@test "-f prom: node_exporter's textfile collector takes it" {
  need prometheus-node-exporter
  need curl
  everything >in
  mkdir metrics
  timeout 20 bagg -f prom -o metrics/btools.prom in 2>err
  [ "$(ls -A metrics)" = btools.prom ]
  port=$((20000 + $$ % 20000))
  prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory=metrics \
    --web.listen-address=127.0.0.1:$port >exporter.log 2>&1 3>&- &
  exporter=$!
  wait_for 20 curl -sf -m 5 -o scraped "http://127.0.0.1:$port/metrics" || { kill $exporter; cat exporter.log; false; }
  kill $exporter
  grep -q '^node_textfile_scrape_error 0$' scraped || { cat exporter.log; false; }
  [ "$(grep -c '^btools_' scraped)" -eq "$(grep -c '^btools_' metrics/btools.prom)" ]
  grep -q '^btools_iops_ops_per_second_count{.*qd="32",.*} 2$' scraped
}

@test "-f hlog: a line for each group, whose histogram is that of the values" {
  latencies >values
  distribution lat ns '' <values >in
  timeout 20 bagg -f hlog in >out
  sed -n 2p out | grep -q '^#\[Histogram log format version 1.3\]$'
  sed -n 3p out | grep -q '^#\[StartTime: 1763661234.000 (seconds since epoch), Thu Nov 20 17:53:54 UTC 2025\]$'
  sed -n 4p out | grep -q '^"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"$'
  max=$(sort -n values | tail -n 1)
  [ "$(sed -n 5p out | cut -d, -f 1-3)" = "1763661234.000,1.500,$(awk -v m="$max" 'BEGIN { printf "%.3f", m / 1e6 }')" ]
  sed -n 5p out | cut -d, -f 4 | timeout 20 "$BUILD/unit/histcodec" --decode >ours
  timeout 20 "$BUILD/unit/histcodec" --encode 3 <values | timeout 20 "$BUILD/unit/histcodec" --decode >want
  cmp ours want
  [ "$(wc -l <out)" -eq 5 ]
}

@test "-f hlog: single values are counted, kept or not; tags tell groups apart; what is no integer is left out, aloud" {
  scalars gap ns '"k":"a, b",' 5 5 2049 >in
  seq 1 100 | while read -r v; do scalars batch ns '' "$((v * 37))"; done >>in
  scalars load ratio '' 0.5 >>in
  scalars gap ns '"k":"a__b",' 7 >>in
  run -0 --separate-stderr timeout 20 bagg -f hlog in
  [ "$stderr" = 'bagg: 1 group left out: this format cannot show the values' ]
  [ "$(sed -n 's/^Tag=\([^,]*\),.*/\1/p' <<<"$output" | tr '\n' ' ')" = 't_x_gap_k=a__b t_x_batch t_x_gap_k=a__b_#2 ' ] ||
    [ "$(sed -n 's/^Tag=\([^,]*\),.*/\1/p' <<<"$output" | sort -u | wc -l)" -eq 3 ]
  sed -n 5p <<<"$output" | cut -d, -f 5 | timeout 20 "$BUILD/unit/histcodec" --decode >got
  printf '%s\n' 5 5 2049 | timeout 20 "$BUILD/unit/histcodec" --encode 3 | timeout 20 "$BUILD/unit/histcodec" --decode >want
  cmp got want
  sed -n 6p <<<"$output" | cut -d, -f 5 | timeout 20 "$BUILD/unit/histcodec" --decode >got
  seq 1 100 | awk '{ print $1 * 37 }' | timeout 20 "$BUILD/unit/histcodec" --encode 3 | timeout 20 "$BUILD/unit/histcodec" --decode >want
  cmp got want
}

@test "-f hlog, hgrm: HdrHistogram's own log processor reads the one and prints the other" {
  need java
  [ -e "$HDR_JAR" ] || skip "no $HDR_JAR"
  latencies >values
  distribution lat ns '' <values >in
  timeout 20 bagg -f hlog in >in.hlog
  timeout 60 java -cp "$HDR_JAR" org.HdrHistogram.HistogramLogProcessor -i in.hlog -o java >java.log 2>&1
  timeout 20 bagg -f hgrm in >out
  # Theirs has three decimals, knows the maximum to bucket width only and has another number of buckets.
  awk '/^ *[0-9]/ && $3 < 3000 { printf "%.3f %s %s %s\n", $1, $2, $3, $4 }' out >ours
  awk '/^ *[0-9]/ && $3 < 3000 { printf "%.3f %s %s %s\n", $1, $2, $3, $4 }' java.hgrm >theirs
  [ "$(wc -l <theirs)" -gt 40 ]
  diff ours theirs
  scalars gap ns '"k":"a b",' 5 >>in
  timeout 20 bagg -f hlog in >in.hlog
  timeout 60 java -cp "$HDR_JAR" org.HdrHistogram.HistogramLogProcessor -i in.hlog -listtags >java.log 2>&1
  grep -qx 't_x_gap_k=a_b' java.log
  grep -qx 't_x_lat' java.log
}

@test "-f hgrm: a section for each group, in milliseconds where the unit is ns" {
  scalars lat ns '' 1000000 2000000 3000000 4000001 >in
  scalars iops op/s '' 5 >>in
  timeout 20 bagg -f hgrm in >out
  [ "$(head -n 2 out)" = '#[t x lat, in ms]
       Value     Percentile TotalCount 1/(1-Percentile)' ]
  grep -qx '           1 0.000000000000          1           1.00' out
  grep -qx '    4.000001 1.000000000000          4' out
  grep -qx '#\[Mean    =        2.500, StdDeviation   =        1.291\]' out
  grep -qx '#\[t x iops, in op/s\]' out
  [ "$(grep -c Percentile out)" -eq 2 ]
}

@test "-f go: a line for each value, units that benchstat understands, names without blanks" {
  for v in 10 20 30; do
    record iops op/s '"bs":4096,"dir":"/a b",' "\"better\":\"higher\",\"value\":$v"
  done >in
  record lat ns '"node":"a-8",' '"better":"lower","value":4' >>in
  latencies | distribution lat ns '' >>in
  timeout 20 bagg -P 50,99.9 -f go in >out
  valid go out
  grep -qx 'Unit iops-op/s better=higher' out
  run ! grep -q 'Unit lat-ns/op' out # one group says lower, the other nothing
  grep -qx 'host: h' out
  grep -qx 'tool: t' out
  [ "$(grep -c '^BenchmarkX/bs=4096/dir=_a_b 1 [123]0 iops-op/s$' out)" -eq 3 ]
  grep -qE '^BenchmarkX 3000 [0-9.]+ lat-ns/op [0-9]+ lat-p50-ns/op [0-9]+ lat-p999-ns/op$' out
  grep -qx 'BenchmarkX/node=a-8-1 1 4 lat-ns/op' out
}

@test "--chart: bars that fit 80 columns, blocks only where the locale has them, and the marks" {
  latencies | distribution lat ns '' >in
  LC_ALL=C timeout 20 bagg -f text --chart in >ascii
  LC_ALL=C.UTF-8 timeout 20 bagg -f text --chart in >blocks
  [ "$(LC_ALL=C tr -d '\n\40-\176' <ascii | wc -c)" -eq 0 ]
  grep -q '###' ascii
  grep -q '███' blocks
  sed '1,/^t x lat$/d' ascii >bars
  [ "$(wc -l <bars)" -eq 20 ]
  [ "$(cat blocks bars | LC_ALL=C.UTF-8 wc -L)" -le 80 ]
  for mark in p50 p90 p99 max; do
    [ "$(grep -c "$mark" bars)" -eq 1 ]
  done
  tail -n 1 bars | grep -q 'max$'
  awk '{ for (i = 2; i <= NF; i++) if ($i == "%") s += $(i - 1) } END { exit !(s > 99 && s < 101) }' bars
  [ "$(LC_ALL= LC_CTYPE= LANG=en_GB.utf8 timeout 20 bagg -f text --chart in | grep -c '█')" -gt 5 ]
  timeout 20 bagg -f md --chart in >out
  [ "$(grep -c '^```$' out)" -eq 2 ]
}

@test "--chart means text, and is refused where nothing can be drawn" {
  printf '{"v":1,"kind":"sample","tool":"t","metric":"m","unit":"ns","value":%d}\n' 1 2 3 >in
  timeout 20 bagg --chart in >a
  timeout 20 bagg -f text --chart in >b
  cmp a b
  run --separate-stderr timeout 20 bagg -f json --chart in
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--chart"* ]]
}

@test "--chart: never wider than the terminal" {
  need script
  everything >in
  for columns in 3 10 24 40 200; do
    # The table keeps its columns; the drawings give up theirs.
    script -qec "stty cols $columns; TERM=xterm timeout 20 bagg -f text --chart in" /dev/null </dev/null >out 2>err
    tr -d '\r' <out | grep -v '^bagg:' | awk '!NF { blank++ } blank > 1' >charts
    [ "$(grep -c '^t x' charts)" -ge 10 ]
    [ "$(jq -R length charts | awk -v w="$columns" '$0 > w' | wc -l)" -eq 0 ] || { echo "$columns"; cat charts; false; }
  done
}

@test "windows: one header, and each table, section and line says which window it is" {
  for t in 30.5 35.5 45.5; do
    printf '{"v":1,"kind":"sample","ts":17636612%s,"tool":"t","test":"x","metric":"lat","unit":"ns","dur":1,"value":5}\n' $t
  done >in
  for format in tsv csv; do
    timeout 20 bagg -i 10s -f $format in >out
    [ "$(grep -c '^ts' out)" -eq 1 ]
    grep -q 'of=sample,start=1763661230.000000' out
    grep -q 'of=sample,start=1763661240.000000' out
  done
  for format in text md; do
    timeout 20 bagg -i 10s -f $format in >out
    grep -qx 't, samples from 2025-11-20 17:53:50 UTC, 10.00 s' out
    grep -qx 't, samples from 2025-11-20 17:54:00 UTC, 10.00 s' out
  done
  timeout 20 bagg -i 10s -f hlog in >out
  [ "$(grep -c '^#' out)" -eq 3 ]
  [ "$(tail -n 2 out | cut -d, -f 1-3 | tr '\n' ' ')" = '1763661230.000,10.000,0.000 1763661240.000,10.000,0.000 ' ]
  timeout 20 bagg -i 10s -f hgrm in >out
  grep -qx '#\[t x lat of=sample from 2025-11-20 17:54:00 UTC, 10.00 s, in ms\]' out
  timeout 20 bagg -i 10s -f prom -o out in
  grep -q '_count{.*} 1$' out
  [ "$(grep -c '^# TYPE' out)" -eq 1 ]
}

@test "-f hlog: bagg reads it back" {
  latencies | distribution lat ns '' >in
  scalars gap ns '' 5 70 >>in
  timeout 20 bagg -f hlog in >in.hlog
  run -0 --separate-stderr timeout 20 bagg --from hlog in.hlog
  [ "$(jq -c 'select(.kind == "agg") | [.n, .p50, .p99]' <<<"$output")" = \
    "$(timeout 20 bagg in | jq -c 'select(.kind == "agg") | [.n, .p50, .p99]')" ]
}
