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
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/node.hpp"

namespace syslab {

struct IsolateOptions {
  std::string code;                    // Lua source, or bytecode of ours that `dump_function` made
  std::string chunk_name;
  Value options = {};
  // A student's code: never bytecode, and of `lab` only what `uses` names.
  bool submitted = false;
  std::vector<std::string> uses = {};
  std::size_t memory_cap_bytes = std::size_t{64} << 20;
  std::uint64_t budget = 10'000'000;   // VM instructions a handler may run; 0: no limit
  // Told of an error in the code: the node is then as good as crashed.
  std::function<void(NodeId, const std::string&)> on_error;
  std::function<void(NodeId, std::string_view)> print;
};

// Makes isolates that run `options.code`.
NodeFactory isolate_factory(IsolateOptions options);

// Leaves of the global `lab` the components ("hash.ring") and families ("dist") that are named.
// Throws ScriptError for a name that no isolate has.
void restrict_components(lua_State* L, const std::vector<std::string>& allowed);

}  // namespace syslab
