#include "core/replicate/monitor.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"

namespace syslab {
namespace {

using numbers::integer;
using numbers::number;

NodeId node_of(const Value& v) {
  return NodeId{static_cast<std::uint32_t>(integer(v))};
}

}  // namespace

void Monitor::on_start(Env& env) {
  env_ = &env;
  for (const Value& r : journal_.open(env, [] {})) {
    last_epoch_ = std::max(last_epoch_, integer(r["epoch"]));
    if (!r["members"].is_list()) continue;
    epoch_ = integer(r["epoch"]);
    version_ = integer(r["version"]);
    until_ = r["until"];
    members_.clear();
    for (const Value& v : r["members"].list()) members_.push_back(node_of(v));
  }
  announced_ = epoch_ > 0;
  // Whom it has heard, and to whom it gave leases, it does not know any more: as if all had been just now.
  for (const NodeId n : *options_.replicas) {
    reports_[n] = {.heard = env.now(), .lease_until = env.now() + options_.lease};
  }
  if (journal_.broken()) return;
  check();
}

Value Monitor::show() const {
  Value::List members;
  for (const NodeId n : members_) members.push_back(env_->name_of(n));
  return Value::map({{"role", journal_.broken() ? "broken" : "monitor"},
                     {"epoch", number(epoch_)},
                     {"primary", members_.empty() ? Value() : Value(env_->name_of(members_.front()))},
                     {"members", Value::list(std::move(members))},
                     {"changing", changing_}});
}

bool Monitor::listed(NodeId node) const {
  return std::find(members_.begin(), members_.end(), node) != members_.end();
}

bool Monitor::silent(NodeId node) const {
  return env_->now() - reports_.at(node).heard > options_.timeout;
}

void Monitor::check() {
  env_->after(options_.heartbeat, [this] {
    if (!journal_.broken()) check();
  });
  if (changing_) return;
  const bool wanted =
      members_.empty() || last_epoch_ > epoch_ || (silent(members_.front()) && !options_.by_hand) ||
      (!options_.chain && reports_[members_.front()].fresh) ||
      (options_.chain && std::any_of(members_.begin(), members_.end(), [&](NodeId n) { return silent(n); }));
  // With all of them silent there is nobody to change to.
  const bool possible = std::any_of(options_.replicas->begin(), options_.replicas->end(), [&](NodeId n) {
    return !silent(n) && (members_.empty() || options_.quorum || listed(n));
  });
  if (wanted && possible) begin_change();
}

void Monitor::begin_change() {
  changing_ = true;
  sealed_.clear();
  journal_.append(Value::map({{"epoch", number(++last_epoch_)}}));
  if (options_.fencing == Fencing::none) {
    for (const auto& [node, report] : reports_) {
      if (!silent(node)) sealed_[node] = report;
    }
    return conclude();
  }
  journal_.when_durable([this] { seal(); });
}

void Monitor::seal() {
  for (const NodeId n : *options_.replicas) {
    if (!sealed_.contains(n)) env_->send(n, "seal", Value::map({{"epoch", number(last_epoch_)}}));
  }
  // Time for those who are slow; afterwards it goes on with those who have promised.
  env_->after(options_.timeout / 2, [this, epoch = last_epoch_] {
    if (changing_ && !fencing_ && epoch == last_epoch_ && !journal_.broken()) conclude();
  });
}

void Monitor::on_sealed(const Message& m) {
  if (!changing_ || fencing_ || integer(m.body["epoch"]) != last_epoch_) return;
  sealed_[m.from] = {
      .heard = env_->now(), .last_epoch = integer(m.body["last_epoch"]), .last = integer(m.body["last"])};
  const bool all = std::all_of(options_.replicas->begin(), options_.replicas->end(),
                               [&](NodeId n) { return sealed_.contains(n) || silent(n); });
  if (all && !choose().empty()) conclude();
}

// The members of the new epoch; none if too few have promised.
std::vector<NodeId> Monitor::choose() const {
  std::vector<NodeId> chosen;
  const bool everybody = members_.empty() || options_.quorum.has_value();
  for (const NodeId n : everybody ? *options_.replicas : members_) {
    if (sealed_.contains(n)) chosen.push_back(n);
  }
  if (chosen.size() < options_.quorum.value_or(1)) return {};
  if (options_.chain) return chosen;
  if (const auto asked = std::find(chosen.begin(), chosen.end(), promoted_); asked != chosen.end()) {
    std::rotate(chosen.begin(), asked, std::next(asked));
    return chosen;
  }
  const auto worse = [&](NodeId a, NodeId b) {
    const Report& x = sealed_.at(a);
    const Report& y = sealed_.at(b);
    return std::pair(x.last_epoch, x.last) < std::pair(y.last_epoch, y.last);
  };
  auto best = std::max_element(chosen.begin(), chosen.end(), worse);
  if (options_.promotes_any) best = std::prev(chosen.end());
  std::rotate(chosen.begin(), best, std::next(best));
  return chosen;
}

void Monitor::conclude() {
  std::vector<NodeId> members = choose();
  if (members.empty()) return seal();
  fencing_ = true;
  announce_after_fencing(std::move(members));
}

void Monitor::announce_after_fencing(std::vector<NodeId> members) {
  Duration wait{0};
  for (const NodeId n : members_) {
    if (sealed_.contains(n)) continue;
    if (options_.fencing == Fencing::lease && !options_.lease_without_bound) {
      wait = std::max(wait, reports_[n].lease_until - env_->now());
    } else if (options_.fencing == Fencing::stonith && n == members_.front()) {
      env_->log("its power is switched off", Value(env_->name_of(n)));
      options_.power_off(n);
      wait = options_.power_time;
    }
  }
  env_->after(std::max(wait, Duration(0)), [this, members = std::move(members)] {
    if (journal_.broken()) return;
    record(last_epoch_, members);
  });
}

void Monitor::record(std::uint64_t epoch, std::vector<NodeId> members) {
  version_ = epoch == epoch_ ? version_ + 1 : 1;
  if (promoted_ == kNoNode) until_ = {};
  epoch_ = epoch;
  members_ = std::move(members);
  announced_ = false;
  journal_.append(configuration());
  journal_.when_durable([this, version = version_, at = epoch_] {
    if (version != version_ || at != epoch_) return;
    announced_ = true;
    if (version == 1) {
      changing_ = fencing_ = false;
      reports_[members_.front()].fresh = false;
      env_->log("primary", Value(env_->name_of(members_.front())));
    }
    for (const NodeId n : *options_.replicas) tell(n, {});
    if (version == 1) promoted_ = kNoNode;
  });
}

void Monitor::on_request(Env&, const Request& request, Reply reply) {
  if (request.type != "promote") {
    return reply(make_error("not_found", "a monitor takes promote, not '" + request.type + "'"));
  }
  const Value& name = request.body["name"];
  const Expected<NodeId> node = env_->find(name.is_string() ? name.string() : std::string_view());
  if (!node) return reply(node.error());
  if (!reports_.contains(*node)) return reply(make_error("not_found", "it is no replica of this monitor's"));
  if (journal_.broken() || changing_ || options_.chain) {
    return reply(make_error("conflict", "another change is under way"));
  }
  promoted_ = *node;
  until_ = request.body["until"];
  begin_change();
  reply(Value(true));
}

Value Monitor::configuration() const {
  Value::List members;
  for (const NodeId n : members_) members.push_back(number(n.index));
  return Value::map({{"epoch", number(epoch_)},
                     {"version", number(version_)},
                     {"until", until_},
                     {"members", Value::list(std::move(members))}});
}

void Monitor::tell(NodeId node, const Value& asked_at) {
  if (!announced_) return;
  Value body = configuration();
  if (!asked_at.is_nil() && !changing_ && listed(node)) {
    reports_[node].lease_until = env_->now() + options_.lease;
    body = body.with("asked_at", asked_at);
  }
  env_->send(node, "configuration", std::move(body));
}

void Monitor::on_message(Env&, const Message& m) {
  if (journal_.broken()) return;
  if (m.type == "alive") {
    on_alive(m);
  } else if (m.type == "sealed") {
    on_sealed(m);
  } else if (m.type == "join" || m.type == "leave") {
    on_wish(m, m.type == "join");
  }
}

void Monitor::on_alive(const Message& m) {
  const auto known = reports_.find(m.from);
  if (known == reports_.end()) return;
  Report& report = known->second;
  report.heard = env_->now();
  report.last_epoch = integer(m.body["last_epoch"]);
  report.last = integer(m.body["last"]);
  report.fresh = m.body["fresh"].truthy() && integer(m.body["epoch"]) >= epoch_;
  tell(m.from, m.body["at"]);
}

// A primary (the tail of a chain) wishes that a replica joins or leaves the members. Each wish is for one
// version of them, so one that comes late changes nothing; and a wish to leave for one that is no member
// makes a new version all the same: after that it cannot join by an earlier wish.
void Monitor::on_wish(const Message& m, bool joins) {
  if (changing_ || !announced_ || integer(m.body["epoch"]) != epoch_) return;
  if (integer(m.body["version"]) != version_) return;
  if (m.from != (options_.chain ? members_.back() : members_.front())) return;
  const NodeId node = node_of(m.body["node"]);
  std::vector<NodeId> members = members_;
  std::erase(members, node);
  if (joins) members.push_back(node);
  record(epoch_, std::move(members));
}

}  // namespace syslab
