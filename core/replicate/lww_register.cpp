#include <algorithm>
#include <map>
#include <tuple>

#include "core/replicate/basic_crdt.hpp"

// Last writer wins: of two writes the one with the later time stays, and the other is gone, whether its
// writer had seen the later one or not. A register, and a map in which each field is one; what was removed
// stays as a tombstone with its time, since an older put may still come.
//
// The time is the caller's: of a wall clock, if it likes to lose writes wherever the clock is behind. Where
// none is given it is one more than the latest that is known here, a Lamport clock. Equal times are settled
// by the names of the replicas, and where one replica gave a time twice, by the values: everybody has to come
// to the same. Source: Johnson & Thomas 1975, RFC 677, "The Maintenance of Duplicate Databases".

namespace syslab {
namespace {

struct Cell {
  double time = 0;
  std::string replica = {};
  Value value = {};  // nil: removed

  bool before(const Cell& other) const {
    return std::tie(time, replica, value) < std::tie(other.time, other.replica, other.value);
  }
};

struct LwwCells {
  Expected<double> time_of(const Value& operation) const {
    const Value& given = operation["time"];
    if (given.is_number()) return given.number();
    if (!given.is_nil()) return make_error("malformed", "'time' is a number, not " + given.json());
    double latest = 0;
    for (const auto& [key, cell] : cells) latest = std::max(latest, cell.time);
    return latest + 1;
  }

  bool join(const LwwCells& other, CrdtBug bug) {
    bool news = false;
    for (const auto& [key, theirs] : other.cells) {
      const auto [at, inserted] = cells.emplace(key, theirs);
      news |= inserted;
      if (inserted) continue;
      Cell& ours = at->second;
      const bool later = bug == CrdtBug::keeps_latest   ? ours.before(theirs) || theirs.before(ours)
                         : bug == CrdtBug::no_tie_break ? ours.time < theirs.time
                                                        : ours.before(theirs);
      if (!later) continue;
      // Without its tombstone, what was removed is a field that never was.
      if (theirs.value.is_nil() && bug == CrdtBug::forgets_removals) {
        cells.erase(at);
      } else {
        ours = theirs;
      }
      news = true;
    }
    return news;
  }

  // A list of {key, time, replica}, and the value where it is there.
  Value encode() const {
    Value::List list;
    for (const auto& [key, cell] : cells) {
      Value::List entry = {key, cell.time, cell.replica};
      if (!cell.value.is_nil()) entry.push_back(cell.value);
      list.push_back(Value::list(std::move(entry)));
    }
    return Value::list(std::move(list));
  }

  static Expected<LwwCells> decode(const Value& value) {
    const Error error = make_error("malformed", "that is no state of a last-write-wins register or map");
    if (!value.is_list()) return error;
    LwwCells cells;
    for (const Value& entry : value.list()) {
      if (!entry.is_list() || entry.list().size() < 3 || entry.list().size() > 4) return error;
      const Value::List& e = entry.list();
      if (!e[0].is_string() || !e[1].is_number() || !e[2].is_string()) return error;
      cells.cells[std::string(e[0].string())] = {e[1].number(), std::string(e[2].string()),
                                                 e.size() == 4 ? e[3] : Value()};
    }
    return cells;
  }

  std::map<std::string, Cell, std::less<>> cells = {};
};

// A register is a map with one field.
template <class Type>
struct LwwState {
  static constexpr std::string_view kName = Type::kName;

  Expected<LwwState> mutate(const CrdtOptions& options, const Value& operation) const {
    const Expected<std::string> field = Type::field_of(operation);
    if (!field) return field.error();
    const bool remove = operation["op"] == Value("remove");
    if (!remove && operation["value"].is_nil()) return make_error("malformed", "which 'value'?");
    const Expected<double> time = map.time_of(operation);
    if (!time) return time.error();
    LwwState delta;
    delta.map.cells[*field] = {*time, options.replica, remove ? Value() : operation["value"]};
    return delta;
  }
  bool join(const LwwState& other, CrdtBug bug) { return map.join(other.map, bug); }
  Value value() const { return Type::value(map); }
  Value encode() const { return map.encode(); }
  static Expected<LwwState> decode(const Value& value) {
    Expected<LwwCells> cells = LwwCells::decode(value);
    if (!cells) return cells.error();
    return LwwState{std::move(*cells)};
  }

  LwwCells map = {};
};

struct LwwRegister {
  static constexpr std::string_view kName = "lww_register";

  static Expected<std::string> field_of(const Value& operation) {
    if (operation["op"] != Value("set")) return no_such_operation(kName, "set", operation);
    return std::string();
  }
  static Value value(const LwwCells& map) {
    const auto found = map.cells.find("");
    return found == map.cells.end() ? Value() : found->second.value;
  }
};

struct LwwMap {
  static constexpr std::string_view kName = "lww_map";

  static Expected<std::string> field_of(const Value& operation) {
    if (operation["op"] != Value("put") && operation["op"] != Value("remove")) {
      return no_such_operation(kName, "put and remove", operation);
    }
    const Value& field = operation["field"];
    if (!field.is_string()) return make_error("malformed", "'field' is a text, not " + field.json());
    return std::string(field.string());
  }
  static Value value(const LwwCells& map) {
    Value::Map fields;
    for (const auto& [field, cell] : map.cells) {
      if (!cell.value.is_nil()) fields.emplace_back(field, cell.value);
    }
    return Value::map(std::move(fields));
  }
};

static_assert(CrdtState<LwwState<LwwMap>>);

}  // namespace

std::unique_ptr<Crdt> make_lww_register(CrdtOptions options) {
  return std::make_unique<BasicCrdt<LwwState<LwwRegister>>>(std::move(options));
}

std::unique_ptr<Crdt> make_lww_map(CrdtOptions options) {
  return std::make_unique<BasicCrdt<LwwState<LwwMap>>>(std::move(options));
}

}  // namespace syslab
