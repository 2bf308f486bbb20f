load helper

FIX="$TOP/tests/fixtures/bdiff"

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# runs FILE TEST METRIC BETTER VALUE...: append one result record of each value, each from a run of its own; "none" for no
# direction.
runs() {
  local file=$1 test=$2 metric=$3 better=",\"better\":\"$4\"" run value
  run=$(grep -c "\"metric\":\"$metric\"" "$file" 2>/dev/null || :)
  [ "$4" = none ] && better=
  shift 4
  for value; do
    run=$((run + 1))
    printf '{"v":1,"kind":"result","run":"%08x",' $run
    echo "\"tool\":\"t\",\"test\":\"$test\",\"rep\":1,\"metric\":\"$metric\",\"unit\":\"ns\"$better,\"value\":$value}"
  done >>"$file"
}

# What is said when a side has only one run, as those of the fixtures.
ONE_RUN="bdiff: one run on a side: repetitions are judged, and how much runs differ from each other cannot be seen"

# What is said when a run stands in both operands.
AGAIN="bdiff: runs that stand in more than one operand: 1; each counts in all of them"

# row FILTER: the diff records of $output that FILTER selects, as compact JSON, without those of shapes and means.
row() {
  jq -c "select(.kind == \"diff\" and .stat != \"shape\" and .stat != \"geomean\" and ($1))" <<<"$output"
}

# verdict FILTER: their verdicts, on one line.
verdict() {
  row "$1" | jq -r .verdict | xargs
}

compare() {
  run --separate-stderr timeout -k 5 30 bdiff "$@"
}

@test "known answer: a planted slow-down is found, exit 1, with all its figures" {
  compare "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 1 ]
  [ "$stderr" = "$ONE_RUN" ]
  r=$(row '.test == "hash" and .metric == "rate"')
  # The median of the 36 ratios, 2 of 924 assignments as extreme, times 3 rows; the interval is that of U at 5 of 36.
  jq -e '.verdict == "regressed" and .base == 1001 and .new == 901 and (.median_pct + 9.990009990009991 | fabs) < 1e-12 and
    (.change_pct + 9.990019960079843 | fabs) < 1e-9 and (.change_lo + 10.557768924302788 | fabs) < 1e-9 and
    (.change_hi + 9.437751004016064 | fabs) < 1e-9 and (.p_u - 2 / 924 | fabs) < 1e-12 and (.p_perm - 2 / 924 | fabs) < 1e-12 and
    (.p - 6 / 924 | fabs) < 1e-12 and .family == 3 and .p_by == "permutation" and .level == "rep" and .runs_base == 1 and
    .runs_new == 1 and .u == 36 and .n_base == 6 and .n_new == 6 and .base_lo == 996 and .base_hi == 1007 and .new_lo == 896 and
    .new_hi == 907 and .alpha == 0.05 and .threshold_pct == 2 and .stat == "value" and .threads == 1 and .unit == "op/s" and
    .better == "higher" and .tool == "bcpu" and (.floor_pct - 0.35720736 | fabs) < 1e-6' <<<"$r"
  [ "$(verdict '.test == "int"')" = same ]
  [ "$(verdict '.metric == "lat"')" = same ]
  [ "$(jq -r 'select(.kind == "end") | "\(.tool) \(.status) \(.records)"' <<<"$output")" = "bdiff ok 5" ]
}

@test "the other way round it is improved, exit 0" {
  compare "$FIX/new.ndjson" "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
  [ "$(verdict '.test == "hash" and .metric == "rate"')" = improved ]
}

@test "a file compared with itself: all the same, exit 0, no more than a note on stderr" {
  for format in json tsv text md; do
    compare -f $format -P 50,75,99 "$FIX/base.ndjson" "$FIX/base.ndjson"
    [ "$status" -eq 0 ]
    [ "$stderr" = "$AGAIN"$'\n'"$ONE_RUN" ]
    [[ "$output" != *regressed* && "$output" != *REGRESSED* && "$output" != *improved* && "$output" != *cannot* ]]
  done
}

