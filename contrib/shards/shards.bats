load ../../tests/helper

@test "counts what wc counts, through every backend, in one shard and in several" {
  mapfile -t files < <(find "$TOP/lib" "$TOP/man" -type f | sort)
  [ "${#files[@]}" -gt 100 ]
  wc -lc "${files[@]}" | sed '$d' | awk '{ print $1, $2, $3 }' >"$BATS_TEST_TMPDIR/want"
  for engine in auto raw doorbell queue; do
    for shards in 1 3; do
      timeout 60 shardwc -E $engine -t $shards "${files[@]}" >"$BATS_TEST_TMPDIR/got"
      diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
    done
  done
}

@test "large, empty and missing files, a directory" {
  cd "$BATS_TEST_TMPDIR"
  seq 300000 >large
  : >empty
  run --separate-stderr timeout 20 shardwc large missing empty . large
  [ "$status" -eq 1 ]
  [ "$output" = "300000 1988895 large
0 0 empty
300000 1988895 large" ]
  [ "${#stderr_lines[@]}" -eq 2 ]
  [ "${stderr_lines[0]}" = "shardwc: missing: No such file or directory" ]
  [ "${stderr_lines[1]}" = "shardwc: .: Is a directory" ]
}

@test "says what it uses; nonsense is refused by name" {
  run --separate-stderr timeout 20 shardwc -v -E queue
  [ "$status" -eq 0 ]
  [ "$stderr" = "shardwc: queue, ring none" ]
  run --separate-stderr timeout 10 shardwc -t 0
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"-t, --threads"* ]]
  run --separate-stderr timeout 10 bash -c 'shardwc "$0" >/dev/full' "$TOP/Makefile"
  [ "$status" -eq 1 ]
}
