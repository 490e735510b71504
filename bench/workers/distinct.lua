-- Each request asks for a code that was never asked for before; the first number is given after `--`.
function init(args)
  at = tonumber(args[1])
end

function request()
  at = at + 1
  return wrk.format("GET", "/c" .. at, { ["Host"] = "localhost", ["User-Agent"] = "bench", ["CF-Connecting-IP"] = "192.0.2.1" })
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
