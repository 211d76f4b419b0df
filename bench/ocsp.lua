-- SPDX-License-Identifier: ISC
-- For wrk: sends one OCSP request over and over, in the body or in the path.
-- Answers but the wanted status are failures.
--
--   wrk … -s ocsp.lua URL -- POST REQUEST.der STATUS
--   wrk … -s ocsp.lua URL -- GET PATH STATUS

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    wanted, odd = tonumber(args[3]), 0
    if args[1] == "GET" then
        text = wrk.format("GET", args[2])
    else
        local file = assert(io.open(args[2], "rb"))
        text = wrk.format("POST", "/ocsp",
            { ["Content-Type"] = "application/ocsp-request" }, file:read("*a"))
        file:close()
    end
end

function request()
    return text
end

function response(status)
    if status ~= wanted then odd = odd + 1 end
end

function done(summary, latency)
    local e = summary.errors
    local bad = e.connect + e.read + e.write + e.timeout
    for _, thread in ipairs(threads) do bad = bad + thread:get("odd") end
    io.write(string.format("result %d %.3f %d %.2f %.2f\n", summary.requests,
        summary.duration / 1e6, bad, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3))
end
