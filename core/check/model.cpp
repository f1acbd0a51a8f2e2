#include "core/check/model.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"
#include "core/check/machine.hpp"

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

std::string show(const Value& value) {
  return value.is_nil() ? "nil" : value.json();
}

const char* ending(Type type) {
  return type == Type::fail ? " (failed)" : type == Type::info ? " (outcome unknown)" : "";
}

// A register, or one register a key: read, write and compare-and-set, and for the key-value model also the
// names that such stores use. One class, because the search and the semantics are the same.
class Register : public VerbModel {
 public:
  using VerbModel::VerbModel;

  static constexpr std::uint8_t kRead = 0, kWrite = 1, kCas = 2, kCasFailed = 3, kAppend = 4, kDelete = 5;

  Expected<std::optional<Action>> action(const Event& invocation, const Event* completion) const override {
    const auto known = verb_of(invocation);
    if (!known) return known.error();
    const bool failed = completion != nullptr && completion->type == Type::fail;
    const bool happened = completion != nullptr && completion->type == Type::ok;
    switch (*known) {
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
        if (*known == kDelete) return std::optional(Action{kWrite, false, true, {}, {}});
        return std::optional(Action{*known, false, *known == kWrite, invocation.value, {}});
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

  bool repeatable(const Action& action) const override { return action.verb != kAppend; }

  std::string describe(const Event& invocation, const Event* completion) const override {
    const Verb* known = find(invocation);
    const auto exchange = exchange_of(invocation.value);
    if (!exchange || known == nullptr || known->verb != kCas)
      return VerbModel::describe(invocation, completion);
    return invocation.f + " " + show(exchange->first) + " -> " + show(exchange->second) +
           ending(completion == nullptr ? Type::info : completion->type);
  }

 private:
  bool appends_ =
      std::any_of(verbs().begin(), verbs().end(), [](const Verb& v) { return v.verb == kAppend; });
};

}  // namespace

Value unshared(const Value& value) {
  switch (value.type()) {
    case Value::Type::string:
      return Value(value.string());
    case Value::Type::list: {
      Value::List items;
      items.reserve(value.list().size());
      for (const Value& item : value.list()) items.push_back(unshared(item));
      return Value::list(std::move(items));
    }
    case Value::Type::map: {
      Value::Map entries;
      entries.reserve(value.map().size());
      for (const auto& [name, item] : value.map()) entries.emplace_back(name, unshared(item));
      return Value::map(std::move(entries));
    }
    default:
      return value;
  }
}

const VerbModel::Verb* VerbModel::find(const Event& invocation) const {
  const auto known =
      std::find_if(verbs_.begin(), verbs_.end(), [&](const Verb& v) { return v.f == invocation.f; });
  return known == verbs_.end() ? nullptr : &*known;
}

Expected<std::uint8_t> VerbModel::verb_of(const Event& invocation) const {
  if (const Verb* known = find(invocation)) return known->verb;
  std::string all;
  for (const Verb& v : verbs_) all += (all.empty() ? "" : ", ") + std::string(v.f);
  return make_error("unknown", "the model " + std::string(name_) + " has no operation '" + invocation.f +
                                   "': expected one of " + all);
}

std::string VerbModel::describe(const Event& invocation, const Event* completion) const {
  const Type type = completion == nullptr ? Type::info : completion->type;
  std::string text = invocation.f;
  if (!invocation.value.is_nil() || invocation.f == "write" || invocation.f == "put")
    text.append(" ").append(show(invocation.value));
  // The answer, where it is not just the argument again, as Jepsen's logs have it.
  const Verb* known = find(invocation);
  const bool asks = known != nullptr && known->asks;
  if (type == Type::ok && (asks || (!completion->value.is_nil() && completion->value != invocation.value))) {
    text.append(invocation.value.is_nil() ? " " : " = ").append(show(completion->value));
  }
  return text + ending(type);
}

const std::vector<const Model*>& models() {
  static const std::vector<VerbModel::Verb> kRegister = {
      {"cas", Register::kCas}, {"read", Register::kRead, true}, {"write", Register::kWrite}};
  static const Register cas_register("cas-register",
                                     "a register with compare-and-set; another name of register", kRegister);
  static const Register kv("kv", "a key-value store: a value a key, nil where there is none",
                           {{"append", Register::kAppend},
                            {"cas", Register::kCas},
                            {"delete", Register::kDelete},
                            {"get", Register::kRead, true},
                            {"put", Register::kWrite},
                            {"read", Register::kRead, true},
                            {"write", Register::kWrite}});
  static const Register plain(
      "register", "one value, or one a key: read, write, cas [old, new]; nil at first", kRegister);
  static const std::vector<const Model*> all = [] {
    std::vector<const Model*> sorted = collection_models();
    sorted.insert(sorted.end(), {&cas_register, &kv, &plain});
    std::sort(sorted.begin(), sorted.end(),
              [](const Model* x, const Model* y) { return x->name() < y->name(); });
    return sorted;
  }();
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
