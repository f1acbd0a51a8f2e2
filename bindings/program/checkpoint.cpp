#include "bindings/program/checkpoint.hpp"

#include <fmt/format.h>

namespace syslab::program {

void Checkpoints::before(const std::string& label) {
  before_ = live_.copy();
  before_label_ = before_.alive() ? label : "";
}

std::string Checkpoints::mark(const std::string& name) {
  if (marks_.size() >= kMarksMax && marks_.count(name) == 0) {
    return fmt::format("there are {} marks already; reuse a name", kMarksMax);
  }
  LabProcess copy = live_.copy();
  if (!copy.alive()) return "the system has no room for another process";
  marks_[name] = std::move(copy);
  return "";
}

std::string Checkpoints::back() {
  if (!before_.alive()) return "";
  std::swap(live_, before_);
  return before_label_;
}

bool Checkpoints::back_to(const std::string& name) {
  const auto found = marks_.find(name);
  if (found == marks_.end()) return false;
  LabProcess copy = found->second.copy();
  if (!copy.alive()) return false;
  before_ = std::move(live_);
  before_label_ = ".back " + name;
  live_ = std::move(copy);
  return true;
}

bool Checkpoints::recover() {
  if (before_.alive()) {
    live_ = before_.copy();
    if (live_.alive()) return true;
  }
  before_ = LabProcess();
  before_label_.clear();
  start();
  live_.await_ready();
  return false;
}

std::vector<std::string> Checkpoints::marks() const {
  std::vector<std::string> names;
  for (const auto& [name, process] : marks_) names.push_back(name);
  return names;
}

}  // namespace syslab::program
