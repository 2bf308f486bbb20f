load ../../tests/helper

@test "answers as often as asked" {
  run --separate-stderr timeout 10 skeleton -n 3
  [ "$status" -eq 0 ]
  [ "$(jq -s '[.[] | select(.kind == "result") | .value] | add' <<<"$output")" -eq 126 ]
  [ "$(jq -r 'select(.kind == "end") | .status' <<<"$output")" = ok ]
}

@test "nonsense is refused by name" {
  run --separate-stderr timeout 10 skeleton -n 0
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "${stderr_lines[0]}" == *"-n, --count"* ]]
}
