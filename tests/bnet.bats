load helper

# bnet: its tests over every protocol and engine, known counts, both ends, witnesses in the kernel, signals and manners. What a server
# and its failures do is in bnet-serve.bats, bnet-fail.bats and bnet-netns.bats.

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
}

# in_namespace COMMAND...: in a network namespace of its own, whose loopback has counted nothing yet.
in_namespace() {
  unshare -n true 2>/dev/null || skip "no network namespaces"
  unshare -n bash -c 'ip link set lo up && "$@"' bash "$@"
}

# sum FILE METRIC KIND: of all such records.
sum() {
  jq -s --arg metric "$2" --arg kind "$3" '[.[] | select(.metric == $metric and .kind == $kind) | .value] | add' "$1"
}

@test "every test over every protocol through both engines" {
  for engine in sync io_uring; do
    for how in "-n 60 rr stream crr udp" "-n 60 -6 rr stream crr udp" "-n 60 --proto unix rr stream crr" "-n 60 --proto udp rr" \
      "-n 60 --flows 3 -t 2 rr stream crr udp" "-d 80ms -r 20k --reverse stream udp" "-d 80ms -r 20k --bidir stream udp"; do
      # shellcheck disable=SC2086 # words
      run --separate-stderr timeout 60 bnet -E $engine -w 0 $how -o one.ndjson
      [ "$status" -eq 0 ] || { echo "$engine $how: $stderr"; false; }
      [ -z "$stderr" ]
      complete one.ndjson
      cat one.ndjson >>all.ndjson
    done
  done
  check_records all.ndjson
  # Round trips and connects have times and rates, streams and datagrams bytes; each run has the CPU of both its ends.
  jq -se 'map(select(.metric == "rtt" and .n == 60)) | length == 10' all.ndjson
  jq -se 'map(select(.metric == "connect" and .n == 60)) | length == 8' all.ndjson
  jq -se 'map(select(.metric == "bw" and .test == "stream" and .value > 0)) | length == 14' all.ndjson
  jq -se 'map(select(.metric == "bw" and .test == "udp" and .value > 0)) | length == 12' all.ndjson
  jq -se '[.[] | select(.metric == "cpu") | .end] | group_by(.) | map(length) == [40, 40]' all.ndjson
  jq -se 'map(select(.metric == "errors")) | length == 40 and all(.value == 0)' all.ndjson
}

@test "so many operations as asked for, of every size, are counted at both ends" {
  for engine in sync io_uring; do
    for how in "-b 1" "-b 7 --response 3" "-b 64 --flows 5" "-b 100 --response 300k" "-b 300k --response 1" "--proto udp -b 60000" \
      "--proto unix -b 3000" "-6 -t 3"; do
      # shellcheck disable=SC2086 # words
      run --separate-stderr timeout 60 bnet -E $engine -n 90 -w 0 $how rr
      [ "$status" -eq 0 ] || { echo "$engine $how: $stderr"; false; }
      jq -se '(.[] | select(.kind == "meta")) as $m | map(select(.metric == "rtt"))[0] as $rtt |
        map(select(.metric == "session_bytes"))[0].value as $bytes |
        $rtt.n == 90 and $bytes == 90 * ($rtt.bs + $rtt.response) and $rtt.loop == "closed"' <<<"$output" || { echo "$how: $output"; false; }
    done
    run --separate-stderr timeout 60 bnet -E $engine -n 90 -w 0 --flows 4 --response 1000 -b 32 crr
    jq -se 'map(select(.metric == "connect"))[0].n == 90 and map(select(.metric == "session_bytes"))[0].value == 90 * 1032' <<<"$output"
    run --separate-stderr timeout 60 bnet -E $engine -n 90 -w 0 -b 100k --flows 2 stream
    jq -se 'map(select(.metric == "bytes"))[0].value == 90 * 102400' <<<"$output"
    run --separate-stderr timeout 60 bnet -E $engine -n 90 -w 0 -r 5000 -b 1000 udp
    jq -se '(map(select(.metric == "datagrams" or .metric == "lost").value) | add) == 90' <<<"$output"
  done
}

