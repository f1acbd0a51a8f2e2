#include "core/observe/history.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTypes[] = {"invoke", "ok", "fail", "info"};
constexpr int kMaxDepth = 100;

std::optional<Event::Type> type_named(std::string_view name) {
  const auto* found = std::find(std::begin(kTypes), std::end(kTypes), name);
  if (found == std::end(kTypes)) return std::nullopt;
  return static_cast<Event::Type>(found - std::begin(kTypes));
}

Error malformed(std::string message) {
  return make_error("unknown", std::move(message));
}

Error at_line(std::size_t line, Error error) {
  error.message = "line " + std::to_string(line) + ": " + error.message;
  return error;
}

// What the reader found instead of what it wanted, short enough for one line of a terminal.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string shown;
  for (char c : text.substr(0, kLongest))
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  // Never cut a UTF-8 sequence in two.
  if (text.size() > kLongest) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80) shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
    shown += "...";
  }
  return "'" + shown + "'";
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// --- JSON lines
// --------------------------------------------------------------------------------------------------

Expected<Value> value_of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return Value();
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string:
      return Value(json.get_ref<const std::string&>());
    default:
      return Value::parse_json(json.dump());
  }
}

// Parsed by the JSON library and not by Value, because a time in nanoseconds needs all the 64 bits of an
// integer.
Expected<std::optional<Event>> parse_json_event(std::string_view line) {
  bool too_deep = false;
  Json json;
  try {
    json = Json::parse(line, [&](int depth, Json::parse_event_t, Json&) {
      too_deep = too_deep || depth > kMaxDepth;
      return !too_deep;
    });
  } catch (const Json::exception& e) {
    // The library names the place as a byte; its own texts speak of its internals.
    const auto* parse = dynamic_cast<const Json::parse_error*>(&e);
    return malformed("expected a JSON object, " + (parse != nullptr
                                                       ? "malformed at byte " + std::to_string(parse->byte)
                                                       : "a number is out of range"));
  }
  if (too_deep) return malformed("JSON is nested over 100 levels deep");
  if (!json.is_object()) return malformed("expected a JSON object, got " + excerpt(line));

  Event event;
  const auto field = [&](const char* name) -> const Json* {
    const auto it = json.find(name);
    return it == json.end() ? nullptr : &*it;
  };
  const Json* process = field("process");
  if (process == nullptr) return malformed("expected a field \"process\"");
  if (process->is_string())
    return std::optional<Event>();  // "nemesis": a remark on the run, not an operation
  if (!process->is_number_integer() ||
      (process->is_number_unsigned() && process->get<std::uint64_t>() > std::uint64_t{1} << 62)) {
    return malformed("expected an integer for \"process\", got " + excerpt(process->dump()));
  }
  event.process = process->get<std::int64_t>();

  const Json* type = field("type");
  const auto known =
      type != nullptr && type->is_string() ? type_named(type->get_ref<const std::string&>()) : std::nullopt;
  if (!known) {
    return malformed("expected \"type\" to be invoke, ok, fail or info" +
                     (type == nullptr ? std::string() : ", got " + excerpt(type->dump())));
  }
  event.type = *known;

  const Json* f = field("f");
  if (f == nullptr || !f->is_string() || f->get_ref<const std::string&>().empty()) {
    return malformed("expected \"f\", the name of the operation, to be a string");
  }
  event.f = f->get<std::string>();

  if (const Json* time = field("time"); time != nullptr && !time->is_null()) {
    const bool fits =
        time->is_number_integer() && !(time->is_number_unsigned() && time->get<std::uint64_t>() >> 63);
    if (!fits) return malformed("expected \"time\" in whole nanoseconds, got " + excerpt(time->dump()));
    event.time = Instant(Duration(time->get<std::int64_t>()));
  }
  for (const auto& [name, target] : {std::pair{"key", &event.key},
                                     {"value", &event.value},
                                     {"node", &event.node},
                                     {"error", &event.error}}) {
    if (const Json* given = field(name)) {
      auto value = value_of(*given);
      if (!value) return value.error();
      *target = *value;
    }
  }
  for (Value* text : {&event.node, &event.error}) {
    if (!text->is_nil() && !text->is_string()) *text = Value(text->json());
  }
  return std::optional<Event>(std::move(event));
}

