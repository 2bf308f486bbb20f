# bdiff: what it says of runs, of families of rows, of noise and of shapes.
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# put FILE TEST METRIC RUN VALUE...: append records of one run, one repetition for each value; lower is better.
put() {
  local file=$1 test=$2 metric=$3 run=$4 rep=0 value
  shift 4
  for value; do
    rep=$((rep + 1))
    printf '{"v":1,"kind":"result","run":"%08x","host":"h","tool":"t","test":"%s","rep":%d,"metric":"%s","unit":"ns","better":"lower","value":%s}\n' \
      "$run" "$test" "$rep" "$metric" "$value"
  done >>"$file"
}

# runs FILE TEST METRIC VALUE...: each value from a run of its own.
runs() {
  local file=$1 test=$2 metric=$3 run=0 value
  shift 3
  for value; do
    run=$((run + 1))
    put "$file" "$test" "$metric" $run "$value"
  done
}

# noisy FILE FIRST LAST RUNS MEAN SEED: tests tFIRST to tLAST, each RUNS runs, uniform within 3 % of MEAN.
noisy() {
  awk -v first="$2" -v last="$3" -v runs="$4" -v mean="$5" -v seed="$6" 'BEGIN {
    x = seed * 7919 + 1
    for (k = 0; k < 9; k++) x = x * 16807 % 2147483647
    for (t = first; t <= last; t++)
      for (run = 1; run <= runs; run++) {
        x = x * 16807 % 2147483647
        printf "{\"v\":1,\"kind\":\"result\",\"run\":\"%08x\",\"test\":\"t%d\",\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%.3f}\n",
          run, t, mean * (0.97 + 0.06 * x / 2147483647)
      }
  }' >>"$1"
}

compare() {
  run --separate-stderr timeout -k 5 60 bdiff "$@"
}

