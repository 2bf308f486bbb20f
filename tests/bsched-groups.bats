load helper
load tasks

# bsched's tracing: groups, filters, who wakes, preempts and moves whom, and every way to attach.

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

@test "root: groups by pid, tid, comm, cpu, prio: their sums are the whole" {
  trace switch oncpu -k pid -- "$TRACED" children 7 3
  [ "$(jq -s '[.[] | select(.metric == "switches").pid] | unique | length' out.ndjson)" -eq 8 ]
  trace switch oncpu -k tid -- "$TRACED" threads 7 3
  [ "$(jq -s '[.[] | select(.metric == "switches").tid] | unique | length' out.ndjson)" -eq 8 ]
  trace switch oncpu runq offcpu -k pid,tid,comm,cpu,prio,cgroup -- nice -n 5 "$TRACED" threads 7 3
  jq -se '[.[] | select(.kind == "result" and .pid)] | length > 10 and all(.tid and .cgroup != null and (.cpu | type) == "number" and .comm != null) and
    ([.[].pid] | unique | length) == 1 and ([.[].tid] | unique | length) == 8 and ([.[] | select(.comm == "traced").prio] | unique) == [125]' out.ndjson
  [ "$(total out.ndjson matched)" -eq $(($(what switches value) + $(what oncpu n) + $(what runq n) + $(what offcpu n))) ]
  # The order is that of the tests, then the largest first.
  jq -se '[.[] | select(.kind == "result" and .pid).test] | . == sort_by(["runq", "oncpu", "offcpu", "switch"] - (["runq", "oncpu", "offcpu", "switch"] -
    [.]) | .[0] as $t | ["runq", "oncpu", "offcpu", "switch"] | index($t))' out.ndjson
  jq -se '[.[] | select(.kind == "result" and .test == "oncpu" and .pid).sum] | length > 1 and . == (sort | reverse)' out.ndjson
  check_records out.ndjson
}

@test "root: a name that changes is another group" {
  trace oncpu switch -k comm -- "$TRACED" names first 3 second 5
  [ "$(what oncpu n '.comm == "second" and .how == "exited"')" -le 1 ]
  [ "$(what oncpu n '.comm == "first"')" -eq "$(what switches value '.comm == "first"')" ]
  trace oncpu -k comm -- sh -c "exec $TASKS mixed 20"
  [ "$(what oncpu n '.comm == "tasks" and .how == "slept"')" -ge $((19 - $(hidden))) ]
  [ "$(what oncpu n '.comm == "sh" and .how == "exited"')" -eq 0 ]
}

@test "root: a CPU: what happens there, by -k cpu and by --on-cpus" {
  [ "$CPU" -ne "$OTHER" ] || skip "one CPU"
  trace oncpu switch runq -k cpu -- sh -c "$TASKS spin $CPU 1 100; $TASKS spin $OTHER 1 50"
  # A busy machine leaves less of the CPU, and hides what it does itself.
  [ "$(what oncpu sum ".cpu == $CPU")" -ge 20000000 ]
  [ "$(what oncpu sum ".cpu == $OTHER")" -ge 10000000 ]
  all=$(what switches value)
  [ "$all" -eq $(($(what switches value ".cpu == $CPU") + $(what switches value ".cpu == $OTHER"))) ]
  trace oncpu switch runq -k cpu --on-cpus "$OTHER" -- sh -c "$TASKS spin $CPU 1 100; $TASKS spin $OTHER 1 50"
  [ "$(what oncpu sum)" -ge 10000000 ]
  jq -se --argjson cpu "$OTHER" '[.[] | select(.kind == "result" and .cpu != null).cpu] | unique == [$cpu]' out.ndjson
  [ "$(total out.ndjson unmatched '.how == "first"')" -eq 0 ]
}

