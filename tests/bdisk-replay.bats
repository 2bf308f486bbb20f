load helper

# bdisk replay: known answers, timing as planned, other people's files, hostile recordings, signals and manners.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  app=$TOP/tests/fixtures/replay/app.ndjson
}

teardown() {
  [ -d mnt ] && mountpoint -q mnt && umount -l mnt
  return 0
}

# event KEY=VALUE...: an event that writes 1000 bytes at the start of /a, other keys as given (JSON values); empty: without the key.
event() {
  jq -nc --args '{v: 1, kind: "event", ts: 100, tid: 1, syscall: "write", path: "/a", offset: 0, size: 1000} +
    ([$ARGS.positional[] | capture("(?<k>[^=]*)=(?<v>.*)"; "s") | {(.k): (if .v == "" then null else (.v | fromjson) end)}] | add // {}) |
    with_entries(select(.value != null))' "$@"
}

# slow: a hundred writes, one a second.
slow() {
  awk 'BEGIN { for (i = 0; i < 100; i++)
    printf "{\"v\":1,\"kind\":\"event\",\"ts\":%d,\"tid\":%d,\"syscall\":\"write\",\"path\":\"/a\",\"offset\":%d,\"size\":512}\n", i + 1, i % 5, i * 512 }'
}

# number METRIC FILE [FILTER]: the value of the only result of that metric.
number() {
  figure "$2" ".kind == \"result\" and .metric == \"$1\" and (${3:-true})"
}

# calls FILE: "name count" of the events that are replayed.
calls() {
  jq -r 'select(.kind == "event") | .syscall' "$1" | sort | uniq -c | awk '{ print $2, $1 }'
}

begun() {
  [ "$(wc -l <"$1")" -ge 1 ]
}

# Files that a replay has open, without a name or with one, in this directory.
nothing_left() {
  [ -z "$(find "$1" -mindepth 1)" ]
}