@test "a wrong answer is an error, in records, in a message and in the status" {
  BNET_PLANT=rr:10 run --separate-stderr timeout 20 bnet -n 100 -w 0 rr
  [ "$status" -eq 1 ]
  [[ "$stderr" == "bnet: rr: 10 wrong answers on CPU "* ]]
  echo "$output" >rr.ndjson
  [ "$(figure rr.ndjson '.metric == "errors"')" -eq 10 ]
  jq -se 'map(select(.metric == "rtt"))[0] | .n == 90 and (.taint | contains("wrong"))' rr.ndjson
  BNET_PLANT=crr:1 run --separate-stderr timeout 20 bnet -n 3 -w 0 crr
  [ "$status" -eq 1 ]
  BNET_PLANT=rr:0 run --separate-stderr timeout 20 bnet -n 3 rr
  [ "$status" -eq 2 ]
}

@test "intervals add up to the run, and have what TCP says at both ends" {
  for way in "" --reverse; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 60 bnet -d 300ms -w 50ms -i 50ms $way stream
    [ "$status" -eq 0 ]
    echo "$output" >run.ndjson
    [ "$(sum run.ndjson bytes sample)" -eq "$(sum run.ndjson bytes result)" ]
    for metric in tcp_rtt tcp_rttvar retransmits cwnd; do
      jq -se --arg m $metric 'map(select(.kind == "sample" and .metric == $m)) | (map(.end) | unique) == ["client", "server"] and length >= 4' run.ndjson
    done
    [ "$(jq -s '[.[] | select(.kind == "sample" and .metric == "retransmits") | .value] | add' run.ndjson)" -eq \
      "$(jq -s '[.[] | select(.kind == "result" and .metric == "retransmits") | .value] | add' run.ndjson)" ]
    jq -se 'map(select(.metric == "pacing" or .metric == "delivery")) | length > 0 and all(.value > 0)' run.ndjson
  done
}

@test "an open loop is planned: response, service and lateness, and what was not done" {
  run --separate-stderr timeout 60 bnet -r 1000 -d 200ms -w 20ms --flows 4 rr
  [ "$status" -eq 0 ]
  echo "$output" >rr.ndjson
  jq -se '(map(select(.metric == "lat"))[0]) as $lat | (map(select(.metric == "svc"))[0]) as $svc | (map(select(.metric == "late"))[0]) as $late |
    $lat.loop == "open" and $lat.n == $svc.n and $lat.sum == $svc.sum + $late.sum and
    $lat.n + (map(select(.metric == "backlog"))[0].value) == 200' rr.ndjson
  # Far more than it can do is a result, not an end.
  run --separate-stderr timeout 60 bnet -r 10M -d 50ms -w 0 rr
  [ "$status" -eq 0 ]
  jq -se 'map(select(.metric == "achieved"))[0].value | . > 0 and . < 0.9' <<<"$output"
  # The server plans what it sends.
  run --separate-stderr timeout 60 bnet -r 500 -d 400ms -w 20ms -b 100 --reverse udp
  jq -se 'map(select(.metric == "datagrams"))[0] | .rate == 500 and .way == "in" and .value > 20 and .value <= 230' <<<"$output"
}

@test "bytes are those that the interface has counted" {
  for engine in sync io_uring; do
    for how in "-n 400 -b 128k stream" "-n 2000 -b 1000 rr" "-n 500 -r 20k -b 1400 udp" "-n 300 -b 1000 crr"; do
      # shellcheck disable=SC2016,SC2086 # the inner shell's; words
      in_namespace bash -c 'bnet -E '$engine' -w 0 '"$how"' >run.ndjson && sed -n "s/^ *lo: *//p" /proc/net/dev >dev'
      read -r bytes packets _ <dev
      payload=$(figure run.ndjson '.metric == "session_bytes"')
      lost=$(jq -s '[.[] | select(.metric == "lost") | .value * .bs] | add // 0' run.ndjson)
      again=$(jq -s '[.[] | select(.kind == "result" and .metric == "retransmits") | .value] | add // 0' run.ndjson)
      # All payload, and beside it at most a head of 100 bytes for each packet, and what was sent again: up to 64 KiB each. Datagrams may
      # be dropped behind the interface.
      payload=$((payload + lost))
      [ "$payload" -ge 300000 ]
      [ "$payload" -le "$bytes" ] || { echo "$how: $payload of $bytes"; false; }
      [ "$bytes" -le $((payload + 100 * packets + 20000 + 65536 * again)) ] || { echo "$how: $payload of $bytes in $packets, $again again"; false; }
    done
  done
}

