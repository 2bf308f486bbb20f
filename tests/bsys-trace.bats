load helper

# bsys trace: counts against known calls and other tracers, groups, filters, lifetimes, losses, intervals, signals, privilege.

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  compile_traced
}

setup() {
  need_bpf
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  mkfifo hold
  groups=()
}

teardown() {
  # What a failed test left behind.
  pkill -KILL -f "^$TRACED " || :
  for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || :; done
  for dir in "${groups[@]}"; do
    wait_for 5 rmdir "$dir" || :
  done
}

# trace ARG...: bsys trace into out.ndjson, which must be complete, valid and without loss; sets status.
trace() {
  status=0
  timeout 60 bsys trace -o out.ndjson "$@" 2>err || status=$?
  complete out.ndjson
  [ "$(lost out.ndjson)" -eq 0 ] || { jq -c 'select(.metric == "lost")' out.ndjson; false; }
}

# calls [FILTER]: in out.ndjson.
calls() {
  total out.ndjson calls "$@"
}

# of SYSCALL: the calls of that name.
of() {
  total "${2:-out.ndjson}" calls ".syscall == \"$1\""
}

# by KEY: "VALUE CALLS" of gettid, in order.
by() {
  jq -r --arg key "$1" 'select(.kind == "result" and .metric == "calls" and .syscall == "gettid") | "\(.[$key]) \(.value)"' "${2:-out.ndjson}" | sort
}

# hold ARG...: the program, waiting to begin; sets held. go: let it begin.
hold() {
  "$TRACED" hold "$@" <hold 3>&- &
  held=$!
  exec {go}>hold
}

go() {
  echo >&"$go"
  exec {go}>&-
}

# watch ARG...: bsys trace in the background, counting; sets bsys.
watch() {
  timeout 60 bsys trace "$@" >out.ndjson 2>err &
  bsys=$(pgrep -P $! -x bsys || :)
  wait_for 5 eval 'bsys=$(pgrep -P '$!' -x bsys)'
  started out.ndjson "$bsys"
}

# finish: end it.
finish() {
  kill -INT "$bsys"
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  complete out.ndjson
}

# ended PID: wait for it; sets status.
ended() {
  status=0
  wait "$1" || status=$?
}

# cgroup DIR: make a control group, removed in the end.
cgroup() {
  [ -w "$1" ] && mkdir "$1/btools-test-$$" || skip "no control group can be made in $1"
  groups+=("$1/btools-test-$$")
}

@test "root: every call is counted, with its bytes, and the status is passed on" {
  need dd
  trace -e write,read -- dd if=/dev/zero of=/dev/null bs=1 count=200000
  [ "$status" -eq 0 ]
  check_records out.ndjson
  # What dd makes for itself, as with few.
  cp out.ndjson many.ndjson
  trace -e write,read -- dd if=/dev/zero of=/dev/null bs=1 count=100
  for name in read write; do
    few=$(of $name)
    many=$(of $name many.ndjson)
    [ $((many - few)) -eq 199900 ]
    [ "$(jq -s --arg name $name '[.[] | select(.metric == "lat" and .syscall == $name)][0].n' many.ndjson)" -eq "$many" ]
  done
  [ $(($(total many.ndjson bytes '.syscall == "read"') - $(total out.ndjson bytes '.syscall == "read"'))) -eq 199900 ]
  [ "$(total many.ndjson matched)" -eq "$(total many.ndjson calls)" ]
  [ "$(total many.ndjson unmatched)" -eq 0 ]
  [ "$(total many.ndjson in_flight)" -eq 0 ]
  jq -se '[.[] | select(.kind == "result" and .syscall)] | all(.abi and .dur > 0 and .rep == 1 and .test == "trace")' many.ndjson
}

@test "root: strace -c counts the same calls" {
  need strace
  for mode in "loop 321" "errors 11 12 13" "bytes 50 1000" "children 3 7" "vfork 3 2"; do
    # shellcheck disable=SC2086 # words
    strace -f -qq -c -e 'trace=!execve,exit_group' -o strace.txt "$TRACED" $mode
    # shellcheck disable=SC2086
    trace -- "$TRACED" $mode
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { print $NF, $4, (NF > 5 ? $5 : 0) }' strace.txt | sort >expected
    # Waiting for several children may be begun again.
    jq -rs '[.[] | select(.kind == "result" and .syscall and .syscall != "execve" and .syscall != "exit_group")]
      | group_by(.syscall)[] | .[0].syscall + " " + (map(select(.metric == "calls").value) | add | tostring)
      + " " + (map(select(.metric == "errors").value) | add // 0 | tostring)' out.ndjson | sort >got
    diff <(grep -v '^wait4' expected) <(grep -v '^wait4' got) || { echo "^ $mode"; false; }
  done
}

@test "root: syscount counts the same calls, with the same time" {
  syscount=$(PATH=$PATH:/usr/sbin command -v syscount || PATH=$PATH:/usr/sbin command -v bpf-syscount) || skip "syscount is not installed"
  [ -e /sys/kernel/tracing/events ] || skip "syscount needs tracefs"
  hold loop 50000
  "$syscount" -L -T 20 -p $held >syscount.txt 3>&- &
  syscount=$!
  wait_for 10 eval '[ "$(find /proc/$syscount/fd -lname "anon_inode:*perf*" -o -lname "anon_inode:*bpf_link*" 2>/dev/null | wc -l)" -ge 2 ]'
  watch -p $held -e gettid
  go
  wait $held
  finish
  kill -INT $syscount
  wait $syscount || :
  read -r _ count us < <(grep '^gettid' syscount.txt)
  [ "$count" -eq 50000 ]
  [ "$(of gettid)" -eq 50000 ]
  # Each has the programs of the other in its times.
  jq -se --argjson us "$us" '[.[] | select(.metric == "lat" and .kind == "result")][0].sum / 1000 / $us | . > 0.3 and . < 3' out.ndjson
}

@test "root: statuses of the command: its own, by a signal, not found, not executable" {
  for n in 3 77; do
    trace -- sh -c "exit $n"
    [ "$status" -eq $n ]
    jq -se '.[-1].status == "ok"' out.ndjson
  done
  trace -- sh -c 'kill -TERM $$'
  [ "$status" -eq 143 ]
  jq -se '.[-1].status == "ok"' out.ndjson
  run -127 --separate-stderr timeout 20 bsys trace -- no-such-command
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *no-such-command* ]]
  run -126 --separate-stderr timeout 20 bsys trace -- /etc
}

