load helper
load tasks

# bsched's tracing: times and counts against the kernel's own, every kind of time and of switch, lifetimes, losses.

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  compile_tasks
}

setup() {
  setup_tasks
}

teardown() {
  teardown_tasks
}

# ended N: so many tasks have come to their end. The last ones may still do so when the command's is told to its parent.
ended() {
  local exited going
  exited=$(what oncpu n '.how == "exited"')
  going=$(total out.ndjson in_flight)
  echo "$exited exited, $going in flight, $(hidden) hidden of $1"
  [ "$exited" -le "$1" ] && [ $((exited + going)) -ge $(($1 - $(hidden))) ] && [ "$going" -le 2 ]
}

# agree [MS]: for each thread of kernel.ndjson, switches are equal; time on a CPU and, where the waits are long, waiting for one
# within 1 % and MS, but for what was hidden. The kernel takes the time of a switch some microseconds before it tells of it.
agree() {
  local most
  most=$(jq -s '[.[] | select(.kind == "result" and (.metric == "runq" or .metric == "oncpu")) | .max] | max' out.ndjson)
  jq -se --slurpfile kernel kernel.ndjson --argjson slack "$(($(hidden) * most + ${1:-0} * 1000000))" '
    def all(metric; how): map(select(.kind == "result" and .metric == metric) | select(how));
    def sum(metric): [all(metric; true)[].sum] | add // 0;
    def near(a; b; switches): ((a - b) | fabs) <= b / 100 + switches * 10000 + $slack;
    group_by(.tid) | map(select(.[0].tid) | {key: (.[0].tid | tostring), value: .}) | from_entries as $ours | $kernel | all(
      . as $k | $ours[.tid | tostring] | [all("switches"; .how == "voluntary")[].value] == [$k.voluntary] and
      ([all("switches"; .how == "involuntary")[].value] | add // 0) == $k.involuntary and
      near(sum("oncpu"); $k.run; $k.involuntary) and near(sum("runq"); $k.wait; $k.involuntary) or ([$k, map(del(.hist))] | debug | false))' out.ndjson
}

@test "root: two who compute on one CPU: switches, time on it and time waiting for it are the kernel's own" {
  hold stay spin "$CPU" 2 400
  watch runq oncpu switch -k tid -p $held
  go
  stayed 2
  kernel >kernel.ndjson
  finish
  [ "$(wc -l <kernel.ndjson)" -eq 2 ]
  agree
  # Half of the time each, so the waits are as long as the work.
  for tid in $(jq .tid kernel.ndjson); do
    [ "$(what runq sum ".tid == $tid")" -gt 200000000 ]
    [ "$(what switches value ".tid == $tid and .how == \"involuntary\"")" -ge 20 ]
    [ "$(what oncpu n ".tid == $tid and .how == \"preempted\"")" -ge 20 ]
  done
  [ "$(lost out.ndjson)" -eq 0 ]
  check_records out.ndjson
}

@test "root: a ping-pong on one CPU: a sleep and a wakeup for each message" {
  hold stay pingpong "$CPU" 20000
  watch runq oncpu offcpu switch wake -k tid -p $held
  go
  stayed 2
  kernel >kernel.ndjson
  finish
  # A wait begins at the wakeup's first instruction, the kernel counts it from the last: with short waits that is much.
  agree 200
  [ "$(jq -s 'map(.voluntary + .involuntary) | add' kernel.ndjson)" -ge 40000 ]
  mapfile -t tids < <(jq .tid kernel.ndjson)
  for i in 0 1; do
    tid=${tids[i]}
    other=${tids[1 - i]}
    slept=$(what switches value ".tid == $tid and .how == \"voluntary\"")
    woken=$(what wakeups value ".tid == $tid and .waker_tid == $other")
    # The last sleep goes on, and by their first one the threads may have been woken by the main thread.
    [ $((slept - woken)) -ge 1 ] && [ $((slept - woken)) -le $((4 + $(hidden))) ]
    [ $(($(what offcpu n ".tid == $tid and .syscall == \"read\"") - woken)) -le 2 ]
    [ "$(what runq n ".tid == $tid and .how == \"woken\"")" -le "$(what wakeups value ".tid == $tid")" ]
  done
  [ "$(lost out.ndjson)" -eq 0 ]
}

# ctxt: switches of the whole machine so far, and those of process 1, which may be hidden.
ctxt() {
  awk '/^ctxt/ { print $2 }' /proc/stat
}

first() {
  cat /proc/1/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'
}

@test "root: all switches of the machine are those of /proc/stat" {
  hold stay pingpong "$CPU" 100000
  outer=$(ctxt)
  hidden=$(first)
  watch switch
  inner=$(ctxt)
  go
  stayed 2
  inner=$(($(ctxt) - inner))
  finish
  outer=$(($(ctxt) - outer))
  # From one that is hidden, and to one whose predecessor is.
  hidden=$((2 * ($(first) - hidden)))
  seen=$(what switches value)
  echo "$inner <= $seen + $hidden, $seen <= $outer"
  [ "$inner" -gt 150000 ]
  [ "$inner" -le $((seen + hidden)) ]
  [ "$seen" -le "$outer" ]
  jq -se '[.[] | select(.metric == "switches").how] | contains(["involuntary", "voluntary"]) and . - ["excluded", "idle", "involuntary", "voluntary"] == []' out.ndjson
}

@test "root: the times of a task add up to its life" {
  for i in 1 2 3; do
    trace runq oncpu offcpu -k tid -- "$TASKS" mixed 150 >told
    [ "$status" -eq 0 ]
    sum=$(($(what runq sum) + $(what oncpu sum) + $(what offcpu sum)))
    inside=$(cat told)
    outside=$(jq -s '[.[] | select(.metric == "matched")][0].dur * 1e9 | round' out.ndjson)
    echo "$inside <= $sum <= $outside"
    # What it measures itself, and from before its exec until after its end; an interval may be hidden.
    [ "$sum" -le "$outside" ]
    [ "$(total out.ndjson unmatched '.how == "first"')" -eq 0 ]
    ended 1
    [ $(($(hidden) + $(total out.ndjson in_flight))) -eq 0 ] || continue
    [ "$sum" -ge "$inside" ]
    [ $((outside - sum)) -le $((inside / 200 + outside - inside)) ]
    return 0
  done
  skip "the machine hides too much"
}

@test "root: a sleep without a wakeup is nothing odd where wakeups are not watched" {
  for tests in oncpu switch preempt "oncpu switch preempt migrate"; do
    # shellcheck disable=SC2086 # words
    trace $tests -- "$TRACED" sleep 1 50
    [ "$(total out.ndjson odd)" -eq 0 ]
  done
}

@test "root: stints: slept, preempted, yielded, exited" {
  trace oncpu offcpu -- "$TRACED" sleep 5 20
  [ "$(what oncpu n '.how == "slept"')" -ge $((20 - $(hidden))) ]
  ended 1
  trace oncpu runq -- "$TRACED" threads 20 1
  ended 21
  [ "$(what runq n '.how == "new"')" -ge $((20 - $(hidden))) ]
  [ "$(what runq n '.how == "new"')" -le 20 ]
  hold stay yield "$CPU" 3000
  watch oncpu runq switch -k tid -p $held
  go
  stayed 2
  kernel >kernel.ndjson
  finish
  agree 100
  # One whose partner is at its end yields to nobody; and a yield may be the end of a time slice.
  [ "$(what oncpu n '.how == "yielded"')" -ge 3000 ]
  [ "$(what oncpu n '.how == "yielded"')" -le 12000 ] # one whose time is up on its way back from a yield
  [ "$(what oncpu n '.how == "yielded"')" -gt "$(what oncpu n '.how == "preempted"')" ]
}

@test "root: preempted: by whom, and as often as the kernel says" {
  hold stay preempt "$CPU" 60 grabber
  watch oncpu runq switch preempt -k tid,comm -p $held
  go
  stayed 2
  kernel >kernel.ndjson
  finish
  agree 20
  victim=$(jq -s 'max_by(.involuntary).tid' kernel.ndjson)
  # Others take it too when the machine is busy, and are there already when the grabber comes.
  [ "$(what preemptions value ".tid == $victim and .by_comm == \"grabber\"")" -ge 10 ]
  [ "$(what preemptions value ".tid == $victim")" -eq "$(jq "select(.tid == $victim).involuntary" kernel.ndjson)" ]
  [ "$(what preemptions value ".tid != $victim and .comm == \"grabber\"")" -eq 0 ]
  [ "$(what oncpu n ".tid == $victim and .how == \"yielded\"")" -eq 0 ]
  # Not less than what the grabber computes.
  [ "$(what runq sum ".tid == $victim and .how == \"preempted\"")" -ge $((10 * 200000)) ]
}

@test "root: sleeps: by state and system call" {
  trace offcpu -- "$TRACED" sleep 20 5
  jq -se '[.[] | select(.metric == "offcpu" and .syscall == "clock_nanosleep")] | length == 1 and (.[0] | .n >= 4 and .n <= 5 and .min >= 2e7 and
    .state == "S" and .abi and .test == "offcpu" and .unit == "ns" and .better == "lower" and .max_comm == "traced")' out.ndjson
  trace offcpu -- "$TASKS" futex 30
  [ "$(what offcpu max '.state == "S" and .syscall == "futex"')" -ge 30000000 ]
  trace offcpu -- "$TASKS" read 30
  [ "$(what offcpu max '.state == "S" and .syscall == "read"')" -ge 25000000 ]
  trace offcpu -- "$TASKS" vfork 30
  [ "$(what offcpu max '.state == "D" and (.syscall | IN("vfork", "clone"))')" -ge 30000000 ]
  # A stopped one.
  hold mixed 100000
  watch offcpu -p $held
  go
  kill -STOP $held
  wait_for 5 grep -q '^State:.T' /proc/$held/status
  kill -CONT $held
  wait_for 5 eval '! grep -q "^State:.T" /proc/$held/status'
  finish
  [ "$(what offcpu n '.state == "T"')" -eq 1 ]
  # All of the machine, and kernel threads have no system call.
  trace offcpu -d 200ms
  [ "$(what offcpu n '.syscall == null')" -gt 0 ]
  jq -se '[.[] | select(.metric == "offcpu") | .state] | unique | all(IN("S", "D", "I", "T", "t", "P"))' out.ndjson
  # States that look alike are one group.
  jq -se '[.[] | select(.metric == "offcpu" and .kind == "result") | [.state, .syscall, .abi]] | length == (unique | length)' out.ndjson
}

