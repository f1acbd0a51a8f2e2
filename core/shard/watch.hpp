// ShardWatch: sees every request that a shard carries out, at all shards at once, and says when a bucket has
// two owners.
//
// An owner serves in an epoch, and epochs only grow: once a bucket was served in an epoch, nobody may serve
// it in an earlier one, nor another shard in the same. That no acknowledged write is lost is for a checker of
// histories to say.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/replicate/watch.hpp"

namespace syslab {

class ShardWatch final : public Watch {
 public:
  // A request for a key of the bucket takes effect at a shard that owns it by this epoch.
  void served(const std::string& shard, std::uint32_t bucket, std::uint64_t epoch);

 private:
  struct Owner {
    std::uint64_t epoch = 0;
    std::string shard;
  };
  std::map<std::uint32_t, Owner> owners_;
};

}  // namespace syslab