@test "root: the command's output is not among the records, and its script runs" {
  echo 'echo from the script' >script
  chmod +x script
  run --separate-stderr timeout 20 bsys trace -e write -- ./script
  [ "$status" -eq 0 ]
  jq -es 'length > 3' <<<"$output"
  [ "$stderr" = "from the script" ]
  run --separate-stderr timeout 20 bsys trace -e write -o out.ndjson -- ./script
  [ "$output" = "from the script" ]
  [ -z "$stderr" ]
}

@test "root: the first call of a command is its execve" {
  timeout 20 bsys events -o out.ndjson -- "$TRACED" loop 1
  jq -se '[.[] | select(.kind == "event")][0] | .syscall == "execve" and .ret == 0 and .comm == "traced"' out.ndjson
  trace -- "$TRACED" loop 1
  [ "$(of execve)" -eq 1 ]
  [ "$(total out.ndjson unmatched)" -eq 0 ]
}

@test "root: errors by errno" {
  trace -e close,unlinkat,read -- "$TRACED" errors 101 202 303
  jq -r 'select(.kind == "result" and .metric == "errors") | "\(.syscall) \(.errno) \(.value)"' out.ndjson | sort >got
  diff - got <<<'close EBADF 101
read EAGAIN 303
unlinkat ENOENT 202'
  [ "$(of unlinkat)" -eq 202 ]
}

@test "root: bytes are those that were moved" {
  trace -e write,read -k comm -- "$TRACED" bytes 50 1000
  [ "$(total out.ndjson bytes '.syscall == "write"')" -eq 50000 ]
  read=$(total out.ndjson bytes '.syscall == "read"') # and the header of the C library
  [ "$read" -ge 50000 ]
  [ "$read" -le 51000 ]
}

@test "root: sleeping takes its time off the CPU, gettid none" {
  trace -e clock_nanosleep,gettid -- sh -c "$TRACED sleep 10 20; $TRACED loop 100000"
  jq -se '[.[] | select(.metric == "lat" and .syscall == "clock_nanosleep")][0] | .n == 20 and .min >= 1e7 and .sum >= 2e8' out.ndjson
  jq -se '[.[] | select(.metric == "oncpu_share" and .syscall == "clock_nanosleep")][0].value < 0.2' out.ndjson
  jq -se '[.[] | select(.metric == "oncpu_share" and .syscall == "gettid")][0].value > 0.5' out.ndjson
  jq -se '[.[] | select(.metric == "lat" and .syscall == "clock_nanosleep")][0]
    | .max_comm == "traced" and .max_pid == .max_tid and .max_ts <= .ts and .max_ts >= .ts - .dur - 0.01' out.ndjson
}

@test "root: threads of a command, its children, a child that outlives it" {
  trace -e gettid -- "$TRACED" threads 20 50
  [ "$(of gettid)" -eq 1000 ]
  trace -e gettid -- "$TRACED" children 20 50
  [ "$(of gettid)" -eq 1000 ]
  mkdir gone
  hold daemon 500 gone/done
  watch -p $held --tree -e gettid
  go
  wait $held
  wait_for 10 test -e gone/done
  finish
  [ "$(of gettid)" -eq 500 ]
}

@test "root: 32-bit calls and calls without a name are told apart" {
  [ "$(uname -m)" = x86_64 ] || skip "x86-64 only"
  "$TRACED" compat 1 1 || skip "the kernel has no 32-bit calls"
  trace -e gettid,write,close -- "$TRACED" compat 40 100
  jq -r 'select(.metric == "calls") | "\(.abi) \(.syscall) \(.value)"' out.ndjson | grep -v 'x86_64 close' | sort >got
  diff - got <<<'i386 close 40
i386 gettid 40
i386 write 40
x86_64 gettid 40'
  [ "$(total out.ndjson bytes '.abi == "i386"')" -eq 4000 ]
  [ "$(total out.ndjson errors '.abi == "i386" and .syscall == "close" and .errno == "EBADF"')" -eq 40 ]
  trace -e 505,511 -- sh -c "$TRACED number 505 7; $TRACED number 3000 5; $TRACED number -1 3; $TRACED number 500000 2"
  [ "$(total out.ndjson calls '.syscall == "505" and .abi == "x86_64"')" -eq 7 ]
  [ "$(total out.ndjson calls '.syscall == "511+" and .abi == "x86_64"')" -eq 10 ]
  trace --count-only -- sh -c "$TRACED number 505 7; $TRACED number 0x40000027 5; $TRACED compat 3 1"
  [ "$(of 505)" -eq 7 ]
  [ "$(total out.ndjson calls '.abi == "x32"')" -eq 5 ]
  [ "$(total out.ndjson calls '.abi == "i386"')" -eq 9 ]
}

