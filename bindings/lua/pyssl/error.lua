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

-- Statuses that leave the library's last failure as it was.
local ANSWERS = {
    [C.PYSSL_ERR_WANT_READ] = "more bytes from the peer are needed first",
    [C.PYSSL_ERR_WANT_WRITE] = "the transport takes no more bytes now",
    [C.PYSSL_ERR_WANT_X509_LOOKUP] = "a certificate lookup is pending",
    [C.PYSSL_ERR_ZERO_RETURN] = "the peer closed the TLS session",
    [C.PYSSL_ERR_INTERRUPTED] = "a signal arrived",
}

-- An answer in words of its own, or the calling thread's last failure.
function Error.last(status)
    if ANSWERS[status] then
        local answer = { status = status, message = ANSWERS[status], errno = 0, verify_code = 0, verify_depth = -1 }
        answer.queue = {}
        return setmetatable(answer, Error)
    end
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
    failure.queue = queue(tonumber(last.entry_count))
    return failure
end

function Error.is(value)
    return getmetatable(value) == Error
end

return Error
