#include "core/queue/access_policy.hpp"

#include <algorithm>

namespace syslab {
namespace {

bool matches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [text](std::string_view pattern) {
    if (!pattern.empty() && pattern.back() == '*')
      return text.starts_with(pattern.substr(0, pattern.size() - 1));
    return text == pattern;
  });
}

}  // namespace

bool AccessPolicy::permits(std::string_view principal, std::string_view action) const {
  bool allowed = owner.empty() || (principal.starts_with(owner) &&
                                   (principal.size() == owner.size() || principal[owner.size()] == '/'));
  for (const Statement& s : statements) {
    if (!matches(s.principals, principal) || !matches(s.actions, action)) continue;
    if (!s.allow) return false;
    allowed = true;
  }
  return allowed;
}

}  // namespace syslab