@test "root: execve by a thread that is not the first, vfork, exit: no call without its return" {
  trace -- "$TRACED" threadexec "$TRACED" loop 10
  [ "$status" -eq 0 ]
  [ "$(of execve)" -eq 2 ]
  [ "$(total out.ndjson unreturned '.syscall == "execve"')" -eq 0 ]
  [ "$(of gettid)" -eq 10 ]
  [ "$(total out.ndjson unmatched)" -eq 0 ]
  [ "$(total out.ndjson in_flight)" -eq 0 ]
  trace -k pid,tid -e execve,gettid -- "$TRACED" threadexec "$TRACED" loop 10
  jq -se '[.[] | select(.syscall == "gettid" and .metric == "calls")] | length == 1 and .[0].value == 10 and .[0].pid == .[0].tid' out.ndjson
  trace -- "$TRACED" vfork 30 2
  [ "$(of gettid)" -eq 60 ]
  [ "$(of vfork)" -eq 30 ]
  [ "$(total out.ndjson unreturned '.syscall == "exit_group"')" -eq 31 ]
  [ "$(total out.ndjson unmatched)" -eq 0 ]
  [ "$(total out.ndjson in_flight)" -eq 0 ]
  trace -e exit,exit_group -- "$TRACED" threads 10 1
  [ "$(of exit)" -eq 10 ]
  [ "$(total out.ndjson unreturned '.syscall == "exit"')" -eq 10 ]
  [ "$(of exit_group)" -eq 1 ]
}

@test "root: a task that is killed in a call leaves no loss and nothing in flight" {
  for how in exit kill; do
    trace -e read,exit_group -- "$TRACED" blocked $how
    # The kernel lets an interrupted call return, with an error that its caller never sees.
    [ $(($(total out.ndjson errors '.syscall == "read" and (.errno | startswith("ERESTART"))') + \
      $(total out.ndjson unreturned '.syscall == "read"'))) -eq 1 ]
    [ "$(total out.ndjson in_flight)" -eq 0 ]
    [ "$(total out.ndjson unmatched)" -eq 0 ]
  done
}

@test "root: calls that are under way: unmatched at the beginning, in flight at the end" {
  hold blocked stay
  watch -p $held -e read
  go
  pid=$held
  # Its second thread waits in read, the first one for that.
  wait_for 10 eval '[ "$(cat /proc/$pid/task/*/syscall | grep -c ^0)" -eq 1 ] && [ "$(cat /proc/$pid/syscall | cut -d" " -f1)" -ne 0 ]'
  kill -INT "$bsys"
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  complete out.ndjson
  kill -KILL $pid
  [ "$(total out.ndjson unmatched)" -eq 1 ]
  [ "$(total out.ndjson in_flight)" -eq 1 ]
  jq -se --argjson pid $pid '[.[] | select(.kind == "event")] | length == 1 and (.[0] | .metric == "waiting" and .syscall == "read"
    and .abi and .pid == $pid and .tid != $pid and .comm == "traced" and .value > 0)' out.ndjson
}

@test "root: groups by pid, tid, comm, cpu: their sums are the whole" {
  trace -e gettid -k pid -- "$TRACED" children 7 30
  [ "$(by pid | wc -l)" -eq 7 ]
  [ "$(by pid | awk '$2 != 30' | wc -l)" -eq 0 ]
  trace -e gettid -k tid -- "$TRACED" threads 7 30
  [ "$(by tid | wc -l)" -eq 7 ]
  [ "$(by tid | awk '$2 != 30' | wc -l)" -eq 0 ]
  trace -e gettid -k comm -- "$TRACED" names first 30 second 50
  [ "$(by comm | tr '\n' ' ')" = "first 30 second 50 " ]
  if [ "$(nproc)" -ge 2 ]; then
    trace -e gettid -k cpu -- sh -c "$TRACED cpu 0 300; $TRACED cpu 1 500"
    [ "$(by cpu | tr '\n' ' ')" = "0 300 1 500 " ]
  fi
  trace -e gettid -k pid,tid,comm,cpu -- "$TRACED" children 7 30
  [ "$(of gettid)" -eq 210 ]
  trace -e gettid -k pid --count-only -- "$TRACED" children 7 30
  [ "$(by pid | awk '$2 == 30' | wc -l)" -eq 7 ]
}

