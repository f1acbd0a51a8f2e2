#include "core/event/saga.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bindings/host/convert.hpp"
#include "bindings/resilience/filter.hpp"
#include "core/base/nearest.hpp"
#include "core/event/orchestrator.hpp"

namespace syslab {
namespace {

// Reads the entries of one table of the option `sagas`, and complains of what is not as it should be.
class Reader {
 public:
  Reader(const Arguments& a, const Value& given, std::string where, const std::vector<std::string>& known)
      : a_(a), given_(given), where_(std::move(where)) {
    if (!given.is_map()) a.reject("sagas", fmt::format("{} is no table with names", where_));
    for (const auto& [name, value] : given.map()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        a.reject("sagas", fmt::format("there is no '{}' in {}{}", name, where_, did_you_mean(name, known)));
      }
    }
  }
  std::string text(const char* name, bool required) const {
    const Value& v = given_[name];
    if (v.is_nil() && !required) return {};
    if (!v.is_string() || v.string().empty()) {
      a_.reject("sagas", fmt::format("{} needs a text as its '{}'", where_, name));
    }
    return std::string(v.string());
  }
  double number(const char* name, double otherwise, double least) const {
    const Value& v = given_[name];
    if (v.is_nil()) return otherwise;
    if (!v.is_number() || !(v.number() >= least) || !(v.number() <= 1e15)) {
      a_.reject("sagas", fmt::format("'{}' of {} is no number of at least {}", name, where_, least));
    }
    return v.number();
  }
  Duration duration(const char* name, Duration otherwise) const {
    return given_[name].is_nil() ? otherwise : from_seconds(number(name, 0, 0));
  }

 private:
  const Arguments& a_;
  const Value& given_;
  std::string where_;
};

SagaStep step_of(const Arguments& a, const Value& given, const std::string& saga, std::size_t i) {
  const Reader read(a, given, fmt::format("step {} of '{}'", i, saga),
                    {"name", "to", "action", "compensation", "body", "timeout", "attempts", "pivot"});
  SagaStep step;
  step.name = read.text("name", true);
  step.to = read.text("to", true);
  step.action = given["action"].is_nil() ? step.name : read.text("action", true);
  step.compensation = read.text("compensation", false);
  step.body = given["body"];
  step.timeout = read.duration("timeout", step.timeout);
  if (step.timeout <= Duration::zero()) a.reject("sagas", "a timeout is above 0");
  step.attempts = static_cast<std::uint64_t>(std::floor(read.number("attempts", 3, 1)));
  step.pivot = given["pivot"].truthy();
  return step;
}

SagaDefinition definition_of(const Arguments& a, const std::string& name, const Value& given) {
  const Reader read(a, given, fmt::format("'{}'", name),
                    {"steps", "wait", "wait_max", "deadline", "undo_attempts"});
  SagaDefinition d;
  d.name = name;
  d.wait = read.duration("wait", d.wait);
  d.wait_max = read.duration("wait_max", std::max(d.wait, d.wait_max));
  d.deadline = read.duration("deadline", d.deadline);
  d.undo_attempts = static_cast<std::uint64_t>(std::floor(read.number("undo_attempts", 0, 0)));
  if (!given["steps"].is_list() || given["steps"].list().empty()) {
    a.reject("sagas",
             fmt::format("'{}' needs steps: {{ {{ name =, to =, action =, compensation = }} }}", name));
  }
  for (const Value& step : given["steps"].list()) {
    d.steps.push_back(step_of(a, step, name, d.steps.size() + 1));
    for (std::size_t i = 0; i + 1 < d.steps.size(); ++i) {
      if (d.steps[i].name == d.steps.back().name) {
        a.reject("sagas", fmt::format("two steps of '{}' are called '{}'", name, d.steps[i].name));
      }
    }
  }
  return d;
}

const Component saga{{
    .name = "event.saga",
    .summary =
        "An orchestrator of sagas behind a service: steps in order, retries, timeouts, compensations in the "
        "reverse order, and all of it goes on after a crash. Requests: start, status, resume, sagas.",
    .params =
        {table("sagas",
               "{ NAME = { steps = { { name =, to = NODE, action =, compensation =, timeout =, attempts =, "
               "pivot =, body = } }, deadline =, wait =, wait_max =, undo_attempts = } }"),
         boolean("durable", "sagas survive a crash of the orchestrator").optional("true"),
         object("history", "History", "beginnings and ends are recorded there, for lab.check.saga")
             .optional("none")},
    .returns = "Filter",
    .cost = "a write and a sync a step",
    .paper = "Garcia-Molina & Salem, Sagas, SIGMOD 1987",
    .example = R"(
local w = lab.world{ seed = 1 }
local done = {}
local function party(name, refuses)
  w:service(name, { handler = function(r)
    if refuses then return nil, { code = "no_money", message = "the card was declined", definite = true } end
    done[#done + 1] = r.type .. " " .. r.saga
    return true
  end })
end
party("stock"); party("parcels"); party("bank", true)
local sagas = w:service("sagas", { slots = 8, filters = { lab.event.saga{ sagas = { order = { steps = {
  { name = "reserve", to = "stock", compensation = "release" },
  { name = "pack", to = "parcels", compensation = "unpack" },
  { name = "pay", to = "bank", compensation = "refund" } } } } } } })
local _, err = sagas:call{ type = "start", saga = "order", id = "7", timeout = 10 }
return err.code == "SagaAborted" and table.concat(done, ", ") == "reserve 7, pack 7, unpack 7, release 7"
  and sagas:call{ type = "status", id = "7" }.state == "compensated")",
    .make =
        [](lua_State* L, Arguments& a) {
          OrchestratorOptions o;
          const Value given = to_value(L, a.index_of("sagas"));
          if (!given.is_map()) a.reject("sagas", "expected { order = { steps = { ... } } }");
          for (const auto& [name, definition] : given.map())
            o.sagas.push_back(definition_of(a, name, definition));
          o.durable = a.boolean("durable", true);
          o.history = a.object<History>("history");
          return push_filter(L, "saga", make_orchestrator(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
