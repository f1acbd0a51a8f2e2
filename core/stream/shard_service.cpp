#include "core/stream/shard_service.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <set>

#include "core/stream/recorder.hpp"

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

Value number(double n) {
  return n;
}
std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

Expected<std::uint64_t> sequence_of(const Value& value) {
  const std::string text = text_of(value);
  std::uint64_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) {
    return refused("InvalidArgumentException", "that is no sequence number");
  }
  return n;
}

StreamRecord as_record(const ShardRecord& r) {
  StreamRecord out;
  out.offset = static_cast<std::int64_t>(r.sequence);
  out.timestamp = r.at;
  out.key = Value(r.key);
  out.value = r.data;
  return out;
}

Value texts(const std::vector<std::string>& all) {
  Value::List list;
  for (const std::string& text : all) list.emplace_back(text);
  return Value::list(std::move(list));
}

#define SYSLAB_TAKE(variable, expression)                  \
  auto variable##_or = (expression);                       \
  if (!variable##_or) return reply(variable##_or.error()); \
  auto& variable = *variable##_or

class ShardService final : public FilterService {
 public:
  ShardService(std::shared_ptr<const ShardServiceOptions> options, ServicePtr inner)
      : FilterService("shards", std::move(inner)),
        options_(std::move(options)),
        recorder_(options_->history) {}

  void on_start(Env& env) override {
    for (const ShardOptions& o : options_->streams) {
      const auto made = streams_.emplace(o.name, std::make_unique<ShardStream>(o)).first;
      const Result shape = env.disk().peek("shards/" + o.name);
      if (shape.ok()) made->second->restore(*shape);
      const Result records = env.disk().peek("records/" + o.name);
      for (const Value& v : records.ok() && records->is_list() ? records->list() : Value::List{}) {
        if (!v["n"].is_number() || !v["at"].is_number()) break;  // half a record was never acknowledged
        made->second->restore_record(
            text_of(v["shard"]),
            {static_cast<std::uint64_t>(v["n"].number()),
             Instant(Duration(static_cast<std::int64_t>(v["at"].number()))), text_of(v["key"]), v["data"],
             static_cast<std::uint32_t>(v["bytes"].number())});
      }
      const Result marks = env.disk().peek("checkpoints/" + o.name);
      checkpoints_[o.name] = marks.ok() && marks->is_map() ? *marks : Value::map({});
    }
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const auto action = actions().find(request.type);
    if (action == actions().end()) return inner_->call(env, std::move(request), std::move(reply));
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, &env, act = action->second, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   const auto stream = streams_.find(text_of(body["stream"]));
                   if (stream == streams_.end()) {
                     return reply(refused("ResourceNotFoundException",
                                          "the stream '" + text_of(body["stream"]) + "' does not exist"));
                   }
                   (this->*act)(env, *stream->second, body, std::move(reply));
                 });
  }

 private:
  using Action = void (ShardService::*)(Env& env, ShardStream& s, const Value& body, Reply reply);

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"put_record", &ShardService::put_record},
        {"put_records", &ShardService::put_records},
        {"get_iterator", &ShardService::get_iterator},
        {"get_records", &ShardService::get_records},
        {"list_shards", &ShardService::list_shards},
        {"describe", &ShardService::describe},
        {"heat", &ShardService::heat},
        {"register_consumer", &ShardService::register_consumer},
        {"split", &ShardService::split},
        {"merge", &ShardService::merge},
        {"set_retention", &ShardService::set_retention},
        {"checkpoint", &ShardService::checkpoint},
        {"checkpoints", &ShardService::checkpoints},
    };
    return actions;
  }

  // Answers when what was written is on the disk.
  static void when_kept(Env& env, Value answer, Reply reply, std::function<void()> then = {}) {
    env.disk().sync(
        [answer = std::move(answer), reply = std::move(reply), then = std::move(then)](const Result& synced) {
          if (synced.ok() && then) then();
          reply(synced.ok() ? Result(answer) : synced);
        });
  }

  void keep_shape(Env& env, const ShardStream& s) {
    env.disk().write("shards/" + s.options().name, s.snapshot(), [](const Result&) {});
  }

  Result put(Env& env, ShardStream& s, const Value& body,
             std::vector<std::pair<std::string, StreamRecord>>& put_there) {
    if (!body["key"].is_string())
      return refused("ValidationException", "a record has a partition key, a text");
    std::optional<HashKey> hash;
    if (!body["explicit_hash"].is_nil()) {
      const auto parsed = parse_hash_key(text_of(body["explicit_hash"]));
      if (!parsed) return parsed.error();
      hash = *parsed;
    }
    const std::string key = text_of(body["key"]);
    const auto done = s.put(env.now(), key, body["data"], hash);
    if (!done) return done.error();
    const Value& data = body["data"];
    const std::size_t bytes = key.size() + (data.is_nil()      ? 0
                                            : data.is_string() ? data.string().size()
                                                               : data.json().size());
    env.disk().append("records/" + s.options().name,
                      Value::map({{"shard", done->shard},
                                  {"n", number(static_cast<double>(done->sequence))},
                                  {"at", number(static_cast<double>(env.now().time_since_epoch().count()))},
                                  {"key", key},
                                  {"data", data},
                                  {"bytes", number(static_cast<double>(bytes))}}),
                      [](const Result&) {});
    put_there.emplace_back(done->shard, as_record({done->sequence, env.now(), key, data, 0}));
    return Value::map({{"shard", done->shard}, {"sequence", std::to_string(done->sequence)}});
  }

  std::function<void()> recording(Env& env, const ShardStream& s,
                                  std::vector<std::pair<std::string, StreamRecord>> put_there) {
    if (!recorder_.on()) return {};
    return [this, &env, name = s.options().name, put_there = std::move(put_there)] {
      for (const auto& [shard, record] : put_there)
        recorder_.produce(env.now(), name + "/" + shard, -1, 0, 2, 1, {record});
    };
  }

  void put_record(Env& env, ShardStream& s, const Value& body, Reply reply) {
    std::vector<std::pair<std::string, StreamRecord>> put_there;
    const Result result = put(env, s, body, put_there);
    if (!result.ok()) return reply(result);
    when_kept(env, *result, std::move(reply), recording(env, s, std::move(put_there)));
  }

  void put_records(Env& env, ShardStream& s, const Value& body, Reply reply) {
    const Value& records = body["records"];
    const ShardProfile& limits = s.options().limits;
    if (!records.is_list() || records.list().empty() || records.list().size() > limits.batch_records) {
      return reply(refused("ValidationException",
                           "a batch has 1 to " + std::to_string(limits.batch_records) + " records"));
    }
    std::size_t bytes = 0;
    for (const Value& r : records.list())
      bytes += r["data"].is_string() ? r["data"].string().size() : r["data"].json().size();
    if (bytes > limits.batch_bytes) {
      return reply(refused("ValidationException",
                           "a batch has at most " + std::to_string(limits.batch_bytes) + " bytes"));
    }
    Value::List out;
    std::size_t failed = 0;
    std::vector<std::pair<std::string, StreamRecord>> put_there;
    for (const Value& r : records.list()) {
      const Result one = put(env, s, r, put_there);
      failed += one.ok() ? 0 : 1;
      out.push_back(one.ok() ? *one
                             : Value::map({{"code", one.error().code}, {"message", one.error().message}}));
    }
    when_kept(env,
              Value::map({{"failed", number(static_cast<double>(failed))},
                          {"records", Value::list(std::move(out))}}),
              std::move(reply), recording(env, s, std::move(put_there)));
  }

  void get_iterator(Env& env, ShardStream& s, const Value& body, Reply reply) {
    SYSLAB_TAKE(from, shard_position_named(text_of(body["position"])));
    std::uint64_t sequence = 0;
    if (from == ShardStream::From::at_sequence || from == ShardStream::From::after_sequence) {
      SYSLAB_TAKE(given, sequence_of(body["sequence"]));
      sequence = given;
    }
    Instant time{};
    if (from == ShardStream::From::at_timestamp) {
      if (!body["time"].is_number())
        return reply(refused("InvalidArgumentException", "AT_TIMESTAMP needs a time"));
      time = Instant(from_seconds(body["time"].number()));
    }
    SYSLAB_TAKE(iterator, s.iterator(env.now(), text_of(body["shard"]), from, sequence, time));
    reply(Value::map({{"iterator", iterator}}));
  }

  void get_records(Env& env, ShardStream& s, const Value& body, Reply reply) {
    std::optional<std::size_t> limit;
    if (body["limit"].is_number())
      limit = static_cast<std::size_t>(std::clamp(body["limit"].number(), 0.0, 1e9));
    const std::string iterator = text_of(body["iterator"]);
    SYSLAB_TAKE(read, s.read(env.now(), iterator, limit, text_of(body["consumer"])));
    Value::List records;
    std::vector<StreamRecord> seen;
    for (const ShardRecord& r : read.records) {
      records.push_back(Value::map({{"key", r.key},
                                    {"data", r.data},
                                    {"sequence", std::to_string(r.sequence)},
                                    {"at", to_seconds(r.at)}}));
      seen.push_back(as_record(r));
    }
    if (recorder_.on()) {
      const std::size_t first = iterator.find(':');
      const auto from =
          sequence_of(Value(iterator.substr(first + 1, iterator.find(':', first + 1) - first - 1)));
      const bool more = read.behind > Duration::zero();
      const std::int64_t end = seen.empty() ? static_cast<std::int64_t>(*from) : seen.back().offset + 1;
      recorder_.fetch(env.now(), s.options().name + "/" + iterator.substr(0, first), text_of(body["reader"]),
                      static_cast<std::int64_t>(*from),
                      {0, static_cast<std::int64_t>(*from), more ? end + 1 : end, end}, seen);
    }
    Value answer =
        Value::map({{"records", Value::list(std::move(records))}, {"behind", to_seconds(read.behind)}});
    if (read.next) answer = answer.with("next", *read.next);
    if (!read.children.empty()) answer = answer.with("children", texts(read.children));
    reply(std::move(answer));
  }

  void list_shards(Env& env, ShardStream& s, const Value&, Reply reply) {
    Value::List list;
    for (const ShardInfo& shard : s.shards(env.now())) {
      list.push_back(Value::map({{"id", shard.id},
                                 {"low", to_decimal(shard.low)},
                                 {"high", to_decimal(shard.high)},
                                 {"parents", texts(shard.parents)},
                                 {"open", shard.open},
                                 {"records", number(static_cast<double>(shard.records))}}));
    }
    reply(Value::list(std::move(list)));
  }

  void describe(Env& env, ShardStream& s, const Value&, Reply reply) {
    const ShardTotals& t = s.totals();
    reply(Value::map({{"status", s.updating(env.now()) ? "UPDATING" : "ACTIVE"},
                      {"retention", to_seconds(s.options().retention)},
                      {"consumers", texts(s.consumers())},
                      {"put", number(static_cast<double>(t.put))},
                      {"read", number(static_cast<double>(t.read))},
                      {"write_throttled", number(static_cast<double>(t.write_throttled))},
                      {"read_throttled", number(static_cast<double>(t.read_throttled))},
                      {"expired", number(static_cast<double>(t.expired))}}));
  }

  void heat(Env&, ShardStream& s, const Value&, Reply reply) { reply(s.heat()); }

  void register_consumer(Env& env, ShardStream& s, const Value& body, Reply reply) {
    const auto done = s.register_consumer(text_of(body["consumer"]));
    if (!done) return reply(done.error());
    keep_shape(env, s);
    when_kept(env, Value(true), std::move(reply));
  }

  void split(Env& env, ShardStream& s, const Value& body, Reply reply) {
    std::optional<HashKey> at;
    if (!body["at"].is_nil()) {
      SYSLAB_TAKE(parsed, parse_hash_key(text_of(body["at"])));
      at = parsed;
    }
    SYSLAB_TAKE(children, s.split(env.now(), text_of(body["shard"]), at));
    recorder_.reshard(env.now(), s.options().name, {text_of(body["shard"])}, children);
    keep_shape(env, s);
    when_kept(env, texts(children), std::move(reply));
  }

  void merge(Env& env, ShardStream& s, const Value& body, Reply reply) {
    const std::string one = text_of(body["shard"]), other = text_of(body["neighbour"]);
    SYSLAB_TAKE(child, s.merge(env.now(), one, other));
    recorder_.reshard(env.now(), s.options().name, {one, other}, {child});
    keep_shape(env, s);
    when_kept(env, Value(child), std::move(reply));
  }

  void set_retention(Env& env, ShardStream& s, const Value& body, Reply reply) {
    if (!body["retention"].is_number())
      return reply(refused("InvalidArgumentException", "retention is in seconds"));
    const auto done = s.set_retention(env.now(), from_seconds(body["retention"].number()));
    if (!done) return reply(done.error());
    keep_shape(env, s);
    when_kept(env, Value(true), std::move(reply));
  }

  void checkpoint(Env& env, ShardStream& s, const Value& body, Reply reply) {
    Value& all = checkpoints_[s.options().name];
    const std::string app = text_of(body["app"]);
    all = all.with(app, all[app].with(text_of(body["shard"]), body["sequence"]));
    env.disk().write("checkpoints/" + s.options().name, all, [](const Result&) {});
    when_kept(env, Value(true), std::move(reply));
  }

  void checkpoints(Env&, ShardStream& s, const Value& body, Reply reply) {
    const Value& mine = checkpoints_[s.options().name][text_of(body["app"])];
    reply(mine.is_map() ? mine : Value::map({}));
  }

  Value state() const override {
    Value::Map streams;
    for (const auto& [name, s] : streams_) {
      const ShardTotals& t = s->totals();
      streams.emplace_back(
          name,
          Value::map({{"put", number(static_cast<double>(t.put))},
                      {"read", number(static_cast<double>(t.read))},
                      {"throttled", number(static_cast<double>(t.write_throttled + t.read_throttled))}}));
    }
    return Value::map({{"streams", Value::map(std::move(streams))}});
  }

  const std::shared_ptr<const ShardServiceOptions> options_;
  StreamRecorder recorder_;
  std::map<std::string, std::unique_ptr<ShardStream>> streams_;
  std::map<std::string, Value> checkpoints_;
};

