-- The smallest lab with something to hand in: a node that answers, counts, and remembers over a crash.

local function server_in(submission, seed)
  local w = lab.world { seed = seed }
  return w, submission:node(w, "server")
end

-- What the server answers; a failed call ends the check in words.
local function ask(t, server, request)
  local answer, err = server:call(request)
  t.that(answer ~= nil, ("an answer to a request of type '%s'"):format(request.type),
    err and tostring(err) or "it answered nil")
  return answer
end

-- Asks for `n` echoes of random words.
local function ask_echoes(t, server, n)
  for _ = 1, n do
    local word = ("word-%d"):format(math.random(1000000))
    t.equal(ask(t, server, { type = "echo", text = word }), word, "the answer to echo")
  end
end

return {
  title = "A node that answers",
  minutes = 10,
  summary = [[
You write a node: a file with handlers that is run in a simulated cluster. It answers requests, counts them, and
after a crash it still knows how many there were.]],
  after = { "quickstart" },

  parts = {
    {
      name = "echo",
      title = "It answers with what it was sent",
      points = 40,
      seeds = 10,
      check = function(t, submission, seed)
        local _, server = server_in(submission, seed)
        ask_echoes(t, server, 5)
      end,
    },
    {
      name = "count",
      title = "It counts the echoes",
      points = 30,
      seeds = 10,
      check = function(t, submission, seed)
        local _, server = server_in(submission, seed)
        t.equal(ask(t, server, { type = "count" }), 0, "the count before the first echo")
        local n = math.random(20)
        ask_echoes(t, server, n)
        t.equal(ask(t, server, { type = "count" }), n, ("the count after %d echoes"):format(n))
      end,
    },
    {
      name = "crash",
      title = "It remembers the count over a crash",
      points = 30,
      seeds = 10,
      hidden = true,
      check = function(t, submission, seed)
        local w, server = server_in(submission, seed)
        local n = math.random(20)
        ask_echoes(t, server, n)
        w:run(1 * s)
        w:inject(lab.fault.crash("server"))
        w:run(1 * s)
        w:inject(lab.fault.restart("server"))
        w:run(1 * s)
        t.equal(ask(t, server, { type = "count" }), n, ("the count after %d echoes and a crash"):format(n))
      end,
    },
  },
}
