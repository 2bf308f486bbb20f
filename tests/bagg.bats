load helper

FIXTURES=$TOP/tests/fixtures/bagg

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# scalars METRIC UNIT DIMS VALUE...: one result record for each value; DIMS is JSON text such as "cpu":1, or empty.
scalars() {
  local metric=$1 unit=$2 dims=$3 v
  shift 3
  for v in "$@"; do
    printf '{"v":1,"kind":"result","ts":5,"run":"00000001","host":"h","tool":"t","test":"x",%s"metric":"%s","unit":"%s","value":%s}\n' \
      "$dims" "$metric" "$unit" "$v"
  done
}

# near FILE FILE: the same agg records, numbers to a relative 1e-12.
near() {
  jq -n -e --slurpfile a "$1" --slurpfile b "$2" '
    def groups: map(select(.kind == "agg")) | sort_by(.tool, .test, .of, .metric, .qd, .cpu, .exact == null);
    def close($x; $y): ($x - $y | fabs) <= 1e-12 * ([($x | fabs), ($y | fabs)] | max);
    def same($x; $y):
      if ($x | type) == "number" and ($y | type) == "number" then close($x; $y)
      elif ($x | type) == "array" and ($y | type) == "array" then ($x | length) == ($y | length) and
        ([range($x | length)] | all(. as $i | close($x[$i]; $y[$i])))
      else $x == $y end;
    ($a | groups) as $a | ($b | groups) as $b |
    ($a | length) > 0 and ($a | length) == ($b | length) and
    all(range($a | length); . as $i | ($a[$i] | del(.run)) as $x | ($b[$i] | del(.run)) as $y |
      ($x | keys) == ($y | keys) and all($x | keys[]; . as $k | same($x[$k]; $y[$k])))' >/dev/null
}

# mixed: a stream of scalars, distributions, intervals and events of several groups; both integers and fractions.
mixed() {
  "$BUILD/bench/genrec" -b 300 -D 6000
  "$BUILD/bench/genrec" -s 2 3000
  awk 'BEGIN {
    for (i = 0; i < 400; i++) {
      x = (i * 7919 % 1000) / 7 + 0.1
      split("sample result event", kind)
      printf "{\"v\":1,\"kind\":\"%s\",\"ts\":%d.25,\"run\":\"0000000%d\",\"host\":\"h%d\",\"tool\":\"t\",\"test\":\"y\",\"cpu\":%d,", \
        kind[1 + i % 3], 100 + i, i % 3, i % 2, i % 4
      printf "\"metric\":\"rate\",\"unit\":\"op/s\",\"better\":\"higher\",\"dur\":0.5,\"value\":%.12g%s}\n", x, i % 50 ? "" : ",\"taint\":\"steal,freq\""
      printf "{\"v\":1,\"kind\":\"sample\",\"ts\":%d,\"tool\":\"t\",\"test\":\"z\",\"metric\":\"depth\",\"unit\":\"count\",\"lost\":%d,\"value\":%d}\n", \
        i, i % 3, i % 17
    }
  }'
}

@test "n, sum, min, max, mean and sd are those of awk; percentiles those of a sorted list" {
  awk 'BEGIN { srand(7); for (i = 0; i < 50; i++) print int(rand() * 100000) }' >values
  mapfile -t values <values
  scalars lat ns "" "${values[@]}" >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  want=$(sort -n values | awk '{ v[NR] = $1; s += $1; q += $1 * $1 }
    END { m = s / NR; printf "%d %d %d %d %.6f %.6f %d %d %d", NR, s, v[1], v[NR], m, sqrt((q - NR * m * m) / (NR - 1)), v[25], v[45], v[50] }')
  got=$(agg '"\(.n) \(.sum) \(.min) \(.max) \(.mean) \(.sd) \(.p50) \(.p90) \(.p99)"' |
    awk '{ printf "%d %d %d %d %.6f %.6f %d %d %d", $1, $2, $3, $4, $5, $6, $7, $8, $9 }')
  [ "$got" = "$want" ]
  [ "$(agg '.exact, .records, .of')" = $'true\n50\nresult' ]
  [ "$(agg '(.cv - .sd / .mean) < 1e-15')" = true ]
}

@test "the same figures as Miller and datamash" {
  need mlr
  need datamash
  "$BUILD/bench/genrec" 5000 >in
  bagg in >out
  agg '"\(.test) \(.qd) \(.n) \(.sum) \(.min) \(.max)"' out | sort >ours
  mlr --ijson --onidx stats1 -a count,sum,min,max -f value -g test,qd in | sort >theirs
  [ "$(wc -l <ours)" -eq 32 ]
  diff ours theirs
  agg '"\(.test) \(.qd) \(.mean) \(.sd)"' out | sort | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' >ours
  jq -r '"\(.test) \(.qd) \(.value)"' in | datamash -s -W -g 1,2 mean 3 sstdev 3 |
    awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' | sort >theirs
  [ "$(wc -l <theirs)" -eq 32 ]
  diff ours theirs
}

@test "percentile ranks: the ceiling rule, an element of the sample" {
  # n = 12, p95: rank 12; n = 5, p25: rank 2. Other rules give 11 and 1.
  run --separate-stderr bagg -P 95,25,0,100 <(scalars lat ns "" 12 1 11 2 10 3 9 4 8 5 7 6)
  [ "$(agg '"\(.p0) \(.p25) \(.p95) \(.p100)"')" = "1 3 12 12" ]
  run --separate-stderr bagg -P 25 <(scalars lat ns "" 5 4 3 2 1)
  [ "$(agg .p25)" = 2 ]
}

@test "exact up to 64 values, counted beyond, both said, and within the digits said" {
  for unit in ns op/s ratio count; do
    for n in 64 65 5000; do
      awk -v n=$n -v unit=$unit 'BEGIN { srand(n); for (i = 0; i < n; i++) { x = exp(rand() * 9)
        printf (unit == "ns" ? "%d\n" : "%.9g\n"), unit == "ratio" ? x / 9000 : x } }' | sort -g >sorted
      scalars m $unit "" $(shuf --random-source=<(yes) sorted) >in
      run --separate-stderr bagg -P 1,50,99,99.9 in
      [ "$status" -eq 0 ]
      [ "$(agg '"\(.n) \(.exact) \(has("values")) \(has("hist"))"')" = "$n $([ $n -le 64 ] && echo true true false || echo false false true)" ]
      # Where a wide range does not fit a record in 3 digits there are fewer, and they are said.
      digits=$(agg '.digits // 99')
      agg '"\(.min) \(.p1) \(.p50) \(.p99) \(.p999) \(.max)"' | awk -v n=$n -v tolerance=1e-$digits '
        function rank(p) { r = p * n / 100; r = r > int(r) ? int(r) + 1 : r; return v[r < 1 ? 1 : r] }
        function off(a, b) { d = a - b; return (d < 0 ? -d : d) > tolerance * b }
        FNR == NR { v[FNR] = $1; next }
        { bad = off($1, v[1]) || off($2, rank(1)) || off($3, rank(50)) || off($4, rank(99)) || off($5, rank(99.9)) || off($6, v[n]) }
        END { exit bad }' sorted - || { echo "$unit $n: $output"; false; }
    done
  done
}

