load helper

# bsample's groups proc and thread: what processes use, from both sources, against what the kernel and they themselves say.

setup_file() {
  export WORKER="$BATS_FILE_TMPDIR/worker"
  cc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread -o "$WORKER" "$TOP/tests/fixtures/sample/worker.c"
}

setup() {
  trace_turn
  cd "$BATS_TEST_TMPDIR" || return
  chmod 777 .
  mkfifo hold
  workers=() samplers=() groups=()
  exec {go}>/dev/null
  NOBODY=(env)
  [ "$(id -u)" -ne 0 ] || NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)
}

teardown() {
  [ "${#workers[@]}${#samplers[@]}" = 00 ] || { kill -KILL "${workers[@]}" "${samplers[@]}"; wait "${workers[@]}" "${samplers[@]}"; } 2>/dev/null || :
  for dir in "${groups[@]}"; do
    [ ! -e "$dir" ] || wait_for 5 rmdir "$dir" || :
  done
}

# work WORD...: the worker, waiting to begin; its stdout goes to the file told; sets worker. go: one line to it.
work() {
  "$WORKER" "$@" <hold >told 3>&- &
  worker=$!
  workers+=("$worker")
  exec {go}>hold
}

go() {
  echo >&"$go"
}

# sample FILE ARG...: bsample in the background, until its first samples are there; sets sampler.
sample() {
  local file=$1
  shift
  bsample "$@" >"$file" 2>"$file.err" 3>&- {go}>&- &
  sampler=$!
  samplers+=("$sampler")
  wait_for 20 ticks "$file" 1
}

# ticks FILE N: whether FILE has the samples of N ticks.
ticks() {
  [ "$(grep -c '"metric":"self_cpu"' "$1")" -ge "$2" ]
}

# more FILE: wait until it has two ticks more than now.
more() {
  wait_for 20 ticks "$1" $(($(grep -c '"metric":"self_cpu"' "$1") + 2))
}

# stop: end all of them, and see that their streams are whole.
stop() {
  kill -INT "${samplers[@]}"
  wait "${samplers[@]}"
  samplers=()
}

# sum FILE METRIC [FILTER]: what all samples of the metric add up to: their values times their spans.
sum() {
  jq -s --arg metric "$2" "[.[] | select(.kind == \"sample\" and .metric == \$metric) | select(${3:-true}) | .value * .dur] | add // 0 | . + 0.001 | floor" "$1"
}

# cpu_ms FILE [FILTER]
cpu_ms() {
  jq -s "[.[] | select(.kind == \"sample\" and .metric == \"cpu\") | select(${2:-.state == null}) | .value * .dur * 1000] | add // 0 | floor" "$1"
}

# counted PID: what the kernel has counted of a process of one thread: "MINOR READ WRITE RCHARS WCHARS VOLUNTARY INVOLUNTARY RUN_NS WAIT_NS".
counted() {
  local stat io run wait
  stat=$(<"/proc/$1/stat")
  read -r -a stat <<<"${stat##*) }"
  io=$(awk '{ v[$1] = $2 } END { print v["read_bytes:"], v["write_bytes:"], v["rchar:"], v["wchar:"] }' "/proc/$1/io")
  read -r run wait _ <"/proc/$1/schedstat"
  echo "${stat[7]} $io $(awk '/ctxt_switches/ { print $2 }' "/proc/$1/status" | xargs) $run $wait"
}

# asleep PID: whether it waits for us.
asleep() {
  grep -q '^State:.S' "/proc/$1/status"
}

# events FILE FILTER: how many processes that ended the filter selects.
events() {
  jq -s "[.[] | select(.kind == \"event\" and .metric == \"life\") | select($2)] | length" "$1"
}

sources() {
  if [ "$(id -u)" -eq 0 ] && [ -e "$BUILD/bsample.skel.h" ] && [ -e /sys/kernel/btf/vmlinux ]; then
    echo bpf
  fi
  echo procfs
}

