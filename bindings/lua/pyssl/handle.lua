-- An object of the library: its handle, a C pointer type with methods and a finaliser. The handle is a number that is never
-- used twice, so freeing in any order, twice or too early harms nobody: the next call with it raises an error.

local ffi = require("ffi")
local C = require("pyssl.abi").C
local Error = require("pyssl.error")
local callbacks = require("pyssl.callbacks")

local handle = {}

-- Raises for a status below 0, else returns it (a count, or PYSSL_OK).
function handle.check(status)
    if status < 0 then error(Error.last(tonumber(status)), 0) end
    return status
end
local check = handle.check

-- Gives a kind of handle its methods, and `free`.
function handle.kind(name, methods)
    local free = C[name .. "_free"]
    -- May run a callback's destructor.
    methods.free = callbacks.calls_back(function(self)
        check(free(ffi.gc(self, nil)))
    end)
    ffi.metatype(name, { __index = methods })
    return methods
end

-- Takes over a handle that the library gave out; nil for NULL.
function handle.adopt(name, pointer)
    return pointer ~= nil and ffi.gc(pointer, C[name .. "_free"]) or nil
end

-- f(..., out): arguments with results behind them, which stand last everywhere in the header.
local function call(f, count, arguments, ...)
    for i = 1, select("#", ...) do
        arguments[count + i] = (select(i, ...))
    end
    return f(unpack(arguments, 1, count + select("#", ...)))
end
callbacks.calls_back(call) -- some of the functions may

-- A result through an out parameter.
function handle.value(ctype, f, ...)
    local out = ffi.new(ctype .. "[1]")
    check(callbacks.run(call, f, select("#", ...), { ... }, out))
    return out[0]
end

-- A new object through an out parameter.
function handle.object(name, f, ...)
    return handle.adopt(name, handle.value(name .. " *", f, ...))
end

-- Bytes of a length that only the library knows: most fit at once, else it says how much room they need.
function handle.bytes(f, ...)
    local len, size = ffi.new("size_t[1]"), 512
    while true do
        local room = ffi.new("uint8_t[?]", size)
        local status = call(f, select("#", ...), { ... }, room, size, len)
        if status == C.PYSSL_ERR_BUFFER and len[0] >= size then
            size = tonumber(len[0]) + 1 -- one for the NUL after text
        else
            check(status)
            return ffi.string(room, len[0])
        end
    end
end

-- As `handle.bytes`, nil where there is no such thing.
function handle.optional(f, ...)
    local good, result = pcall(handle.bytes, f, ...)
    if good then return result end
    if Error.is(result) and result.status == C.PYSSL_ERR_ABSENT then return nil end
    error(result, 0)
end

return handle
