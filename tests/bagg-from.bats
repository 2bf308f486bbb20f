load helper

FIO=$TOP/tests/fixtures/fio/two-jobs.json
# Of HdrHistogram's own test data: 2 digits, lowest 20000; 741 values up to 2768895.
VECTOR=HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=
LEGEND='"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# job BINS N [MAX]: a document of one job that read, as fio prints it, on many lines.
job() {
  jq -n --argjson bins "$1" --argjson n "$2" --argjson max "${3:-900}" '{"fio version": "fio-3.33", timestamp_ms: 1700000000500, jobs: [{
    jobname: "seq", "job options": {bs: "4k"}, read: {total_ios: $n, runtime: 2000, iops: 10.5, bw_bytes: 43008,
    clat_ns: {N: $n, min: 1, max: $max, mean: 100.5, stddev: 10, bins: $bins}}}]}'
}

@test "hlog: the vector's interval is its 741 values, with its time, length and tag" {
  printf '%s\n' '#[Logged by x]' '#[Histogram log format version 1.3]' \
    '#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09 08:24:39 PDT 2015]' "$LEGEND" \
    "0.127,1.007,2.769,$VECTOR" "1.134,0.500,2.769,$VECTOR" "Tag=A,2.000,1.000,2.769,$VECTOR" >a.hlog
  run --separate-stderr timeout 10 bagg --from hlog -P 50 a.hlog
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg '"\(.tool) \(.metric) \(.unit) \(.better) \(.of) \(.tag) \(.n) \(.max) \(.records)"')" = "hlog lat ns lower sample null 1482 2768895 2
hlog lat ns lower sample A 741 2768895 1" ]
  # More than a year before the start: relative to it.
  [ "$(agg '"\(.ts) \(.dur)"')" = "1441812281.108 1.507
1441812282.474 1" ]
  # And so through a pipe, packed.
  want=$(agg 'del(.run)')
  run --separate-stderr timeout 10 bash -c 'gzip <a.hlog | bagg --from hlog -P 50'
  [ "$(agg 'del(.run)')" = "$want" ]
}

@test "hlog: where time begins, what separates, and the legend that says end times" {
  # check TS DUR LINE...: one interval ends at TS and is DUR long.
  check() {
    printf '%s\n' "${@:3}" >a.hlog
    run --separate-stderr timeout 10 bagg --from hlog a.hlog
    [ "$status" -eq 0 ]
    [ "$(agg '"\(.ts) \(.dur) \(.n)"')" = "$1 $2 741" ]
  }
  check 3.5 1 "$LEGEND" "2.5,1.000,2.7,$VECTOR"
  check 1700000003.5 1 '#[BaseTime: 1700000000.000 (seconds since epoch)]' "$LEGEND" "2.5,1.000,2.7,$VECTOR"
  check 1700000003.5 1 '#[StartTime: 1800000000 (seconds since epoch)]' '#[BaseTime: 1700000000.000 (seconds since epoch)]' "2.5,1,2.7,$VECTOR"
  check 1700000003.5 1 '#[StartTime: 1700000000.000 (seconds since epoch)]' "1700000002.5,1.000,2.7,$VECTOR"
  check 3.5 1 "2.5 1.000 2.7 $VECTOR" '# a comment behind'
  check 3.5 1 $'2.5\t1.000,2.7 '"$VECTOR"$'\r'
  end='"StartTimestamp","EndTimestamp","Interval_Max","Interval_Compressed_Histogram"'
  check 1700000003.5 1 "$end" "1700000002.5,1700000003.5,2768895.0,$VECTOR"
  check 1700000003.5 1 "$end" "1700000002.5,1,2768895.0,$VECTOR"
  check 1700000003.5 1 '#[BaseTime: 1700000000 (seconds since epoch)]' "$end" "2.5,3.5,2768895.0,$VECTOR"
}

@test "hlog: a malformed line is counted and located, the rest is read" {
  printf '%s\n' "$LEGEND" "1,1,2.7,$VECTOR" "2,1,2.7" "x,1,2.7,$VECTOR" "3,-1,2.7,$VECTOR" "4,1,2.7,HISTFAAAAEV42pNp" "5,1,2.7,$VECTOR,6" \
    "1.2.3,1,2.7,$VECTOR" "Tag=,6,1,2.7,$VECTOR" "Tag=$(printf 'x%.0s' {1..3000}),7,1,2.7,$VECTOR" "8,1,2.7,$VECTOR" >a.hlog
  head -c 300 /dev/urandom | tr -d '\n\r#"' >>a.hlog
  echo >>a.hlog
  run --separate-stderr timeout 10 bagg --from hlog a.hlog
  [ "$status" -eq 1 ]
  [ "$(agg '"\(.tag) \(.n)"')" = $'null 1482\n 741' ]
  for line in 3 4 5 7 8; do
    [[ "$stderr" == *"a.hlog:$line: not the four fields of an interval"* || "$line" -gt 5 ]]
  done
  [[ "$stderr" == *"a.hlog:6: the histogram cannot be decoded"* ]]
  [[ "$stderr" == *"a.hlog:10: a tag that is too long"* ]]
  [[ "$stderr" == *"a.hlog: 8 bad lines skipped"* ]]
}

