load helper
load tasks

# bsched's tracing: single long intervals, samples, ends and signals, privilege, what a machine lacks.

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  compile_tasks
}

setup() {
  case $BATS_TEST_DESCRIPTION in root:*) setup_tasks ;; *) cd "$BATS_TEST_TMPDIR" ;; esac
}

teardown() {
  teardown_tasks
}

# events FILTER: how many events of out.ndjson the filter selects.
events() {
  jq -s "[.[] | select(.kind == \"event\") | select($1)] | length" out.ndjson
}

@test "root: --min: each long interval is an event, with its evidence" {
  trace offcpu --min 15ms -- "$TRACED" sleep 20 10
  n=$(events '.test == "offcpu" and .syscall == "clock_nanosleep" and .state == "S"')
  [ "$n" -ge $((10 - $(hidden))) ] && [ "$n" -le 10 ]
  jq -se '[.[] | select(.kind == "event")] | all(.metric == "offcpu" and .value >= 15e6 and .unit == "ns" and .pid == .tid and .cpu != null and .prio and
    .comm == "traced" and (.dur * 1e9 - .value | fabs) < 1000)' out.ndjson
  # In the order of their ends, within the run.
  jq -se '[.[] | select(.kind == "event").ts] | . == sort' out.ndjson
  jq -se '.[0].ts as $from | .[-1].ts as $to | [.[] | select(.kind == "event")] | all(.ts >= $from and .ts <= $to + 0.01)' out.ndjson
  [ "$(jq -s '.[0].min' out.ndjson)" = 0.015 ]
  check_records out.ndjson
  # Who woke it.
  trace offcpu runq --min 1us -- "$TASKS" read 20
  [ "$(events '.test == "offcpu" and .syscall == "read" and .value > 15e6 and .waker_comm == "writer" and .waker_tid > 0 and .waker_tid != .tid')" -ge 1 ]
  [ "$(events '.test == "runq" and .how == "woken" and .waker_comm == "writer" and .pid == .tid')" -ge 1 ]
  jq -se '[.[] | select(.kind == "event" and .by_comm and .how != "preempted")] == []' out.ndjson
}

@test "root: --min: who took the CPU, and who had it" {
  hold stay preempt "$CPU" 30 grabber
  watch runq oncpu --min 100us -p $held
  go
  stayed 2
  finish
  # The victim waits for the grabber, who took its CPU.
  [ "$(events '.test == "runq" and .how == "preempted" and .comm == "tasks" and .by_comm == "grabber" and .by_tid > 0')" -ge 5 ]
  [ "$(events '.test == "oncpu" and .how == "preempted" and .comm == "tasks" and .by_comm == "grabber"')" -ge 5 ]
  # The grabber sleeps by itself.
  [ "$(events '.test == "oncpu" and .how == "slept" and .comm == "grabber"')" -ge 20 ]
  jq -se '[.[] | select(.kind == "event" and .test == "oncpu" and .how == "slept" and (.by_tid or .waker_tid or .held_tid))] == []' out.ndjson
  [ "$(events '.comm == "grabber" and .prio == 49')" -ge 20 ]
  release
  # Of two who compute each has it until the other one comes back, if nobody comes between them.
  hold stay spin "$CPU" 2 1000
  watch runq --min 1ms -p $held
  go
  stayed 2
  finish
  [ "$(events '.how == "preempted" and .by_comm == "tasks" and .by_tid != .tid and .held_comm == "tasks" and .held_tid != .tid')" -ge 1 ]
}

@test "root: --min: events that the ring has no room for are lost, and counted" {
  hold stay pingpong "$CPU" 3000
  watch runq oncpu offcpu --min 1ns -p $held
  kill -STOP "$bsched"
  go
  stayed 2
  kill -CONT "$bsched"
  finish
  n=$(($(what runq n) + $(what oncpu n) + $(what offcpu n)))
  ring=$(total out.ndjson lost '.cause == "ring"')
  [ "$n" -gt 12000 ]
  [ "$ring" -gt 0 ]
  [ $(($(grep -c '"kind":"event"' out.ndjson) + ring)) -eq "$n" ]
  [ "$(lost out.ndjson)" -eq "$ring" ]
  jq -se --argjson ring "$ring" '[.[] | select(.kind == "result" and .lost)] | length > 3 and all(.lost == $ring)' out.ndjson
}