@test "root: groups by cgroup have its path; --cgroup takes those in it and below, of both versions" {
  for root in /sys/fs/cgroup/cpu /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -e $root/cgroup.procs ] || continue
    cgroup $root
    dir=${groups[-1]}
    mkdir "$dir/below"
    groups=("$dir/below" "${groups[@]}")
    trace -e gettid --cgroup "$dir" -k cgroup -- sh -c "$TRACED loop 5; echo \$\$ >$dir/cgroup.procs; $TRACED loop 30; echo \$\$ >$dir/below/cgroup.procs;
      $TRACED loop 50; echo \$\$ >$root/cgroup.procs; $TRACED loop 7"
    [ "$(by cgroup | tr '\n' ' ')" = "/${dir##*/} 30 /${dir##*/}/below 50 " ] || { by cgroup; false; }
  done
  [ "${#groups[@]}" -gt 0 ] || skip "no control groups"
  # Without --cgroup it is the hierarchy of the CPU controller.
  root=/sys/fs/cgroup/cpu
  [ -e $root/cgroup.procs ] || root=/sys/fs/cgroup
  [ -w $root/cgroup.procs ] || return 0
  trace -e gettid -k cgroup -- sh -c "echo \$\$ >$root/btools-test-$$/cgroup.procs; $TRACED loop 30; echo \$\$ >$root/cgroup.procs"
  [ "$(by cgroup)" = "/btools-test-$$ 30" ]
  run --separate-stderr timeout 10 bsys trace --cgroup /tmp -d 10ms
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--cgroup /tmp"* ]]
}

@test "root: -p takes a process with its threads, or one thread alone" {
  hold threads 5 100
  watch -p $held -e gettid
  "$TRACED" loop 1000
  go
  wait $held
  finish
  [ "$(of gettid)" -eq 500 ]
  "$TRACED" until </dev/null 3>&- &
  until=$!
  hold blocked stay
  go
  wait_for 10 eval '[ "$(ls /proc/$held/task | wc -l)" -eq 2 ]'
  thread=$(ls /proc/$held/task | tail -n 1)
  wait_for 10 grep -q '^State:.S' "/proc/$held/task/$thread/status"
  watch -p "$thread" -e read,futex
  kill -KILL $held
  wait $held || :
  kill -TERM $until
  wait $until || :
  finish
  # The thread returns from the read that it was in.
  [ "$(total out.ndjson unmatched)" -eq 1 ]
  [ "$(calls)" -eq 0 ]
}

@test "root: --tree takes the children of before and those of after" {
  # The shell has a child that waits, and starts another one when told.
  mkfifo second
  bash -c "$TRACED hold loop 300 <hold & read -r <second; $TRACED loop 70; wait" 3>&- &
  shell=$!
  exec {go}>hold
  wait_for 10 pgrep -P $shell -x traced
  watch -p $shell --tree -e gettid -k comm
  "$TRACED" loop 1000
  go
  echo >second
  wait $shell
  finish
  [ "$(by comm)" = "traced 370" ]
  exec {go}>&-
  # Without it only the shell itself.
  bash -c "read -r <second; $TRACED loop 70; true" 3>&- &
  shell=$!
  watch -p $shell -e gettid
  echo >second
  wait $shell
  finish
  [ "$(of gettid)" -eq 0 ]
}

@test "root: a process that gets the number of a traced one is not traced" {
  [ -w /proc/sys/kernel/ns_last_pid ] || skip "the next process number cannot be chosen"
  # In a namespace of its own the numbers are its own.
  cat >reuse <<'END'
traced=$1
mkfifo in
$traced hold loop 30 <in &
first=$!
exec 5>in
bsys trace -p $first -e gettid >out.ndjson 2>err &
bsys=$!
until grep -q meta out.ndjson; do :; done
kill -USR1 $bsys
until grep -q mark out.ndjson; do :; done
echo >&5
wait $first
for i in 1 2 3 4 5 6 7 8 9 10; do
  echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
  $traced loop 500 &
  second=$!
  wait $second
  [ $second -eq $first ] && break
done
kill -INT $bsys
wait $bsys
echo $first $second >numbers
END
  unshare --pid --fork --mount-proc bash reuse "$TRACED"
  read -r first second <numbers
  [ "$first" -eq "$second" ] || skip "the number was not given again"
  [ "$(of gettid)" -eq 30 ]
}

@test "root: -C takes and leaves out names, also those that come with exec and prctl" {
  trace -e gettid -C 'fir*' -k comm -- "$TRACED" names first 30 second 50
  [ "$(by comm)" = "first 30" ]
  trace -e gettid -C '!fir*' -k comm -- "$TRACED" names first 30 second 50
  [ "$(by comm)" = "second 50" ]
  trace -e gettid -C '*r*' -C '!traced' -C sec??d -k comm -- "$TRACED" names first 30 second 50
  [ "$(by comm | tr '\n' ' ')" = "first 30 second 50 " ]
  trace -e gettid -C traced -- sh -c "exec $TRACED loop 30"
  [ "$(of gettid)" -eq 30 ]
  trace -e gettid -C sh -- sh -c "exec $TRACED loop 30"
  [ "$(of gettid)" -eq 0 ]
  hold loop 40
  watch -C 'trac?d' -e gettid
  go
  wait $held
  finish
  [ "$(of gettid)" -eq 40 ]
}

@test "root: --on-cpus takes what begins there" {
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  trace -e gettid --on-cpus 1 -- sh -c "$TRACED cpu 0 300; $TRACED cpu 1 500"
  [ "$(of gettid)" -eq 500 ]
  trace --count-only -e gettid --on-cpus 0 -- sh -c "$TRACED cpu 0 300; $TRACED cpu 1 500"
  [ "$(of gettid)" -eq 300 ]
}

