load helper
load bnet

# Failures are answers: each has one message, one code in a warn record, one exit status, and comes in time.

setup_file() {
  compile_peer
}

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  SERVER='' CLIENT='' PEER=''
}

teardown() {
  kill_all
}

# The frames of a server that is well so far: HELLO without a token, ACCEPT.
HELLO=626e657401000100110000003030303030303030303030303030303000
ACCEPT=626e65740100030030000000$(printf '00%.0s' {1..48})

# fails STATUS CODE ARGUMENT...: bnet with these ends so, says so in one record and one message, and names nothing else.
fails() {
  local want=$1 code=$2
  shift 2
  run --separate-stderr timeout 20 bnet -f json -d 100ms -w 0 --timeout 700ms "$@"
  [ "$status" -eq "$want" ] || { echo "status $status, not $want: $output $stderr"; false; }
  echo "$output" >failed.ndjson
  complete failed.ndjson
  [ "$(jq -r 'select(.kind == "warn") | .code' failed.ndjson)" = "$code" ] || { cat failed.ndjson; false; }
  jq -se '.[-1].status == "failed" and all(.kind != "result")' failed.ndjson >/dev/null
  [ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; false; }
  [[ "$stderr" == "bnet: "* ]]
}

# against STEP...: a false server at unix:peer that does these steps.
against() {
  rm -f peer
  "$PEER_PROGRAM" listen unix:peer "$@" >peer.out 3>&- &
  PEER=$!
  wait_for 10 grep -q ready peer.out
}

# midway ARGUMENT...: a client of $PORT that is in the middle of a long run, as $CLIENT.
midway() {
  rm -f client.ndjson
  bnet -f json -d 60s -w 0 -i 50ms --timeout 1s --to "127.0.0.1:$PORT" "$@" >client.ndjson 2>client.err 3>&- &
  CLIENT=$!
  wait_for 10 grep -q '"kind":"sample"' client.ndjson || { cat client.ndjson; false; }
}

# ended STATUS CODE[|CODE]: the client ends within ten seconds, so.
ended() {
  local status=0
  wait_for 10 eval '! kill -0 $CLIENT 2>/dev/null'
  wait "$CLIENT" || status=$?
  CLIENT=
  [ "$status" -eq "$1" ] || { echo "status $status"; cat client.err; false; }
  complete client.ndjson
  [[ "|$2|" == *"|$(jq -r 'select(.kind == "warn") | .code' client.ndjson | sort -u)|"* ]] || { grep -v sample client.ndjson; false; }
  jq -se '.[-1].status == "failed"' client.ndjson >/dev/null
}

@test "refused: nobody listens, at a port and at a path" {
  free_port
  fails 1 refused rr --to "127.0.0.1:$PORT"
  fails 1 refused stream --to unix:nobody
  fails 1 refused udp --to "127.0.0.1:$PORT"
}

@test "unreachable: no way leads there" {
  fails 1 unreachable rr --to 255.255.255.255
}

@test "unresolved: a name that cannot be one" {
  fails 2 unresolved rr --to 'no..such..host'
}

@test "timeout: who listens says nothing" {
  against r29 w
  fails 1 timeout rr --to unix:peer
}

@test "reset: the connection breaks in the handshake" {
  against r29 x
  fails 1 reset rr --to unix:peer
}

@test "version: the other end speaks another one" {
  against r29 s626e65740200 w
  fails 2 version rr --to unix:peer
}

@test "rubbish: what answers is something else" {
  against r29 s"$(printf 'HTTP/1.0 400 Bad Request' | od -An -tx1 | tr -d ' \n')" w
  fails 1 rubbish rr --to unix:peer
  against r29 "s${HELLO%00}07" w # a value out of its range
  fails 1 rubbish rr --to unix:peer
}

@test "truncated, oversized, unexpected: messages that are not as they should be" {
  against r29 s626e65740100
  fails 1 truncated rr --to unix:peer
  against r29 s626e6574010001000a000000 w # shorter than its type is
  fails 1 truncated rr --to unix:peer
  against r29 s626e65740100010000000080 w
  fails 1 oversized rr --to unix:peer
  against r29 s626e65740100050014000000 w
  fails 1 unexpected rr --to unix:peer
}

