load helper

# bdisk: known answers, counts of the device, offsets, content, caches, failures, signals and manners.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  mkdir data
}

# What a test has mounted, attached or added goes in the reverse order.
teardown() {
  [ -d mnt ] && mountpoint -q mnt && { fsfreeze -u mnt 2>/dev/null; umount -l mnt; }
  [ -s loop ] && losetup -d "$(cat loop)"
  # udev may still look at it for a moment.
  [ -s zram ] && wait_for 10 eval 'cat zram >/sys/class/zram-control/hot_remove 2>/dev/null'
  return 0
}

root() {
  [ "$(id -u)" = 0 ] || skip "not root"
}

# zram SIZE: a device of its own in $dev.
zram() {
  root
  cat /sys/class/zram-control/hot_add >zram 2>/dev/null || { rm -f zram; skip "no zram"; }
  dev=/dev/zram$(cat zram)
  echo "$1" >"/sys/block/${dev#/dev/}/disksize"
  wait_for 5 test -b "$dev"
}

# loop SIZE: a loop device in $dev, over the file image.
loop() {
  root
  head -c "$1" /dev/urandom >image
  losetup -f --show image >loop 2>/dev/null || { rm -f loop; skip "no loop devices"; }
  dev=$(cat loop)
}

# filesystem SIZE: an ext4 on a loop device, mounted on mnt.
filesystem() {
  need mkfs.ext4
  loop "$1"
  mkfs.ext4 -q -F "$dev"
  mkdir -p mnt
  mount "$dev" mnt || skip "cannot mount"
}

# offsets FILE: "offset bytes" of the preads and pwrites that strace saw.
offsets() {
  sed -n 's/.*p\(read\|write\)64([0-9]*, .*, \([0-9]*\), \([0-9]*\)) *= \2$/\3 \2/p' "$1" | awk '$2 % 512 == 0' # the loader of shared libraries reads as well
}

# run_traced CALLS OPTIONS...: bdisk with the engine sync under strace, its calls in calls, those of each thread in calls.TID.
run_traced() {
  need strace
  rm -f calls.*
  strace -ff -qq -s 0 -o calls -e trace="$1" bdisk -E sync -w 0 "${@:2}" >traced.ndjson
  cat calls.* >calls
}

# clean: nothing is left in data or of the locks.
clean() {
  [ -z "$(ls -A data)" ]
  [ "$(locks)" -eq 0 ]
}

@test "all tests through every engine give rates and times, and leave nothing" {
  for engine in io_uring sync mmap; do
    run --separate-stderr timeout 60 bdisk -E $engine --dir data -s 8M -d 100ms -w 10ms -o all.ndjson
    [ "$status" -eq 0 ] || { echo "$stderr"; false; }
    [ -z "$output" ]
    [ -z "$stderr" ]
    complete all.ndjson
    check_records all.ndjson
    [ "$(jq -r '.test // empty' all.ndjson | uniq | tr '\n' ' ')" = "seqread seqwrite randread randwrite randrw " ]
    jq -se 'map(select(.metric == "iops" and .value > 0)) | length == 6' all.ndjson
    jq -se 'map(select(.metric == "bw")) as $bw | map(select(.metric == "iops")) as $iops | [range(6)] |
      all($bw[.].value / $iops[.].value | . > 4095.9 and . < 4096.1)' all.ndjson
    jq -se 'map(select(.metric == "lat" and .n > 0 and .min > 0 and .hist and .loop == "closed")) | length == 6' all.ndjson
    jq -se 'map(select(.metric == "lat" and .test == "randrw") | .op) == ["read", "write"]' all.ndjson
    jq -se 'map(select(.metric == "errors") | .value) == [0, 0, 0, 0, 0]' all.ndjson
    jq -se --arg e $engine 'map(select(.kind == "result")) | all(.kernel == .test + ".1" and .engine == $e and .bs == 4096 and .qd == 1
      and .size == 8388608 and .target == "temp")' all.ndjson
    jq -se 'map(select(.kind == "result" and .taint) | .taint | test("sparse")) | any | not' all.ndjson
    clean
  done
}

@test "-n ends a test after exactly so many I/Os, shared over the workers, at any depth" {
  for options in "-E sync" "-E mmap" "" "-Q 7" "-Q 32 --sqpoll" "-Q 2000"; do
    # shellcheck disable=SC2086 # options and their arguments
    timeout 60 bdisk --dir data -s 8M $options -t 1,3 -n 1001 -w 0 randread >n.ndjson
    complete n.ndjson
    jq -se 'map(select(.metric == "lat") | .n) == [1001, 1001]' n.ndjson || { echo "$options"; false; }
    jq -se 'map(select(.metric == "read_bytes") | .value) == [4100096, 4100096]' n.ndjson
  done
}

