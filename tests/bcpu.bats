load helper

# bcpu: known answers, counts, phases, wrong answers, signals and manners.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

# begun FILE: at least one record has come.
begun() {
  [ -s "$1" ]
}

@test "all tests give right answers, rates and times" {
  run --separate-stderr timeout 20 bcpu -d 100ms -w 10ms -o all.ndjson
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ -z "$stderr" ]
  complete all.ndjson
  [ "$(jq -r '.test // empty' all.ndjson | uniq | tr '\n' ' ')" = "int float vec hash branch sort compress jitter " ]
  jq -se 'map(select(.metric == "rate")) | length == 7 and all(.value > 0 and .dur > 0.09)' all.ndjson
  jq -se 'map(select(.metric == "batch")) | length == 7 and all(.n > 10 and .min > 0 and .hist and .loop == "closed")' all.ndjson
  jq -se 'map(select(.metric == "errors")) | length == 8 and all(.value == 0)' all.ndjson
  jq -se 'map(select(.kind == "result")) | all(.kernel == .test + ".1" and .threads == 1 and .rep == 1)' all.ndjson
  jq -se 'map(select(.metric == "bw") | .test) == ["hash", "compress"]' all.ndjson
  jq -se 'map(select(.kind == "result" and .isa) | .test) | unique == ["hash", "vec"]' all.ndjson
  jq -se '.[-1] | .status == "ok" and .errors == 0 and .elapsed > 0.8' all.ndjson
  [ "$(locks)" -eq 0 ]
}

@test "every instruction set that this CPU has gives the same answers" {
  for isa in $(bcpu -L | awk '$2 == "vec.1" || $2 == "hash.1"' | grep -oE '(avx512|avx2|sse2|neon|generic|sha_ni|portable)( |$)' | sort -u) portable; do
    run --separate-stderr timeout 10 bcpu -E "$isa" -n 50 -w 0 vec hash
    [ "$status" -eq 0 ] || { echo "$isa: $stderr"; false; }
    [ "$isa" = portable ] || [ "$(jq -s --arg isa "$isa" 'map(select(.metric == "rate" and .isa == $isa)) | length' <<<"$output")" -eq 1 ]
  done
}

@test "the right answer of hash is what sha256sum says" {
  want=$(seq 1 20000 | head -c 65536 | sha256sum | cut -c 1-16)
  grep -q "golden\[\] = { 0x$want }" "$TOP/tools/bcpu/hash.c"
}

@test "a planted wrong answer is counted, names the CPU and makes the status 1" {
  BCPU_PLANT=int:5 run --separate-stderr timeout 10 bcpu -n 100 -w 0 -c 0 int float
  [ "$status" -eq 1 ]
  [ "$(jq 'select(.test == "int" and .metric == "errors" and .thread == null) | .value' <<<"$output")" -eq 20 ]
  [ "$(jq 'select(.test == "int" and .metric == "thread_errors" and .thread == 0 and .cpu == 0) | .value' <<<"$output")" -eq 20 ]
  [ "$(jq 'select(.test == "float" and .metric == "errors") | .value' <<<"$output")" -eq 0 ]
  [ "$(jq -r 'select(.metric == "rate" and .test == "int") | .taint' <<<"$output" | tr , '\n' | grep -c wrong)" -eq 1 ]
  [ "$(jq -r 'select(.metric == "rate" and .test == "float") | .taint // ""' <<<"$output" | tr , '\n' | grep -c wrong)" -eq 0 ]
  jq -se '.[-1] | .kind == "end" and .status == "failed" and .errors == 20' <<<"$output"
  [[ "$stderr" == "bcpu: int: 20 wrong answers on CPU 0"* ]]
  BCPU_PLANT=hash run --separate-stderr timeout 10 bcpu -n 100 -w 0 hash
  [ "$status" -eq 1 ]
  jq -se '.[-1].errors == 10' <<<"$output"
  BCPU_PLANT=hash:x run --separate-stderr timeout 10 bcpu -n 1 hash
  [ "$status" -eq 2 ]
}

