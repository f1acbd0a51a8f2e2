#include "core/shard/directory.hpp"

#include "core/base/assert.hpp"

namespace syslab {

std::string DirectoryRouter::refusal_of_key(const Value& key) const {
  if (!listed_only_ || table_.contains(key)) return "";
  return key.json() + " is not listed";
}

std::size_t DirectoryRouter::least_loaded() const {
  std::size_t least = 0;
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    const auto after = [&](std::size_t s) { return (static_cast<double>(keys_[s]) + 1) / shards_[s].weight; };
    if (after(i) < after(least)) least = i;
  }
  return least;
}

std::size_t DirectoryRouter::route(const Value& key) const {
  const auto listed = table_.find(key);
  return listed != table_.end() ? listed->second : least_loaded();
}

std::size_t DirectoryRouter::take(const Value& key) {
  const auto listed = table_.find(key);
  if (listed != table_.end()) return listed->second;
  const std::size_t place = least_loaded();
  assign(key, place);
  return place;
}

void DirectoryRouter::route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const {
  SYSLAB_ASSERT(keys.size() == places.size());
  DirectoryRouter then(*this);
  for (std::size_t i = 0; i < keys.size(); ++i) places[i] = static_cast<std::uint32_t>(then.take(keys[i]));
}

void DirectoryRouter::assign(const Value& key, std::size_t place) {
  SYSLAB_ASSERT(place < shards_.size() && !key.is_nil());
  forget(key);
  table_.emplace(key, static_cast<std::uint32_t>(place));
  ++keys_[place];
}

bool DirectoryRouter::forget(const Value& key) {
  const auto listed = table_.find(key);
  if (listed == table_.end()) return false;
  --keys_[listed->second];
  table_.erase(listed);
  return true;
}

void DirectoryRouter::build(std::span<const std::uint32_t>) {
  table_.clear();
  keys_.assign(shards_.size(), 0);
}

void DirectoryRouter::added(std::size_t place) {
  for (auto& [key, owner] : table_) owner += owner >= place;
  keys_.insert(keys_.begin() + static_cast<std::ptrdiff_t>(place), 0);
}

std::string DirectoryRouter::refusal_of_removal(std::size_t place) const {
  if (shards_.size() > 1 || keys_[place] == 0) return "";
  return "'" + shards_[place].name + "' is the last shard, and has keys";
}

void DirectoryRouter::removed(std::size_t place) {
  keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(place));
  for (auto& [key, owner] : table_) {
    if (owner == place) {
      owner = static_cast<std::uint32_t>(least_loaded());
      ++keys_[owner];
    } else {
      owner -= owner > place;
    }
  }
}

std::size_t DirectoryRouter::memory_bytes() const {
  std::size_t bytes = keys_.capacity() * sizeof(std::uint64_t);
  // An entry is a node of a tree: three pointers and a colour beside the key and the shard.
  for (const auto& [key, owner] : table_) bytes += 32 + sizeof(key) + sizeof(owner) + key.size_bytes();
  return bytes;
}

void DirectoryRouter::check_invariants() const {
  Router::check_invariants();
  std::vector<std::uint64_t> count(shards_.size(), 0);
  for (const auto& [key, owner] : table_) {
    SYSLAB_ASSERT(owner < shards_.size());
    ++count[owner];
  }
  SYSLAB_ASSERT(count == keys_);
}

}  // namespace syslab
