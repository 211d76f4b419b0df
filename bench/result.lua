-- SPDX-License-Identifier: ISC
-- For wrk, what its scripts here have in common: each thread's `place` from 0
-- on, and the last line: answers, seconds, failures, the 50th and 99th
-- percentile of latency in milliseconds, and octets an answer.
--
-- There is no response(): for it wrk would make a table of the head of each
-- answer, on the cores that are measured.  wrk counts answers from 400 on by
-- itself; what else is none shows in the octets, or in the ledger.

local threads = {}

function setup(thread)
    thread:set("place", #threads)
    thread:set("missing", 0)
    table.insert(threads, thread)
end

function done(summary, latency)
    local e = summary.errors
    local bad = e.connect + e.read + e.write + e.timeout + e.status
    for _, thread in ipairs(threads) do bad = bad + thread:get("missing") end
    io.write(string.format("result %d %.3f %d %.2f %.2f %.0f\n",
        summary.requests, summary.duration / 1e6, bad,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        summary.bytes / math.max(summary.requests, 1)))
end