@test "root: --count-only counts what trace counts" {
  for how in "" "-k pid" "-k comm,cpu" "-C traced"; do
    # shellcheck disable=SC2086 # words
    trace $how -- "$TRACED" threads 5 100
    jq -r 'select(.kind == "result" and .metric == "calls") | .syscall' out.ndjson | sort -u >names
    for name in gettid clone3 close exit_group; do of $name; done >got
    # shellcheck disable=SC2086
    trace $how --count-only -- "$TRACED" threads 5 100
    for name in gettid clone3 close exit_group; do of $name; done | diff got -
    jq -r 'select(.kind == "result" and .metric == "calls") | .syscall' out.ndjson | sort -u | diff names -
    jq -se '[.[] | select(.metric == "lat" or .metric == "errors" or .metric == "bytes")] == []' out.ndjson
    [ "$(total out.ndjson matched)" -eq "$(calls)" ]
  done
  # Bare, of the whole machine: at least ours.
  hold loop 4000
  watch --count-only -e gettid
  go
  wait $held
  finish
  [ "$(of gettid)" -ge 4000 ]
}

@test "root: samples add up to the result, every call in one of them" {
  for how in "" "--count-only" "-k tid" "--count-only -k pid"; do
    # shellcheck disable=SC2086 # words
    trace $how -i 10ms -- sh -c "$TRACED bytes 30000 10 & $TRACED errors 20000 20000 20000 & $TRACED loop 100000; wait"
    [ "$(of gettid)" -eq 100000 ]
    jq -se 'def key: [.syscall, .abi, .tid, .pid, .metric, .errno];
      [.[] | select(.syscall and (.kind == "sample" or .kind == "result") and (.metric | IN("calls", "errors", "bytes", "lat", "unreturned")))]
      | group_by(key) | length > 10 and all((map(select(.kind == "sample") | .value // .n) | add) == (map(select(.kind == "result") | .value // .n) | add))' out.ndjson ||
      { echo "$how"; false; }
    jq -se '[.[] | select(.metric == "lat")] | group_by([.syscall, .tid, .pid])
      | all((map(select(.kind == "sample").sum) | add) == (map(select(.kind == "result").sum) | add)
      and (map(select(.kind == "sample").max) | max) <= map(select(.kind == "result").max)[0])' out.ndjson
    [ "$(jq -s '[.[] | select(.kind == "sample").ts] | unique | length' out.ndjson)" -gt 2 ]
  done
}

@test "root: -n counts intervals" {
  trace -n 3 -i 50ms -e gettid -k comm -C traced & trace=$!
  "$TRACED" until </dev/null 3>&- &
  until=$!
  wait $trace
  kill -TERM $until
  wait $until || :
  [ "$(jq -s '[.[] | select(.kind == "sample").ts] | unique | length' out.ndjson)" -le 3 ]
  jq -se '.[-1] | .status == "ok" and .elapsed >= 0.15 and .elapsed < 5' out.ndjson
}

@test "root: too many groups are lost, and counted" {
  timeout 20 bsys trace -o out.ndjson --max-groups 4 -k tid -e gettid -- "$TRACED" threads 20 50
  complete out.ndjson
  [ "$(by tid | wc -l)" -eq 4 ]
  [ "$(of gettid)" -eq 200 ]
  [ "$(total out.ndjson lost '.cause == "groups"')" -eq 800 ]
  [ "$(lost out.ndjson)" -eq 800 ]
  jq -se '[.[] | select(.kind == "result")] | all(.lost == 800)' out.ndjson
  timeout 20 bsys trace -o out.ndjson --max-groups 4 -k tid -e gettid --count-only -- "$TRACED" threads 20 50
  [ $(($(of gettid) + $(lost out.ndjson))) -eq 1000 ]
}

@test "root: too many tasks are lost, and counted" {
  timeout 20 bsys trace -o out.ndjson --max-tasks 16 -e gettid -- "$TRACED" threads 300 10
  complete out.ndjson
  [ "$(total out.ndjson lost '.cause == "tasks"')" -gt 0 ]
  # Calls of other names are lost as well: what is not known of a task may be which it makes.
  [ $(($(of gettid) + $(lost out.ndjson))) -ge 3000 ]
  [ "$(of gettid)" -lt 3000 ]
  # Numbers that share a place in the table.
  trace --max-tasks 1000 -e gettid -k pid -- "$TRACED" children 300 10
  [ "$(of gettid)" -eq 3000 ]
}

@test "root: a thousand tasks at once, and five hundred children of a millisecond" {
  trace -e gettid,clock_nanosleep,exit_group -k pid -- "$TRACED" children 1000 20
  [ "$(of gettid)" -eq 20000 ]
  [ "$(of exit_group)" -eq 1001 ]
  trace -e gettid -- sh -c "for i in 1 2 3 4 5; do $TRACED children 100 7; done"
  [ "$(of gettid)" -eq 3500 ]
  [ "$(total out.ndjson in_flight)" -eq 0 ]
}

@test "root: INT ends a trace without an end of its own, and that is no interruption" {
  watch -e gettid
  kill -INT "$bsys"
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  jq -se '.[-1].status == "ok"' out.ndjson
  check_records out.ndjson
}

@test "root: signals: INT with an end of its own, TERM, HUP: interrupted, whole, dead by it; the command gets it" {
  for signal in INT TERM HUP; do
    for how in "-d 50s" "-n 50"; do
      # shellcheck disable=SC2086 # words
      bsys trace -e gettid $how >out.ndjson 2>err & bsys=$!
      started out.ndjson $bsys
      kill -$signal $bsys
      ended $bsys
      [ "$status" -eq $((128 + $(kill -l $signal))) ]
      complete out.ndjson
      jq -se '.[-1].status == "interrupted"' out.ndjson
    done
  done
  bsys trace -e gettid -- "$TRACED" until >out.ndjson 2>err & bsys=$!
  started out.ndjson $bsys
  wait_for 10 eval 'child=$(pgrep -P $bsys -x traced)'
  kill -TERM $bsys
  ended $bsys
  [ "$status" -eq 143 ]
  jq -se '.[-1].status == "interrupted"' out.ndjson
  [ ! -e "/proc/$child" ]
  bsys trace -e gettid >out.ndjson 2>err & bsys=$!
  started out.ndjson $bsys
  kill -TERM $bsys
  ended $bsys
  [ "$status" -eq 143 ]
}

@test "root: a signal is passed to a command of another user" {
  need setpriv
  bsys trace -e gettid -- setpriv --reuid=65534 --clear-groups sleep 100 >out.ndjson 2>err & bsys=$!
  started out.ndjson $bsys
  wait_for 10 pgrep -P $bsys -x sleep
  wait_for 10 eval 'child=$(pgrep -P $bsys -x sleep)'
  kill -TERM $bsys
  ended $bsys
  [ "$status" -eq 143 ]
  [ ! -e "/proc/$child" ]
}

@test "root: when the reader goes, so does bsys, quietly, and the command with it" {
  run --separate-stderr timeout 20 bash -c "bsys trace -i 10ms -- $TRACED until | head -n 1; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  wait_for 5 eval '! pgrep -f "^$TRACED until"'
}

@test "root: SIGKILL leaves no program and no command" {
  need bpftool
  bsys trace -e gettid -- "$TRACED" until >out.ndjson 2>err & bsys=$!
  started out.ndjson $bsys
  wait_for 10 eval 'child=$(pgrep -P $bsys -x traced)'
  [ "$(bpftool prog list pids 2>/dev/null | grep -c "bsys($bsys)")" -gt 3 ] || [ "$(bpftool prog list | grep -c on_sys_enter)" -gt 0 ]
  kill -KILL $bsys
  ended $bsys
  wait_for 10 test ! -e "/proc/$child"
  wait_for 10 eval '[ "$(bpftool prog list | grep -c "bsys($bsys)")" -eq 0 ]'
}

@test "root: USR1 is a mark, USR2 pauses and resumes" {
  hold until
  watch -p $held -e gettid,clock_nanosleep -i 20ms
  go
  wait_for 10 eval 'grep -q "\"calls\"" out.ndjson'
  kill -USR2 "$bsys"
  wait_for 10 grep -q '"name":"pause-2"' out.ndjson
  # What was counted before the pause is in the next sample; then there are none.
  lines=-1
  wait_for 10 eval 'last=$lines; lines=$(wc -l <out.ndjson); [ "$last" -eq "$lines" ]'
  elapse 300
  [ "$(wc -l <out.ndjson)" -eq "$lines" ]
  kill -USR2 "$bsys"
  wait_for 10 eval 'tail -n +$((lines + 1)) out.ndjson | grep -q "\"calls\""'
  kill -TERM $held
  wait $held || :
  finish
  jq -rs '[.[] | select(.kind == "mark").name] | join(" ")' out.ndjson | grep -qx "mark-1 pause-2 resume-3"
  # No call was as long as the pause, and the pause is in no span.
  jq -se '[.[] | select(.kind == "result" and .metric == "lat")][0] | .max < 2e8' out.ndjson
  jq -se '(.[-1].elapsed - [.[] | select(.kind == "result")][0].dur) > 0.25' out.ndjson
  jq -se '(map(select(.kind == "sample" and .metric == "calls").value) | add) == (map(select(.kind == "result" and .metric == "calls").value) | add)' out.ndjson
}

@test "without root: status 3, one sentence, nothing on stdout" {
  need setpriv
  chmod 755 "$BATS_TEST_TMPDIR"
  for how in "trace -d 1s" "events -d 1s" "trace -- true" "trace -N"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups bsys $how
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *root*CAP_BPF*CAP_PERFMON* ]]
  done
}

@test "root: CAP_BPF and CAP_PERFMON are enough, and more is not kept" {
  need setpriv
  caps=+bpf,+perfmon
  run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,$caps --ambient-caps=-all,$caps \
    bsys trace -e write -- dd if=/dev/zero of=/dev/null bs=1 count=10 status=none
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >out.ndjson
  complete out.ndjson
  [ "$(of write)" -eq 10 ]
  run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf --ambient-caps=-all,+bpf bsys trace -d 1s
  [ "$status" -eq 3 ]
  [[ "$stderr" == *CAP_PERFMON* ]]
  watch -e gettid
  [ "$(awk '/^CapEff/ { print $2 }' "/proc/$bsys/status")" = 000000c000000000 ]
  [ "$(awk '/^CapPrm/ { print $2 }' "/proc/$bsys/status")" = 000000c000000000 ]
  finish
}

@test "root: the output file may lie in somebody else's directory" {
  mkdir theirs
  chown 65534:65534 theirs
  chmod 755 theirs
  timeout 20 bsys trace -e gettid -o theirs/out.ndjson -- "$TRACED" loop 10
  complete theirs/out.ndjson
  [ "$(ls theirs)" = out.ndjson ]
}

@test "root: a limit on locked memory is no obstacle" {
  need prlimit
  run --separate-stderr timeout 20 prlimit --memlock=0 bsys trace -e gettid -- "$TRACED" loop 10
  [ "$status" -eq 0 ]
  echo "$output" >out.ndjson
  [ "$(of gettid)" -eq 10 ]
}

@test "what a machine lacks is status 3 and one sentence" {
  mkdir -p bare/proc bare/sys locked/sys/kernel/security locked/sys/kernel/btf locked/proc
  run --separate-stderr timeout 20 bsys --root bare trace -d 1s
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *btf* ]]
  echo 'none integrity [confidentiality]' >locked/sys/kernel/security/lockdown
  : >locked/sys/kernel/btf/vmlinux
  run --separate-stderr timeout 20 bsys --root locked trace -d 1s
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *"locked down"* ]]
  run --separate-stderr timeout 20 unshare -m bash -c 'mount -t tmpfs none /sys/kernel/tracing && mount -t tmpfs none /sys/kernel/debug 2>/dev/null
    bsys trace --attach classic -d 1s'
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *tracefs* ]]
}

