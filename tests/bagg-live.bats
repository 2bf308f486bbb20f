load helper

# bagg -l: lines pass byte for byte, and what they say is drawn on a terminal, which script(1) provides.

setup() {
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  unset LANG LC_CTYPE
}

teardown() {
  exec 8>&- 9>&-
  [ ! -e pid ] || kill -KILL "$(cat pid)" 2>/dev/null || :
  [ -z "${script_pid:-}" ] || wait "$script_pid" || :
}

# meta TOOL TESTS DURATION [MORE], sample TOOL TEST TS RATE, lat TOOL TEST TS P99, end TOOL STATUS: one record each.
meta() {
  printf '{"v":1,"kind":"meta","ts":1,"run":"00000001","host":"h","tool":"%s","tests":"%s","threads":"1","duration":%s,"warmup":0,"repeat":1%s}\n' \
    "$1" "$2" "$3" "${4:-}"
}
sample() {
  printf '{"v":1,"kind":"%s","ts":%s,"run":"00000001","host":"h","tool":"%s","test":"%s","metric":"rate","unit":"op/s","dur":1,"value":%s}\n' \
    "${5:-sample}" "$3" "$1" "$2" "$4"
}
lat() {
  printf '{"v":1,"kind":"%s","ts":%s,"run":"00000001","host":"h","tool":"%s","test":"%s","metric":"lat","unit":"ns","n":100,"min":1,"mean":5000,"p50":5000,"p99":%s,"max":10000000}\n' \
    "${5:-sample}" "$3" "$1" "$2" "$4"
}
warning() {
  printf '{"v":1,"kind":"warn","ts":2,"run":"00000001","host":"h","tool":"%s","code":"%s","msg":"%s"}\n' "$1" "$2" "$3"
}
end() {
  printf '{"v":1,"kind":"end","ts":9,"run":"00000001","host":"h","tool":"%s","status":"%s","records":1,"elapsed":1,"errors":0}\n' "$1" "$2"
}

# start ROWS COLUMNS COMMAND: run COMMAND on a terminal of that size in the background; what it draws goes to the file
# screen, its status to the file status. The command reads the FIFO in, which is open for writing as 9.
start() {
  [ -p in ] || mkfifo in
  printf 'stty rows %d cols %d\ntty >tty\nsh -c "echo \\$\\$ >pid; exec %s"\necho $? >status\n' "$1" "$2" "$3" >inner
  TERM=${TERM_HERE-xterm} timeout 60 script -qfc "sh ./inner" screen </dev/null >/dev/null 3>&- 4>&- 9>&- &
  script_pid=$!
  exec 9>in
}

ended() {
  wait_for 20 test -s status
}

# frames: the pictures drawn so far, each behind a line of "=", without escape sequences.
frames() {
  sed 's/\x1b\[?7l/\n=\n/g' screen | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g; s/\r//g'
}

# frame: the last whole one.
frame() {
  sed 's/\x1b\[?7h/\n!\n/g' screen | sed 's/\x1b\[?7l/\n=\n/g; s/\x1b\[[0-9;?]*[A-Za-z]//g; s/\r//g' |
    awk '/^=$/ { text = ""; next } /^!$/ { sub(/\n$/, "", text); last = text; next } { text = text $0 "\n" } END { printf "%s", last }'
}

shows() {
  [[ "$(frame)" == *"$1"* ]]
}

# hostile: lines of all kinds: records, bad ones, blank ones, CRLF, long ones, bytes that are no text, no newline at the end.
hostile() {
  sample bcpu int 1 2
  printf '\n\r\n   \n{"v":1}\r\nno json\n'
  sample bcpu int 2 3 | sed 's/$/\r/'
  head -c 70000 /dev/zero | tr '\0' x
  printf '\n'
  head -c 300000 /dev/urandom
  head -c 3000 /dev/zero
  printf '\n%s' '{"v":1,"kind":"sample"'
}

@test "lines pass byte for byte: garbage, blank lines, CRLF, long lines, no newline at the end" {
  hostile >in.bin
  run bash -c 'timeout 20 bagg -l -q <in.bin >out.bin 2>/dev/null'
  [ "$status" -eq 1 ]
  cmp in.bin out.bin
  run bash -c 'head -c 200001 in.bin | timeout 20 bagg -l -q 2>/dev/null | cat >out.bin'
  head -c 200001 in.bin | cmp - out.bin
  for threads in 1 2; do
    timeout 20 bagg -l -q -t $threads in.bin 2>/dev/null | cmp - in.bin
  done
  printf '\xef\xbb\xbf' >bom.bin
  sample bcpu int 1 2 >>bom.bin
  timeout 20 bagg -l -q bom.bin | cmp - bom.bin
  : >empty
  [ -z "$(timeout 20 bagg -l -q empty)" ]
}

