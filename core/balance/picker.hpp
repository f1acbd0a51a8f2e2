// Picker: the face of the balance family. Which backend gets the next request?
//
// A policy sees the backends as the balancer does (its own outstanding requests, not those of other
// balancers) and answers with an index. It is pure: randomness comes in as an argument, and it knows no
// world. A backend keeps its index as long as the picker lives: new ones are appended, and one that leaves
// stays in the list, unavailable. Cost: O(number of backends) a pick unless the policy says otherwise. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct Backend {
  std::string_view name;  // what hashing policies place; outlives the picker
  double weight = 1;      // relative capacity; more than 0
  bool available = true;  // healthy, and not on its way out
  std::uint32_t outstanding = 0;
};

class Picker {
 public:
  virtual ~Picker() = default;

  // The policy: "round_robin".
  virtual std::string_view name() const = 0;
  // The index of an available backend; none where there is none. `key` names the item the request is about
  // (may be nil); most policies do not look at it.
  virtual std::optional<std::size_t> pick(std::span<const Backend> backends, const Value& key, Rng& rng) = 0;

  // A request was sent to the backend picked ...
  virtual void on_start(std::size_t) {}
  // ... and came back. `failed`: with an error that speaks of the backend's health.
  virtual void on_finish(std::size_t, Instant, Duration /*took*/, bool /*failed*/) {}
};

// Makes the policy anew for every process that balances: what it learned dies with the process.
using PickerFactory = std::function<std::unique_ptr<Picker>()>;

// What one more request would make of a backend's load, so that an idle backend of weight 2 beats an idle one
// of weight 1 (as in Envoy's least request; with plain outstanding / weight they would tie).
inline double load_after(const Backend& backend) {
  return (backend.outstanding + 1.0) / backend.weight;
}

}  // namespace syslab
