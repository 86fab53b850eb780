local check = require("check")
local helper = require("helper")
local pyssl = require("pyssl")
local callbacks = require("pyssl.callbacks")
local sockets = require("sockets")

local test, certificate, pair, pump = check.test, helper.certificate, helper.pair, helper.pump

local function ends(decide)
    local authority = certificate("Test CA", nil, true)
    return pair(helper.client_context(authority, decide), helper.server_context(certificate("localhost", authority)))
end

test("a verify function sees each certificate and has the last word", function()
    local seen = {}
    local function decide(conn, cert, err, depth, ok)
        local name = cert:subject():get("CN")
        seen[#seen + 1] = ("%s %s %d %d %s"):format(conn:version(), name, err, depth, tostring(ok))
        return true
    end
    pump(ends(decide))
    check.equal("TLSv1.3 Test CA 0 1 true, TLSv1.3 localhost 0 0 true", table.concat(seen, ", "))
    seen = {}
    local stranger = helper.server_context(certificate("stranger"))
    local client = pump(pair(helper.client_context(nil, decide), stranger))
    check.equal("TLSv1.3 stranger 18 0 false", seen[1])
    check.equal(0, client:verify_result())
end)

test("a verify function refuses", function()
    check.matches("certificate", check.raises(pump, ends(function() return false end)))
end)

test("an error in the function is the very object that the call raises", function()
    local mine = { "an object" }
    check.equal(mine, check.raises(pump, ends(function() error(mine) end)))
    check.matches("in words$", check.raises(pump, ends(function() error("in words") end)))
    check.equal(nil, check.raises(pump, ends(function() error(nil) end)))
end)

test("no other connection gets it", function()
    check.raises(pump, ends(function() error("mine") end))
    pump(ends(function() return true end))
end)

test("nothing leaves through the frames of C", function()
    local inside = coroutine.wrap(function()
        return check.raises(pump, ends(function() coroutine.yield("escaped") end))
    end)
    check.matches("yield", inside())
    local deep
    deep = function() return 1 + deep() end
    check.matches("stack overflow", check.raises(pump, ends(deep)))
end)

test("i/o on a connection from its own callback is refused", function()
    local failure = check.raises(pump, ends(function(conn) conn:write("no") end))
    check.equal(tonumber(pyssl.C.PYSSL_ERR_BUSY), failure.status)
end)

test("a passphrase function", function()
    local key = pyssl.PKey.ec()
    local pem = key:to_pem("aes-256-cbc", "sesame")
    check.equal(key:to_pem(), pyssl.PKey.load(pem, function() return "sesame" end):to_pem())
    check.equal(key:to_pem(), pyssl.PKey.load(pem, "sesame"):to_pem())
    check.raises(pyssl.PKey.load, pem)
    check.raises(pyssl.PKey.load, pem, function() return "wrong" end)
    check.matches("not today", check.raises(pyssl.PKey.load, pem, function() error("not today") end))
    check.matches("room", check.raises(pyssl.PKey.load, pem, function() return ("x"):rep(5000) end))
end)

test("an error in a transport", function()
    local context = pyssl.Context("client")
    local broken = { write = function() error("no wire") end }
    local client = pyssl.Connection(context, broken):client(false)
    check.matches("no wire", check.raises(client.handshake, client))
    local generous = {
        write = function(_, bytes) return #bytes end,
        read = function(_, size) return ("x"):rep(size + 1) end,
    }
    client = pyssl.Connection(context, generous):client(false)
    check.matches("more bytes", check.raises(client.handshake, client))
end)

test("the destructor tells when a callback may go", function()
    local before, calls = callbacks.count(), 0
    local authority = certificate("Test CA", nil, true)
    local context = helper.client_context(authority, function() calls = calls + 1 return true end)
    local client, server = pair(context, helper.server_context(certificate("localhost", authority)))
    context:free()
    check.equal(before + 1, callbacks.count()) -- the connection still needs it
    pump(client, server)
    check.equal(2, calls)
    client:free()
    check.equal(before, callbacks.count())
end)

test("another callback in its place lets the first go; thousands do no harm", function()
    local before, context = callbacks.count(), pyssl.Context()
    for i = 1, 5000 do -- far more than LuaJIT has room for
        context:verify(1, function() return i end)
    end
    check.equal(before + 1, callbacks.count())
    context:verify(0)
    check.equal(before, callbacks.count())
end)

test("a call that fails runs the destructor too", function()
    local before, context = callbacks.count(), pyssl.Context()
    context:free()
    check.raises(context.verify, context, 1, function() end)
    check.raises(pyssl.Connection, context, {})
    check.equal(before, callbacks.count())
end)

test("a callback that was let go too early is an error", function()
    local userdata
    local keep = callbacks.keep
    callbacks.keep = function(code)
        userdata = keep(code)
        return userdata
    end
    local client, server = ends(function() return true end)
    callbacks.keep = keep
    callbacks.forget(userdata)
    check.matches("too early", check.raises(pump, client, server))
end)

test("callbacks out of hot loops", function()
    local authority, calls = certificate("Test CA", nil, true), 0
    local clients = helper.client_context(authority, function() calls = calls + 1 return true end)
    local servers = helper.server_context(certificate("localhost", authority))
    for _ = 1, 300 do
        local client, server = pump(pair(clients, servers))
        client:free()
        server:free()
    end
    check.equal(600, calls)
end)

-- Where compiled code calls a C function that calls back, LuaJIT ends the process: "bad callback". Here the handshake spins
-- until it is compiled, if anything lets it be, before the peer's certificate comes.
test("a callback out of a call that was hot long before it first called back", function()
    local authority, calls = certificate("Test CA", nil, true), 0
    local cert, key = unpack(certificate("localhost", authority))
    helper.with_file(cert:to_pem() .. key:to_pem(), function(pem)
        local child, port = helper.s_server(pem)
        local context = helper.client_context(authority, function() calls = calls + 1 return true end)
        local fd = sockets.connect(port)
        local client = pyssl.Connection(context, fd):client("localhost"):set_timeout(0)
        local done, why, deadline = nil, nil, os.time() + 20
        repeat
            done, why = client:handshake()
        until done or os.time() > deadline
        sockets.close(fd)
        child:close()
        check.truth(done, why)
        check.equal(2, calls)
    end)
end)
