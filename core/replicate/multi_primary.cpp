#include "core/replicate/multi_primary.hpp"

#include <algorithm>
#include <utility>

#include "core/replicate/numbers.hpp"

namespace syslab {
namespace {

using numbers::number;

constexpr std::size_t kConflictsKept = 1000;
constexpr std::size_t kWaitingMax = 100'000;
constexpr double kCounters = 65536;  // of the hybrid clock, in a millisecond

std::uint64_t integer(const Value& v) {
  return whole_number(v).value_or(0);
}

std::string file_name(std::uint64_t generation) {
  return generation % 2 == 0 ? "updates-a" : "updates-b";
}

// The update that a record is; a counter of 0 where it is none, because it was torn.
Dot dot_of(const Value& record) {
  if (!record["origin"].is_string()) return {};
  return {std::string(record["origin"].string()), integer(record["seq"])};
}

VersionVector vector_of(const Value& value) {
  const auto decoded = VersionVector::decode(value);
  return decoded ? *decoded : VersionVector();
}

}  // namespace

MultiPrimary::MultiPrimary(MultiPrimaryOptions options) : options_(std::move(options)) {
  if (options_.data == nullptr) options_.data = make_lww_register({});
}

// ---- the disk
//
// One file of records, updates in the order in which they were applied. A checkpoint {generation, ...} begins
// another file, and the old one goes when that is synced.

void MultiPrimary::load(Env& env) {
  Value::List records;
  bool found = false;
  for (std::uint64_t side = 0; side < 2; ++side) {
    const Result file = env.disk().peek(file_name(side));
    if (!file.ok()) {
      broken_ = broken_ || file.error().code != "not_found";
      continue;
    }
    if (!file->is_list() || file->list().empty()) continue;
    const Value& generation = file->list().front()["generation"];
    // Without a checkpoint it is the first file.
    if (generation.is_nil() && side == 1) continue;
    if (found && integer(generation) < generation_) continue;
    found = true;
    generation_ = integer(generation);
    records = file->list();
  }
  records_ = records.size();
  for (const Value& record : records) {
    const bool good = !record["generation"].is_nil() ? restore(record)
                      : dot_of(record).counter > 0   ? take(record, env.now())
                                                     : true;  // half a record, which nobody has been told of
    broken_ = broken_ || !good;
  }
  durable_ = applied_;
}

bool MultiPrimary::restore(const Value& checkpoint) {
  if (!checkpoint["items"].is_list() || !checkpoint["updates"].is_map() || !checkpoint["known"].is_map() ||
      !checkpoint["sessions"].is_map()) {
    return false;
  }
  if (!bug(Bug::forgets_state)) applied_ = vector_of(checkpoint["applied"]);
  concurrent_ = integer(checkpoint["concurrent"]);
  clock_losses_ = integer(checkpoint["clock"]);
  for (const Value& entry : checkpoint["items"].list()) {
    Item& restored = item(entry["key"]);
    if (!restored.data->merge(entry["state"])) return false;
    restored.last = {dot_of(entry), vector_of(entry["causes"]), entry["value"]};
    if (restored.data->name() == "mv_register") restored.siblings = restored.data->value().list().size();
  }
  for (const auto& [origin, updates] : checkpoint["updates"].map()) {
    if (!updates["kept"].is_list()) return false;
    Updates& restored = updates_[origin];
    restored.dropped = integer(updates["dropped"]);
    restored.kept.assign(updates["kept"].list().begin(), updates["kept"].list().end());
  }
  for (const auto& [client, seq] : checkpoint["sessions"].map()) sessions_[client] = integer(seq);
  for (const auto& [member, vector] : checkpoint["known"].map()) known_[member] = vector_of(vector);
  clock_ = {static_cast<std::int64_t>(integer(checkpoint["clock_time"])),
            integer(checkpoint["clock_counter"])};
  return true;
}

void MultiPrimary::write(Env& env, Value record) {
  ++writes_;
  ++records_;
  env.disk().append(file_name(generation_), std::move(record),
                    [this, &env](const Result& r) { disk_ok(env, r); });
  const bool full = options_.checkpoint_after > 0 && records_ > options_.checkpoint_after;
  if (full && !checkpointing_) checkpoint(env);
}

void MultiPrimary::checkpoint(Env& env) {
  Value::List items;
  for (const auto& [key, item] : items_) {
    items.push_back(Value::map({{"key", key},
                                {"state", item.data->state()},
                                {"origin", item.last.dot.replica},
                                {"seq", number(item.last.dot.counter)},
                                {"causes", item.last.causes.encode()},
                                {"value", item.last.value}}));
  }
  Value::Map updates, sessions, known;
  for (const auto& [origin, u] : updates_) {
    updates.emplace_back(origin, Value::map({{"dropped", number(u.dropped)},
                                             {"kept", Value::list({u.kept.begin(), u.kept.end()})}}));
  }
  for (const auto& [client, seq] : sessions_) sessions.emplace_back(client, number(seq));
  for (const auto& [member, vector] : known_) known.emplace_back(member, vector.encode());
  const std::string old = file_name(generation_);
  Value head = Value::map({{"generation", number(++generation_)},
                           {"applied", applied_.encode()},
                           {"items", Value::list(std::move(items))},
                           {"updates", Value::map(std::move(updates))},
                           {"sessions", Value::map(std::move(sessions))},
                           {"known", Value::map(std::move(known))},
                           {"concurrent", number(concurrent_)},
                           {"clock", number(clock_losses_)},
                           {"clock_time", static_cast<double>(clock_.time)},
                           {"clock_counter", number(clock_.counter)}});
  ++writes_;
  records_ = 1;
  checkpointing_ = true;
  const auto written = [this, &env](const Result& r) { disk_ok(env, r); };
  // A list of one, of which a torn write leaves nothing.
  env.disk().write(file_name(generation_), Value::list({std::move(head)}), written);
  when_durable(env, [this, &env, old, written](bool ok) {
    if (!ok) return;
    checkpointing_ = false;
    env.disk().write(old, {}, written);
  });
}

void MultiPrimary::when_durable(Env& env, Durable action) {
  if (durable_writes_ == writes_) return action(true);
  deferred_.push_back({writes_, std::move(action)});
  flush(env);
}

void MultiPrimary::flush(Env& env) {
  if (flushing_) return;
  flushing_ = true;
  env.disk().sync([this, &env, upto = writes_, applied = applied_](const Result& r) {
    flushing_ = false;
    if (!disk_ok(env, r)) return;
    durable_writes_ = upto;
    durable_ = applied;
    while (!broken_ && !deferred_.empty() && deferred_.front().writes <= upto) {
      const Durable action = std::move(deferred_.front().action);
      deferred_.pop_front();
      action(true);
    }
    if (!broken_ && !deferred_.empty()) flush(env);
  });
}

bool MultiPrimary::disk_ok(Env& env, const Result& result) {
  if (broken_) return false;
  if (result.ok()) return true;
  broken_ = true;
  env.log("the disk failed: this replica does nothing more until a restart", Value(result.error().code));
  const std::deque<Deferred> deferred = std::exchange(deferred_, {});
  for (const Deferred& d : deferred) d.action(false);
  return false;
}

// ---- life

void MultiPrimary::on_start(Env& env) {
  name_ = env.name_of(env.self());
  load(env);
  if (broken_) {
    env.log("the disk cannot be read: this replica does nothing");
    return;
  }
  find_neighbours(env);
  env.after(options_.ship_every, [this, &env] { ship_again(env); });
  ask_again(env);
}

void MultiPrimary::ship_again(Env& env) {
  if (broken_) return;
  for (Neighbour& n : neighbours_) {
    if (n.target) ship(env, n, options_.topology != Topology::all);
  }
  env.after(options_.ship_every, [this, &env] { ship_again(env); });
}

void MultiPrimary::ask_again(Env& env) {
  if (broken_) return;
  for (const Neighbour& n : neighbours_) {
    if (n.source) tell(env, n, true);
  }
  env.after(options_.anti_entropy, [this, &env] { ask_again(env); });
}

void MultiPrimary::find_neighbours(Env& env) {
  const std::vector<NodeId>& members = *options_.members;
  const auto at =
      static_cast<std::size_t>(std::find(members.begin(), members.end(), env.self()) - members.begin());
  const std::size_t count = members.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i == at) continue;
    const bool hub = i == 0 || at == 0;
    const bool target = options_.topology == Topology::ring   ? i == (at + 1) % count
                        : options_.topology == Topology::star ? hub
                                                              : true;
    const bool source = options_.topology == Topology::ring ? at == (i + 1) % count : target;
    if (target || source) neighbours_.push_back({members[i], env.name_of(members[i]), target, source, {}});
  }
  for (const NodeId member : members) known_[env.name_of(member)];
}

