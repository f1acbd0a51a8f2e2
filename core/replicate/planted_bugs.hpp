// Planted bugs: mistakes that implementations of a protocol have really made, each an option of the protocol.
// They show that the checkers would have found it, and are there to be hunted in labs.
//
// The bugs of a protocol are an enum class whose first, `none`, is zero; a PlantedBugs names the others, in
// order, in Lua's `bug` option and in tests:
//
//   enum class ChainBug : std::uint8_t { none, head_answers, ... };
//   inline constexpr PlantedBugs<ChainBug, 5> kChainBugs{{"head_answers", ...}};
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace syslab {

template <class Bug, std::size_t N>
struct PlantedBugs {
  std::array<std::string_view, N> names;

  // None for a name that is not in the list.
  std::optional<Bug> parse(std::string_view name) const {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Bug>(found - names.begin() + 1);
  }
  std::string_view name(Bug bug) const {
    return bug == Bug::none ? "none" : names[static_cast<std::size_t>(bug) - 1];
  }
};

}  // namespace syslab