@test "datagrams that are dropped on the way are counted, to the last" {
  need nft
  # Every second one, so the last one too; what says how many there were is shorter.
  for engine in sync io_uring; do
    # shellcheck disable=SC2016 # the inner shell's
    in_namespace bash -c 'nft "add table ip t; add chain ip t in { type filter hook input priority 0; }
      add rule ip t in udp length 1408 numgen inc mod 2 1 drop" 2>nft.err || exit 77
      bnet -E '$engine' -n 100 -r 10k -w 0 --flows 1 -b 1400 udp >run.ndjson' || { [ -s nft.err ] && skip "no nftables: $(head -n 1 nft.err)"; false; }
    jq -c 'select(.metric == "datagrams" or .metric == "lost") | [.metric, .value]' run.ndjson
    [ "$(figure run.ndjson '.metric == "datagrams"')" -eq 50 ]
    [ "$(figure run.ndjson '.metric == "lost"')" -eq 50 ]
    jq -se 'map(select(.metric == "loss"))[0].value == 0.5' run.ndjson
    jq -se 'map(select(.metric == "duplicates" or .metric == "reordered")) | length == 2 and all(.value == 0)' run.ndjson
  done
}

@test "connects leave no port waiting" {
  # shellcheck disable=SC2016 # the inner shell's
  in_namespace bash -c 'bnet -n 500 -w 0 --flows 4 crr >run.ndjson && awk "\$4 == \"06\"" /proc/net/tcp | wc -l >waiting'
  jq -se 'map(select(.metric == "connect"))[0].n == 500' run.ndjson
  [ "$(cat waiting)" -le 2 ]
}

@test "options reach the sockets of both ends" {
  need strace
  run --separate-stderr timeout 60 strace -f -qq -o calls -e trace=setsockopt,sched_setaffinity,bind bnet -n 20 -w 0 --sndbuf 64k --rcvbuf 96k --dscp 10 --mss 1000 \
    --nodelay on --congestion cubic --busy-poll 20us --bind 127.0.0.7 -c 0 --far-cpus 0 stream
  [ "$status" -eq 0 ] || skip "cannot trace here: $stderr"
  for option in 'SO_SNDBUF, \[32768\]' 'SO_RCVBUF, \[49152\]' 'IP_TOS, \[40\]' 'TCP_MAXSEG, \[1000\]' 'TCP_NODELAY, \[1\]' 'TCP_CONGESTION, "cubic"' 'SO_BUSY_POLL, \[20\]'; do
    # The socket that tries the options is a third.
    [ "$(grep -c "$option" calls)" -ge 3 ] || { echo "$option"; cat calls; false; }
  done
  [ "$(grep -c 'sched_setaffinity(0, [0-9]*, \[0' calls)" -ge 2 ]
  grep -q 'bind(.*127.0.0.7' calls
  jq -se '.[] | select(.metric == "bw") | .sndbuf == 65536 and .rcvbuf == 98304 and .dscp == 10 and .mss == 1000 and .congestion == "cubic" and
    .nodelay and .busy_poll == 20000 and .bind == "127.0.0.7"' <<<"$output"
}

