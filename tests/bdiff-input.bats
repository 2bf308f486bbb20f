load helper

# What bdiff takes: several baselines, baselines of its own making, accepted changes, and what it refuses.

FIX="$TOP/tests/fixtures/bdiff"

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# records RUN METRIC VALUE...: one result record of each value.
records() {
  local run=$1 metric=$2 rep=0 value
  shift 2
  for value; do
    rep=$((rep + 1))
    echo "{\"v\":1,\"kind\":\"result\",\"ts\":1763661$((200 + rep)).5,\"run\":\"$run\",\"host\":\"h\",\"tool\":\"t\",\"test\":\"x\",\"rep\":$rep,\"bs\":4096,\"metric\":\"$metric\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":$value}"
  done
}

# machine HOST FP FACTS: a meta record and its end.
machine() {
  echo "{\"v\":1,\"kind\":\"meta\",\"ts\":1,\"run\":\"00000001\",\"host\":\"$1\",\"tool\":\"t\",\"version\":\"1\",$3,\"fp\":\"$2\"}"
  echo "{\"v\":1,\"kind\":\"end\",\"ts\":2,\"run\":\"00000001\",\"host\":\"$1\",\"tool\":\"t\",\"status\":\"ok\",\"records\":1,\"elapsed\":1,\"errors\":0}"
}

# slower: files base and new, ten runs a side, of which lat is 10 % slower and rate the same.
slower() {
  local i
  for i in 0 1 2 3 4 5 6 7 8 9; do
    records "0000000$i" lat "10$i" >>base
    records "0000000$i" lat "11$i" >>new
    records "0000000$i" svc "10$i" | tee -a base >>new
  done
}

row() {
  jq -c "select(.kind == \"diff\" and .stat != \"geomean\" and ($1))" <<<"$output"
}

compare() {
  run --separate-stderr timeout -k 5 30 bdiff "$@"
}

@test "several baselines: all but the last operand are BASE" {
  records 00000001 lat 100 101 >a
  records 00000001 lat 102 103 104 >b
  records 00000002 lat 105 >c
  records 00000003 lat 100 101 102 >new
  compare a b c new
  [ "$status" -eq 0 ]
  # Runs are told apart by file, host and run id.
  [ "$(row '.n_base == 6 and .n_new == 3 and .runs_base == 3 and .runs_new == 1' | wc -l)" -eq 1 ]
  cat a c >both
  compare both new
  [ "$(row '.n_base == 3 and .runs_base == 2' | wc -l)" -eq 1 ]
  compare a - c new <b
  [ "$(row '.n_base == 6' | wc -l)" -eq 1 ]
  compare a - - new <b
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  compare -v a b c new
  [[ "$stderr" == *"BASE is a and 2 more: 6 observations from 6 result records"* ]]
  [[ "$stderr" == *"NEW is new: 3 observations from 3 result records"* ]]
}

@test "a run that stands in several operands is noted" {
  slower
  compare base new
  [[ "$stderr" == *"runs that stand in more than one operand: 10; each"* ]]
  sed 's/"run":"0000000/"run":"1000000/' new >other
  compare base other
  [ -z "$stderr" ]
  compare base base other
  [[ "$stderr" == *"runs that stand in more than one operand: 10; each"* ]]
}

@test "names of -m and -k that nothing has are no silent pass" {
  slower
  compare -m svc base new
  [ "$status" -eq 0 ]
  compare -m svc,lta base new
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"bdiff: -m lta: neither side has such a metric"* && "$stderr" != *"-m svc"* ]]
  compare -m svc -k bs base new
  [ "$status" -eq 0 ]
  [[ "$stderr" != *"-k bs"* ]]
  compare -m svc -k tset base new
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"bdiff: -k tset: no record has such a key"* ]]
  compare --strict -m svc -k tset base new
  [ "$status" -eq 2 ]
}

@test "records without a run id are one run of their file" {
  for file in a b new; do records 00000001 lat 100 101 | sed 's/"run":"00000001",//' >$file; done
  compare a b new
  [ "$(row '.n_base == 4 and .runs_base == 2' | wc -l)" -eq 1 ]
}

