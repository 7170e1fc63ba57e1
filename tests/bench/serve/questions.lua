-- For wrk: every request asks about another release, so that no two of them can share a verdict.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  asked = 0
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  asked = asked + 1
  return wrk.format("POST", "/v1/verdicts", nil, string.format(
    '{"releaseId":"shop-%d.%d","stage":"20","namespace":"shop","rollout":"demo","podHash":"abc","environment":"bench"}',
    id, asked))
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("result %d %.3f %.3f %.3f %d\n", summary.requests,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
