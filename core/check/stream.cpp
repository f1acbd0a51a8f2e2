#include "core/check/stream.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace syslab {
namespace {

struct Known {  // an acknowledged record
  std::string id;
  std::string key;
  std::uint32_t epoch = 0;
  bool promised = false;
  bool lost = false;
  double time = 0;
};

struct Partition {
  std::map<std::int64_t, Known> acknowledged;
  std::map<std::int64_t, std::string> seen;                               // ids that readers were given
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> places;    // producer and sequence: offset
  std::map<std::string, std::map<std::int64_t, std::int64_t>> sequences;  // producer: offset to sequence
  std::map<std::string, std::int64_t> newest;                             // key: the last acknowledged offset
  std::map<std::int64_t, std::size_t> seconds;  // how many records were taken in each
  std::int64_t start = 0;                       // the largest that a fetch has told
  std::vector<std::string> parents;
  std::map<std::string, std::set<std::int64_t>> read_by;
};

struct Group {
  std::int64_t generation = 0;
  std::map<std::string, std::string> owners;  // partition: member
  std::map<std::string, std::int64_t> committed;
  std::map<std::string, std::map<std::int64_t, std::size_t>> processed;
};

std::string text_of(const Value& v) {
  return v.is_string() ? std::string(v.string()) : v.is_nil() ? std::string() : v.json();
}
std::int64_t integer(const Value& v) {
  return v.is_number() ? static_cast<std::int64_t>(v.number()) : 0;
}
const Value::List& items(const Value& v) {
  static const Value::List kNone;
  return v.is_list() ? v.list() : kNone;
}

std::string topic_of(const std::string& partition) {
  return partition.substr(0, partition.rfind('/'));
}

class Judge {
 public:
  Judge(const History& history, const StreamRules& rules) : history_(history), rules_(rules) {}

  StreamVerdict judge() {
    verdict_.operations = history_.ops().size();
    for (History::OpId op = 0; op < history_.ops().size() && verdict_.outcome == Outcome::ok; ++op) {
      const Event* end = history_.completion(op);
      if (end == nullptr || end->type != Event::Type::ok) continue;
      event_ = history_.ops()[op].completion;
      take(history_.invocation(op), *end);
    }
    count();
    if (verdict_.outcome == Outcome::ok) {
      verdict_.message = std::to_string(verdict_.operations) + " operations keep the stream's promises";
      if (verdict_.lost > 0) {
        verdict_.message += "; " + std::to_string(verdict_.lost) +
                            " acknowledged records were lost that nothing had promised";
      }
    }
    return verdict_;
  }

 private:
  void violated(std::string rule, std::string message) {
    if (verdict_.outcome == Outcome::violated) return;
    verdict_.outcome = Outcome::violated;
    verdict_.rule = std::move(rule);
    verdict_.message = std::move(message);
    verdict_.event = event_;
  }

  void take(const Event& asked, const Event& answer) {
    const std::string key = text_of(asked.key);
    if (asked.f == "produce") {
      on_produce(key, asked.value, answer.value);
    } else if (asked.f == "fetch") {
      on_fetch(key, asked.value, answer);
    } else if (asked.f == "elect") {
      if (answer.value["unclean"].truthy()) on_unclean(partitions_[key]);
    } else if (asked.f == "assign") {
      on_assign(groups_[key], answer.value);
    } else if (asked.f == "commit") {
      on_commit(key, groups_[key], asked.value);
    } else if (asked.f == "process") {
      on_process(key, groups_[key], asked.value);
    } else if (asked.f == "reshard") {
      for (const Value& child : items(answer.value["children"])) {
        for (const Value& parent : items(answer.value["parents"])) {
          partitions_[key + "/" + text_of(child)].parents.push_back(key + "/" + text_of(parent));
        }
      }
    }
  }

  // From here on nobody has promised anything about what came before.
  static void on_unclean(Partition& p) {
    for (auto& [offset, known] : p.acknowledged) known.promised = false;
    p.seen.clear();
    p.places.clear();
    p.sequences.clear();
  }

  const StreamRules::Topic* rules_of(const std::string& partition) const {
    const auto found = rules_.topics.find(topic_of(partition));
    return found == rules_.topics.end() ? nullptr : &found->second;
  }