// --- EDN, the notation of Jepsen's values
// --------------------------------------------------------------------------

// Reads the part of EDN that histories use: nil, booleans, numbers, strings, keywords and symbols (as
// strings), vectors, lists and sets (as lists), maps.
class EdnReader {
 public:
  explicit EdnReader(std::string_view text) : text_(text) {}

  // Skips what separates values, which in EDN includes the comma.
  void skip_space() {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ',')) ++at_;
  }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string_view rest() const { return text_.substr(at_); }

  Expected<Value> read(int depth = 0) {
    skip_space();
    if (depth > kMaxDepth) return malformed("the value is nested over 100 levels deep");
    if (at_ == text_.size()) return malformed("expected a value, got the end of the line");
    switch (text_[at_]) {
      case '"':
        return string();
      case '[':
        return list(']', depth);
      case '(':
        return list(')', depth);
      case '{':
        return map(depth);
      case ']':
      case ')':
      case '}':
        return malformed("expected a value, got " + excerpt(rest()));
      case '#':
        ++at_;
        if (peek() == '{') return list('}', depth);
        token();  // a tag says what its value means to Clojure; the value is enough here
        return read(depth + 1);
      default:
        return atom();
    }
  }

 private:
  std::string_view token() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) &&
           std::string_view(",[](){}\"").find(text_[at_]) == text_.npos)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Expected<Value> atom() {
    std::string_view word = token();
    if (word == "nil") return Value();
    if (word == "true" || word == "false") return Value(word == "true");
    if (word.starts_with(':')) {
      if (word.size() == 1) return malformed("expected a keyword after ':'");
      return Value(word.substr(1));
    }
    const bool signed_number = word.size() > 1 && (word[0] == '-' || word[0] == '+');
    if (!(word[0] >= '0' && word[0] <= '9') && !(signed_number && word[1] >= '0' && word[1] <= '9'))
      return Value(word);
    if (word[0] == '+') word.remove_prefix(1);
    if (word.size() > 1 && (word.back() == 'N' || word.back() == 'M')) word.remove_suffix(1);
    double number = 0;
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failed != std::errc() || end != word.data() + word.size()) {
      return malformed("expected a number, got " + excerpt(word));
    }
    return Value(number);
  }

  Expected<Value> string() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return Value(out);
      }
      if (c != '\\') {
        out += c;
        continue;
      }
      constexpr std::string_view kEscapes = "nrt\"\\", kMeanings = "\n\r\t\"\\";
      if (++at_ == text_.size()) break;
      const std::size_t known = kEscapes.find(text_[at_]);
      if (known == kEscapes.npos) return malformed("expected one of \\n \\r \\t \\\" \\\\ in a string");
      out += kMeanings[known];
    }
    return malformed("expected a closing '\"'");
  }

  Expected<Value> list(char close, int depth) {
    Value::List items;
    for (++at_;;) {
      if (at_end()) return malformed(std::string("expected a closing '") + close + "'");
      if (peek() == close) {
        ++at_;
        return Value::list(std::move(items));
      }
      auto item = read(depth + 1);
      if (!item) return item;
      items.push_back(std::move(*item));
    }
  }

  Expected<Value> map(int depth) {
    Value::Map entries;
    for (++at_;;) {
      if (at_end()) return malformed("expected a closing '}'");
      if (peek() == '}') {
        ++at_;
        return Value::map(std::move(entries));
      }
      auto key = read(depth + 1);
      if (!key) return key;
      if (at_end() || peek() == '}')
        return malformed("expected a value after the key " + excerpt(key->json()));
      auto value = read(depth + 1);
      if (!value) return value;
      entries.emplace_back(key->is_string() ? std::string(key->string()) : key->json(), std::move(*value));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_integer(const Value& value) {
  return value.is_number() && value.number() == std::floor(value.number()) &&
         std::fabs(value.number()) < 0x1p53;
}

Expected<std::optional<Event>> parse_edn_event(std::string_view line) {
  EdnReader reader(line);
  auto read = reader.read();
  if (!read) return read.error();
  if (!reader.at_end()) return malformed("expected one map a line, got more: " + excerpt(reader.rest()));
  const Value& map = *read;
  if (!map.is_map())
    return malformed("expected a map {:process ..., :type ..., :f ...}, got " + excerpt(line));

  Event event;
  const Value& process = map["process"];
  if (process.is_string()) return std::optional<Event>();  // :nemesis
  if (!is_integer(process)) return malformed("expected an integer for :process");
  event.process = static_cast<std::int64_t>(process.number());
  const auto type = map["type"].is_string() ? type_named(map["type"].string()) : std::nullopt;
  if (!type) return malformed("expected :type to be :invoke, :ok, :fail or :info");
  event.type = *type;
  if (!map["f"].is_string()) return malformed("expected :f, the name of the operation, to be a keyword");
  event.f = std::string(map["f"].string());
  event.key = map["key"];
  event.value = map["value"];
  if (!map["time"].is_nil()) {
    if (!is_integer(map["time"])) return malformed("expected :time in whole nanoseconds");
    event.time = Instant(Duration(static_cast<std::int64_t>(map["time"].number())));
  }
  for (const auto& [name, target] : {std::pair{"node", &event.node}, {"error", &event.error}}) {
    const Value& given = map[name];
    *target = given.is_nil() || given.is_string() ? given : Value(given.json());
  }
  return std::optional<Event>(std::move(event));
}

// --- Jepsen's log
// ----------------------------------------------------------------------------------------------------

struct Word {
  std::string_view text;
  std::size_t end;  // offset just after it
};

std::optional<Word> next_word(std::string_view line, std::size_t from) {
  while (from < line.size() && is_space(line[from])) ++from;
  if (from == line.size()) return std::nullopt;
  std::size_t end = from;
  while (end < line.size() && !is_space(line[end])) ++end;
  return Word{line.substr(from, end - from), end};
}

// An operation's line ends in `PROCESS :TYPE :F VALUE [ERROR]`, whatever the logger puts before it. What has
// no
// `:TYPE` after a number is another logger's line, or the nemesis speaking, and is passed over.
Expected<std::optional<Event>> parse_log_event(std::string_view line) {
  std::optional<Word> process, type;
  for (auto word = next_word(line, 0); word; word = next_word(line, word->end)) {
    if (word->text.starts_with(':') && type_named(word->text.substr(1)) && process) {
      type = word;
      break;
    }
    process = word;
  }
  if (!type) {
    // Half a line of jepsen.util, such as a log cut short, must not pass as noise.
    if (line.find("jepsen.util - ") != line.npos && process && line.find('\t') != line.npos &&
        line.find(":nemesis") == line.npos) {
      return malformed("expected 'PROCESS :TYPE :F VALUE' with type :invoke, :ok, :fail or :info, got " +
                       excerpt(line));
    }
    return std::optional<Event>();
  }
  Event event;
  const std::string_view number = process->text;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), event.process);
  if (failed != std::errc() || end != number.data() + number.size()) {
    const bool between_tabs =
        number.data() + number.size() < type->text.data() && *(type->text.data() - 1) == '\t';
    if (between_tabs && !number.starts_with(':')) {
      return malformed("expected the number of a process before " + std::string(type->text) + ", got " +
                       excerpt(number));
    }
    return std::optional<Event>();
  }
  event.type = *type_named(type->text.substr(1));
  const auto f = next_word(line, type->end);
  if (!f || f->text.size() < 2 || f->text[0] != ':') {
    return malformed("expected :read, :write or another operation after " + std::string(type->text));
  }
  event.f = std::string(f->text.substr(1));

  EdnReader reader(line.substr(f->end));
  reader.skip_space();
  const bool keyword = reader.peek() == ':';
  auto value = reader.read();
  if (!value) return value.error();
  if (keyword && event.type != Event::Type::invoke && event.type != Event::Type::ok) {
    event.error = *value;  // `:info :write :timed-out`: the reason stands in the value's place
  } else {
    event.value = *value;
  }
  if (!reader.at_end()) {  // newer logs add the error as a column of its own
    if (event.type == Event::Type::invoke || event.type == Event::Type::ok) {
      return malformed("expected the end of the line, got " + excerpt(reader.rest()));
    }
    const std::string_view reason = reader.rest();
    event.error = Value(reason.substr(reason.starts_with(':') ? 1 : 0));
  }
  return std::optional<Event>(std::move(event));
}

