load helper

# bsample: the schedule, shapes of output, marks, signals and manners. What its groups read is in bsample-groups.bats.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

# sockets: those of marks in the lock directory.
sockets() {
  find "$BTOOLS_LOCK_DIR" -type s | wc -l
}

# begun FILE: the first tick is in FILE.
begun() {
  wait_for 10 grep -q '"metric":"self_cpu"' "$1"
}

@test "a run is whole, valid, and says at every tick what it costs and how late it is" {
  timeout 20 bsample -q -i 50ms -n 4 >run.ndjson 2>err
  complete run.ndjson
  check_records run.ndjson
  jq -se '[.[] | select(.kind == "sample" and .metric == "self_cpu")] | length == 4 and all(.value > 0 and .dur > 0)' run.ndjson
  jq -se '[.[] | select(.kind == "sample" and .metric == "late")] | length == 4 and all(.value >= 0)' run.ndjson
  jq -se '[.[] | select(.kind == "result" and .metric == "ticks").value] == [4]' run.ndjson
  jq -se '[.[] | select(.kind == "result" and .metric == "late").n] == [4]' run.ndjson
  jq -se '[.[] | select(.kind == "sample").test] | unique | contains(["cpu", "mem", "net", "self"])' run.ndjson
  # Each source has its own time of reading, and rates are over that.
  jq -se '[.[] | select(.kind == "sample" and (.metric == "switches" or .metric == "faults")) | select(.how == null)] | group_by(.ts)
    | length == 8 and (map(.[0].dur) | unique | length > 4)' run.ndjson
  # Times of samples do not go back.
  jq -se '[.[] | select(.kind == "sample").ts] | . == sort' run.ndjson
}

@test "ticks and missed ticks together are the instants of the schedule" {
  timeout 20 bsample -q -i 20ms -d 600ms cpu >grid.ndjson 2>err
  jq -se '[.[] | select(.kind == "result" and (.metric == "ticks" or .metric == "missed")).value] | add | . >= 29 and . <= 30' grid.ndjson
}

@test "a stop: missed ticks are said, none is made up, the rates cover the whole time" {
  export BTOOLS_RUN=0000beef
  bsample -q -i 100ms cpu >stop.ndjson 2>err &
  pid=$!
  begun stop.ndjson
  kill -STOP $pid
  wait_for 5 grep -q '^State:.T' /proc/$pid/status
  bsample mark meanwhile
  elapse 1200
  kill -CONT $pid
  wait_for 10 grep -q '"metric":"missed"' stop.ndjson
  kill -INT $pid
  wait $pid
  complete stop.ndjson
  jq -se '[.[] | select(.kind == "sample" and .metric == "missed").value] | max >= 10' stop.ndjson
  # The sample of that tick is as late, and as long.
  jq -se '[.[] | select(.kind == "sample" and .metric == "switches")] | max_by(.dur) | .dur > 1.1 and .late > 9e8' stop.ndjson
  # A mark sent meanwhile has the time at which it was sent, and stands before that sample.
  jq -se '[.[] | select(.name == "meanwhile" or (.test == "cpu" and .metric == "switches" and .dur > 1.1))]
    | .[0].kind == "mark" and .[1].ts - .[0].ts > 1' stop.ndjson
  # As many instants as the time has, and no sample for those that were missed.
  jq -se '(map(select(.kind == "result" and .metric == "missed").value) | add) as $missed
    | (map(select(.kind == "result" and .metric == "ticks").value) | add) as $ticks
    | (map(select(.kind == "sample" and .metric == "switches")) | length) == $ticks
      and (.[-1].elapsed * 10 - $missed - $ticks | . > -1.5 and . < 1.5)' stop.ndjson
}

@test "--align: ticks at whole multiples of the interval" {
  timeout 20 bsample -q --align -i 250ms -n 3 cpu >align.ndjson 2>err
  # When it was due: when it came, less how late that was.
  jq -se '[.[] | select(.kind == "sample" and .metric == "late") | (.ts - .value / 1e9) * 4 | . - round | fabs] | length == 3 and all(. < 0.02)' align.ndjson
}

