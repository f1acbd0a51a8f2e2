#include "core/sim/station.hpp"

#include "core/sim/host.hpp"

namespace syslab {

Station::Station(Host& host, const ServiceOptions& options, ServicePtr handler, Rng rng)
    : host_(host),
      options_(options),
      handler_(std::move(handler)),
      rng_(rng),
      answer_(Value::map({{"node", host.name()}})),
      jobs_(options.slots),
      last_job_(std::uint64_t{host.incarnation()} << 40),
      started_(host.world_now()),
      accounted_(started_) {
  SYSLAB_ASSERT(options.slots > 0);
  for (std::size_t slot = options.slots; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

void Station::call(Env&, Request request, Reply reply) {
  if (busy_ < options_.slots) {
    serve(std::move(request), std::move(reply));
  } else if (!options_.queue_limit || queue_.size() < *options_.queue_limit) {
    queue_.emplace_back(std::move(request), std::move(reply));
  } else {
    ++shed_;
    reply(make_error("overloaded", "the queue of '" + host_.name() + "' is full"));
  }
}

void Station::serve(Request request, Reply reply) {
  account();
  ++busy_;
  const std::size_t slot = free_slots_.back();
  free_slots_.pop_back();
  Job& job = jobs_[slot];
  job.request = std::move(request);
  job.reply = std::move(reply);
  job.next_call = 0;
  if (!options_.time) {
    served(slot);
    return;
  }
  host_.work(sample_duration(*options_.time, rng_), [this, slot] { served(slot); });
}

void Station::served(std::size_t slot) {
  if (jobs_[slot].next_call < options_.calls.size()) {
    call_next(slot);
  } else if (handler_) {
    // A handler may keep its reply for longer than this process lives, or call it twice.
    const std::uint64_t job = jobs_[slot].number = ++last_job_;
    Host* host = &host_;
    handler_->call(host_, jobs_[slot].request, [host, slot, job](Result result) {
      Station* station = host->station();
      if (station != nullptr && station->jobs_[slot].number == job) station->finish(slot, std::move(result));
    });
  } else {
    finish(slot, answer_);
  }
}

void Station::call_next(std::size_t slot) {
  Job& job = jobs_[slot];
  const NodeId target = options_.calls[job.next_call++];
  host_.call(target, job.request, options_.call_timeout, [this, slot](Result result) {
    if (result) {
      served(slot);
    } else {
      finish(slot, std::move(result));
    }
  });
}

void Station::finish(std::size_t slot, Result result) {
  account();
  --busy_;
  ++served_;
  free_slots_.push_back(slot);
  jobs_[slot].number = 0;
  jobs_[slot].request = Request{};
  const Reply reply = std::move(jobs_[slot].reply);
  jobs_[slot].reply = nullptr;
  if (!queue_.empty()) {
    auto [next_request, next_reply] = std::move(queue_.front());
    queue_.pop_front();
    serve(std::move(next_request), std::move(next_reply));
  }
  reply(std::move(result));
}

void Station::refuse_queue() {
  const auto refused = std::move(queue_);
  queue_.clear();
  for (const auto& [request, reply] : refused) {
    reply(make_error("connection_refused", "'" + host_.name() + "' is stopping"));
  }
}

void Station::account() {
  const Instant now = host_.world_now();
  busy_seconds_ += static_cast<double>(busy_) * to_seconds(now - accounted_);
  accounted_ = now;
}

double Station::busy_seconds() const {
  return busy_seconds_ + static_cast<double>(busy_) * to_seconds(host_.world_now() - accounted_);
}

Value Station::show() const {
  const double slots = static_cast<double>(options_.slots);
  const double busy = busy_seconds();
  const double elapsed = to_seconds(host_.world_now() - started_);
  return Value::map({{"slots", slots},
                     {"busy", static_cast<double>(busy_)},
                     {"queue", static_cast<double>(queue_.size())},
                     {"served", static_cast<double>(served_)},
                     {"shed", static_cast<double>(shed_)},
                     {"utilisation", elapsed > 0 ? busy / (elapsed * slots) : 0.0}});
}

}  // namespace syslab