// --- Lines
// -------------------------------------------------------------------------------------------------------------

enum class Line { found, end, too_long };

// getline with a limit, so that a file without line ends cannot take all memory.
Line read_line(std::streambuf& in, std::string& line) {
  line.clear();
  for (;;) {
    const int c = in.sbumpc();
    if (c == std::char_traits<char>::eof()) return line.empty() ? Line::end : Line::found;
    if (c == '\n') return Line::found;
    if (line.size() == History::kMaxLineBytes) return Line::too_long;
    line += static_cast<char>(c);
  }
}

using LineParser = Expected<std::optional<Event>> (*)(std::string_view);

LineParser parser_for(std::string_view first) {
  std::size_t at = 0;
  if (first[at] == '{') {
    ++at;
    while (at < first.size() && is_space(first[at])) ++at;
    return at < first.size() && first[at] == ':' ? parse_edn_event : parse_json_event;
  }
  return parse_log_event;
}

}  // namespace

std::string_view to_string(Event::Type type) {
  return kTypes[static_cast<std::size_t>(type)];
}

std::string Event::json() const {
  std::string out = "{\"process\":" + std::to_string(process) + ",\"type\":\"" +
                    std::string(to_string(type)) + "\",\"f\":" + Value(f).json() + ",\"key\":" + key.json() +
                    ",\"value\":" + value.json();
  if (time) out += ",\"time\":" + std::to_string(time->time_since_epoch().count());
  if (!node.is_nil()) out += ",\"node\":" + node.json();
  if (!error.is_nil()) out += ",\"error\":" + error.json();
  return out + "}";
}

