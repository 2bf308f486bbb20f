load helper

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# values FIRST LAST: one result record for each number.
values() {
  seq "$1" "$2" | sed 's/.*/{"v":1,"kind":"result","ts":5,"run":"00000001","host":"h","tool":"t","test":"x","metric":"lat","unit":"ns","value":&}/'
}

# n FILE: what the agg records of FILE have counted.
n() {
  jq -s 'map(select(.kind == "agg").n) | add // 0' "$1"
}

# figures FILE: its agg records without what names the run of bagg itself.
figures() {
  sed -n '/"kind":"agg"/{s/"run":"[0-9a-f]*"//;p}' "$1"
}

# peak COMMAND...: its status; the most memory it held, in KiB, goes to the file peak.
peak() {
  python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
open("peak", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status if status >= 0 else 128 - status)' "$@"
}

@test "gzip is read as the text that it holds: files, stdin, members, padding" {
  values 1 5000 >plain
  timeout 20 bagg plain >want
  gzip -n <plain >a.gz
  { head -1000 plain | gzip -9; tail -n +1001 plain | gzip -1; } >members.gz
  { cat members.gz; head -c 700 /dev/zero; } >padded
  # Cut in the middle of a line, and an empty member between.
  { head -c 777 plain | gzip; gzip </dev/null; tail -c +778 plain | gzip --fast -N; } >odd.gz
  for file in a.gz members.gz padded odd.gz; do
    timeout 20 bagg "$file" >out 2>err
    [ ! -s err ]
    diff <(figures want) <(figures out)
    timeout 20 bagg <"$file" >out 2>err
    [ ! -s err ]
    diff <(figures want) <(figures out)
    timeout 20 bash -c 'cat "$1" | bagg - >out' - "$file"
    diff <(figures want) <(figures out)
  done
  [ "$(n out)" -eq 5000 ]
  # Plain and packed together, and nothing packed.
  gzip </dev/null >empty.gz
  timeout 20 bagg plain a.gz empty.gz >out
  [ "$(n out)" -eq 10000 ]
}

@test "bdiff reads gzip too, and its verdict is the same" {
  for side in 100 200; do
    for rep in 1 2 3 4 5 6 7 8; do
      printf '{"v":1,"kind":"result","ts":5,"run":"%08d","host":"h","tool":"t","test":"x","rep":%d,"metric":"lat","unit":"ns","better":"lower","value":%d}\n' \
        $((side + rep)) $rep $((side + rep))
    done >$side
    gzip -k $side
  done
  run --separate-stderr -1 timeout 20 bdiff -f json 100 200
  want=$(jq -c 'select(.kind == "diff") | del(.run, .ts)' <<<"$output")
  [ -n "$want" ]
  for pair in '100.gz 200' '100 200.gz' '100.gz 200.gz'; do
    run --separate-stderr -1 timeout 20 bdiff -f json $pair
    [ "$(jq -c 'select(.kind == "diff") | del(.run, .ts)' <<<"$output")" = "$want" ]
  done
}

@test "truncated gzip: the whole lines before the cut count, and it is trouble" {
  need python3
  values 1 20000 >plain
  gzip <plain >a.gz
  size=$(stat -c %s a.gz)
  for cut in 1 5 9 $((size / 3)) $((size / 2)); do
    head -c $((size - cut)) a.gz >cut.gz
    want=$(python3 -c 'import sys, zlib
print(zlib.decompressobj(31).decompress(sys.stdin.buffer.read()).count(b"\n"))' <cut.gz)
    run --separate-stderr timeout 20 bagg -o out cut.gz
    [ "$status" -eq 1 ]
    [ "$stderr" = "bagg: cut.gz: truncated gzip data" ]
    [ "$(n out)" -eq "$want" ]
    [ "$want" -gt 1000 ]
    [ "$(jq -c 'select(.kind == "end") | .errors' out)" = 1 ]
    run --separate-stderr timeout 20 bdiff plain cut.gz
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"bdiff: cut.gz: truncated gzip data"* ]]
  done
  # So is what holds nothing but the first bytes.
  for bytes in 2 10 18; do
    head -c $bytes a.gz >cut.gz
    run --separate-stderr timeout 20 bagg <cut.gz
    [ "$status" -eq 1 ]
    [ "$stderr" = "bagg: stdin: truncated gzip data" ]
  done
  # The files after it are read.
  timeout 20 bagg cut.gz plain >out 2>err || [ $? -eq 1 ]
  [ "$(n out)" -eq 20000 ]
  run -2 timeout 20 bagg --strict cut.gz
}

