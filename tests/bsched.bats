load helper

# bsched, the load half: known answers, witnesses, policies, signals and manners.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  FIRST=$(awk -F'[ \t,-]+' '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
}

# figure FILE FILTER: the value of the only record that the jq filter selects.
figure() {
  jq -s "[.[] | select($2)] | if length == 1 then .[0].value else error(\"\(length) records\") end" "$1"
}

# complete FILE: whole, valid and right.
complete() {
  jq -se '.[0].kind == "meta" and .[-1].kind == "end" and .[-1].records == length - 1' "$1" >/dev/null
  check_records "$1"
}

# left PID: threads and processes of the run of that PID's group that are still there.
left() {
  ps -eo pgid=,comm= | awk -v group="$1" '$1 == group && $2 == "bsched"' | wc -l
}

# gone PID
gone() {
  [ "$(left "$1")" -eq 0 ]
}

# locks: files in the lock directory.
locks() {
  find "$BTOOLS_LOCK_DIR" -type f | wc -l
}

# switches: voluntary and involuntary context switches of a command, its threads and processes together.
switches() {
  /usr/bin/time -q -o time -f '%w %c' "$@" >/dev/null
  awk '{ print $1, $1 + $2 }' time
}

@test "all load tests run, clean, valid, with rates and times" {
  run --separate-stderr timeout 60 bsched -d 100ms -w 10ms -i 50ms -o all.ndjson
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ -z "$stderr" ]
  complete all.ndjson
  [ "$(jq -r '.test // empty' all.ndjson | uniq | tr '\n' ' ')" = "timer wakeup messaging pipe yield " ]
  jq -se 'map(select(.kind == "result" and .metric == "rate")) | length >= 5 and all(.value > 0 and .dur > 0.09)' all.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "errors")) | length >= 5 and all(.value == 0)' all.ndjson
  jq -se 'map(select(.kind == "result")) | all(.kernel == .test + ".1" and .rep == 1 and .policy)' all.ndjson
  jq -se 'map(select(.kind == "result" and (.metric == "lat" or .metric == "rtt" or .metric == "round")))
    | length >= 6 and all(.n > 0 and .min > 0 and .hist)' all.ndjson
  jq -se 'map(select(.kind == "sample") | .test) | unique | length == 5' all.ndjson
  jq -se '.[0].slack == 1 and .[-1].status == "ok" and .[-1].errors == 0' all.ndjson
  [ "$(locks)" -eq 0 ]
}

@test "timer does exactly the planned wake-ups, never early, and says its period" {
  timeout 20 bsched -t 1,2 -r 500 -d 1s -w 10ms timer >timer.ndjson
  complete timer.ndjson
  jq -se 'map(select(.metric == "lat")) | (map(.n + 0) | all(. == 500)) and map(.period) == [2000000, 4000000]
    and all(.loop == "open" and .min > 0)' timer.ndjson
  jq -se 'map(select(.metric == "achieved").value) == [1, 1]' timer.ndjson
}

@test "timer: a stop of the process makes the wake-ups late, none is left out" {
  timeout -k 1 30 bsched -r 500 -d 2500ms -i 100ms -w 0 timer >stop.ndjson &
  bsched=$!
  wait_for 5 grep -q '"sample"' stop.ndjson
  child=$(pgrep -P $bsched -x bsched)
  kill -STOP "$child"
  wait_for 5 grep -q '^State:.T' "/proc/$child/status"
  elapse 1000
  kill -CONT "$child"
  wait $bsched
  [ "$(jq -s '(map(select(.kind == "result" and .metric == "lat").n) | add) + (map(select(.metric == "backlog").value) | add)' stop.ndjson)" -eq 1250 ]
  jq -se 'map(select(.kind == "result" and .metric == "lat")) | .[0].n > 1000 and .[0].max >= 9e8 and .[0].p90 > 1e8' stop.ndjson ||
    { jq -c 'select(.kind == "result") | [.metric, .value, .n, .max]' stop.ndjson; false; }
}

@test "pipe: a round trip between two CPUs is two sleeps, as the kernel counts them" {
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  read -r voluntary all < <(switches timeout 60 bsched -n 10000 -w 0 --policy batch -c 0,1 pipe)
  echo "$voluntary of $all"
  # A side that was kept off its CPU finds the token there already and does not sleep.
  [ "$all" -ge 15000 ]
  [ "$voluntary" -ge 5000 ]
  [ "$voluntary" -le 24000 ]
}

