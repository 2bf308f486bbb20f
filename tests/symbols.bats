load helper

@test "hostile executables: a short run of the fuzz target" {
  [ -x "$BUILD/fuzz/elfsyms_bpf" ] || skip "built without BPF"
  timeout 60 "$BUILD/fuzz/elfsyms_bpf" -n 20000
}

@test "hostile executables: the same with ASan and UBSan" {
  [ -x "$BUILD/fuzz/elfsyms_bpf" ] || skip "built without BPF"
  timeout 120 "$(variant SAN=address,undefined)/fuzz/elfsyms_bpf" -n 20000 -S 1000000
}

@test "the names in stack traces without privilege" {
  [ -x "$BUILD/unit/symbols_bpf" ] || skip "built without BPF"
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "not root: the unit tests show it"
  run timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/unit/symbols_bpf"
  [ "$status" -eq 0 ] || { echo "$output"; false; }
}
