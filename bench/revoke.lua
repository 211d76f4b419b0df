-- SPDX-License-Identifier: ISC
-- For wrk, with one thread: revokes each serial of a file, one a line, once.
-- It fails when they do not last.
--
--   wrk -t1 … -s revoke.lua URL -- SERIALS.txt TOKEN

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "result.lua")

function init(args)
    headers = {
        ["Authorization"] = "Bearer " .. args[2],
        ["Content-Type"] = "application/x-www-form-urlencoded",
    }
    serials, at = {}, 0
    for serial in io.lines(args[1]) do table.insert(serials, serial) end
end

function request()
    at = at + 1
    if at > #serials then missing = missing + 1 end
    local serial = serials[math.min(at, #serials)]
    return wrk.format("POST", "/v1/certificates/" .. serial .. "/revoke",
        headers, "reason=superseded")
end
