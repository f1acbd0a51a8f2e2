#include "core/check/causal.hpp"

#include "bindings/check/judgement.hpp"
#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

const Component causal{{
    .name = "check.causal",
    .summary = "Does everybody see causes before their effects? Of reads and writes of registers, no value "
               "written twice to "
               "a key; convergent: and are concurrent writes settled alike everywhere?",
    .params = {history_param(),
               boolean("convergent", "whether one order of each key's writes must fit everybody")
                   .optional("false")},
    .returns = judgement_returns(),
    .cost = "O(operations x processes)",
    .paper = "Ahamad et al. 1995; Bouajjani, Enea, Guerraoui & Hamza 2017, On verifying causal consistency",
    .example = R"(
local h = lab.history()
local function done(process, f, key, value)
  h:append{ process = process, type = "invoke", f = f, key = key, value = f == "write" and value or nil }
  h:append{ process = process, type = "ok", f = f, key = key, value = value }
end
done(1, "write", "question", 1)
done(2, "read", "question", 1); done(2, "write", "answer", 2)
done(3, "read", "answer", 2); done(3, "read", "question")   -- an answer without its question
return lab.check.causal(h).anomalies[1].name == "initial-read")",
    .make = [](lua_State* L, Arguments& a) -> int {
      CausalOptions options;
      options.convergent = a.boolean("convergent", false);
      return push_judgement(L, a, check_causal(*a.object<History>("history"), options));
    },
    .privileged = true,
}};

const std::vector<std::string>& guarantees() {
  static const std::vector<std::string> names = {"read-your-writes", "monotonic-reads", "monotonic-writes",
                                                 "writes-follow-reads"};
  return names;
}

const Component session{{
    .name = "check.session",
    .summary = "Does each process keep the session guarantees: read your writes, monotonic reads, monotonic "
               "writes, writes "
               "follow reads? Of registers, no value written twice to a key.",
    .params = {history_param(), choice("guarantee", guarantees(), "which one").optional("all four")},
    .returns = judgement_returns(),
    .cost = "O(operations x operations of a key) at worst",
    .paper = "Terry et al. 1994, Session guarantees for weakly consistent replicated data",
    .example = R"(
local h = lab.history()
local function done(process, f, key, value)
  h:append{ process = process, type = "invoke", f = f, key = key, value = f == "write" and value or nil }
  h:append{ process = process, type = "ok", f = f, key = key, value = value }
end
done(1, "write", "name", "Ada"); done(1, "read", "name")
return lab.check.session(h).anomalies[1].name == "read-your-writes")",
    .make = [](lua_State* L, Arguments& a) -> int {
      SessionOptions options;
      if (a.has("guarantee")) {
        const std::string one = a.string("guarantee");
        options = {one == guarantees()[0], one == guarantees()[1], one == guarantees()[2],
                   one == guarantees()[3]};
      }
      return push_judgement(L, a, check_session(*a.object<History>("history"), options));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
