#include "core/check/sequential.hpp"

#include "bindings/check/judgement.hpp"
#include "bindings/host/lua_host.hpp"

namespace syslab {
namespace {

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Model* model : models()) names.emplace_back(model->name());
  return names;
}

const Component sequential{{
    .name = "check.sequential",
    .summary =
        "Is there one order of all operations, each process's own kept, that explains every answer? Real "
        "time does not count. Says ok, violated (with the operations that show it) or unknown.",
    .params =
        {history_param(),
         choice("model", model_names(), "what each key should behave like").optional("'register'"),
         count("steps", "how long to search before the verdict is unknown").optional("20 million"),
         size("memory", "what the search may remember before the verdict is unknown").optional("1 GiB")},
    .returns = judgement_returns("picture, "),
    .cost = "exponential in the number of processes, at worst",
    .paper =
        "Lamport 1979, How to make a multiprocessor computer that correctly executes multiprocess programs",
    .example = R"(
local h = lab.history()
local function done(process, f, key, value)
  h:append{ process = process, type = "invoke", f = f, key = key, value = f == "write" and value or nil }
  h:append{ process = process, type = "ok", f = f, key = key, value = value }
end
done(1, "write", "x", 1); done(2, "write", "y", 1)
done(1, "read", "y"); done(2, "read", "x")          -- neither saw the other's write
return lab.check.sequential(h).verdict == "violated")",
    .make = [](lua_State* L, Arguments& a) -> int {
      const auto model = model_named(a.string("model", "register"));
      SequentialOptions options;
      options.steps_max = a.count("steps", options.steps_max);
      options.memory_bytes_max = static_cast<std::size_t>(a.number("memory", 0x1p30));
      options.give_up = [L] { return LuaHost::of(L).interrupted(); };
      return push_judgement(L, a, check_sequential(*a.object<History>("history"), **model, options));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