@test "integers beyond the exact ones stay integers where the histogram can tell" {
  run --separate-stderr bagg <(scalars depth count "" $(seq 1 1000))
  [ "$(agg '"\(.p50) \(.p90) \(.p999)"')" = "500 900 999" ]
}

@test "default groups: tool, test, metric, unit and every dimension; not host, run, rep or key order" {
  {
    scalars lat ns '"cpu":0,' 1
    scalars lat ns '"cpu":1,' 2
    scalars lat B '"cpu":1,' 2
    scalars rtt ns '"cpu":1,' 2
    echo '{"v":1,"kind":"result","run":"00000002","host":"other","rep":9,"test":"x","tool":"t","cpu":0,"value":3,"unit":"ns","metric":"lat"}'
    echo '{"v":1,"kind":"result","tool":"t","test":"other","cpu":0,"value":3,"unit":"ns","metric":"lat"}'
    echo '{"v":1,"kind":"result","tool":"other","test":"x","cpu":0,"value":3,"unit":"ns","metric":"lat"}'
    echo '{"v":1,"kind":"result","tool":"t","test":"x","cpu":"0","value":3,"unit":"ns","metric":"lat"}'
    echo '{"v":1,"kind":"result","tool":"t","test":"x","cpu":0,"value":3,"unit":"ns","metric":"lat","list":[1],"none":null}'
  } >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.tool) \(.test) \(.cpu|tojson) \(.metric) \(.unit) \(.n)"')" = 't x 0 lat ns 3
t x 1 lat ns 1
t x 1 lat B 1
t x 1 rtt ns 1
t other 0 lat ns 1
other x 0 lat ns 1
t x "0" lat ns 1' ]
  # What differs within a group is not shown as if it held for all.
  [ "$(agg '"\(.host) \(.run == "00000001")"' | head -n 2)" = $'- false\nh true' ]
}

@test "-k: any dimension or part of the head; metric, unit and of always" {
  {
    scalars lat ns '"cpu":0,"comm":"a",' 1 2
    scalars lat ns '"cpu":1,' 3
    scalars rtt ns '"cpu":1,"comm":"b",' 5
    echo '{"v":1,"kind":"sample","ts":5,"run":"00000002","host":"g","tool":"u","test":"y","rep":2,"comm":"a","metric":"lat","unit":"ns","value":7}'
  } >in
  run --separate-stderr bagg -k comm in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.comm) \(.metric) \(.of) \(.n) \(has("cpu")) \(.tool) \(.test)"')" = 'a lat result 2 false t x
null lat result 1 false t x
b rtt result 1 false t x
a lat sample 1 false u y' ]
  run --separate-stderr bagg -k comm -f tsv in
  [ "$(cut -f 8 <<<"$output")" = $'dims\ncomm=a,of=result\ncomm=-,of=result\ncomm=b,of=result\ncomm=a,of=sample' ]
  run --separate-stderr bagg -k host,run,rep,tool,test,kind,metric,unit,of in
  [ "$(agg '"\(.host) \(.run) \(.rep) \(.tool) \(.test) \(.n)"')" = 'h 00000001 null t x 3
h 00000001 null t x 1
g 00000002 2 u y 1' ]
  # Grouped by metric alone, a head that differs is not shown.
  run --separate-stderr bagg -k metric <(sed 's/"kind":"sample"/"kind":"result"/' in)
  [ "$(agg '"\(.tool) \(.test) \(.host) \(.n)"')" = $'- null - 4\nt x h 1' ]
}

@test "-k refuses measurements and empty names" {
  for keys in value comm,p50 n ts hist '' a,,b; do
    run --separate-stderr bagg -k "$keys" /dev/null
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "${stderr_lines[0]}" == "bagg: -k, --keys: "* ]]
  done
}

