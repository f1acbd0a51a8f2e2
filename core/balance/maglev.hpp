// Maglev: requests for one key go to one backend, by a table that all balancers build alike.
//
// As `ring`, but keys are shared evenly, to a percent, and a pick is one read of a table of 65537 entries; in
// exchange some keys of other backends move, too, when one joins (about one in 200). Where the home of a key
// is not available its requests go to others, evenly, and only they move. A request without a key goes
// anywhere. Cost: about 5 ns a pick where the home takes it; about 2 ms and 256 KiB when a backend joins or a
// weight changes. Paper: Eisenbud et al. 2016 (see core/hash/maglev.hpp). Seen: Google's Maglev, Envoy
// MAGLEV, Katran.
#pragma once

#include <memory>

#include "core/balance/picker.hpp"

namespace syslab {

std::unique_ptr<Picker> make_maglev_picker();

}  // namespace syslab
