load helper

# What bagg makes of records beyond folding them: other programs' lines, units, windows, rates, spans, correction.

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# value TS METRIC UNIT VALUE [JSON]...: sample records, four words each; EXTRA holds further members, with their comma.
value() {
  while [ $# -gt 0 ]; do
    printf '{"v":1,"kind":"sample","ts":%s,"run":"00000001","host":"h","tool":"t","test":"x",%s"metric":"%s","unit":"%s","value":%s}\n' \
      "$1" "${EXTRA:-}" "$2" "$3" "$4"
    shift 4
  done
}

# mark TS NAME...: mark records, two words each, of the run that RUN names.
mark() {
  while [ $# -gt 0 ]; do
    printf '{"v":1,"kind":"mark","ts":%s,"run":"%s","host":"h","tool":"t","name":"%s"}\n' "$1" "${RUN:-00000001}" "$2"
    shift 2
  done
}

# totals FILE: the same without what says that they were windows.
totals() {
  jq -c 'select(.kind == "agg") | del(.run, .start, .window)' "$1" | sort
}

# timed SECONDS: genrec's records with times that run through so many seconds.
timed() {
  "$BUILD/bench/genrec" 3000 | awk -v s="$1" '{ sub(/"ts":[0-9.]*/, sprintf("\"ts\":%.6f", 1700000003 + NR * s / 3000)); print }'
}

# --- NDJSON of other programs

@test "foreign NDJSON: -m takes numeric keys by path, with a unit; without -m the line is bad and says what to do" {
  cat >in <<'END'
{"ts":1763661234.5,"latency_us":5,"a":{"b":[1,{"c":10}]},"a.b":7,"text":"1.5"}
{"ts":1763661236,"latency_us":6.5,"a":{"b":[2,{"c":20}]},"a.b":8,"text":"2"}
END
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"in:1: no btools record: name a numeric key with -m"* ]]
  run --separate-stderr bagg -m latency_us:us,a.b,a.b.1.c in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg '"\(.metric) \(.unit) \(.of) \(.n) \(.sum) \(.ts)"')" = 'latency_us ns sample 2 11500 1763661236
a.b null sample 2 15 1763661236
a.b.1.c null sample 2 30 1763661236' ]
  # Text is no number, and a line without any is counted.
  run --separate-stderr bagg -m text in
  [ "$status" -eq 0 ]
  [ -z "$(agg .n)" ]
  [[ "$stderr" == *"2 lines have no number under any key that -m names"* ]]
}

@test "foreign NDJSON: a damaged record is not taken for another program's line" {
  printf '%s\n' '{"v":2,"kind":"result","x":1}' '{"kind":"result","x":1}' '{"v":1,"kind":"resul","x":1}' '{"v":1,"kind":7,"x":1}' '{"x":1' >in
  run --separate-stderr bagg -m x in
  [ "$status" -eq 1 ]
  [ "$(grep -c '^bagg: in:[0-9]: ' <<<"$stderr")" -eq 5 ]
  [[ "$stderr" != *"name a numeric key"* ]]
  # These have a v or a kind that means something else.
  printf '%s\n' '{"kind":"Pod","x":1}' '{"v":1,"x":1}' '{"kind":5,"x":1}' >in
  run --separate-stderr bagg -m x in
  [ "$status" -eq 0 ]
  [ "$(agg .n)" = 3 ]
}

@test "foreign NDJSON: -k any key by path, of any scalar type; without it only the metric" {
  cat >in <<'END'
{"host":"a","rep":1,"tag":{"cpu":0,"on":true},"s":"x\u0079","x":1}
{"host":"a","rep":2,"tag":{"cpu":0,"on":true},"s":"xy","x":2}
{"host":"b","rep":1,"tag":{"cpu":1,"on":false},"s":"z","x":3}
{"tag":[],"s":null,"x":4}
END
  run --separate-stderr bagg -m x in
  [ "$(agg '"\(.n) \(.host) \(.tool)"')" = '4 - -' ]
  run --separate-stderr bagg -m x -k host in
  [ "$(agg '"\(.host) \(.sum)"')" = $'a 3\nb 3\n- 4' ]
  run --separate-stderr bagg -m x -k tag.cpu,tag.on,s in
  [ "$(agg '"\(.["tag.cpu"]) \(.["tag.on"]) \(.s) \(.sum)"')" = $'0 true xy 3\n1 false z 3\nnull null null 4' ]
  run --separate-stderr bagg -m x -k rep in
  [ "$(agg '"\(.rep) \(.sum)"')" = $'1 4\n2 2\nnull 4' ]
  # Too long for a record to show: two of them could look alike, so none is shown.
  printf '{"k":"%01100d","x":1}\n{"k":"%01100d","x":1}\n' 1 2 >in
  run --separate-stderr bagg -m x -k k in
  [ "$(agg '"\(.k) \(.n)"')" = 'null 2' ]
}