@test "root: a thousand tasks at once, and five hundred children of a millisecond" {
  trace runq oncpu offcpu switch --max-groups 12000 -k tid -- "$TASKS" storm 1000
  [ "$status" -eq 0 ]
  gone=$(hidden)
  [ "$(jq -s '[.[] | select(.metric == "switches" and .how == "voluntary").tid] | unique | length' out.ndjson)" -eq 1001 ]
  ended 1001
  [ "$(what offcpu n '.syscall == "clock_nanosleep"')" -ge $((1000 - gone)) ]
  [ "$(what offcpu n '.syscall == "clock_nanosleep"')" -le 1000 ]
  trace runq oncpu offcpu switch -- "$TRACED" children 500 1
  gone=$(hidden)
  ended 501
  [ "$(what offcpu n '.syscall == "clock_nanosleep"')" -ge $((500 - gone)) ]
  # Each task left a CPU as often as it came to one.
  [ "$(what switches value)" -ge "$(what oncpu n)" ]
  [ $(($(what switches value) - $(what oncpu n))) -le "$gone" ]
}

@test "root: too many tasks are lost, and counted" {
  timeout 20 bsched -o out.ndjson --max-tasks 16 runq oncpu switch -- "$TASKS" storm 300
  complete out.ndjson
  [ "$(total out.ndjson lost '.cause == "tasks"')" -gt 300 ]
  [ "$(total out.ndjson lost '.cause != "tasks"')" -eq 0 ]
  jq -se '[.[] | select(.kind == "result")] | all(.lost > 0)' out.ndjson
  [ "$(what switches value)" -lt 600 ]
  # Numbers that share a place in the table.
  trace --max-tasks 1500 runq oncpu switch -- "$TASKS" storm 600
  ended 601
  # Nothing stays of those who have gone.
  trace --max-tasks 1500 oncpu -- sh -c "for i in 1 2 3 4 5 6; do $TASKS storm 1200; done"
  ended 7207
}