# is FILTER: exactly one diff record of $output passes.
is() {
  [ "$(jq -c "select(.kind == \"diff\" and ($1))" <<<"$output" | wc -l)" -eq 1 ] || { jq -c . <<<"$output"; false; }
}

@test "the unit is the run: many repetitions of two runs a side prove nothing" {
  put a t lat 1 100.1 100.2 100.3 100.4 100.5 100.6 100.7 100.8
  put a t lat 2 110.1 110.2 110.3 110.4 110.5 110.6 110.7 110.8
  put b t lat 3 111.1 111.2 111.3 111.4 111.5 111.6 111.7 111.8
  put b t lat 4 121.1 121.2 121.3 121.4 121.5 121.6 121.7 121.8
  compare a b
  [ "$status" -eq 0 ]
  [ "$stderr" = "bdiff: 1 cannot be told: too few runs, or too much noise (--strict makes that trouble)" ]
  compare -q a b
  [ -z "$stderr" ]
  is '.level == "run" and .n_base == 2 and .runs_base == 2 and .n_new == 2 and .verdict == "unsure" and .why == "few" and .need >= 4'
  # The same figures as one process would have given them.
  sed 's/"run":"[0-9]*"/"run":"0000000a"/' a >one_a
  sed 's/"run":"[0-9]*"/"run":"0000000b"/' b >one_b
  compare one_a one_b
  [ "$status" -eq 1 ]
  [ "$stderr" = "bdiff: one run on a side: repetitions are judged, and how much runs differ from each other cannot be seen" ]
  is '.level == "rep" and .n_base == 16 and .runs_base == 1 and .runs_new == 1 and .verdict == "regressed" and .p < 0.001'
  compare -q one_a one_b
  [ -z "$stderr" ]
  compare -f text one_a one_b
  [[ "$output" == *", by repetitions within one run"* ]]
  # With --strict that is no answer.
  compare --strict one_a one_b
  [ "$status" -eq 2 ]
  is '.verdict == "unsure" and .why == "one-run" and .need == 4'
  compare --strict -f text one_a one_b
  [[ "$output" == *"t lat: one run on a side does not show how runs differ; needs 4 runs a side"* ]]
}

@test "several runs on one side only: repetitions on both" {
  for i in 1 2 3 4 5; do put a t lat $i 100 101; done
  put b t lat 9 100 101 100 101
  compare a b
  is '.level == "rep" and .n_base == 10 and .runs_base == 5 and .n_new == 4 and .runs_new == 1 and .verdict == "same"'
}

@test "the number of a run is the median of its repetitions, whatever their order in the file" {
  put a t lat 1 7 1 2
  put a t lat 2 4 1000
  put a t lat 1 3
  put a t lat 3 5
  put b t lat 4 6
  put b t lat 5 8
  compare a b
  # 2.5, 502 and 5.
  is '.n_base == 3 and .base == 5 and .n_new == 2 and .new == 7'
  # Runs of the same id on two hosts, or in two files, are different runs.
  put c t lat 1 1 2 3
  sed 's/"host":"h"/"host":"g"/' c >>c.g
  cat c.g >>c
  compare c c
  is '.n_base == 2 and .level == "run"'
}

@test "Holm: one true change among fifty metrics that did not change" {
  noisy a 1 50 10 1000 1
  noisy b 1 50 10 1000 2
  noisy a 51 51 10 1000 3
  noisy b 51 51 10 1100 4
  compare a b
  [ "$status" -eq 1 ]
  is '.verdict == "regressed" and .test == "t51" and .family == 51 and (.p - 51 * .p_perm | fabs) < 1e-9 and .p <= 0.05'
  [ "$(jq -r 'select(.verdict == "improved" or .verdict == "regressed") | .test' <<<"$output")" = t51 ]
  # Alone each would be believed at 0.05, and some are.
  compare --no-holm -x 0 a b
  [ "$(jq -c 'select(.verdict and .family != 1 or .verdict and .p != .p_perm)' <<<"$output" | wc -l)" -eq 0 ]
  [ "$(jq -r 'select(.test != "t51" and .p_perm <= 0.05) | .test' <<<"$output" | wc -l)" -gt 0 ]
}

@test "too few runs for the family: it says how many the family needs" {
  noisy a 1 50 5 1000 1
  noisy b 1 50 5 1000 2
  runs a big lat 100 101 102 103 104
  runs b big lat 200 201 202 203 204
  compare a b
  [ "$status" -eq 0 ]
  # 2 of choose(10, 5) = 252 ways, times 51; choose(14, 7) = 3432 is the first to be enough.
  is '.test == "big" and .verdict == "unsure" and .why == "few" and (.p - 51 * 2 / 252 | fabs) < 1e-9 and .need == 7'
  compare --no-holm a b
  [ "$status" -eq 1 ]
  is '.test == "big" and .verdict == "regressed" and (.p - 2 / 252 | fabs) < 1e-9'
}

@test "beyond threshold and noise but not beyond chance: cannot tell, and how many runs would" {
  runs a t lat 95 97 100 103 105 98
  runs b t lat 98.5 100 106 109 111 104
  compare a b
  [ "$status" -eq 0 ]
  is '.verdict == "unsure" and .why == "chance" and .p > 0.05 and .change_pct > 2 and .change_pct > .floor_pct and .need > 6 and .need < 100'
  need=$(jq 'select(.need).need' <<<"$output")
  compare -f text a b
  [[ "$output" == *"cannot tell"* ]]
  [[ "$output" == *"t lat: beyond threshold and noise, but chance may do that: p = 0."*"; about $need runs a side would tell"* ]]
  compare --strict a b
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"1 cannot be told: too few runs, or too much noise"* ]]
}

@test "where the spread promises an answer that the runs did not give, it takes one more at least" {
  runs a t lat 100 100 100 100 100 500
  runs b t lat 110 110 110 110 110 20
  compare a b
  is '.verdict == "unsure" and .why == "chance" and .floor_pct == 0 and .need == 7'
}

@test "one wild run does not hide what all the others say" {
  runs a t lat 100 101 102 103 104 100 101 102 103 9999
  runs b t lat 120 121 122 123 124 120 121 122 123 124
  compare a b
  [ "$status" -eq 1 ]
  is '.verdict == "regressed" and .p_by == "permutation" and .p < 0.01'
  compare b a
  [ "$status" -eq 0 ]
  is '.verdict == "improved"'
}

@test "the noise floor: one standard error of two medians of identical code" {
  runs a t lat 98 99 100 101 102
  runs b t lat 108 109 110 111 112
  compare a b
  # Median absolute deviation 1; sqrt(pi / 2) * 1.4826 * sqrt(2 / 5) percent.
  is '(.floor_pct - 1.175208 | fabs) < 1e-5 and .verdict == "regressed"'
  # The wider side counts.
  rm b
  runs b t lat 90 100 110 120 130
  compare a b
  is '(.floor_pct - 10.6837 | fabs) < 1e-3 and .change_pct > 2 and .change_pct < .floor_pct and .verdict == "same" and .why == "noise"'
  compare -f text a b
  [[ "$output" == *"t lat: not beyond the noise of 10.7%"* ]]
}

