// The event log against bare containers of the same events: a vector for the log and a hash map of vectors
// for the streams, which check no version, know no id and fold nothing.
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/event/changes.hpp"
#include "core/event/event_log.hpp"
#include "core/event/saga.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr int kAppends = 100000;

std::vector<std::string> stream_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("account-" + std::to_string(i));
  return names;
}

// Appends to streams in turn, each with the version that it has.
void fill(EventLog& log, const std::vector<std::string>& names, std::vector<std::uint64_t>& versions,
          int count) {
  for (int i = 0; i < count; ++i) {
    const std::size_t s = static_cast<std::size_t>(i) % names.size();
    std::vector<NewEvent> events(1);
    events[0].type = "Paid";
    events[0].data = Value(i);
    if (log.append(Instant(Duration(i)), names[s], ExpectedVersion::exactly(versions[s]), std::move(events))
            .ok()) {
      ++versions[s];
    }
  }
}

struct Bare {
  std::string type;
  Value data;
};

const RatioRow append("event log, append one event with its version, 1k streams, against bare containers",
                      0.15, [](RatioRun& run) {
                        const auto names = stream_names(1000);
                        std::size_t sum = 0;
                        run.compare(
                            kAppends,
                            [&] {
                              EventLog log;
                              std::vector<std::uint64_t> versions(names.size(), 0);
                              fill(log, names, versions, kAppends);
                              sum += log.size();
                            },
                            [&] {
                              std::vector<Bare> log;
                              std::unordered_map<std::string, std::vector<std::size_t>> streams;
                              for (int i = 0; i < kAppends; ++i) {
                                streams[names[static_cast<std::size_t>(i) % names.size()]].push_back(
                                    log.size());
                                log.push_back({"Paid", Value(i)});
                              }
                              sum += log.size();
                            });
                        benchmark::DoNotOptimize(sum);
                      });

// The same work at both sizes: the ratio says what a million events that are there already cost.
const RatioRow depth("event log, append after 1M events against after 1k", 0.7, [](RatioRun& run) {
  const auto names = stream_names(1000);
  EventLog deep, shallow;
  std::vector<std::uint64_t> deep_versions(names.size(), 0), shallow_versions(names.size(), 0);
  fill(deep, names, deep_versions, 1000000);
  fill(shallow, names, shallow_versions, 1000);
  run.compare(
      20000, [&] { fill(deep, names, deep_versions, 20000); },
      [&] { fill(shallow, names, shallow_versions, 20000); });
});

// What a snapshot is worth: a state of a stream of 10 000 events, folded from the snapshot at 9 900 and from
// the first.
const RatioRow snapshot("state of a stream of 10k events, from a snapshot 100 back, against a full replay",
                        50, [](RatioRun& run) {
                          EventLog log;
                          const std::vector<std::string> names = {"account-1"};
                          std::vector<std::uint64_t> versions(1, 0);
                          fill(log, names, versions, 10000);
                          const Reducer add = [](const Value& state, const Value& event) -> Expected<Value> {
                            return Value((state.is_number() ? state.number() : 0) + event["data"].number());
                          };
                          const auto at = log.state("account-1", 9900, add, false);
                          (void)log.put_snapshot("account-1", 9900, at->state);
                          double sum = 0;
                          run.compare(
                              100,
                              [&] {
                                for (int i = 0; i < 100; ++i)
                                  sum += log.state("account-1", {}, add)->state.number();
                              },
                              2,
                              [&] {
                                for (int i = 0; i < 2; ++i)
                                  sum += log.state("account-1", {}, add, false)->state.number();
                              });
                          benchmark::DoNotOptimize(sum);
                        });

}  // namespace
}  // namespace syslab::bench