@test "the two ends of a pair run on two CPUs" {
  need strace
  [ "$(nproc)" -ge 2 ] || skip "one CPU"
  run --separate-stderr timeout 60 strace -f -qq -o calls -e trace=sched_setaffinity bnet -n 5 -w 0 -t 2 rr
  [ "$status" -eq 0 ] || skip "cannot trace here: $stderr"
  # Two workers, two threads of the server: two on each CPU of the first two.
  [ "$(sed -n 's/.*sched_setaffinity(0, [0-9]*, \[\([0-9]*\).*/\1/p' calls | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" = "2 2 " ] || [ "$(nproc)" -gt 2 ]
}

@test "options that cannot be had are told by name" {
  run --separate-stderr timeout 20 bnet --congestion nosuch stream
  [ "$status" -eq 3 ]
  [ "$stderr" = "bnet: --congestion: No such file or directory" ]
  jq -se '(map(select(.kind == "warn"))[0].code == "unable") and .[-1].status == "failed"' <<<"$output"
  run --separate-stderr timeout 20 bnet --device nosuch0 stream
  [ "$status" -eq 3 ]
  [ "$stderr" = "bnet: --device: No such device" ]
  for how in "--reverse rr" "--bidir crr" "--reverse --bidir stream" "--zerocopy stream" "-E io_uring --zerocopy rr" "-b 31 crr" "-b 23 udp" "-b 66000 udp" \
    "--proto unix udp" "--proto udp stream" "--proto unix -4 rr" "--proto tcp --to unix:/x rr" "--proto unix --to localhost rr" "--reverse -n 5 stream" "-r 5 probe" \
    "rr probe" "probe a b" "--to a probe b" "--to a:b rr" "--to [::1 rr" "--max-clients 3 rr" "-b 0 rr" "-b 65M rr" "--dscp 64 rr" "nosuch"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr timeout 20 bnet $how
    [ "$status" -eq 2 ] || { echo "$how: $status $stderr"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
}

@test "sends without a copy are counted, and those that were copied all the same" {
  run --separate-stderr timeout 20 bnet -E io_uring --zerocopy -n 200 -w 0 stream
  [ "$status" -eq 0 ]
  echo "$output" >zc.ndjson
  grep -q '"ring":"[^"]*zc' zc.ndjson || skip "this kernel sends no other way"
  sends=$(figure zc.ndjson '.metric == "zc_sends" and .end == "client"')
  [ "$sends" -ge 200 ]
  # The loopback copies: the kernel says so of most, and some may still be on their way.
  copied=$(figure zc.ndjson '.metric == "zc_copied" and .end == "client"')
  [ "$copied" -le "$sends" ]
  [ "$copied" -gt 0 ]
  # A UNIX socket has no such sends, and does without.
  run --separate-stderr timeout 20 bnet -E io_uring --zerocopy --proto unix -n 20 -w 0 stream
  [ "$status" -eq 0 ]
  jq -se 'map(select(.metric == "bw"))[0].ring | contains("zc") | not' <<<"$output"
}

@test "what io_uring cannot do on this kernel is done another way, and told" {
  need strace
  # No ring of buffers: what has come is asked for when poll says so.
  run --separate-stderr timeout 60 strace -f -qq -o calls -e trace=io_uring_register -e inject=io_uring_register:error=EINVAL bnet -E io_uring -n 30 -w 0 rr stream crr
  [ "$status" -eq 0 ] || skip "cannot inject here: $stderr"
  jq -se 'map(select(.metric == "rtt" or .metric == "connect")) | map(.n) == [30, 30] and all(.ring == "")' <<<"$output"
  run --separate-stderr timeout 60 strace -f -qq -o calls -e trace=io_uring_setup -e inject=io_uring_setup:error=ENOSYS bnet -E io_uring -n 30 rr
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"-E sync works without it"* ]]
}