MultiPrimary::Neighbour* MultiPrimary::neighbour(NodeId node) {
  const auto found = std::find_if(neighbours_.begin(), neighbours_.end(),
                                  [&](const Neighbour& n) { return n.node == node; });
  return found == neighbours_.end() ? nullptr : &*found;
}

Value MultiPrimary::show() const {
  std::size_t kept = 0;
  for (const auto& [origin, updates] : updates_) kept += updates.kept.size();
  const Value shown = Value::map({{"applied", applied_.encode()},
                                  {"waiting", number(waiting_.size())},
                                  {"kept", number(kept)},
                                  {"keys", number(items_.size())},
                                  {"concurrent", number(concurrent_)},
                                  {"clock", number(clock_losses_)}});
  return broken_ ? shown.with("disk", "failed") : shown;
}

// ---- clients

MultiPrimary::Item& MultiPrimary::item(const Value& key) {
  Item& found = items_[key];
  if (found.data == nullptr) {
    const auto bug = kCrdtBugs.parse(kMultiPrimaryBugs.name(options_.bug));
    found.data =
        options_.data->fresh({.replica = name_, .deltas_kept = 0, .bug = bug.value_or(CrdtBug::none)});
  }
  return found;
}

Value MultiPrimary::shown(const Value& key, const Item& item) const {
  const Value value = item.data->value();
  if (item.data->name() != "mv_register") return value;
  if (options_.merge == nullptr) {
    return Value::map({{"values", value}, {"context", item.data->state().list()[0]}});
  }
  if (value.list().size() <= 1) return value.list().empty() ? Value() : value.list()[0];
  const Expected<Value> merged = options_.merge(value, key);
  return merged ? *merged : Value();
}

