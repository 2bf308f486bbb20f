# The record reader: hostile input, and the JSON fixtures against another parser.

load helper

@test "hostile records: a short run of the fuzz target" {
  timeout 60 "$BUILD/fuzz/recread" -n 20000
}

@test "hostile records: the same with ASan and UBSan" {
  timeout 120 "$(variant SAN=address,undefined)/fuzz/recread" -n 20000 -S 1000000
}

@test "the JSON fixtures are right, says another parser" {
  need node
  cd "$TOP"
  run --separate-stderr timeout 20 node -e '
    const fs = require("fs");
    let lines = 0, wrong = 0;
    for (const name of ["accept", "reject"])
      for (const line of fs.readFileSync(`tests/fixtures/json/${name}.ndjson`, "utf8").split("\n").slice(0, -1)) {
        let object;
        try { const v = JSON.parse(line); object = v !== null && typeof v === "object" && !Array.isArray(v); }
        catch (e) { object = false; }
        lines++;
        if (object !== (name === "accept")) { wrong++; console.error(`${name}: ${line}`); }
      }
    console.log(lines, wrong);'
  echo "$stderr" >&2
  [ "$status" -eq 0 ]
  [[ "$output" =~ ^[1-9][0-9]+\ 0$ ]]
}
