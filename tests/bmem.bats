load helper

# bmem: known answers, what is measured and where, limits, wrong answers and manners. What all load tools share is tested in bcpu.bats.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

all="copy scale add triad read write ntwrite memcpy stride latency tlb loaded c2c fault gups"

# Two CPUs that this process may use, or skip.
two_cpus() {
  mapfile -t cpus < <(bcpu -N -t 1 int | jq -r 'select(.kind == "meta") | .cpus_allowed')
  [ "${cpus[0]}" -ge 2 ] || skip "one CPU"
}

# values FILE METRIC [FILTER]: values of results, one a line.
values() {
  jq -r "select(.kind == \"result\" and .metric == \"$2\") | select(${3:-true}) | .value" "$1"
}

@test "every test gives right answers, the metrics of its page and nothing else" {
  two_cpus
  run --separate-stderr timeout 60 bmem -s 128k -n 3 -w 0 -o all.ndjson $all
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ -z "$output" ]
  complete all.ndjson
  check_records all.ndjson
  [ "$(jq -r 'select(.kind == "result") | .test' all.ndjson | uniq | tr '\n' ' ')" = "$all " ]
  jq -se 'map(select(.metric == "errors")) | length > 25 and all(.value == 0)' all.ndjson
  jq -se 'map(select(.kind == "result")) | all(.kernel == .test + ".1" and .threads == 1 and .rep == 1 and .per_batch >= 1 and .loop == "closed")' all.ndjson
  jq -se 'map(select(.metric == "batch")) | all(.n == 3 and .min > 0 and .hist)' all.ndjson
  metrics() { jq -r "select(.kind == \"result\" and .test == \"$1\") | .metric" all.ndjson | grep -vE '^(batch|huge|faults|errors|preemptions|steal|throttled)$' | sort -u | tr '\n' ' '; }
  for test in copy scale add triad read write ntwrite; do [ "$(metrics $test)" = "bw traffic " ]; done
  [ "$(metrics memcpy)" = "bw " ]
  [ "$(metrics stride)" = "access bw " ]
  [ "$(metrics latency)" = "lat " ]
  [ "$(metrics tlb)" = "lat packed " ]
  [ "$(metrics loaded)" = "lat load_bw " ]
  [ "$(metrics c2c)" = "rtt " ]
  [ "$(metrics fault)" = "bw lat " ]
  [ "$(metrics gups)" = "rate update " ]
  [ "$(locks)" -eq 0 ]
}