@test "foreign NDJSON: --time, as text, seconds, milli-, micro- and nanoseconds" {
  for t in 1763661234.25 1763661234250 1763661234250000 1763661234250000000 '"2025-11-20T17:53:54.25Z"' '"2025-11-20T19:53:54.250+02:00"' \
    '"2025-11-20 17:53:54.25"'; do
    run --separate-stderr bagg -m x --time at.t <(echo "{\"at\":{\"t\":$t},\"x\":1}")
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$(agg .ts)" = 1763661234.25 ] || { echo "$t: $output"; false; }
  done
  for t in '"yesterday"' null '"2025-13-01"' 1e300; do
    run --separate-stderr bagg -m x --time t <(echo "{\"t\":$t,\"x\":1}")
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"1 line has no time that could be read"* ]]
    [ "$(agg .n)" = 1 ]
  done
}

@test "foreign NDJSON: integers beyond 2^53 stay exact" {
  printf '{"x":%s}\n' 9007199254740993 9007199254740995 123456789012345678901234567 >in
  run --separate-stderr bagg -m x in
  [[ "$output" == *'"values":[9007199254740993,9007199254740995,123456789012345678901234567]'* ]]
  [[ "$output" == *'"sum":123456789030360077410716555'* ]]
}

@test "foreign NDJSON and records in one stream; folded again the figures stay" {
  { echo '{"lat":5,"ts":1}'; value 2 lat ns 7; echo '{"lat":6,"ts":3}'; } >in
  bagg -m lat in >out
  [ "$(agg '"\(.tool) \(.n) \(.sum)"' out)" = $'- 2 11\nt 1 7' ]
  bagg -m lat out >again
  diff <(figures out) <(figures again)
  check_records out
}

@test "-k takes nested values of records; measurements are still refused" {
  EXTRA='"tags":{"zone":"a"},' value 1 lat ns 5 >in
  EXTRA='"tags":{"zone":"b"},' value 1 lat ns 6 >>in
  run --separate-stderr bagg -k tags.zone in
  [ "$(agg '"\(.["tags.zone"]) \(.sum)"')" = $'a 5\nb 6' ]
  run --separate-stderr bagg -k p99 in
  [ "$status" -eq 2 ]
  run --separate-stderr bagg -k start in
  [ "$status" -eq 2 ]
}

# --- units

@test "units: values in us, ms and s join those in ns; kB, KiB, %, kop/s, MHz become base units" {
  value 1 lat ns 5 1 lat us 5 1 lat ms 0.25 1 lat s 2 1 sz kB 3 1 sz KiB 3 1 sz bit 12 1 cpu % 50 1 rate kop/s 1.5 1 f MHz 2600 \
    1 odd furlong 3 >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.metric) \(.unit) \(.values | tojson)"')" = 'lat ns [5,5000,250000,2000000000]
sz B [1.5,3000,3072]
cpu ratio [0.5]
rate op/s [1500]
f Hz [2600000000]
odd furlong [3]' ]
}

@test "units: distributions in us are counted again in ns, within their buckets; figures exact" {
  "$BUILD/bench/genrec" -D -b 500 2000 >ns
  sed 's/"unit":"ns"/"unit":"us"/' ns >us
  bagg -k metric ns >a
  run --separate-stderr bagg -k metric us
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg .unit)" = ns ]
  for key in n sum min max mean p50 p90 p99 p999 sd; do
    awk -v a="$(agg .$key a)" -v b="$(agg .$key)" -v key=$key 'BEGIN {
      if (key != "n") a *= 1000
      exact = key ~ /^(n|sum|min|max)$/
      off = a > b ? a - b : b - a
      exit !(off <= (exact ? 0 : 0.0016) * a + (exact ? 0 : 1)) }' || { echo "$key"; false; }
  done
  # Both together in one group, and folded again.
  bagg -k metric ns us >both
  [ "$(agg .n both)" = 4000 ]
  bagg -k metric both >again
  diff <(figures both) <(figures again)
}

