// The checkers that are no models, by the names that `syslab check NAME FILE` knows them by. Models of
// linearizability are in model.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check/judgement.hpp"

namespace syslab {

struct CheckOptions {
  LinearizableOptions search = {};     // budgets and threads, also for the other checkers that search
  std::string level = "serializable";  // of transactions
  std::optional<double> total = {};    // of a bank's balances
};

struct Judge {
  std::string_view name;
  std::string_view summary;
  Expected<Judgement> (*judge)(const History& history, const CheckOptions& options);
};

// Sorted by name.
const std::vector<Judge>& judges();

}  // namespace syslab
