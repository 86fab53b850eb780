-- The header through ffi.cdef, as it is and as it may have been prepared.

local ffi = require("ffi")
local check = require("check")
local abi = require("pyssl.abi")
local pyssl = require("pyssl")

local test = check.test
local root = abi.header_path:match("^(.*/)include/") or "./"

local function symbols()
    return abi.read(root .. "tests/data/symbols.txt"):gmatch("%S+")
end

test("the whole header loads by ffi.cdef, and every function is in the library", function()
    local count = 0
    for name in symbols() do
        check.matches("^ctype<.*%(%)>$", ffi.typeof(abi.C[name]))
        count = count + 1
    end
    check.truth(count > 100)
end)

-- ffi.cdef takes a type once only, so this needs a LuaJIT of its own.
test("so it does as python/ffi_build.py prepares it", function()
    local python = os.getenv("PYTHON") or "python3"
    local prepared = os.tmpname()
    local command = "%s %spython/ffi_build.py --luajit %s %s && luajit -e 'local ffi = require(\"ffi\") "
        .. "ffi.cdef(io.open(\"%s\"):read(\"*a\")) print(ffi.load(\"%s\").PYSSL_ERR_ABSENT)'"
    local child = io.popen(command:format(python, root, abi.header_path, prepared, prepared, abi.library_path))
    local output = child:read("*a")
    child:close()
    os.remove(prepared)
    check.equal("-17\n", output)
end)

test("constants of OpenSSL have names", function()
    check.equal(1, pyssl.constant("SSL_VERIFY_PEER"))
    check.equal(tonumber(pyssl.C.PYSSL_ERR_EOF), pyssl.constant("PYSSL_ERR_EOF"))
    check.matches("no constant SSL_OP_NONE_SUCH", check.raises(pyssl.constant, "SSL_OP_NONE_SUCH"))
end)

test("versions", function()
    check.matches("^%d+%.%d+%.%d+$", pyssl.version())
    check.matches("^OpenSSL %d", pyssl.openssl_version())
end)