@test "pipe: a round trip on one CPU is two switches, as the kernel counts them, with threads and with processes" {
  for how in "" --process; do
    # shellcheck disable=SC2086 # an option or none
    read -r voluntary all < <(switches timeout 60 bsched -n 10000 -w 0 -c "$FIRST" $how pipe)
    echo "$how: $voluntary of $all"
    [ "$all" -ge 20000 ]
    [ "$all" -le 24000 ]
  done
}

@test "pipe -n counts round trips, over all pairs" {
  timeout 20 bsched -n 1001 -w 0 -t 1,2 -c "$FIRST" pipe >n.ndjson
  jq -se 'map(select(.metric == "rtt") | .n) == [1001, 1001]' n.ndjson
  jq -se 'map(select(.metric == "rtt") | .distance) == ["same", "same"]' n.ndjson
}

@test "messaging: messages sent are messages received, to the last one" {
  for how in "-E socket" "-E pipe" "-E socket --process" "-E pipe --process"; do
    # shellcheck disable=SC2086 # options
    timeout 60 bsched -n 12 -w 0 --groups 1,3 --fds 4 --loops 7 -b 64 $how messaging >m.ndjson
    complete m.ndjson
    jq -se 'map(select(.metric == "lat") | .n) == [12 * 4 * 4 * 7, 12 * 4 * 4 * 7]' m.ndjson
    jq -se 'map(select(.metric == "round") | .n) == [12, 12]' m.ndjson
    jq -se 'map(select(.metric == "bw").value) as $bw | map(select(.metric == "rate").value) as $rate
      | ($bw | length == 2) and ($bw[0] / $rate[0] - 64 | fabs < 0.001) and ($bw[1] / $rate[1] - 64 | fabs < 0.001)' m.ndjson
    jq -se --arg how "$how" 'map(select(.metric == "lat")) | all(.fds == 4 and .loops == 7 and .bs == 64
      and .engine == ($how | split(" ")[1]) and .tasks == (if $how | contains("process") then "processes" else "threads" end))' m.ndjson
  done
}

@test "messaging works where the buffers are full" {
  timeout 60 bsched -n 2 -w 0 --fds 2 --loops 5000 -b 4k -E pipe messaging >full.ndjson
  jq -se 'map(select(.metric == "lat") | .n) == [2 * 2 * 2 * 5000]' full.ndjson
}

@test "wakeup: every wake-up arrives once; those that find the worker awake are told apart" {
  timeout 20 bsched -n 2000 -w 0 --workers 4 -t 2 wakeup >w.ndjson
  complete w.ndjson
  # What each of the eight workers found out last does not come back any more.
  jq -se '(map(select(.metric == "lat").n) | add) as $asleep | (map(select(.metric == "awake").value) | add * 2000 | round) as $awake
    | $asleep + $awake <= 2000 and $asleep + $awake >= 1992' w.ndjson
  jq -se 'map(select(.metric == "lat")) | length == 1 and .[0].workers == 4 and .[0].threads == 2 and .[0].distance == null' w.ndjson
}

@test "wakeup --work: a request takes at least about what was asked for" {
  timeout 20 bsched -d 300ms --work 200us wakeup -c "$FIRST" >work.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "request")) | length == 1 and .[0].work == 200000 and .[0].p50 > 1e5' work.ndjson
}

@test "wakeup and pipe in the open loop: every operation that was planned, from when it was due" {
  timeout 30 bsched -r 500 -d 1s -w 50ms -c "$FIRST" wakeup pipe >open.ndjson
  complete open.ndjson
  jq -se 'map(select(.metric == "late") | .n) == [500, 500]' open.ndjson
  jq -se 'map(select(.metric == "achieved").value) == [1, 1]' open.ndjson
  jq -se 'map(select(.test == "pipe" and .metric == "lat"))[0] as $lat | map(select(.test == "pipe" and .metric == "rtt"))[0] as $rtt
    | $lat.n == 500 and $rtt.n == 500 and $lat.mean > $rtt.mean' open.ndjson
  jq -se 'map(select(.test == "wakeup" and .metric == "lat"))[0] as $lat | map(select(.test == "wakeup" and .metric == "svc"))[0] as $svc
    | $lat.n == $svc.n and $lat.n >= 400 and $lat.mean > $svc.mean' open.ndjson
}

