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
  COUNT=2000 timeout 60 "$TOP/tests/bench/bagg" >bagg.ndjson
  check_records bagg.ndjson
  [ "$(jq -s 'map(select(.peer == "bagg" and .value > 0)) | length' bagg.ndjson)" -eq 3 ]
}
