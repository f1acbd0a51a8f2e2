#include "bindings/grade/remote_node.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <set>

#include "bindings/grade/submission.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab::grade {
namespace {

static_assert(std::is_trivially_copyable_v<Rng>);

constexpr std::size_t kMaxEffectBytes = std::size_t{4} << 20;

std::uint64_t bits(Duration d) { return static_cast<std::uint64_t>(d.count()); }

Duration duration(std::uint64_t n) {
  if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) throw WireError("a negative time");
  return Duration(static_cast<std::int64_t>(n));
}

Instant instant(Reader& in) { return Instant(Duration(static_cast<std::int64_t>(in.u64()))); }

void write(Writer& out, Instant at) { out.u64(static_cast<std::uint64_t>(at.time_since_epoch().count())); }

// ---- the check's side

class TooMuch : public WireError {
 public:
  using WireError::WireError;
};

class RemoteNode final : public Node {
 public:
  RemoteNode(std::weak_ptr<StudentPort> port, const IsolateOptions& options)
      : port_(std::move(port)), options_(options) {}

  ~RemoteNode() override {
    const std::shared_ptr<StudentPort> port = port_.lock();
    if (port == nullptr || id_ == 0) return;
    Writer request;
    request.byte('X');
    request.u32(id_);
    port->ask(request.take(), nullptr);
  }

  void on_start(Env& env) override {
    env_ = &env;
    const std::shared_ptr<StudentPort> port = port_.lock();
    if (port == nullptr) return;
    id_ = port->next_node();
    Writer request;
    request.byte('N');
    request.u32(id_);
    request.u64(options_.budget);
    request.u64(options_.memory_cap_bytes);
    syslab::grade::write(request, options_.options);
    node(request, env.self());
    const Rng& rng = env.rng();
    char bytes[sizeof rng];
    std::memcpy(bytes, &rng, sizeof rng);
    request.text({bytes, sizeof bytes});
    event(request, 's');
    tell(std::move(request));
  }

  void on_message(Env&, const Message& message) override {
    Writer request = begin('m');
    node(request, message.from);
    request.text(message.type);
    syslab::grade::write(request, message.body);
    tell(std::move(request));
  }

  void on_request(Env&, const Request& asked, Reply reply) override {
    Writer request = begin('q');
    request.u64(++requests_);
    replies_[requests_] = std::move(reply);
    node(request, asked.from);
    request.text(asked.type);
    syslab::grade::write(request, asked.body);
    tell(std::move(request));
  }

  void on_stop(Env&) override { tell(begin('x')); }

  Value show() const override { return shown_; }

 private:
  void event(Writer& request, char kind) {
    request.byte('E');
    request.u32(id_);
    write(request, env_->now());
    write(request, env_->wall_now());
    request.byte(kind);
  }

  Writer begin(char kind) {
    Writer request;
    event(request, kind);
    return request;
  }

  void node(Writer& request, NodeId id) {
    request.u32(id.index);
    request.text(id == kNoNode ? std::string() : env_->name_of(id));
    known_.insert(id.index);
  }

  NodeId node(Reader& in) const {
    const std::uint32_t index = in.u32();
    if (!known_.contains(index)) throw WireError("a message to a node that is not known");
    return NodeId{index};
  }

  // Sends an event and does what comes back.
  void tell(Writer request) {
    const std::shared_ptr<StudentPort> port = port_.lock();
    if (port == nullptr) return;
    if (!port->may_act()) return give_up(*port);
    const std::string reply =
        port->ask(request.take(), [this](std::string_view question) { return answer(question); });
    try {
      Reader in(reply);
      const char kind = in.byte();
      if (kind == 'e') {  // its code failed, or nobody is there any more
        const auto why = static_cast<Trouble>(in.byte());
        const std::string text(in.text());
        if (why == Trouble::time) return fail("it was not done after " + text);
        return fail(why == Trouble::gone ? "the program died " + text : text);
      }
      apply(in);
    } catch (const TooMuch&) {
      give_up(*port);
    } catch (const WireError& e) {
      port->close(Trouble::gone, std::string("because it sent ") + e.what());
      fail(std::string("the program died because it sent ") + e.what());
    }
  }

