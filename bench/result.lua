-- SPDX-License-Identifier: ISC
-- For wrk, what its scripts here have in common: each thread's `place` from 0
-- on, and the last line: answers, seconds, failures (`odd` answers too), and
-- the 50th and 99th percentile of latency in milliseconds.

local threads = {}

function setup(thread)
    thread:set("place", #threads)
    table.insert(threads, thread)
end

function done(summary, latency)
    local e = summary.errors
    local bad = e.connect + e.read + e.write + e.timeout
    for _, thread in ipairs(threads) do bad = bad + thread:get("odd") end
    io.write(string.format("result %d %.3f %d %.2f %.2f\n", summary.requests,
        summary.duration / 1e6, bad, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3))
end
