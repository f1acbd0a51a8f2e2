#include "core/stream/delivery_stream.hpp"

#include <algorithm>
#include <list>
#include <vector>

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

Value number(double n) {
  return n;
}

struct Item {
  double id;
  Value data;
  std::size_t bytes;
};

struct Batch {
  double number;
  std::vector<Item> items;
  Instant since;  // when it was tried first
  Duration wait;
  bool given_up = false;  // on its way to the failed-records destination
};

class DeliveryStream final : public FilterService {
 public:
  DeliveryStream(std::shared_ptr<const DeliveryStreamOptions> options, ServicePtr inner)
      : FilterService("delivery", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    // What was taken and not yet delivered. Files are named by their ids, of which the first and the next are
    // kept.
    const Result range = env.disk().peek("delivery/range");
    if (range.ok() && range->is_map()) {
      next_ = (*range)["next"].number();
      next_batch_ = next_;  // a new process names its objects anew
      for (double id = (*range)["first"].number(); id < next_; ++id) {
        const Result file = env.disk().peek(file_of(id));
        if (file.ok() && !file->is_nil()) add(env, {id, (*file)["data"], bytes_of((*file)["data"])});
      }
    }
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const std::string type = request.type;
    if (type == "get_records") {
      return reply(refused("UnsupportedOperation", "a delivery stream keeps nothing to be read again"));
    }
    if (type == "status") return reply(state());
    if (type != "put_record" && type != "put_record_batch")
      return inner_->call(env, std::move(request), std::move(reply));
    const Value body = request.body;
    inner_->call(
        env, std::move(request), [this, &env, type, body, reply = std::move(reply)](Result result) mutable {
          if (!result.ok()) return reply(std::move(result));
          put(env,
              type == "put_record" ? Value::list({Value::map({{"data", body["data"]}})}) : body["records"],
              type == "put_record", std::move(reply));
        });
  }

 private:
  static std::string file_of(double id) {
    return "delivery/" + std::to_string(static_cast<std::int64_t>(id));
  }
  static std::size_t bytes_of(const Value& data) {
    return data.is_string() ? data.string().size() : data.json().size();
  }
  static std::string id_text(double id) { return std::to_string(static_cast<std::int64_t>(id)); }

  void put(Env& env, const Value& records, bool single, Reply reply) {
    if (!records.is_list() || records.list().empty() || records.list().size() > options_->batch_records_max) {
      return reply(refused("ValidationException",
                           "a batch has 1 to " + std::to_string(options_->batch_records_max) + " records"));
    }
    for (const Value& r : records.list()) {
      if (bytes_of(r["data"]) > options_->record_bytes_max) {
        return reply(
            refused("ValidationException",
                    "a record has at most " + std::to_string(options_->record_bytes_max) + " bytes"));
      }
    }
    Value::List ids;
    for (const Value& r : records.list()) {
      const double id = next_++;
      env.disk().write(file_of(id), Value::map({{"data", r["data"]}}), [](const Result&) {});
      ids.emplace_back(id_text(id));
      ++taken_;
      add(env, {id, r["data"], bytes_of(r["data"])});
    }
    keep_range(env);
    env.disk().sync([ids, single, reply = std::move(reply)](const Result& synced) {
      if (!synced.ok()) return reply(synced);
      reply(single ? Value::map({{"id", ids[0]}}) : Value::map({{"ids", Value::list(ids)}}));
    });
  }

  void keep_range(Env& env) {
    double first = next_;
    for (const Item& item : buffer_) first = std::min(first, item.id);
    for (const Batch& batch : under_way_) {
      for (const Item& item : batch.items) first = std::min(first, item.id);
    }
    env.disk().write("delivery/range", Value::map({{"first", number(first)}, {"next", number(next_)}}),
                     [](const Result&) {});
  }

  void add(Env& env, Item item) {
    if (buffer_.empty()) {
      timer_ = env.after(options_->buffer_time, [this, &env] {
        timer_ = {};
        flush(env);
      });
    }
    buffered_ += item.bytes;
    buffer_.push_back(std::move(item));
    if (buffered_ >= options_->buffer_bytes) flush(env);
  }

  void flush(Env& env) {
    if (timer_) env.cancel(timer_);
    timer_ = {};
    if (buffer_.empty()) return;
    under_way_.push_back({next_batch_++, std::exchange(buffer_, {}), env.now(), options_->retry_wait});
    buffered_ = 0;
    ++batches_;
    attempt(env, std::prev(under_way_.end()));
  }

