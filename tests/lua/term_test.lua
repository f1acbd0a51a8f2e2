local t = require "expect"
local term = require "term"
local human = require "human"

local function with(settings, fn)
  term.configure(settings)
  local ok, err = pcall(fn)
  term.configure { color = false, unicode = true, width = 80 }
  if not ok then error(err, 0) end
end

t.test("width: ASCII, accents, box drawing, combining marks and CJK", function()
  t.equal(term.width(""), 0)
  t.equal(term.width("abc"), 3)
  t.equal(term.width("é"), 1)
  t.equal(term.width("e\204\129"), 1)
  t.equal(term.width("╭─╮▁█●"), 6)
  t.equal(term.width("日本語"), 6)
  t.equal(term.width("한국"), 4)
  t.equal(term.width("\27[31mred\27[0m"), 3)
  t.equal(term.width("\255x"), 2)
end)

t.test("pad and truncate count columns, not bytes", function()
  t.equal(term.pad("é", 3) .. "|", "é  |")
  t.equal(term.pad("é", 3, "right"), "  é")
  t.equal(term.pad("é", 4, "center") .. "|", " é  |")
  t.equal(term.truncate("abcdef", 6), "abcdef")
  t.equal(term.truncate("abcdefg", 6), "abcde…")
  t.equal(term.truncate("日本語テキスト", 8), "日本語…")
  t.equal(term.width(term.fit("日本語テキスト", 8)), 8)
  t.equal(term.truncate("abc", 0), "")
end)

t.test("truncate keeps colour sequences whole and closes them", function()
  t.equal(term.truncate("\27[31mabcdef\27[0m", 4), "\27[31mabc…\27[0m")
end)

t.test("colours are off unless the program turns them on, and belong to roles", function()
  t.equal(term.paint("error", "x"), "x")
  with({ color = true }, function()
    t.equal(term.paint("error", "x"), "\27[31mx\27[0m")
    t.equal(term.strip(term.paint("error", "x")), "x")
  end)
  t.raises(function() term.paint("nonsense", "x") end, "no colour role 'nonsense'")
end)

t.test("every symbol has an ASCII stand-in of its own width", function()
  local symbols = "─│╭╮╰╯├┤┬┴┼╌┊▶◀▲▼●○✓✗▁▂▃▄▅▆▇█▔░µ⣿"
  with({ unicode = false }, function()
    local ascii = term.glyphs(symbols)
    t.is_true(not ascii:find("[^\32-\126]"))
    t.is_true(not ascii:find("?", 1, true))
    t.equal(#ascii, 33)
    t.equal(term.glyphs "日é", "???")
    t.equal(term.truncate("abcdefgh", 6), "abc...")
  end)
  t.equal(term.glyphs(symbols), symbols)
end)

t.test("clean: control characters and stray bytes cannot reach the terminal", function()
  t.equal(term.clean("a\27[2Jb\nc\255é"), "a�[2Jb�c�é")
end)

t.test("the host's own measure of width is used when there is one", function()
  with({ measure = function(s) return #s end }, function() t.equal(term.width "é", 2) end)
  term.configure { measure = function(s)  -- back to counting characters, whatever the host had set
    local n = 0
    for _ in term.characters(s) do n = n + 1 end
    return n
  end }
  t.equal(term.width "é", 1)
end)

t.test("wrap breaks at spaces and indents what follows", function()
  t.equal(term.wrap("one two three four", 9, "  "), "one two\n  three\n  four")
end)

t.test("durations have three digits and a unit", function()
  t.equal(human.duration(0), "0 s")
  t.equal(human.duration(1.234e-7), "123 ns")
  t.equal(human.duration(12e-6), "12 µs")
  t.equal(human.duration(0.00999999), "10 ms")
  t.equal(human.duration(0.9999), "1 s")
  t.equal(human.duration(12.345), "12.3 s")
  t.equal(human.duration(125), "2 min 5 s")
  t.equal(human.duration(3599.7), "1 h")
  t.equal(human.duration(12000), "3 h 20 min")
  t.equal(human.duration(-0.5), "-500 ms")
  t.equal(human.duration(1 / 0), "∞")
end)

t.test("counts, rates, sizes and shares", function()
  t.equal(human.count(1234), "1234")
  t.equal(human.count(1234567), "1 234 567")
  t.equal(human.count(-12345), "-12 345")
  t.equal(human.rate(12345), "12.3k/s")
  t.equal(human.bytes(1536), "1.5 KiB")
  t.equal(human.percent(0.9765), "97.7 %")
  t.equal(human.percent(1), "100 %")
  t.equal(human.percent(0.99999), "99.999 %")
  t.equal(human.percent(0.0001), "0.01 %")
end)

t.test("exact numbers are the shortest that read back", function()
  t.equal(human.exact(0.1), "0.1")
  t.equal(human.exact(1 / 3), "0.3333333333333333")
  t.equal(human.exact(123456789012), "123456789012")
  t.equal(human.exact(-0.0), "-0")
  t.equal(human.exact(0 / 0), "nan")
  t.equal(human.exact(-1 / 0), "-inf")
  t.equal(human.exact(2 ^ 53), "9007199254740992")
end)
