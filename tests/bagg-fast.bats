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
  # Where marks are looked for no line is predicted.
  for seed in 1 2 3; do
    hostile $seed 5000 >in
    [ "$(predicted in -k test)" -gt 200 ]
    [ "$(predicted in -k test --span a:b)" -eq 0 ]
    for keys in "" "-k test" "-k qd,rep" "-k test,flag,nested.a -m lat"; do
      # shellcheck disable=SC2086
      fold a $keys - <in
      # shellcheck disable=SC2086
      fold b --span a:b $keys - <in
      [ -s a.out ]
      same a b
    done
  done
}

@test "a predicted line of another program, too" {
  for seed in 1 2; do
    hostile $seed 5000 | sed 's/"v":1,"kind":"\(sample\|event\)",/"kind":"GET",/; s/"v":1,//' >in
    [ "$(predicted in -m value)" -gt 200 ]
    for options in "-m value" "-m value,qd -k test" "-m value:us -k test,note,kind" "-m qd,value:MB,nested.a -k flag,rep" \
      "-m value,value -k tool" "-m ts -k test" "-m value -k host,run,note --time dur"; do
      # shellcheck disable=SC2086
      fold a $options - <in
      # shellcheck disable=SC2086
      fold b --span a:b $options - <in
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
    fold a -m x --time t - <in
    fold b --span a:b -m x --time t - <in
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

# as_slow ARGUMENT...: what bagg makes of the file "in" is the same when no line is predicted, and with threads.
as_slow() {
  fold a "$@" - <in
  fold b --span a:b "$@" - <in
  fold c "$@" -t 3 - <in
  same a b
  same a c
}

@test "a key that holds brackets does not make a line look like another" {
  local head='{"v":1,"kind":"sample","tool":"t","metric":"m","unit":"ns","value":9' i
  for i in 1 2 3 4 5; do
    echo "$head,\"a\":$i,\"value\":5,\"b\":$i,\"c\":3}"
    # The first value counts here: the second one is in the object a.
    echo "$head,\"a\":{\"x\":1,\"value\":5,\"b\":2},\"c\":3}"
  done >in
  as_slow
  [ "$(jq -c 'select(.a == null) | [.n, .min, .max]' a.out)" = "[5,9,9]" ]
}

@test "lines whose keys are hostile are never taken for others" {
  # shellcheck disable=SC2016
  awk 'function pick(list,   n, parts) { n = split(list, parts, "|"); return parts[1 + int(rand() * n)] }
    function number() { return rand() < 0.6 ? int(rand() * 3) : pick("{\"x\":1|2}|[1|3]|\"s\"|1}|true|null|1e3|\":1") }
    function text() { return rand() < 0.8 ? pick("a|b") : pick("a\\|a\\\\|\\\"|x\":1|:1,|,|{|}||abcdefgh|\\u0041") }
    BEGIN {
      srand(8)
      for (i = 0; i < 6000; i++) {
        line[i] = i > 99 && rand() < 0.5 ? line[int(rand() * i)] : sprintf("{\"v\":1,\"kind\":\"sample\",\"tool\":\"t\",\"metric\":\"m\",\"k\":\"%s\",\",\":%s,\"value\":%s,\"a\":%s,\"value\":%d,\":\":\"%s\",\"b\":%s,\"c\":%s}",
          text(), number(), number(), number(), rand() * 99, text(), number(), number())
        print line[i]
      }
    }' >in
  as_slow
  as_slow -k k,a
  as_slow -k test
  [ "$(predicted in -k test)" -gt 200 ]
}

@test "zero bytes are no time" {
  local tail=',"tool":"t","metric":"m","unit":"ns","value":5}'
  {
    printf '{"v":1,"kind":"sample","ts":%s%s\n' 1700000000 "$tail" 1700000001 "$tail"
    printf '{"v":1,"kind":"sample","ts":\0\0\0\0\0\0\0\000123456%s\n' "$tail"
  } >in
  as_slow
  [ "$(jq .n a.out)" = 2 ]
}

@test "a key that is too long to be one hides none that is not" {
  local long
  long=$(printf '%01100d' 0)
  printf '{"test":"%s","x":%d}\n' "$long" 1 "1$long" 2 abc 3 def 4 abc 5 >in
  as_slow -m x -k test
  [ "$(jq -c '[.test, .n]' a.out | tr -d '\n')" = '[null,2]["abc",2]["def",1]' ]
  printf '{"o":{"p":"%s"},"x":%d}\n' "$long" 1 "1$long" 2 abc 3 def 4 abc 5 >in
  as_slow -m x -k o.p
  [ "$(jq -c '[."o.p", .n]' a.out | tr -d '\n')" = '[null,2]["abc",2]["def",1]' ]
}

@test "a group of 2^63-1 values, and more of them one by one" {
  local head='{"v":1,"tool":"t","metric":"m","unit":"ns"' agg='"kind":"agg","of":"sample","min":1,"max":2,"mean":1,"sd":0'
  {
    echo "$head,\"kind\":\"sample\",\"value\":5}"
    echo "$head,\"kind\":\"sample\",\"value\":5}"
    echo "$head,$agg,\"n\":9223372036854775805,\"exact\":false}"
    yes "$head,\"kind\":\"sample\",\"value\":5}" | head -n 100
    echo "$head,$agg,\"n\":2,\"exact\":false}"
  } >in
  as_slow
  grep -q 'stdin:104: more than 2^63-1 values in one group' a.err
  [ "$(jq .records a.out)" = 103 ]
}

@test "a line beyond --max-line is none, predicted or not, with any number of threads" {
  local n
  for n in 1 2 255 3 256; do
    printf '{"v":1,"kind":"sample","tool":"t","metric":"m","unit":"ns","value":9,"a":"%0*d","b":"%0*d","c":"%0*d","d":"%0*d"}\n' \
      $n 0 $n 0 $n 0 $n 0
  done >in
  as_slow -k test --max-line 1k
  [ "$(grep -c 'stdin:[35]: line longer than --max-line' a.err)" -eq 2 ]
  [ "$(jq .n a.out)" = 3 ]
}

@test "threads: lines are numbered the same around one that is too long" {
  {
    echo bad
    echo '{"v":1,"kind":"sample","tool":"t","metric":"m","value":1}'
    echo bad
    head -c 300000 /dev/zero | tr '\0' x
    printf '\nbad\n'
    head -c 300000 /dev/zero | tr '\0' x
  } >in
  as_slow --max-line 200k
  for line in 1 3 5; do
    grep -q "stdin:$line: not a JSON object" c.err
  done
}

@test "CRLF, blank lines, exponents and many digits take the short way, and nothing else comes out" {
  local how
  for how in 's/$/\r/' 's/$/\n/' 's/"value":\([0-9]*\)/"value":\1e-05/' 's/"value":\([0-9]*\)/"value":\1.2345E+1/' \
    's/"value":\([0-9]*\)/"value":0.01234567890123456\1/' 's/"value":\([0-9]*\)/"value":1234567890123456789012\1/' \
    's/"ts":\([0-9.]*\)/"ts":1.76366e+9/'; do
    "$BUILD/bench/genrec" 2000 | sed "$how" >in
    [ "$(predicted in)" -ge 1000 ]
    fold short in
    fold long --span a:b in
    [ "$(wc -l <short.out)" -eq 32 ]
    same short long
  done
}

@test "numbers that the short way must leave alone are the same on both" {
  local v
  for v in 1e 1e+ 1e309 -1e309 1. .5 01 1e1.5 +1 1e-400 1e100 1e-99 "$(printf '9%.0s' {1..70})" "$(printf '9%.0s' {1..400})"; do
    "$BUILD/bench/genrec" 200
    printf '{"v":1,"kind":"sample","ts":1763661234.000000,"run":"7f3a9c21","host":"a","tool":"gen","test":"copy","qd":8,'
    printf '"metric":"lat","unit":"ns","value":%s}\n' "$v"
  done >in
  fold short in
  fold long --span a:b in
  same short long
  grep -qx 'bagg: in:603: value is not a number' short.err
  grep -qx 'bagg: in: 10 bad lines skipped' short.err
}
