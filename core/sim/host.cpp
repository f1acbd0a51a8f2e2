#include "core/sim/host.hpp"

#include <algorithm>

#include "core/sim/world.hpp"

namespace syslab {
namespace {

constexpr Duration kStopGrace = std::chrono::seconds(10);

std::uint64_t handle_of(std::uint32_t index, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | index;
}

// The slot that a handle names; null where it has been freed since.
template <class Slots>
auto* slot_of(Slots& slots, std::uint64_t handle) {
  const auto index = static_cast<std::uint32_t>(handle);
  auto* slot = index < slots.size() ? &slots[index] : nullptr;
  if (slot != nullptr && (!slot->live || slot->generation != static_cast<std::uint32_t>(handle >> 32)))
    slot = nullptr;
  return slot;
}

Value error_body(const Error& error) {
  return Value::map({{"code", error.code}, {"definite", error.definite}, {"message", error.message}});
}

Error error_of(const Value& body) {
  Error error{"unknown", {}, false};
  if (body["code"].is_string()) error.code = body["code"].string();
  if (body["message"].is_string()) error.message = body["message"].string();
  error.definite = body["definite"].truthy();
  return error;
}

}  // namespace

// What a process answers a request through. Two words, so that a std::function holds it without allocating.
struct HeldReply {
  Host* host;
  std::uint64_t handle;
  void operator()(Result result) const { host->answer(handle, std::move(result)); }
};

template <class Slots>
std::uint32_t Host::take_slot(Slots& slots, std::uint32_t& free) {
  std::uint32_t index = free;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(slots.size());
    slots.emplace_back();
  } else {
    free = slots[index].next_free;
  }
  slots[index].live = true;
  return index;
}

template <class Slot>
void Host::free_slot(Slot& slot, std::uint32_t index, std::uint32_t& free) {
  slot.live = false;
  if (++slot.generation == 0) slot.generation = 1;
  slot.next_free = free;
  free = index;
}

Host::Host(World& world, NodeId id, std::string name, HostOptions options, Program program)
    : world_(world),
      id_(id),
      name_(std::move(name)),
      options_(std::move(options)),
      program_(std::move(program)),
      rng_(0),
      handling_rng_(world.rng("handling").split(name_)),
      disk_(*this, options_.disk.value_or(world.options().disk), world.rng("disk").split(name_)) {}

Host::~Host() {
  destroy_process();
}

const std::string& Host::name_of(NodeId node) const {
  return world_.name_of(node);
}
Expected<NodeId> Host::find(std::string_view name) const {
  return world_.find(name);
}
Instant Host::now() const {
  return clock_.monotonic(world_.now());
}
Instant Host::wall_now() const {
  return clock_.wall(world_.now());
}
Instant Host::world_now() const {
  return world_.now();
}

// Timers

TimerId Host::add_timer(Duration delay, bool world_time, std::function<void()> action) {
  SYSLAB_ASSERT(delay >= Duration::zero());
  world_.touch();
  const std::uint32_t index = take_slot(timers_, free_timer_);
  Timer& timer = timers_[index];
  timer.host = this;
  timer.index = index;
  timer.action = std::move(action);
  timer.world_time = world_time;
  timer.order = ++timer_order_;
  const Instant now = world_.now();
  if (!world_time) {
    timer.due = saturating_add(clock_.monotonic(now), delay);
    delay = clock_.world_delay(now, delay);
  }
  timer.event = world_.scheduler().schedule(saturating_add(now, delay), &Host::timer_is_due, &timer);
  return TimerId{handle_of(index, timer.generation)};
}

TimerId Host::after(Duration delay, std::function<void()> action) {
  return add_timer(delay, false, std::move(action));
}

TimerId Host::work(Duration time, std::function<void()> action) {
  return add_timer(stretched(time), true, std::move(action));
}

Duration Host::stretched(Duration time) const {
  const double factor = slowness_.product();
  return factor == 1 ? time : from_seconds(to_seconds(time) * factor);
}

TimerId Host::after_world_time(Duration delay, std::function<void()> action) {
  return add_timer(delay, true, std::move(action));
}

