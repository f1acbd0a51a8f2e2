// The checker of streams, proved by mutants: a plain model of a replicated log with a group and of shards,
// with one mistake at a time, is used at random, and the checker must name the rule that the mistake breaks.
// Without a mistake it must be content.
#include "core/check/stream.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <vector>

#include "core/base/rng.hpp"
#include "core/stream/recorder.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

enum class Mistake {
  none,
  loses,          // one acknowledged record in twenty is not stored
  cuts,           // a clean election takes the last acknowledged records away
  replaces,       // and puts others there
  changes,        // a record that was read has another content later
  appends_twice,  // what an idempotent producer repeats
  swaps,          // gives two records the wrong way round
  resequences,    // stores two records of a producer the wrong way round
  above_mark,     // gives what is above the high watermark
  too_few,        // acknowledges with fewer in-sync replicas than it may
  trims,          // takes away what is not old enough
  shares,         // gives a partition to two members
  takes_zombies,  // takes the commit of a member of an earlier generation
  steals,         // takes the commit of a member whose partition it is not
  goes_back,      // commits a smaller offset
  skips,          // commits what was not processed
  repeats,        // processes twice what was committed before
  child_first,    // reads a child before its parent
  overfills,      // a shard that takes more than its share
};

// A log of one partition, its group, and two shards, written down as simply as possible.
class Scribe {
 public:
  Scribe(std::uint64_t seed, Mistake mistake)
      : mistake_(mistake), rng_(seed), history_(std::make_shared<History>()), recorder_(history_) {}

  StreamVerdict run() {
    assign();
    for (int step = 0; step < 300; ++step) {
      now_ += 100ms;
      const std::uint64_t what = rng_.below(12);
      if (what < 5) {
        produce();
      } else if (what < 8) {
        fetch();
      } else if (what == 8) {
        elect();
      } else if (what == 9) {
        retain();
      } else if (what == 10) {
        assign();
      } else {
        work();
      }
    }
    fetch(start_);
    shards();
    StreamRules rules;
    rules.topics["t"].retention = 10s;
    rules.topics["s"].records_per_second = 10;
    for (group_ = 0; group_ < 100; ++group_) {
      rules.groups[group()] =
          mistake_ == Mistake::repeats ? StreamRules::Claim::at_most_once : StreamRules::Claim::at_least_once;
    }
    return check_stream(*history_, rules);
  }

 private:
  bool now_and_then() { return rng_.chance(0.1); }

  void produce() {
    StreamRecord r;
    r.key = Value("k");
    r.value = Value(static_cast<double>(++values_));
    r.timestamp = now_;
    r.producer = Value("p");
    r.sequence = sequence_++;
    r.offset = end_++;
    const bool thin = rng_.chance(0.2);
    const int acks = thin ? 1 : -1;
    std::size_t isr = thin ? 1 : 3;
    if (!thin && mistake_ == Mistake::too_few && now_and_then()) isr = 1;
    recorder_.produce(now_, "t/0", acks, epoch_, isr, 2, {r});
    if (mistake_ == Mistake::loses && r.offset % 20 == 7) return;
    log_.push_back(r);
    if (mistake_ == Mistake::resequences && log_.size() >= 2 && now_and_then()) {
      std::swap(log_[log_.size() - 1].sequence, log_[log_.size() - 2].sequence);
    }
    if (mistake_ == Mistake::appends_twice && now_and_then()) {
      StreamRecord again = r;
      again.offset = end_++;
      log_.push_back(again);
    }
  }

