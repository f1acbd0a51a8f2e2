#include "core/sim/explore.hpp"

#include <algorithm>
#include <map>

#include "core/sim/world.hpp"

namespace syslab {

FaultSchedule schedule_of(const FaultTimeline& faults) {
  FaultSchedule schedule;
  std::map<std::uint64_t, std::size_t> by_number;
  for (const FaultTimeline::Entry& entry : faults.journal()) {
    if (!entry.heal) {
      by_number[entry.number] = schedule.size();
      schedule.push_back({entry.at, entry.fault, std::nullopt, 0});
    } else if (const auto begun = by_number.find(entry.number); begun != by_number.end()) {
      PlannedFault& planned = schedule[begun->second];
      planned.lasting = entry.at - planned.at;
    }
  }
  return schedule;
}

void plan(World& world, const FaultSchedule& schedule) {
  for (const PlannedFault& planned : schedule) {
    const Expected<FaultId> id = world.at(planned.at, planned.fault, planned.lasting);
    SYSLAB_ASSERT(id.ok());
  }
}

std::string schedule_lua(const FaultSchedule& schedule) {
  const bool several =
      std::any_of(schedule.begin(), schedule.end(), [](const PlannedFault& p) { return p.world > 0; });
  std::string out = several ? "return function(w, i)\n" : "return function(w)\n";
  for (const PlannedFault& planned : schedule) {
    const Value options = planned.fault->options();
    out += several ? "  if i == " + std::to_string(planned.world + 1) + " then w:at(" : "  w:at(";
    out += lua_literal(to_seconds(planned.at)) + ", lab.fault." + std::string(planned.fault->name()) +
           (options.map().empty() ? "{}" : lua_literal(options));
    if (planned.lasting) out += ", " + lua_literal(to_seconds(*planned.lasting));
    out += several ? ") end\n" : ")\n";
  }
  return out + "end\n";
}

std::optional<Finding> explore(const Experiment& experiment, std::uint64_t first, std::uint64_t seeds,
                               std::uint64_t runs_max) {
  Finding finding;
  for (finding.seeds = 1; finding.seeds <= seeds; ++finding.seeds) {
    finding.seed = first + finding.seeds - 1;
    Trial trial = experiment(finding.seed, nullptr);
    ++finding.runs;
    if (!trial.violation) continue;
    finding.violation = std::move(*trial.violation);
    finding.faults = trial.schedule.size();
    finding.schedule = std::move(trial.schedule);
    break;
  }
  if (finding.violation.empty()) return std::nullopt;

  const std::uint64_t limit = finding.runs + runs_max;
  const auto still_fails = [&](const FaultSchedule& schedule) {
    ++finding.runs;
    Trial trial = experiment(finding.seed, &schedule);
    if (!trial.violation) return false;
    finding.violation = std::move(*trial.violation);
    finding.schedule = schedule;
    return true;
  };
  for (std::size_t pieces = 2; !finding.schedule.empty() && finding.runs < limit;) {
    pieces = std::min(pieces, finding.schedule.size());
    const std::size_t size = (finding.schedule.size() + pieces - 1) / pieces;
    bool shorter = false;
    for (std::size_t begin = 0; begin < finding.schedule.size() && finding.runs < limit; begin += size) {
      FaultSchedule rest = finding.schedule;
      const auto from = rest.begin() + static_cast<std::ptrdiff_t>(begin);
      rest.erase(from, rest.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, rest.size())));
      if ((shorter = still_fails(rest))) break;
    }
    if (shorter) {
      pieces = std::max<std::size_t>(2, pieces - 1);
    } else if (size == 1) {
      break;
    } else {
      pieces *= 2;
    }
  }
  return finding;
}

}  // namespace syslab