@test "a build without BPF says so" {
  dir=$(variant BPF=0)
  [ -x "$dir/bsys" ] || skip "not built"
  for how in "trace -d 1s" "events -- true"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 "$dir/bsys" $how
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"without BPF"* ]]
  done
}

@test "root: every way to attach gives the same counts" {
  mounted=1
  [ -e /sys/kernel/tracing/events ] || mounted=0
  for how in "" "--count-only" "-k pid,tid,comm,cgroup,cpu" "-C traced" "--digits 2"; do
    for attach in btf raw classic; do
      if [ $attach = classic ] && [ $mounted = 0 ]; then
        # shellcheck disable=SC2086 # words
        timeout 20 unshare -m bash -c "mount -t tracefs tracefs /sys/kernel/tracing && exec bsys trace -o out.ndjson $how --attach classic -- $TRACED threads 5 70"
      else
        # shellcheck disable=SC2086 # words
        timeout 20 bsys trace -o out.ndjson $how --attach $attach -- "$TRACED" threads 5 70
      fi
      complete out.ndjson
      [ "$(jq -rs '.[0].attach' out.ndjson)" = $attach ]
      [ "$(lost out.ndjson)" -eq 0 ]
      echo "$(of gettid) $(of execve) $(of clone3) $(of exit) $(of close)" >"$attach"
    done
    diff btf raw && diff btf classic || { echo "$how"; false; }
  done
}