@test "both sources count what the kernel has counted, and each other's figures" {
  work hold burn=300 touch=1000 sleep=40 read=1000000 write=65536 say hold
  wait_for 5 asleep "$worker"
  for source in $(sources); do
    sample $source.ndjson --source $source -i 50ms -p "$worker"
  done
  read -r -a before < <(counted "$worker")
  go
  wait_for 30 grep -q minor told
  wait_for 5 asleep "$worker"
  read -r -a after < <(counted "$worker")
  for source in $(sources); do
    more $source.ndjson
  done
  stop
  for source in $(sources); do
    complete $source.ndjson
    [ "$(jq -r 'select(.kind == "meta").source' $source.ndjson)" = "$source" ]
    i=0
    for what in 'faults .how=="minor"' 'bw .op=="read"' 'bw .op=="write"' 'io .op=="read"' 'io .op=="write"' \
      'switches .how=="voluntary"' 'switches .how=="involuntary"'; do
      got=$(sum $source.ndjson ${what% *} "${what#* }")
      [ "$got" -eq $((after[i] - before[i])) ] || { echo "$source: $what: $got, not $((after[i] - before[i]))"; false; }
      i=$((i + 1))
    done
    # The time on a CPU, and waiting for one: to the nanosecond, or in steps of 10 ms twice (user and system time are cut apart).
    run=$(((after[7] - before[7]) / 1000000)) wait=$(((after[8] - before[8]) / 1000000)) got=$(cpu_ms $source.ndjson)
    step=2
    [ $source = bpf ] || step=22
    [ "$got" -ge $((run - step)) ] && [ "$got" -le $((run + step)) ] || { echo "$source: cpu: $got ms, not $run"; false; }
    got=$(cpu_ms $source.ndjson '.state == "wait"')
    [ "$got" -ge $((wait - 1)) ] && [ "$got" -le $((wait + 1)) ] || { echo "$source: wait: $got ms, not $wait"; false; }
    # The parts are the whole.
    got=$(($(cpu_ms $source.ndjson '.state == "user"') + $(cpu_ms $source.ndjson '.state == "sys"') - $(cpu_ms $source.ndjson)))
    [ "${got#-}" -le 3 ]
    [ "$(jq -r 'select(.metric == "cpu").comm' $source.ndjson | sort -u)" = worker ]
    [ "$(jq 'select(.metric == "cpu").start' $source.ndjson | sort -u)" -eq "$(sed 's/.*) //' "/proc/$worker/stat" | cut -d' ' -f20)" ]
  done
  # And its own: what it used is nearly all that getrusage(2) tells, which counts by ticks.
  cpu=$(jq '.cpu / 1000 | floor' told)
  for source in $(sources); do
    got=$(cpu_ms $source.ndjson)
    [ "$got" -ge $((cpu - 40)) ] && [ "$got" -le $((cpu + 40)) ] || { echo "$source: $got ms, $cpu by getrusage"; false; }
  done
}

@test "root: a process is the sum of its threads, those that ended included" {
  need_bpf
  work hold threads=4 say hold
  wait_for 5 asleep "$worker"
  for source in $(sources); do
    sample $source.ndjson --source $source -i 50ms -p "$worker" proc
  done
  sample thread.ndjson -i 50ms -p "$worker" thread
  sample both.ndjson --source procfs -i 50ms -p "$worker" proc thread
  go
  wait_for 30 grep -q minor told
  for file in bpf procfs thread both; do
    more $file.ndjson
  done
  stop
  complete both.ndjson
  [ "$(sum both.ndjson faults '.test == "proc"')" -eq "$(sum procfs.ndjson faults)" ]
  [ "$(sum both.ndjson switches '.test == "proc" and .how == "voluntary"')" -eq "$(sum procfs.ndjson switches '.how == "voluntary"')" ]
  for file in bpf procfs thread; do
    complete $file.ndjson
    got=$(cpu_ms $file.ndjson) cpu=$(jq '.cpu / 1000 | floor' told)
    [ "$got" -ge 80 ] && [ "$got" -ge $((cpu - 50)) ] && [ "$got" -le $((cpu + 50)) ] || { echo "$file: $got ms, $cpu by getrusage"; false; }
    # Each of the four sleeps five times; who else waits is not known.
    got=$(sum $file.ndjson switches '.how == "voluntary"')
    [ "$got" -ge 20 ] && [ "$got" -le $(($(jq .voluntary told) + 5)) ] || { echo "$file: $got switches"; false; }
    [ "$(sum $file.ndjson faults '.how == "minor"')" -gt 0 ]
  done
  [ "$(jq 'select(.metric == "threads").value' bpf.ndjson | sort -n | tail -n 1)" -ge 1 ]
  # As threads: five, each with a number of its own.
  [ "$(jq 'select(.metric == "cpu").tid' thread.ndjson | sort -u | wc -l)" -eq 5 ]
  [ "$(jq 'select(.metric == "cpu").pid' thread.ndjson | sort -u)" -eq "$worker" ]
}

