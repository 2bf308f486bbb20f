load helper

# bsys: every test, calls counted by a witness, wake-ups by place, wrong answers, signals and manners.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  mapfile -t cpus < <(taskset -cp $BASHPID | sed 's/.*: *//' | tr , '\n' | awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }')
}

# calls SYSCALL OPTION...: how many calls of it bsys makes with these options.
calls() {
  local name=$1
  shift
  strace -f -qq -c -e trace="$name" -o calls.txt bsys -w 0 -o calls.ndjson "$@" >&2
  awk -v name="${name%%,*}" '$NF ~ /^[a-z]/ && $NF != "total" && $4 ~ /^[0-9]+$/ { n += $4 } END { print n + 0 }' calls.txt
}

# several: whether there is more than one CPU to use.
several() {
  [ "${#cpus[@]}" -gt 1 ]
}

# in_session SID: processes of a session that are not zombies.
in_session() {
  ps -o pid=,stat=,comm= -s "$1" | awk '$2 !~ /^Z/' | wc -l
}

# nobody_left SID: none of them.
nobody_left() {
  [ "$(in_session "$1")" -eq 0 ]
}

every="null read write open stat pipe socketpair eventfd futex mmap fault fork exec thread signal clock epoll"

@test "all tests give right results, times per call, and the cost of measuring" {
  run --separate-stderr timeout 60 bsys -d 60ms -w 5ms -o all.ndjson
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ -z "$stderr" ]
  complete all.ndjson
  check_records all.ndjson
  [ "$(jq -r '.test // empty' all.ndjson | uniq | tr '\n' ' ')" = "$every " ]
  jq -se 'map(select(.metric == "errors")) | length >= 18 and all(.value == 0)' all.ndjson
  jq -se 'map(select(.kind == "result")) | all(.kernel == .test + ".1" and .threads == 1 and .rep == 1 and .calls >= 1)' all.ndjson
  jq -se 'map(select(.metric == "lat")) | length >= 18 and all(.n > 5 and .min > 0 and .hist and .loop == "closed")' all.ndjson
  jq -se 'map(select(.metric == "overhead")) | length >= 18 and all(.removed == true and .value > 0 and .value < 1000)' all.ndjson
  jq -se 'map(select(.metric == "bw") | .test) | unique == ["pipe", "read", "socketpair"]' all.ndjson
  # The exact mean, and the mean of the distribution.
  jq -se 'map(select(.metric == "call" or .metric == "lat")) | group_by([.test, .how, .where]) |
    all(length == 2 and (map(.value // empty)[0] / map(.mean // empty)[0] | . > 0.999 and . < 1.001))' all.ndjson
  jq -se 'map(select(.metric == "lat" and .test == "clock") | .how) == ["syscall", "vdso"]' all.ndjson
  jq -se '.[-1] | .status == "ok" and .errors == 0' all.ndjson
  [ "$(locks)" -eq 0 ]
}

@test "the calls counted are the calls made, as strace sees them" {
  need strace
  # What a run needs for itself is the same in both, so the difference is exactly that of the operations.
  while read -r test name per; do
    few=$(calls "$name" -n 3 --calls 8 --where same "$test")
    many=$(calls "$name" -n 8 --calls 8 --where same "$test")
    [ $((many - few)) -eq $((5 * 8 * per)) ] || { echo "$test: $name: $few, $many"; false; }
  done <<'END'
null getppid 1
read read 1
write write 1
open openat 1
open close 1
stat newfstatat,stat 1
pipe read,write 4
socketpair read,write 4
eventfd read,write 4
fork clone,fork 1
fork wait4 1
exec execveat 1
exec wait4 1
thread clone3,clone 1
signal tgkill 1
epoll epoll_pwait,epoll_wait 1
epoll read 1
END
  strace -f -qq -e trace=munmap -o calls.txt bsys -w 0 -o calls.ndjson -n 5 --calls 8 -b 12k mmap # the library unmaps as well
  [ "$(grep -cE 'munmap\(0x[0-9a-f]+, 12288( <unfinished|\) += 0)' calls.txt)" -eq 40 ]
  [ "$(calls getppid -n 100 --calls 1 null)" -eq 101 ] # and one to know the answer
  # Raw: half of them, those of the vDSO, never reach the kernel.
  few=$(calls clock_gettime -n 3 --calls 8 clock)
  many=$(calls clock_gettime -n 8 --calls 8 clock)
  [ $((many - few)) -eq 40 ]
}

@test "faults are faults, as the kernel counts them" {
  [ -x /usr/bin/time ] || skip "time is not installed"
  minor() { /usr/bin/time -f %R -o faults.txt bsys -w 0 -n "$1" -m errors fault >/dev/null && cat faults.txt; }
  few=$(minor 100)
  many=$(minor 600)
  [ $((many - few)) -ge $((500 * 32 - 200)) ]
  [ $((many - few)) -le $((500 * 32 + 200)) ]
}

@test "a wake-up test runs on one CPU and across two, pinned where it says" {
  several || skip "one CPU only"
  timeout 20 bsys -n 50 -w 0 pipe futex >both.ndjson
  jq -se 'map(select(.metric == "lat") | [.test, .where]) == [["pipe", "same"], ["pipe", "cross"], ["futex", "same"], ["futex", "cross"]]' both.ndjson
  jq -se 'map(select(.where == "same")) | length > 0 and all(.cpu_a == .cpu_b)' both.ndjson
  jq -se 'map(select(.where == "cross")) | length > 0 and all(.cpu_a != .cpu_b)' both.ndjson
  timeout 20 bsys -n 50 -w 0 -c "${cpus[1]},${cpus[0]}" --where cross eventfd >cross.ndjson
  jq -se --argjson a "${cpus[1]}" --argjson b "${cpus[0]}" \
    'map(select(.metric == "lat")) | length == 1 and .[0].cpu_a == $a and .[0].cpu_b == $b and .[0].where == "cross"' cross.ndjson
  timeout 20 bsys -d 20s -i 20ms -c "${cpus[0]},${cpus[1]}" --where cross socketpair >pinned.ndjson &
  bsys=$!
  wait_for 10 grep -q '"sample"' pinned.ndjson
  child=$(pgrep -P $bsys -x bsys)
  [ "$(taskset -acp "$child" | sed 's/.*: //' | sort -n | uniq | tail -n 3 | grep -cx "${cpus[0]}\|${cpus[1]}")" -eq 2 ]
  kill -TERM "$child"
  wait $bsys || :
}

@test "with one CPU there is no other" {
  timeout 20 bsys -n 20 -w 0 -c "${cpus[0]}" pipe >one.ndjson
  jq -se 'map(select(.metric == "lat") | .where) == ["same"]' one.ndjson
  timeout 20 taskset -c "${cpus[0]}" bsys -n 20 -w 0 futex >one.ndjson
  jq -se 'map(select(.metric == "lat") | .where) == ["same"]' one.ndjson
  run --separate-stderr timeout 10 bsys -c "${cpus[0]}" --where cross pipe
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "several workers have pairs of their own; their rates add up" {
  timeout 20 bsys -t 1,3 -d 60ms -w 5ms pipe null >t.ndjson
  complete t.ndjson
  jq -se 'map(select(.thread != null and .test == "null") | .thread) == [0, 1, 2]' t.ndjson
  jq -se 'map(select(.threads == 3 and .test == "null")) | (map(select(.metric == "thread_rate").value) | add) /
    (map(select(.metric == "rate").value) | add) | . > 0.999999 and . < 1.000001' t.ndjson
  jq -se 'map(select(.threads == 3 and .metric == "errors")) | length >= 2 and all(.value == 0)' t.ndjson
  jq -se 'map(select(.threads == 3 and .test == "pipe")) | all(.cpu_a == null)' t.ndjson
  several || return 0
  jq -se --argjson n "${#cpus[@]}" 'map(select(.threads == 3 and .where == "cross" and .metric == "rate") | .taint // "" | contains("contended")) == [$n < 6]' t.ndjson
}

@test "-b moves so many bytes, and calls get fewer as they get longer" {
  for size in 1 7 8 4096 100000 1M; do
    timeout 20 bsys -b $size -n 4 -w 0 --where same read write pipe socketpair mmap null >b.ndjson
    jq -se 'map(select(.metric == "errors")) | length == 6 and all(.value == 0)' b.ndjson
    jq -se --argjson b "$(numfmt --from=iec $size)" 'map(select(.metric == "lat" and .test != "null")) | all(.bs == $b)' b.ndjson
    jq -se 'map(select(.test == "null")) | all(.bs == null)' b.ndjson
    jq -se 'map(select(.metric == "bw" and .test == "read")) as $bw | map(select(.metric == "rate" and .test == "read")) as $rate |
      $bw[0].value / $rate[0].value / $bw[0].bs | . > 0.9999 and . < 1.0001' b.ndjson
  done
  jq -se 'map(select(.metric == "lat") | select(.test == "read").calls) == [1]' b.ndjson
  for bad in 0 2G 1x; do
    run --separate-stderr timeout 10 bsys -b $bad read
    [ "$status" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"--block-size"* ]]
  done
}

@test "a planted wrong answer is counted in every test, names the CPU and makes the status 1" {
  for test in $every; do
    BSYS_PLANT=$test:5 run --separate-stderr timeout 10 bsys -n 20 -w 0 -c "${cpus[0]}" "$test"
    [ "$status" -eq 1 ] || { echo "$test: $status"; false; }
    jq -se --arg t "$test" 'map(select(.metric == "errors")) | length >= 1 and all(.test == $t and .value == 4)' <<<"$output"
    jq -se --argjson c "${cpus[0]}" 'map(select(.metric == "thread_errors")) | all(.value == 4 and .cpu == $c)' <<<"$output"
    jq -se 'map(select(.metric == "lat") | .taint | contains("wrong")) | all' <<<"$output"
    jq -se '.[-1] | .status == "failed" and .errors % 4 == 0 and .errors > 0' <<<"$output"
    [[ "$stderr" == "bsys: $test: 4 wrong answers on CPU ${cpus[0]}"* ]]
  done
  BSYS_PLANT=null:x run --separate-stderr timeout 10 bsys -n 1 null
  [ "$status" -eq 2 ]
}

@test "a call that cannot be made is counted as wrong" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "needs root to take a limit that root is free of"
  BTOOLS_LOCK_DIR=$(mktemp -d /tmp/bsys-lock.XXXXXX)
  chmod 1777 "$BTOOLS_LOCK_DIR"
  # No new process or thread beyond those that bsys itself needs. User 65533 has none.
  run --separate-stderr timeout 10 setpriv --reuid 65533 --regid 65533 --clear-groups bash -c 'ulimit -u 2; exec bsys -n 40 -w 0 fork'
  rmdir "$BTOOLS_LOCK_DIR"
  [ "$status" -eq 1 ]
  jq -se 'map(select(.metric == "errors")) | length == 1 and .[0].value == 40' <<<"$output"
}

@test "an open loop makes the planned number of single calls" {
  timeout 20 bsys -r 2000 -d 300ms -w 10ms null fork >open.ndjson
  complete open.ndjson
  jq -se 'map(select(.metric == "lat" or .metric == "svc" or .metric == "late")) | length == 6 and all(.loop == "open" and .calls == 1)' open.ndjson
  jq -se 'map(select(.test == "null" and (.metric == "lat" or .metric == "backlog")) | .n // .value) | add == 600' open.ndjson
  run --separate-stderr timeout 10 bsys -r 100 --calls 2 null
  [ "$status" -eq 2 ]
}

@test "samples come during the run and add up; -n, -R, -m, -T as everywhere" {
  timeout 20 bsys -d 300ms -i 50ms -w 0 null >i.ndjson
  jq -se '(map(select(.kind == "sample" and .metric == "lat").n) | add) == (map(select(.kind == "result" and .metric == "lat").n) | add)' i.ndjson
  timeout 20 bsys -R 2 -n 21 -w 0 -m lat -T disk=none --where same null pipe >r.ndjson
  jq -se 'map(select(.kind == "result") | "\(.rep)\(.test)\(.n)\(.disk)") == ["1null21none", "1pipe21none", "2null21none", "2pipe21none"]' r.ndjson
  run --separate-stderr timeout 10 bsys -m lat,nosuch null
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"no metric is named 'nosuch'"* ]]
  timeout 20 bsys -t 1,2 -r 1000 -n 20 -w 0 null read >m.ndjson
  run --separate-stderr timeout 20 bsys -N -m "$(jq -r '.metric // empty' m.ndjson i.ndjson | sort -u | paste -sd,)" null
  [ "$status" -eq 0 ]
}