@test "noise alone is not flagged: 200 pairs drawn from one population" {
  awk 'BEGIN { srand(7); for (i = 0; i < 2400; i++) printf "{\"v\":1,\"kind\":\"result\",\"run\":\"%08x\",\"test\":\"t%d\",\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%.3f}\n",
    i, i % 200, 1000 + 200 * rand() >(i < 1200 ? "a" : "b") }'
  compare -x 0 --no-holm a b
  # With six runs a side p <= 0.05 happens in at most 5 % of them: 20 would be far beyond chance.
  [ "$(row true | wc -l)" -eq 200 ]
  [ "$(row '.verdict == "regressed" or .verdict == "improved"' | wc -l)" -lt 20 ]
  # Together they have one chance in twenty that a single one is.
  compare -x 0 a b
  [ "$(row '.verdict == "regressed" or .verdict == "improved"' | wc -l)" -eq 0 ]
  # None of this noise reaches the practical threshold.
  compare -x 25 a b
  [ "$status" -eq 0 ]
  [ "$(row '.verdict == "same"' | wc -l)" -eq 200 ]
}

@test "direction: higher, lower and unknown" {
  for better in higher lower none; do
    runs a t $better-up $better 100 101 102 103 104 105
    runs b t $better-up $better 200 201 202 203 204 205
    runs a t $better-down $better 200 201 202 203 204 205
    runs b t $better-down $better 100 101 102 103 104 105
  done
  compare a b
  [ "$status" -eq 1 ]
  [ "$(verdict true)" = "improved regressed regressed improved changed changed" ]
  # Without a direction a change is no regression.
  compare -m none-up,none-down a b
  [ "$status" -eq 0 ]
  # Negative values: up is up.
  rm a b
  runs a t lat lower -100 -101 -102 -103
  runs b t lat lower -50 -51 -52 -53
  compare a b
  [ "$(verdict true)" = regressed ]
  [ "$(row '.change_pct > 0 and .median_pct > 0 and (.change_pct - .median_pct | fabs) < 1' | wc -l)" -eq 1 ]
}

@test "records that disagree on the direction are trouble" {
  runs a t lat lower 1 2 3 4
  runs b t lat higher 10 11 12 13
  compare a b
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"lat: records disagree on whether lower or higher is better"* ]]
}

@test "thresholds: in general, of a metric, of a statistic; the last that fits counts" {
  runs a t lat lower 100 100 100 100
  runs b t lat lower 108 108 108 108
  compare a b
  [ "$status" -eq 1 ]
  compare -x 8 a b
  [ "$status" -eq 1 ]
  compare -x 8.1 a b
  [ "$status" -eq 0 ]
  [ "$(verdict true)" = same ]
  compare -x 5 -x lat=10 a b
  [ "$status" -eq 0 ]
  [ "$(row '.threshold_pct == 10' | wc -l)" -eq 1 ]
  compare -x lat=2 -x 50 a b
  [ "$status" -eq 1 ]
  compare -x lat=2 -x value=20 a b
  [ "$status" -eq 0 ]
  compare -x other=1 -x 20 a b
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"-x other: nothing of that name was compared"* ]]
  compare --strict -x other=1 -x 20 a b
  [ "$status" -eq 2 ]
  [ "$(jq -r 'select(.kind == "end").status' <<<"$output")" = failed ]
}

@test "thresholds and alpha that are none are refused" {
  for bad in x -1 1e9 nan lat= =5 lat=x lat=-1 ''; do
    compare "--threshold=$bad" "$FIX/base.ndjson" "$FIX/new.ndjson"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "${stderr_lines[0]}" == *"-x, --threshold"* ]]
  done
  for option in -P101 -P50, -P, -Px -a0 -a0.6 -k, -m, -m; do
    compare "$option" "$FIX/base.ndjson" "$FIX/new.ndjson"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
  done
}