@test "root: moves: from where to where" {
  [ "$CPU" -ne "$OTHER" ] || skip "one CPU"
  trace migrate -k cpu,comm -- taskset -c "$CPU" "$TASKS" migrate "$CPU" "$OTHER" 60
  [ "$(what migrations value ".from == $CPU and .to == $OTHER and .comm == \"tasks\"")" -eq 30 ]
  [ "$(what migrations value ".from == $OTHER and .to == $CPU and .comm == \"tasks\"")" -eq 30 ]
  jq -se '[.[] | select(.metric == "migrations")] | all(.cpu == null and .from != .to and .test == "migrate")' out.ndjson
  # Bare, and by number; of one who is moved by another.
  trace migrate -k none -- taskset -c "$CPU" "$TASKS" migrate "$CPU" "$OTHER" 60
  [ "$(what migrations value)" -ge 60 ]
  [ "$(jq -s '[.[] | select(.metric == "migrations")] | length' out.ndjson)" -eq 1 ]
  hold ticks 1
  taskset -cp "$CPU" $held
  watch migrate -k tid,cpu -p $held
  go
  for i in 1 2 3 4 5; do
    for cpu in "$OTHER" "$CPU"; do
      taskset -cp "$cpu" $held
      # A task that sleeps is moved when it wakes.
      wait_for 5 eval '[ "$(cut -d " " -f 39 /proc/$held/stat)" -eq '"$cpu"' ]'
    done
  done
  finish
  # One that happens while the tracer begins or the CPU is another's may go unseen.
  for way in ".from == $CPU and .to == $OTHER" ".from == $OTHER and .to == $CPU"; do
    moves=$(what migrations value ".tid == $held and $way")
    [ "$moves" -ge 3 ] && [ "$moves" -le 6 ] || { echo "$way: $moves"; false; }
  done
}

@test "root: who woke whom" {
  trace wake -- "$TASKS" read 20
  [ "$(what wakeups value '.comm == "tasks" and .waker_comm == "writer"')" -ge 1 ]
  trace wake -k pid,tid,comm -- "$TASKS" read 20
  jq -se '[.[] | select(.metric == "wakeups" and .waker_comm == "writer" and .comm == "tasks")] | length == 1 and
    (.[0] | .pid == .waker_pid and .tid == .pid and .waker_tid != .tid and .test == "wake" and .unit == "count")' out.ndjson
  # A parent, and what has just been made.
  trace wake -k pid -- "$TRACED" children 5 1
  parent=$(jq -s '[.[] | select(.metric == "wakeups").pid] | min' out.ndjson)
  [ "$(what wakeups value ".pid != $parent and .waker_pid == $parent")" -ge $((5 - $(hidden))) ]
  trace wake -k pid,cpu,prio,cgroup -- "$TRACED" children 5 1
  jq -se '[.[] | select(.metric == "wakeups")] | length > 0 and all(.pid and .waker_pid != null and .cpu != null and .prio and .cgroup != null)' out.ndjson
  # The filter is about the task that is woken.
  trace wake -C writer -- "$TASKS" read 20
  jq -se '[.[] | select(.metric == "wakeups").comm] | unique | . == ["writer"]' out.ndjson
}

@test "root: who took the CPU from whom, and whether of the same control group" {
  root=/sys/fs/cgroup/cpu
  [ -e $root/cgroup.procs ] || root=/sys/fs/cgroup
  hold stay preempt "$CPU" 30 grabber
  watch preempt -k pid,comm -p $held
  go
  stayed 2
  finish
  [ "$(what preemptions value '.by_comm == "grabber" and .pid == .by_pid and .same_cgroup == true')" -ge 5 ]
  jq -se '[.[] | select(.metric == "preemptions")] | all(.how == null and (.same_cgroup | type) == "boolean" and .test == "preempt")' out.ndjson
  release
  [ -w $root/cgroup.procs ] || skip "no control groups"
  cgroup $root
  # Two programs who compute on one CPU, in two groups.
  "$TASKS" spin "$CPU" 1 60000 3>&- &
  other=$!
  hold stay spin "$CPU" 1 200
  echo $held >"${groups[0]}/cgroup.procs"
  watch preempt switch -k pid -p $held
  go
  stayed 1
  finish
  kill -KILL $other
  wait $other 2>/dev/null || :
  [ "$(what preemptions value ".by_pid == $other and .same_cgroup == false")" -ge 5 ]
  [ "$(what preemptions value ".by_pid == $other and .same_cgroup == true")" -eq 0 ]
  [ "$(what preemptions value)" -eq "$(what switches value '.how == "involuntary"')" ]
}

