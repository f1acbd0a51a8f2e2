#include "core/stream/cluster_state.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

ClusterState three_with(StreamTopic topic) {
  ClusterState s;
  s.brokers.resize(3);
  topic.name = "t";
  REQUIRE(s.create_topic(topic).ok());
  return s;
}

PartitionState& first(ClusterState& s) {
  return s.topics.at("t").partitions.at(0);
}

std::string code(const Expected<bool>& result) {
  return result ? "ok" : result.error().code;
}

}  // namespace

TEST_CASE("cluster state: leaders are spread, and bad topics are named", "[stream][cluster]") {
  StreamTopic topic;
  topic.partitions = 3;
  ClusterState s = three_with(topic);
  CHECK(s.topics.at("t").partitions[0].leader == 0);
  CHECK(s.topics.at("t").partitions[1].leader == 1);
  CHECK(s.topics.at("t").partitions[2].leader == 2);
  topic.name = "t";
  CHECK(code(s.create_topic(topic)) == "TOPIC_ALREADY_EXISTS");
  topic.name = "a b";
  CHECK(code(s.create_topic(topic)) == "INVALID_TOPIC_EXCEPTION");
  topic.name = "u";
  topic.replication = 4;
  CHECK(code(s.create_topic(topic)) == "INVALID_REPLICATION_FACTOR");
  topic.replication = 1;
  topic.partitions = 0;
  CHECK(code(s.create_topic(topic)) == "INVALID_PARTITIONS");
}

TEST_CASE("cluster state: a fenced leader gives way to the next in sync, in a new epoch",
          "[stream][cluster]") {
  ClusterState s = three_with({});
  const std::uint32_t epoch = first(s).epoch;
  s.fence(0);
  CHECK(first(s).leader == 1);
  CHECK(first(s).epoch > epoch);
  CHECK(first(s).isr == std::vector<int>{1, 2});
  s.welcome(0, 1);
  CHECK(first(s).leader == 1);  // it is back, but not in sync
  REQUIRE(s.change_isr("t", 0, 1, first(s).epoch, first(s).version, {1, 2, 0}).ok());
  s.prefer_leaders();
  CHECK(first(s).leader == 0);
}

TEST_CASE("cluster state: without anybody in sync there is no leader, or an unclean one",
          "[stream][cluster]") {
  for (const bool unclean : {false, true}) {
    StreamTopic topic;
    topic.unclean = unclean;
    ClusterState s = three_with(topic);
    REQUIRE(s.change_isr("t", 0, 0, first(s).epoch, first(s).version, {0}).ok());
    s.fence(0);
    CHECK(first(s).leader == (unclean ? 1 : -1));
    CHECK(first(s).unclean == unclean);
    CHECK(first(s).isr == std::vector<int>{unclean ? 1 : 0});  // who may lead is not forgotten
    s.welcome(0, 0);
    CHECK(first(s).leader == (unclean ? 1 : 0));
  }
}

TEST_CASE("cluster state: a process that comes back as another one is not in sync", "[stream][cluster]") {
  ClusterState s = three_with({});
  s.welcome(0, 17);
  CHECK(first(s).leader == 0);  // the first word of it
  s.welcome(0, 18);
  CHECK(first(s).leader == 1);
  CHECK(first(s).isr == std::vector<int>{1, 2});
}

TEST_CASE("cluster state: only the leader of the epoch changes the ISR, from the version it knows",
          "[stream][cluster]") {
  ClusterState s = three_with({});
  const PartitionState p = first(s);
  CHECK(code(s.change_isr("t", 0, 1, p.epoch, p.version, {1})) == "FENCED_LEADER_EPOCH");
  CHECK(code(s.change_isr("t", 0, 0, p.epoch + 1, p.version, {0})) == "FENCED_LEADER_EPOCH");
  CHECK(code(s.change_isr("t", 0, 0, p.epoch, p.version + 1, {0})) == "INVALID_UPDATE_VERSION");
  CHECK(code(s.change_isr("t", 0, 0, p.epoch, p.version, {1, 2})) == "INVALID_REQUEST");
  CHECK(code(s.change_isr("t", 9, 0, p.epoch, p.version, {0})) == "UNKNOWN_TOPIC_OR_PARTITION");
  s.fence(2);
  CHECK(code(s.change_isr("t", 0, 0, first(s).epoch, first(s).version, {0, 1, 2})) == "ok");
  CHECK(first(s).isr == std::vector<int>{0, 1});  // who is fenced does not come in
}

TEST_CASE("cluster state: whatever happens, a leader lives and is in sync, epochs ascend, and it packs",
          "[stream][cluster]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Rng rng(seed);
    StreamTopic topic;
    topic.partitions = 3;
    topic.unclean = seed % 2 == 0;
    topic.log.retention_bytes = 5;
    ClusterState s = three_with(topic);
    for (int step = 0; step < 100; ++step) {
      const ClusterState before = s;
      const std::size_t b = rng.below(3);
      const std::uint64_t what = rng.below(4);
      if (what == 0) s.fence(b);
      if (what == 1) s.welcome(b, static_cast<double>(1 + rng.below(3)));
      if (what == 2) s.prefer_leaders();
      if (what == 3) {
        const PartitionState& p = s.topics.at("t").partitions[b];
        std::vector<int> isr = {0, 1, 2};
        std::erase(isr, static_cast<int>(rng.below(3)));
        (void)s.change_isr("t", b, p.leader, p.epoch, p.version, isr);
      }
      for (std::size_t i = 0; i < 3; ++i) {
        const PartitionState& p = s.topics.at("t").partitions[i];
        const PartitionState& was = before.topics.at("t").partitions[i];
        REQUIRE_FALSE(p.isr.empty());
        REQUIRE((p.leader == was.leader || p.epoch > was.epoch));
        REQUIRE((p.isr == was.isr || p.version > was.version));
        if (p.leader < 0) continue;
        REQUIRE(s.brokers[static_cast<std::size_t>(p.leader)].alive);
        REQUIRE(std::find(p.isr.begin(), p.isr.end(), p.leader) != p.isr.end());
        // Clean: the new leader was in sync before.
        if (p.leader != was.leader && !p.unclean) {
          REQUIRE(std::find(was.isr.begin(), was.isr.end(), p.leader) != was.isr.end());
        }
      }
      REQUIRE(ClusterState::unpack(s.pack()).pack() == s.pack());
    }
  }
}