@test "yield: the kernel's count of switches is ours" {
  read -r voluntary all < <(switches timeout 60 bsched -n 4000 -w 0 -m switched -o y.ndjson yield)
  switched=$(figure y.ndjson '.metric == "switched"')
  echo "$voluntary $all $switched"
  jq -ne --argjson all "$((all - voluntary))" --argjson s "$switched" '($s * 4000) as $n | $n <= $all + 1 and $n >= $all - 200'
  timeout 20 bsched -n 500 -w 0 -t 1,2 yield >t.ndjson
  jq -se 'map(select(.metric == "lat") | [.threads, .n]) == [[1, 500], [2, 500]]' t.ndjson
  jq -se --argjson cpu "$FIRST" 'map(select(.metric == "lat")) | all(.cpu == $cpu)' t.ndjson
}

@test "planted wrong numbers are counted, and make the status 1" {
  BSCHED_PLANT=pipe:5 run --separate-stderr timeout 10 bsched -n 100 -w 0 -c "$FIRST" pipe
  [ "$status" -eq 1 ]
  [ "$(jq 'select(.metric == "errors") | .value' <<<"$output")" -eq 20 ]
  jq -se '.[-1] | .kind == "end" and .status == "failed" and .errors == 20' <<<"$output"
  [[ "$stderr" == "bsched: pipe: 20 wrong answers on CPU $FIRST"* ]]
  BSCHED_PLANT=messaging:10 run --separate-stderr timeout 10 bsched -n 10 -w 0 --fds 2 --loops 5 messaging
  [ "$status" -eq 1 ]
  [ "$(jq 'select(.metric == "errors") | .value' <<<"$output")" -eq 10 ] # one in ten of the hundred to the first receiver
  BSCHED_PLANT=wakeup:10 run --separate-stderr timeout 10 bsched -n 101 -w 0 -c "$FIRST" wakeup
  [ "$status" -eq 1 ]
  [ "$(jq 'select(.metric == "errors") | .value' <<<"$output")" -eq 10 ]
  BSCHED_PLANT=pipe:x run --separate-stderr timeout 10 bsched -n 1 pipe
  [ "$status" -eq 2 ]
}

@test "pairs: one for each distance, those of -c two and two, or all of them" {
  timeout 30 bsched -n 50 -w 0 -m rtt pipe >p.ndjson
  jq -se --argjson first "$FIRST" 'map(select(.metric == "rtt")) | .[0].distance == "same" and .[0].cpu == $first and .[0].peer == $first
    and (map(.distance) | unique | length) == length' p.ndjson
  timeout 30 bsched -n 50 -w 0 -m rtt -c "$FIRST,$FIRST,$FIRST" pipe >c.ndjson
  jq -se 'map(select(.metric == "rtt")) | length == 2 and all(.distance == "same")' c.ndjson
  n=$(nproc)
  [ "$n" -le 8 ] || skip "many CPUs"
  timeout 60 bsched --matrix -n 50 -w 0 -m rtt,lat >m.ndjson
  [ "$(jq -s 'map(select(.metric == "rtt")) | length' m.ndjson)" -eq $((n * (n + 1) / 2)) ]
  [ "$(jq -s 'map(select(.metric == "lat") | [.cpu, .peer]) | unique | length' m.ndjson)" -eq $((n * (n + 1) / 2)) ]
}

@test "distances are read below --root" {
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  grep -q '^Cpus_allowed_list:.*0-1' /proc/self/status || skip "not the CPUs 0 and 1"
  timeout 30 bsched --root "$TOP/tests/fixtures/machines/epyc-2s" -c 0,0,0,1 -n 50 -w 0 -m rtt pipe >r.ndjson
  jq -se 'map(select(.metric == "rtt") | .distance) == ["same", "llc"]' r.ndjson
  timeout 30 bsched --root "$TOP/tests/fixtures/machines/graviton2" -c 0,1 -n 50 -w 0 -m rtt pipe >g.ndjson
  jq -se 'map(select(.metric == "rtt") | .distance) == ["remote"]' g.ndjson
}

@test "repetitions are interleaved over tests and pairs" {
  timeout 20 bsched -R 2 -n 20 -w 0 -c "$FIRST,$FIRST" -m rate pipe yield >r.ndjson
  [ "$(jq -r 'select(.kind == "result") | "\(.rep)\(.test)"' r.ndjson | tr '\n' ' ')" = "1pipe 1yield 2pipe 2yield " ]
}

