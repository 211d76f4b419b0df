-- SPDX-License-Identifier: ISC
-- For wrk: asks for the serials of a file, one a line, in turn.
--
--   wrk … -s get.lua URL -- SERIALS.txt TOKEN

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "result.lua")

function init(args)
    local headers = { ["Authorization"] = "Bearer " .. args[2] }
    requests, at = {}, 0
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
