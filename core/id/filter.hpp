// Id filter: a process that answers requests of one type with a new id, and passes all others on.
//
// Each process has a generator of its own, like the one given, which reads the wall clock of its node: what
// faults do to that clock, they do to the ids. Where the generator asks to wait (a sequence is used up), the
// answer waits by a timer of the node; nothing else does. The answer is the id's text.
//
// The number of the worker is the one of the given generator, the same in every process of a fleet, or that
// of the node in its world, which differs among the nodes of a world. A process that restarts begins anew: it
// forgets its last id, unless `guard` is set; then it keeps on its disk a time that no id was issued after,
// written ahead by `guard`, and a restarted process waits until its clock is past it. Errors: what the
// generator says; exhausted, where the number of the node is above that of the last worker; io_error and
// disk_full where the guard cannot be written.
//
// Cost: the generator's, and with a guard one write and sync each `guard` of time.
#pragma once

#include <memory>
#include <string>

#include "core/id/generator.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct IdFilterOptions {
  std::shared_ptr<const IdGenerator> generator;
  std::string type = "id";  // of the requests that it answers
  enum class Worker : std::uint8_t { given, node };
  Worker worker = Worker::given;
  Duration guard = Duration::zero();  // zero: none
};

// Requires: a generator; with Worker::node, one of a kind that has workers.
Filter make_id_filter(const IdFilterOptions& options);

}  // namespace syslab