  void on_produce(const std::string& name, const Value& asked, const Value& answer) {
    Partition& p = partitions_[name];
    const bool all = asked["acks"] == Value("all");
    if (all && integer(answer["isr"]) < integer(answer["min_insync"])) {
      return violated("min_insync", name + " acknowledged a record with " +
                                        std::to_string(integer(answer["isr"])) + " in-sync replicas, " +
                                        std::to_string(integer(answer["min_insync"])) + " are asked for");
    }
    const StreamRules::Topic* rules = rules_of(name);
    for (const Value& r : items(answer["records"])) {
      const std::int64_t offset = integer(r["offset"]);
      Known known{text_of(r["id"]),
                  text_of(r["key"]),
                  static_cast<std::uint32_t>(integer(answer["epoch"])),
                  all && integer(answer["isr"]) >= 2,
                  false,
                  r["time"].is_number() ? r["time"].number() : 0};
      const auto before = p.acknowledged.find(offset);
      if (before != p.acknowledged.end() && before->second.id != known.id) {
        if (before->second.promised) {
          return violated("loss", "the acknowledged record at " + name + " " + std::to_string(offset) +
                                      " gave way to another one");
        }
        lose(before->second);
      }
      if (before == p.acknowledged.end()) {
        ++verdict_.acknowledged;
        if (rules != nullptr && rules->records_per_second &&
            ++p.seconds[static_cast<std::int64_t>(known.time)] > *rules->records_per_second) {
          return violated("limit", name + " took more than " + std::to_string(*rules->records_per_second) +
                                       " records in second " +
                                       std::to_string(static_cast<std::int64_t>(known.time)));
        }
      }
      if (!known.key.empty()) p.newest[known.key] = std::max(p.newest[known.key], offset);
      p.acknowledged[offset] = std::move(known);
    }
  }

  void lose(Known& known) {
    if (!known.lost) ++verdict_.lost;
    known.lost = true;
  }

  void on_fetch(const std::string& name, const Value& asked, const Event& answered) {
    Partition& p = partitions_[name];
    const Value& answer = answered.value;
    const std::int64_t from = integer(asked["offset"]);
    const std::int64_t start = integer(answer["start"]);
    const StreamRules::Topic* rules = rules_of(name);
    std::int64_t last = from - 1;
    std::map<std::int64_t, std::string> given;
    for (const Value& r : items(answer["records"])) {
      const std::int64_t offset = integer(r["offset"]);
      const std::string id = text_of(r["id"]);
      if (offset <= last || offset >= integer(answer["high_watermark"])) {
        return violated(
            "order", "a fetch of " + name + " from " + std::to_string(from) + " gave " +
                         std::to_string(offset) +
                         (offset <= last ? " after " + std::to_string(last) : ", above the high watermark"));
      }
      last = offset;
      given[offset] = id;
      const auto seen = p.seen.emplace(offset, id).first;
      if (seen->second != id) {
        return violated("divergence",
                        name + " " + std::to_string(offset) + " has shown two different records");
      }
      if (r["producer"].is_string()) {
        const std::string producer = text_of(r["producer"]);
        const std::int64_t sequence = integer(r["sequence"]);
        const auto place = p.places.emplace(std::make_pair(producer, sequence), offset).first;
        if (place->second != offset) {
          return violated("duplicate", "record " + std::to_string(sequence) + " of producer " + producer +
                                           " is at " + name + " " + std::to_string(place->second) +
                                           " and at " + std::to_string(offset));
        }
        auto& mine = p.sequences[producer];
        const auto at = mine.emplace(offset, sequence).first;
        if ((at != mine.begin() && std::prev(at)->second > sequence) ||
            (std::next(at) != mine.end() && std::next(at)->second < sequence)) {
          return violated("order", "the records of producer " + producer + " in " + name +
                                       " are not in the order of their sequence at " +
                                       std::to_string(offset));
        }
      }
    }
    // What was acknowledged and should be in this answer, or in this log.
    const double now = answered.time ? to_seconds(*answered.time) : 0;
    for (auto k = p.acknowledged.lower_bound(std::min({from, start, p.start})); k != p.acknowledged.end();
         ++k) {
      auto& [offset, known] = *k;
      if (offset < start) {
        if (rules != nullptr && rules->retention && !known.lost &&
            now < known.time + to_seconds(*rules->retention)) {
          return violated("retention", name + " " + std::to_string(offset) + ", of " +
                                           std::to_string(known.time) + " s, was taken away before " +
                                           std::to_string(now) + " s");
        }
        continue;
      }
      bool missing = false;
      if (offset >= from && offset <= last) {
        const auto there = given.find(offset);
        const bool superseded =
            rules != nullptr && rules->compacted && !known.key.empty() && p.newest[known.key] > offset;
        missing = there == given.end() ? !superseded : there->second != known.id;
      }
      missing = missing || (static_cast<std::uint32_t>(integer(answer["epoch"])) >= known.epoch &&
                            integer(answer["end"]) <= offset && from <= offset && known.epoch > 0);
      if (!missing || known.lost) continue;
      lose(known);
      if (known.promised) {
        return violated("loss", "the record acknowledged at " + name + " " + std::to_string(offset) +
                                    " by all in-sync replicas is gone");
      }
    }
    p.start = std::max(p.start, start);
    const std::string reader = text_of(asked["reader"]);
    if (reader.empty() || given.empty()) return;
    for (const std::string& parent : p.parents) {
      const Partition& before = partitions_[parent];
      const auto read = before.read_by.find(reader);
      for (const auto& [offset, known] : before.acknowledged) {
        if (known.lost || (read != before.read_by.end() && read->second.contains(offset))) continue;
        return violated("parents_first", reader + " reads " + name + " before it has read " +
                                             std::to_string(offset) + " of its parent " + parent);
      }
    }
    for (const auto& [offset, id] : given) p.read_by[reader].insert(offset);
  }