@test "distributions merge without loss: n, sum, min, max exact, percentiles within 0.1 % of the sorted values" {
  "$BUILD/bench/genrec" -b 500 20000 >plain
  "$BUILD/bench/genrec" -b 500 -D 20000 >dist
  [ "$(wc -l <dist)" -eq 40 ]
  bagg -k metric -P 50,90,99,99.9 dist >out
  [ "$(agg '"\(.n) \(.records) \(.of) \(.digits)"' out)" = "20000 40 sample 3" ]
  [ "$(agg '"\(.n) \(.sum) \(.min) \(.max)"' out)" = "$(jq -s -r 'map(.value) | "\(length) \(add) \(min) \(max)"' plain)" ]
  jq .value plain | sort -n >sorted
  for p in 50:10000 90:18000 99:19800 999:19980; do
    want=$(sed -n "${p#*:}p" sorted)
    got=$(agg ".p${p%:*}" out)
    [ "$got" -ge "$want" ] && [ $((got - want)) -le $((want / 1000)) ] || { echo "p${p%:*}: $got, want $want"; false; }
  done
  # The ends are exact.
  bagg -k metric -P 0,100 dist plain >ends.out
  [ "$(agg '"\(.p0) \(.p100)"' ends.out | sort -u)" = "$(head -n 1 sorted) $(tail -n 1 sorted)" ]
  # Scalars of the same values give the same percentiles: both are counted.
  bagg -k metric plain >plain.out
  [ "$(agg '"\(.p50) \(.p999) \(.mean)"' plain.out)" = "$(agg '"\(.p50) \(.p999) \(.mean)"' out)" ]
}

@test "any split of a stream, folded and folded again in any order, gives the figures of the whole" {
  mixed >in
  bagg in >whole
  [ "$(agg 1 whole | wc -l)" -gt 60 ]
  for parts in 2 7 97; do
    rm -f part.* agg.*
    split -n r/$parts in part.
    for part in part.*; do
      bagg "$part" >"agg.${part#part.}"
    done
    bagg $(ls -r agg.*) >merged
    near whole merged || { diff <(figures whole) <(figures merged); false; }
    # Integers, to the last byte: the sums and the histograms as well.
    figures whole | grep -v '"op/s"' >a
    figures merged | grep -v '"op/s"' >b
    cmp a b
  done
  # Halves of whole with raw records, and a tree of aggs.
  { head -n 1000 in | bagg; tail -n +1001 in; } | bagg >merged
  near whole merged
  bagg <(bagg <(bagg whole)) >merged
  near whole merged
  # The order of the lines does not matter either.
  shuf --random-source=<(yes) in | bagg >merged
  near whole merged
}

@test "a split survives -k and -P" {
  mixed >in
  bagg -k metric -P 1,99.99 in >whole
  split -n r/5 in part.
  for part in part.*; do
    bagg -k metric "$part" >"agg.${part#part.}"
  done
  bagg -k metric -P 1,99.99 agg.* >merged
  near whole merged
  [ "$(agg 'has("p1") and has("p9999") and (has("p50") | not)' merged | sort -u)" = true ]
}

@test "histograms of different digits meet at the smaller" {
  jq -c 'select(.kind == "agg") | del(.taint)' <("$BUILD/bench/genrec" -D -b 2000 2000 | bagg) >three
  # 1 digit: the histogram of a group that has to share its line with 3 kB of dimensions, by way of a file.
  "$BUILD/bench/genrec" -D -b 2000 2000 | jq -c --arg pad "$(printf %0900d 0)" '. + {a: $pad, b: $pad, c: $pad}' |
    bagg | jq -c 'select(.kind == "agg") | del(.a, .b, .c)' >fewer
  digits=$(jq .digits fewer)
  [ "$digits" -lt 3 ]
  run --separate-stderr bagg three fewer
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.digits) \(.n)"')" = "$digits 4000" ]
  [ "$(agg .p99)" = "$(jq .p99 fewer)" ]
}

@test "sums are exact far beyond 2^53, and so are min and max" {
  run --separate-stderr bagg <(scalars n count "" 9007199254740993 9007199254740993 9007199254740993)
  [ "$status" -eq 0 ]
  [[ "$output" == *'"min":9007199254740993,'* ]]
  [[ "$output" == *'"sum":27021597764222979,'* ]]
  [[ "$output" == *'"values":[9007199254740993,9007199254740993,9007199254740993]'* ]]
  run --separate-stderr bagg <(scalars n count "" 18446744073709551615 18446744073709551615 1)
  [[ "$output" == *'"max":18446744073709551615,'* ]]
  [[ "$output" == *'"sum":36893488147419103231,'* ]]
  # The sum of 100 such numbers, which are counted, and of distributions.
  run --separate-stderr bagg <(scalars n count "" $(yes 9007199254740993 | head -n 100))
  [[ "$output" == *'"sum":900719925474099300,'* ]]
  dist='{"v":1,"kind":"result","metric":"lat","unit":"ns","n":2,"min":9007199254740993,"max":9007199254740993,"sum":18014398509481986}'
  run --separate-stderr bagg <(printf '%s\n%s\n' "$dist" "$dist")
  [[ "$output" == *'"sum":36028797018963972'* ]]
  [[ "$output" == *'"max":9007199254740993,'* ]]
}

@test "0.1 ten times is 1, and small spreads on large values are right" {
  run --separate-stderr bagg <(scalars r ratio "" $(yes 0.1 | head -n 10))
  [[ "$output" == *'"sum":1,'* ]]
  run --separate-stderr bagg <(scalars r ratio "" 1000000000.1 1000000000.2 1000000000.3)
  [ "$(agg '(.sd - 0.1 | fabs) < 1e-7')" = true ]
  run --separate-stderr bagg <(scalars n count "" $(seq 1000000000001 1000000000100))
  [ "$(agg '(.sd - 29.011491975882016 | fabs) < 1e-13')" = true ]
}

