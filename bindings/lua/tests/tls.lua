local check = require("check")
local helper = require("helper")
local pyssl = require("pyssl")
local sockets = require("sockets")

local test, certificate = check.test, helper.certificate

local function read_all(tls)
    local whole = {}
    while true do
        local bytes, why = tls:read()
        if not bytes then return table.concat(whole), why end
        whole[#whole + 1] = bytes
    end
end

local function write_all(tls, data)
    while #data > 0 do
        data = data:sub(assert(tls:write(data)) + 1)
    end
end

test("serves curl", function()
    local authority = certificate("Test CA", nil, true)
    local context = helper.server_context(certificate("localhost", authority))
    local page = ("<p>hello</p>"):rep(10000)
    helper.with_file(authority[1]:to_pem(), function(ca)
        local listener, port = sockets.listen()
        local curl = "curl -sS --max-time 20 --cacert %s --resolve localhost:%d:127.0.0.1 https://localhost:%d/ 2>&1"
        local child = io.popen(curl:format(ca, port, port))
        local fd = sockets.accept(listener)
        local tls = pyssl.Connection(context, fd):server():set_timeout(20000)
        check.truth(tls:handshake())
        check.matches("^GET / HTTP", tls:read())
        write_all(tls, ("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#page, page))
        tls:shutdown()
        sockets.close(fd)
        sockets.close(listener)
        check.equal(page, child:read("*a"))
        child:close()
    end)
end)

test("fetches from openssl s_server", function()
    local authority = certificate("Test CA", nil, true)
    local cert, key = unpack(certificate("localhost", authority))
    helper.with_file(cert:to_pem() .. key:to_pem(), function(pem)
        local child, port = helper.s_server(pem)
        local fd = sockets.connect(port)
        local tls = pyssl.Connection(helper.client_context(authority), fd):client("localhost"):set_timeout(20000)
        check.truth(tls:handshake())
        check.equal("TLSv1.3 0", tls:version() .. " " .. tls:verify_result())
        check.equal("/CN=localhost", tls:peer_certificate():subject():oneline())
        write_all(tls, "the way back\n")
        check.equal("kcab yaw eht\n", tls:read())
        check.equal(false, tls:shutdown())
        sockets.close(fd)
        child:close()
    end)
end)

test("a server that is not trusted is refused", function()
    local authority = certificate("Test CA", nil, true)
    local stranger = helper.server_context(certificate("localhost"))
    local failure = check.raises(helper.pump, helper.pair(helper.client_context(authority), stranger))
    check.equal("self-signed certificate", failure.verify_message)
end)

test("a certificate for another name is refused", function()
    local authority = certificate("Test CA", nil, true)
    local elsewhere = helper.server_context(certificate("evil.example", authority))
    local client = pyssl.Connection(helper.client_context(authority)):client("bank.example")
    local failure = check.raises(helper.pump, client, pyssl.Connection(elsewhere):server())
    check.matches("hostname mismatch: wanted .bank.example., and the certificate is for .evil.example.", failure)
    client = pyssl.Connection(helper.client_context(authority)):client("evil.example")
    helper.pump(client, pyssl.Connection(elsewhere):server())
end)

test("nothing is trusted unless somebody said so", function()
    local context = helper.server_context(certificate("localhost"))
    local failure = check.raises(helper.pump, helper.pair(pyssl.Context(), context))
    check.equal("self-signed certificate", failure.verify_message)
    failure = check.raises(helper.pump, helper.pair(pyssl.Context("both"), context))
    check.equal("self-signed certificate", failure.verify_message)
    check.matches("needs the host", check.raises(function() pyssl.Connection(pyssl.Context()):client() end))
    check.matches("cannot be verified", check.raises(function() pyssl.Connection(pyssl.Context()):client("a..b") end))
end)

test("a client's context in one call, and credentials from memory", function()
    local authority = certificate("Test CA", nil, true)
    local cert, key = unpack(certificate("localhost", authority))
    local serving = pyssl.Context("server"):identity_pem(cert:to_pem(), key:to_pem())
    helper.with_file(authority[1]:to_pem(), function(path)
        helper.pump(helper.pair(pyssl.ClientContext(path), serving))
        local failure = check.raises(pyssl.ClientContext, path .. ".not")
        check.matches("No such file", failure)
    end)
    check.truth(pyssl.ClientContext()) -- the system's trust
end)

-- Beside the binding stands what a checkout has there, or somebody who can write there.
test("the library is looked for where the application or the system says", function()
    local abi, here = require("pyssl.abi"), arg[0]:match("^(.*/)") or "./"
    local root = os.tmpname()
    local function shell(command, ...)
        local child = io.popen(command:format(...))
        local said = child:read("*a")
        child:close()
        return said
    end
    shell("rm %s && mkdir -p %s/bindings %s/target/release %s/include %s/lib", root, root, root, root, root)
    shell("cp -r '%s' %s/bindings/lua", here, root)
    shell("echo 'not a library' | tee %s/target/release/libpyssl.so >%s/bindings/lua/libpyssl.so.0", root, root)
    shell("echo '#error not this one' >%s/include/pyssl.h", root)
    shell('ln -s "$(realpath %s)" %s/lib/libpyssl.so.0', abi.library_path, root)
    local program = "package.path = '%s/bindings/lua/?.lua;' .. package.path "
        .. "print(require('pyssl').version(), require('pyssl.abi').library_path)"
    program = program:format(root)
    local system = shell('unset PYSSL_LIBRARY; PYSSL_HEADER=%s LD_LIBRARY_PATH=%s/lib luajit -e "%s" 2>&1',
        abi.header_path, root, program)
    local named = "PYSSL_HEADER, PYSSL_LIBRARY = '%s', '%s/lib/libpyssl.so.0' "
    named = named:format(abi.header_path, root)
    local application = shell('unset PYSSL_LIBRARY PYSSL_HEADER; luajit -e "%s%s" 2>&1', named, program)
    shell("rm -r %s", root)
    check.equal(pyssl.version() .. "\tlibpyssl.so.0\n", system)
    check.equal(("%s\t%s/lib/libpyssl.so.0\n"):format(pyssl.version(), root), application)
end)

test("two ends over sockets that do not block, on one thread", function()
    local authority = certificate("Test CA", nil, true)
    local a, b = sockets.pair()
    local client = pyssl.Connection(helper.client_context(authority), a):client("localhost")
    local server = pyssl.Connection(helper.server_context(certificate("localhost", authority)), b):server()
    local done, why = client:handshake()
    check.equal("nil want_read", tostring(done) .. " " .. why)
    repeat
        local one, other = server:handshake(), client:handshake()
    until one and other
    check.equal(5, client:write("hello"))
    check.equal("hello", server:read())
    check.equal(false, server:shutdown())
    local bytes, closed = client:read()
    check.equal("nil closed", tostring(bytes) .. " " .. closed)
    check.equal(true, client:shutdown())
    client:set_timeout(20)
    sockets.close(b)
    sockets.close(a)
end)

test("a timeout", function()
    local a, b = sockets.pair()
    local client = pyssl.Connection(pyssl.Context("client"), a):client(false):set_timeout(20)
    check.equal("timeout", select(2, client:handshake()))
    sockets.close(b)
    check.matches("%a", check.raises(client.handshake, client))
    sockets.close(a)
end)

test("pumps by hand", function()
    local authority = certificate("Test CA", nil, true)
    local context = helper.server_context(certificate("localhost", authority))
    local client, server = helper.pump(helper.pair(helper.client_context(authority), context))
    check.matches("^TLS_", client:cipher())
    client:write("from the client")
    helper.carry(client, server)
    check.equal("from the client", server:read())
    check.equal("want_read", select(2, server:read()))
    check.equal(false, server:shutdown())
    helper.carry(server, client)
    check.equal("closed", select(2, client:read()))
end)

-- Two pipes, say; here tables of strings.
local Tube = {}
Tube.__index = Tube

function Tube:read(size)
    local bytes = table.concat(self.inbox)
    while #self.inbox > 0 do table.remove(self.inbox) end
    if #bytes > size then table.insert(self.inbox, bytes:sub(size + 1)) end
    return bytes ~= "" and bytes:sub(1, size)
end

function Tube:write(bytes)
    table.insert(self.outbox, bytes)
    return #bytes
end

test("any object with read and write is a transport", function()
    local authority = certificate("Test CA", nil, true)
    local there, back = {}, {}
    local client = pyssl.Connection(
        helper.client_context(authority),
        setmetatable({ inbox = back, outbox = there }, Tube)
    ):client("localhost")
    local server = pyssl.Connection(
        helper.server_context(certificate("localhost", authority)),
        setmetatable({ inbox = there, outbox = back }, Tube)
    ):server()
    repeat
        local one, other = client:handshake(), server:handshake()
    until one and other
    local sent = ("through a tube "):rep(1000)
    write_all(client, sent)
    client:shutdown()
    check.equal(sent, (read_all(server)))
end)