@test "units: agg records of scalars, kept and counted, also those with another scale" {
  for n in 60 500; do
    seq 1 $n | awk '{ printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"metric\":\"lat\",\"unit\":\"ns\",\"value\":%d}\n", $1 * 7 }' >ns
    bagg ns >folded
    sed 's/"unit":"ns"/"unit":"us"/' folded >us
    run --separate-stderr bagg us
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ "$(agg '"\(.unit) \(.n) \(.sum) \(.min) \(.max)"')" = "ns $n $((n * (n + 1) / 2 * 7000)) 7000 $((n * 7000))" ]
    awk -v got="$(agg .p50)" -v want=$((n / 2 * 7000)) 'BEGIN { d = got - want; exit !((d < 0 ? -d : d) <= want * 0.002) }'
  done
  # The same counts in steps of 1, as if another version had written them.
  hist=$("$BUILD/bench/genrec" -D -b 500 500 | jq .hist)
  jq -c --argjson hist "$hist" 'select(.kind == "agg") | del(.scale) | .hist = $hist' folded >other
  run --separate-stderr bagg other
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg '.p50 != null and .hist != null')" = true ]
}

# --- windows

@test "windows: aligned to the epoch, in order, each with start and length; together they are the whole" {
  timed 60 >in
  bagg in >whole
  bagg -i 7s in >windows
  [ "$(jq -r 'select(.kind == "agg") | .start' windows | uniq | wc -l)" -eq 9 ]
  [ "$(agg 'select(.window != 7 or .start % 7 != 0 or .ts < .start or .ts >= .start + 7)' windows)" = "" ]
  [ "$(agg .start windows | sort -n | uniq)" = "$(agg .start windows | uniq)" ]
  bagg windows >again
  # Groups of one window may keep their values where those of the whole are counted: what is exact must be the same.
  diff <(jq -c 'select(.kind == "agg") | [.test, .qd, .n, .sum, .min, .max, .ts, .p50, .p99, .sd]' whole | sort) \
    <(jq -c 'select(.kind == "agg") | [.test, .qd, .n, .sum, .min, .max, .ts, .p50, .p99, .sd]' again | sort)
  diff <(totals whole) <(totals again)
  # A window folded in windows again is the same window.
  bagg -i 7s windows >again
  diff <(figures windows) <(figures again)
  check_records windows
}

@test "windows: one of them holds what a filter by time would have taken" {
  timed 60 >in
  bagg -i 10s in >windows
  for start in 1700000000 1700000030; do
    jq -c "select(.ts >= $start and .ts < $start + 10)" in | bagg >part
    diff <(totals part) <(jq -c "select(.start == $start)" windows | totals /dev/stdin)
  done
}

@test "windows: negative times, fractions, boundaries" {
  value -0.6 lat ns 1 0 lat ns 2 0.249999 lat ns 3 0.25 lat ns 4 >in
  run --separate-stderr bagg -i 250ms in
  [ "$(agg '"\(.start) \(.window) \(.values | tojson)"')" = '-0.75 0.25 [1]
0 0.25 [2,3]
0.25 0.25 [4]' ]
}

@test "windows: late records are counted and said, --late waits for them; any order then gives the same" {
  value 100 lat ns 1 112 lat ns 2 109 lat ns 3 121 lat ns 4 101 lat ns 5 >in
  run --separate-stderr bagg -i 10s in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.start) \(.sum)"')" = $'100 1\n110 2\n120 4' ]
  [ "$(jq -r 'select(.kind == "warn") | "\(.code) \(.count)"' <<<"$output")" = $'late 1\nlate 1' ]
  [ "$(jq 'select(.kind == "end") | .records' <<<"$output")" = 3 ]
  [ -z "$stderr" ]
  run --separate-stderr bagg -i 10s -f tsv in
  [[ "$stderr" == *"1 measurement came after the window was reported"* ]]
  bagg -i 10s --late 20s in >out
  [ "$(agg '"\(.start) \(.sum)"' out)" = $'100 9\n110 2\n120 4' ]
  timed 60 >in
  shuf --random-source=<(yes) in >mixed
  bagg -i 10s in >a
  bagg -i 10s --late 60s mixed >b
  diff <(totals a) <(totals b)
  diff <(agg .start a | uniq) <(agg .start b | uniq)
}

@test "windows: several files are one stream, whatever their order; one time that cannot be true ends nothing" {
  timed 60 >in
  split -n r/3 in part.
  bagg -i 10s in >a
  bagg -i 10s part.ac part.aa part.ab >b
  diff <(totals a) <(totals b)
  diff <(agg .start a | uniq) <(agg .start b | uniq)
  value 1000 lat ns 1 1763661234123 lat ns 2 1001 lat ns 3 >in
  run --separate-stderr bagg -i 10s in
  [ "$(agg '"\(.start) \(.sum)"')" = $'1000 4\n1763661234120 2' ]
  # Where all are like that, they are as good as any.
  value 9000000001 lat ns 1 9000000012 lat ns 2 9000000002 lat ns 3 >in
  run --separate-stderr bagg -i 10s in
  [ "$(agg '"\(.start) \(.sum)"')" = $'9000000000 1\n9000000010 2' ]
}