@test "policies that need nothing are had without root" {
  need setpriv
  for policy in other batch idle; do
    BTOOLS_LOCK_DIR=/proc/none run --separate-stderr timeout 30 setpriv --reuid 65534 --regid 65534 --clear-groups \
      bsched --policy $policy -n 20 -w 0 -m rate,errors timer wakeup pipe messaging yield
    [ "$status" -eq 0 ] || { echo "$policy: $stderr"; false; }
    jq -se --arg policy $policy 'map(select(.kind == "result")) | length >= 10 and all(.policy == $policy)' <<<"$output"
  done
}

@test "policies that need privilege are refused without it: status 3, one sentence, nothing written" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "the test drops root's rights"
  echo precious >kept
  chmod 777 . kept
  for policy in "fifo" "rr --prio 10" "deadline" "other --prio -5"; do
    # shellcheck disable=SC2086 # a policy and its priority
    run --separate-stderr timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
      prlimit --rtprio=0 --nice=0 bsched --policy $policy -n 20 timer
    [ "$status" -eq 3 ] || { echo "$policy: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"--policy ${policy%% *}"*CAP_SYS_NICE* ]]
  done
}

@test "as root the threads have the policy, and nobody else has it" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  need chrt
  chrt -f 1 true || skip "no real-time policies here"
  for policy in fifo rr; do
    bsched --policy $policy --prio 7 -d 20s -i 50ms timer >rt.ndjson &
    bsched=$!
    wait_for 5 grep -q '"sample"' rt.ndjson
    # The main thread stays as it was; the one beside it is the worker.
    [ "$(chrt -ap $bsched | grep -c "policy: SCHED_${policy^^}")" -eq 1 ]
    [ "$(chrt -ap $bsched | grep -c 'priority: 7')" -eq 1 ]
    [ "$(chrt -p $bsched | grep -c SCHED_OTHER)" -eq 1 ]
    kill $bsched
    wait $bsched || :
    jq -se --arg policy $policy 'map(select(.kind == "result")) | length > 3 and all(.policy == $policy and .prio == 7)' rt.ndjson
  done
  timeout 20 chrt -b 0 bsched -n 20 -w 0 -m lat timer >batch.ndjson
  jq -se 'map(select(.metric == "lat") | .policy) == ["batch"]' batch.ndjson
}

@test "deadline threads, as root" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  run --separate-stderr timeout 10 bsched --policy deadline -d 300ms -w 0 timer
  [ "$status" -ne 3 ] || skip "$stderr"
  [ "$status" -eq 0 ]
  jq -se 'map(select(.metric == "lat")) | length == 1 and .[0].n == 300 and .[0].policy == "deadline"' <<<"$output"
  run --separate-stderr timeout 10 bsched --policy deadline -r 50k timer
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"100 us"* ]]
}

@test "processes have the policy too" {
  need chrt
  bsched --policy batch --process -d 20s -i 50ms -c "$FIRST" pipe >b.ndjson &
  bsched=$!
  wait_for 5 grep -q '"sample"' b.ndjson
  child=$(pgrep -P $bsched)
  [ "$(chrt -p "$child" | grep -c SCHED_BATCH)" -eq 1 ]
  [ "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$child/status")" = "$FIRST" ]
  kill $bsched
  wait $bsched || :
}

@test "a process that is killed is one message and status 1, and its peers go too" {
  for test in "pipe -c $FIRST" "messaging --fds 3"; do
    # shellcheck disable=SC2086 # a test and its options
    timeout 30 bsched --process -d 20s -i 50ms $test >k.ndjson 2>k.err &
    timeout=$!
    wait_for 5 grep -q '"sample"' k.ndjson
    bsched=$(pgrep -P $timeout -x bsched)
    kill -KILL "$(pgrep -P "$bsched" | head -n 1)"
    status=0
    wait $timeout || status=$?
    [ "$status" -eq 1 ] || { echo "$test: $status"; cat k.err; false; }
    [ "$(wc -l <k.err)" -eq 1 ]
    jq -se '.[-1].kind == "end" and .[-1].status == "failed"' k.ndjson
    [ "$(pgrep -P "$bsched" | wc -l)" -eq 0 ]
  done
}