History::OpId History::invoke(std::int64_t process, std::string_view f, Value key, Value value, Instant time,
                              Value node) {
  SYSLAB_ASSERT(!busy(process));
  SYSLAB_ASSERT(!last_time_ || *last_time_ <= time);
  Event event;
  event.process = process;
  event.f = std::string(f);
  event.key = std::move(key);
  event.value = std::move(value);
  event.time = last_time_ = time;
  event.node = std::move(node);
  const OpId op = ops_.size();
  ops_.push_back({events_.size()});
  under_way_.emplace(process, op);
  events_.push_back(std::move(event));
  return op;
}

void History::complete(OpId op, Event::Type type, Value value, Instant time, std::string_view error) {
  SYSLAB_ASSERT(under_way(op));
  SYSLAB_ASSERT(type != Event::Type::invoke);
  SYSLAB_ASSERT(!last_time_ || *last_time_ <= time);
  Event event = invocation(op);
  event.type = type;
  event.value = std::move(value);
  event.time = last_time_ = time;
  if (!error.empty()) event.error = Value(error);
  under_way_.erase(event.process);
  ops_[op].completion = events_.size();
  events_.push_back(std::move(event));
}

void History::complete(OpId op, const Expected<Value>& outcome, Instant time) {
  if (outcome) {
    complete(op, Event::Type::ok, *outcome, time);
  } else {
    const Error& error = outcome.error();
    complete(op, error.definite ? Event::Type::fail : Event::Type::info, {}, time, error.code);
  }
}