@test "what a zram device counted is what we did, exactly (root)" {
  zram 64M
  timeout 60 bdisk --file "$dev" -b 64k -n 1024 -w 0 seqwrite >z.ndjson
  timeout 60 bdisk --file "$dev" -n 5000 -w 0 -Q 32 randread >>z.ndjson
  timeout 60 bdisk --file "$dev" -n 5000 -w 0 -Q 16 -t 2 -b 4k:50,8k:50 randrw >>z.ndjson
  timeout 60 bdisk --file "$dev" -d 200ms -w 100ms -E sync randrw >>z.ndjson
  check_records z.ndjson
  for what in reads writes read_bytes written_bytes; do
    ours=$(jq -c "select(.metric == \"$what\") | .value" z.ndjson)
    [ "$ours" = "$(jq -c "select(.metric == \"dev_$what\") | .value" z.ndjson)" ] || { echo "$what"; false; }
    [ "$(wc -l <<<"$ours")" -ge 3 ]
  done
  [ "$(jq -s 'map(select(.metric == "writes" and .test == "seqwrite")) | .[0].value' z.ndjson)" -eq 1024 ]
  jq -se 'map(select(.metric == "reads")) | .[0].value == 5000' z.ndjson
  [ "$(jq -r 'select(.kind == "meta") | .dev' z.ndjson | sort -u)" = "${dev#/dev/}" ]
}

@test "what a loop device counted is what we did (root)" {
  loop 16M
  timeout 60 bdisk --file "$dev" -n 2000 -w 0 -Q 8 randread >l.ndjson
  # Neighbours that are under way together may have become one.
  [ "$(figure l.ndjson '.metric == "dev_reads"')" -le 2000 ]
  [ "$(figure l.ndjson '.metric == "dev_reads"')" -gt 1900 ]
  [ "$(figure l.ndjson '.metric == "dev_read_bytes"')" -eq 8192000 ]
  [ "$(jq -r 'select(.metric == "lat") | .target' l.ndjson)" = device ]
}

@test "sequential tests go from block to block and round; each worker in its own part" {
  run_traced pread64 --dir data -s 1M -n 300 seqread
  [ "$(offsets calls | awk '{ print $1 }' | head -n 300 | paste -sd' ')" = "$(seq 0 299 | awk '{ print $1 % 256 * 4096 }' | paste -sd' ')" ]
  run_traced pread64 --dir data -s 1M -t 2 -n 512 randread
  for worker in calls.*; do
    offsets "$worker" | awk '{ n++; if ($1 >= 524288) high++ } END { if (n > 200) print n, high + 0 }'
  done >parts
  [ "$(sort parts | paste -sd' ')" = "256 0 256 256" ]
}

@test "--no-repeat reads each block once before any twice" {
  run_traced pread64 --dir data -s 4M -n 2048 --no-repeat randread
  offsets calls | awk '{ print $1 }' >at
  [ "$(wc -l <at)" -eq 2048 ]
  for half in "head -n 1024" "tail -n 1024"; do
    [ "$($half at | sort -n | paste -sd' ')" = "$(seq 0 4096 4190208 | paste -sd' ')" ]
  done
  [ "$(head -n 1024 at | paste -sd' ')" != "$(tail -n 1024 at | paste -sd' ')" ]
  [ "$(head -n 1024 at | paste -sd' ')" != "$(seq 0 4096 4190208 | paste -sd' ')" ]
}

@test "a law makes some blocks frequent, the same ones for the same seed" {
  for law in uniform zipf:1.2 pareto:0.1; do
    run_traced pread64 --dir data -s 4M -n 4000 --dist $law randread
    offsets calls | awk '{ print $1 }' >at
    [ "$(wc -l <at)" -eq 4000 ]
    sort at | uniq -c | sort -rn | awk '{ n += $1 } NR <= 102 { top += $1 } END { printf "%d\n", 100 * top / n }' >share
    case $law in
    uniform) [ "$(cat share)" -lt 25 ] ;;
    zipf*) [ "$(cat share)" -gt 70 ] ;;
    pareto*) [ "$(cat share)" -gt 85 ] ;;
    esac || { echo "$law: $(cat share)"; false; }
    [ "$(jq -r 'select(.metric == "lat") | .dist' traced.ndjson)" = "$law" ]
    cp at first
    run_traced pread64 --dir data -s 4M -n 4000 --dist $law randread
    [ "$(offsets calls | awk '{ print $1 }' | cksum)" = "$(cksum <first)" ]
  done
}