bool Host::cancel(TimerId id) {
  Timer* timer = slot_of(timers_, id.value);
  if (timer == nullptr) return false;
  world_.scheduler().cancel(timer->event);
  const std::function<void()> action =
      std::move(timer->action);  // dies last: its destructor may come back here
  timer->action = nullptr;
  free_slot(*timer, timer->index, free_timer_);
  return true;
}

void Host::timer_is_due(void* context) {
  auto* timer = static_cast<Timer*>(context);
  timer->event = TimerId{};
  const TimerId id{handle_of(timer->index, timer->generation)};
  if (timer->host->must_wait()) {
    timer->host->wait({.kind = Waiting::Kind::timer, .timer = id});
  } else {
    timer->host->fire(id);
  }
}

void Host::fire(TimerId id) {
  Timer* timer = slot_of(timers_, id.value);
  if (timer == nullptr) return;  // cancelled while it waited
  const std::function<void()> action = std::move(timer->action);
  timer->action = nullptr;
  free_slot(*timer, timer->index, free_timer_);
  action();
}

void Host::add_drift(std::int64_t drift_ppb) {
  const Instant now = world_.now();
  drift_ppb_ += drift_ppb;
  clock_.set_drift(now, std::clamp<std::int64_t>(drift_ppb_, -500'000'000, 500'000'000));
  if (drift_ppb_ == 0) clock_.correct_wall(now);
  std::vector<Timer*> pending;
  for (Timer& timer : timers_) {
    if (timer.live && !timer.world_time && timer.event) pending.push_back(&timer);
  }
  std::sort(pending.begin(), pending.end(), [](const Timer* a, const Timer* b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
  });
  for (Timer* timer : pending) {
    world_.scheduler().cancel(timer->event);
    timer->event =
        world_.scheduler().schedule(clock_.world_time(now, timer->due), &Host::timer_is_due, timer);
  }
}

// Messages out

void Host::send(NodeId to, std::string type, Value body) {
  Message message;
  message.from = id_;
  message.to = to;
  message.type = std::move(type);
  message.body = std::move(body);
  world_.network().send(std::move(message));
}

void Host::call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) {
  const std::uint32_t index = take_slot(calls_, free_call_);
  PendingCall& pending = calls_[index];
  pending.reply = std::move(reply);
  const std::uint64_t handle = handle_of(index, pending.generation);
  pending.timer = TimerId{};
  ++calls_pending_;
  Message message;
  message.from = id_;
  message.to = to;
  message.type = std::move(request.type);
  message.body = std::move(request.body);
  message.kind = Message::Kind::request;
  message.call = handle;
  world_.network().send(std::move(message));
  if (timeout) {
    const TimerId timer = after(*timeout, [this, handle] {
      if (slot_of(calls_, handle) != nullptr) end_call(handle, make_error("timeout", "no answer in time"));
    });
    calls_[index].timer = timer;
  }
}

void Host::log(std::string_view text, Value fields) {
  TraceEvent event;
  event.kind = TraceEvent::Kind::log;
  event.node = id_;
  event.label = text;
  event.detail = std::move(fields);
  world_.record(std::move(event));
}

void Host::send_result(NodeId to, std::string type, std::uint64_t call, Result result) {
  Message message;
  message.from = id_;
  message.to = to;
  message.type = std::move(type);
  message.kind = result ? Message::Kind::response : Message::Kind::failure;
  message.body = result ? std::move(*result) : error_body(result.error());
  message.call = call;
  world_.network().send(std::move(message));
}

// Messages in

void Host::deliver(Message message) {
  if (up() && must_wait()) {
    wait({.kind = Waiting::Kind::message, .message = std::move(message)});
  } else {
    process(std::move(message));
  }
}