@test "root: the programs load in every combination of filters and groups" {
  for attach in btf raw classic; do
    if [ $attach = classic ] && [ ! -e /sys/kernel/tracing/events ]; then continue; fi
    for test in trace "trace --count-only" events; do
      for filter in "" "-p 1" "-p 1 --tree" "-C * -C !x" "--cgroup /sys/fs/cgroup/cpu" "-p 1 -C * --on-cpus 0" "-e read,execve"; do
        [[ "$filter" != *cgroup* ]] || [ -e /sys/fs/cgroup/cpu/cgroup.procs ] || continue
        for keys in "" "-k pid" "-k pid,tid,comm,cgroup,cpu"; do
          [ "$test" != events ] || [ -z "$keys" ] || continue
          [ $attach = btf ] || [ -z "$keys" ] || [ -z "$filter" ] || continue
          set -f
          # shellcheck disable=SC2086 # words
          timeout 20 bsys $test --attach $attach --max-groups 64 $filter $keys -N >out.ndjson || { echo "$test $attach $filter $keys"; false; }
          set +f
        done
      done
    done
  done
}

@test "root: in a PID namespace numbers are meant as they are there" {
  cat >inner <<'END'
mkfifo in
"$1" hold threads 3 20 <in &
held=$!
exec 5>in
bsys trace -p $held -e gettid -k pid,tid >out.ndjson 2>err &
bsys=$!
until grep -q meta out.ndjson; do :; done
kill -USR1 $bsys
until grep -q mark out.ndjson; do :; done
echo >&5
wait $held
kill -INT $bsys
wait $bsys
echo $held >number
# It never traces itself.
bsys trace -k pid -d 100ms -o all.ndjson &
echo $! >itself
wait
END
  unshare --pid --fork --mount-proc bash inner "$TRACED"
  complete out.ndjson
  [ "$(of gettid)" -eq 60 ]
  jq -se --argjson pid "$(cat number)" '[.[] | select(.metric == "calls")] | length == 3 and all(.ns_pid == $pid and .pid != .ns_pid and .ns_tid > $pid)' out.ndjson
  jq -se --argjson pid "$(cat itself)" 'map(select(.metric == "matched")) != [] and all(.ns_pid != $pid)' all.ndjson
  # From outside: both numbers.
  timeout 20 bsys trace -o out.ndjson -e gettid -k pid -- unshare --pid --fork "$TRACED" loop 10
  jq -se '[.[] | select(.metric == "calls")] | length == 1 and .[0].ns_pid == 1 and .[0].pid > 1' out.ndjson
}