class ShardConsumer final : public FilterService {
 public:
  ShardConsumer(std::shared_ptr<const ShardConsumerOptions> options, ServicePtr inner)
      : FilterService("shard consumer", std::move(inner)),
        options_(std::move(options)),
        recorder_(options_->history) {}

  void on_start(Env& env) override {
    inner_->on_start(env);
    find_shards(env);
  }
  void call(Env& env, Request request, Reply reply) override {
    inner_->call(env, std::move(request), std::move(reply));
  }

 private:
  static constexpr const char* kEnd = "SHARD_END";
  struct Shard {
    std::string iterator = {};
    std::string last = {};  // the last sequence that is done
    std::deque<Value> waiting = {};
    std::optional<std::string> next = {};
    std::uint32_t failures = 0;
  };

  void ask(Env& env, const char* type, Value body, Reply reply) {
    env.call(options_->from, {.type = type, .body = body.with("stream", options_->stream)},
             std::chrono::seconds(5), std::move(reply));
  }

  // Looks for shards that may be begun, now and then: they come and go.
  void find_shards(Env& env) {
    ask(env, "checkpoints", Value::map({{"app", options_->app}}), [this, &env](const Result& marks) {
      if (!marks.ok()) {
        env.after(options_->poll, [this, &env] { find_shards(env); });
        return;
      }
      ask(env, "list_shards", Value::map({}), [this, &env, marks = *marks](const Result& all) {
        env.after(options_->poll, [this, &env] { find_shards(env); });
        if (all.ok()) begin(env, marks, *all);
      });
    });
  }