@test "several baselines: how far they were apart is noise" {
  runs low t lat 95.9 96 96.1 96 96
  runs mid t lat 99.9 100 100.1 100 100
  runs high t lat 103.9 104 104.1 104 104
  runs new t lat 103.8 103.9 103.9 104 103.9
  compare mid new
  [ "$status" -eq 1 ]
  compare low mid high new
  [ "$status" -eq 0 ]
  is '(.floor_pct - 4 * 1.4826022 | fabs) < 1e-9 and .n_base == 15 and .runs_base == 15 and .base == 100 and .change_pct > 2 and .verdict == "same" and .why == "noise"'
  rm new
  runs new t lat 110 110.1 110.2 110 110
  compare low mid high new
  [ "$status" -eq 1 ]
  is '(.floor_pct - 4 * 1.4826022 | fabs) < 1e-9 and .verdict == "regressed"'
  # One that met a busy machine does not hide regressions of its size from then on.
  runs busy t lat 150 150 151 150 150
  for k in 1 2 3 4; do cp mid mid$k; done
  compare mid1 mid2 busy mid3 mid4 new
  [ "$status" -eq 1 ]
  is '.floor_pct < 1 and .change_pct > 9 and .verdict == "regressed"'
}

@test "--smooth: the median of the medians of the last K baselines, and their runs alone" {
  runs 1 t lat 50 50 50 50
  runs 2 t lat 100 100 100 100 100 100 100 100
  runs 3 t lat 110 110 110
  runs 4 t lat 130 130 130
  runs new t lat 111 111 111 111
  compare --smooth 3 1 2 3 4 new
  is '.base == 110 and .n_base == 14'
  compare --smooth 1 1 2 3 4 new
  is '.base == 130 and .n_base == 3'
  # Without it all runs are one sample.
  compare 1 2 3 4 new
  is '.base == 100 and .n_base == 18'
  # The floor knows all baselines: the median of 50, 100, 110 and 130 is 105.
  compare --smooth 1 1 2 3 4 new
  is '(.floor_pct - 15 / 105 * 1.4826022 * 100 | fabs) < 1e-9'
  # A metric that the last ones lack is judged by the last that have it.
  runs 2 t only 7 7 7 7
  runs new t only 7 7 7 7
  compare --smooth 2 1 2 3 4 new
  is '.metric == "only" and .base == 7 and .verdict == "same"'
}

@test "geomean: the ratios of what both have, for each metric, unit and statistic" {
  for f in a b; do
    runs $f gone-$f lat 1000 1000 1000 1000
    runs $f zero lat 0 0 0 0
    runs $f alone one 5 5 5 5
  done
  runs a x lat 10 10 10 10
  runs b x lat 20 20 20 20
  runs a y lat 100 100 100 100
  runs b y lat 800 800 800 800
  compare --allow-missing a b
  is '.stat == "geomean" and .metric == "lat" and .unit == "ns" and .over == "value" and .rows == 2 and .excluded == 1 and
    (.change_pct - 300 | fabs) < 1e-9 and (.base - 31.6227766 | fabs) < 1e-6 and (.new - 126.491106 | fabs) < 1e-5 and (has("verdict") | not)'
  is '.stat == "geomean"'
  compare --allow-missing -f text a b
  [[ "$output" == *"geomean of lat in ns: +300.0% over 2 rows, without 1 that are not above 0"* ]]
  compare --allow-missing -f md a b
  [[ "$output" == *"- geomean of lat in ns: +300.0% over 2 rows"* ]]
}

# folded FILE RUN AWK-EXPRESSION: an agg record with the histogram of the expression for i = 1 to 1000.
folded() {
  awk -v run="$2" "BEGIN { for (i = 1; i <= 1000; i++) printf \"{\\\"v\\\":1,\\\"kind\\\":\\\"result\\\",\\\"run\\\":\\\"%08x\\\",\\\"test\\\":\\\"t\\\",\\\"metric\\\":\\\"lat\\\",\\\"unit\\\":\\\"ns\\\",\\\"better\\\":\\\"lower\\\",\\\"value\\\":%.7g}\\n\", run, $3 }" |
    bagg -q 2>/dev/null | grep '"agg"' >>"$1"
}