@test "block sizes are mixed as asked, each on its own grid" {
  run_traced pread64 --dir data -s 8M -n 4000 -b 4k:70,16k:20,64k:10 randread
  offsets calls >at
  awk '{ n[$2]++; if ($1 % $2) bad++ } END { exit !(!bad && n[4096] > 2600 && n[4096] < 3000 && n[16384] > 650 && n[16384] < 950 &&
    n[65536] > 300 && n[65536] < 500 && n[4096] + n[16384] + n[65536] == 4000) }' at
  [ "$(figure traced.ndjson '.metric == "read_bytes"')" -eq "$(awk '{ sum += $2 } END { print sum }' at)" ]
  [ "$(jq -r 'select(.metric == "lat") | .bs' traced.ndjson)" = 4096:70,16384:20,65536:10 ]
}

@test "--mix is the share of reads" {
  for mix in 0 30 100; do
    timeout 60 bdisk --dir data -s 4M -n 4000 -w 0 -Q 8 --mix $mix randrw >mix.ndjson
    reads=$(figure mix.ndjson '.metric == "reads"')
    [ "$reads" -ge $((mix * 40 - (mix % 100 > 0) * 150)) ]
    [ "$reads" -le $((mix * 40 + (mix % 100 > 0) * 150)) ]
    [ $((reads + $(figure mix.ndjson '.metric == "writes"'))) -eq 4000 ]
  done
}

@test "what is written cannot be compressed, and no sector is like another" {
  timeout 60 bdisk --file data/f -s 4M -n 3000 -w 0 -Q 4 randwrite >w.ndjson
  [ "$(stat -c %s data/f)" -eq 4194304 ]
  [ "$(gzip -c data/f | wc -c)" -gt 4194304 ]
  [ "$(od -An -v -tx8 -w512 data/f | awk '{ print $1, $2 }' | sort -u | wc -l)" -eq 8192 ]
  # The first words alone are the marks of the places, which are different as well and stay when a block is written again.
  od -An -v -tx8 -w512 data/f | awk '{ print $1 }' >marks
  [ "$(sort -u marks | wc -l)" -eq 8192 ]
  timeout 60 bdisk --file data/f --seed 9 -n 3000 -w 0 seqwrite >w.ndjson
  od -An -v -tx8 -w512 data/f | awk '{ print $1 }' | cmp - marks
}

@test "a file that is not there is laid out under its name and stays; holes are tainted" {
  timeout 60 bdisk --file data/new -s 2M -n 10 -w 0 randread >new.ndjson
  [ "$(stat -c %s data/new)" -eq 2097152 ]
  [ "$(ls -A data)" = new ]
  jq -se 'map(select(.kind == "result")) | all((.taint // "") | test("sparse") | not)' new.ndjson
  truncate -s 2M data/holes
  timeout 60 bdisk --file data/holes -n 100 -w 0 randread >holes.ndjson
  jq -se 'map(select(.kind == "warn").code) == ["sparse"] and (map(select(.kind == "result")) | all(.taint | test("sparse")))' holes.ndjson
  fallocate -l 2M data/unwritten
  timeout 60 bdisk --file data/unwritten -n 100 -w 0 randread >holes.ndjson
  jq -se 'map(select(.kind == "warn").code) == ["sparse"]' holes.ndjson
  : >data/empty
  timeout 60 bdisk --file data/empty -s 1M -n 10 -w 0 randwrite >empty.ndjson
  [ "$(stat -c %s data/empty)" -eq 1048576 ]
}

@test "data of others is read, but written only with --destroy-data; our own is written again" {
  head -c 2M /dev/urandom >data/theirs
  cp data/theirs kept
  timeout 60 bdisk --file data/theirs -n 10 -w 0 randread >r.ndjson
  for test in seqwrite randwrite randrw; do
    run --separate-stderr timeout 60 bdisk --file data/theirs -n 10 -w 0 $test
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *"data/theirs holds data"*"--destroy-data"* ]]
  done
  run --separate-stderr timeout 60 bdisk --file data/theirs -n 10 -w 0
  [ "$status" -eq 2 ]
  cmp data/theirs kept
  timeout 60 bdisk --file data/theirs --destroy-data -n 10 -w 0 seqwrite >w.ndjson
  run cmp -s data/theirs kept
  [ "$status" -eq 1 ]
  timeout 60 bdisk --file data/ours -s 1M -n 10 -w 0 randread >w.ndjson
  timeout 60 bdisk --file data/ours -n 10 -w 0 randwrite >w.ndjson
  timeout 60 bdisk --file data/ours -n 10 -w 0 randrw >w.ndjson
}

