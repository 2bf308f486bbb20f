load helper

# contrib/httpprobe against a small server: its counts, what it writes, its failures.

setup_file() {
  command -v python3 >/dev/null || return 0
  mkdir "$BATS_FILE_TMPDIR/store"
  head -c 1000000 /dev/urandom >"$BATS_FILE_TMPDIR/store/blob"
  python3 "$TOP/tests/fixtures/net/store.py" "$BATS_FILE_TMPDIR/store" >"$BATS_FILE_TMPDIR/port" 3>&- &
  export STORE=$!
  wait_for 20 test -s "$BATS_FILE_TMPDIR/port"
  URL="http://127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")"
  export URL
}

teardown_file() {
  [ -z "${STORE-}" ] || kill "$STORE"
}

setup() {
  need curl
  need python3
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR/store" store
  mkdir tmp
  export TMPDIR="$PWD/tmp"
}

probe() {
  timeout 30 "$TOP/contrib/httpprobe" "$@"
}

# fails STATUS CODE ARGUMENT...: it ends so, with one warn record and one message.
fails() {
  local want=$1 code=$2
  shift 2
  run --separate-stderr probe "$@"
  [ "$status" -eq "$want" ] || { echo "$status: $output $stderr"; false; }
  echo "$output" >failed.ndjson
  complete failed.ndjson
  [ "$(jq -r 'select(.kind == "warn") | .code' failed.ndjson)" = "$code" ] || { cat failed.ndjson; false; }
  jq -se '.[-1].status == "failed" and .[-1].errors > 0' failed.ndjson >/dev/null
  [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "GET: every range as often as it should be, over so many connections" {
  probe -t 3 -s 300k -n 12 -T disk=ssd "$URL/blob" >get.ndjson
  complete get.ndjson
  check_records get.ndjson
  jq -se 'map(select(.kind != "end" and .kind != "meta")) | all(.streams == 3 and .range == 307200 and .disk == "ssd" and .test == "get")' get.ndjson
  jq -se 'map(select(.metric == "lat")) | length == 12 and all(.value > 0)' get.ndjson
  jq -se '[.[] | select(.metric == "lat") | .stream] | group_by(.) | map(length) == [4, 4, 4]' get.ndjson
  jq -se 'map(select(.metric == "ttfb")) | length == 12' get.ndjson
  jq -se 'map(select(.metric == "connect")) | length == 3' get.ndjson
  # Four ranges are the whole: three times all of it.
  jq -se 'map(select(.metric == "bw"))[0] | (.value * .dur) | round | . > 2999990 and . < 3000010' get.ndjson
  jq -se '[.[] | select(.metric == "stream_bw") | .value * .dur] | add | round | . > 2999990 and . < 3000010' get.ndjson
  jq -se 'map(select(.metric == "errors"))[0].value == 0 and .[-1].status == "ok"' get.ndjson
  bagg -m lat -k streams get.ndjson >agg.ndjson
  jq -se 'map(select(.kind == "agg"))[0].n == 12' agg.ndjson
}

@test "PUT: ranges of one resource, and objects of their own" {
  probe -X PUT -t 2 -s 64k -n 6 "$URL/one" >put.ndjson
  check_records put.ndjson
  jq -se '.[-1].status == "ok" and (map(select(.metric == "lat")) | length == 6)' put.ndjson
  [ "$(stat -c %s store/one)" -eq $((6 * 65536)) ]
  cmp -n 65536 store/one store/one 0 327680 # the same random bytes in the first place and in the last
  [ "$(gzip -c store/one | wc -c)" -gt 65536 ]
  probe -X PUT -t 2 -s 1000 -n 3 "$URL/part.{}" >put.ndjson
  [ "$(cat store/part.0 store/part.1 store/part.2 | wc -c)" -eq 3000 ]
}

@test "what goes wrong has a code" {
  fails 1 refused http://127.0.0.1:1/blob
  fails 1 unresolved http://no..such..host/blob
  fails 1 no-range "$URL/none"
  fails 1 no-range "$URL/noranges/blob"
  fails 1 short -s 10k -n 10 "$URL/short/blob"
  [ "$(jq -s 'map(select(.metric == "errors"))[0].value' failed.ndjson)" -eq 9 ]
  fails 1 timeout -s 10k -n 2 --timeout 1 "$URL/slow/blob"
}

@test "a header is sent and shown nowhere" {
  fails 1 no-range "$URL/key/blob"
  run --separate-stderr probe -n 2 -s 10k -t 1 --header "X-Key: secret" "$URL/key/blob"
  [ "$status" -eq 0 ]
  [[ "$output" != *secret* ]]
}

@test "interrupted: the records so far, no process and no file left" {
  "$TOP/contrib/httpprobe" -t 2 -s 10k -n 10 "$URL/slow/blob" >int.ndjson 2>int.err 3>&- &
  pid=$!
  wait_for 10 eval '[ "$(pgrep -c -P $pid -x curl)" -eq 2 ]'
  kill -TERM $pid
  status=0
  wait $pid || status=$?
  [ "$status" -eq 143 ]
  complete int.ndjson
  jq -se '.[-1].status == "interrupted"' int.ndjson
  [ -z "$(ls tmp)" ]
}

@test "wrong usage" {
  for how in "" "ftp://a/b" "-t 0 http://a/b" "-t x http://a/b" "-s 1x http://a/b" "-s 0 http://a/b" "-X POST http://a/b" "-n 1 -t 2 http://a/b" \
    "-T x http://a/b" "--no http://a/b" "http://a http://b" "-t"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr probe $how
    [ "$status" -eq 2 ] || { echo "$how: $status"; false; }
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ] || { echo "$how: $stderr"; false; }
  done
  run probe --help
  [ "$status" -eq 0 ]
}