@test "a recording of bsys gives the same calls, bytes and file sizes" {
  mkdir out
  run --separate-stderr timeout 20 bdisk replay --dir out --map /tmp/btools-app=/ -o r.ndjson "$app"
  [ "$status" -eq 0 ]
  [ -z "$output" ] && [ -z "$stderr" ]
  complete r.ndjson
  check_records r.ndjson
  diff <(calls "$app") <(jq -r 'select(.metric == "calls") | "\(.syscall) \(.value)"' r.ndjson | sort)
  [ "$(find out -type f -printf '%P %s\n' | sort)" = "log/wal 12066
old.db 262144
scratch 1234" ]
  want=$(jq -s 'map(select(.kind == "event" and (.syscall | test("read"))) | .ret) | add' "$app")
  [ "$(number read_bytes r.ndjson)" -eq "$want" ]
  want=$(jq -s 'map(select(.kind == "event" and (.syscall | test("write"))) | .ret) | add' "$app")
  [ "$(number written_bytes r.ndjson)" -eq "$want" ]
  [ "$(number differs r.ndjson)" -eq 0 ]
  [ "$(number errors r.ndjson)" -eq 0 ]
  [ "$(number ignored r.ndjson)" -eq 0 ]
  [ "$(number achieved r.ndjson)" -eq 1 ]
  jq -se 'map(select(.metric == "late")) | length == 1 and .[0].n == 49' r.ndjson
  # The recorded distribution is that of the events.
  jq -se --slurpfile app "$app" 'map(select(.metric == "recorded" and .syscall == "fsync"))[0].sum ==
    ($app | map(select(.kind == "event" and .syscall == "fsync") | .value) | add)' r.ndjson
  jq -se '.[0] | .kind == "meta" and .calls == 49 and .files == 3 and .threads_recorded == 4 and .threads == "4"' r.ndjson
}

@test "what is written is where it was recorded, and real data" {
  mkdir out
  { event offset=0; event offset=4096 ts=100.001; event offset=10000 size=1 ts=100.002; } | timeout 10 bdisk replay --dir out >r.ndjson
  [ "$(stat -c %s out/a)" -eq 10001 ]
  [ "$(head -c 1000 out/a | tr -d '\0' | wc -c)" -gt 950 ]
  [ "$(tail -c +1001 out/a | head -c 3096 | tr -d '\0' | wc -c)" -eq 0 ]
  [ "$(tail -c +4097 out/a | head -c 1000 | tr -d '\0' | wc -c)" -gt 950 ]
}

@test "what is read is laid out first, whole, and ends where it ended" {
  mkdir out
  { event syscall='"pread64"' offset=100000 size=65536 ret=5000
    event syscall='"read"' offset=105000 size=65536 ret=0 ts=101; } | timeout 10 bdisk replay --dir out --as-fast-as-possible >r.ndjson
  [ "$(stat -c %s out/a)" -eq 105000 ]
  [ "$(tr -d '\0' <out/a | wc -c)" -gt 100000 ]
  [ "$(number differs r.ndjson)" -eq 0 ]
  [ "$(number read_bytes r.ndjson)" -eq 5000 ]
}

@test "--speed changes the plan, --as-fast-as-possible has none" {
  bdisk replay --as-fast-as-possible "$app" >fast.ndjson
  bdisk replay "$app" >one.ndjson
  bdisk replay --speed 2 "$app" >two.ndjson
  planned=$(number planned one.ndjson)
  [ "$(number planned two.ndjson)" -eq $((planned / 2)) ]
  [ "$(number planned fast.ndjson)" -eq 0 ]
  [ "$(number took one.ndjson)" -ge "$planned" ]
  [ "$(number took two.ndjson)" -ge $((planned / 2)) ]
  jq -se 'all(.metric != "late")' fast.ndjson
  # The plan is that of the recording: from the first start to the last.
  want=$(jq -s '[.[] | select(.kind == "event") | .ts * 1e9 - .value] | (max - min) | floor' "$app")
  [ $((want - planned)) -lt 3000 ] && [ $((planned - want)) -lt 3000 ]
  # Nothing waits: a hundred seconds are over at once.
  slow | timeout 20 bdisk replay --as-fast-as-possible >slow.ndjson
  jq -se '.[-1].status == "ok"' slow.ndjson
}

@test "each thread keeps its order, however few workers there are" {
  need strace
  for options in "-t 1" "-t 3" "--order global" "--order global -t 2"; do
    mkdir out
    awk 'BEGIN { for (i = 0; i < 200; i++)
      printf "{\"v\":1,\"kind\":\"event\",\"ts\":%.6f,\"tid\":%d,\"syscall\":\"write\",\"path\":\"/f%d\",\"offset\":%d,\"size\":100}\n", 1 + i / 1e5, i % 5, i % 5, int(i / 5) * 100 }' |
      strace -ff -qq -e trace=pwrite64 -o calls bdisk replay --dir out --as-fast-as-possible $options >r.ndjson
    # Offsets of each file rise.
    for i in 0 1 2 3 4; do
      [ "$(stat -c %s out/f$i)" -eq 4000 ]
    done
    for calls in calls.*; do
      sed -n 's/^pwrite64(\([0-9]*\), .*, 100, \([0-9]*\)) *= 100$/\1 \2/p' "$calls"
      echo next
    done >offsets
    awk '/next/ { delete last; next } { if ($1 in last && $2 <= last[$1]) bad++; last[$1] = $2; n++ } END { exit bad > 0 || n != 200 }' offsets
    rm -r calls.*
    rm -r out
  done
}

@test "in the global order what depended on something finds it done" {
  # One thread writes what another reads at once; as fast as possible only the order can bring it there first.
  awk 'BEGIN { for (i = 0; i < 300; i++)
    printf "{\"v\":1,\"kind\":\"event\",\"ts\":%.6f,\"tid\":%d,\"syscall\":\"%s\",\"path\":\"/a\",\"offset\":%d,\"size\":100,\"ret\":100,\"metric\":\"lat\",\"value\":2000}\n",
      1 + i / 1e5, i % 2, i % 2 ? "pread64" : "pwrite64", int(i / 2) * 100 }' >pairs.ndjson
  for i in 1 2 3; do
    timeout 20 bdisk replay --order global --as-fast-as-possible pairs.ndjson >r.ndjson
    [ "$(number differs r.ndjson)" -eq 0 ]
  done
}