@test "a device with a signature, or mounted, is not written (root)" {
  need mkfs.ext4
  loop 16M
  run --separate-stderr timeout 60 bdisk --file "$dev" -n 10 -w 0 randwrite
  [ "$status" -eq 2 ]
  [[ $stderr == *"holds data"* ]]
  mkfs.ext4 -q -F "$dev"
  cksum <"$dev" >before
  run --separate-stderr timeout 60 bdisk --file "$dev" -n 10 -w 0 randwrite
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ $stderr == *"holds data (ext)"*"--destroy-data"* ]]
  [ "$(cksum <"$dev")" = "$(cat before)" ]
  mkdir mnt
  mount "$dev" mnt
  run --separate-stderr timeout 60 bdisk --file "$dev" --destroy-data -n 10 -w 0 randwrite
  [ "$status" -eq 3 ]
  [[ $stderr == *"in use (mounted as ext4)"* ]]
  timeout 60 bdisk --file "$dev" -n 10 -w 0 randread >r.ndjson
  umount mnt
  timeout 60 bdisk --file "$dev" --destroy-data -n 10 -w 0 randwrite >w.ndjson
  jq -se 'map(select(.metric == "writes")) | .[0].value == 10' w.ndjson
}

@test "--fsync: as many as asked for, with a time of their own" {
  for when in each:100 7:14 100:1 end:1 none:0; do
    run_traced fsync --dir data -s 1M -n 100 --fsync "${when%:*}" randwrite
    # One more is that of the layout.
    [ "$(grep -c 'fsync(.*= 0' calls)" -eq $((${when#*:} + 1)) ] || { echo "$when"; false; }
    [ "$(jq -s 'map(select(.metric == "fsync") | .n) | add // 0' traced.ndjson)" -eq "${when#*:}" ]
    [ "$(jq -r 'select(.metric == "lat") | .fsync_at' traced.ndjson)" = "${when%:*}" ]
  done
  timeout 60 bdisk --dir data -s 1M -n 100 -w 0 -Q 8 --fsync each randwrite >f.ndjson
  jq -se 'map(select(.metric == "fsync" or .metric == "lat") | .n) == [100, 100]' f.ndjson
  timeout 60 bdisk --dir data -s 1M -n 100 -w 0 -Q 8 -t 2 --fsync end randwrite >f.ndjson
  jq -se 'map(select(.metric == "fsync") | .n) == [2]' f.ndjson
}

@test "an open loop does exactly the planned number of I/Os, at any depth" {
  for options in "-E sync" "-Q 1" "-Q 16" "-Q 16 -t 2"; do
    # shellcheck disable=SC2086 # options and their arguments
    timeout 60 bdisk --dir data -s 4M -r 500 -d 1s -w 100ms $options randread >open.ndjson
    complete open.ndjson
    as_planned open.ndjson 500
  done
}

@test "a queue that is full is backlog: the rate is kept as far as it goes, nothing is lost" {
  for depth in 1 8; do
    timeout 60 bdisk --dir data -s 4M -r 10M -Q $depth -d 300ms -w 0 -i 50ms randread >behind.ndjson
    jq -se 'map(select(.kind == "result" and .metric == "achieved")) | .[0].value < 0.9 and .[0].value > 0' behind.ndjson
    jq -se '(map(select(.kind == "result" and .metric == "lat").n) | add) + (map(select(.kind == "result" and .metric == "backlog").value) | add) == 3000000' behind.ndjson
    # Full all the time: a queue that were emptied now and then would show.
    jq -se --argjson d $depth 'map(select(.kind == "result" and .metric == "depth")) | .[0].value > 0.75 * $d and .[0].value < 1.05 * $d' behind.ndjson
  done
}

@test "depth is what was under way" {
  timeout 60 bdisk --dir data -s 4M -Q 16 -t 2 -d 300ms -w 50ms randread >depth.ndjson
  jq -se 'map(select(.metric == "depth")) | .[0].value > 28 and .[0].value < 33' depth.ndjson
}

# share FILE METRIC NS: percent of the values of the only result that are above NS, from 1 to 31 in steps of 2.
share() {
  grep '"result"' "$1" | bagg -m "$2" -k metric -P "$(seq -s, 69 2 99)" -f json |
    jq -r 'select(.kind == "agg") | to_entries[] | select(.key | test("^p[0-9]")) | .value' | awk -v ns="$3" '$1 > ns { n++ } END { print 2 * n }'
}

@test "a stalled file system: a tenth of an open loop's writes is late, each by what it waited (root)" {
  filesystem 32M
  timeout 60 bdisk --dir mnt -s 4M -r 200 -Q 64 -d 5s -w 0 -i 100ms randwrite >stall.ndjson &
  bdisk=$!
  wait_for 10 grep -q '"sample"' stall.ndjson
  start=$(date +%s%N)
  fsfreeze -f mnt
  frozen=$(date +%s%N)
  elapse 500
  fsfreeze -u mnt
  stop=$(date +%s%N)
  wait $bdisk
  complete stall.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "lat")) | .[0].n == 1000 and .[0].max >= 4.5e8' stall.ndjson
  # Between what certainly waited and what may have.
  low=$(((stop - frozen) / 10000000 * 1000 / 5000 * 8 / 10 - 2))
  high=$(((stop - start) / 10000000 * 1000 / 5000 * 12 / 10 + 4))
  late=$(share stall.ndjson lat 20000000)
  awk -v late="$late" -v low=$low -v high=$high 'BEGIN { exit !(late >= low && late <= high) }' || { echo "$low $late $high"; false; }
  # With room in the queue they were begun in time.
  jq -se 'map(select(.kind == "result" and .metric == "late")) | .[0].p90 < 5e7' stall.ndjson
}

@test "a second in which the process is stopped is in lat" {
  timeout -k 1 20 bdisk --dir data -s 4M -r 500 -Q 4 -d 2500ms -i 100ms -w 0 randread >stop.ndjson &
  bdisk=$!
  wait_for 5 grep -q '"sample"' stop.ndjson
  child=$(pgrep -P $bdisk -x bdisk)
  kill -STOP "$child"
  wait_for 5 grep -q '^State:.T' "/proc/$child/status"
  elapse 1000
  kill -CONT "$child"
  wait $bdisk
  [ "$(jq 'select(.kind == "result" and .metric == "lat") | .n' stop.ndjson)" -eq 1250 ]
  jq -se 'map(select(.kind == "result" and (.metric == "lat" or .metric == "late"))) | all(.max >= 9e8)' stop.ndjson
}

@test "reads that the device fails: counted by errno, said, status 1, nothing left (root)" {
  loop 16M
  truncate -s 8M image
  for engine in sync io_uring mmap; do
    run --separate-stderr timeout 60 bdisk -E $engine --file "$dev" -n 1000 -w 0 randread
    [ "$status" -eq 1 ]
    [[ $stderr == *"I/Os failed: Input/output error"* ]]
    echo "$output" >eio.ndjson
    complete eio.ndjson
    check_records eio.ndjson
    jq -se 'map(select(.metric == "errors")) | length == 1 and .[0].errno == "EIO" and .[0].value > 300 and .[0].value < 700' eio.ndjson
    jq -se '(map(select(.metric == "errors").value) | add) + (map(select(.metric == "lat").n) | add) == 1000' eio.ndjson
    jq -se '.[-1].status == "failed" and (map(select(.metric == "lat").taint) | all(test("wrong")))' eio.ndjson
  done
}

@test "a device that fails everything ends the test early (root)" {
  loop 16M
  truncate -s 0 image
  run --separate-stderr timeout 30 bdisk --file "$dev" -Q 8 -d 60s -w 0 -R 1 randread
  [ "$status" -eq 1 ]
  echo "$output" >gone.ndjson
  complete gone.ndjson
  jq -se 'map(select(.metric == "errors" and .errno == "EIO")) | .[0].value >= 100' gone.ndjson
}

@test "a full file system: refused before the first byte, or ENOSPC counted (root)" {
  root
  mkdir mnt
  mount -t tmpfs -o size=4M none mnt || skip "cannot mount"
  run --separate-stderr timeout 60 bdisk --dir mnt -s 8M -n 10 randread
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ $stderr == *"no room for 8388608 bytes"* ]]
  [ -z "$(ls -A mnt)" ]
  truncate -s 8M mnt/holes
  run --separate-stderr timeout 60 bdisk --file mnt/holes -n 2000 -w 0 --no-repeat randwrite
  [ "$status" -eq 1 ]
  [[ $stderr == *"failed: No space left on device"* ]]
  echo "$output" >full.ndjson
  complete full.ndjson
  jq -se 'map(select(.metric == "errors")) | .[0].errno == "ENOSPC" and .[0].value >= 100' full.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "lat")) | .[0].n > 900' full.ndjson
}

