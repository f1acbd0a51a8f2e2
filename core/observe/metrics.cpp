#include "core/observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace syslab {
namespace {

struct Quantile {
  double percent;
  const char* label;  // as Prometheus writes it
  const char* key;    // as a snapshot names it
};
constexpr Quantile kQuantiles[] = {
    {50, "0.5", "p50"}, {95, "0.95", "p95"}, {99, "0.99", "p99"}, {99.9, "0.999", "p99_9"}};

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

// {a="1",b="2"}, or nothing where there are no labels. `extra` is one more label, already written.
std::string label_text(const Metrics::Labels& labels, std::string_view extra = {}) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escape(value, true));
  }
  if (!extra.empty()) out += fmt::format("{}{}", out.empty() ? "" : ",", extra);
  return out.empty() ? out : "{" + out + "}";
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// Nanoseconds times 1e-9 would show as 0.0030000000000000001: dividing by a whole number rounds better.
double scaled(double value, double scale) {
  return scale == 1e-9 ? value / 1e9 : value * scale;
}

Value summary(const Histogram& histogram, double scale) {
  Value::Map out = {{"count", static_cast<double>(histogram.count())},
                    {"mean", scaled(histogram.mean(), scale)},
                    {"min", scaled(static_cast<double>(histogram.min()), scale)},
                    {"max", scaled(static_cast<double>(histogram.max()), scale)}};
  for (const Quantile& q : kQuantiles) {
    out.emplace_back(q.key, scaled(static_cast<double>(histogram.percentile(q.percent)), scale));
  }
  return Value::map(std::move(out));
}

}  // namespace

bool Metrics::valid_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

template <class T>
T& Metrics::find_or_make(std::string_view name, Labels labels, double scale) {
  const Metric made = T();
  const Kind kind = static_cast<Kind>(made.index());
  std::sort(labels.begin(), labels.end());
  auto family = families_.find(name);
  if (family == families_.end()) {
    SYSLAB_ASSERT(valid_name(name));
    family = families_.emplace(std::string(name), Family{kind, scale, {}, {}}).first;
  }
  SYSLAB_ASSERT(family->second.kind == kind);
  auto& members = family->second.members;
  auto member = members.find(labels);
  if (member == members.end()) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      SYSLAB_ASSERT(valid_name(labels[i].first));
      SYSLAB_ASSERT(labels[i].first.find(':') == std::string::npos);
      SYSLAB_ASSERT(i == 0 || labels[i - 1].first != labels[i].first);
    }
    member = members.emplace(std::move(labels), made).first;
  }
  return *std::get_if<T>(&member->second);
}

Counter& Metrics::counter(std::string_view name, Labels labels) {
  return find_or_make<Counter>(name, std::move(labels), 1);
}

Gauge& Metrics::gauge(std::string_view name, Labels labels) {
  return find_or_make<Gauge>(name, std::move(labels), 1);
}

Histogram& Metrics::histogram(std::string_view name, Labels labels, double scale) {
  return find_or_make<Histogram>(name, std::move(labels), scale);
}

void Metrics::describe(std::string_view name, std::string help) {
  const auto family = families_.find(name);
  SYSLAB_ASSERT(family != families_.end());
  family->second.help = std::move(help);
}

std::optional<Metrics::Kind> Metrics::kind(std::string_view name) const {
  const auto family = families_.find(name);
  if (family == families_.end()) return std::nullopt;
  return family->second.kind;
}

Value Metrics::snapshot() const {
  Value::Map out;
  for (const auto& [name, family] : families_) {
    for (const auto& [labels, metric] : family.members) {
      Value value;
      if (const auto* counter = std::get_if<Counter>(&metric)) {
        value = static_cast<double>(counter->value());
      } else if (const auto* gauge = std::get_if<Gauge>(&metric)) {
        value = gauge->value();
      } else {
        value = summary(*std::get_if<Histogram>(&metric), family.scale);
      }
      out.emplace_back(name + label_text(labels), std::move(value));
    }
  }
  return Value::map(std::move(out));
}

std::string Metrics::prometheus() const {
  constexpr const char* kTypes[] = {"counter", "gauge", "summary"};
  std::string out;
  for (const auto& [name, family] : families_) {
    if (!family.help.empty()) out += fmt::format("# HELP {} {}\n", name, escape(family.help, false));
    out += fmt::format("# TYPE {} {}\n", name, kTypes[static_cast<int>(family.kind)]);
    for (const auto& [labels, metric] : family.members) {
      const std::string text = label_text(labels);
      if (const auto* counter = std::get_if<Counter>(&metric)) {
        out += fmt::format("{}{} {}\n", name, text, counter->value());
      } else if (const auto* gauge = std::get_if<Gauge>(&metric)) {
        out += fmt::format("{}{} {}\n", name, text, number_text(gauge->value()));
      } else {
        const Histogram& h = *std::get_if<Histogram>(&metric);
        for (const Quantile& q : kQuantiles) {
          // A quantile of nothing is NaN by the format's convention.
          const double value =
              h.empty() ? std::nan("") : scaled(static_cast<double>(h.percentile(q.percent)), family.scale);
          out += fmt::format("{}{} {}\n", name, label_text(labels, fmt::format("quantile=\"{}\"", q.label)),
                             number_text(value));
        }
        out += fmt::format("{}_sum{} {}\n", name, text, number_text(scaled(h.sum(), family.scale)));
        out += fmt::format("{}_count{} {}\n", name, text, h.count());
      }
    }
  }
  return out;
}

}  // namespace syslab