  void begin(Env& env, const Value& marks, const Value& all) {
    std::set<std::string> known;
    for (const Value& shard : all.list()) known.insert(text_of(shard["id"]));
    for (const Value& shard : all.list()) {
      const std::string id = text_of(shard["id"]);
      if (marks[id] == Value(kEnd)) ended_.insert(id);
      if (shards_.contains(id) || ended_.contains(id)) continue;
      bool ready = true;
      for (const Value& parent : shard["parents"].list()) {
        const std::string p = text_of(parent);
        ready = ready && (!options_->parents_first || ended_.contains(p) || marks[p] == Value(kEnd) ||
                          !known.contains(p));
      }
      if (!ready) continue;
      shards_[id].last = text_of(marks[id]);
      open(env, id, shard["parents"].list().empty());
    }
  }

  void open(Env& env, const std::string& id, bool original) {
    const Shard& s = shards_.at(id);
    Value body = Value::map({{"shard", id}});
    if (!s.last.empty()) {
      body = body.with("position", "AFTER_SEQUENCE_NUMBER").with("sequence", s.last);
    } else {
      body = body.with("position", options_->from_start || !original ? "TRIM_HORIZON" : "LATEST");
    }
    ask(env, "get_iterator", std::move(body), [this, &env, id](const Result& result) {
      if (!result.ok()) {
        shards_.erase(id);  // found again
        return;
      }
      shards_.at(id).iterator = text_of((*result)["iterator"]);
      read(env, id);
    });
  }