@test "results that are not as recorded are counted, named, and shown with -v" {
  { event ret=-28
    event ret=1000 ts=101
    event ret=500 ts=102
    event syscall='"ftruncate"' len=9000000 ret=0 ts=103
    event syscall='"ftruncate"' len=9000000 ret=-5 ts=104; } >in.ndjson
  run --separate-stderr bash -c 'ulimit -f 1000; exec timeout 20 bdisk replay --as-fast-as-possible -v in.ndjson'
  [ "$status" -eq 1 ]
  echo "$output" >r.ndjson
  check_records r.ndjson
  [ "$(jq -r 'select(.metric == "differs" and .kind == "result") | "\(.syscall) \(.how) \(.errno) \(.errno_recorded) \(.value)"' r.ndjson | sort)" = "ftruncate errno EFBIG EIO 1
ftruncate failed EFBIG null 1
write bytes null null 1
write succeeded null ENOSPC 1" ]
  [ "$(number errors r.ndjson)" -eq 1 ]
  jq -se 'map(select(.kind == "event")) | length == 4 and .[0].ret == 1000 and .[0].ret_recorded == -28 and .[0].path == "a"' r.ndjson
  jq -se '.[-1] | .status == "failed" and .errors == 1' r.ndjson
  [[ "$stderr" == *"ftruncate failed that had not: File too large"* ]]
}

@test "no path leads out of the directory" {
  mkdir -p out/real outside
  ln -s "$PWD/outside" out/link
  { event path='"../../../outside/x"'; event path='"/../outside/y"'; event path='"a/../../outside/z"'; } >in.ndjson
  run timeout 10 bdisk replay --dir out in.ndjson
  [ "$status" -eq 0 ]
  nothing_left outside
  [ "$(find out -name '[xyz]' | sort | tr '\n' ' ')" = "out/outside/x out/outside/y out/outside/z " ]
  event path='"/link/x"' >in.ndjson
  run --separate-stderr timeout 10 bdisk replay --dir out --destroy-data in.ndjson
  [ "$status" -eq 2 ] && [ -z "$output" ]
  nothing_left outside
  ln -s "$PWD/precious" out/alone
  echo mine >precious
  event path='"/alone"' >in.ndjson
  for destroy in "" --destroy-data; do
    run --separate-stderr timeout 10 bdisk replay --dir out $destroy in.ndjson
    [ "$status" -eq 2 ] && [ -z "$output" ]
  done
  ln precious out/second
  event path='"/second"' | run --separate-stderr timeout 10 bdisk replay --dir out --destroy-data
  [ "$(cat precious)" = mine ]
}

@test "a file that is there is not overwritten without --destroy-data" {
  mkdir out
  echo mine >out/b
  { event; event path='"/b"'; } >in.ndjson
  run --separate-stderr timeout 10 bdisk replay --dir out in.ndjson
  [ "$status" -eq 2 ] && [ -z "$output" ]
  [[ "$stderr" == *"out/b is there already; --destroy-data overwrites it"* ]]
  [ "$(cat out/b)" = mine ]
  [ ! -e out/a ]
  run --separate-stderr timeout 10 bdisk replay --dir out --destroy-data in.ndjson
  [ "$status" -eq 0 ]
  [ "$(stat -c %s out/b)" -eq 1000 ]
  { event path='"/c"'; event path='"/c/d"'; } >in.ndjson
  run --separate-stderr timeout 10 bdisk replay --dir out in.ndjson
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"c is a file and also the directory of c/d"* ]]
  [ ! -e out/c ]
}

@test "--map changes the first parts of paths, the longest counts" {
  mkdir out
  { event path='"/var/log/x"'; event path='"/var/lib/y"'; event path='"/various/z"'; } >in.ndjson
  timeout 10 bdisk replay --dir out --map /var=/v --map /var/lib=../l in.ndjson >/dev/null
  [ "$(find out -type f | sort | tr '\n' ' ')" = "out/l/y out/v/log/x out/various/z " ]
  run --separate-stderr timeout 10 bdisk replay --map nothing in.ndjson
  [ "$status" -eq 2 ]
}

@test "nothing is left without --dir, and files by number have names with it" {
  mkdir data out
  { event; event path= ino=7; event path= dev='"8:1"' ino=7; event path= file='"x/y"'; } >in.ndjson
  (cd data && timeout 10 bdisk replay ../in.ndjson >/dev/null)
  nothing_left data
  timeout 10 bdisk replay --dir out in.ndjson >r.ndjson
  [ "$(find out -type f | sort | tr '\n' ' ')" = "out/a out/by-number/0-7 out/by-number/8:1-7 out/by-number/x/y " ]
}

