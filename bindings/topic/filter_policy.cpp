#include "core/topic/filter_policy.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

int matches(lua_State* L, FilterPolicy& policy) {
  lua_pushboolean(L, policy.matches(to_value(L, 2)));
  return 1;
}

int source(lua_State* L, FilterPolicy& policy) {
  push_value(L, policy.source());
  return 1;
}

const Type policy_type{describe_type<FilterPolicy>(
    "FilterPolicy", "Which messages a subscriber wants.",
    {
        method<&matches>("matches", "(document) -> boolean",
                         "Whether a message's attributes, its body, or an event passes."),
        method<&source>("source", "() -> table", "The policy as it was given."),
    },
    [](lua_State* L, int index) -> std::string {
      return object_at<FilterPolicy>(L, index)->source().json();
    })};

const Component filter_policy{{
    .name = "topic.filter_policy",
    .summary = "A filter policy: every key must match, the values of a key are alternatives. Values: equal, "
               "prefix, suffix, "
               "equals-ignore-case, wildcard, anything-but, numeric, cidr, exists; '$or' between keys.",
    .params = {table("policy", "{ KEY = { VALUE, ... } }"),
               choice("dialect", {"subscription", "event"}, "whose limits and error names")
                   .optional("'subscription'"),
               boolean("nested", "keys may hold policies: for bodies and events, not for attributes")
                   .optional("true")},
    .returns = "FilterPolicy | nil, err",
    .cost = "O(values) a match",
    .paper =
        "Amazon SNS developer guide: subscription filter policies; EventBridge user guide: event patterns",
    .example = R"(
local p = lab.topic.filter_policy{ policy = {
  kind = { "car", { prefix = "bi" } }, price = { { numeric = { ">=", 100, "<", 500 } } },
  color = { { ["anything-but"] = { "red" } } }, sold = { { exists = false } } } }
local _, err = lab.topic.filter_policy{ policy = { kind = "car" } }
local function wants(kind, price) return p:matches{ kind = kind, price = price, color = "blue" } end
return wants("bike", 100) and not wants("bike", 500) and not wants("cycle", 100) and err.code == "InvalidParameter")",
    .make =
        [](lua_State* L, Arguments& a) {
          auto policy = FilterPolicy::parse(to_value(L, a.index_of("policy")),
                                            a.string("dialect", "subscription") == "event"
                                                ? FilterPolicy::Dialect::event
                                                : FilterPolicy::Dialect::subscription,
                                            a.boolean("nested", true));
          if (!policy) return push_failure(L, policy.error());
          return push(L, std::make_shared<FilterPolicy>(std::move(*policy)));
        },
}};

}  // namespace
}  // namespace syslab
