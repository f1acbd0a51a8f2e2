local t = require "expect"
local json = require "json"

t.test("json: keys are sorted, lists are lists, numbers are the shortest", function()
  t.equal(json.encode { b = 1, a = { 1, 2.5, "x" }, [10] = true }, '{"10":true,"a":[1,2.5,"x"],"b":1}')
  t.equal(json.encode(0.1), "0.1")
  t.equal(json.encode(1e15), "1e+15")
  t.equal(json.encode(123456789012), "123456789012")
  t.equal(json.encode { 1, { {} } }, "[1,[{}]]")
  t.equal(json.encode(json.array {}), "[]")
  t.equal(json.encode { 1, json.null, 3 }, "[1,null,3]")
  t.equal(json.encode(nil), "null")
end)

t.test("json: strings are escaped, stray bytes replaced", function()
  t.equal(json.encode 'a"b\\c\n\1é', [["a\"b\\c\n\u0001é"]])
  t.equal(json.encode "x\255y", '"x\239\191\189y"')
end)

t.test("json: inside a page nothing can end the script element", function()
  t.equal(json.encode({ "</script><!--" }, { html = true }), [=[["\u003c/script>\u003c!--"]]=])
end)

t.test("json: NaN and infinities are null", function()
  t.equal(json.encode { 0 / 0, 1 / 0, -1 / 0 }, "[null,null,null]")
end)

t.test("json: what has no JSON is an error", function()
  t.raises(function() json.encode(print) end, "a function cannot be written as JSON")
  t.raises(function() json.encode { [true] = 1 } end, "a JSON key is a string or a number")
  t.raises(function() json.encode { ["1"] = 1, [1] = 2, x = 3 } end, "two keys are written alike: 1")
  local loop = {}
  loop.loop = loop
  t.raises(function() json.encode(loop) end, "contains itself")
end)

t.test("what was written is read back", function()
  local value = { a = { 1, 2.5, -3e10, "x\n\"\\é" }, b = true, c = false, d = json.array {}, e = {} }
  t.equal(json.decode(json.encode(value)), value)
  t.equal(json.decode ' [ "\\u00e9\\ud83d\\ude00\\/" , null ] ', { "é😀/", json.null })
end)

t.test("what is no JSON is a reason, with its line", function()
  local function reason(text)
    local value, message = json.decode(text)
    t.equal(value, nil)
    return message
  end
  t.equal(reason "", "line 1: the text ends too early")
  t.equal(reason '{\n"a": }', "line 2: expected a value")
  t.equal(reason '[1 2]', "line 1: expected , or ] in a list")
  t.equal(reason '{"a" 1}', "line 1: expected : after a key")
  t.equal(reason '{} {}', "line 1: more text after the value")
  t.equal(reason '"abc', "line 1: a string does not end")
  t.equal(reason(("["):rep(10000)), "line 1: nested too deeply")
end)

assert(t.summary())
