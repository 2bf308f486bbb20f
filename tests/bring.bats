load helper

# bring: known answers, witnesses, what happens without io_uring or a second CPU, signals and manners.

setup_file() {
  export WITHOUT="$BATS_FILE_TMPDIR/without"
  cc -O1 -Wall -Wextra -Werror -o "$WITHOUT" "$TOP/tests/fixtures/seccomp/without.c"
}

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  FIRST=$(awk -F'[ \t,-]+' '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  tests="nop pingpong oneway coldstart fanout disk echo"
}

# The three calls have these numbers on all architectures that btools runs on.
RING_CALLS=425,426,427

need_uring() {
  bring -N nop >/dev/null 2>&1 || skip "io_uring cannot be used here"
}

# clean FILE: whole, valid, and without an error.
clean() {
  complete "$1"
  check_records "$1"
  jq -se 'map(select(.kind == "result" and .metric == "errors")) | length > 0 and all(.value == 0)' "$1" >/dev/null
}

# left PID: threads and processes of the run of that PID's group that are still there.
left() {
  ps -eo pgid=,comm= | awk -v group="$1" '$1 == group && $2 == "bring"' | wc -l
}

gone() {
  [ "$(left "$1")" -eq 0 ]
}

# calls NAMES COMMAND...: how many system calls of these names the command and its threads make.
calls() {
  strace -f -qq -o trace -e "trace=$1" "${@:2}" >traced
  grep -cE "^[0-9]+ +(${1//,/|})\(" trace
}

@test "everything runs, clean, valid, each engine and idle policy apart" {
  run --separate-stderr timeout 100 bring -d 6ms -w 0 -i 4ms -o all.ndjson
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ -z "$stderr" ]
  clean all.ndjson
  [ "$(jq -r 'select(.kind == "meta") | .tests' all.ndjson)" = "${tests// /,}" ] || need_uring
  jq -se 'map(select(.kind == "result" and .metric == "rate")) | all(.value > 0 and .engine and .kernel == .test + ".1")' all.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "cpu")) | length > 50 and all(.value > 0)' all.ndjson
  jq -se 'map(select(.kind == "sample")) | length > 50' all.ndjson
  need_uring
  [ "$(jq -r 'select(.kind == "result" and .test == "pingpong") | .engine' all.ndjson | sort -u | tr '\n' ' ')" = \
    "doorbell eventfd futex msgring pipe queue socketpair $([ "$(nproc)" -lt 2 ] || echo "spsc ")" ]
  jq -se 'map(select(.engine == "msgring" or .engine == "doorbell")) | all(.setup)' all.ndjson
  jq -se 'map(select(.engine == "queue" or .engine == "pipe")) | all(.setup == null)' all.ndjson
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  jq -se '[.[] | select(.kind == "result" and .test == "pingpong" and .engine == "doorbell" and .distance != "same") | .spin] | unique
    == ["adaptive", "always", "sleep"]' all.ndjson
  jq -se '[.[] | select(.test == "pingpong" and .distance == "same") | .spin] | unique == ["sleep"]' all.ndjson
}

@test "-n counts operations; what arrives is what was sent" {
  timeout 60 bring -n 40 -w 0 --spin 0,always --messages 500 --batch 1,7,all pingpong oneway coldstart fanout disk echo >n.ndjson
  clean n.ndjson
  jq -se 'map(select(.kind == "result" and (.metric == "lat" or (.metric == "rtt" and .test == "echo")))) | length > 40 and all(.n == 40)' n.ndjson
  # Where both sides spin an operation is 16 round trips.
  jq -se 'map(select(.test == "pingpong" and .metric == "rtt")) | all(.n == 40)' n.ndjson
  jq -se 'map(select(.test == "oneway")) | all(.messages == 500) and (map(.batch) | unique == [1, 7, 500])' n.ndjson
  jq -se 'map(select(.test == "disk" and .metric == "bw")) as $bw | map(select(.test == "disk" and .metric == "rate")) as $rate
    | ($bw | length) > 10 and [$bw, $rate] == [$bw, $rate] and ([range($bw | length)] | all($bw[.].value / $rate[.].value - 4096 | fabs < 0.01))' n.ndjson
}