@test "root: every process that a command starts is seen, however short its life" {
  need_bpf
  n=200
  for how in "--attach btf" "--attach raw" "--attach classic" "--source taskstats"; do
    status=0
    # shellcheck disable=SC2086
    bsample $how -i 10s -m cpu,faults,life,ends,lost -o out.ndjson -- "$WORKER" fork=$n say >said || status=$?
    [ $status -eq 0 ]
    grep -q minor said
    complete out.ndjson
    [[ "$how" == *" $(jq -r 'select(.kind == "meta") | .attach // .ends' out.ndjson)" ]]
    [ "$(events out.ndjson '.status == 3 and .minor >= 10 and .comm == "worker" and .value > 0')" -eq $n ]
    [ "$(events out.ndjson '.status == 0')" -eq 1 ]
    [ "$(jq -s 'map(select(.metric == "ends").value) | add' out.ndjson)" -eq $((n + 1)) ]
    [ "$(total out.ndjson lost)" -eq 0 ]
    # Their samples have what they used, in the time that they lived: all of it, but for the command what it used before it was run.
    all=$(jq -s '[.[] | select(.kind == "event" and .status == 3) | .minor] | add' out.ndjson)
    command=$(jq -s '.[] | select(.kind == "event" and .status == 0) | .pid' out.ndjson)
    [ "$(sum out.ndjson faults ".how == \"minor\" and .pid != $command")" -eq "$all" ]
    jq -se '(map(select(.kind == "event")) | map({key: (.pid | tostring), value: (.value / 1e9)}) | from_entries) as $life |
      map(select(.kind == "sample" and .metric == "cpu" and .state == null)) | length == '$((n + 1))' and all(.dur <= $life[.pid | tostring] + 0.000001)' out.ndjson
    n=20
  done
  check_records out.ndjson
  # A thread that lasts some ticks is no process that went without a word.
  for how in btf classic; do
    bsample --attach $how -i 20ms -m lost -o out.ndjson -- "$WORKER" threads=1 sleep=100
    [ "$(total out.ndjson lost)" -eq 0 ]
  done
}

@test "root: the last figures of a process are those of all its threads, also when the first one ended long before" {
  need_bpf
  for how in "--attach btf" "--attach classic" "--source taskstats"; do
    # shellcheck disable=SC2086
    bsample $how -i 10s -m life -o out.ndjson -- "$WORKER" leave >said 2>err
    complete out.ndjson
    child=$(jq .child said)
    [ "$(events out.ndjson ".pid == $child")" -eq 1 ]
    # What it did on its way out comes on top of what was told.
    for what in minor voluntary; do
      got=$(jq "select(.metric == \"life\" and .pid == $child).$what" out.ndjson) want=$(jq .$what said)
      [ "$got" -le "$want" ] && [ "$got" -ge $((want - 8)) ] || { echo "$how: $what: $got, not $want"; false; }
    done
    [ "$(jq .minor said)" -ge 1200 ]
  done
}

