#include "core/store/documents.hpp"

#include <fmt/format.h>

#include "bindings/store/engine.hpp"

namespace syslab {
namespace {

Param collection() {
  return string("collection", "its name; it is made by the first insert");
}
Param where() {
  return any("where", "a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } }")
      .optional("all");
}

std::vector<Param> find_params(std::vector<Param> more = {}) {
  std::vector<Param> params = {collection(), where()};
  for (Param& p : more) params.push_back(std::move(p));
  params.push_back(any("columns", "paths, or { name = path }").optional("whole documents"));
  params.push_back(any("order", "paths, '-path' for the largest first").optional("as inserted"));
  params.push_back(count("limit", "documents at most").optional("all"));
  params.push_back(count("offset", "documents to skip").optional("0"));
  params.push_back(any("group", "paths").optional("none"));
  params.push_back(
      table("compute", "of each group: { n = 'count', total = { 'sum', 'price' } }").optional("nothing"));
  params.push_back(any("having", "a condition on groups").optional("all"));
  return params;
}

constexpr auto kAsk = &ask_engine<Documents>;

const Type type{describe_type<Documents>(
    "Documents", "Collections of documents without a schema. In a world, lab.store.database serves it.",
    {
        verb<kAsk>("create_index",
                   {collection(), string("path", "through maps and lists: 'lines.sku'"),
                    boolean("unique", "no two documents have the same").optional("false")},
                   "true | nil, err", "A secondary index on a path."),
        verb<kAsk>("delete", {collection(), where()}, "{ deleted } | nil, err", "Takes documents away."),
        verb<kAsk>("describe", {}, "{ COLLECTION = { documents, bytes, indexes } }", "What there is."),
        verb<kAsk>("drop_index", {collection(), string("path", "as it was made")}, "true | nil, err",
                   "Takes an index away."),
        verb<kAsk>("explain", find_params(), "{ rows, rows_read, plan }", "How find would go about it."),
        verb<kAsk>("find", find_params(), "list of documents | nil, err",
                   "The documents that a condition means."),
        verb<kAsk>("insert",
                   {collection(), table("document", "one").optional("none"),
                    list("documents", "or several: all, or none").optional("none")},
                   "{ inserted, id } | nil, err", "Adds documents; one without an id is given one."),
        verb<kAsk>("lookup",
                   find_params({string("from", "the other collection"),
                                string("path", "where the id of one of its documents stands"),
                                string("into", "where it is put")}),
                   "list of documents | nil, err", "Documents with those that they reference put into them."),
        verb<kAsk>("update",
                   {collection(), where(), table("set", "paths and values").optional("nothing"),
                    table("add", "paths and numbers").optional("nothing"),
                    table("push", "paths of lists, and what is appended").optional("nothing"),
                    list("remove", "paths").optional("nothing")},
                   "{ updated } | nil, err", "Changes documents, each by itself."),
    },
    [](lua_State* L, int index) {
      const Value shown = object_at<Documents>(L, index)->show();
      return fmt::format("{} documents in {} collections", shown["documents"].number(),
                         shown["collections"].number());
    })};

const Component documents{{
    .name = "store.documents",
    .summary =
        "Collections of documents without a schema: conditions on nested paths, secondary indexes through "
        "lists, embedding or references; each document is atomic, and nothing more.",
    .params = {size("document_bytes", "the largest document").at_least(1).optional("16 MiB")},
    .returns = "Documents",
    .cost = "O(log n) by id or index, else O(n)",
    .paper = "MongoDB manual: data modelling, multikey indexes",
    .example = R"(
local d = lab.store.documents()
d:insert{ collection = "orders", documents = {
  { id = 1, user = { name = "ann" }, lines = { { sku = "pen", n = 2 }, { sku = "ink", n = 1 } } },
  { id = 2, user = { name = "bob" }, lines = { { sku = "pen", n = 5 } } } } }
d:create_index{ collection = "orders", path = "lines.sku" }
local found = d:find{ collection = "orders", where = { ["lines.sku"] = "ink" } }
return #found == 1 and found[1].user.name == "ann"
  and d:explain{ collection = "orders", where = { ["lines.sku"] = "ink" } }.rows_read == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          DocumentsOptions o;
          o.document_bytes = a.count("document_bytes", o.document_bytes);
          return push(L, std::make_shared<Documents>(o));
        },
}};

}  // namespace
}  // namespace syslab
