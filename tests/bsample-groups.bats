load helper

# bsample: what its groups read, from dumps of several machines and against independent witnesses on this one.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  DUMPS=$TOP/tests/fixtures/bsample
}

teardown() {
  [ ! -e undo ] || bash undo || :
}

# begun FILE: the first tick is in FILE.
begun() {
  wait_for 10 grep -q '"metric":"self_cpu"' "$1"
}

# tick_more FILE: another tick has begun since now.
tick_more() {
  local seen
  seen=$(grep -c '"metric":"self_cpu"' "$1")
  # The one that is being written may have read already.
  wait_for 10 eval "[ \"\$(grep -c '\"metric\":\"self_cpu\"' $1)\" -ge $((seen + 2)) ]"
}

# moved FILE FILTER: the exact count behind the rates that the jq filter selects.
moved() {
  jq -s "[.[] | select(.kind == \"sample\") | select($2) | .value * .dur | round] | add // 0" "$1"
}

# dump MACHINE OPTIONS...: records between meta and end.
dump() {
  local machine=$1
  shift
  BTOOLS_RUN=00000001 timeout 20 bsample -q --root "$DUMPS/$machine/1" --root "$DUMPS/$machine/2" "$@" 2>err | sed '1d;$d'
}

@test "dumps: many CPUs and nodes, hotplug, devices that come and go, wraps and steps back" {
  dump numa -k node cpu mem disk net psi irq | diff "$DUMPS/numa/expected.ndjson" -
  # Split by CPU: those that are there twice have figures; the one that went backwards says so.
  dump numa -k cpu cpu >cpus
  [ "$(jq -s '[.[] | select(.cpu != null and .metric == "cpu" and .state == null)] | length' cpus)" -eq 127 ]
  jq -se 'map(select(.cpu == 7)) == []' cpus
  jq -se '[.[] | select(.cpu == 0 and .metric == "cpu") | {(.state // "used"): .value}] | add | .used == 0.75 and .user == 0.5 and .sys == 0.25 and .idle == 0.2' cpus
  jq -se '.[] | select(.cpu == 2 and .state == "idle") | .value == 0 and .taint == "backwards"' cpus
  dump numa -k cpu irq >irqs
  jq -se '[.[] | select(.irq == 24 and .cpu == 3).value] == [40]' irqs
  jq -se '[.[] | select(.irq == "LOC" and .cpu == 126).value] == [4]' irqs
  # Partitions and unused devices by name.
  dump numa --dev '*p2' --dev loop0 --dev '!dm*' disk >named
  [ "$(jq -r '.dev // empty' named | sort -u | tr '\n' ' ')" = "loop0 nvme0n1p2 " ]
}

@test "dumps: an old kernel, version 2 of control groups, a container, a board with sensors" {
  for machine in old arm container; do
    dump $machine cpu mem disk net psi irq temp freq cgroup | diff "$DUMPS/$machine/expected.ndjson" - || { echo "^ $machine"; false; }
  done
  dump cgroup2 --depth 2 cpu mem disk net psi irq temp freq cgroup | diff "$DUMPS/cgroup2/expected.ndjson" -
  dump cgroup2 --cgroup /sys/fs/cgroup/kubepods.slice cgroup >one
  [ "$(jq -r '.cgroup // empty' one | sort -u)" = /kubepods.slice ]
  dump cgroup2 --cgroup kubepods.slice/ --depth 1 cgroup >below
  [ "$(jq -r '.cgroup // empty' below | sort -u | tr '\n' ' ')" = "/kubepods.slice /kubepods.slice/pod1 " ]
}