@test "bytes are counted as STREAM counts them; what stores read first is in traffic" {
  timeout 20 bmem -s 64k -n 40 -w 0 copy scale add triad read write ntwrite memcpy >s.ndjson
  timeout 20 bmem -s 64k -n 40 -w 0 --nt copy scale add triad >nt.ndjson
  jq -se 'map(select(.metric == "batch")) | all(.size == 65536 and .per_batch > 10)' s.ndjson nt.ndjson
  # bw is batches per second x passes x arrays x size; batches per second are n over the sum of their times.
  ratio() {
    jq -s --argjson arrays "$2" "map(select(.test == \"$1\" and .stores != \"$3\")) | (map(select(.metric == \"bw\"))[0].value) as \$bw |
      map(select(.metric == \"batch\"))[0] | \$bw / (.per_batch * .size * \$arrays * 1e9 / .mean)" s.ndjson nt.ndjson
  }
  for case in "copy 2" "scale 2" "add 3" "triad 3" "read 1" "write 1" "ntwrite 1" "memcpy 2"; do
    # shellcheck disable=SC2086 # words
    jq -ne --argjson r "$(ratio $case nt)" '$r > 0.99 and $r < 1.01' || { echo "$case: $(ratio $case nt)"; false; }
  done
  traffic() { jq -s "map(select(.test == \"$1\")) | (map(select(.metric == \"traffic\"))[0].value) / (map(select(.metric == \"bw\"))[0].value) * 1000 | round" "$2"; }
  [ "$(for t in copy scale add triad read write ntwrite; do traffic $t s.ndjson; done | tr '\n' ' ')" = "1500 1500 1333 1333 1000 2000 1000 " ]
  [ "$(for t in copy scale add triad; do traffic $t nt.ndjson; done | tr '\n' ' ')" = "1000 1000 1000 1000 " ]
  jq -se 'map(select(.metric == "bw" and .stores) | .stores) == ["plain", "plain", "plain", "plain", "nt", "nt", "nt", "nt"]' s.ndjson nt.ndjson
}

@test "every vector width that this CPU has gives the known sums, and is named" {
  read -ra widths < <(bmem -L | sed -n 's/^vectors: //p')
  for width in "${widths[@]}" portable; do
    [[ $width != "("* ]] || continue
    timeout 20 bmem -E "$width" -s 12k -n 2 -w 0 copy scale add triad read write ntwrite >w.ndjson
    jq -se 'map(select(.metric == "errors")) | length == 7 and all(.value == 0)' w.ndjson
    [ "$width" = portable ] || jq -se --arg w "$width" 'map(select(.metric == "bw") | .isa) | unique == [$w]' w.ndjson
  done
  [ "$(timeout 10 bmem -s 12k -n 2 -w 0 -m bw memcpy | jq -r 'select(.metric == "bw") | .isa')" = libc ]
}

@test "a planted wrong answer of each test is counted, names the CPU and makes the status 1" {
  two_cpus
  for test in triad read memcpy stride latency tlb c2c fault gups loaded; do
    BMEM_PLANT=$test:5 run --separate-stderr timeout 10 bmem -s 64k --stride 512 --load 0 --pages "$(page)" -n 20 -w 0 $test
    [ "$status" -eq 1 ] || { echo "$test: $status $stderr"; false; }
    [ "$(jq 'select(.metric == "errors") | .value' <<<"$output")" -eq 4 ]
    jq -se '.[-1] | .status == "failed" and .errors == 4' <<<"$output"
    [[ "$stderr" == *"bmem: $test: 4 wrong answers on CPU "* ]]
  done
}

# The name of base pages.
page() {
  echo "$(($(getconf PAGESIZE) / 1024))k"
}

@test "the level is that of the caches of the machine; the default ladder meets them all" {
  timeout 30 bmem -N --root "$TOP/tests/fixtures/machines/epyc-2s" latency >n.ndjson
  jq -se '.[1].kind == "end"' n.ndjson
  timeout 30 bmem -n 1 -w 0 latency -m lat >ladder.ndjson
  host() { jq -r "select(.kind == \"meta\") | .$1 // 0" ladder.ndjson; }
  [ "$(host llc)" -gt 0 ] || skip "the caches are not shown"
  jq -se '(.[0]) as $h | map(select(.metric == "lat")) | all(
    if .level == "L1" then .size <= $h.l1d elif .level == "L2" then .size > $h.l1d and .size <= $h.l2
    elif .level == "L3" then .size > $h.l2 and .size <= $h.l3 elif .level == "RAM" then .size >= 4 * $h.llc
    else .level == "mixed" and .size > $h.llc end)' ladder.ndjson
  jq -se '(.[0]) as $h | map(select(.metric == "lat") | .level) | unique as $seen |
    ([ "L1", (if $h.l2 then "L2" else empty end), (if $h.l3 then "L3" else empty end) ] - $seen) == []' ladder.ndjson
}

@test "lines a power of two apart crowd a cache: they are not said to fit where only their number would" {
  l1d=$(bmem -N latency | jq 'select(.kind == "meta") | .l1d // 0')
  [ "$l1d" -gt 0 ] || skip "the caches are not shown"
  timeout 20 bmem -q -n 1 -w 0 -s $((2 * l1d)) --stride 64,512,576 latency stride -m lat,access >s.ndjson
  jq -se 'map(select(.metric == "lat" or .metric == "access") | [.stride, .level == "L1"]) ==
    [[64, false], [512, false], [576, true], [64, false], [512, false], [576, true]]' s.ndjson
  # The packed lines of tlb, and those on pages of their own, which lie on different lines of them, fill all sets.
  [ "$(timeout 10 bmem -q -n 1 -w 0 -s $((2 * l1d)) -m lat tlb | jq -r 'select(.metric == "lat") | .level')" = L1 ]
}

@test "private caches are told apart, and from what is behind them, whatever else runs" {
  timeout 60 bmem -d 60ms -w 5ms latency -R 3 -m batch >l.ndjson
  # The fastest of all batches is the one that nothing disturbed; this asks for order, not for speed.
  best() { jq -s "map(select(.metric == \"batch\" and .level == \"$1\").min) | min" l.ndjson; }
  jq -ne --argjson l1 "$(best L1)" --argjson l2 "$(best L2)" --argjson l3 "$(best L3)" --argjson ram "$(best RAM)" '
    $l1 > 0 and ($l2 == null or $l2 > 1.2 * $l1) and ($ram == null or $ram > 2 * ($l2 // $l1)) and ($l3 == null or $l3 > 1.2 * ($l2 // $l1))
    and ($l3 == null or $ram == null or $ram > 0.9 * $l3)' # a shared cache may be full of what others use
}

@test "nothing is allocated or faulted between the first batch and the last" {
  two_cpus
  timeout 60 bmem -q -d 60ms -w 10ms -s 1M --stride 64 --pages "$(page)" --load 0,100 copy add read ntwrite memcpy stride latency loaded c2c gups >f.ndjson
  # A histogram that grows, where a stall takes over 100 ms, takes some 40 pages; a buffer has 256.
  jq -se 'map(select(.metric == "faults").value) | length == 11 and all(. < 100) and (map(select(. == 0)) | length) >= 6' f.ndjson
  timeout 20 bmem -n 5 -w 0 -s 4M --pages "$(page)" fault >own.ndjson
  jq -se --argjson page "$(getconf PAGESIZE)" 'map(select(.metric == "faults"))[0] | .value >= 5 * .size / $page and .per_batch == .size / $page' own.ndjson
}

@test "the pages are those asked for, and are looked at" {
  grep -qE '\[(always|madvise)\]' /sys/kernel/mm/transparent_hugepage/enabled || skip "no transparent huge pages"
  timeout 20 bmem -n 3 -w 0 -s 4M --pages "$(page),thp" triad latency fault >p.ndjson
  [ "$(values p.ndjson huge '.pages != "thp"' | sort -u)" = 0 ]
  jq -se 'map(select(.kind == "result" and .pages != "thp")) | all(.taint // "" | contains("pages") | not)' p.ndjson
  # The kernel may be out of large pages: then the results say so. With a gigabyte free it is not.
  jq -se 'map(select(.metric == "huge" and .pages == "thp")) | length == 3 and all(.value >= 0.95 or (.taint | contains("pages")))' p.ndjson
  [ "$(sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo)" -lt 1000000 ] ||
    jq -se 'map(select(.metric == "huge" and .pages == "thp")) | any(.value >= 0.95)' p.ndjson
  # A process that may have none (PR_SET_THP_DISABLE).
  need python3
  timeout 20 python3 -c 'import ctypes, os, sys
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)
os.execvp("bmem", ["bmem"] + sys.argv[1:])' -n 3 -w 0 -s 4M triad fault --pages thp >none.ndjson
  jq -se 'map(select(.kind == "result")) | all(.taint | contains("pages"))' none.ndjson
  jq -se 'map(select(.metric == "huge").value) == [0, 0]' none.ndjson
}

@test "large pages that nobody has reserved are refused with what to do, and are left out by default" {
  [ "$(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages 2>/dev/null || echo 0)" -eq 0 ] || skip "there are some"
  run --separate-stderr timeout 10 bmem --pages 1g latency
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *"needs 1 pages of 1g, but 0 are free"*"nr_hugepages"* ]]
  timeout 20 bmem -n 1 -w 0 -s 4M fault >d.ndjson
  jq -se 'map(select(.metric == "lat") | .pages) | index("1g") | not' d.ndjson
}

