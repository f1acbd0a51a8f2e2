#include "core/stream/consumer_group.hpp"

#include <algorithm>
#include <set>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

}  // namespace

std::string_view to_string(ConsumerGroup::State state) {
  constexpr std::string_view kNames[] = {"empty", "preparing", "stable"};
  return kNames[static_cast<std::size_t>(state)];
}

Error ConsumerGroup::unknown(const std::string& member) const {
  if (fenced_.contains(member)) {
    return refused("FENCED_INSTANCE_ID", "another process has taken the place of '" + member + "'");
  }
  return refused("UNKNOWN_MEMBER_ID", "'" + member + "' is no member of '" + options_.name + "'");
}

void ConsumerGroup::begin_rebalance(Instant now) {
  if (state_ == State::preparing) return;
  if (state_ == State::empty && options_.rebalance_delay > Duration::zero()) {
    not_before_ = saturating_add(now, options_.rebalance_delay);
  }
  state_ = State::preparing;
  Duration longest = Duration::zero();
  for (auto& [id, m] : members_) {
    m.joined = false;
    longest = std::max(longest, m.rebalance);
  }
  deadline_ = saturating_add(now, longest);
}

Expected<std::string> ConsumerGroup::join(Instant now, const JoinRequest& request) {
  if (request.session < options_.session_min || request.session > options_.session_max) {
    return refused("INVALID_SESSION_TIMEOUT",
                   "a session lasts " + std::to_string(to_seconds(options_.session_min)) + " s to " +
                       std::to_string(to_seconds(options_.session_max)) + " s");
  }
  for (const auto& [id, m] : members_) {
    if (m.assignor != request.assignor && id != request.member) {
      return refused("INCONSISTENT_GROUP_PROTOCOL", "the others in '" + options_.name +
                                                        "' use the assignor '" +
                                                        std::string(to_string(m.assignor)) + "'");
    }
  }
  std::string id = request.member;
  bool fresh = false, replaced = false;
  if (!id.empty()) {
    const auto known = members_.find(id);
    if (known == members_.end()) return unknown(id);
  } else if (!request.instance.empty() && instances_.contains(request.instance)) {
    // The same machine again: it takes the place of its former process.
    const std::string former = instances_[request.instance];
    id = request.instance + "-" + std::to_string(++last_member_);
    fenced_[former] = id;
    auto node = members_.extract(former);
    node.key() = id;
    members_.insert(std::move(node));
    instances_[request.instance] = id;
    replaced = true;
  } else {
    if (members_.size() >= options_.members_max) {
      return refused("GROUP_MAX_SIZE_REACHED", "'" + options_.name + "' has as many members as it may");
    }
    id = (request.instance.empty() ? "member" : request.instance) + "-" + std::to_string(++last_member_);
    if (!request.instance.empty()) instances_[request.instance] = id;
    fresh = true;
    members_[id];
  }
  Member& m = members_[id];
  const bool same_topics = m.topics == request.topics;
  m.instance = request.instance;
  m.topics = request.topics;
  m.owned = request.owned;
  std::sort(m.owned.begin(), m.owned.end());
  m.assignor = request.assignor;
  m.session = request.session;
  m.rebalance = request.rebalance;
  m.expires = saturating_add(now, request.session);
  m.waiting = true;
  m.at_once = false;
  if (state_ == State::stable && !fresh && same_topics && !unsettled_) {
    const bool has_it = m.assignor != Assignor::cooperative_sticky || m.owned == m.assignment;
    if (replaced || has_it) {
      m.at_once = true;
      return id;
    }
  }
  if (replaced && state_ == State::stable && same_topics) {
    m.at_once = true;
    return id;
  }
  begin_rebalance(now);
  deadline_ = std::max(deadline_, saturating_add(now, request.rebalance));
  m.joined = true;
  return id;
}

Expected<bool> ConsumerGroup::heartbeat(Instant now, const std::string& member, std::uint32_t generation) {
  const auto found = members_.find(member);
  if (found == members_.end()) return unknown(member);
  if (generation != generation_) {
    return refused("ILLEGAL_GENERATION", "the generation is " + std::to_string(generation_) + ", not " +
                                             std::to_string(generation));
  }
  found->second.expires = saturating_add(now, found->second.session);
  if (state_ == State::preparing) return refused("REBALANCE_IN_PROGRESS", "the group rebalances: join again");
  return true;
}