@test "stalled: the other end accepts and then does nothing" {
  against r29 "s$HELLO" r398 "s$ACCEPT" w
  fails 1 stalled rr --to unix:peer
}

# counts DONE BYTES: the frame of an answer to READY, with so many bytes received (hex, two digits).
counts() {
  printf '626e657401000700a200000000%s%032d%s%014d%0272d' "$1" 0 "$2" 0 0
}

@test "stalled: what should be done at once is always under way" {
  against r29 "s$HELLO" r398 "s$ACCEPT" r13 "s$(counts 00 01)" r13 "s$(counts 00 02)" r13 "s$(counts 01 03)"
  fails 1 stalled crr --to unix:peer
}

@test "root: unable: a socket option that the server may not set" {
  need setpriv
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  local allowed=/proc/sys/net/ipv4/tcp_allowed_congestion_control available=/proc/sys/net/ipv4/tcp_available_congestion_control name
  name=$(tr ' ' '\n' <$available | grep -vxFf <(tr ' ' '\n' <$allowed) | head -n 1) || :
  [ -n "$name" ] || skip "all congestion controls are for everyone"
  IN_SERVER="setpriv --reuid=65534 --clear-groups" serve
  fails 3 unable rr --congestion "$name" --to "127.0.0.1:$PORT"
  wait_for 5 warned serve.ndjson unable
  stop
}

@test "token: none, another, or one too many; the right one is let in" {
  printf '0123456789abcdef\n' >right
  printf '0123456789abcdeF\n' >wrong
  printf 'too short' >short
  chmod 600 right wrong short
  serve --token right
  fails 2 token rr --to "127.0.0.1:$PORT"
  fails 2 token rr --to "127.0.0.1:$PORT" --token wrong
  timeout 20 bnet -n 10 -w 0 --to "127.0.0.1:$PORT" --token right rr >ok.ndjson
  [ "$(visits)" -eq 1 ]
  warned serve.ndjson token
  stop
  [ "$STOPPED" -eq 0 ]
  serve
  fails 2 token rr --to "127.0.0.1:$PORT" --token right
  stop
  for mode in 640 604 660; do
    chmod $mode right
    run --separate-stderr timeout 20 bnet --to 127.0.0.1 --token right rr
    [ "$status" -eq 2 ]
    [[ "$stderr" == "bnet: --token right: others may"* ]]
  done
  run --separate-stderr timeout 20 bnet serve --token short
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"fewer than 16 bytes"* ]]
}

@test "full: the server has as many clients as it takes; there is room again when one has gone" {
  serve --max-clients 1
  midway rr
  fails 1 full --lock off rr --to "127.0.0.1:$PORT"
  kill -INT "$CLIENT"
  wait "$CLIENT" || :
  CLIENT=
  timeout 20 bnet -n 10 -w 0 --retry 20 --to "127.0.0.1:$PORT" rr >ok.ndjson
  stop
}

@test "full: all clients together have no more threads than the limits added up" {
  serve --max-clients 3 --max-streams 4
  midway rr -t 4
  fails 1 full --lock off rr -t 4 --to "127.0.0.1:$PORT"
  timeout 20 bnet --lock off -n 10 -w 0 --to "127.0.0.1:$PORT" -t 3 rr >ok.ndjson
  stop
}

@test "full: no more files are promised to clients than there are" {
  need prlimit
  IN_SERVER="prlimit --nofile=600" serve
  # 150 connections at a time, 64 that are over, and as many again that wait: more than 600.
  fails 1 full crr --flows 150 --to "127.0.0.1:$PORT"
  timeout 20 bnet -n 10 -w 0 --to "127.0.0.1:$PORT" crr --flows 100 >ok.ndjson
  stop
}

