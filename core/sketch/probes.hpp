// Where a sketch looks for a hash: many places from one 64-bit hash.
//
// Enhanced double hashing (Dillinger & Manolios 2004): g_i = h1 + i h2 + (i^3 - i)/6, which behaves like i
// independent hashes (Kirsch & Mitzenmacher 2006) without the short cycles of plain double hashing. A place
// in a table of any size is a fraction of it (Lemire 2016).
#pragma once

#include <cstdint>

#include "core/base/rng.hpp"

namespace syslab {

inline std::uint64_t place_of(std::uint64_t hash, std::uint64_t places) {
  __extension__ const auto product = static_cast<unsigned __int128>(hash) * places;
  return static_cast<std::uint64_t>(product >> 64);
}

class Probes {
 public:
  explicit Probes(std::uint64_t hash) : at_(hash), step_(mix64(hash)) {}
  std::uint64_t next(std::uint64_t places) {
    const std::uint64_t place = place_of(at_, places);
    at_ += step_;
    step_ += ++i_;
    return place;
  }

 private:
  std::uint64_t at_;
  std::uint64_t step_;
  std::uint64_t i_ = 0;
};

}  // namespace syslab