@test "root: too many groups are lost, and counted" {
  timeout 20 bsched -o out.ndjson --max-groups 8 -k tid switch oncpu -- "$TASKS" storm 100
  complete out.ndjson
  [ "$(jq -s '[.[] | select(.kind == "result" and .tid)] | length' out.ndjson)" -eq 8 ]
  [ "$(total out.ndjson lost '.cause == "groups"')" -gt 300 ]
  jq -se '[.[] | select(.kind == "result")] | all(.lost > 0)' out.ndjson
}

@test "root: execve by a thread that is not the first, vfork, SIGKILL: every task is accounted for" {
  trace runq oncpu offcpu switch -k tid -- "$TRACED" threadexec "$TASKS" mixed 100 >told
  [ "$status" -eq 0 ]
  # Two tasks in all, and the second one's times under the first one's number are its life's.
  [ "$(jq -s '[.[] | select(.metric == "switches").tid] | unique | length' out.ndjson)" -eq 2 ]
  ended 2
  first=$(jq -rs '[.[] | select(.metric == "switches").tid] | min' out.ndjson)
  sum=$(($(what runq sum ".tid == $first") + $(what oncpu sum ".tid == $first") + $(what offcpu sum ".tid == $first")))
  outside=$(jq -s '[.[] | select(.metric == "matched")][0].dur * 1e9 | round' out.ndjson)
  echo "$sum of $outside"
  [ "$sum" -le $((outside + 50000000)) ]
  [ "$(hidden)" -gt 0 ] || [ "$sum" -ge "$(cat told)" ]
  trace oncpu switch -- "$TRACED" vfork 30 1
  ended 31
  for how in exit kill; do
    trace oncpu switch offcpu runq -- "$TRACED" blocked $how
    ended 2
  done
}

