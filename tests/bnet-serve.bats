load helper
load bnet

# bnet serve: its clients, its records, its limits, who does it no good, and how it ends.

setup_file() {
  compile_peer
  compile_crowd
}

setup() {
  setup_locks
  cd "$BATS_TEST_TMPDIR" || return
  SERVER='' CLIENT='' PEER=''
}

teardown() {
  kill_all
}

# to_server ARGUMENT...: a short run against the server at $PORT.
to_server() {
  timeout 20 bnet -f json -w 0 --to "127.0.0.1:$PORT" "$@"
}

# listening: the ports and addresses at which $SERVER listens, from the kernel.
listening() {
  ss -ltnHp | grep "pid=$SERVER," | awk '{ print $4 }' | sort
}

@test "serves every test; both ends say the same; one record of each kind for each client" {
  serve
  to_server -n 500 rr >rr.ndjson
  to_server -n 300 crr >crr.ndjson
  to_server -d 100ms stream >stream.ndjson
  to_server -d 100ms udp --rate 1000 >udp.ndjson
  stop
  [ "$STOPPED" -eq 0 ]
  complete serve.ndjson
  check_records serve.ndjson
  jq -se '.[-1] | .status == "ok" and .errors == 0' serve.ndjson
  [ "$(jq -r 'select(.metric == "rate") | .client_test' serve.ndjson | tr '\n' ' ')" = "rr crr stream udp " ]
  jq -se 'map(select(.kind == "result")) | all(.test == "serve" and .peer == "127.0.0.1" and .threads == 1 and .client >= 1)' serve.ndjson
  # What the client counted is what the server served, to the last one.
  for test in rr crr; do
    [ "$(jq -s --arg test $test 'map(select(.metric == "rate" and .client_test == $test) | .value * .dur) | add | round' serve.ndjson)" -eq \
      "$(jq -s 'map(select(.metric == "rtt" or .metric == "connect").n) | add' $test.ndjson)" ]
  done
  # Messages that come in are operations as well.
  jq -se 'def one(f): map(select(.kind == "result") | select(f) | .value)[0];
    (one(.client_test == "udp" and .metric == "rate") * 1400 / one(.client_test == "udp" and .way == "in") | . > 0.999 and . < 1.001) and
    (one(.client_test == "stream" and .metric == "rate") * 262144 / one(.client_test == "stream" and .way == "in") | . > 0.9 and . < 1.001)
    ' serve.ndjson
  jq -se 'any(.[]; .metric == "bw" and .client_test == "stream" and .way == "in" and .value > 1e6)' serve.ndjson
  jq -se 'any(.[]; .metric == "lost" and .client_test == "udp")' serve.ndjson
}

@test "listens at loopback alone unless told otherwise" {
  run --separate-stderr timeout 10 bnet serve -N -f json
  [ "$status" -eq 0 ] || [[ "$stderr" == *"in use"* ]]
  [[ "$status" -ne 0 || "$(jq -r 'select(.kind == "meta") | .listen' <<<"$output")" =~ ^127\.0\.0\.1:5211(,\[::1\]:5211)?$ ]]
  need ss
  serve
  [ "$(listening)" = "127.0.0.1:$PORT" ]
  stop
  serve_at "0.0.0.0:$PORT"
  [ "$(listening)" = "0.0.0.0:$PORT" ]
  stop
}

@test "several addresses at once, of every kind" {
  free_port
  serve_at "127.0.0.1:$PORT" unix:socket "unix:@bnet-test-$$"
  to_server -n 10 rr >/dev/null
  timeout 20 bnet -n 10 -w 0 --to unix:socket rr >/dev/null
  timeout 20 bnet -n 10 -w 0 --to "unix:@bnet-test-$$" stream >/dev/null
  stop
  [ "$(jq -r 'select(.metric == "rate") | .proto' serve.ndjson | tr '\n' ' ')" = "tcp unix unix " ]
  [ ! -e socket ]
}

@test "a thousand clients at once: all are served, alike, and memory does not grow from one thousand to the next" {
  ulimit -n "$(ulimit -Hn)"
  [ "$(ulimit -n)" -ge 5000 ] || skip "fewer than 5000 files may be open (ulimit -n)"
  serve
  before=$(files "$SERVER")
  for wave in 1 2 3; do
    "$CROWD" "$PORT" 1000 run 300 >trips
    read -r all least median most <trips
    [ "$least" -gt 0 ]
    [ "$all" -ge 1000 ]
    [ $((least * 4)) -ge "$median" ]
    [ "$most" -le $((median * 4)) ]
    wait_for 20 eval '[ "$(visits)" -eq '$((wave * 1000))' ]'
    wait_for 20 eval '[ "$(files "$SERVER")" -le "$before" ]'
    kb[wave]=$(resident "$SERVER")
  done
  [ "${kb[3]}" -lt 40000 ]
  [ "${kb[3]}" -le $((kb[1] + kb[1] / 4)) ]
  stop
  [ "$STOPPED" -eq 0 ]
}

