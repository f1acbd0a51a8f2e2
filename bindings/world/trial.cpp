#include "bindings/world/trial.hpp"

namespace syslab {

WorldTrial::WorldTrial(const FaultSchedule* schedule) : outer_(std::move(LabWorld::made)) {
  LabWorld::made = [this, schedule](LabWorld& world) {
    if (schedule != nullptr) {
      world.replay.emplace();
      for (const PlannedFault& planned : *schedule) {
        if (planned.world == worlds_.size()) world.replay->push_back(planned);
      }
    }
    world.on_trial = true;
    worlds_.push_back(world.shared_from_this());
  };
}

WorldTrial::~WorldTrial() {
  for (const auto& world : worlds_) world->on_trial = false;
  LabWorld::made = std::move(outer_);
}

Trial WorldTrial::result(std::optional<std::string> wrong) const {
  Trial trial;
  trial.violation = std::move(wrong);
  for (std::size_t i = 0; i < worlds_.size(); ++i) {
    for (PlannedFault& planned : schedule_of(worlds_[i]->world.faults())) {
      planned.world = static_cast<std::uint32_t>(i);
      trial.schedule.push_back(std::move(planned));
    }
  }
  for (const auto& world : worlds_) {
    if (const auto& seen = world->violation()) {
      trial.violation = seen;
      break;
    }
  }
  return trial;
}

void WorldTrial::close_worlds() {
  for (const auto& world : worlds_) world->close();
}

}  // namespace syslab
