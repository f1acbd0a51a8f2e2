#include "core/check/model.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace syslab;
using Catch::Matchers::Contains;

namespace {

Event event(Event::Type type, std::string f, Value value = {}, Value error = {}) {
  Event e;
  e.type = type;
  e.f = std::move(f);
  e.value = std::move(value);
  e.error = std::move(error);
  return e;
}

}  // namespace

TEST_CASE("check: models are named, and a wrong name gets a suggestion", "[check]") {
  CHECK(std::is_sorted(models().begin(), models().end(),
                       [](const Model* a, const Model* b) { return a->name() < b->name(); }));
  CHECK_THAT(model_named("registr").error().message, Contains("did you mean 'register'?") && Contains("kv"));
  CHECK_THAT(model_named("").error().message, Contains("the models are"));
  CHECK_THAT(model_named("something else").error().message, !Contains("did you mean"));
}

TEST_CASE("model: an operation of unknown outcome acts like its success", "[check]") {
  const Model& model = **model_named("register");
  for (const Event& start :
       {event(Event::Type::invoke, "write", 1), event(Event::Type::invoke, "cas", Value::list({1, 2}))}) {
    const Event ok = event(Event::Type::ok, start.f), info = event(Event::Type::info, start.f);
    const auto success = model.action(start, &ok);
    REQUIRE(success->has_value());
    CHECK(**model.action(start, &info) == **success);
    CHECK(**model.action(start, nullptr) == **success);
  }
}

TEST_CASE("model: observing and blind actions are what they say", "[check]") {
  const Value states[] = {{}, 1, 2, "a"};
  for (const Model* model : models()) {
    for (const Event& start :
         {event(Event::Type::invoke, "read"), event(Event::Type::invoke, "write", 1),
          event(Event::Type::invoke, "put", 1), event(Event::Type::invoke, "cas", Value::list({1, 2})),
          event(Event::Type::invoke, "cas", Value::list({1, 1})), event(Event::Type::invoke, "append", "b"),
          event(Event::Type::invoke, "delete")}) {
      for (const Event::Type type : {Event::Type::ok, Event::Type::fail, Event::Type::info}) {
        const Event end = event(type, start.f, 1);
        const auto action = model->action(start, &end);
        if (!action || !*action) continue;
        for (const Value& state : states) {
          const auto next = model->step(state, **action);
          if ((*action)->observes && next) CHECK(*next == state);
          if ((*action)->blind) {
            REQUIRE(next.has_value());
            CHECK(*next == *model->step({}, **action));
          }
        }
      }
    }
  }
}

TEST_CASE("model: operations are told in words", "[check]") {
  const Model& model = **model_named("kv");
  const auto told = [&](const Event& start, Event::Type type, Value result = {}) {
    const Event end = event(type, start.f, std::move(result));
    return model.describe(start, &end);
  };
  CHECK(told(event(Event::Type::invoke, "get"), Event::Type::ok, 4) == "get 4");
  CHECK(told(event(Event::Type::invoke, "get"), Event::Type::ok) == "get nil");
  CHECK(told(event(Event::Type::invoke, "put", "x"), Event::Type::info) == "put \"x\" (outcome unknown)");
  CHECK(told(event(Event::Type::invoke, "cas", Value::list({1, {}})), Event::Type::fail) ==
        "cas 1 -> nil (failed)");
  CHECK(model.describe(event(Event::Type::invoke, "delete"), nullptr) == "delete (outcome unknown)");
}
