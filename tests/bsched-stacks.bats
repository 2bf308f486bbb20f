load helper
load tasks

# bsched's tracing: stacks, and the file for flame graphs.

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

# stack FILTER: the stack of the only result that the filter selects.
stack() {
  jq -rs "[.[] | select(.kind == \"result\" and .stack) | select($1)] | if length == 1 then .[0].stack else error(\"\(length) stacks\") end" out.ndjson
}

@test "root: --stack user: the functions of the program, in order" {
  trace offcpu --stack user -- "$TASKS" deep 50
  [ "$status" -eq 0 ]
  check_records out.ndjson
  user=$(stack '.syscall == "clock_nanosleep"')
  [[ "$user" == *"main;deep;tasks_outer;tasks_middle;tasks_inner" ]]
  [ "$(what offcpu n '.stack and .syscall == "clock_nanosleep"')" -eq 1 ]
  jq -se '[.[] | select(.kind == "result" and .metric == "lost" and .cause == "stacks").value] == [0]' out.ndjson
}

@test "root: --stack kernel: where the kernel put it to sleep, without what the tracing itself adds" {
  trace offcpu --stack kernel -- "$TASKS" deep 50
  kernel=$(stack '.syscall == "clock_nanosleep"')
  [ "$(awk '/ [tT] do_nanosleep$/ { n += $1 != "0000000000000000" } END { print n + 0 }' /proc/kallsyms)" -gt 0 ] || skip "the kernel does not tell its names"
  [[ "$kernel" == *";do_nanosleep;"*schedule* ]]
  [[ "$kernel" != *tasks_inner* ]]
  [[ "$kernel" != *bpf* && "$kernel" != *traceiter* ]]
  [[ "$kernel" == *schedule ]]
}

@test "root: --stack both: the kernel's behind the program's; of every attachment" {
  for attach in btf raw classic; do
    [ $attach != classic ] || [ -e /sys/kernel/tracing/events ] || continue
    trace offcpu --stack both --attach $attach -- "$TASKS" deep 50
    both=$(stack '.syscall == "clock_nanosleep"')
    [[ "$both" == *"main;deep;tasks_outer;tasks_middle;tasks_inner;"*schedule ]] || { echo "$attach: $both"; false; }
    [[ "$both" != *bpf* && "$both" != *perf_trace* ]]
  done
}

@test "root: waits have the stack that lost the CPU; wakeups and stints have none" {
  trace runq oncpu offcpu --stack user -k tid -- "$TASKS" spin "$CPU" 2 100
  jq -se '[.[] | select(.kind == "result" and .metric == "runq" and .how == "preempted" and .stack)] | length > 0 and (map(.stack) | join(" ") | contains("compute"))' out.ndjson
  jq -se '[.[] | select(.kind == "result" and .stack and (.metric == "oncpu" or .how == "woken" or .how == "new"))] == []' out.ndjson
}

@test "root: --folded: a line for each stack, its microseconds last" {
  trace offcpu --stack both --folded folded -k comm -- sh -c "$TASKS deep 50; $TASKS deep 30"
  [ "$status" -eq 0 ]
  awk '{ if ($NF !~ /^[0-9]+$/ || NF < 2) exit 1; sum += $NF } END { exit sum < 80000 }' folded
  awk '/tasks_outer;tasks_middle;tasks_inner;/ && /^tasks;/ { n += $NF } END { exit !(n >= 80000 && n < 500000) }' folded
  # As much in all as in the records, but for what is rounded down.
  sum=$(what offcpu sum)
  folded=$(awk '{ n += $NF } END { print n * 1000 }' folded)
  [ "$folded" -le "$sum" ]
  [ $((sum - folded)) -le $((1000 * $(jq -s '[.[] | select(.kind == "result" and .metric == "offcpu")] | length' out.ndjson))) ]
  [ "$(find . -name '.btools*' | wc -l)" -eq 0 ]
  # A comm is any bytes, a line is one.
  trace offcpu --stack user --folded folded -k comm -- "$TASKS" name $'a;b\nc d'
  awk '$NF !~ /^[0-9]+$/ { exit 1 } /^a:b\?c d;/ { n++ } END { exit n != 1 }' folded
}

@test "root: --folded is written whole or not at all" {
  echo before >folded
  trace offcpu --stack user --folded folded -N
  [ "$(cat folded)" = before ]
  run --separate-stderr timeout 20 bsched offcpu --stack user --folded nowhere/folded -- "$TASKS" deep 5
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *nowhere/folded* ]]
  run --separate-stderr timeout 20 bsched offcpu --stack user --folded /dev/full -- "$TASKS" deep 5
  [ "$status" -eq 1 ]
  echo "$output" >out.ndjson
  complete out.ndjson
  jq -se '.[-1].status == "failed"' out.ndjson
  [[ "$stderr" == */dev/full* ]]
  # There is no such command.
  run -127 --separate-stderr timeout 20 bsched offcpu --stack user --folded folded -- no-such-command
  [ "$status" -eq 127 ]
  [ "$(cat folded)" = before ]
  # Interrupted: what there is.
  start offcpu --stack user --folded folded -- "$TASKS" ticks 5
  wait_for 10 eval '[ "$(grep -c voluntary /proc/'"$bsched"'/status)" -gt 0 ]'
  child=$(pgrep -P "$bsched" -x tasks)
  wait_for 10 eval '[ "$(awk "/^voluntary/ { print \$2 }" /proc/'"$child"'/status)" -gt 10 ]'
  kill -TERM "$bsched"
  wait "$bsched" || :
  grep -q tasks folded || grep -q main folded
  # Killed: nothing.
  echo before >folded
  start offcpu --stack user --folded folded -- "$TASKS" ticks 5
  kill -KILL "$bsched"
  wait "$bsched" 2>/dev/null || :
  [ "$(cat folded)" = before ]
  [ "$(find . -name '.btools*' | wc -l)" -eq 0 ]
  # In somebody else's directory.
  mkdir theirs
  chown 65534:65534 theirs
  chmod 755 theirs
  trace offcpu --stack user --folded theirs/folded -- "$TASKS" deep 5
  [ "$status" -eq 0 ]
  [ "$(ls theirs)" = folded ]
}

@test "root: a stack that no record can hold keeps its innermost frames" {
  trace offcpu --stack both -- "$TASKS" recurse 300 100
  check_records out.ndjson
  deep=$(jq -rs '[.[] | select(.kind == "result" and .stack and .syscall == "clock_nanosleep").stack][0]' out.ndjson)
  [[ "$deep" == *"recurse;recurse;recurse;tasks_inner;"*schedule ]]
  # No more frames are taken than there is room for.
  [ "$(tr ';' '\n' <<<"$deep" | grep -c recurse)" -ge 30 ]
}

@test "root: stacks of a process that is gone at the end" {
  trace offcpu --stack user -- sh -c "$TASKS deep 100; sleep 0.3"
  [[ "$(jq -rs '[.[] | select(.kind == "result" and .stack).stack] | join(" ")' out.ndjson)" == *tasks_outer\;tasks_middle\;tasks_inner* ]]
}

@test "root: the sums of samples with stacks are the result" {
  trace offcpu runq --stack both -i 30ms -- "$TASKS" mixed 40
  jq -se '[.[] | select((.kind == "sample" or .kind == "result") and .hist)] | group_by([.test, .how, .state, .syscall, .stack]) | length > 1 and
    all((map(select(.kind == "sample").n) | add) == (map(select(.kind == "result").n) | add))' out.ndjson
}