  void fetch() {
    fetch(start_ + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(end_ - start_ + 1))));
  }

  void fetch(std::int64_t from) {
    std::vector<StreamRecord> got;
    for (StreamRecord& r : log_) {
      if (r.offset < from || got.size() >= 10) continue;
      if (mistake_ == Mistake::changes && rng_.chance(0.01)) r.value = Value(-1);
      got.push_back(r);
    }
    if (mistake_ == Mistake::swaps && got.size() >= 2 && now_and_then()) std::swap(got[0], got[1]);
    const std::int64_t mark =
        mistake_ == Mistake::above_mark && !got.empty() && now_and_then() ? got.back().offset : end_;
    recorder_.fetch(now_, "t/0", "g", from, {epoch_, start_, end_, mark}, got);
    for (const StreamRecord& r : got) read_ = std::max(read_, r.offset + 1);
  }

  // A new leader; half of the time an unclean one, which may forget.
  void elect() {
    ++epoch_;
    const bool unclean = rng_.chance(0.5);
    const bool forgets = unclean || mistake_ == Mistake::cuts || mistake_ == Mistake::replaces;
    recorder_.elect(now_, "t/0", "n1", epoch_, 1, unclean);
    if (!forgets || log_.size() < 3) return;
    for (int i = 0; i < 2; ++i) log_.pop_back();
    end_ = log_.back().offset + 1;
    if (mistake_ == Mistake::replaces) {
      produce();
      produce();
    }
    read_ = std::min(read_, end_);
    done_ = std::min(done_, end_);
    // What a group has committed is not touched by it; a model that is without mistakes begins its group
    // anew.
    ++group_;
    committed_ = done_ = 0;
    assign();
  }

  void retain() {
    const Duration keep = mistake_ == Mistake::trims ? 9s : 10s;
    while (!log_.empty() && now_ - log_.front().timestamp >= keep) {
      start_ = log_.front().offset + 1;
      log_.erase(log_.begin());
    }
  }

  std::string group() const { return group_ == 0 ? "g" : "g" + std::to_string(group_); }

  void assign() {
    ++generation_;
    std::map<std::string, Partitions> members = {{"a", {}}, {"b", {}}};
    owner_ = rng_.chance(0.5) ? "a" : "b";
    members[owner_].push_back({"t", 0});
    if (mistake_ == Mistake::shares) members[owner_ == "a" ? "b" : "a"].push_back({"t", 0});
    recorder_.assign(now_, group(), generation_, members);
  }

  void work() {
    // From what was committed last, so that all is processed at least once.
    std::int64_t from = std::max(done_, start_);
    for (const StreamRecord& r : log_) {
      if (r.offset < from || r.offset >= read_) continue;
      if (mistake_ == Mistake::skips && now_and_then()) continue;
      recorder_.process(now_, group(), owner_, {"t", 0}, r.offset);
      if (mistake_ == Mistake::repeats && now_and_then())
        recorder_.process(now_, group(), owner_, {"t", 0}, r.offset);
    }
    done_ = std::max(done_, read_);
    std::string member = owner_;
    std::uint32_t generation = generation_;
    std::int64_t offset = done_;
    if (mistake_ == Mistake::steals && now_and_then()) member = owner_ == "a" ? "b" : "a";
    if (mistake_ == Mistake::goes_back && offset > 0 && now_and_then()) --offset;
    recorder_.commit(now_, group(), member, generation, {"t", 0}, offset, true);
    if (mistake_ == Mistake::takes_zombies && generation > 1) {
      recorder_.commit(now_, group(), "a", generation - 1, {"t", 0}, offset, true);
    } else {
      recorder_.commit(now_, group(), "a", generation - 1, {"t", 0}, 0,
                       Error{"ILLEGAL_GENERATION", "", true});
    }
    committed_ = offset;
  }

  void shards() {
    std::int64_t sequence = 0;
    const auto put = [&](const char* shard, int count) {
      std::vector<StreamRecord> all;
      for (int i = 0; i < count; ++i) {
        StreamRecord r;
        r.offset = ++sequence;
        r.timestamp = now_;
        r.value = Value(static_cast<double>(sequence));
        all.push_back(r);
        recorder_.produce(now_, std::string("s/") + shard, -1, 0, 2, 1, {r});
      }
      return all;
    };
    const auto read = [&](const char* shard, const std::vector<StreamRecord>& all) {
      recorder_.fetch(now_, std::string("s/") + shard, "app", all.front().offset,
                      {0, all.front().offset, all.back().offset + 1, all.back().offset + 1}, all);
    };
    now_ = Instant(1000s);
    const auto parent = put("0", mistake_ == Mistake::overfills ? 11 : 10);
    recorder_.reshard(now_, "s", {"0"}, {"1", "2"});
    const auto child = put("1", 5);
    if (mistake_ == Mistake::child_first) read("1", child);
    read("0", parent);
    read("1", child);
  }

  Mistake mistake_;
  Rng rng_;
  std::shared_ptr<History> history_;
  StreamRecorder recorder_;
  Instant now_{};
  std::vector<StreamRecord> log_;
  std::int64_t start_ = 0, end_ = 0, read_ = 0, done_ = 0, committed_ = 0;
  std::int64_t sequence_ = 0;
  std::uint32_t epoch_ = 1, generation_ = 0;
  std::uint64_t values_ = 0;
  int group_ = 0;
  std::string owner_ = "a";
};

}  // namespace