@test "-P: names, order, duplicates; nonsense is refused" {
  run --separate-stderr bagg -P 99.9,50,12.5,99.99,50,0.1,99.5,100 <(scalars lat ns "" 1 2 3)
  [ "$status" -eq 0 ]
  [ "$(agg 'keys_unsorted | map(select(startswith("p"))) | join(" ")')" = "p0_1 p12_5 p50 p99_5 p999 p9999 p100" ]
  for list in 101 -1 x '' 50, nan 5e1x 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
    run --separate-stderr bagg -P "$list" /dev/null
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "${stderr_lines[0]}" == "bagg: -P, --percentiles: "* ]]
  done
}

@test "-m keeps the metrics named" {
  { scalars lat ns "" 1; scalars rate op/s "" 2; scalars errors count "" 0; } >in
  run --separate-stderr bagg -m rate,lat in
  [ "$(agg .metric)" = $'lat\nrate' ]
  [ "$(jq 'select(.kind == "end") | .records' <<<"$output")" = 2 ]
}

@test "dur and lost add up, ts is the newest, taints unite, better and loop only where all agree" {
  rec() { printf '{"v":1,"kind":"result","metric":"lat","unit":"ns","value":1,%s}\n' "$1"; }
  {
    rec '"ts":7.5,"dur":0.25,"lost":3,"taint":"steal","better":"lower","loop":"open"'
    rec '"ts":9.000001,"dur":1.000000001,"lost":4,"taint":"freq,steal","better":"lower","loop":"open"'
    rec '"ts":8,"taint":"zz,aa","better":"lower","loop":"open"'
  } >in
  run --separate-stderr bagg in
  [ "$(agg '"\(.ts) \(.dur) \(.lost) \(.taint) \(.better) \(.loop)"')" = "9.000001 1.250000001 7 aa,freq,steal,zz lower open" ]
  rec '"better":"higher"' >>in
  run --separate-stderr bagg in
  [ "$(agg '"\(.better) \(.loop) \(.n)"')" = "null null 4" ]
}

@test "a distribution without a histogram leaves percentiles unknown and says so once" {
  rec() { printf '{"v":1,"kind":"result","metric":"lat","unit":"ns","n":%d,"min":1,"mean":2.5,"max":4%s}\n' "$1" "$2"; }
  for hist in '' ',"hist":null'; do
    { rec 4 "$hist"; rec 4 "$hist"; rec 4 ""; } >in
    run --separate-stderr bagg in
    [ "$status" -eq 0 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "bagg: in:1: no histogram "* ]]
    [ "$(agg '"\(.n) \(.sum) \(.min) \(.max) \(.mean) \(.p50) \(.p99) \(has("hist"))"')" = "12 30 1 4 2.5 null null false" ]
  done
}

@test "a distribution whose histogram is damaged or disagrees is a bad line" {
  hist=$("$BUILD/bench/genrec" -D -b 10 10 | jq -r .hist)
  rec() { printf '{"v":1,"kind":"result","metric":"lat","unit":"ns","n":%d,"min":1,"mean":2.5,"max":4,"hist":"%s"}\n' "$1" "$2"; }
  for hist in "$hist" garbage HISTFAAA; do
    { rec 4 "$hist"; scalars rate op/s "" 1; rec 4 "$hist"; } >in
    run --separate-stderr bagg in
    [ "$status" -eq 1 ]
    [ "$(agg '"\(.metric) \(.n)"')" = "rate 1" ]
    [ "$(jq 'select(.kind == "end").errors' <<<"$output")" -eq 2 ]
    [[ "${stderr_lines[0]}" == "bagg: in:1: the histogram "* ]]
  done
  printf '{"v":1,"kind":"agg","of":"result","exact":true,"metric":"m","unit":"B","n":1,"min":5,"max":6,"values":%s}\n' '[5,6]' '["a"]' >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [[ "${stderr_lines[0]}" == "bagg: in:1: values are no numbers or not n"* ]]
}

@test "a measurement without metric, or without value and n, is a bad line" {
  printf '{"v":1,"kind":"result",%s}\n' '"value":1' '"metric":"m","unit":"ns"' '"metric":"m","unit":"ns","hist":"HISTFAAA"' \
    '"metric":"m","unit":"ns","value":null' >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [[ "${stderr_lines[0]}" == "bagg: in:1: no metric" ]]
  [[ "${stderr_lines[1]}" == "bagg: in:2: neither value nor n" ]]
  [ "$(jq 'select(.kind == "end").errors' <<<"$output")" -eq 3 ]
}

@test "values below one step of their unit have no percentiles rather than wrong ones" {
  for i in {1..70}; do echo "{\"v\":1,\"kind\":\"result\",\"metric\":\"m\",\"unit\":\"ns\",\"value\":0.0000$((i % 9 + 1))}"; done >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.n) \(.min) \(.p50) \(.max)"')" = "70 1e-05 null 9e-05" ]
}

@test "-o keeps the old file when no input could be read" {
  echo old >kept
  run --separate-stderr bagg -o kept /no/such/file
  [ "$status" -eq 2 ]
  [ "$(cat kept)" = old ]
}

@test "a distribution of fractions, without a histogram" {
  rec='{"v":1,"kind":"result","metric":"load","unit":"ratio","n":4,"min":0.25,"max":1.5,"mean":0.625,"sd":0.5'
  run --separate-stderr bagg <(echo "$rec,\"sum\":2.5}"; echo "$rec}")
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.n) \(.sum) \(.min) \(.max) \(.mean) \(.sd)"')" = "8 5 0.25 1.5 0.625 0.5" ]
}

@test "values and distributions of one name are never mixed" {
  { scalars lat ns "" 5; echo '{"v":1,"kind":"result","tool":"t","test":"x","metric":"lat","unit":"ns","n":2,"min":1,"max":3,"mean":2}'; } >in
  run --separate-stderr bagg in
  [ "$(agg '"\(.n) \(.mean)"')" = $'1 5\n2 2' ]
  run --separate-stderr bagg <(bagg in 2>/dev/null) <(bagg in 2>/dev/null)
  [ "$(agg '"\(.n) \(.mean)"')" = $'2 5\n4 2' ]
}

