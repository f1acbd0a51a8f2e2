#include "core/event/inbox.hpp"

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/event/fields.hpp"
#include "core/event/journal.hpp"

namespace syslab {
namespace {

using namespace fields;

class Inbox final : public FilterService {
 public:
  Inbox(InboxOptions options, ServicePtr inner)
      : FilterService("inbox", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    env_ = &env;
    if (options_.durable) journal_.start(env);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const Value& given = request.body[options_.field];
    const std::string id = given.is_number() ? given.json() : text_of(given);
    if (id.empty()) return inner_->call(env, std::move(request), std::move(reply));
    forget(env.now());
    if (const auto known = known_.find(id); known != known_.end()) {
      ++repeated_;
      if (known->second.answered) return reply(known->second.answer);
      if (!under_way_.contains(id)) {
        return reply(
            Error{"in_doubt", "the request '" + id + "' was taken before a crash; nobody knows more", false});
      }
    }
    const auto [waiting, first] = under_way_.try_emplace(id);
    waiting->second.push_back(std::move(reply));
    if (!first) return;
    if (options_.remember == InboxOptions::Remember::before) {
      keep(id, Value::map({{"id", id}, {"at", nanoseconds(env.now())}}),
           [this, &env, id, request = std::move(request)](const Result& kept) {
             kept.ok() ? ask(env, id, request) : finish(id, kept);
           });
      return;
    }
    ask(env, id, std::move(request));
  }

 private:
  struct Known {
    Instant at;
    bool answered = false;
    Value answer = {};
  };

  void ask(Env& env, const std::string& id, Request request) {
    inner_->call(env, std::move(request), [this, &env, id](const Result& result) {
      if (!result.ok()) {
        // Nothing is known of it, so it may come again.
        keep(id, Value::map({{"id", id}, {"failed", true}}),
             [this, id, result](const Result&) { finish(id, result); });
        return;
      }
      keep(id,
           Value::map({{"id", id}, {"at", nanoseconds(env.now())}, {"answer", *result}, {"answered", true}}),
           [this, id, result](const Result& kept) { finish(id, kept.ok() ? result : kept); });
    });
  }

  void keep(const std::string& id, const Value& record, Reply done) {
    const bool nothing = record["failed"].truthy() && !known_.contains(id);
    if (!options_.durable || nothing) {
      if (!nothing) replay(record);
      return done(Value(true));
    }
    journal_.submit(
        [this, record]() -> Journal::Outcome {
          replay(record);
          return {record, Value(true)};
        },
        std::move(done));
  }

  void finish(const std::string& id, const Result& result) {
    auto waiting = under_way_.extract(id);
    for (const Reply& reply : waiting.mapped()) reply(result);
  }

  void reset(const Value& snapshot) {
    known_.clear();
    order_.clear();
    if (!snapshot.is_list()) return;
    for (const Value& record : snapshot.list()) replay(record);
  }

  Value snapshot() const {
    Value::List list;
    for (const auto& [at, id] : order_) {
      const auto known = known_.find(id);
      if (known == known_.end() || known->second.at != at) continue;
      Value::Map map = {{"id", id}, {"at", nanoseconds(at)}, {"answered", known->second.answered}};
      map.emplace_back("answer", known->second.answer);
      list.push_back(Value::map(std::move(map)));
    }
    return Value::list(std::move(list));
  }

  void replay(const Value& record) {
    const std::string id = text_of(record["id"]);
    if (record["failed"].truthy()) {
      known_.erase(id);
      return;
    }
    const Instant at = instant_of(record["at"]);
    known_[id] = {at, record["answered"].truthy(), record["answer"]};
    order_.emplace_back(at, id);
    while (known_.size() > options_.max) drop_oldest();
  }

  // An entry of `order_` whose id was remembered anew, or failed, stands for nothing.
  void drop_oldest() {
    const auto [at, id] = std::move(order_.front());
    order_.pop_front();
    const auto known = known_.find(id);
    if (known != known_.end() && known->second.at == at) known_.erase(known);
  }

  void forget(Instant now) {
    while (!order_.empty() && saturating_add(order_.front().first, options_.window) <= now) drop_oldest();
  }

  Value state() const override {
    Value shown = Value::map({{"remembered", number(known_.size())},
                              {"under_way", number(under_way_.size())},
                              {"repeated", number(repeated_)}});
    return journal_.broken() ? shown.with("broken", journal_.broken()->message) : shown;
  }

  const InboxOptions options_;
  Env* env_ = nullptr;
  std::map<std::string, Known> known_;
  std::deque<std::pair<Instant, std::string>> order_;  // by age
  std::map<std::string, std::vector<Reply>> under_way_;
  std::uint64_t repeated_ = 0;
  Journal journal_{"inbox",
                   {.reset = [this](const Value& s) { reset(s); },
                    .replay = [this](const Value& r) { replay(r); },
                    .snapshot = [this] { return snapshot(); }}};
};

}  // namespace

Filter make_inbox(InboxOptions options) {
  return [options = std::move(options)](ServicePtr inner) {
    return std::make_shared<Inbox>(options, std::move(inner));
  };
}

}  // namespace syslab
