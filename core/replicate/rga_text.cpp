#include <algorithm>
#include <map>
#include <tuple>

#include "core/replicate/basic_crdt.hpp"
#include "core/replicate/version_vector.hpp"

// Text as a replicated growable array (Roh et al. 2011, "Replicated abstract data types: Building blocks for
// collaborative applications").
//
// Every character has a name, {counter, replica}, and says which character it was typed behind. The counter
// is a Lamport clock, so it is above those of all characters that its writer could see. Characters typed
// behind the same one stand in the order of their names, the newest first: then what somebody types goes
// directly behind the character it was typed behind, before what was there already. That makes a tree, and
// the text is the walk through it. It needs no tree: a newcomer steps over what is larger than itself.
//
//     head                 Hello! was typed first; then, at the same time, both behind the o:
//      +- H1a .. o5a          " you" by a, 7a 8a 9a 10a      " all" by b, 7b 8b 9b 10b
//          +- ' '7b .. l10b
//          +- ' '7a .. u10a        gives  Hello all you!
//          +- !6a
//
// What is deleted stays as a tombstone, without its character, since others may still type behind it. A
// character that comes before the one it follows waits.
//
// Interleaving: what one user types onwards stays together, because each character hangs on the one before
// it. What is typed backwards (each character, or each word, in front of the last one) hangs on one and the
// same character with what others type there, and may be mixed with it, word by word (Kleppmann et al. 2019,
// "Interleaving anomalies in collaborative text editors").
//
// Deviation: the paper orders by vector clocks turned into a sum (s4vector), we by a Lamport clock; either
// order contains causality, which is what the proof needs. The paper sends operations, we merge states; the
// nodes of a state are its insertions, and its tombstones its deletions. Cost: an operation O(n) to find its
// place, a merge O(m log n) of m new characters that are typed onwards.

namespace syslab {
namespace {

struct Name {  // of a character; the head is {0, ""}
  std::uint64_t counter = 0;
  std::string replica = {};
  auto operator<=>(const Name&) const = default;
};

// The characters of a text; none where it is no UTF-8, of which the pieces could not be told apart again.
std::optional<std::vector<std::string>> characters_of(std::string_view text) {
  std::vector<std::string> characters;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead >= 0xF8 || (lead >= 0x80 && lead < 0xC0)) return std::nullopt;
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (at + length > text.size()) return std::nullopt;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return std::nullopt;
    }
    characters.emplace_back(text.substr(at, length));
    at += length;
  }
  return characters;
}

class RgaTextState {
 public:
  static constexpr std::string_view kName = "rga_text";

  RgaTextState() { nodes_.push_back({}); }  // the head

  Expected<RgaTextState> mutate(const CrdtOptions& options, const Value& operation) const {
    const bool insert = operation["op"] == Value("insert");
    if (!insert && operation["op"] != Value("delete")) {
      return no_such_operation(kName, "insert and delete", operation);
    }
    const std::vector<std::size_t> shown = visible();
    const auto at = whole_number(operation["at"]);
    const std::size_t last = shown.size() + (insert ? 1 : 0);
    if (!at || *at < 1 || *at > last) {
      return make_error("malformed", "'at' is a place from 1 to " + std::to_string(last) + ", not " +
                                         operation["at"].json());
    }
    RgaTextState delta;
    if (insert) {
      const Value& text = operation["text"];
      const auto characters = text.is_string() ? characters_of(text.string()) : std::nullopt;
      if (!characters) return make_error("malformed", "'text' is a text in UTF-8, not " + text.json());
      Name after = *at == 1 ? Name() : nodes_[shown[*at - 2]].name;
      Name name = {latest_, options.replica};
      for (const std::string& character : *characters) {
        ++name.counter;
        delta.add({name, after, character}, CrdtBug::none);
        after = name;
      }
      return delta;
    }
    const Value& given = operation["count"];
    const auto count = given.is_nil() ? std::optional<std::uint64_t>(1) : whole_number(given);
    if (!count || *count > shown.size() - *at + 1) {
      return make_error("malformed", "'count' is a number of characters that are there, not " + given.json());
    }
    for (std::size_t i = *at - 1; i < *at - 1 + *count; ++i) {
      const Node& node = nodes_[shown[i]];
      delta.add({node.name, node.after, {}}, CrdtBug::none);
    }
    return delta;
  }

  bool join(const RgaTextState& other, CrdtBug bug) {
    bool news = false;
    // By name, so that what hangs on another one comes after it.
    for (const auto& [name, slot] : other.slots_) news |= add(other.nodes_[slot], bug);
    return news;
  }

  Value value() const {
    std::string text;
    for (const std::size_t slot : visible()) text += nodes_[slot].character;
    return text;
  }

