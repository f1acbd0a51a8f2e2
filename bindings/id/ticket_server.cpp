#include "core/id/ticket_server.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component ticket_server{{
    .name = "id.ticket_server",
    .summary = "Makes a service a ticket server: requests of the type 'lease' get a range { first, last } of "
               "numbers "
               "that nobody else gets, and that a crash of the server does not repeat.",
    .params = {count("lease", "numbers in a range, where the request has no `count`")
                   .at_least(1)
                   .at_most(0x1p52)
                   .optional("100"),
               count("reserve",
                     "how many numbers one write to the disk covers; a crash loses at most so many, and "
                     "one lease")
                   .at_most(0x1p52)
                   .optional("1000"),
               count("first", "the first number").at_least(1).at_most(0x1p52).optional("1"),
               boolean("sync", "waits until the disk has it; without, a crash makes numbers come twice")
                   .optional("true")},
    .returns = "Filter",
    .cost = "a write and a sync each `reserve` numbers",
    .paper = "Flickr 2010, Ticket Servers: Distributed Unique Primary Keys on the Cheap",
    .example = R"(
local w = lab.world{ seed = 1 }
local server = w:service("tickets", { filters = { lab.id.ticket_server{ lease = 10 } } })
local a, b = server:call{ type = "lease" }, server:call{ type = "lease", count = 5 }
return a.first == 1 and a.last == 10 and b.first == 11 and b.last == 15)",
    .make =
        [](lua_State* L, Arguments& a) {
          TicketServerOptions o;
          o.lease = a.count("lease", o.lease);
          o.reserve = a.count("reserve", o.reserve);
          o.first = a.count("first", o.first);
          o.sync = a.boolean("sync", o.sync);
          return push_filter(L, "ticket_server", make_ticket_server(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
