#include <map>

#include "core/replicate/basic_crdt.hpp"
#include "core/replicate/version_vector.hpp"

// Sets, registers and maps that know what their operations had seen: or_set, mv_register, or_map.
//
// All three are one structure: keys, each with the dots of the writes to it that nobody has replaced, each
// dot with its value; and the context, the dots of all writes that ever were known here. A dot that is in a
// context and not among its keys was removed; so what is gone leaves nothing behind, no tombstone, but a
// place in a version vector that is there anyway (Bieniusa et al. 2012, "An Optimized Conflict-free
// Replicated Set").
//
//       ours                       theirs                     joined
//       milk: a1                   milk:                      milk:            a1 is known there and gone
//       eggs: a2                   eggs: a2 b1                eggs: a2 b1      b1 is not known here: new
//       context a1 a2              context a1 a2 b1           context a1 a2 b1
//
// A delta of an add or a put has the new dot, and in its context also the dots that it replaces; one of a
// remove has a context only (Almeida et al. 2018, figures 8 and 9). An or_set's values are `true`, an
// mv_register is one key. Cost: an operation O(log n); a merge O(d log n) of d dots in theirs or covered by
// their context.

namespace syslab {
namespace {

using Siblings = std::map<Dot, Value>;

// A list {replica, counter}, and the value where it is not `true`.
Value encode_dot(const Dot& dot, const Value& value) {
  Value::List list = {dot.replica, static_cast<double>(dot.counter)};
  if (value != Value(true)) list.push_back(value);
  return Value::list(std::move(list));
}

struct DotMap {
  void put(const CrdtOptions& options, const Value& key, Value value, DotMap& delta) const {
    const Dot dot = context.next(options.replica);
    delta.insert(key, dot, std::move(value));
    delta.context.add(dot);
  }
  // Of the dots of the key, those that `seen` covers.
  void replace(const Value& key, const CausalContext* seen, DotMap& delta) const {
    const auto found = keys.find(key);
    if (found == keys.end()) return;
    for (const auto& [dot, value] : found->second) {
      if (seen == nullptr || seen->covers(dot)) delta.context.add(dot);
    }
  }

  bool join(const DotMap& other, CrdtBug bug) {
    bool news = false;
    if (bug != CrdtBug::forgets_removals) news = drop_what_is_gone(other);
    for (const auto& [key, siblings] : other.keys) {
      for (const auto& [dot, value] : siblings) {
        if (places.contains(dot) || (context.covers(dot) && bug != CrdtBug::forgets_removals)) continue;
        insert(key, dot, value);
        news = true;
      }
      if (bug == CrdtBug::drops_sibling) keep_last(key);
    }
    return context.merge(other.context) || news;
  }

  // Requires: the dot has no place yet.
  void insert(const Value& key, const Dot& dot, Value value) {
    keys[key].emplace(dot, std::move(value));
    places.emplace(dot, key);
  }

  Value encode() const {
    Value::List list = {context.encode()};
    for (const auto& [key, siblings] : keys) {
      Value::List entry = {key};
      for (const auto& [dot, value] : siblings) entry.push_back(encode_dot(dot, value));
      list.push_back(Value::list(std::move(entry)));
    }
    return Value::list(std::move(list));
  }

  static Expected<DotMap> decode(const Value& value) {
    const Error error = make_error("malformed", "that is no state of a set, register or map with dots");
    if (!value.is_list() || value.list().empty()) return error;
    const auto context = CausalContext::decode(value.list()[0]);
    if (!context) return context.error();
    DotMap map;
    map.context = *context;
    for (std::size_t i = 1; i < value.list().size(); ++i) {
      const Value& entry = value.list()[i];
      if (!entry.is_list() || entry.list().size() < 2) return error;
      for (std::size_t d = 1; d < entry.list().size(); ++d) {
        const Value& item = entry.list()[d];
        if (!item.is_list() || item.list().size() < 2 || item.list().size() > 3) return error;
        const auto counter = whole_number(item.list()[1]);
        if (!item.list()[0].is_string() || !counter) return error;
        const Dot dot{std::string(item.list()[0].string()), *counter};
        if (!map.context.covers(dot) || map.places.contains(dot)) return error;
        map.insert(entry.list()[0], dot, item.list().size() == 3 ? item.list()[2] : Value(true));
      }
    }
    return map;
  }

  std::map<Value, Siblings> keys = {};  // none is without a dot
  std::map<Dot, Value> places = {};     // the key of each dot
  CausalContext context = {};           // covers all of them

 private:
  // Our dots that they know and do not have.
  bool drop_what_is_gone(const DotMap& other) {
    std::vector<Dot> gone;
    for (const auto& [replica, counter] : other.context.vector().entries()) {
      for (auto at = places.lower_bound({replica, 0}); at != places.end(); ++at) {
        if (at->first.replica != replica || at->first.counter > counter) break;
        if (!other.places.contains(at->first)) gone.push_back(at->first);
      }
    }
    for (const Dot& dot : other.context.others()) {
      if (places.contains(dot) && !other.places.contains(dot)) gone.push_back(dot);
    }
    for (const Dot& dot : gone) remove(dot);
    return !gone.empty();
  }