@test "dumps: counts of interrupts go round at 32 bits, and those of a CPU that comes are no growth" {
  for n in 1 2 3; do
    mkdir -p $n/proc
    echo "10$n.00 1.00" >$n/proc/uptime
  done
  printf '%12s %10s\n%s\n' CPU0 CPU1 ' LOC: 4294967290 4294967294 Timer' >1/proc/interrupts
  printf '%12s %10s\n%s\n' CPU0 CPU1 ' LOC: 94 8 Timer' >2/proc/interrupts
  printf '%12s %10s %10s\n%s\n' CPU0 CPU1 CPU2 ' LOC: 95 9 4000000000 Timer' >3/proc/interrupts
  timeout 20 bsample -q --root 1 --root 2 --root 3 irq >round.ndjson
  timeout 20 bsample -q -k cpu --root 1 --root 2 --root 3 irq >>round.ndjson
  jq -se 'map(select(.metric == "irqs")) | all(.taint == null) and map([.ts, .cpu, .value]) ==
    [[102, null, 110], [102, 0, 100], [102, 1, 10], [103, 0, 1], [103, 1, 1]]' round.ndjson
  # Time goes on from dump to dump.
  run --separate-stderr timeout 20 bsample -q --root 2 --root 1 irq
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--root 2: it was made later than the next one"* ]]
}

@test "dumps: one alone has figures of the instant; time and host are the dump's" {
  timeout 20 bsample -q --root "$DUMPS/arm/1" mem temp >one.ndjson 2>err
  complete one.ndjson
  check_records one.ndjson
  jq -se 'map(select(.kind == "sample")) | length > 4 and all(.dur == null)' one.ndjson
  jq -se 'all(.host == "arm" and .ts == 1750001000.5)' one.ndjson
  jq -se '.[] | select(.sensor == "mast, top") | .value == -12.25 and .unit == "C"' one.ndjson
}

@test "hostile names of control groups and devices: valid records, nothing lost" {
  cp -r "$DUMPS/cgroup2" bad
  # A loop writes each name as it is: newline, quotes, control bytes, bytes that are no UTF-8, a long one.
  for name in $'new\nline' 'quo"te\' $'\e[31mred' $'\xff\xfe' "$(printf 'long%.0s' {1..60})"; do
    cp -r bad/1/sys/fs/cgroup/new.slice "bad/1/sys/fs/cgroup/$name" 2>/dev/null || cp -r bad/1/sys/fs/cgroup/gone.slice "bad/1/sys/fs/cgroup/$name"
  done
  printf 'Inter-|\n face |\n"\\\xff,=: 5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n a:b:9 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n c: 1 2\nd\n' | install -D /dev/stdin bad/1/proc/net/dev
  printf '   8       0 s"d\xff 1 2 3 4 5 6 7 8 9 10 11\n 8 1\n 8 x y\n   8  1 sdb 99999999999999999999999 1 1 1 1 1 1 1 1 1 1\n' >bad/1/proc/diskstats
  rm -r bad/2
  cp -r bad/1 bad/2
  echo "501.00 1.00" >bad/2/proc/uptime
  for format in json tsv text; do
    timeout 20 bsample -q -f $format --root bad/1 --root bad/2 cgroup net disk >out.$format 2>err
  done
  timeout 20 bsample -q --wide --root bad/1 --root bad/2 cgroup net disk >wide.tsv 2>err
  complete out.json
  check_records out.json
  jq -se 'map(.cgroup) | contains(["/new\nline", "/quo\"te\\", "/\u001b[31mred", "/��"])' out.json
  jq -se 'map(.iface) | contains(["\"\\�,=", "a:b"])' out.json
  [ "$(awk -F'\t' '{ print NF }' out.tsv | sort -u)" -eq 20 ]
  [ "$(awk -F'\t' '{ print NF }' wide.tsv | sort -u | wc -l)" -eq 1 ]
  [ "$(grep -c $'\e' out.text)" -eq 0 ]
}

@test "witness: CPU time is what /proc/stat says before and after, and holds a known burner" {
  stat() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }
  bsample -q -i 100ms -m cpu,self_cpu cpu >cpu.ndjson 2>err &
  pid=$!
  begun cpu.ndjson
  before=$(stat)
  /usr/bin/time -q -f '%U %S' -o used timeout 0.6 sh -c 'while :; do :; done' || :
  after=$(stat)
  tick_more cpu.ndjson
  kill -INT $pid
  wait $pid
  # What bsample saw in all holds what lies between our own two looks, which holds the burner; in steps of 10 ms.
  seen=$(jq -s '[.[] | select(.kind == "sample" and .metric == "cpu" and .state == null) | .value * .dur * 100 | round] | add' cpu.ndjson)
  burnt=$(awk '{ print ($1 + $2) * 100 }' used)
  awk -v seen="$seen" -v ours="$((after - before))" -v burnt="$burnt" 'BEGIN { exit !(seen >= ours && ours + 3 >= burnt && burnt > 5) }' ||
    { echo "$seen $before $after $burnt"; false; }
  # States add up to the CPUs there are, as far as ticks go.
  jq -se --argjson cpus "$(nproc --all)" '[.[] | select(.kind == "sample" and .state and (.state | startswith("guest") | not))] | group_by(.ts)
    | map(map(.value * .dur) | add) | (add / $cpus) as $time | $time > 0.5' cpu.ndjson
}

