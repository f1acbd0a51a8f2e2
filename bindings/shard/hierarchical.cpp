#include "core/shard/hierarchical.hpp"

#include <fmt/format.h>

#include "bindings/shard/router.hpp"

namespace syslab {
namespace {

const Component hierarchical{{
    .name = "shard.hierarchical",
    .summary = "Shards of shards: a manager at the top knows groups, and each group's own router its "
               "sub-shards. What comes or leaves within a group moves nothing outside of it.",
    .params = {object("top", "Router", "its shards are the groups"),
               table("groups", "{ GROUP = Router }: the sub-shards of each group")},
    .returns = "Router",
    .cost = "that of two routers",
    .example =
        R"(local r = lab.shard.hierarchical{ top = lab.shard.range{ shards = { "eu", "us" }, splits = { "us" } },
  groups = { eu = lab.shard.hash{ shards = { "1", "2" }, seed = 7 },
    us = lab.shard.hash{ shards = { "1" }, seed = 7 } } }
local more = r:copy()
more:add("us/2")
local before = r:route("eu-user-5")
return before:match("^eu/") ~= nil and more:route("eu-user-5") == before and r:route("us-user-5") == "us/1")",
    .make =
        [](lua_State* L, Arguments& a) {
          auto top = a.object<Router>("top")->clone();
          std::vector<std::unique_ptr<Router>> groups;
          for (const PlacedNode& shard : top->shards()) {
            lua_getfield(L, a.index_of("groups"), shard.name.c_str());
            const Router* group = object_at<Router>(L, -1);
            if (group == nullptr || group->shards().empty())
              a.reject("groups", fmt::format("'{}' needs a Router with a shard", shard.name));
            groups.push_back(group->clone());
            lua_pop(L, 1);
          }
          if (groups.empty()) a.reject("top", "it has no shards");
          return push(L, std::unique_ptr<Router>(
                             std::make_unique<HierarchicalRouter>(std::move(top), std::move(groups))));
        },
}};

}  // namespace
}  // namespace syslab