@test "too few runs: unsure, with the number that is needed; --strict makes it trouble" {
  runs a t lat lower 100 101 102
  runs b t lat lower 200 201 202
  compare a b
  [ "$status" -eq 0 ]
  [ "$(row '.verdict == "unsure" and .why == "few" and .need == 4 and .p > 0.09' | wc -l)" -eq 1 ]
  compare -f text a b
  [[ "$output" == *"cannot tell"*"t lat: 3 and 3 runs cannot give a p of 0.05 among 1 row; needs 4 runs a side"* ]]
  compare -a 0.01 a b
  [ "$(row '.need == 5' | wc -l)" -eq 1 ]
  compare --strict a b
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"1 cannot be told: too few runs, or too much noise"* ]]
  # Below the threshold there is nothing to be unsure of, and four runs are enough.
  compare --strict -x 200 a b
  [ "$status" -eq 0 ]
  runs a t lat lower 103
  runs b t lat lower 203
  compare --strict a b
  [ "$status" -eq 1 ]
}

@test "missing is trouble unless allowed; new is not; order is that of BASE" {
  runs a t gone lower 1 2 3 4
  runs a t kept lower 1 2 3 4
  runs b t added lower 1 2 3 4
  runs b t kept lower 1 2 3 4
  compare a b
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"1 of BASE are missing in NEW"* ]]
  [ "$(verdict true)" = "missing same new" ]
  [ "$(row '.verdict == "missing" and .base == 2.5 and (has("new") or has("p") or has("change_pct") | not) and .n_new == 0' | wc -l)" -eq 1 ]
  compare --allow-missing a b
  [ "$status" -eq 0 ]
  compare -m kept a b
  [ "$status" -eq 0 ]
  # A regression does not hide the trouble.
  runs a t slow lower 1 2 3 4 5 6
  runs b t slow lower 10 20 30 40 50 60
  compare a b
  [ "$status" -eq 2 ]
  [ "$(verdict '.metric == "slow"')" = regressed ]
  compare --allow-missing a b
  [ "$status" -eq 1 ]
}

@test "a base of zero: no percentage, judged by p alone; zero on both sides is the same" {
  runs a t errors lower 0 0 0 0 0
  runs b t errors lower 1 2 1 3 1
  runs a t none lower 0 0 0 0 0
  runs b t none lower 0 0 0 0 0
  compare a b
  [ "$status" -eq 1 ]
  [ "$(row '.metric == "errors" and .change_pct == null and .shift == 1 and .verdict == "regressed"' | wc -l)" -eq 1 ]
  [ "$(row '.metric == "none" and .change_pct == 0 and .verdict == "same" and .p == 1 and .floor_pct == null' | wc -l)" -eq 1 ]
  compare -f text a b
  [[ "$output" == *" ? "* ]]
}

@test "percentiles: from the record, else from the histogram" {
  compare -P 50,99 "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$(verdict '.stat == "p50"')" = same ]
  [ "$(row '.stat == "p99" and .base == 99 and .new == 149.5 and .verdict == "regressed"' | wc -l)" -eq 1 ]
  # 1 to 100, once each.
  compare -P 75,99.5,0,100 "$FIX/base.ndjson" "$FIX/base.ndjson"
  [ "$(row '.metric == "lat"' | jq -c '[.stat, .base]' | xargs)" = "[p0,1] [p75,75] [p99_5,99] [p100,99]" ]
  compare -x p99=60 -P 99 -m lat "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 0 ]
}

@test "a histogram with JSON's escapes is one" {
  sed 's/"hist":"H/"hist":"\\u0048/; s/\([A-Za-z0-9]\)\/\([A-Za-z0-9]\)/\1\\\/\2/g' "$FIX/base.ndjson" >a
  grep -q '\\u0048' a
  compare -P 75 -m lat a "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
  [ "$stderr" = "$AGAIN"$'\n'"$ONE_RUN" ]
  [ "$(row '.metric == "lat"' | jq -c '[.stat, .base]')" = '["p75",75]' ]
  [ "$(jq -c 'select(.stat == "shape") | .n_base' <<<"$output")" = 600 ]
}