@test "events that cannot be replayed are counted by reason, bad lines skipped" {
  {
    event
    event size=9223372036854775808
    event size=-1
    event size=
    event offset=-1
    event offset=9223372036854775807
    event offset=
    event path='"/a\u0000b"'
    event path='"/a\nb"'
    event path='"/.."'
    event path='"pipe:[12]"'
    event path=
    event ts=-1
    event metric='"lat"' value=1e30
    event metric='"waiting"' value=5
    event syscall='"openat"'
    event syscall=
    echo garbage
    echo '{"v":1,"kind":"event","ts":"x"}'
  } >in.ndjson
  run --separate-stderr timeout 10 bdisk replay in.ndjson
  [ "$status" -eq 1 ]
  echo "$output" >r.ndjson
  [ "$(jq -r 'select(.metric == "ignored") | "\(.why) \(.value)"' r.ndjson | tr '\n' ' ')" = "call 2 waiting 1 time 2 file 2 path 3 offset 3 size 3 " ]
  [ "$(number bad_lines r.ndjson)" -eq 2 ]
  [ "$(number calls r.ndjson)" -eq 1 ]
  jq -se '.[-1] | .status == "failed" and .errors == 2' r.ndjson
  [[ "$stderr" == *"in.ndjson:18: "* && "$stderr" == *"2 bad lines skipped"* ]]
}

@test "what would be too much is refused before anything is done" {
  event syscall='"read"' offset=4611686018427387904 ret=1000 >far.ndjson
  run --separate-stderr timeout 10 bdisk replay far.ndjson
  [ "$status" -eq 3 ] && [ -z "$output" ]
  [[ "$stderr" == *"no room for files of"* ]]
  run --separate-stderr timeout 10 bdisk replay --capacity 100k "$app"
  [ "$status" -eq 2 ] && [ -z "$output" ]
  [[ "$stderr" == *"more than --capacity allows"* ]]
  awk 'BEGIN { for (i = 0; i < 70000; i++) printf "{\"v\":1,\"kind\":\"event\",\"ts\":1,\"tid\":%d,\"syscall\":\"fsync\",\"path\":\"/a\"}\n", i }' >many.ndjson
  run --separate-stderr timeout 20 bdisk replay many.ndjson
  [ "$status" -eq 2 ] && [ -z "$output" ]
  [[ "$stderr" == *"65536 threads"* ]]
  run --separate-stderr timeout 20 bdisk replay -n 1000 --as-fast-as-possible many.ndjson
  [ "$status" -eq 0 ]
  [ "$(jq 'select(.metric == "calls").value' <<<"$output")" -eq 1000 ]
  awk 'BEGIN { for (i = 0; i < 300; i++) printf "{\"v\":1,\"kind\":\"event\",\"ts\":1,\"syscall\":\"fsync\",\"path\":\"/f%d\"}\n", i }' >files.ndjson
  run --separate-stderr bash -c 'ulimit -n 200; exec timeout 20 bdisk replay files.ndjson'
  [ "$status" -eq 3 ] && [ -z "$output" ]
  [[ "$stderr" == *"300 files"* ]]
}

@test "nothing to replay, wrong options and wrong files are status 2" {
  for args in "replay" "replay missing" "replay a b" "replay randread" "-b 4k replay" "--speed 2 randread" "replay --speed 0" \
    "replay --order other" "replay --speed 2 --as-fast-as-possible" "replay -t 1,2" "replay --cache direct" "replay --destroy-data" \
    "replay -m nothing"; do
    run --separate-stderr timeout 10 bdisk $args </dev/null
    [ "$status" -eq 2 ] || { echo "$args: $status"; false; }
    [ -z "$output" ] && [ -n "$stderr" ]
  done
  run --separate-stderr timeout 10 bdisk replay -N "$app"
  [ "$status" -eq 0 ]
  [ "$(jq -r .kind <<<"$output" | tr '\n' ' ')" = "meta end " ]
}

@test "a recording without end, or with losses, is doubtful" {
  { head -n 20 "$app"; } | timeout 20 bdisk replay --as-fast-as-possible >r.ndjson
  jq -se 'map(select(.kind == "warn") | .code) == ["truncated"]' r.ndjson
  { cat "$app"; echo '{"v":1,"kind":"result","ts":1,"tool":"bsys","metric":"lost","unit":"count","value":3}'; } |
    timeout 20 bdisk replay --as-fast-as-possible >r.ndjson
  jq -se 'map(select(.kind == "warn") | .code) == ["recording-lost"]' r.ndjson
  jq -se 'map(select(.kind == "result")) | length > 5 and all(.lost == 3)' r.ndjson
}

