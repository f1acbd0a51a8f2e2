// Nodes whose code runs elsewhere: the world, its clock and its disk are in the check's process, the Lua state of the
// node is on the other side of a StudentPort.
//
// An event goes over with all that a handler can see, and what the handler does (messages, timers, writes ...) comes
// back as a list of effects, which are then applied in their order. A handler takes no simulated time, so this is the
// same as doing them at once; two things cannot wait, finding a node by its name and peeking at the disk, and are asked
// for while the handler runs. A node behaves the same here and in a local isolate, to the last digit of the digest.
//
// Requests beside those of student.hpp                        answers: effects (RemoteNode's), or student.hpp's 'e'
//   'N' node budget memory options self name rng 'E'...       makes a node, and its first event
//   'E' node now wall_now event...                            what happened to it
//   'X' node                                                  it is gone
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bindings/grade/student.hpp"
#include "bindings/grade/wire.hpp"
#include "bindings/host/isolate.hpp"

namespace syslab::grade {

class StudentPort;

// The check's side. The port must outlive the nodes' events.
NodeFactory remote_node_factory(std::weak_ptr<StudentPort> port, IsolateOptions options);

// The other side: one node and the world that it believes to be in.
class NodeHost {
 public:
  // Reads what 'N' says after the node's number, up to its first event. `options` has the code.
  NodeHost(Reader& in, IsolateOptions options);
  ~NodeHost();
  NodeHost(const NodeHost&) = delete;
  NodeHost& operator=(const NodeHost&) = delete;

  // Handles an event; returns the effects.
  std::string handle(Reader& in, const Student::CallBack& ask);

 private:
  class RemoteEnv;
  std::unique_ptr<RemoteEnv> env_;
  std::unique_ptr<Node> node_;
};

}  // namespace syslab::grade