@test "-n ends a test after so many operations, shared over the workers" {
  timeout 10 bcpu -n 1001 -w 0 -t 1,2 sort >n.ndjson
  jq -se 'map(select(.metric == "batch") | .n) == [1001, 1001]' n.ndjson
}

@test "a scaling list runs each number of threads; per-thread rates add up to the total" {
  timeout 10 bcpu -t 1,2,3 -d 100ms -w 10ms int >t.ndjson
  complete t.ndjson
  jq -se 'map(select(.metric == "batch") | .threads) == [1, 2, 3]' t.ndjson
  jq -se 'map(select(.metric == "speedup")) | (map(.threads) == [1, 2, 3]) and .[0].value == 1' t.ndjson
  jq -se 'map(select(.thread != null)) | group_by(.threads) | map(map(.thread)) == [[0, 1], [0, 1, 2]]' t.ndjson
  for threads in 2 3; do
    jq -se --argjson t $threads 'map(select(.threads == $t)) | (map(select(.metric == "thread_rate").value) | add) /
      (map(select(.metric == "rate").value) | add) | . > 0.999999 and . < 1.000001' t.ndjson
  done
}

@test "repetitions are interleaved over tests and numbers of threads" {
  timeout 10 bcpu -R 2 -t 1,2 -n 20 -w 0 -m batch int sort >r.ndjson
  [ "$(jq -r 'select(.kind == "result") | "\(.rep)\(.test)\(.threads)"' r.ndjson | tr '\n' ' ')" = \
    "1int1 1int2 1sort1 1sort2 2int1 2int2 2sort1 2sort2 " ]
}

@test "an open loop does exactly the planned number of operations" {
  timeout 10 bcpu -r 1000 -d 2s -w 100ms hash >open.ndjson
  complete open.ndjson
  as_planned open.ndjson 2000
  jq -se 'map(select(.metric == "batch")) | length == 0' open.ndjson
}

@test "falling behind is a result: achieved and backlog" {
  timeout 10 bcpu -r 1M -d 300ms -w 0 hash >behind.ndjson
  achieved=$(figure behind.ndjson '.metric == "achieved"')
  backlog=$(figure behind.ndjson '.metric == "backlog"')
  jq -ne --argjson a "$achieved" --argjson b "$backlog" '$a > 0 and $a < 0.5 and $b > 150000'
  [ "$(jq -s '(map(select(.metric == "lat").n) | add) + (map(select(.metric == "backlog").value) | add)' behind.ndjson)" -eq 300000 ]
}

@test "Poisson arrivals are accepted, and are the same for the same seed" {
  timeout 10 bcpu -r 1000 --arrival poisson -d 200ms -w 0 hash >a.ndjson
  timeout 10 bcpu -r 1000 --arrival poisson -d 200ms -w 0 hash >b.ndjson
  timeout 10 bcpu -r 1000 --arrival poisson --seed 7 -d 200ms -w 0 hash >c.ndjson
  planned() { jq -s '(map(select(.metric == "lat").n) | add) + (map(select(.metric == "backlog").value) | add)' "$1"; }
  [ "$(planned a.ndjson)" -eq "$(planned b.ndjson)" ]
  [ "$(planned a.ndjson)" -gt 100 ]
  [ "$(planned c.ndjson)" -gt 100 ]
}

@test "a second in which the process is stopped is in lat but not in svc" {
  timeout -k 1 20 bcpu -r 500 -d 2500ms -i 100ms -w 0 hash >stop.ndjson &
  bcpu=$!
  wait_for 5 grep -q '"sample"' stop.ndjson
  child=$(pgrep -P $bcpu -x bcpu)
  kill -STOP "$child"
  wait_for 5 grep -q '^State:.T' "/proc/$child/status"
  elapse 1000
  kill -CONT "$child"
  wait $bcpu
  [ "$(jq 'select(.kind == "result" and .metric == "lat") | .n' stop.ndjson)" -eq 1250 ]
  jq -se 'map(select(.kind == "result" and .metric == "lat")) | .[0].max >= 9e8 and .[0].p90 > 1e8' stop.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "svc")) | .[0].p99 < 2e8' stop.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "late")) | .[0].max >= 9e8' stop.ndjson
}