@test "a wrong number is an error, in every test and at every engine" {
  for test in $tests; do
    [ "$test" != nop ] || bring -N nop >/dev/null 2>&1 || continue
    BRING_PLANT=$test:4 run --separate-stderr timeout 30 bring -n 40 -w 0 --spin 0 --batch all --messages 16 $test
    [ "$status" -eq 1 ] || { echo "$test: $status $stderr"; false; }
    jq -se 'map(select(.kind == "result" and .metric == "errors")) | length > 1 and all(.value >= 10)' <<<"$output" ||
      { echo "$test"; jq -c 'select(.metric == "errors") | [.engine, .value]' <<<"$output"; false; }
    jq -se '.[-1].kind == "end" and .[-1].status == "failed" and .[-1].errors > 0' <<<"$output"
    [[ "$stderr" == *"bring: $test: "*" wrong answers on CPU "* ]]
  done
}

@test "the kernel's count of calls is ours" {
  need strace
  n=$(calls write,read timeout 20 bring -n 300 -w 0 -E pipe --spin 0 -c "$FIRST" pingpong)
  [ "$n" -ge 1200 ] && [ "$n" -le 1400 ]
  n=$(calls pread64 timeout 20 bring -n 300 -w 0 -E plain -Q 1 --cache cached -s 1M disk)
  [ "$n" -ge 300 ] && [ "$n" -le 310 ]
  n=$(calls io_uring_setup,io_uring_enter timeout 20 bring -n 300 -w 0 -E queue --spin 0 -c "$FIRST" pingpong)
  [ "$n" -le 4 ] # a look at whether there are rings
  need_uring
  n=$(calls io_uring_enter timeout 20 bring -n 300 -w 0 -E msgring --spin 0 -c "$FIRST" pingpong)
  [ "$n" -ge 600 ] # each message is a request of its own
  n=$(calls io_uring_enter timeout 20 bring -n 300 -w 0 --batch 8 --setup none nop)
  [ "$n" -ge 300 ] && [ "$n" -le 310 ]
}

@test "the CPU time is that of the whole process, its partners and the kernel's threads included" {
  [ -x /usr/bin/time ] || skip "time is not installed"
  for how in "-E pipe --spin 0 -c $FIRST pingpong" "-E futex --spin always pingpong" "-E queue --spin 0 fanout" "--setup sqpoll --batch 1 nop" \
    "-E doorbell --cache direct -Q 32 --spin 0 disk"; do
    # shellcheck disable=SC2086 # options
    /usr/bin/time -q -o time -f '%U %S' timeout 20 bring -d 500ms -w 0 -m cpu --load balanced -s 1M $how >cpu.ndjson 2>err || continue
    jq -s --arg time "$(cat time)" --arg how "$how" '($time | split(" ") | map(tonumber) | add) as $all
      | (map(select(.kind == "result" and .metric == "cpu") | .value * .dur) | add) as $ours
      | if $ours <= $all + 0.05 and $ours >= 0.75 * $all - 0.03 then empty else [$how, $ours, $all] end' cpu.ndjson >bad
    [ ! -s bad ] || { cat bad; false; }
  done
}

@test "bytes over the loopback interface are those of echo (root)" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  need ip
  unshare -n true || skip "no network namespaces"
  # shellcheck disable=SC2016 # expanded in the namespace
  unshare -n bash -c 'ip link set lo up; timeout 20 bring -n 200 -w 0 -b 1000 --spin 0 -E plain,queue echo >echo.ndjson
    awk -F"[: ]+" "/lo:/ { print \$3 }" /proc/net/dev >bytes'
  [ "$(cat bytes)" -ge $((2 * 2 * 200 * 1000)) ]
  [ "$(cat bytes)" -le $((2 * 2 * 200 * 1300)) ]
}

@test "direct reads reach the disk, cached ones do not" {
  [ -x /usr/bin/time ] || skip "time is not installed"
  [ "$(stat -f -c %T .)" != tmpfs ] || skip "in memory"
  run --separate-stderr timeout 20 bring -N --cache direct disk
  [ "$status" -eq 0 ] || skip "$stderr"
  # In blocks of 512 bytes.
  /usr/bin/time -q -o direct -f %I timeout 20 bring -n 500 -w 0 -Q 4 -E pipe --spin 0 --cache direct -s 4M disk >direct.ndjson
  /usr/bin/time -q -o cached -f %I timeout 20 bring -n 500 -w 0 -Q 4 -E pipe --spin 0 --cache cached -s 4M disk >cached.ndjson
  [ "$(cat direct)" -ge 4000 ]
  [ "$(cat cached)" -lt 2000 ]
}

