load helper

# --help, the pages, the schema and the records must agree.

# help_options TOOL: "-x --long ARG" or "--long ARG" a line, sorted.
help_options() {
  "$1" --help | sed -n 's/^  \(-.\), \(--[a-z-]*\) \([A-Z=:]*\) .*/\1 \2 \3/p; s/^      \(--[a-z-]*\) \([A-Z=:]*\) .*/\1 \2/p' |
    sed 's/ $//' | sort
}

# page_options PAGE: the same from the .It Fl lines of a page.
page_options() {
  sed -n 's/^\.It Fl \(.\) , -\([a-z-]*\)\( Ar \(.*\)\)\{0,1\}$/-\1 --\2 \4/p; s/^\.It Fl -\([a-z-]*\)\( Ar \(.*\)\)\{0,1\}$/--\1 \3/p' "$1" |
    sed 's/ $//' | sort
}

@test "the options of --help are those of the page" {
  for tool in $TOOLS; do
    help_options "$tool" >"$BATS_TEST_TMPDIR/help"
    page_options "$TOP/man/$tool.1" >"$BATS_TEST_TMPDIR/page"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/help")" -gt 5 ]
    diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page" || { echo "^ $tool"; false; }
  done
  help_options skeleton >"$BATS_TEST_TMPDIR/help"
  page_options "$TOP/contrib/skeleton/skeleton.1" | diff "$BATS_TEST_TMPDIR/help" -
}

@test "the usage line is the page's synopsis" {
  for tool in $TOOLS; do
    usage=$("$tool" --help | sed -n '1s/^usage: //p')
    synopsis=$(mandoc -T ascii -O width=200 "$TOP/man/$tool.1" | sed 's/.\x08//g' | sed -n '/^SYNOPSIS/,/^DESC/{/^ /{s/^ *//;s/  */ /g;p}}' | head -n 1)
    [ "$usage" = "$synopsis" ] || { echo "$tool: '$usage' is not '$synopsis'"; false; }
  done
}

