# httpprobe.awk - the records of httpprobe, from a line for each request: stream, bytes wanted, bytes of all, HTTP status, bytes
# received and sent, seconds to the end, to the first byte, to the connection, connections made, exit status and message of curl.

function quote(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  gsub(/[\001-\037\177]/, "?", text)
  return "\"" text "\""
}

# The keys that all records begin with, and those that all end with.
function start(kind, ts) {
  records++
  return sprintf("{\"v\":1,\"kind\":\"%s\",\"ts\":%.6f,\"run\":\"%s\",\"host\":%s,\"tool\":\"httpprobe\"", kind, ts, run, quote(host))
}

function about() {
  return ",\"test\":" quote(tolower(method)) ",\"url\":" quote(ENVIRON["url"]) ",\"streams\":" streams ",\"range\":" size tags
}

function measure(kind, ts, dims, metric, unit, better, dur, value) {
  printf "%s%s%s,\"metric\":\"%s\",\"unit\":\"%s\",\"better\":\"%s\",\"loop\":\"closed\",\"dur\":%.6f,\"value\":%.17g}\n", \
    start(kind, ts), about(), dims, metric, unit, better, dur, value
  fflush() # one write for each record, so that producers may share a pipe
}

function warn(word, text) {
  print start("warn", ended) ",\"code\":" quote(word) ",\"msg\":" quote(text) "}"
  fflush()
  print "httpprobe: " text >"/dev/stderr"
}

function set_tags(    pairs, count, i, at) {
  count = split(ENVIRON["tags"], pairs, "\n")
  for (i = 1; i < count; i++) {
    at = index(pairs[i], "=")
    tags = tags ",\"" substr(pairs[i], 1, at - 1) "\":" quote(substr(pairs[i], at + 1))
  }
}

# What the exit status of curl means, in the words of bnet where it has one.
function word(status) {
  if (status == 6) return "unresolved"
  if (status == 7) return "refused"
  if (status == 18) return "truncated"
  if (status == 28) return "timeout"
  if (status == 52 || status == 55 || status == 56) return "reset"
  if (status == 35 || status == 60) return "tls"
  return status ~ /^[0-9]+$/ ? "curl-" status : status
}

# "" when the request did what it should.
function wrong() {
  if ($11 != 0) return word($11)
  if (method == "PUT") return $4 !~ /^2/ ? "http-" $4 : $6 != $2 ? "short" : ""
  if ($4 != 206 && !($4 == 200 && $2 == $3)) return "http-" $4
  return $5 != $2 ? "short" : ""
}

BEGIN {
  FS = "\t"
  run = tolower(run)
  set_tags()
  printf "%s,\"version\":\"1\",\"argv\":%s,\"curl\":\"%s\",\"requests\":%d%s}\n", start("meta", begun), quote(ENVIRON["argv"]), curl, \
    requests, about()
  fflush()
  if (code != "") {
    errors++
    warn(word(code), ENVIRON["url"] ": " ENVIRON["reason"])
  }
}

{
  stream = ",\"stream\":" $1
  busy[$1] += $7
  why = wrong()
  if (why != "") {
    errors++
    if (!(why in count)) message[why] = $12 != "" ? $12 : "HTTP status " $4 ", " $5 + $6 " of " $2 " bytes"
    count[why]++
    next
  }
  finished++
  bytes[$1] += $2
  ts = started + busy[$1]
  measure("sample", ts, stream, "lat", "ns", "lower", $7, $7 * 1e9)
  measure("sample", ts, stream, "ttfb", "ns", "lower", $7, $8 * 1e9)
  if ($10 > 0) measure("sample", ts, stream, "connect", "ns", "lower", $7, $9 * 1e9)
}

END {
  for (why in count) warn(why, count[why] " of " requests " requests: " message[why])
  for (k in busy) {
    span = busy[k] > span ? busy[k] : span
    all += bytes[k]
  }
  if (span > 0) {
    measure("result", ended, "", "bw", "B/s", "higher", span, all / span)
    measure("result", ended, "", "rate", "op/s", "higher", span, finished / span)
    for (k = 0; k < streams; k++)
      if (busy[k] > 0) measure("result", ended, ",\"stream\":" k, "stream_bw", "B/s", "higher", busy[k], bytes[k] / busy[k])
    measure("result", ended, "", "errors", "count", "lower", span, errors)
  }
  status = signal != "" ? "interrupted" : errors > 0 ? "failed" : "ok"
  printf "%s,\"status\":\"%s\",\"records\":%d,\"elapsed\":%.6f,\"errors\":%d}\n", start("end", ended), status, records - 1, ended - begun, \
    errors
  exit errors > 0
}