void ConsumerGroup::drop(Instant now, const std::string& member) {
  const auto found = members_.find(member);
  if (!found->second.instance.empty()) instances_.erase(found->second.instance);
  members_.erase(found);
  if (members_.empty()) {
    state_ = State::empty;
    not_before_.reset();
    unsettled_ = false;
    fenced_.clear();
    ++generation_;
  } else {
    begin_rebalance(now);
  }
}

Expected<bool> ConsumerGroup::leave(Instant now, const std::string& member) {
  if (!members_.contains(member)) return unknown(member);
  drop(now, member);
  return true;
}

Expected<bool> ConsumerGroup::commit(Instant now, const std::string& member, std::uint32_t generation,
                                     const TopicPartition& tp, std::int64_t offset, std::uint32_t epoch) {
  if (member.empty()) {
    if (!members_.empty())
      return refused("UNKNOWN_MEMBER_ID", "only members commit while the group has some");
  } else {
    const auto found = members_.find(member);
    if (found == members_.end()) return unknown(member);
    if (generation != generation_) {
      return refused("ILLEGAL_GENERATION", "the generation is " + std::to_string(generation_) + ", not " +
                                               std::to_string(generation));
    }
    found->second.expires = saturating_add(now, found->second.session);
  }
  offsets_[tp] = {offset, generation, epoch};
  return true;
}

Expected<bool> ConsumerGroup::knows(const std::string& member, std::uint32_t generation) const {
  if (member.empty()) return true;
  if (!members_.contains(member)) return unknown(member);
  if (generation == generation_) return true;
  return refused("ILLEGAL_GENERATION",
                 "the generation is " + std::to_string(generation_) + ", not " + std::to_string(generation));
}