@test "shape: the same, shifted, and two humps with the old median" {
  folded a 1 i
  folded b 2 'i + 500'
  # The higher half counts into the last tenth of base; 0.5 is added to each count.
  compare a a
  is '.stat == "shape" and .psi == 0 and .ks == 0 and .wasserstein == 0 and .verdict == "same" and .psi_class == "stable" and .n_base == 1000 and
    .psi_bins == 10 and .shift_p50 == 0 and .shift_p999 == 0'
  compare a b
  is '.stat == "shape" and (.psi - 3.528 | fabs) < 0.03 and .psi_class == "major" and (.ks - 0.5 | fabs) < 0.002 and
    (.wasserstein - 500 | fabs) < 1 and .verdict == "changed" and .psi > .psi_bound and .ks > .ks_bound and .ks_bound < 0.1 and
    (.shift_p50 - 100 | fabs) < 0.2 and (.shift_p99 - 50.5 | fabs) < 0.2'
  # It informs: alone it is no regression.
  compare -x 1000 a b
  [ "$status" -eq 0 ]
  folded c 3 '990 + i % 21'
  folded d 4 'i % 2 ? 900 + i % 7 : 1100 - i % 7'
  compare -x 20 c d
  [ "$status" -eq 0 ]
  is '.stat == "shape" and .verdict == "changed" and .psi > 1 and .ks > 0.4 and .wasserstein > 90 and .wasserstein < 110'
  compare -f text -x 20 c d
  [[ "$output" == *"1 shape: 1 changed"* ]]
  # Too few values for a tail: there is no percentile of it.
  compare "$TOP/tests/fixtures/bdiff/base.ndjson" "$TOP/tests/fixtures/bdiff/new.ndjson"
  is '.stat == "shape" and has("shift_p99") and (has("shift_p999") | not)'
  compare -f text -x 20 c d
  [[ "$output" =~ "t lat shape: psi "[0-9.]+" (major; chance stays below 0."[0-9]+"), ks 0."[0-9]+" (0."[0-9]+"), apart by "[0-9.]+" ns, p50 " ]]
}

@test "shape: values that were counted in different steps, on the two sides and on one" {
  folded a 1 i
  # Twice these values, in half the steps.
  folded b 2 'i / 2'
  folded c 3 'i / 2 + 50'
  sed -i 's/"scale":1024/"scale":512/' b c
  [ "$(cat a b c | jq -r .scale | xargs)" = "1024 512 512" ]
  for order in "a b" "b a"; do
    # shellcheck disable=SC2086
    compare -x 1000 $order
    is '.stat == "shape" and .verdict == "same" and .psi < 0.001 and .ks < 0.01 and .wasserstein < 1'
  done
  for order in "a c" "c a"; do
    # shellcheck disable=SC2086
    compare -x 1000 $order b
    is '.stat == "shape" and .n_base == 2000 and .runs_base == 2 and (.wasserstein - 50 | fabs) < 1'
  done
}

@test "shape: values that are all alike have no psi; an explicit limit is a gate" {
  folded a 1 100
  folded b 2 200
  compare -x 1000 a b
  [ "$status" -eq 0 ]
  is '.stat == "shape" and .psi == null and (has("psi_class") | not) and .ks == 1 and .verdict == "changed"'
  compare -x 1000 -x ks=0.5 a b
  [ "$status" -eq 1 ]
  is '.stat == "shape" and .verdict == "regressed"'
  echo '{"stat":"shape","reason":"two humps","expires":"2999-12-31"}' >accept
  compare -x 1000 -x ks=0.5 --accept accept a b
  [ "$status" -eq 0 ]
  is '.stat == "shape" and .verdict == "accepted" and .accepted == "two humps"'
  compare -f text -x 1000 -x ks=0.5 --accept accept a b
  [ "$status" -eq 0 ]
  [[ "$output" == *"; accepted: two humps"* ]]
  compare -x 1000 -x wasserstein=50 b a
  [ "$status" -eq 0 ]
  is '.stat == "shape" and .verdict == "improved"'
  compare -x 1000 -x wasserstein=150 -x psi=0.25 a b
  [ "$status" -eq 0 ]
  is '.stat == "shape" and .verdict == "changed"'
}

