-- A till that takes each payment once: fill in what it does. `options.window` is for how many seconds an id counts.
local node, options = ...
local balances = {}

-- Runs at the start, and again after every crash; `balances` is empty then, the disk is not.
function node.on_start(env) env:log("started", { window = options.window }) end

-- { type = "pay", id = "p7", account = "ann", amount = 5 }: answer with the balance after it.
-- { type = "balance", account = "ann" }: answer with the balance.
function node.on_request(env, request, reply)
  if request.type == "balance" then return balances[request.account] or 0 end
  return nil, "not done yet"
end
