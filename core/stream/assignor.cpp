#include "core/stream/assignor.hpp"

#include <algorithm>
#include <set>

namespace syslab {
namespace {

using Members = std::map<std::string, Subscriber>;
using Counts = std::map<std::string, std::uint32_t>;
using Result = std::map<std::string, Partitions>;

bool wants(const Subscriber& member, const std::string& topic) {
  return std::find(member.topics.begin(), member.topics.end(), topic) != member.topics.end();
}

void assign_ranges(const Members& members, const Counts& counts, Result& result) {
  for (const auto& [topic, count] : counts) {
    std::vector<std::string> takers;
    for (const auto& [name, member] : members) {
      if (wants(member, topic)) takers.push_back(name);
    }
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < takers.size(); ++i) {
      const std::uint32_t more = i < count % takers.size() ? 1 : 0;
      const auto share = static_cast<std::uint32_t>(count / takers.size()) + more;
      for (std::uint32_t n = 0; n < share; ++n) result[takers[i]].push_back({topic, next++});
    }
  }
}

void assign_in_turn(const Members& members, const Counts& counts, Result& result) {
  auto turn = members.begin();
  for (const auto& [topic, count] : counts) {
    for (std::uint32_t p = 0; p < count; ++p) {
      for (std::size_t tried = 0; tried < members.size(); ++tried) {
        const auto member = turn;
        if (++turn == members.end()) turn = members.begin();
        if (!wants(member->second, topic)) continue;
        result[member->first].push_back({topic, p});
        break;
      }
    }
  }
}

void assign_stickily(const Members& members, const Counts& counts, Result& result) {
  std::set<TopicPartition> free;
  for (const auto& [topic, count] : counts) {
    for (std::uint32_t p = 0; p < count; ++p) free.insert({topic, p});
  }
  // Everybody keeps what he has; of two who say they have the same, the first.
  for (const auto& [name, member] : members) {
    for (const TopicPartition& tp : member.owned) {
      if (wants(member, tp.topic) && free.erase(tp) > 0) result[name].push_back(tp);
    }
  }
  const auto least_loaded = [&](const std::string& topic) {
    Partitions* best = nullptr;
    for (const auto& [name, member] : members) {
      Partitions& has = result[name];
      if (wants(member, topic) && (best == nullptr || has.size() < best->size())) best = &has;
    }
    return best;
  };
  for (const TopicPartition& tp : free) {
    if (Partitions* taker = least_loaded(tp.topic)) taker->push_back(tp);
  }
  // One partition at a time goes from whoever has most to somebody who wants it and has two less.
  for (bool moved = true; moved;) {
    moved = false;
    std::vector<Partitions*> most;
    for (auto& [name, has] : result) most.push_back(&has);
    std::stable_sort(most.begin(), most.end(), [](auto* a, auto* b) { return a->size() > b->size(); });
    for (Partitions* has : most) {
      std::sort(has->begin(), has->end());
      for (std::size_t i = has->size(); i-- > 0 && !moved;) {
        Partitions* taker = least_loaded((*has)[i].topic);
        if (taker == nullptr || taker == has || taker->size() + 1 >= has->size()) continue;
        taker->push_back((*has)[i]);
        has->erase(has->begin() + static_cast<std::ptrdiff_t>(i));
        moved = true;
      }
      if (moved) break;
    }
  }
}

}  // namespace

Value to_value(const Partitions& partitions) {
  Value::List list;
  for (const TopicPartition& tp : partitions) {
    list.push_back(Value::map({{"topic", tp.topic}, {"partition", static_cast<double>(tp.partition)}}));
  }
  return Value::list(std::move(list));
}

Partitions partitions_of(const Value& list) {
  Partitions out;
  for (const Value& item : list.is_list() ? list.list() : Value::List{}) {
    if (!item["topic"].is_string() || !item["partition"].is_number() || !(item["partition"].number() >= 0))
      continue;
    out.push_back(
        {std::string(item["topic"].string()), static_cast<std::uint32_t>(item["partition"].number())});
  }
  return out;
}

std::string_view to_string(Assignor assignor) {
  constexpr std::string_view kNames[] = {"range", "round_robin", "sticky", "cooperative_sticky"};
  return kNames[static_cast<std::size_t>(assignor)];
}

Expected<Assignor> assignor_named(std::string_view name) {
  for (const Assignor a :
       {Assignor::range, Assignor::round_robin, Assignor::sticky, Assignor::cooperative_sticky}) {
    if (to_string(a) == name) return a;
  }
  return Error{"INCONSISTENT_GROUP_PROTOCOL", "there is no assignor '" + std::string(name) + "'", true};
}

Result assign_partitions(Assignor assignor, const Members& members, const Counts& counts) {
  Result result;
  for (const auto& [name, member] : members) result[name];
  if (members.empty()) return result;
  if (assignor == Assignor::range) {
    assign_ranges(members, counts, result);
  } else if (assignor == Assignor::round_robin) {
    assign_in_turn(members, counts, result);
  } else {
    assign_stickily(members, counts, result);
  }
  for (auto& [name, has] : result) std::sort(has.begin(), has.end());
  return result;
}

}  // namespace syslab
