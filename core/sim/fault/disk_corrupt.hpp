// Damages stored records: each record of `file` (of every file, if empty) with `probability`. Where the
// damage is detected, as by a checksum, reading the file is an io_error; where not, one bit in the record is
// flipped. A record that is written again is sound. Healed, what is still damaged reads right again (a scrub
// from a good copy).
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskCorruptOptions {
  Target target;
  std::string file = {};
  double probability = 0.1;
  bool detected = false;
};
// Requires: 0 <= probability <= 1.
FaultPtr make_disk_corrupt(DiskCorruptOptions options);

}  // namespace syslab
