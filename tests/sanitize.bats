load helper

# The executables under the sanitizers and valgrind, on real runs and on hostile input.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR"
  export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
}

# clean STATUS...: the last run ended with one of these, and no sanitizer spoke.
clean() {
  [[ " $* " == *" $status "* ]] || { echo "status $status" "$stderr"; false; }
  [[ "$stderr" != *Sanitizer* && "$stderr" != *"runtime error"* ]] || { echo "$stderr"; false; }
}

@test "ASan and UBSan: the tools on a real run, in every format" {
  dir=$(variant SAN=address,undefined)
  run --separate-stderr timeout 100 "$dir/bcpu" -t 1,2 -d 40ms -w 5ms -i 20ms -R 2
  clean 0
  echo "$output" >run.ndjson
  check_records run.ndjson
  run --separate-stderr timeout 60 "$dir/bcpu" -r 2000 --arrival poisson -d 100ms -f text int jitter
  clean 0
  for format in json tsv text md; do
    run --separate-stderr timeout 60 "$dir/bagg" -f $format run.ndjson
    clean 0
    run --separate-stderr timeout 60 "$dir/bdiff" -f $format run.ndjson run.ndjson
    clean 0
  done
}

@test "ASan and UBSan: hostile input" {
  dir=$(variant SAN=address,undefined)
  printf '{"v":1,"kind":"result","metric":"m","unit":"ns","value":1}\n' >good
  { head -c 100000 /dev/zero | tr '\0' '['; echo; } >deep
  { printf '{"v":1,"kind":"result","test":"'; head -c 3000000 /dev/zero | tr '\0' 'x'; echo '"}'; } >long
  head -c 300000 /dev/urandom >noise
  printf '{"v":1,"kind":"result","metric":"m","unit":"ns","n":1e999,"hist":"HISTFAAAAEV42pNpmSzMwMCgyAAB"}\n' >bad
  for tool in bagg bdiff; do
    for file in deep long noise bad "$TOP"/tests/fixtures/json/*; do
      run --separate-stderr timeout 60 "$dir/$tool" good "$file"
      clean 0 1 2
    done
  done
}

@test "TSan: bcpu with several workers, closed and open loop, intervals" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bcpu" -t 2 -d 100ms -w 10ms -i 20ms int jitter
  clean 0
  run --separate-stderr timeout 100 "$dir/bcpu" -t 3 -r 1000 -d 100ms -w 10ms -i 20ms hash
  clean 0
}

@test "ASan and UBSan: all load tests of bsched, threads and processes" {
  dir=$(variant SAN=address,undefined)
  run --separate-stderr timeout 100 "$dir/bsched" -d 40ms -w 5ms -i 20ms -R 2
  clean 0
  echo "$output" >run.ndjson
  check_records run.ndjson
  run --separate-stderr timeout 100 "$dir/bsched" -d 40ms -w 5ms --process -E pipe --groups 1,2 --fds 5 pipe messaging
  clean 0
  run --separate-stderr timeout 100 "$dir/bsched" -r 1000 --arrival poisson -d 100ms -t 1,2 --workers 3 --work 10us wakeup pipe timer
  clean 0
  run --separate-stderr timeout 100 "$dir/bsched" --matrix -n 20 -w 0
  clean 0
  BSCHED_PLANT=messaging run --separate-stderr timeout 100 "$dir/bsched" -n 3 -w 0 --fds 3 messaging
  clean 1
}

@test "TSan: the load tests of bsched, closed and open loop" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bsched" -d 100ms -w 10ms -i 20ms timer wakeup messaging pipe yield
  clean 0
  run --separate-stderr timeout 100 "$dir/bsched" -t 2 --workers 3 --work 10us -d 100ms -w 10ms -i 20ms wakeup pipe
  clean 0
  run --separate-stderr timeout 100 "$dir/bsched" -r 2000 -t 2 --workers 2 -d 100ms -w 10ms -i 20ms timer wakeup pipe
  clean 0
  run --separate-stderr timeout 100 "$dir/bsched" --groups 2 --fds 4 -E pipe -d 100ms -w 10ms -i 20ms messaging
  clean 0
}

@test "ASan and UBSan: every test of bsys, closed and open loop" {
  dir=$(variant SAN=address,undefined)
  run --separate-stderr timeout 100 "$dir/bsys" -t 1,2 -d 20ms -w 5ms -i 10ms
  clean 0
  echo "$output" >run.ndjson
  check_records run.ndjson
  run --separate-stderr timeout 60 "$dir/bsys" -r 2000 -d 60ms -b 100000
  clean 0
  BSYS_PLANT=pipe:3 run --separate-stderr timeout 60 "$dir/bsys" -n 20 -w 0 pipe
  clean 1
}

@test "TSan: the tests of bsys with a partner or a thread" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bsys" -t 1,2 -d 60ms -w 10ms -i 20ms pipe socketpair eventfd futex thread null
  clean 0
  run --separate-stderr timeout 100 "$dir/bsys" -t 2 -r 1000 -d 100ms -w 10ms pipe futex
  clean 0
}

@test "ASan and UBSan: every test of bmem, closed and open loop, several workers" {
  dir=$(variant SAN=address,undefined)
  run --separate-stderr timeout 100 "$dir/bmem" -q -d 20ms -w 5ms -i 10ms -s 64k,1M --stride 64 --load 0,100 copy scale add triad read write \
    ntwrite memcpy stride latency tlb loaded c2c fault gups
  clean 0
  echo "$output" >run.ndjson
  check_records run.ndjson
  run --separate-stderr timeout 60 "$dir/bmem" -q -d 20ms -w 5ms -s 256k -t 1,3 -E portable copy stride latency tlb fault gups
  clean 0
  run --separate-stderr timeout 60 "$dir/bmem" -q -s 64k -r 500 -d 60ms -w 0 -f text --nt triad gups
  clean 0
  BMEM_PLANT=c2c:3 run --separate-stderr timeout 60 "$dir/bmem" -n 10 -w 0 c2c
  clean 1
}

@test "TSan: the tests of bmem whose threads share memory" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bmem" -q -d 60ms -w 10ms -i 20ms -s 256k --load 0,50,100 c2c loaded
  clean 0
  run --separate-stderr timeout 100 "$dir/bmem" -q -d 40ms -w 10ms -i 20ms -s 256k -t 2 triad latency fault gups
  clean 0
}

@test "ASan and UBSan: the tests of bdisk through every engine, closed and open loop" {
  dir=$(variant SAN=address,undefined)
  for engine in io_uring sync mmap; do
    run --separate-stderr timeout 100 "$dir/bdisk" -E $engine -s 4M -t 1,2 -d 40ms -w 5ms -i 20ms --fsync 7
    clean 0
    echo "$output" >run.ndjson
    check_records run.ndjson
  done
  run --separate-stderr timeout 60 "$dir/bdisk" -s 4M -Q 16 -r 2000 -d 200ms -b 4k:70,64k:30 --fsync end randrw
  clean 0
  run --separate-stderr timeout 60 "$dir/bdisk" -s 4M -Q 16 -d 100ms --sqpoll --no-repeat randread
  clean 0
  run --separate-stderr timeout 60 "$dir/bdisk" -s 4M -Q 4 -d 100ms --dist zipf --cache cold -f text --steady randread
  clean 0
  run --separate-stderr timeout 60 "$dir/bdisk" --file "$TOP/README.md" -b 512 --cache warm -E mmap -n 100 randread seqread
  clean 0
  truncate -s 4M holes
  run --separate-stderr timeout 60 bash -c 'ulimit -f 1; exec "$1" --file holes --cache warm -n 1000 -w 0 randwrite' bash "$dir/bdisk"
  clean 1
}

@test "TSan: bdisk with several workers and I/Os under way, closed and open loop, intervals" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bdisk" -s 4M -t 2 -Q 8 -d 100ms -w 10ms -i 20ms randrw
  clean 0
  run --separate-stderr timeout 100 "$dir/bdisk" -s 4M -t 3 -Q 4 -r 2000 -d 100ms -w 10ms -i 20ms --fsync 5 randwrite
  clean 0
  run --separate-stderr timeout 100 "$dir/bdisk" -s 4M -t 2 -E mmap -d 100ms -w 10ms -i 20ms randread
  clean 0
}

@test "ASan and UBSan: every test of bring through every engine, closed and open loop" {
  dir=$(variant SAN=address,undefined)
  run --separate-stderr timeout 100 "$dir/bring" -d 2ms -w 0 -i 1ms -s 1M
  clean 0
  echo "$output" >run.ndjson
  check_records run.ndjson
  run --separate-stderr timeout 100 "$dir/bring" -n 8 -w 0 --spin 0 --ring-size 8 --cq-size 8 --queue-size 4 -s 1M --messages 200 \
    --setup none --setup single,defer
  clean 0
  run --separate-stderr timeout 100 "$dir/bring" -n 5 -w 0 --spin 0 --batch all --setup sqpoll -E msgring,doorbell,uring -s 1M nop pingpong oneway disk
  clean 0
  run --separate-stderr timeout 100 "$dir/bring" -r 1000 -d 20ms -w 0 --spin 20us -s 1M -t 1,2 -E pipe,futex,doorbell,queue --batch 64 pingpong oneway disk echo
  clean 0
  BRING_PLANT=oneway:3 run --separate-stderr timeout 60 "$dir/bring" -n 20 -w 0 --spin 0 -f text oneway
  clean 1
}

@test "TSan: the tests of bring, whose partners share memory" {
  dir=$(variant SAN=thread)
  run --separate-stderr timeout 100 "$dir/bring" -d 5ms -w 1ms -i 3ms -s 1M -E pipe,eventfd,futex,spsc,queue pingpong oneway coldstart fanout disk echo
  clean 0
  run --separate-stderr timeout 100 "$dir/bring" -n 50 -w 0 --spin 0,20us,adaptive --shards 3 --branches 40 -E doorbell,msgring fanout pingpong oneway
  clean 0
}

@test "ASan and UBSan: the tests of bnet through both engines, closed and open loop" {
  dir=$(variant SAN=address,undefined)
  for engine in sync io_uring; do
    for how in "rr stream crr udp" "-t 1,2 --flows 3 rr crr" "--proto unix rr stream crr" "--proto udp rr" "--reverse stream udp" \
      "--bidir stream" "-r 2000 --flows 2 rr stream udp" "-b 100k --response 200k rr crr" "--busy-poll 20us rr"; do
      # shellcheck disable=SC2086 # words
      run --separate-stderr timeout 60 "$dir/bnet" -E $engine -d 30ms -w 5ms -i 15ms $how
      clean 0
      echo "$output" >>run.ndjson
    done
  done
  check_records run.ndjson
  run --separate-stderr timeout 60 "$dir/bnet" -E io_uring --zerocopy -d 50ms -f text stream
  clean 0
  run --separate-stderr timeout 60 "$dir/bnet" -d 20ms -w 5ms probe
  clean 0
  BNET_PLANT=crr:3 run --separate-stderr timeout 60 "$dir/bnet" -n 10 -w 0 crr
  clean 1
}

@test "TSan: both ends of bnet, closed and open loop, intervals" {
  dir=$(variant SAN=thread)
  for engine in sync io_uring; do
    for how in "-t 2 --flows 3 rr stream crr udp" "-t 2 --bidir stream" "--reverse -r 2000 udp" "--proto unix rr" "--proto udp -r 1000 rr"; do
      # shellcheck disable=SC2086 # words
      run --separate-stderr timeout 100 "$dir/bnet" -E $engine -d 60ms -w 10ms -i 20ms $how
      clean 0
    done
  done
}

@test "ASan and UBSan: bsample live, on dumps, and on dumps with bytes changed" {
  dir=$(variant SAN=address,undefined)
  for format in json tsv text; do
    run --separate-stderr timeout 60 "$dir/bsample" -q -i 10ms -n 5 -k cpu,node -f $format cpu mem disk net psi irq temp freq cgroup gpu
    clean 0
  done
  run --separate-stderr timeout 60 "$dir/bsample" -q -i 10ms -n 5 --wide
  clean 0
  for machine in numa old arm cgroup2 container; do
    cp -r "$TOP/tests/fixtures/bsample/$machine" dump
    for seed in 1 2 3 4 5 6; do
      run --separate-stderr timeout 60 "$dir/bsample" -q -k cpu,node --depth 3 --root dump/1 --root dump/2 cpu mem disk net psi irq temp freq cgroup
      clean 0 2 3
      # Each file loses its end, or has some bytes changed; what it said before stays for the next round.
      python3 -c 'import os, random, sys
random.seed(int(sys.argv[1]))
for where, _, names in os.walk("dump"):
    for name in names:
        path = os.path.join(where, name)
        data = bytearray(open(path, "rb").read())
        if name != "uptime" and data:
            for _ in range(random.randint(0, 6)): data[random.randrange(len(data))] = random.choice(b"\n :-/\0\xff0x9")
            if random.random() < 0.2: del data[random.randrange(len(data)):]
            open(path, "wb").write(data)' $seed
    done
    rm -r dump
  done
  # What is no mark.
  BTOOLS_RUN=000000aa timeout 60 "$dir/bsample" -q -i 20ms -d 60s -m self_cpu cpu >marks.ndjson 2>err &
  pid=$!
  wait_for 20 grep -q '"self_cpu"' marks.ndjson
  python3 -c 'import glob, os, random, socket, sys
random.seed(1)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(glob.glob(os.environ["BTOOLS_LOCK_DIR"] + "/mark.000000aa.*")[0])
for i in range(300): s.send(bytes(random.choice(b"a=\0\0b1\xff\n\"") for _ in range(random.choice([0, 1, 2, 9, 50, 2048, 3000]))))
s.send(b"good\0k=v\0")'
  wait_for 20 grep -q '"name":"good"' marks.ndjson
  bsample_pid=$(pgrep -P $pid)
  kill -INT "$bsample_pid"
  run wait $pid
  grep -q '"kind":"end"' marks.ndjson
  [ "$(grep -cE 'Sanitizer|runtime error' err)" -eq 0 ] || { cat err; false; }
}

@test "ASan and UBSan: bsample's processes, live and from dumps with bytes changed" {
  trace_turn
  dir=$(variant SAN=address,undefined)
  for format in json tsv text; do
    run --separate-stderr timeout 60 "$dir/bsample" -q -i 20ms -n 3 --top 0 -f $format proc thread
    clean 0
  done
  run --separate-stderr timeout 60 "$dir/bsample" -q -i 20ms -n 3 --source procfs --top 5:fds --open '*' -m open,pss,fds,cpu,switches proc thread
  clean 0
  run --separate-stderr timeout 60 "$dir/bsample" -q -i 20ms --tree -p $$ -C '!x*' --command '*a*' -n 3
  clean 0
  run --separate-stderr timeout 60 "$dir/bsample" -q -- sh -c 'ls / | cat; exit 4'
  clean 4
  for task in 10 10/task/10 10/task/11 12; do
    mkdir -p "dump/proc/$task"
    for file in stat status io schedstat; do
      cat "/proc/$$/$file" >"dump/proc/$task/$file"
    done
  done
  echo "1000.00 1.00" >dump/proc/uptime
  cp -r dump good
  for seed in 1 2 3 4 5 6 7 8; do
    python3 -c 'import os, random, sys
random.seed(int(sys.argv[1]))
for where, _, names in os.walk("dump/proc/10"):
    for name in names:
        path = os.path.join(where, name)
        data = bytearray(open(path, "rb").read())
        for i in range(random.randrange(4)):
            if data: data[random.randrange(len(data))] = random.choice(b"\0 (\n)-09z\xff")
        open(path, "wb").write(data[:random.randrange(len(data) + 1)] if random.randrange(3) == 0 else data)' $seed
    run --separate-stderr timeout 60 "$dir/bsample" -q --root good --root dump --top 0 proc thread
    clean 0
  done
}

@test "valgrind: no invalid access and no leak in the tools" {
  need valgrind
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bcpu -n 3 -w 0
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bsys -n 3 -w 0 --calls 4 null read open stat pipe \
    socketpair eventfd futex mmap fault thread clock epoll # a child of fork would be checked as well
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  echo "$output" >run.ndjson
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bsched -n 3 -w 0 --fds 3 --loops 3
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bdisk -E sync -s 1M -n 20 -w 0 --fsync 3
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  # Threads that spin wait for each other's turn there.
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bmem -q -n 1 -w 0 -s 64k --stride 64 copy stride latency fault
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bring -E pipe,socketpair,eventfd,futex,queue,plain -n 3 -w 0 \
    --spin 0 -s 1M --cache cached pingpong oneway coldstart fanout disk echo
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bnet -n 20 -w 0
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bsample -q -i 20ms -n 2 cpu mem disk net psi irq cgroup
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bagg -f text run.ndjson
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  run --separate-stderr timeout 100 valgrind -q --leak-check=full --error-exitcode=99 bdiff -f text run.ndjson run.ndjson
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
}

@test "root: ASan and UBSan: live tracing, in groups, intervals and events" {
  need_bpf
  dir=$(variant SAN=address,undefined)
  for how in "trace -i 10ms -k pid,tid,comm,cgroup,cpu -C ls" "trace --count-only -k pid" "trace --max-groups 2 -f text" "events" "events --ring-size 4k -f tsv" "trace -N"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 60 "$dir/bsys" $how -- ls /
    clean 0
  done
  run -127 --separate-stderr timeout 60 "$dir/bsys" trace -- no-such-command
  clean 127
}
