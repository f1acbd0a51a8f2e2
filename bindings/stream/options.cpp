#include "bindings/stream/options.hpp"

#include <fmt/format.h>

#include "bindings/world/lab_world.hpp"

namespace syslab {

std::vector<NodeId> nodes_option(lua_State* L, const Arguments& a, const char* name, NamedFilter& filter) {
  std::vector<NodeId> out;
  const auto take = [&](int index) {
    const NodeHandle* node = object_at<NodeHandle>(L, index);
    if (node == nullptr)
      a.reject(name, fmt::format("expected a Node or a list of them, got {}", describe_argument(L, index)));
    if (filter.world != nullptr && filter.world != node->world.get())
      a.reject(name, "the nodes are of different worlds");
    filter.world = node->world.get();
    out.push_back(node->id);
  };
  const int index = a.index_of(name);
  if (lua_type(L, index) != LUA_TTABLE) {
    take(index);
  } else {
    for (std::size_t i = 1; i <= lua_objlen(L, index); ++i) {
      lua_rawgeti(L, index, static_cast<int>(i));
      take(lua_gettop(L));
      lua_pop(L, 1);
    }
  }
  if (out.empty()) a.reject(name, "there is no node in it");
  filter.targets.insert(filter.targets.end(), out.begin(), out.end());
  return out;
}

Param log_profile_param() {
  std::vector<std::string> names;
  for (const LogProfile& profile : log_profiles()) names.emplace_back(profile.name);
  return choice("profile", std::move(names), "whose published defaults").optional("'kafka-3.0'");
}

LogProfile log_profile_option(const Arguments& a) {
  return *find_log_profile(a.string("profile", "kafka-3.0"));
}

}  // namespace syslab
