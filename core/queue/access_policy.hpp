// AccessPolicy: which principal of which account may do what with a queue.
//
// A principal is written "account/name". The owner's account may do everything unless a statement denies it;
// everybody else nothing unless a statement allows it; a denial beats every permission. No owner means that
// all are let in unless denied. Principals and actions match by '*' at their end ("222222222222/*", "*").
// Cost: O(statements).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace syslab {

struct AccessPolicy {
  struct Statement {
    bool allow = true;
    std::vector<std::string> principals;
    std::vector<std::string> actions;
  };
  std::string owner = {};  // an account
  std::vector<Statement> statements = {};

  bool permits(std::string_view principal, std::string_view action) const;
};

}  // namespace syslab