@test "percentiles of folded values: in the unit, not in the steps in which they were counted" {
  for i in {1..100}; do runs a x lat lower "$i.25"; done
  bagg a 2>/dev/null >agg
  compare -P 75 agg agg
  [ "$(row '.stat == "p75" and (.base - 75.25 | fabs) < 0.1' | wc -l)" -eq 1 ]
}

@test "a record with both a value and a distribution is a bad one" {
  echo '{"v":1,"kind":"result","metric":"lat","unit":"ns","value":5,"n":2,"min":1,"max":2,"p50":1}' >a
  compare a a
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"a:1: both value and n"* ]]
}

@test "a distribution without what is asked for is a bad record" {
  sed 's/,"hist":"[^"]*"//' "$FIX/base.ndjson" >a
  compare -P 75 a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"a:4: no such percentile in the record, and no histogram"* ]]
  sed 's/"hist":"HIST/"hist":"HISS/' "$FIX/base.ndjson" >a
  compare -P 75 a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"the histogram cannot be decoded"* ]]
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
}

@test "groups: every dimension tells apart; host, run, ts and rep do not; -k pools" {
  for side in a b; do
    for i in 1 2 3 4; do
      for bs in 4096 8192 '"x\u0041"' true; do
        echo "{\"v\":1,\"kind\":\"result\",\"ts\":$i.5,\"run\":\"0000000$i\",\"host\":\"h$i\",\"tool\":\"t\",\"test\":\"x\",\"rep\":$i,\"bs\":$bs,\"base\":1,\"metric\":\"lat\",\"unit\":\"ns\",\"value\":$i}"
      done
    done >$side
  done
  compare a b
  [ "$status" -eq 0 ]
  [ "$(row true | jq -c '[.bs, .dim_base, .n_base]' | xargs)" = "[4096,1,4] [8192,1,4] [xA,1,4] [true,1,4]" ]
  compare -k host a b
  [ "$(row true | jq -c '[.host, .n_base, .bs, .test]' | xargs)" = "[h1,4,null,null] [h2,4,null,null] [h3,4,null,null] [h4,4,null,null]" ]
  compare -k metric a b
  # What is pooled are repetitions of the four runs.
  [ "$(row '.n_base == 4 and .runs_base == 4 and .level == "run" and .base == 2.5' | wc -l)" -eq 1 ]
  compare -k test,bs,test,run a b
  [ "$(row 'true' | wc -l)" -eq 16 ]
  [ "$(row true | jq -s 'map(.dim_run) | unique | length')" -eq 4 ]
}

@test "units are never mixed" {
  runs a t lat lower 1 2 3 4
  sed 's/"ns"/"us"/' a >b
  compare a b
  [ "$status" -eq 2 ]
  [ "$(verdict true)" = "missing new" ]
  [[ "$stderr" == *"no metric in common"* ]]
}

@test "without results the agg records or else the samples are judged, and it says so" {
  runs r t lat lower 100 101 102 103
  sed 's/"result"/"sample"/' r >s
  compare r s
  [ "$status" -eq 0 ]
  [ "$(row '.n_base == 4 and .n_new == 4' | wc -l)" -eq 1 ]
  [[ "$stderr" == *"s has no result records; its samples are judged instead"* ]]
  echo '{"v":1,"kind":"agg","of":"result","tool":"t","test":"t","metric":"lat","unit":"ns","better":"lower","n":4,"min":200,"max":203,"mean":201.5,"p50":201,"values":[200,201,202,203]}' >g
  compare r g
  [ "$status" -eq 1 ]
  [ "$(row '.n_new == 4 and .new == 201.5' | wc -l)" -eq 1 ]
  [[ "$stderr" == *"g has no result records; its agg records are judged instead"* ]]
  # Results win over all else, in any order.
  cat s g r s g >all
  compare r all
  [ "$status" -eq 0 ]
  [ "$(row '.n_new == 4 and .new == 101.5' | wc -l)" -eq 1 ]
  [ -z "$stderr" ]
  compare -q r s
  [ -z "$stderr" ]
}

