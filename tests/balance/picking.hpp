// Helpers for tests of pickers: a fleet whose requests never end, and how they were spread.
#pragma once

#include <string>
#include <vector>

#include "core/balance/picker.hpp"

namespace syslab::test {

struct Fleet {
  std::vector<Backend> backends;
  Rng rng{7};

  explicit Fleet(std::vector<double> weights) {
    static const std::string kNames = "abcdefghijklmnopqrstuvwxyz";
    for (std::size_t i = 0; i < weights.size(); ++i) {
      backends.push_back({.name = std::string_view(kNames).substr(i % 26, 1), .weight = weights[i]});
    }
  }
  explicit Fleet(std::size_t count) : Fleet(std::vector<double>(count, 1)) {}

  // The names picked in order; "-" for none. `hold`: every request stays outstanding.
  std::string picks(Picker& picker, int n, bool hold = true) {
    std::string out;
    for (int k = 0; k < n; ++k) {
      const auto i = picker.pick(backends, Value(k), rng);
      if (i) {
        picker.on_start(*i);
        if (hold) ++backends[*i].outstanding;
      }
      out += i ? backends[*i].name : "-";
    }
    return out;
  }
};

}  // namespace syslab::test
