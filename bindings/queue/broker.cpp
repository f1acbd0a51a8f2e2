#include "core/queue/broker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "bindings/host/convert.hpp"
#include "bindings/resilience/filter.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

// The entries of a table that maps names to objects, by name.
template <class T>
std::map<std::string, std::shared_ptr<T>> named(lua_State* L, const Arguments& a, const char* name,
                                                const char* what) {
  std::map<std::string, std::shared_ptr<T>> found;
  const int index = a.index_of(name);
  if (index == 0) return found;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    auto object = shared_at<T>(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || object == nullptr) a.reject(name, fmt::format("expected {}", what));
    found.emplace(lua_tostring(L, -2), std::move(object));
    lua_pop(L, 1);
  }
  return found;
}

void read_exchanges(lua_State* L, const Arguments& a,
                    const std::map<std::string, std::shared_ptr<MessageQueue>>& queues, BrokerOptions& o) {
  const Value given = to_value(L, a.index_of("exchanges"));
  if (!given.is_map())
    a.reject("exchanges",
             "expected { NAME = { kind = 'topic', bindings = { { queue = 'q', key = 'a.*' } } } }");
  for (const auto& [name, setup] : given.map()) {
    BrokerOptions::ExchangeSetup e;
    e.name = name;
    const std::vector<std::string> kinds = {"direct", "topic", "fanout", "headers"};
    const std::string kind = setup["kind"].is_string() ? std::string(setup["kind"].string()) : "";
    const auto found = std::find(kinds.begin(), kinds.end(), kind);
    if (found == kinds.end())
      a.reject("exchanges", fmt::format("the kind of '{}' is direct, topic, fanout or headers", name));
    e.kind = static_cast<Exchange::Kind>(found - kinds.begin());
    for (const auto& [key, value] : setup.map()) {
      const std::vector<std::string> known = {"kind", "bindings", "alternate"};
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        a.reject("exchanges", fmt::format("there is no '{}' in '{}'{}", key, name, did_you_mean(key, known)));
      }
    }
    if (setup["bindings"].is_list()) {
      Exchange trial(e.kind);
      for (const Value& b : setup["bindings"].list()) {
        const std::string queue = b["queue"].is_string() ? std::string(b["queue"].string()) : "";
        if (!queues.contains(queue))
          a.reject("exchanges",
                   fmt::format("'{}' binds '{}', which is no queue of this broker", name, queue));
        const std::string key = b["key"].is_string() ? std::string(b["key"].string()) : "";
        if (const auto ok = trial.bind(queue, key, b["arguments"]); !ok)
          a.reject("exchanges", ok.error().message);
        e.bindings.push_back({queue, key, b["arguments"]});
      }
    }
    if (setup["alternate"].is_string()) {
      e.alternate = std::string(setup["alternate"].string());
      if (given[e.alternate].is_nil())
        a.reject("exchanges", fmt::format("the alternate '{}' of '{}' is no exchange", e.alternate, name));
    }
    o.exchanges.push_back(std::move(e));
  }
}

const Component broker{{
    .name = "queue.broker",
    .summary =
        "Queues, exchanges and job queues behind a service: send, receive (with long polling), delete, "
        "publish, consume, "
        "request, put, take ... The service says what a request costs; messages are kept on the node's disk.",
    .params =
        {table("queues", "{ NAME = Queue }: each as described, and empty").optional("none"),
         table("exchanges",
               "{ NAME = { kind = 'direct' | 'topic' | 'fanout' | 'headers', bindings = { { queue =, key =, "
               "arguments = } }, alternate = NAME } }")
             .optional("none"),
         table("jobs", "{ NAME = JobQueue }").optional("none"),
         boolean("durable", "messages survive a crash; a send is answered when it is synced")
             .optional("true"),
         object("history", "History", "what happens to the queues is recorded there, for lab.check.queue")
             .optional("none")},
    .returns = "Filter",
    .cost = "O(log n) a request; durable: a write and a sync of the disk a send",
    .example = R"(
local w = lab.world{ seed = 1 }
local dead = lab.queue.standard()
local mq = w:service("mq", { filters = { lab.queue.broker{
  queues = { orders = lab.queue.standard{ dead_letter = dead, max_receives = 3 }, dead = dead } } } })
w:spawn(function() w:sleep(5*s); mq:call{ type = "send", queue = "orders", body = "one shirt" } end)
local got = mq:call{ type = "receive", queue = "orders", wait = 20, timeout = 30 }
local waited = w:now() > 5 and w:now() < 6
w:run(1*s)
w:inject(lab.fault.crash("mq")); w:inject(lab.fault.restart("mq")); w:run(1*s)
local again = mq:call{ type = "receive", queue = "orders" }
local _, err = mq:call{ type = "delete", queue = "orders", receipt = "?" }
return waited and got[1].body == "one shirt" and again[1].id == got[1].id and again[1].receives == 2
  and err.code == "ReceiptHandleIsInvalid")",
    .make =
        [](lua_State* L, Arguments& a) {
          BrokerOptions o;
          const auto queues =
              named<MessageQueue>(L, a, "queues", "names and queues: { orders = lab.queue.standard() }");
          for (const auto& [name, queue] : queues) {
            BrokerOptions::Queue setup{name, queue->options()};
            if (const auto& dead = queue->dead_letters(); dead != nullptr) {
              const auto found =
                  std::find_if(queues.begin(), queues.end(), [&](const auto& q) { return q.second == dead; });
              if (found == queues.end())
                a.reject("queues", fmt::format("the dead-letter queue of '{}' is not among them", name));
              setup.dead_letters = found->first;
            }
            o.queues.push_back(std::move(setup));
          }
          for (const auto& [name, jobs] :
               named<JobQueue>(L, a, "jobs", "names and job queues: { mails = lab.queue.jobs() }")) {
            o.jobs.push_back({name, jobs->options()});
          }
          if (a.has("exchanges")) read_exchanges(L, a, queues, o);
          o.durable = a.boolean("durable", o.durable);
          o.history = a.object<History>("history");
          return push_filter(L, "broker", make_broker(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