@test "limit: streams, duration, bytes" {
  serve --max-streams 3 --max-duration 1m --max-bytes 1M
  fails 2 limit rr --flows 4 --to "127.0.0.1:$PORT"
  fails 2 limit rr -d 2m --to "127.0.0.1:$PORT"
  fails 2 limit stream -d 20s --to "127.0.0.1:$PORT"
  timeout 20 bnet -d 50ms -w 0 --flows 3 --to "127.0.0.1:$PORT" rr >ok.ndjson
  warned serve.ndjson limit
  stop
}

@test "stopped: the server ends while a client runs, and both say so" {
  serve
  midway stream
  stop
  [ "$STOPPED" -eq 0 ]
  ended 1 stopped
  warned serve.ndjson stopped
  complete serve.ndjson
}

@test "reset: SIGKILL of the server in the middle" {
  for test in rr stream crr udp; do
    serve
    midway $test
    stop KILL
    ended 1 "reset|refused" # crr may be about to connect
  done
}

@test "SIGKILL of a client in the middle: the server says reset, and forgets it" {
  serve
  before=$(files "$SERVER")
  for test in rr stream crr udp; do
    midway $test
    kill -KILL "$CLIENT"
    wait "$CLIENT" || :
    CLIENT=
  done
  wait_for 10 eval '[ "$(visits)" -eq 4 ]'
  wait_for 10 eval '[ "$(files "$SERVER")" -le "$before" ]'
  [ "$(jq -s 'map(select(.kind == "warn" and .code == "reset")) | length' serve.ndjson)" -eq 4 ]
  stop
  [ "$STOPPED" -eq 0 ]
}

@test "stalled: the server is there, but does nothing any more" {
  serve
  for test in rr stream udp; do
    midway $test
    kill -STOP "$SERVER"
    ended 1 stalled
    kill -CONT "$SERVER"
  done
  stop
}

@test "stalled: a client that stops is seen by the server in time" {
  serve
  midway stream --reverse
  kill -STOP "$CLIENT"
  wait_for 10 warned serve.ndjson stalled
  kill -KILL "$CLIENT"
  wait "$CLIENT" || :
  stop
}

@test "--retry: waits for a server, counts the tries, spreads them" {
  free_port
  start=$(date +%s%N)
  run --separate-stderr timeout 20 bnet -f json -n 10 -w 0 --retry 3 --to "127.0.0.1:$PORT" rr
  [ "$status" -eq 1 ]
  [ $((($(date +%s%N) - start) / 1000000)) -ge 350 ] # 50 + 100 + 200 ms at least
  [ "$(jq -s 'map(select(.kind == "warn" and .code == "refused")) | length' <<<"$output")" -eq 4 ]
  [ "$(grep -c 'try . of 3' <<<"$stderr")" -eq 3 ]
  bnet -f json -n 10 -w 0 --retry 50 --to "127.0.0.1:$PORT" rr >client.ndjson 2>client.err 3>&- &
  CLIENT=$!
  wait_for 10 warned client.ndjson refused
  serve_at "127.0.0.1:$PORT"
  wait "$CLIENT"
  CLIENT=
  jq -se '.[-1].status == "ok"' client.ndjson
  [ "$(figure client.ndjson '.kind == "result" and .metric == "retries"')" -ge 1 ]
  stop
}

@test "--retry does not repeat what cannot get better" {
  printf '0123456789abcdef' >token
  chmod 600 token
  serve --token token
  run --separate-stderr timeout 20 bnet -f json -n 10 --retry 5 --to "127.0.0.1:$PORT" rr
  [ "$status" -eq 2 ]
  [ "$(jq -s 'map(select(.kind == "warn")) | length' <<<"$output")" -eq 1 ]
  stop
}

@test "a signal during the waits of --retry ends them" {
  free_port
  bnet -f json --retry 1000 --to "127.0.0.1:$PORT" rr >client.ndjson 2>client.err 3>&- &
  CLIENT=$!
  wait_for 10 eval '[ "$(grep -c refused client.ndjson)" -ge 5 ]'
  kill -INT "$CLIENT"
  status=0
  wait "$CLIENT" || status=$?
  CLIENT=
  [ "$status" -eq 130 ]
  complete client.ndjson
}