@test "a command's status is passed on, and its stdout is not mixed with records" {
  status=0
  bsample -i 10s -- sh -c 'echo words; exit 7' >out.ndjson 2>err || status=$?
  [ $status -eq 7 ]
  complete out.ndjson
  grep -q words err
  run -127 bsample -- "$PWD/no-such-program"
  status=0
  bsample -i 10s -- sh -c 'kill -TERM $$' >out.ndjson 2>err || status=$?
  [ $status -eq 143 ]
  complete out.ndjson
  # It knows whose run it is in.
  bsample -i 10s -o out.ndjson -- sh -c 'echo $BTOOLS_RUN' >said 2>err
  [ "$(jq -r .run out.ndjson | sort -u)" = "$(<said)" ]
  # A signal for us is one for it, and nothing stays behind.
  bsample -i 10s -o out.ndjson -- sleep 1000 2>err 3>&- &
  sampler=$!
  samplers+=("$sampler")
  wait_for 10 eval 'sleeper=$(pgrep -P '"$sampler"' -x sleep)'
  kill -TERM "$sampler"
  status=0
  wait "$sampler" || status=$?
  [ $status -eq 143 ]
  [ ! -e "/proc/$sleeper" ]
  [ "$(jq -r 'select(.kind == "end").status' out.ndjson)" = interrupted ]
  samplers=()
}

@test "top: the N with most of a metric, the first one first" {
  work hold keep=40 say hold
  "$WORKER" keep=20 burn=400 hold <hold >/dev/null 3>&- &
  workers+=($!)
  small=$!
  go
  wait_for 20 grep -q minor told
  bsample -i 100ms -n 2 -C 'worker' --top 1:rss >out.ndjson 2>err
  complete out.ndjson
  [ "$(jq 'select(.metric == "rss").pid' out.ndjson | sort -u)" -eq "$worker" ]
  jq -se '[.[] | select(.metric == "rss")] | length == 2 and all(.value > 40e6)' out.ndjson
  bsample -i 100ms -n 1 -p "$worker,$small" --top 2:rss -m rss >out.ndjson 2>err
  [ "$(jq 'select(.metric == "rss").pid' out.ndjson | xargs)" = "$worker $small" ]
  # Without a choice ten, and all with 0.
  bsample -i 200ms -n 1 -m cpu,threads proc >out.ndjson 2>err
  [ "$(jq 'select(.metric == "threads" or (.metric == "cpu" and .state == null)) | .pid' out.ndjson | sort -u | wc -l)" -le 10 ]
  bsample -i 50ms -n 1 --top 0 -m threads proc >out.ndjson 2>err
  jq -r 'select(.metric == "threads").pid' out.ndjson | grep -qx "$worker"
  jq -r 'select(.metric == "threads").pid' out.ndjson | grep -qx "$$"
  [ "$(jq 'select(.metric == "threads").pid' out.ndjson | sort | uniq -d | wc -l)" -eq 0 ]
  for bad in x 1:x :cpu 99999999; do
    run -2 bsample --top $bad
    [ -n "$output" ]
  done
}

@test "wait: for a process to appear; and when none does" {
  bsample --wait 30s -C appears -i 50ms -n 2 >out.ndjson 2>err 3>&- &
  sampler=$!
  samplers+=("$sampler")
  wait_for 10 grep -q '"kind":"meta"' out.ndjson
  work name=appears hold
  wait "$sampler"
  samplers=()
  complete out.ndjson
  [ "$(jq -r 'select(.metric == "rss").comm' out.ndjson | sort -u)" = appears ]
  [ "$(jq -r 'select(.metric == "rss").pid' out.ndjson | sort -u)" = "$worker" ]
  run -1 --separate-stderr bsample --wait 50ms -C no-such-name
  [[ "$stderr" == *"no such process appeared within 0.05 s"* ]]
  [ "$(tail -n 1 <<<"$output" | jq -r .status)" = failed ]
  run -1 --separate-stderr bsample -p 4194304
  [[ "$stderr" == *"no process 4194304"* ]]
  for bad in "--wait 1s" "--tree" "--wait 1s -p 1 -- true" "-p 1 -- true"; do
    # shellcheck disable=SC2086
    run -2 bsample $bad
  done
}

@test "a process asked for by its number is followed to its end, and then there is nothing to wait for" {
  work hold
  sample out.ndjson -p "$worker" -i 50ms
  capabilities=$(sed -n 's/^CapEff:\t//p' "/proc/$sampler/status")
  go
  wait "$sampler"
  samplers=()
  complete out.ndjson
  [ "$(jq -r 'select(.kind == "end").status' out.ndjson)" = ok ]
  if [ "$(sources | wc -w)" -eq 2 ]; then
    # CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON and CAP_BPF, no more than it had.
    (( (0x$capabilities & ~0xc000080004) == 0 ))
    [ "$(events out.ndjson ".pid == $worker")" -eq 1 ]
  fi
}

