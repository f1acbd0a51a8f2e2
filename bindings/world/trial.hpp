// A trial: one run of a script's experiment, for exploring (core/sim/explore.hpp).
//
// Every world that is made while it lives belongs to it. As soon as a watch of one of them sees a violation,
// letting time pass there raises an error that says so. With a schedule, the faults that the script plans are
// accepted and never happen; those of the schedule happen instead, planned when time first passes and they
// name nodes that are there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/world/lab_world.hpp"
#include "core/sim/explore.hpp"

namespace syslab {

class WorldTrial {
 public:
  // `schedule`: null for the script's own faults; else it outlives the trial. Of nested trials only the
  // innermost sees worlds.
  explicit WorldTrial(const FaultSchedule* schedule);
  ~WorldTrial();
  WorldTrial(const WorldTrial&) = delete;
  WorldTrial& operator=(const WorldTrial&) = delete;

  // What came of it: what a watch saw, or else `wrong`, which is what the script itself says.
  Trial result(std::optional<std::string> wrong) const;
  void close_worlds();
  std::size_t worlds() const { return worlds_.size(); }

 private:
  std::vector<std::shared_ptr<LabWorld>> worlds_;
  std::function<void(LabWorld&)> outer_;
};

}  // namespace syslab