TEST_CASE("check stream: a faithful model keeps all rules", "[check][stream]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const StreamVerdict verdict = Scribe(seed, Mistake::none).run();
    INFO(seed << ": " << verdict.rule << ": " << verdict.message);
    CHECK(verdict.outcome == Outcome::ok);
    CHECK(verdict.acknowledged > 50);
  }
}

TEST_CASE("check stream: every mistake is found, and named by the rule it breaks", "[check][stream]") {
  const struct {
    Mistake mistake;
    const char* rule;
  } mutants[] = {
      {Mistake::loses, "loss"},
      {Mistake::cuts, "loss"},
      {Mistake::replaces, "loss"},
      {Mistake::changes, "divergence"},
      {Mistake::appends_twice, "duplicate"},
      {Mistake::swaps, "order"},
      {Mistake::resequences, "order"},
      {Mistake::above_mark, "order"},
      {Mistake::too_few, "min_insync"},
      {Mistake::trims, "retention"},
      {Mistake::shares, "exclusive"},
      {Mistake::takes_zombies, "fencing"},
      {Mistake::steals, "fencing"},
      {Mistake::goes_back, "backwards"},
      {Mistake::skips, "at_least_once"},
      {Mistake::repeats, "at_most_once"},
      {Mistake::child_first, "parents_first"},
      {Mistake::overfills, "limit"},
  };
  for (const auto& m : mutants) {
    int found = 0;
    std::string others;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const StreamVerdict verdict = Scribe(seed, m.mistake).run();
      found += verdict.rule == m.rule;
      if (verdict.rule != m.rule) others += verdict.rule + " ";
    }
    INFO(m.rule << ", mistake " << static_cast<int>(m.mistake) << "; else: " << others);
    CHECK(found >= 25);
  }
}

TEST_CASE("check stream: what nobody promised is counted and no violation", "[check][stream]") {
  const auto history = std::make_shared<History>();
  StreamRecorder recorder(history);
  StreamRecord r;
  r.value = Value("x");
  recorder.produce(Instant(1s), "t/0", 1, 1, 3, 1, {r});  // acks = 1
  recorder.elect(Instant(2s), "t/0", "n2", 2, 2, false);
  recorder.fetch(Instant(3s), "t/0", "g", 0, {2, 0, 0, 0}, {});
  const StreamVerdict verdict = check_stream(*history, {});
  CHECK(verdict.outcome == Outcome::ok);
  CHECK(verdict.lost == 1);
  // A leader of an earlier epoch that has not heard of it yet proves nothing.
  const auto earlier = std::make_shared<History>();
  StreamRecorder old(earlier);
  old.produce(Instant(1s), "t/0", -1, 2, 3, 1, {r});
  old.fetch(Instant(3s), "t/0", "g", 0, {1, 0, 0, 0}, {});
  CHECK(check_stream(*earlier, {}).lost == 0);
}