std::optional<Committed> ConsumerGroup::committed(const TopicPartition& tp) const {
  const auto found = offsets_.find(tp);
  return found == offsets_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Joined> ConsumerGroup::advance(Instant now, const std::map<std::string, std::uint32_t>& counts) {
  std::vector<std::string> expired;
  for (const auto& [id, m] : members_) {
    // Who waits for an answer is not asked for heartbeats.
    if (!m.waiting && now >= m.expires) expired.push_back(id);
  }
  for (const std::string& id : expired) drop(now, id);

  std::vector<Joined> answers;
  for (auto& [id, m] : members_) {
    if (!m.waiting || !m.at_once) continue;
    m.waiting = m.at_once = false;
    m.expires = saturating_add(now, m.session);
    answers.push_back({id, generation_, m.assignment});
  }
  if (state_ != State::preparing || (not_before_ && now < *not_before_)) return answers;
  const bool all =
      std::all_of(members_.begin(), members_.end(), [](const auto& m) { return m.second.joined; });
  if (!all && now < deadline_) return answers;
  for (Joined& joined : complete(now, counts)) answers.push_back(std::move(joined));
  return answers;
}

std::vector<Joined> ConsumerGroup::complete(Instant now, const std::map<std::string, std::uint32_t>& counts) {
  for (auto m = members_.begin(); m != members_.end();) {
    if (m->second.joined) {
      ++m;
      continue;
    }
    if (!m->second.instance.empty()) instances_.erase(m->second.instance);
    m = members_.erase(m);
  }
  not_before_.reset();
  ++generation_;
  ++rebalances_;
  unsettled_ = false;
  if (members_.empty()) {
    state_ = State::empty;
    return {};
  }
  state_ = State::stable;
  std::map<std::string, Subscriber> subscribers;
  for (const auto& [id, m] : members_) {
    subscribers[id] = {m.topics, m.assignor == Assignor::sticky ? m.assignment : m.owned};
  }
  const Assignor assignor = members_.begin()->second.assignor;
  auto target = assign_partitions(assignor, subscribers, counts);
  if (assignor == Assignor::cooperative_sticky) {
    // What somebody else still has, its new owner gets when it was given up.
    std::map<TopicPartition, std::string> owner;
    for (const auto& [id, m] : members_) {
      for (const TopicPartition& tp : m.owned) owner.emplace(tp, id);
    }
    for (auto& [id, partitions] : target) {
      unsettled_ = std::erase_if(partitions,
                                 [&](const TopicPartition& tp) {
                                   const auto has = owner.find(tp);
                                   return has != owner.end() && has->second != id;
                                 }) > 0 ||
                   unsettled_;
    }
  }
  std::vector<Joined> answers;
  for (auto& [id, m] : members_) {
    m.assignment = target[id];
    m.joined = m.waiting = false;
    m.expires = saturating_add(now, m.session);
    answers.push_back({id, generation_, m.assignment});
  }
  return answers;
}

std::optional<Instant> ConsumerGroup::next_change() const {
  std::optional<Instant> next;
  const auto at = [&](Instant t) { next = next ? std::min(*next, t) : t; };
  bool all = true;
  for (const auto& [id, m] : members_) {
    if (!m.waiting) at(m.expires);
    if (m.at_once) at(Instant());
    all = all && m.joined;
  }
  if (state_ == State::preparing)
    at(all ? not_before_.value_or(Instant()) : std::max(deadline_, not_before_.value_or(Instant())));
  return next;
}

std::map<std::string, Partitions> ConsumerGroup::assignment() const {
  std::map<std::string, Partitions> out;
  for (const auto& [id, m] : members_) out[id] = m.assignment;
  return out;
}

Value ConsumerGroup::snapshot() const {
  Value::List members;
  for (const auto& [id, m] : members_) {
    Value::List topics;
    for (const std::string& topic : m.topics) topics.emplace_back(topic);
    members.push_back(Value::map({{"id", id},
                                  {"instance", m.instance},
                                  {"topics", Value::list(std::move(topics))},
                                  {"assignment", to_value(m.assignment)},
                                  {"assignor", to_string(m.assignor)},
                                  {"session", to_seconds(m.session)},
                                  {"rebalance", to_seconds(m.rebalance)}}));
  }
  return Value::map({{"generation", static_cast<double>(generation_)},
                     {"last_member", static_cast<double>(last_member_)},
                     {"unsettled", unsettled_},
                     {"members", Value::list(std::move(members))}});
}

void ConsumerGroup::restore(Instant now, const Value& snapshot) {
  members_.clear();
  instances_.clear();
  if (!snapshot["generation"].is_number() || !snapshot["members"].is_list()) return;
  generation_ = static_cast<std::uint32_t>(snapshot["generation"].number());
  last_member_ = static_cast<std::uint64_t>(snapshot["last_member"].number());
  unsettled_ = snapshot["unsettled"].truthy();
  for (const Value& v : snapshot["members"].list()) {
    Member m;
    m.instance = text_of(v["instance"]);
    for (const Value& topic : v["topics"].list()) m.topics.push_back(text_of(topic));
    m.assignment = partitions_of(v["assignment"]);
    m.owned = m.assignment;
    m.assignor = *assignor_named(text_of(v["assignor"]));
    m.session = from_seconds(v["session"].number());
    m.rebalance = from_seconds(v["rebalance"].number());
    m.expires = saturating_add(now, m.session);
    const std::string id = text_of(v["id"]);
    if (!m.instance.empty()) instances_[m.instance] = id;
    members_[id] = std::move(m);
  }
  state_ = members_.empty() ? State::empty : State::stable;
}

Value ConsumerGroup::show() const {
  Value::List members;
  for (const auto& [id, m] : members_) {
    Value entry = Value::map({{"member", id}, {"partitions", to_value(m.assignment)}});
    if (!m.instance.empty()) entry = entry.with("instance", m.instance);
    members.push_back(std::move(entry));
  }
  Value::Map offsets;
  for (const auto& [tp, c] : offsets_) offsets.emplace_back(tp.text(), static_cast<double>(c.offset));
  return Value::map({{"state", to_string(state_)},
                     {"generation", static_cast<double>(generation_)},
                     {"rebalances", static_cast<double>(rebalances_)},
                     {"members", Value::list(std::move(members))},
                     {"offsets", Value::map(std::move(offsets))}});
}

void ConsumerGroup::check_invariants() const {
  std::set<TopicPartition> given;
  for (const auto& [id, m] : members_) {
    for (const TopicPartition& tp : m.assignment) {
      // While a rebalance goes on, the assignment is that of the last generation and still nobody's twice.
      SYSLAB_ASSERT(given.insert(tp).second);
    }
    SYSLAB_ASSERT(m.instance.empty() || instances_.at(m.instance) == id);
  }
  SYSLAB_ASSERT((state_ == State::empty) == members_.empty());
}

}  // namespace syslab
