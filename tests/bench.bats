load helper

# The benchmarks themselves: that they run and speak in valid records. What they measure is for `make bench`.

@test "the benchmark programs run and print valid records" {
  cd "$BATS_TEST_TMPDIR"
  ran=0
  for source in "$TOP"/tests/bench/*.c; do
    name=$(basename "$source" .c)
    [[ $name != gen* ]] || continue
    timeout 60 "$BUILD/bench/$name" >"$name.ndjson"
    check_records "$name.ndjson"
    [ "$(jq -r 'select(.kind == "end") | .status' "$name.ndjson")" = ok ]
    ran=$((ran + 1))
  done
  [ "$ran" -ge 3 ]
}

@test "bagg against its peers, on few records" {
  cd "$BATS_TEST_TMPDIR"
  OFFLINE=1 COUNT=1000 REPS=1 timeout 60 "$TOP/tests/bench/bagg" >bagg.ndjson
  check_records bagg.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bagg.ndjson)" = ok ]
  for test in values dists gzip ndjson; do
    jq -e -s --arg test "bagg-$test" 'map(select(.test == $test and .peer == "bagg" and .value > 0) | .metric) | sort == ["bw", "line_cpu", "rss"]' bagg.ndjson
  done
  jq -e -s 'map(select(.test == "bagg-memory" and .value > 0) | .lines) == [1000, 4000]' bagg.ndjson
  jq -e -s '.[0].missing as $gone | map(select(.test == "bagg-values") | .peer) | index("gawk") or ($gone | contains("gawk"))' bagg.ndjson
}

@test "the benchmark of bagg: a peer that counts wrongly fails, one that is not there is named" {
  cd "$BATS_TEST_TMPDIR"
  mkdir bin
  printf '#!/bin/sh\nhead -n 999 ${2:+"$2"} | /usr/bin/wc -l\n' >bin/wc
  chmod +x bin/wc
  for program in bash awk grep sed tr od uname mktemp dirname head gzip stat rm cat timeout bagg; do
    ln -s "$(command -v $program)" bin/
  done
  ln -s "$BUILD/bench" bin/bench
  PATH="$PWD/bin" OFFLINE=1 COUNT=1000 REPS=1 run -1 --separate-stderr timeout 60 "$TOP/tests/bench/bagg"
  [[ $stderr == *"not there: "*"jq duckdb"* ]]
  [[ $stderr == *"bagg: wc on values: counted 999 of 1000"* ]]
  echo "$output" >records
  check_records records
  jq -e -s 'last | .kind == "end" and .status == "failed" and .errors == 3' records
}
