-- Posts the lines of a file one after the other; prints one JSON line at the end. A line may be `<path><tab><body>`.
-- wrk ... -s post.lua <url> -- <file with one body a line> <content type>
local bodies, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  -- Not always the same calls first: what was asked just before is still in memory.
  math.randomseed(os.time())
  at = math.random(#bodies)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = args[2] or "application/json"
  for i, line in ipairs(bodies) do
    local path, body = line:match("^([^\t]+)\t(.*)$")
    bodies[i] = wrk.format(nil, path, nil, body or line)
  end
end

function request()
  at = at % #bodies + 1
  return bodies[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.4f,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f,"bad":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write + e.timeout))
end