@test "-N validates and runs nothing, -L lists all" {
  run --separate-stderr timeout 10 bsys -N
  [ "$status" -eq 0 ]
  jq -se --arg every "${every// /,}" 'map(.kind) == ["meta", "end"] and .[0].tests == $every and .[0].where == "both" and .[0].duration == 0.2' <<<"$output"
  run --separate-stderr timeout 10 bsys -L
  [ "$status" -eq 0 ]
  for test in $every; do
    grep -qE "^$test +$test\.1 " <<<"$output"
  done
  grep -q '^trace ' <<<"$output"
}

@test "open and stat ask for the file named" {
  echo text >mine
  timeout 10 bsys --file mine -n 10 -w 0 open stat null >file.ndjson
  jq -se 'map(select(.metric == "lat") | .file) == ["mine", "mine", null]' file.ndjson
  [ "$(cat mine)" = text ]
  run --separate-stderr timeout 10 bsys --file "$BATS_TEST_TMPDIR/none" open
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"--file"*"No such file"* ]]
  mkfifo fifo
  timeout 10 bsys --file fifo -n 10 -w 0 open stat >fifo.ndjson
  jq -se '.[-1].status == "ok"' fifo.ndjson
}

@test "wrong usage is refused by name" {
  run --separate-stderr timeout 10 bsys null nosuch
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == *"'nosuch'"*"$every trace events"* ]]
  for bad in "--calls 0" "--calls 5000" "--where near" "-t 0" "-d 5x" "-r nan" "-n 0" "trace null" "null events" "trace events" "null -- true" "-- true"; do
    # shellcheck disable=SC2086 # an option and its argument
    run --separate-stderr timeout 10 bsys $bad
    [ "$status" -eq 2 ] || { echo "$bad: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
}

