-- What only mistakes lead to, for every function of the header: error codes, never a crash.

local ffi = require("ffi")
local check = require("check")
local abi = require("pyssl.abi")
local helper = require("helper")
local pyssl = require("pyssl")

local C, test = pyssl.C, check.test

-- name => the types of its parameters, from the header.
local function functions()
    local text = abi.declarations(abi.read(abi.header_path)):gsub("%s+", " ")
    text = text:gsub("typedef struct pyssl_[%w_]+ {.-} pyssl_[%w_]+;", ""):gsub("typedef [^;]*;", "")
    local found = {}
    for name, parameters in text:gmatch("(pyssl_[%w_]+)%(([^()]*)%);") do
        local types = {}
        for parameter in parameters:gmatch("[^,]+") do
            local ctype = parameter:gsub("^ ", ""):gsub("[%w_]+$", "")
            if parameter ~= "void" then types[#types + 1] = ctype end
        end
        found[name] = types
    end
    return found
end
local FUNCTIONS = functions()

local function handle_type(types)
    local name = (types[1] or ""):match("^(pyssl_[%w_]+) %*$")
    return name and not name:match("^pyssl_error") and name or nil
end

-- Calls a function with something for its first argument, and zeros and NULLs for the others.
local function call(name, types, first)
    local arguments = {}
    for i, ctype in ipairs(types) do
        arguments[i] = ffi.cast(ctype, i == 1 and first or 0)
    end
    return C[name](unpack(arguments))
end

-- Some look at the other arguments first.
local function refused(status)
    return status == C.PYSSL_ERR_HANDLE or status == C.PYSSL_ERR_ARGUMENT
end

test("every function was found", function()
    for name in abi.read(abi.header_path:match("^(.*/)include/") .. "tests/data/symbols.txt"):gmatch("%S+") do
        check.truth(FUNCTIONS[name], name)
    end
end)

test("NULL everywhere", function()
    for name, types in pairs(FUNCTIONS) do
        local status = call(name, types, 0)
        if handle_type(types) then
            check.truth(name:match("_free$") and status == 0 or refused(status), name)
        end
    end
end)

test("integers for handles", function()
    local garbage = { 1, 0x7fffffff, 0xdeadbeefULL, 0x0100000000000000ULL, 0x0200000000000005ULL, -1LL, 0x8000000000000000ULL }
    for _, number in ipairs(garbage) do
        for name, types in pairs(FUNCTIONS) do
            if handle_type(types) then check.truth(refused(call(name, types, number)), name) end
        end
    end
    -- LuaJIT itself does not even take numbers, or handles of another kind.
    check.matches("cannot convert", check.raises(C.pyssl_x509_free, 5))
    check.matches("cannot convert", check.raises(C.pyssl_x509_free, pyssl.PKey.ec()))
end)

test("handles of another kind, and NULL beside those of the right one", function()
    local context = pyssl.Context()
    local live = {
        pyssl_x509 = pyssl.X509(), pyssl_name = pyssl.Name(), pyssl_pkey = pyssl.PKey.ec(),
        pyssl_ctx = context, pyssl_conn = pyssl.Connection(context), pyssl_store = pyssl.Store(),
    }
    local before = pyssl.handle_count()
    for name, types in pairs(FUNCTIONS) do
        for kind, object in pairs(handle_type(types) and live or {}) do
            if kind ~= handle_type(types) then
                check.truth(refused(call(name, types, object)), name .. " with a " .. kind)
            elseif not name:match("_free$") then
                call(name, types, object)
            end
        end
    end
    check.equal(before, pyssl.handle_count())
end)

test("use after free", function()
    local authority = helper.certificate("Test CA", nil, true)
    local context = helper.server_context(helper.certificate("localhost", authority))
    local client = helper.pump(helper.pair(helper.client_context(authority), context))
    local cert = client:peer_certificate()
    for _, object in ipairs({ client, cert, context }) do object:free() end
    local stale = tonumber(C.PYSSL_ERR_HANDLE)
    check.equal(stale, check.raises(client.read, client).status)
    check.equal(stale, check.raises(client.write, client, "x").status)
    check.equal(stale, check.raises(cert.to_pem, cert).status)
    check.equal(stale, check.raises(pyssl.Connection, context).status)
    check.equal(stale, check.raises(pyssl.Store, cert).status)
end)

-- These take their time, or would end the test's standard input.
local SKIPPED = { pyssl_pkey_generate_rsa = true, pyssl_pkey_generate_dsa = true, pyssl_conn_new_fd = true }
-- These write files.
SKIPPED.pyssl_rand_write_file = true

test("ten thousand random calls", function()
    local seed = os.time()
    math.randomseed(seed)
    local names, handles = {}, { 0, 1, 0x0200000000000005ULL, -1LL }
    for name in pairs(FUNCTIONS) do
        if not SKIPPED[name] then names[#names + 1] = name end
    end
    table.sort(names)
    local texts = { "", "x", "CN", "sha256", "20300101000000Z", "prime256v1", "CA:TRUE", "basicConstraints" }
    local numbers = { -1, 0, 1, 2, 5, 7, 2 ^ 20 }
    local counts = {}

    -- Sane pointers, for C takes those on trust; everything else is random.
    local function argument(ctype)
        if ctype:match("^pyssl_error[%w_]* %*$") then return ffi.new(ctype:match("[%w_]+")) end
        if ctype:match("^pyssl_[%w_]+ %*$") then return ffi.cast(ctype, handles[math.random(#handles)]) end
        if ctype:match("pyssl_transport") or ctype:match("^pyssl_[%w_]+ $") or ctype:match("void") then
            return ffi.cast(ctype, 0)
        end
        if ctype:match("const char %*") then return texts[math.random(#texts)] end
        if ctype:match("%*") then return math.random(8) > 1 and ffi.new("uint64_t[128]") or nil end
        if ctype:match("size_t") then return math.random(0, 64) end
        return numbers[math.random(#numbers)]
    end

    for _ = 1, 10000 do
        local name = names[math.random(#names)]
        local types, given, arguments = FUNCTIONS[name], {}, {}
        for i, ctype in ipairs(types) do
            given[i] = argument(ctype)
            arguments[i] = ffi.istype("uint64_t[128]", given[i]) and ffi.cast(ctype, given[i]) or given[i]
        end
        local status = C[name](unpack(arguments, 1, #types))
        for i, ctype in ipairs(types) do
            for j = 0, ctype:match("^pyssl_[%w_]+ %*%*$") and given[i] and 63 or -1 do
                if given[i][j] ~= 0 then handles[#handles + 1] = given[i][j] + 0ULL end -- joins the hat
            end
        end
        local number = tonumber(status)
        if number then counts[number] = (counts[number] or 0) + 1 end
    end
    for name, types in pairs(FUNCTIONS) do
        for _, number in ipairs(name:match("_free$") and handles or {}) do call(name, types, number) end
    end
    check.equal(nil, counts[tonumber(C.PYSSL_ERR_PANIC)], "seed " .. seed)
    check.truth(counts[0] > 100, "some of it is real")
end)
