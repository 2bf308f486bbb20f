# Shared by all test files: load helper

bats_require_minimum_version 1.5.0

# Where the project lies, its tools, and the build directory that PATH names.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$(sed -n 's/^TOOLS *:= *//p' "$TOP/Makefile")
BUILD=${BUILD:-$(dirname "$(command -v skeleton)")}

export LC_ALL=C
unset BTOOLS_RUN NO_COLOR BCPU_PLANT BMEM_PLANT BNET_PLANT BRING_PLANT BSYS_PLANT

# variant VARIABLE=VALUE...: the build directory of that variant.
variant() {
  make -s -C "$TOP" where "$@"
}

# Locks of this test alone, so that tests neither wait for nor disturb other runs.
setup_locks() {
  export BTOOLS_LOCK_DIR="$BATS_TEST_TMPDIR/lock"
  mkdir -p "$BTOOLS_LOCK_DIR"
}

need() {
  command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed"
}

# wait_for SECONDS COMMAND...: poll until COMMAND succeeds; fails after the deadline.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    read -rt 0.02 <> <(:) || :
  done
}

# elapse MS: wait until that much time has passed, for a time that is itself the thing tested (a stop, a pause).
elapse() {
  local start
  start=$(date +%s%N)
  until [ $((($(date +%s%N) - start) / 1000000)) -ge "$1" ]; do
    read -rt 0.02 <> <(:) || :
  done
}

# check_records FILE: every line is at most 4096 bytes, jq reads it, and it validates against the schema.
check_records() {
  [ -s "$1" ]
  [ "$(LC_ALL=C awk 'length($0) + 1 > 4096' "$1" | wc -l)" -eq 0 ]
  jq -e -s 'length > 0 and all(type == "object")' "$1" >/dev/null
  validate "$1"
}

# validate FILE: all records of FILE against contrib/record.schema.json.
validate() {
  jq '{type: "array", items: .}' "$TOP/contrib/record.schema.json" >"$BATS_TEST_TMPDIR/array.schema.json"
  jq -s . "$1" >"$BATS_TEST_TMPDIR/array.json"
  jsonschema -i "$BATS_TEST_TMPDIR/array.json" "$BATS_TEST_TMPDIR/array.schema.json" >"$BATS_TEST_TMPDIR/schema.log" 2>&1 ||
    { head -c 2000 "$BATS_TEST_TMPDIR/schema.log"; false; }
}

# interrupted SIGNAL TEXT COMMAND...: run COMMAND, its records into s.ndjson, and once TEXT is among them send SIGNAL, which must end
# it, with whole records that say interrupted. Sets pid.
interrupted() {
  local signal=$1 text=$2
  shift 2
  rm -f s.ndjson
  env --default-signal=HUP,INT "$@" >s.ndjson 3>&- & # in the background INT, under nohup HUP would be ignored
  pid=$!
  wait_for 10 grep -q "$text" s.ndjson
  kill "-$signal" $pid
  status=0
  wait $pid || status=$?
  [ "$status" -eq $((128 + $(kill -l "$signal"))) ] || { echo "$*: $signal: status $status"; false; }
  complete s.ndjson
  jq -se '.[-1].status == "interrupted"' s.ndjson
}

# killed TEXT COMMAND...: the same with KILL, which leaves whole records, and no end. Sets pid.
killed() {
  local text=$1
  shift
  rm -f s.ndjson
  "$@" >s.ndjson 3>&- &
  pid=$!
  wait_for 10 grep -q "$text" s.ndjson
  kill -KILL $pid
  wait $pid || :
  jq -se '.[0].kind == "meta" and .[-1].kind != "end"' s.ndjson
}

# figure FILE FILTER: the value of the only record that the jq filter selects.
figure() {
  jq -s "[.[] | select($2)] | if length == 1 then .[0].value else error(\"\(length) records\") end" "$1"
}

# complete FILE: meta first, end last with the right count, every line JSON of at most 4096 bytes.
complete() {
  jq -se '.[0].kind == "meta" and .[-1].kind == "end" and .[-1].records == length - 1' "$1" >/dev/null
  [ "$(LC_ALL=C awk '{ if (length($0) + 1 > max) max = length($0) + 1 } END { print max }' "$1")" -le 4096 ]
}

# as_planned FILE N: an open loop of N operations: each was made or is backlog, which on a busy machine the last ones may be.
as_planned() {
  jq -se --argjson planned "$2" 'map(select(.metric == "lat" or .metric == "svc" or .metric == "late")) as $times |
    (map(select(.metric == "backlog").value) | add) as $backlog | ($planned - $backlog) as $n | $n >= $planned / 2 and
    ($times | length == 3 and all(.n == $n and .loop == "open")) and map(select(.metric == "achieved").value) == [$n / $planned]' "$1"
}

# locks: files in the lock directory.
locks() {
  find "$BTOOLS_LOCK_DIR" -type f | wc -l
}

# agg FILTER [FILE]: FILTER over the agg records of $output or FILE.
agg() {
  if [ $# -gt 1 ]; then
    jq -c -r "select(.kind == \"agg\") | $1" "$2"
  else
    jq -c -r "select(.kind == \"agg\") | $1" <<<"$output"
  fi
}

# figures FILE: the agg records in an order of their own, as text, without what names the run of bagg itself.
figures() {
  sed -n '/"kind":"agg"/p' "$1" | sed 's/"run":"[0-9a-f]*"//' | sort
}

# trace_turn: wait until no other test traces: what one tracer does at an event delays the next, and classic tracepoints lose it.
trace_turn() {
  [ -z "${tracing:-}" ] || return 0
  exec {tracing}>"$BATS_RUN_TMPDIR/tracing"
  flock -w 200 "$tracing" || :
}

# need_bpf: what tracing needs, and its turn; or skip.
need_bpf() {
  [ "$(id -u)" -eq 0 ] || skip "only root can trace"
  [ -e /sys/kernel/btf/vmlinux ] || skip "the kernel has no type information (/sys/kernel/btf/vmlinux)"
  [ -e "$BUILD/bsys.skel.h" ] || skip "built without BPF"
  trace_turn
}

# compile_traced: the program that makes known system calls, as $TRACED; for setup_file.
compile_traced() {
  export TRACED="$BATS_FILE_TMPDIR/traced"
  cc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread -o "$TRACED" "$TOP/tests/fixtures/trace/traced.c"
}

# started FILE PID: wait until the tracer of that PID, whose records go to FILE, counts.
started() {
  # Only a tracer blocks USR1: the shell that becomes one does not, and FILE may be an older one's until then.
  wait_for 10 eval '(( 0x$(sed -n "s/^SigBlk:\t//p" /proc/'"$2"'/status) & 0x200 ))'
  wait_for 10 grep -q '"kind":"meta"' "$1"
  kill -USR1 "$2"
  wait_for 10 grep -q '"kind":"mark"' "$1"
}

# total FILE METRIC [FILTER]: sum of a metric over the results that the jq filter selects.
total() {
  jq -s --arg metric "$2" "[.[] | select(.kind == \"result\" and .metric == \$metric) | select(${3:-true}) | .value] | add // 0" "$1"
}

# lost FILE: all that was lost.
lost() {
  total "$1" lost
}