@test "idle telnets, slow loris, port scans and noise neither stop nor grow it" {
  ulimit -n "$(ulimit -Hn)"
  serve --timeout 1s
  before=$(files "$SERVER")
  "$CROWD" "$PORT" 100 noise 1
  kb=$(resident "$SERVER")
  "$CROWD" "$PORT" 1400 idle 1300 &
  crowd=$!
  wait_for 10 eval '[ "$(files "$SERVER")" -ge 1000 ]'
  to_server -n 10 rr >/dev/null # while they all stand in the door
  wait $crowd
  "$CROWD" "$PORT" 700 slow 1200 &
  crowd=$!
  wait_for 10 eval '[ "$(files "$SERVER")" -ge 500 ]'
  to_server -n 10 rr >/dev/null
  wait $crowd
  for seed in 1 2 3; do
    "$CROWD" "$PORT" 1000 noise $seed
    "$CROWD" "$PORT" 1000 scan 0
  done
  to_server -n 10 rr >/dev/null
  wait_for 10 eval '[ "$(files "$SERVER")" -le "$before" ]'
  [ "$(resident "$SERVER")" -le $((kb + 2000)) ] # a thousand who wait take 1.4 MB
  stop
  [ "$STOPPED" -eq 0 ]
  complete serve.ndjson
  for code in timeout full truncated rubbish flood; do
    warned serve.ndjson $code
  done
  [ "$(jq -s 'map(select(.kind == "warn")) | length' serve.ndjson)" -lt 400 ] # few records, whatever is done to it
}

# told CODE STEP...: the server says FAIL with that code to one who does these steps, and in its records.
told() {
  local code=$1 number
  shift
  declare -A numbers=([rubbish]=0c [version]=06 [truncated]=0f [oversized]=10 [unexpected]=11 [timeout]=04)
  number=${numbers[$code]}
  "$PEER_PROGRAM" connect "$PORT" "$@" r16 p >told
  [[ "$(tail -n 1 told)" == 626e65740100040004000000"$number"00* ]] || { cat told; false; }
  wait_for 5 warned serve.ndjson "$code"
}

@test "each kind of bad handshake has its own code, in the answer and in the records" {
  serve --timeout 500ms
  hello=626e657401000100110000003030303030303030303030303030303000
  told rubbish s"$(printf 'GET / HTTP/1.0' | od -An -tx1 | tr -d ' \n')"
  told rubbish s"${hello%00}02" # a value out of its range
  told version s626e65740200
  told unexpected s626e6574010002
  told unexpected s626e6574010008
  told oversized s626e65740100010012000000
  told oversized s626e657401000100ffffffff
  told truncated s626e65740100010010000000
  told timeout s626e657401
  told timeout s$hello r29 p
  # A data connection of no session.
  told unexpected s626e657401000500140000003030303030303030303030303030303000000000
  stop
}

@test "datagrams of no session get no answer" {
  serve
  exec 4<>"/dev/udp/127.0.0.1/$PORT"
  printf 'bnet\x01\x00\x05\x00\x14\x00\x00\x00cookie of 16 byt\x00\x00\x00\x00' >&4
  printf 'noise' >&4
  to_server -n 10 --proto udp rr >/dev/null
  run timeout 0.2 head -c 1 <&4
  [ -z "$output" ]
  exec 4>&-
  stop
}

@test "datagrams go to the address of the client alone, so nobody can have another one flooded" {
  serve
  [ "$("$CROWD" "$PORT" 1 stray 200)" -eq 0 ]
  to_server -d 50ms --reverse udp >udp.ndjson
  jq -se 'any(.[]; .metric == "datagrams" and .value > 0)' udp.ndjson
  stop
  [ -e /proc/net/if_inet6 ] || return 0
  serve_at "[::]:$PORT" # IPv4 comes in there too
  to_server -n 10 --proto udp rr >/dev/null
  timeout 20 bnet -n 10 -w 0 --to "[::1]:$PORT" --proto udp rr >/dev/null
  stop
}

@test "INT and TERM end it well, with and without clients, and a second run begins at once at the same port" {
  serve
  for signal in INT TERM INT; do
    rm -f client.ndjson # no older one is taken for it
    bnet -d 60s -i 20ms -f json --to "127.0.0.1:$PORT" --flows 50 stream >client.ndjson 2>client.err 3>&- &
    CLIENT=$!
    wait_for 10 grep -q '"sample"' client.ndjson
    stop $signal
    [ "$STOPPED" -eq 0 ]
    complete serve.ndjson
    jq -se '.[-1].status == "ok"' serve.ndjson
    [ "$(jq -s 'map(select(.metric == "rate")) | length' serve.ndjson)" -eq 1 ] || { grep -v meta serve.ndjson; false; }
    wait "$CLIENT" || :
    CLIENT=
    serve_at "127.0.0.1:$PORT" # connections in TIME_WAIT do not hinder it
  done
  stop INT
  [ "$STOPPED" -eq 0 ]
}