@test "root: groups by cgroup have its path; --cgroup takes those in it and below, of both versions" {
  for root in /sys/fs/cgroup/cpu /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -e $root/cgroup.procs ] || continue
    cgroup $root
    dir=${groups[-1]}
    mkdir "$dir/below"
    groups=("$dir/below" "${groups[@]}")
    trace oncpu offcpu --cgroup "$dir" -k cgroup -- sh -c "$TRACED sleep 1 5; echo \$\$ >$dir/cgroup.procs; $TRACED sleep 1 10; echo \$\$ >$dir/below/cgroup.procs;
      $TRACED sleep 1 20; echo \$\$ >$root/cgroup.procs; $TRACED sleep 1 7"
    gone=$(hidden)
    n=$(what offcpu n ".cgroup == \"/${dir##*/}\" and .syscall == \"clock_nanosleep\"")
    [ "$n" -le 10 ] && [ "$n" -ge $((10 - gone)) ]
    n=$(what offcpu n ".cgroup == \"/${dir##*/}/below\" and .syscall == \"clock_nanosleep\"")
    [ "$n" -le 20 ] && [ "$n" -ge $((20 - gone)) ]
    jq -se '[.[] | select(.kind == "result" and .cgroup).cgroup] | unique | length == 2' out.ndjson
    # Out of the group and back: the time between is in no sleep.
    trace offcpu oncpu runq --cgroup "$dir" -- sh -c "echo \$\$ >$dir/cgroup.procs; $TRACED sleep 1 3; echo \$\$ >$root/cgroup.procs; $TRACED sleep 300 1;
      echo \$\$ >$dir/cgroup.procs; $TRACED sleep 1 3"
    [ "$(what offcpu max)" -lt 250000000 ]
  done
  [ "${#groups[@]}" -gt 0 ] || skip "no control groups"
  run --separate-stderr timeout 10 bsched --cgroup /tmp -d 10ms runq
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--cgroup /tmp"* ]]
}

@test "root: -p takes a process with its threads, or one thread alone; --tree its children" {
  hold stay spin "$CPU" 3 20
  watch oncpu -p $held -k pid,tid
  "$TASKS" mixed 10 >other
  go
  stayed 3
  finish
  jq -se --argjson pid $held '[.[] | select(.kind == "result" and .pid)] | ([.[].pid] | unique) == [$pid] and ([.[].tid] | unique | length) == 4' out.ndjson
  release
  hold stay spin "$CPU" 2 1500
  go
  wait_for 5 eval '[ "$(ls /proc/$held/task | wc -l)" -eq 3 ]'
  thread=$(ls /proc/$held/task | tail -n 1)
  watch oncpu switch -p "$thread" -k tid
  stayed 2
  finish
  [ "$(jq -rs '[.[] | select(.metric == "switches").tid] | unique | join(" ")' out.ndjson)" = "$thread" ]
  release
  mkfifo second
  bash -c "$TASKS hold mixed 5 <hold >told & read -r <second; $TASKS mixed 7 >told2; wait" 3>&- &
  shell=$!
  exec {go}>hold
  wait_for 10 pgrep -P $shell -x tasks
  watch oncpu -p $shell --tree -k comm
  "$TASKS" mixed 20 >other
  go
  echo >second
  wait $shell
  finish
  n=$(what oncpu n '.comm == "tasks" and .how == "slept"')
  [ "$n" -ge $((12 - $(hidden))) ] && [ "$n" -lt 20 ]
}

