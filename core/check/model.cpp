#include "core/check/model.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"

namespace syslab {
namespace {

using Type = Event::Type;

// A compare-and-set that failed tells that the value was another one only if the comparison was made. A
// client that was refused for another reason (not the leader, no connection) learnt nothing.
bool compared(const Event& failure) {
  return failure.error.is_nil() || failure.error.string() == "conflict";
}

// What a compare-and-set expects and what it puts: [old, new] or a map {expected, value}, in which nil may be
// left out.
std::optional<std::pair<Value, Value>> exchange_of(const Value& argument) {
  if (argument.is_list() && argument.list().size() == 2)
    return std::pair{argument.list()[0], argument.list()[1]};
  if (!argument.is_map()) return std::nullopt;
  for (const auto& [name, value] : argument.map()) {
    if (name != "expected" && name != "value") return std::nullopt;
  }
  return std::pair{argument["expected"], argument["value"]};
}

// A register, or one register a key: read, write and compare-and-set, and for the key-value model also the
// names that such stores use. One class, because the search and the semantics are the same.
class Register : public Model {
 public:
  struct Verb {
    std::string_view f;
    std::uint8_t verb;
  };

  Register(std::string_view name, std::string_view summary, std::vector<Verb> verbs)
      : name_(name), summary_(summary), verbs_(std::move(verbs)) {}

  static constexpr std::uint8_t kRead = 0, kWrite = 1, kCas = 2, kCasFailed = 3, kAppend = 4, kDelete = 5;

  std::string_view name() const override { return name_; }
  std::string_view summary() const override { return summary_; }
  Value initial() const override { return {}; }

  Expected<std::optional<Action>> action(const Event& invocation, const Event* completion) const override {
    const auto known =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const Verb& v) { return v.f == invocation.f; });
    if (known == verbs_.end()) {
      std::string all;
      for (const Verb& v : verbs_) all += (all.empty() ? "" : ", ") + std::string(v.f);
      return make_error("unknown", "the model " + std::string(name_) + " has no operation '" + invocation.f +
                                       "': expected one of " + all);
    }
    const bool failed = completion != nullptr && completion->type == Type::fail;
    const bool happened = completion != nullptr && completion->type == Type::ok;
    switch (known->verb) {
      case kRead:
        if (!happened) return std::optional<Action>();
        return std::optional(Action{kRead, true, false, completion->value, {}});
      case kCas: {
        const auto exchange = exchange_of(invocation.value);
        if (!exchange) {
          return make_error("unknown", "expected [old, new] or {expected, value} as the value of " +
                                           invocation.f + ", got " + invocation.value.json());
        }
        const auto& [from, to] = *exchange;
        if (failed && !compared(*completion)) return std::optional<Action>();
        if (failed) return std::optional(Action{kCasFailed, true, false, from, {}});
        return std::optional(Action{kCas, from == to, false, from, to});
      }
      case kAppend:
        if (!invocation.value.is_string()) {
          return make_error("unknown",
                            "expected a string as the value of append, got " + invocation.value.json());
        }
        [[fallthrough]];
      default:
        if (failed) return std::optional<Action>();
        if (known->verb == kDelete) return std::optional(Action{kWrite, false, true, {}, {}});
        return std::optional(Action{known->verb, false, known->verb == kWrite, invocation.value, {}});
    }
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    switch (action.verb) {
      case kRead:
        // A string that was only ever appended to starts empty; stores differ in whether they answer "" or
        // nil then.
        if (state == action.a || (appends_ && state.is_nil() && action.a == Value(""))) return state;
        return std::nullopt;
      case kWrite:
        return action.a;
      case kCas:
        if (state == action.a) return action.b;
        return std::nullopt;
      case kCasFailed:
        if (state == action.a) return std::nullopt;
        return state;
      default: {
        if (!state.is_nil() && !state.is_string()) return std::nullopt;
        std::string text(state.is_nil() ? std::string_view() : state.string());
        return Value(text.append(action.a.string()));
      }
    }
  }

  std::string describe(const Event& invocation, const Event* completion) const override {
    const Type type = completion == nullptr ? Type::info : completion->type;
    const auto known =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const Verb& v) { return v.f == invocation.f; });
    std::string text = invocation.f;
    if (known != verbs_.end() && known->verb == kRead) {
      if (type == Type::ok) text.append(" ").append(show(completion->value));
    } else if (const auto exchange = exchange_of(invocation.value);
               exchange && known != verbs_.end() && known->verb == kCas) {
      text.append(" ").append(show(exchange->first)).append(" -> ").append(show(exchange->second));
    } else if (!invocation.value.is_nil() || (known != verbs_.end() && known->verb == kWrite)) {
      text.append(" ").append(show(invocation.value));
    }
    if (type == Type::fail) text += " (failed)";
    if (type == Type::info) text += " (outcome unknown)";
    return text;
  }

 private:
  static std::string show(const Value& value) { return value.is_nil() ? "nil" : value.json(); }

  std::string_view name_, summary_;
  std::vector<Verb> verbs_;
  bool appends_ = std::any_of(verbs_.begin(), verbs_.end(), [](const Verb& v) { return v.verb == kAppend; });
};

}  // namespace

const std::vector<const Model*>& models() {
  static const std::vector<Register::Verb> kRegister = {
      {"cas", Register::kCas}, {"read", Register::kRead}, {"write", Register::kWrite}};
  static const Register cas_register("cas-register",
                                     "a register with compare-and-set; another name of register", kRegister);
  static const Register kv("kv", "a key-value store: a value a key, nil where there is none",
                           {{"append", Register::kAppend},
                            {"cas", Register::kCas},
                            {"delete", Register::kDelete},
                            {"get", Register::kRead},
                            {"put", Register::kWrite},
                            {"read", Register::kRead},
                            {"write", Register::kWrite}});
  static const Register plain(
      "register", "one value, or one a key: read, write, cas [old, new]; nil at first", kRegister);
  static const std::vector<const Model*> all = {&cas_register, &kv, &plain};
  return all;
}

Expected<const Model*> model_named(std::string_view name) {
  std::vector<std::string> names;
  std::string all;
  for (const Model* model : models()) {
    if (model->name() == name) return model;
    names.emplace_back(model->name());
    all += (all.empty() ? "" : ", ") + names.back();
  }
  return make_error("not_found", "no model '" + std::string(name.substr(0, 100)) + "'" +
                                     did_you_mean(name, names) + "; the models are " + all);
}

}  // namespace syslab
