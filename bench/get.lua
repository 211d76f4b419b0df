-- SPDX-License-Identifier: ISC
-- For wrk: asks for the serials of a file, one a line, in turn.
--
--   wrk … -s get.lua URL -- SERIALS.txt TOKEN

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    local headers = { ["Authorization"] = "Bearer " .. args[2] }
    requests, at, odd = {}, 0, 0
    for serial in io.lines(args[1]) do
        table.insert(requests,
            wrk.format("GET", "/v1/certificates/" .. serial, headers))
    end
    assert(#requests > 0, "no serial in " .. args[1])
end

function request()
    at = at + 1
    return requests[(at - 1) % #requests + 1]
end

function response(status)
    if status ~= 200 then odd = odd + 1 end
end

function done(summary, latency)
    local e = summary.errors
    local bad = e.connect + e.read + e.write + e.timeout
    for _, thread in ipairs(threads) do bad = bad + thread:get("odd") end
    io.write(string.format("result %d %.3f %d %.2f %.2f\n", summary.requests,
        summary.duration / 1e6, bad, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3))
end
