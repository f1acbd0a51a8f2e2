#include "core/id/ticket_server.hpp"

#include <fmt/format.h>

#include <cmath>
#include <deque>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr const char* kFile = "tickets";
constexpr double kMost = 0x1p53;

// Invariant: every number that was handed out is below next_, and next_ <= durable_end_: the disk has said
// that it holds durable_end_ (with `sync`). A start goes on at what the disk holds.
class TicketServer final : public FilterService {
 public:
  TicketServer(const TicketServerOptions& options, ServicePtr inner)
      : FilterService("ticket_server", std::move(inner)),
        options_(options),
        next_(static_cast<double>(options.first)),
        durable_end_(next_) {}

  void on_start(Env& env) override {
    const Result saved = env.disk().peek(kFile);
    if (saved.ok() && saved->is_number()) {
      next_ = durable_end_ = saved->number();
    } else if (!saved.ok() && saved.error().code != "not_found") {
      broken_ = saved.error();  // what was handed out is not known, so nothing can be
    }
    FilterService::on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    if (request.type != "lease") return inner_->call(env, std::move(request), std::move(reply));
    const Value& count = request.body["count"];
    const double wanted = count.is_number() ? count.number() : static_cast<double>(options_.lease);
    if (!(wanted >= 1 && wanted <= kMost && wanted == std::floor(wanted)) ||
        (!count.is_nil() && !count.is_number())) {
      return reply(make_error("malformed", "a lease has a whole number of at least 1 as its count"));
    }
    if (broken_) return reply(*broken_);
    pending_.push_back({wanted, std::move(reply)});
    serve(env);
  }

 private:
  struct Pending {
    double count;
    Reply reply;
  };

  void serve(Env& env) {
    while (!writing_ && !pending_.empty()) {
      const double end = next_ + pending_.front().count;
      if (pending_.front().count > kMost - next_) {  // the sum may have been rounded
        Pending refused = std::move(pending_.front());
        pending_.pop_front();
        refused.reply(make_error("exhausted", "the numbers up to 2^53 are given out"));
        continue;
      }
      if (end > durable_end_) return reserve(env, end);
      Pending served = std::move(pending_.front());
      pending_.pop_front();
      const double first = next_;
      next_ = end;
      ++leases_;
      served.reply(Value::map({{"first", first}, {"last", end - 1}}));
    }
  }

  void reserve(Env& env, double end) {
    writing_ = true;
    ++writes_;
    const double new_end = std::min(kMost, std::max(end, next_ + static_cast<double>(options_.reserve)));
    env.disk().write(kFile, new_end, [this, &env, new_end](const Result& written) {
      if (!written.ok() || !options_.sync) return reserved(env, new_end, written);
      env.disk().sync([this, &env, new_end](const Result& synced) { reserved(env, new_end, synced); });
    });
  }

  void reserved(Env& env, double new_end, const Result& result) {
    writing_ = false;
    if (result.ok()) {
      durable_end_ = new_end;
      return serve(env);
    }
    std::deque<Pending> failed;
    failed.swap(pending_);
    for (Pending& p : failed) p.reply(result.error());
  }

  Value state() const override {
    return Value::map({{"next", next_},
                       {"reserved", durable_end_ - next_},
                       {"leases", static_cast<double>(leases_)},
                       {"writes", static_cast<double>(writes_)}});
  }

  const TicketServerOptions options_;
  double next_;
  double durable_end_;
  std::optional<Error> broken_;
  bool writing_ = false;
  std::deque<Pending> pending_;
  std::uint64_t leases_ = 0;
  std::uint64_t writes_ = 0;
};

class Tickets final : public FilterService {
 public:
  Tickets(const TicketsOptions& options, ServicePtr inner)
      : FilterService("tickets", std::move(inner)), options_(options) {}

  void call(Env& env, Request request, Reply reply) override {
    if (request.type != options_.type) return inner_->call(env, std::move(request), std::move(reply));
    waiting_.push_back(std::move(reply));
    serve(env);
  }

 private:
  struct Range {
    double next;
    double last;
    double left() const { return last - next + 1; }
  };

  void serve(Env& env) {
    while (!waiting_.empty() && !ranges_.empty()) {
      Range& range = ranges_.front();
      const double number = range.next++;
      if (range.left() == 0) ranges_.pop_front();
      ++issued_;
      Reply reply = std::move(waiting_.front());
      waiting_.pop_front();
      reply(Value(fmt::format("{:.0f}", number)));
    }
    if (!asking_ &&
        (!waiting_.empty() || (options_.refill > 0 && left() <= static_cast<double>(options_.refill)))) {
      ask(env);
    }
  }

  double left() const {
    double n = 0;
    for (const Range& range : ranges_) n += range.left();
    return n;
  }

  void ask(Env& env) {
    const Expected<NodeId> server = env.find(options_.server);
    if (!server) return fail(server.error());
    asking_ = true;
    env.call(*server,
             {.type = "lease",
              .body = Value::map({{"count", static_cast<double>(options_.lease)}}),
              .from = env.self()},
             options_.timeout, [this, &env](const Result& result) {
               asking_ = false;
               if (!result.ok()) return fail(result.error());
               const Value& first = (*result)["first"];
               const Value& last = (*result)["last"];
               if (!first.is_number() || !last.is_number() || !(first.number() <= last.number())) {
                 return fail(make_error("malformed", fmt::format("{} answers a lease with {}",
                                                                 options_.server, result->json())));
               }
               ++leases_;
               ranges_.push_back({first.number(), last.number()});
               serve(env);
             });
  }

  // Requests that wait are refused; the next one asks again.
  void fail(const Error& error) {
    ++failures_;
    std::deque<Reply> refused;
    refused.swap(waiting_);
    for (Reply& reply : refused) reply(error);
  }

  Value state() const override {
    return Value::map({{"issued", static_cast<double>(issued_)},
                       {"left", left()},
                       {"leases", static_cast<double>(leases_)},
                       {"failures", static_cast<double>(failures_)},
                       {"waiting", static_cast<double>(waiting_.size())}});
  }

  const TicketsOptions options_;
  std::deque<Range> ranges_;
  std::deque<Reply> waiting_;
  bool asking_ = false;
  std::uint64_t issued_ = 0;
  std::uint64_t leases_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace

Filter make_ticket_server(const TicketServerOptions& options) {
  SYSLAB_ASSERT(options.lease >= 1 && options.first >= 1);
  return [options](ServicePtr inner) { return std::make_shared<TicketServer>(options, std::move(inner)); };
}

Filter make_tickets(const TicketsOptions& options) {
  SYSLAB_ASSERT(options.lease >= 1 && options.refill < options.lease && options.timeout > Duration::zero());
  return [options](ServicePtr inner) { return std::make_shared<Tickets>(options, std::move(inner)); };
}

}  // namespace syslab
