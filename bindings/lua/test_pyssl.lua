-- luajit bindings/lua/test_pyssl.lua, from anywhere.

local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "?.lua;" .. package.path

local check = require("check")
local pyssl = require("pyssl")
local callbacks = require("pyssl.callbacks")

math.randomseed(os.time())

-- What holds for every test: it leaves no handle and no callback behind.
function check.around(body)
    local handles, kept = pyssl.handle_count(), callbacks.count()
    body()
    jit.flush() -- compiled code may hold on to what it saw
    for _ = 1, 3 do collectgarbage() end
    check.equal(handles, pyssl.handle_count(), "handles left")
    check.equal(kept, callbacks.count(), "callbacks left")
end

require("tests.declarations")
require("tests.certificates")
require("tests.tls")
require("tests.callbacks")
require("tests.finalisers")
require("tests.misuse")

check.run()
