// Routers that leave the choice to a placement of core/hash: `hash` (the hash modulo the number of shards)
// and `consistent` (a ring, rendezvous, jump, maglev, anchor ...).
//
// Nothing but the shards' names need be agreed on. A range of keys is on every shard, because a hash scatters
// neighbours. The traits are the placement's. A seed other than 0 makes another hash of each key: the two
// levels of a hierarchy must not use one hash, or the second sees only keys that the first found alike.
// Cost: the placement's, and hashing the key.
#pragma once

#include "core/shard/router.hpp"

namespace syslab {

// Takes the placement, whose nodes become the shards. `name` is a literal.
std::unique_ptr<Router> make_placed_router(std::string_view name, std::unique_ptr<Placement> placement,
                                           std::uint64_t seed = 0);

}  // namespace syslab
