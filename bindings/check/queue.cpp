#include "core/check/queue.hpp"

#include <fmt/format.h>

#include <map>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "core/queue/message_queue.hpp"

namespace syslab {
namespace {

const Component queue{{
    .name = "check.queue",
    .summary = "Does a history of sends, receives and deletes keep the queues' promises: nothing lost before "
               "its retention, no "
               "redelivery before the timeout, order and exclusion in groups, an exact dedup window, dead "
               "letters after "
               "exactly N receives?",
    .params = {object("history", "History", "what a broker recorded, or clients did"),
               table("queues", "{ NAME = Queue }, as given to the broker")},
    .returns = "table { verdict, rule, message, event, operations, loss_judged }",
    .cost = "O(n log n)",
    .example = R"(
local queues = { q = lab.queue.standard{ visibility = 30 } }
local h = lab.history{ events = {
  { process = 1, type = "invoke", f = "send", key = "q", value = {}, time = 0 },
  { process = 1, type = "ok", f = "send", key = "q", value = { id = "q-1" }, time = 0 },
  { process = 1, type = "invoke", f = "receive", key = "q", value = {}, time = 1 },
  { process = 1, type = "ok", f = "receive", key = "q", value = { { id = "q-1", receipt = "a" } }, time = 1 },
  { process = 1, type = "invoke", f = "receive", key = "q", value = {}, time = 20 },
  { process = 1, type = "ok", f = "receive", key = "q", value = { { id = "q-1", receipt = "b" } }, time = 20 } } }
local judged = lab.check.queue(h, queues)
return judged.verdict == "violated" and judged.rule == "redelivery")",
    .make =
        [](lua_State* L, Arguments& a) {
          std::map<std::string, std::shared_ptr<MessageQueue>> queues;
          lua_pushnil(L);
          while (lua_next(L, a.index_of("queues")) != 0) {
            auto q = shared_at<MessageQueue>(L, -1);
            if (lua_type(L, -2) != LUA_TSTRING || q == nullptr) {
              a.reject("queues", "expected names and queues: { orders = lab.queue.standard() }");
            }
            queues.emplace(lua_tostring(L, -2), std::move(q));
            lua_pop(L, 1);
          }
          std::vector<QueueRules> rules;
          for (const auto& [name, q] : queues) {
            const QueueOptions& o = q->options();
            QueueRules r;
            r.queue = name;
            r.fifo = o.ordering == Ordering::fifo;
            r.duplicates = o.duplicates > 0;
            r.visibility = o.visibility;
            r.retention = o.retention;
            r.dedup_window = o.dedup_window;
            for (const auto& [other, dead] : queues) {
              if (dead != q->dead_letters()) continue;
              r.max_receives = o.max_receives;
              r.dead_letters = other;
            }
            rules.push_back(std::move(r));
          }
          const QueueVerdict verdict = check_queue(*a.object<History>("history"), rules);
          push_value(L, Value::map({{"verdict", to_string(verdict.outcome)},
                                    {"rule", verdict.rule.empty() ? Value() : Value(verdict.rule)},
                                    {"message", verdict.message},
                                    {"event", static_cast<double>(verdict.event + 1)},
                                    {"operations", static_cast<double>(verdict.operations)},
                                    {"loss_judged", verdict.loss_judged}}));
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