  void give_up(StudentPort& port) {
    const std::string text = fmt::format("{} events, messages, timers and writes in one check (an endless loop?)",
                                         StudentPort::kMostActs);
    port.close(Trouble::budget, text);
    fail("more than " + text);
  }

  std::string answer(std::string_view question) {
    Reader in(question);
    Writer out;
    Reader before(in.text());
    apply(before);
    switch (in.byte()) {
      case 'f': {
        const Expected<NodeId> found = env_->find(in.text());
        if (found) known_.insert(found->index);
        out.byte(found ? 'r' : 'e');
        if (found) {
          out.u32(found->index);
        } else {
          out.text(found.error().message);
        }
        break;
      }
      case 'p':
        syslab::grade::write(out, env_->disk().peek(std::string(in.text())));
        break;
      default:
        throw WireError("an unknown question");
    }
    return out.take();
  }

  void apply(Reader& in) {
    while (!in.at_end()) apply_one(in);
  }

  void apply_one(Reader& in) {
    if (const std::shared_ptr<StudentPort> port = port_.lock(); port == nullptr || !port->may_act()) {
      throw TooMuch("more than a check has room for");
    }
    switch (in.byte()) {
      case 'S': {
        const NodeId to = node(in);
        std::string type(in.text());
        return env_->send(to, std::move(type), read_value(in));
      }
      case 'C': {
        const std::uint64_t call = in.u64();
        const NodeId to = node(in);
        Request request;
        request.type = in.text();
        std::optional<Duration> timeout;
        if (in.byte() == 't') timeout = duration(in.u64());
        request.body = read_value(in);
        return env_->call(to, std::move(request), timeout, [this, call](Result result) { done('c', call, result); });
      }
      case 'T': {
        const std::uint64_t timer = in.u64();
        const Duration delay = duration(in.u64());
        timers_[timer] = env_->after(delay, [this, timer] {
          timers_.erase(timer);
          Writer request = begin('t');
          request.u64(timer);
          tell(std::move(request));
        });
        return;
      }
      case 'K': {
        const auto found = timers_.find(in.u64());
        if (found == timers_.end()) return;
        env_->cancel(found->second);
        timers_.erase(found);
        return;
      }
      case 'W': {
        const std::string file(in.text());
        Value content = read_value(in);
        return env_->disk().write(file, std::move(content), disk_done(in.u64()));
      }
      case 'A': {
        const std::string file(in.text());
        Value record = read_value(in);
        return env_->disk().append(file, std::move(record), disk_done(in.u64()));
      }
      case 'Y':
        return env_->disk().sync(disk_done(in.u64()));
      case 'D': {
        const std::string file(in.text());
        return env_->disk().read(file, disk_done(in.u64()));
      }
      case 'L': {
        const std::string text(in.text());
        return env_->log(text, read_value(in));
      }
      case 'P':
        if (options_.print) options_.print(env_->self(), in.text());
        return;
      case 'R': {
        const auto found = replies_.find(in.u64());
        Result result = read_result(in);
        if (found == replies_.end()) return;
        const Reply reply = std::move(found->second);
        replies_.erase(found);
        return reply(std::move(result));
      }
      case 'V':
        shown_ = read_value(in);
        return;
      case 'F':
        return fail(std::string(in.text()));
      default:
        throw WireError("an unknown effect");
    }
  }

  void fail(const std::string& text) {
    if (options_.on_error) options_.on_error(env_->self(), text);
  }

  Storage::Done disk_done(std::uint64_t id) {
    return [this, id](Result result) { done('d', id, result); };
  }

  void done(char kind, std::uint64_t id, const Result& result) {
    Writer request = begin(kind);
    request.u64(id);
    syslab::grade::write(request, result);
    tell(std::move(request));
  }