  void read(Env& env, const std::string& id) {
    Value body = Value::map({{"iterator", shards_.at(id).iterator},
                             {"limit", number(static_cast<double>(options_->limit))},
                             {"reader", options_->app}});
    if (!options_->enhanced.empty()) body = body.with("consumer", options_->enhanced);
    ask(env, "get_records", std::move(body), [this, &env, id](const Result& result) {
      Shard& s = shards_.at(id);
      if (!result.ok()) {
        if (result.error().code == "ProvisionedThroughputExceededException") ++throttled_;
        if (result.error().code == "ExpiredIteratorException" ||
            result.error().code == "ResourceNotFoundException") {
          shards_.erase(id);
          return;
        }
        env.after(options_->poll, [this, &env, id] { read(env, id); });
        return;
      }
      for (const Value& r : (*result)["records"].list()) s.waiting.push_back(r);
      s.next = (*result)["next"].is_string() ? std::optional(text_of((*result)["next"])) : std::nullopt;
      behind_ = (*result)["behind"].number();
      work(env, id);
    });
  }

  void work(Env& env, const std::string& id) {
    Shard& s = shards_.at(id);
    if (s.waiting.empty()) return checkpoint(env, id);
    const Value record = s.waiting.front();
    inner_->call(env, {.type = "record", .body = record.with("stream", options_->stream).with("shard", id)},
                 [this, &env, id, record](const Result& result) {
                   Shard& now = shards_.at(id);
                   if (!result.ok() && ++now.failures <= options_->retries) {
                     env.after(std::chrono::milliseconds(100), [this, &env, id] { work(env, id); });
                     return;
                   }
                   if (result.ok()) {
                     ++processed_;
                     const auto n = sequence_of(record["sequence"]);
                     recorder_.process(env.now(), options_->app, options_->app,
                                       {options_->stream + "/" + id, 0}, static_cast<std::int64_t>(*n));
                   } else {
                     ++skipped_;
                   }
                   now.failures = 0;
                   now.last = text_of(record["sequence"]);
                   now.waiting.pop_front();
                   work(env, id);
                 });
  }

