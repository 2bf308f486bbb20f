load helper

# unit_all VARIANT: run every unit program of a build directory; say which tests failed.
unit_all() {
  local dir=$1 program bad=0 ran=0
  export BT_FIXTURES="$TOP/tests/fixtures"
  for program in "$TOP"/tests/unit/*.c; do
    program=$dir/unit/$(basename "$program" .c)
    [[ "$program" == *_bpf && ! -e "$program" ]] && continue # a build with BPF=0
    ran=$((ran + 1))
    timeout 120 "$program" >"$BATS_TEST_TMPDIR/log" 2>&1 && continue
    echo "$program: status $?"
    grep -v '^ok ' "$BATS_TEST_TMPDIR/log" || :
    bad=1
  done
  [ "$ran" -gt 5 ] && [ "$bad" -eq 0 ]
}

@test "unit tests" {
  unit_all "$BUILD"
}

@test "unit tests with ASan and UBSan" {
  unit_all "$(variant SAN=address,undefined)"
}

@test "unit tests with TSan" {
  unit_all "$(variant SAN=thread)"
}

@test "unit tests under valgrind: no leak, no invalid access" {
  need valgrind
  for name in hist histcodec json recread rec out stat bagg symtable symbols_bpf; do
    [ -x "$BUILD/unit/$name" ] || continue
    BT_FIXTURES="$TOP/tests/fixtures" timeout 300 valgrind -q --leak-check=full --error-exitcode=99 "$BUILD/unit/$name" \
      >"$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; false; }
  done
}