@test "lines pass byte for byte whatever pieces they come in, and from gzip" {
  "$BUILD/bench/genrec" -s 3 400 >in.bin
  (for at in 1 2 4096 60000 70001; do
    tail -c +$at in.bin | head -c 997
  done) >pieces.bin
  dd if=pieces.bin bs=7 status=none | timeout 20 bagg -l -q 2>/dev/null | cmp - pieces.bin
  gzip -k in.bin
  timeout 20 bagg -l -q in.bin.gz | cmp - in.bin
  printf '\x1f' >one
  run bash -c 'timeout 20 bagg -l -q one 2>/dev/null | cmp - one'
  [ "$status" -eq 0 ]
}

@test "files pass one after the other, a newline between them where one lacks it" {
  sample bcpu int 1 2 | tr -d '\n' >a
  sample bcpu int 2 3 | tr -d '\n' >b
  (cat a; echo; cat b) >want
  timeout 20 bagg -l -q a b | cmp - want
}

@test "each line passes before the next one is sent" {
  mkfifo in out
  timeout 60 bagg -l -q <in >out 3>&- &
  pid=$!
  exec 9>in 8<out
  for i in 1 2 3 4 5; do
    sample bcpu int "$i" 7 >line
    cat line >&9
    IFS= read -r -t 20 got <&8
    [ "$got" = "$(cat line)" ]
  done
  # The start of a line is kept until its end has come.
  printf '{"v":1,' >&9
  run read -r -t 0.2 got <&8
  [ "$status" -ne 0 ]
  printf 'x\n' >&9
  IFS= read -r -t 20 got <&8
  [ "$got" = '{"v":1,x' ]
  exec 9>&-
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 1 ]
}

@test "lines reach a pipe whole: each write is of whole lines, none above PIPE_BUF" {
  need strace
  "$BUILD/bench/genrec" -s 3 2000 >in.bin
  run bash -c 'strace -qq -e trace=write -e signal=none -s 5000 -o trace timeout 20 bagg -l -q in.bin | cmp - in.bin'
  [ "$status" -eq 0 ]
  strace -qq -e trace=write -e signal=none -s 5000 -o trace bagg -l -q in.bin | cat >/dev/null
  grep '^write(1,' trace >writes
  [ "$(wc -l <writes)" -gt 20 ]
  [ "$(wc -l <writes)" -lt 1000 ]
  [ "$(sed 's/.*= //' writes | awk '$1 > 4096' | wc -l)" -eq 0 ]
  [ "$(grep -vc '\\n", [0-9]*) *= ' writes)" -eq 0 ]
}

@test "-f: the report goes to stdout and lines do not; -o: the report goes to the file and lines pass" {
  (sample bcpu int 1 4; sample bcpu int 2 6) >in.bin
  run --separate-stderr timeout 20 bagg -l -q -f md in.bin
  [ "$status" -eq 0 ]
  [[ "$output" == *"| int "* ]]
  [[ "$output" != *'"v":1'* ]]
  timeout 20 bagg -l -q -o report in.bin >out.bin
  cmp in.bin out.bin
  [ "$(jq -s -c 'map(select(.kind == "agg"))[0].mean' report)" = 5 ]
  timeout 20 bagg -l -q -f tsv -o report in.bin >out.bin
  cmp in.bin out.bin
  [[ "$(head -n 1 report)" == ts* ]]
  run --separate-stderr timeout 20 bagg -l -q -o - in.bin
  [ "$(jq -s -c 'map(select(.kind == "agg"))[0].mean' <<<"$output")" = 5 ]
  [ "$(grep -c sample <<<"$output")" -eq 1 ]
}