@test "that is so where nobody tells of ends, too" {
  "${NOBODY[@]}" "$WORKER" hold <hold >/dev/null 3>&- &
  worker=$!
  workers+=("$worker")
  exec {go}>hold
  wait_for 5 eval '[ "$(cat /proc/'$worker'/comm)" = worker ]'
  "${NOBODY[@]}" "$(command -v bsample)" -d 20s -i 50ms -p "$worker" >out.ndjson 2>err 3>&- {go}>&- &
  sampler=$!
  samplers+=("$sampler")
  wait_for 20 ticks out.ndjson 1
  go
  wait "$worker"
  wait "$sampler"
  workers=() samplers=()
  complete out.ndjson
  jq -se '.[-1].elapsed < 15' out.ndjson
}

@test "root: tree: also who was started by one that has ended" {
  need_bpf
  work hold orphan say hold
  wait_for 5 asleep "$worker"
  sample out.ndjson --tree -p "$worker" -i 50ms
  go
  wait_for 10 grep -q minor told
  more out.ndjson
  stop
  complete out.ndjson
  jq -r 'select(.metric == "rss").comm' out.ndjson | grep -qx orphan
  [ "$(events out.ndjson '.comm == "worker"')" -eq 1 ]
}

@test "names may be any bytes, and commands are told by their line" {
  work "name=$(printf 'a\n"\xff\t\\')" hold
  for source in $(sources); do
    bsample --source $source -n 1 -i 20ms -p "$worker" >out.ndjson 2>err
    complete out.ndjson
    [ "$(jq 'select(.metric == "rss").comm' out.ndjson)" = '"a\n\"�\t\\"' ]
    bsample --source $source -n 1 -i 20ms -p "$worker" -f tsv >out.tsv 2>err
    [ "$(awk -F'\t' 'NR > 1 && NF != 20' out.tsv | wc -l)" -eq 0 ]
    bsample --source $source -n 1 -i 20ms --command '*worker name=a* hold' >out.ndjson 2>err
    [ "$(jq 'select(.metric == "rss").pid' out.ndjson)" -eq "$worker" ]
    # Kernel threads: the same name from both.
    bsample --source $source -n 1 -i 20ms -C 'ksoftirqd/0' >out.ndjson 2>err
    [ -n "$(pgrep -x ksoftirqd/0)" ] || continue
    [ "$(jq 'select(.metric == "rss") | [.pid, .value]' -c out.ndjson)" = "[$(pgrep -x ksoftirqd/0),0]" ]
  done
}

@test "descriptors, open files and the share of memory" {
  exec {first}<"$TOP/Makefile" {second}<"$TOP/Makefile" {third}<"$TOP/README.md"
  work keep=10 hold
  exec {first}<&- {second}<&- {third}<&-
  wait_for 5 asleep "$worker"
  bsample -n 1 -i 20ms -p "$worker" --open "$TOP/M*" --open '*/README*' -m open,fds,pss,rss >out.ndjson 2>err
  complete out.ndjson
  check_records out.ndjson
  [ "$(jq -c 'select(.metric == "open") | [.path, .value]' out.ndjson | sort)" = "$(printf '["%s",2]\n["%s",1]' "$TOP/Makefile" "$TOP/README.md")" ]
  [ "$(figure out.ndjson '.metric == "fds"')" -eq "$(find "/proc/$worker/fd" -mindepth 1 | wc -l)" ]
  [ "$(figure out.ndjson '.metric == "pss"')" -ge 10485760 ]
  [ "$(figure out.ndjson '.metric == "rss"')" -ge 10485760 ]
}

