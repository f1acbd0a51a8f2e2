// Exchange: decides which queues a published message goes to, by the kinds of AMQP 0-9-1.
//
//   direct    bindings whose key equals the routing key
//   fanout    all bindings
//   topic     keys are words between dots; in a binding '*' stands for one word and '#' for any number, none
//             included
//   headers   bindings whose arguments match the message's headers: all of them, or any, as the argument
//             "x-match" says ("all", the default, "any"; others that begin with "x-" are ignored)
// A message goes to a queue once, however many bindings match. Queues come in the order in which they were
// bound.
//
// Cost: direct O(log n); topic O(words x places in binding keys that are still possible); headers
// O(bindings). Source: AMQP 0-9-1 specification, 3.1.3; the RabbitMQ manual.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

class Exchange {
 public:
  enum class Kind : std::uint8_t { direct, topic, fanout, headers };

  explicit Exchange(Kind kind) : kind_(kind) {}

  Kind kind() const { return kind_; }

  // The same binding twice counts once. Errors: precondition_failed for a topic key over 255 bytes, for
  // arguments that are no map, and for an x-match that is neither all nor any.
  Expected<bool> bind(const std::string& queue, const std::string& key, const Value& arguments = {});
  // False where there was no such binding.
  bool unbind(const std::string& queue, const std::string& key, const Value& arguments = {});

  // The queues for a message; empty where nobody wants it.
  std::vector<std::string> route(std::string_view key, const Value& headers = {}) const;

  std::size_t size() const { return bindings_.size(); }

 private:
  struct Binding {
    std::string queue;
    std::string key;
    Value arguments;
  };
  // One word of topic keys: the bindings that end here, and the words that may follow.
  struct Word {
    std::map<std::string, std::unique_ptr<Word>, std::less<>> next;
    std::vector<std::uint64_t> ends;
    bool many = false;  // this word is '#'
  };

  std::vector<std::uint64_t> match_topic(std::string_view key) const;
  bool headers_match(const Value& arguments, const Value& headers) const;

  Kind kind_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Binding> bindings_;  // by age
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> by_key_;
  Word words_;
};

std::string_view to_string(Exchange::Kind kind);

}  // namespace syslab