  // A list of runs: {counter, replica, after's counter, after's replica, text}, or, of deleted characters,
  // their number in place of the text. Each character of a run follows the one before it and has the next
  // counter.
  Value encode() const {
    Value::List runs;
    std::string text;
    std::size_t length = 0;
    const Node* first = nullptr;
    const Node* last = nullptr;
    const auto end_run = [&] {
      if (first == nullptr) return;
      runs.push_back(Value::list({static_cast<double>(first->name.counter), first->name.replica,
                                  static_cast<double>(first->after.counter), first->after.replica,
                                  first->deleted() ? Value(static_cast<double>(length)) : Value(text)}));
    };
    // By replica and counter.
    std::map<std::pair<std::string_view, std::uint64_t>, const Node*> ordered;
    for (const auto& [name, slot] : slots_) {
      ordered[{std::string_view(name.replica), name.counter}] = &nodes_[slot];
    }
    for (const auto& [key, node] : ordered) {
      const bool onwards = last != nullptr && node->after == last->name &&
                           node->name.replica == last->name.replica &&
                           node->name.counter == last->name.counter + 1 && node->deleted() == last->deleted();
      if (!onwards) {
        end_run();
        first = node;
        text.clear();
        length = 0;
      }
      text += node->character;
      ++length;
      last = node;
    }
    end_run();
    return Value::list(std::move(runs));
  }

  static Expected<RgaTextState> decode(const Value& value) {
    const Error error = make_error("malformed", "that is no state of an rga_text");
    if (!value.is_list()) return error;
    RgaTextState state;
    for (const Value& run : value.list()) {
      if (!run.is_list() || run.list().size() != 5) return error;
      const Value::List& r = run.list();
      const auto counter = whole_number(r[0]);
      const auto after = whole_number(r[2]);
      if (!counter || !after || *after >= *counter || !r[1].is_string() || !r[3].is_string()) return error;
      std::optional<std::vector<std::string>> text;
      if (r[4].is_string()) {
        text = characters_of(r[4].string());
      } else if (const auto length = whole_number(r[4]); length && *length <= kRunMax) {
        text.emplace(*length);
      }
      if (!text) return error;
      Node node{{*counter, std::string(r[1].string())}, {*after, std::string(r[3].string())}, {}};
      for (std::string& character : *text) {
        node.character = std::move(character);
        state.add(node, CrdtBug::none);
        node.after = node.name;
        ++node.name.counter;
      }
    }
    return state;
  }

 private:
  static constexpr std::uint64_t kRunMax = std::uint64_t{1} << 24;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  struct Node {
    Name name = {};
    Name after = {};             // the character it was typed behind
    std::string character = {};  // empty: deleted
    std::size_t next = kNone;    // in the text, tombstones included
    bool placed = false;         // what it follows is there
    bool deleted() const { return character.empty(); }
  };

  std::vector<std::size_t> visible() const {
    std::vector<std::size_t> shown;
    for (std::size_t slot = nodes_[0].next; slot != kNone; slot = nodes_[slot].next) {
      if (!nodes_[slot].deleted()) shown.push_back(slot);
    }
    return shown;
  }

  bool add(const Node& theirs, CrdtBug bug) {
    const auto [at, inserted] = slots_.emplace(theirs.name, nodes_.size());
    if (!inserted) {
      Node& ours = nodes_[at->second];
      if (!theirs.deleted() || ours.deleted()) return false;
      ours.character.clear();
      return true;
    }
    latest_ = std::max(latest_, theirs.name.counter);
    nodes_.push_back({theirs.name, theirs.after, theirs.character});
    place(at->second, bug);
    return true;
  }

  // Puts a character where it belongs, and those that waited for it; or lets it wait.
  void place(std::size_t slot, CrdtBug bug) {
    std::vector<std::size_t> todo = {slot};
    while (!todo.empty()) {
      Node& node = nodes_[todo.back()];
      const std::size_t placing = todo.back();
      todo.pop_back();
      std::size_t before = 0;
      if (node.after.counter > 0) {
        const auto found = slots_.find(node.after);
        if (found == slots_.end() || !nodes_[found->second].placed) {
          waiting_.emplace(node.after, placing);
          continue;
        }
        before = found->second;
      }
      // Over the newer ones that follow the same character, and all that hangs on them, which is newer still.
      while (bug != CrdtBug::inserts_by_arrival && nodes_[before].next != kNone &&
             nodes_[nodes_[before].next].name > node.name) {
        before = nodes_[before].next;
      }
      node.next = nodes_[before].next;
      nodes_[before].next = placing;
      node.placed = true;
      const auto [first, last] = waiting_.equal_range(node.name);
      for (auto w = first; w != last; ++w) todo.push_back(w->second);
      waiting_.erase(first, last);
    }
  }

  std::vector<Node> nodes_;  // by arrival; the head first
  std::map<Name, std::size_t> slots_;
  std::multimap<Name, std::size_t> waiting_;  // by what they wait for
  std::uint64_t latest_ = 0;                  // counter that is known
};

static_assert(CrdtState<RgaTextState>);

}  // namespace

std::unique_ptr<Crdt> make_rga_text(CrdtOptions options) {
  return std::make_unique<BasicCrdt<RgaTextState>>(std::move(options));
}

}  // namespace syslab