@test "no room shows while the file is laid out: one message, status 1, nothing left (root)" {
  filesystem 16M
  # The room that statvfs shows and we check is there, but not what a limit allows.
  run --separate-stderr timeout 60 bash -c 'ulimit -f 2048; bdisk --dir mnt -s 4M -n 10 randread'
  [ "$status" -eq 1 ]
  [[ $stderr == *"laying out 4194304 bytes: File too large"* ]]
  echo "$output" >limit.ndjson
  complete limit.ndjson
  run --separate-stderr timeout 60 bash -c 'ulimit -f 2048; bdisk --file mnt/new -s 4M -n 10 randread'
  [ "$status" -eq 1 ]
  [ ! -e mnt/new ]
}

@test "a read-only file system, the quota, a file that is too short, directories that are none" {
  run --separate-stderr timeout 60 bdisk --dir data --capacity 1M -s 2M randread
  [ "$status" -eq 2 ]
  [[ $stderr == *"--capacity"* ]]
  timeout 60 bdisk --dir data --capacity 2M -s 2M -n 1 -w 0 randread >fits.ndjson
  timeout 60 bdisk --file data/f -s 1M -n 1 -w 0 randread >short.ndjson
  run --separate-stderr timeout 60 bdisk --file data/f -s 2M -n 1 -w 0 randread
  [ "$status" -eq 2 ]
  [[ $stderr == *"has 1048576 bytes, fewer than the 2097152 of -s"* ]]
  run --separate-stderr timeout 60 bdisk --file data/f -b 1M -t 2 -n 1 -w 0 randread
  [ "$status" -eq 2 ]
  [[ $stderr == *"too few"* ]]
  for bad in "--dir none" "--file data" "--file none/f" "--file /dev/null" "--dir data/f"; do
    # shellcheck disable=SC2086 # an option and its argument
    run --separate-stderr timeout 60 bdisk $bad -n 1 randread
    [ "$status" -eq 2 ] || { echo "$bad: $status"; false; }
    [ -z "$output" ]
  done
  [ "$(id -u)" = 0 ] || return 0
  filesystem 16M
  head -c 1M /dev/urandom >mnt/theirs
  mount -o remount,ro mnt
  run --separate-stderr timeout 60 bdisk --dir mnt -s 1M -n 1 randread
  [ "$status" -eq 3 ]
  [[ $stderr == *"read-only file system"* ]]
  run --separate-stderr timeout 60 bdisk --file mnt/theirs -n 1 randwrite
  [ "$status" -eq 3 ]
  timeout 60 bdisk --file mnt/theirs -n 1 -w 0 randread >ro.ndjson
}