@test "-d and -n end it" {
  free_port
  timeout 20 bnet serve -d 200ms -f json "127.0.0.1:$PORT" >d.ndjson
  complete d.ndjson
  serve -n 2
  to_server -n 10 rr >/dev/null
  kill -0 "$SERVER"
  to_server -n 10 rr >/dev/null
  wait "$SERVER"
  SERVER=
  [ "$(visits)" -eq 2 ]
}

@test "a socket that SIGKILL has left is taken over, one that is alive or no socket is not" {
  serve_at unix:socket
  run --separate-stderr timeout 10 bnet serve unix:socket
  [ "$status" -eq 1 ]
  [[ "$stderr" == "bnet: cannot listen at unix:socket: Address already in use" ]]
  stop KILL
  [ -S socket ]
  serve_at unix:socket
  timeout 20 bnet -n 10 -w 0 --to unix:socket rr >/dev/null
  stop
  [ ! -e socket ]
  echo precious >socket
  run --separate-stderr timeout 10 bnet serve unix:socket
  [ "$status" -ne 0 ]
  [ "$(cat socket)" = precious ]
}

@test "a path that is another server's by now is not removed" {
  serve_at unix:socket
  mv socket elsewhere
  old=$SERVER
  mv serve.ndjson old.ndjson
  serve_at unix:socket
  kill -TERM "$old"
  wait "$old"
  [ -S socket ]
  timeout 20 bnet -n 10 -w 0 --to unix:socket rr >/dev/null
  stop
}

@test "a reader that goes ends it quietly, a full disk with a message" {
  free_port
  mkfifo pipe
  bnet serve -f json "127.0.0.1:$PORT" >pipe 2>serve.err 3>&- &
  SERVER=$!
  head -n 1 pipe >first
  to_server -n 10 rr >/dev/null || : # its records find nobody
  status=0
  wait "$SERVER" || status=$?
  SERVER=
  [ "$status" -eq 141 ]
  run --separate-stderr timeout 10 bash -c "bnet serve -f json -d 1s 127.0.0.1:$PORT >/dev/full"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"No space left"* ]]
}

@test "wrong usage is refused: addresses, options" {
  for where in unix: 127.0.0.1:0 127.0.0.1:65536 '[::1' '[::1]x' ''; do
    run --separate-stderr timeout 10 bnet serve "$where"
    [ "$status" -eq 2 ] || { echo "$where: $status"; false; }
    [ -z "$output" ]
  done
  run --separate-stderr timeout 10 bnet serve no..such..host
  [ "$status" -eq 2 ]
  run --separate-stderr timeout 10 bnet serve 192.0.2.1
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"cannot listen at 192.0.2.1:5211: Cannot assign requested address"* ]]
}

@test "hostile handshakes: a short run of the fuzz target" {
  timeout 60 "$BUILD/fuzz/handshake" -n 50000
  timeout 120 "$(variant SAN=address,undefined)/fuzz/handshake" -n 20000 -S 1000000
}

@test "ASan and UBSan, TSan: the server with all kinds of clients, good and bad" {
  for san in address,undefined thread; do
    free_port
    rm -f serve.ndjson # the server before has filled it
    dir=$(variant SAN=$san)
    rm -f serve.ndjson
    "$dir/bnet" serve -f json --timeout 1s "127.0.0.1:$PORT" >serve.ndjson 2>serve.err 3>&- &
    SERVER=$!
    wait_for 10 test -s serve.ndjson
    "$CROWD" "$PORT" 100 run 100
    "$CROWD" "$PORT" 300 noise 1
    "$CROWD" "$PORT" 200 scan 0
    "$CROWD" "$PORT" 1100 idle 100
    for test in rr crr "stream --bidir" "rr --proto udp"; do
      # shellcheck disable=SC2086 # words
      to_server -d 50ms -t 2 --flows 3 $test >/dev/null
    done
    rm -f client.ndjson
    bnet -d 60s -i 20ms -f json --to "127.0.0.1:$PORT" --flows 20 stream >client.ndjson 2>client.err 3>&- &
    CLIENT=$!
    wait_for 10 grep -q '"sample"' client.ndjson
    stop
    wait "$CLIENT" || :
    [ "$STOPPED" -eq 0 ]
    run grep -E 'Sanitizer|runtime error' serve.err
    [ -z "$output" ]
    complete serve.ndjson
  done
}
