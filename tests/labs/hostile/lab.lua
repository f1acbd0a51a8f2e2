-- What the hostile submissions are handed in to. The strings beginning with "canary" are in hidden tests: they must
-- never be in a worker's memory.
return {
  title = "A stack, and a node that echoes",
  minutes = 1,
  summary = "A target for attacks.",
  uses = { "cache", "dist", "hash", "limit", "sketch", "workload" },  -- the more there is, the more can be attacked
  parts = {
    {
      name = "stack", title = "A stack", points = 50, seeds = 2,
      check = function(t, submission)
        local stack = submission:load().new()
        for i = 1, 5 do stack:push(i * 11) end
        for i = 5, 1, -1 do t.equal(stack:pop(), i * 11, "what comes off the stack") end
        t.equal(stack:pop(), nil, "what comes off an empty stack")
      end,
    },
    {
      name = "node", title = "A node", points = 30, seeds = 2,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed }
        local node = submission:node(w, "node")
        local answer = node:call { type = "echo", text = "hello-" .. seed }
        t.equal(answer, "hello-" .. seed, "the answer to echo")
        t.that(w:now() < 10, "an answer in ten seconds", "it took longer")
      end,
    },
    {
      name = "secret", title = "A hidden part", points = 20, seeds = 2, hidden = true,
      check = function(t, submission)
        local canary = "canary-7f3a-the-hidden-test"
        local stack = submission:load().new()
        stack:push(1)
        t.equal({ stack:pop(), canary }, { 1, "canary-7f3a-the-hidden-test" }, "canary-7f3a-the-sentence")
      end,
    },
  },
}