@test "the pages are clean mdoc" {
  for page in "$TOP"/man/*.[1-9] "$TOP"/contrib/skeleton/*.1; do
    run mandoc -T lint -W warning "$page"
    [ "$status" -eq 0 ] || { echo "$output"; false; }
  done
}

@test "every tool has a page with all sections, and a test file" {
  for tool in $TOOLS; do
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS FIELDS '"EXIT STATUS"' EXAMPLES OVERHEAD '"SEE ALSO"'; do
      grep -qE "^\.Sh (${section}|${section//\"/})\$" "$TOP/man/$tool.1" || { echo "$tool: no $section"; false; }
    done
    [ -e "$TOP/tests/$tool.bats" ]
  done
}

@test "every key of the schema is described in btools-record(5)" {
  for key in $(jq -r '.properties | keys[]' "$TOP/contrib/record.schema.json"); do
    grep -qE "(^|[^a-z_0-9])$key([^a-z_0-9]|\$)" "$TOP/man/btools-record.5" || { echo "$key"; false; }
  done
}

@test "every key and metric that a tool emits is described in its page or in btools-record(5)" {
  trace_turn
  setup_locks
  cd "$BATS_TEST_TMPDIR"
  timeout 60 bcpu -t 1,2 -d 100ms -w 10ms -i 50ms >bcpu.ndjson
  timeout 60 bcpu -r 1000 -d 100ms -w 0 int >>bcpu.ndjson
  {
    timeout 60 bmem -q -t 1,2 -d 20ms -w 5ms -i 10ms -s 64k copy latency tlb stride fault gups
    timeout 60 bmem -q -r 1000 -d 50ms -w 0 -s 64k --nodes 0 memcpy
    timeout 60 bmem -q -d 20ms -w 0 -s 64k --load 0,50 loaded c2c
    BMEM_PLANT=copy timeout 60 bmem -q -n 30 -t 2 -w 0 -s 64k copy 2>errors || :
  } >bmem.ndjson
  {
    timeout 60 bsched -t 1,2 -d 100ms -w 10ms -i 50ms
    timeout 60 bsched -r 1000 -d 100ms -w 0 --work 10us --policy other --prio 1 wakeup pipe
    BSCHED_PLANT=pipe timeout 60 bsched -n 100 -t 1,2 -w 0 pipe 2>errors || :
  } >bsched.ndjson
  {
    timeout 60 bdisk -s 4M -t 1,2 -d 50ms -w 10ms -i 20ms
    timeout 60 bdisk -s 4M -r 500 -Q 4 -d 100ms -w 0 --fsync each randrw
    timeout 60 bdisk -s 4M -d 200ms -w 0 --steady -E sync --cache cold randread
    timeout 60 bdisk replay -v "$TOP/tests/fixtures/replay/app.ndjson"
  } >bdisk.ndjson
  {
    timeout 60 bring -d 3ms -w 0 -i 2ms --queue-size 100 --ring-size 100 --cq-size 200 -s 1M
    timeout 60 bring -r 1000 -t 1,2 -d 50ms -w 0 --spin 0 --matrix -t 1 -E queue pingpong
    BRING_PLANT=pingpong timeout 60 bring -n 100 -t 1,2 -w 0 --spin 0 -E queue pingpong 2>errors || :
  } >bring.ndjson
  {
    timeout 60 bnet -t 1,2 -d 30ms -w 5ms -i 10ms
    timeout 60 bnet -E io_uring --zerocopy -d 30ms --bidir -i 10ms stream
    timeout 60 bnet -d 50ms -r 1000 --reverse --retry 1 udp
    timeout 60 bnet -n 20 -r 1000 --proto udp --nodelay on --sndbuf 64k --rcvbuf 64k --dscp 1 --busy-poll 1us --bind 127.0.0.1 rr
    BNET_PLANT=rr timeout 60 bnet -n 100 -t 2 -w 0 rr 2>errors || :
    timeout 60 bnet serve -d 10ms 127.0.0.1:0 2>errors || :
  } >bnet.ndjson
  {
    timeout 60 bsample -i 20ms -n 3 -k cpu,node cpu mem disk net psi irq temp freq cgroup gpu proc thread 2>errors
    for machine in numa arm cgroup2; do
      timeout 60 bsample --root "$TOP/tests/fixtures/bsample/$machine/1" --root "$TOP/tests/fixtures/bsample/$machine/2" --align -d 1s \
        cpu mem disk net psi irq temp freq cgroup 2>errors
    done
    timeout 60 bsample -i 50ms -- sh -c 'ls / | cat' 2>errors
  } >bsample.ndjson
  timeout 60 bsys -t 1,2 -d 20ms -w 5ms -i 10ms >bsys.ndjson
  timeout 60 bsys -r 1000 -d 50ms -w 0 null >>bsys.ndjson
  # Tracing needs root; then it is checked here as well.
  if [ "$(id -u)" -eq 0 ] && [ -e "$BUILD/bsys.skel.h" ] && [ -e /sys/kernel/btf/vmlinux ]; then
  {
      timeout 60 bsys trace -i 50ms -k pid,tid,comm,cgroup,cpu -d 300ms
      timeout 60 bsys trace --count-only -k cpu -d 50ms
      timeout 60 bsys trace -k pid,tid -- unshare --pid --fork cat /none 2>/dev/null || :
      timeout 60 bsys events --sample 2 --limit 1000 -n 5000 -- unshare --pid --fork sh -c 'ls / | cat' 2>/dev/null
      timeout 60 bsys events -- cat /none 2>/dev/null || :
    } >>bsys.ndjson
  {
      timeout 60 bsched runq oncpu offcpu switch migrate wake preempt -i 50ms -k pid,tid,comm,cgroup,cpu,prio --max-groups 20000 -d 300ms
      timeout 60 bsched runq oncpu offcpu --stack both --min 1us -- unshare --pid --fork sh -c 'ls / | cat' 2>/dev/null
      timeout 60 bsched migrate wake preempt -d 50ms
    } >>bsched.ndjson
  fi
  bagg bcpu.ndjson >bagg.ndjson
  bdiff -f json bcpu.ndjson bcpu.ndjson >bdiff.ndjson
  for tool in $TOOLS; do
    validate "$tool.ndjson"
    # What a filter passes on is described by the tool that said it first.
    case $tool in bagg | bdiff) jq -r 'keys[], .metric // empty' bcpu.ndjson | sort -u ;; esac >passed_on
    for word in $(jq -r 'keys[], .metric // empty' "$tool.ndjson" | sort -u | comm -23 - passed_on); do
      grep -qE "(^|[^a-z_0-9])$word([^a-z_0-9]|\$)" "$TOP/man/$tool.1" "$TOP/man/btools-record.5" || { echo "$tool: $word"; false; }
    done
  done
}

# readme WHICH: run the commands of the README that trace, or the others. Those that start everything are tested in demo.bats and by
# this run itself.
readme() {
  setup_locks
  cp -r "$TOP/README.md" "$BATS_TEST_TMPDIR/"
  cd "$BATS_TEST_TMPDIR"
  # Blocks marked sh are for running.
  awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' README.md | grep -vE '^(make|git|cd|#)' | sed '/^ *$/d' >all
  if [ "$1" = tracing ]; then
    grep -E "$tracers" all >commands
  else
    grep -vE "$tracers" all >commands
  fi
  [ "$(wc -l <commands)" -ge 2 ]
  while IFS= read -r command; do
    timeout 60 bash -c "$command" </dev/null >out 2>err || status=$?
    # bdiff may find a real difference on a noisy machine: 1 is an answer.
    case ${status:-0}:$command in
    0:* | 1:*bdiff*) ;;
    *) echo "$command: status $status"; cat out err; false ;;
    esac
    status=0
  done <commands
}

tracers='bsys (trace|events)|bsched (runq|oncpu|offcpu|switch|migrate|wake|preempt)'

@test "every command of the README works as written" {
  trace_turn
  readme others
}

@test "root: every command of the README that traces works as written" {
  need_bpf
  readme tracing
}