@test "root: a process that gets the number of a traced one is not traced" {
  [ -w /proc/sys/kernel/ns_last_pid ] || skip "the next process number cannot be chosen"
  cat >reuse <<'END'
tasks=$1 programs=$2
mkfifo in
$tasks hold mixed 5 <in >told &
first=$!
exec 5>in
bsched -p $first $programs -k pid >out.ndjson 2>err &
bsched=$!
until grep -q meta out.ndjson; do :; done
kill -USR1 $bsched
until grep -q mark out.ndjson; do :; done
echo >&5
wait $first
for i in 1 2 3 4 5 6 7 8 9 10; do
  echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
  $tasks mixed 50 >told &
  second=$!
  wait $second
  [ $second -eq $first ] && break
done
kill -INT $bsched
wait $bsched
echo $first $second >numbers
END
  for programs in "switch oncpu" wake; do
    rm -f in
    unshare --pid --fork --mount-proc bash reuse "$TASKS" "$programs"
    read -r first second <numbers
    [ "$first" -eq "$second" ] || skip "the number was not given again"
    n=$(($(what switches value '.how == "voluntary"') + $(what wakeups value)))
    [ "$n" -ge 1 ] && [ "$n" -lt 30 ] || { echo "$programs: $n"; false; }
  done
}

@test "root: -C takes and leaves out names, also those that come with exec and prctl" {
  trace oncpu -C 'tas?s' -k comm -- sh -c "$TRACED sleep 1 5; $TASKS mixed 5 >told"
  [ "$(jq -rs '[.[] | select(.metric == "oncpu").comm] | unique | join(" ")' out.ndjson)" = tasks ]
  trace oncpu -C '!tas*' -k comm -- sh -c "$TRACED sleep 1 5; $TASKS mixed 5 >told"
  jq -se '[.[] | select(.metric == "oncpu").comm] | unique | contains(["traced"]) and (contains(["tasks"]) | not)' out.ndjson
  trace wake -C tasks -k comm -- sh -c "exec $TASKS mixed 20 >told"
  [ "$(what wakeups value '.comm == "tasks"')" -ge 10 ]
  jq -se '[.[] | select(.metric == "wakeups").comm] | unique == ["tasks"]' out.ndjson
}

@test "root: the tracer itself and the idle task are left out" {
  hold ticks 1
  go
  watch oncpu runq offcpu wake migrate -k pid -i 5ms -d 500ms
  pid=$bsched
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  jq -se --argjson held $held '[.[] | select(.kind == "result" and .pid == $held)] | length > 0' out.ndjson
  jq -se --argjson pid "$pid" '[.[] | select(.pid == $pid or .pid == 0)] == []' out.ndjson
}

@test "root: every way to attach gives the same counts" {
  for load in "pingpong $CPU 3000" "yield $CPU 500"; do
    for attach in btf raw classic; do
      [ $attach != classic ] || [ -e /sys/kernel/tracing/events ] || continue
      # shellcheck disable=SC2086 # words
      hold stay $load
      watch runq oncpu offcpu switch wake --attach $attach -k tid -p $held
      go
      stayed 2
      kernel >kernel.ndjson
      finish
      release
      [ "$(jq -rs '.[0].attach' out.ndjson)" = $attach ]
      [ "$(lost out.ndjson)" -eq 0 ]
      for tid in $(jq .tid kernel.ndjson); do
        for how in voluntary involuntary; do
          [ "$(what switches value ".tid == $tid and .how == \"$how\"")" -eq "$(jq "select(.tid == $tid).$how" kernel.ndjson)" ] || { echo "$attach $how"; cat kernel.ndjson; false; }
        done
      done
      switches=$(jq -s 'map(.voluntary + .involuntary) | add' kernel.ndjson)
      n=$(what oncpu n)
      [ "$n" -ge $((switches - $(hidden) - 4)) ]
      case $load in
      pingpong*)
        [ $(($(what wakeups value) - $(jq -s 'map(.voluntary) | add' kernel.ndjson))) -le 4 ]
        [ $(($(jq -s 'map(.voluntary) | add' kernel.ndjson) - $(what wakeups value))) -le $((4 + $(hidden))) ]
        [ "$(what offcpu n '.syscall == "read"')" -ge $(($(jq -s 'map(.voluntary) | add' kernel.ndjson) - 6 - $(hidden))) ]
        ;;
      yield*) [ "$(what oncpu n '.how == "yielded"')" -ge 500 ] ;;
      esac
    done
  done
}