@test "root: witness: bytes and requests of a block device are those written" {
  [ "$(id -u)" -eq 0 ] || skip "only root has block devices"
  need losetup
  truncate -s 16M image
  device=$(losetup -f --show image) || skip "no loop device"
  echo "losetup -d $device" >undo
  dd if=/dev/zero of="$device" bs=1M count=16 oflag=direct status=none
  bsample -q -i 50ms --dev "${device#/dev/}" disk >disk.ndjson 2>err &
  pid=$!
  begun disk.ndjson
  dd if=/dev/urandom of="$device" bs=64k count=48 oflag=direct status=none
  dd if="$device" of=/dev/null bs=32k count=20 iflag=direct status=none
  tick_more disk.ndjson
  kill -INT $pid
  wait $pid
  [ "$(moved disk.ndjson '.metric == "bw" and .op == "write"')" -eq $((48 * 65536)) ]
  [ "$(moved disk.ndjson '.metric == "iops" and .op == "write"')" -ge 48 ]
  [ "$(moved disk.ndjson '.metric == "bw" and .op == "read"')" -ge $((20 * 32768)) ]
  jq -se 'map(select(.metric == "await" and .op == "write")) | length > 0 and all(.value >= 0)' disk.ndjson
  jq -se 'map(select(.dev)) | all(.dev == "'"${device#/dev/}"'")' disk.ndjson
}

@test "root: witness: bytes and packets between two namespaces are those sent" {
  [ "$(id -u)" -eq 0 ] || skip "only root has namespaces"
  need ip
  near=bsn$$a far=bsn$$b
  echo "ip netns del $near; ip netns del $far" >undo
  ip netns add $near && ip netns add $far || skip "no network namespaces"
  ip -n $near link add v0 type veth peer name v1 netns $far
  for side in "$near v0 1" "$far v1 2"; do
    read -r ns link host <<<"$side"
    ip netns exec "$ns" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
    ip -n "$ns" addr add 10.99.0."$host"/24 dev "$link"
    ip -n "$ns" link set "$link" arp off up
  done
  # All later packets are ours.
  ip netns exec $near bsample -q -i 50ms --dev v0 net >net.ndjson 2>err &
  pid=$!
  begun net.ndjson
  ip netns exec $near python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20): s.sendto(b"x" * 1000, ("10.99.0.255" if 0 else "10.99.0.2", 9))'
  tick_more net.ndjson
  kill -INT $pid
  wait $pid
  # 1000 bytes with UDP, IP and Ethernet headers. What comes back says that nobody listens.
  [ "$(moved net.ndjson '.metric == "packets" and .dir == "tx"')" -eq 20 ]
  [ "$(moved net.ndjson '.metric == "bw" and .dir == "tx"')" -eq $((20 * (1000 + 8 + 20 + 14))) ]
  jq -se 'map(select(.iface)) | length > 0 and all(.iface == "v0")' net.ndjson
}