@test "hlog: what bagg writes, it reads" {
  seq 1 5000 | sed 's/.*/{"v":1,"kind":"sample","ts":1700000001,"dur":1,"tool":"t","metric":"lat","unit":"ns","value":&000}/' >in
  run --separate-stderr timeout 10 bash -c 'bagg -f hlog in >a.hlog && bagg --from hlog a.hlog'
  [ "$status" -eq 0 ]
  [ "$(agg .n)" = 5000 ]
  agg '"\(.p50) \(.p99)"' | awk '{ exit !($1 > 2490000 && $1 < 2510000 && $2 > 4940000 && $2 < 4960000) }'
}

@test "fio: each job, operation and latency, with fio's own count, range and mean" {
  run --separate-stderr timeout 10 bagg --from fio -k test,op,groupid,metric "$FIO"
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  jq -r '[.jobs[] as $j | ("read", "write", "sync") as $op | ("clat", "slat", "lat") as $m | $j[$op]["\($m)_ns"] // empty | select(.N > 0)
    | {op: $op, m: $m, N, min, max, sum: (.N * .mean | round)}] | group_by(.op, .m)[]
    | "\(.[0].op) \(.[0].m) \(map(.N) | add) \(map(.min) | min) \(map(.max) | max) \(map(.sum) | add)"' "$FIO" | sort >want
  agg 'select(.unit == "ns") | "\(.op) \(.metric) \(.n) \(.min) \(.max) \(.sum)"' | sort >got
  [ "$(wc -l <want)" -eq 7 ]
  diff want got
  jq -r '[.jobs[] as $j | ("read", "write") as $op | $j[$op] | {op: $op, iops, bw_bytes}] | group_by(.op)[]
    | "\(.[0].op) \(map(.iops) | add / 2 * 1e6 | round) \(map(.bw_bytes) | add)"' "$FIO" >want
  jq -r -s 'map(select(.metric == "iops" or .metric == "bw")) | group_by(.op)[] | (map({(.metric): .}) | add) as $x
    | "\(.[0].op) \($x.iops.mean * 1e6 | round) \($x.bw.sum)"' <<<"$output" >got
  [ "$(wc -l <want)" -eq 2 ]
  diff want got
  run --separate-stderr timeout 10 bagg --from fio -m clat "$FIO"
  [ "$(agg '"\(.tool) \(.test) \(.bs) \(.iodepth) \(.ioengine) \(.rw) \(.of) \(.ts)"' | sort -u)" = "fio job 4k 4 libaio randrw result $(jq '.timestamp_ms / 1000' "$FIO")" ]
}

@test "fio: percentiles of one job are fio's own, and of two those of their bins together" {
  # One job: what fio computed is the middle of a bin, whose bounds we must not leave.
  list=1,5,10,20,30,40,50,60,70,80,90,95,99,99.5
  for i in 0 1; do
    jq ".jobs = [.jobs[$i]]" "$FIO" >one.json
    run --separate-stderr timeout 10 bagg --from fio -m clat,slat,lat -P $list one.json
    [ "$status" -eq 0 ]
    jq -r -s '.[] | select(.kind == "agg") | . as $g | to_entries[] | select(.key | test("^p[0-9]")) | "\($g.op) \($g.metric) \(.key | sub("p"; "") | sub("_"; ".") | tonumber) \(.value)"' <<<"$output" | sort >got
    jq -r '.jobs[0] as $j | ("read", "write", "sync") as $op | ("clat", "slat", "lat") as $m | $j[$op]["\($m)_ns"] // empty | select(.N > 0)
      | .percentile | to_entries[] | select((.key | tonumber) <= 99.5) | "\($op) \($m) \(.key | tonumber) \(.value)"' one.json | sort >want
    [ "$(wc -l <want)" -eq 98 ]
    paste -d' ' want got | awk '{ for (w = 1; $4 / w >= 128; w *= 2); d = $4 - $8
      if ($1 $2 $3 != $5 $6 $7 || d > w / 2 || -d > w / 2) { print; bad = 1 } } END { exit bad }'
  done
  # Both: the bins added by jq, the rank counted by hand.
  run --separate-stderr timeout 10 bagg --from fio -m clat -P 25,50,75,90 "$FIO"
  for op in read write; do
    for p in 25 50 75 90; do
      want=$(jq --arg op $op --argjson p $p '[.jobs[][$op].clat_ns.bins | to_entries[]] | group_by(.key)
        | map({at: (.[0].key | tonumber), n: (map(.value) | add)}) | sort_by(.at) | (map(.n) | add * $p / 100 | ceil) as $rank
        | reduce .[] as $b ({n: 0, at: null}; if .at == null and .n + $b.n >= $rank then .at = $b.at else . end | .n += $b.n) | .at' "$FIO")
      got=$(agg "select(.op == \"$op\") | .p$p")
      awk -v want=$want -v got=$got 'BEGIN { for (w = 1; want / w >= 128; w *= 2); d = want - got; exit d > w / 2 || -d > w / 2 }'
    done
  done
}

