load helper

# The benchmarks themselves: that they run and speak in valid records. What they measure is for `make bench`.

@test "the benchmark programs run and print valid records" {
  cd "$BATS_TEST_TMPDIR"
  ran=0
  for source in "$TOP"/tests/bench/*.c; do
    name=$(basename "$source" .c)
    [[ $name != gen* && $name != floor* && $name != calls ]] || continue
    timeout 60 "$BUILD/bench/$name" >"$name.ndjson"
    check_records "$name.ndjson"
    [ "$(jq -r 'select(.kind == "end") | .status' "$name.ndjson")" = ok ]
    ran=$((ran + 1))
  done
  [ "$ran" -ge 3 ]
}

@test "bagg against its peers, on few records" {
  cd "$BATS_TEST_TMPDIR"
  OFFLINE=1 COUNT=1000 REPS=1 timeout 60 "$TOP/tests/bench/bagg" >bagg.ndjson
  check_records bagg.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bagg.ndjson)" = ok ]
  for test in values dists gzip ndjson; do
    jq -e -s --arg test "bagg-$test" 'map(select(.test == $test and .peer == "bagg" and .value > 0) | .metric) | sort == ["bw", "line_cpu", "rss"]' bagg.ndjson
  done
  jq -e -s 'map(select(.test == "bagg-memory" and .value > 0) | .lines) == [1000, 4000]' bagg.ndjson
  jq -e -s '.[0].missing as $gone | map(select(.test == "bagg-values") | .peer) | index("gawk") or ($gone | contains("gawk"))' bagg.ndjson
}

@test "bdisk against fio, briefly" {
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  REPS=1 SECS=1 SIZE=16M timeout 110 "$TOP/tests/bench/bdisk" >bdisk.ndjson 2>errors || { cat errors; false; }
  check_records bdisk.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bdisk.ndjson)" = ok ]
  jq -e -s 'map(select(.on == "disk" and .peer == "bdisk" and .metric != "ratio" and .value > 0) | "\(.qd) \(.metric)") | sort ==
    ["1 cpu_io", "1 iops", "1 p50", "1 p99", "32 cpu_io", "32 iops", "32 p50", "32 p99"]' bdisk.ndjson
  jq -e -s 'map(select(.on == "disk" and .test == "bdisk-summary" and .against == "bare" and .value > 0) | "\(.qd) \(.what)") | sort ==
    ["1 cpu_io", "1 iops", "32 cpu_io", "32 iops"]' bdisk.ndjson
  if jq -e -s '.[0].missing == ""' bdisk.ndjson; then
    jq -e -s 'map(select(.on == "disk" and .test == "bdisk-summary" and .against == "fio" and .value > 0) | "\(.qd) \(.what) \(.goal)") | sort ==
      ["1 cpu_io 0.7", "1 iops 1", "1 p50 null", "1 p99 null", "32 cpu_io 0.7", "32 iops 1", "32 p50 null", "32 p99 null"]' bdisk.ndjson
  fi
  [ -z "$(find . -name '.bdisk-bench*')" ]
}

@test "bmem against plain loops, briefly" {
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  REPS=1 SECS=0.05 SIZES=16k PAGES=4k timeout 60 "$TOP/tests/bench/bmem" >bmem.ndjson 2>errors || { cat errors; false; }
  check_records bmem.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bmem.ndjson)" = ok ]
  jq -e -s 'map(select(.test == "bmem-summary" and .value > 0 and .stat == "p50" and .against == "plain") | "\(.what) \(.peer) \(.goal)") | sort ==
    ["bmem-add bmem null", "bmem-copy bmem null", "bmem-copy bmem-nt 1", "bmem-latency bmem 1.02", "bmem-scale bmem null", "bmem-triad bmem 1",
     "bmem-triad bmem-nt 1"]' bmem.ndjson
  for line in copy:bmem copy:plain copy:bmem-nt triad:plain; do
    jq -e -s --arg test "bmem-${line%:*}" --arg peer "${line#*:}" \
      'map(select(.test == $test and .peer == $peer and .metric == "bw" and .value > 1e7)) | length == 2' bmem.ndjson
  done
  run -2 --separate-stderr "$BUILD/bench/plain" 2m
  run -2 --separate-stderr "$BUILD/bench/plain" thp 1x
}

@test "bring against its peers, briefly" {
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  mkdir bare
  # Without cargo: what remains is bring against itself.
  for program in bash awk cut jq sed sort timeout taskset paste od tr uname mktemp date dirname head cat rm bring; do
    ln -s "$(command -v $program)" bare/
  done
  PATH="$PWD/bare" REPS=1 MS=8 run --separate-stderr timeout 60 "$TOP/tests/bench/bring"
  [ "$status" -ne 3 ] || skip "$stderr"
  [ "$status" -eq 0 ]
  echo "$output" >records
  check_records records
  jq -e -s '.[0].missing == "tokio" and .[-1].status == "ok"' records
  jq -e -s 'map(select(.case == "rtt-sleep-queue" and .metric == "time" and .value > 0) | .peer) | unique == ["bring", "eventfd", "floor"]' records
  jq -e -s 'map(select(.test == "bring-summary" and .case == "rtt-sleep-queue")) | length == 1 and .[0].goal == 1.1 and .[0].value > 0' records
}

@test "bnet by itself, briefly, as it runs beside iperf3 and sockperf" {
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  REPS=1 SECS=0.1 NEAR=0 FAR=0 PEERS="" timeout 110 "$TOP/tests/bench/bnet" >bnet.ndjson 2>errors || { cat errors; false; }
  check_records bnet.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bnet.ndjson)" = ok ]
  jq -e -s 'map(select(.peer == "bnet" and .metric != "ratio" and .value > 0) | "\(.test) \(.metric)") | sort ==
    ["bnet-rr-tcp cpu", "bnet-rr-tcp p50", "bnet-rr-tcp p99", "bnet-rr-udp cpu", "bnet-rr-udp p50", "bnet-rr-udp p99", "bnet-stream bw", "bnet-stream cpu"]' bnet.ndjson
}

@test "the benchmark of bagg: a peer that counts wrongly fails, one that is not there is named" {
  cd "$BATS_TEST_TMPDIR"
  mkdir bin
  printf '#!/bin/sh\nhead -n 999 ${2:+"$2"} | /usr/bin/wc -l\n' >bin/wc
  chmod +x bin/wc
  for program in bash awk grep sed tr od uname mktemp dirname head gzip stat rm cat timeout bagg; do
    ln -s "$(command -v $program)" bin/
  done
  ln -s "$BUILD/bench" bin/bench
  PATH="$PWD/bin" OFFLINE=1 COUNT=1000 REPS=1 run -1 --separate-stderr timeout 60 "$TOP/tests/bench/bagg"
  [[ $stderr == *"not there: "*"jq duckdb"* ]]
  [[ $stderr == *"bagg: wc on values: counted 999 of 1000"* ]]
  echo "$output" >records
  check_records records
  jq -e -s 'last | .kind == "end" and .status == "failed" and .errors == 3' records
}

# BPF programs can be attached here.
need_bpf() {
  [ "$(id -u)" = 0 ] || skip "not root"
  [ -e /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF"
  [ -x "$BUILD/bench/floor" ] || skip "built without BPF"
  "$BUILD/bench/floor" enter </dev/null 2>floor.log || skip "$(cat floor.log)"
}

allowed_cpu() {
  taskset -cp $$ | sed 's/.*[^0-9]//'
}

@test "the load of the tracing benchmark: two figures, the median not below the least; wrong arguments" {
  for load in null pipe; do
    run -0 --separate-stderr timeout 60 "$BUILD/bench/calls" $load "$(allowed_cpu)" 5 100
    [ -z "$stderr" ]
    awk '{ exit !(NF == 2 && $1 >= $2 && $2 > 0) }' <<<"$output"
  done
  for wrong in "null 0 5" "none 0 5 100" "null x 5 100" "null 0 0 100" "pipe 0 5 1e3" "null 0 99999 1" "null 0 5 100 1"; do
    run -2 --separate-stderr timeout 10 "$BUILD/bench/calls" $wrong
    [ -z "$output" ]
    [[ $stderr == *"usage: calls"* ]]
  done
  run -2 --separate-stderr timeout 10 "$BUILD/bench/calls" null 1023 5 100
  [[ $stderr == "calls: CPU 1023: Invalid argument" ]]
}

@test "empty BPF programs run as often as the load calls, only those asked for, and pass its status on (root)" {
  cd "$BATS_TEST_TMPDIR"
  need_bpf
  run -0 timeout 60 "$BUILD/bench/floor" -s -p enter switch -- "$BUILD/bench/calls" null "$(allowed_cpu)" 9 1000
  [ "$(awk '$1 == "empty_enter" && $2 > 0 && $3 >= 10000' <<<"$output" | wc -l)" -eq 1 ]
  [ "$(awk '$1 == "empty_switch" && $3 > 0' <<<"$output" | wc -l)" -eq 1 ]
  [ "$(grep -c ^empty_ <<<"$output")" -eq 2 ]
  run -0 timeout 60 "$BUILD/bench/floor" -s -p waking wakeup exit wakeup_new -- "$BUILD/bench/calls" pipe "$(allowed_cpu)" 9 100
  [ "$(awk '/^empty_(waking|wakeup) / && $3 >= 1000 || /^empty_exit / && $3 >= 4000' <<<"$output" | wc -l)" -eq 3 ]
  run -7 timeout 60 "$BUILD/bench/floor" exit -- sh -c 'exit 7'
  run -143 timeout 60 "$BUILD/bench/floor" exit -- sh -c 'kill -TERM $$'
  run -127 --separate-stderr timeout 60 "$BUILD/bench/floor" exit -- /nonexistent
  run -2 --separate-stderr timeout 60 "$BUILD/bench/floor" enter fsync
  [[ $stderr == "floor: no program fsync: "* ]]
}

@test "bsys and bsched against their peers, on few calls (root)" {
  cd "$BATS_TEST_TMPDIR"
  need_bpf
  REPS=1 SLICES=4 CALLS=1000 ROUNDS=100 timeout 110 "$TOP/tests/bench/trace" >trace.ndjson 2>errors || { cat errors; false; }
  check_records trace.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' trace.ndjson)" = ok ]
  missing=$(jq -r 'select(.kind == "meta") | .missing' trace.ndjson)
  peers() {
    for peer; do [[ " $missing " == *" ${peer%%-*} "* ]] || echo "$peer"; done | sort | tr '\n' ' '
  }
  # Of which peers there are figures: TEST METRIC.
  figures_of() {
    jq -r "select(.kind == \"result\" and .test == \"$1\" and .metric == \"$2\") | .peer" trace.ndjson | sort -u | tr '\n' ' '
  }
  null="empty-enter empty-enter-exit syscount syscount-L strace-c bsys-trace bsys-count"
  pipe="empty-switch-waking runqlat cpudist bsched-runq"
  [ "$(figures_of trace-null call)" = "$(peers bare $null)" ]
  [ "$(figures_of trace-null added)" = "$(peers $null)" ]
  [ "$(figures_of trace-pipe round)" = "$(peers bare $pipe)" ]
  [ "$(figures_of trace-pipe added)" = "$(peers $pipe)" ]
  [ "$(figures_of trace-cost net)" = "$(peers runqlat cpudist bsched-runq)" ]
  [ "$(figures_of trace-summary added)" = "$(peers $null $pipe)" ]
}

# fake TOOL TEST PROGRAMS RECORD: in bin/, a tracer that attaches empty programs and prints a record, nothing of which it saw.
fake() {
  mkdir -p bin
  cat >"bin/$1" <<EOF
#!/bin/bash
[ "\$1" = $2 ] || { echo "$2"; exit; }
echo '$4'
exec "$BUILD/bench/floor" $3
EOF
  chmod +x "bin/$1"
}

@test "the benchmark of tracers: what they add is compared with their peers, one that sees nothing fails (root)" {
  cd "$BATS_TEST_TMPDIR"
  need_bpf
  PATH=$PATH:/usr/sbin:/sbin
  for program in runqlat syscount; do
    command -v $program "bpf-$program" >/dev/null || skip "$program is not installed"
  done
  export REPS=2 SLICES=4 CALLS=1000 ROUNDS=100
  fake bsys trace "enter exit" '{"syscall":"getppid","metric":"lat","unit":"ns","n":4000}'
  fake bsched runq "switch waking" '{"metric":"runq","unit":"ns","n":400}'
  PATH="$PWD/bin:$PATH" run -0 --separate-stderr timeout 110 "$TOP/tests/bench/trace"
  echo "$output" >records
  check_records records
  jq -e -s '.[0].missing | contains("bs") | not' records
  jq -e -s 'map(select(.peer == "bsys-trace" and .metric == "ratio" and .test == "trace-null") | .against) == ["syscount-L", "syscount-L"]' records
  jq -e -s '[
      "bsys-trace ratio syscount-L 0.5", "bsys-count ratio empty-enter 1.2", "bsched-runq ratio runqlat null"
    ] - map(select(.test == "trace-summary") | "\(.peer) \(.metric) \(.against) \(.goal)") == []' records
  jq -e -s 'map(select(.test == "trace-cost" and .peer == "runqlat" and .metric == "net" and (.program | test("switch"))) | .value > 0) == [true, true]' records

  fake bsys trace "enter exit" '{"syscall":"getppid","metric":"lat","unit":"ns","n":3999}'
  fake bsched runq none ''
  export REPS=1
  PATH="$PWD/bin:$PATH" run -1 --separate-stderr timeout 110 "$TOP/tests/bench/trace"
  [[ $stderr == *"trace: bsys-trace: saw 3999 of 4000"* ]]
  [[ $stderr == *"trace: bsched-runq: 0 of 2 programs attached; floor: no program none"* ]]
  echo "$output" >records
  check_records records
  jq -e -s 'last | .kind == "end" and .status == "failed" and .errors == 4' records
  jq -e -s 'all(.peer != "bsys-trace" and .peer != "bsched-runq")' records
}

@test "the benchmark of tracers taints its figures while somebody else has BPF programs timed (root)" {
  cd "$BATS_TEST_TMPDIR"
  need_bpf
  REPS=1 SLICES=4 CALLS=1000 ROUNDS=100 timeout 110 "$BUILD/bench/floor" -s waking -- "$TOP/tests/bench/trace" >records 2>errors || { cat errors; false; }
  check_records records
  jq -e -s 'map(select(.peer == "empty-enter-exit" and .test == "trace-null") | .taint) == ["bpf_stats", "bpf_stats"]' records
  jq -e -s 'map(select(.peer == "bare" or .peer == "strace-c") | .taint) | unique == [null]' records
}

@test "the benchmark of tracers ends all of them, however it ends (root)" {
  cd "$BATS_TEST_TMPDIR"
  need_bpf
  mkdir tmp
  child_traces() {
    child=$(pgrep -P "$pid" -x floor)
  }
  gone() {
    [ ! -e "/proc/$child" ]
  }
  for signal in INT TERM HUP KILL; do
    env --default-signal=INT TMPDIR="$PWD/tmp" SLICES=400 "$TOP/tests/bench/trace" >records 2>errors &
    pid=$!
    wait_for 20 child_traces
    kill -$signal $pid
    rc=0
    wait $pid || rc=$?
    [ $rc -eq $((128 + $(kill -l $signal))) ]
    wait_for 20 gone
    [ $signal = KILL ] || wait_for 20 eval '[ -z "$(ls tmp)" ]'
    rm -rf tmp/*
  done
  TMPDIR="$PWD/tmp" run -1 bash -c '"$1" >/dev/full' bash "$TOP/tests/bench/trace"
  [ -z "$(ls tmp)" ]
}

@test "the benchmark of tracers says what it needs, and so do empty programs" {
  need setpriv
  chmod 755 "$BATS_TEST_TMPDIR"
  [ -x "$BUILD/bench/floor" ] || skip "built without BPF"
  as=()
  if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
  "${as[@]}" test -x "$BUILD/bench/floor" || skip "not readable for others"
  run -3 --separate-stderr timeout 10 "${as[@]}" "$TOP/tests/bench/trace"
  [ -z "$output" ]
  [ "$stderr" = "trace: only root can trace the whole machine" ]
  run -3 --separate-stderr timeout 10 "${as[@]}" "$BUILD/bench/floor" enter
  [ -z "$output" ]
  [[ $stderr == "floor: the BPF programs cannot be attached: Operation not permitted (needs root"* ]]
}

@test "bsample against sar and node_exporter, briefly" {
  trace_turn
  cd "$BATS_TEST_TMPDIR"
  setup_locks
  REPS=1 SECS=1 timeout 60 "$TOP/tests/bench/bsample" >bsample.ndjson 2>errors || { cat errors; false; }
  check_records bsample.ndjson
  [ "$(jq -r 'select(.kind == "end") | .status' bsample.ndjson)" = ok ]
  jq -e -s 'map(select(.peer == "bsample") | "\(.test) \(.metric)") | sort == ["fast cpu", "fast rss", "schedule late_max",
    "schedule late_p50", "schedule late_p99", "schedule missed", "schedule self_cpu", "system cpu", "system rss"]' bsample.ndjson
  jq -e -s 'map(select(.test == "burner" and .metric == "seen") | .peer) | index("machine") == 0' bsample.ndjson
  if jq -e -s '.[0].missing == ""' bsample.ndjson; then
    jq -e -s 'map(select(.metric == "ratio" and .value > 0) | .peer) == ["sar", "node_exporter"]' bsample.ndjson
  fi
}