@test "a ring of 8, full completion queues and full queues: all messages arrive in order" {
  need_uring
  run --separate-stderr timeout 60 bring -n 5 -w 0 --spin 0 --ring-size 8 --cq-size 8 --queue-size 4 -E msgring,doorbell,queue \
    --messages 1000 pingpong oneway coldstart fanout
  [ "$status" -eq 0 ]
  echo "$output" >full.ndjson
  clean full.ndjson
  jq -se 'map(select(.setup)) | length > 10 and all(.cq == 8)' full.ndjson
  # Senders were told, and it is counted.
  jq -se 'map(select(.metric == "refused" and .test == "oneway" and .batch == 1000)) | length == 3 and any(.value > 0)' full.ndjson
  run --separate-stderr timeout 60 bring -n 200 -w 0 --spin 0 --ring-size 8 --cq-size 8 --queue-size 4 -Q 32 -E msgring,doorbell,queue,uring -s 1M disk
  [ "$status" -eq 0 ]
  # More reads under way than the completion queue has entries, in a ring that fits those.
  timeout 60 bring -n 2000 -w 0 --spin 0 --cq-size 256 -Q 1024 -E doorbell,uring --cache cached -s 1M disk >deep.ndjson
  clean deep.ndjson
  run --separate-stderr timeout 60 bring -n 20 -w 0 --ring-size 8 --batch 100 nop
  [ "$status" -eq 0 ]
  jq -se 'map(select(.metric == "lat")) | length == 3 and all(.n == 20 and .cq == 16)' <<<"$output"
}

@test "without io_uring: what needs it is refused with one sentence, all else works and says so" {
  for errno in 1 38; do
    "$WITHOUT" $errno $RING_CALLS true || skip "no seccomp filters"
    for how in nop "-E msgring pingpong" "-E doorbell,queue echo" "-E uring disk"; do
      # shellcheck disable=SC2086 # options
      run --separate-stderr timeout 20 "$WITHOUT" $errno $RING_CALLS bring -n 3 -w 0 $how
      [ "$status" -eq 3 ] || { echo "$how: $status $stderr"; false; }
      [ -z "$output" ]
      [ "${#stderr_lines[@]}" -eq 1 ]
      [[ "$stderr" == *"io_uring"*"work without it" ]]
    done
    timeout 60 "$WITHOUT" $errno $RING_CALLS bring -n 3 -w 0 --spin 0 -s 1M >without.ndjson
    clean without.ndjson
    [ "$(jq -r '.test // empty' without.ndjson | uniq | tr '\n' ' ')" = "pingpong oneway coldstart fanout disk echo " ]
    jq -se '[.[].engine] | index("queue") != null and index("msgring") == null and index("doorbell") == null' without.ndjson
    jq -se '.[0].io_uring == false and any(.kind == "warn" and .code == "no-io-uring")' without.ndjson
  done
}

@test "one CPU: everything but spinning, which is refused when asked for alone" {
  run --separate-stderr timeout 60 taskset -c "$FIRST" bring -n 5 -w 0 -s 1M
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >one.ndjson
  clean one.ndjson
  jq -se --argjson cpu "$FIRST" 'map(select(.peer != null)) | length > 20 and all(.peer == $cpu and .cpu == $cpu and .spin == "sleep")' one.ndjson
  jq -se 'map(select(.test == "fanout" and .kind == "result")) | length > 5 and all(.engine == "plain" or (.taint | contains("contended")))' one.ndjson
  for how in "--spin always" "--spin 10us" "--spin adaptive -E queue" "-E spsc"; do
    # shellcheck disable=SC2086 # options
    run --separate-stderr timeout 20 taskset -c "$FIRST" bring -n 5 $how pingpong
    [ "$status" -eq 3 ] || { echo "$how: $status $stderr"; false; }
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == *"--spin 0 works" ]]
  done
}

@test "pairs: every one with its distance, those of -c two and two, the nearest by default" {
  n=$(nproc)
  [ "$n" -ge 2 ] || skip "one CPU"
  timeout 30 bring -n 5 -w 0 --spin 0 -E pipe -c "$FIRST,$FIRST,$FIRST" -m rtt pingpong >c.ndjson
  jq -se 'map(select(.metric == "rtt")) | length == 2 and all(.distance == "same")' c.ndjson
  timeout 30 bring -n 5 -w 0 --spin 0 -E pipe,plain -Q 1 --cache cached -s 1M disk -m lat >near.ndjson
  jq -se 'map(select(.metric == "lat") | [.engine, .distance != "same"]) == [["pipe", true], ["plain", true]] or
    (map(select(.metric == "lat" and .engine == "plain") | .distance) == [null])' near.ndjson
  [ "$n" -le 8 ] || skip "many CPUs"
  timeout 60 bring --matrix -n 5 -w 0 --spin 0 -E queue -m rtt,lat pingpong oneway >m.ndjson
  [ "$(jq -s 'map(select(.metric == "rtt") | [.cpu, .peer]) | unique | length' m.ndjson)" -eq $((n * (n + 1) / 2)) ]
  [ "$(jq -s 'map(select(.test == "oneway" and .metric == "lat")) | length' m.ndjson)" -eq $((3 * n * (n + 1) / 2)) ]
}

