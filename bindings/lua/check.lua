-- A small test runner. `check.test(name, body)` says what is to run; `check.run()` runs it all, ends with a line that counts,
-- and ends the process.

local check = { around = nil }

local tests, assertions = {}, 0

function check.test(name, body)
    tests[#tests + 1] = { name = name, body = body }
end

local function show(value)
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

local Failure = {}
Failure.__tostring = function(failure) return failure.text end

local function fail(text)
    error(setmetatable({ text = debug.traceback(text, 3) }, Failure), 0)
end

function check.equal(expected, actual, about)
    assertions = assertions + 1
    if expected ~= actual then
        fail(("expected %s, got %s%s"):format(show(expected), show(actual), about and " (" .. about .. ")" or ""))
    end
    return actual
end

function check.truth(value, about)
    assertions = assertions + 1
    if not value then fail(about or "expected something true") end
    return value
end

function check.matches(pattern, text)
    assertions = assertions + 1
    if not tostring(text):find(pattern) then fail(show(text) .. " does not match " .. pattern) end
end

-- The error that a function raises.
function check.raises(f, ...)
    assertions = assertions + 1
    local good, raised = pcall(f, ...)
    if good then fail("nothing was raised") end
    return raised
end

function check.run()
    local failures, errors = 0, 0
    for _, test in ipairs(tests) do
        local good, raised = xpcall(check.around, function(raised)
            return getmetatable(raised) == Failure and raised or debug.traceback(tostring(raised), 2)
        end, test.body)
        if not good and getmetatable(raised) == Failure then
            failures = failures + 1
        elseif not good then
            errors = errors + 1
        end
        print(("%s  %s%s"):format(good and "ok    " or "FAILED", test.name, good and "" or "\n" .. tostring(raised)))
    end
    print(("\n%d runs, %d assertions, %d failures, %d errors, 0 skips"):format(#tests, assertions, failures, errors))
    os.exit(#tests > 0 and failures + errors == 0, true) -- true: with all finalisers
end

return check