@test "without BPF, trace and events say so and the load tests work" {
  dir=$(variant BPF=0)
  for test in trace events; do
    run --separate-stderr timeout 10 "$dir/bsys" $test -- true
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "$stderr" = "bsys: this bsys was built without BPF, so it cannot trace; the load tests still work" ]
  done
  run --separate-stderr timeout 10 "$dir/bsys" -n 10 -w 0 null
  [ "$status" -eq 0 ]
}

@test "bsys and bcpu take turns: both use the CPUs" {
  timeout 20 bcpu -d 20s -i 100ms int >holder.ndjson &
  holder=$!
  wait_for 5 grep -q '"sample"' holder.ndjson
  run --separate-stderr timeout 10 bsys --lock fail -n 10 null
  [ "$status" -eq 3 ]
  run --separate-stderr timeout 10 bsys --lock off -n 40 -w 0 null
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "result")) | length > 3 and all(.taint | contains("shared"))' <<<"$output"
  kill -INT "$(pgrep -P $holder -x bcpu)"
  wait $holder || :
}

@test "INT, TERM, HUP in any test: what was measured, no child and no thread left" {
  for signal in INT TERM HUP; do
    for test in fork exec thread pipe futex; do
      interrupted $signal '"sample"' setsid bsys -d 20s -i 20ms "$test"
      jq -se 'map(select(.kind == "result" and .metric == "rate")) | length == 1 and .[0].value > 0' s.ndjson
      nobody_left $pid
      [ "$(locks)" -eq 0 ]
    done
  done
}

