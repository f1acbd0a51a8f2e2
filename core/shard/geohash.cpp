#include "core/shard/geohash.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr std::string_view kLetters = "0123456789bcdefghjkmnpqrstuvwxyz";
constexpr double kEarthRadius = 6371008.8;
constexpr double kPi = 3.14159265358979323846;

// A cell as its column and row among all of its precision. Of 5 * precision bits the first, third ... are
// longitude's.
struct Cell {
  std::uint64_t column = 0, row = 0;
};

int column_bits(int precision) {
  return (5 * precision + 1) / 2;
}
int row_bits(int precision) {
  return 5 * precision / 2;
}

std::string text_of(const Cell& cell, int precision) {
  std::string hash(static_cast<std::size_t>(precision), '0');
  int column = column_bits(precision), row = row_bits(precision);
  for (int i = 0; i < precision; ++i) {
    unsigned letter = 0;
    for (int bit = 0; bit < 5; ++bit) {
      const bool even = (5 * i + bit) % 2 == 0;
      const std::uint64_t one = even ? cell.column >> --column & 1 : cell.row >> --row & 1;
      letter = letter << 1 | static_cast<unsigned>(one);
    }
    hash[static_cast<std::size_t>(i)] = kLetters[letter];
  }
  return hash;
}

std::optional<Cell> cell_of(std::string_view hash) {
  if (hash.empty() || hash.size() > kGeohashMost) return std::nullopt;
  Cell cell;
  std::size_t count = 0;
  for (char c : hash) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const std::size_t letter = kLetters.find(c);
    if (letter == kLetters.npos) return std::nullopt;
    for (int bit = 4; bit >= 0; --bit, ++count) {
      std::uint64_t& axis = count % 2 == 0 ? cell.column : cell.row;
      axis = axis << 1 | (letter >> bit & 1);
    }
  }
  return cell;
}

// A power of two times a range: exact, so that cells meet without gaps.
GeoBox box_of(const Cell& cell, int precision) {
  const double width = std::ldexp(360.0, -column_bits(precision));
  const double height = std::ldexp(180.0, -row_bits(precision));
  const auto column = static_cast<double>(cell.column), row = static_cast<double>(cell.row);
  return {{row * height - 90, column * width - 180}, {(row + 1) * height - 90, (column + 1) * width - 180}};
}

// The index of the interval in which bisection ends.
std::uint64_t bisect(double value, double low, double high, int bits) {
  std::uint64_t index = 0;
  for (int i = 0; i < bits; ++i) {
    const double middle = (low + high) / 2;
    const bool upper = value >= middle;
    index = index << 1 | static_cast<std::uint64_t>(upper);
    (upper ? low : high) = middle;
  }
  return index;
}

// Taylor's series in [-pi/4, pi/4], where the term left out is below 1e-18; libm's last bit varies.
double sine_near(double x) {
  double term = x, sum = x;
  for (int k = 1; k <= 9; ++k) {
    term *= -x * x / ((2 * k) * (2 * k + 1));
    sum += term;
  }
  return sum;
}
double cosine_near(double x) {
  double term = 1, sum = 1;
  for (int k = 1; k <= 9; ++k) {
    term *= -x * x / ((2 * k - 1) * (2 * k));
    sum += term;
  }
  return sum;
}
// Of degrees: the quadrant is found exactly.
double sine(double degrees) {
  const double quadrant = std::round(degrees / 90);
  const double rest = (degrees - quadrant * 90) * (kPi / 180);
  switch (static_cast<std::int64_t>(quadrant) & 3) {
    case 0:
      return sine_near(rest);
    case 1:
      return cosine_near(rest);
    case 2:
      return -sine_near(rest);
    default:
      return -cosine_near(rest);
  }
}
double cosine(double degrees) {
  return sine(degrees + 90);
}

// Of 0 <= s <= sqrt(1/2), by Newton's method.
double arcsine(double s) {
  double x = s;
  for (int i = 0; i < 6; ++i) x -= (sine_near(x) - s) / cosine_near(x);
  return x;
}

// sin^2 of half the angle between two points: grows with it, and is exact for small ones.
double haversine(const GeoPoint& a, const GeoPoint& b) {
  const double latitude = sine((a.latitude - b.latitude) / 2);
  const double longitude = sine((a.longitude - b.longitude) / 2);
  return latitude * latitude + cosine(a.latitude) * cosine(b.latitude) * longitude * longitude;
}