@test "bagg keeps what bdiff needs: folded runs give the same verdict" {
  bagg "$FIX/base.ndjson" >a
  bagg "$FIX/new.ndjson" >b
  compare -m rate a b
  [ "$status" -eq 1 ]
  [ "$(row '.test == "hash" and .verdict == "regressed" and .n_base == 6 and .n_new == 6 and .base == 1001 and .level == "rep"' | wc -l)" -eq 1 ]
}

@test "taints of both sides are shown" {
  runs a t lat lower 1 2 3 4
  sed '2s/"value"/"taint":"steal,migrated","value"/' a >b
  sed -i '3s/"value"/"taint":"freq,steal","value"/' b
  sed -i '1s/"value"/"taint":"custom","value"/' a
  compare a b
  [ "$(jq -r 'select(.kind == "diff") | .taint' <<<"$output")" = custom,freq,migrated,steal ]
  compare -f text a b
  [[ "$output" == *"custom,freq,migrated,steal"* ]]
}

@test "bad lines are named, the first of each kind, counted, and trouble; the good ones count" {
  { for i in 1 2 3 4 5 6; do echo "not json $i"; done; cat "$FIX/base.ndjson"; echo '{"v":2,"kind":"result"}'; } >a
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [ "$(row '.verdict == "same"' | wc -l)" -eq 3 ]
  [[ "${stderr_lines[0]}" == "bdiff: a:1: "* ]]
  [[ "${stderr_lines[2]}" == "bdiff: a:3: "* ]]
  [[ "$stderr" == *"bdiff: a:27: "* ]]
  [[ "$stderr" == *"bdiff: a: 3 more lines: "* ]]
  [ "${#stderr_lines[@]}" -eq 7 ]
  [ "$(jq 'select(.kind == "end") | .errors' <<<"$output")" -eq 7 ]
  compare --strict a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == "bdiff: a:1: "* ]]
  # Bad lines of NEW do not hide behind a regression.
  { cat "$FIX/new.ndjson"; echo '['; } >b
  compare "$FIX/base.ndjson" b
  [ "$status" -eq 2 ]
}

@test "binary garbage, an empty file and a directory: exit 2, a reason, no crash" {
  for file in "$FIX/garbage.bin" /dev/null /; do
    compare "$file" "$FIX/base.ndjson"
    [ "$status" -eq 2 ]
    [ -n "$stderr" ]
    compare "$FIX/base.ndjson" "$file"
    [ "$status" -eq 2 ]
    [ -n "$stderr" ]
  done
  compare /dev/null /dev/null
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"/dev/null: nothing to compare"* ]]
}

@test "every cut of a file is read without a crash, and never passes for whole" {
  size=$(stat -c %s "$FIX/base.ndjson")
  for ((at = 1; at < size - 1; at += 97)); do
    head -c $at "$FIX/base.ndjson" >cut
    compare "$FIX/base.ndjson" cut
    [ "$status" -eq 2 ]
    [[ "$stderr" == *truncated* ]]
  done
}

