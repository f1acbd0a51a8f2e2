#include "core/queue/exchange.hpp"

#include <algorithm>

namespace syslab {
namespace {

std::vector<std::string_view> words_of(std::string_view key) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t dot = key.find('.');
    words.push_back(key.substr(0, dot));
    if (dot == key.npos) return words;
    key.remove_prefix(dot + 1);
  }
}

Error precondition_failed(std::string message) {
  return Error{"precondition_failed", std::move(message), true};
}

}  // namespace

std::string_view to_string(Exchange::Kind kind) {
  constexpr std::string_view kNames[] = {"direct", "topic", "fanout", "headers"};
  return kNames[static_cast<std::size_t>(kind)];
}

Expected<bool> Exchange::bind(const std::string& queue, const std::string& key, const Value& arguments) {
  if (key.size() > 255) return precondition_failed("a routing key has at most 255 bytes");
  if (!arguments.is_nil() && !arguments.is_map())
    return precondition_failed("arguments are a table of names and values");
  const Value& match = arguments["x-match"];
  if (!match.is_nil() && match != Value("all") && match != Value("any")) {
    return precondition_failed("x-match is 'all' or 'any', got " + match.json());
  }
  for (const auto& [age, b] : bindings_) {
    if (b.queue == queue && b.key == key && b.arguments == arguments) return false;
  }
  const std::uint64_t age = next_++;
  bindings_.emplace(age, Binding{queue, key, arguments});
  if (kind_ == Kind::direct) by_key_[key].push_back(age);
  if (kind_ == Kind::topic) {
    Word* word = &words_;
    for (const std::string_view text : words_of(key)) {
      auto& next = word->next[std::string(text)];
      if (next == nullptr) next = std::make_unique<Word>();
      next->many = text == "#";
      word = next.get();
    }
    word->ends.push_back(age);
  }
  return true;
}

bool Exchange::unbind(const std::string& queue, const std::string& key, const Value& arguments) {
  const auto found = std::find_if(bindings_.begin(), bindings_.end(), [&](const auto& entry) {
    const Binding& b = entry.second;
    return b.queue == queue && b.key == key && b.arguments == arguments;
  });
  if (found == bindings_.end()) return false;
  const std::uint64_t age = found->first;
  if (kind_ == Kind::direct) std::erase(by_key_[key], age);
  if (kind_ == Kind::topic) {
    Word* word = &words_;
    for (const std::string_view text : words_of(key)) word = word->next.find(text)->second.get();
    std::erase(word->ends, age);
  }
  bindings_.erase(found);
  return true;
}

// The set of places in the tree of words that the key may have led to so far (Thompson 1968), so that keys
// with many
// '#' cost no more than their length.
std::vector<std::uint64_t> Exchange::match_topic(std::string_view key) const {
  std::vector<const Word*> places;
  const auto reach = [](std::vector<const Word*>& set, const Word* word) {
    // '#' may stand for nothing, so what follows it is reached with it.
    for (; word != nullptr && std::find(set.begin(), set.end(), word) == set.end();) {
      set.push_back(word);
      const auto many = word->next.find("#");
      word = many == word->next.end() ? nullptr : many->second.get();
    }
  };
  reach(places, &words_);
  for (const std::string_view text : words_of(key)) {
    std::vector<const Word*> next;
    for (const Word* place : places) {
      if (place->many) reach(next, place);
      if (const auto one = place->next.find("*"); one != place->next.end()) reach(next, one->second.get());
      if (text == "*" || text == "#") continue;
      if (const auto same = place->next.find(text); same != place->next.end())
        reach(next, same->second.get());
    }
    places = std::move(next);
  }
  std::vector<std::uint64_t> found;
  for (const Word* place : places) found.insert(found.end(), place->ends.begin(), place->ends.end());
  std::sort(found.begin(), found.end());
  return found;
}

bool Exchange::headers_match(const Value& arguments, const Value& headers) const {
  const bool any = arguments["x-match"] == Value("any");
  if (!arguments.is_map()) return true;
  bool some = false;
  for (const auto& [name, wanted] : arguments.map()) {
    if (name.starts_with("x-")) continue;
    const Value& given = headers[name];
    const bool same = !given.is_nil() && given == wanted;
    if (any && same) return true;
    if (!any && !same) return false;
    some = true;
  }
  return !any || !some;
}

std::vector<std::string> Exchange::route(std::string_view key, const Value& headers) const {
  std::vector<std::uint64_t> found;
  if (kind_ == Kind::direct) {
    if (const auto same = by_key_.find(key); same != by_key_.end()) found = same->second;
  } else if (kind_ == Kind::topic) {
    found = match_topic(key);
  } else {
    for (const auto& [age, b] : bindings_) {
      if (kind_ == Kind::fanout || headers_match(b.arguments, headers)) found.push_back(age);
    }
  }
  std::vector<std::string> queues;
  for (const std::uint64_t age : found) {
    const std::string& queue = bindings_.at(age).queue;
    if (std::find(queues.begin(), queues.end(), queue) == queues.end()) queues.push_back(queue);
  }
  return queues;
}

}  // namespace syslab