@test "without privilege: what can be seen is shown, and what cannot is said" {
  "${NOBODY[@]}" "$WORKER" hold burn=50 touch=50 hold <hold >/dev/null 3>&- &
  workers+=($!)
  worker=$!
  exec {go}>hold
  wait_for 5 eval '[ "$(cat /proc/'$worker'/comm)" = worker ]'
  "${NOBODY[@]}" "$(command -v bsample)" -i 50ms -p "$worker,1" >out.ndjson 2>err 3>&- {go}>&- &
  sampler=$!
  samplers+=("$sampler")
  wait_for 20 ticks out.ndjson 1
  go
  wait_for 10 eval '[ "$(sum out.ndjson faults ".pid == '"$worker"'")" -ge 50 ]'
  more out.ndjson
  kill -INT "$sampler"
  wait "$sampler"
  samplers=()
  complete out.ndjson
  check_records out.ndjson
  [ "$(jq -r 'select(.kind == "meta").source' out.ndjson)" = procfs ]
  jq -r 'select(.kind == "warn") | .code + ": " + .msg' out.ndjson >warnings
  grep -q "^missing: proc: processes that begin and end between two ticks are not seen: " warnings
  # Another user's files.
  [ "$(id -u)" -ne 0 ] || grep -q "^refused: .* read and write may not be seen; that needs root" warnings
  jq -se --argjson pid "$worker" 'any(.metric == "io" and .pid == $pid) and all(.metric != "io" or .pid == $pid) and any(.metric == "rss" and .pid == 1)' out.ndjson
  run -3 --separate-stderr "${NOBODY[@]}" "$(command -v bsample)" --source bpf -n 1 -i 20ms proc
  [[ "$stderr" == *"needs root, or the capabilities"* ]]
}

@test "root: where /proc hides the processes of others, that is said" {
  [ "$(id -u)" -eq 0 ] || skip "only root can mount"
  # shellcheck disable=SC2016
  unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh "${NOBODY[@]}" "$(command -v bsample)" --top 0 -n 1 -i 50ms -m rss proc \
    >out.ndjson 2>err || skip "no /proc can be mounted"
  complete out.ndjson
  [ "$(jq -r 'select(.metric == "rss").comm' out.ndjson)" = bsample ]
  jq -r 'select(.kind == "warn").msg' out.ndjson | grep -q "mounted with hidepid"
}

@test "root: control groups: who is in one, and who was" {
  need_bpf
  for mount in /sys/fs/cgroup/unified /sys/fs/cgroup /sys/fs/cgroup/cpu; do
    [ -e $mount/cgroup.procs ] && mkdir "$mount/btools-sample-$$" 2>/dev/null || continue
    groups+=("$mount/btools-sample-$$")
  done
  [ "${#groups[@]}" -gt 0 ] || skip "no control group can be made"
  for dir in "${groups[@]}"; do
    mkdir "$dir/below"
    groups=("$dir/below" "${groups[@]}")
    # Of both versions from one source, of the first one found from both.
    for source in bpf $([ "$dir" != "${groups[1]}" ] || echo procfs); do
      sample $source.ndjson --source $source --cgroup "$dir" -i 50ms proc
      # shellcheck disable=SC2016
      sh -c 'echo $$ >"$1/below/cgroup.procs"; "$2" fork=5' sh "$dir" "$WORKER"
      more $source.ndjson
      stop
      complete $source.ndjson
      [ "$(events $source.ndjson '.status == 3')" -eq 5 ]
      [ "$(events $source.ndjson true)" -le 7 ]
    done
    rmdir "$dir/below"
  done
  run -3 bsample --cgroup /no/such/group -n 1 proc
}

@test "root: control groups: who was in one when it ended, where the kernel's accounting tells of it" {
  need_bpf
  for mount in /sys/fs/cgroup/unified /sys/fs/cgroup /sys/fs/cgroup/cpu; do
    [ -e $mount/cgroup.procs ] && mkdir "$mount/btools-sample-$$" 2>/dev/null || continue
    groups+=("$mount/btools-sample-$$")
    break
  done
  [ "${#groups[@]}" -gt 0 ] || skip "no control group can be made"
  work hold touch=300
  echo "$worker" >"${groups[0]}/cgroup.procs"
  sample out.ndjson --source taskstats --cgroup "${groups[0]}" -i 50ms -m life,faults,self_cpu proc
  go
  wait "$worker"
  workers=()
  more out.ndjson
  stop
  complete out.ndjson
  [ "$(events out.ndjson ".pid == $worker")" -eq 1 ]
  [ "$(sum out.ndjson faults ".how == \"minor\" and .pid == $worker")" -ge 300 ]
}

