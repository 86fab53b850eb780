-- What several tests need: certificates, contexts, a pump.

local pyssl = require("pyssl")

local helper = {}

-- A certificate for `name` and its key, signed by `issuer` ({ cert, key }) or by itself.
function helper.certificate(name, issuer, ca)
    local key, cert = pyssl.PKey.ec(), pyssl.X509()
    cert:set_version(2):set_serial("\1" .. tostring(math.random(1e9))):set_validity(-60, 3600):set_public_key(key)
    cert:subject():set("CN", name)
    cert:set_issuer((issuer and issuer[1] or cert):subject())
    cert:add_extension(
        pyssl.Extension("basicConstraints", ca and "CA:TRUE" or "CA:FALSE", { critical = true }),
        pyssl.Extension("subjectKeyIdentifier", "hash", { subject = cert })
    )
    if not ca then cert:add_extension(pyssl.Extension("subjectAltName", "DNS:" .. name .. ",IP:127.0.0.1")) end
    return { cert:sign(issuer and issuer[2] or key, "sha256"), key }
end

-- Runs the body with the name of a file that holds the text.
function helper.with_file(text, body)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local good, result = pcall(body, path)
    os.remove(path)
    return good and result or not good and error(result, 0)
end

function helper.server_context(identity)
    return pyssl.Context("server"):identity(identity[1], identity[2])
end

function helper.client_context(authority, decide)
    local context = pyssl.Context("client")
    if decide then context:verify(pyssl.C.PYSSL_VERIFY_PEER, decide) end
    return authority and context:trust_pem(authority[1]:to_pem()) or context
end

-- A connection over nothing for each end.
function helper.pair(client_context, server_context)
    return pyssl.Connection(client_context):client("localhost"), pyssl.Connection(server_context):server()
end

function helper.carry(from, to)
    local bytes = from:bio_read()
    if #bytes > 0 then to:bio_write(bytes) end
end

-- Carries ciphertext between two connections until both have shaken hands.
function helper.pump(client, server)
    for _ = 1, 100 do
        local one = client:handshake()
        helper.carry(client, server)
        local other = server:handshake()
        helper.carry(server, client)
        if one and other then return client, server end
    end
    error("the handshake never ended")
end

-- OpenSSL's own server for one connection, which sends back each line reversed; its process and port.
function helper.s_server(pem)
    local command = "timeout 60 openssl s_server -accept 127.0.0.1:0 -naccept 1 -rev -cert %s -key %s 2>&1 </dev/null"
    local child = io.popen(command:format(pem, pem))
    for line in child:lines() do
        local port = line:match("^ACCEPT .*:(%d+)$")
        if port then return child, tonumber(port) end
    end
    error("openssl s_server did not start")
end

return helper