@test "a file that becomes shorter while it is read" {
  for engine in sync io_uring mmap; do
    rm -f data/f
    timeout 60 bdisk --file data/f -s 4M -n 1 -w 0 randread >short.ndjson
    timeout 60 bdisk -E $engine --file data/f -d 20s -i 20ms -w 0 randread >short.ndjson 2>errors &
    bdisk=$!
    wait_for 10 grep -q '"sample"' short.ndjson
    truncate -s 8192 data/f
    status=0
    wait $bdisk || status=$?
    [ "$status" -eq 1 ]
    complete short.ndjson
    case $engine in mmap) name=EIO ;; *) name=SHORT ;; esac
    jq -se --arg name $name 'map(select(.kind == "result" and .metric == "errors")) | .[0].errno == $name and .[0].value >= 100' short.ndjson
  done
}

@test "--cache: what the page cache answers is said" {
  # Others may ask the device meanwhile, but not every time.
  for _ in 1 2 3 4 5 6 7 8; do
    timeout 60 bdisk --dir data -s 4M --cache warm -E sync -n 2000 -w 0 randread >warm.ndjson
    jq -se 'map(select(.metric == "lat")) | .[0].cache == "warm" and (.[0].taint // "" | test("cached") | not)' warm.ndjson
    asked=$(jq -s '[.[] | select(.metric == "dev_reads").value] | add // 0' warm.ndjson)
    [ "$asked" -ge 200 ] || break
  done
  [ "$asked" -lt 200 ]
  timeout 60 bdisk --dir data -s 4M --cache cold -E sync -n 1024 --no-repeat randread >cold.ndjson
  jq -se 'map(select(.metric == "lat")) | .[0].cache == "cold" and (.[0].taint // "" | test("cached") | not)' cold.ndjson
  if [ "$(jq -s 'map(select(.metric == "dev_reads")) | length' cold.ndjson)" -eq 1 ]; then
    [ "$(figure cold.ndjson '.metric == "dev_reads"')" -ge 1024 ]
  fi
  timeout 60 bdisk --dir data -s 4M --cache cold -E sync -n 3000 randread >cold.ndjson
  jq -se 'map(select(.metric == "lat")) | .[0].taint | test("cached")' cold.ndjson
  timeout 60 bdisk --dir data -s 4M --cache cold -E mmap -n 1024 --no-repeat randread >cold.ndjson
  jq -se 'map(select(.metric == "lat")) | .[0].cache == "cold" and (.[0].taint // "" | test("cached") | not)' cold.ndjson
}

@test "where direct I/O is refused the figures say so" {
  [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] || skip "no tmpfs"
  timeout 60 bdisk --dir /dev/shm -s 1M -n 100 -w 0 randread >shm.ndjson
  check_records shm.ndjson
  jq -se 'map(select(.kind == "warn").code) == ["direct-unavailable"]' shm.ndjson
  jq -se 'map(select(.kind == "result")) | all(.cache == "buffered" and (.taint | test("cached")))' shm.ndjson
}

