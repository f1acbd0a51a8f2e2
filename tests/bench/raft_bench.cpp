// Raft in the simulated world: messages between replicas a second on one core. Goal: 1 M/s, idle and under
// load.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

#include "core/replicate/raft.hpp"
#include "core/sim/world.hpp"

namespace syslab::bench {
namespace {

using namespace std::chrono_literals;

// Five replicas. Under load, a client sends the next write as soon as the last one is answered, so nearly
// every message carries an entry or says that it is on a disk.
struct Group {
  World world{{.seed = 1, .trace_keep = 0}};  // as in sweeps: nobody looks at pictures
  std::vector<NodeId> nodes;
  NodeId client;

  Group() {
    auto members = std::make_shared<std::vector<NodeId>>();
    RaftOptions options;
    options.members = members;
    nodes = *world.add_group("kv", 5, [&](std::size_t) -> NodeFactory {
      return [options] { return std::make_unique<Raft>(options); };
    });
    *members = nodes;
    client = *world.add_client("clients", {.kind = "clients"});
    world.run(2s);
  }

  void load() {
    for (const NodeId node : nodes) {
      if (!(world.host(node).show()["role"] == Value("leader"))) continue;
      write(node);
    }
  }
  void write(NodeId leader) {
    world.env(client).call(leader, {"write", Value::map({{"key", "x"}, {"value", 1}})}, 1s,
                           [this, leader](const Result& r) {
                             if (r.ok()) write(leader);
                           });
  }
};

void run(benchmark::State& state, bool loaded, Duration each) {
  Group group;
  if (loaded) group.load();
  const std::uint64_t before = group.world.network().messages();
  for (auto _ : state) group.world.run(each);
  state.counters["messages"] = benchmark::Counter(
      static_cast<double>(group.world.network().messages() - before), benchmark::Counter::kIsRate);
  state.counters["goal"] = 1e6;
}

void raft_idle(benchmark::State& state) {
  run(state, false, 100s);
}
void raft_under_load(benchmark::State& state) {
  run(state, true, 500ms);
}
BENCHMARK(raft_idle)->Name("raft messages, idle")->Unit(benchmark::kMillisecond)->MinTime(0.5);
BENCHMARK(raft_under_load)->Name("raft messages, under load")->Unit(benchmark::kMillisecond)->MinTime(0.5);

}  // namespace
}  // namespace syslab::bench