// The same to the nearest point of a box.
double haversine_to(const GeoPoint& p, const GeoBox& box) {
  const bool beside = p.longitude < box.low.longitude || p.longitude > box.high.longitude;
  if (!beside) {
    return haversine(p, {std::clamp(p.latitude, box.low.latitude, box.high.latitude), p.longitude});
  }
  double least = 1;
  for (const double longitude : {box.low.longitude, box.high.longitude}) {
    least = std::min(
        {least, haversine(p, {box.low.latitude, longitude}), haversine(p, {box.high.latitude, longitude})});
    // cos(angle) to the point at latitude x of this meridian is a*sin(x) + b*cos(x). Where that has its peak
    // between the two corners, the nearest point is there, and sin(angle) is what is left.
    const double a = sine(p.latitude), b = cosine(p.latitude) * cosine(p.longitude - longitude);
    const auto slope = [&](double x) { return a * cosine(x) - b * sine(x); };
    if (slope(box.low.latitude) <= 0 || slope(box.high.latitude) >= 0) continue;
    const double across = cosine(p.latitude) * sine(p.longitude - longitude);
    const double squared = across * across;
    least = std::min(least, squared / (2 * (1 + std::sqrt(1 - squared))));
  }
  return least;
}

}  // namespace

std::string geohash_encode(const GeoPoint& point, int precision) {
  SYSLAB_ASSERT(precision >= 1 && precision <= kGeohashMost);
  return text_of({bisect(point.longitude, -180, 180, column_bits(precision)),
                  bisect(point.latitude, -90, 90, row_bits(precision))},
                 precision);
}

std::optional<GeoBox> geohash_decode(std::string_view hash) {
  const std::optional<Cell> cell = cell_of(hash);
  if (!cell) return std::nullopt;
  return box_of(*cell, static_cast<int>(hash.size()));
}

std::optional<std::string> geohash_neighbour(std::string_view hash, int north, int east) {
  std::optional<Cell> cell = cell_of(hash);
  SYSLAB_ASSERT(cell.has_value());
  const int precision = static_cast<int>(hash.size());
  const std::int64_t row = static_cast<std::int64_t>(cell->row) + north;
  if (row < 0 || row >= std::int64_t{1} << row_bits(precision)) return std::nullopt;
  cell->row = static_cast<std::uint64_t>(row);
  const std::uint64_t columns = std::uint64_t{1} << column_bits(precision);
  cell->column = (cell->column + static_cast<std::uint64_t>(std::int64_t{east})) & (columns - 1);
  return text_of(*cell, precision);
}

double geo_distance(const GeoPoint& a, const GeoPoint& b) {
  const double h = std::min(1.0, haversine(a, b));
  const double half = h <= 0.5 ? arcsine(std::sqrt(h)) : kPi / 2 - arcsine(std::sqrt(1 - h));
  return 2 * kEarthRadius * half;
}

std::optional<std::vector<std::string>> geohash_cells(const GeoPoint& point, double radius, int precision,
                                                      std::size_t most) {
  const double angle = radius / kEarthRadius / 2;  // half of it
  const double sine_of_half = angle >= kPi / 2   ? 1
                              : angle <= kPi / 4 ? sine_near(angle)
                                                 : cosine_near(kPi / 2 - angle);
  const double limit = sine_of_half * sine_of_half;
  // From the cell of the point outwards, as long as cells are near enough.
  std::set<std::string> found;
  std::vector<std::string> edge = {geohash_encode(point, precision)};
  found.insert(edge.front());
  while (!edge.empty()) {
    const std::string cell = std::move(edge.back());
    edge.pop_back();
    for (int north = -1; north <= 1; ++north) {
      for (int east = -1; east <= 1; ++east) {
        std::optional<std::string> next = geohash_neighbour(cell, north, east);
        if (!next || found.contains(*next)) continue;
        // Longitudes go round: the box is looked at beside the point, on either side.
        const GeoBox box = *geohash_decode(*next);
        double nearest = 1;
        for (const double turn : {-360.0, 0.0, 360.0}) {
          nearest = std::min(nearest, haversine_to({point.latitude, point.longitude + turn}, box));
        }
        if (nearest > limit) continue;
        if (found.size() == most) return std::nullopt;
        found.insert(*next);
        edge.push_back(std::move(*next));
      }
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

}  // namespace syslab
