# Shared by the tests of bsched's tracing: load tasks, after load helper
#
# The tasks of some containers' process 1 are hidden from tracing: what happens on a CPU while such a task has it is not seen. So
# the switch from it to another task is missed, and so is a wakeup by an interrupt at that time. Both show in the records, and the
# tests allow for them (hidden).

# compile_tasks: the programs that make known things, as $TASKS and $TRACED; for setup_file.
compile_tasks() {
  export TASKS="$BATS_FILE_TMPDIR/tasks"
  cc -O0 -fno-omit-frame-pointer -Wall -Wextra -Werror -D_GNU_SOURCE -pthread -o "$TASKS" "$TOP/tests/fixtures/trace/tasks.c"
  compile_traced
}

# setup_tasks: for setup.
setup_tasks() {
  need_bpf
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  mkfifo hold
  # The last CPU that is allowed, and another one, or the same.
  CPU=$(taskset -cp $$ | sed 's/.*[^0-9]//')
  OTHER=$(taskset -cp $$ | sed 's/.*: //; s/[^0-9].*//')
  held=
  groups=()
}

# teardown_tasks: for teardown.
teardown_tasks() {
  release
  for dir in "${groups[@]}"; do
    wait_for 5 rmdir "$dir" || :
  done
}

# trace ARG...: bsched into out.ndjson, which must be complete and without loss; sets status.
trace() {
  status=0
  timeout 60 bsched -o out.ndjson "$@" 2>err || status=$?
  complete out.ndjson
  [ "$(lost out.ndjson)" -eq 0 ] || { jq -c 'select(.metric == "lost")' out.ndjson; false; }
}

# hold ARG...: the program, waiting to begin; its stdout goes to the file told; sets held. go: let it begin.
hold() {
  "$TASKS" hold "$@" <hold >told 3>&- &
  held=$!
  exec {go}>hold
}

go() {
  echo >&"$go"
  exec {go}>&-
}

# release: let it go, whatever it does.
release() {
  [ -n "$held" ] || return 0
  kill -KILL "$held" 2>/dev/null || :
  wait "$held" 2>/dev/null || :
  held=
}

# start ARG...: bsched as our own child in the background, counting; sets bsched.
start() {
  rm -f out.ndjson
  : >out.ndjson
  bsched "$@" >>out.ndjson 2>err 3>&- &
  bsched=$!
  started out.ndjson "$bsched"
}

# watch ARG...: bsched in the background, counting; sets bsched.
watch() {
  : >out.ndjson
  timeout 60 bsched "$@" >>out.ndjson 2>err 3>&- &
  wait_for 5 eval 'bsched=$(pgrep -P '$!' -x bsched)'
  started out.ndjson "$bsched"
}

# finish: end it.
finish() {
  kill -INT "$bsched"
  wait_for 10 grep -q '"kind":"end"' out.ndjson
  complete out.ndjson
}

# stayed N: wait until N threads of the program that stays have done their work and sleep.
stayed() {
  wait_for 30 eval '[ "$(grep -c done told)" -eq '"$1"' ]'
  wait_for 10 eval '[ "$(grep -L "^State:.S" /proc/$held/task/*/status | wc -l)" -eq 0 ]'
}

# kernel: what the kernel has counted of the threads of the program but the first, as JSON.
kernel() {
  local dir
  for dir in /proc/"$held"/task/*; do
    [ "${dir##*/}" -ne "$held" ] || continue
    read -r run wait _ <"$dir/schedstat"
    awk -v tid="${dir##*/}" -v run="$run" -v wait="$wait" '$1 ~ /ctxt_switches/ { n[$1] = $2 }
      END { printf "{\"tid\":%s,\"voluntary\":%s,\"involuntary\":%s,\"run\":%s,\"wait\":%s}\n", tid,
      n["voluntary_ctxt_switches:"], n["nonvoluntary_ctxt_switches:"], run, wait }' "$dir/status"
  done
}

# what DISTRIBUTION SUM|N|MAX [FILTER]: of out.ndjson's results of a metric that the filter selects, all together.
what() {
  jq -s --arg metric "$1" "[.[] | select(.kind == \"result\" and .metric == \$metric) | select(${3:-true}) | .$2] |
    if \"$2\" == \"max\" then max // 0 else add // 0 end" out.ndjson
}

# hidden: events that out.ndjson says were not seen, at most.
hidden() {
  echo $(($(total out.ndjson unmatched '.how == "missed"') + $(total out.ndjson odd '.how == "unwoken"')))
}

# by METRIC KEY...: "VALUE... COUNT" of the results of a metric, in order.
by() {
  local metric=$1 keys
  shift
  keys=$(printf '(.%s | tostring), ' "$@")
  jq -r --arg metric "$metric" "select(.kind == \"result\" and .metric == \$metric) | [$keys (.value // .n | tostring)] | join(\" \")" out.ndjson | sort
}

# cgroup NAME DIR: make a control group, removed in the end.
cgroup() {
  [ -w "$1" ] && mkdir "$1/btools-test-$$" || skip "no control group can be made in $1"
  groups+=("$1/btools-test-$$")
}