  Value records_of(const Batch& batch, bool with_ids) const {
    Value::List list;
    for (const Item& item : batch.items) {
      list.push_back(with_ids ? Value::map({{"id", id_text(item.id)}, {"data", item.data}}) : item.data);
    }
    return Value::list(std::move(list));
  }

  Request request_for(const Batch& batch) const {
    const std::string n = std::to_string(static_cast<std::int64_t>(batch.number));
    using Sink = DeliveryStreamOptions::Sink;
    if (options_->sink == Sink::store || batch.given_up) {
      const std::string folder = batch.given_up ? options_->name + "/failed/" : options_->name + "/";
      return {.type = "put_object",
              .body = Value::map({{"key", folder + n}, {"records", records_of(batch, false)}})};
    }
    if (options_->sink == Sink::search) {
      return {
          .type = "bulk",
          .body = Value::map(
              {{"key", options_->name}, {"index", options_->name}, {"records", records_of(batch, true)}})};
    }
    return {
        .type = "post",
        .body = Value::map(
            {{"key", n}, {"request_id", options_->name + "-" + n}, {"records", records_of(batch, false)}})};
  }

  void attempt(Env& env, std::list<Batch>::iterator batch) {
    ++attempts_;
    const auto to = env.find(batch->given_up ? options_->failed_to : options_->to);
    if (!to) return failed(env, batch);
    env.call(*to, request_for(*batch), options_->timeout, [this, &env, batch](const Result& result) {
      if (!result.ok()) return failed(env, batch);
      const Value& some = (*result)["failed"];
      if (!batch->given_up && some.is_list() && !some.list().empty()) {
        // Only these are sent again.
        std::vector<Item> rest;
        for (Item& item : batch->items) {
          const bool again = std::any_of(some.list().begin(), some.list().end(),
                                         [&](const Value& id) { return id == Value(id_text(item.id)); });
          if (again) {
            rest.push_back(std::move(item));
          } else {
            ++delivered_;
            forget(env, item);
          }
        }
        batch->items = std::move(rest);
        if (!batch->items.empty()) return failed(env, batch);
      }
      (batch->given_up ? failed_ : delivered_) += batch->items.size();
      done(env, batch);
    });
  }

  void failed(Env& env, std::list<Batch>::iterator batch) {
    if (!batch->given_up && env.now() - batch->since >= options_->retry) {
      if (options_->failed_to.empty()) {
        dropped_ += batch->items.size();
        env.log("gives up a batch", number(static_cast<double>(batch->items.size())));
        return done(env, batch);
      }
      batch->given_up = true;
      batch->wait = options_->retry_wait;
      return attempt(env, batch);
    }
    const Duration wait = batch->wait;
    batch->wait = std::min<Duration>(wait * 2, std::chrono::minutes(1));
    env.after(wait, [this, &env, batch] { attempt(env, batch); });
  }

  void forget(Env& env, const Item& item) {
    env.disk().write(file_of(item.id), {}, [](const Result&) {});
  }

  void done(Env& env, std::list<Batch>::iterator batch) {
    for (const Item& item : batch->items) forget(env, item);
    under_way_.erase(batch);
    keep_range(env);
    env.disk().sync([](const Result&) {});
  }

  Value state() const override {
    std::size_t waiting = 0;
    for (const Batch& batch : under_way_) waiting += batch.items.size();
    const auto n = [](auto count) { return number(static_cast<double>(count)); };
    return Value::map({{"taken", n(taken_)},
                       {"delivered", n(delivered_)},
                       {"failed", n(failed_)},
                       {"dropped", n(dropped_)},
                       {"batches", n(batches_)},
                       {"attempts", n(attempts_)},
                       {"buffered", n(buffer_.size())},
                       {"buffered_bytes", n(buffered_)},
                       {"under_way", n(waiting)}});
  }

  const std::shared_ptr<const DeliveryStreamOptions> options_;
  std::vector<Item> buffer_;
  std::size_t buffered_ = 0;
  TimerId timer_;
  std::list<Batch> under_way_;
  double next_ = 1;
  double next_batch_ = 1;
  std::uint64_t taken_ = 0, delivered_ = 0, failed_ = 0, dropped_ = 0, batches_ = 0, attempts_ = 0;
};

}  // namespace

Filter make_delivery_stream(DeliveryStreamOptions options) {
  const auto shared = std::make_shared<const DeliveryStreamOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<DeliveryStream>(shared, std::move(inner)); };
}

}  // namespace syslab