@test "values: null, all equal, zero, of both signs, beyond what can be added" {
  put a t null 1 null null
  put b t null 1 null null
  runs a t equal 5 5 5 5 5 5 5 5
  runs b t equal 5 5 5 5 5 5 5 5
  runs a t step 5 5 5 5 5 5 5 5
  runs b t step 6 6 6 6 6 6 6 6
  runs a t signs -4 -2 1 2 3 4 5 6
  runs b t signs 96 98 101 102 103 104 105 106
  runs a t huge 1e308 1.1e308 1.2e308 1.3e308 -1e308 1e308 1e308 1e308
  runs b t huge 1e308 1.1e308 1.2e308 1.3e308 -1e308 1e308 1e308 1e308
  for format in json text md tsv; do
    compare -q -f $format a b
    [ "$status" -eq 1 ]
    [ -z "$stderr" ]
    [[ "$output" != *nan* && "$output" != *inf* ]]
  done
  compare a b
  is '.metric == "equal" and .p == 1 and .change_pct == 0 and .floor_pct == 0 and .verdict == "same"'
  is '.metric == "step" and (.change_pct - 20 | fabs) < 1e-9 and .change_lo == .change_pct and .change_hi == .change_pct and .verdict == "regressed"'
  # No ratio: the shift of 100 in percent of the median of base, 2.5.
  is '.metric == "signs" and .change_pct == 4000 and .verdict == "regressed"'
  is '.metric == "huge" and .p_by == "ranks" and .p == 1 and (has("p_perm") | not) and .verdict == "same"'
}

@test "more values than permutations are worth are judged by their ranks" {
  awk 'BEGIN { for (i = 0; i < 300; i++) printf "{\"v\":1,\"kind\":\"result\",\"run\":\"%08x\",\"test\":\"t\",\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%d}\n", i, 1000 + i }' >a
  sed 's/"value":1/"value":2/' a >b
  compare a b
  is '.p_by == "ranks" and .p == .p_u and (has("p_perm") | not) and .verdict == "regressed" and .level == "run"'
}

@test "a terminal gets colours for better and worse, not merely for different; NO_COLOR and a pipe get none" {
  need script
  runs a t slower 10 11 12 13 14 15
  runs b t slower 20 21 22 23 24 25
  runs a t faster 20 21 22 23 24 25
  runs b t faster 10 11 12 13 14 15
  export TERM=xterm
  timeout 20 script -qec 'bdiff -f text a b' /dev/null </dev/null >out || [ $? -eq 1 ]
  grep -q $'\e\\[31mt .*slower.*REGRESSED' out
  grep -q $'\e\\[32mt .*faster.*improved' out
  NO_COLOR=1 timeout 20 script -qec 'bdiff -f text a b' /dev/null </dev/null >out || [ $? -eq 1 ]
  [ "$(grep -c $'\e' out)" -eq 0 ]
  compare -f text a b
  [[ "$output" != *$'\e'* ]]
}

@test "reasons below the table are counted when they are many" {
  for i in {1..60}; do
    runs a t$i lat 10 11 12 13 14 15
    runs b t$i lat 20 21 22 23 24 25
  done
  compare --no-holm -f text a b
  [ "$status" -eq 1 ]
  [ "$(grep -c 'is beyond the threshold' <<<"$output")" -eq 40 ]
  [[ "$output" == *$'\n'"and 20 more"$'\n'* ]]
}

@test "names that would move the cursor or mark up a page are made harmless below the table too" {
  runs a 't\u001b[31m' 'x*\u009b' 1 2 3 4
  runs b 't\u001b[31m' 'x*\u009b' 10 20 30 40
  compare -f text a b
  [ "$status" -eq 1 ]
  [[ "$output" == *$'\n'"t?[31m x*?: +"* ]]
  [[ "$output" != *$'\e'* && "$output" != *$'\xc2\x9b'* ]]
  compare -f md a b
  [[ "$output" == *$'\n'"- t?\\[31m x\\*?: +"* ]]
}

@test "a hundred thousand groups" {
  for file in a b; do
    awk 'BEGIN { x = 1; for (run = 1; run <= 4; run++) for (g = 0; g < 100000; g++) {
      x = x * 16807 % 2147483647
      printf "{\"v\":1,\"kind\":\"result\",\"run\":\"%08x\",\"test\":\"t\",\"g\":%d,\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":%.1f}\n", run, g, 1000 + x % 10
    } }' >$file
  done
  # 70 MB are needed; a sanitizer maps terabytes.
  (grep -q __asan_init "$(command -v bdiff)" || ulimit -v 200000; timeout 100 bdiff -f json a b >out)
  [ "$(grep -c '"verdict":"same"' out)" -eq 100000 ]
  [ "$(grep -c '"family":100000' out)" -eq 100000 ]
}