@test "hostile records: long keys and values, escapes, duplicates, nested values, huge numbers" {
  long=$(printf %05000d 0)
  {
    echo "{\"v\":1,\"kind\":\"result\",\"metric\":\"m\",\"value\":1,\"$long\":1}"
    echo "{\"v\":1,\"kind\":\"result\",\"metric\":\"m\",\"value\":1,\"k\":\"$long\"}"
    echo "{\"v\":1,\"kind\":\"result\",\"metric\":\"m\",\"value\":1,\"k\":$long}" | sed 's/:0*}/:1}/'
    echo '{"v":1,"kind":"result","metric":"m\u0000\u001b[31m|\"","value":1,"\u0022\\\ud800":"\u0000a","a":{"b":[1]},"c":null,"k":1,"k":2}'
    echo '{"v":1,"kind":"result","metric":"big","value":1e308,"verdict":"regressed","p50":1}'
    echo '{"v":1,"kind":"result","metric":"big","value":-1e308,"verdict":"regressed","p50":1}'
    echo '{"v":1,"kind":"result","metric":"neg","value":null}'
  } >a
  for format in json tsv text md; do
    compare -f $format a a
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"a:1: a key or its value is too long"* ]]
    [[ "$output" != *$'\e'* ]]
  done
  compare a a
  jq -e . <<<"$output" >/dev/null
  [ "$(row '.dim_verdict == "regressed" and .verdict == "same"' | wc -l)" -eq 1 ]
  [ "$(LC_ALL=C awk 'length($0) + 1 > 4096' <<<"$output" | wc -l)" -eq 0 ]
}

@test "a stream without its end is truncated; one that was interrupted is said" {
  sed '$d' "$FIX/base.ndjson" >a
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"a: truncated: 1 of its streams have no end record"* ]]
  compare --allow-truncated a "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"a: truncated: 1 of its streams have no end record"* ]]
  # The end of another producer does not stand for it.
  { cat a; tail -n 1 "$FIX/new.ndjson"; } >b
  compare b "$FIX/base.ndjson"
  [[ "$stderr" == *"b: truncated: 1 "* ]]
  # Nor does one that came before.
  { tail -n 1 "$FIX/base.ndjson"; cat a; } >b
  compare b "$FIX/base.ndjson"
  [[ "$stderr" == *"b: truncated: 1 "* ]]
  sed 's/"status":"ok"/"status":"interrupted"/' "$FIX/base.ndjson" >a
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"a: 1 of its streams were interrupted or failed"* ]]
  head -c -5 "$FIX/base.ndjson" >a
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"a: truncated: the last line is cut"* ]]
}

@test "different machines are said, fact by fact; --strict refuses them" {
  sed 's/Example 9000/Example 9001/; s/"mem":8589934592/"mem":8589000000/; s/0123456789abcdef/fedcba9876543210/' "$FIX/base.ndjson" >a
  compare a "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
  [ "$stderr" = "$AGAIN"$'\n'"bdiff: the machines differ: cpu_model: Example 9001 -> Example 9000"$'\n'"$ONE_RUN" ]
  compare --strict a "$FIX/base.ndjson"
  [ "$status" -eq 2 ]
  sed 's/0123456789abcdef/fedcba9876543210/' "$FIX/base.ndjson" >a
  compare a "$FIX/base.ndjson"
  [ "$stderr" = "$AGAIN"$'\n'"bdiff: the machines differ: fp: fedcba9876543210 -> 0123456789abcdef"$'\n'"$ONE_RUN" ]
  # One machine of several is enough to differ; the same ones in another order are not.
  cat a "$FIX/base.ndjson" >both
  cat "$FIX/base.ndjson" a >other
  compare both other
  [ "$stderr" = "$AGAIN"$'\n'"$ONE_RUN" ]
  compare both a
  [[ "$stderr" == *"the machines differ"* ]]
}

