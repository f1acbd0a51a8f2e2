// The hash functions against vectors that their authors published.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "core/hash/crc16.hpp"
#include "core/hash/fnv1a.hpp"
#include "core/hash/hash64.hpp"
#include "core/hash/md5.hpp"
#include "core/hash/murmur3.hpp"
#include "core/hash/siphash.hpp"

using namespace syslab;

namespace {

std::string hex(const Md5Digest& digest) {
  static const char* digits = "0123456789abcdef";
  std::string out;
  for (std::uint8_t byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

// The bytes 0, 1 ... count - 1.
std::string counting(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += static_cast<char>(i);
  return out;
}

const SipKey kSipKey{0x0706050403020100ull, 0x0F0E0D0C0B0A0908ull};  // 00 01 .. 0f

}  // namespace

TEST_CASE("fnv1a: the vectors of the authors' test suite", "[hash][fnv1a]") {
  REQUIRE(fnv1a_32("") == 0x811c9dc5);
  REQUIRE(fnv1a_32("a") == 0xe40c292c);
  REQUIRE(fnv1a_32("foobar") == 0xbf9cf968);
  REQUIRE(fnv1a_64("") == 0xcbf29ce484222325);
  REQUIRE(fnv1a_64("a") == 0xaf63dc4c8601ec8c);
  REQUIRE(fnv1a_64("foobar") == 0x85944171f73967e8);
  REQUIRE(fnv1a_32("\xff") == (0x811c9dc5u ^ 0xffu) * 0x01000193u);  // bytes are not signed
}

// SMHasher's verification: hash the keys {}, {0}, {0, 1} ... with the seeds 256, 255 ..., and then all the
// results.
TEST_CASE("murmur3: SMHasher's verification values", "[hash][murmur3]") {
  std::string results_32, results_128;
  for (int i = 0; i < 256; ++i) {
    const std::string key = counting(i);
    const std::uint32_t h = murmur3_x86_32(key, static_cast<std::uint32_t>(256 - i));
    results_32.append(reinterpret_cast<const char*>(&h), 4);
    const Hash128 wide = murmur3_x64_128(key, static_cast<std::uint32_t>(256 - i));
    results_128.append(reinterpret_cast<const char*>(&wide.low), 8);
    results_128.append(reinterpret_cast<const char*>(&wide.high), 8);
  }
  REQUIRE(murmur3_x86_32(results_32, 0) == 0xB0F57EE3);
  REQUIRE(static_cast<std::uint32_t>(murmur3_x64_128(results_128, 0).low) == 0x6384BA69);
  REQUIRE(murmur3_x86_32("", 1) == 0x514E28B7);
  REQUIRE(murmur3_x86_32("hello", 0) == 0x248bfa47);
  REQUIRE(murmur3_x64_128("hello", 0) == Hash128{0xcbd8a7b341bd9b02, 0x5b1e906a48ae1d19});
}

TEST_CASE("xxh: vectors of the xxHash reference", "[hash][xxh]") {
  REQUIRE(hash64("") == 0x2d06800538d394c2);
  REQUIRE(hash64("abc") == 0x78af5f94892f3950);
  REQUIRE(XXH64("", 0, 0) == 0xef46db3751d8e999);
  REQUIRE(XXH64("abc", 3, 0) == 0x44bc2cf5ad770999);
}

TEST_CASE("siphash: vectors of the authors' reference code", "[hash][siphash]") {
  REQUIRE(siphash_2_4("", kSipKey) == 0x726fdb47dd0e0e31);
  REQUIRE(siphash_2_4(counting(1), kSipKey) == 0x74f839c593dc67fd);
  REQUIRE(siphash_2_4(counting(8), kSipKey) == 0x93f5f5799a932462);
  REQUIRE(siphash_2_4(counting(15), kSipKey) == 0xa129ca6149be45e5);  // appendix A of the paper
  REQUIRE(siphash_1_3("", kSipKey) == 0xabac0158050fc4dc);
  REQUIRE(siphash_1_3(counting(15), kSipKey) != siphash_2_4(counting(15), kSipKey));
  REQUIRE(siphash_2_4(counting(15), {1, 2}) != siphash_2_4(counting(15), kSipKey));
}

TEST_CASE("crc16: the check value, and the slots of the Redis Cluster specification", "[hash][crc16]") {
  REQUIRE(crc16_xmodem("123456789") == 0x31C3);
  REQUIRE(crc16_xmodem("") == 0);
  REQUIRE(redis_slot("foo") == 12182);
  REQUIRE(redis_slot("{user1000}.following") == 3443);
  REQUIRE(redis_slot("{user1000}.followers") == 3443);
  REQUIRE(redis_slot("foo{bar}{zap}") == 5061);
  REQUIRE(redis_hash_tag("foo{bar}{zap}") == "bar");
  REQUIRE(redis_hash_tag("foo{}{bar}") == "foo{}{bar}");  // an empty tag is none
  REQUIRE(redis_hash_tag("foo{{bar}}zap") == "{bar");
  REQUIRE(redis_hash_tag("foo{bar") == "foo{bar");
  REQUIRE(redis_hash_tag("}{") == "}{");
}

TEST_CASE("md5: the test suite of RFC 1321, and every length around a block", "[hash][md5]") {
  REQUIRE(hex(md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
  REQUIRE(hex(md5("a")) == "0cc175b9c0f1b6a831c399e269772661");
  REQUIRE(hex(md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
  REQUIRE(hex(md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
  REQUIRE(hex(md5("abcdefghijklmnopqrstuvwxyz")) == "c3fcd3d76192e4007dfb496cca67e13b");
  REQUIRE(hex(md5("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")) ==
          "d174ab98d277d9f5a5611c2c9f419d9f");
  REQUIRE(hex(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890")) ==
          "57edf4a22be3c955ac49da2e2107b67a");
  // The MD5 of the digests of 0 to 200 bytes 'x', one after the other, as Python's hashlib gives it.
  std::string digests;
  for (std::size_t length = 0; length <= 200; ++length) digests += hex(md5(std::string(length, 'x')));
  REQUIRE(hex(md5(digests)) == "1f0d9d949b2c16e511c7083a082d1828");
}
