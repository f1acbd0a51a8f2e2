#include "core/store/rows.hpp"

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace syslab {
namespace {

class Rows final : public FilterService {
 public:
  Rows(const RowsOptions& options, ServicePtr inner)
      : FilterService("rows", std::move(inner)), options_(options) {
    if (options.row_bytes > 0) filler_ = Value(std::string(options.row_bytes, '.'));
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = action_of(request);
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, &env, action, body, reply = std::move(reply)](Result result) mutable {
                   if (result.ok()) {
                     (this->*action)(env, body, std::move(reply));
                   } else {
                     reply(std::move(result));
                   }
                 });
  }

 private:
  using Action = void (Rows::*)(Env& env, const Value& body, Reply reply);
  struct Write {
    Value key;
    Value value;  // nil: delete
  };
  struct Writing {
    Value value;  // of the last one
    std::uint64_t count = 0;
  };

  static bool is_key(const Value& key) {
    return key.is_string() || (key.is_number() && std::isfinite(key.number()));
  }

  static Action action_of(const Request& request) {
    const std::string& type = request.type;
    if (type == "put_many") {
      const Value& entries = request.body["entries"];
      if (!entries.is_list()) return nullptr;
      for (const Value& entry : entries.list()) {
        if (!is_key(entry["key"])) return nullptr;
      }
      return &Rows::put_many;
    }
    if (!is_key(request.key())) return nullptr;
    if (type == "get" || type == "read") return &Rows::get;
    if (type == "put" || type == "write" || type == "set") return &Rows::put;
    if (type == "delete") return &Rows::erase;
    if (type == "cas") return &Rows::cas;
    return nullptr;
  }

  static std::string file_of(const Value& key) {
    if (!key.is_string() || key.string().find_first_of("0123456789-\"") == 0) return key.json();
    return std::string(key.string());
  }

  Value row(Env& env, const Value& key) const {
    if (const Result file = env.disk().peek(file_of(key)); file.ok()) {
      return *file == deleted_ ? Value() : *file;
    }
    if (!is_initial(key)) return {};
    return filler_.is_nil() ? key : filler_;
  }

  bool is_initial(const Value& key) const {
    return key.is_number() && key.number() >= 1 && key.number() <= static_cast<double>(options_.rows) &&
           key.number() == static_cast<double>(static_cast<std::uint64_t>(key.number()));
  }

  void get(Env& env, const Value& body, Reply reply) {
    ++reads_;
    Value value = row(env, body["key"]);
    if (value.is_nil()) {
      ++absent_;
      reply(make_error("not_found", "no row " + body["key"].json()));
    } else {
      reply(std::move(value));
    }
  }

  void put(Env& env, const Value& body, Reply reply) {
    Value value = body["value"].is_nil() ? body["payload"] : body["value"];
    if (value.is_nil()) value = Value(true);
    write(env, {{body["key"], std::move(value)}}, Value(true), std::move(reply));
  }

  void erase(Env& env, const Value& body, Reply reply) {
    write(env, {{body["key"], Value()}}, Value(true), std::move(reply));
  }

  void cas(Env& env, const Value& body, Reply reply) {
    // The disk takes its time: what is on its way to it counts, or two of them would both succeed.
    const auto writing = writing_.find(body["key"]);
    if ((writing == writing_.end() ? row(env, body["key"]) : writing->second.value) == body["expected"]) {
      put(env, body, std::move(reply));
    } else {
      reply(make_error("conflict", "the row has another value"));
    }
  }

  void put_many(Env& env, const Value& body, Reply reply) {
    std::vector<Write> writes;
    for (const Value& entry : body["entries"].list()) writes.push_back({entry["key"], entry["value"]});
    ++batches_;
    const auto more = static_cast<std::int64_t>(writes.empty() ? 0 : writes.size() - 1);
    const Value answer = static_cast<double>(writes.size());
    if (more == 0 || options_.row_time == Duration::zero()) {
      write(env, writes, answer, std::move(reply));
    } else {
      env.work(options_.row_time * more, [this, &env, writes = std::move(writes), answer,
                                          reply = std::move(reply)] { write(env, writes, answer, reply); });
    }
  }

  // All writes succeed, or the answer is the first error; nobody knows then which of them happened.
  void write(Env& env, const std::vector<Write>& writes, const Value& answer, Reply reply) {
    const auto error = std::make_shared<Result>(Value());
    const auto check = [error](const Result& result) {
      if (error->ok() && !result.ok()) *error = result;
    };
    for (const auto& [key, value] : writes) {
      ++writes_;
      Writing& state = writing_[key];
      state.value = value;
      ++state.count;
      env.disk().write(file_of(key), value.is_nil() && is_initial(key) ? deleted_ : value, check);
    }
    env.disk().sync([this, writes, error, check, answer, reply = std::move(reply)](const Result& result) {
      check(result);
      for (const Write& w : writes) {
        const auto state = writing_.find(w.key);
        if (--state->second.count == 0) writing_.erase(state);
      }
      reply(error->ok() ? Result(answer) : *error);
    });
  }

  Value state() const override {
    const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
    return Value::map({{"reads", count(reads_)},
                       {"absent", count(absent_)},
                       {"writes", count(writes_)},
                       {"batches", count(batches_)}});
  }

  // In the place of a deleted row of those that were there from the beginning.
  const Value deleted_ = Value::map({{"row", "deleted"}});

  const RowsOptions options_;
  Value filler_;
  std::map<Value, Writing> writing_;  // on their way to the disk
  std::uint64_t reads_ = 0;
  std::uint64_t absent_ = 0;  // reads that found no row
  std::uint64_t writes_ = 0;  // rows written or deleted
  std::uint64_t batches_ = 0;
};

}  // namespace

Filter make_rows_filter(const RowsOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<Rows>(options, std::move(inner)); };
}

}  // namespace syslab
