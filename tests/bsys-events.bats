load helper

# bsys events: every call of known programs, with paths, offsets and results; hostile names; losses; order.

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  compile_traced
}

setup() {
  need_bpf
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  # What a failed test left behind.
  for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || :; done
}

# trace ARG...: bsys events into out.ndjson, which must be complete, valid and without loss.
trace() {
  timeout 60 bsys events -o out.ndjson "$@" 3>&- 4>&- # so that descriptors begin with 3
  complete out.ndjson
  check_records out.ndjson
  [ "$(lost out.ndjson)" -eq 0 ]
}

# events FILTER [FILE]: of the events, raw.
events() {
  jq -r "select(.kind == \"event\") | $1" "${2:-out.ndjson}"
}

# below DIR: the events about files there, their path without it: "SYSCALL PATH OFFSET SIZE RET ERRNO".
below() {
  jq -r --arg dir "$1/" 'select(.kind == "event" and (.path // "" | startswith($dir)))
    | [.syscall, (.path | ltrimstr($dir)), .offset // "-", .size // "-", .ret, .errno // "-"] | map(tostring) | join(" ")' out.ndjson
}

@test "root: every call on a file, with path, offset, size, result" {
  trace -- "$TRACED" io "$PWD/file"
  below "$PWD" | diff - <(cat <<'END'
openat file - - 3 -
write file 0 100 100 -
write file 100 50 50 -
pwrite64 file 1000 30 30 -
lseek file 20 - 20 -
read file 20 10 10 -
pread64 file 5 40 40 -
read file 30 4096 1000 -
read file 1030 4096 0 -
fsync file - - 0 -
fdatasync file - - 0 -
ftruncate file - - 0 -
close file - - 0 -
openat file - - 3 -
write file 4096 7 7 -
write file 4103 3 3 -
read file 4106 1 -9 EBADF
close file - - 0 -
rename file - - 0 -
unlink file.new - - 0 -
openat file - - -2 ENOENT
END
)
  jq -se --arg path "$PWD/file" '[.[] | select(.kind == "event" and .path == $path)] |
    all(.pid == .tid and .comm == "traced" and .abi and .metric == "lat" and .unit == "ns" and .value > 0 and .better == "lower")
    and all(.[] | select(.syscall | IN("write", "read", "fsync", "close")); .fd == 3)
    and ([.[] | select(.syscall == "openat").flags] == ["O_RDWR|O_CREAT|O_TRUNC", "O_WRONLY|O_APPEND", "O_RDONLY"])
    and ([.[] | select(.syscall == "openat").mode] == ["0640", null, null])
    and ([.[] | select(.syscall == "ftruncate").len] == [4096])' out.ndjson
}

@test "root: the number of events is that of the calls, as strace has them" {
  need strace
  strace -f -qq -o strace.txt "$TRACED" io "$PWD/file"
  trace -- "$TRACED" io "$PWD/file"
  # The call that never returns has no event.
  sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' strace.txt | grep -v exit_group >expected
  events .syscall | diff expected -
  [ "$(total out.ndjson unreturned)" -eq 1 ]
  [ "$(total out.ndjson matched)" -eq "$(wc -l <expected)" ]
}

@test "root: paths through a relative name, a linked directory, a bind mount" {
  mkdir -p real/sub mounted
  echo text >real/sub/file
  ln -s real linked
  trace -e openat,read,close -- "$TRACED" open real/sub/file ./linked/../linked/sub/file
  [ "$(below "$PWD" | grep -c '^openat real/sub/file - - 3')" -eq 2 ]
  [ "$(below "$PWD" | grep -c '^read real/sub/file 0 1 1')" -eq 2 ]
  [ "$(below "$PWD" | grep -c '^close real/sub/file - - 0')" -eq 2 ]
  # What is not there is shown as it was asked for.
  trace -e openat -- "$TRACED" open linked/none ../none
  [ "$(events 'select(.errno == "ENOENT") | .path' | grep -c '^linked/none$\|^\.\./none$')" -eq 2 ]
  trace -e openat,read -- unshare -m sh -c "mount --bind real/sub mounted && exec $TRACED open mounted/file"
  [ "$(below "$PWD" | grep -c '^read mounted/file 0 1 1')" -eq 1 ]
  trace -e openat,read -- unshare -m sh -c "mount -t tmpfs none mounted && mkdir mounted/deep && echo x >mounted/deep/file && exec $TRACED open mounted/deep/file"
  [ "$(below "$PWD" | grep -c '^read mounted/deep/file 0 1 1')" -eq 1 ]
  # The root and the top of a file system.
  trace -e openat -- "$TRACED" open / /proc /dev/null
  for path in / /proc /dev/null; do
    [ "$(events "select(.path == \"$path\" and .ret == 3) | .path" | wc -l)" -eq 1 ]
  done
}

@test "root: execve is the program that runs" {
  ln -s "$TRACED" program
  trace -e execve -- ./program loop 1
  [ "$(events .path)" = "$TRACED" ]
  trace -e execve -- sh -c './none; exec ./program loop 1'
  [ "$(events 'select(.errno == "ENOENT") | .path')" = ./none ]
}

@test "root: pipes, sockets and other files without a directory have the names of /proc/PID/fd" {
  trace -e write,read,openat -- "$TRACED" nameless
  events 'select(.syscall == "write") | .path' | sed 's/[0-9][0-9]*/N/g' | diff - <(cat <<END
pipe:[N]
socket:[N]
anon_inode:[eventfd]
/memfd:named
$(sed 's/[0-9][0-9]*/N/g' <<<"$PWD/#N")
END
)
  [ "$(events 'select(.path | startswith("pipe:")) | .path' | uniq | wc -l)" -eq 1 ]
  [ "$(events 'select(.path | test("^(pipe|socket|anon_inode)")) | select(.offset != null)')" = "" ]
  # The very number.
  run --separate-stderr timeout 20 bsys events -e write -- sh -c 'readlink /proc/self/fd/1 | cat; echo x' 2>&1
  echo "$output" >out.ndjson
  complete out.ndjson
  shown=$(grep -o 'pipe:\[[0-9]*\]' <<<"$stderr" | head -n 1)
  [ -n "$shown" ]
  [ "$(events "select(.path == \"$shown\") | .path" | wc -l)" -ge 1 ]
}

@test "root: hostile names: control bytes, what is no UTF-8, as long as can be" {
  long=$(printf 'n%.0s' $(seq 255))
  odd=$'a\x01b\n\x1b[31m"\\\xff\xc3'
  touch "$long" "$odd"
  trace -e openat -- "$TRACED" open "$PWD/$long" "$PWD/$odd"
  [ "$(events 'select(.path | endswith("n")) | .path' | sort | tail -n 1)" = "$PWD/$long" ]
  [ "$(events 'select(.path | contains("[31m")) | .path | @json')" = "$(printf '%s' "$PWD/" | jq -Rs . | sed 's/"$//')"'a\u0001b\n\u001b[31m\"\\��"' ]
  trace -e gettid -- "$TRACED" name 'x\001\377"\\y' 3
  [ "$(jq -s '[.[] | select(.kind == "event" and .syscall == "gettid")] | length == 3 and all(.comm | startswith("x\u0001\ufffd\""))' out.ndjson)" = true ]
  trace -e gettid -- "$TRACED" name 0123456789abcdefXYZ 1
  [ "$(events .comm)" = 0123456789abcde ]
  timeout 20 bsys trace -k comm -e gettid -o trace.ndjson -- "$TRACED" name 'x\001\377"\\y' 3
  check_records trace.ndjson
}

@test "root: a path that is too long is cut, and says so" {
  deep=$PWD
  name=$(printf 'd%.0s' $(seq 200))
  for i in 1 2 3 4 5 6 7 8; do
    mkdir "$name"
    cd "$name"
  done
  touch file
  timeout 20 bsys events -o "$deep/out.ndjson" -e openat,read -- "$TRACED" open file 3>&- 4>&-
  cd "$deep"
  complete out.ndjson
  check_records out.ndjson
  path=$(events 'select(.syscall == "read" and .fd == 3 and (.path | endswith("/file"))) | .path')
  [[ "$path" == .../d*/file ]]
  [ "${#path}" -gt 500 ]
  # Many directories with short names.
  cd "$deep"
  for i in $(seq 50); do
    mkdir s
    cd s
  done
  touch file
  timeout 20 bsys events -o "$deep/out.ndjson" -e read -- "$TRACED" open file
  cd "$deep"
  [[ "$(events 'select(.path | endswith("/s/file")) | .path')" == .../s/* ]]
  # An argument.
  long=$(printf '/x%.0s' $(seq 700))
  trace -e openat -- "$TRACED" open "$long"
  [[ "$(events 'select(.path | startswith("/x/x")) | .path')" == /x/*... ]]
}

@test "root: times: of the return, in order, within the trace" {
  trace -e gettid,clock_nanosleep -- sh -c "$TRACED loop 2000; $TRACED sleep 20 3; $TRACED loop 2000"
  events .ts >ts
  [ "$(wc -l <ts)" -eq 4003 ]
  sort -n ts | diff ts -
  jq -se '[.[] | select(.syscall == "clock_nanosleep")] | length == 3 and all(.value >= 2e7)
    and (.[1].ts - .[1].value / 1e9 >= .[0].ts - 0.000002)' out.ndjson
  jq -se '.[0].ts as $first | .[-1].ts as $last | [.[] | select(.kind == "event")] | all(.ts >= $first and .ts <= $last)' out.ndjson
}

@test "root: a ring that is too small loses events, and counts them by CPU" {
  timeout 60 bsys events -o out.ndjson -e gettid --ring-size 4k -- "$TRACED" threads 4 50000
  complete out.ndjson
  got=$(events .syscall | wc -l)
  [ "$got" -lt 200000 ]
  [ "$(total out.ndjson lost '.cause == "ring"')" -gt 0 ]
  [ $((got + $(lost out.ndjson))) -eq 200000 ]
  jq -se '[.[] | select(.metric == "lost" and .cause == "ring")] | all(.cpu != null)' out.ndjson
  jq -se '[.[] | select(.kind == "result")] | all(.lost > 0)' out.ndjson
}

@test "root: samples and limits leave out, and count what they do" {
  trace -e gettid --sample 10 -- "$TRACED" threads 4 1000
  [ "$(events .syscall | wc -l)" -eq 400 ]
  [ "$(total out.ndjson left_out '.how == "sample"')" -eq 3600 ]
  trace -e gettid --limit 50 -- "$TRACED" threads 4 1000
  got=$(events .syscall | wc -l)
  [ "$got" -ge 200 ]
  [ "$got" -le 800 ]
  [ $((got + $(total out.ndjson left_out '.how == "limit"'))) -eq 4000 ]
  jq -se '.[0].limit == 50' out.ndjson
}

@test "root: -n stops after so many events" {
  timeout 20 bsys events -n 25 -e gettid -- "$TRACED" loop 1000 >out.ndjson
  complete out.ndjson
  [ "$(events .syscall | wc -l)" -eq 25 ]
}

@test "root: every way to attach gives the same events" {
  for attach in btf raw classic; do
    if [ $attach = classic ] && [ ! -e /sys/kernel/tracing/events ]; then
      timeout 20 unshare -m bash -c "mount -t tracefs tracefs /sys/kernel/tracing && exec bsys events -o out.ndjson --attach classic -- $TRACED io $PWD/file"
    else
      timeout 20 bsys events -o out.ndjson --attach $attach -- "$TRACED" io "$PWD/file"
    fi
    complete out.ndjson
    events '[.syscall, .abi, .path, .fd, .offset, .size, .len, .flags, .mode, .ret, .errno] | @json' | grep -E '^\["(open|read|write|p|l|f|c|r|u)' |
      grep -v 'brk\|prctl\|mmap\|mprotect\|prlimit\|rseq\|random' >$attach
  done
  [ "$(wc -l <btf)" -gt 20 ]
  diff btf raw
  diff btf classic
}

@test "root: filters, 32-bit calls, and a task in another PID namespace" {
  trace -e gettid -C 'fir*' -- "$TRACED" names first 3 second 5
  [ "$(events .comm | uniq -c | awk '{ print $1, $2 }')" = "3 first" ]
  if [ "$(uname -m)" = x86_64 ] && "$TRACED" compat 1 1; then
    trace -e write,gettid,close -- "$TRACED" compat 3 100
    [ "$(events 'select(.abi == "i386" and .syscall == "write") | "\(.path) \(.size) \(.ret)"' | uniq -c | awk '{ print $1, $2, $3, $4 }')" = "3 /dev/null 100 100" ]
    [ "$(events 'select(.abi == "i386" and .syscall == "close") | "\(.fd) \(.ret) \(.errno)"' | uniq)" = "-1 -9 EBADF" ]
  fi
  trace -e gettid -- unshare --pid --fork "$TRACED" loop 1
  jq -se '[.[] | select(.syscall == "gettid")][0] | .ns_pid == 1 and .ns_tid == 1 and .pid > 1' out.ndjson
}

@test "root: events come at once, and a signal ends the stream whole" {
  cp "$TRACED" "t$$" # a name that no other run of this test has
  bsys events -e gettid -C "t$$" >out.ndjson 2>err 3>&- &
  bsys=$!
  started out.ndjson $bsys
  "./t$$" loop 5
  wait_for 10 eval '[ "$(grep -c "\"syscall\":\"gettid\"" out.ndjson)" -eq 5 ]'
  kill -INT $bsys
  wait $bsys
  complete out.ndjson
  check_records out.ndjson
  jq -se '.[-1].status == "ok"' out.ndjson
  timeout 20 bsys events -e gettid -- "$TRACED" until 3>&- | head -n 3 >some
  [ "$(wc -l <some)" -eq 3 ]
  run --separate-stderr timeout 20 bash -c "bsys events -e gettid -- $TRACED loop 1000 >/dev/full"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"No space left"* ]]
}

@test "root: the tools downstream take them" {
  trace -- "$TRACED" io "$PWD/file"
  bagg -k syscall -m lat out.ndjson >agg.ndjson
  [ "$(agg 'select(.syscall == "write") | .n' agg.ndjson)" -eq 4 ]
}

@test "root: a dry run, and keys of meta" {
  timeout 20 bsys events -N -e read --sample 3 --limit 7 -- touch ran >out.ndjson
  complete out.ndjson
  jq -se 'length == 2 and (.[0] | .tests == "events" and .sample == 3 and .limit == 7 and .calls == "read")' out.ndjson
  [ ! -e ran ]
}