@test "jitter sees the gap of a stopped process" {
  timeout -k 1 20 bcpu -d 1s -i 100ms -w 0 jitter >jitter.ndjson &
  bcpu=$!
  wait_for 5 grep -q '"sample"' jitter.ndjson
  child=$(pgrep -P $bcpu -x bcpu)
  kill -STOP "$child"
  wait_for 5 grep -q '^State:.T' "/proc/$child/status"
  elapse 300
  kill -CONT "$child"
  wait $bcpu
  jq -se 'map(select(.kind == "result" and .metric == "gap")) | .[0].max >= 3e8 and .[0].min > 1000 and .[0].threshold == 1000' jitter.ndjson
  jq -se 'map(select(.metric == "stolen")) | .[0].value > 0.2 and .[0].value < 1' jitter.ndjson
}

@test "samples come during the run and are deltas that add up" {
  timeout 10 bcpu -d 500ms -i 100ms -w 0 int >i.ndjson
  complete i.ndjson
  [ "$(jq -s 'map(select(.kind == "sample" and .metric == "batch")) | length' i.ndjson)" -ge 4 ]
  jq -se '(map(select(.kind == "sample" and .metric == "batch").n) | add) == (map(select(.kind == "result" and .metric == "batch").n) | add)' i.ndjson
  jq -se 'map(select(.kind == "sample" and .metric == "rate")) | all(.value > 0 and .dur > 0)' i.ndjson
}

@test "-c pins and is recorded" {
  cpu=$(sed -n 's/^Cpus_allowed_list:.*[,\t-]\([0-9]*\)$/\1/p' /proc/self/status)
  timeout 10 bcpu -c "$cpu" -t 2 -n 20 -w 0 int >c.ndjson
  [ "$(jq -r 'select(.kind == "meta") | .pin' c.ndjson)" = "$cpu" ]
  jq -se --argjson cpu "$cpu" 'map(select(.thread != null)) | length == 2 and all(.cpu == $cpu)' c.ndjson
  run --separate-stderr timeout 10 bcpu -c 4000 -n 1 int
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *"CPU 4000"* ]]
}

@test "-m keeps only the metrics named, -T tags them" {
  run --separate-stderr timeout 10 bcpu -n 20 -w 0 -m rate,errors -T disk=none int
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "result") | [.metric, .disk]) == [["rate", "none"], ["errors", "none"]]' <<<"$output"
}

@test "-N validates and runs nothing" {
  run --separate-stderr timeout 10 bcpu -N -t 1,2 -d 100s
  [ "$status" -eq 0 ]
  jq -se 'map(.kind) == ["meta", "end"] and .[0].tests == "int,float,vec,hash,branch,sort,compress,jitter" and .[0].threads == "1,2"
    and .[0].duration == 100 and .[0].dry_run == true and .[1].status == "ok"' <<<"$output"
  run --separate-stderr timeout 10 bcpu -N nosuch
  [ "$status" -eq 2 ]
}

@test "-L lists every test with its kernel" {
  run --separate-stderr timeout 10 bcpu -L
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 9 ]
  for test in int float vec hash branch sort compress jitter; do
    grep -qE "^$test +$test\.1 " <<<"$output"
  done
}

@test "unknown tests, instruction sets and bad numbers are refused by name" {
  run --separate-stderr timeout 10 bcpu int nosuch
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == *"'nosuch'"*"int float vec hash branch sort compress jitter"* ]]
  run --separate-stderr timeout 10 bcpu -E sse9 vec
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"--engine"*"sse9"* ]]
  for bad in "-t 0" "-t 1,x" "-d 0" "-d 5x" "-r 0" "-r nan" "-R 0" "-n 0" "-c -1" "--lock maybe" "--arrival uniform" "-i 1ns"; do
    # shellcheck disable=SC2086 # an option and its argument
    run --separate-stderr timeout 10 bcpu $bad int
    [ "$status" -eq 2 ] || { echo "$bad: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
}

