// Faults are components: one verb, one file, below core/sim/fault/.
//
// A Fault as a script makes it is a plan: "crash one of the primaries". When its moment comes it is
// *resolved*: a copy is made in which every choice is taken ("crash kv-3"). The copy is injected, journaled
// and, if that was asked for, healed. The random choices come from a stream of their own, so that a run's
// journal, replayed as plain faults in a world of the same seed, gives the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

class World;
class Fault;
using FaultPtr = std::shared_ptr<Fault>;

// Names one registered fault of a world (at(), inject()), for healing it.
struct FaultId {
  std::uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const FaultId&) const = default;
};

class Fault {
 public:
  virtual ~Fault() = default;

  // The verb: "crash". In Lua `lab.fault.crash`.
  virtual std::string_view name() const = 0;
  // A map that makes the same fault again; of a resolved fault it names nodes only.
  virtual Value options() const = 0;
  // "crash app-2": for the trace and for pictures.
  virtual std::string describe() const = 0;
  // Whether there is anything to heal. Where not, heal() is not called.
  virtual bool heals() const { return true; }
  // False for a fault that acts only by injecting and healing others (chaos, heal_all): it is not journaled.
  virtual bool journaled() const { return true; }
  // Whether something else has undone all of it (a restart ends a crash), so that nothing is left to heal.
  virtual bool over(const World&) const { return false; }
  // Errors: not_found where it names a node or zone that the world does not have.
  virtual Expected<bool> check(const World& world) const = 0;

  // A copy with every choice taken. Requires: check().
  virtual FaultPtr resolve(const World& world, Rng& rng) const = 0;
  // On a resolved fault, once: does it, and takes it back. `rng` is the fault's own.
  virtual void inject(World& world, Rng& rng) = 0;
  virtual void heal(World&) {}
};

// The life of faults in one world: what is planned, what is active, and the journal of what was done.
//
// Fault actions run before every other event of their instant. They have a queue of their own, which the
// world looks at first; so a fault that is injected at once, when something has already happened at this
// instant, happens one nanosecond later.
class FaultTimeline {
 public:
  struct Entry {               // of the journal
    std::uint64_t number = 0;  // of the fault, from 1 in order of injection; its heal has the same
    Instant at;
    bool heal = false;
    FaultPtr fault;  // resolved; planned in another world it does the same there
    Value options;
  };
  struct Band {  // for pictures
    Instant from;
    Instant to;  // Instant::max(): still active
    std::string name;
    std::string describe;
  };

  explicit FaultTimeline(World& world, Rng rng);

  // Plans a fault, and its end. Errors: check()'s; unknown where `at` is in the past.
  Expected<FaultId> at(Instant at, FaultPtr fault, std::optional<Duration> lasting = std::nullopt);
  // From within a fault: now, at once.
  FaultId inject_now(const FaultPtr& fault, std::optional<Duration> lasting = std::nullopt);
  // Plans the end of a fault (at the given instant, which is not in the past). One that has not begun never
  // will.
  void heal_at(Instant at, FaultId id);
  void heal_all_at(Instant at);
  // From within a fault: now, at once. False where there was nothing to heal.
  bool heal_now(FaultId id);
  void heal_all_now();
  // Runs an action as fault actions run. For faults that act over time.
  void plan(Instant at, std::function<void()> action);

  bool active(FaultId id) const;
  std::size_t active_count() const;
  const std::vector<Entry>& journal() const { return journal_; }
  std::vector<Band> bands() const;
  // A Lua chunk that returns function(w), which plans the journal in the world w. See world.hpp.
  std::string schedule_lua() const;

  // For the world: when the next action is due, and doing it.
  Instant next() const { return actions_.empty() ? Instant::max() : actions_.begin()->first; }
  void run_next();
  // Whether a fault action is running.
  bool acting() const { return acting_; }

 private:
  struct Record {
    FaultPtr plan;
    FaultPtr resolved = nullptr;  // once it has begun
    enum class State : std::uint8_t { planned, active, over } state = State::planned;
    std::uint64_t number = 0;
    Instant from = {};
    Instant to = Instant::max();
  };

  Record& record(FaultId id);
  FaultId add(FaultPtr fault);
  void begin(FaultId id);

  World& world_;
  Rng rng_;
  std::multimap<Instant, std::function<void()>> actions_;  // equal instants in order of insertion
  std::vector<Record> records_;                            // by id - 1
  std::vector<Entry> journal_;
  std::map<std::uint64_t, std::uint64_t> repeats_;  // of fault streams, so that equal faults differ
  std::uint64_t last_number_ = 0;
  bool acting_ = false;
};

// Shortest round-trip text of a value as Lua source.
std::string lua_literal(const Value& value);

}  // namespace syslab