@test "root: what goes on at the end is in flight, and what went on at the beginning is not matched" {
  hold stay spin "$CPU" 2 10
  go
  stayed 2
  watch runq oncpu offcpu switch -p $held
  finish
  [ "$(what switches value)" -eq 0 ]
  [ "$(total out.ndjson matched)" -eq 0 ]
  [ "$(total out.ndjson unmatched)" -eq 0 ]
  [ "$(total out.ndjson in_flight)" -eq 0 ]
  release
  hold ticks 5
  go
  watch runq oncpu offcpu -p $held
  wait_for 5 eval '[ "$(awk "/^voluntary/ { print \$2 }" /proc/$held/status)" -gt 20 ]'
  kill -STOP $held
  wait_for 5 grep -q '^State:.T' /proc/$held/status
  finish
  [ "$(total out.ndjson unmatched '.how == "first"')" -eq 1 ]
  [ "$(total out.ndjson in_flight '.how == "offcpu"')" -eq 1 ]
  [ "$(total out.ndjson in_flight)" -eq 1 ]
  [ "$(total out.ndjson matched)" -eq $(($(what runq n) + $(what oncpu n) + $(what offcpu n))) ]
}

# ours METRIC [FILTER]: counts of out.ndjson by the power of two of the microseconds, as the tools of bcc have them.
ours() {
  jq -r "select(.metric == \"$1\" and .kind == \"result\") | select(${2:-true}) | .hist" out.ndjson | python3 "$TOP/tests/fixtures/trace/log2us.py" >ours
  [ "$(awk '{ n += $2 } END { print n }' ours)" -eq "$(what "$1" n "${2:-true}")" ]
}

# theirs: the same of a histogram of bcc's.
theirs() {
  awk '$2 == "->" && $4 == ":" { to = $3; for (b = 0; to > 1; b++) to = int(to / 2); n[b] += $5 }
    END { for (b = 0; b < 24; b++) print b, n[b] + 0 }' peer.txt
}

# alike PERCENT: ours and theirs have the same buckets, but for so much of the whole that lies in another one.
alike() {
  paste ours theirs | awk -v limit="$1" '{ a += $2; b += $4; apart += $2 > $4 ? $2 - $4 : $4 - $2 }
    END { printf "%d and %d, apart by %d\n", a, b, apart; exit !(a > 100 && b > 100 && apart / 2 <= a * limit / 100) }' || { paste ours theirs; false; }
}

# beside TOOL ARG...: a program of bcc's in the background, attached; sets peer.
beside() {
  "$@" >peer.txt 2>&1 3>&- &
  peer=$!
  wait_for 15 eval '[ "$(find /proc/$peer/fd -lname "anon_inode:*bpf_link*" -o -lname "anon_inode:*perf*" 2>/dev/null | wc -l)" -ge '"$links"' ]'
}

# compare LINKS THREADS LOAD...: run it under ours, told before in opts, and theirs, in peer_opts, that has so many programs attached.
compare() {
  local links=$1 threads=$2
  shift 2
  hold stay "$@"
  beside "${peer_opts[@]}" -p "$held" 600 1
  watch "${opts[@]}" -p "$held"
  go
  stayed "$threads"
  kill -INT "$peer"
  wait "$peer" || :
  finish
  release
  theirs >theirs
}

@test "root: runqlat sees the same waits" {
  runqlat=$(PATH=$PATH:/usr/sbin command -v runqlat || PATH=$PATH:/usr/sbin command -v bpf-runqlat) || skip "runqlat is not installed"
  need python3
  opts=(runq)
  peer_opts=("$runqlat")
  compare 3 3 spin "$CPU" 3 400
  ours runq
  alike 3
  # Short waits: each has the programs of the other in its times, and begins at another instruction of the wakeup.
  compare 3 2 pingpong "$CPU" 20000
  ours runq
  paste ours theirs | awk '{ a += $2; b += $4 } END { print a, b; apart = a > b ? a - b : b - a; exit !(a > 30000 && apart <= a / 50) }'
}

@test "root: cpudist sees the same stints" {
  cpudist=$(PATH=$PATH:/usr/sbin command -v cpudist || PATH=$PATH:/usr/sbin command -v bpf-cpudist) || skip "cpudist is not installed"
  need python3
  opts=(oncpu)
  peer_opts=("$cpudist")
  # It counts what ends while the task is runnable, and nothing else.
  compare 1 3 spin "$CPU" 3 400
  ours oncpu '.how == "preempted" or .how == "yielded"'
  alike 3
}