@test "an interval below ten steps of the kernel's is warned of, and its values are marked" {
  timeout 20 bsample -i 20ms -n 2 cpu >coarse.ndjson 2>err
  grep -q 'steps of 10 ms' err
  jq -se 'any(.kind == "warn" and .code == "quantum")' coarse.ndjson
  jq -se '[.[] | select(.test == "cpu" and .metric == "cpu")] | length > 0 and all(.taint == "coarse")' coarse.ndjson
  jq -se '[.[] | select(.metric == "switches")] | length == 2 and all(.taint == null)' coarse.ndjson
  timeout 20 bsample -i 200ms -n 1 cpu >fine.ndjson 2>err
  [ ! -s err ]
  jq -se 'all(.taint == null)' fine.ndjson
}

@test "-m: these metrics only, and their sources only" {
  strace -f -e trace=openat -o trace timeout 20 bsample -q -i 20ms -n 1 -m runnable,switches cpu 2>err || :
  grep -q "no metric is called 'runnable'" err
  strace -f -e trace=pread64,openat -o trace timeout 20 bsample -q -i 20ms -n 2 -m switches >m.ndjson 2>err || skip "strace cannot trace here"
  [ "$(jq -r '.metric // empty' m.ndjson | sort -u)" = switches ]
  grep -q /proc/stat trace
  [ "$(grep -c /proc/vmstat trace)" -eq 0 ]
  # Opened once, read at every tick.
  [ "$(grep -c '"/proc/stat"' trace)" -eq 1 ]
}

@test "wide: one row a tick, columns that do not move, what is unknown is -" {
  timeout 20 bsample -q -i 50ms -n 3 --wide cpu net >wide.tsv 2>err
  [ "$(wc -l <wide.tsv)" -eq 4 ]
  [ "$(awk -F'\t' '{ print NF }' wide.tsv | sort -u | wc -l)" -eq 1 ]
  [ "$(head -n 1 wide.tsv | cut -f 1-6)" = "$(printf 'ts\tself_cpu\tlate\tmissed\tmark\tcpu.cpu')" ]
  [ "$(tail -n +2 wide.tsv | cut -f 5 | sort -u)" = - ]
  [ "$(awk -F'\t' 'NR > 1 { for (i = 1; i <= NF; i++) if ($i !~ /^(-|-?[0-9.]+(e[-+]?[0-9]+)?)$/) print }' wide.tsv | wc -l)" -eq 0 ]
  # A device that goes leaves - behind, one that comes has no column.
  root=$TOP/tests/fixtures/bsample/numa
  timeout 20 bsample -q -f tsv --wide --root "$root/1" --root "$root/2" --root "$root/2" disk >devices.tsv 2>err
  [ "$(wc -l <devices.tsv)" -eq 3 ]
  run bsample --wide -f json
  [ "$status" -eq 2 ]
}

@test "text: a line a tick under a heading that comes again, 80 columns" {
  timeout 20 bsample -q -i 10ms -n 50 -f text >table 2>err
  [ "$(grep -c '^    at' table)" -ge 2 ]
  [ "$(grep -c '^ *[01]\.[0-9][0-9]s ' table)" -eq 50 ]
  [ "$(awk 'length($0) > 80 && !/^bsample|^warning/' table | wc -l)" -eq 0 ]
  tail -n 1 table | grep -qE '^50 ticks, [0-9]+ missed, '
  timeout 20 bsample -q -i 50ms -n 2 -f tsv cpu >table.tsv 2>err
  [ "$(awk -F'\t' '{ print NF }' table.tsv | sort -u)" -eq 20 ]
  [ "$(awk -F'\t' '$9 == "switches" && $11 > 0' table.tsv | wc -l)" -eq 2 ]
}

@test "marks from other processes and by signal, with words, in order of time" {
  export BTOOLS_RUN=0badcafe
  bsample -q -i 50ms cpu >marks.ndjson 2>err &
  pid=$!
  begun marks.ndjson
  bsample mark first step=1 "note=it's \"that\""
  BTOOLS_RUN=0BADCAFE bsample mark second
  kill -USR1 $pid
  wait_for 10 grep -q '"name":"mark"' marks.ndjson
  last=$(grep -c '"self_cpu"' marks.ndjson)
  wait_for 10 eval "[ \"\$(grep -c '\"self_cpu\"' marks.ndjson)\" -gt $last ]"
  kill -INT $pid
  wait $pid
  complete marks.ndjson
  check_records marks.ndjson
  [ "$(jq -r 'select(.kind == "mark") | .name' marks.ndjson | tr '\n' ' ')" = "first second mark " ]
  jq -se '.[] | select(.name == "first") | .step == "1" and .note == "it'\''s \"that\"" and .run == "0badcafe"' marks.ndjson
  jq -se '[.[] | select(.kind == "mark" or .kind == "sample").ts] | . == sort' marks.ndjson
  [ "$(sockets)" -eq 0 ]
}