  void on_assign(Group& g, const Value& answer) {
    g.generation = integer(answer["generation"]);
    g.owners.clear();
    for (const Value& m : items(answer["members"])) {
      for (const Value& partition : items(m["partitions"])) {
        const auto owner = g.owners.emplace(text_of(partition), text_of(m["member"]));
        if (!owner.second) {
          return violated("exclusive", text_of(partition) + " belongs to " + owner.first->second +
                                           " and to " + text_of(m["member"]) + " in generation " +
                                           std::to_string(g.generation));
        }
      }
    }
  }

  void on_commit(const std::string& name, Group& g, const Value& asked) {
    const std::string partition = text_of(asked["partition"]);
    const std::string member = text_of(asked["member"]);
    const std::int64_t offset = integer(asked["offset"]);
    if (!member.empty() && integer(asked["generation"]) < g.generation) {
      // A commit is answered when it is kept, and the group may have moved on since it was taken; only one
      // that takes the place of a later generation's commit is wrong.
      const auto newest = generation_of_commit_.find({name, partition});
      if (newest != generation_of_commit_.end() && newest->second > integer(asked["generation"])) {
        return violated("fencing", "a commit of generation " + std::to_string(integer(asked["generation"])) +
                                       " by " + member + " came after one of generation " +
                                       std::to_string(newest->second));
      }
    } else if (const auto owner = g.owners.find(partition);
               !member.empty() && owner != g.owners.end() && owner->second != member) {
      return violated("fencing", member + " committed " + partition + ", which is " + owner->second +
                                     "'s in generation " + std::to_string(g.generation));
    }
    generation_of_commit_[{name, partition}] = integer(asked["generation"]);
    const auto before = g.committed.find(partition);
    if (before != g.committed.end() && offset < before->second) {
      return violated("backwards", "the offset of " + name + " in " + partition + " went back from " +
                                       std::to_string(before->second) + " to " + std::to_string(offset));
    }
    const Partition& p = partitions_[partition];
    const auto& done = g.processed[partition];
    // A group may begin where it likes; from there on it claims everything.
    const std::int64_t first = done.empty() ? offset : done.begin()->first;
    const std::int64_t was = before == g.committed.end() ? first : before->second;
    g.committed[partition] = offset;
    if (claim(name) != StreamRules::Claim::at_least_once) return;
    for (auto k = p.acknowledged.lower_bound(was); k != p.acknowledged.end() && k->first < offset; ++k) {
      if (!k->second.lost && !done.contains(k->first) && p.seen.contains(k->first)) {
        return violated("at_least_once", name + " committed " + std::to_string(offset) + " in " + partition +
                                             ", but " + std::to_string(k->first) + " was not processed");
      }
    }
  }

  StreamRules::Claim claim(const std::string& group) const {
    const auto found = rules_.groups.find(group);
    return found == rules_.groups.end() ? StreamRules::Claim::none : found->second;
  }

  void on_process(const std::string& name, Group& g, const Value& asked) {
    const std::string partition = text_of(asked["partition"]);
    const std::int64_t offset = integer(asked["offset"]);
    if (++g.processed[partition][offset] > 1 && claim(name) == StreamRules::Claim::at_most_once) {
      violated("at_most_once", name + " processed " + std::to_string(offset) + " of " + partition + " twice");
    }
  }

  void count() {
    for (const auto& [name, g] : groups_) {
      for (const auto& [partition, offsets] : g.processed) {
        verdict_.processed += offsets.size();
        for (const auto& [offset, times] : offsets) verdict_.repeated += times - 1;
      }
      for (const auto& [partition, committed] : g.committed) {
        const auto done = g.processed.find(partition);
        for (const auto& [offset, known] : partitions_[partition].acknowledged) {
          if (offset >= committed) break;
          verdict_.skipped +=
              !known.lost && (done == g.processed.end() || !done->second.contains(offset)) ? 1 : 0;
        }
      }
    }
  }

  const History& history_;
  const StreamRules& rules_;
  std::map<std::string, Partition> partitions_;
  std::map<std::string, Group> groups_;
  std::map<std::pair<std::string, std::string>, std::int64_t> generation_of_commit_;
  std::size_t event_ = 0;
  StreamVerdict verdict_;
};

}  // namespace

StreamVerdict check_stream(const History& history, const StreamRules& rules) {
  return Judge(history, rules).judge();
}

}  // namespace syslab