  void checkpoint(Env& env, const std::string& id) {
    const Shard& s = shards_.at(id);
    const auto go_on = [this, &env, id] {
      Shard& now = shards_.at(id);
      if (!now.next) {
        ended_.insert(id);
        shards_.erase(id);
        return;
      }
      now.iterator = *now.next;
      env.after(options_->poll, [this, &env, id] { read(env, id); });
    };
    if (s.last.empty() && s.next) return go_on();
    ask(env, "checkpoint",
        Value::map({{"app", options_->app}, {"shard", id}, {"sequence", s.next ? s.last : kEnd}}),
        [this, &env, id, go_on](const Result& kept) {
          if (kept.ok()) return go_on();
          env.after(options_->poll, [this, &env, id] { checkpoint(env, id); });
        });
  }

  Value state() const override {
    Value::List shards;
    for (const auto& [id, s] : shards_) shards.emplace_back(id);
    return Value::map({{"app", options_->app},
                       {"shards", Value::list(std::move(shards))},
                       {"processed", number(static_cast<double>(processed_))},
                       {"skipped", number(static_cast<double>(skipped_))},
                       {"throttled", number(static_cast<double>(throttled_))},
                       {"behind", number(behind_)}});
  }

  const std::shared_ptr<const ShardConsumerOptions> options_;
  StreamRecorder recorder_;
  std::map<std::string, Shard> shards_;
  std::set<std::string> ended_;
  double behind_ = 0;
  std::uint64_t processed_ = 0, skipped_ = 0, throttled_ = 0;
};

#undef SYSLAB_TAKE

}  // namespace

Filter make_shard_service(ShardServiceOptions options) {
  const auto shared = std::make_shared<const ShardServiceOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<ShardService>(shared, std::move(inner)); };
}

Filter make_shard_consumer(ShardConsumerOptions options) {
  const auto shared = std::make_shared<const ShardConsumerOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<ShardConsumer>(shared, std::move(inner)); };
}

}  // namespace syslab