@test "a wall clock that is set back: it is said, and marks have the new time as samples have" {
  printf '%s\n' '#define _GNU_SOURCE' '#include <sys/syscall.h>' '#include <time.h>' '#include <unistd.h>' \
    'int clock_gettime(clockid_t id, struct timespec *ts) {' \
    'int rc = (int)syscall(SYS_clock_gettime, id, ts);' \
    'if (id == CLOCK_REALTIME && access("back", F_OK) == 0) ts->tv_sec -= 1000;' 'return rc; }' >clock.c
  cc -shared -fPIC -Wall -Wextra -Werror -o clock.so clock.c
  LD_PRELOAD=$PWD/clock.so bsample -q -i 50ms -m switches,self_cpu cpu >back.ndjson 2>err &
  pid=$!
  begun back.ndjson
  touch back
  wait_for 10 grep -q '"code":"clock"' back.ndjson
  kill -USR1 $pid
  wait_for 10 grep -q '"name":"mark"' back.ndjson
  kill -INT $pid
  wait $pid
  complete back.ndjson
  jq -se 'map(select(.kind == "sample"))[0].ts - (.[] | select(.kind == "mark").ts) | . > 900 and . < 1000' back.ndjson
}

@test "mark without BTOOLS_RUN finds the only run; with several, or none, it says so" {
  run --separate-stderr bsample mark lonely
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"nobody samples"* ]]
  bsample -q -i 50ms -m self_cpu cpu >one.ndjson 2>err &
  one=$!
  begun one.ndjson
  bsample mark found
  bsample -q -i 50ms -m self_cpu cpu >two.ndjson 2>err &
  two=$!
  begun two.ndjson
  run --separate-stderr bsample mark ambiguous
  [ "$status" -eq 2 ]
  [[ "$stderr" == *BTOOLS_RUN* ]]
  kill -INT $one $two
  wait $one $two
  [ "$(jq -r 'select(.kind == "mark").name' one.ndjson)" = found ]
  [ "$(grep -c '"kind":"mark"' two.ndjson)" -eq 0 ]
}

@test "marks that are none are refused" {
  for words in '' 'name x' 'name ts=1' 'name name=x' 'name a=1 a=2' "name $(printf 'k%d=1 ' {1..17})"; do
    # shellcheck disable=SC2086
    run --separate-stderr bsample mark $words
    [ "$status" -eq 2 ]
    [ -z "$output" ]
  done
  run --separate-stderr bsample mark "$(printf 'x%.0s' {1..300})"
  [ "$status" -eq 2 ]
}

@test "what SIGKILL leaves of a run does not break the next, and is removed" {
  export BTOOLS_RUN=00c0ffee
  bsample -q -i 50ms -m self_cpu cpu >killed.ndjson 2>err &
  pid=$!
  begun killed.ndjson
  [ "$(sockets)" -eq 1 ]
  kill -KILL $pid
  wait $pid || :
  run bsample mark gone
  [ "$status" -eq 1 ]
  bsample -q -i 50ms -m self_cpu cpu >next.ndjson 2>err &
  pid=$!
  begun next.ndjson
  [ "$(sockets)" -eq 1 ]
  bsample mark here
  wait_for 10 grep -q '"name":"here"' next.ndjson
  kill -TERM $pid
  run wait $pid
  [ "$(sockets)" -eq 0 ]
  [ "$(jq -r 'select(.kind == "end").status' next.ndjson)" = interrupted ]
}

