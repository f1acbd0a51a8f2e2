// Heat: which shards get more than their share of the requests, and is it many keys or one?
//
// A shard is hot when it has more than `hot` times its fair share (by weight). What helps depends on why:
// where its hottest key alone is more than a fair share, moving or splitting only moves the problem, and the
// key has to be copied, cached or salted; else part of its keys can go elsewhere. Hot keys are found by
// space-saving (core/sketch): at least every key that came more often than 1 in `places`. Cost: O(log shards)
// a request, about 200 bytes a place.
#pragma once

#include <string>
#include <vector>

#include "core/shard/router.hpp"
#include "core/sketch/space_saving.hpp"

namespace syslab {

struct HeatOptions {
  std::size_t places = 100;  // of the table of keys
  double hot = 2;            // times the fair share
};

class Heat {
 public:
  struct Shard {
    std::string name;
    std::uint64_t requests = 0;
    double over_fair = 0;
    bool hot = false;
    bool one_key = false;  // its hottest key alone is more than a fair share
  };
  struct Key {
    Value key;
    std::uint64_t count = 0;  // at least the truth
    std::uint64_t error = 0;  // count - error is at most the truth
    std::size_t shard = 0;
  };

  // Requires: places >= 1.
  explicit Heat(const HeatOptions& options) : options_(options), keys_(options.places) {}

  // Requires: it is a key of the router, which has a shard.
  void record(const Router& router, const Value& key, std::uint64_t requests = 1);
  void clear();

  std::uint64_t total() const { return total_; }
  // In the order of the router's shards; requests for shards that have left are not counted.
  std::vector<Shard> shards(const Router& router) const;
  // The hottest, hottest first.
  std::vector<Key> keys(const Router& router, std::size_t most) const;

 private:
  HeatOptions options_;
  SpaceSaving keys_;                                           // by their JSON, which names a key of any type
  std::vector<std::pair<std::string, std::uint64_t>> shards_;  // sorted by name
  std::uint64_t total_ = 0;
};

}  // namespace syslab
