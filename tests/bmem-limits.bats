load helper

# bmem where memory is little, and on another architecture.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  [ -z "${group:-}" ] || [ ! -d "$group" ] || rmdir "$group"
  [ -z "${mount:-}" ] || { umount "$mount" && rmdir "$mount"; }
}

# memory_group: a control group of 256 MB as $group, with its files $limit, $peak and $failures.
memory_group() {
  local base
  [ "$(id -u)" -eq 0 ] || skip "only root can make control groups"
  base=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
  if [ -z "$base" ] && grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
    base=/sys/fs/cgroup
    echo +memory >$base/cgroup.subtree_control 2>/dev/null || skip "the memory controller cannot be used"
    limit=memory.max peak=memory.peak
  else
    if [ -z "$base" ]; then
      mount=$(mktemp -d "$BATS_TEST_TMPDIR/memory.XXXXXX")
      mount -t cgroup -o memory none "$mount" 2>/dev/null || { rmdir "$mount"; mount=; skip "no memory controller"; }
      base=$mount
    fi
    limit=memory.limit_in_bytes peak=memory.max_usage_in_bytes
  fi
  group=$base/bmem-test.$$.$RANDOM
  mkdir "$group" || skip "no control group can be made"
  echo 268435456 >"$group/$limit"
}

@test "root: in 256 MB every test runs, takes what there is and is not killed" {
  memory_group
  # shellcheck disable=SC2016 # for the inner shell
  run --separate-stderr timeout 100 bash -c 'echo $BASHPID >"$1/cgroup.procs" && exec bmem -d 5ms -w 0 -o small.ndjson copy scale add triad \
    read write ntwrite memcpy stride latency tlb loaded c2c fault gups' bash "$group"
  [ "$status" -eq 0 ] || { echo "$status $stderr"; false; }
  complete small.ndjson
  jq -se '.[0].limit == "the control group'\''s limit" and .[0].may_take > 200000000 and .[0].may_take < 268435456' small.ndjson
  jq -se 'map(select(.metric == "errors")) | length > 30 and all(.value == 0)' small.ndjson
  [ ! -e "$group/$peak" ] || [ "$(cat "$group/$peak")" -gt 100000000 ]
  if [ -e "$group/memory.failcnt" ]; then
    [ "$(cat "$group/memory.failcnt")" -eq 0 ]
  else
    grep -qx 'oom_kill 0' "$group/memory.events"
  fi
  # What is asked for and does not fit is refused, by the same limit.
  # shellcheck disable=SC2016 # for the inner shell
  run --separate-stderr timeout 20 bash -c 'echo $BASHPID >"$1/cgroup.procs" && exec bmem -s 128M triad' bash "$group"
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"triad needs 38"*" MB of memory, but may take 2"*" MB, for the control group's limit"* ]]
}

# Where a cross compiler and an emulator are: as $cc and $emulator.
need_arm64() {
  cc=aarch64-linux-gnu-gcc emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || skip "qemu-user is not installed"
  need $cc
  echo '#include <stdio.h>' | $cc -E -x c - >/dev/null 2>&1 || skip "the C library for arm64 is not installed"
}

@test "arm64: the loops give the known sums in an emulator" {
  need_arm64
  $cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -I"$TOP/lib" -I"$TOP/tests/unit" -o loops "$TOP/tests/unit/bmem.c" \
    "$TOP"/tools/bmem/kernel.c "$TOP"/tools/bmem/simd_*.c "$TOP"/lib/cycle.c "$TOP"/lib/shuffle.c "$TOP"/lib/rng.c
  file=$(od -An -tx2 -j18 -N2 loops)
  [ "$file" = " 00b7" ] # EM_AARCH64
  run timeout 60 "$emulator" ./loops
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  [ "$(grep -c '^ok ' <<<"$output")" -eq 6 ]
  grep -q '^# 1 vector widths' <<<"$output"
}

@test "arm64: the whole tool runs in an emulator" {
  need_arm64
  # ARM64_ZLIB names the unpacked packages zlib1g and zlib1g-dev of that architecture where they are not installed.
  zlib=${ARM64_ZLIB:-}
  [ -n "$zlib" ] || [ "$($cc -print-file-name=libz.a)" != libz.a ] || skip "zlib for arm64 is not installed (ARM64_ZLIB may name a copy)"
  nice make -s -C "$TOP" CC=$cc STATIC=1 BPF=0 O="$PWD/arm64" ${zlib:+CPPFLAGS="-isystem $zlib/usr/include" LDFLAGS="-L$zlib/usr/lib/aarch64-linux-gnu"} \
    "$PWD/arm64/bmem"
  run --separate-stderr timeout 60 "$emulator" arm64/bmem -q -n 3 -w 0 -s 64k copy scale add triad read write ntwrite memcpy stride latency tlb gups
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  jq -se 'map(select(.metric == "errors")) | length >= 12 and all(.value == 0)' <<<"$output"
  jq -se 'map(select(.metric == "bw" and .test == "triad") | .isa) == ["neon"]' <<<"$output"
}
