// Ticket server: one counter for everybody, and leases of it, so that not every id is a call.
//
// ticket_server is a filter: it answers requests of type "lease" with a range {first, last} of `count`
// numbers (from the request, else `lease`) that nobody else gets, and passes other requests on. Before it
// hands out a number it has written a higher one to its disk: `reserve` numbers ahead, so that not every
// lease is a write. After a crash it goes on behind what was written: up to reserve + one lease of numbers
// are lost, none is given twice. With `sync = false` the write is not waited for to be durable, and after a
// crash numbers come twice: to be seen, not to be used.
//
// tickets is the other side: a filter that answers requests of type "id" from its lease, gets the next one
// from the server when `refill` of the lease are left (0: when it is used up), and lets requests wait
// meanwhile. A crash loses the rest of its leases: a gap. Each number goes up to 2^53 and is exact as a
// double.
//
// Errors of a lease: exhausted, io_error, disk_full, malformed (a count that is no whole number from 1 on).
// Of an id: what the lease's call came back with. Cost: one call a lease, one write and sync for `reserve`
// numbers. Source: Flickr's ticket servers (2010); hi/lo of object stores; Meituan's Leaf-segment.
#pragma once

#include <cstdint>
#include <string>

#include "core/runtime/service.hpp"

namespace syslab {

struct TicketServerOptions {
  std::uint64_t lease = 100;
  std::uint64_t reserve = 1000;  // at least a lease is reserved
  std::uint64_t first = 1;
  bool sync = true;
};
// Requires: lease, first >= 1.
Filter make_ticket_server(const TicketServerOptions& options);

struct TicketsOptions {
  std::string server;  // the node with the ticket server
  std::uint64_t lease = 100;
  std::uint64_t refill = 0;  // below lease
  Duration timeout = std::chrono::seconds(1);
  std::string type = "id";
};
// Requires: lease >= 1; refill < lease; timeout > 0.
Filter make_tickets(const TicketsOptions& options);

}  // namespace syslab
