load helper

# The reference: an implementation that shares no code with ours, from npm. Fetched once, kept in the user's cache.
setup_reference() {
  need node
  need npm
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/btools-test
  export NODE_PATH="$cache/node_modules"
  node -e 'require("hdr-histogram-js")' 2>/dev/null && return
  mkdir -p "$cache" 2>/dev/null || skip "no cache directory"
  timeout 120 npm install --no-audit --no-fund --no-save --prefix "$cache" hdr-histogram-js@3.0.1 \
    >"$BATS_TEST_TMPDIR/npm.log" 2>&1 || skip "npm cannot install hdr-histogram-js"
  node -e 'require("hdr-histogram-js")' || skip "hdr-histogram-js does not load"
}

# values KIND: 5000 integers, one a line, the same on every run.
values() {
  awk -v kind="$1" 'BEGIN {
    srand(7)
    for (i = 0; i < 5000; i++) {
      u = rand()
      if (kind == "small") v = u * 50
      else if (kind == "latency") v = 20000 * exp((rand() + rand() + rand() + rand() - 2) * 0.8)
      else v = exp(u * 36)
      printf "%d\n", v
    }
  }'
}

# What our --decode prints, computed by the reference from base64 on stdin.
reference_decode() {
  node -e '
    const hdr = require("hdr-histogram-js");
    const h = hdr.decodeFromCompressedBase64(require("fs").readFileSync(0, "utf8").trim(), 64);
    const buckets = [];
    for (let i = 0; i < h.countsArrayLength; i++) {
      const n = h.getCountAtIndex(i);
      if (n > 0) buckets.push([h.highestEquivalentValue(h.valueFromIndex(i)), n]);
    }
    const p = [0, 10, 50, 90, 99, 99.9, 100].map(q => h.getValueAtPercentile(q));
    console.log(JSON.stringify({ n: h.totalCount, digits: h.numberOfSignificantValueDigits, p, buckets }));'
}

# reference_encode DIGITS LOWEST HIGHEST: base64 of the values on stdin.
reference_encode() {
  node -e '
    const hdr = require("hdr-histogram-js");
    const [digits, lowest, highest] = process.argv.slice(1).map(Number);
    const h = hdr.build({ bitBucketSize: 64, autoResize: false, lowestDiscernibleValue: lowest,
      highestTrackableValue: highest, numberOfSignificantValueDigits: digits });
    for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) h.recordValue(Number(line));
    console.log(hdr.encodeIntoCompressedBase64(h));' "$@"
}

@test "the reference decodes our histograms" {
  setup_reference
  cd "$BATS_TEST_TMPDIR"
  for digits in 1 2 3; do
    for kind in small latency wide; do
      values "$kind" | timeout 20 "$BUILD/unit/histcodec" --encode "$digits" >ours
      timeout 20 "$BUILD/unit/histcodec" --decode <ours | jq -S 'del(.min, .max)' >want
      reference_decode <ours | jq -S . >got
      [ "$(jq .n got)" -eq 5000 ]
      cmp want got || { echo "$kind with $digits digits"; diff want got | head; false; }
    done
  done
}

@test "the reference decodes our empty histogram, and one of a single zero" {
  setup_reference
  timeout 20 "$BUILD/unit/histcodec" --encode 3 </dev/null >"$BATS_TEST_TMPDIR/ours"
  [ "$(reference_decode <"$BATS_TEST_TMPDIR/ours" | jq -c '[.n, .buckets]')" = '[0,[]]' ]
  echo 0 | timeout 20 "$BUILD/unit/histcodec" --encode 3 >"$BATS_TEST_TMPDIR/ours"
  [ "$(reference_decode <"$BATS_TEST_TMPDIR/ours" | jq -c '[.n, .buckets]')" = '[1,[[0,1]]]' ]
}

@test "we decode the histograms of the reference" {
  setup_reference
  cd "$BATS_TEST_TMPDIR"
  for digits in 1 2 3; do
    for kind in small latency wide; do
      values "$kind" | reference_encode "$digits" 1 9000000000000000 >theirs
      timeout 20 "$BUILD/unit/histcodec" --decode <theirs | jq -S 'del(.min, .max)' >got
      reference_decode <theirs | jq -S . >want
      [ "$(jq .n got)" -eq 5000 ]
      cmp want got || { echo "$kind with $digits digits"; diff want got | head; false; }
    done
  done
}

@test "layouts of the reference that are not ours keep their counts and nearly their percentiles" {
  setup_reference
  cd "$BATS_TEST_TMPDIR"
  for layout in '4 1 1000000000' '5 1 1000000000' '3 1000 1000000000' '2 64 4000000000'; do
    values latency | reference_encode $layout >theirs
    timeout 20 "$BUILD/unit/histcodec" --decode <theirs >got
    reference_decode <theirs >want
    # A bucket of theirs is counted at its middle: half its width off, plus 0.1 % of ours.
    jq -e -s --arg layout "$layout" '($layout | split(" ") | map(tonumber)) as [$digits, $lowest, $top]
      | .[0].n == .[1].n and .[0].digits == 3 and ([.[0].p, .[1].p] | transpose[1:]
      | all((.[0] - .[1] | fabs) <= .[1] * (0.001 + pow(10; -$digits)) + $lowest))' got want ||
      { echo "layout $layout"; jq -c .p got want; false; }
  done
}

@test "a record's histogram is the one that the reference reads" {
  setup_reference
  cd "$BATS_TEST_TMPDIR"
  export BTOOLS_LOCK_DIR="$BATS_TEST_TMPDIR/lock"
  timeout 30 bcpu -q -d 50ms -w 0s -t 1 -f json int >records
  jq -r 'select(.hist) | .hist' records | head -n 1 >hist
  [ -s hist ]
  reference_decode <hist >got
  jq -c 'select(.hist)' records | head -n 1 | jq -e --slurpfile got got '.n == $got[0].n and .digits == $got[0].digits'
}

@test "hostile histograms: a short run of the fuzz target" {
  timeout 60 "$BUILD/fuzz/histcodec" -n 4000
}

@test "hostile histograms with ASan and UBSan" {
  timeout 120 "$(variant SAN=address,undefined)/fuzz/histcodec" -n 4000 -S 1000000
}