@test "windows: measurements without a time are in the window of the newest" {
  { value 100 lat ns 1; value 5 lat ns 2 | sed 's/"ts":5,//'; value 111 lat ns 3; value 5 lat ns 4 | sed 's/"ts":5,//'; } >in
  run --separate-stderr bagg -i 10s in
  [ "$(agg '"\(.start) \(.values | tojson)"')" = $'100 [1,2]\n110 [3,4]' ]
  [[ "$stderr" == *"2 measurements without a time"* ]]
  run --separate-stderr bagg -i 10s <(sed -n 2p in; sed -n 1p in)
  [ "$(agg '"\(.start) \(.values | tojson)"')" = '100 [1,2]' ]
  run --separate-stderr bagg -i 10s <(sed -n 2p in)
  [ "$(agg '"\(.start) \(.window) \(.values | tojson)"')" = 'null 10 [2]' ]
}

@test "windows: reported when the stream pauses, at once and in every format" {
  for format in json tsv csv text md hlog; do
    rm -f pipe
    mkfifo pipe
    timeout 60 bagg -i 1s -f $format pipe >out 2>err &
    pid=$!
    exec 7>pipe
    value 1000.1 lat ns 1 1000.7 lat ns 2 >&7
    # The writer is still there and writes nothing more.
    wait_for 30 grep -q . out
    [ "$(grep -c . out)" -gt 0 ]
    value 1002.5 lat ns 3 >&7
    size=$(stat -c %s out)
    wait_for 30 sh -c "[ \$(stat -c %s out) -gt $size ]"
    exec 7>&-
    wait $pid
    [ ! -s err ]
  done
}

@test "windows: a file of old records, or one that comes line by line, is not cut by the clock" {
  timed 60 >in
  bagg -i 1s in >a
  (while IFS= read -r line; do printf '%s\n' "$line"; done <in) | bagg -i 1s >b
  diff <(figures a) <(figures b)
  [ "$(jq -c 'select(.kind == "warn")' b)" = "" ]
}

@test "windows: a signal reports those that are open" {
  for sig in INT TERM; do
    rm -f pipe out
    mkfifo pipe
    bagg -i 1h pipe >out 2>err &
    pid=$!
    exec 7>pipe
    value 1000 lat ns 1 5000 lat ns 2 >&7
    wait_for 20 grep -q '"start":0' out
    kill -$sig $pid
    wait_for 20 sh -c "! [ -d /proc/$pid ] || grep -q '^State:.*Z' /proc/$pid/status" || { kill -KILL $pid; false; }
    status=0
    wait $pid || status=$?
    exec 7>&-
    [ "$status" -eq $((128 + $(kill -l $sig))) ]
    [ "$(agg '"\(.start) \(.n)"' out)" = $'0 1\n3600 1' ]
    [ "$(jq -r 'select(.kind == "end") | .status' out)" = interrupted ]
  done
}

@test "windows: a reader that has left ends it quietly" {
  run --separate-stderr bash -c 'timed() { awk "BEGIN { for (i = 0; ; i++) printf \"{\\\"x\\\":%d,\\\"ts\\\":%d}\\n\", i, i }"; }
    timed | timeout 60 bagg -m x -i 2s | head -1; echo "${PIPESTATUS[*]}"'
  [[ "$output" == *"141 141 0"* ]]
  [ -z "$stderr" ]
}

@test "windows: with -o and prom the file is replaced by each window; other formats come whole at the end" {
  for format in prom openmetrics; do
    rm -f pipe feed.prom
    mkfifo pipe
    bagg -i 10s -f $format -o feed.prom pipe 2>err &
    pid=$!
    exec 7>pipe
    value 1000 lat ns 1 1011 lat ns 2 >&7
    wait_for 20 test -s feed.prom
    grep -q '_count{.*} 1' feed.prom
    value 1012 lat ns 3 1021 lat ns 4 >&7
    wait_for 20 grep -q '_count{.*} 2' feed.prom
    exec 7>&-
    wait $pid
    grep -q '_count{.*} 1' feed.prom
    [ ! -s err ]
    [ -z "$(find . -name '.btools-*')" ]
  done
  bagg -i 10s -o out <(value 1000 lat ns 1 1011 lat ns 2)
  [ "$(agg .start out)" = $'1000\n1010' ]
}

