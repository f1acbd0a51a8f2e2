#include "core/queue/exchange.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

Value table_of(lua_State* L, const Arguments& a, const char* name) {
  const int index = a.index_of(name);
  return index == 0 ? Value() : to_value(L, index);
}

int bind(lua_State* L, Exchange& exchange, Arguments& a) {
  const auto bound = exchange.bind(a.string("queue"), a.string("key", ""), table_of(L, a, "arguments"));
  if (!bound) return push_failure(L, bound.error());
  lua_pushboolean(L, *bound);
  return 1;
}

int unbind(lua_State* L, Exchange& exchange, Arguments& a) {
  lua_pushboolean(L, exchange.unbind(a.string("queue"), a.string("key", ""), table_of(L, a, "arguments")));
  return 1;
}

int route(lua_State* L, Exchange& exchange, Arguments& a) {
  Value::List queues;
  for (const std::string& queue : exchange.route(a.string("key", ""), table_of(L, a, "headers")))
    queues.emplace_back(queue);
  push_value(L, Value::list(std::move(queues)));
  return 1;
}

const Type exchange_type{describe_type<Exchange>(
    "Exchange", "Decides which queues a message goes to. In a world, lab.queue.broker has exchanges.",
    {
        method<&bind>(
            "bind",
            {string("queue", "its name"), string("key", "of the binding").optional("''"),
             table("arguments", "of a headers exchange: headers that must be there, and ['x-match'] = 'any'")
                 .optional("none")},
            "boolean | nil, err", "Adds a binding; false where it was there."),
        method<&route>("route",
                       {string("key", "the message's routing key").optional("''"),
                        table("headers", "the message's headers").optional("none")},
                       "list of names",
                       "The queues for a message, each once, in the order in which they were bound."),
        method<&unbind>("unbind",
                        {string("queue", "its name"), string("key", "of the binding").optional("''"),
                         table("arguments", "of the binding").optional("none")},
                        "boolean", "Takes a binding away; false where there was none."),
    },
    [](lua_State* L, int index) -> std::string {
      const Exchange* e = object_at<Exchange>(L, index);
      return fmt::format("{}, {} bindings", to_string(e->kind()), e->size());
    })};

const Component exchange_component{{
    .name = "queue.exchange",
    .summary = "Routes messages to queues: direct by equal keys, topic by patterns ('*' one word, '#' any "
               "number), fanout to "
               "all, headers by what the message carries.",
    .params = {choice("kind", {"direct", "topic", "fanout", "headers"}, "how it decides")},
    .returns = "Exchange",
    .cost = "direct O(log n), topic O(words x possible places), fanout and headers O(bindings)",
    .paper = "AMQP 0-9-1, 3.1.3",
    .example = R"(
local e = lab.queue.exchange("topic")
e:bind("all", "#"); e:bind("eu", "order.eu.*"); e:bind("paid", "order.*.paid")
local function queues(key) return table.concat(e:route(key), " ") end
return queues("order.eu.paid") == "all eu paid" and queues("order.us.sent") == "all")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string kind = a.string("kind");
          using Kind = Exchange::Kind;
          return push(L, std::make_shared<Exchange>(kind == "direct"   ? Kind::direct
                                                    : kind == "topic"  ? Kind::topic
                                                    : kind == "fanout" ? Kind::fanout
                                                                       : Kind::headers));
        },
}};

}  // namespace
}  // namespace syslab