@test "a histogram of another program: layout, digits and range of its own" {
  # 741 values, 2 digits, lowest 20000, in HdrHistogram's own encoding.
  hist=HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=
  printf '{"v":1,"kind":"result","metric":"lat","unit":"ns","n":741,"min":0,"max":2768895,"mean":700000,"hist":"%s"}\n' $hist >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg '"\(.n) \(.p50 > 0) \(.p999 > 2700000) \(.max)"')" = "741 true true 2768895" ]
}

@test "negative values: exact while few, unknown percentiles when many" {
  run --separate-stderr bagg <(scalars d ns "" -5 -3 4)
  [ "$(agg '"\(.min) \(.p50) \(.mean|round)"')" = "-5 -3 -1" ]
  run --separate-stderr bagg <(scalars d ns "" -5 $(seq 100))
  [ "$status" -eq 0 ]
  [ "$(agg '"\(.n) \(.min) \(.max) \(.sum) \(.p50) \(.exact)"')" = "101 -5 100 5045 null false" ]
  run --separate-stderr bagg <(scalars d ns "" 1e300 $(seq 100))
  [ "$(agg '"\(.max) \(.p50)"')" = "1e+300 null" ]
}

@test "bad lines among good ones: skipped, counted, named with file, line and reason, status 1" {
  run --separate-stderr bagg "$FIXTURES/hostile.ndjson"
  [ "$status" -eq 1 ]
  [ "$(agg '"\(.n) \(.sum)"')" = "3 9" ]
  [ "$(jq 'select(.kind == "end") | .errors' <<<"$output")" = 14 ]
  for line in {2..15}; do
    grep -q "^bagg: $FIXTURES/hostile.ndjson:$line: [a-z0-9]" <<<"$stderr" || { echo "line $line: $stderr"; false; }
  done
  [[ "$stderr" == *"14 bad lines skipped"* ]]
}

@test "many bad lines: three of each reason in each file, then a count" {
  { yes rubbish | head -n 1000; scalars lat ns "" 1; yes '{"v":1}' | head -n 5; } >in
  run --separate-stderr bagg in in
  [ "$status" -eq 1 ]
  [ "$(grep -c '^bagg: in:[0-9]' <<<"$stderr")" -eq 12 ]
  [ "$(grep -c '1000 lines in all' <<<"$stderr")" -eq 2 ]
  [ "$(grep -c '1005 bad lines skipped' <<<"$stderr")" -eq 2 ]
  [ "$(agg .n)" = 2 ]
}

@test "--strict stops at the first bad line with status 2, and keeps what came before" {
  { scalars lat ns "" 1 2; echo rubbish; scalars lat ns "" 3; } >in
  run --separate-stderr bagg --strict in
  [ "$status" -eq 2 ]
  [ "$(agg .n)" = 2 ]
  [ "$(jq -r 'select(.kind == "end") | "\(.status) \(.errors)"' <<<"$output")" = "failed 1" ]
  [[ "${stderr_lines[0]}" == "bagg: in:3: "* ]]
}

@test "a last line without its end: a record if it is one, else truncated" {
  { scalars lat ns "" 1 2; scalars lat ns "" 3 | tr -d '\n'; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(agg .n)" = 3 ]
  { scalars lat ns "" 1 2; scalars lat ns "" 3 | head -c 60; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [ "$(agg .n)" = 2 ]
  [[ "${stderr_lines[0]}" == "bagg: in:3: truncated"* ]]
}

@test "a stream without its end record is said to be truncated" {
  head='"v":1,"ts":1,"run":"0000000a","host":"h","tool":"t"'
  { echo "{$head,\"kind\":\"meta\"}"; scalars lat ns "" 1; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [ "$stderr" = "bagg: truncated: no end record of t on h, run 0000000a" ]
  [ "$(agg .n)" = 1 ]
  echo "{$head,\"kind\":\"end\",\"status\":\"ok\"}" >>in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  # Two producers of one run, one of which stopped.
  echo "{$head,\"kind\":\"meta\"}" >>in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  # Output of bagg has an end and no meta: that is whole.
  run --separate-stderr bagg <(bagg in 2>/dev/null)
  [ "$status" -eq 0 ]
}

@test "an end that is not ok and warn records are told" {
  head='"v":1,"ts":1,"run":"0000000a","host":"h","tool":"t"'
  { echo "{$head,\"kind\":\"warn\",\"code\":\"c\",\"msg\":\"too hot\"}"; echo "{$head,\"kind\":\"end\",\"status\":\"interrupted\"}"; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"t on h, run 0000000a: ended as interrupted"* ]]
  [[ "$stderr" == *"1 warn record"* ]]
  run --separate-stderr bagg -v in
  [[ "$stderr" == *"too hot"* ]]
  run --separate-stderr bagg -q in
  [ -z "$stderr" ]
}

@test "CRLF, byte order mark, blank lines" {
  { printf '\xef\xbb\xbf'; scalars lat ns "" 1 2 3 | sed 's/$/\r\n\r/'; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg .n)" = 3 ]
}

@test "a huge line, deep nesting and a thousand keys are survived" {
  {
    scalars lat ns "" 1
    printf '{"v":1,"pad":"%s"}\n' "$(head -c 3000000 /dev/zero | tr '\0' x)"
    printf '{"a":%s%s,"v":1,"kind":"result","metric":"lat","unit":"ns","value":5}\n' "$(printf '[%.0s' {1..100000})" "$(printf ']%.0s' {1..100000})"
    printf '{"v":1%s,"kind":"result","metric":"lat","unit":"ns","value":5}\n' "$(printf ',"k%d":1' {1..2000})"
    scalars lat ns "" 2
  } >in
  run --separate-stderr timeout 20 bagg --max-line 1M in
  [ "$status" -eq 1 ]
  [ "$(agg .n)" = 2 ]
  [[ "$stderr" == *"bagg: in:2: line longer"* ]]
  [[ "$stderr" == *"bagg: in:3: nested too deep"* ]]
  [[ "$stderr" == *"bagg: in:4: too many"* ]]
}

@test "hostile names and values come out as valid JSON of at most 4096 bytes" {
  {
    printf '{"v":1,"kind":"result","tool":"t\\"\\u0007","a\\"b\\\\":"x\\ny\\u0000z","\xff\xfe":"\xc3\x28","metric":"m\\t","unit":"","value":1}\n'
    scalars lat ns "$(printf '"k%d":"v",' {1..48})" 1
    scalars lat ns "\"long\":\"$(printf 'y%.0s' {1..1024})\"," 1 2
  } >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(agg 'length > 0' | sort -u)" = true ]
  [ "$(awk 'length($0) + 1 > 4096' <<<"$output" | wc -l)" -eq 0 ]
  for format in tsv text md; do
    run --separate-stderr bagg -f $format in
    [ "$status" -eq 0 ]
    iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
    [ "$(grep -c $'[\001-\010\013-\037]' <<<"$output")" -eq 0 ]
  done
  # Merging what came out changes nothing.
  bagg in >once
  bagg once >twice
  near once twice
}

@test "what does not fit a line: values become counts, counts lose digits, and only dimensions alone are refused" {
  pad=$(printf 'y%.0s' {1..900})
  scalars lat ns "\"a\":\"$pad\",\"b\":\"$pad\",\"c\":\"$pad\"," $(seq -f %.6f 1000000007.123456 50000.1 1003150014) >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(awk 'length($0) + 1 > 4096' <<<"$output" | wc -l)" -eq 0 ]
  [ "$(agg '"\(.n) \(.exact) \(has("hist")) \(has("values"))"')" = "64 false true false" ]
  scalars lat ns "\"a\":\"$pad\",\"b\":\"$pad\",\"c\":\"$pad\",\"d\":\"$pad\",\"e\":\"$pad\"," 1 >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"1 groups left out"* ]]
  [ "$(jq -r .kind <<<"$output")" = end ]
}

