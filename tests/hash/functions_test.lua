-- The hash functions through Lua: published vectors, and mistakes.
local t = require "expect"

t.test("hash functions: 32 bits are a number, more are hexadecimal digits", function()
  t.equal(lab.hash.fnv1a "", 0x811c9dc5)
  t.equal(lab.hash.fnv1a "foobar", 0xbf9cf968)
  t.equal(lab.hash.fnv1a { text = "a", bits = 64 }, "af63dc4c8601ec8c")
  t.equal(lab.hash.murmur3 { text = "", seed = 1 }, 0x514e28b7)
  t.equal(lab.hash.murmur3 { text = "hello", bits = 128 }, "cbd8a7b341bd9b025b1e906a48ae1d19")
  t.equal(lab.hash.xxh3 "", "2d06800538d394c2")
  t.equal(lab.hash.xxh64 "", "ef46db3751d8e999")
  t.equal(lab.hash.md5 "message digest", "f96b697d7cb7938d525a2f31aaf161d0")
  t.equal(lab.hash.crc16 "123456789", 0x31c3)
  t.is_true(lab.hash.xxh3 { text = "a", seed = 1 } ~= lab.hash.xxh3 "a")
  t.is_true(lab.hash.fnv1a "a\0b" ~= lab.hash.fnv1a "a")
end)

t.test("siphash: the vectors of the paper, with a key as bytes or digits", function()
  local key, text = "", ""
  for i = 0, 15 do key = key .. string.char(i) end
  for i = 0, 14 do text = text .. string.char(i) end
  t.equal(lab.hash.siphash { text = "", key = key }, "726fdb47dd0e0e31")
  t.equal(lab.hash.siphash { text = text, key = key }, "a129ca6149be45e5")
  t.equal(lab.hash.siphash { text = text, key = "000102030405060708090A0B0C0D0E0F" }, "a129ca6149be45e5")
  t.equal(lab.hash.siphash { text = "", key = key, rounds = "1-3" }, "abac0158050fc4dc")
end)

t.test("redis_slot: the slots of the specification", function()
  t.equal(lab.hash.redis_slot "foo", 12182)
  t.equal(lab.hash.redis_slot "{user1000}.following", 3443)
  t.equal(lab.hash.redis_slot "foo{bar}{zap}", 5061)
  t.equal(lab.hash.redis_slot "foo{}{bar}", lab.hash.crc16 "foo{}{bar}" % 16384)
end)

t.test("jump_bucket: the buckets of the paper's code", function()
  local buckets = {}
  for n = 1, 19 do buckets[n] = lab.hash.jump_bucket(1, n) end
  t.equal(buckets, { 0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17 })
  t.equal(lab.hash.jump_bucket(256, 1024), 520)
  t.equal(lab.hash.jump_bucket { key = 42, buckets = 57 }, 43)
end)

t.test("maglev_table: table 1 of the paper", function()
  t.equal(lab.hash.maglev_table { offsets = { 3, 0, 3 }, skips = { 4, 2, 1 }, size = 7 }, { 2, 1, 2, 1, 3, 3, 1 })
  t.equal(lab.hash.maglev_table { offsets = { 3, 3 }, skips = { 4, 1 }, size = 7 }, { 1, 1, 1, 1, 2, 2, 2 })
end)

t.test("hash functions: mistakes are named", function()
  t.raises(function() lab.hash.fnv1a() end, "missing option 'text' for lab.hash.fnv1a")
  t.raises(function() lab.hash.fnv1a(5) end, "bad option 'text'")
  t.raises(function() lab.hash.fnv1a { text = "a", bits = 16 } end, "expected 32 or 64, got 16")
  t.raises(function() lab.hash.fnv1a { text = "a", bit = 32 } end, "did you mean 'bits'")
  t.raises(function() lab.hash.murmur3 { text = "a", seed = -1 } end, "bad option 'seed'")
  t.raises(function() lab.hash.murmur3 { text = "a", seed = 2 ^ 32 } end, "bad option 'seed'")
  t.raises(function() lab.hash.siphash { text = "a", key = "short" } end, "32 hexadecimal digits, got 5 bytes")
  t.raises(function() lab.hash.siphash { text = "a", key = ("g"):rep(32) } end, "these 32 bytes are no digits")
  t.raises(function() lab.hash.siphash { text = "a", key = ("k"):rep(16), rounds = "4-8" } end, "bad option 'rounds'")
  t.raises(function() lab.hash.jump_bucket(1, 0) end, "bad option 'buckets'")
  t.raises(function() lab.hash.jump_bucket(1.5, 3) end, "bad option 'key'")
  t.raises(function() lab.hash.maglev_table { offsets = { 1 }, skips = { 1 }, size = 8 } end,
    "expected a prime number, got 8 %(near it are 7 and 11%)")
  t.raises(function() lab.hash.maglev_table { offsets = { 7 }, skips = { 1 }, size = 7 } end,
    "whole numbers from 0 to 6, got the number 7 at %[1%]")
  t.raises(function() lab.hash.maglev_table { offsets = { 1 }, skips = { 0 }, size = 7 } end, "from 1 to 6")
  t.raises(function() lab.hash.maglev_table { offsets = { 1, 2 }, skips = { 1 }, size = 7 } end, "as many as offsets")
  t.raises(function() lab.hash.maglev_table { offsets = {}, skips = {}, size = 7 } end, "expected 1 to 7 nodes, got 0")
end)

assert(t.summary())
