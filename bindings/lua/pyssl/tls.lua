-- TLS: contexts and connections.

local ffi = require("ffi")
local C = require("pyssl.abi").C
local callbacks = require("pyssl.callbacks")
local handle = require("pyssl.handle")

local check, object = handle.check, handle.object
local calls_back, run = callbacks.calls_back, callbacks.run
local tls = {}

-- ---- contexts; setters return the context, so that they chain

local Context = handle.kind("pyssl_ctx", {})
local METHODS = { client = C.PYSSL_TLS_CLIENT_METHOD, server = C.PYSSL_TLS_SERVER_METHOD, both = C.PYSSL_TLS_METHOD }

-- "client", "server" or "both". All but a server's verify their peers from the start, and trust nobody until trust() says so.
-- (A server on "both" asks its clients for certificates.)
function tls.Context(method)
    method = method or "client"
    local context = object("pyssl_ctx", C.pyssl_ctx_new, METHODS[method])
    if method ~= "server" then check(C.pyssl_ctx_set_verify(context, C.PYSSL_VERIFY_PEER, nil, nil, nil)) end
    return context
end

-- A client's context that trusts the certificates of a PEM file; without one, what the system trusts. With
-- Connection:client(host) the server is verified by its chain and its name.
function tls.ClientContext(file)
    return object("pyssl_ctx", C.pyssl_ctx_new_client, file)
end

-- The certificate and key that this end shows.
function Context:identity(cert, key)
    check(C.pyssl_ctx_use_certificate(self, cert))
    check(C.pyssl_ctx_use_privatekey(self, key))
    return self
end

-- The same from PEM: the certificate with the chain above it, and the key.
function Context:identity_pem(chain, key)
    check(C.pyssl_ctx_use_certificate_chain_pem(self, chain, #chain))
    check(C.pyssl_ctx_use_privatekey_pem(self, key, #key, nil, nil))
    return self
end

-- Whom to trust: the certificates of a PEM text.
function Context:trust_pem(pem)
    check(C.pyssl_ctx_load_verify_pem(self, pem, #pem))
    return self
end

-- Whom to trust: the certificates of a PEM file, or what the system trusts.
function Context:trust(file)
    check(file and C.pyssl_ctx_load_verify_locations(self, file, nil) or C.pyssl_ctx_load_system_trust(self))
    return self
end

-- Whether peers are verified (PYSSL_VERIFY_*). The function, if any, has the last word on each certificate: it gets the
-- connection, the certificate, X509_V_*, the depth and OpenSSL's verdict, and accepts by a true value.
Context.verify = calls_back(function(self, mode, decide)
    if decide == nil then
        check(C.pyssl_ctx_set_verify(self, mode, nil, nil, nil))
    else
        check(C.pyssl_ctx_set_verify(self, mode, callbacks.verify, callbacks.keep(decide), callbacks.destroy))
    end
    return self
end)

function Context:set_max_version(version)
    check(C.pyssl_ctx_set_max_proto_version(self, version))
    return self
end

-- ---- connections

local Connection = handle.kind("pyssl_conn", {})
local RECORD = 16384
local room = ffi.new("uint8_t[?]", RECORD)

-- Over a descriptor, which stays the caller's to close; over an object with `read` and `write` (pyssl/callbacks.lua tells
-- how); or over nothing, where the caller pumps.
tls.Connection = calls_back(function(context, over)
    if type(over) == "number" then return object("pyssl_conn", C.pyssl_conn_new_fd, context, over) end
    if over == nil then return object("pyssl_conn", C.pyssl_conn_new, context) end
    return object("pyssl_conn", C.pyssl_conn_new_transport, context, callbacks.transport(over))
end)

-- Asks for that host, a DNS name or an address, and verifies that the peer is it. false has to be said where any name will
-- do.
function Connection:client(host)
    if host == nil then error("client() needs the host that the peer must be, or false", 2) end
    check(host and C.pyssl_conn_set_client(self, host) or C.pyssl_conn_set_connect_state(self))
    return self
end

function Connection:server()
    check(C.pyssl_conn_set_accept_state(self))
    return self
end

-- How long each call may wait, in milliseconds; -1 for ever.
function Connection:set_timeout(milliseconds)
    check(C.pyssl_conn_set_timeout(self, milliseconds))
    return self
end

local WORDS = {
    [C.PYSSL_ERR_WANT_READ] = "want_read",
    [C.PYSSL_ERR_WANT_WRITE] = "want_write",
    [C.PYSSL_ERR_TIMEOUT] = "timeout",
    [C.PYSSL_ERR_ZERO_RETURN] = "closed",
}

-- Runs a call that moves bytes: how many, or nil and a word.
local function move(f, ...)
    local status
    repeat
        status = tonumber(run(f, ...))
    until status ~= C.PYSSL_ERR_INTERRUPTED
    if WORDS[status] then return nil, WORDS[status] end
    return check(status)
end

function Connection:handshake()
    local done, why = move(C.pyssl_conn_do_handshake, self)
    return done and true, why
end

-- Decrypted bytes, as soon as there are some.
function Connection:read()
    local count, why = move(C.pyssl_conn_recv, self, room, RECORD, 0)
    return count and ffi.string(room, count), why
end

-- Sends at most one record; how many bytes went.
function Connection:write(data)
    return move(C.pyssl_conn_send, self, data, #data)
end

-- Says that nothing more is sent; true when the peer has said so too, false when it has not yet.
function Connection:shutdown()
    local done = ffi.new("int[1]")
    local status, why = move(C.pyssl_conn_shutdown, self, done)
    if status == nil then return nil, why end
    return done[0] == 1
end

function Connection:close()
    check(C.pyssl_conn_close(self))
end

-- Ciphertext from the peer, for a connection over nothing.
function Connection:bio_write(data)
    check(C.pyssl_conn_bio_write(self, data, #data))
end

-- Ciphertext for the peer, "" when there is none.
function Connection:bio_read()
    local count = move(C.pyssl_conn_bio_read, self, room, RECORD)
    return ffi.string(room, count or 0)
end

function Connection:version()
    return handle.bytes(C.pyssl_conn_version_name, self)
end

function Connection:cipher()
    return handle.optional(C.pyssl_conn_cipher_name, self)
end

function Connection:peer_certificate()
    return object("pyssl_x509", C.pyssl_conn_peer_certificate, self)
end

-- X509_V_OK or X509_V_ERR_*.
function Connection:verify_result()
    return handle.value("int", C.pyssl_conn_verify_result, self)
end

return tls