@test "corrupt gzip and garbage behind it are named, never fatal to what came before" {
  values 1 20000 >plain
  gzip <plain >a.gz
  size=$(stat -c %s a.gz)
  { head -c $((size / 2)) a.gz; printf '\377\377\377\377\377\377\377\377'; tail -c +$((size / 2 + 9)) a.gz; } >bad.gz
  run --separate-stderr timeout 20 bagg -o out bad.gz
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"bagg: bad.gz: corrupt gzip data"* ]]
  [ "$(n out)" -gt 1000 ]
  [ "$(n out)" -lt 20000 ]
  run --separate-stderr timeout 20 bdiff plain bad.gz
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"bdiff: bad.gz: corrupt gzip data"* ]]
  # A wrong checksum.
  { head -c $((size - 8)) a.gz; printf 'abcd'; tail -c 4 a.gz; } >bad.gz
  run --separate-stderr timeout 20 bagg -o out bad.gz
  [ "$status" -eq 1 ]
  [ "$stderr" = "bagg: bad.gz: corrupt gzip data" ]
  [ "$(n out)" -eq 20000 ]
  # Plain records appended to a packed file are not lost in silence.
  cat a.gz plain >bad.gz
  run --separate-stderr timeout 20 bagg -o out bad.gz
  [ "$status" -eq 1 ]
  [ "$stderr" = "bagg: bad.gz: garbage after gzip data ignored" ]
  [ "$(n out)" -eq 20000 ]
}

@test "a live gzip stream counts as it comes: what was flushed is not kept waiting" {
  need python3
  mkfifo in out
  cat >flush.py <<'E2'
import sys, zlib
z = zlib.compressobj(6, zlib.DEFLATED, 31)
with open("in", "wb", buffering=0) as f:
    for line in sys.stdin:
        f.write(z.compress(line.encode()) + z.flush(zlib.Z_SYNC_FLUSH))
    f.write(z.flush())
E2
  mkfifo lines
  python3 -u flush.py <lines 3>&- &
  # One record a window: each window is over when the next record has come, and is seen while the stream stays open.
  timeout 30 bagg -i 1s in >out 3>&- &
  exec 7>lines 8<out
  for t in 10 20 30 40; do
    printf '{"v":1,"kind":"result","ts":%d.5,"tool":"t","test":"x","metric":"lat","unit":"ns","value":%d}\n' $t $t >&7
    if [ $t -gt 10 ]; then
      read -rt 20 line <&8
      [[ "$line" == *'"n":1,'* ]]
      [[ "$line" == *'"max":'$((t - 10))','* ]]
    fi
  done
  exec 7>&-
  cat <&8 >rest
  exec 8<&-
  grep -q '"max":40,' rest
  wait
}

@test "a line of 1 GiB packed into 1 MiB is skipped, and memory stays within the bound" {
  need python3
  { values 1 3; head -c 1073741824 /dev/zero; echo; values 4 5; } | gzip -1 >bomb.gz
  [ "$(stat -c %s bomb.gz)" -lt 6000000 ]
  run --separate-stderr peak timeout 60 bagg --max-line 1M -o out bomb.gz
  [ "$status" -eq 1 ]
  [ "$stderr" = $'bagg: bomb.gz:4: line longer than --max-line\nbagg: bomb.gz: 1 bad line skipped' ]
  [ "$(n out)" -eq 5 ]
  [ "$(<peak)" -lt 16000 ]
}

@test "there is no fixed limit to a line: 20 MiB is read, 100 MiB is skipped, both in time and memory of their size" {
  need python3
  {
    values 1 1
    printf '{"pad":["'
    head -c 20971520 /dev/zero | tr '\0' x
    printf '"],%s\n' "$(values 2 2 | cut -c2-)"
    values 3 3
  } >in
  timeout 20 bagg in >out
  [ "$(n out)" -eq 3 ]
  { values 1 1; head -c 104857600 /dev/zero | tr '\0' x; } >in
  run --separate-stderr peak timeout 20 bagg -o out in
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"bagg: in:2:"* ]]
  [ "$(n out)" -eq 1 ]
  ldd "$(command -v bagg)" | grep -q libasan && return # which keeps what was freed
  [ "$(<peak)" -lt 100000 ]
  run --separate-stderr peak timeout 20 bagg --max-line 64k -o out in
  [ "$status" -eq 1 ]
  [ "$(<peak)" -lt 16000 ]
}
