local check = require("check")
local helper = require("helper")
local pyssl = require("pyssl")

local test, certificate = check.test, helper.certificate

test("what is written is read back", function()
    local cert, key = unpack(certificate("localhost"))
    local again = pyssl.X509(cert:to_pem())
    check.equal(cert:to_der(), again:to_der())
    check.equal(cert:serial(), again:serial())
    check.equal(cert:not_after(), again:not_after())
    check.equal(2, again:version())
    check.equal("/CN=localhost", again:subject():oneline())
    check.equal(key:public_to_pem(), again:public_key():public_to_pem())
    local first = again:extensions()[1]
    check.equal("basicConstraints CA:FALSE true", ("%s %s %s"):format(first:name(), first:text(), first:critical()))
end)

test("openssl verifies it", function()
    local authority = certificate("Test CA", nil, true)
    local cert = certificate("localhost", authority)[1]
    helper.with_file(authority[1]:to_pem() .. "\n", function(ca)
        helper.with_file(cert:to_pem(), function(leaf)
            local child = io.popen(("openssl verify -CAfile %s %s 2>&1"):format(ca, leaf))
            check.equal(leaf .. ": OK\n", child:read("*a"))
            child:close()
        end)
    end)
end)

test("a name is a live view that outlives the variable", function()
    local subject = certificate("before")[1]:subject()
    collectgarbage()
    subject:set("O", "Žluťoučký kůň")
    check.equal("Žluťoučký kůň", subject:get("O"))
    check.equal(nil, subject:get("OU"))
    check.matches("attribute", check.raises(subject.set, subject, "no such thing", "x").message)
end)

test("long results get the room they need", function()
    for size = 511, 513 do
        local dns = "DNS:" .. ("a"):rep(size - 4)
        check.equal(dns, pyssl.Extension("subjectAltName", dns):text())
    end
end)

test("verification tells what is wrong", function()
    local authority = certificate("Test CA", nil, true)
    local cert = certificate("localhost", authority)[1]
    check.truth(pyssl.Store(authority[1]):verify(cert))
    local failure = check.raises(function() pyssl.Store():verify(cert) end)
    check.equal("unable to get local issuer certificate", failure.verify_message)
    check.equal("20 0 CN=localhost", ("%d %d %s"):format(failure.verify_code, failure.verify_depth, failure.verify_subject))
end)

test("an intermediate may be given along", function()
    local authority = certificate("Test CA", nil, true)
    local middle = certificate("Middle", authority, true)
    local leaf = certificate("leaf", middle)[1]
    local store = pyssl.Store(authority[1])
    check.raises(store.verify, store, leaf)
    check.truth(store:verify(leaf, { middle[1] }))
end)

test("signatures", function()
    local key = pyssl.PKey.ec()
    local signature = key:sign("text", "sha256")
    check.equal(true, key:verify(signature, "text", "sha256"))
    check.equal(false, key:verify(signature, "other", "sha256"))
    check.raises(key.sign, key, "text", "md0")
    local own = pyssl.PKey.ed25519()
    check.equal(true, own:verify(own:sign("text"), "text"))
    check.equal(2048, pyssl.PKey.rsa(2048):bits())
end)

test("errors carry the queue and the file", function()
    local failure = check.raises(pyssl.X509, "garbage")
    check.equal("PEM routines: no start line", failure.queue[1].library .. ": " .. failure.queue[1].reason)
    local context = pyssl.Context()
    failure = check.raises(context.trust, context, "/no/such/file")
    check.equal("/no/such/file 2", failure.path .. " " .. failure.errno)
    check.matches("No such file", failure)
end)
