load helper

# unit_one PROGRAM: run it; when it fails, say what did.
unit_one() {
  local log
  log=$BATS_TEST_TMPDIR/$(basename "$1").log
  timeout 120 "$1" >"$log" 2>&1 && return
  echo "$1: status $?"
  grep -v '^ok ' "$log" || :
  return 1
}
export -f unit_one

# unit_all VARIANT: every unit program of a build directory, as many at a time as there are CPUs.
unit_all() {
  local dir=$1 program programs=()
  export BT_FIXTURES="$TOP/tests/fixtures"
  for program in "$TOP"/tests/unit/*.c; do
    program=$dir/unit/$(basename "$program" .c)
    [[ "$program" == *_bpf && ! -e "$program" ]] && continue # a build with BPF=0
    programs+=("$program")
  done
  [ "${#programs[@]}" -gt 5 ]
  printf '%s\0' "${programs[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'unit_one "$1"' bash
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
