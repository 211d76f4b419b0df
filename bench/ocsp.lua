-- SPDX-License-Identifier: ISC
-- For wrk: sends one OCSP request over and over, in the body or in the path.
--
--   wrk … -s ocsp.lua URL -- POST REQUEST.der
--   wrk … -s ocsp.lua URL -- GET PATH

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "result.lua")

function init(args)
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