  std::weak_ptr<StudentPort> port_;
  IsolateOptions options_;
  Env* env_ = nullptr;
  std::uint32_t id_ = 0;
  Value shown_;
  std::set<std::uint32_t> known_;  // the nodes that it was told of
  std::map<std::uint64_t, TimerId> timers_;
  std::map<std::uint64_t, Reply> replies_;
  std::uint64_t requests_ = 0;
};

}  // namespace

NodeFactory remote_node_factory(std::weak_ptr<StudentPort> port, IsolateOptions options) {
  return [port = std::move(port), options = std::move(options)] { return std::make_unique<RemoteNode>(port, options); };
}

// ---- the node's side

class NodeHost::RemoteEnv final : public Env, private Storage {
 public:
  explicit RemoteEnv(Reader& in) : self_{in.u32()}, rng_(0) {
    names_[self_.index] = in.text();
    const std::string_view bytes = in.text();
    if (bytes.size() != sizeof rng_) throw WireError("an odd random stream");
    std::memcpy(&rng_, bytes.data(), sizeof rng_);
  }

  NodeId self() const override { return self_; }
  const std::string& name_of(NodeId node) const override { return names_.at(node.index); }

  Expected<NodeId> find(std::string_view name) const override {
    for (const auto& [index, known] : names_) {
      if (known == name) return NodeId{index};
    }
    const std::string reply = question('f', name);
    Reader in(reply);
    if (in.byte() == 'e') return make_error("not_found", std::string(in.text()));
    const std::uint32_t index = in.u32();
    names_[index] = name;
    return NodeId{index};
  }

  Instant now() const override { return now_; }
  Instant wall_now() const override { return wall_now_; }

  TimerId after(Duration delay, std::function<void()> action) override {
    actions_[++timers_] = std::move(action);
    begin_effect('T');
    effects_.u64(timers_);
    effects_.u64(bits(delay));
    return TimerId{timers_};
  }

  bool cancel(TimerId timer) override {
    if (actions_.erase(timer.value) == 0) return false;
    begin_effect('K');
    effects_.u64(timer.value);
    return true;
  }

  void send(NodeId to, std::string type, Value body) override {
    begin_effect('S');
    effects_.u32(to.index);
    effects_.text(type);
    write(effects_, body);
  }

