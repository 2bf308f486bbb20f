# Shared by the tests of bnet's server: load bnet

# free_port: a port that nobody uses now, as $PORT.
free_port() {
  until PORT=$((10000 + RANDOM % 20000)) && ! (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do :; done
}

# serve [OPTION...]: a server at 127.0.0.1:$PORT, its records in serve.ndjson, its process $SERVER.
serve() {
  local tries
  for tries in 1 2 3 4 5; do
    free_port
    serve_at "127.0.0.1:$PORT" "$@" && return
  done
  cat serve.err
  return 1
}

# serve_at ADDRESS [OPTION...]: the same, there. $IN_SERVER: words before the command (ip netns exec NAME).
serve_at() {
  local where=$1
  shift
  rm -f serve.ndjson
  ${IN_SERVER-} bnet serve -f json "$@" "$where" >serve.ndjson 2>serve.err 3>&- &
  SERVER=$!
  wait_for 10 eval '[ -s serve.ndjson ] || ! kill -0 $SERVER 2>/dev/null'
  [ -s serve.ndjson ]
}

# stop [SIGNAL]: end the server; its exit status is $STOPPED.
stop() {
  kill "-${1:-TERM}" "$SERVER"
  STOPPED=0
  wait "$SERVER" || STOPPED=$?
  SERVER=
}

# For teardown: nothing of ours goes on.
kill_all() {
  local pid
  for pid in $SERVER $CLIENT $PEER; do
    kill -CONT "$pid" 2>/dev/null || :
    kill -KILL "$pid" 2>/dev/null || :
  done
  wait 2>/dev/null || :
}

# warned FILE CODE: it has a warn record with that code.
warned() {
  jq -se --arg code "$2" 'any(.[]; .kind == "warn" and .code == $code)' "$1" >/dev/null
}

# visits [FILE]: how many clients have been and gone.
visits() {
  jq -s '[.[] | select(.kind == "result" and .metric == "rate") | .client] | unique | length' "${1:-serve.ndjson}"
}

# resident PID: memory in kB.
resident() {
  awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"
}

# files PID: open files.
files() {
  find "/proc/$1/fd" -mindepth 1 | wc -l
}

# compile_peer: the fixture as $PEER_PROGRAM; for setup_file.
compile_peer() {
  export PEER_PROGRAM="$BATS_FILE_TMPDIR/peer"
  cc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$PEER_PROGRAM" "$TOP/tests/fixtures/net/peer.c"
}

# compile_crowd: the fixture of many clients as $CROWD; for setup_file.
compile_crowd() {
  export CROWD="$BATS_FILE_TMPDIR/crowd"
  cc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread -I"$TOP/lib" -o "$CROWD" "$TOP/tests/fixtures/net/crowd.c" "$BUILD/libbtools.a" -lm
}
