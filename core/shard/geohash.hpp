// Geohash: a place on earth as a text whose prefixes are ever larger cells around it.
//
// Longitude and latitude are halved in turn, the upper half is a 1, and five bits are one letter of base 32;
// so 5 letters are 4.9 km, 6 are 1.2 km by 0.6 km (at the equator), 12 are 4 cm. Neighbours mostly share a
// prefix, but not across the edge of a larger cell: whoever looks for what is near asks the neighbouring
// cells, too. Distances are on a sphere of 6371008.8 m (IUGG mean radius). Bit-equal on every machine: sines
// are our own. Cost: O(precision). Source: G. Niemeyer 2008, geohash.org.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syslab {

inline constexpr int kGeohashMost = 12;  // letters

struct GeoPoint {
  double latitude = 0;   // degrees, -90 to 90
  double longitude = 0;  // degrees, -180 to 180
};
struct GeoBox {
  GeoPoint low, high;
  GeoPoint middle() const {
    return {(low.latitude + high.latitude) / 2, (low.longitude + high.longitude) / 2};
  }
};

// Requires: the point is in range; 1 <= precision <= kGeohashMost.
std::string geohash_encode(const GeoPoint& point, int precision);
// None where it is no geohash (letters 0-9 b-z without a i l o, upper case as lower case; 1 to 12 of them).
std::optional<GeoBox> geohash_decode(std::string_view hash);
// The cell so many cells to the north and to the east; across 180 degrees it goes on at the other side,
// across a pole there is none. Requires: it is a geohash.
std::optional<std::string> geohash_neighbour(std::string_view hash, int north, int east);
// In metres, on the great circle.
double geo_distance(const GeoPoint& a, const GeoPoint& b);
// All cells of a precision that have a point within `radius` metres, sorted; none where they would be more
// than `most`. Requires: radius >= 0.
std::optional<std::vector<std::string>> geohash_cells(const GeoPoint& point, double radius, int precision,
                                                      std::size_t most = 100'000);

}  // namespace syslab
