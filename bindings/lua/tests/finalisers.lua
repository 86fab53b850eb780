local ffi = require("ffi")
local check = require("check")
local abi = require("pyssl.abi")
local helper = require("helper")
local pyssl = require("pyssl")

local test, certificate = check.test, helper.certificate

test("the garbage collector frees", function()
    local before = pyssl.handle_count()
    for _ = 1, 10000 do pyssl.X509():subject() end
    jit.flush()
    for _ = 1, 3 do collectgarbage() end
    check.equal(before, pyssl.handle_count())
end)

test("the collector frees contexts and callbacks in the middle of hot loops", function()
    for _ = 1, 20000 do
        pyssl.Connection(pyssl.Context():verify(1, function() return true end))
    end
    check.truth(pyssl.handle_count() < 40000) -- it has run
end)

test("objects live on when what they came from is freed", function()
    local context = helper.server_context(certificate("localhost"))
    local client, server = helper.pair(helper.client_context(nil, function() return true end), context)
    context:free()
    helper.pump(client, server)
    local cert = client:peer_certificate()
    client:free()
    local subject = cert:subject()
    cert:free()
    check.equal("localhost", subject:get("CN"))
end)

local function shuffle(list)
    for i = #list, 2, -1 do
        local j = math.random(i)
        list[i], list[j] = list[j], list[i]
    end
    return list
end

test("freeing in any order", function()
    for _ = 1, 20 do
        local cert, key = unpack(certificate("x"))
        local context = helper.server_context({ cert, key })
        local objects = { cert, key, context, cert:subject(), cert:extensions()[1], pyssl.Store(cert), cert:public_key() }
        objects[#objects + 1] = pyssl.Connection(context)
        for _, object in ipairs(shuffle(objects)) do object:free() end
        for _, object in ipairs(objects) do
            check.equal(tonumber(pyssl.C.PYSSL_ERR_HANDLE), check.raises(object.free, object).status)
        end
    end
end)

test("a finaliser that runs twice or after free is an error code and no more", function()
    local cert, others = pyssl.X509(), {}
    check.equal(0, pyssl.C.pyssl_x509_free(cert)) -- and the collector will free it once more
    for i = 1, 10 do others[i] = pyssl.X509() end -- one of them has the slot now, under another number
    check.equal(tonumber(pyssl.C.PYSSL_ERR_HANDLE), pyssl.C.pyssl_x509_free(cert))
    check.matches("stale", check.raises(cert.version, cert))
    cert = nil
    for _ = 1, 3 do collectgarbage() end
    for _, other in ipairs(others) do check.equal(0, other:version()) end
end)

-- The process ends with live connections, contexts and callbacks.
local AT_EXIT = [[
package.path = "%s?.lua;" .. package.path
local pyssl = require("pyssl")
local context = pyssl.Context():verify(1, function() return true end)
kept = { context }
for _ = 1, 50 do
    table.insert(kept, pyssl.Connection(context))
    table.insert(kept, pyssl.Connection(context, {}))
    table.insert(kept, pyssl.X509():subject())
    table.insert(kept, pyssl.PKey.ed25519())
end
local how = "%s"
if how == "freed" then for _, object in ipairs(kept) do object:free() end end
if how == "twice" then for _, object in ipairs(kept) do object:free() pcall(object.free, object) end end
if how == "raw" then for i = 2, #kept do pyssl.C.pyssl_x509_free(require("ffi").cast("pyssl_x509 *", kept[i])) end end
if how == "fast" then os.exit(7) end
if how == "closed" then os.exit(7, true) end
if how == "failed" then error("on purpose") end
]]

test("the process ends well in every order", function()
    local ends = { kept = 0, freed = 0, twice = 0, raw = 0, fast = 7, closed = 7, failed = 1 }
    local here = package.path:match("^(.-)%?")
    for how, code in pairs(ends) do
        helper.with_file(AT_EXIT:format(here, how), function(script)
            local child = io.popen("luajit " .. script .. " 2>&1; echo $?")
            local output = child:read("*a")
            child:close()
            check.matches((how == "failed" and "on purpose" or "^") .. ".*" .. code .. "\n$", output)
            check.truth(how == "failed" or output == code .. "\n", output)
        end)
    end
end)
