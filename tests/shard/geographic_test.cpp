#include "core/shard/geographic.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "core/base/rng.hpp"
#include "core/hash/modulo.hpp"
#include "core/hash/spread.hpp"
#include "core/shard/placed.hpp"
#include "core/shard/range.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

Value point(double lat, double lon) {
  return Value::map({{"lat", lat}, {"lon", lon}});
}
// Even over latitudes and longitudes; the order of n is none.
Value scattered(std::uint64_t n) {
  Rng rng(n);
  const double lat = rng.unit() * 180 - 90;
  return point(lat, rng.unit() * 360 - 180);
}
const RegisteredRouter registered(
    "geographic",
    [] {
      std::vector<Value> sample;
      for (std::uint64_t n = 0; n < 2000; ++n) {
        const Value p = scattered(n);
        sample.emplace_back(geohash_encode({p["lat"].number(), p["lon"].number()}, 4));
      }
      return std::unique_ptr<Router>(std::make_unique<GeographicRouter>(
          with_shards(std::make_unique<RangeRouter>(even_splits(std::move(sample), 24))), 4));
    },
    scattered);

}  // namespace

TEST_CASE("geohash: published values", "[shard][geohash]") {
  // Wikipedia, "Geohash": the worked examples.
  REQUIRE(geohash_encode({57.64911, 10.40744}, 11) == "u4pruydqqvj");
  REQUIRE(geohash_encode({42.6, -5.6}, 5) == "ezs42");
  // geohash.org's own example, by way of davidmoten/geo (GeoHashTest.java), which also has the White House.
  REQUIRE(geohash_encode({-25.382708, -49.265506}, 12) == "6gkzwgjzn820");
  REQUIRE(geohash_encode({38.89710201881826, -77.03669792041183}, 12) == "dqcjqcp84c6e");
  // libgeohash's tests, by way of slazav/mapsoft2.
  REQUIRE(geohash_encode({45.37, -121.7}, 6) == "c216ne");
  REQUIRE(geohash_encode({47.6062095, -122.3320708}, 12) == "c23nb62w20st");
  REQUIRE(geohash_encode({-33.8671390, 151.2071140}, 12) == "r3gx2f9tt5sn");
  // The corners: geofire's tests.
  REQUIRE(geohash_encode({-90, -180}, 12) == "000000000000");
  REQUIRE(geohash_encode({90, 180}, 12) == "zzzzzzzzzzzz");
  REQUIRE(geohash_encode({-90, 180}, 12) == "pbpbpbpbpbpb");
  REQUIRE(geohash_encode({90, -180}, 12) == "bpbpbpbpbpbp");
  REQUIRE(geohash_encode({-54.933333, -67.616667}, 12) == "4qpzmren1kwb");
  // The bounds of ezs42 in Wikipedia: 42.583 to 42.627, -5.625 to -5.581; of u4pruydqqv in hexdocs' geohash.
  const GeoBox box = *geohash_decode("ezs42");
  REQUIRE(box.low.latitude == Approx(42.583).margin(0.0005));
  REQUIRE(box.high.latitude == Approx(42.627).margin(0.0005));
  REQUIRE(box.low.longitude == -5.625);
  const GeoBox jutland = *geohash_decode("U4PRUYDQQV");
  REQUIRE(jutland.low.latitude == 57.649109959602356);
  REQUIRE(jutland.high.latitude == 57.649115324020386);
  REQUIRE(jutland.low.longitude == 10.407432317733765);
  REQUIRE(jutland.high.longitude == 10.407443046569824);
  for (const char* bad : {"", "a", "ezs4i", "ezs 2", "0123456789bcd"}) REQUIRE_FALSE(geohash_decode(bad));
}

TEST_CASE("geohash: neighbours, published and by their boxes", "[shard][geohash]") {
  // hexdocs' geohash_nif.
  REQUIRE(*geohash_neighbour("ezs42", 1, 0) == "ezs48");
  REQUIRE(*geohash_neighbour("ezs42", 1, 1) == "ezs49");
  REQUIRE(*geohash_neighbour("ezs42", 0, 1) == "ezs43");
  REQUIRE(*geohash_neighbour("ezs42", -1, 1) == "ezs41");
  REQUIRE(*geohash_neighbour("ezs42", -1, 0) == "ezs40");
  REQUIRE(*geohash_neighbour("ezs42", -1, -1) == "ezefp");
  REQUIRE(*geohash_neighbour("ezs42", 0, -1) == "ezefr");
  REQUIRE(*geohash_neighbour("ezs42", 1, -1) == "ezefx");
  // chrisveness/latlon-geohash: across four cells of the largest size.
  REQUIRE(*geohash_neighbour("ezzz", 1, 0) == "gbpb");
  REQUIRE(*geohash_neighbour("ezzz", 1, 1) == "u000");
  REQUIRE(*geohash_neighbour("ezzz", 0, 1) == "spbp");
  REQUIRE(*geohash_neighbour("ezzz", -1, 1) == "spbn");
  REQUIRE(*geohash_neighbour("ezzz", 1, -1) == "gbp8");
  // Round the world, and not over a pole.
  REQUIRE(*geohash_neighbour("z", 0, 1) == "b");
  REQUIRE_FALSE(geohash_neighbour("b", 1, 0));
  REQUIRE_FALSE(geohash_neighbour("0", -1, 0));
}

