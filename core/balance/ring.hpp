// Ring: requests for one key go to one backend, by a consistent hash ring.
//
// For backends that keep something for their keys: a cache, a session, a shard. Where the home of a key is
// not available its requests go to the next backend on the ring, and only they move. A request without a key
// goes anywhere. One hot key is one hot backend; with a `bound` no backend has more than `bound` times the
// average of outstanding requests, and what is above goes on around the ring (consistent hashing with bounded
// loads). Cost: about 10 ns a pick where the home takes it; O(backends) with a bound; a rebuild of the ring
// where one joins. Paper: Karger et al. 1997 (see core/hash/ring.hpp); Mirrokni, Thorup & Zadimoghaddam 2018,
// "Consistent hashing with bounded loads". Seen: HAProxy `hash-balance-factor`, Envoy RING_HASH.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/balance/picker.hpp"

namespace syslab {

struct RingPickerOptions {
  std::uint32_t points = 160;        // on the ring for weight 1; at least 1, at most 2^20
  std::optional<double> bound = {};  // above 1; none: no bound
};
std::unique_ptr<Picker> make_ring_picker(const RingPickerOptions& options = {});

}  // namespace syslab
