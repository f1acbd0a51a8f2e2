// The ordeal of replication protocols: a world with the replicas and their clients, everything that can fail,
// the protocol's watch at every step and a judge at the end. Every protocol goes through it twice: `sweep`,
// sound, under seed after seed, and `hunt`, with each of its planted bugs, which have to be found.
//
//   Ordeal ordeal(std::uint64_t seed, ChainBug bug) { ... }
//   TEST_CASE("chain: ... whatever fails", "[replicate][chain][sweep]") { test::sweep<ChainBug>(ordeal); }
//   TEST_CASE("chain: every planted bug is found ...", "[replicate][chain][hunt]") { test::hunt(kChainBugs,
//   ordeal); }
//
// What varies between runs (options, timing, mixes of operations) the protocol's function draws from the
// seed; what a rare bug needs to show at all it gives to that bug. A sweep takes 100 seeds; the environment
// variable SYSLAB_SEEDS asks for another number, and ctest's label `nightly` runs the cases tagged [sweep]
// with 2 000.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/replicate/planted_bugs.hpp"
#include "core/replicate/watch.hpp"
#include "core/runtime/node.hpp"
#include "core/sim/clients.hpp"
#include "core/sim/explore.hpp"
#include "core/sim/target.hpp"
#include "core/sim/world.hpp"

namespace syslab::test {

// Six clients that read, write and compare-and-set two keys, at once again after a refusal, and ask five more
// times before they give up.
ClientsOptions usual_clients();
// Writes are 70 % of what is not read, compare-and-set the rest.
ClientsOptions clients_that_read(double share);

// Partitions, crashes with and without power of one, some and all, torn writes, pauses, loss, duplicates (on
// some links only, where these are given), late and reordered messages, drifting clocks; several at once,
// healed again and again, all over after `span`.
std::vector<FaultPtr> all_faults(Duration span = std::chrono::seconds(6), const LinkTarget& duplicates = {});

// Adds `count` replicas NAME-1 .. NAME-count, of which each is told all.
using ReplicaFactory = std::function<NodeFactory(std::shared_ptr<const std::vector<NodeId>> members)>;
std::vector<NodeId> add_replicas(World& world, const std::string& name, std::size_t count,
                                 const ReplicaFactory& replica);

// No history that is not linearizable. One that takes too long to judge proves nothing.
std::optional<std::string> judge_linearizable(World& world, const Clients& clients);

struct Ordeal {
  WorldOptions world = {};
  // Adds what is under test, and says whom the clients ask.
  std::function<std::vector<NodeId>(World&)> build = nullptr;
  std::shared_ptr<const Watch> watch = nullptr;  // asked before every event; null: none
  // Others that are to be there as long as the world is, made when everybody else is.
  std::function<std::shared_ptr<void>(World&, const std::vector<NodeId>&)> company = nullptr;
  ClientsOptions clients = usual_clients();  // `to` is filled in
  std::vector<FaultPtr> faults = all_faults();
  Duration lasting = std::chrono::seconds(8);   // with clients at work
  Duration settling = std::chrono::seconds(2);  // without
  // Of what is left in the end; what is wrong, in words.
  std::function<std::optional<std::string>(World&, const Clients&)> judge = judge_linearizable;
};

// Runs it; `schedule` in place of its own faults unless null. Adds the clients' operations that succeeded.
Trial undergo(const Ordeal& ordeal, const FaultSchedule* schedule, std::uint64_t* operations = nullptr);

// Of a sound protocol: no seed goes wrong, and there are more than `least` operations a seed.
void sweep(const std::function<Ordeal(std::uint64_t seed)>& ordeal, std::uint64_t least = 100);
template <class Bug>
void sweep(Ordeal (*ordeal)(std::uint64_t seed, Bug bug), std::uint64_t least = 100) {
  sweep([ordeal](std::uint64_t seed) { return ordeal(seed, Bug::none); }, least);
}

// The planted bug is found within 1 000 seeds, with a schedule of faults that is no longer than it was and
// fails again, in the same way, when it is planned; and with the same schedule `sound` does not fail.
void hunt(std::string_view bug, const std::function<Ordeal(std::uint64_t seed)>& mutant,
          const std::function<Ordeal(std::uint64_t seed)>& sound);
// Sanitizers make runs ten times slower: with them only some bugs are hunted.
bool skips_hunt(std::size_t bug);
template <class Bug, std::size_t N>
void hunt(const PlantedBugs<Bug, N>& bugs, Ordeal (*ordeal)(std::uint64_t seed, Bug bug)) {
  for (std::size_t i = 0; i < N; ++i) {
    if (skips_hunt(i)) continue;
    const Bug bug = *bugs.parse(bugs.names[i]);
    hunt(
        bugs.names[i], [&](std::uint64_t seed) { return ordeal(seed, bug); },
        [&](std::uint64_t seed) { return ordeal(seed, Bug::none); });
  }
}

}  // namespace syslab::test