TEST_CASE("geohash: a point is in its cell, at every precision", "[shard][geohash]") {
  Rng rng(3);
  for (int i = 0; i < 2000; ++i) {
    const GeoPoint p{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
    const int precision = 1 + static_cast<int>(rng.below(12));
    const std::string hash = geohash_encode(p, precision);
    const GeoBox box = *geohash_decode(hash);
    REQUIRE((box.low.latitude <= p.latitude && p.latitude <= box.high.latitude));
    REQUIRE((box.low.longitude <= p.longitude && p.longitude <= box.high.longitude));
    REQUIRE(geohash_encode(box.middle(), precision) == hash);
    REQUIRE(geohash_encode(p, 12).substr(0, hash.size()) == hash);
  }
}

TEST_CASE("geohash: distances agree with libm's, and known ones with what is known", "[shard][geohash]") {
  REQUIRE(geo_distance({0, 0}, {0, 180}) == Approx(3.14159265358979 * 6371008.8));
  REQUIRE(geo_distance({10, 20}, {10, 20}) == 0);
  Rng rng(4);
  const double degree = std::acos(-1.0) / 180;
  for (int i = 0; i < 2000; ++i) {
    const GeoPoint a{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
    const GeoPoint b{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
    const double x = std::sin((a.latitude - b.latitude) / 2 * degree);
    const double y = std::sin((a.longitude - b.longitude) / 2 * degree);
    const double h = x * x + std::cos(a.latitude * degree) * std::cos(b.latitude * degree) * y * y;
    REQUIRE(geo_distance(a, b) == Approx(2 * 6371008.8 * std::asin(std::sqrt(h))).epsilon(1e-9));
    REQUIRE(geo_distance(a, b) == geo_distance(b, a));
  }
}

TEST_CASE("geohash: the cells of a circle are those that have a point in it", "[shard][geohash]") {
  Rng rng(5);
  for (int round = 0; round < 40; ++round) {
    const GeoPoint middle{rng.unit() * 178 - 89, rng.unit() * 360 - 180};
    const double radius = 100e3 + rng.unit() * 900e3;
    const auto cells = *geohash_cells(middle, radius, 3);
    const std::set<std::string> found(cells.begin(), cells.end());
    REQUIRE(found.contains(geohash_encode(middle, 3)));
    // By many points: whoever is within the circle is in one of the cells ...
    std::set<std::string> hit;
    for (int i = 0; i < 1500; ++i) {
      const GeoPoint p{std::clamp(middle.latitude + (rng.unit() - 0.5) * radius / 40e3, -90.0, 90.0),
                       std::remainder(middle.longitude + (rng.unit() - 0.5) * 360, 360)};
      if (geo_distance(middle, p) > radius) continue;
      const std::string cell = geohash_encode(p, 3);
      REQUIRE(found.contains(cell));
      hit.insert(cell);
    }
    // ... and each cell has a point within it: the nearest of a fine grid on it is hardly further away.
    for (const std::string& cell : cells) {
      const GeoBox box = *geohash_decode(cell);
      double nearest = 1e9;
      for (int i = 0; i <= 20; ++i) {
        for (int k = 0; k <= 20; ++k) {
          nearest = std::min(
              nearest,
              geo_distance(middle, {box.low.latitude + i * (box.high.latitude - box.low.latitude) / 20,
                                    box.low.longitude + k * (box.high.longitude - box.low.longitude) / 20}));
        }
      }
      REQUIRE(nearest <= radius + 8e3);
    }
  }
  REQUIRE_FALSE(geohash_cells({0, 0}, 1e6, 8, 1000));
}

TEST_CASE("geographic: in order a search asks few shards, scattered it asks all", "[shard][geographic]") {
  const auto ordered = registered.make();
  const GeographicRouter hashed(
      with_shards(make_placed_router("hash", make_modulo()), {{"a", 1}, {"b", 1}, {"c", 1}}), 4);
  std::size_t few = 0, many = 0;
  Rng rng(6);
  for (int i = 0; i < 50; ++i) {
    const auto cells = *geohash_cells({rng.unit() * 120 - 60, rng.unit() * 360 - 180}, 50e3, 4);
    const std::vector<Value> keys(cells.begin(), cells.end());
    few += ordered->touched_by(keys).size();
    many += hashed.touched_by(keys).size();
  }
  REQUIRE(few < 75);
  REQUIRE(many > 140);
}

TEST_CASE("geographic: a key is a point, or a geohash no larger than a cell", "[shard][geographic]") {
  const auto r = registered.make();
  REQUIRE(r->refusal_of_key(point(91, 0)) != "");
  REQUIRE(r->refusal_of_key(Value("u4p")) == "\"u4p\" is larger than a cell, which has 4 letters");
  REQUIRE(r->refusal_of_key(Value("ai")) == "\"ai\" is no geohash");
  REQUIRE(r->refusal_of_key(5) != "");
  REQUIRE(r->route(Value("u4pruydqqvj")) == r->route(point(57.64911, 10.40744)));
  REQUIRE(r->route(Value("U4PR")) == r->route(Value("u4pr")));
}
