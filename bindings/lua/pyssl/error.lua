-- A call of the library that failed, as an error object with all that the library knows of it.

local ffi = require("ffi")
local C = require("pyssl.abi").C

local Error = {}
Error.__index = Error

function Error:__tostring()
    return self.message
end

local function text(pointer)
    return pointer ~= nil and ffi.string(pointer) or nil
end

-- OpenSSL's queue, the cause first.
local function queue(count)
    local entries, entry = {}, ffi.new("pyssl_error_entry")
    for index = 0, count - 1 do
        C.pyssl_error_entry_at(index, entry)
        entries[index + 1] = {
            code = tonumber(entry.code),
            library = text(entry.library),
            reason = text(entry.reason),
            data = text(entry.data),
        }
    end
    return entries
end

-- The calling thread's last failure.
function Error.last(status)
    local last = ffi.new("pyssl_error")
    C.pyssl_error_last(last)
    local failure = setmetatable({
        status = status,
        message = text(last.message),
        errno = last.sys_errno,
        path = text(last.path),
        verify_code = last.verify_code,
        verify_depth = last.verify_depth,
        verify_message = text(last.verify_message),
        verify_subject = text(last.verify_subject),
    }, Error)
    -- Last, for each question takes back the strings that the one before lent.
    failure.queue = queue(tonumber(last.entry_count))
    return failure
end

function Error.is(value)
    return getmetatable(value) == Error
end

return Error