@test "INT, TERM, HUP: what was measured, an end that says interrupted, death by that signal, nobody left" {
  set -m
  for test in "timer" "wakeup --workers 3" "messaging" "messaging --process" "pipe --process" "yield"; do
    for signal in INT TERM HUP; do
      # shellcheck disable=SC2086 # a test and its options
      interrupted $signal '"sample"' bsched -d 20s -i 50ms $test
      jq -se 'map(select(.kind == "result" and .metric == "rate")) | length == 1 and .[0].value > 0' s.ndjson
      [ "$(left "$pid")" -eq 0 ]
      [ "$(locks)" -eq 0 ]
    done
  done
}

@test "KILL: whole lines only, no process left, and the lock is free" {
  set -m
  for test in "messaging" "pipe" "messaging -E pipe"; do
    # shellcheck disable=SC2086 # a test and its options
    bsched -d 20s -i 20ms --process $test >k.ndjson &
    bsched=$!
    wait_for 5 grep -q '"sample"' k.ndjson
    [ "$(left $bsched)" -gt 1 ]
    kill -KILL $bsched
    wait $bsched || :
    wait_for 5 gone $bsched
    jq -se '.[0].kind == "meta" and .[-1].kind != "end"' k.ndjson
  done
  run --separate-stderr timeout 10 bsched --lock fail -n 10 -w 0 timer
  [ "$status" -eq 0 ]
  [ "$(locks)" -eq 0 ]
}

@test "a reader that goes away ends the run at once and quietly" {
  for test in timer "messaging --process" wakeup; do
    start=$SECONDS
    run --separate-stderr bash -c "timeout 30 bsched -d 25s -i 20ms $test | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
    [ "$status" -eq 141 ] || { echo "'$test': $status $stderr"; false; }
    [ -z "$stderr" ]
    [ $((SECONDS - start)) -lt 10 ]
  done
  [ "$(locks)" -eq 0 ]
}

@test "a full disk or a closed stdout is one message and status 1" {
  run --separate-stderr bash -c "timeout 20 bsched -d 10s -i 50ms pipe >/dev/full"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "bsched: stdout: No space left on device" ]]
  run --separate-stderr bash -c "timeout 20 bsched -n 10 -w 0 messaging --process >&-"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a lock in use is waited for, and a command in the same CPUs is refused with fail" {
  bsched -d 20s -i 50ms timer >holder.ndjson &
  holder=$!
  wait_for 5 grep -q '"sample"' holder.ndjson
  run --separate-stderr timeout 10 bsched --lock fail -n 10 pipe
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  run --separate-stderr timeout 10 bsched --lock off -n 10 -w 0 pipe
  jq -se 'map(select(.kind == "result")) | length > 3 and all(.taint | contains("shared"))' <<<"$output"
  timeout 20 bsched -n 10 -w 0 -c "$FIRST" pipe >waiter.ndjson &
  waiter=$!
  wait_for 5 grep -q '"lock-wait"' waiter.ndjson
  kill $holder
  wait $waiter
  wait $holder || :
  complete waiter.ndjson
}

