#include "core/id/audit.hpp"

#include <fmt/format.h>

#include "bindings/host/object.hpp"

namespace syslab {
namespace {

const Component audit{{
    .name = "id.audit",
    .summary =
        "Counts what is wrong with a list of ids, in the order in which they were issued: how many are there "
        "twice, how many numbers are missing in between, how often an id is smaller than the one before.",
    .params = {list("ids", "strings")},
    .returns = "{ids, different, duplicates, missing, gaps, descents, smallest, largest}",
    .cost = "O(n log n)",
    .example = R"(local a = lab.id.audit{ ids = { "1", "2", "9", "10", "10" } }
return a.duplicates == 1 and a.missing == 6 and a.gaps == 1 and a.descents == 0 and a.largest == "10")",
    .make =
        [](lua_State* L, Arguments& a) {
          const IdAudit audit = audit_ids(a.strings("ids"));
          lua_createtable(L, 0, 8);
          for (const auto& [name, number] :
               {std::pair("ids", audit.ids), std::pair("different", audit.different),
                std::pair("duplicates", audit.duplicates), std::pair("missing", audit.missing),
                std::pair("gaps", audit.gaps), std::pair("descents", audit.descents)}) {
            lua_pushnumber(L, static_cast<double>(number));
            lua_setfield(L, -2, name);
          }
          lua_pushstring(L, audit.smallest.c_str());
          lua_setfield(L, -2, "smallest");
          lua_pushstring(L, audit.largest.c_str());
          lua_setfield(L, -2, "largest");
          return 1;
        },
}};

}  // namespace
}  // namespace syslab
