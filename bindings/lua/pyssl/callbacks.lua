-- Lua code that C calls. LuaJIT has room for some hundred C callbacks in a process and never collects one, so there is one
-- for each kind, made once and kept for good. Which Lua code is meant, the userdata tells: a number, under which it is kept
-- until the library calls the destructor.
--
-- An error must not pass through C's frames. It is kept, C is told of the failure, and the call that led here raises the
-- very object.
--
-- A C function that may call back must not be called from compiled code ("bad callback"): `calls_back` sees to that.

local ffi = require("ffi")
local C = require("pyssl.abi").C

local callbacks = {}

local kept, last = {}, 0
local raised -- { the error } of the call under way

-- The userdata for a piece of Lua code.
function callbacks.keep(code)
    last = last + 1
    kept[last] = code
    return ffi.cast("void *", last)
end

local function number(userdata)
    return tonumber(ffi.cast("uintptr_t", userdata))
end

function callbacks.forget(userdata)
    kept[number(userdata)] = nil
end

function callbacks.count()
    local count = 0
    for _ in pairs(kept) do count = count + 1 end
    return count
end

-- Runs a call that may call back; returns its result, or raises what a callback of it raised.
function callbacks.run(f, ...)
    raised = nil
    local status = f(...)
    local caught = raised
    raised = nil
    if caught and status == C.PYSSL_ERR_CALLBACK then error(caught[1], 0) end
    return status
end
jit.off(callbacks.run)

-- Keeps a function that calls such functions of C out of the compiler.
function callbacks.calls_back(f)
    jit.off(f)
    return f
end

-- Runs a callback's body, `failure` being what C gets if it raises.
local function guard(failure, body, userdata, ...)
    local code = kept[number(userdata)]
    if code == nil then
        raised = { "the callback was let go too early" }
        return failure
    end
    local good, value = pcall(body, code, ...)
    if good then return value end
    raised = { value }
    return failure
end

callbacks.destroy = ffi.cast("pyssl_destructor", callbacks.forget)

callbacks.verify = ffi.cast("pyssl_verify_callback", function(userdata, conn, cert, err, depth, ok)
    cert = cert ~= nil and ffi.gc(cert, C.pyssl_x509_free) or nil -- owned from here on, whatever comes
    return guard(-1, function(code)
        return code(conn, cert, err, depth, ok == 1) and 1 or 0
    end, userdata)
end)

-- Copies Lua's bytes into C's room.
local function fill(room, size, bytes)
    if #bytes > tonumber(size) then error("more bytes than there is room for: " .. #bytes) end
    ffi.copy(room, bytes, #bytes)
    return #bytes
end

callbacks.passphrase = ffi.cast("pyssl_passphrase_fn", function(userdata, writing, room, size)
    return guard(-1, function(code)
        return fill(room, size, code(writing ~= 0))
    end, userdata)
end)

-- A transport's functions. `read(size)` gives bytes, nil at the end of the stream, or false for "not now"; `write(bytes)`
-- gives how many it took, or false. The struct is made once: the library copies it, so only userdata changes.
local transport = ffi.new("pyssl_transport")

transport.read = function(userdata, room, size)
    return guard(C.PYSSL_TRANSPORT_FAILED, function(object)
        local bytes = object:read(tonumber(size))
        if bytes == nil then return 0 end
        if bytes == false then return C.PYSSL_TRANSPORT_LATER end
        return fill(room, size, bytes)
    end, userdata)
end

transport.write = function(userdata, bytes, size)
    return guard(C.PYSSL_TRANSPORT_FAILED, function(object)
        return object:write(ffi.string(bytes, size)) or C.PYSSL_TRANSPORT_LATER
    end, userdata)
end

transport.destroy = callbacks.destroy

function callbacks.transport(object)
    transport.userdata = callbacks.keep(object)
    return transport
end

return callbacks