@test "no terminal, TERM=dumb and TERM unset: one note says why nothing is drawn, -q silences it" {
  sample bcpu int 1 4 >in.bin
  run --separate-stderr timeout 20 bagg -l in.bin
  [ "$status" -eq 0 ]
  [ "$output" = "$(cat in.bin)" ]
  [ "$stderr" = "bagg: -l draws nothing: stderr is no terminal" ]
  run --separate-stderr timeout 20 bagg -l -q in.bin
  [ "$output" = "$(cat in.bin)" ]
  [ -z "$stderr" ]
  for term in dumb ''; do
    TERM=$term timeout 20 script -qec "bagg -l in.bin >out.bin" screen </dev/null >/dev/null
    cmp in.bin out.bin
    run ! grep -q $'\033' screen
    grep -q 'bagg: -l draws nothing' screen
  done
}

@test "the reader leaves: death by SIGPIPE, also while no line comes; -o is written" {
  "$BUILD/bench/genrec" 200000 >in.bin
  run --separate-stderr bash -c 'timeout 20 bagg -l -q in.bin | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"'
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  run --separate-stderr bash -c 'timeout 20 bagg -l -q -o report in.bin | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"'
  [ "$status" -eq 141 ]
  [ "$(tail -n 1 report | jq -r .status)" = interrupted ]
  mkfifo in out
  bagg -l -q <in >out 3>&- &
  pid=$!
  exec 9>in 8<out
  exec 8<&-
  status=0
  wait_for 20 eval '! kill -0 $pid 2>/dev/null'
  wait "$pid" || status=$?
  [ "$status" -eq 141 ]
  run --separate-stderr bash -c 'timeout 20 bagg -l -q in.bin >/dev/full'
  [ "$status" -eq 1 ]
  [[ "$stderr" == "bagg: stdout: No space"* ]]
}

@test "INT, TERM and HUP: the whole lines read so far have passed, -o is written, 128+signal" {
  for signal in INT TERM HUP; do
    rm -f in report out.bin
    mkfifo in
    bagg -l -q -o report <in >out.bin 3>&- &
    pid=$!
    exec 9>in
    (sample bcpu int 1 4; sample bcpu int 2 6) >&9
    printf '{"v":1,"kind":' >&9
    wait_for 20 eval '[ "$(wc -l <out.bin)" -eq 2 ]'
    kill -$signal $pid
    status=0
    wait $pid || status=$?
    exec 9>&-
    [ "$status" -eq $((128 + $(kill -l $signal))) ]
    [ "$(wc -l <out.bin)" -eq 2 ]
    jq -e .v out.bin >/dev/null
    [ "$(jq -s -c 'map(select(.kind == "agg"))[0].mean' report)" = 5 ]
    [ "$(tail -n 1 report | jq -r .status)" = interrupted ]
  done
}

@test "the picture: tests, how far they are, rate, p50 and p99, errors, warnings, state" {
  start 24 120 "bagg -l <in >out.bin"
  (meta bcpu int,hash 1000; sample bcpu int 2 16400; lat bcpu int 2 90000; warning bcpu noisy 'the machine is busy'
    sample bcpu int 3 16400 result; lat bcpu int 3 90000 result) >&9
  wait_for 20 shows 'bcpu hash  running'
  frame >last
  grep -Eq '^bcpu int +done +100% +\[##########\] +16.40 kop/s .* 5.000 us +90.00 us +1$' last
  grep -Eq '^bcpu hash +running +0% +\[\.{10}\] +16m..s' last
  grep -Eq '^1 warning, the last of bcpu: the machine is busy$' last
  grep -Eq '^test +state +done +left +rate +p50 +p99 +warns$' last
  end bcpu ok >&9
  exec 9>&-
  ended
  [ "$(cat status)" -eq 0 ]
  [ "$(wc -l <out.bin)" -eq 7 ]
  # The cursor and whatever else a terminal has stay as they are, and the picture is wiped with each drawing.
  run ! grep -aq $'\033\\[?25l\\|\033\\[?1049h\\|\033\\[2J' screen
  [ "$(grep -ao $'\033\\[?7l' screen | wc -l)" -eq "$(grep -ao $'\033\\[?7h' screen | wc -l)" ]
}

@test "the picture: queued, waiting for a lock, interrupted, failed, without an end" {
  start 24 100 "bagg -l <in >out.bin"
  (meta bcpu int,hash 1000; meta bdisk randread 1000; warning bdisk lock-wait 'waiting for disk:sda') >&9
  wait_for 20 shows 'waiting: bdisk'
  shows 'bcpu hash       queued'
  shows 'bdisk randread  waiting'
  sample bdisk randread 5 100 >&9
  wait_for 20 shows 'bdisk randread  running'
  (end bcpu interrupted; end bdisk failed; meta bnet rr 1000; sample bnet rr 3 9) >&9
  wait_for 20 shows 'bdisk randread  failed'
  shows 'bcpu int        stopped'
  exec 9>&-
  ended
  shows 'bnet rr         no end'
  [ "$(cat status)" -eq 1 ]
}