@test "windows: nothing in, nothing out; what is not measured opens none" {
  run --separate-stderr bagg -i 1s /dev/null
  [ "$status" -eq 0 ]
  [ "$(jq -r .kind <<<"$output")" = end ]
  run --separate-stderr bagg -i 1s -f tsv /dev/null
  [ "$(wc -l <<<"$output")" -eq 1 ]
  run --separate-stderr bagg -i 1s -f text /dev/null
  [ -z "$output" ]
}

@test "windows: more of them than may be open" {
  awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"x\":1,\"ts\":%d}\n", (i * 7919) % 20000 * 2 }' >in
  run --separate-stderr timeout 60 bagg -m x -i 1s --late 1d in
  [ "$status" -eq 0 ]
  late=$(jq -s 'map(select(.kind == "warn") | .count) | add // 0' <<<"$output")
  [ $(($(agg .n | wc -l) + late)) -eq 20000 ]
  [ "$(agg .n | wc -l)" -gt 16384 ]
}

# --- rates

@test "--rate: growth per second by series, whatever -k says; awk agrees" {
  awk 'BEGIN { srand(3); for (i = 0; i < 200; i++) for (c = 0; c < 3; c++) { n[c] += int(rand() * 1000)
    printf "{\"v\":1,\"kind\":\"sample\",\"ts\":%.2f,\"run\":\"0000000%d\",\"host\":\"h\",\"tool\":\"t\",\"test\":\"x\",\"cpu\":%d,\"metric\":\"c\",\"unit\":\"B\",\"better\":\"lower\",\"value\":%d}\n", 100 + i / 4, 1 + c % 2, c % 2, n[c] } }' |
    sed 's/"cpu":0,"metric":"c","unit":"B","better":"lower","value":\([0-9]*[02468]\)}/"cpu":0,"metric":"c","unit":"B","better":"lower","value":\1}/' >in
  # Series 0 and 2 share cpu and run: make them differ in rep.
  awk 'NR % 3 == 0 { sub(/"cpu"/, "\"rep\":7,\"cpu\"") } 1' in >in2
  run --separate-stderr bagg --rate c -k test in2
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  want=$(jq -r '"\(.cpu) \(.rep) \(.run) \(.ts) \(.value)"' in2 | awk '{ k = $1 " " $2 " " $3
    if (k in last) { v = ($5 - last[k]) / ($4 - at[k]); s += v; n++; if (v > max) max = v } last[k] = $5; at[k] = $4 }
    END { printf "%d %d %d", n, s, max }')
  [ "$(agg '"\(.n) \(.sum) \(.max)"')" = "$want" ]
  [ "$(agg '"\(.metric) \(.unit) \(has("better")) \(.dur)"')" = 'c B/s false 149.25' ]
  # Nothing is left to be turned into a rate.
  bagg --rate c in2 >once
  bagg --rate c once >twice
  diff <(figures once) <(figures twice)
}

@test "--rate: a counter that falls has begun again; times that do not move on are left out; both are told" {
  value 1 c B 100 2 c B 150 3 c B 30 4 c B 40 4 c B 60 3.5 c B 70 6 c B 80 >in
  run --separate-stderr bagg --rate c in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.values | tojson) \(.resets) \(.dur)"')" = '[10,20,30,50] 1 5' ]
  [[ "$stderr" == *"1 counter was reset"* ]]
  [[ "$stderr" == *"2 records of counters are not newer"* ]]
  # Resets add up.
  bagg --rate c in >a 2>/dev/null
  run --separate-stderr bagg a a
  [ "$(agg .resets)" = 2 ]
  check_records a
  run --separate-stderr bagg --rate c <(value 1 c B 5)
  [[ "$stderr" == *"no counter has two records"* ]]
  run --separate-stderr bagg --rate c <(value 1 c B 5 2 c B 6 | sed 's/"ts":[0-9]*,//')
  [[ "$stderr" == *"2 records of counters have no time"* ]]
}