@test "root: samples add up to the result, every interval in one of them" {
  for how in "" "-k tid" "-k comm,cpu"; do
    # shellcheck disable=SC2086 # words
    trace runq oncpu offcpu switch wake preempt $how -i 20ms -- sh -c "$TASKS pingpong $CPU 20000 & $TASKS mixed 40 >told; wait"
    jq -se 'def key: [.test, .how, .state, .syscall, .tid, .cpu, .comm, .waker_comm, .waker_tid, .by_comm, .by_tid, .same_cgroup, .metric];
      [.[] | select((.kind == "sample" or .kind == "result") and .test != "trace")] | group_by(key) | length > 5 and
      all((map(select(.kind == "sample") | .value // .n) | add) == (map(select(.kind == "result") | .value // .n) | add))' out.ndjson || { echo "$how"; false; }
    jq -se '[.[] | select(.hist)] | group_by([.test, .how, .state, .syscall, .tid, .cpu, .comm])
      | all((map(select(.kind == "sample").max) | max) <= map(select(.kind == "result").max)[0])' out.ndjson
    [ "$(jq -s '[.[] | select(.kind == "sample").ts] | unique | length' out.ndjson)" -gt 2 ]
  done
}

@test "root: -n counts intervals, also with --min; -d ends; -m chooses" {
  for how in "" "--min 100ms"; do
    # shellcheck disable=SC2086 # words
    trace runq switch -n 3 -i 50ms $how
    [ "$(jq -s '[.[] | select(.kind == "sample").ts] | unique | length' out.ndjson)" -eq 3 ]
    jq -se '.[-1] | .status == "ok" and .elapsed >= 0.15 and .elapsed < 5' out.ndjson
  done
  trace switch -d 100ms
  jq -se '.[-1] | .status == "ok" and .elapsed >= 0.1 and .elapsed < 5' out.ndjson
  jq -se '[.[] | select(.metric == "switches")][0].dur | . >= 0.1 and . < 5' out.ndjson
  trace runq oncpu switch -d 50ms -m oncpu,lost
  jq -se '[.[].metric | values] | unique == ["lost", "oncpu"]' out.ndjson
  trace runq -d 50ms --digits 1
  jq -se '[.[] | select(.hist).digits] | unique == [1]' out.ndjson
  trace runq oncpu -N -k comm
  jq -se 'length == 2 and .[0].dry_run and .[0].tests == "runq,oncpu" and .[0].keys == "comm" and .[1].status == "ok"' out.ndjson
}

@test "root: what it says in tsv and in text" {
  bsched -f tsv runq oncpu -- "$TASKS" mixed 10 2>/dev/null >out.tsv
  awk -F'\t' 'NF != 20 { exit 1 } $9 == "oncpu" { n++ } END { exit n < 1 }' out.tsv
  bsched -f text runq oncpu -- "$TASKS" mixed 10 2>/dev/null >out.txt
  grep -q oncpu out.txt
  grep -q slept out.txt
}

@test "root: statuses of the command: its own, by a signal, not found; its output is not among the records" {
  for n in 3 77; do
    trace runq -- sh -c "exit $n"
    [ "$status" -eq $n ]
    jq -se '.[-1].status == "ok"' out.ndjson
  done
  trace runq -- sh -c 'kill -TERM $$'
  [ "$status" -eq 143 ]
  run -127 --separate-stderr timeout 20 bsched runq -- no-such-command
  [ "$status" -eq 127 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  run --separate-stderr timeout 20 bsched runq -- echo from the command
  [ "$status" -eq 0 ]
  jq -es 'length > 3' <<<"$output"
  [ "$stderr" = "from the command" ]
  run --separate-stderr timeout 20 bsched -o out.ndjson -- echo from the command
  [ "$output" = "from the command" ]
  [ -z "$stderr" ]
  # Without a test these three.
  [ "$(jq -rs '.[0].tests' out.ndjson)" = runq,oncpu,offcpu ]
}

@test "root: INT ends a trace without an end of its own, and that is no interruption" {
  watch runq
  kill -INT "$bsched"
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  jq -se '.[-1].status == "ok"' out.ndjson
  check_records out.ndjson
}

@test "root: signals: INT with an end of its own, TERM, HUP: interrupted, whole, dead by it; the command gets it" {
  for signal in INT TERM HUP; do
    start runq --min 1ms -d 50s
    kill -$signal $bsched
    status=0
    wait $bsched || status=$?
    [ "$status" -eq $((128 + $(kill -l $signal))) ]
    complete out.ndjson
    jq -se '.[-1].status == "interrupted"' out.ndjson
    [ "$(total out.ndjson matched)" -gt 0 ]
  done
  start runq -- "$TASKS" ticks 1
  wait_for 10 eval 'child=$(pgrep -P $bsched -x tasks)'
  kill -TERM $bsched
  status=0
  wait $bsched || status=$?
  [ "$status" -eq 143 ]
  jq -se '.[-1].status == "interrupted"' out.ndjson
  [ ! -e "/proc/$child" ]
}

@test "root: when the reader goes, so does bsched, quietly, and the command with it" {
  run --separate-stderr timeout 20 bash -c "bsched runq -i 10ms -- $TASKS ticks 3 | head -n 1; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  wait_for 5 eval '! pgrep -f "$TASKS ticks 3"'
}

@test "root: a full disk is status 1" {
  run --separate-stderr timeout 20 bash -c "bsched runq -d 50ms >/dev/full"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "root: SIGKILL leaves no program and no command" {
  need bpftool
  start runq -- "$TASKS" ticks 1
  wait_for 10 eval 'child=$(pgrep -P $bsched -x tasks)'
  ids=$(awk '$1 == "prog_id:" { print $2 }' /proc/$bsched/fdinfo/* | sort -u)
  [ "$(wc -w <<<"$ids")" -ge 3 ]
  for id in $ids; do bpftool prog show id "$id" >/dev/null; done
  kill -KILL $bsched
  wait $bsched 2>/dev/null || :
  wait_for 10 test ! -e "/proc/$child"
  for id in $ids; do wait_for 10 eval '! bpftool prog show id '"$id"' >/dev/null 2>&1'; done
}

@test "root: USR1 is a mark, USR2 pauses and resumes; the pause is in no sleep and in no wait" {
  hold ticks 2
  watch runq oncpu offcpu --min 100ms -i 20ms -p $held
  go
  wait_for 10 eval 'grep -q "\"offcpu\"" out.ndjson'
  kill -USR2 "$bsched"
  wait_for 10 grep -q '"name":"pause-2"' out.ndjson
  # What was counted before the pause is in the next sample; then there are none.
  lines=-1
  wait_for 10 eval 'last=$lines; lines=$(wc -l <out.ndjson); [ "$last" -eq "$lines" ]'
  elapse 300
  [ "$(wc -l <out.ndjson)" -eq "$lines" ]
  kill -USR2 "$bsched"
  wait_for 10 eval 'tail -n +$((lines + 1)) out.ndjson | grep -q "\"offcpu\""'
  finish
  jq -rs '[.[] | select(.kind == "mark").name] | join(" ")' out.ndjson | grep -qx "mark-1 pause-2 resume-3"
  # Nothing lasted as long as the pause, and it is in no span.
  [ "$(what offcpu max)" -lt 200000000 ]
  [ "$(what runq max)" -lt 200000000 ]
  jq -se '[.[] | select(.kind == "event" and .value >= 3e8)] == []' out.ndjson
  jq -se '(.[-1].elapsed - [.[] | select(.kind == "result")][0].dur) > 0.25' out.ndjson
  [ "$(total out.ndjson unmatched '.how == "first"')" -eq 2 ]
}

@test "root: names of any bytes" {
  for name in $'a\nb;\t"\\' $'\377\376x' ''; do
    trace oncpu offcpu -k comm --min 1ms -- "$TASKS" name "$name"
    [ "$status" -eq 0 ]
    check_records out.ndjson
    [[ "$name" == *x ]] || jq -se --arg name "$name" '([.[] | select(.kind == "result").comm] | contains([$name])) and
      ([.[] | select(.kind == "event").comm] | contains([$name]))' out.ndjson
  done
  bsched -f tsv oncpu -k comm -- "$TASKS" name $'a\nb\tc' 2>/dev/null | awk -F'\t' 'NF != 20 { exit 1 }'
}

@test "root: CAP_BPF and CAP_PERFMON are enough, and more is not kept" {
  need setpriv
  chmod 755 "$BATS_TEST_TMPDIR"
  caps=+bpf,+perfmon
  run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,$caps --ambient-caps=-all,$caps \
    bsched runq oncpu -- sleep 0.01
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >out.ndjson
  complete out.ndjson
  [ "$(what oncpu n)" -ge 1 ]
  watch runq
  [ "$(awk '/^CapEff/ { print $2 }' "/proc/$bsched/status")" = 000000c000000000 ]
  [ "$(awk '/^CapPrm/ { print $2 }' "/proc/$bsched/status")" = 000000c000000000 ]
  finish
}

@test "root: the examples of the page" {
  printf 'all: a b c\na b c:\n\tsleep 0.05\n' >Makefile
  printf '#!/bin/sh\nsleep 0.2\n' >program
  chmod +x program
  sed -n 's/^\.Dl \(bsched .*\)/\1/p' "$TOP/man/bsched.1" | grep -E ' (runq|offcpu|preempt|wake) ' | grep -v ' wakeup ' | sed "s/\\\\(dq/\"/g; s/4711/$$/" >examples
  [ "$(wc -l <examples)" -ge 6 ]
  # On an idle machine nobody preempts anybody.
  timeout 60 "$TASKS" spin "$CPU" 2 50000 3>&- &
  while IFS= read -r command; do
    run --separate-stderr timeout 60 bash -o pipefail -c "$command" </dev/null
    [ "$status" -eq 0 ] || { echo "$command: $status $stderr"; false; }
    [ -n "$output" ] || [[ "$command" == *-o* || "$command" == *--min* ]] || { echo "$command: nothing"; false; }
  done <examples
  kill $!
  complete run.ndjson
  [ -s blocked.txt ]
}

@test "root: the programs tell what they cost" {
  trace runq -- "$TASKS" pingpong "$CPU" 5000
  jq -se '[.[] | select(.metric == "self_run") | .program] | contains(["on_sched_switch", "on_sched_waking"])' out.ndjson
  jq -se '[.[] | select(.metric | IN("self_cpu", "self_rss", "self_maps")?) | .metric] == ["self_cpu", "self_rss", "self_maps"]' out.ndjson
  jq -se '[.[] | select(.metric == "self_run")] | all(.value > 0 and .unit == "ns")' out.ndjson
}

@test "root: the address and undefined behaviour sanitizers find nothing" {
  dir=$(variant SAN=address,undefined)
  [ -x "$dir/bsched" ] || skip "not built"
  for how in "runq oncpu offcpu switch migrate wake preempt -i 50ms --min 1ms" "runq offcpu --stack both --folded folded -k comm,cgroup" "runq -k pid --max-groups 5" "-N"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 60 "$dir/bsched" -o out.ndjson $how -- "$TASKS" mixed 60
    [ "$status" -eq 0 ]
    [[ "$stderr" != *Sanitizer* && "$stderr" != *"runtime error"* ]] || { echo "$stderr"; false; }
  done
  run --separate-stderr timeout 60 "$dir/bsched" -d 300ms -i 20ms runq oncpu offcpu wake --stack both -k tid
  [ "$status" -eq 0 ]
  [ -z "$stderr" ] || { echo "$stderr"; false; }
}

@test "root: the static build traces" {
  dir=$(variant STATIC=1)
  [ -x "$dir/bsched" ] || skip "not built"
  run --separate-stderr timeout 20 "$dir/bsched" runq oncpu offcpu --stack both -- "$TASKS" mixed 10
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >out.ndjson
  complete out.ndjson
  [ "$(what oncpu n)" -ge 10 ]
}

@test "without root: status 3, one sentence, nothing on stdout" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "only root can become somebody else"
  [ -e /sys/kernel/btf/vmlinux ] || skip "the kernel has no type information"
  [ -e "$BUILD/bsys.skel.h" ] || skip "built without BPF"
  chmod 755 "$BATS_TEST_TMPDIR"
  for how in "runq -d 1s" "wake preempt -d 1s" "runq --attach btf -- true" "offcpu -N"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups bsched $how
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *root*CAP_BPF*CAP_PERFMON* ]]
  done
}

@test "a build without BPF says so" {
  dir=$(variant BPF=0)
  [ -x "$dir/bsched" ] || skip "not built"
  for how in "runq -d 1s" "wake preempt" "offcpu -- true"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 "$dir/bsched" $how
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"no BPF"* || "$stderr" == *"without BPF"* ]]
  done
}

@test "wrong usage of the tracing tests: status 2, two lines, nothing on stdout" {
  for how in "runq --stack" "runq --stack both --folded -" "runq --folded x" "switch --stack kernel" "switch --min 1ms" "runq --min 0" "runq --min 2h" "runq -k" \
    "runq -k pid,foo" "runq -k syscall" "runq -p" "runq -p x" "runq -p 1 -- true" "runq --tree" "runq --attach kprobe" "runq pipe" "pipe -- true" "pipe -k pid" \
    "runq -C" "runq -C 12345678901234567" "runq --max-groups 0" "runq --max-tasks x" "runq --digits 3" "runq -m lat" "runq --on-cpus 0-"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 bsched $how
    [ "$status" -eq 2 ] || { echo "$how: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ] || { echo "$how: $stderr"; false; }
  done
}
