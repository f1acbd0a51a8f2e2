// Directory router: a table says where each key is, so it can be anywhere, and can be moved by itself.
//
// A key that is not listed goes to the shard with the fewest keys for its weight, and take() writes that
// down; so no key moves when a shard comes, and when one leaves, each of its keys goes where a new one would.
// The price is the table: an entry for every key, and a look-up before every request. Also the router of
// *vertical* partitioning: the keys are a table's columns, all of them listed, and a read of several columns
// asks every shard that has one of them. Cost: O(log keys + shards) a key; about 64 bytes an entry.
#pragma once

#include <map>

#include "core/shard/router.hpp"

namespace syslab {

class DirectoryRouter final : public Router {
 public:
  // `listed_only`: a key that is not in the table is no key (vertical).
  explicit DirectoryRouter(bool listed_only = false) : listed_only_(listed_only) {}

  std::string_view name() const override { return listed_only_ ? "vertical" : "directory"; }
  RouterTraits traits() const override { return {.spreads = false, .independent = false}; }
  std::string refusal_of_key(const Value& key) const override;
  std::size_t route(const Value& key) const override;
  std::size_t take(const Value& key) override;
  void route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const override;
  std::size_t memory_bytes() const override;
  std::unique_ptr<Router> clone() const override { return std::make_unique<DirectoryRouter>(*this); }
  void check_invariants() const override;

  // Lists a key. Requires: there is such a place; the key is not nil.
  void assign(const Value& key, std::size_t place);
  // False where it was not listed.
  bool forget(const Value& key);
  const std::map<Value, std::uint32_t>& table() const { return table_; }

 private:
  void build(std::span<const std::uint32_t> order) override;
  void added(std::size_t place) override;
  void removed(std::size_t place) override;
  std::string refusal_of_removal(std::size_t place) const override;
  std::size_t least_loaded() const;

  bool listed_only_;
  std::map<Value, std::uint32_t> table_;
  std::vector<std::uint64_t> keys_;  // listed at each shard
};

}  // namespace syslab