@test "root: bsys does not trace itself" {
  bsys trace -k pid -i 10ms -d 300ms -o out.ndjson &
  itself=$!
  # On an idle machine nobody else makes calls.
  while kill -0 $itself 2>/dev/null; do "$TRACED" loop 10; done
  wait $itself
  jq -se --argjson pid $itself 'map(select(.metric == "calls")) != [] and all(.pid != $pid)' out.ndjson
}

@test "root: a dry run loads the programs and runs nothing" {
  run --separate-stderr timeout 20 bsys trace -N -k pid -e read,write -i 1s -- touch ran
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "${#lines[@]}" -eq 2 ]
  echo "$output" >out.ndjson
  complete out.ndjson
  jq -se '.[0] | .dry_run == true and .calls == "read,write" and .keys == "pid" and .tests == "trace" and .attach == "btf"' out.ndjson
  [ ! -e ran ]
}

@test "wrong usage is named" {
  while IFS='|' read -r words named; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 bsys $words
    [ "$status" -eq 2 ] || { echo "$words: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"$named"* ]] || { echo "$words: ${stderr_lines[0]}"; false; }
  done <<'END'
trace -e nosuchcall|nosuchcall
trace -e read,,write|-e
trace -e 512|512
trace -k pid,nosuchkey|nosuchkey
trace --tree|--tree: only with -p
trace -p 0|-p
trace -p 99999999|-p
trace -p x|-p
trace -p 1 -- true|-p and a COMMAND
trace null|alone
trace events|alone
trace --sample 3|--sample: not for trace
trace --limit 3|--limit: not for trace
trace --ring-size 4k|--ring-size: not for trace
events --count-only|--count-only: not for events
events -k pid|--keys: not for events
events --digits 1|--digits: not for events
events --ring-size 5000|--ring-size
events --ring-size 2k|--ring-size
trace --digits 3|--digits
trace --attach kprobe|--attach
trace -C 12345678901234567|-C
trace -m nosuchmetric|nosuchmetric
trace --on-cpus 1024|--on-cpus
trace --max-groups 0|--max-groups
trace --cgroup /nonexistent|--cgroup
null -e read|--events
null -k pid|--keys
null --count-only|--count-only
null -- true|COMMAND
END
}

@test "load options that mean nothing here are refused" {
  for option in "-t 2" "-r 100" "-R 3" "-w 1s" "-c 0" "-b 4k" "--calls 5" "--where same" "--file /dev/null" "--cooldown 1s" "--lock fail" "--arrival poisson" "--seed 3"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 bsys trace $option -d 10ms
    [ "$status" -eq 2 ] || { echo "$option: $status"; false; }
    [ -z "$output" ]
  done
}

@test "root: -m, -T, -f tsv and text, a full disk" {
  timeout 20 bsys trace -m calls,lost -T site=a -T color=red -e gettid -o out.ndjson -- "$TRACED" loop 10
  jq -se '[.[] | select(.kind == "result").metric] | unique == ["calls", "lost"]' out.ndjson
  jq -se 'all(.color == "red")' out.ndjson
  timeout 20 bsys trace -f tsv -e gettid -o out.tsv -- "$TRACED" loop 10
  awk -F'\t' '$9 == "calls" && $11 == 10 { found = 1 } NF != 20 { exit 1 } END { exit !found }' out.tsv
  run --separate-stderr timeout 20 bsys trace -f text -e gettid -- "$TRACED" loop 10
  [[ "$output" == *gettid*calls*10* ]]
  run --separate-stderr timeout 20 bash -c "bsys trace -e gettid -- $TRACED loop 10 >/dev/full"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"No space left"* ]]
}

@test "root: the examples of the page" {
  sed -n 's/^\.Dl \(bsys \(trace\|events\) .*\)/\1/p' "$TOP/man/bsys.1" | sed 's/\\(dq/"/g' >examples
  [ "$(wc -l <examples)" -ge 6 ]
  # On an idle machine nobody else makes calls, or has errors.
  timeout 60 sh -c 'while :; do cat /no/such/file; done' >/dev/null 2>&1 3>&- &
  while IFS= read -r command; do
    run --separate-stderr timeout 60 bash -o pipefail -c "$command" </dev/null
    [ "$status" -eq 0 ] || { echo "$command: $status $stderr"; false; }
    [ -n "$output" ] || [[ "$command" == *-p\ 1* || "$command" == *-o* || "$command" == *ENOENT* ]] || { echo "$command: nothing"; false; }
  done <examples
  kill $!
  complete io.ndjson
  [ "$(jq -s '[.[] | select(.kind == "event" and .syscall == "write" and .size == 4096)] | length' io.ndjson)" -eq 10 ]
  bsys --help | sed -n 's/^  \(bsys \(trace\|events\) .*\)/\1/p' >examples
  [ "$(wc -l <examples)" -eq 2 ]
}

@test "root: the programs tell what they cost" {
  timeout 20 bsys trace -o out.ndjson -- "$TRACED" loop 20000
  jq -se '[.[] | select(.metric == "self_run") | .program] | contains(["on_sys_enter", "on_sys_exit"])' out.ndjson
  jq -se '[.[] | select(.metric | IN("self_cpu", "self_rss", "self_maps")?) | .metric] == ["self_cpu", "self_rss", "self_maps"]' out.ndjson
  jq -se '[.[] | select(.metric == "self_run")] | all(.value > 0 and .unit == "ns")' out.ndjson
}