@test "root: reserved large pages are used" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
  [ -w $pool ] || skip "no pages of 2 MB"
  before=$(cat $pool)
  echo $((before + 8)) >$pool
  got=$(cat $pool)
  status=0
  if [ "$got" -ge $((before + 8)) ]; then
    timeout 20 bmem -n 3 -w 0 -s 4M --pages 2m latency triad fault >h.ndjson || status=$?
  fi
  echo "$before" >$pool
  [ "$got" -ge $((before + 8)) ] || skip "the kernel has none to give"
  [ $status -eq 0 ]
  jq -se 'map(select(.metric == "huge")) | length == 3 and all(.value == 1 and .pages == "2m")' h.ndjson
  jq -se 'map(select(.metric == "errors")) | all(.value == 0)' h.ndjson
}

@test "root: large pages that are taken away meanwhile end the run with a message" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
  [ -w $pool ] || skip "no pages of 2 MB"
  before=$(cat $pool)
  echo $((before + 4)) >$pool
  got=$(cat $pool) status=0 seen=0
  if [ "$before" -eq 0 ] && [ "$got" -eq 4 ]; then
    bmem -q -d 20s -i 20ms -s 8M --pages 2m fault >away.ndjson 2>away.err &
    bmem=$!
    wait_for 10 grep -q '"sample"' away.ndjson || seen=$?
    echo 0 >$pool
    wait $bmem || status=$?
  fi
  echo "$before" >$pool
  [ "$before" -eq 0 ] && [ "$got" -eq 4 ] || skip "the kernel has none to give, or some are in use"
  [ $seen -eq 0 ]
  [ $status -eq 1 ] || { echo "$status"; false; }
  [ "$(wc -l <away.err)" -eq 1 ]
  jq -se '.[-1] | .kind == "end" and .status == "failed"' away.ndjson
}

