load helper

# bdisk verify: what is planted is found and located, nothing else is; acknowledgements outlive their writer; nothing of others is
# harmed.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

# written FILE [option...]: a verified file of 1 MiB: 254 blocks of 4 KiB from 8192 on.
written() {
  timeout 20 bdisk verify -q -s 1M --file "$@" -o written.ndjson
}

# check FILE [option...]: --check into check.ndjson; its status.
check() {
  timeout 20 bdisk verify --check "$@" >check.ndjson 2>check.err
}

# poke FILE OFFSET: another value in that byte.
poke() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf '%b' "\\x$(printf %02x $(((byte + 1 + $2 % 254) % 256)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# copy FROM TO SKIP SEEK COUNT [BS]: blocks of FROM over those of TO.
copy() {
  dd if="$1" of="$2" bs="${6:-4096}" skip="$3" seek="$4" count="$5" conv=notrunc status=none
}

# events FILTER: the bad events as jq has them.
events() {
  jq -sc "map(select(.kind == \"event\")) | map($1)" check.ndjson
}

unprivileged() {
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# at_least FILE BYTES
at_least() {
  [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -ge "$2" ]
}

@test "generations are written and read back, and found again later" {
  run --separate-stderr timeout 20 bdisk verify -s 1M --file f -R 3 -o v.ndjson
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  complete v.ndjson
  check_records v.ndjson
  jq -se 'map(select(.metric == "verified") | [.rep, .value]) == [[1, 254], [2, 254], [3, 254]]' v.ndjson
  jq -se 'map(select(.metric == "lat") | [.op, .rep, .n]) ==
    [["write", 1, 254], ["read", 1, 254], ["write", 2, 254], ["read", 2, 254], ["write", 3, 254], ["read", 3, 254]]' v.ndjson
  jq -se 'map(select(.metric == "errors")) | length == 6 and all(.value == 0)' v.ndjson
  jq -se 'map(select(.metric == "bw")) | length == 6 and all(.value > 0)' v.ndjson
  jq -se 'map(select(.kind == "result")) | all(.kernel == "verify.1" and .bs == 4096 and .target == "file" and .size == 1048576)' v.ndjson
  [ "$(stat -c %s f)" -eq 1048576 ]
  before=$(md5sum <f)
  check f
  check_records check.ndjson
  complete check.ndjson
  [ "$(figure check.ndjson '.metric == "verified"')" -eq 254 ]
  [ "$(events .)" = "[]" ]
  [ "$(md5sum <f)" = "$before" ]
  [ "$(locks)" -eq 0 ]
}

@test "block sizes, workers, and a file without a name" {
  for bs in 512 1536 4k 64k 1M; do
    timeout 20 bdisk verify -q --cache cold -s 4M -b $bs -t 3 --file "f$bs" >bs.ndjson
    jq -se 'map(select(.metric == "verified")) | length == 1 and .[0].value > 2' bs.ndjson
    check "f$bs" -t 2
  done
  mkdir empty
  timeout 20 bdisk verify -q -s 256k --dir empty >temp.ndjson
  jq -se 'map(select(.metric == "verified" and .target == "temp" and .value == 62)) | length == 1' temp.ndjson
  [ -z "$(ls empty)" ]
}

@test "200 flipped bytes, each found and located, in blocks and in the head" {
  written f
  # One in a sector, so that each is an event of its own: the whole head, then every tenth sector.
  for ((i = 0; i < 16; i++)); do echo $((i * 512 + (i * 37 + 11) % (i % 8 ? 512 : 64))); done >places
  for ((i = 0; i < 184; i++)); do echo $((8192 + (i * 11) * 512 + (i * 101) % 512)); done >>places
  [ "$(wc -l <places)" -eq 200 ]
  while read -r at; do poke f "$at"; done <places
  run check f
  [ "$status" -eq 1 ]
  check_records check.ndjson
  [ "$(events '.at' | jq -c sort)" = "$(jq -sc sort places)" ]
  jq -se 'map(select(.kind == "event")) | all(.how == "flipped" and .wrong == 1 and .places == "\(.at)" and .metric == "bad")' check.ndjson
  [ "$(figure check.ndjson '.metric == "errors"')" -eq 200 ]
  jq -se '.[-1] | .status == "failed" and .errors == 200' check.ndjson
  grep -q '200 flipped' check.err
}

@test "10000 bytes flipped at random in a verified file: every one is found where it is" {
  timeout 30 bdisk verify -q -s 16M --file f -o written.ndjson
  run check f
  [ "$status" -eq 0 ]
  python3 - f places <<'END'
import os, random, sys
choose = random.Random(7)
at = sorted(choose.sample(range(os.path.getsize(sys.argv[1])), 10000))
with open(sys.argv[1], "r+b", buffering=0) as f:
    for place in at:
        byte = os.pread(f.fileno(), 1, place)[0]
        os.pwrite(f.fileno(), bytes([byte ^ 1 << choose.randrange(8)]), place)
print(*at, sep="\n", file=open(sys.argv[2], "w"))
END
  run check f
  [ "$status" -eq 1 ]
  jq -r 'select(.kind == "event").places' check.ndjson | tr ',' '\n' | sort -n >found
  cmp found places
}

@test "torn, stale, misplaced and missing blocks are called so, by offset" {
  written f
  cp f old
  timeout 20 bdisk verify -q --file f -R 2 >/dev/null
  check f
  copy f f 100 50 1             # block of 409600 at 204800
  copy /dev/zero f 60 60 3      # three blocks
  copy old f 70 70 1            # of the run before
  copy old f 640 640 3 512      # three sectors of one at 327680
  copy /dev/zero f 720 720 1 512
  run check f
  [ "$status" -eq 1 ]
  check_records check.ndjson
  [ "$(events '[.how, .offset, .value]')" = \
    '[["misplaced",204800,1],["missing",245760,3],["stale",286720,1],["torn",327680,1],["torn",368640,1]]' ]
  jq -se 'map(select(.how == "misplaced" and .kind == "event")) | .[0].from == 409600' check.ndjson
  jq -se 'map(select(.how == "torn" and .kind == "event")) | all(.generation == 2 and .acked == 2 and .oldest == 0)' check.ndjson
  jq -se 'map(select(.metric == "errors") | {(.how): .value}) | add == {torn: 2, stale: 1, misplaced: 1, missing: 3}' check.ndjson
  [ "$(figure check.ndjson '.metric == "verified"')" -eq 247 ]
  jq -se '.[-1].errors == 7' check.ndjson
}

@test "a file shorter than it was, down to nothing" {
  written f --durable --ledger l
  for size in 1000000 8192 5000 100 0; do
    truncate -s $size f
    run check f --ledger l
    [ "$status" -eq 1 ] || { echo "$size: $status"; false; }
    check_records check.ndjson
    gone=$((254 - (size > 8192 ? (size - 8192) / 4096 : 0)))
    jq -se --argjson n $gone 'map(select(.kind == "event" and .offset >= 8192)) | length == 1 and .[0].how == "missing" and .[0].value == $n' \
      check.ndjson
  done
  run --separate-stderr check f
  [ "$status" -eq 2 ]
  grep -q 'lost its head' check.err
}

@test "--durable acknowledges after fdatasync, and says how long that took" {
  for each in each 7 end; do
    timeout 20 bdisk verify -q -s 256k --file "f$each" --durable --fsync $each >d.ndjson
    case $each in each) n=62 ;; 7) n=9 ;; end) n=1 ;; esac
    jq -se --argjson n $n --arg at $each 'map(select(.metric == "fsync")) | length == 1 and .[0].n == $n and .[0].fsync_at == $at' d.ndjson
    check "f$each"
  done
  need strace
  strace -f -qq -s 0 -e trace=pwrite64,write,fdatasync -o trace env ASAN_OPTIONS=detect_leaks=0 bdisk verify -q -s 64k --file f --durable --fsync 5 --ledger l -o x
  # After the five writes of blocks comes a flush of the file, then a record of 64 bytes in the ledger, and a flush of that.
  sed 's/^[0-9]* *//; s/(.*= \([0-9]*\)$/ \1/' trace | tr '\n' ';' |
    grep -q 'pwrite64 4096;pwrite64 4096;pwrite64 4096;pwrite64 4096;pwrite64 4096;fdatasync 0;write 64;fdatasync 0;pwrite64 4096;'
}