@test "--rate: what unit it has" {
  value 1 a B 0 2 a B 5 1 b count 0 2 b count 5 1 c op 0 2 c op 5 1 d ns 0 2 d ns 500000000 1 e J 0 3 e J 5 1 f us 0 2 f us 250000 \
    1 g KiB 0 2 g KiB 1 >in
  run --separate-stderr bagg --rate a,b,c,d,e,f,g in
  [ "$(agg '"\(.metric) \(.unit) \(.sum)"')" = 'a B/s 5
b op/s 5
c op/s 5
d ratio 0.5
e J/s 2.5
f ratio 0.25
g B/s 1024' ]
}

@test "--rate: counters beyond 2^53 are exact" {
  value 1 c B 18446744073709551000 3 c B 18446744073709551614 >in
  run --separate-stderr bagg --rate c in
  [ "$(agg .sum)" = 307 ]
  value 1 c B 1 2 c B 1152921504606846978 >in
  run --separate-stderr bagg --rate c in
  [[ "$output" == *'"sum":1152921504606846977,'* ]]
}

@test "--rate: foreign lines, told apart by their texts; in windows; only what is named" {
  cat >in <<'END'
{"ts":1,"if":"eth0","rx":{"bytes":100}}
{"ts":1,"if":"lo","rx":{"bytes":5000}}
{"ts":3,"if":"eth0","rx":{"bytes":300}}
{"ts":3,"if":"lo","rx":{"bytes":5010}}
END
  run --separate-stderr bagg --rate rx.bytes:B -k if in
  [ "$(agg '"\(.if) \(.metric) \(.unit) \(.sum)"')" = $'eth0 rx.bytes B/s 100\nlo rx.bytes B/s 5' ]
  run --separate-stderr bagg -m rx.bytes:B --rate rx.bytes in
  [ "$(agg '"\(.unit) \(.values | tojson)"')" = 'B/s [5,100]' ]
  [ -z "$stderr" ]
  run --separate-stderr bagg -m rx.bytes:B --rate rx.bytes -i 2s in
  [ "$(agg '"\(.start) \(.values | tojson)"')" = '2 [5,100]' ]
  # The time is no name, even as text.
  sed 's/"ts":\([0-9]\)/"at":"2025-11-20T17:53:0\1Z"/' in >text
  run --separate-stderr bagg --rate rx.bytes:B --time at text
  [ "$(agg '"\(.unit) \(.values | tojson)"')" = 'B/s [5,100]' ]
  # Everything else is folded as it is.
  value 1 c B 5 2 c B 7 1 lat ns 5 2 lat ns 6 >in
  run --separate-stderr bagg --rate c in
  [ "$(agg '"\(.metric) \(.unit) \(.values | tojson)"')" = $'c B/s [2]\nlat ns [5,6]' ]
}

# --- spans

@test "--span: the latest A before each B, by host and run; what has no partner is counted" {
  { mark 1 a 2 a 3 b 4 b 5 a 5.5 b 9 a; RUN=00000002 mark 2.5 a 2.75 b 8 b; } >in
  run --separate-stderr bagg --span a:b -k run in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.run) \(.metric) \(.unit) \(.better) \(.of) \(.span) \(.values | tojson)"')" = '00000001 span ns lower event null [500000000,1000000000]
00000002 span ns lower event null [250000000]' ]
  [[ "$stderr" == *"4 marks of spans have no partner"* ]]
  run --separate-stderr bagg --span a:b in
  [ "$(agg '"\(.span) \(.n) \(.sum) \(.dur)"')" = 'a:b 3 1750000000 1.75' ]
  bagg --span a:b in >out 2>/dev/null
  check_records out
}

@test "--span: marks in any order; several spans; from a mark to the next of the same name" {
  awk 'BEGIN { for (i = 0; i < 500; i++) printf "%d.%d %s ", i * 3, i % 10, i % 2 ? "b" : "a" }' >words
  mark $(cat words) >in
  bagg --span a:b in >a
  shuf --random-source=<(yes) in >mixed
  bagg --span a:b mixed >b
  diff <(figures a) <(figures b)
  [ "$(agg .n a)" = 250 ]
  run --separate-stderr bagg --span a:b --span b:a --span a:a in
  [ "$(agg '"\(.span) \(.n)"')" = $'a:b 250\nb:a 249\na:a 249' ]
  run --separate-stderr bagg --span x:y in
  [ -z "$(agg .n)" ]
}

@test "--span: with -i a span is in the window of its end, also when nothing else is" {
  { mark 1 a; value 2 lat ns 5; mark 13 b; value 31 lat ns 6; } >in
  run --separate-stderr bagg -i 10s --span a:b in
  [ "$(agg '"\(.start) \(.metric) \(.sum)"')" = $'0 lat 5\n10 span 12000000000\n30 lat 6' ]
  rm -f pipe
  mkfifo pipe
  timeout 60 bagg -i 1s --span a:b pipe >out &
  pid=$!
  exec 7>pipe
  mark 1.25 a 1.5 b >&7
  wait_for 30 grep -q '"metric":"span"' out
  exec 7>&-
  wait $pid
}

# --- correction