void Host::process(Message message) {
  TraceEvent event;
  event.node = id_;
  event.peer = message.from;
  event.id = message.id;
  event.label = message.type;
  event.form = to_string(message.kind);
  if (state_ == State::down) {
    static const Value kOff = "the machine is off";
    static const Value kDown = "the process is down";
    event.kind = TraceEvent::Kind::drop;
    event.detail = powered_ ? kDown : kOff;
    world_.record(std::move(event));
    if (powered_ && message.kind == Message::Kind::request) {
      refuse(message, "connection_refused", "'" + name_ + "' is down");
    }
    return;
  }
  if (message.kind == Message::Kind::response || message.kind == Message::Kind::failure) {
    if (slot_of(calls_, message.call) == nullptr) {
      static const Value kLate = "late";
      event.kind = TraceEvent::Kind::drop;
      event.detail = kLate;
      world_.record(std::move(event));
      return;
    }
    event.kind = TraceEvent::Kind::deliver;
    world_.record(std::move(event));
    take_result(std::move(message));
    return;
  }
  event.kind = TraceEvent::Kind::deliver;
  world_.record(std::move(event));
  if (state_ == State::stopping && message.kind == Message::Kind::request) {
    refuse(message, "connection_refused", "'" + name_ + "' is stopping");
    return;
  }
  if (message.kind == Message::Kind::request) {
    take_request(std::move(message));
  } else if (node_) {
    if (!program_.handling_time) {
      node_->on_message(*this, message);
    } else {
      handle_later([this, message = std::move(message)] { node_->on_message(*this, message); });
    }
  }
}

// A node with a handling time takes its messages one after the other.
void Host::handle_later(std::function<void()> handler) {
  const Duration takes = stretched(sample_duration(*program_.handling_time, handling_rng_));
  handling_until_ = saturating_add(std::max(world_.now(), handling_until_), takes);
  after_world_time(handling_until_ - world_.now(), std::move(handler));
}

void Host::take_request(Message message) {
  const std::uint32_t index = take_slot(held_, free_held_);
  HeldRequest& held = held_[index];
  held.from = message.from;
  held.call = message.call;
  held.type = message.type;
  ++requests_held_;
  const HeldReply reply{this, handle_of(index, held.generation)};
  Request request;
  request.type = std::move(message.type);
  request.body = std::move(message.body);
  request.from = message.from;
  if (service_) {
    const ServicePtr service = service_;  // it may crash itself
    service->call(*this, std::move(request), reply);
  } else if (!node_) {
    reply(make_error("not_found", "'" + name_ + "' only asks; it answers no requests"));
  } else if (!program_.handling_time) {
    node_->on_request(*this, request, reply);
  } else {
    handle_later([this, request = std::move(request), reply] { node_->on_request(*this, request, reply); });
  }
}

void Host::take_result(Message message) {
  if (message.kind == Message::Kind::response) {
    end_call(message.call, std::move(message.body));
  } else {
    end_call(message.call, error_of(message.body));
  }
}

void Host::end_call(std::uint64_t call, Result result) {
  PendingCall* pending = slot_of(calls_, call);
  const Reply reply = std::move(pending->reply);
  pending->reply = nullptr;
  const TimerId timer = pending->timer;
  free_slot(*pending, static_cast<std::uint32_t>(call), free_call_);
  --calls_pending_;
  if (timer) cancel(timer);
  reply(std::move(result));
}

void Host::answer(std::uint64_t handle, Result result) {
  HeldRequest* held = slot_of(held_, handle);
  if (held == nullptr) return;  // answered twice, or by a dead incarnation
  const NodeId to = held->from;
  const std::uint64_t call = held->call;
  std::string type = std::move(held->type);
  free_slot(*held, static_cast<std::uint32_t>(handle), free_held_);
  --requests_held_;
  send_result(to, std::move(type), call, std::move(result));
  if (state_ == State::stopping && requests_held_ == 0) {
    // Not at once: the service that answers is still running.
    cancel(stop_event_);
    stop_event_ = after_world_time(Duration::zero(), [this] { finish_stop(); });
  }
}

void Host::refuse(const Message& message, std::string_view code, std::string text) {
  send_result(message.from, message.type, message.call, make_error(code, std::move(text)));
}

// Pauses

void Host::wait(Waiting item) {
  waiting_.push_back(std::move(item));
}

void Host::pause() {
  if (pauses_++ == 0) record(TraceEvent::Kind::pause);
}

void Host::resume() {
  SYSLAB_ASSERT(pauses_ > 0);
  if (--pauses_ > 0) return;
  record(TraceEvent::Kind::resume);
  process_soon();
}

void Host::process_soon() {
  if (waiting_.empty() || processing_scheduled_) return;
  processing_scheduled_ = true;
  world_.scheduler().at(world_.now(), [this] { process_waiting(); });
}

