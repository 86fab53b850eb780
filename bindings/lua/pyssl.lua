-- libpyssl for LuaJIT. Lift out this file and the folder beside it; docs/bindings.md tells what stands behind each choice.
--
--     local pyssl = require("pyssl")
--     local context = pyssl.Context("client"):trust("ca.pem"):verify(pyssl.C.PYSSL_VERIFY_PEER)
--     local tls = pyssl.Connection(context, fd):client("localhost")
--     assert(tls:handshake())
--     tls:write("hello")
--     print(tls:read())
--
-- Objects are the library's own handles with methods: `pyssl_x509 *` and its kin. What fails raises an error object
-- (pyssl/error.lua); calls that move bytes return nil and a word instead where that is no failure: "want_read",
-- "want_write", "timeout", "closed".
--
-- PYSSL_LIBRARY and PYSSL_HEADER name the library and its header where they are in no usual place.

local abi = require("pyssl.abi")
local crypto = require("pyssl.crypto")
local tls = require("pyssl.tls")

return {
    C = abi.C, -- the C library: every function and PYSSL_* constant of the header
    constant = abi.constant,
    version = abi.version,
    openssl_version = abi.openssl_version,
    handle_count = abi.handle_count,
    PKey = crypto.PKey,
    Name = crypto.Name,
    Extension = crypto.Extension,
    X509 = crypto.X509,
    Store = crypto.Store,
    Context = tls.Context,
    Connection = tls.Connection,
}