@test "after SIGKILL of the writer nothing that was acknowledged is missed" {
  for how in "" "--ledger l"; do
    rm -f f l
    # shellcheck disable=SC2086
    timeout -s KILL 20 bdisk verify -q -s 512k --file f --durable --fsync 3 -R 100000 $how >/dev/null &
    killer=$!
    wait_for 10 eval '[ -e f ] && pgrep -P $killer -x bdisk >/dev/null'
    child=$(pgrep -P $killer -x bdisk)
    wait_for 10 eval '[ "$(awk "/^syscw/ { print \$2 }" /proc/$child/io)" -gt 700 ]'
    kill -KILL "$child"
    wait $killer || true
    # shellcheck disable=SC2086
    check f $how
    jq -se 'map(select(.metric == "verified" or .metric == "unwritten") | .value) | add == 126' check.ndjson
  done
}

@test "a device that loses what it acknowledged is found out by the ledger" {
  timeout 20 bdisk verify -q -s 512k --file f --durable --ledger l -R 200 >/dev/null &
  writer=$!
  wait_for 10 at_least l 1000
  child=$(pgrep -P $writer -x bdisk)
  kill -STOP "$child"
  wait_for 5 grep -q '^State:.T' "/proc/$child/status"
  cp f lost
  was=$(stat -c %s l)
  kill -CONT "$child"
  wait_for 10 at_least l $((was + 64 * 16))
  kill -INT "$child"
  wait $writer || true
  # By itself, that copy is as good as any.
  check lost
  run check lost --ledger l
  [ "$status" -eq 1 ]
  jq -se 'map(select(.kind == "event")) | length > 50 and all(.how == "stale" and .generation < .acked)' check.ndjson
  # The same where even the head is gone.
  copy /dev/zero lost 0 0 2
  run check lost --ledger l
  [ "$status" -eq 1 ]
  run --separate-stderr timeout 5 bdisk verify --check lost
  [ "$status" -eq 2 ]
  # A damaged ledger is said to be one.
  poke l 70
  poke l 80
  run check f --ledger l
  [ "$status" -eq 1 ]
  jq -se 'map(select(.code == "ledger-damaged")) | length == 1' check.ndjson
}