@test "text: aligned columns, what got worse in capitals, reasons, means, a summary" {
  compare -f text "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 1 ]
  [[ "${lines[0]}" =~ ^"test  dims       metric   "\ +base\ +new\ +change\ +p\ +n\ +verdict$ ]]
  [[ "${lines[1]}" =~ ^hash.*"1.001 kop/s +-0.6%".*"901 op/s".*"-10.0% [-10.6%, -9.4%]".*0.006.*6.*REGRESSED$ ]]
  [[ "${lines[4]}" =~ ^hash.*"lat shape".*"psi 0.00".*same$ ]]
  [ "${lines[5]}" = "hash threads=1 rate: -10.0% [-10.6%, -9.4%] is beyond the threshold of 2% and the noise of 0.4%, p = 0.006 among 3 rows, by repetitions within one run" ]
  [ "${lines[6]}" = "geomean of rate in op/s: -5.1% over 2 rows" ]
  [ "${lines[-1]}" = "3 compared: 1 regressed, 2 same; 1 shape: 0 changed (alpha 0.05 for all together, threshold 2%)" ]
  [[ "$output" != *$'\e'* ]]
  sed 's/"tool":"bcpu"/"tool":"other"/' "$FIX/base.ndjson" >o
  cat "$FIX/base.ndjson" o >two
  compare -f text two two
  [[ "${lines[0]}" == "tool "* ]]
}

@test "Markdown: a table that pastes" {
  compare -f md "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 1 ]
  [[ "${lines[0]}" =~ ^"| test |".*"| verdict "+"|"$ ]]
  [[ "${lines[1]}" =~ ^\|(\ :?-+:?\ \|)+$ ]]
  columns=$(tr -cd '|' <<<"${lines[0]}" | wc -c)
  for line in "${lines[@]:0:6}"; do
    [ "$(tr -cd '|' <<<"$line" | wc -c)" -eq "$columns" ]
  done
  [[ "${lines[6]}" == "- hash threads=1 rate: -10.0% "* ]]
  [ "${lines[7]}" = "- geomean of rate in op/s: -5.1% over 2 rows" ]
  [[ "${lines[8]}" == "3 compared: 1 regressed, 2 same"* ]]
  [ "${#lines[@]}" -eq 9 ]
}

@test "json validates, tsv keeps its columns" {
  runs a t lat lower 1 2 3 4
  runs a t gone none 0 0 0 0
  runs b t lat lower 10 20 30 40
  for metric in again more; do
    runs a t $metric lower 1 2 3 4 5 6 7 8
    runs b t $metric lower 10 20 30 40 50 60 70 80
  done
  runs b t added none 0 0 0 0
  cat "$FIX/base.ndjson" >>a
  cat "$FIX/new.ndjson" >>b
  timeout 30 bdiff -f json -P 50,99 a b >out.ndjson || [ $? -eq 2 ]
  check_records out.ndjson
  for stat in p99 shape geomean; do
    grep -q "\"stat\":\"$stat\"" out.ndjson
  done
  timeout 30 bdiff -f tsv a b >out.tsv || [ $? -eq 2 ]
  [ "$(awk -F'\t' '{ print NF }' out.tsv | sort -u)" = 20 ]
  [ "$(awk -F'\t' '$9 == "more" && $6 == "t" { print $8 }' out.tsv | grep -o 'verdict=[a-z]*')" = verdict=regressed ]
}

@test "stdin is an operand, but only one" {
  run --separate-stderr timeout 30 bash -c "bdiff - '$FIX/new.ndjson' <'$FIX/base.ndjson'"
  [ "$status" -eq 1 ]
  run --separate-stderr timeout 30 bash -c "cat '$FIX/base.ndjson' | bdiff '$FIX/base.ndjson' -"
  [ "$status" -eq 0 ]
  compare - -
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"only one of BASE and NEW can be stdin"* ]]
}

@test "operands: exactly two, readable" {
  for operands in "" "$FIX/base.ndjson" "a b c"; do
    # shellcheck disable=SC2086
    compare $operands
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
  compare "$FIX/base.ndjson" no-such-file
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"no-such-file: No such file"* ]]
}

