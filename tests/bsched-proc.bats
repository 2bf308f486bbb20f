load helper

# bsched without the right to use BPF, or built without: the sums that the kernel counts, from /proc.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  chmod 777 .
  FIRST=$(awk -F'[ \t,-]+' '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  victims=()
  NOBODY=(env)
  [ "$(id -u)" -ne 0 ] || NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)
  [ -e /proc/self/schedstat ] || skip "this kernel does not count"
}

teardown() {
  [ "${#victims[@]}" -eq 0 ] || { kill -KILL "${victims[@]}"; wait "${victims[@]}"; } 2>/dev/null || :
}

# spin [COMMAND...]: a process of nobody's that only computes, run by COMMAND; its number is in $spinner.
spin() {
  "${NOBODY[@]}" "$@" bash -c 'while :; do :; done' 3>&- &
  spinner=$!
  victims+=("$spinner")
  wait_for 5 computing "$spinner"
}

# computing PID: bash has taken the place of setpriv.
computing() {
  [ "$(tr '\0' ' ' <"/proc/$1/cmdline")" = "bash -c while :; do :; done " ]
}

# sum FILE FILTER: of the values that the jq filter selects.
sum() {
  jq -s "[.[] | select($2) | .value] | add // 0" "$1"
}

# fixture_thread PID TID "RUN WAIT SLICES" VOLUNTARY INVOLUNTARY [NAME]: a thread below root/, whose files change in one instant.
fixture_thread() {
  local at=root/proc/$1 files
  mkdir -p "$at/task" versions
  files=$(mktemp -d versions/XXXXXX)
  printf 'Name:\t%s\nState:\tS (sleeping)\nTgid:\t%s\nvoluntary_ctxt_switches:\t%s\nnonvoluntary_ctxt_switches:\t%s\n' \
    "${6:-fake}" "$1" "$4" "$5" >"$files/status"
  echo "$3" >"$files/schedstat"
  cp "$files"/* "$at/"
  [ -e "$at/stat" ] || echo "$1 (fake) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0" >"$at/stat"
  ln -s "$PWD/$files" "$files/link"
  mv -T "$files/link" "$at/task/$2"
}

# A fixture whose kernel ticks a thousand times a second.
fixture_root() {
  mkdir -p root/proc/sys/kernel root/boot
  echo 6.1.0-fake >root/proc/sys/kernel/osrelease
  echo CONFIG_HZ=1000 >root/boot/config-6.1.0-fake
}

# ticks FILE N: whether FILE has so many samples about the thread of the fixture that always counts.
ticks() {
  [ "$(grep -c '"comm":"clock","metric":"slices"' "$1")" -ge "$2" ]
}

# pass_by FILE: wait for three more of them, so that all of the fixture has been read at least once.
pass_by() {
  local n
  n=$(grep -c '"comm":"clock","metric":"slices"' "$1" || :)
  for i in 1 2 3; do
    beat=$((beat + 1))
    fixture_thread 1 1 "$beat $beat $beat" "$beat" "$beat" clock
    wait_for 5 ticks "$1" $((n + i))
  done
}

@test "a spinner: on a CPU or waiting for one all the time, as nobody" {
  spin
  "${NOBODY[@]}" timeout 20 bsched runq oncpu switch -p "$spinner" -d 1s >s.ndjson 2>err
  complete s.ndjson
  check_records s.ndjson
  [ "$(wc -l <err)" -eq 1 ]
  jq -se '.[0] | .attach == "proc" and .tests == "runq,oncpu,switch" and .duration == 1' s.ndjson
  jq -se 'map(select(.kind == "warn")) | length == 1 and .[0].code == "no-bpf" and (.[0].msg | contains("CAP_BPF"))' s.ndjson
  jq -se --argjson pid "$spinner" 'map(select(.kind == "result" and .test != "trace")) | length == 5 and
    all(.pid == $pid and .tid == $pid and .comm == "bash" and .source == "proc" and .dur >= 0.99)' s.ndjson
  on=$(figure s.ndjson '.metric == "oncpu_time"')
  wait=$(figure s.ndjson '.metric == "runq_time"')
  ns=$(jq -s 'map(select(.metric == "oncpu_time"))[0].dur * 1e9 | floor' s.ndjson)
  echo "$on + $wait of $ns"
  # A wait that has not ended is not counted yet.
  jq -ne --argjson on "$on" --argjson wait "$wait" --argjson ns "$ns" '$on > $ns / 20 and $on + $wait > $ns * 0.8 and $on + $wait < $ns * 1.2'
  [ "$(figure s.ndjson '.metric == "switches" and .how == "voluntary"')" -le 2 ]
  jq -se 'map(select(.metric == "self_cpu"))[0].value < 0.1 and map(select(.metric == "lost").value) == [0, 0]' s.ndjson
}

@test "two spinners on one CPU wait for each other" {
  spin taskset -c "$FIRST"
  first=$spinner
  spin taskset -c "$FIRST"
  "${NOBODY[@]}" timeout 20 bsched runq oncpu -p "$first,$spinner" -d 1s >two.ndjson
  ns=$(jq -s 'map(select(.metric == "oncpu_time"))[0].dur * 1e9 | floor' two.ndjson)
  on=$(sum two.ndjson '.metric == "oncpu_time"')
  wait=$(sum two.ndjson '.metric == "runq_time"')
  echo "$on, $wait of $ns"
  jq -ne --argjson on "$on" --argjson wait "$wait" --argjson ns "$ns" '$on < $ns * 1.1 and $wait > $ns * 0.8'
  jq -se 'map(select(.metric == "runq_time")) | length == 2 and all(.value > .dur * 1e9 * 0.2)' two.ndjson
}

@test "the figures are those of /proc" {
  mkfifo -m 666 orders
  "${NOBODY[@]}" bash -c 'exec 5<>orders; while read -r n <&5; do while [ $((n -= 1)) -gt 0 ]; do :; done; echo >>done; done' 3>&- &
  victim=$!
  victims+=("$victim")
  idle() { [ "$(awk '/^State/ { print $2 }' "/proc/$victim/status")" = S ] && [ "$(cat done 2>/dev/null | wc -l)" -eq "$1" ]; }
  echo 5 >orders
  wait_for 10 idle 1
  read -r run wait slices <"/proc/$victim/schedstat"
  voluntary=$(awk '/^voluntary/ { print $2 }' "/proc/$victim/status")
  "${NOBODY[@]}" bsched runq oncpu switch -p "$victim" -i 50ms >w.ndjson &
  bsched=$!
  wait_for 5 grep -q '"no-bpf"' w.ndjson
  echo 100000 >orders
  wait_for 20 idle 2
  wait_for 5 grep -q '"sample"' w.ndjson
  sleeps=$(grep -c '"metric":"slices"' w.ndjson)
  read -r run2 wait2 slices2 <"/proc/$victim/schedstat"
  voluntary2=$(awk '/^voluntary/ { print $2 }' "/proc/$victim/status")
  kill -INT $bsched
  wait $bsched
  complete w.ndjson
  echo "$sleeps samples"
  [ "$(figure w.ndjson '.kind == "result" and .metric == "oncpu_time"')" -eq $((run2 - run)) ]
  [ "$(figure w.ndjson '.kind == "result" and .metric == "runq_time"')" -eq $((wait2 - wait)) ]
  [ "$(figure w.ndjson '.kind == "result" and .metric == "slices"')" -eq $((slices2 - slices)) ]
  [ "$(figure w.ndjson '.kind == "result" and .how == "voluntary"')" -eq $((voluntary2 - voluntary)) ]
  for metric in oncpu_time runq_time slices; do
    [ "$(sum w.ndjson ".kind == \"sample\" and .metric == \"$metric\"")" -eq "$(sum w.ndjson ".kind == \"result\" and .metric == \"$metric\"")" ]
  done
}

@test "a COMMAND is followed from its beginning to its end, and its status is passed on" {
  run --separate-stderr "${NOBODY[@]}" timeout 20 bsched -- bash -c 'for ((i = 0; i < 30000; i++)); do :; done; echo out; exit 7'
  [ "$status" -eq 7 ]
  grep -q '^out$' <<<"$stderr"
  printf '%s\n' "$output" >c.ndjson
  complete c.ndjson
  jq -se '.[0].tests == "runq,oncpu,switch" and .[-1].status == "ok"' c.ndjson
  jq -se 'map(select(.metric == "oncpu_time")) | length == 1 and .[0].comm == "bash" and .[0].value > 1e6' c.ndjson
  jq -se 'map(select(.metric == "lost").value) == [0, 0]' c.ndjson
  run -127 --separate-stderr "${NOBODY[@]}" timeout 20 bsched oncpu -- no-such-command
  [ -z "$output" ]
  run --separate-stderr "${NOBODY[@]}" timeout 20 bsched oncpu -o killed.ndjson -- sh -c 'echo out; kill -TERM $$'
  [ "$status" -eq 143 ]
  [ "$output" = out ]
  complete killed.ndjson
}

@test "a build without BPF does the same" {
  spin
  run --separate-stderr timeout 20 "$(variant BPF=0)/bsched" runq oncpu switch -p "$spinner" -d 300ms -m oncpu_time,slices
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "warn"))[0].msg | contains("built without BPF")' <<<"$output"
  jq -se 'map(.metric // empty) == ["oncpu_time", "slices"]' <<<"$output"
  jq -se 'map(select(.metric == "oncpu_time"))[0].value > 1e7' <<<"$output"
  run --separate-stderr timeout 20 "$(variant BPF=0)/bsched" oncpu -p "$spinner" -m offcpu
  [ "$status" -eq 2 ]
}

@test "what needs BPF is refused: status 3, one sentence that says what is missing and what is left" {
  for bad in "offcpu -p $$" "migrate -p $$" "wake -p $$" "preempt -p $$" "runq" "runq -k cgroup -p $$" "runq -k cpu -p $$" "runq -C bash -p $$" \
    "runq --min 1ms -p $$" "runq --on-cpus 0 -p $$" "runq --tree -p $$" "runq --cgroup / -p $$" "runq --stack both -p $$" "runq oncpu offcpu -- true"; do
    # shellcheck disable=SC2086 # options
    run --separate-stderr "${NOBODY[@]}" timeout 10 bsched $bad
    [ "$status" -eq 3 ] || { echo "$bad: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *CAP_BPF*"runq, oncpu and switch of a COMMAND or of -p PID"* ]]
  done
  run --separate-stderr timeout 10 "$(variant BPF=0)/bsched" offcpu -p $$
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"built without BPF"*offcpu* ]]
  run --separate-stderr "${NOBODY[@]}" timeout 10 bsched runq -k tid,comm -p $$ -d 20ms
  [ "$status" -eq 0 ]
}

@test "a process that is not there: status 2; one of several: a warning" {
  none=$(($(cat /proc/sys/kernel/pid_max) - 1))
  [ ! -e "/proc/$none" ] || skip "process $none is there"
  echo precious >kept
  run --separate-stderr "${NOBODY[@]}" timeout 10 bsched runq -p $none -o kept
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [ "$stderr" = "bsched: process $none: there is none" ]
  [ "$(cat kept)" = precious ]
  spin
  run --separate-stderr "${NOBODY[@]}" timeout 10 bsched oncpu -p "$none,$spinner" -d 50ms
  [ "$status" -eq 0 ]
  [ "$(jq -s 'map(select(.code == "no-process")) | length' <<<"$output")" -eq 1 ]
  [ "$(jq -s 'map(select(.metric == "oncpu_time")) | length' <<<"$output")" -eq 1 ]
}

@test "it ends with the last process" {
  spin
  first=$spinner
  spin
  "${NOBODY[@]}" timeout 30 bsched oncpu -p "$first,$spinner" -i 50ms >e.ndjson &
  bsched=$!
  wait_for 5 grep -q '"sample"' e.ndjson
  kill -KILL "$first"
  wait "$first" || :
  n=$(wc -l <e.ndjson)
  wait_for 5 eval '[ $(wc -l <e.ndjson) -gt $((n + 4)) ]'
  kill -KILL "$spinner"
  wait "$spinner" || :
  wait $bsched
  complete e.ndjson
  jq -se '.[-1].status == "ok"' e.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "oncpu_time")) | length == 2 and all(.value > 0)' e.ndjson
}

@test "threads: each has its own figures; a thread's number means it alone" {
  BTOOLS_LOCK_DIR=/proc/none bsched -t 3 -d 20s -w 0 yield >/dev/null 2>&1 3>&- &
  victim=$!
  victims+=("$victim")
  wait_for 5 eval '[ "$(ls /proc/$victim/task | wc -l)" -eq 4 ]'
  "${NOBODY[@]}" timeout 20 bsched switch oncpu -p "$victim" -d 200ms >t.ndjson
  jq -se --argjson pid "$victim" 'map(select(.kind == "result" and .metric == "oncpu_time")) | length == 4 and all(.pid == $pid) and
    (map(.tid) | unique | length) == 4' t.ndjson
  tid=$(jq -s --argjson pid "$victim" 'map(select(.metric == "switches" and .tid != $pid)) | max_by(.value).tid' t.ndjson)
  [ "$tid" -ne "$victim" ]
  "${NOBODY[@]}" timeout 20 bsched switch -p "$tid" -d 100ms >one.ndjson
  jq -se --argjson pid "$victim" --argjson tid "$tid" 'map(select(.kind == "result" and .metric == "switches")) | length == 2 and
    all(.pid == $pid and .tid == $tid)' one.ndjson
  # Named twice, counted once.
  "${NOBODY[@]}" timeout 20 bsched switch -p "$tid,$victim,$victim" -d 100ms >both.ndjson
  jq -se 'map(select(.kind == "result" and .how == "voluntary")) | length == 4' both.ndjson
}

@test "a fixture below --root: known differences, threads that come and go, and the tick of its kernel" {
  beat=1000
  fixture_root
  fixture_thread 1 1 "1 1 1" 1 1 clock
  fixture_thread 50 50 "100 200 3" 4 5
  fixture_thread 50 51 "10 20 30" 40 50 'a\nb'
  timeout 60 bsched --root root runq oncpu switch -p 1,50 -i 20ms >f.ndjson 2>err &
  bsched=$!
  wait_for 5 grep -q '"no-bpf"' f.ndjson
  pass_by f.ndjson
  fixture_thread 50 50 "150 260 5" 11 5
  fixture_thread 50 52 "7 8 9" 1 2 new
  pass_by f.ndjson
  fixture_thread 50 51 "1 2 3" 4 5 again
  fixture_thread 50 52 "9 8 10" 1 3 renamed
  pass_by f.ndjson
  rm root/proc/50/task/52
  pass_by f.ndjson
  echo "50 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 778 0 0" >root/proc/50/stat
  fixture_thread 50 50 "1000000 1000000 1000000" 1000000 1000000
  pass_by f.ndjson
  rm -r root/proc/1
  wait $bsched
  complete f.ndjson
  check_records f.ndjson
  jq -se '.[0].quantum == 1000000 and .[-1].status == "ok"' f.ndjson
  of() { jq -s --argjson tid "$1" 'map(select(.kind == "result" and .tid == $tid).value) | map(tostring) | join(" ")' -r f.ndjson; }
  [ "$(of 50)" = "60 50 2 7 0" ] || { of 50; false; }
  [ "$(of 51)" = "2 1 3 4 5" ] || { of 51; false; }  # somebody else of that number, from the beginning
  [ "$(of 52)" = "8 9 10 1 3" ] || { of 52; false; } # new: from its beginning
  [ "$(jq -r 'select(.kind == "result" and .tid == 52 and .metric == "slices").comm' f.ndjson)" = renamed ]
  [ "$(jq -s 'map(select(.kind == "sample" and .tid == 51).comm) | unique' -c f.ndjson)" = '["again"]' ]
  # Thread 52, the two of the process whose number has another process now, and the clock.
  [ "$(figure f.ndjson '.metric == "lost" and .cause == "tail"')" -eq 4 ]
  jq -se 'map(select(.code == "tail-lost")) | length >= 3 and all(.msg | contains("is lost"))' f.ndjson
  jq -se 'map(select(.kind == "sample")) | length > 5 and all(.quantum == 1000000)' f.ndjson
}

@test "hostile files: nothing is believed that is no number" {
  fixture_root
  fixture_thread 1 1 "1 1 1" 1 1 clock
  fixture_thread 60 60 "x y z" 1 2
  fixture_thread 61 61 "1 2 3" -1 2
  fixture_thread 62 62 "99999999999999999999 2 3" 1 2
  fixture_thread 63 63 "1 2 3" 1 2 "$(printf '\001\377"{}')"
  mkdir -p root/proc/63/task/x root/proc/63/task/-1 root/proc/63/task/99999999999
  for pid in 60 61 62 64; do
    run --separate-stderr timeout 10 bsched --root root runq -p $pid -d 50ms
    [ "$status" -ge 2 ] || { echo "$pid: $status"; false; }
    [ -z "$output" ]
  done
  timeout 10 bsched --root root runq -p 63 -d 50ms >h.ndjson
  check_records h.ndjson
  jq -se 'map(select(.metric == "runq_time")) | length == 1 and .[0].value == 0' h.ndjson
}

@test "intervals: so many of -n, on time; short ones say that they are" {
  spin
  "${NOBODY[@]}" timeout 20 bsched oncpu -p "$spinner" -i 100ms -n 3 >i.ndjson
  complete i.ndjson
  jq -se 'map(select(.kind == "sample" and .metric == "oncpu_time")) | length == 3 and all(.dur > 0 and .taint == null or .dur < 0.1)' i.ndjson
  jq -se 'map(select(.kind == "sample" and .metric == "oncpu_time").dur) | add > 0.25' i.ndjson
  [ "$(sum i.ndjson '.kind == "sample" and .metric == "oncpu_time"')" -eq "$(sum i.ndjson '.kind == "result" and .metric == "oncpu_time"')" ]
  jq -se '.[0].quantum // 0 | . > 0' i.ndjson || skip "the tick is unknown here"
  "${NOBODY[@]}" timeout 20 bsched oncpu -p "$spinner" -i 5ms -d 500ms >short.ndjson
  [ "$(jq -s 'map(select(.code == "short-interval")) | length' short.ndjson)" -eq 1 ]
  jq -se '.[0].quantum as $q | map(select(.kind == "sample")) | length > 3 and all((.taint == "short") == (.dur * 1e9 < 9.5 * $q))' short.ndjson
  jq -se 'map(select(.kind == "result")) | all(.taint == null)' short.ndjson
}

@test "INT is the end of a run without one; other signals interrupt" {
  spin
  for how in "INT 0 ok -p" "TERM 143 interrupted -p" "INT 130 interrupted -d 20s -p"; do
    read -r signal wanted end options <<<"$how"
    # shellcheck disable=SC2086 # options
    "${NOBODY[@]}" env --default-signal=INT bsched oncpu -i 50ms $options "$spinner" >s.ndjson &
    bsched=$!
    wait_for 5 grep -q '"sample"' s.ndjson
    kill -$signal $bsched
    status=0
    wait $bsched || status=$?
    [ "$status" -eq "$wanted" ] || { echo "$how: $status"; false; }
    complete s.ndjson
    jq -se --arg want "$end" '.[-1].status == $want and (map(select(.kind == "result" and .metric == "oncpu_time")) | length == 1)' s.ndjson
    rm s.ndjson
  done
}

@test "a signal that ends it ends its COMMAND too" {
  "${NOBODY[@]}" env --default-signal=INT bsched oncpu -i 20ms -- sleep 1000 >c.ndjson &
  bsched=$!
  wait_for 5 eval 'pgrep -P $bsched -x sleep >/dev/null'
  child=$(pgrep -P $bsched -x sleep)
  kill -TERM $bsched
  status=0
  wait $bsched || status=$?
  [ "$status" -eq 143 ]
  wait_for 5 eval '[ ! -e /proc/$child ]'
  complete c.ndjson
}

@test "marks, pause and resume: what passes in a pause counts for nothing" {
  beat=1000
  fixture_root
  fixture_thread 1 1 "1 1 1" 1 1 clock
  fixture_thread 50 50 "100 0 0" 0 0
  bsched --root root oncpu -p 1,50 -i 20ms >p.ndjson 2>/dev/null &
  bsched=$!
  wait_for 5 grep -q '"no-bpf"' p.ndjson
  pass_by p.ndjson
  kill -USR1 $bsched
  wait_for 5 grep -q mark-1 p.ndjson
  kill -USR2 $bsched
  wait_for 5 grep -q pause-2 p.ndjson
  fixture_thread 50 50 "100000 0 0" 0 0
  kill -USR2 $bsched
  wait_for 5 grep -q resume-3 p.ndjson
  fixture_thread 50 50 "100007 0 0" 0 0
  pass_by p.ndjson
  kill -INT $bsched
  wait $bsched
  complete p.ndjson
  [ "$(figure p.ndjson '.kind == "result" and .tid == 50 and .metric == "oncpu_time"')" -eq 7 ]
  jq -se '.[-1].elapsed as $all | map(select(.kind == "result"))[0].dur < $all' p.ndjson
}

@test "a reader that goes away ends it quietly; a full disk does not" {
  spin
  run --separate-stderr bash -c "timeout 30 $(variant BPF=0)/bsched -q oncpu -i 20ms -p $spinner | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  run --separate-stderr bash -c "timeout 20 $(variant BPF=0)/bsched -q oncpu -i 20ms -p $spinner >/dev/full"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "bsched: stdout: No space left on device" ]]
}

@test "a dry run reads nothing and runs nothing" {
  run --separate-stderr "${NOBODY[@]}" timeout 10 bsched -N runq -- touch made
  [ "$status" -eq 0 ]
  jq -se '(map(.kind) | unique) == ["end", "meta", "warn"] and .[0].dry_run' <<<"$output"
  [ ! -e made ]
}