@test "distances are read below --root" {
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  grep -q '^Cpus_allowed_list:.*0-1' /proc/self/status || skip "not the CPUs 0 and 1"
  timeout 30 bring --root "$TOP/tests/fixtures/machines/graviton2" -c 0,1 -n 5 -w 0 --spin 0 -E pipe -m rtt pingpong >r.ndjson
  jq -se 'map(select(.metric == "rtt") | .distance) == ["remote"]' r.ndjson
}

@test "flags of rings: one run for each --setup, and what came of it is in the record" {
  need_uring
  timeout 20 bring -n 5 -w 0 --batch 4 --setup none --setup single,coop --setup sqpoll -m lat nop >s.ndjson
  jq -se 'map(select(.metric == "lat") | .setup) | length == 3 and .[0] == "none" and (.[2] | contains("sqpoll"))' s.ndjson
  timeout 20 bring -n 5 -w 0 --spin 0 --setup none --setup single,defer,cqeskip -E msgring,doorbell,queue -m rtt -c "$FIRST" pingpong >p.ndjson
  jq -se 'map(select(.metric == "rtt")) | length == 5 and (map(select(.engine == "queue")) | length == 1)' p.ndjson
  jq -se 'map(select(.metric == "rtt" and .setup) | .setup) | index("none") != null' p.ndjson
}

@test "fan-out: branches, shards, work and places" {
  for place in pinned roundrobin sticky stealable preferred; do
    timeout 20 bring -n 10 -w 0 --spin 0 -E queue,pipe --branches 37 --shards 3 --work 50 --place $place fanout >f.ndjson
    clean f.ndjson
    jq -se --arg place $place 'map(select(.metric == "lat")) | length == 4 and all(.n == 10 and .branches == 37 and .shards == 3 and .work == 50)
      and (map(select(.engine == "queue") | .place) == [$place, $place])' f.ndjson
  done
  timeout 20 bring -n 10 -w 0 --spin 0 --branches 1 --shards 1 --load skewed fanout >one.ndjson
  clean one.ndjson
}

@test "the open loop does what was planned, and counts from when it was due" {
  timeout 30 bring -r 300 -d 200ms -w 10ms --spin 0 -E pipe,queue --batch 1 -s 1M -Q 2 --cache cached --load balanced pingpong oneway echo disk fanout >open.ndjson
  complete open.ndjson
  # On a busy machine some may be left over: those are counted as well.
  jq -se '[.[] | select(.kind == "result")] | group_by([.test, .engine, .cpu, .peer]) | length > 6 and all(
    (map(select(.metric == "late")) | length == 1 and .[0].loop == "open") and
    (map(select(.metric == "late").n) | add) + (map(select(.metric == "backlog").value) | add) == 60)' open.ndjson ||
    { jq -c 'select(.metric == "late" or .metric == "backlog") | [.test, .engine, .metric, .n, .value]' open.ndjson; false; }
}

@test "several pairs at once" {
  timeout 30 bring -t 1,3 -n 31 -w 0 --spin 0 -E futex,queue -c "$FIRST" -s 1M --cache cached pingpong oneway disk echo >t.ndjson
  clean t.ndjson
  jq -se 'map(select(.metric == "rtt" and .test == "pingpong") | [.threads, .n]) | sort == [[1, 31], [1, 31], [3, 31], [3, 31]]' t.ndjson
}

@test "repetitions are interleaved" {
  timeout 20 bring -R 2 -n 5 -w 0 --spin 0 -E pipe,queue -c "$FIRST" -m rtt pingpong >r.ndjson
  [ "$(jq -r 'select(.kind == "result") | "\(.rep)\(.engine)"' r.ndjson | tr '\n' ' ')" = "1pipe 1queue 2pipe 2queue " ]
}

@test "without root, and where no lock directory can be used" {
  need setpriv
  chmod 777 .
  BTOOLS_LOCK_DIR=/proc/none run --separate-stderr timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups \
    bring -n 3 -w 0 --spin 0 -s 1M
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >out.ndjson
  clean out.ndjson
}

