-- libpyssl for LuaJIT. Lift out this file and the folder beside it; docs/bindings.md tells what stands behind each choice.
--
--     local pyssl = require("pyssl")
--     local context = pyssl.ClientContext() -- or ClientContext("ca.pem"), in place of the system's trust
--     local tls = pyssl.Connection(context, fd):client("example.org")
--     assert(tls:handshake()) -- an error unless it is example.org
--     tls:write("hello")
--     print(tls:read())
--
-- Objects are the library's own handles with methods: `pyssl_x509 *` and its kin. What fails raises an error object
-- (pyssl/error.lua); calls that move bytes return nil and a word instead where that is no failure: "want_read",
-- "want_write", "timeout", "closed".
--
-- The library is the system's libpyssl.so.0, and pyssl.h that of /usr/local/include or /usr/include. PYSSL_LIBRARY and
-- PYSSL_HEADER, as global variables set before or in the environment, name others.

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
    ClientContext = tls.ClientContext,
    Connection = tls.Connection,
}