// One item an event, so that what it causes has its place in the order of the world. As long as something
// waits, newcomers join the end.
void Host::process_waiting() {
  processing_scheduled_ = false;
  if (pauses_ > 0 || waiting_.empty()) return;
  const Waiting item = std::move(waiting_.front());
  waiting_.pop_front();
  process_soon();
  switch (item.kind) {
    case Waiting::Kind::message:
      process(item.message);
      break;
    case Waiting::Kind::timer:
      fire(item.timer);
      break;
    case Waiting::Kind::start:
      node_ ? node_->on_start(*this) : service_->on_start(*this);
      break;
    case Waiting::Kind::stop:
      stop_now();
      break;
  }
}

// The process

bool Host::start() {
  if (state_ == State::stopping) finish_stop();
  if (state_ == State::up) {
    return std::erase_if(waiting_, [](const Waiting& item) { return item.kind == Waiting::Kind::stop; }) > 0;
  }
  powered_ = true;
  state_ = State::up;
  ++incarnation_;
  rng_ = world_.rng("process").split(name_).split(incarnation_);
  record(started_before_ ? TraceEvent::Kind::restart : TraceEvent::Kind::start);
  started_before_ = true;
  launch();
  return true;
}

void Host::launch() {
  handling_until_ = world_.now();
  if (program_.node) {
    node_ = program_.node();
  } else if (program_.station) {
    ServicePtr handler = program_.station->handler ? program_.station->handler(*this) : nullptr;
    station_ = std::make_shared<Station>(*this, *program_.station, std::move(handler), rng_.split("station"));
    service_ = station_;
  } else if (program_.service) {
    service_ = program_.service(*this);
  }
  for (auto filter = program_.filters.rbegin(); filter != program_.filters.rend(); ++filter) {
    service_ = (*filter)(service_);
  }
  if (!node_ && !service_) return;
  // Its first handler is an event of its own: whoever adds several nodes at once has added them all before
  // the first one looks around.
  wait({.kind = Waiting::Kind::start});
  if (pauses_ == 0) process_soon();
}

// Everything of the process goes. Nothing is sent and nothing is recorded here: destruction is no event.
void Host::destroy_process() {
  // What dies may reach back into these tables, so each is emptied first; and the closures, which may hold
  // parts of the process, die before it (in reverse order of declaration).
  const std::unique_ptr<Node> node = std::move(node_);
  const ServicePtr service = std::move(service_);
  const std::shared_ptr<Station> station = std::move(station_);
  std::vector<std::function<void()>> actions;
  for (Timer& timer : timers_) {
    if (!timer.live) continue;
    world_.scheduler().cancel(timer.event);
    actions.push_back(std::move(timer.action));
    timer.action = nullptr;
    free_slot(timer, timer.index, free_timer_);
  }
  std::vector<Reply> replies;
  for (std::uint32_t i = 0; i < calls_.size(); ++i) {
    if (!calls_[i].live) continue;
    replies.push_back(std::move(calls_[i].reply));
    calls_[i].reply = nullptr;
    free_slot(calls_[i], i, free_call_);
  }
  calls_pending_ = 0;
  for (std::uint32_t i = 0; i < held_.size(); ++i) {
    if (held_[i].live) free_slot(held_[i], i, free_held_);
  }
  requests_held_ = 0;
  waiting_.clear();
  stop_event_ = TimerId{};
  state_ = State::down;
  failing_ = false;
}

bool Host::crash(CrashDisk disk, bool power_off, Rng& rng, Value reason) {
  if (state_ == State::down) {
    // The process is gone already, but its machine can still be switched off.
    if (!power_off || !powered_) return false;
    powered_ = false;
    return true;
  }
  struct Caller {
    NodeId node;
    std::uint64_t call;
    std::string type;
  };
  std::vector<Caller> callers;
  for (const HeldRequest& held : held_) {
    if (held.live) callers.push_back({held.from, held.call, held.type});
  }
  for (const Waiting& item : waiting_) {
    const Message& message = item.message;
    if (message.kind == Message::Kind::request) callers.push_back({message.from, message.call, message.type});
  }
  powered_ = powered_ && !power_off;
  destroy_process();
  disk_.crash(disk, rng);
  record(TraceEvent::Kind::crash, std::move(reason));
  if (!powered_) return true;
  for (Caller& caller : callers) {
    send_result(caller.node, std::move(caller.type), caller.call,
                make_error("connection_reset", "'" + name_ + "' crashed"));
  }
  return true;
}

