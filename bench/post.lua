-- SPDX-License-Identifier: ISC
-- For wrk: posts the requests of a file of many CSRs, one after another, each
-- wrk thread from a place of its own.
--
--   wrk … -s post.lua URL -- CSRS.pem TOKEN

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "result.lua")

function init(args)
    local file = assert(io.open(args[1], "r"))
    local text = file:read("*a")
    file:close()
    local headers = {
        ["Authorization"] = "Bearer " .. args[2],
        ["Content-Type"] = "application/pkcs10",
    }
    requests = {}
    local ending = "-----END CERTIFICATE REQUEST-----\n"
    local from = 1
    while true do
        local _, to = text:find(ending, from, true)
        if not to then break end
        table.insert(requests,
            wrk.format("POST", "/v1/certificates", headers,
                       text:sub(from, to)))
        from = to + 1
    end
    assert(#requests > 0, "no CSR in " .. args[1])
    at = place * math.floor(#requests / 2)
end

function request()
    at = at + 1
    return requests[(at - 1) % #requests + 1]
end