@test "KILL: whole lines, the lock is free, and nobody stays" {
  for test in fork exec thread pipe futex; do
    killed '"sample"' setsid bsys -d 20s -i 20ms "$test"
    wait_for 5 nobody_left $pid
    run --separate-stderr timeout 10 bsys --lock fail -n 10 -w 0 null
    [ "$status" -eq 0 ]
  done
}

@test "a stop and a continue in the middle of every test do no harm" {
  for test in $every; do
    rm -f c.ndjson
    bsys -d 20s -i 20ms --where same "$test" >c.ndjson &
    bsys=$!
    wait_for 10 grep -q '"sample"' c.ndjson
    kill -STOP $bsys
    wait_for 5 grep -q '^State:.T' /proc/$bsys/status
    lines=$(wc -l <c.ndjson)
    kill -CONT $bsys
    wait_for 10 eval '[ "$(wc -l <c.ndjson)" -gt '"$lines"' ]'
    kill -TERM $bsys
    status=0
    wait $bsys || status=$?
    [ "$status" -eq 143 ]
    jq -se '.[-1] | .status == "interrupted" and .errors == 0' c.ndjson
  done
}

@test "SIGCHLD ignored by the parent is no obstacle" {
  timeout 10 env --ignore-signal=CHLD bsys -n 10 -w 0 fork exec >chld.ndjson
  jq -se 'map(select(.metric == "errors")) | length == 2 and all(.value == 0)' chld.ndjson
}

