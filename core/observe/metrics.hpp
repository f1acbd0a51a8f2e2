// Counters, gauges and histograms by name and labels: what dashboards and `w:metrics()` read.
//
// A handle is a reference that stays valid as long as the registry; looking it up costs O(log n), using it
// O(1), so look it up once. Everything is listed by name, then by labels, whatever the order of creation.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/value.hpp"
#include "core/observe/histogram.hpp"

namespace syslab {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_ += n; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_ = value; }
  void add(double change) { value_ += change; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

class Metrics {
 public:
  enum class Kind { counter, gauge, histogram };
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // Returns the metric of this name and these labels (in any order), made at the first call.
  // Requires: valid_name(name); label names valid and distinct; every use of a name agrees on the kind. Where
  // the name comes from a script, the binding asks kind() first.
  Counter& counter(std::string_view name, Labels labels = {});
  Gauge& gauge(std::string_view name, Labels labels = {});
  // `scale` turns recorded integers into the unit of the name when they are written out: the default suits
  // nanoseconds and a name that ends in `_seconds`, 1 suits bytes and counts. The first call for a name
  // decides.
  Histogram& histogram(std::string_view name, Labels labels = {}, double scale = 1e-9);
  // One line on what the metric means, for the exposition. Requires: the name is in use.
  void describe(std::string_view name, std::string help);

  // What a name is used for; none if it is free.
  std::optional<Kind> kind(std::string_view name) const;
  // [a-zA-Z_:][a-zA-Z0-9_:]*, which is also a valid label name if it has no colon.
  static bool valid_name(std::string_view name);

  // A map from `name{label="value",...}` (just the name without labels) to a number, or for a histogram to a
  // map with count, mean, min, max, p50, p95, p99 and p99_9, scaled.
  Value snapshot() const;
  // The text exposition format of Prometheus, version 0.0.4; histograms become summaries.
  std::string prometheus() const;

 private:
  using Metric = std::variant<Counter, Gauge, Histogram>;  // in the order of Kind
  struct Family {
    Kind kind;
    double scale = 1;
    std::string help;
    std::map<Labels, Metric> members;
  };
  template <class T>
  T& find_or_make(std::string_view name, Labels labels, double scale);

  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace syslab