@test "root: in a PID namespace its own numbers, the same from both sources" {
  need_bpf
  # shellcheck disable=SC2016
  unshare -p -f --mount-proc sh -c '
    "$1" hold <"$2" & for source in bpf procfs; do bsample --source $source --top 0 -n 1 -i 50ms -m rss,life proc >$source.ndjson 2>err; done
    bsample -i 10s -o command.ndjson -- "$1" fork=3 2>err; kill $!' sh "$WORKER" hold 3>&- &
  holder=$!
  exec {go}>hold
  wait $holder
  for source in bpf procfs; do
    [ "$(jq -r 'select(.metric == "rss") | "\(.pid) \(.comm)"' $source.ndjson | sed -n 1p)" = "1 sh" ]
    [ "$(jq -r 'select(.metric == "rss").comm' $source.ndjson | sort | xargs)" = "bsample sh worker" ]
  done
  [ "$(jq 'select(.metric == "rss" and .comm == "worker").pid' bpf.ndjson)" -eq "$(jq 'select(.metric == "rss" and .comm == "worker").pid' procfs.ndjson)" ]
  [ "$(events command.ndjson '.status == 3 and .pid < 100 and .ppid < 100')" -eq 3 ]
}

# dump DIR UPTIME TICKS MINOR: a /proc with two processes.
dump() {
  mkdir -p "$1/proc/10/fd" "$1/proc/11/task"
  echo "$2 1.00" >"$1/proc/uptime"
  echo "btime 1700000000" >"$1/proc/stat"
  echo "10 (a) S) S 1 10 10 0 -1 4194560 $4 0 2 0 $3 5 0 0 20 0 3 0 4000 100000 50 18446744073709551615 0" >"$1/proc/10/stat"
  printf 'Name:\ta) S\nNSpid:\t10\t3\nvoluntary_ctxt_switches:\t%s\nnonvoluntary_ctxt_switches:\t2\n' "$4" >"$1/proc/10/status"
  mkdir -p "$1/proc/10/task/10" "$1/proc/10/task/12"
  for tid in 10 12; do
    cp "$1/proc/10/stat" "$1/proc/10/status" "$1/proc/10/task/$tid/"
    echo "1 ${4}000000 3" >"$1/proc/10/task/$tid/schedstat"
  done
  echo "1 1 3" >"$1/proc/10/schedstat"
  printf 'rchar: %s\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: %s\nwrite_bytes: 0\ncancelled_write_bytes: 0\n' "$4" "$4" >"$1/proc/10/io"
  echo garbage >"$1/proc/11/stat"
  : >"$1/proc/10/fd/0"
}

@test "dumps of another machine: exact figures" {
  dump one 100.00 100 1000
  dump two 102.00 150 1400
  bsample --root "$PWD/one" --root "$PWD/two" proc >out.ndjson 2>err
  complete out.ndjson
  jq -r 'select(.kind == "sample") | [.pid, .comm, .start, .metric, .state // .how // .op // "-", .value, .dur // 0, .ts] | map(tostring) | join(" ")' out.ndjson >got
  cat >want <<'END'
10 a) S 4000 cpu - 0.25 2 1700000102
10 a) S 4000 cpu user 0.25 2 1700000102
10 a) S 4000 cpu sys 0 2 1700000102
10 a) S 4000 cpu wait 0.4 2 1700000102
10 a) S 4000 faults minor 200 2 1700000102
10 a) S 4000 faults major 0 2 1700000102
10 a) S 4000 bw read 200 2 1700000102
10 a) S 4000 bw write 0 2 1700000102
10 a) S 4000 io read 200 2 1700000102
10 a) S 4000 io write 0 2 1700000102
10 a) S 4000 switches voluntary 400 2 1700000102
10 a) S 4000 switches involuntary 0 2 1700000102
10 a) S 4000 rss - 204800 0 1700000102
10 a) S 4000 threads - 3 0 1700000102
10 a) S 4000 fds - 1 0 1700000102
END
  diff want got
  run -2 bsample --root "$PWD/one" -- true
}