@test "a lock in use: fail refuses, off taints, wait waits and says so" {
  timeout 20 bcpu -d 20s -i 100ms int >holder.ndjson &
  holder=$!
  wait_for 5 grep -q '"sample"' holder.ndjson
  echo precious >kept.ndjson
  for options in "" "-o kept.ndjson"; do
    # shellcheck disable=SC2086 # an option and its argument
    run --separate-stderr timeout 10 bcpu --lock fail -n 10 $options int
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
  done
  [ "$(cat kept.ndjson)" = precious ]
  run --separate-stderr timeout 10 bcpu --lock off -n 10 -w 0 int
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "result")) | length > 3 and all(.taint | contains("shared"))' <<<"$output"
  timeout 20 bcpu -n 10 -w 0 int >waiter.ndjson &
  waiter=$!
  wait_for 5 grep -q '"lock-wait"' waiter.ndjson
  [ "$(grep -c '"result"' waiter.ndjson)" -eq 0 ]
  kill -INT "$(pgrep -P $holder -x bcpu)"
  wait $waiter
  complete waiter.ndjson
  jq -se '.[1].kind == "warn" and (map(select(.metric == "batch").n) == [10])' waiter.ndjson
  wait $holder || :
  [ "$(locks)" -eq 0 ]
}

@test "INT, TERM, HUP: what was measured, an end that says interrupted, death by that signal" {
  for signal in INT TERM HUP; do
    interrupted $signal '"sample"' bcpu -d 20s -i 50ms int
    jq -se 'map(select(.kind == "result" and .metric == "rate")) | length == 1 and .[0].value > 0' s.ndjson
    [ "$(locks)" -eq 0 ]
  done
}

@test "a signal while waiting for the lock ends the wait" {
  bcpu -d 20s -i 50ms int >holder.ndjson &
  holder=$!
  wait_for 5 grep -q '"sample"' holder.ndjson
  bcpu -n 10 int >waiter.ndjson &
  waiter=$!
  wait_for 5 grep -q '"lock-wait"' waiter.ndjson
  kill -TERM $waiter
  status=0
  wait $waiter || status=$?
  [ "$status" -eq 143 ]
  complete waiter.ndjson
  kill -TERM $holder
  wait $holder || :
}

@test "KILL: whole lines only, and the lock is free" {
  killed '"sample"' bcpu -d 20s -i 20ms int
  [ "$(find "$BTOOLS_LOCK_DIR" -type f -size +0 | wc -l)" -eq 0 ]
  run --separate-stderr timeout 10 bcpu --lock fail -n 10 -w 0 int
  [ "$status" -eq 0 ]
  [ "$(locks)" -eq 0 ]
}

@test "a reader that goes away ends the run at once and quietly, with and without samples" {
  for options in "-i 20ms" ""; do
    start=$SECONDS
    run --separate-stderr bash -c "timeout 30 bcpu -d 25s $options int | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
    [ "$status" -eq 141 ] || { echo "'$options': $status $stderr"; false; }
    [ -z "$stderr" ]
    [ $((SECONDS - start)) -lt 10 ]
    [ "$(locks)" -eq 0 ]
  done
}

@test "a full disk is one message and status 1" {
  run --separate-stderr bash -c "timeout 20 bcpu -d 10s -i 50ms int >/dev/full"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "bcpu: stdout: No space left on device" ]]
  run --separate-stderr timeout 10 bcpu -n 10 -o /no/such/dir/file int
  [ "$status" -ge 1 ]
  [ "$status" -le 2 ]
  [[ "$stderr" == "bcpu: /no/such/dir/file: "* ]]
  [ "$(locks)" -eq 0 ]
}

@test "without root, and without a usable lock directory" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "not root: every other test shows it"
  # The test's own directory is closed to other users.
  BTOOLS_LOCK_DIR=$(mktemp -d /tmp/bcpu-lock.XXXXXX)
  chmod 1777 "$BTOOLS_LOCK_DIR"
  run --separate-stderr timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups bcpu -n 10 -w 0 int hash
  rmdir "$BTOOLS_LOCK_DIR"
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  jq -se 'map(select(.metric == "batch")) | length == 2' <<<"$output"
  BTOOLS_LOCK_DIR=/proc/none run --separate-stderr timeout 10 bcpu -n 10 -w 0 int
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "warn" and .code == "lock-unusable")) | length == 1' <<<"$output"
}