# corrected INTERVAL: what recordValueWithExpectedInterval records for the values on stdin.
corrected() {
  awk -v e="$1" '{ print $1; for (v = $1 - e; v >= e; v -= e) printf "%.12g\n", v }' | sort -g
}

@test "--corrected-for: scalars, few and many, are those of HdrHistogram's rule" {
  for n in 5 40 3000; do
    awk -v n=$n 'BEGIN { srand(n); for (i = 0; i < n; i++) print int(exp(rand() * 9)) }' >values
    awk '{ printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"metric\":\"lat\",\"unit\":\"ns\",\"value\":%d}\n", $1 }' values >in
    awk '{ printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"corrected_for\":100,\"metric\":\"lat\",\"unit\":\"ns\",\"value\":%s}\n", $1 }' \
      <(corrected 100 <values) >slow
    bagg --corrected-for 100ns in >a
    bagg slow >b
    diff <(jq -c 'select(.kind == "agg") | del(.records, .run)' a) <(jq -c 'select(.kind == "agg") | del(.records, .run)' b)
    [ "$(agg .records a)" = $n ]
    [ "$(agg .corrected_for a)" = 100 ]
    # Never twice, and never together with what is not corrected.
    bagg --corrected-for 50ns a >again
    diff <(figures a) <(figures again)
    bagg -k test in a >both
    [ "$(agg '"\(.corrected_for) \(.records)"' both)" = $'null '$n$'\n100 '$n ]
    shuf --random-source=<(yes) in | bagg --corrected-for 100ns >c
    diff <(jq -c 'select(.kind == "agg") | del(.run)' a) <(jq -c 'select(.kind == "agg") | del(.run)' c)
  done
}

@test "--corrected-for: large values over small intervals, by buckets, agree with the slow way" {
  printf '%s\n' 900000 77777 1000003 >values
  awk '{ printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"metric\":\"lat\",\"unit\":\"ns\",\"value\":%d}\n", $1 }' values >in
  corrected 7 <values | awk '{ printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"corrected_for\":7,\"metric\":\"lat\",\"unit\":\"ns\",\"value\":%s}\n", $1 }' >slow
  bagg --corrected-for 7ns in >a
  bagg slow >b
  diff <(jq -c 'select(.kind == "agg") | del(.records, .run)' a) <(jq -c 'select(.kind == "agg") | del(.records, .run)' b)
}

@test "--corrected-for: distributions, and agg records of scalars, within their buckets" {
  "$BUILD/bench/genrec" -b 500 500 | jq .value >values
  "$BUILD/bench/genrec" -D -b 500 500 >dist
  "$BUILD/bench/genrec" -b 500 500 | bagg >scalars
  top=$(sort -n values | tail -1)
  e=$((top / 50))
  corrected $e <values >want
  for file in dist scalars; do
    run --separate-stderr bagg -P 10,50,90,99,99.9 --corrected-for ${e}ns $file
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    agg '"\(.n) \(.sum) \(.min) \(.p10) \(.p50) \(.p90) \(.p99) \(.p999) \(.max)"' | awk '
      function rank(p) { r = p * n / 100; r = r > int(r) ? int(r) + 1 : r; return v[r < 1 ? 1 : r] }
      function off(a, b) { d = a - b; return (d < 0 ? -d : d) > 0.005 * b + 1 }
      FNR == NR { v[++n] = $1; sum += $1; next }
      { bad = off($1, n) || off($2, sum) || off($4, rank(10)) || off($5, rank(50)) || off($6, rank(90)) || off($7, rank(99)) ||
          off($8, rank(99.9)) || $9 != v[n]; print n, sum, v[1], rank(50), rank(99), "got", $0 }
      END { exit bad }' want - || { echo "$file"; false; }
    [ "$(agg .corrected_for)" = $e ]
  done
  bagg --corrected-for ${e}ns dist >a
  bagg a >b
  diff <(figures a) <(figures b)
  check_records a
}

@test "--corrected-for: other units, open loops, spans and what has no histogram are left alone" {
  { value 1 lat us 5 1 sz B 5000; EXTRA='"loop":"open",' value 1 lat ns 5000; mark 1 a 9 b
    echo '{"v":1,"kind":"result","ts":1,"tool":"t","metric":"d","unit":"ns","n":3,"min":1,"max":9000,"mean":3000,"sd":1}'; } >in
  run --separate-stderr bagg --span a:b --corrected-for 1us in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.metric) \(.loop) \(.corrected_for) \(.n)"' | sort)" = 'd null null 3