@test "a baseline that gives nothing is trouble, and named" {
  records 00000001 lat 100 101 >a
  records 00000003 lat 100 101 102 >new
  sed 's/"result"/"sample"/' a >samples
  : >empty
  compare a empty new
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"empty: nothing to compare"* ]]
  # Whichever comes first: a lesser source is never mixed with a better one.
  for order in "a samples" "samples a"; do
    # shellcheck disable=SC2086
    compare $order new
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"samples: nothing to compare: it has sample records, but other baselines have result records"* ]]
    [ "$(row '.n_base == 2' | wc -l)" -eq 1 ]
  done
  for bad in / no-such-file; do
    compare a $bad new
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "$stderr" == *"$bad: "* ]]
  done
}

@test "--smooth judges against the last baselines; too many are said" {
  for i in 1 2 3 4; do records "0000000$i" lat $((i * 100)) >b$i; done
  records 00000009 lat 400 >new
  compare --smooth 1 b1 b2 b3 b4 new
  [ "$(row '.base == 400' | wc -l)" -eq 1 ]
  [ -z "$(grep smooth <<<"$stderr")" ]
  compare --smooth 3 b1 b2 b3 b4 new
  [ "$(row '.base == 300' | wc -l)" -eq 1 ]
  compare --smooth 5 b1 b2 b3 b4 new
  [[ "$stderr" == *"--smooth 5: there are only 4 baselines"* ]]
  for bad in 0 1001 x -1 ''; do
    compare "--smooth=$bad" b1 new
    [ "$status" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"--smooth: "* ]]
  done
}