@test "a hundred thousand groups" {
  awk 'BEGIN { for (i = 0; i < 200000; i++)
    printf "{\"v\":1,\"kind\":\"sample\",\"tool\":\"t\",\"test\":\"x\",\"pid\":%d,\"metric\":\"cpu\",\"unit\":\"ratio\",\"value\":%d}\n", i % 100000, i }' >in
  timeout 60 bagg -f tsv in >out
  [ "$(wc -l <out)" -eq 100001 ]
  [ "$(awk -F'\t' 'NR > 1 && ($12 != 2 || $8 != "of=sample,pid=" NR - 2)' out | wc -l)" -eq 0 ]
}

@test "memory does not grow with the number of records" {
  mkfifo pipe
  bagg pipe >out &
  pid=$!
  exec 7>pipe
  "$BUILD/bench/genrec" 20000 >&7
  wait_for 20 sh -c "grep -q . /proc/$pid/io && [ \$(awk '/^rchar/ { print \$2 }' /proc/$pid/io) -gt 2000000 ]"
  before=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
  "$BUILD/bench/genrec" 200000 >&7
  wait_for 20 sh -c "[ \$(awk '/^rchar/ { print \$2 }' /proc/$pid/io) -gt 30000000 ]"
  after=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
  exec 7>&-
  wait $pid
  [ "$(agg .n out | awk '{ n += $1 } END { print n }')" -eq 220000 ]
  [ "$after" -lt $((before * 4)) ] || { echo "$before kB, then $after kB"; false; }
  [ "$after" -lt 20000 ]
}

@test "empty input: nothing but the end record, status 0; nothing at all as tsv rows, text and Markdown" {
  run --separate-stderr bagg /dev/null
  [ "$status" -eq 0 ]
  [ "$(jq -c '[.kind, .tool, .status, .records, .errors]' <<<"$output")" = '["end","bagg","ok",0,0]' ]
  for format in text md; do
    run --separate-stderr bagg -f $format /dev/null
    [ "$status" -eq 0 ]
    [ -z "$output" ]
  done
  run --separate-stderr bagg -f tsv /dev/null
  [ "${#lines[@]}" -eq 1 ]
}

@test "several files, stdin and -; a file that cannot be read does not lose the others" {
  scalars lat ns "" 1 >a
  scalars lat ns "" 2 >b
  run --separate-stderr bagg a - b < <(scalars lat ns "" 3)
  [ "$status" -eq 0 ]
  [ "$(agg .n)" = 3 ]
  run --separate-stderr bagg < <(scalars lat ns "" 3)
  [ "$(agg .n)" = 1 ]
  for missing in missing .; do
    run --separate-stderr bagg a $missing b
    [ "$status" -eq 2 ]
    [ "$(agg .n)" = 2 ]
    [ "$(jq -r 'select(.kind == "end") | .status' <<<"$output")" = failed ]
    [[ "$stderr" == "bagg: $missing: "* ]]
  done
}