@test "-o: written whole, and not at all when there is no comparison" {
  mkdir dir
  echo old >dir/out
  compare -o dir/out "$FIX/base.ndjson" no-such-file
  [ "$status" -eq 2 ]
  [ "$(cat dir/out)" = old ]
  compare -o dir/out "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  check_records dir/out
  [ "$(ls -A dir)" = out ]
  compare -o no/such/dir "$FIX/base.ndjson" "$FIX/new.ndjson"
  [ "$status" -eq 2 ]
  run --separate-stderr timeout 30 bash -c "bdiff '$FIX/base.ndjson' '$FIX/base.ndjson' >/dev/full"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"No space left"* ]]
}

@test "a reader that leaves ends it by SIGPIPE; a signal while it reads ends it at once, with an end record" {
  run --separate-stderr timeout 30 bash -c "exec 3> >(:); wait \$!; exec env --default-signal=PIPE bdiff '$FIX/base.ndjson' '$FIX/new.ndjson' >&3"
  [ "$status" -eq 141 ]
  [ "$stderr" = "$ONE_RUN" ]
  mkfifo pipe
  for args in '' '-o -'; do
    bdiff $args "$FIX/base.ndjson" pipe >out &
    pid=$!
    exec 9>pipe
    # BASE has been read, NEW is open and empty: asleep means waiting for it.
    wait_for 10 grep -q '^State:.S' /proc/$pid/status
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    exec 9>&-
    [ "$status" -eq 143 ]
    [ "$(jq -r '.kind + " " + .status' out)" = "end interrupted" ]
  done
}

@test "a signal while it waits for somebody to write ends it without a word" {
  mkfifo pipe
  bdiff "$FIX/base.ndjson" pipe >out 2>err &
  pid=$!
  wait_for 10 grep -q '^State:.S' /proc/$pid/status
  # Until its handlers are there the signal would just kill it.
  wait_for 10 awk '/^SigCgt/ { exit substr($2, length($2) - 3, 1) !~ /[4-7c-f]/ }' /proc/$pid/status
  kill -TERM $pid
  status=0
  wait $pid || status=$?
  [ "$status" -eq 143 ]
  [ ! -s err ]
  [ "$(jq -r '.kind + " " + .status' out)" = "end interrupted" ]
}

@test "a signal between the opening of an input and the first read of it is not slept over" {
  need strace
  mkfifo pipe
  exec 9<>pipe
  strace -o /dev/null -P pipe -e trace=openat -e inject=openat:signal=TERM timeout 1 true || skip "strace cannot inject signals"
  run timeout -k 1 10 strace -o trace -P pipe -e trace=openat -e inject=openat:signal=TERM bdiff "$FIX/base.ndjson" pipe
  exec 9>&-
  grep -q SIGTERM trace
  [ "$status" -eq 143 ]
}

@test "thousands of groups and observations" {
  awk 'BEGIN { for (i = 0; i < 60000; i++) printf "{\"v\":1,\"kind\":\"result\",\"test\":\"t\",\"g\":%d,\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%d}\n", i % 5000, i * 7919 % 1000 + 100000 }' >a
  compare a a
  [ "$status" -eq 0 ]
  [ "$(row '.verdict == "same" and .n_base == 12' | wc -l)" -eq 5000 ]
  awk 'BEGIN { for (i = 0; i < 60000; i++) printf "{\"v\":1,\"kind\":\"result\",\"test\":\"t\",\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%d}\n", i * 7919 % 1000 + 1000 }' >a
  sed 's/"value":1/"value":2/' a >b
  compare a b
  [ "$status" -eq 1 ]
  [ "$(row '.n_base == 60000 and .p < 1e-9' | wc -l)" -eq 1 ]
}

@test "messages as JSON, notes on -v" {
  compare --log json a-missing b-missing
  [ "$status" -eq 2 ]
  jq -e '.tool == "bdiff"' <<<"$stderr" >/dev/null
  compare -v "$FIX/base.ndjson" "$FIX/new.ndjson"
  [[ "$stderr" == *"BASE is $FIX/base.ndjson: 18 observations from 18 result records"* ]]
}
