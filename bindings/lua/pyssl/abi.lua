-- What pyssl.h declares, read from it when the program starts, so that nothing is typed twice.

local ffi = require("ffi")

-- Where the application says (by a global variable of that name, set before this file is required, or by the environment).
local function named(name)
    return rawget(_G, name) or os.getenv(name)
end

local function installed_header()
    for _, path in ipairs({ "/usr/local/include/pyssl.h", "/usr/include/pyssl.h" }) do
        local file = io.open(path)
        if file then
            file:close()
            return path
        end
    end
    error("pyssl.h is not installed: PYSSL_HEADER names it", 0)
end

-- Else where the system's linker finds it. Nothing is looked for beside this file: whoever can write there would be loaded.
local library_path = named("PYSSL_LIBRARY") or "libpyssl.so.0"
local header_path = named("PYSSL_HEADER") or installed_header()

-- A header without comments and preprocessor, with its integer macros as constants: what ffi.cdef reads.
local function declarations(header)
    local text = header:gsub("/%*.-%*/", ""):gsub("#ifdef __cplusplus.-#endif", "")
    text = text:gsub("#define (PYSSL_[%w_]+) (%-?%w+)", "enum { %1 = %2 };")
    return (text:gsub("#[^\n]*", ""))
end

local abi = { declarations = declarations, header_path = header_path, library_path = library_path }

function abi.read(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return text
end

ffi.cdef(declarations(abi.read(header_path)))
local C = ffi.load(library_path)
abi.C = C

-- One of OpenSSL's constants by its name, with the value of the OpenSSL that is linked: SSL_OP_*, X509_V_* and their kin.
-- The header's own are fields of C: C.PYSSL_ERR_EOF.
function abi.constant(name)
    local out = ffi.new("int64_t[1]")
    if C.pyssl_constant(name, out) ~= C.PYSSL_OK then error("no constant " .. name, 2) end
    return tonumber(out[0])
end

function abi.version()
    return ffi.string(C.pyssl_version())
end

function abi.openssl_version()
    return ffi.string(C.pyssl_openssl_version(C.PYSSL_OPENSSL_VERSION))
end

-- How many objects of the library are alive in this process.
function abi.handle_count()
    return tonumber(C.pyssl_handle_count())
end

return abi