@test "files of others are neither written nor taken for a ledger" {
  printf 'precious\n' >user
  head -c 300000 /dev/zero >zeros
  for file in user zeros; do
    before=$(md5sum <$file)
    run --separate-stderr timeout 5 bdisk verify -s 64k --file $file
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "$stderr" == *"--destroy-data"* ]]
    run --separate-stderr timeout 5 bdisk verify --check $file
    [ "$status" -eq 2 ]
    run --separate-stderr timeout 5 bdisk verify -s 64k --file new --durable --ledger $file
    [ "$status" -eq 2 ]
    [ ! -e new ]
    [ "$(md5sum <$file)" = "$before" ]
  done
  timeout 5 bdisk verify -q -s 64k --file zeros --destroy-data >/dev/null
  check zeros
  [ "$(stat -c %s zeros)" -eq 300000 ]
  # Our own may be written again, one that is empty may be filled.
  : >empty
  timeout 5 bdisk verify -q -s 64k --file empty >/dev/null
  timeout 5 bdisk verify -q --file empty >/dev/null
  check empty
  run --separate-stderr timeout 5 bdisk verify --file empty --durable --ledger empty
  [ "$status" -eq 2 ]
}

@test "--check needs no right to write, and any bytes can be checked" {
  written f
  chmod 444 f
  chmod 755 .
  chmod 1777 "$BTOOLS_LOCK_DIR"
  if [ "$(id -u)" -eq 0 ] && unprivileged test -r f; then
    unprivileged timeout 10 bdisk verify --check f >check.ndjson
    run unprivileged timeout 10 bdisk verify --file f
    [ "$status" -eq 3 ]
  fi
  chmod 644 f
  # The head stays, the rest is anything.
  for seed in 1 2 3; do
    openssl enc -aes-128-ctr -pass pass:$seed -nosalt -in /dev/zero 2>/dev/null | head -c 1040384 | dd of=f bs=8192 seek=1 conv=notrunc status=none
    run check f
    [ "$status" -eq 1 ]
    [ "$(figure check.ndjson '.metric == "errors"')" -eq 2032 ]
    check_records check.ndjson
  done
  head -c 20000 /dev/urandom >noise
  for file in noise /dev/null . /dev/zero; do
    run check $file
    [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || { echo "$file: $status"; false; }
  done
}

@test "no room: said before anything is there; a failed write ends the generation" {
  run --separate-stderr timeout 5 bdisk verify -s 2M --file big --capacity 1M
  [ "$status" -eq 2 ]
  run --separate-stderr bash -c 'ulimit -f 512; exec timeout 5 bdisk verify -s 1M --file big'
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"cannot be prepared: File too large"* ]]
  [ ! -e big ]
  written f
  run --separate-stderr bash -c 'ulimit -f 512; exec timeout 5 bdisk verify --file f -R 2'
  [ "$status" -eq 1 ]
  jq -se 'map(select(.metric == "errors")) | length == 1 and .[0].errno == "EFBIG" and .[0].how == "unwritable" and .[0].value == 1' <<<"$output"
  jq -se 'map(select(.kind == "event")) | length == 1 and .[0].offset >= 524288' <<<"$output"
  jq -se '.[-1].status == "failed"' <<<"$output"
  [[ "$stderr" == *"unwritable: EFBIG"* ]]
  run bash -c 'timeout 20 bdisk verify -s 64k >/dev/full'
  [ "$status" -eq 1 ]
}