void MultiPrimary::answer_read(Env& env, const Value& key, Reply reply) {
  const auto found = items_.find(key);
  Value answer =
      found == items_.end() ? shown(key, Item{options_.data->fresh({})}) : shown(key, found->second);
  // What is shown must not be gone after a crash.
  when_durable(env, [answer = std::move(answer), reply = std::move(reply)](bool ok) {
    reply(ok ? Result(answer) : Result(make_error("io_error", "the disk of this replica has failed")));
  });
}

void MultiPrimary::on_request(Env& env, const Request& request, Reply reply) {
  if (broken_) return reply(make_error("unavailable", "the disk of this replica has failed"));
  if (request.type == "read") return answer_read(env, request.key(), std::move(reply));
  if (request.type == "write" || request.type == "update") return change(env, request, std::move(reply));
  if (request.type == "conflicts") return reply(Value::list({conflicts_.begin(), conflicts_.end()}));
  Node::on_request(env, request, std::move(reply));
}

// A time for last-write-wins data.
double MultiPrimary::stamp(Env& env) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(env.wall_now().time_since_epoch());
  if (options_.clock == WriteClock::wall) return static_cast<double>(ms.count()) * kCounters;
  clock_.tick(Instant(Duration(ms.count())));
  return static_cast<double>(clock_.time) * kCounters + static_cast<double>(clock_.counter);
}

