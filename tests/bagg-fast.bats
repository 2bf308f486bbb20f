load helper

FIXTURES=$TOP/tests/fixtures/bagg

setup() {
  cd "$BATS_TEST_TMPDIR"
  export BTOOLS_RUN=00000001
}

# hostile SEED COUNT: lines much like the one before, good and bad.
hostile() {
  awk -v seed="$1" -v count="$2" -f "$FIXTURES/hostile.awk"
}

# fold NAME ARGUMENT...: what bagg makes of it in NAME.out, without its end record, and NAME.err.
fold() {
  local name=$1 status=0
  shift
  timeout 60 bagg "$@" >"$name.all" 2>"$name.err" || status=$?
  [ "$status" -le 1 ]
  grep -v '"kind":"end"' "$name.all" >"$name.out" || :
}

# same A B: the same records and the same messages.
same() {
  cmp "$1.out" "$2.out"
  cmp "$1.err" "$2.err"
}

# predicted FILE ARGUMENT...: how many of its lines were like an earlier one.
predicted() {
  local file=$1
  shift
  timeout 60 bagg -v "$@" "$file" 2>&1 >/dev/null | sed -n 's/.* \([0-9]*\) lines were like an earlier one/\1/p'
}

@test "nearly all lines of a stream are predicted" {
  "$BUILD/bench/genrec" 5000 >in
  [ "$(predicted in)" -gt 4800 ]
  [ "$(predicted in -k test)" -gt 4900 ]
  [ "$(predicted in -k host -m none)" -gt 4900 ]
}

@test "a line that is predicted counts as one that is taken apart" {
  # A carriage return is no part of a record, and lines that end in one are never predicted.
  for seed in 1 2 3; do
    hostile $seed 5000 >in
    sed 's/$/\r/' in >slow
    [ "$(predicted in -k test)" -gt 200 ]
    [ "$(predicted slow -k test)" -eq 0 ]
    for keys in "" "-k test" "-k qd,rep" "-k test,flag,nested.a -m lat"; do
      # shellcheck disable=SC2086
      fold a $keys - <in
      # shellcheck disable=SC2086
      fold b $keys - <slow
      [ -s a.out ]
      same a b
    done
  done
}

@test "a predicted line of another program, too" {
  for seed in 1 2; do
    hostile $seed 5000 | sed 's/"v":1,"kind":"\(sample\|event\)",/"kind":"GET",/; s/"v":1,//' >in
    sed 's/$/\r/' in >slow
    [ "$(predicted in -m value)" -gt 200 ]
    for options in "-m value" "-m value,qd -k test" "-m value:us -k test,note,kind" "-m qd,value:MB,nested.a -k flag,rep" \
      "-m value,value -k tool" "-m ts -k test" "-m value -k host,run,note --time dur"; do
      # shellcheck disable=SC2086
      fold a $options - <in
      # shellcheck disable=SC2086
      fold b $options - <slow
      [ -s a.out ]
      same a b
    done
  done
}

@test "times of other programs, predicted or not" {
  for seed in 1 2 3; do
    awk -v seed=$seed 'function pick(list,   n, parts) { n = split(list, parts, "|"); return parts[1 + int(rand() * n)] }
      BEGIN { srand(seed); for (i = 0; i < 3000; i++) printf "{\"t\": %s, \"x\": %d}\n", pick("\"2025-11-20T17:53:54.123Z\"|" \
        "\"2025-11-20 17:53:5" int(rand() * 10) "\"|\"2025-11-20T17:53:54+01:00\"|\"never\"|1763661234." int(rand() * 1e6) "|" \
        "17636612341" int(rand() * 90 + 10) "|1763661234123456|1763661234123456789|-5|null|0|99999999999|100000000000.5|\"1763661234\""), i }' >in
    sed 's/$/\r/' in >slow
    fold a -m x --time t - <in
    fold b -m x --time t - <slow
    same a b
    [ "$(predicted in -m x --time t)" -gt 100 ]
  done
}

@test "the same under the address and undefined-behaviour sanitizers" {
  hostile 4 4000 >in
  PATH="$(variant SAN=address,undefined):$PATH" fold a -k test in
  fold b -k test in
  same a b
}

@test "any number of threads: the same bytes, the same messages" {
  hostile 5 20000 >in
  printf '{"half' >>in
  fold one in - in <in
  [ "$(grep -c '"kind":"agg"' one.out)" -gt 100 ]
  for threads in 2 3 8; do
    fold many -t $threads in - in <in
    same one many
  done
}

@test "threads: clean under the thread sanitizer" {
  hostile 6 20000 >in
  fold one -k test in in
  PATH="$(variant SAN=thread):$PATH" fold many -k test -t 3 in in
  same one many
}

@test "lines in pieces of any size are the same lines" {
  hostile 7 3000 >in
  fold a -k test in
  dd if=in bs=997 2>/dev/null | fold b -k test -
  sed -i 's/: in:/: stdin:/; s/ in:/ stdin:/' a.err
  same a b
}

@test "a stream whose lines take turns in many shapes is not quadratic, and right" {
  awk 'BEGIN {
    for (i = 0; i < 40000; i++) {
      dims = ""
      for (k = 0; k < i % 30; k++) dims = dims "\"d" k "\":" k ","
      printf "{\"v\":1,\"kind\":\"sample\",\"ts\":%d,\"tool\":\"t\",%s\"metric\":\"m\",\"unit\":\"ns\",\"value\":%d}\n", i, dims, i
    }
  }' >in
  fold a in
  [ "$(wc -l <a.out)" -eq 30 ]
  [ "$(jq -s 'map(.n) | add' a.out)" -eq 40000 ]
  [ "$(jq -s 'map(.sum) | add' a.out)" -eq 799980000 ]
}

@test "many keys: what is remembered has a bound, and the figures hold" {
  awk 'BEGIN { for (i = 0; i < 300000; i++)
    printf "{\"v\":1,\"kind\":\"sample\",\"ts\":1,\"tool\":\"t\",\"host\":\"h%d\",\"metric\":\"m\",\"unit\":\"ns\",\"value\":%d}\n", i, i }' >in
  fold a -k tool in
  [ "$(jq -c '[.n, .sum, .max]' a.out)" = "[300000,44999850000,299999]" ]
}