bool Host::call_off_start() {
  const auto start = std::find_if(waiting_.begin(), waiting_.end(),
                                  [](const Waiting& item) { return item.kind == Waiting::Kind::start; });
  if (start == waiting_.end()) return false;
  destroy_process();
  record(TraceEvent::Kind::stop);
  return true;
}

bool Host::stop() {
  if (state_ != State::up) return false;
  if (must_wait()) {
    wait({.kind = Waiting::Kind::stop});
  } else {
    stop_now();
  }
  return true;
}

void Host::stop_now() {
  state_ = State::stopping;
  if (node_) {
    node_->on_stop(*this);
    finish_stop();
    return;
  }
  if (station_) station_->refuse_queue();
  if (requests_held_ == 0) {
    finish_stop();
  } else if (!stop_event_) {
    stop_event_ = after_world_time(kStopGrace, [this] { finish_stop(); });
  }
}

void Host::finish_stop() {
  if (state_ != State::stopping) return;
  std::vector<HeldRequest> unanswered;
  for (const HeldRequest& held : held_) {
    if (held.live) unanswered.push_back(held);
  }
  destroy_process();
  disk_.stop();
  record(TraceEvent::Kind::stop);
  for (HeldRequest& held : unanswered) {
    send_result(held.from, std::move(held.type), held.call,
                make_error("connection_reset", "'" + name_ + "' stopped"));
  }
}

void Host::fail_soon(std::string reason) {
  if (failing_ || state_ == State::down) return;
  failing_ = true;
  const std::uint32_t incarnation = incarnation_;
  world_.scheduler().at(world_.now(), [this, incarnation, reason = std::move(reason)] {
    if (incarnation != incarnation_ || state_ == State::down) return;
    Rng rng = world_.rng("failing").split(name_).split(incarnation);
    crash(CrashDisk::synced, false, rng, Value::map({{"reason", reason}}));
  });
}

void Host::set_slow(double factor, bool on) {
  if (on) {
    slowness_.add(factor);
  } else {
    slowness_.remove(factor);
  }
}

void Host::record(TraceEvent::Kind kind, Value detail) {
  TraceEvent event;
  event.kind = kind;
  event.node = id_;
  event.detail = std::move(detail);
  world_.record(std::move(event));
}

Value Host::show() const {
  std::string_view state = "up";
  if (!powered_) {
    state = "off";
  } else if (state_ == State::down) {
    state = "down";
  } else if (paused()) {
    state = "paused";
  } else if (state_ == State::stopping) {
    state = "stopping";
  } else if (slowness_.product() > 1) {
    state = "slow";
  }
  Value::Map map;
  Value own = node_ ? node_->show() : service_ ? service_->show() : Value();
  // Filters go into a list, the outermost first, so that what they wrap shows the same with and without them.
  Value::List filters;
  while (own["filter"].is_string()) {
    const Value filter = own;
    own = filter["inner"];
    Value::Map entries;
    for (const auto& entry : filter.map()) {
      if (entry.first != "inner") entries.push_back(entry);
    }
    filters.push_back(Value::map(std::move(entries)));
  }
  if (own.is_map()) map = own.map();
  if (!filters.empty()) map.emplace_back("filters", Value::list(std::move(filters)));
  if (station_ && service_ != station_) {
    const Value station = station_->show();
    map.insert(map.begin(), station.map().begin(), station.map().end());
  }
  map.emplace_back("name", name_);
  map.emplace_back("kind", options_.kind);
  if (!options_.zone.empty()) map.emplace_back("zone", options_.zone);
  map.emplace_back("state", state);
  map.emplace_back("requests", static_cast<double>(requests_held_));
  map.emplace_back("calls", static_cast<double>(calls_pending_));
  if (disk_.size_bytes() > 0) map.emplace_back("disk_bytes", static_cast<double>(disk_.size_bytes()));
  return Value::map(std::move(map));
}

}  // namespace syslab