@test "a device that cannot be read in its second half (root)" {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  truncate -s 1M img
  loop=$(losetup -f --show img) || skip "no loop devices"
  run --separate-stderr timeout 20 bdisk verify --file "$loop" --lock off
  refused=$status
  timeout 20 bdisk verify -q --file "$loop" --destroy-data --lock off >/dev/null && wrote=0 || wrote=$?
  truncate -s 512k img
  check "$loop" --lock off && read=0 || read=$?
  losetup -d "$loop"
  [ "$refused" -eq 2 ]
  [ "$wrote" -eq 0 ]
  [ "$read" -eq 1 ]
  [ "$(events '[.how, .errno, .offset, .value]')" = '[["unreadable","EIO",524288,128]]' ]
  [ "$(figure check.ndjson '.metric == "verified"')" -eq 126 ]
}

@test "a full file system in the middle of a generation (root)" {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  mkdir m
  mount -t tmpfs -o size=4M none m || skip "no mounts"
  written m/f
  fallocate -p -o 8192 -l 1000000 m/f
  head -c 8M /dev/zero >m/fill 2>/dev/null || :
  timeout 20 bdisk verify --file m/f >full.ndjson 2>err && got=0 || got=$?
  umount m
  [ "$got" -eq 1 ]
  jq -se 'map(select(.metric == "errors")) | .[0].errno == "ENOSPC"' full.ndjson
  jq -se 'map(select(.code == "direct-unavailable")) | length == 1' full.ndjson
}

@test "signals and a reader that goes away end it, and what is there can be checked" {
  for signal in INT TERM; do
    rm -f f
    timeout 20 bdisk verify -q -s 1M --file f -R 100000 >s.ndjson &
    runner=$!
    wait_for 10 grep -q verified s.ndjson
    child=$(pgrep -P $runner -x bdisk)
    kill -$signal "$child"
    wait $runner && got=0 || got=$?
    [ "$got" -eq $((128 + $(kill -l $signal))) ]
    jq -se '.[-1] | .kind == "end" and .status == "interrupted"' s.ndjson
    check f
  done
  timeout 20 bdisk verify -q -s 256k -R 100000 | head -n 3 >/dev/null
  [ "$(locks)" -eq 0 ]
}

@test "options that make no sense together, and a dry run" {
  while read -r args; do
    # shellcheck disable=SC2086
    run --separate-stderr timeout 5 bdisk $args
    [ "$status" -eq 2 ] || { echo "$args: $status"; false; }
    [ -z "$output" ]
    [ -n "$stderr" ]
  done <<'END'
verify --durable
verify --ledger l
verify --ledger l --file f
verify --check f --file g
verify --check f --durable
verify --durable --file f -t 2
verify --fsync each
verify -d 1s
verify -n 5
verify -r 100
verify -Q 4
verify -b 4k:50,8k:50
verify -s 8k
verify -m iops
verify randread
randread --durable
randread --check f
END
  timeout 5 bdisk verify -N -s 1M --file f --durable --ledger l >dry.ndjson
  jq -se 'length == 2 and .[0].blocks == 254 and .[0].durable and .[0].dry_run' dry.ndjson
  [ ! -e f ]
  [ ! -e l ]
}

@test "ASan and UBSan, TSan: verify writes, reads, and checks what is broken" {
  for san in address,undefined thread; do
    dir=$(variant SAN=$san)
    run --separate-stderr timeout 60 "$dir/bdisk" verify -s 1M -t 3 -i 5ms -R 2 --file "f$san"
    [ "$status" -eq 0 ] || { echo "$stderr"; false; }
    [ -z "$stderr" ]
    head -c 700000 "f$san" >broken
    head -c 30000 /dev/urandom | dd of=broken bs=8192 seek=3 conv=notrunc status=none
    copy broken broken 100 50 7 512
    copy /dev/zero broken 150 150 9 512
    poke broken 77
    run --separate-stderr timeout 60 "$dir/bdisk" verify --check broken -t 3
    [ "$status" -eq 1 ]
    [[ "$stderr" != *Sanitizer* && "$stderr" != *"runtime error"* ]] || { echo "$stderr"; false; }
  done
}
