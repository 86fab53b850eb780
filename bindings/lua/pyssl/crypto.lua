-- Keys, names, certificates, and verifying them.

local ffi = require("ffi")
local C = require("pyssl.abi").C
local callbacks = require("pyssl.callbacks")
local handle = require("pyssl.handle")

local check, object, bytes = handle.check, handle.object, handle.bytes
local crypto = {}

-- ---- keys

local PKey = handle.kind("pyssl_pkey", {})
crypto.PKey = {}

function crypto.PKey.rsa(bits)
    local key = object("pyssl_pkey", C.pyssl_pkey_new)
    check(C.pyssl_pkey_generate_rsa(key, bits or 2048))
    return key
end

function crypto.PKey.ec(curve)
    local key = object("pyssl_pkey", C.pyssl_pkey_new)
    check(C.pyssl_pkey_generate_ec(key, curve or "prime256v1"))
    return key
end

function crypto.PKey.ed25519()
    local key = object("pyssl_pkey", C.pyssl_pkey_new)
    check(C.pyssl_pkey_generate_ed25519(key))
    return key
end

-- A private key from PEM; `passphrase` is text, or a function that gives it when it is needed.
function crypto.PKey.load(pem, passphrase)
    local load, filetype = C.pyssl_pkey_load_private, C.PYSSL_FILETYPE_PEM
    if type(passphrase) ~= "function" then
        return object("pyssl_pkey", load, filetype, pem, #pem, passphrase, #(passphrase or ""), nil, nil)
    end
    -- This callback has no destructor: it is used within the call only.
    local userdata = callbacks.keep(passphrase)
    local good, key = pcall(object, "pyssl_pkey", load, filetype, pem, #pem, nil, 0, callbacks.passphrase, userdata)
    callbacks.forget(userdata)
    return good and key or error(key, 0)
end

function PKey:to_pem(cipher, passphrase)
    local dump, filetype = C.pyssl_pkey_dump_private, C.PYSSL_FILETYPE_PEM
    return bytes(dump, self, filetype, cipher, passphrase, #(passphrase or ""))
end

function PKey:public_to_pem()
    return bytes(C.pyssl_pkey_dump_public, self, C.PYSSL_FILETYPE_PEM)
end

function PKey:bits()
    return handle.value("int", C.pyssl_pkey_bits, self)
end

-- `digest` is nil for keys that bring their own (Ed25519).
function PKey:sign(data, digest)
    return bytes(C.pyssl_pkey_sign, self, digest, data, #data)
end

function PKey:verify(signature, data, digest)
    local status = C.pyssl_pkey_verify(self, digest, signature, #signature, data, #data)
    return status ~= C.PYSSL_ERROR and check(status) == 0
end

-- ---- names

local Name = handle.kind("pyssl_name", {})

function crypto.Name()
    return object("pyssl_name", C.pyssl_name_new)
end

-- The first value of that type ("CN"), or nil.
function Name:get(attribute)
    return handle.optional(C.pyssl_name_get, self, attribute)
end

function Name:set(attribute, value)
    check(C.pyssl_name_set(self, attribute, value, #value))
    return self
end

function Name:oneline()
    return bytes(C.pyssl_name_oneline, self)
end

-- ---- extensions

local Extension = handle.kind("pyssl_ext", {})

-- `value` in the syntax of OpenSSL's configuration files: ("basicConstraints", "CA:TRUE", { critical = true }).
function crypto.Extension(name, value, more)
    more = more or {}
    return object("pyssl_ext", C.pyssl_ext_new, name, more.critical and 1 or 0, value, more.subject, more.issuer)
end

function Extension:name()
    return bytes(C.pyssl_ext_short_name, self)
end

function Extension:critical()
    return handle.value("int", C.pyssl_ext_critical, self) == 1
end

function Extension:text()
    return bytes(C.pyssl_ext_text, self)
end

-- ---- certificates

local X509 = handle.kind("pyssl_x509", {})

-- A certificate from PEM, or an empty one.
function crypto.X509(pem)
    if pem == nil then return object("pyssl_x509", C.pyssl_x509_new) end
    return object("pyssl_x509", C.pyssl_x509_load, C.PYSSL_FILETYPE_PEM, pem, #pem)
end

function X509:to_pem()
    return bytes(C.pyssl_x509_dump, self, C.PYSSL_FILETYPE_PEM)
end

function X509:to_der()
    return bytes(C.pyssl_x509_dump, self, C.PYSSL_FILETYPE_ASN1)
end

-- A live view: writing to it changes the certificate, which it keeps alive.
function X509:subject()
    return object("pyssl_name", C.pyssl_x509_subject, self)
end

function X509:issuer()
    return object("pyssl_name", C.pyssl_x509_issuer, self)
end

function X509:set_issuer(name)
    check(C.pyssl_x509_set_issuer(self, name))
    return self
end

-- Counted from 0: 2 means v3.
function X509:set_version(version)
    check(C.pyssl_x509_set_version(self, version))
    return self
end

function X509:version()
    return tonumber(handle.value("long", C.pyssl_x509_version, self))
end

-- Big endian, two's complement.
function X509:set_serial(serial)
    check(C.pyssl_x509_set_serial(self, serial, #serial))
    return self
end

function X509:serial()
    return bytes(C.pyssl_x509_serial, self)
end

-- From and until when, in seconds from now.
function X509:set_validity(from, to)
    check(C.pyssl_x509_adjust_not_before(self, from))
    check(C.pyssl_x509_adjust_not_after(self, to))
    return self
end

-- "YYYYMMDDhhmmssZ", or nil.
function X509:not_after()
    return handle.optional(C.pyssl_x509_not_after, self)
end

function X509:public_key()
    return object("pyssl_pkey", C.pyssl_x509_pubkey, self)
end

function X509:set_public_key(key)
    check(C.pyssl_x509_set_pubkey(self, key))
    return self
end

function X509:add_extension(...)
    local count = select("#", ...)
    check(C.pyssl_x509_add_extensions(self, ffi.new("pyssl_ext *[?]", count, { ... }), count))
    return self
end

function X509:extensions()
    local all = {}
    for index = 0, tonumber(handle.value("size_t", C.pyssl_x509_extension_count, self)) - 1 do
        all[index + 1] = object("pyssl_ext", C.pyssl_x509_extension, self, index)
    end
    return all
end

function X509:sign(key, digest)
    check(C.pyssl_x509_sign(self, key, digest))
    return self
end

function X509:fingerprint(digest)
    return bytes(C.pyssl_x509_digest, self, digest or "sha256")
end

-- ---- verifying

local Store = handle.kind("pyssl_store", {})
handle.kind("pyssl_store_ctx", {})

function crypto.Store(...)
    local store = object("pyssl_store", C.pyssl_store_new)
    for i = 1, select("#", ...) do
        store:add((select(i, ...)))
    end
    return store
end

function Store:add(cert)
    check(C.pyssl_store_add_cert(self, cert))
    return self
end

-- Raises an error with verify_code for a certificate that this store does not lead to, perhaps by way of `chain`.
function Store:verify(cert, chain)
    chain = chain or {}
    local handles = ffi.new("pyssl_x509 *[?]", #chain, chain)
    local verification = object("pyssl_store_ctx", C.pyssl_store_ctx_new, self, cert, handles, #chain)
    check(C.pyssl_store_ctx_verify(verification, nil))
    return true
end

return crypto