lat closed null 1
lat null 1000 5
span null null 1
sz null null 1' ] || [ "$(agg '"\(.metric) \(.loop) \(.corrected_for) \(.n)"' | sort)" = 'd null null 3
lat null 1000 5
lat open null 1
span null null 1
sz null null 1' ]
  [[ "$stderr" == *"1 record of an open loop needs no correction"* ]]
  [[ "$stderr" == *"1 record could not be corrected"* ]]
}

@test "--corrected-for: hostile values take no time and no memory" {
  value 1 lat ns 9000000000000000 1 lat ns 9007199254740991 1 lat ns 1e300 1 lat ns -5 1 lat ns 123456789.75 1 lat h 1000000 >in
  run --separate-stderr timeout 20 bagg --corrected-for 1ns in
  [ "$status" -le 1 ]
  "$BUILD/bench/genrec" -D -b 3000 3000 | sed 's/"unit":"ns"/"unit":"h"/' >wide
  run --separate-stderr timeout 20 bagg --corrected-for 1ns wide
  [ "$status" -le 1 ]
}

# --- all together

@test "windows of rates, spans and corrected values, folded again, are what no windows would have given" {
  { timed 30; awk 'BEGIN { for (i = 0; i < 300; i++) printf "{\"ts\":%.1f,\"bytes\":%d,\"if\":\"%s\"}\n", 1700000003 + i / 10, i * i % 5000, i % 2 ? "a" : "b" }'
    awk 'BEGIN { for (i = 0; i < 60; i++) print 1700000003.25 + i / 2, i % 2 ? "b" : "a" }' | while read -r t n; do mark "$t" "$n"; done; } |
    jq -c . | sort -t: -k 2 >unsorted
  jq -c -s 'sort_by(.ts) | .[]' unsorted >in
  options="-m lat,bytes:B --rate bytes --span a:b --corrected-for 50us -k test,if,metric"
  bagg $options in >whole
  bagg -i 4s $options in >windows
  bagg -k test,if,metric windows >again
  [ "$(jq -c 'select(.kind == "agg") | .metric' whole | sort -u | tr '\n' ' ')" = '"bytes" "lat" "span" ' ]
  [ "$(jq -c 'select(.kind == "warn")' windows)" = "" ]
  exact='select(.kind == "agg") | [.test, .if, .metric, .unit, .corrected_for, .n, .records, .min, .max, .p50, .p99, .resets, (.sum | round), (.sd * 1000 | round)]'
  diff <(jq -c "$exact" whole | sort) <(jq -c "$exact" again | sort)
  # The order of what is neither counter nor mark does not matter, and parts can be folded apart.
  bagg -m lat --corrected-for 50us in >whole
  split -n r/3 in part.
  for p in part.??; do bagg -m lat --corrected-for 50us $p; done | bagg >again
  diff <(figures whole) <(figures again)
}

@test "every feature under the address and undefined-behaviour sanitizers, with hostile lines" {
  san=$(variant SAN=address,undefined)
  [ -x "$san/bagg" ] || skip "no sanitizer build"
  { timed 30; "$BUILD/bench/genrec" -D -b 300 3000; mark 1 a 3 b 2 a; cat "$TOP/tests/fixtures/bagg/hostile.ndjson"
    value 1 lat us 5 2 lat s 1e30 9e12 lat ns 5 -9e12 lat ns 5 1e300 lat ns 5
    printf '%s\n' '{"x":{"y":[1,{"z":5}]},"ts":"2025-11-20T17:53:54Z"}' '{"x":{"y":[]},"ts":1e19}' '{"x":{"y":[0,{"z":-1e308}]}}'
  } >in
  for options in "-i 1s" "-i 1ms --late 1h" "--rate lat,x.y.1.z" "--span a:b --span a:a" "--corrected-for 1us" \
    "-m x.y.1.z:us,lat -k test,x.y.0 -i 3s --rate x.y.1.z --corrected-for 3ns --span a:b"; do
    run --separate-stderr timeout 100 "$san/bagg" $options in
    [ "$status" -le 1 ] || { echo "$options: $status $stderr"; false; }
    [[ "$stderr" != *Sanitizer* && "$stderr" != *"runtime error"* ]]
    validate <(grep -v '"kind":"end"' <<<"$output")
  done
}

@test "of a list that is given twice the last one counts" {
  printf '{"a":1,"b":2,"c":3}\n{"a":2,"b":3,"c":4}\n' >in
  run --separate-stderr timeout 10 bagg -q -m a -m b:us in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(jq -c 'select(.kind == "agg") | [.metric, .sum]' <<<"$output")" = '["b",5000]' ]
}

@test "--late without -i is refused" {
  run --separate-stderr timeout 20 bagg --late 1s /dev/null
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--late"* ]]
}