@test "the picture: events are counted second by second, their ranks come from their values" {
  start 24 120 "bagg -l <in >out.bin"
  for i in 1 2 3 4; do
    printf '{"v":1,"kind":"event","ts":%d,"tool":"bsys","test":"read","metric":"lat","unit":"ns","value":%d000}\n' $i $i
  done >&9
  wait_for 20 eval "frame | grep -Eq '^bsys read +running .* op/s .* (2.00|2.01)[0-9]? us +(4.00|4.0[0-3])[0-9]? us'"
  exec 9>&-
  ended
}

@test "the picture: who holds which resource" {
  flock "$BTOOLS_LOCK_DIR/disk_sda.lock" sh -c 'echo $$ >holder; exec sleep 60' 3>&- &
  wait_for 20 test -s holder
  start 24 100 "bagg -l <in >out.bin"
  sample bcpu int 1 2 >&9
  wait_for 20 shows 'held: disk:sda by flock'
  kill "$(cat holder)"
  wait_for 20 eval '! shows held:'
  exec 9>&-
  ended
}

@test "a terminal of any size: the picture fits, follows a resize, and shows the busiest" {
  start 24 120 "bagg -l <in >out.bin"
  for i in $(seq 30); do
    sample bcpu "test$i" 1 5
  done >&9
  for _ in 1 2 3; do
    sample bcpu test17 2 5
  done >&9
  wait_for 20 shows '... 10 more'
  shows 'bcpu test17'
  for size in '5 20' '2 1' '1 80' '10 3' '50 200'; do
    stty -F "$(cat tty)" rows "${size% *}" cols "${size#* }"
    : >screen
    sample bcpu test17 3 5 >&9
    wait_for 20 eval '[ -n "$(frame)" ]'
    frame >last
    [ "$(wc -l <last)" -lt "${size% *}" ] || [ "${size% *}" -eq 1 ]
    [ "$(awk -v max="${size#* }" 'length($0) > max' last | wc -l)" -eq 0 ]
  done
  shows 'bcpu test30'
  exec 9>&-
  ended
}

@test "hostile names and messages: no byte of theirs moves the cursor" {
  for locale in C C.UTF-8; do
    rm -f screen status
    LC_ALL=$locale start 24 200 "bagg -l <in >out.bin"
    # ESC, BEL, CSI as one byte and as U+009B, a turned direction, a newline, an escape in JSON, bytes that are no character
    printf '{"v":1,"kind":"sample","ts":1,"tool":"a\x9bb","test":"\xc2\x9b2J\\u001b[31mX\\u0007\xe2\x80\xae\\n\xff","metric":"rate","unit":"\\u001b[2J","value":1}\n' >&9
    printf '{"v":1,"kind":"sample","ts":1,"tool":"t","test":"raw\x1b[2J","metric":"rate","unit":"op/s","value":1}\n' >&9
    warning t x '\u001b]0;title\u0007\u009b2J' >&9
    wait_for 20 shows '1 warning, the last of t: ?]0;title??2J'
    exec 9>&-
    ended
    shows 'a?b ?2J?[31mX????'
    # What is left of escape sequences is what we draw: movement, wiping, wrapping, colours.
    run ! grep -aq $'\xc2\x9b\\|\x9b\\|\a\\|\xe2\x80\xae\\|\033\\]\\|\033\\[2J' screen
    sed 's/\x1b\[\(?7[lh]\|[0-9]*A\|K\|J\|0m\|3[123]m\)//g' screen >rest
    run ! grep -aq $'\033' rest
    wait "$script_pid" || :
  done
}

@test "wide characters and combining marks: columns are counted, not bytes" {
  export LC_ALL=C.UTF-8
  start 24 60 "bagg -l <in >out.bin"
  sample bcpu '日本語テスト' 1 5 >&9
  sample bcpu 'é' 1 5 >&9
  wait_for 20 shows 'bcpu é'
  frame >last
  # Six characters of two columns each: the next column of the picture stands where it does in the other line.
  sed 's/日本語テスト/xxxxxxxxxxxx/; s/é/x/' last | awk '/running/ { print index($0, "running") }' >places
  [ "$(wc -l <places)" -eq 2 ]
  [ "$(uniq places | wc -l)" -eq 1 ]
  exec 9>&-
  ended
}

@test "NO_COLOR, and no UTF-8 locale: no colours, a trend in ASCII" {
  meta bcpu int 1 >in.bin
  for v in 1 2 3 8; do
    sample bcpu int $v ${v}000
  done >>in.bin
  end bcpu failed >>in.bin
  TERM=xterm script -qec "stty rows 24 cols 120; bagg -l in.bin >out.bin" screen </dev/null >/dev/null
  grep -aq $'\033\\[31m' screen
  shows ' .:-#'
  [ "$(LC_ALL=C grep -ac $'[\x80-\xff]' screen)" -eq 0 ]
  NO_COLOR=1 TERM=xterm script -qec "stty rows 24 cols 120; bagg -l in.bin >out.bin" screen </dev/null >/dev/null
  run ! grep -aq $'\033\\[[0-9]*m' screen
  shows failed
  LC_ALL=C.UTF-8 TERM=xterm script -qec "stty rows 24 cols 120; bagg -l in.bin >out.bin" screen </dev/null >/dev/null
  shows '█'
}

@test "stdout on the terminal: no line passes, the picture goes and the report is printed as text" {
  (sample bcpu int 1 4; sample bcpu int 2 6; end bcpu ok) >in.bin
  TERM=xterm script -qec "stty rows 24 cols 120; bagg -l in.bin" screen </dev/null >/dev/null
  run ! grep -aq '"v":1' screen
  grep -aq $'\033\\[[0-9]*A\033\\[Jbcpu on h' screen
  sed 's/.*\x1b\[J//' screen | grep -aq 'int .*5 op/s'
}

@test "messages do not garble the picture: it is wiped for them and drawn again" {
  start 24 100 "bagg -l <in >out.bin"
  (sample bcpu int 1 2; echo no record) >&9
  wait_for 20 shows ', 1 bad'
  grep -aq 'bagg: stdin:2: ' screen
  grep -aq $'\033\\[1A\033\\[Jbagg: stdin:2: ' screen
  exec 9>&-
  ended
  [ "$(cat status)" -eq 1 ]
}

@test "INT, TERM, KILL while the picture stands: nothing of the terminal is left changed" {
  for signal in INT TERM KILL; do
    rm -f status pid screen
    start 24 100 "bagg -l <in >out.bin"
    sample bcpu int 1 2 >&9
    wait_for 20 shows 'bcpu int'
    stty -F "$(cat tty)" -a >before
    kill -$signal "$(cat pid)"
    ended
    [ "$(cat status)" -eq $((128 + $(kill -l $signal))) ]
    [ "$(wc -l <out.bin)" -eq 1 ]
    [ $signal = KILL ] || shows stopped
    [ "$(grep -ao $'\033\\[?7l' screen | wc -l)" -eq "$(grep -ao $'\033\\[?7h' screen | wc -l)" ]
    exec 9>&-
    wait "$script_pid" || :
  done
}

@test "while the picture stands, producers on the same terminal draw no bars; two pictures do not meet" {
  start 24 100 "bagg -l <in >out.bin"
  sample bcpu int 1 2 >&9
  wait_for 20 shows 'bcpu int'
  tty=$(cat tty)
  TERM=xterm timeout 20 bcpu -w 0s -d 600ms int 2>"$tty" >/dev/null
  run ! grep -aq 'rep 1/1' screen
  sample bcpu int 1 2 | TERM=xterm timeout 20 bagg -l 2>"$tty" >/dev/null
  wait_for 20 grep -aq 'another bagg draws' screen
  exec 9>&-
  ended
  TERM=xterm timeout 20 script -qec 'bcpu -w 0s -d 600ms int >/dev/null' bar </dev/null >/dev/null
  grep -aq 'rep 1/1' bar
}

@test "the canonical pipeline: a live view of bcpu, and its report as Markdown" {
  TERM=xterm timeout 60 script -qec "stty rows 24 cols 120; bcpu -w 50ms -d 600ms -i 200ms int hash | bagg -l -f md >report.md" screen </dev/null >/dev/null
  grep -q '^| hash ' report.md
  run ! grep -q '"v"' report.md
  frames | grep -Eq '^bcpu int +(running|warm-up) .*%'
  frame | grep -Eq '^bcpu hash +done +100%'
  frames | grep -q 'held: cpu by bcpu'
}