@test "wrong usage is status 2, two lines, and names what is wrong" {
  for bad in "nosuch" "runq pipe" "pipe -- true" "--matrix yield" "-r 5 messaging" "--policy deadline pipe" "--prio 5" \
    "--policy fifo --prio 0" "--policy fifo --prio 100" "--policy other --prio 20" "--policy idle --prio 1" "--policy nosuch" \
    "--policy fifo --prio 1.5" "--policy deadline -c 0 timer" "--matrix --workers 2" "--matrix -t 2" "--loops 100000" "--groups 0" \
    "--groups x" "--fds 0" "--fds 101" "-b 15" "-b 5k" "-E shm" "--work 1ns" "--work 1s" "--workers 0" "--matrix --policy deadline" \
    "-m nosuch" "-t 0" "-r 0"; do
    # shellcheck disable=SC2086 # options
    run --separate-stderr timeout 10 bsched $bad
    [ "$status" -eq 2 ] || { echo "$bad: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ] || { echo "$bad: $stderr"; false; }
  done
  run --separate-stderr timeout 10 bsched -N nosuch
  [[ "${stderr_lines[0]}" == *"'nosuch'"*"timer wakeup messaging pipe yield runq"* ]]
}

@test "without TEST an option chooses the tests that it is for" {
  tests() { bsched -N "$@" | jq -r 'select(.kind == "meta") | .tests'; }
  [ "$(tests)" = "timer,wakeup,messaging,pipe,yield" ]
  [ "$(tests -r 100)" = "timer,wakeup,pipe" ]
  [ "$(tests --matrix)" = "wakeup,pipe" ]
  [ "$(tests pipe timer pipe)" = "pipe,timer" ]
}

@test "-L lists every test, of both halves" {
  run --separate-stderr timeout 10 bsched -L
  [ "$status" -eq 0 ]
  for test in timer wakeup messaging pipe yield; do
    grep -qE "^$test +$test\.1 " <<<"$output"
  done
  for test in runq oncpu offcpu switch migrate wake preempt; do
    grep -qE "^$test +trace " <<<"$output"
  done
}

@test "where BPF was left out the tracing tests say so: status 3" {
  run --separate-stderr timeout 10 "$(variant BPF=0)/bsched" runq oncpu
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  run --separate-stderr timeout 10 "$(variant BPF=0)/bsched" -n 10 -w 0 -m rtt pipe
  [ "$status" -eq 0 ]
}

@test "what follows -- is the COMMAND's, to the last word" {
  bare=$(variant BPF=0)/bsched
  run --separate-stderr timeout 10 "$bare" oncpu -d 5s -- sh -c 'printf "<%s>" "$0" "$@"' -d 1ms --help oncpu -- -p '' 'a b'
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"<-d><1ms><--help><oncpu><--><-p><><a b>"* ]]
  jq -se '.[0] | .tests == "oncpu" and .duration == 5' <<<"$output"
  # Tests before it, none behind it; without one the quick set; -- alone is no COMMAND.
  tests() { "$bare" -qN "$@" | jq -r 'select(.kind == "meta") | .tests'; }
  [ "$(tests switch runq switch -- true oncpu)" = "switch,runq" ]
  [ "$(tests -- true oncpu)" = "runq,oncpu,switch" ]
  [ "$(tests pipe --)" = "pipe" ]
  [ "$(tests --)" = "timer,wakeup,messaging,pipe,yield" ]
}

@test "a COMMAND that cannot be run is one message and a shell's status; where it is not found nothing is written" {
  bare=$(variant BPF=0)/bsched
  echo precious >kept
  echo data >file
  for how in "127 no-such-command" "127 ./no-such-file" "126 ./file" "126 /"; do
    read -r wanted command <<<"$how"
    run -"$wanted" --separate-stderr timeout 10 "$bare" -q oncpu -o kept -- "$command"
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; false; }
    [[ "$stderr" == "bsched: $command: "* ]]
    [ "$command" != no-such-command ] || [ "$(cat kept)" = precious ]
  done
  complete kept
}

@test "a COMMAND's output and the records never mix; its status is passed on, its standard input is ours" {
  bare=$(variant BPF=0)/bsched
  run --separate-stderr bash -c "echo in | timeout 10 $bare -q oncpu -- sh -c 'read word; echo out \$word; echo err >&2; exit 3'"
  [ "$status" -eq 3 ]
  jq -se '.[-1].kind == "end"' <<<"$output"
  [ "$stderr" = "out in
err" ]
  run --separate-stderr bash -c "echo in | timeout 10 $bare -q oncpu -o r.ndjson -- sh -c 'read word; echo out \$word; exit 4'"
  [ "$status" -eq 4 ]
  [ "$output" = "out in" ]
  [ -z "$stderr" ]
  complete r.ndjson
}

@test "a COMMAND does not go with -p, nor --tree without -p, nor with a load test" {
  for bad in "runq -p 1 -- true" "runq --tree -- true" "runq --tree" "timer -- true" "runq timer -- true" "-p 1 timer" "--tree --"; do
    # shellcheck disable=SC2086 # options
    run --separate-stderr timeout 10 "$(variant BPF=0)/bsched" $bad
    [ "$status" -eq 2 ] || { echo "$bad: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
}

@test "more files than the soft limit allows are raised to the hard one" {
  run --separate-stderr timeout 60 bash -c 'ulimit -Sn 30; bsched -n 2 -w 0 --fds 40 --loops 1 messaging'
  [ "$status" -eq 0 ]
  run --separate-stderr timeout 60 bash -c 'ulimit -n 30; bsched -n 2 -w 0 --fds 40 --loops 1 messaging'
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"Too many open files"* ]]
  jq -se '.[-1].status == "failed"' <<<"$output"
}