@test "memory on a node that is there, and on one that is not" {
  run --separate-stderr timeout 10 bmem --nodes 0 -s 1M -n 3 -w 0 copy
  [ "$status" -ne 3 ] || skip "no NUMA here: $stderr"
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "result")) | all(.nodes == "0" and .mempolicy == "bind" and (.taint // "" | contains("pages") | not))' <<<"$output"
  run --separate-stderr timeout 10 bmem --nodes 0 --mempolicy interleave -s 1M -n 3 -w 0 -m bw copy
  [ "$status" -eq 0 ]
  jq -se 'map(select(.metric == "bw") | .mempolicy) == ["interleave"]' <<<"$output"
  run --separate-stderr timeout 10 bmem --nodes 1023 copy
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--nodes"* ]]
  run --separate-stderr timeout 10 bmem --mempolicy bind copy
  [ "$status" -eq 2 ]
}

@test "what the nodes that memory is bound to have is the limit, of large pages too" {
  node=root/sys/devices/system/node/node0
  huge=root/sys/kernel/mm/hugepages/hugepages-2048kB
  mkdir -p $node/hugepages/hugepages-2048kB $huge root/proc
  printf 'MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n' >root/proc/meminfo
  printf 'Node 0 MemTotal: 300000 kB\nNode 0 MemFree: 100000 kB\nNode 0 Active(file): 800 kB\nNode 0 Inactive(file): 2000 kB\n' >$node/meminfo
  echo 0-1 >root/sys/devices/system/node/has_memory
  echo 99 | tee $huge/free_hugepages >$huge/nr_hugepages
  echo 3 >$node/hugepages/hugepages-2048kB/free_hugepages
  run --separate-stderr timeout 10 bmem -N --root root --nodes 0 triad
  [ "$status" -ne 3 ] || skip "no NUMA here: $stderr"
  jq -se '.[0].may_take == 98304000 and .[0].limit == "the free memory of --nodes"' <<<"$output"
  run --separate-stderr timeout 10 bmem -N --root root --nodes 0 -s 64M triad
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"for the free memory of --nodes"* ]]
  timeout 10 bmem -N -q --root root --nodes 0 --mempolicy preferred -s 64M triad # may go elsewhere
  run --separate-stderr timeout 10 bmem -N --root root --nodes 0 --pages 2m -s 8M latency
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"needs 4 pages of 2m, but 3 are free"* ]]
  timeout 10 bmem -N -q --root root --nodes 0 --pages 2m -s 6M latency
  timeout 10 bmem -N -q --root root --pages 2m -s 8M latency
}

@test "more than there is: refused before anything is touched, by a sentence that names the limit" {
  run --separate-stderr timeout 10 bmem -s 16T triad
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == *"triad needs 50331650 MB of memory, but may take "*" MB, for "*"-s takes less" ]]
  run --separate-stderr timeout 10 bash -c 'ulimit -v 300000; exec bmem -s 200M triad'
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"ulimit -v"* ]]
  run --separate-stderr timeout 10 bash -c 'ulimit -v 300000; exec bmem -N triad'
  [ "$status" -eq 0 ]
  [ "$(jq -r 'select(.kind == "meta") | .limit' <<<"$output")" = "the limit on address space (ulimit -v)" ]
}