@test "text and tsv carry the same figures" {
  run --separate-stderr timeout 10 bcpu -f tsv -n 20 -w 0 hash
  [ "$status" -eq 0 ]
  [ "$(awk -F'\t' 'NR > 1 && $9 == "batch" { print $12 }' <<<"$output")" -eq 20 ]
  [ "$(awk -F'\t' 'NF != 20' <<<"$output" | wc -l)" -eq 0 ]
  run --separate-stderr timeout 10 bcpu -f text -n 20 -w 0 hash
  [ "$status" -eq 0 ]
  grep -q 'batch' <<<"$output"
}

@test "a signal in the warm-up leaves nothing that looks like a measurement" {
  bcpu -w 20s -d 1s int >w.ndjson &
  bcpu=$!
  wait_for 5 grep -q '"meta"' w.ndjson
  kill -TERM $bcpu
  status=0
  wait $bcpu || status=$?
  [ "$status" -eq 143 ]
  jq -se 'map(.kind) == ["meta", "end"] and .[1].status == "interrupted"' w.ndjson
}

@test "a metric that does not exist is refused before anything runs" {
  run --separate-stderr timeout 10 bcpu -m rate,nosuch int
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == *"-m, --metrics: no metric is named 'nosuch'"* ]]
  # Every metric that is emitted is one that may be asked for.
  timeout 20 bcpu -t 1,2 -n 4 -w 0 >m.ndjson
  run --separate-stderr timeout 20 bcpu -N -m "$(jq -r '.metric // empty' m.ndjson | sort -u | paste -sd,)" int
  [ "$status" -eq 0 ]
}

@test "an open loop that ends by count has the rate that was planned" {
  timeout 10 bcpu -n 6 -t 2 -r 100 -w 0 -m rate int >r.ndjson
  jq -se 'map(select(.metric == "rate").value) | length == 1 and (.[0] > 99 and .[0] < 101)' r.ndjson
}

@test "TERM ends a run whose reader does not read" {
  mkfifo full
  bcpu -d 60s -i 1ms -w 0 int >full &
  bcpu=$!
  exec 9<full
  # The pipe holds 64 KiB; a write that has to wait shows in wchan.
  wait_for 20 grep -q pipe "/proc/$bcpu/wchan" || { kill -KILL $bcpu; skip "this kernel does not show where a process waits"; }
  kill -TERM $bcpu
  status=0
  wait $bcpu || status=$?
  exec 9<&-
  [ "$status" -eq 143 ]
}

@test "text names the machine, the tags and the results" {
  run --separate-stderr timeout 10 bcpu -f text -n 5 -w 0 -T color=red int
  [ "$status" -eq 0 ]
  [[ "${lines[0]}" == "bcpu "*" on "*"color=red" ]]
  [[ "${lines[1]}" == "TEST "*"METRIC "* ]]
  [[ "${lines[2]}" == "int "*"rate "* ]]
}

@test "a run that had to share its CPU says preempted; a few operations are short" {
  cpu=$(sed -n 's/^Cpus_allowed_list:\s*\([0-9]*\).*/\1/p' /proc/self/status)
  bcpu -c "$cpu" -d 500ms -w 0 --lock off int >one.ndjson &
  timeout 10 bcpu -c "$cpu" -d 500ms -w 0 --lock off int >two.ndjson
  wait
  jq -se 'map(select(.metric == "rate") | .taint | contains("preempted")) | all' one.ndjson two.ndjson
  timeout 10 bcpu -n 29 -w 0 -m rate int >short.ndjson
  jq -se 'map(select(.metric == "rate") | .taint | contains("short")) | all' short.ndjson
}

@test "a limit on the file size is one message, status 1 and whole lines" {
  run --separate-stderr timeout 10 bash -c 'ulimit -f 8; bcpu -d 400ms -i 10ms -w 0 int >limited'
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *"File too large"* ]]
  [ "$(jq -s length limited)" -gt 3 ]
}

@test "--root must be a directory" {
  run --separate-stderr timeout 10 bcpu --root "$BATS_TEST_TMPDIR/none" -N int
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == *"--root"*"No such file"* ]]
}