@test "-f tsv: the columns of every record, with a header" {
  { scalars lat ns '"cpu":1,"a":"b\tc",' 1 2 3; scalars rate op/s '' 2.5; } >in
  run --separate-stderr bagg -f tsv in
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = $'ts\tkind\trun\thost\ttool\ttest\trep\tdims\tmetric\tunit\tvalue\tn\tmean\tsd\tmin\tp50\tp90\tp99\tp999\tmax' ]
  [ "${lines[1]}" = $'5.000000\tagg\t00000001\th\tt\tx\t-\ta=b c,cpu=1,of=result\tlat\tns\t-\t3\t2\t1\t1\t2\t3\t3\t3\t3' ]
  [ "${lines[2]}" = $'5.000000\tagg\t00000001\th\tt\tx\t-\tof=result\trate\top/s\t-\t1\t2.5\t-\t2.5\t2.5\t2.5\t2.5\t2.5\t2.5' ]
}

@test "-f text: what is the same everywhere stands above the table, what differs gets a column" {
  { scalars lat ns '"cpu":0,"bs":4096,' 1000 3000; scalars lat ns '"cpu":1,"bs":4096,' 2000000; } >in
  run --separate-stderr bagg -f text in
  [ "$status" -eq 0 ]
  [ "$output" = 't on h, run 00000001, results: bs=4096

test  cpu  metric  n      mean    cv       p50       p99       max
x       0  lat     2  2.000 us  71 %  1.000 us  3.000 us  3.000 us
x       1  lat     1  2.000 ms' ]
  # More dimensions than columns.
  for i in {1..40}; do scalars lat ns "\"k$i\":$i," 1; done >in
  run --separate-stderr bagg -f text in
  [ "$status" -eq 0 ]
  [[ "$output" == *" more "* ]]
  [[ "$output" == *"k40=40"* ]]
}

@test "-f text: every fixed column, and many dimensions and percentiles, leave room for each other" {
  for i in 0 1 2; do
    dims=$(for d in {10..39}; do printf '"d%d":%d,' $d $i; done)
    printf '{"v":1,"kind":"%s","run":"0000000%d","host":"h%d","tool":"t%d","test":"x%d","rep":%d,%s"loop":"l%d","taint":"steal","lost":3,"metric":"m","unit":"ns","value":%d}\n' \
      "$(sed -n "$((i + 1))p" <<<$'sample\nresult\nevent')" $i $i $i $i $((i + 1)) "$dims" $i $((i + 1))
  done >in
  for ranks in 50 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16; do
    run --separate-stderr bagg -f text -P $ranks -k "tool,test,host,run,loop,rep,$(echo d{10..39} | tr ' ' ,)" <(cat in in)
    [ "$status" -eq 0 ]
    [[ "${lines[1]}" == "tool "*" host "*" run "*" test "*" loop "*" rep "*" of "*" more "*" metric "*" n "*" mean "*" cv "*" max "*" taint "*" lost" ]]
    [[ "${lines[2]}" == "t0 "*" steal "*" 6" ]]
  done
}

@test "a histogram with JSON's escapes is one" {
  "$BUILD/bench/genrec" -D -b 10 30 >in
  sed 's/"hist":"H/"hist":"\\u0048/; :again; s/\("hist":"[^"]*[^"\\]\)\//\1\\\//; t again' in >escaped
  grep -q '\\/' escaped
  bagg in >plain.out
  run --separate-stderr bagg escaped
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  grep -q '"hist"' <<<"$output"
  [ "$(sed '/"end"/d; s/"run":"[^"]*"//' <<<"$output")" = "$(sed '/"end"/d; s/"run":"[^"]*"//' plain.out)" ]
}

@test "a record with both a value and a distribution is a bad one, and leaves its group alone" {
  { scalars lat ns '' 3; echo '{"v":1,"kind":"result","tool":"t","test":"x","metric":"lat","unit":"ns","value":5,"n":9000000000000000000,"min":1,"max":2}'; } >in
  run --separate-stderr bagg in
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"in:2: both value and n"* ]]
  [ "$(agg '"\(.n) \(.mean)"')" = "1 3" ]
}

@test "counts that reach the end of their range stay there" {
  rec='{"v":1,"kind":"agg","of":"result","metric":"lat","unit":"ns","records":18446744073709551615,"lost":18446744073709551615,"n":0}'
  run --separate-stderr bagg <(echo "$rec"; echo "$rec")
  [ "$status" -eq 0 ]
  [[ "$output" == *'"records":18446744073709551615,'* ]]
  [[ "$output" == *'"lost":18446744073709551615'* ]]
}

@test "groups that differ behind a NUL look different" {
  { scalars lat ns '"k":"a\u0000b",' 1 2; scalars lat ns '"k":"a\u0000c",' 3; scalars lat ns '"k":"a",' 4; scalars lat ns '"k":"a\ufffdb",' 5; } >in
  run --separate-stderr bagg in
  [ "$(agg '"\(.k)=\(.n)"' | xargs)" = $'a\xef\xbf\xbdb=3 a\xef\xbf\xbdc=1 a=1' ]
}

@test "-f tsv: no value of dims can be taken for two" {
  scalars lat ns '"a=b":"1,c=2","p":"5%",' 1 >in
  run --separate-stderr bagg -T 't=x,y' -f tsv in
  [ "$status" -eq 0 ]
  [ "$(cut -f8 <<<"${lines[1]}")" = 'a%3Db=1%2Cc%3D2,of=result,p=5%25,t=x%2Cy' ]
}

@test "another compiler takes the sources" {
  need clang
  for f in "$TOP"/lib/*.c "$TOP"/tools/*/*.c; do
    [[ $f != *_bpf.c || -e $BUILD/bsys.skel.h ]] || continue
    clang -std=gnu11 -D_GNU_SOURCE -DHAVE_BPF=1 '-DBT_VERSION="0"' -I"$TOP/lib" -I"$TOP/bpf" -I"$BUILD" -fsyntax-only "$f"
  done
}

@test "-f md: every row has the same number of cells" {
  { scalars lat ns '"cpu":0,"a":"x|y",' 1 2; scalars lat ns '"cpu":1,"a":"z",' 2; } >in
  run --separate-stderr bagg -f md in
  [ "$status" -eq 0 ]
  [ "$(grep '^|' <<<"$output" | sed 's/\\|//g' | awk -F'|' '{ print NF, length($0) }' | cut -d' ' -f1 | sort -u | wc -l)" -eq 1 ]
  [ "$(grep -c '^|' <<<"$output")" -eq 4 ]
  [[ "$output" == *'x\|y'* ]]
}

@test "-T adds dimensions, -o writes the file whole" {
  scalars lat ns '"cpu":0,' 1 >in
  run --separate-stderr bagg -T node=a7 -T cpu=9 -o out.ndjson in
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ "$(agg '"\(.node) \(.cpu)"' out.ndjson)" = "a7 0" ]
  check_records out.ndjson
  run --separate-stderr bagg -f tsv -T node=a7 in
  [[ "${lines[1]}" == *$'\tcpu=0,node=a7,of=result\t'* ]]
}