@test "less than four caches is said in a record, once on stderr, and in the level" {
  [ "$(bmem -N triad | jq -r 'select(.kind == "meta") | .llc // 0')" -gt 1048576 ] || skip "no large cache known"
  run --separate-stderr timeout 10 bmem -s 48k -n 40 -w 0 -R 2 copy triad
  [ "$status" -eq 0 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "bmem: copy: 49152 bytes are less than four times the last-level cache"* ]]
  jq -se 'map(select(.kind == "warn" and .code == "below-llc")) | length == 4' <<<"$output"
  jq -se 'map(select(.metric == "bw") | .level) | all(. == "L1" or . == "L2")' <<<"$output"
  run --separate-stderr timeout 10 bmem -q -s 48k -n 4 -w 0 triad
  [ -z "$stderr" ]
  # Between one cache and four: mixed, and tainted.
  llc=$(bmem -N triad | jq 'select(.kind == "meta") | .llc')
  run --separate-stderr timeout 10 bmem -q -s $((llc / 4096 * 4096 + 4096)) -n 1 -w 0 latency
  [ "$status" -ne 3 ] || skip "little memory"
  jq -se 'map(select(.metric == "lat"))[0] | .level == "mixed" and (.taint | contains("cached"))' <<<"$output"
}

@test "threads share the arrays out; what each moves adds up to the total" {
  timeout 20 bmem -t 1,2,3 -s 3M -d 60ms -w 5ms triad >t.ndjson
  complete t.ndjson
  jq -se 'map(select(.metric == "bw") | [.threads, .size]) == [[1, 3145728], [2, 3145728], [3, 3145728]]' t.ndjson
  jq -se 'map(select(.metric == "thread_bw")) | group_by(.threads) | map(map(.thread)) == [[0, 1], [0, 1, 2]]' t.ndjson
  for threads in 2 3; do
    jq -se --argjson t $threads 'map(select(.threads == $t)) | (map(select(.metric == "thread_bw").value) | add) /
      (map(select(.metric == "bw").value) | add) | . > 0.999999 and . < 1.000001' t.ndjson
  done
  jq -se 'map(select(.metric == "speedup")) | (map(.threads) == [1, 2, 3]) and .[0].value == 1' t.ndjson
  jq -se '(map(select(.metric == "bw"))) as $bw | map(select(.metric == "speedup")) | .[1].value * $bw[0].value / $bw[1].value | . > 0.999 and . < 1.001' t.ndjson
  # Where each has memory of its own it is loads, or updates, of each.
  timeout 20 bmem -q -t 1,2 -s 64k -n 60 -w 0 latency gups >own.ndjson
  jq -se 'map(select(.metric == "thread_rate") | "\(.test)\(.thread)") == ["latency0", "latency1", "gups0", "gups1"]' own.ndjson
  jq -se 'map(select(.metric == "speedup") | .threads) == [1, 2, 1, 2]' own.ndjson
  jq -se 'map(select(.threads == 2 and .test == "gups")) | (map(select(.metric == "thread_rate").value) | add) /
    (map(select(.metric == "rate").value) | add) | . > 0.999999 and . < 1.000001' own.ndjson
  # What faults make usable is of all workers too: a region of each in the mean time of an operation.
  timeout 20 bmem -q -t 1,2 -s 4M -n 40 -w 0 --pages "$(page)" fault >fault.ndjson
  jq -se 'map(select(.kind == "result")) | group_by(.threads)[] | (map(select(.metric == "bw"))[0].value) as $bw | map(select(.metric == "batch"))[0] |
    $bw * .mean / 1e9 / .size / .threads | . > 0.999 and . < 1.001' fault.ndjson >fault.ok
  [ "$(grep -cx true fault.ok)" -eq 2 ]
  run --separate-stderr timeout 10 bmem -t 32 -s 64k triad
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"less than 4k for each of 32 workers"* ]]
}

@test "sizes and strides: lists, doublings, and what cannot be" {
  timeout 20 bmem -s 4k-64k,12k -n 1 -w 0 -m lat latency >s.ndjson
  [ "$(jq -r 'select(.metric == "lat") | .size / 1024' s.ndjson | tr '\n' ' ')" = "4 8 16 32 64 12 " ]
  timeout 20 bmem -s 64k --stride 64-256 -n 1 -w 0 -m lat,access latency stride >t.ndjson
  [ "$(jq -r 'select(.stride) | "\(.test)\(.stride)"' t.ndjson | tr '\n' ' ')" = "latency64 latency128 latency256 stride64 stride128 stride256 " ]
  [ "$(timeout 10 bmem -s 12k -n 1 -w 0 -m update gups | jq 'select(.metric == "update") | .size')" -eq 8192 ]
  for bad in "-s 1k" "-s 5k" "-s 4k-" "-s -4k" "-s 8k-4k" "-s 4k,,8k" "-s ," "-s 4x" "-s 32T" "-s 16k-16T,16k-16T,16k-16T" "--stride 8" "--stride 24" \
    "--stride 2G" "--pages 3m" "--pages thp," "--load 101" "--load x" "--nodes 1024" "--mempolicy near" "-E sse9"; do
    # shellcheck disable=SC2086 # an option and its argument
    run --separate-stderr timeout 10 bmem $bad latency
    [ "$status" -eq 2 ] || { echo "$bad: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
  run --separate-stderr timeout 10 bmem -s 4k --stride 512 latency
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"no room for 16 strides"* ]]
}