@test "INT, TERM, HUP: what was measured, an end that says interrupted, death by that signal, nobody left" {
  set -m
  for test in $tests; do
    for signal in INT TERM HUP; do
      [ "$test" != nop ] || bring -N nop >/dev/null 2>&1 || continue
      rm -f s.ndjson
      env --default-signal=HUP,INT bring -d 20s -i 20ms -w 0 --spin 0 -s 1M $test >s.ndjson &
      bring=$!
      wait_for 5 grep -q '"sample"' s.ndjson
      kill -$signal $bring
      status=0
      wait $bring || status=$?
      [ "$status" -eq $((128 + $(kill -l $signal))) ] || { echo "$test $signal: $status"; false; }
      complete s.ndjson
      jq -se '.[-1].status == "interrupted" and (map(select(.kind == "result" and .metric == "rate")) | length == 1)' s.ndjson
      [ "$(left $bring)" -eq 0 ]
      [ "$(locks)" -eq 0 ]
    done
  done
}

@test "KILL: whole lines only, nothing left in the directory, and the lock is free" {
  set -m
  mkdir data
  for test in "disk --dir data" "fanout" "pingpong -E queue"; do
    rm -f k.ndjson
    # shellcheck disable=SC2086 # a test and its options
    bring -d 20s -i 20ms -w 0 --spin 0 -s 1M $test >k.ndjson &
    bring=$!
    wait_for 5 grep -q '"sample"' k.ndjson
    kill -KILL $bring
    wait $bring || :
    wait_for 5 gone $bring
    jq -se '.[0].kind == "meta" and .[-1].kind != "end"' k.ndjson
  done
  [ "$(find data -type f | wc -l)" -eq 0 ]
  run --separate-stderr timeout 10 bring --lock fail -n 3 -w 0 --spin 0 -E pipe pingpong
  [ "$status" -eq 0 ]
  [ "$(locks)" -eq 0 ]
}

@test "a reader that goes away ends the run at once and quietly; a full disk is one message and status 1" {
  for test in pingpong fanout disk; do
    start=$SECONDS
    run --separate-stderr bash -c "timeout 30 bring -d 25s -i 20ms -s 1M $test | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
    [ "$status" -eq 141 ] || { echo "'$test': $status $stderr"; false; }
    [ -z "$stderr" ]
    [ $((SECONDS - start)) -lt 10 ]
  done
  run --separate-stderr bash -c "timeout 20 bring -d 10s -i 50ms -E queue pingpong >/dev/full"
  [ "$status" -eq 1 ]
  [[ "$stderr" == "bring: stdout: No space left on device" ]]
}

@test "a file that finds no room or no directory is refused" {
  run --separate-stderr timeout 10 bring -s 1000G disk
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"-s takes less"* ]]
  run --separate-stderr timeout 10 bring --dir nowhere disk
  [ "$status" -eq 2 ]
}

@test "wrong usage is status 2, two lines, and names what is wrong" {
  for bad in "nosuch" "-E nosuch" "-E pipe nop" "--spin soon" "--spin 2s" "--batch 0" "--batch 65537" "-Q 0" "-Q 1025" "--setup turbo" \
    "--setup single,turbo" "--branches 0" "--branches 257" "--shards 0" "--shards 65" "--work 0" "--messages 65537" "--place here" \
    "--cache warm" "--load even" "--ring-size 0" "--cq-size 65537" "--ring-size 16 --cq-size 8" "--queue-size 0" "-b 0" \
    "-b 4k -s 4k -b 8k disk" "-b 100 --cache direct disk" "-b 12 disk" "--matrix -t 2" "-t 2 fanout" "-m nosuch" "-r 0" "-s 4095"; do
    # shellcheck disable=SC2086 # options
    run --separate-stderr timeout 10 bring $bad
    [ "$status" -eq 2 ] || { echo "$bad: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ] || { echo "$bad: $stderr"; false; }
  done
}

@test "-L lists tests and engines; -N runs nothing" {
  run --separate-stderr timeout 10 bring -L
  [ "$status" -eq 0 ]
  for test in $tests; do
    grep -qE "^$test +$test\.1 " <<<"$output"
  done
  for engine in pipe eventfd futex socketpair spsc msgring doorbell queue plain uring; do
    grep -qE "^$engine +engine " <<<"$output"
  done
  run --separate-stderr timeout 10 bring -N pingpong
  [ "$(jq -r .kind <<<"$output" | tr '\n' ' ')" = "meta end " ]
}