@test "several thousand baselines" {
  mkdir many
  for i in {1000..3999}; do echo "{\"v\":1,\"kind\":\"result\",\"run\":\"0000$i\",\"test\":\"x\",\"metric\":\"lat\",\"unit\":\"ns\",\"better\":\"lower\",\"value\":$i}" >many/$i; done
  compare many/* many/2500
  [ "$status" -eq 0 ]
  [ "$(row '.n_base == 3000 and .runs_base == 3000' | wc -l)" -eq 1 ]
}

@test "-x takes a percent sign" {
  slower
  compare -x 30% base new
  [ "$status" -eq 0 ]
  [ "$(row '.threshold_pct == 30' | wc -l)" -eq 2 ]
  compare -x 30% -x lat=2% base new
  [ "$status" -eq 1 ]
  compare -x 30 -x value=2.5% base new
  [ "$(row '.threshold_pct == 2.5' | wc -l)" -eq 2 ]
  for bad in % 5%% lat=% '5 %' lat=5%x -1%; do
    compare "--threshold=$bad" base new
    [ "$status" -eq 2 ]
    [[ "${stderr_lines[0]}" == *"-x, --threshold"* ]]
  done
}

@test "a stream cut short, interrupted or failed is trouble; --allow-truncated notes it" {
  sed '$d' "$FIX/base.ndjson" >no-end
  head -c -5 "$FIX/base.ndjson" >cut
  sed 's/"status":"ok"/"status":"failed"/' "$FIX/base.ndjson" >failed
  for file in no-end cut failed; do
    compare "$FIX/base.ndjson" "$FIX/base.ndjson" $file
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"$file: "* ]]
    compare $file "$FIX/base.ndjson" "$FIX/base.ndjson"
    [ "$status" -eq 2 ]
    compare --allow-truncated $file "$FIX/base.ndjson"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"$file: "* ]]
    compare --allow-truncated --strict -q $file "$FIX/base.ndjson"
    [[ "$stderr" != *"$file: "* ]]
    run --separate-stderr timeout 30 bdiff --export $file
    [ "$status" -eq 2 ]
    [ -z "$output" ]
  done
}

@test "gzip: read as what it holds, from a file and from stdin; cut it is trouble" {
  gzip -c "$FIX/base.ndjson" >base.gz
  compare -m rate base.gz "$FIX/new.ndjson"
  jq -c 'select(.kind == "diff") | del(.ts, .run)' <<<"$output" >zipped
  compare -m rate "$FIX/base.ndjson" "$FIX/new.ndjson"
  jq -c 'select(.kind == "diff") | del(.ts, .run)' <<<"$output" | diff - zipped
  compare - "$FIX/base.ndjson" <base.gz
  [ "$status" -eq 0 ]
  head -c 600 base.gz >cut.gz
  compare "$FIX/base.ndjson" cut.gz
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"cut.gz: "* ]]
}

@test "export: the same lines in any order and any files give the same bytes; comparing them is comparing the originals" {
  bdiff --export "$FIX/base.ndjson" "$FIX/new.ndjson" >e
  check_records e
  [ "$(jq -r '[.kind, .tool] | join(" ")' e | uniq -c | xargs)" = "1 meta bdiff 2 meta bcpu 36 result bcpu 2 end bcpu 1 end bdiff" ]
  [ "$(jq -c 'select(.crc32) | [.records, .status, .ts]' e)" = '[41,"ok",1763661241]' ]
  # Byte for byte.
  sed '1d;$d' e | sort | diff - <(sort "$FIX/base.ndjson" "$FIX/new.ndjson")
  for i in 1 2 3; do
    cat "$FIX/base.ndjson" "$FIX/new.ndjson" | shuf --random-source=<(yes $i) | split -n r/$i - part.
    bdiff --export part.* | cmp - e
    rm part.*
  done
  sed 's/$/\r/' e | bdiff --export - | cmp - e
  # What is exported once is not exported twice.
  bdiff --export e | cmp - e
  bdiff --export e "$FIX/new.ndjson" 2>err | cmp - e
  grep -q '20 records were read twice' err
  compare "$FIX/base.ndjson" "$FIX/new.ndjson"
  jq -c 'select(.kind == "diff") | del(.ts, .run)' <<<"$output" | sort >direct
  bdiff --export "$FIX/base.ndjson" >base
  bdiff --export "$FIX/new.ndjson" >new
  compare base new
  [ "$status" -eq 1 ]
  jq -c 'select(.kind == "diff") | del(.ts, .run)' <<<"$output" | sort | diff - direct
  # Equal measurements without a run or a time are as many as they are.
  for i in 1 2 3; do echo '{"v":1,"kind":"result","metric":"lat","value":1}'; done >foreign
  [ "$(bdiff --export foreign | grep -c value)" -eq 3 ]
  # Repetitions are in the order of numbers.
  for i in 10 9 1 11 2; do echo "{\"v\":1,\"kind\":\"result\",\"rep\":$i,\"metric\":\"lat\",\"value\":1}"; done >foreign
  [ "$(bdiff --export foreign | jq -c '.rep | select(.)' | xargs)" = "1 2 9 10 11" ]
}

@test "export: -o writes whole files, gzip by name; half a baseline is none" {
  bdiff --export "$FIX/base.ndjson" >e
  bdiff --export -o e.ndjson "$FIX/base.ndjson"
  cmp e e.ndjson
  bdiff --export -o 1.ndjson.gz "$FIX/base.ndjson"
  bdiff --export -o 2.ndjson.gz "$FIX/base.ndjson"
  cmp 1.ndjson.gz 2.ndjson.gz
  gzip -dc 1.ndjson.gz | cmp - e
  compare 1.ndjson.gz "$FIX/base.ndjson"
  [ "$status" -eq 0 ]
  { cat "$FIX/base.ndjson"; echo junk; } >bad
  sed '$d' "$FIX/base.ndjson" >cut
  grep -v '"result"' "$FIX/base.ndjson" >bare
  sed 's/"hist":"HIST/"hist":"HISS/' "$FIX/base.ndjson" >hist
  mkdir dir
  for file in bad cut bare hist dir /dev/null no-such-file; do
    for out in e.ndjson 1.ndjson.gz -; do
      run --separate-stderr timeout 30 bdiff --export -o $out "$FIX/new.ndjson" $file
      # What has no measurements is not empty: another file may have them.
      [ $file = bare ] && [ "$status" -eq 0 ] && continue
      [ "$status" -eq 2 ]
      [ -z "$output" ]
      [[ "$stderr" == *"nothing is exported"* ]]
    done
  done
  bdiff --export -o e.ndjson "$FIX/base.ndjson"
  run --separate-stderr timeout 30 bdiff --export -o e.ndjson bare
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"no measurements"* ]]
  cmp e e.ndjson
  run --separate-stderr timeout 30 bash -c "bdiff --export '$FIX/base.ndjson' >/dev/full"
  [ "$status" -eq 2 ]
  for usage in "--export" "--export -f text a" "--export - -"; do
    # shellcheck disable=SC2086
    compare $usage
    [ "$status" -eq 2 ]
    [ "${#stderr_lines[@]}" -eq 2 ]
  done
  run --separate-stderr timeout 30 bdiff --export --allow-truncated cut
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"the input: truncated: 1 of its streams have no end record"* ]]
}

@test "export: results, or else agg records, or else samples, and nothing that is no measurement" {
  records 00000001 lat 1 2 >r
  sed 's/"result"/"sample"/' r >s
  bagg r >g
  echo '{"v":1,"kind":"event","ts":1,"metric":"lat","value":7}' >e
  echo '{"v":1,"kind":"warn","ts":1,"code":"x","msg":"y"}' >w
  for order in "s g r e w" "w e r g s"; do
    # shellcheck disable=SC2086
    [ "$(bdiff --export $order | jq -r .kind | sort | uniq -c | xargs)" = "2 end 1 meta 2 result" ]
  done
  [ "$(bdiff --export s g | jq -r .kind | sort | uniq -c | xargs)" = "1 agg 2 end 1 meta" ]
  [ "$(bdiff --export s | jq -r .kind | sort | uniq -c | xargs)" = "1 end 1 meta 2 sample" ]
  records 00000001 svc 1 2 >>r
  [ "$(bdiff --export -m svc r | jq -r .metric | grep -v null | uniq -c | xargs)" = "2 svc" ]
}

@test "a signal while it reads ends an export without a word on stdout" {
  mkfifo pipe
  bdiff --export "$FIX/base.ndjson" pipe >out &
  pid=$!
  exec 9<>pipe
  wait_for 10 bash -c "ls -l /proc/$pid/fd | grep -q 'pipe\$'"
  kill -TERM $pid
  status=0
  wait $pid || status=$?
  exec 9>&-
  [ "$status" -eq 143 ]
  [ ! -s out ]
}

@test "a baseline that was changed, cut or added to is trouble" {
  bdiff --export "$FIX/base.ndjson" >e
  sed 's/"value":1004/"value":1005/' e >changed
  sed 5d e >shorter
  sed 5p e >longer
  sed 1d e >headless
  sed '$d' e >endless
  { sed '$d' e; cat e; } >joined
  sed 's/"crc32":".*"/"crc32":"x"/' e >odd
  for pair in changed:"checksum does not match" shorter:"records of the baseline are missing" longer:"more records than" \
    headless:"the beginning of the baseline is missing" endless:"the end of the baseline is missing" \
    joined:"the end of the baseline is missing" odd:"checksum does not match"; do
    compare "${pair%%:*}" "$FIX/base.ndjson"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"${pair%%:*}"*"${pair#*:}"* ]]
    gzip -c "${pair%%:*}" >z.gz
    compare "$FIX/base.ndjson" z.gz
    [ "$status" -eq 2 ]
    run --separate-stderr timeout 30 bdiff --export "${pair%%:*}"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
  done
  # No option allows it: without its end nobody knows what else was lost.
  sed 's/crc32/crc33/' e >unsealed
  for file in endless changed unsealed; do
    compare --allow-truncated $file "$FIX/base.ndjson"
    [ "$status" -eq 2 ]
  done
  # Every single byte counts.
  size=$(stat -c %s e)
  for ((at = 140; at < size - 200; at += 211)); do
    { head -c $at e; printf '\x7e'; tail -c +$((at + 2)) e; } >flipped
    compare flipped "$FIX/base.ndjson"
    [ "$status" -eq 2 ]
  done
}

@test "baselines may be joined, follow other records and have their line ends changed" {
  bdiff --export "$FIX/base.ndjson" >e
  bdiff --export "$FIX/new.ndjson" >f
  cat e f >two
  { cat "$FIX/new.ndjson" e; records 00000001 lat 1; } >behind
  sed 's/$/\r/' e >crlf
  for file in two behind crlf; do
    compare --allow-missing $file "$FIX/base.ndjson"
    [ "$status" -ne 2 ]
    [[ "$stderr" != *baseline* ]]
  done
}

@test "--accept: an accepted regression is no failure, and its reason is shown" {
  slower
  compare base new
  [ "$status" -eq 1 ]
  [ "$(row '.metric == "lat" and .verdict == "regressed"' | wc -l)" -eq 1 ]
  echo '{"metric":"lat","test":"x","bs":4096.0,"tool":"t","reason":"new checks","expires":"2999-12-31"}' >accept
  compare --accept accept base new
  [ "$status" -eq 0 ]
  [ "$(row '.metric == "lat" and .verdict == "accepted" and .accepted == "new checks"' | wc -l)" -eq 1 ]
  compare -f text --accept accept base new
  [[ "$output" == *"new checks"* ]]
  compare -v --accept accept base new
  [[ "$stderr" != *"accept:1"* ]]
  # Every key must be that of the row.
  for entry in '"metric":"svc"' '"metric":"lat","bs":8192' '"metric":"lat","bs":"4096"' '"metric":"lat","test":"y"' '"metric":"lat","other":1' \
    '"metric":"lat","stat":"p50"' '"metric":"lat","max_pct":3'; do
    echo "{$entry,\"reason\":\"why\",\"expires\":\"2999-12-31\"}" >accept
    compare -v --accept accept base new
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"accept:1: was not needed: why"* ]]
  done
  for entry in '"metric":"lat","max_pct":12' '"\u006detric":"l\u0061t"' '"unit":"ns","stat":"value"'; do
    echo "{$entry,\"reason\":\"why\",\"expires\":\"2999-12-31\"}" >accept
    compare --accept accept base new
    [ "$status" -eq 0 ]
  done
  : >accept
  compare --accept accept base new
  [ "$status" -eq 1 ]
}

@test "--accept: what has expired accepts nothing, and says so; the first that fits counts" {
  slower
  echo '{"metric":"lat","reason":"long ago","expires":"2001-02-28"}' >accept
  compare --accept accept base new
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"accept:1: has expired and accepts nothing any more: long ago"* ]]
  # The day itself is the last one.
  echo "{\"metric\":\"lat\",\"reason\":\"today\",\"expires\":\"$(date -u +%F)\"}" >>accept
  echo '{"metric":"lat","reason":"later","expires":"2999-02-28"}' >>accept
  compare --accept accept base new
  if [ "$status" -eq 1 ]; then [[ "$stderr" == *accept:2* ]]; else row '.accepted == "today" or .accepted == "later"' | grep -q accepted; fi
  grep -v today accept >accept2
  compare --accept accept2 base new
  [ "$status" -eq 0 ]
  [ "$(row '.accepted == "later"' | wc -l)" -eq 1 ]
}

@test "--accept: a file that is none is refused whole" {
  slower
  good='"reason":"why","expires":"2999-12-31"'
  while IFS= read -r bad; do
    { echo "{\"metric\":\"lat\",$good}"; echo "$bad"; } >accept
    compare --accept accept base new
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "$stderr" == *"accept:2: "* ]] || { echo "$bad: $stderr"; false; }
  done <<END
junk
{"metric":"lat"}
{"metric":"lat","reason":"why"}
{"metric":"lat","expires":"2999-12-31"}
{"metric":"lat","reason":"","expires":"2999-12-31"}
{"metric":"lat","reason":7,"expires":"2999-12-31"}
{"metric":"lat","reason":"why","expires":"soon"}
{"metric":"lat","reason":"why","expires":"2999-02-29"}
{"metric":"lat","reason":"why","expires":"2999-13-01"}
{"metric":"lat","reason":"why","expires":"2999-1-01"}
{"metric":"lat","reason":"why","expires":20990101}
{"metric":"lat","max_pct":"12",$good}
{"metric":"lat","max_pct":-1,$good}
{"metric":"lat","max_pct":null,$good}
{"metric":["lat"],$good}
{"metric":null,$good}
{"metric":"lat","metric":"svc",$good}
{$good}
END
  for bad in / no-such-file; do
    compare --accept $bad base new
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"$bad: "* ]]
  done
}

@test "machines: every differing fact once, however many baselines" {
  old='"kernel":"6.1.0","cpu_model":"A","governor":"powersave","mem":8589934592'
  new='"kernel":"6.18.0","cpu_model":"A","governor":"performance","mem":17179869184'
  for file in a b c d; do records 00000001 lat 1 2 >$file; done
  machine h 0000000000000001 "$old" | tee -a a >>b
  machine h 0000000000000002 "$new" | tee -a c >>d
  compare a b c
  [ "$status" -eq 0 ]
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 3 ]
  [[ "$stderr" == *"the machines differ: kernel: 6.1.0 -> 6.18.0"* ]]
  [[ "$stderr" == *"the machines differ: governor: powersave -> performance"* ]]
  [[ "$stderr" == *"the machines differ: mem: 8589934592 -> 17179869184"* ]]
  # One baseline of another machine is enough.
  compare a c d
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 3 ]
  cat a c >both
  compare c both
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 3 ]
  compare c d c
  [[ "$stderr" != *"machines differ"* ]]
  # Refused: no rows.
  compare --strict a b c
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"--strict: what other machines did is not compared"* ]]
  # The environment is part of an exported baseline.
  bdiff --export a b >e
  compare e c
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 3 ]
}

@test "machines: hosts of the same name are held against each other, others against all" {
  for file in a b swapped renamed; do records 00000001 lat 1 2 >$file; done
  { machine db1 0000000000000001 '"kernel":"6.1.0"'; machine db2 0000000000000002 '"kernel":"6.2.0"'; } >>a
  { machine db2 0000000000000002 '"kernel":"6.2.0"'; machine db1 0000000000000001 '"kernel":"6.1.0"'; } >>b
  { machine db1 0000000000000002 '"kernel":"6.2.0"'; machine db2 0000000000000001 '"kernel":"6.1.0"'; } >>swapped
  { machine ci7 0000000000000002 '"kernel":"6.2.0"'; machine ci8 0000000000000001 '"kernel":"6.1.0"'; } >>renamed
  compare a b
  [[ "$stderr" != *"machines differ"* ]]
  compare a renamed
  [[ "$stderr" != *"machines differ"* ]]
  compare a swapped
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 2 ]
  [[ "$stderr" == *"the machines differ: kernel: 6.1.0 -> 6.2.0 (db1)"* ]]
  [[ "$stderr" == *"the machines differ: kernel: 6.2.0 -> 6.1.0 (db2)"* ]]
  # The same change everywhere is one.
  records 00000001 lat 1 2 >c
  { machine db1 0000000000000003 '"kernel":"7.0"'; machine db2 0000000000000003 '"kernel":"7.0"'; } >>c
  sed 's/6.2.0/6.1.0/' a >same
  compare same c
  [[ "$stderr" == *"the machines differ: kernel: 6.1.0 -> 7.0 (db1 and others)"* ]]
  [ "$(grep -c "machines differ" <<<"$stderr")" -eq 1 ]
}

@test "machines: hundreds of different ones are bounded, and never pass for the same" {
  for file in a b; do records 00000001 lat 1 2 >$file; done
  for i in {1000..1299}; do machine "h$i" "000000000000$i" "\"kernel\":\"$i\"" >>a; done
  machine h1299 0000000000001299 '"kernel":"1299"' >>b
  compare a b
  [[ "$stderr" == *"more than 256 different machines"* ]]
  compare --strict a a
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"--strict: what other machines did is not compared"* ]]
}