@test "root: witness: the CPU time of a control group is its own account's" {
  [ "$(id -u)" -eq 0 ] || skip "only root makes control groups"
  mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  [ -n "$mount" ] || skip "no control groups of version 2"
  group=$mount/bsample$$
  mkdir "$group" 2>/dev/null || skip "no control group can be made"
  echo "for i in 1 2 3 4 5; do rmdir $group && break; sleep 0.1; done" >undo
  [ -e "$group/cpu.stat" ] || skip "they do not count CPU time"
  bsample -q -i 50ms --cgroup "$group" cgroup >group.ndjson 2>err &
  pid=$!
  begun group.ndjson
  before=$(awk '/^usage_usec/ { print $2 }' "$group/cpu.stat")
  timeout 0.3 sh -c 'echo $$ >'"$group"'/cgroup.procs; while :; do :; done' || :
  after=$(awk '/^usage_usec/ { print $2 }' "$group/cpu.stat")
  tick_more group.ndjson
  kill -INT $pid
  wait $pid
  jq -se 'map(select(.test == "cgroup")) | length > 0 and all(.cgroup == "/bsample'$$'")' group.ndjson
  seen=$(jq -s '[.[] | select(.test == "cgroup" and .metric == "cpu" and .state == null) | .value * .dur * 1e6 | round] | add' group.ndjson)
  [ "$((after - before))" -gt 10000 ]
  awk -v seen="$seen" -v own=$((after - before)) 'BEGIN { d = seen - own; exit !(d >= -5 && d <= 5) }' || { echo "$seen $((after - before))"; false; }
}

@test "gpu: through a library that is loaded if it is there" {
  run --separate-stderr timeout 20 bsample -n 1 -i 20ms gpu
  if [[ "$stderr" == *"no libnvidia-ml.so.1"* ]]; then
    [ "$status" -eq 0 ]
    jq -se 'any(.code == "missing") and (map(select(.test == "gpu")) == [])' <<<"$output"
  fi
  mkdir lib
  cc -shared -fPIC -Wall -Wextra -Werror -o lib/libnvidia-ml.so.1 "$TOP/tests/fixtures/bsample-gpu/nvml.c"
  export LD_LIBRARY_PATH=$PWD/lib
  timeout 20 bsample -q -n 2 -i 50ms gpu >gpu.ndjson
  complete gpu.ndjson
  check_records gpu.ndjson
  jq -se 'map(select(.metric == "util" and .gpu == 0 and .pid == null and .part == null).value) == [0.75, 0.75]' gpu.ndjson
  jq -se 'map(select(.metric == "power").value) == [312.5, 312.5] and (map(select(.metric == "power")) | all(.gpu == 0 and .name == "Stub \"A\""))' gpu.ndjson
  jq -se 'map(select(.metric == "mem" and .gpu == 1 and .state == null).value) == [21474836480, 21474836480]' gpu.ndjson
  jq -se 'map(select(.metric == "freq" and .gpu == 0) | [.part, .value]) | unique == [["graphics", 1e9], ["memory", 1.2e9], ["sm", 1.1e9]]' gpu.ndjson
  # The latest figure of a process; one whose memory is not known has no figure of it.
  jq -se 'map(select(.pid == 4711 and .metric == "mem").value) | unique == [1073741824]' gpu.ndjson
  # Once, though it is in both lists.
  jq -se 'map(select(.pid == 4711 and .metric == "mem")) | length == 2' gpu.ndjson
  jq -se 'map(select(.pid == 4712 and .metric == "mem")) == []' gpu.ndjson
  STUB=broken run --separate-stderr timeout 20 bsample -n 1 -i 20ms gpu
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"Driver Not Loaded"* ]]
  STUB=empty run --separate-stderr timeout 20 bsample -n 1 -i 20ms gpu
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"no GPU"* ]]
}

@test "groups that this machine lacks are said to be missing; when none is left the status is 3" {
  mkdir -p bare/proc
  echo "5.00 1.00" >bare/proc/uptime
  printf 'cpu  1 2 3 4\n' >bare/proc/stat
  run --separate-stderr timeout 20 bsample --root bare psi temp
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [[ "$stderr" == *"psi: /proc/pressure cannot be read"* ]]
  run --separate-stderr timeout 20 bsample --root bare cpu psi temp cgroup
  [ "$status" -eq 0 ]
  [ "$(jq -s 'map(select(.code == "missing")) | length' <<<"$output")" -eq 3 ]
}
