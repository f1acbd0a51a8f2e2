// Balancer: a service that passes each request to one of several nodes, as a policy picks.
//
// It counts what is outstanding at each backend, and may watch their health in two ways: active checks (a
// small request every so often) and ejection (enough failures in a row take a backend out for a while). It
// does not retry: wrap it in core/resilience/retry for that. Error of its own: unavailable (definite), where
// no backend may be picked. A request whose answer is lost stays outstanding for good unless there is a
// timeout. Cost: the policy's pick and one call. State dies with the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/balance/picker.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

// Active checks, after HAProxy's `inter`, `fall` and `rise`. A backend fails a check by a fault (see
// is_fault): no answer in time, a refused connection, an overload. An answer such as not_found shows that it
// is there, and passes.
struct HealthCheckOptions {
  Duration interval = std::chrono::seconds(2);
  Duration timeout = std::chrono::seconds(1);
  std::uint32_t fall = 3;  // failures in a row after which it is down
  std::uint32_t rise = 2;  // successes in a row after which it is up again
  std::string type = "ping";
};

// Passive checks, after Envoy's outlier detection (consecutive_5xx).
struct EjectionOptions {
  std::uint32_t failures = 5;  // faults in a row that eject
  Duration time =
      std::chrono::seconds(30);  // how long the first time; k times as long the k-th time in a row ...
  Duration time_max = std::chrono::seconds(300);  // ... up to this
  Duration forgive = std::chrono::seconds(10);    // each such time in service takes one off k
  double share_max = 0.1;                         // of the backends; but one may always be ejected
};

struct BackendOptions {
  NodeId node;
  double weight = 1;
};

struct BalancerOptions {
  std::vector<BackendOptions> backends = {};
  PickerFactory policy = nullptr;        // null: round robin
  std::optional<Duration> timeout = {};  // of each call
  std::optional<HealthCheckOptions> checks = {};
  std::optional<EjectionOptions> ejection = {};
  // Where less than this share of the backends is healthy, health is ignored and all are used: when most look
  // dead, the checks are the likelier culprit, and the rest could not carry the load. 0: never. (Envoy: 0.5.)
  double panic = 0;
};

class Balancer final : public Service {
 public:
  explicit Balancer(BalancerOptions options);

  void on_start(Env& env) override;
  void call(Env& env, Request request, Reply reply) override;
  // {policy, refused, panic, backends = {{name, healthy, state, weight, outstanding, sent, failed} ...}};
  // state is up, down, ejected or draining.
  Value show() const override;

  // Puts a backend into rotation: a new one, or one that is draining.
  void add(Env& env, const BackendOptions& backend);
  // Sends it nothing more; what is outstanding comes to its end. Requires: it is a backend.
  void drain(NodeId node);
  bool has(NodeId node) const;

 private:
  struct Member {
    NodeId node;
    std::string name;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;  // came back with a fault
    bool up = true;            // as far as the checks know
    bool draining = false;
    bool ejected = false;
    std::uint32_t streak = 0;    // check results in a row that speak against `up`
    std::uint32_t failures = 0;  // faults in a row
    std::uint32_t ejections = 0;
    Instant readmitted = {};  // when its last ejection ended

    bool usable() const { return up && !draining && !ejected; }
    std::string_view state() const;
  };

  void add_member(Env& env, const BackendOptions& backend);
  void finished(Env& env, std::size_t i, Instant sent, const Result& result);
  void check(Env& env, std::size_t i);
  void checked(Env& env, std::size_t i, bool passed);
  void maybe_eject(Env& env, std::size_t i);
  void changed(Env& env, std::size_t i, std::string_view what);
  void refresh();

  const BalancerOptions options_;
  const std::unique_ptr<Picker> picker_;
  bool started_ = false;
  bool panicking_ = false;
  std::uint64_t refused_ = 0;
  std::optional<Rng> rng_;
  // One entry a backend in each, in order of joining; entries are never taken out.
  std::vector<std::unique_ptr<Member>> members_;  // pointers, because `backends_` points to the names
  std::vector<Backend> backends_;
};

}  // namespace syslab