@test "--steady ends a test once its figures agree, and says how it ended" {
  # A fixed rate is as steady as can be.
  SECONDS=0
  timeout 60 bdisk --dir data -s 4M -r 1000 -d 30s -i 100ms -w 0 --steady randread >steady.ndjson
  [ "$SECONDS" -lt 25 ]
  complete steady.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "iops")) | .[0].ended == "steady"' steady.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "steady_iops")) | .[0].value > 900 and .[0].value < 1100' steady.ndjson
  jq -se '.[-1].status == "ok"' steady.ndjson
  timeout 60 bdisk --dir data -s 4M -d 200ms -i 100ms -w 0 --steady randread >time.ndjson
  jq -se 'map(select(.kind == "result" and .metric == "iops")) | .[0].ended == "time"' time.ndjson
}

@test "samples come during the run and are deltas that add up" {
  timeout 60 bdisk --dir data -s 4M -Q 8 -d 500ms -i 100ms -w 0 randrw >i.ndjson
  complete i.ndjson
  for op in read write; do
    jq -se --arg op $op 'map(select(.metric == "lat" and .op == $op)) | (map(select(.kind == "sample").n) | add) == (map(select(.kind == "result").n) | add)' i.ndjson
  done
  [ "$(jq -s 'map(select(.kind == "sample" and .metric == "depth")) | length' i.ndjson)" -ge 2 ]
}

@test "the CPU time of io_uring's own threads is charged" {
  timeout 60 bdisk --dir data -s 4M -Q 4 -d 500ms -w 0 randread >plain.ndjson
  timeout 60 bdisk --dir data -s 4M -Q 4 -d 500ms -w 0 --sqpoll randread >polled.ndjson
  jq -se 'map(select(.metric == "lat")) | .[0].ring | test("sqpoll")' polled.ndjson
  # The thread that submits never rests, so all of the CPUs' time that it gets is charged: more by I/O than without it.
  plain=$(jq -s '(map(select(.metric == "cpu_io").value) | add) * (map(select(.metric == "reads").value) | add)' plain.ndjson)
  polled=$(jq -s '(map(select(.metric == "cpu_io").value) | add) * (map(select(.metric == "reads").value) | add)' polled.ndjson)
  awk -v polled="$polled" -v plain="$plain" 'BEGIN { exit !(plain > 0 && polled > 5e7) }'
}

@test "without locked memory the buffers are not registered, and the ring says so" {
  need setpriv
  [ "$(id -u)" = 0 ] || skip "not root"
  chmod 777 data
  chmod 755 "$BATS_TEST_TMPDIR"
  setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$(command -v bdisk)" || skip "not readable for others"
  run --separate-stderr timeout 60 bash -c 'ulimit -l 64; exec setpriv --reuid=65534 --regid=65534 --clear-groups bdisk --dir data -s 1M -b 128k -n 100 -w 0 --lock off randwrite'
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  jq -se 'map(select(.metric == "lat")) | .[0].n == 100 and (.[0].ring | test("buffers") | not)' <<<"$output"
}

@test "no root is needed" {
  need setpriv
  [ "$(id -u)" = 0 ] || skip "not root"
  chmod 777 data
  chmod 755 "$BATS_TEST_TMPDIR"
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_RUNTIME_DIR="$PWD/data")
  "${as[@]}" test -x "$(command -v bdisk)" || skip "not readable for others"
  unset BTOOLS_LOCK_DIR
  run --separate-stderr timeout 60 "${as[@]}" bdisk --dir data -s 1M -d 50ms -w 0 --lock off
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ -z "$stderr" ]
  jq -se 'map(select(.metric == "iops" and .value > 0)) | length == 6' <<<"$output"
  mkdir closed
  chmod 700 closed
  run --separate-stderr timeout 60 "${as[@]}" bdisk --dir closed -s 1M --lock off -n 1 randread
  [ "$status" -eq 2 ] || [ "$status" -eq 3 ]
  [ -z "$output" ]
}

@test "no io_uring: one sentence, status 3, and what still works" {
  dir=$(variant STATIC=1)
  [ -x "$dir/bdisk" ] || skip "no static build" # the loader of another needs a descriptor before
  run --separate-stderr bash -c 'ulimit -n 3; exec "$1" -s 1M -n 10 randread' bash "$dir/bdisk"
  [ "$status" -eq 3 ] || { echo "$status $output $stderr"; false; }
  [ -z "$output" ]
  [[ $stderr == *"io_uring cannot be used here"*"-E sync"* ]]
}

@test "-N validates, writes and runs nothing" {
  run --separate-stderr timeout 10 bdisk -N --file data/new -s 1M -d 100s
  [ "$status" -eq 0 ]
  jq -se 'map(.kind) == ["meta", "end"] and .[0].tests == "seqread,seqwrite,randread,randwrite,randrw" and .[0].size == 1048576
    and .[0].dry_run == true' <<<"$output"
  clean
}

