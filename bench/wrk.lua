-- Sends GET, or with a number behind `--` a POST of so many bytes of JSON, and prints what came of it as one line of numbers.

function init(args)
  local size = tonumber(args[1]) or 0
  if size > 0 then
    wrk.method = "POST"
    wrk.body = '"' .. string.rep("x", size - 2) .. '"'
    wrk.headers["content-type"] = "application/json"
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("told %d %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