@test "-L lists every test and the vectors; -N runs nothing" {
  run --separate-stderr timeout 10 bmem -L
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 17 ]
  for test in $all; do grep -qE "^$test +$test\.1 " <<<"$output"; done
  [[ "${lines[-1]}" == "vectors: "* ]]
  run --separate-stderr timeout 10 bmem -N
  [ "$status" -eq 0 ]
  jq -se 'map(.kind) == ["meta", "end"] and .[0].tests == "copy,scale,add,triad,latency" and .[0].dry_run and (.[0].isa | length > 0)' <<<"$output"
}

@test "options that a test cannot take are refused by name" {
  two_cpus
  for bad in "-r 100 latency" "-r 100 c2c" "-r 100 fault" "-t 2 c2c" "-t 1,2 loaded"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 10 bmem $bad
    [ "$status" -eq 2 ] || { echo "$bad: $status"; false; }
    [ -z "$output" ]
  done
  cpu=$(sed -n 's/^Cpus_allowed_list:\s*\([0-9]*\).*/\1/p' /proc/self/status)
  run --separate-stderr timeout 10 bmem -c "$cpu" c2c
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"c2c needs two CPUs"* ]]
  run --separate-stderr timeout 10 bmem nosuch
  [ "$status" -eq 2 ]
  [[ "${stderr_lines[0]}" == *"'nosuch'"*"copy scale add triad"* ]]
}

@test "an open loop plans its passes" {
  timeout 20 bmem -s 64k -r 200 -d 500ms -w 20ms triad gups >o.ndjson
  complete o.ndjson
  jq -se 'map(select(.metric == "lat" or .metric == "svc" or .metric == "late")) | length == 6 and all(.n == 100 and .loop == "open")' o.ndjson
  jq -se 'map(select(.metric == "achieved")) | length == 2 and all(.value == 1)' o.ndjson
}

@test "a line bounces between every two CPUs, in both directions alike" {
  two_cpus
  timeout 60 bmem -n 50 -w 0 c2c >c.ndjson
  n=$(jq -r 'select(.kind == "meta") | .cpus_allowed' c.ndjson)
  jq -se --argjson n "$n" 'map(select(.metric == "rtt")) | length == $n * ($n - 1) / 2 and all(.value > 1 and .cpu != .peer and .per_batch == 1000)
    and (map([.cpu, .peer] | sort) | unique | length) == $n * ($n - 1) / 2' c.ndjson
  a=$(jq -s 'map(select(.metric == "rtt"))[0].cpu' c.ndjson)
  b=$(jq -s 'map(select(.metric == "rtt"))[0].peer' c.ndjson)
  timeout 60 bmem -c "$a,$b" -n 200 -w 0 c2c -m batch,rtt >there.ndjson
  timeout 60 bmem -c "$b,$a" -n 200 -w 0 c2c -m batch,rtt >back.ndjson
  jq -se --argjson a "$a" --argjson b "$b" 'map(select(.metric == "rtt") | [.cpu, .peer]) == [[$a, $b], [$b, $a]]' there.ndjson back.ndjson
  # The fastest batches, which nothing disturbed.
  jq -se 'map(select(.metric == "batch").min) | .[0] / .[1] | . > 0.5 and . < 2' there.ndjson back.ndjson
}