bool History::under_way(OpId op) const {
  if (op >= ops_.size()) return false;
  const auto it = under_way_.find(invocation(op).process);
  return it != under_way_.end() && it->second == op;
}

Expected<History::OpId> History::append(Event event) {
  if (events_.size() >= kMaxEvents)
    return malformed("a history has at most " + std::to_string(kMaxEvents) + " events");
  if (event.time) {
    if (last_time_ && *event.time < *last_time_) {
      return malformed("expected the events in the order of time: " +
                       std::to_string(event.time->time_since_epoch().count()) + " comes after " +
                       std::to_string(last_time_->time_since_epoch().count()));
    }
    last_time_ = event.time;
  }
  const std::string who = "process " + std::to_string(event.process);
  const auto open = under_way_.find(event.process);
  if (event.type == Event::Type::invoke) {
    if (open != under_way_.end()) {
      const Event& earlier = invocation(open->second);
      return malformed(who + " invokes " + event.f + " while its " + earlier.f +
                       (earlier.line != 0 ? " of line " + std::to_string(earlier.line) : std::string()) +
                       " is still under way: expected that operation's ok, fail or info first");
    }
    const OpId op = ops_.size();
    ops_.push_back({events_.size()});
    under_way_.emplace(event.process, op);
    events_.push_back(std::move(event));
    return op;
  }
  if (open == under_way_.end()) {
    return malformed(who + " completes a " + event.f + " (" + std::string(to_string(event.type)) +
                     ") without an invocation: expected an invoke of this process first");
  }
  const OpId op = open->second;
  const Event& start = invocation(op);
  if (start.f != event.f) {
    return malformed(who + " completes a " + event.f + ", but what it has under way is a " + start.f);
  }
  if (event.key.is_nil()) event.key = start.key;
  under_way_.erase(open);
  ops_[op].completion = events_.size();
  events_.push_back(std::move(event));
  return op;
}

void History::write_jsonl(std::ostream& out) const {
  for (const Event& event : events_) out << event.json() << '\n';
}

Expected<History> History::read(std::istream& in) {
  History history;
  LineParser parse = nullptr;
  std::string buffer;
  std::size_t number = 0;
  for (;;) {
    ++number;
    const Line got = read_line(*in.rdbuf(), buffer);
    if (got == Line::end) break;
    if (got == Line::too_long) {
      return at_line(number,
                     malformed("expected a line of at most " + std::to_string(kMaxLineBytes) + " bytes"));
    }
    std::string_view line = buffer;
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto control = std::find_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
    if (control != line.end()) {
      static constexpr char kHex[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(*control);
      return at_line(number,
                     malformed(std::string("expected text, got the byte 0x") + kHex[byte >> 4] +
                               kHex[byte & 15] + " at column " + std::to_string(control - line.begin() + 1)));
    }
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos) continue;
    line.remove_prefix(begin);
    if (parse == nullptr) parse = parser_for(line);
    auto event = parse(line);
    if (!event) return at_line(number, event.error());
    if (!*event) continue;
    (*event)->line = static_cast<std::uint32_t>(std::min<std::size_t>(number, UINT32_MAX));
    if (auto op = history.append(std::move(**event)); !op) return at_line(number, op.error());
  }
  if (history.empty()) {
    return malformed(number == 1 ? "the history is empty: expected JSON lines or a Jepsen log"
                                 : "no operations in " + std::to_string(number - 1) +
                                       " lines: expected JSON lines or a Jepsen log");
  }
  return history;
}

Expected<History> History::load(const std::string& path) {
  if (path == "-") return read(std::cin);
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return make_error("not_found", "no such file: " + path);
  if (S_ISDIR(status.st_mode)) return make_error("io_error", path + " is a directory: expected a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return make_error("io_error", "cannot read " + path);
  auto history = read(file);
  if (!history) {
    Error error = history.error();
    error.message = path + ": " + error.message;
    return error;
  }
  return history;
}

}  // namespace syslab