@test "every record it prints is valid and short" {
  mixed | bagg >out
  check_records out
}

@test "a record is folded as soon as it is there; SIGINT and SIGTERM print what there is" {
  for sig in INT TERM; do
    rm -f pipe out
    mkfifo pipe
    bagg pipe >out 2>err &
    pid=$!
    exec 7>pipe
    { scalars lat ns "" 1 2; scalars lat ns "" 3 | head -c 40; } >&7
    # Taken from the pipe, though the writer is still there and the last line is not whole.
    wait_for 20 sh -c "[ \$(awk '/^rchar/ { print \$2 }' /proc/$pid/io) -gt 200 ] && grep -q '^State:.*S' /proc/$pid/status"
    kill -$sig $pid
    wait_for 20 sh -c "! [ -d /proc/$pid ] || grep -q '^State:.*Z' /proc/$pid/status" || { kill -KILL $pid; false; }
    status=0
    wait $pid || status=$?
    exec 7>&-
    [ "$status" -eq $((128 + $(kill -l $sig))) ]
    [ "$(agg .n out)" = 2 ]
    [ "$(jq -r 'select(.kind == "end") | .status' out)" = interrupted ]
    [ ! -s err ]
  done
}

@test "a reader that leaves: SIGPIPE, quietly" {
  mixed >in
  run --separate-stderr timeout 20 bash -c 'exec 3> >(:); wait $!; exec env --default-signal=PIPE bagg in >&3'
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
}

@test "a full disk is trouble, said once" {
  for format in json tsv text md; do
    run --separate-stderr timeout 20 bash -c "bagg -f $format '$FIXTURES/hostile.ndjson' >/dev/full"
    [ "$status" -eq 1 ]
    [[ "${stderr_lines[-1]}" == *"No space left"* ]]
  done
}

@test "clean under valgrind" {
  need valgrind
  { mixed | head -n 300; cat "$FIXTURES/hostile.ndjson"; } >in
  for format in json text tsv md; do
    run --separate-stderr timeout 120 valgrind -q --error-exitcode=99 --leak-check=full bagg -q -f $format in
    [ "$status" -eq 1 ]
  done
}

@test "clean under the address and undefined-behaviour sanitizers" {
  san=$(variant SAN=address,undefined)
  [ -x "$san/bagg" ] || skip "no sanitizer build"
  mixed >in
  "$san/bagg" in >out
  near out <(bagg in)
  for format in json text tsv md; do
    run --separate-stderr timeout 60 "$san/bagg" -f $format -k metric "$FIXTURES/hostile.ndjson"
    [ "$status" -eq 1 ]
    [[ "$stderr" != *Sanitizer* ]]
    [[ "$stderr" != *"runtime error"* ]]
  done
}

@test "sums of integers are exact in 127 bits, also when merged and with threads" {
  # 3 (2^64 + 1) + 100 (2^53 + 1) + 2 (2^120 + 7)
  scalars m count "" 18446744073709551617{,,} >in
  for _ in {1..100}; do scalars m count "" 9007199254740993; done >>in
  scalars m count "" 1329227995784915872903807060280344583{,} >>in
  exact=2658455991569831802048566267163443317
  [ "$(bagg in 2>err | grep -o '"sum":[0-9]*')" = "\"sum\":$exact" ]
  [ "$(bagg in 2>err | bagg 2>>err | grep -o '"sum":[0-9]*')" = "\"sum\":$exact" ]
  [ "$(bagg -t 2 in 2>err | grep -o '"sum":[0-9]*')" = "\"sum\":$exact" ]
}

@test "a file that is the output too is refused, not copied without end" {
  scalars lat ns "" 1 2 >in
  cp in both
  run --separate-stderr timeout 10 bash -c 'ulimit -f 1000; bagg -q -l both >>both'
  [ "$status" -eq 2 ]
  [ "$stderr" = "bagg: both: the input is the output too" ]
  cmp in both
  run --separate-stderr timeout 10 bash -c 'ulimit -f 1000; bagg -q -l <both >>both'
  [ "$status" -eq 2 ]
  cmp in both
  run --separate-stderr timeout 10 bagg -f tsv -o both both
  [ "$status" -eq 0 ]
  [ "$(wc -l <both)" -eq 2 ]
}

@test "with stderr closed no message gets into the output file" {
  scalars lat ns "" 1 >in
  timeout 10 bagg -o out /nonexistent in 2>&- || [ $? -eq 2 ]
  [ "$(grep -vc '^{' out)" -eq 0 ]
  timeout 10 bagg -o out /nonexistent in <&- >&- 2>&- || [ $? -eq 2 ]
  [ "$(wc -l <out)" -eq 2 ]
  [ "$(grep -vc '^{' out)" -eq 0 ]
}
