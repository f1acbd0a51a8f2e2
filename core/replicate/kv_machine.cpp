#include "core/replicate/kv_machine.hpp"

namespace syslab {

KvMachine::Session KvMachine::perform(const Value& command) {
  const Value& key = command["key"];
  const Value& given = command["type"];
  const std::string_view type = given.is_string() ? given.string() : std::string_view();
  if (type == "read") return {0, read(key), false};
  Value& cell = cells_[key];
  if (type == "cas" && !(cell == command["expected"])) return {0, cell, true};
  cell = command["value"];
  return {0, cell, false};
}

Result KvMachine::execute(const Value& command) {
  const Value& client = command["client"];
  const double seq = command["seq"].is_number() ? command["seq"].number() : 0;
  Session done;
  if (client.is_string() && seq > 0) {
    auto session = sessions_.find(client.string());
    if (session == sessions_.end()) session = sessions_.emplace(client.string(), Session()).first;
    if (session->second.seq < seq) {
      session->second = perform(command);
      session->second.seq = seq;
    }
    done = session->second;
  } else {
    done = perform(command);
  }
  if (done.conflict) return make_error("conflict", "the value was " + done.value.json());
  return done.value;
}

Value KvMachine::read(const Value& key) const {
  const auto cell = cells_.find(key);
  return cell == cells_.end() ? Value() : cell->second;
}

Value KvMachine::snapshot() const {
  Value::List cells;
  for (const auto& [key, value] : cells_) cells.push_back(Value::list({key, value}));
  Value::Map sessions;
  for (const auto& [client, s] : sessions_) {
    sessions.emplace_back(client, Value::map({{"seq", s.seq}, {"value", s.value}, {"conflict", s.conflict}}));
  }
  return Value::map(
      {{"cells", Value::list(std::move(cells))}, {"sessions", Value::map(std::move(sessions))}});
}

void KvMachine::restore(const Value& snapshot) {
  cells_.clear();
  sessions_.clear();
  for (const Value& cell : snapshot["cells"].list()) cells_[cell.list()[0]] = cell.list()[1];
  for (const auto& [client, s] : snapshot["sessions"].map()) {
    sessions_[client] = {s["seq"].number(), s["value"], s["conflict"].truthy()};
  }
}

}  // namespace syslab
