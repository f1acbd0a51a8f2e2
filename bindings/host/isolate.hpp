// Isolate: a node written in Lua, in a Lua state of its own.
//
// A crash really destroys its memory, only its disk survives; its memory is capped, its handlers have an
// instruction budget, and it can reach neither the script that made it nor another node. Its code is a
// function without outside variables, or a file: it is run with `node` (an empty table to put the handlers
// in) and `options`, and again after each restart:
//
//   w:node("counter", function(node, options)
//     local n = 0
//     function node.on_start(env) n = env.disk:peek("n") or options.first end
//     function node.on_message(env, message) n = n + 1; env:send(message.from, "count", n) end
//     function node.on_request(env, request) return n end       -- or nil, "why not"
//     function node.on_timer(env, name) end                      -- set by env:timer("name", 2*s)
//   end, { options = { first = 0 } })
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/runtime/node.hpp"

namespace syslab {

struct IsolateOptions {
  std::string code;                    // Lua source, or bytecode of ours that `dump_function` made
  std::string chunk_name;
  Value options = {};
  std::size_t memory_cap_bytes = std::size_t{64} << 20;
  std::uint64_t budget = 10'000'000;   // VM instructions a handler may run; 0: no limit
  // Told of an error in the code: the node is then as good as crashed.
  std::function<void(NodeId, const std::string&)> on_error;
  std::function<void(NodeId, std::string_view)> print;
};

// Makes isolates that run `options.code`.
NodeFactory isolate_factory(IsolateOptions options);

}  // namespace syslab