  void remove(const Dot& dot) {
    const auto place = places.find(dot);
    const auto key = keys.find(place->second);
    key->second.erase(dot);
    if (key->second.empty()) keys.erase(key);
    places.erase(place);
  }

  void keep_last(const Value& key) {
    const auto found = keys.find(key);
    while (found != keys.end() && found->second.size() > 1) remove(Dot(found->second.begin()->first));
  }
};

// The three types differ in their operations and in what they show. `Type` has these.
template <class Type>
struct DotState {
  static constexpr std::string_view kName = Type::kName;

  Expected<DotState> mutate(const CrdtOptions& options, const Value& operation) const {
    Expected<DotMap> delta = Type::mutate(map, options, operation);
    if (!delta) return delta.error();
    return DotState{std::move(*delta)};
  }
  bool join(const DotState& other, CrdtBug bug) { return map.join(other.map, bug); }
  Value value() const { return Type::value(map); }
  Value encode() const { return map.encode(); }
  static Expected<DotState> decode(const Value& value) {
    Expected<DotMap> map = DotMap::decode(value);
    if (!map) return map.error();
    return DotState{std::move(*map)};
  }

  DotMap map = {};
};

struct OrSet {
  static constexpr std::string_view kName = "or_set";

  static Expected<DotMap> mutate(const DotMap& map, const CrdtOptions& options, const Value& operation) {
    const bool add = operation["op"] == Value("add");
    if (!add && operation["op"] != Value("remove"))
      return no_such_operation(kName, "add and remove", operation);
    const Value& element = operation["value"];
    if (element.is_nil()) return make_error("malformed", "which 'value'?");
    DotMap delta;
    map.replace(element, nullptr, delta);
    if (add) map.put(options, element, true, delta);
    return delta;
  }

  static Value value(const DotMap& map) {
    Value::List elements;
    for (const auto& [element, dots] : map.keys) elements.push_back(element);
    return Value::list(std::move(elements));
  }
};

struct MvRegister {
  static constexpr std::string_view kName = "mv_register";

  static Expected<DotMap> mutate(const DotMap& map, const CrdtOptions& options, const Value& operation) {
    if (operation["op"] != Value("set")) return no_such_operation(kName, "set", operation);
    if (operation["value"].is_nil()) return make_error("malformed", "which 'value'?");
    DotMap delta;
    if (operation["context"].is_nil() || options.bug == CrdtBug::ignores_context) {
      map.replace("", nullptr, delta);
    } else {
      const auto seen = CausalContext::decode(operation["context"]);
      if (!seen) return seen.error();
      map.replace("", &*seen, delta);
    }
    map.put(options, "", operation["value"], delta);
    return delta;
  }

  static Value value(const DotMap& map) {
    Value::List values;
    const auto found = map.keys.find(Value(""));
    if (found != map.keys.end()) {
      for (const auto& [dot, value] : found->second) values.push_back(value);
    }
    return Value::list(std::move(values));
  }
};

struct OrMap {
  static constexpr std::string_view kName = "or_map";

  static Expected<DotMap> mutate(const DotMap& map, const CrdtOptions& options, const Value& operation) {
    const bool put = operation["op"] == Value("put");
    if (!put && operation["op"] != Value("remove"))
      return no_such_operation(kName, "put and remove", operation);
    const Value& field = operation["field"];
    if (!field.is_string()) return make_error("malformed", "'field' is a text, not " + field.json());
    if (put && operation["value"].is_nil()) return make_error("malformed", "which 'value'?");
    DotMap delta;
    map.replace(field, nullptr, delta);
    if (put) map.put(options, field, operation["value"], delta);
    return delta;
  }

  static Value value(const DotMap& map) {
    Value::Map fields;
    for (const auto& [field, siblings] : map.keys) {
      Value::List values;
      for (const auto& [dot, value] : siblings) values.push_back(value);
      fields.emplace_back(field.is_string() ? std::string(field.string()) : field.json(),
                          Value::list(std::move(values)));
    }
    return Value::map(std::move(fields));
  }
};

static_assert(CrdtState<DotState<OrSet>>);

}  // namespace

std::unique_ptr<Crdt> make_or_set(CrdtOptions options) {
  return std::make_unique<BasicCrdt<DotState<OrSet>>>(std::move(options));
}

std::unique_ptr<Crdt> make_mv_register(CrdtOptions options) {
  return std::make_unique<BasicCrdt<DotState<MvRegister>>>(std::move(options));
}

std::unique_ptr<Crdt> make_or_map(CrdtOptions options) {
  return std::make_unique<BasicCrdt<DotState<OrMap>>>(std::move(options));
}

}  // namespace syslab