void MultiPrimary::change(Env& env, const Request& request, Reply reply) {
  const Value& body = request.body;
  const Value& client = body["client"];
  const std::uint64_t seq = client.is_string() ? integer(body["seq"]) : 0;
  if (seq > 0 && !bug(Bug::executes_twice)) {
    const auto session = sessions_.find(std::string(client.string()));
    if (session != sessions_.end() && session->second >= seq)
      return answer_read(env, body["key"], std::move(reply));
  }
  const std::string_view type = options_.data->name();
  const bool is_register = type.ends_with("_register");
  if (is_register != (request.type == "write")) {
    return reply(make_error("malformed", is_register
                                             ? "these keys are registers: write them"
                                             : "these keys are no registers: update them with an 'op'"));
  }
  Value operation = is_register ? body.with("op", "set") : body;
  if (type.starts_with("lww_") && body["time"].is_nil()) operation = operation.with("time", stamp(env));
  if (type == "mv_register" && options_.merge == nullptr && body["context"].is_nil()) {
    operation = operation.with("context", VersionVector().encode());
  }
  const bool known = items_.contains(body["key"]);
  const Expected<Value> delta = item(body["key"]).data->apply(operation);
  if (!delta) {
    if (!known) items_.erase(body["key"]);
    return reply(delta.error());
  }
  Value record = Value::map({{"origin", name_},
                             {"seq", number(applied_[name_] + 1)},
                             {"key", body["key"]},
                             {"delta", *delta},
                             {"causes", applied_.encode()}});
  if (seq > 0) record = record.with("client", client).with("client_seq", number(seq));
  note(record, env.now());
  write(env, std::move(record));
  if (bug(Bug::answers_before_disk)) return reply(shown(body["key"], item(body["key"])));
  answer_read(env, body["key"], std::move(reply));
}

// ---- updates

bool MultiPrimary::take(const Value& record, Instant at) {
  if (!item(record["key"]).data->merge(record["delta"])) return false;
  note(record, at);
  return true;
}

void MultiPrimary::note(const Value& record, Instant at) {
  const Dot dot = dot_of(record);
  applied_.raise(dot.replica, dot.counter);
  Updates& updates = updates_[dot.replica];
  if (dot.counter > updates.dropped + updates.kept.size()) {
    updates.kept.resize(dot.counter - updates.dropped - 1);  // as it is, but for planted bugs
    updates.kept.push_back(record);
  }
  if (record["client"].is_string()) {
    std::uint64_t& last = sessions_[std::string(record["client"].string())];
    last = std::max(last, integer(record["client_seq"]));
  }
  note_versions(item(record["key"]), record, at);
}

// Who won, and whether anything was lost that nobody had seen. Requires: the update is merged.
void MultiPrimary::note_versions(Item& item, const Value& record, Instant at) {
  const Value& key = record["key"];
  if (item.data->name() == "mv_register") {
    const Value values = item.data->value();
    if (values.list().size() > std::max<std::size_t>(item.siblings, 1)) {
      note_conflict(at, "concurrent", key, values, {}, std::string(record["origin"].string()));
    }
    item.siblings = values.list().size();
    return;
  }
  if (item.data->name() != "lww_register" || record["delta"].list().size() != 1) return;
  const Value& cell = record["delta"].list()[0];  // {"", time, replica, value}
  const auto stamp = static_cast<std::int64_t>(cell.list()[1].number());
  const auto counters = static_cast<std::int64_t>(kCounters);
  if (stamp >= 0) {
    clock_ = std::max(clock_, HybridTime{stamp / counters, static_cast<std::uint64_t>(stamp % counters)});
  }
  const Value value = cell.list().size() > 3 ? cell.list()[3] : Value();
  Written written = {dot_of(record), vector_of(record["causes"]), value};
  const bool won = item.data->state().list()[0] == cell;
  Written& winner = won ? written : item.last;
  const Written& loser = won ? item.last : written;
  if (loser.dot.counter > 0 && !winner.causes.covers(loser.dot)) {
    const bool knew = loser.causes.covers(winner.dot);
    note_conflict(at, knew ? "clock" : "concurrent", key, winner.value, loser.value, loser.dot.replica);
  }
  if (won) item.last = std::move(written);
}

void MultiPrimary::note_conflict(Instant at, const char* kind, const Value& key, const Value& kept,
                                 const Value& lost, const std::string& from) {
  ++(std::string_view(kind) == "clock" ? clock_losses_ : concurrent_);
  conflicts_.push_back(Value::map({{"key", key},
                                   {"kind", kind},
                                   {"kept", kept},
                                   {"lost", lost},
                                   {"from", from},
                                   {"at", to_seconds(at)}}));
  if (conflicts_.size() > kConflictsKept) conflicts_.pop_front();
}

