#include "core/hash/ketama.hpp"

#include <catch2/catch.hpp>

#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// Equal nodes may get a digest more or less as the average is rounded, which moves a few keys.
const RegisteredPlacement registered("ketama", make_ketama, 1.25, 0.02);

std::unique_ptr<Placement> libmemcached_pool() {
  return with_nodes(make_ketama(), {{"10.0.1.1", 600},
                                    {"10.0.1.2", 300},
                                    {"10.0.1.3", 200},
                                    {"10.0.1.4", 350},
                                    {"10.0.1.5", 1000},
                                    {"10.0.1.6", 800},
                                    {"10.0.1.7", 950},
                                    {"10.0.1.8", 100}});
}

}  // namespace

// Keys, their hashes, the points of the continuum that they belong to, and the servers: from libmemcached's
// own test (test/fixtures/ketama.hpp, "ketama_test_cases"), which it took over from last.fm's libketama.
TEST_CASE("ketama: every key is where libmemcached has it", "[hash][ketama]") {
  struct Known {
    const char* key;
    std::uint32_t hash, point;
    const char* server;
  };
  const Known known[] = {
      {"SVa_]_V41)", 443691461u, 445379617u, "10.0.1.7"},
      {"*/Z;?V(.\\8", 1422915503u, 1428303028u, "10.0.1.1"},
      {"30C1*Z*S/_", 1473165754u, 1480075959u, "10.0.1.2"},
      {"ERR:EC58G>", 2148406511u, 2168579133u, "10.0.1.7"},
      {"1I=cTMNTKF", 2882686667u, 2885206587u, "10.0.1.5"},
      {"/XLN0@+36;", 1623269830u, 1627683651u, "10.0.1.1"},
      {"P1[Ma3=K1/", 1989324036u, 1994028240u, "10.0.1.8"},
      {"C89I.-V?cT", 1604239957u, 1606398093u, "10.0.1.8"},
      {"D[HE+cFXDK", 2117036136u, 2117124014u, "10.0.1.3"},
      {"\\39DKW^)N_", 3548879868u, 3550704865u, "10.0.1.3"},
      {"EM75N0+[X1", 1558531507u, 1559308507u, "10.0.1.4"},
      {"6,cEI`F_P>", 3972869246u, 3974773167u, "10.0.1.6"},
      {"]\\.UH8_0a1", 2419699252u, 2423002920u, "10.0.1.4"},
      {"8*6a;Sc*X+", 4223431086u, 4230156966u, "10.0.1.2"},
      {"UNHVP..^8H", 977096483u, 977319837u, "10.0.1.4"},
      {"Nb-X^]M)I:", 330865696u, 331009896u, "10.0.1.6"},
      {"[>RZHG97Q9", 71954686u, 72034069u, "10.0.1.6"},
      {"YI@G-2X?UB", 3688706179u, 3693197681u, "10.0.1.5"},
      {"CTR74,J+N.", 137446045u, 146633907u, "10.0.1.8"},
      {"4*=.SPR[AV", 3928582722u, 3928853792u, "10.0.1.1"},
  };
  const auto pool = libmemcached_pool();
  const auto& ketama = dynamic_cast<const Ketama&>(*pool);
  for (const Known& k : known) {
    INFO(k.key);
    const std::uint64_t hash = ketama.hash_of(std::string_view(k.key));
    CHECK(hash >> 32 == k.hash);
    CHECK(ketama.point(hash) == k.point);
    CHECK(pool->nodes()[pool->place(hash)].name == k.server);
  }
}

TEST_CASE("ketama: a hash behind the last point belongs to the first one", "[hash][ketama]") {
  // libmemcached's test has this key for it: its hash is fffcd1b5.
  const auto pool = libmemcached_pool();
  const auto& ketama = dynamic_cast<const Ketama&>(*pool);
  const std::uint64_t hash = ketama.hash_of(std::string_view("VDEAAAAA"));
  REQUIRE(hash >> 32 == 0xfffcd1b5);
  REQUIRE(ketama.point(hash) == ketama.point(0));
  REQUIRE(pool->place(hash) == pool->place(0));
}

TEST_CASE("ketama: a number is the text of its digits", "[hash][ketama]") {
  const auto pool = libmemcached_pool();
  REQUIRE(pool->hash_of(std::uint64_t{1234567890123456789}) ==
          pool->hash_of(std::string_view("1234567890123456789")));
}
