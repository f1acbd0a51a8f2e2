#include "core/hash/jump.hpp"

#include <fmt/format.h>

namespace syslab {

void Jump::added(std::size_t place) {
  for (std::uint32_t& p : places_) p += p >= place;
  places_.push_back(static_cast<std::uint32_t>(place));
}

void Jump::removed(std::size_t place) {
  places_.pop_back();
  for (std::uint32_t& p : places_) p -= p > place;
}

std::string Jump::stays(std::size_t place) const {
  if (places_.back() == place) return "";
  return fmt::format("only the node that came last can leave a jump hash: that is '{}', not '{}'",
                     nodes_[places_.back()].name, nodes_[place].name);
}

void Jump::check() const {
  SYSLAB_ASSERT(places_.size() == nodes_.size());
  std::vector<std::uint32_t> sorted = places_;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < sorted.size(); ++i) SYSLAB_ASSERT(sorted[i] == i);
}

std::unique_ptr<Placement> make_jump() {
  return std::make_unique<Jump>();
}

}  // namespace syslab