// Sends what the neighbour is not known to have: our own updates, or everybody's.
void MultiPrimary::ship(Env& env, Neighbour& to, bool everything) {
  Value::List records;
  const VersionVector upto = shippable();
  for (const auto& [origin, updates] : updates_) {
    if (origin == to.name) continue;
    if (origin != name_ && (!everything || bug(Bug::relays_nothing))) continue;
    std::uint64_t next = std::max({to.sent[origin], known_[to.name][origin], updates.dropped}) + 1;
    for (; next <= upto[origin] && records.size() < options_.batch; ++next) {
      records.push_back(updates.kept[next - updates.dropped - 1]);
      to.sent.raise(origin, next);
    }
  }
  if (records.empty()) return;
  const bool full = records.size() == options_.batch;
  env.send(to.node, "updates", Value::map({{"records", Value::list(std::move(records))}}));
  if (full) ship(env, to, everything);
}

// What this replica has, and what it knows that others have; `ask`: for what it lacks.
void MultiPrimary::tell(Env& env, const Neighbour& to, bool ask) {
  Value::Map known;
  for (const auto& [member, vector] : known_) {
    if (member != name_) known.emplace_back(member, vector.encode());
  }
  env.send(to.node, ask ? "have" : "got",
           Value::map({{"vector", held().encode()}, {"known", Value::map(std::move(known))}}));
}

void MultiPrimary::on_message(Env& env, const Message& m) {
  Neighbour* from = neighbour(m.from);
  if (broken_ || from == nullptr) return;
  if (m.type == "updates") {
    for (const Value& record : m.body["records"].list()) receive(record);
    drain(env);
    when_durable(env, [this, &env, from](bool ok) {
      if (ok) tell(env, *from, false);
    });
    return;
  }
  if (m.type != "have" && m.type != "got") return;
  learn(from->name, m.body["vector"]);
  for (const auto& [member, vector] : m.body["known"].map()) learn(member, vector);
  prune();
  if (m.type == "have") {
    // What was sent and has not come is sent again.
    from->sent = vector_of(m.body["vector"]);
    ship(env, *from, true);
  }
}

void MultiPrimary::learn(const std::string& member, const Value& vector) {
  if (member != name_) known_[member].merge(vector_of(vector));
}

// Everybody keeps an update until all have it: whoever lacks one can get it from anybody.
void MultiPrimary::prune() {
  for (auto& [origin, updates] : updates_) {
    std::uint64_t all = durable_[origin];
    std::uint64_t any = 0;
    for (const auto& [member, vector] : known_) {
      if (member == name_) continue;
      all = std::min(all, vector[origin]);
      if (member != origin) any = std::max(any, vector[origin]);
    }
    if (bug(Bug::prunes_early)) all = std::min(any, durable_[origin]);
    while (updates.dropped < all) {
      updates.kept.pop_front();
      ++updates.dropped;
    }
  }
}

void MultiPrimary::receive(const Value& record) {
  const Dot dot = dot_of(record);
  if (dot.counter == 0 || applied_.covers(dot) || waiting_.size() >= kWaitingMax) return;
  waiting_.emplace(dot, record);
}

bool MultiPrimary::ready(const Dot& dot, const Value& record) const {
  const std::uint64_t known = applied_[dot.replica];
  if (bug(Bug::skips_gaps) ? dot.counter <= known : dot.counter != known + 1) return false;
  return !options_.causal || bug(Bug::ignores_causes) || applied_.covers(vector_of(record["causes"]));
}

void MultiPrimary::drain(Env& env) {
  for (bool again = true; again;) {
    again = false;
    for (auto w = waiting_.begin(); w != waiting_.end();) {
      if (ready(w->first, w->second)) {
        const Value record = std::move(w->second);
        if (take(record, env.now())) write(env, record);
        w = waiting_.erase(w);
        again = true;
      } else if (applied_.covers(w->first)) {
        w = waiting_.erase(w);
      } else {
        ++w;
      }
    }
  }
}

}  // namespace syslab
