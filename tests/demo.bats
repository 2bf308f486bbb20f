load helper

@test "make demo: a report and its records, then a comparison with them" {
  setup_locks
  cd "$BATS_TEST_TMPDIR"
  run --separate-stderr timeout 120 "$TOP/contrib/demo" kept 40ms
  [ "$status" -eq 0 ] || { echo "$output" "$stderr"; false; }
  [[ "$output" == *hash* ]]
  [[ "$output" == *"Run it again"* ]]
  [ "$(ls kept | wc -l)" -eq 1 ]
  check_records kept/*.ndjson
  run --separate-stderr timeout 120 "$TOP/contrib/demo" kept 40ms
  [ "$status" -eq 0 ] || { echo "$output" "$stderr"; false; }
  [[ "$output" == *"Against the first run"* ]]
  [ "$(ls kept | wc -l)" -eq 2 ]
}
