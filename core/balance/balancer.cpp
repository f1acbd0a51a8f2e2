#include "core/balance/balancer.hpp"

#include <algorithm>

#include "core/balance/round_robin.hpp"
#include "core/base/assert.hpp"

namespace syslab {

Balancer::Balancer(BalancerOptions options)
    : options_(std::move(options)), picker_(options_.policy ? options_.policy() : make_round_robin()) {
  SYSLAB_ASSERT(!options_.checks || options_.checks->interval > Duration::zero());
}

std::string_view Balancer::Member::state() const {
  return draining ? "draining" : !up ? "down" : ejected ? "ejected" : "up";
}

void Balancer::on_start(Env& env) {
  if (started_) return;
  started_ = true;
  rng_ = env.rng().split("balancer");
  for (const BackendOptions& backend : options_.backends) add_member(env, backend);
  if (!options_.checks) return;
  // The first checks are spread over an interval, so that the backends do not all get theirs at the same
  // instant.
  const auto n = static_cast<std::int64_t>(members_.size());
  for (std::int64_t i = 0; i < n; ++i) {
    env.after(options_.checks->interval / n * i,
              [this, &env, i] { check(env, static_cast<std::size_t>(i)); });
  }
}

void Balancer::add_member(Env& env, const BackendOptions& backend) {
  SYSLAB_ASSERT(backend.weight > 0);
  auto member = std::make_unique<Member>();
  member->node = backend.node;
  member->name = env.name_of(backend.node);
  backends_.push_back({.name = member->name, .weight = backend.weight});
  members_.push_back(std::move(member));
}

void Balancer::add(Env& env, const BackendOptions& backend) {
  on_start(env);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i]->node != backend.node) continue;
    members_[i]->draining = false;
    backends_[i].weight = backend.weight;
    refresh();
    return;
  }
  add_member(env, backend);
  refresh();
  if (options_.checks) check(env, members_.size() - 1);
}

bool Balancer::has(NodeId node) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& m) { return m->node == node; });
}

void Balancer::drain(NodeId node) {
  const auto found =
      std::find_if(members_.begin(), members_.end(), [&](const auto& m) { return m->node == node; });
  SYSLAB_ASSERT(found != members_.end());
  (*found)->draining = true;
  refresh();
}

void Balancer::call(Env& env, Request request, Reply reply) {
  on_start(env);  // where it is used without a process around it
  const std::optional<std::size_t> picked = picker_->pick(backends_, request.key(), *rng_);
  if (!picked) {
    ++refused_;
    reply(make_error("unavailable", "none of " + std::to_string(members_.size()) + " backends is healthy"));
    return;
  }
  const std::size_t i = *picked;
  SYSLAB_ASSERT(i < backends_.size() && backends_[i].available);
  ++backends_[i].outstanding;
  ++members_[i]->sent;
  picker_->on_start(i);
  env.call(members_[i]->node, std::move(request), options_.timeout,
           [this, &env, i, sent = env.now(), reply = std::move(reply)](Result result) {
             finished(env, i, sent, result);
             reply(std::move(result));
           });
}

void Balancer::finished(Env& env, std::size_t i, Instant sent, const Result& result) {
  SYSLAB_ASSERT(backends_[i].outstanding > 0);
  --backends_[i].outstanding;
  const bool failed = !result.ok() && is_fault(result.error());
  picker_->on_finish(i, env.now(), env.now() - sent, failed);
  Member& member = *members_[i];
  if (!failed) {
    member.failures = 0;
    return;
  }
  ++member.failed;
  ++member.failures;
  maybe_eject(env, i);
}

void Balancer::maybe_eject(Env& env, std::size_t i) {
  Member& member = *members_[i];
  if (!options_.ejection || member.ejected || member.failures < options_.ejection->failures) return;
  const EjectionOptions& ejection = *options_.ejection;
  std::size_t ejected = 0;
  std::size_t total = 0;
  for (const auto& m : members_) {
    ejected += m->ejected;
    total += !m->draining;
  }
  const auto allowed = static_cast<std::size_t>(ejection.share_max * static_cast<double>(total));
  if (ejected + 1 > std::max<std::size_t>(allowed, 1)) return;

  if (member.ejections > 0 && ejection.forgive > Duration::zero()) {
    const std::int64_t forgiven = (env.now() - member.readmitted) / ejection.forgive;
    member.ejections -= static_cast<std::uint32_t>(std::min<std::int64_t>(forgiven, member.ejections));
  }
  ++member.ejections;
  member.ejected = true;
  // time * ejections would overflow for a very long time: the limit is asked first.
  const bool capped = ejection.time > ejection.time_max / member.ejections;
  env.after(capped ? ejection.time_max : ejection.time * member.ejections, [this, &env, i] {
    Member& back = *members_[i];
    back.ejected = false;
    back.failures = 0;
    back.readmitted = env.now();
    changed(env, i, "is back after its ejection");
  });
  changed(env, i, "is ejected");
}

void Balancer::check(Env& env, std::size_t i) {
  const Instant begun = env.now();
  env.call(members_[i]->node, Request{.type = options_.checks->type}, options_.checks->timeout,
           [this, &env, i, begun](Result result) {
             checked(env, i, result.ok() || !is_fault(result.error()));
             const Duration next = options_.checks->interval - (env.now() - begun);
             env.after(std::max(next, Duration::zero()), [this, &env, i] { check(env, i); });
           });
}

void Balancer::checked(Env& env, std::size_t i, bool passed) {
  Member& member = *members_[i];
  if (passed == member.up) {
    member.streak = 0;
    return;
  }
  if (++member.streak < (passed ? options_.checks->rise : options_.checks->fall)) return;
  member.streak = 0;
  member.up = passed;
  changed(env, i, passed ? "is up" : "is down");
}

void Balancer::changed(Env& env, std::size_t i, std::string_view what) {
  refresh();
  env.log("backend " + members_[i]->name + " " + std::string(what),
          Value::map({{"backend", members_[i]->name}}));
}

void Balancer::refresh() {
  std::size_t usable = 0;
  std::size_t total = 0;
  for (const auto& member : members_) {
    usable += member->usable();
    total += !member->draining;
  }
  panicking_ = static_cast<double>(usable) < options_.panic * static_cast<double>(total);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    backends_[i].available = members_[i]->usable() || (panicking_ && !members_[i]->draining);
  }
}

Value Balancer::show() const {
  Value::List backends;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = *members_[i];
    backends.push_back(Value::map({{"name", member.name},
                                   {"healthy", member.up && !member.ejected},
                                   {"state", member.state()},
                                   {"weight", backends_[i].weight},
                                   {"outstanding", static_cast<double>(backends_[i].outstanding)},
                                   {"sent", static_cast<double>(member.sent)},
                                   {"failed", static_cast<double>(member.failed)}}));
  }
  return Value::map({{"policy", picker_->name()},
                     {"refused", static_cast<double>(refused_)},
                     {"panic", panicking_},
                     {"backends", Value::list(std::move(backends))}});
}

}  // namespace syslab
