// A queueing station: what a simulated server does with its requests. Slots serve, a FIFO queue waits.
//
// A request takes a slot for its service time, then calls each downstream service in turn, then asks the
// handler for the answer (without one the answer is {node = NAME}), and holds its slot until it is answered.
// A full queue sheds: `overloaded`, which is definite. A service time that is under way when the node becomes
// slow or fast keeps its pace.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/time.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

class Host;
struct ServiceOptions;

class Station final : public Service {
 public:
  // Draws service times from `rng`. `options` outlives the station.
  Station(Host& host, const ServiceOptions& options, ServicePtr handler, Rng rng);

  void call(Env& env, Request request, Reply reply) override;
  // slots, busy, queue, served, shed, utilisation (since the process started).
  Value show() const override;

  std::size_t busy() const { return busy_; }
  std::size_t queued() const { return queue_.size(); }
  std::size_t slots() const { return jobs_.size(); }
  std::uint64_t served() const { return served_; }
  // Since the process started, the time that slots were busy, summed up over the slots.
  double busy_seconds() const;
  // An orderly stop: what waits is refused, what is served goes on.
  void refuse_queue();

 private:
  struct Job {
    Request request;
    Reply reply;
    std::size_t next_call = 0;
    std::uint64_t number = 0;  // while the handler has it; unique over the incarnations of the host
  };

  void serve(Request request, Reply reply);
  void served(std::size_t slot);
  void call_next(std::size_t slot);
  void finish(std::size_t slot, Result result);
  void account();

  Host& host_;
  const ServiceOptions& options_;
  ServicePtr handler_;
  Rng rng_;
  Value answer_;
  std::vector<Job> jobs_;  // by slot
  std::vector<std::size_t> free_slots_;
  std::deque<std::pair<Request, Reply>> queue_;
  std::size_t busy_ = 0;
  std::uint64_t last_job_;
  std::uint64_t served_ = 0;
  std::uint64_t shed_ = 0;
  Instant started_;
  Instant accounted_;
  double busy_seconds_ = 0;  // slot-seconds
};

}  // namespace syslab
