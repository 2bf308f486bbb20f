load helper

# The command-line contract, over every tool that exists.

setup() {
  setup_locks
}

# rows TOOL: the option rows of --help as "-x --long ARG".
rows() {
  "$1" --help | sed -n 's/^  \(-.\), --\([a-z-]*\) \([A-Z=]*\).*/\1 --\2 \3/p; s/^      --\([a-z-]*\) \([A-Z=]*\).*/- --\1 \2/p'
}

@test "--help and -h: stdout, status 0, nothing on stderr" {
  for tool in $TOOLS; do
    for option in --help -h; do
      run --separate-stderr timeout 10 "$tool" $option
      [ "$status" -eq 0 ]
      [[ "${lines[0]}" == "usage: $tool "* ]]
      [[ "$output" == *"examples:"* ]]
      [ -z "$stderr" ]
    done
  done
}

@test "--version and -V: the version of the Makefile" {
  version=$(sed -n 's/^VERSION := //p' "$TOP/Makefile")
  for tool in $TOOLS; do
    for option in --version -V; do
      run --separate-stderr timeout 10 "$tool" $option
      [ "$status" -eq 0 ]
      [ "$output" = "$tool (btools) $version" ]
      [ -z "$stderr" ]
    done
  done
}

@test "unknown options: status 2, empty stdout, two lines on stderr" {
  for tool in $TOOLS; do
    for option in -Z --no-such-option --help=x; do
      run --separate-stderr timeout 10 "$tool" $option
      [ "$status" -eq 2 ]
      [ -z "$output" ]
      [ "${#stderr_lines[@]}" -eq 2 ]
      [[ "${stderr_lines[0]}" == "$tool: "* ]]
      [ "${stderr_lines[1]}" = "$tool: try '$tool --help'" ]
    done
  done
}

@test "an option without its argument is named" {
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 "$tool" -f
    [ "$status" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"-f needs an argument"* ]]
  done
}

@test "every option that takes a number refuses nonsense, overflow and trailing junk, and is named" {
  count=0
  for tool in $TOOLS; do
    while read -r short long arg; do
      case $arg in TIME | N | SIZE | RATE | PCT | LEVEL) ;; *) continue ;; esac
      for value in nonsense 1x 99999999999999999999999 -1 '' ' 1' 0x10 nan; do
        run --separate-stderr timeout 10 "$tool" "$long=$value"
        [ "$status" -eq 2 ] || { echo "$tool $long=$value: $status"; false; }
        [ -z "$output" ]
        [[ "${stderr_lines[0]}" == *"$long"* ]] || { echo "$tool $long=$value: $stderr"; false; }
        count=$((count + 1))
      done
    done < <(rows "$tool")
  done
  [ "$count" -gt 50 ]
}

@test "one letter and one long name mean the same in all tools" {
  for tool in $TOOLS; do
    rows "$tool" | grep -v '^- '
  done | sort -u >"$BATS_TEST_TMPDIR/rows"
  # -f lists other formats and -i, -k, -m, -P name other things measured, but letter and long name stay together.
  run awk '{ if (($1 in name) && name[$1] != $2) { print $1, name[$1], $2; bad = 1 } name[$1] = $2 } END { exit bad }' \
    "$BATS_TEST_TMPDIR/rows"
  [ "$status" -eq 0 ]
}

@test "a format that does not exist is refused" {
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 "$tool" -f xml
    [ "$status" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"--format"*"xml"* ]]
  done
}

@test "help on a full disk and on a closed stdout is an error, not a crash" {
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 bash -c "$tool --help >/dev/full"
    [ "$status" -eq 1 ]
    [[ "${stderr_lines[0]}" == *"No space left"* ]]
    run --separate-stderr timeout 10 bash -c "$tool --help >&-"
    [ "$status" -eq 1 ]
  done
}

@test "--log json makes every message a JSON line" {
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 "$tool" --log json /no/such/operand /no/such/operand
    [ "$status" -ne 0 ]
    [ "$status" -lt 128 ]
    jq -e '.tool == "'"$tool"'" and (.msg | length > 0)' <<<"$stderr" >/dev/null
  done
}

@test "resident memory stays below 4 MB" {
  [ -x /usr/bin/time ] || skip "time is not installed"
  for tool in $TOOLS; do
    run --separate-stderr /usr/bin/time -f %M timeout 10 "$tool" --help
    [ "${stderr_lines[-1]}" -lt 4096 ] || { echo "$tool: ${stderr_lines[-1]} kB"; false; }
  done
  run --separate-stderr /usr/bin/time -f %M timeout 20 bcpu -d 20ms -w 0
  [ "${stderr_lines[-1]}" -lt 4096 ] || { echo "bcpu, all tests: ${stderr_lines[-1]} kB"; false; }
}

@test "static executables run" {
  dir=$(variant STATIC=1)
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 "$dir/$tool" --version
    [ "$status" -eq 0 ]
    run bash -c "readelf -l '$dir/$tool' | grep -c INTERP"
    [ "$output" = 0 ]
  done
}

@test "executables built without clang and bpftool run" {
  dir=$(variant BPF=0)
  for tool in $TOOLS; do
    run --separate-stderr timeout 10 "$dir/$tool" --version
    [ "$status" -eq 0 ]
  done
}

@test "meta has the command line in the order of its words" {
  setup_locks
  for tool in bcpu bsys bring bsched; do
    timeout 20 "$tool" -N -d 10ms "$("$tool" -L | awk 'NR == 2 { print $1 }')" -w 0 -T k=v >"$BATS_TEST_TMPDIR/out"
    first=$("$tool" -L | awk 'NR == 2 { print $1 }')
    [ "$(jq -rs '.[0].argv' "$BATS_TEST_TMPDIR/out")" = "$tool -N -d 10ms $first -w 0 -T k=v" ]
  done
}
