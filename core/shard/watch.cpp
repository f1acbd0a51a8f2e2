#include "core/shard/watch.hpp"

#include <fmt/format.h>

namespace syslab {

void ShardWatch::served(const std::string& shard, std::uint32_t bucket, std::uint64_t epoch) {
  Owner& owner = owners_[bucket];
  if (epoch < owner.epoch || (epoch == owner.epoch && shard != owner.shard)) {
    violated(fmt::format("bucket {} is served by {} in epoch {}, and was by {} in epoch {}", bucket, shard,
                         epoch, owner.shard, owner.epoch));
  }
  if (epoch > owner.epoch) owner = {epoch, shard};
}

}  // namespace syslab
