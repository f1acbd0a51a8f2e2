#include "bindings/resilience/filter.hpp"
#include "core/id/ticket_server.hpp"

namespace syslab {
namespace {

const Component tickets{{
    .name = "id.tickets",
    .summary = "Answers requests of the type 'id' with numbers that it leases from a ticket server. A crash "
               "loses the "
               "rest of its leases.",
    .params =
        {string("server", "the name of the node with the ticket server"),
         count("lease", "how many numbers it asks for at once").at_least(1).at_most(0x1p52).optional("100"),
         count("refill", "asks for the next lease when so many numbers are left; 0: when none is")
             .optional("0"),
         duration("timeout", "of its calls").above(0).optional("1 s"),
         string("type", "the requests that it answers").optional("id")},
    .returns = "Filter",
    .cost = "one call each `lease` ids",
    .paper = "Meituan 2017, Leaf: segment mode with two buffers",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service("tickets", { filters = { lab.id.ticket_server{} } })
local app = w:service("app", { filters = { lab.id.tickets{ server = "tickets", lease = 10 } } })
return app:call{ type = "id" } == "1" and app:call{ type = "id" } == "2" and app:state().filters[1].left == 8)",
    .make =
        [](lua_State* L, Arguments& a) {
          TicketsOptions o;
          o.server = a.string("server");
          o.lease = a.count("lease", o.lease);
          o.refill = a.count("refill", o.refill);
          if (o.refill >= o.lease) a.reject("refill", "expected less than a lease");
          o.timeout = a.duration("timeout", o.timeout);
          o.type = a.string("type", o.type);
          return push_filter(L, "tickets", make_tickets(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