@test "the curve of loaded latency has a point for each load, with what was read meanwhile" {
  two_cpus
  # On a busy machine a reader may not run when it could read most: then once more.
  for _ in 1 2 3 4 5 6 7 8; do
    timeout 60 bmem -q -s 4M -d 100ms -w 10ms --load 0,10,100 loaded >l.ndjson
    complete l.ndjson
    if jq -se 'map(select(.metric == "load_bw").value) | .[2] > .[1]' l.ndjson; then break; fi
  done
  jq -se 'map(select(.metric == "load_bw") | [.load, .readers > 0]) == [[0, false], [10, true], [100, true]]' l.ndjson
  jq -se 'map(select(.metric == "load_bw").value) | .[0] == 0 and .[1] > 0 and .[2] > .[1]' l.ndjson
  jq -se 'map(select(.metric == "lat")) | length == 3 and all(.value > 0)' l.ndjson
  # What the readers read to get ready is not part of it, without a warm-up either: at 1 percent so short a run may show very little.
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    timeout 20 bmem -q -s 4k -n 1 -w 0 --load 1 loaded >short.ndjson
    if jq -se 'map(select(.metric == "load_bw").value) | .[2] > 40 * .[3]' l.ndjson short.ndjson >short.ok; then break; fi
  done
  [ "$(cat short.ok)" = true ]
}

@test "samples are deltas that add up" {
  timeout 20 bmem -s 256k -d 300ms -i 50ms -w 0 triad >i.ndjson
  complete i.ndjson
  jq -se '(map(select(.kind == "sample" and .metric == "batch").n) | add) == (map(select(.kind == "result" and .metric == "batch").n) | add)' i.ndjson
  jq -se 'map(select(.kind == "sample" and .metric == "bw")) | length >= 3 and all(.value > 0 and .dur > 0)' i.ndjson
}

@test "the CPUs and memory are locked while it runs" {
  timeout 20 bmem -d 20s -i 50ms triad >holder.ndjson 2>/dev/null &
  holder=$!
  wait_for 10 grep -q '"sample"' holder.ndjson
  [ "$(locks)" -eq 2 ]
  for tool in "bmem -n 1 -s 4k copy" "bcpu -n 1 int"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 10 $tool --lock fail
    [ "$status" -eq 3 ]
    [ -z "$output" ]
  done
  kill -INT "$(pgrep -P $holder -x bmem)"
  wait $holder || :
  [ "$(locks)" -eq 0 ]
}

@test "INT, TERM and KILL in every kind of test: what was measured, the signal's status, no thread, no lock" {
  two_cpus
  for test in triad latency loaded c2c; do
    for signal in INT TERM; do
      bmem -q -d 20s -i 50ms -s 4M --load 100 $test >s.ndjson &
      bmem=$!
      wait_for 10 grep -q '"sample"' s.ndjson
      kill -$signal $bmem
      status=0
      wait $bmem || status=$?
      [ "$status" -eq $((128 + $(kill -l $signal))) ]
      complete s.ndjson
      jq -se '.[-1].status == "interrupted" and (map(select(.kind == "result" and .metric == "batch")) | length >= 1)' s.ndjson
      [ "$(locks)" -eq 0 ]
      rm s.ndjson
    done
  done
  bmem -q -d 20s -i 20ms triad >k.ndjson &
  bmem=$!
  wait_for 10 grep -q '"sample"' k.ndjson
  kill -KILL $bmem
  wait $bmem || :
  jq -se '.[0].kind == "meta" and .[-1].kind != "end"' k.ndjson
  run --separate-stderr timeout 10 bmem --lock fail -n 1 -w 0 -s 4k latency
  [ "$status" -eq 0 ]
}

@test "a reader that goes away ends it quietly; a full disk is one message" {
  run --separate-stderr bash -c "timeout 30 bmem -q -d 25s -i 20ms -s 1M triad | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  [ -z "$stderr" ]
  run --separate-stderr bash -c "timeout 20 bmem -q -d 10s -i 50ms -s 1M triad >/dev/full"
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ "$stderr" == "bmem: stdout: No space left on device" ]]
  [ "$(locks)" -eq 0 ]
}

@test "without root" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "not root: every other test shows it"
  BTOOLS_LOCK_DIR=$(mktemp -d /tmp/bmem-lock.XXXXXX)
  chmod 1777 "$BTOOLS_LOCK_DIR"
  run --separate-stderr timeout 30 setpriv --reuid 65534 --regid 65534 --clear-groups bmem -q -n 2 -w 0 -s 128k $all
  rmdir "$BTOOLS_LOCK_DIR"
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  jq -se 'map(select(.metric == "errors")) | length > 25 and all(.value == 0)' <<<"$output"
}
