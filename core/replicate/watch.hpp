// Watch: sees every change of all replicas of one group at once, as no replica can, and says when an
// invariant of their protocol is broken. The replicas share it and report to it; each protocol, or family of
// protocols, derives one with what there is to report (log_watch.hpp).
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace syslab {

class Watch {
 public:
  // The first invariant that was broken, in words; none as long as all hold.
  const std::optional<std::string>& violation() const { return violation_; }

 protected:
  ~Watch() = default;
  void violated(std::string what) {
    if (!violation_) violation_ = std::move(what);
  }

 private:
  std::optional<std::string> violation_;
};

}  // namespace syslab