@test "signals end it at once, and nothing is left" {
  mkdir data
  slow >in.ndjson
  for order in thread global; do
    for signal in INT TERM; do
      (cd data && exec bdisk replay --order $order ../in.ndjson) >r.ndjson 3>&- &
      pid=$!
      wait_for 10 begun r.ndjson
      kill -$signal $pid
      status=0
      wait $pid || status=$?
      [ "$status" -eq $((128 + $(kill -l $signal))) ]
      complete r.ndjson
      jq -se '.[-1].status == "interrupted"' r.ndjson
      nothing_left data
    done
  done
  (cd data && exec bdisk replay ../in.ndjson) >k.ndjson 3>&- &
  pid=$!
  wait_for 10 begun k.ndjson
  kill -KILL $pid
  wait $pid || :
  nothing_left data
  run bash -c 'timeout 20 bdisk replay in.ndjson | head -n 1; echo "${PIPESTATUS[0]}"'
  [ "${lines[1]}" -eq 141 ]
}

@test "a full output, a directory that cannot be written, a full disk" {
  run --separate-stderr bash -c "timeout 10 bdisk replay --as-fast-as-possible '$app' >/dev/full"
  [ "$status" -eq 1 ]
  [ "$(id -u)" = 0 ] || skip "not root"
  mkdir mnt
  mount -t tmpfs -o size=1m tmpfs mnt || skip "cannot mount"
  event size=4000000 >big.ndjson
  cd mnt
  run --separate-stderr timeout 10 bdisk replay ../big.ndjson
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"no room for files of 4000000 bytes"* ]]
  mount -o remount,ro .
  run --separate-stderr timeout 10 bdisk replay "$app"
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"Read-only file system"* ]]
  cd ..
}

@test "works without root" {
  [ "$(id -u)" = 0 ] || skip "not root"
  mkdir -m 777 data
  chmod 755 .
  cp "$app" in.ndjson
  chmod 777 "$BTOOLS_LOCK_DIR"
  cd data
  run --separate-stderr timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v bdisk)" replay --dir . - <../in.ndjson
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(find . -type f | wc -l)" -eq 3 ]
}

@test "the script of the page makes a recording that can be replayed" {
  mandoc -T ascii -O width=200 "$TOP/man/bdisk.1" | sed 's/.\x08//g' | sed -n "/^ *awk 'BEGIN {/,/bdisk replay --speed 2/p" >script
  [ "$(wc -l <script)" -ge 8 ]
  timeout 20 bash script >r.ndjson
  [ "$(number calls r.ndjson '.syscall == "write"')" -eq 100 ]
  [ "$(number calls r.ndjson '.syscall == "fsync"')" -eq 10 ]
  [ "$(number written_bytes r.ndjson)" -eq 51200 ]
  [ "$(number planned r.ndjson)" -eq 99000000 ]
  jq -se '.[0].threads_recorded == 2' r.ndjson
}

@test "bsys records, bdisk replays, bagg folds (root)" {
  [ "$(id -u)" = 0 ] || skip "not root"
  timeout 60 bsys events -e write,fsync -- dd if=/dev/zero of=file bs=1000 count=20 conv=fsync status=none >io.ndjson || skip "cannot trace"
  mkdir out
  timeout 20 bdisk replay --dir out --map "$PWD=/" <io.ndjson >r.ndjson
  [ "$(stat -c %s out/file)" -eq 20000 ]
  [ "$(number calls r.ndjson '.syscall == "write"')" -eq 20 ]
  [ "$(number calls r.ndjson '.syscall == "fsync"')" -eq 1 ]
  timeout 20 bagg -k syscall,metric -m lat,recorded r.ndjson >agg.ndjson
  [ "$(jq -s 'map(select(.kind == "agg")) | length' agg.ndjson)" -eq 4 ]
}

@test "clean under ASan, UBSan and TSan" {
  for sanitizer in address,undefined thread; do
    dir=$(variant SAN=$sanitizer)
    [ -x "$dir/bdisk" ] || skip "no $sanitizer variant"
    for options in "" "--order global" "--as-fast-as-possible -t 2 -R 2 -v" "--order global --as-fast-as-possible"; do
      mkdir out
      run --separate-stderr timeout 60 "$dir/bdisk" replay --dir out $options "$app"
      [ "$status" -eq 0 ] || { echo "$options: $stderr"; false; }
      [ -z "$stderr" ]
      rm -r out
    done
  done
}