@test "what is sent cannot be compressed" {
  need strace
  need perl
  run --separate-stderr timeout 60 strace -f -qq -xx -s 100000 -o calls -e trace=sendto bnet -n 8 -w 0 -b 50000 stream
  [ "$status" -eq 0 ] || skip "cannot trace here: $stderr"
  # shellcheck disable=SC2016 # perl's
  perl -ne 'if (/"((?:\\x[0-9a-f]{2}){20000,})"/) { $s = $1; $s =~ s/\\x//g; print pack("H*", $s) }' calls >sent
  bytes=$(wc -c <sent)
  [ "$bytes" -ge 200000 ]
  [ "$(gzip -9 <sent | wc -c)" -gt $((bytes * 99 / 100)) ]
}

@test "probe: records of round trips and streams, and a summary for people" {
  run --separate-stderr timeout 60 bnet -d 50ms -w 10ms -t 3 probe
  [ "$status" -eq 0 ]
  echo "$output" >probe.ndjson
  complete probe.ndjson
  check_records probe.ndjson
  jq -se '[.[] | select(.metric == "bw") | [.threads, .way]] == [[1, "out"], [1, "in"], [3, "out"], [3, "in"]]' probe.ndjson
  jq -se 'map(select(.metric == "rtt")) | length == 1' probe.ndjson
  [[ "${stderr_lines[1]}" == "bnet: round trip: "*" median; least "* ]]
  [[ "${stderr_lines[2]}" == *"  1 stream: "*"bit/s there, "*"bit/s back, "*" segments sent again" ]]
  [[ "${stderr_lines[3]}" == *"  3 streams: "* ]]
  run --separate-stderr timeout 60 bnet -q -d 20ms -w 5ms -t 2 probe
  [ -z "$stderr" ]
}

@test "a signal ends it with what there is, and nothing is left" {
  for sig in INT TERM; do
    timeout 30 bnet -d 20s -w 0 -i 50ms stream >run.ndjson 2>err &
    pid=$!
    wait_for 10 grep -q '"kind":"sample"' run.ndjson
    pkill -$sig -P $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq $((128 + $(kill -l $sig))) ]
    complete run.ndjson
    jq -se '.[-1].status == "interrupted" and any(.[]; .kind == "result" and .metric == "bw" and .value > 0)' run.ndjson
    [ "$(locks)" -eq 0 ] || [ -z "$(fuser "$BTOOLS_LOCK_DIR"/* 2>/dev/null)" ]
  done
  # Nobody reads: it ends by itself.
  run --separate-stderr timeout 20 bash -c 'bnet -d 20s -i 20ms rr | head -n 2 >/dev/null; echo "${PIPESTATUS[0]}"'
  [ "$output" = 141 ]
}

@test "killed, it leaves no socket and no lock, and the next run goes" {
  timeout -s KILL 30 bnet -d 20s -w 0 -i 50ms --proto unix stream >run.ndjson 2>err &
  pid=$!
  wait_for 10 grep -q '"kind":"sample"' run.ndjson
  pkill -KILL -P $pid
  wait $pid || :
  [ "$(grep -c '@bnet-' /proc/net/unix)" -eq 0 ] || [ -n "$(pgrep -x bnet)" ]
  run --separate-stderr timeout 20 bnet --lock fail -n 10 -w 0 rr
  [ "$status" -eq 0 ]
}

@test "a dry run connects nowhere; two runs on one interface wait for each other" {
  run --separate-stderr timeout 20 bnet -N --to 192.0.2.1 rr
  [ "$status" -eq 0 ]
  jq -se 'map(.kind) == ["meta", "end"]' <<<"$output"
  bnet -d 20s -w 0 -i 20ms rr >run.ndjson &
  pid=$!
  wait_for 10 grep -q '"kind":"sample"' run.ndjson
  run --separate-stderr timeout 20 bnet --lock fail rr
  kill -INT $pid
  wait $pid || :
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"the network"* ]]
}

@test "no root is needed" {
  [ "$(id -u)" -eq 0 ] || skip "not root: all tests show it"
  need setpriv
  chmod 777 . "$BTOOLS_LOCK_DIR"
  for engine in sync io_uring; do
    run --separate-stderr timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$(command -v bnet)" -E $engine -d 20ms -w 5ms --busy-poll 10us rr stream
    [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  done
}