@test "a reader that goes away ends the run at once and quietly" {
  start=$SECONDS
  run --separate-stderr bash -c "timeout 30 bsys -d 25s -i 20ms fork | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  [ $((SECONDS - start)) -lt 10 ]
  [ "$(locks)" -eq 0 ]
}

@test "a full disk and a closed stdout are one message and status 1" {
  run --separate-stderr bash -c "timeout 20 bsys -d 10s -i 50ms null >/dev/full"
  [ "$status" -eq 1 ]
  [ "$stderr" = "bsys: stdout: No space left on device" ]
  run --separate-stderr bash -c "timeout 20 bsys -n 10 null >&-"
  [ "$status" -ne 0 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  run --separate-stderr timeout 10 bsys -n 10 -o /dev/full null
  [ "$status" -ne 0 ]
  run --separate-stderr timeout 10 bsys -n 10 -o /no/such/dir/file null
  [[ "$stderr" == "bsys: /no/such/dir/file: "* ]]
  [ "$(locks)" -eq 0 ]
}

@test "without root every test runs" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "not root: every other test shows it"
  BTOOLS_LOCK_DIR=$(mktemp -d /tmp/bsys-lock.XXXXXX)
  chmod 1777 "$BTOOLS_LOCK_DIR"
  run --separate-stderr timeout 30 setpriv --reuid 65534 --regid 65534 --clear-groups bsys -n 10 -w 0
  rmdir "$BTOOLS_LOCK_DIR"
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  jq -se 'map(select(.metric == "lat")) | length >= 18' <<<"$output"
}

@test "descriptors and memory do not grow with the number of runs" {
  # The lowest number free stays what it was, but for what another thread has open at the moment.
  need strace
  strace -f -qq -e trace=openat -o fds.txt bsys -w 0 -n 1 --calls 1 -R 20 --where same -o r.ndjson -m errors open pipe socketpair eventfd epoll exec read
  first=$(awk '/"\/dev\/null"/ { print $NF; exit }' fds.txt)
  most=$(awk '/"\/dev\/null"/ { if ($NF > most) most = $NF } END { print most }' fds.txt)
  [ "$first" -ge 3 ]
  [ "$most" -le $((first + 2)) ]
}
