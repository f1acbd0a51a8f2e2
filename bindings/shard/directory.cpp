#include "core/shard/directory.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/shard/router.hpp"

namespace syslab {
namespace {

const Component directory{{
    .name = "shard.directory",
    .summary = "A table says where each key is. A new key goes to the shard with the fewest, and stays there "
               "whatever comes; any key can be moved by itself.",
    .params = {shards_param()},
    .returns = "Router",
    .cost = "O(log keys) a key; about 64 bytes an entry",
    .example = R"(local r = lab.shard.directory{ shards = { "a", "b" } }
r:assign("big customer", "b")
local home = r:take("small customer")
r:add("c")
return r:route("big customer") == "b" and home == "a" and r:route("small customer") == "a"
  and r:route("new customer") == "c")",
    .make = [](lua_State* L, Arguments& a) { return push_router(L, a, std::make_unique<DirectoryRouter>()); },
}};

const Component vertical{{
    .name = "shard.vertical",
    .summary = "Vertical partitioning: a table's columns are on different shards, so what is read together "
               "should be kept together. A key is a column's name.",
    .params = {table("columns", "{ COLUMN = SHARD }, or { SHARD = { COLUMN, ... } }")},
    .returns = "Router",
    .cost = "O(log columns) a column",
    .example =
        R"(local r = lab.shard.vertical{ columns = { users = { "name", "mail" }, blobs = { "photo" } } }
return r:route("mail") == "users" and #r:touched_by{ "name", "mail" } == 1 and #r:touched_by{ "name", "photo" } == 2
  and not pcall(r.route, r, "age"))",
    .make =
        [](lua_State* L, Arguments& a) {
          std::vector<std::pair<std::string, std::string>> columns;  // and its shard
          const Value given = to_value(L, a.index_of("columns"));
          for (const auto& [name, content] : given.is_map() ? given.map() : Value::Map{}) {
            if (content.is_string()) columns.emplace_back(name, content.string());
            for (const Value& column : content.is_list() ? content.list() : Value::List{}) {
              if (!column.is_string())
                a.reject("columns", fmt::format("a column's name is a string, not {}", column.json()));
              columns.emplace_back(column.string(), name);
            }
            if (!content.is_string() && !content.is_list())
              a.reject("columns", fmt::format("expected a shard or a list of columns for '{}'", name));
          }
          if (columns.empty()) a.reject("columns", "there is no column in it");
          auto router = std::make_unique<DirectoryRouter>(true);
          for (const auto& [column, shard] : columns) {
            if (router->index_of(shard) == Router::kNone) router->add({shard, 1});
            if (!router->refusal_of_key(column).empty()) {
              router->assign(column, router->index_of(shard));
            } else {
              a.reject("columns", fmt::format("'{}' is there twice", column));
            }
          }
          return push(L, std::unique_ptr<Router>(std::move(router)));
        },
}};

}  // namespace
}  // namespace syslab