@test "fio: lines before, between and behind, several documents, gzip" {
  {
    echo 'fio: some warning {'
    job '{"100": 3, "101": 2}' 5
    echo 'note: both iodepth >= 1 and synchronous I/O engine are selected'
    job '{"100": 3, "101": 2}' 5 | jq -c .
    printf '%s%s\n' "$(job '{"100": 1}' 1 | jq -c .)" "$(job '{"100": 1}' 1 | jq -c .)"
    echo 'the end }'
  } >in
  run --separate-stderr timeout 10 bagg --from fio in
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(agg 'select(.metric == "clat") | "\(.n) \(.p50) \(.records) \(.dur) \(.ts)"')" = "12 100 4 8 1700000000.5" ]
  [ "$(agg 'select(.metric == "iops") | "\(.n) \(.mean)"')" = "4 10.5" ]
  run --separate-stderr timeout 10 bash -c 'gzip <in | bagg --from fio -'
  [ "$(agg 'select(.metric == "clat") | .n')" = 12 ]
}

@test "fio: a damaged document is bad, located, and the next is read" {
  {
    job '{"100": 3, "101": 2}' 5 | head -20
    job '{"100": 1}' 1
    job '{"x": 1}' 1
    job '{"100": -1}' 1
    job '[1]' 1
    job '{"100": 1}' '"many"'
    echo '{"jobs": 1}'
    echo '{"jobs": [1]}'
    echo '{"jobs": [{"read": 5}, {"jobname": 3}, {"write": {"total_ios": 1, "clat_ns": {"N": 1}}}]}'
    echo '{]'
    job '{"100": 1}' 1 | sed 's/"iops"/iops/'
    job '{"100": 1}' 1
    job '{"100": 1}' 1 | head -5
  } >in
  run --separate-stderr timeout 10 bagg --from fio in
  [ "$status" -eq 1 ]
  [ "$(agg 'select(.metric == "clat") | .n')" = 2 ]
  [[ "$stderr" == *"in:21: truncated: the document before has no end"* ]]
  [[ "$stderr" == *"latencies that are not as fio writes them"* ]]
  [[ "$stderr" == *"a document without jobs"* ]]
  [[ "$stderr" == *"truncated: the last document has no end"* ]]
  run --separate-stderr timeout 10 bagg --from fio </dev/null
  [ "$status" -eq 1 ]
  [ "$stderr" = $'bagg: stdin:0: no document of fio in it\nbagg: stdin: 1 bad line skipped' ]
  run -2 timeout 10 bagg --strict --from fio in
}

@test "fio: no bins is said, bins twice are added, and what fio clamped is tainted" {
  job '{}' 5 >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"percentiles of its group are unknown"* ]]
  [ "$(agg '"\(.n) \(.min) \(.max) \(.p50)"')" = "5 1 900 null" ]
  # Bins that do not hold N values are not believed.
  job '{"100": 4}' 5 >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [[ "$stderr" == *"percentiles of its group are unknown"* ]]
  job '{"100": 2}' 5 | sed 's/"100": 2/"100": 2, "100": 3/' >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [ "$(agg '"\(.n) \(.p50)"')" = "5 100" ]
  [ -z "$stderr" ]
  job '{"100": 4, "17112760320": 1}' 5 30000000000 >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [ "$(agg '"\(.n) \(.max) \(.taint)"')" = "5 30000000000 overflow" ]
  job '{"100": 4, "17112760320": 1}' 5 17100000000 >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [ "$(agg .taint)" = null ]
  # As many bins as fio has at most.
  job "$(seq 0 1855 | jq -n '[inputs | if . < 64 then . else (. / 64 | floor - 1) as $e | (. % 64 + 64.5) * pow(2; $e) | floor end | {(tostring): 1}] | add')" 1856 17112760320 >in
  run --separate-stderr timeout 10 bagg --from fio -m clat in
  [ "$status" -eq 0 ]
  [ "$(agg .n)" = 1856 ]
}

@test "hlog and fio: mutated input never crashes" {
  san=$(variant SAN=address,undefined)
  printf '%s\n' '#[StartTime: 1441812279.474 (seconds since epoch)]' "$LEGEND" "0.127,1.007,2.769,$VECTOR" "Tag=A,1.127,1.007,2.769,$VECTOR" >a.hlog
  { job '{"100": 3, "101": 2}' 5; job '{"100": 1}' 1 | jq -c .; } >a.fio
  cat >mutate.awk <<'E2'
BEGIN { srand(seed); RS = "^$" }
{
  for (k = 0; k < 4; k++) {
    at = 1 + int(rand() * length($0))
    c = substr("{}[]\",:0-.e\\ =\nT#\001\377", 1 + int(rand() * 20), 1)
    $0 = substr($0, 1, at - 1) (rand() < 0.7 ? c : "") substr($0, at + int(rand() * 2), length($0))
  }
  printf "%s", $0
}
E2
  for seed in {1..60}; do
    for from in hlog fio; do
      awk -v seed=$seed -f mutate.awk a.$from >bad
      timeout 20 "$san/bagg" --from $from bad >out 2>err || [ $? -eq 1 ]
    done
  done
}
