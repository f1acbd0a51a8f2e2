// The moments that readers still want to see, and which versions of a key that takes.
#pragma once

#include <set>

#include "core/store/store.hpp"

namespace syslab {

class Snapshots {
 public:
  void take(Lsn at) { held_.insert(at); }
  void release(Lsn at) {
    const auto found = held_.find(at);
    SYSLAB_ASSERT(found != held_.end());
    held_.erase(found);
  }
  bool empty() const { return held_.empty(); }
  // Requires: not empty.
  Lsn oldest() const { return *held_.begin(); }
  // Whether one of them sees a version that was written at `written` and replaced at `replaced`.
  bool sees(Lsn written, Lsn replaced) const {
    const auto first = held_.lower_bound(written);
    return first != held_.end() && *first < replaced;
  }

 private:
  std::multiset<Lsn> held_;
};

}  // namespace syslab