@test "-L lists the tests, those that stand alone too" {
  run --separate-stderr timeout 10 bdisk -L
  [ "$status" -eq 0 ]
  for test in seqread seqwrite randread randwrite randrw verify replay; do
    grep -qE "^$test " <<<"$output"
  done
  for test in verify replay; do
    run --separate-stderr timeout 10 bdisk $test randread
    [ "$status" -eq 2 ]
    [[ $stderr == *"each run alone"* ]]
  done
}

@test "wrong options and combinations are refused by name" {
  for bad in "-b 511" "-b 0" "-b 4k:50" "-b 4k:50,8k:60" "-b 4k:x" "-b 4k,8k" "-b 128M" "-Q 0" "-Q 5000" "-s 100" "-E aio" "--mix 101" \
    "--dist normal" "--dist zipf:0" "--dist pareto:1" "--dist uniform:1" "--fsync 0" "--fsync never" "--cache hot" "--capacity x" \
    "-E sync -Q 2" "-E mmap -Q 2" "-E sync --sqpoll" "-E mmap --cache direct" "--no-repeat -b 4k:50,8k:50" \
    "--no-repeat --dist zipf" "--iopoll --cache warm" "--iopoll --fsync each" "--fsync each"; do
    # shellcheck disable=SC2086 # options and their arguments
    run --separate-stderr timeout 10 bdisk --dir data $bad randread
    [ "$status" -eq 2 ] || { echo "$bad: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ] || { echo "$bad: $stderr"; false; }
  done
  clean
}

@test "a disk in use: fail refuses, off taints" {
  timeout 60 bdisk --dir data -s 1M -d 20s -i 50ms randread >holder.ndjson &
  holder=$!
  wait_for 10 grep -q '"sample"' holder.ndjson
  run --separate-stderr timeout 10 bdisk --dir data -s 1M --lock fail -n 10 randread
  [ "$status" -eq 3 ]
  [[ $stderr == *"another btools run is using the disk"* ]]
  run --separate-stderr timeout 10 bdisk --dir data -s 1M --lock off -n 10 -w 0 randread
  [ "$status" -eq 0 ]
  jq -se 'map(select(.kind == "result")) | all(.taint | contains("shared"))' <<<"$output"
  # The CPUs are another resource.
  run --separate-stderr timeout 10 bcpu --lock fail -n 1 -w 0 int
  [ "$status" -eq 0 ]
  kill -INT "$(pgrep -P $holder -x bdisk)"
  wait $holder || :
  clean
}

@test "INT, TERM, HUP: what was measured, an end that says interrupted, death by that signal, nothing left" {
  for signal in INT TERM HUP; do
    for options in "-Q 8" "-E sync" "-r 1000 -Q 4"; do
      # shellcheck disable=SC2086 # options and their arguments
      interrupted $signal '"sample"' bdisk --dir data -s 4M -d 20s -i 50ms $options randwrite
      jq -se 'map(select(.kind == "result" and .metric == "iops")) | .[0].value > 0' s.ndjson
      clean
    done
  done
}

@test "a signal while the file is laid out: nothing is left, not even of a named one" {
  for where in "--dir data" "--file data/new"; do
    # shellcheck disable=SC2086 # an option and its argument
    interrupted TERM '"meta"' bdisk $where -s 1G -d 20s randread
    clean
  done
}

@test "KILL: whole lines only, no file and no lock are left" {
  for where in "sample --dir data -s 4M -i 20ms" "meta --file data/new -s 1G"; do
    # shellcheck disable=SC2086 # options and their arguments
    killed "\"${where%% *}\"" bdisk ${where#* } -d 20s -Q 4 randwrite
    [ -z "$(ls -A data)" ]
    run --separate-stderr timeout 10 bdisk --dir data -s 1M --lock fail -n 1 -w 0 randread
    [ "$status" -eq 0 ]
  done
}

@test "a reader that goes ends it quietly; a full output is one message and status 1" {
  run bash -c 'timeout 20 bdisk --dir data -s 1M -d 10s -i 10ms randread | head -n 3 >/dev/null; echo "${PIPESTATUS[0]}"'
  [ "$output" = 141 ]
  run --separate-stderr bash -c 'timeout 20 bdisk --dir data -s 1M -d 5s -i 10ms randread >/dev/full'
  [ "$status" -eq 1 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  clean
}

@test "a worker that cannot be pinned, CPUs that are not there" {
  run --separate-stderr timeout 10 bdisk --dir data -s 1M -c 4000 -n 1 randread
  [ "$status" -eq 3 ]
  clean
}