@test "root: in a shared directory nothing is sent to what another user put there" {
  [ "$(id -u)" -eq 0 ] || skip "only root can be two users"
  need setpriv
  chmod 1777 "$BTOOLS_LOCK_DIR"
  chmod 755 "$BATS_TEST_TMPDIR"
  # A socket of theirs with our run's name, and a link to it.
  python3 -c 'import socket, sys, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); os.chdir(sys.argv[1]); s.bind("mark.00000abc.00000001"); os.chown("mark.00000abc.00000001", 65534, 65534)
os.symlink("mark.00000abc.00000001", "mark.00000abc.00000002"); open("ready", "w"); s.settimeout(20)
try:
    got = s.recv(100)
    open("got", "wb").write(got)
except OSError: pass' "$BTOOLS_LOCK_DIR" &
  thief=$!
  wait_for 10 test -e "$BTOOLS_LOCK_DIR/ready"
  BTOOLS_RUN=00000abc run bsample mark secret
  [ "$status" -eq 1 ]
  # Ours takes no mark of theirs.
  BTOOLS_RUN=00000abc bsample -q -i 50ms -m self_cpu cpu >ours.ndjson 2>err &
  pid=$!
  begun ours.ndjson
  BTOOLS_RUN=00000abc run setpriv --reuid 65534 --clear-groups "$BUILD/bsample" mark intruder
  [ "$status" -ne 0 ]
  BTOOLS_RUN=00000abc bsample mark mine
  wait_for 10 grep -q '"name":"mine"' ours.ndjson
  kill -INT $pid
  wait $pid
  [ ! -e "$BTOOLS_LOCK_DIR/got" ]
  [ "$(grep -c intruder ours.ndjson)" -eq 0 ]
  kill $thief
}

@test "signals and a reader that goes: whole lines, nothing left behind" {
  run bash -c 'bsample -q -i 10ms cpu 2>/dev/null | head -n 3 | wc -l'
  [ "$output" -eq 3 ]
  wait_for 5 eval '[ "$(sockets)" -eq 0 ]'
  for signal in INT TERM HUP; do
    bsample -q -i 50ms -d 60s -m self_cpu cpu >sig.ndjson 2>err &
    pid=$!
    begun sig.ndjson
    kill -$signal $pid
    status=0
    wait $pid || status=$?
    [ $((status - 128)) -eq "$(kill -l $signal)" ]
    complete sig.ndjson
    [ "$(jq -r 'select(.kind == "end").status' sig.ndjson)" = interrupted ]
  done
  [ "$(sockets)" -eq 0 ]
  [ "$(locks)" -eq 0 ]
}

@test "a full disk is said, and ends the run" {
  [ -w /dev/full ] || skip "no /dev/full"
  run --separate-stderr timeout 20 bsample -q -i 10ms cpu -o /dev/full
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"No space left"* ]]
}

@test "nonsense is refused by name" {
  for words in '-i 0' '-i 1us' '-n 0' '-k disk' '-m nonsense' '--depth 100' '--dev !' '--cgroup ../x' '--root /nonexistent' 'nothing' '-d -1'; do
    # shellcheck disable=SC2086
    run --separate-stderr bsample $words
    [ "$status" -eq 2 ] || { echo "$words: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -le 2 ]
  done
  mkdir -p empty
  run --separate-stderr bsample --root empty
  [ "$status" -eq 2 ]
  [[ "$stderr" == *uptime* ]]
  run --separate-stderr timeout 10 bsample -N -i 1ms
  [ "$status" -eq 0 ]
  [ "$(jq -r .kind <<<"$output" | sort -u | tr '\n' ' ')" = "end meta warn " ]
  run bsample -L
  [ "$status" -eq 0 ]
  [[ "$output" == *"10 ms"*"tick"* ]]
}

@test "the examples of the page, shortened" {
  sed -n 's/^\.Dl \(bsample .*\)/\1/p' "$TOP/man/bsample.1" | grep -v '^bsample mark' | sed "s/\\\\(dq/\"/g; s/\\\\e/\\\\/g
    s/ -f text\$/& -i 50ms -n 1/; s/-n 1 --top/-i 50ms &/; s/-d 10s/-d 300ms/; s/-i 1s -d 1m/-i 50ms -n 2/; s/-p 4711/-n 2 -p $$/; s/-- make/-- true/; s/-C nginx/-n 1 -C 'bash*'/" >examples
  [ "$(wc -l <examples)" -ge 5 ]
  while IFS= read -r command; do
    timeout 20 bash -o pipefail -c "$command" </dev/null >out 2>err || { echo "$command: status $?"; cat err; false; }
  done <examples
  [ "$(wc -l <day.tsv)" -eq 3 ]
}
