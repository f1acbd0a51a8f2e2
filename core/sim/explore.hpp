// Explore: runs an experiment under seed after seed until something goes wrong, and then makes the schedule
// of faults that it takes as short as it can.
//
// The experiment makes a world from the seed, loads it, breaks it and judges it. Asked without a schedule it
// lets its faults come as the seed wills, and hands back what it did; asked with one it plans exactly that. A
// schedule is shortened by leaving faults out, half of them, then quarters, down to one by one (ddmin; Zeller
// & Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input"): in the end no single fault can be
// left out. Cost: a run for each seed; about n log n runs for a schedule of n faults, at most n^2.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/sim/fault.hpp"

namespace syslab {

struct PlannedFault {
  Instant at;
  FaultPtr fault;  // resolved
  std::optional<Duration> lasting;
  std::uint32_t world = 0;  // which one, in an experiment that makes several
};
using FaultSchedule = std::vector<PlannedFault>;

// What the faults of a world did, as plans for another one that is built the same way.
FaultSchedule schedule_of(const FaultTimeline& faults);
// Plans them. Requires: none lies in the past.
void plan(World& world, const FaultSchedule& schedule);
// A Lua chunk that returns function(w), which plans them; of several worlds, which function(w, i) plans those of the
// i-th, from 1.
std::string schedule_lua(const FaultSchedule& schedule);

struct Trial {
  std::optional<std::string> violation;  // in words; none: all went well
  FaultSchedule schedule;                // what the faults did
};
// `schedule`: null for faults of its own.
using Experiment = std::function<Trial(std::uint64_t seed, const FaultSchedule* schedule)>;

struct Finding {
  std::uint64_t seed = 0;
  std::string violation;
  FaultSchedule schedule;   // shortened; with it and the seed the experiment fails again
  std::size_t faults = 0;   // before it was shortened
  std::uint64_t seeds = 0;  // tried, this one included
  std::uint64_t runs = 0;   // of the experiment, for seeds and shortening
};
// The first seed of first .. first + seeds - 1 that goes wrong; none if there is none. `runs_max` bounds the
// shortening.
std::optional<Finding> explore(const Experiment& experiment, std::uint64_t first, std::uint64_t seeds,
                               std::uint64_t runs_max = 200);

}  // namespace syslab