  void call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) override {
    dones_[++calls_] = std::move(reply);
    begin_effect('C');
    effects_.u64(calls_);
    effects_.u32(to.index);
    effects_.text(request.type);
    effects_.byte(timeout ? 't' : 'f');
    if (timeout) effects_.u64(bits(*timeout));
    write(effects_, request.body);
  }

  Storage& disk() override { return *this; }
  Rng& rng() override { return rng_; }
  Metrics& metrics() override { return metrics_; }

  void log(std::string_view text, Value fields) override {
    begin_effect('L');
    effects_.text(text);
    write(effects_, fields);
  }

  void print(std::string_view text) {
    if (effects_.size() > kMaxEffectBytes) return;
    effects_.byte('P');
    effects_.text(text);
  }

  void fail(std::string_view text) {
    effects_.byte('F');
    effects_.text(text.substr(0, 4096));
  }

  // The reply of one request.
  Reply replier(std::uint64_t request) {
    return [this, request](Result result) {
      effects_.byte('R');
      effects_.u64(request);
      syslab::grade::write(effects_, result);
    };
  }

  NodeId read_node(Reader& in) {
    const NodeId id{in.u32()};
    const std::string_view name = in.text();
    if (id != kNoNode) names_[id.index] = name;
    return id;
  }

  void begin(Reader& in, const Student::CallBack& ask) {
    now_ = instant(in);
    wall_now_ = instant(in);
    ask_ = &ask;
  }

  std::string end(const Value& shown) {
    ask_ = nullptr;
    if (!(shown == shown_)) {
      shown_ = shown;
      effects_.byte('V');
      write(effects_, shown);
    }
    std::string all = "r";
    all += std::exchange(effects_, Writer()).take();
    if (all.size() > kMaxMessageBytes) return trouble(Trouble::memory, "16 MiB of messages in one handler");
    return all;
  }

  void run_timer(std::uint64_t timer) {
    const auto found = actions_.find(timer);
    if (found == actions_.end()) return;
    const std::function<void()> action = std::move(found->second);
    actions_.erase(found);
    action();
  }

  void run_done(std::uint64_t call, Result result) {
    const auto found = dones_.find(call);
    if (found == dones_.end()) return;
    const Reply done = std::move(found->second);
    dones_.erase(found);
    done(std::move(result));
  }

 private:
  void write(const std::string& file, Value content, Done done) override {
    begin_effect('W');
    effects_.text(file);
    write(effects_, content);
    when_done(std::move(done));
  }
  void append(const std::string& file, Value record, Done done) override {
    begin_effect('A');
    effects_.text(file);
    write(effects_, record);
    when_done(std::move(done));
  }
  void sync(Done done) override {
    begin_effect('Y');
    when_done(std::move(done));
  }
  void read(const std::string& file, Done done) override {
    begin_effect('D');
    effects_.text(file);
    when_done(std::move(done));
  }
  Result peek(const std::string& file) const override {
    const std::string reply = question('p', file);
    Reader in(reply);
    return read_result(in);
  }

  // What a handler may do is bounded, as its instructions and its memory are.
  void begin_effect(char kind) {
    if (effects_.size() > kMaxEffectBytes) throw ScriptError("more than 4 MiB of messages, writes and logs at once");
    effects_.byte(kind);
  }

  static void write(Writer& out, const Value& value) { syslab::grade::write(out, value); }

  void when_done(Done done) {
    dones_[++calls_] = std::move(done);
    effects_.u64(calls_);
  }

  std::string question(char kind, std::string_view text) const {
    Writer out;
    out.text(std::exchange(effects_, Writer()).take());
    out.byte(kind);
    out.text(text);
    return (*ask_)(out.take());
  }

  NodeId self_;
  Rng rng_;
  Metrics metrics_;
  Instant now_{};
  Instant wall_now_{};
  Value shown_;
  mutable std::map<std::uint32_t, std::string> names_;
  mutable Writer effects_;
  std::map<std::uint64_t, std::function<void()>> actions_;
  std::map<std::uint64_t, Reply> dones_;
  std::uint64_t timers_ = 0;
  std::uint64_t calls_ = 0;
  const Student::CallBack* ask_ = nullptr;
};

NodeHost::NodeHost(Reader& in, IsolateOptions options) {
  options.budget = in.u64();
  options.memory_cap_bytes = in.u64();
  options.options = read_value(in);
  env_ = std::make_unique<RemoteEnv>(in);
  options.on_error = [env = env_.get()](NodeId, const std::string& text) { env->fail(text); };
  options.print = [env = env_.get()](NodeId, std::string_view text) { env->print(text); };
  node_ = isolate_factory(std::move(options))();
}

NodeHost::~NodeHost() = default;

std::string NodeHost::handle(Reader& in, const Student::CallBack& ask) {
  env_->begin(in, ask);
  switch (in.byte()) {
    case 's':
      node_->on_start(*env_);
      break;
    case 'm': {
      Message message;
      message.from = env_->read_node(in);
      message.to = env_->self();
      message.type = in.text();
      message.body = read_value(in);
      node_->on_message(*env_, message);
      break;
    }
    case 'q': {
      const std::uint64_t id = in.u64();
      Request request;
      request.from = env_->read_node(in);
      request.type = in.text();
      request.body = read_value(in);
      node_->on_request(*env_, request, env_->replier(id));
      break;
    }
    case 't':
      env_->run_timer(in.u64());
      break;
    case 'c':
    case 'd': {
      const std::uint64_t call = in.u64();
      env_->run_done(call, read_result(in));
      break;
    }
    case 'x':
      node_->on_stop(*env_);
      break;
    default:
      throw WireError("an unknown event");
  }
  return env_->end(node_->show());
}

}  // namespace syslab::grade
