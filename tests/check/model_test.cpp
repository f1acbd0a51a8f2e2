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

TEST_CASE("model: observing and blind actions are what they say, and repeatable ones come to an end",
          "[check]") {
  const std::vector<Event> asked = {
      event(Event::Type::invoke, "read"),        event(Event::Type::invoke, "write", 1),
      event(Event::Type::invoke, "put", 1),      event(Event::Type::invoke, "cas", Value::list({1, 2})),
      event(Event::Type::invoke, "get"),         event(Event::Type::invoke, "cas", Value::list({1, 1})),
      event(Event::Type::invoke, "append", "b"), event(Event::Type::invoke, "delete"),
      event(Event::Type::invoke, "add", 1),      event(Event::Type::invoke, "remove", 1),
      event(Event::Type::invoke, "contains", 1), event(Event::Type::invoke, "enqueue", 1),
      event(Event::Type::invoke, "dequeue"),     event(Event::Type::invoke, "acquire"),
      event(Event::Type::invoke, "release"),     event(Event::Type::invoke, "increment")};
  for (const Model* model : models()) {
    std::vector<Action> actions;
    for (const Event& start : asked) {
      for (const Event::Type type : {Event::Type::ok, Event::Type::fail, Event::Type::info}) {
        for (const Value& answer : {Value(1), Value(), Value(true), Value::list({1})}) {
          const Event end = event(type, start.f, answer);
          const auto action = model->action(start, &end);
          if (action && *action) actions.push_back(**action);
        }
      }
    }
    INFO(model->name());
    REQUIRE(actions.size() > 2);
    std::vector<Value> states = {model->initial()};  // and what is reached in three steps
    for (std::size_t i = 0, depth = 0, end = 1; depth < 3; ++depth, end = states.size()) {
      for (; i < end; ++i) {
        for (const Action& action : actions) {
          const auto next = model->step(states[i], action);
          if (next && std::find(states.begin(), states.end(), *next) == states.end()) states.push_back(*next);
        }
      }
    }
    for (const Action& action : actions) {
      for (const Value& state : states) {
        const auto next = model->step(state, action);
        if (action.observes && next) CHECK(*next == state);
        if (action.blind) {
          REQUIRE(next.has_value());
          CHECK(*next == *model->step(model->initial(), action));
        }
        if (!action.observes && next && model->repeatable(action)) {
          Value now = *next;
          for (int i = 0; i < 20; ++i) now = model->step(now, action).value_or(now);
          CHECK(model->step(now, action).value_or(now) == now);
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
