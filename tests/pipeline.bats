load helper

# What the tools promise together.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR"
}

@test "bcpu | tee | bagg, and bdiff of a file with itself" {
  run --separate-stderr timeout 60 bash -c 'bcpu -d 1s int hash | tee a.ndjson | bagg'
  [ "$status" -eq 0 ]
  [ "$(jq -s '[.[] | select(.kind == "agg" and .metric == "rate")] | length' <<<"$output")" -ge 2 ]
  check_records a.ndjson
  run timeout 60 bdiff a.ndjson a.ndjson
  [ "$status" -eq 0 ]
}

@test "three producers share one pipe without a torn line" {
  timeout 60 bash -c '(bcpu -d 1s int & bcpu -d 1s --lock off hash & bcpu -d 1s --lock off float & wait) | tee all.ndjson |
    bagg -k test' >agg.ndjson
  check_records all.ndjson
  [ "$(jq -s '[.[] | select(.kind == "end" and .status == "ok")] | length' all.ndjson)" -eq 3 ]
  [ "$(jq -r 'select(.metric == "rate") | .test' agg.ndjson | sort | tr '\n' ' ')" = "float hash int " ]
}

@test "fifty producers share one pipe without a torn line" {
  timeout 120 bash -c 'for i in {1..50}; do skeleton -n 200 -T "producer=$i" -T "pad=$(printf %0200d 0)" & done | cat >all.ndjson'
  [ "$(jq -c 'select(.kind == "result")' all.ndjson | wc -l)" -eq 10000 ]
  [ "$(jq -c 'select(.kind == "end" and .status == "ok")' all.ndjson | wc -l)" -eq 50 ]
  check_records all.ndjson
  [ "$(bagg -k producer all.ndjson | jq -s '[.[] | select(.kind == "agg" and .n == 200)] | length')" -eq 50 ]
}

@test "the parts of one pipeline share BTOOLS_RUN" {
  BTOOLS_RUN=0badcafe timeout 60 bash -c '(skeleton; skeleton) | tee all.ndjson | bagg' >agg.ndjson
  [ "$(jq -r .run all.ndjson agg.ndjson | sort -u)" = 0badcafe ]
  [ "$(skeleton | jq -r .run | sort -u | wc -l)" -eq 1 ]
  [ "$(BTOOLS_RUN=nonsense skeleton | jq -r .run | grep -cE '^[0-9a-f]{8}$')" -eq 3 ]
}

@test "a reader that leaves early ends the producer by SIGPIPE, quietly" {
  run --separate-stderr timeout 60 bash -c 'bcpu -d 30s int | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}"'
  [ "$status" -eq 0 ]
  [ "$output" = 141 ]
  [ -z "$stderr" ]
}

@test "tsv meets awk: the columns never move" {
  run --separate-stderr timeout 60 bash -c "bcpu -f tsv -d 100ms int | awk -F'\t' 'NR == 1 { print NF, \$9 } \$9 == \"rate\" && \$11 > 0 { print \"found\" }'"
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "20 metric" ]
  [ "${lines[1]}" = found ]
}

@test "records on stdout, talk on stderr, in every format" {
  for format in json tsv text; do
    timeout 60 bcpu -f $format -d 50ms -w 0 int >out 2>err
    [ -s out ]
    [ ! -s err ]
  done
}

@test "records of other programs pass: CRLF, blank lines, a byte order mark, unknown keys, any order" {
  printf '\xef\xbb\xbf{"metric":"lat","value":3,"unit":"ns","new":{"a":[1]},"kind":"result","v":1}\r\n\r\n{"v":1,"kind":"result","metric":"lat","unit":"ns","value":5}' >in
  run --separate-stderr bagg in
  [ "$status" -eq 0 ]
  [ "$(jq -r 'select(.kind == "agg") | "\(.n) \(.mean)"' <<<"$output")" = "2 4" ]
}