@test "root: a command begins at its exec, however it is attached and whatever is traced" {
  for attach in btf raw classic; do
    [ $attach != classic ] || [ -e /sys/kernel/tracing/events ] || continue
    trace oncpu offcpu switch --attach $attach -k tid -- "$TASKS" mixed 20
    [ "$(what switches value '.how == "voluntary"')" -ge 20 ]
    [ "$(what offcpu n)" -ge $((20 - $(hidden))) ]
    [ $(($(what oncpu n '.how == "exited"') + $(total out.ndjson in_flight))) -ge $((1 - $(hidden))) ]
    trace wake offcpu --attach $attach -k tid -- "$TASKS" mixed 20
    [ "$(what wakeups value)" -ge $((20 - $(hidden))) ]
    # Alone, nothing tells how many wakeups were hidden.
    trace wake --attach $attach -k tid -- "$TASKS" mixed 20
    [ "$(what wakeups value)" -ge 10 ]
    [ "$CPU" -ne "$OTHER" ] || continue
    trace migrate --attach $attach -- "$TASKS" migrate "$CPU" "$OTHER" 20
    [ "$(what migrations value)" -ge 20 ]
  done
}

@test "root: what classic tracepoints do not tell is refused, or left out" {
  [ -e /sys/kernel/tracing/events ] || skip "no tracefs"
  for how in "-k comm" "-k pid" "-k tid,cgroup" "-C x" "--cgroup /sys/fs/cgroup/cpu"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 bsched --attach classic $how runq -d 1s
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"--attach classic"* ]]
  done
  trace --attach classic wake preempt offcpu -d 200ms
  jq -se '[.[] | select(.metric == "wakeups")] | length > 0 and all(.tid != null and .waker_tid != null and .comm == null and .waker_comm == null)' out.ndjson
  jq -se '[.[] | select(.metric == "preemptions")] | all(.tid != null and .by_tid != null and .comm == null and .same_cgroup == null)' out.ndjson
  # Idle kernel threads are no dead ones.
  jq -se '[.[] | select(.metric == "offcpu").state] | unique | all(IN("S", "D", "I", "T", "t", "P"))' out.ndjson
  [ "$(what offcpu n '.state == "I"')" -gt 0 ]
  run --separate-stderr timeout 20 unshare -m bash -c 'mount -t tmpfs none /sys/kernel/tracing && mount -t tmpfs none /sys/kernel/debug 2>/dev/null
    bsched --attach classic -d 1s runq'
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *tracefs* ]]
}

@test "root: the programs load in every combination of tests, filters and groups" {
  for attach in btf raw classic; do
    [ $attach != classic ] || [ -e /sys/kernel/tracing/events ] || continue
    for tests in runq switch "runq oncpu offcpu switch migrate wake preempt" "runq offcpu --stack both --min 1ms"; do
      for how in "" "-p 1 --tree" "-p 1 -k tid,cpu" "--on-cpus 0" "-C * -k pid,comm" "-C !x --cgroup /sys/fs/cgroup/cpu" "-k pid,tid,comm,cgroup,cpu,prio -p 1"; do
        [[ "$how" != *cgroup/cpu* ]] || [ -e /sys/fs/cgroup/cpu/cgroup.procs ] || continue
        [ $attach != classic ] || [[ "$how" =~ ^(|-p 1 --tree|-p 1 -k tid,cpu|--on-cpus 0)$ ]] || continue
        set -f
        # shellcheck disable=SC2086 # words
        timeout 20 bsched --attach $attach --max-groups 64 $tests $how -N >out.ndjson || { echo "$attach $tests $how"; false; }
        set +f
      done
    done
  done
}
