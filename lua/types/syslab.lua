---@meta
-- Written by `syslab help annotations` from the descriptors in bindings/. Do not edit; to renew it:
-- ./syslab help annotations > lua/types/syslab.lua

---A node that starts and stops the members of a fleet by what it measures.
---@class Autoscaler
local Autoscaler = {}

---Members that are on their way.
---@return number
function Autoscaler:booting() end

---How many there should be.
---@return number
function Autoscaler:desired() end

---From order to stop, summed up over the members: what is paid.
---@return number
function Autoscaler:machine_seconds() end

---What it has seen.
---@return any[]
function Autoscaler:readings() end

---The metric, where that is 'reported', until it is told another.
---@param metric any
function Autoscaler:report(metric) end

---Members in service.
---@return number
function Autoscaler:serving() end

---@class Autoscaler.set_bounds.options
---@field min? integer members at least (required)
---@field max? integer members at most (default: as it is)

---Scaling by schedule: other bounds, from now on.
---@param options? Autoscaler.set_bounds.options
---@overload fun(self: Autoscaler, min: integer, options?: Autoscaler.set_bounds.options)
function Autoscaler:set_bounds(options) end

---How a balancer picks the backend of a request; see w:balancer.
---@class BalancePolicy
local BalancePolicy = {}

---Whole numbers below 2^64 as short texts, and back. A number is given as decimal digits, or as a Lua number up to 2^53; it comes back as decimal digits (tonumber makes it a number).
---@class Base62
local Base62 = {}

---The number of a text. err.code is 'malformed' for a character that is no digit, or for 2^64 and more.
---@param text string
---@return any
---@return Error?
function Base62:decode(text) end

---The text of a number, at least `width` long.
---@param number number
---@param width? any
---@return any
function Base62:encode(number, width) end

---Holds values under keys up to a capacity; its policy decides who leaves. Keys are strings or numbers; values are copied: nil, booleans, numbers, strings, lists and maps.
---@class Cache
local Cache = {}

---The value, or nil on a miss. Counts as a hit or a miss.
---@param key any
---@return any
function Cache:get(key) end

---Inserts or replaces, evicting others until it fits. False if it is larger than the whole cache. Without a size, a cache of bytes takes that of key and value.
---@param key any
---@param value? any
---@param size? number
---@return boolean
function Cache:put(key, value, size) end

---As put, with a time to live of its own. Only for a lab.cache.ttl.
---@param ttl any
---@param key any
---@param value? any
---@param size? number
---@return boolean
function Cache:put_for(ttl, key, value, size) end

---It is `now`, in seconds; earlier times are ignored. Only caches that age listen: lab.cache.ttl, and lab.cache.sampled by lfu.
---@param now any
function Cache:advance(now) end

---The value, without counting and without telling the policy.
---@param key any
---@return any
function Cache:peek(key) end

---Whether it is here, without telling the policy.
---@param key any
---@return boolean
function Cache:contains(key) end

---Removes one entry; true if it was there.
---@param key any
---@return boolean
function Cache:erase(key) end

---Removes everything; the counters stay.
function Cache:clear() end

---All keys, the next victim last.
---@return any[]
function Cache:keys() end

---How many entries are here.
---@return number
function Cache:size() end

---How much of the capacity is used.
---@return number
function Cache:used() end

---The capacity and its unit.
---@return number
---@return 'entries'|'bytes'
function Cache:capacity() end

---What happened so far. A lab.cache.ttl also has `expired`.
---@return table
function Cache:stats() end

---Sets the counters to zero.
function Cache:reset_stats() end

---Gets every key of a trace in turn, from its beginning, and on a miss puts it. The times of a trace that has some are told to the cache.
---@param trace any|any[]
---@return any
---@return any
function Cache:replay(trace) end

---A make of cache server and its settings; w:cache(name, profile) sets it up.
---@class CacheProfile
local CacheProfile = {}

---Cache servers of a world, as a client sees them; a cache filter can keep its entries there.
---@class CacheServers
local CacheServers = {}

---Sends a request to the server that is in charge of the key, and waits for the answer: get, set, add, delete, incr, flush. A miss is nil without an error.
---@param options table
---@return any
---@return Error?
function CacheServers:call(options) end

---The servers.
---@return Node[]
function CacheServers:nodes() end

---Items that tasks hand to each other, first in, first out; made by w:channel.
---@class Channel
local Channel = {}

---Adds an item; a waiting task gets it. Never waits.
---@param item any
function Channel:send(item) end

---The oldest item; waits while there is none.
---@param timeout? number
---@return any
---@return Error?
function Channel:receive(timeout) end

---Items that wait to be received.
---@return number
function Channel:size() end

---Clients of a replicated store, and the history of what they did.
---@class Clients
local Clients = {}

---Operations that certainly did not happen.
---@return number
function Clients:failed() end

---What they did so far, for a checker.
---@return History
function Clients:history() end

---Operations that succeeded.
---@return number
function Clients:ok() end

---No new operations.
function Clients:stop() end

---Operations that may or may not have happened.
---@return number
function Clients:unknown() end

---Decides whether one more request may be inside now. Who was admitted must leave.
---@class ConcurrencyLimiter
local ConcurrencyLimiter = {}

---Comes in, if there is room; delay is how long it is to be held back.
---@return any
---@return any
---@return any
function ConcurrencyLimiter:acquire() end

---A dry run: what acquire would say.
---@return any
---@return any
---@return any
function ConcurrencyLimiter:peek() end

---One that was admitted leaves: after how many seconds, and how it went ('success', 'dropped', 'ignored').
---@param latency? any
---@param outcome? any
function ConcurrencyLimiter:release(latency, outcome) end

---How many are inside.
---@return number
function ConcurrencyLimiter:in_flight() end

---How many may be inside now.
---@return number
function ConcurrencyLimiter:limit() end

---As freshly made.
function ConcurrencyLimiter:reset() end

---What a service's handler sees of the node it runs on.
---@class Context
local Context = {}

---The node's name.
---@return string
function Context:name() end

---The node's monotonic clock.
---@return number
function Context:now() end

---Waits; the request keeps its slot.
---@param seconds number|Distribution
function Context:sleep(seconds) end

---Asks another service, or the cache server in charge of the key, and waits for its answer.
---@param node any
---@param options table
---@return any
---@return Error?
function Context:call(node, options) end

---From 0 to 1, or a whole number from 1 to n.
---@param n? number
---@return number
function Context:random(n) end

---A line in the world's trace.
---@param text string
---@param fields? table
function Context:log(text, fields) end

---Counts for any number of keys, each at least the truth. Keys are strings or numbers.
---@class CountMin
local CountMin = {}

---Counts a key.
---@param key any
---@param count? any
---@return true?
---@return Error?
function CountMin:add(key, count) end

---Counts the ids of a trace, or 1 to n.
---@param trace any
---@return number
function CountMin:add_all(trace) end

---An estimate is above the truth by more than epsilon * total with probability delta at most.
---@return any
---@return any
function CountMin:bounds() end

---How often the key came: at least the truth.
---@param key any
---@return number
function CountMin:estimate(key) end

---All counts.
---@return number
function CountMin:total() end

---An experiment on fresh sketches of this size: puts in a trace, or the keys 1 to n, and compares the answers with the truth, and the bytes with those of theory and of the keys themselves. A quotient is measured / theory.
---@param trace any
---@return table
function CountMin:accuracy(trace) end

---As freshly made.
function CountMin:clear() end

---What its data takes.
---@return string
function CountMin:memory() end

---Makes this the sketch of both inputs. err.code is 'conflict' for sketches of different sizes or kinds.
---@param other any
---@return true?
---@return Error?
function CountMin:merge(other) end

---A probability distribution: service times, delays, sizes.
---@class Distribution
local Distribution = {}

---One number, or a list of n, from the script's random stream.
---@param n? number
---@return number|any[]
function Distribution:sample(n) end

---The expected value; infinite for a Pareto of shape 1 or less.
---@return number
function Distribution:mean() end

---What a node written in Lua can see of its world. Every handler gets it first.
---@class Env
local Env = {}

---This node's name.
---@return string
function Env:name() end

---The node's monotonic clock; it drifts but never jumps.
---@return number
function Env:now() end

---The node's wall clock; faults skew and step it.
---@return number
function Env:wall_now() end

---Sends a one-way message; it may be lost, late or doubled.
---@param to any
---@param type any
---@param body any
function Env:send(to, type, body) end

---Sends a request; done(value) or done(nil, err) is called once.
---@param to any
---@param options table
---@param done? function
function Env:call(to, options, done) end

---Calls node.on_timer(env, name) after a delay; setting it again moves it.
---@param name string
---@param delay number
function Env:timer(name, delay) end

---Cancels a named timer; false where it is not running.
---@param name string
---@return boolean
function Env:cancel(name) end

---Calls a function once, after a delay.
---@param delay number
---@param action function
function Env:after(delay, action) end

---A line in the world's trace.
---@param text string
---@param fields? table
function Env:log(text, fields) end

---State for w:show() and for fault selectors, such as { role = 'leader' }.
---@param fields table
function Env:show(fields) end

---Replaces a file on this node's disk; nil deletes it.
---@param file string
---@param value any
---@param done? function
function Env:write(file, value, done) end

---Appends a record to a file that is a list.
---@param file string
---@param record any
---@param done? function
function Env:append(file, record, done) end

---Makes what was written before durable.
---@param done? function
function Env:sync(done) end

---Reads a file: done(value) or done(nil, err).
---@param file string
---@param done function
function Env:read(file, done) end

---A file's content now, without the time it takes.
---@param file string
---@return any
---@return Error?
function Env:peek(file) end

---What a modelled failure returns as second value: nil, err.
---@class Error
---@field code string What went wrong, such as 'timeout' or 'overloaded'.
---@field message string The same for people.
---@field definite boolean Whether the operation certainly did not happen; false: it may have.
local Error = {}

---An append-only log of events in streams; states are folds over it.
---@class EventLog
local EventLog = {}

---@class EventLog.append.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field events? any[] { { type =, data =, meta =, id = } }: all or none of them (required)
---@field expected? any the version the stream must have: a number, 'any', 'no_stream' or 'stream_exists' (default: 'any')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds events to a stream; WrongExpectedVersion where somebody was faster.
---@param options? EventLog.append.options
---@return table?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.append.options): table?
---@overload fun(self: EventLog, stream: string, events: any[], options?: EventLog.append.options): table?
function EventLog:append(options) end

---@class EventLog.diff.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field from? integer a version; 0 is before all events (required)
---@field to? integer another (default: the newest)

---What changed between two versions: { path =, from =, to = }.
---@param options? EventLog.diff.options
---@return any[]?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.diff.options): any[]?
---@overload fun(self: EventLog, stream: string, from: integer, options?: EventLog.diff.options): any[]?
function EventLog:diff(options) end

---@class EventLog.read.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field from? integer the first version wanted (default: 1, or the last)
---@field max? integer how many (default: all)
---@field backwards? boolean the newest first (default: false)

---Events of a stream.
---@param options? EventLog.read.options
---@return any[]?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.read.options): any[]?
function EventLog:read(options) end

---@class EventLog.read_all.options
---@field from? integer the first position wanted (default: 1)
---@field max? integer how many (default: all)
---@field category? string only of streams whose names begin so, with a '-' (default: all)

---Events of all streams in the order in which they came.
---@param options? EventLog.read_all.options
---@return any[]
---@return any
---@overload fun(self: EventLog, from?: integer, options?: EventLog.read_all.options): any[]
function EventLog:read_all(options) end

---@class EventLog.remove.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field expected? any the version the stream must have: a number, 'any', 'no_stream' or 'stream_exists' (default: 'any')

---Ends a stream for good: StreamDeleted from then on.
---@param options? EventLog.remove.options
---@return true?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.remove.options): true?
function EventLog:remove(options) end

---@class EventLog.revert.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field version? integer the state to go back to (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Appends the event that makes the state what it was at a version.
---@param options? EventLog.revert.options
---@return table?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.revert.options): table?
---@overload fun(self: EventLog, stream: string, version: integer, options?: EventLog.revert.options): table?
function EventLog:revert(options) end

---How many events there are.
function EventLog:size() end

---@class EventLog.snapshot.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field version? integer of the state (default: the newest)

---Keeps a state, so that later folds begin there.
---@param options? EventLog.snapshot.options
---@return any
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.snapshot.options): any
function EventLog:snapshot(options) end

---@class EventLog.state.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field version? integer after that many events (default: the newest)
---@field replay? boolean from the first event on, whatever snapshots there are (default: false)

---The fold of the events; `applied` is how many that took.
---@param options? EventLog.state.options
---@return any
---@return any
---@return any
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.state.options): any
function EventLog:state(options) end

---The names of the streams, the oldest first.
function EventLog:streams() end

---@class EventLog.undo.options
---@field stream? string its name; what stands before the first '-' is its category (required)
---@field version? integer of the event (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Appends the event that takes one event back; conflict where a later one changed the same.
---@param options? EventLog.undo.options
---@return table?
---@return Error?
---@overload fun(self: EventLog, stream: string, options?: EventLog.undo.options): table?
---@overload fun(self: EventLog, stream: string, version: integer, options?: EventLog.undo.options): table?
function EventLog:undo(options) end

---@class EventLog.version.options
---@field stream? string its name; what stands before the first '-' is its category (required)

---How many events the stream has.
---@param options? EventLog.version.options
---@return number
---@overload fun(self: EventLog, stream: string): number
function EventLog:version(options) end

---Decides which queues a message goes to. In a world, lab.queue.broker has exchanges.
---@class Exchange
local Exchange = {}

---@class Exchange.bind.options
---@field queue? string its name (required)
---@field key? string of the binding (default: '')
---@field arguments? table of a headers exchange: headers that must be there, and ['x-match'] = 'any' (default: none)

---Adds a binding; false where it was there.
---@param options? Exchange.bind.options
---@return boolean?
---@return Error?
---@overload fun(self: Exchange, queue: string, options?: Exchange.bind.options): boolean?
function Exchange:bind(options) end

---@class Exchange.route.options
---@field key? string the message's routing key (default: '')
---@field headers? table the message's headers (default: none)

---The queues for a message, each once, in the order in which they were bound.
---@param options? Exchange.route.options
---@return any[]
---@overload fun(self: Exchange, key?: string, options?: Exchange.route.options): any[]
function Exchange:route(options) end

---@class Exchange.unbind.options
---@field queue? string its name (required)
---@field key? string of the binding (default: '')
---@field arguments? table of the binding (default: none)

---Takes a binding away; false where there was none.
---@param options? Exchange.unbind.options
---@return boolean
---@overload fun(self: Exchange, queue: string, options?: Exchange.unbind.options): boolean
function Exchange:unbind(options) end

---A plan to break something: made by lab.fault, carried out by w:at, w:inject and w:nemesis.
---@class Fault
local Fault = {}

---What it will do, in words.
---@return string
function Fault:describe() end

---The options that make the same fault.
---@return table
function Fault:options() end

---A service that wraps another one: it may delay, refuse, repeat or answer a request itself.
---@class Filter
local Filter = {}

---Which messages a subscriber wants.
---@class FilterPolicy
local FilterPolicy = {}

---Whether a message's attributes, its body, or an event passes.
---@param document any
---@return boolean
function FilterPolicy:matches(document) end

---The policy as it was given.
---@return table
function FilterPolicy:source() end

---What clients asked of a system and what came of it: invocations and completions, in order.
---@class History
local History = {}

---Adds { process =, type =, f =, key =, value =, time = }: an invoke, or the ok, fail or info that ends it.
---@param event any
---@return any
function History:append(event) end

---How many events it has.
---@return number
function History:count() end

---A table for each event; times in seconds.
---@return any[]
function History:events() end

---One line of JSON for each event; times in nanoseconds.
---@return string
function History:jsonl() end

---Writes the JSON lines, for `syslab check`.
---@param file string
---@return integer?
---@return Error?
function History:save(file) end

---Counts different keys. Keys are strings or numbers.
---@class HyperLogLog
local HyperLogLog = {}

---Adds a key; one that was added before changes nothing.
---@param key any
function HyperLogLog:add(key) end

---Adds the ids of a trace, or 1 to n.
---@param trace any
---@return number
function HyperLogLog:add_all(trace) end

---How many different keys were added, and the standard error of that, as a share.
---@return number
---@return any
function HyperLogLog:estimate() end

---An experiment on fresh sketches of this size: puts in a trace, or the keys 1 to n, and compares the answers with the truth, and the bytes with those of theory and of the keys themselves. A quotient is measured / theory.
---@param trace any
---@return table
function HyperLogLog:accuracy(trace) end

---As freshly made.
function HyperLogLog:clear() end

---What its data takes.
---@return string
function HyperLogLog:memory() end

---Makes this the sketch of both inputs. err.code is 'conflict' for sketches of different sizes or kinds.
---@param other any
---@return true?
---@return Error?
function HyperLogLog:merge(other) end

---Makes ids by itself. It never waits: time is an argument (the wall clock, in seconds since 1970; left out, it is the time of the last world, which begins in 1970). An id is a string, also where it is a 64-bit number: Lua's numbers are exact up to 2^53 only.
---@class IdGenerator
local IdGenerator = {}

---The next id. Where none is left in this tick, err.code is 'exhausted' and `wait` says how many seconds to wait; a clock that went back is 'clock_backwards'.
---@param now? any
---@return any
---@return Error?
---@return any
function IdGenerator:next(now) end

---What an id says: ms since 1970, time in seconds, worker, sequence ... as the kind has them.
---@param id any
---@return table?
---@return Error?
function IdGenerator:parse(id) end

---The next n ids, as fast as the clock allows; also the time when the last one was made.
---@param n number
---@param now? any
---@return any[]
---@return any
---@return Error?
function IdGenerator:take(n, now) end

---Jobs that are ready, delayed, taken, buried or done. Time is an argument (left out, that of the last world).
---@class JobQueue
local JobQueue = {}

---@class JobQueue.ack.options
---@field id? integer of the job (required)
---@field take? integer the token of the take (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The job is done.
---@param options? JobQueue.ack.options
---@return true?
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.ack.options): true?
---@overload fun(self: JobQueue, id: integer, take: integer, options?: JobQueue.ack.options): true?
function JobQueue:ack(options) end

---@class JobQueue.bury.options
---@field id? integer of the job (required)
---@field take? integer the token of the take (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Puts it aside until somebody kicks it.
---@param options? JobQueue.bury.options
---@return true?
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.bury.options): true?
---@overload fun(self: JobQueue, id: integer, take: integer, options?: JobQueue.bury.options): true?
function JobQueue:bury(options) end

---@class JobQueue.cancel.options
---@field name? string of the repetition (required)

---Ends a repetition.
---@param options? JobQueue.cancel.options
---@return boolean
---@overload fun(self: JobQueue, name: string): boolean
function JobQueue:cancel(options) end

---@class JobQueue.counts.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Jobs in each state, and totals.
---@param options? JobQueue.counts.options
---@return table
---@overload fun(self: JobQueue, now?: number): table
function JobQueue:counts(options) end

---@class JobQueue.delete.options
---@field id? integer of the job (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes it away in any state.
---@param options? JobQueue.delete.options
---@return true?
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.delete.options): true?
function JobQueue:delete(options) end

---@class JobQueue.fail.options
---@field id? integer of the job (required)
---@field take? integer the token of the take (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The work failed: it is retried after a backoff, or buried after its last attempt.
---@param options? JobQueue.fail.options
---@return any
---@return any
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.fail.options): any
---@overload fun(self: JobQueue, id: integer, take: integer, options?: JobQueue.fail.options): any
function JobQueue:fail(options) end

---@class JobQueue.kick.options
---@field count? integer how many (default: 1)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes buried jobs ready again, oldest first.
---@param options? JobQueue.kick.options
---@return number
---@overload fun(self: JobQueue, count?: integer, options?: JobQueue.kick.options): number
function JobQueue:kick(options) end

---@class JobQueue.next_take.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---When a take may succeed.
---@param options? JobQueue.next_take.options
---@return number?
---@overload fun(self: JobQueue, now?: number): number?
function JobQueue:next_take(options) end

---@class JobQueue.put.options
---@field data? any what is to be done (default: nil)
---@field priority? number the smaller, the sooner (default: 0)
---@field ttl? number how long it lives (default: the queue's)
---@field ttr? number how long it may run before it goes back (default: the queue's)
---@field delay? number not before then (default: the queue's)
---@field tube? string of utubes: one job of a tube at a time (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds a job.
---@param options? JobQueue.put.options
---@return any
---@return Error?
---@overload fun(self: JobQueue, data?: any, options?: JobQueue.put.options): any
function JobQueue:put(options) end

---@class JobQueue.release.options
---@field id? integer of the job (required)
---@field take? integer the token of the take (required)
---@field delay? number not before then (default: 0)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Gives it back.
---@param options? JobQueue.release.options
---@return true?
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.release.options): true?
---@overload fun(self: JobQueue, id: integer, take: integer, options?: JobQueue.release.options): true?
function JobQueue:release(options) end

---@class JobQueue.repeats.options
---@field name? string of the repetition; one of the same name is replaced (required)
---@field cron? string five fields: minute hour day month weekday; time 0 is Thursday 1970-01-01 00:00 UTC (default: none)
---@field every? number an interval instead (default: none)
---@field overlap? boolean put one even if the job of the time before is not done (default: true)
---@field data? any what is to be done (default: nil)
---@field priority? number the smaller, the sooner (default: 0)
---@field ttl? number how long it lives (default: the queue's)
---@field ttr? number how long it may run before it goes back (default: the queue's)
---@field delay? number not before then (default: the queue's)
---@field tube? string of utubes: one job of a tube at a time (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Puts a job at every time of a schedule.
---@param options? JobQueue.repeats.options
---@overload fun(self: JobQueue, name: string, options?: JobQueue.repeats.options)
function JobQueue:repeats(options) end

---@class JobQueue.state.options
---@field id? integer of the job (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Its state.
---@param options? JobQueue.state.options
---@return any|any|any|any|any
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.state.options): any|any|any|any|any
function JobQueue:state(options) end

---@class JobQueue.take.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes the next job.
---@param options? JobQueue.take.options
---@return table?
---@overload fun(self: JobQueue, now?: number): table?
function JobQueue:take(options) end

---@class JobQueue.touch.options
---@field id? integer of the job (required)
---@field take? integer the token of the take (required)
---@field more? number seconds (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---More time to run and live.
---@param options? JobQueue.touch.options
---@return true?
---@return Error?
---@overload fun(self: JobQueue, id: integer, options?: JobQueue.touch.options): true?
---@overload fun(self: JobQueue, id: integer, take: integer, options?: JobQueue.touch.options): true?
---@overload fun(self: JobQueue, id: integer, take: integer, more: number, options?: JobQueue.touch.options): true?
function JobQueue:touch(options) end

---Chooses which item the next request asks for: whole numbers from 1 to count().
---@class KeyStream
local KeyStream = {}

---One key, from the script's random stream.
---@return number
function KeyStream:next() end

---n keys, from the script's random stream.
---@param n number
---@return any[]
function KeyStream:take(n) end

---There are this many different keys.
---@return number
function KeyStream:count() end

---@class KeyStream.trace.options
---@field requests? integer how long it is (required)
---@field seed? integer of its own random stream (default: 1)

---A trace of requests for these keys, the same whenever it is read.
---@param options? KeyStream.trace.options
---@return RequestTrace
---@overload fun(self: KeyStream, requests: integer, options?: KeyStream.trace.options): RequestTrace
function KeyStream:trace(options) end

---A ConcurrencyLimiter for every key, in bounded memory: a key of which nobody is inside may be forgotten.
---@class KeyedConcurrencyLimiter
local KeyedConcurrencyLimiter = {}

---Comes in, if there is room; delay is how long it is to be held back.
---@param key any
---@return any
---@return any
---@return any
function KeyedConcurrencyLimiter:acquire(key) end

---A dry run: what acquire would say.
---@param key any
---@return any
---@return any
---@return any
function KeyedConcurrencyLimiter:peek(key) end

---One that was admitted leaves: after how many seconds, and how it went ('success', 'dropped', 'ignored').
---@param key any
---@param latency? any
---@param outcome? any
function KeyedConcurrencyLimiter:release(key, latency, outcome) end

---How many of the key are inside.
---@param key any
---@return number
function KeyedConcurrencyLimiter:in_flight(key) end

---How many of the key may be inside now.
---@param key any
---@return number
function KeyedConcurrencyLimiter:limit(key) end

---As freshly made.
function KeyedConcurrencyLimiter:reset() end

---How many keys are held now.
---@return number
function KeyedConcurrencyLimiter:size() end

---How much memory they take.
---@return string
function KeyedConcurrencyLimiter:size_bytes() end

---How many keys were forgotten although something was learned of them.
---@return number
function KeyedConcurrencyLimiter:forgotten() end

---A Limiter for every key (client, tenant, route), in bounded memory: when there are too many keys, one that is idle or nearly so is forgotten.
---@class KeyedLimiter
local KeyedLimiter = {}

---Takes the cost from the key's budget, or nothing.
---@param key any
---@param now? any
---@param cost? any
---@return any
---@return any
---@return any
---@return any
function KeyedLimiter:admit(key, now, cost) end

---A dry run: what admit would say.
---@param key any
---@param now? any
---@param cost? any
---@return any
---@return any
---@return any
---@return any
function KeyedLimiter:peek(key, now, cost) end

---As freshly made.
function KeyedLimiter:reset() end

---How many keys have a budget now.
---@return number
function KeyedLimiter:size() end

---How much memory they take.
---@return string
function KeyedLimiter:size_bytes() end

---How many keys were forgotten that were not idle: they got a fresh budget too early.
---@return number
function KeyedLimiter:forgotten() end

---Decides whether a request may pass now. It never waits: time is an argument (in seconds; left out, it is the time of the last world).
---@class Limiter
local Limiter = {}

---Takes the cost or nothing. retry_after is 0 if it was admitted, and infinite if it never will be; delay is how long a queue holds it back.
---@param now? any
---@param cost? any
---@return any
---@return any
---@return any
---@return any
function Limiter:admit(now, cost) end

---A dry run: what admit would say.
---@param now? any
---@param cost? any
---@return any
---@return any
---@return any
---@return any
function Limiter:peek(now, cost) end

---As freshly made.
function Limiter:reset() end

---A load generator: it sends requests to a node and measures what comes back.
---@class Load
local Load = {}

---Everything measured so far, as numbers.
---@return table
function Load:data() end

---Requests that came back with an error, timeouts included.
---@return number
function Load:errors() end

---Requests that were answered.
---@return number
function Load:ok() end

---Requests on their way.
---@return number
function Load:outstanding() end

---A latency that so many percent of the answers did not exceed.
---@param percent number
---@return number
function Load:percentile(percent) end

---Rates, errors, percentiles and a sparkline with fault bands; report:html(file) writes a page.
---@return Report
function Load:report() end

---Requests sent.
---@return number
function Load:sent() end

---Changes the rate of an open loop, from now on.
---@param rate number
function Load:set_rate(rate) end

---No more requests.
function Load:stop() end

---Says whether a key may have been added: no is certain, yes is wrong now and then. Keys are strings or numbers.
---@class MembershipFilter
local MembershipFilter = {}

---Adds a key. err.code is 'full' where a cuckoo filter has no room; then nothing has changed.
---@param key any
---@return true?
---@return Error?
function MembershipFilter:add(key) end

---Adds the ids of a trace, or 1 to n.
---@param trace any
---@return number?
---@return Error?
function MembershipFilter:add_all(trace) end

---False: it certainly was not added.
---@param key any
---@return boolean
function MembershipFilter:contains(key) end

---How often a stranger is reported, by theory, at the present number of keys or another.
---@param keys? any
---@return number
function MembershipFilter:fp_rate(keys) end

---Takes out a key that was added; false where it certainly was not. An error for a plain Bloom filter.
---@param key any
---@return boolean
function MembershipFilter:remove(key) end

---Keys added, less those removed.
---@return number
function MembershipFilter:size() end

---An experiment on fresh sketches of this size: puts in a trace, or the keys 1 to n, and compares the answers with the truth, and the bytes with those of theory and of the keys themselves. A quotient is measured / theory.
---@param trace any
---@return table
function MembershipFilter:accuracy(trace) end

---As freshly made.
function MembershipFilter:clear() end

---What its data takes.
---@return string
function MembershipFilter:memory() end

---Makes this the sketch of both inputs. err.code is 'conflict' for sketches of different sizes or kinds.
---@param other any
---@return true?
---@return Error?
function MembershipFilter:merge(other) end

---A node of a world: a service, a fleet's member, a balancer, a protocol participant, a client.
---@class Node
local Node = {}

---Sends a request and waits for the answer; at the prompt time passes meanwhile. The timeout is 1 s.
---@param options? table
---@return any
---@return Error?
function Node:call(options) end

---The content of a file on its disk.
---@param file string
---@return any
---@return Error?
function Node:disk(file) end

---The node's counters, gauges and histograms.
---@return table
function Node:metrics() end

---Its name in the world.
---@return string
function Node:name() end

---What it is and does now: kind, zone, state, and what its process shows.
---@return table
function Node:state() end

---Whether its process runs.
---@return boolean
function Node:up() end

---A request that a node written in Lua has yet to answer.
---@class PendingReply
local PendingReply = {}

---Text that print, tostring and the prompt's echo show as it is.
---@class Picture
---@field text string The picture itself.
local Picture = {}

---Says which of the nodes is a key's home. Keys are strings or numbers.
---@class Placement
local Placement = {}

---How it places keys: "ring".
---@return string
function Placement:algorithm() end

---The home of a key; an error with code "unavailable" where there is no node.
---@param key any
---@return any
---@return Error
function Placement:place(key) end

---As place, and the node carries the key from now on: for bounded_load, which looks at loads.
---@param key any
---@return any
---@return Error
function Placement:take(key) end

---One of the keys that the node took is gone; false where it carries none.
---@param name string
---@return boolean
function Placement:release(name) end

---The first nodes for a key, its home first.
---@param key any
---@param count any
---@return any[]
function Placement:replicas(key, count) end

---Adds a node.
---@param name string
---@param weight? any
function Placement:add(name, weight) end

---Removes a node.
---@param name string
function Placement:remove(name) end

---All nodes, sorted by name.
---@return any[]
function Placement:nodes() end

---The same placement, on its own: to compare before and after.
---@return Placement
function Placement:copy() end

---What it takes, beside the names of the nodes.
---@return string
function Placement:memory() end

---How keys are shared, as numbers and, printed, as bars. `keys` is a list, or a number n for the keys 1 to n. In the result: `keys` by node, the fullest against its fair share, the standard deviation of the shares, and chi-square (about nodes - 1 for a perfect hash).
---@param keys any
---@return table
function Placement:spread(keys) end

---The numbers of spread, without the picture.
---@param keys any
---@return table
function Placement:spread_data(keys) end

---How many keys have another home in `after`, how many of those needlessly (between nodes that are in both), and what each node lost and gained; printed, as bars.
---@param after any
---@param keys any
---@return table
function Placement:moved(after, keys) end

---The numbers of moved, without the picture.
---@param after any
---@param keys any
---@return table
function Placement:moved_data(after, keys) end

---A replication protocol and its settings; w:replicas runs it.
---@class Protocol
local Protocol = {}

---Messages that are hidden while somebody works on them, and come back if they are not deleted. Time is an argument (left out, it is that of the last world). In a world, lab.queue.broker serves it.
---@class Queue
local Queue = {}

---@class Queue.change_visibility.options
---@field receipt? string of the receive (required)
---@field visibility? number how long it stays hidden from now on; 0 gives it back (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Gives more time to work, or none.
---@param options? Queue.change_visibility.options
---@return true?
---@return Error?
---@overload fun(self: Queue, receipt: string, options?: Queue.change_visibility.options): true?
---@overload fun(self: Queue, receipt: string, visibility: number, options?: Queue.change_visibility.options): true?
function Queue:change_visibility(options) end

---@class Queue.churn.options
---@field count? integer how often (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Sends, receives and deletes a message so many times, in C++; how many times it worked.
---@param options? Queue.churn.options
---@return number
---@overload fun(self: Queue, count: integer, options?: Queue.churn.options): number
function Queue:churn(options) end

---@class Queue.counts.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Messages visible, in flight and delayed, and totals.
---@param options? Queue.counts.options
---@return table
---@overload fun(self: Queue, now?: number): table
function Queue:counts(options) end

---@class Queue.delete.options
---@field receipt? string of the last receive of the message (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes a message away for good; false where there was nothing to delete.
---@param options? Queue.delete.options
---@return boolean?
---@return Error?
---@overload fun(self: Queue, receipt: string, options?: Queue.delete.options): boolean?
function Queue:delete(options) end

---Takes all messages away.
function Queue:purge() end

---@class Queue.receive.options
---@field max? integer messages at most (default: 1)
---@field visibility? number how long they stay hidden (default: the queue's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes what is ready and hides it from others for a while.
---@param options? Queue.receive.options
---@return any[]?
---@return Error?
---@overload fun(self: Queue, max?: integer, options?: Queue.receive.options): any[]?
function Queue:receive(options) end

---@class Queue.redrive.options
---@field to? Queue where they came from (required)
---@field max? integer messages at most (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Moves what is ready to another queue, as new messages; how many.
---@param options? Queue.redrive.options
---@return number
---@overload fun(self: Queue, to: Queue, options?: Queue.redrive.options): number
function Queue:redrive(options) end

---@class Queue.send.options
---@field body? any a text, or whatever can travel between nodes (required)
---@field group? string of fifo and fair queues: its group (default: none)
---@field dedup? string of fifo queues: its deduplication id (default: none)
---@field delay? number hidden at first; not on fifo queues (default: the queue's)
---@field priority? integer of priority queues (default: 0)
---@field attributes? table names and values beside the body (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds a message.
---@param options? Queue.send.options
---@return table?
---@return Error?
---@overload fun(self: Queue, body: any, options?: Queue.send.options): table?
function Queue:send(options) end

---What a load measured; printing it shows rates, errors, percentiles and a sparkline with fault bands.
---@class Report
local Report = {}

---Writes one self-contained page with plots, fault bands and the last messages.
---@param file string
---@return Picture?
---@return Error?
function Report:html(file) end

---Requests in an order, recorded or generated, read in constant memory. Every use starts at the beginning.
---@class RequestTrace
local RequestTrace = {}

---How many requests there are. Reads the whole trace.
---@return number
function RequestTrace:count() end

---The first n requests. Ids above 2^53 are rounded to what a Lua number holds.
---@param n number
---@return any[]?
function RequestTrace:take(n) end

---Slots that tasks hold and wait for, first come, first served; made by w:resource.
---@class Resource
local Resource = {}

---Takes a slot; waits while none is free.
---@param timeout? number
---@return true?
---@return Error?
function Resource:acquire(timeout) end

---Gives the task's slot back.
function Resource:release() end

---Slots that are held.
---@return number
function Resource:busy() end

---Tasks in the line.
---@return number
function Resource:waiting() end

---The rows of a projection or an outbox, as the function that changes them sees them.
---@class Rows
local Rows = {}

---A copy of the row as it stands.
---@param key any
---@return any
function Rows:get(key) end

---Decides how many machines a fleet should have, one reading after another; see w:autoscaler.
---@class ScalingPolicy
local ScalingPolicy = {}

---@class ScalingPolicy.desired.options
---@field metric? number averaged over the warm machines (required)
---@field warm? integer machines that the metric speaks of (required)
---@field ordered? integer those, and the ones that start (default: warm)
---@field now number the time of the reading; it does not run backwards (required)

---Takes a reading; how many machines there should be.
---@param options? ScalingPolicy.desired.options
---@return number
---@overload fun(self: ScalingPolicy, metric: number, options?: ScalingPolicy.desired.options): number
---@overload fun(self: ScalingPolicy, metric: number, warm: integer, options?: ScalingPolicy.desired.options): number
function ScalingPolicy:desired(options) end

---As freshly made.
function ScalingPolicy:reset() end

---A stream of shards: each takes 1000 records and 1 MiB in a second, and a key goes where its MD5 falls. Time is an argument (left out, it is that of the last world). In a world, lab.stream.shard_service serves it.
---@class Shards
local Shards = {}

---Totals so far.
---@return table
function Shards:counts() end

---Where the load falls.
---@return table
function Shards:heat() end

---@class Shards.iterator.options
---@field shard? string its id (required)
---@field position? 'TRIM_HORIZON'|'LATEST'|'AT_SEQUENCE_NUMBER'|'AFTER_SEQUENCE_NUMBER'|'AT_TIMESTAMP' from where (default: 'TRIM_HORIZON')
---@field sequence? string a sequence number (default: none)
---@field time? number of AT_TIMESTAMP (default: 0)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A place to read from, good for five minutes.
---@param options? Shards.iterator.options
---@return any
---@return Error?
---@overload fun(self: Shards, shard: string, options?: Shards.iterator.options): any
function Shards:iterator(options) end

---@class Shards.list.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The shards, oldest first.
---@param options? Shards.list.options
---@return any[]
---@overload fun(self: Shards, now?: number): any[]
function Shards:list(options) end

---@class Shards.merge.options
---@field shard? string an open shard (required)
---@field neighbour? string the one beside it (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes one shard of two neighbours.
---@param options? Shards.merge.options
---@return any
---@return Error?
---@overload fun(self: Shards, shard: string, options?: Shards.merge.options): any
---@overload fun(self: Shards, shard: string, neighbour: string, options?: Shards.merge.options): any
function Shards:merge(options) end

---@class Shards.put.options
---@field key? string the partition key (required)
---@field data? any a text, or whatever can travel between nodes (required)
---@field explicit_hash? string in place of the key's MD5: a number below 2^128 (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes a record, or is throttled.
---@param options? Shards.put.options
---@return table?
---@return Error?
---@overload fun(self: Shards, key: string, options?: Shards.put.options): table?
---@overload fun(self: Shards, key: string, data: any, options?: Shards.put.options): table?
function Shards:put(options) end

---@class Shards.read.options
---@field iterator? string from iterator() or the last read (required)
---@field limit? integer records at most (default: 10000)
---@field consumer? string one with enhanced fan-out (default: none: it polls)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Reads on. Without `next` a closed shard is at its end.
---@param options? Shards.read.options
---@return table?
---@return Error?
---@overload fun(self: Shards, iterator: string, options?: Shards.read.options): table?
function Shards:read(options) end

---@class Shards.register_consumer.options
---@field name? string its name (required)

---A consumer with enhanced fan-out: 2 MiB a second of its own.
---@param options? Shards.register_consumer.options
---@return true?
---@return Error?
---@overload fun(self: Shards, name: string): true?
function Shards:register_consumer(options) end

---@class Shards.set_retention.options
---@field retention? number 1 to 365 days (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---How long records are kept.
---@param options? Shards.set_retention.options
---@return true?
---@return Error?
---@overload fun(self: Shards, retention: number, options?: Shards.set_retention.options): true?
function Shards:set_retention(options) end

---@class Shards.split.options
---@field shard? string an open shard (required)
---@field at? string the first hash of the second half (default: the middle)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes two shards of one.
---@param options? Shards.split.options
---@return any[]?
---@return Error?
---@overload fun(self: Shards, shard: string, options?: Shards.split.options): any[]?
function Shards:split(options) end

---A register of short codes for texts.
---@class ShortCodes
local ShortCodes = {}

---A code for the text. err.code is 'exhausted' where no free code was found.
---@param text string
---@return any
---@return Error?
function ShortCodes:assign(text) end

---Assigns codes to n more texts: text 1, text 2 ...
---@param n number
---@return number?
---@return Error?
function ShortCodes:fill(n) end

---The text of a code. err.code is 'not_found', or 'malformed' for what cannot be a code.
---@param code any
---@return any
---@return Error?
function ShortCodes:resolve(code) end

---How many codes there are and could be, how many tries met a taken one, and how many should have, by theory.
---@return table
function ShortCodes:stats() end

---The keys that came most often, and their counts. Keys are strings or whole numbers.
---@class SpaceSaving
local SpaceSaving = {}

---Counts a key.
---@param key any
---@param count? any
---@return true?
---@return Error?
function SpaceSaving:add(key, count) end

---Counts the ids of a trace, or 1 to n.
---@param trace any
---@return number
function SpaceSaving:add_all(trace) end

---How often a key came: at most count, and at least count - error.
---@param key any
---@return any
---@return any
function SpaceSaving:estimate(key) end

---The keys with the largest counts.
---@param n? number
---@return any[]
function SpaceSaving:top(n) end

---All counts.
---@return number
function SpaceSaving:total() end

---An experiment on fresh sketches of this size: puts in a trace, or the keys 1 to n, and compares the answers with the truth, and the bytes with those of theory and of the keys themselves. A quotient is measured / theory.
---@param trace any
---@return table
function SpaceSaving:accuracy(trace) end

---As freshly made.
function SpaceSaving:clear() end

---What its data takes.
---@return string
function SpaceSaving:memory() end

---Makes this the sketch of both inputs. err.code is 'conflict' for sketches of different sizes or kinds.
---@param other any
---@return true?
---@return Error?
function SpaceSaving:merge(other) end

---A student's file, as the check of a lab's part sees it.
---@class Submission
local Submission = {}

---Runs the file in a fresh state of its own and returns what it returned: an object whose functions can be called with plain values. The seed is the part's unless given.
---@param options? table
---@return any
function Submission:load(options) end

---@class Submission.node.options
---@field world? World the world it becomes part of (required)
---@field name? string the node's name (required)
---@field options? any passed to the file as its second argument (default: none)
---@field memory? integer bytes its state may take (default: 64 MiB)
---@field budget? integer VM instructions that a handler may run (default: 10 000 000)
---@field time? Distribution|number the time each message takes (default: no time)
---@field zone? string the zone it stands in (default: none)

---Adds a node that runs the file, with `node` and `options` as its arguments.
---@param options? Submission.node.options
---@return Node
---@overload fun(self: Submission, world: World, options?: Submission.node.options): Node
---@overload fun(self: Submission, world: World, name: string, options?: Submission.node.options): Node
function Submission:node(options) end

---A field of an object of the file's.
---@param object any
---@param name string
---@return any
function Submission:get(object, name) end

---What the file's modules have printed, at most 16 KiB each.
---@return string
function Submission:printed() end

---A coroutine that lives in simulated time; made by w:spawn.
---@class Task
local Task = {}

---Whether it has not ended yet.
---@return boolean
function Task:alive() end

---Waits for its end and gives what its function returned.
---@return any
---@return Error?
function Task:await() end

---Ends it where it stands and gives back the slots it holds; false where it has ended.
---@return boolean
function Task:cancel() end

---Aggregates of events by the time at which they happened. Results come when the watermark says that a window is over.
---@class Windows
local Windows = {}

---@class Windows.add.options
---@field time? number when it happened, in seconds (required)
---@field key? any what it is grouped by (default: none)
---@field value? number what is added up (default: 1)

---Takes an event; the results that are due now, and whether it was taken (false: too late).
---@param options? Windows.add.options
---@return any[]
---@return boolean
---@overload fun(self: Windows, time: number, options?: Windows.add.options): any[]
function Windows:add(options) end

---@class Windows.advance.options
---@field watermark? number no event older than this is to come (required)

---Says how far time has come when there are no events to show it.
---@param options? Windows.advance.options
---@return any[]
---@overload fun(self: Windows, watermark: number): any[]
function Windows:advance(options) end

---What has happened so far.
---@return table
function Windows:counts() end

---How far time has come, in seconds; nothing before the first event.
---@return number?
function Windows:watermark() end

---A simulated cluster: nodes, network, disks, clocks and faults, in virtual time.
---@class World
local World = {}

---Plans a fault, and its end after `lasting` seconds; or runs a function as a task.
---@param time number
---@param fault any
---@param lasting? number
---@return number?
function World:at(time, fault, lasting) end

---@class World.autoscaler.options
---@field name? string its name (required)
---@field fleet? any all members there can be, in the order in which they are launched: what w:fleet gave (required)
---@field policy? any such as lab.compute.target_tracking{...}; of a list, the one counts that wants most (required)
---@field min? integer members at least (default: 1)
---@field max? integer members at most (default: all)
---@field start? integer members in service at the beginning (default: min)
---@field balancer? any the balancer, or list of them, whose rotation the members join and leave (default: none: members are only started and stopped)
---@field metric? 'utilisation'|'requests'|'reported' busy share of the slots; answers a second and member; or what :report() is told (default: 'utilisation')
---@field period? number between two readings (default: 60 s)
---@field boot? Distribution|number from the order of a machine to its start (default: 60 s)
---@field warmup? number a started member counts in the metric only after this (default: 0)
---@field drain? number from leaving the rotation to the stop (default: 5 s)
---@field zone? string the zone it stands in (default: none)

---Adds a node that starts and stops the members of a fleet by what it measures.
---@param options? World.autoscaler.options
---@return Autoscaler
---@overload fun(self: World, name: string, options?: World.autoscaler.options): Autoscaler
---@overload fun(self: World, name: string, fleet: any, options?: World.autoscaler.options): Autoscaler
---@overload fun(self: World, name: string, fleet: any, policy: any, options?: World.autoscaler.options): Autoscaler
function World:autoscaler(options) end

---@class World.balancer.options
---@field name? string its name (required)
---@field backends? any the services it passes requests to (required)
---@field policy? BalancePolicy how it picks (default: lab.balance.round_robin())
---@field weights? any[] relative capacities, one for each backend (default: all 1)
---@field timeout? number of each request it passes on (default: none)
---@field checks? table active health checks: { interval = 2, timeout = 1, fall = 3, rise = 2, type = 'ping' } (default: none)
---@field ejection? table takes a backend out after failures in a row: { failures = 5, time = 30, time_max = 300, share_max = 0.1 } (default: none)
---@field panic? number below this share of healthy backends health is ignored (default: 0)
---@field filters? any[] filters around it, the outermost first, such as lab.resilience.timeout{...} (default: none)
---@field zone? string the zone it stands in (default: none)

---Adds a balancer in front of services.
---@param options? World.balancer.options
---@return Node
---@overload fun(self: World, name: string, options?: World.balancer.options): Node
---@overload fun(self: World, name: string, backends: any, options?: World.balancer.options): Node
function World:balancer(options) end

---@class World.cache.options
---@field name? string the group's name; its members are NAME-1, NAME-2 ... (required)
---@field profile? CacheProfile such as lab.cache.memcached{ servers = 3 } (required)
---@field zone? string the zone they stand in (default: none)

---Adds cache servers of one make, and gives a client's view of them.
---@param options? World.cache.options
---@return CacheServers
---@overload fun(self: World, name: string, options?: World.cache.options): CacheServers
---@overload fun(self: World, name: string, profile: CacheProfile, options?: World.cache.options): CacheServers
function World:cache(options) end

---A channel for tasks.
---@return Channel
function World:channel() end

---@class World.clients.options
---@field to? any the replicas to ask: what w:replicas gave, or one node (default: required)
---@field count? integer how many clients (default: 8)
---@field mix? table weights of read, write and cas (default: { read = 0.5, write = 0.4, cas = 0.1 })
---@field keys? any how many keys, or a key stream (default: 3)
---@field think? Distribution|number a client's time between operations (default: exponential, mean 20 ms)
---@field timeout? number how long one waits for an answer (default: 0.5 s)
---@field name? string its name in pictures (default: 'clients')

---Adds clients that use a replicated store and record what they saw.
---@param options? World.clients.options
---@return Clients
---@overload fun(self: World, to?: any, options?: World.clients.options): Clients
function World:clients(options) end

---Ends it: tasks are cancelled and handles are dead.
function World:close() end

---16 hex digits over everything that happened; equal runs have equal digests.
---@return string
function World:digest() end

---The faults so far: { name =, describe =, from =, to = }.
---@return any[]
function World:faults() end

---The node of that name.
---@param name string
---@return Node
function World:find(name) end

---@class World.fleet.options
---@field name? string its members are NAME-1, NAME-2 ... (required)
---@field count? integer how many members (required)
---@field time? Distribution|number its service time (default: no time)
---@field slots? integer requests it serves at once (default: 1)
---@field queue_limit? integer requests that may wait; more are shed as 'overloaded' (default: no limit)
---@field calls? any the service it calls for each request, or a list of them, one after the other (default: none)
---@field call_timeout? number how long it waits for a service that it calls (default: 1 s)
---@field handler? function handler(request, context): computes the answer, after the service time; a task, so it may wait. Returns the value, or nil and an error (default: answers { node = NAME })
---@field filters? any[] filters around it, the outermost first, such as lab.resilience.timeout{...} (default: none)
---@field zone? string the zone it stands in (default: none)

---Adds several equal services.
---@param options? World.fleet.options
---@return Node[]
---@overload fun(self: World, name: string, options?: World.fleet.options): Node[]
---@overload fun(self: World, name: string, count: integer, options?: World.fleet.options): Node[]
function World:fleet(options) end

---Takes a fault back, by the number that at or inject gave; without one, all.
---@param fault? any
function World:heal(fault) end

---Plans the end of a fault.
---@param time number
---@param fault any
function World:heal_at(time, fault) end

---A fault now.
---@param fault any
---@param lasting? number
---@return number
function World:inject(fault, lasting) end

---@class World.load.options
---@field to? any the node to ask (default: required)
---@field rate? number requests a second that arrive whether or not earlier ones were answered: an open loop (default: none)
---@field clients? integer instead of a rate: so many clients that each wait for their answer: a closed loop (default: none)
---@field think? Distribution|number a client's time between an answer and its next request (default: none)
---@field arrivals? 'poisson'|'constant'|'uniform' how the arrivals of an open loop are spaced (default: 'poisson')
---@field rates? any[] later rates of the open loop: {{at = 10, rate = 1000}, ...} (default: none)
---@field keys? any which keys are asked for: a stream such as lab.workload.zipf{...}, or a number of keys, all equally likely (default: requests have no key)
---@field mix? table request types and their weights, such as { read = 0.9, write = 0.1 } (default: { get = 1 })
---@field body? number bytes of payload in each request (default: 0)
---@field timeout? number how long it waits for an answer (default: 1 s)
---@field start? number when it begins (default: now)
---@field stop? number when it ends (default: never)
---@field interval? number width of a point in its plots (default: 0.1 s)
---@field name? string its name in pictures (default: 'load')
---@field zone? string the zone it stands in (default: none)

---Adds a load generator.
---@param options? World.load.options
---@return Load
---@overload fun(self: World, to?: any, options?: World.load.options): Load
function World:load(options) end

---The messages of the last while as a space-time diagram.
---@param options? table
---@return Picture
function World:messages(options) end

---The same as inject, for faults that go on by themselves, such as chaos.
---@param fault any
---@return number
function World:nemesis(fault) end

---@class World.node.options
---@field name? string its name (required)
---@field code? any function(node, options) without outside variables, or a file: it puts on_start, on_message, on_request, on_timer and on_stop into node (required)
---@field options? any passed to the code at every start (default: nil)
---@field time? Distribution|number handling time of a message (default: no time)
---@field memory? number bytes of Lua memory it may use (default: 64 MiB)
---@field budget? integer VM instructions a handler may run; 0: no limit (default: 10 million)
---@field zone? string the zone it stands in (default: none)

---Adds a node written in Lua. It runs in a Lua state of its own: a crash destroys its memory.
---@param options? World.node.options
---@return Node
---@overload fun(self: World, name: string, options?: World.node.options): Node
---@overload fun(self: World, name: string, code: any, options?: World.node.options): Node
function World:node(options) end

---All nodes, in order of creation.
---@return Node[]
function World:nodes() end

---The world's time.
---@return number
function World:now() end

---From 0 to 1, or a whole number from 1 to n; depends on the seed only.
---@param n? number
---@return number
function World:random(n) end

---@class World.replicas.options
---@field name? string the group's name; its members are NAME-1, NAME-2 ... (required)
---@field protocol? Protocol such as lab.replicate.raft{ count = 5 } (required)
---@field time? Distribution|number a replica's time to handle a message (default: no time)

---Adds the replicas of a replicated store.
---@param options? World.replicas.options
---@return Node[]
---@overload fun(self: World, name: string, options?: World.replicas.options): Node[]
---@overload fun(self: World, name: string, protocol: Protocol, options?: World.replicas.options): Node[]
function World:replicas(options) end

---@class World.resource.options
---@field slots? integer how many tasks may hold it (default: 1)

---Slots that tasks hold and wait for.
---@param options? World.resource.options
---@return Resource
---@overload fun(self: World, slots?: integer): Resource
function World:resource(options) end

---Lets time pass.
---@param seconds number
function World:run(seconds) end

---Lets time pass until a time, or until condition() holds or `limit` seconds are over.
---@param time any
---@param limit? number
---@return boolean
function World:run_until(time, limit) end

---Writes the kept trace as JSON lines.
---@param file string
---@return integer?
---@return Error?
function World:save_trace(file) end

---Lua source that plans the same faults again: load(text)()(w).
---@return string
function World:schedule() end

---What every random stream of the world comes from.
---@return number
function World:seed() end

---@class World.service.options
---@field name? string its name (required)
---@field time? Distribution|number its service time (default: no time)
---@field slots? integer requests it serves at once (default: 1)
---@field queue_limit? integer requests that may wait; more are shed as 'overloaded' (default: no limit)
---@field calls? any the service it calls for each request, or a list of them, one after the other (default: none)
---@field call_timeout? number how long it waits for a service that it calls (default: 1 s)
---@field handler? function handler(request, context): computes the answer, after the service time; a task, so it may wait. Returns the value, or nil and an error (default: answers { node = NAME })
---@field filters? any[] filters around it, the outermost first, such as lab.resilience.timeout{...} (default: none)
---@field zone? string the zone it stands in (default: none)

---Adds a service: slots that serve, a queue that waits, services that it calls.
---@param options? World.service.options
---@return Node
---@overload fun(self: World, name: string, options?: World.service.options): Node
function World:service(options) end

---The topology and its live state as a picture.
---@return Picture
function World:show() end

---In a task: waits. In the main chunk: lets time pass.
---@param seconds number|Distribution
function World:sleep(seconds) end

---Everything to show now: time, seed, digest, nodes, faults.
---@return table
function World:snapshot() end

---Runs a function as a task, from now on.
---@param action function
---@param ... any
---@return Task
function World:spawn(action, ...) end

---Lets the next n events happen; how many did.
---@param n? number
---@return number
function World:step(n) end

---The kept events of the trace.
---@param last? number
---@return any[]
function World:trace_events(last) end

---The parts that systems are made of.
lab = {}

---@class lab.history.options
---@field events? any[] tables such as { process = 1, type = 'invoke', f = 'read' } (default: none)
---@field file? string JSON lines, a Jepsen log or EDN; told apart by what is in it (default: none)

---A history of operations: from a file, from a list of events, or empty, to be appended to.
---@param options? lab.history.options
---@return any
---@overload fun(events?: any[], options?: lab.history.options): any
function lab.history(options) end

---@class lab.world.options
---@field seed? integer what all randomness comes from (default: the session's seed)
---@field latency? Distribution|number one-way delay of a link (default: 250 us)
---@field bandwidth? number bytes a second of a link; 0: no limit (default: no limit)
---@field loss? number share of messages that links lose (default: 0)
---@field zone_latency? Distribution|number added between nodes of different zones (default: none)
---@field keep? integer trace events that are kept for pictures (default: 200000)
---@field echo? boolean show what nodes print (default: true)

---A simulated cluster in virtual time; the same script and seed always give the same run.
---@param options? lab.world.options
---@return World
---@overload fun(seed?: integer, options?: lab.world.options): World
function lab.world(options) end

lab.balance = {}

---The backend with the fewest outstanding requests for its weight. One that fails fast looks idle, and so draws all traffic: use health checks.
---@return BalancePolicy
function lab.balance.least_connections() end

---All requests for a key to one backend, by Maglev's look-up table: as even as can be, at the price of a few keys that move needlessly when a backend joins.
---@return BalancePolicy
function lab.balance.maglev() end

---@class lab.balance.power_of_two.options
---@field choices? integer how many are chosen at random (default: 2)

---The less loaded of two backends chosen at random: nearly as good as the best of all, and free of herds.
---@param options? lab.balance.power_of_two.options
---@return BalancePolicy
---@overload fun(choices?: integer): BalancePolicy
function lab.balance.power_of_two(options) end

---A backend at random, in proportion to its weight.
---@return BalancePolicy
function lab.balance.random() end

---@class lab.balance.ring.options
---@field points? integer on the ring, for weight 1 (default: 160)
---@field bound? number most outstanding requests of a backend, as a multiple of the average (default: no bound)

---All requests for a key to one backend, by a consistent hash ring; with a bound, no backend gets much more than its share.
---@param options? lab.balance.ring.options
---@return BalancePolicy
---@overload fun(points?: integer, options?: lab.balance.ring.options): BalancePolicy
function lab.balance.ring(options) end

---Each backend in turn, in proportion to its weight.
---@return BalancePolicy
function lab.balance.round_robin() end

lab.cache = {}

---@class lab.cache.arc.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that balances recency against frequency by itself: the keys it regrets having evicted tell it how.
---@param options? lab.cache.arc.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.arc.options): Cache
function lab.cache.arc(options) end

---@class lab.cache.belady.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field trace RequestTrace the future: what will be asked for, in order (required)

---The cache of a prophet: evicts the entry whose next use is farthest away. Nothing does better on the trace it was given.
---@param options? lab.cache.belady.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.belady.options): Cache
function lab.cache.belady(options) end

---@class lab.cache.clock.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field bits? integer of the counter of uses: up to 2^bits - 1 more rounds (default: 1)

---A cache that evicts the oldest entry, but gives one that was used another round.
---@param options? lab.cache.clock.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.clock.options): Cache
function lab.cache.clock(options) end

---@class lab.cache.compare.options
---@field trace? RequestTrace what is asked for (required)
---@field policies? table names of lab.cache; or name = function(capacity) return a cache end (required)
---@field sizes? any[] the capacities to try (default: 12, from a thousandth of what the trace touches to all of it)
---@field unit? 'entries'|'bytes' what the sizes count (default: entries)
---@field sample? number works on a sample of the keys and on sizes as much smaller (SHARDS) (default: 1)
---@field threads? integer at most so many at once (default: one a processor)

---Replays a trace through many policies at many sizes: the miss ratio of each, as a table and a chart. LRU takes one pass for all sizes, the others one cache a size, on all processors; the results do not depend on how many there are.
---@param options? lab.cache.compare.options
---@return any
---@overload fun(trace: RequestTrace, options?: lab.cache.compare.options): any
---@overload fun(trace: RequestTrace, policies: table, options?: lab.cache.compare.options): any
function lab.cache.compare(options) end

---@class lab.cache.custom.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field on_insert function (p, key, size): the key is new; room was made before (required)
---@field victim function (p, key, size) -> key: who must go so that `key` can come (required)
---@field on_remove function (p, key, why): the key is gone, 'evicted' or 'erased' (required)
---@field on_hit? function (p, key): it was asked for, or replaced (default: hits change nothing)
---@field start? function (p, capacity): once before all others, and again after clear (optional)
---@field advance? function (p, now): it is `now`; called where somebody tells the cache the time (default: time changes nothing)

---A cache whose policy is yours: hooks in Lua, the same that the others have in C++. Each gets a table of this cache's own to keep things in.
---@param options? lab.cache.custom.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.custom.options): Cache
function lab.cache.custom(options) end

---@class lab.cache.fifo.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts the entry that came first, however often it was used.
---@param options? lab.cache.fifo.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.fifo.options): Cache
function lab.cache.fifo(options) end

---@class lab.cache.filter.options
---@field cache? any a Cache, of what policy and capacity (read-through); or CacheServers that w:cache made, whose client it then is (cache-aside) (required)
---@field write? 'around'|'through'|'back' to the service only, and the key is forgotten; to the service and then the cache; to the cache, and to the service later (default: 'around')
---@field ttl? number how long a value is good (default: until evicted or written)
---@field jitter? number each ttl is shortened by a random share of up to this (default: 0)
---@field negative_ttl? number how long 'nothing there' (nil, or the error not_found) is good (default: not kept)
---@field single_flight? boolean reads of a key that is being read wait for that answer (default: false)
---@field lease? number with CacheServers: who finds nothing is the only one to read it, for so long, and keeps it only if nobody has written it meanwhile; others ask again every 10 ms (default: no leases)
---@field early? number beta of probabilistic early expiry: 1 is the paper's optimum, more is earlier; 0: never (default: 0)
---@field ahead? number a hit older than this share of its ttl is renewed in the background (default: never)
---@field flush_interval? number write = 'back': what is dirty goes to the service so often (default: 1 s)
---@field flush_batch? integer write = 'back': most entries of a request put_many; with 1, writes go as they came (default: 64)
---@field dirty_limit? integer write = 'back': with so many dirty keys, other writes go around (default: 10000)
---@field reads? any[] the types of request that read (default: { 'get', 'read' })
---@field writes? any[] the types of request that write their `value` (default: { 'put', 'write', 'set' })

---Answers reads from a cache; writes go around it, through it, or back to the service later. Each process has an empty cache like the one given.
---@param options? lab.cache.filter.options
---@return Filter
---@overload fun(cache: any, options?: lab.cache.filter.options): Filter
function lab.cache.filter(options) end

---@class lab.cache.lfu.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts the entry that was used least often since it came; of equals, the one whose count is oldest.
---@param options? lab.cache.lfu.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.lfu.options): Cache
function lab.cache.lfu(options) end

---@class lab.cache.lifo.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts the newest entry.
---@param options? lab.cache.lifo.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.lifo.options): Cache
function lab.cache.lifo(options) end

---@class lab.cache.lirs.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field hir_share? number of the capacity, for those others (default: 0.01)

---A cache that keeps keys whose last two uses were close together; all others pass through 1 % of it.
---@param options? lab.cache.lirs.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.lirs.options): Cache
function lab.cache.lirs(options) end

---@class lab.cache.lru.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts the entry that was not used for the longest time.
---@param options? lab.cache.lru.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.lru.options): Cache
function lab.cache.lru(options) end

---@class lab.cache.memcached.options
---@field servers? integer how many (default: 1)
---@field memory? number bytes of each, given out in pages of 1 MiB (default: 64 MiB)
---@field threads? integer commands a server works on at once (default: 4)
---@field factor? number each class of chunks is so many times as large as the one before (default: 1.25)
---@field time? Distribution|number a thread's time for a command (default: 10 us)
---@field timeout? number how long a client waits (default: 100 ms)

---memcached (defaults of 1.4.39): servers with several threads and slab memory each; clients find keys on a ketama ring. Nothing is replicated, a crash empties a server.
---@param options? lab.cache.memcached.options
---@return CacheProfile
---@overload fun(servers?: integer, options?: lab.cache.memcached.options): CacheProfile
function lab.cache.memcached(options) end

---@class lab.cache.mru.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts the entry that was used last: right for a scan in a loop, wrong for nearly all else.
---@param options? lab.cache.mru.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.mru.options): Cache
function lab.cache.mru(options) end

---@class lab.cache.random.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field seed? integer of its own random stream (default: 1)

---A cache that evicts any entry, each as likely as the others.
---@param options? lab.cache.random.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.random.options): Cache
function lab.cache.random(options) end

---@class lab.cache.redis.options
---@field shards? integer primaries; each has its part of the keys (default: 1)
---@field replicas? integer of each shard, beside its primary (default: 2)
---@field memory? number maxmemory of a node (default: no limit)
---@field policy? 'noeviction'|'allkeys-lru'|'allkeys-lfu'|'allkeys-random' who leaves when the memory is full: nobody (writes fail with out_of_memory), the worst of a sample by last use or by how often it is used, or anybody (default: 'noeviction')
---@field samples? integer entries that an eviction looks at (default: 5)
---@field time? Distribution|number the thread's time for a command or message (default: 10 us)
---@field node_timeout? number a node that is silent for so long has failed (default: 15 s)
---@field backlog? number bytes of writes that a replica may have missed and still continue (default: 1 MiB)
---@field min_replicas? integer a primary refuses writes when fewer replicas keep up (default: 0)
---@field max_lag? number a replica that was not heard for so long does not keep up (default: 10 s)
---@field timeout? number how long a client waits (default: 100 ms)

---Redis as a cache (defaults of 7): shards of a primary and replicas, one thread each; writes reach replicas after they were answered, and when a primary fails a replica takes over with what it knows.
---@param options? lab.cache.redis.options
---@return CacheProfile
---@overload fun(shards?: integer, options?: lab.cache.redis.options): CacheProfile
function lab.cache.redis(options) end

---@class lab.cache.s3_fifo.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field small_share? number of the capacity, for newcomers (default: 0.1)
---@field ghost_share? number of the capacity: how many keys that left it remembers (default: 0.9)
---@field threshold? integer hits in the small queue that earn a place in the main one (default: 2)

---A cache of three FIFO queues: a small one for newcomers, a main one, and one of keys that left the small one.
---@param options? lab.cache.s3_fifo.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.s3_fifo.options): Cache
function lab.cache.s3_fifo(options) end

---@class lab.cache.sampled.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field by? 'lru'|'lfu' what makes an entry worth keeping: last use, or a counter that grows ever more slowly (default: lru)
---@field samples? integer entries it looks at for each eviction (default: 5)
---@field log_factor? number lfu: how slowly the counter grows (default: 10)
---@field decay? number lfu: the counter loses 1 for so much time without a use, as told by advance; 0: never (default: 60)
---@field seed? integer of its own random stream (default: 1)

---A cache that looks at a few entries at random and evicts the worst of them by LRU or LFU, as Redis does.
---@param options? lab.cache.sampled.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.sampled.options): Cache
function lab.cache.sampled(options) end

---@class lab.cache.sieve.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)

---A cache that evicts, from old to new, the next entry that was not used since its hand last came by.
---@param options? lab.cache.sieve.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.sieve.options): Cache
function lab.cache.sieve(options) end

---@class lab.cache.slab.options
---@field memory? number bytes, given out in pages (default: 64 MiB)
---@field factor? number each class of chunks is so many times as large as the one before (default: 1.25)
---@field page? number bytes of a page, and of the largest item (default: 1 MiB)

---A cache of bytes with the memory of memcached 1.4.39: pages cut into chunks by size class, an LRU list for each class. A full class evicts while another has room to spare.
---@param options? lab.cache.slab.options
---@return Cache
---@overload fun(memory?: number, options?: lab.cache.slab.options): Cache
function lab.cache.slab(options) end

---@class lab.cache.slru.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field segments? integer how many, of equal size (default: 4)

---A cache of LRU segments: an entry rises by one with each hit, and falls when its segment is full.
---@param options? lab.cache.slru.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.slru.options): Cache
function lab.cache.slru(options) end

---@class lab.cache.ttl.options
---@field cache? Cache of what policy and capacity; it is left alone, a fresh one like it is used (required)
---@field ttl? number how long an entry lives (required)
---@field jitter? number lives are shortened at random by up to this share (default: 0)
---@field sliding? boolean a hit begins a new life (default: false)
---@field seed? integer of its own random stream (default: 1)

---Gives every entry of another cache a time to live. Tell it the time with advance, or let a trace with times do it.
---@param options? lab.cache.ttl.options
---@return Cache
---@overload fun(cache: Cache, options?: lab.cache.ttl.options): Cache
---@overload fun(cache: Cache, ttl: number, options?: lab.cache.ttl.options): Cache
function lab.cache.ttl(options) end

---@class lab.cache.two_queue.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field in_share? number of the capacity, for newcomers (default: 0.25)
---@field ghost_share? number of the capacity: how many keys that left it remembers (default: 0.5)

---A cache with a FIFO for newcomers; a key that is asked for again after it left gets into an LRU.
---@param options? lab.cache.two_queue.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.two_queue.options): Cache
function lab.cache.two_queue(options) end

---@class lab.cache.w_tiny_lfu.options
---@field capacity? integer most entries it holds (default: capacity_bytes)
---@field capacity_bytes? number most bytes it holds (default: capacity)
---@field window_share? number of the capacity, for newcomers (default: 0.01)
---@field protected_share? number of the rest, for what was hit there (default: 0.8)

---A cache with a small window for newcomers; to stay, a key must have been asked for more often than the one it would replace.
---@param options? lab.cache.w_tiny_lfu.options
---@return Cache
---@overload fun(capacity?: integer, options?: lab.cache.w_tiny_lfu.options): Cache
function lab.cache.w_tiny_lfu(options) end

lab.check = {}

---@class lab.check.bank.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field total? number what they add up to (default: what the first read says)
---@field negative? boolean whether balances may be below 0 (default: false)

---Do the balances that are read always add up to the same? Of read, which answers a map or list of balances.
---@param options? lab.check.bank.options
---@return any
---@overload fun(history: History, options?: lab.check.bank.options): any
function lab.check.bank(options) end

---@class lab.check.causal.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field convergent? boolean whether one order of each key's writes must fit everybody (default: false)

---Does everybody see causes before their effects? Of reads and writes of registers, no value written twice to a key; convergent: and are concurrent writes settled alike everywhere?
---@param options? lab.check.causal.options
---@return any
---@overload fun(history: History, options?: lab.check.causal.options): any
function lab.check.causal(options) end

---@class lab.check.convergence.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field settle? number how long after the last change reads begin to count (default: 0)
---@field ordered? boolean whether lists must agree in their order, too (default: false)

---Once writes have stopped, do all come to read the same, with nothing that was acknowledged missing?
---@param options? lab.check.convergence.options
---@return any
---@overload fun(history: History, options?: lab.check.convergence.options): any
function lab.check.convergence(options) end

---@class lab.check.events.options
---@field history? History as lab.event.store, projection and outbox record it, or made by hand (required)
---@field consumers? any[] names of those that must apply everything (default: those that applied something)
---@field publishers? any[] streams, categories or publishers whose events count (default: all)
---@field complete? boolean all who publish are in the history, so that what nobody published is a mistake (default: true)
---@field settled? boolean all had the time they need, so that a loss is one (default: true)

---Judges a history of events: was each one that was published applied by each consumer, exactly once, and those of a stream in order?
---@param options? lab.check.events.options
---@return table
---@overload fun(history: History, options?: lab.check.events.options): table
function lab.check.events(options) end

---@class lab.check.linearizable.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field model? 'cas-register'|'counter'|'kv'|'list-append'|'mutex'|'queue'|'register'|'set' what the system should behave like (default: 'register')
---@field steps? integer how long to search each key before the verdict is unknown (default: 50 million)
---@field memory? number what the search of a key may remember before the verdict is unknown (default: 1 GiB)
---@field threads? integer how many keys to search at once; 0: as many as the machine runs. The result is the same (default: 1)

---Is there an order of a history's operations, each between its call and its answer, that explains every answer? Says ok, violated (with the shortest failing part) or unknown.
---@param options? lab.check.linearizable.options
---@return any
---@overload fun(history: History, options?: lab.check.linearizable.options): any
function lab.check.linearizable(options) end

---@class lab.check.list_append.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field level? 'read-uncommitted'|'read-committed'|'snapshot-isolation'|'repeatable-read'|'serializable'|'strict-serializable' what the transactions should keep (default: 'serializable')
---@field steps? integer how long to search for cycles before the verdict is unknown (default: 50 million)

---Which anomalies do transactions on lists show (G0, G1a, G1b, G1c, G-single, G2, lost updates ...), and does the isolation level allow them? By cycles of dependencies, as Elle does it.
---@param options? lab.check.list_append.options
---@return any
---@overload fun(history: History, options?: lab.check.list_append.options): any
function lab.check.list_append(options) end

---@class lab.check.long_fork.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)

---Do any two reads agree on the order of two writes? Of write (a key each, once) and read of several keys.
---@param options? lab.check.long_fork.options
---@return any
---@overload fun(history: History): any
function lab.check.long_fork(options) end

---@class lab.check.projection.options
---@field events? any[] as read_all of a store gives them, from the first on (required)
---@field rows? any { [KEY] = VALUE }, or the list that a query of a projection gives (required)
---@field apply? function (event, rows) -> { [KEY] = VALUE or false }, as the projection has it (required)

---Are the rows of a read model what a fold over the events gives? Names the first row that is wrong.
---@param options? lab.check.projection.options
---@return table
---@overload fun(events: any[], options?: lab.check.projection.options): table
---@overload fun(events: any[], rows: any, options?: lab.check.projection.options): table
---@overload fun(events: any[], rows: any, apply: function): table
function lab.check.projection(options) end

---@class lab.check.queue.options
---@field history? History what a broker recorded, or clients did (required)
---@field queues? table { NAME = Queue }, as given to the broker (required)

---Does a history of sends, receives and deletes keep the queues' promises: nothing lost before its retention, no redelivery before the timeout, order and exclusion in groups, an exact dedup window, dead letters after exactly N receives?
---@param options? lab.check.queue.options
---@return any
---@overload fun(history: History, options?: lab.check.queue.options): any
---@overload fun(history: History, queues: table): any
function lab.check.queue(options) end

---@class lab.check.rw_register.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field level? 'read-uncommitted'|'read-committed'|'snapshot-isolation'|'repeatable-read'|'serializable'|'strict-serializable' what the transactions should keep (default: 'serializable')
---@field steps? integer how long to search for cycles before the verdict is unknown (default: 50 million)

---The same of transactions on registers, ["w", key, value] and ["r", key, value]: less is known of the order of versions there.
---@param options? lab.check.rw_register.options
---@return any
---@overload fun(history: History, options?: lab.check.rw_register.options): any
function lab.check.rw_register(options) end

---@class lab.check.saga.options
---@field history? History as lab.event.saga and lab.event.outbox record it, or made by hand (required)
---@field steps? any[] { { action = TYPE, compensation = TYPE } }, in their order (required)
---@field ended? boolean all had the time they need, so that one without an end is a mistake (default: true)

---Judges a history of sagas by what the services did: each one done as a whole, or taken back as a whole, in the reverse order, and nothing twice.
---@param options? lab.check.saga.options
---@return table
---@overload fun(history: History, options?: lab.check.saga.options): table
---@overload fun(history: History, steps: any[], options?: lab.check.saga.options): table
function lab.check.saga(options) end

---@class lab.check.sequential.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field model? 'cas-register'|'counter'|'kv'|'list-append'|'mutex'|'queue'|'register'|'set' what each key should behave like (default: 'register')
---@field steps? integer how long to search before the verdict is unknown (default: 20 million)
---@field memory? number what the search may remember before the verdict is unknown (default: 1 GiB)

---Is there one order of all operations, each process's own kept, that explains every answer? Real time does not count. Says ok, violated (with the operations that show it) or unknown.
---@param options? lab.check.sequential.options
---@return any
---@overload fun(history: History, options?: lab.check.sequential.options): any
function lab.check.sequential(options) end

---@class lab.check.session.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field guarantee? 'read-your-writes'|'monotonic-reads'|'monotonic-writes'|'writes-follow-reads' which one (default: all four)

---Does each process keep the session guarantees: read your writes, monotonic reads, monotonic writes, writes follow reads? Of registers, no value written twice to a key.
---@param options? lab.check.session.options
---@return any
---@overload fun(history: History, options?: lab.check.session.options): any
function lab.check.session(options) end

---@class lab.check.set.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field linearizable? boolean whether a read that misses an element for a while is a violation (default: false)

---Does what was added to a set stay in it? Of add and read, each element added once.
---@param options? lab.check.set.options
---@return any
---@overload fun(history: History, options?: lab.check.set.options): any
function lab.check.set(options) end

---@class lab.check.stream.options
---@field history? History what brokers, shard services and consumers recorded (required)
---@field topics? table what is to be judged, too: { NAME = { retention =, compact =, records_per_second = } } (default: none)
---@field groups? table what a group claims: { NAME = 'at_least_once' | 'at_most_once' } (default: none)

---Does a history of produces, fetches and commits keep a stream's promises: nothing lost that all in-sync replicas had, order in each partition, no duplicates of an idempotent producer, offsets that never go back, old generations fenced, parents before children?
---@param options? lab.check.stream.options
---@return any
---@overload fun(history: History, options?: lab.check.stream.options): any
function lab.check.stream(options) end

---@class lab.check.total_queue.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)
---@field once? boolean whether a message that comes out twice is a violation (default: false)

---Does everything that a queue accepted come out? Of enqueue, dequeue and drain, the messages distinct.
---@param options? lab.check.total_queue.options
---@return any
---@overload fun(history: History, options?: lab.check.total_queue.options): any
function lab.check.total_queue(options) end

lab.compute = {}

---@class lab.compute.step_scaling.options
---@field out? any[] { { at = 0.6, add = 10 }, { at = 0.75, add = 30 } }: the highest that the metric reaches (required)
---@field into? any[] { { at = 0.3, remove = 1 } }: the lowest that the metric falls to (default: none)
---@field datapoints? integer readings in a row before anything is done (default: 3)
---@field cooldown? number after a change, none is removed for so long (default: 300 s)
---@field simple? boolean after a change nothing at all is done during the cooldown (default: false)

---How far the metric is above its alarm says how many machines are added at once; and the same below.
---@param options? lab.compute.step_scaling.options
---@return ScalingPolicy
---@overload fun(out: any[], options?: lab.compute.step_scaling.options): ScalingPolicy
function lab.compute.step_scaling(options) end

---@class lab.compute.target_tracking.options
---@field target? number of the metric, such as a utilisation of 0.5 (required)
---@field datapoints_out? integer readings in a row above it before machines are added (default: 3)
---@field datapoints_in? integer readings in a row below it before machines are removed (default: 15)
---@field margin? number so much below the target counts as below (default: 0.1)
---@field cooldown_in? number after any change, none is removed for so long (default: 300 s)

---As many machines as bring the metric to its target: out after a few readings above it, in after many well below it.
---@param options? lab.compute.target_tracking.options
---@return ScalingPolicy
---@overload fun(target: number, options?: lab.compute.target_tracking.options): ScalingPolicy
function lab.compute.target_tracking(options) end

lab.dist = {}

---@class lab.dist.constant.options
---@field value? number what every sample is (required)

---Always the same value.
---@param options? lab.dist.constant.options
---@return Distribution
---@overload fun(value: number): Distribution
function lab.dist.constant(options) end

---@class lab.dist.empirical.options
---@field values? any[] the values (required)
---@field weights? any[] one weight for each value (default: all equal)

---Recorded values, drawn in proportion to their weights.
---@param options? lab.dist.empirical.options
---@return Distribution
---@overload fun(values: any[], options?: lab.dist.empirical.options): Distribution
function lab.dist.empirical(options) end

---@class lab.dist.exp.options
---@field mean? number the mean (required)

---Memoryless times: the gaps of a Poisson process, or a service time with no memory.
---@param options? lab.dist.exp.options
---@return Distribution
---@overload fun(mean: number): Distribution
function lab.dist.exp(options) end

---@class lab.dist.lognormal.options
---@field median? number half of the samples are below it (required)
---@field sigma? number the spread: standard deviation of the logarithm (default: 1)

---Service times with a moderate tail: most requests are quick, a few are slow.
---@param options? lab.dist.lognormal.options
---@return Distribution
---@overload fun(median: number, options?: lab.dist.lognormal.options): Distribution
function lab.dist.lognormal(options) end

---@class lab.dist.normal.options
---@field mean? number the mean (default: 0)
---@field stddev? number the standard deviation (default: 1)

---The bell curve. As a delay, negative samples count as 0.
---@param options? lab.dist.normal.options
---@return Distribution
---@overload fun(mean?: number, options?: lab.dist.normal.options): Distribution
function lab.dist.normal(options) end

---@class lab.dist.pareto.options
---@field scale? number the least value (default: 1)
---@field shape? number the tail index; smaller is heavier (default: 2)

---A heavy tail: rare samples are enormous. The mean is infinite for shape 1 or less.
---@param options? lab.dist.pareto.options
---@return Distribution
---@overload fun(scale?: number, options?: lab.dist.pareto.options): Distribution
function lab.dist.pareto(options) end

---@class lab.dist.uniform.options
---@field low? number the least value (default: 0)
---@field high? number the greatest value (default: 1)

---Every value between two bounds is equally likely.
---@param options? lab.dist.uniform.options
---@return Distribution
---@overload fun(low?: number, options?: lab.dist.uniform.options): Distribution
function lab.dist.uniform(options) end

lab.event = {}

---@class lab.event.inbox.options
---@field field? string where a request has its id (default: 'id')
---@field window? number for how long an id is remembered (default: 5 min)
---@field max? integer ids it remembers; the oldest go first (default: 1000000)
---@field remember? 'after'|'before' when: after the answer (a crash in between lets it in twice) or before (then it may be lost) (default: 'after')
---@field durable? boolean what it remembers survives a crash (default: true)

---Makes a service answer each request once: a request with an id that was answered before gets the same answer, and the service is not asked again.
---@param options? lab.event.inbox.options
---@return Filter
---@overload fun(field?: string, options?: lab.event.inbox.options): Filter
function lab.event.inbox(options) end

---@class lab.event.log.options
---@field apply? function (state, event) -> state; events have type, data, version, stream ... (default: puts the data over the state)
---@field append_max? number bytes of one append (default: 1 MiB)

---An event log: append with an expected version, read, fold to a state at any version, snapshot, compare versions, take back by a compensating event.
---@param options? lab.event.log.options
---@return EventLog
---@overload fun(apply?: function, options?: lab.event.log.options): EventLog
function lab.event.log(options) end

---@class lab.event.outbox.options
---@field handle? function (message, rows) -> { rows = { [KEY] = VALUE or false }, events = { { type =, ... } }, answer = VALUE }, or nil and an error, which changes nothing (required)
---@field to? table where events go: { node = NODE }, { store = NODE }, { bus = NODE }, { topic = NODE }, or { queue = NODE, target = QUEUE } (default: nowhere)
---@field name? string the beginning of its events' ids, and who it is in a history (default: 'outbox')
---@field publishing? 'outbox'|'commit_first'|'publish_first' commit_first and publish_first are two writes, and a crash can come between them (default: 'outbox')
---@field inbox? boolean requests that come again with the same id change nothing (default: true)
---@field window? number for how long ids are remembered (default: for ever)
---@field timeout? number of one attempt to send an event (default: 2 s)
---@field retry? number the pause after a failed one (default: 1 s)
---@field attempts? integer refusals after which an event is parked (default: no limit)
---@field history? History what it did is recorded there, for lab.check.events and lab.check.saga (default: none)

---A service whose rows, outgoing events and memory of requests change in one write: transactional outbox, relay and idempotent consumer. Also what a participant of a saga is made of.
---@param options? lab.event.outbox.options
---@return Filter
---@overload fun(handle: function, options?: lab.event.outbox.options): Filter
function lab.event.outbox(options) end

---@class lab.event.projection.options
---@field store? string the name of the event store's node (required)
---@field apply? function (event, rows) -> { [KEY] = VALUE }: the rows that change, false for one that goes; rows:get(KEY) is a row as it stands (required)
---@field name? string who it is in a history (default: 'projection')
---@field category? string only events of streams whose names begin so, with a '-' (default: all)
---@field checkpoint? 'together'|'after'|'before' when its position is kept: with the rows (each event once), after them (at least once), or before (at most once) (default: 'together')
---@field checkpoint_every? integer events, where checkpoints come after (default: 1)
---@field batch? integer events it reads at a time (default: 100)
---@field time? number that an event takes (default: none)
---@field wait? number how long a read of the store waits for something new (default: 5 s)
---@field retry? number the pause after a failure (default: 1 s)
---@field on_error? 'stop'|'skip' what an event does that `apply` fails for (default: 'stop')
---@field history? History events that took effect are recorded there, for lab.check.events (default: none)

---A read model behind a service: it follows an event store, keeps rows that a function makes of the events, and answers get, query, status and rebuild. It lags, and it can be built again.
---@param options? lab.event.projection.options
---@return Filter
---@overload fun(store: string, options?: lab.event.projection.options): Filter
---@overload fun(store: string, apply: function, options?: lab.event.projection.options): Filter
function lab.event.projection(options) end

---@class lab.event.saga.options
---@field sagas? table { NAME = { steps = { { name =, to = NODE, action =, compensation =, timeout =, attempts =, pivot =, body = } }, deadline =, wait =, wait_max =, undo_attempts = } } (required)
---@field durable? boolean sagas survive a crash of the orchestrator (default: true)
---@field history? History beginnings and ends are recorded there, for lab.check.saga (default: none)

---An orchestrator of sagas behind a service: steps in order, retries, timeouts, compensations in the reverse order, and all of it goes on after a crash. Requests: start, status, resume, sagas.
---@param options? lab.event.saga.options
---@return Filter
---@overload fun(sagas: table, options?: lab.event.saga.options): Filter
function lab.event.saga(options) end

---@class lab.event.store.options
---@field apply? function (state, event) -> state, for state, diff, undo, revert and snapshot (default: none: it keeps events and folds none)
---@field snapshot_every? integer events of a stream after which it keeps a state (default: only when asked)
---@field append_max? number bytes of one append (default: 1 MiB)
---@field read_max? integer events of one read (default: 4096)
---@field history? History its appends are recorded there, for lab.check.events (default: none)

---An event store behind a service: append with an expected version, read, read_all (which waits for what comes), subscribe, snapshot, state, diff, undo. What it has answered is on its disk.
---@param options? lab.event.store.options
---@return Filter
---@overload fun(apply?: function, options?: lab.event.store.options): Filter
function lab.event.store(options) end

lab.fault = {}

---@class lab.fault.bandwidth.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field rate? number bytes a second (default: 1 MB)

---The links carry only so many bytes a second; messages wait their turn. Of several limits the lowest holds.
---@param options? lab.fault.bandwidth.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.bandwidth.options): Fault
function lab.fault.bandwidth(options) end

---@class lab.fault.chaos.options
---@field faults? any[] what it chooses from (default: crash, pause, slow, partition and loss)
---@field target? any for the default faults: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: one)
---@field every? number mean time between injections (default: 10 s)
---@field lasting? number mean time until one is healed (default: 5 s)
---@field at_once? integer no more of its faults at a time (default: 1)
---@field span? number for how long (default: until healed)

---The chaos monkey: at random intervals it injects one of some faults and heals it again after a random time.
---@param options? lab.fault.chaos.options
---@return Fault
---@overload fun(faults?: any[], options?: lab.fault.chaos.options): Fault
function lab.fault.chaos(options) end

---@class lab.fault.clock_drift.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field ppm? number parts per million; negative: slow (default: 200)

---The oscillator runs fast or slow: both clocks gain, and timers of the node follow.
---@param options? lab.fault.clock_drift.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.clock_drift.options): Fault
function lab.fault.clock_drift(options) end

---@class lab.fault.clock_skew.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field by? number seconds; negative: behind (required)

---The wall clock is off by a fixed amount until it is put right. The monotonic clock does not notice.
---@param options? lab.fault.clock_skew.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.clock_skew.options): Fault
---@overload fun(target: any, by: number): Fault
function lab.fault.clock_skew(options) end

---@class lab.fault.clock_step.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field by? number seconds; negative: back (required)

---The wall clock jumps, forward or back, and stays so. Nothing to heal.
---@param options? lab.fault.clock_step.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.clock_step.options): Fault
---@overload fun(target: any, by: number): Fault
function lab.fault.clock_step(options) end

---@class lab.fault.clog.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)

---Messages are kept in the sender's queue; when it is healed they leave one after the other and still take their latency.
---@param options? lab.fault.clog.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.clog.options): Fault
function lab.fault.clog(options) end

---@class lab.fault.crash.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field power? boolean the whole machine goes with it, so nobody is told (default: false)
---@field disk? 'synced'|'prefix'|'all'|'wiped' what is left of the writes that were not synced (default: 'synced')

---A process dies at once: memory, timers and queue are gone; callers get connection_reset. Healed by a restart.
---@param options? lab.fault.crash.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.crash.options): Fault
function lab.fault.crash(options) end

---@class lab.fault.delay.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field by? number how much longer (default: 100 ms)
---@field jitter? number give or take, uniformly (default: 0)
---@field probability? number how likely each message is hit (default: 1)
---@field correlation? number how much a hit depends on the last message's: 0 not at all, near 1 in long bursts (default: 0)

---Messages take longer. They stay in order; what overtakes is lab.fault.reorder.
---@param options? lab.fault.delay.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.delay.options): Fault
function lab.fault.delay(options) end

---@class lab.fault.disk_corrupt.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field file? string only this file (default: every file)
---@field probability? number how likely each record is hit (default: 0.1)
---@field detected? boolean a checksum notices (default: false)

---Damages stored records. A detected damage makes reading the file an io_error; an undetected one flips a bit.
---@param options? lab.fault.disk_corrupt.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.disk_corrupt.options): Fault
function lab.fault.disk_corrupt(options) end

---@class lab.fault.disk_full.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---No space: writes and appends fail with disk_full, which is definite. Reads, deletes and syncs work.
---@param options? lab.fault.disk_full.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.disk_full(options) end

---@class lab.fault.disk_lost.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---Unsynced writes are lost while the process runs; its next sync reports io_error, the one after succeeds although they are gone.
---@param options? lab.fault.disk_lost.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.disk_lost(options) end

---@class lab.fault.disk_lying.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---While active, sync reports success and syncs nothing: a crash then loses what was promised.
---@param options? lab.fault.disk_lying.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.disk_lying(options) end

---@class lab.fault.disk_slow.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field factor? number how many times longer (default: 10)

---Disk operations take longer.
---@param options? lab.fault.disk_slow.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.disk_slow.options): Fault
function lab.fault.disk_slow(options) end

---@class lab.fault.disk_torn.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---While active, a crash leaves the oldest write it loses half written.
---@param options? lab.fault.disk_torn.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.disk_torn(options) end

---@class lab.fault.drop.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field type? string the message type (default: every type)
---@field probability? number how likely each message is hit (default: 1)
---@field correlation? number how much a hit depends on the last message's: 0 not at all, near 1 in long bursts (default: 0)

---Messages of one type are lost: all votes, every tenth append.
---@param options? lab.fault.drop.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.drop.options): Fault
function lab.fault.drop(options) end

---@class lab.fault.duplicate.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field probability? number how likely each message is hit (default: 0.1)
---@field correlation? number how much a hit depends on the last message's: 0 not at all, near 1 in long bursts (default: 0)

---Messages arrive twice with a probability. Both copies have the same id.
---@param options? lab.fault.duplicate.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.duplicate.options): Fault
function lab.fault.duplicate(options) end

---Takes back every active fault, random ones included.
---@return Fault
function lab.fault.heal_all() end

---@class lab.fault.hold.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)

---Messages are kept at the far end of the links; nothing is lost, all arrive, in order, when it is healed.
---@param options? lab.fault.hold.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.hold.options): Fault
function lab.fault.hold(options) end

---@class lab.fault.loss.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field probability? number how likely each message is hit (default: 0.1)
---@field correlation? number how much a hit depends on the last message's: 0 not at all, near 1 in long bursts (default: 0)

---Messages are lost with a probability, in bursts where they are correlated.
---@param options? lab.fault.loss.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.loss.options): Fault
function lab.fault.loss(options) end

---@class lab.fault.partition.options
---@field target? any these on one side, all other nodes on the other: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: none)
---@field sides? any lists of nodes, such as {{'a'}, {'b', 'c'}}; nodes on no list are not affected (default: none)
---@field isolate? any each of these is cut off from every other node: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: none)
---@field bridge? any two halves of these, and one node between them that sees both: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: none)
---@field ring? any each of these sees a majority, no two the same one: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: none)
---@field one_way? boolean only messages from the first side to the others are lost (default: false)
---@field clients? boolean loads and clients are on the side of the others (default: false)

---Messages between the sides are lost, those in flight included. Give exactly one of target, sides, isolate, bridge and ring.
---@param options? lab.fault.partition.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.partition.options): Fault
function lab.fault.partition(options) end

---@class lab.fault.pause.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---Nothing runs on a node: messages, timers and disk completions wait, in order, until it resumes.
---@param options? lab.fault.pause.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.pause(options) end

---@class lab.fault.propagation.options
---@field target? any the topics: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field delay? number from a change to its effect (default: 15 min)

---Changes of a topic's filters take effect late.
---@param options? lab.fault.propagation.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.propagation.options): Fault
function lab.fault.propagation(options) end

---@class lab.fault.random_partitions.options
---@field of? any the nodes to cut apart: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all protocol nodes, else all services)
---@field every? number mean time from one partition to the next (default: 10 s)
---@field lasting? number mean length (default: half of every)
---@field span? number for how long (default: until healed)

---One partition after the other, each of a random shape: one node, a minority, a majority, a ring or a bridge.
---@param options? lab.fault.random_partitions.options
---@return Fault
---@overload fun(of?: any, options?: lab.fault.random_partitions.options): Fault
function lab.fault.random_partitions(options) end

---@class lab.fault.reorder.options
---@field target? any all links into and out of these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: all links)
---@field from? any links from these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field to? any links to these: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (default: everybody else)
---@field both? boolean the links back, too (default: false)
---@field by? number how much later (default: 1 ms)
---@field probability? number how likely each message is hit (default: 0.1)
---@field correlation? number how much a hit depends on the last message's: 0 not at all, near 1 in long bursts (default: 0)

---Messages are delayed with a probability, and those behind them may overtake.
---@param options? lab.fault.reorder.options
---@return Fault
---@overload fun(target?: any, options?: lab.fault.reorder.options): Fault
function lab.fault.reorder(options) end

---@class lab.fault.restart.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field wipe_disk? boolean start on an empty disk (default: false)

---Starts a process that is down, on its disk or on a new one; one that runs is killed first.
---@param options? lab.fault.restart.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.restart.options): Fault
function lab.fault.restart(options) end

---@class lab.fault.slow.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)
---@field factor? number how many times longer everything takes (default: 10)

---A node works slower: service times, handling times and its disk. What is under way keeps its pace.
---@param options? lab.fault.slow.options
---@return Fault
---@overload fun(target: any, options?: lab.fault.slow.options): Fault
function lab.fault.slow(options) end

---@class lab.fault.stop.options
---@field target? any whom it hits: a node, a group, a list of names, 'one', 'minority', 'majority', 'all', 'primaries', { zone = Z }, { random = N } or { pick = 'one', of = GROUP } (required)

---An orderly stop: a service refuses new requests and finishes those it serves. Healed by a start.
---@param options? lab.fault.stop.options
---@return Fault
---@overload fun(target: any): Fault
function lab.fault.stop(options) end

---@class lab.fault.zone.options
---@field zone? string the zone (required)

---A whole zone goes dark: every machine in it loses power. Healed, all start again.
---@param options? lab.fault.zone.options
---@return Fault
---@overload fun(zone: string): Fault
function lab.fault.zone(options) end

lab.hash = {}

---@class lab.hash.anchor.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field capacity? integer most nodes there can ever be at once (default: four times the nodes, at least 64)

---AnchorHash: a fixed number of buckets, some in use. Any node can leave at any time, movement is minimal, shares are even; but it depends on the order of changes.
---@param options? lab.hash.anchor.options
---@return Placement
---@overload fun(nodes?: any[], options?: lab.hash.anchor.options): Placement
function lab.hash.anchor(options) end

---@class lab.hash.bounded_load.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field bound? number most keys of a node, as a multiple of its fair share (default: 1.25)
---@field points? integer points of a node of weight 1 on the ring (default: 160)

---A hash ring on which a full node passes keys on: no node carries more than `bound` times its fair share.
---@param options? lab.hash.bounded_load.options
---@return Placement
---@overload fun(nodes?: any[], options?: lab.hash.bounded_load.options): Placement
function lab.hash.bounded_load(options) end

---@class lab.hash.crc16.options
---@field text? string the bytes to hash (required)

---CRC-16/XMODEM, the checksum by which a Redis cluster finds a key's slot.
---@param options? lab.hash.crc16.options
---@return number
---@overload fun(text: string): number
function lab.hash.crc16(options) end

---@class lab.hash.fnv1a.options
---@field text? string the bytes to hash (required)
---@field bits? integer of the result: 32 or 64 (default: 32)

---FNV-1a: a multiplication and an xor a byte. 32 bits as a number, 64 as 16 hexadecimal digits.
---@param options? lab.hash.fnv1a.options
---@return any
---@overload fun(text: string, options?: lab.hash.fnv1a.options): any
function lab.hash.fnv1a(options) end

---@class lab.hash.jump.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---Jump consistent hash: no table, perfectly even, minimal movement; but nodes are numbered in the order in which they came, and only the last one can leave.
---@param options? lab.hash.jump.options
---@return Placement
---@overload fun(nodes?: any[]): Placement
function lab.hash.jump(options) end

---@class lab.hash.jump_bucket.options
---@field key? integer the key, as a whole number (required)
---@field buckets? integer how many there are (required)

---The bucket of a number among so many, counted from 0, by jump consistent hash; the number is not hashed before, as in the paper.
---@param options? lab.hash.jump_bucket.options
---@return number
---@overload fun(key: integer, options?: lab.hash.jump_bucket.options): number
---@overload fun(key: integer, buckets: integer): number
function lab.hash.jump_bucket(options) end

---@class lab.hash.ketama.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---The hash ring of memcached clients, point by point as libmemcached has it: MD5, 160 points for a node of average weight.
---@param options? lab.hash.ketama.options
---@return Placement
---@overload fun(nodes?: any[]): Placement
function lab.hash.ketama(options) end

---@class lab.hash.maglev.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field size? integer entries of the table: a prime, 100 times the nodes or more (default: 65537)

---A table that nodes fill in turns: the most even and the fastest, at the price of a few keys that move needlessly.
---@param options? lab.hash.maglev.options
---@return Placement
---@overload fun(nodes?: any[], options?: lab.hash.maglev.options): Placement
function lab.hash.maglev(options) end

---@class lab.hash.maglev_table.options
---@field offsets? any[] the first entry that each node tries, from 0 (required)
---@field skips? any[] how far on each node tries next, from 1 (required)
---@field size? integer entries of the table: a prime (required)

---Maglev's look-up table from given permutations: which node, counted from 1, has each entry.
---@param options? lab.hash.maglev_table.options
---@return any[]
---@overload fun(offsets: any[], options?: lab.hash.maglev_table.options): any[]
---@overload fun(offsets: any[], skips: any[], options?: lab.hash.maglev_table.options): any[]
---@overload fun(offsets: any[], skips: any[], size: integer): any[]
function lab.hash.maglev_table(options) end

---@class lab.hash.md5.options
---@field text? string the bytes to hash (required)

---MD5, for agreeing with others who use it; broken for security since 2004.
---@param options? lab.hash.md5.options
---@return any
---@overload fun(text: string): any
function lab.hash.md5(options) end

---@class lab.hash.modulo.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---The hash modulo the number of nodes: even and fast, but nearly every key moves when a node comes or goes.
---@param options? lab.hash.modulo.options
---@return Placement
---@overload fun(nodes?: any[]): Placement
function lab.hash.modulo(options) end

---@class lab.hash.moved.options
---@field before? Placement how it was (required)
---@field after? Placement how it is (required)
---@field keys? any a list of keys, or a number n for the keys 1 to n (default: 10000)

---Which keys have another home in `after` than in `before`, how many of those needlessly, and what each node lost and gained; printed, as bars. The two may be of different kinds.
---@param options? lab.hash.moved.options
---@return any
---@overload fun(before: Placement, options?: lab.hash.moved.options): any
---@overload fun(before: Placement, after: Placement, options?: lab.hash.moved.options): any
function lab.hash.moved(options) end

---@class lab.hash.murmur3.options
---@field text? string the bytes to hash (required)
---@field bits? integer of the result: 32 or 128 (default: 32)
---@field seed? integer another seed is another hash (default: 0)

---MurmurHash3: 32 bits (x86_32) as a number, or 128 (x64_128) as 32 hexadecimal digits, h1 and then h2.
---@param options? lab.hash.murmur3.options
---@return any
---@overload fun(text: string, options?: lab.hash.murmur3.options): any
function lab.hash.murmur3(options) end

---@class lab.hash.redis_slot.options
---@field key? string the key (required)

---The slot of a key in a Redis cluster, 0 to 16383: CRC16 of what stands in the first non-empty {braces}, else of the whole key, modulo 16384.
---@param options? lab.hash.redis_slot.options
---@return number
---@overload fun(key: string): number
function lab.hash.redis_slot(options) end

---@class lab.hash.rendezvous.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---Every node bids for the key by a hash of both, and the highest bid wins: no table, minimal movement, exact weights.
---@param options? lab.hash.rendezvous.options
---@return Placement
---@overload fun(nodes?: any[]): Placement
function lab.hash.rendezvous(options) end

---@class lab.hash.ring.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field points? integer points of a node of weight 1; more give more even shares (default: 160)

---Consistent hashing: nodes own points on a circle, a key belongs to the next point. When a node comes or goes, only the keys that must move do.
---@param options? lab.hash.ring.options
---@return Placement
---@overload fun(nodes?: any[], options?: lab.hash.ring.options): Placement
function lab.hash.ring(options) end

---@class lab.hash.siphash.options
---@field text? string the bytes to hash (required)
---@field key? string 16 bytes, or 32 hexadecimal digits (required)
---@field rounds? '2-4'|'1-3' a word and at the end (default: '2-4')

---SipHash: a keyed hash. Who does not know the key cannot make keys collide.
---@param options? lab.hash.siphash.options
---@return any
---@overload fun(text: string, options?: lab.hash.siphash.options): any
---@overload fun(text: string, key: string, options?: lab.hash.siphash.options): any
function lab.hash.siphash(options) end

---@class lab.hash.slots.options
---@field nodes? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---The 16384 slots of a Redis cluster: a key's slot is fixed (CRC16, {tags}), and a table says which node has each slot.
---@param options? lab.hash.slots.options
---@return Placement
---@overload fun(nodes?: any[]): Placement
function lab.hash.slots(options) end

---@class lab.hash.xxh3.options
---@field text? string the bytes to hash (required)
---@field seed? integer another seed is another hash (default: 0)

---XXH3, 64 bits: the hash by which all placements and sketches here hash a text, unless they are made to agree with others.
---@param options? lab.hash.xxh3.options
---@return any
---@overload fun(text: string, options?: lab.hash.xxh3.options): any
function lab.hash.xxh3(options) end

---@class lab.hash.xxh64.options
---@field text? string the bytes to hash (required)
---@field seed? integer another seed is another hash (default: 0)

---XXH64, the older hash of the xxHash family, which many file formats and protocols have fixed.
---@param options? lab.hash.xxh64.options
---@return any
---@overload fun(text: string, options?: lab.hash.xxh64.options): any
function lab.hash.xxh64(options) end

lab.id = {}

---@class lab.id.audit.options
---@field ids? any[] strings (required)

---Counts what is wrong with a list of ids, in the order in which they were issued: how many are there twice, how many numbers are missing in between, how often an id is smaller than the one before.
---@param options? lab.id.audit.options
---@return table
---@overload fun(ids: any[]): table
function lab.id.audit(options) end

---@class lab.id.base62.options
---@field alphabet? string the digits in order, all different (default: 0-9A-Za-z)

---Writes whole numbers in base 62, or in the base of another alphabet; exact up to 2^64 - 1.
---@param options? lab.id.base62.options
---@return Base62
---@overload fun(alphabet?: string): Base62
function lab.id.base62(options) end

---@class lab.id.filter.options
---@field generator? IdGenerator of what kind and options (required)
---@field worker? 'given'|'node' the generator's own number of the worker, or the number of the node in its world (default: given)
---@field guard? number keeps a time on disk, written ahead by so much, so that a restarted process with a clock that is behind waits instead of repeating ids; 0: none (default: 0)
---@field type? string the requests that it answers (default: id)

---Answers requests of the type 'id' with a new id, by the wall clock of the node; others it passes on. Each process has a generator like the one given, and waits where that asks it to.
---@param options? lab.id.filter.options
---@return Filter
---@overload fun(generator: IdGenerator, options?: lab.id.filter.options): Filter
function lab.id.filter(options) end

---@class lab.id.short_codes.options
---@field method? 'random'|'hash'|'counter'|'sequence' random codes; a hash of the text; a counter through a keyed permutation; the bare counter (default: random)
---@field length? integer characters of a code (default: 7)
---@field alphabet? string its digits, all different (default: 0-9A-Za-z)
---@field tries? integer for one code, before it gives up (default: 100)
---@field seed? integer of its randomness, its hash, its permutation (default: the session's seed)

---Short codes for long texts, as a link shortener gives, and what becomes of collisions: try another random code, probe from a hash, or shuffle a counter, which has none.
---@param options? lab.id.short_codes.options
---@return ShortCodes
---@overload fun(method?: 'random'|'hash'|'counter'|'sequence', options?: lab.id.short_codes.options): ShortCodes
function lab.id.short_codes(options) end

---@class lab.id.snowflake.options
---@field worker? integer its number, different for every generator (default: 0)
---@field epoch? number tick 0, in seconds since 1970 (default: 0)
---@field tick? number the unit of its time (default: 1 ms)
---@field time_bits? integer how many bits the ticks have (default: 41)
---@field worker_bits? integer how many the worker has (default: 10)
---@field process_bits? integer how many a second number has (default: 0)
---@field sequence_bits? integer how many ids a tick has, as bits (default: 12)
---@field process? integer the second number (default: 0)
---@field tolerance? number a clock that went back by at most so much is waited for, not refused (default: 0)

---64-bit ids that sort by time: ticks since an epoch, the number of the worker, a sequence. Workers need not talk to each other, but no two may have one number. Discord's form is { epoch = 1420070400, time_bits = 42, worker_bits = 5, process_bits = 5 }, Twitter's epoch 1288834974.657.
---@param options? lab.id.snowflake.options
---@return IdGenerator
---@overload fun(worker?: integer, options?: lab.id.snowflake.options): IdGenerator
function lab.id.snowflake(options) end

---@class lab.id.ticket_server.options
---@field lease? integer numbers in a range, where the request has no `count` (default: 100)
---@field reserve? integer how many numbers one write to the disk covers; a crash loses at most so many, and one lease (default: 1000)
---@field first? integer the first number (default: 1)
---@field sync? boolean waits until the disk has it; without, a crash makes numbers come twice (default: true)

---Makes a service a ticket server: requests of the type 'lease' get a range { first, last } of numbers that nobody else gets, and that a crash of the server does not repeat.
---@param options? lab.id.ticket_server.options
---@return Filter
---@overload fun(lease?: integer, options?: lab.id.ticket_server.options): Filter
function lab.id.ticket_server(options) end

---@class lab.id.tickets.options
---@field server? string the name of the node with the ticket server (required)
---@field lease? integer how many numbers it asks for at once (default: 100)
---@field refill? integer asks for the next lease when so many numbers are left; 0: when none is (default: 0)
---@field timeout? number of its calls (default: 1 s)
---@field type? string the requests that it answers (default: id)

---Answers requests of the type 'id' with numbers that it leases from a ticket server. A crash loses the rest of its leases.
---@param options? lab.id.tickets.options
---@return Filter
---@overload fun(server: string, options?: lab.id.tickets.options): Filter
function lab.id.tickets(options) end

---@class lab.id.ulid.options
---@field monotonic? boolean within a millisecond the next id is one more than the last; else it is random (default: true)
---@field after? string goes on behind this ULID, the last one of another generator (default: none)
---@field seed? integer of its own random stream (default: the session's seed)

---128-bit ids of milliseconds and 80 random bits, as 26 characters that sort by time.
---@param options? lab.id.ulid.options
---@return IdGenerator
---@overload fun(monotonic?: boolean, options?: lab.id.ulid.options): IdGenerator
function lab.id.ulid(options) end

---@class lab.id.uuid.options
---@field version? integer 4 or 7 (default: 7)
---@field monotonic? 'none'|'counter'|'random'|'fraction' how version 7 sorts within a millisecond: methods 1, 2, 3 of RFC 9562, section 6.2 (default: counter)
---@field seed? integer of its own random stream (default: the session's seed)

---128-bit ids by chance: version 4 is random, version 7 begins with the milliseconds, so that it sorts by time.
---@param options? lab.id.uuid.options
---@return IdGenerator
---@overload fun(version?: integer, options?: lab.id.uuid.options): IdGenerator
function lab.id.uuid(options) end

lab.limit = {}

---@class lab.limit.aimd.options
---@field initial? integer the limit at first (default: 20)
---@field min? integer it never goes below (default: 1)
---@field max? integer it never goes above (default: 1000)
---@field backoff? number shrinks to this share (default: 0.9)
---@field timeout? number a latency above it counts as dropped (default: 5 s)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---A limit on what is inside that grows by one while all goes well and shrinks by a factor when requests are dropped or late.
---@param options? lab.limit.aimd.options
---@return any
---@overload fun(initial?: integer, options?: lab.limit.aimd.options): any
function lab.limit.aimd(options) end

---@class lab.limit.concurrency.options
---@field limit? integer requests inside at once (required)
---@field burst? integer more that are admitted, after a delay (default: 0)
---@field unit_delay? number how long those are held back: the typical latency; learned from release (default: 0 s)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---At most so many requests inside at once, and a burst more that are held back.
---@param options? lab.limit.concurrency.options
---@return any
---@overload fun(limit: integer, options?: lab.limit.concurrency.options): any
function lab.limit.concurrency(options) end

---@class lab.limit.filter.options
---@field limiter? any a Limiter or a ConcurrencyLimiter, or a keyed one for a budget for each key or caller (required)
---@field by? 'key'|'caller' whose budget it is, of a keyed one (default: key)
---@field dry_run? boolean lets everything pass and counts what it would have refused (default: false)

---Refuses the requests that a limiter does not admit, with the error 'rate_limited' (or 'overloaded', where too many are inside). Each process has a fresh limiter like the one given.
---@param options? lab.limit.filter.options
---@return Filter
---@overload fun(limiter: any, options?: lab.limit.filter.options): Filter
function lab.limit.filter(options) end

---@class lab.limit.fixed_window.options
---@field limit? number requests in a window (required)
---@field window? number length of a window (default: 1 s)
---@field start? 'clock'|'first' windows are multiples of the window on the clock, or begin with the first request (default: clock)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---At most so many requests in each window of time, then the count starts anew; twice as many may pass across a boundary.
---@param options? lab.limit.fixed_window.options
---@return any
---@overload fun(limit: number, options?: lab.limit.fixed_window.options): any
function lab.limit.fixed_window(options) end

---@class lab.limit.gcra.options
---@field rate? number requests a second (required)
---@field burst? number requests that may come at once (default: one second of rate, at least 1)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---The token bucket with one timestamp: when would the next request come, if all came evenly? As a cell rate algorithm.
---@param options? lab.limit.gcra.options
---@return any
---@overload fun(rate: number, options?: lab.limit.gcra.options): any
function lab.limit.gcra(options) end

---@class lab.limit.gradient2.options
---@field initial? integer the limit at first (default: 20)
---@field min? integer it never goes below (default: 1)
---@field max? integer it never goes above (default: 1000)
---@field queue? number how many requests may queue (default: 4)
---@field smoothing? number how far the limit moves towards a new estimate (default: 0.2)
---@field tolerance? number a latency so many times the normal one is no sign of a queue yet (default: 1.5)
---@field long_window? integer requests that make up the normal latency (default: 600)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---A limit on what is inside that follows the slope of the latency: it shrinks when requests begin to queue.
---@param options? lab.limit.gradient2.options
---@return any
---@overload fun(initial?: integer, options?: lab.limit.gradient2.options): any
function lab.limit.gradient2(options) end

---@class lab.limit.leaky_bucket.options
---@field rate? number leaks so much a second (required)
---@field burst? number holds so much; in the form 'openresty' so many may wait (default: one second of rate, at least 1)
---@field form? 'meter'|'queue'|'openresty' 'queue' delays what it admits so that it leaves evenly; 'openresty' decides as lua-resty-limit-traffic does, backwards clocks included (default: meter)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---Requests fill a bucket that leaks at a rate; what would overflow is refused. As a queue, what fits waits its turn.
---@param options? lab.limit.leaky_bucket.options
---@return any
---@overload fun(rate: number, options?: lab.limit.leaky_bucket.options): any
function lab.limit.leaky_bucket(options) end

---@class lab.limit.shared.options
---@field form? 'central'|'local'|'batched' central asks the store for each request; local has a part of its own; batched takes from an allowance, and so may admit nodes * rate * interval too much (required)
---@field rate? number tokens a second, of all nodes together (required)
---@field burst? number tokens the bucket holds (default: one second of rate, at least 1)
---@field store? Node the service with the filter lab.limit.store() (default: none, in the form local)
---@field nodes? integer how many share it, for what is local (default: 1)
---@field share? 'split'|'full' what a node has in the form local: its part, or everything (default: split)
---@field interval? number between two reports to the store, in the form batched (default: 100 ms)
---@field timeout? number how long the store may take (default: 50 ms)
---@field on_failure? 'closed'|'open'|'local' what happens when the store does not answer: nothing passes, everything does, or the node's part (default: closed)
---@field by? 'all'|'key'|'caller' whose budget it is (default: all)
---@field max_keys? integer how many budgets a node keeps track of (default: 100000)

---A token bucket that several nodes share: by asking a store for each request, not at all, or by allowances that are renewed every interval.
---@param options? lab.limit.shared.options
---@return Filter
---@overload fun(form: 'central'|'local'|'batched', options?: lab.limit.shared.options): Filter
---@overload fun(form: 'central'|'local'|'batched', rate: number, options?: lab.limit.shared.options): Filter
function lab.limit.shared(options) end

---@class lab.limit.sliding_log.options
---@field limit? number requests in a window (required)
---@field window? number length of a window (default: 1 s)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---Keeps the time of each request of the last window: exact, never more than the limit in any window.
---@param options? lab.limit.sliding_log.options
---@return any
---@overload fun(limit: number, options?: lab.limit.sliding_log.options): any
function lab.limit.sliding_log(options) end

---@class lab.limit.sliding_window.options
---@field limit? number requests in a window (required)
---@field window? number length of a window (default: 1 s)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---Counts this window, and of the one before as much as the sliding window still covers: an estimate from two counters.
---@param options? lab.limit.sliding_window.options
---@return any
---@overload fun(limit: number, options?: lab.limit.sliding_window.options): any
function lab.limit.sliding_window(options) end

---@class lab.limit.store.options
---@field max_keys? integer budgets it keeps for each rule; beyond that the one closest to full is forgotten (default: 1000000)

---Makes a service the store of limits that nodes share with lab.limit.shared. What they ask takes the service's time and its place in the queue.
---@param options? lab.limit.store.options
---@return Filter
---@overload fun(max_keys?: integer): Filter
function lab.limit.store(options) end

---@class lab.limit.token_bucket.options
---@field rate? number tokens a second (required)
---@field burst? number tokens it holds; it starts full (default: one second of rate, at least 1)
---@field max_keys? integer gives every key a limit of its own, and bounds their number (default: one limit for all)

---Tokens drip in at a rate up to a burst; a request takes its cost in tokens, or is refused.
---@param options? lab.limit.token_bucket.options
---@return any
---@overload fun(rate: number, options?: lab.limit.token_bucket.options): any
function lab.limit.token_bucket(options) end

lab.queue = {}

---@class lab.queue.broker.options
---@field queues? table { NAME = Queue }: each as described, and empty (default: none)
---@field exchanges? table { NAME = { kind = 'direct' | 'topic' | 'fanout' | 'headers', bindings = { { queue =, key =, arguments = } }, alternate = NAME } } (default: none)
---@field jobs? table { NAME = JobQueue } (default: none)
---@field durable? boolean messages survive a crash; a send is answered when it is synced (default: true)
---@field history? History what happens to the queues is recorded there, for lab.check.queue (default: none)

---Queues, exchanges and job queues behind a service: send, receive (with long polling), delete, publish, consume, request, put, take ... The service says what a request costs; messages are kept on the node's disk.
---@param options? lab.queue.broker.options
---@return Filter
---@overload fun(queues?: table, options?: lab.queue.broker.options): Filter
function lab.queue.broker(options) end

---@class lab.queue.consumer.options
---@field from? string the broker's name (required)
---@field queue? string of the broker; either this or jobs (default: none)
---@field jobs? string a job queue of the broker (default: none)
---@field concurrency? integer how many it works on at once (default: 1)
---@field batch? integer messages it asks for at once, at most (default: 10)
---@field wait? number how long a receive waits for a message (default: 20 s)
---@field visibility? number how long what it receives is hidden (default: the queue's)
---@field extend? boolean hides a message again while the service works on it (default: false)
---@field retry? number after an error the message comes back after that (default: at its timeout)
---@field pause? number after a receive that failed (default: 1 s)

---Fetches messages (or jobs) from a broker and has the service inside work on them; deletes a message when that has answered. A crash in mid-work leaves it to the visibility timeout.
---@param options? lab.queue.consumer.options
---@return Filter
---@overload fun(from: string, options?: lab.queue.consumer.options): Filter
function lab.queue.consumer(options) end

---@class lab.queue.exchange.options
---@field kind? 'direct'|'topic'|'fanout'|'headers' how it decides (required)

---Routes messages to queues: direct by equal keys, topic by patterns ('*' one word, '#' any number), fanout to all, headers by what the message carries.
---@param options? lab.queue.exchange.options
---@return Exchange
---@overload fun(kind: 'direct'|'topic'|'fanout'|'headers'): Exchange
function lab.queue.exchange(options) end

---@class lab.queue.fair.options
---@field visibility? number how long a received message is hidden from others (default: 30 s)
---@field retention? number how long an undeleted message is kept (default: 4 days)
---@field delay? number how long a sent message is hidden at first (default: 0)
---@field wait? number how long a receive waits where it does not say (at a broker) (default: 0)
---@field dead_letter? Queue where messages go that were received max_receives times (default: none)
---@field max_receives? integer how often a message is received before it is a dead letter (default: none)
---@field access? table who may do what: { owner = '111', statements = { { effect = 'allow', principals = { '222/*' }, actions = { 'SendMessage' } } } }; requests to a broker name their principal in `as` (default: everybody everything)
---@field counts_lag? number how old the counts may be that a broker tells; as published up to a minute (default: 0)
---@field profile? 'none'|'sqs-2024'|'sqs-2025' whose published limits (default: 'sqs-2024')
---@field message_bytes? number the largest message (default: the profile's: 262144)
---@field in_flight? integer messages that may be in flight (default: the profile's)
---@field batch? integer messages a receive or a batch may have (default: the profile's: 10)
---@field requests? number requests a second of each kind that a broker takes for it; a batch is one; 0: no limit (default: the profile's: 300 for a fifo queue)
---@field name? string the beginning of its messages' ids (default: 'queue')

---A queue in which groups (tenants) take turns, so that one with a thousand messages does not keep the others waiting. Groups are not ordered and not exclusive.
---@param options? lab.queue.fair.options
---@return Queue
---@overload fun(visibility?: number, options?: lab.queue.fair.options): Queue
function lab.queue.fair(options) end

---@class lab.queue.fifo.options
---@field visibility? number how long a received message is hidden from others (default: 30 s)
---@field retention? number how long an undeleted message is kept (default: 4 days)
---@field delay? number how long a sent message is hidden at first (default: 0)
---@field wait? number how long a receive waits where it does not say (at a broker) (default: 0)
---@field dead_letter? Queue where messages go that were received max_receives times (default: none)
---@field max_receives? integer how often a message is received before it is a dead letter (default: none)
---@field content_dedup? boolean a message without a dedup id is recognised by the SHA-256 of its body (default: false)
---@field dedup_window? number how long a dedup id is remembered, deleted or not (default: 5 min)
---@field access? table who may do what: { owner = '111', statements = { { effect = 'allow', principals = { '222/*' }, actions = { 'SendMessage' } } } }; requests to a broker name their principal in `as` (default: everybody everything)
---@field counts_lag? number how old the counts may be that a broker tells; as published up to a minute (default: 0)
---@field profile? 'none'|'sqs-2024'|'sqs-2025' whose published limits (default: 'sqs-2024')
---@field message_bytes? number the largest message (default: the profile's: 262144)
---@field in_flight? integer messages that may be in flight (default: the profile's)
---@field batch? integer messages a receive or a batch may have (default: the profile's: 10)
---@field requests? number requests a second of each kind that a broker takes for it; a batch is one; 0: no limit (default: the profile's: 300 for a fifo queue)
---@field name? string the beginning of its messages' ids (default: 'queue')

---A queue that keeps the order of each group, gives a group to one consumer at a time, and delivers once what is sent twice within five minutes.
---@param options? lab.queue.fifo.options
---@return Queue
---@overload fun(visibility?: number, options?: lab.queue.fifo.options): Queue
function lab.queue.fifo(options) end

---@class lab.queue.jobs.options
---@field kind? 'fifo'|'fifottl'|'utube'|'utubettl' fifo: neither priority nor times; utube: one job of a tube at a time (default: 'fifottl')
---@field ttl? number how long a job lives (default: for ever)
---@field ttr? number how long a job may run before it goes back (default: for ever)
---@field delay? number how long a job waits at first (default: 0)
---@field attempts? integer takes that fail or time out before a job is buried (default: no bound)
---@field backoff? number the first wait after a failure; it doubles (default: 1 s)
---@field backoff_max? number the longest wait (default: 1 h)
---@field jitter? 'none'|'full'|'equal' how the waits vary (default: full)
---@field rate? number takes a second (default: no bound)
---@field burst? number takes at once (default: 1)
---@field concurrency? integer jobs taken at once (default: no bound)
---@field seed? integer of the jitter (default: the session's seed)

---A job queue: priorities, time to live and to run, delays, tubes, retries with backoff and jitter, bounds on rate and concurrency, repetition by interval or cron line.
---@param options? lab.queue.jobs.options
---@return JobQueue
---@overload fun(kind?: 'fifo'|'fifottl'|'utube'|'utubettl', options?: lab.queue.jobs.options): JobQueue
function lab.queue.jobs(options) end

---@class lab.queue.priority.options
---@field visibility? number how long a received message is hidden from others (default: 30 s)
---@field retention? number how long an undeleted message is kept (default: 4 days)
---@field delay? number how long a sent message is hidden at first (default: 0)
---@field wait? number how long a receive waits where it does not say (at a broker) (default: 0)
---@field dead_letter? Queue where messages go that were received max_receives times (default: none)
---@field max_receives? integer how often a message is received before it is a dead letter (default: none)
---@field levels? integer priorities are 0 to levels - 1 (default: 10)
---@field access? table who may do what: { owner = '111', statements = { { effect = 'allow', principals = { '222/*' }, actions = { 'SendMessage' } } } }; requests to a broker name their principal in `as` (default: everybody everything)
---@field counts_lag? number how old the counts may be that a broker tells; as published up to a minute (default: 0)
---@field profile? 'none'|'sqs-2024'|'sqs-2025' whose published limits (default: 'sqs-2024')
---@field message_bytes? number the largest message (default: the profile's: 262144)
---@field in_flight? integer messages that may be in flight (default: the profile's)
---@field batch? integer messages a receive or a batch may have (default: the profile's: 10)
---@field requests? number requests a second of each kind that a broker takes for it; a batch is one; 0: no limit (default: the profile's: 300 for a fifo queue)
---@field name? string the beginning of its messages' ids (default: 'queue')

---A queue that gives the message of the highest priority first; equal ones first in, first out.
---@param options? lab.queue.priority.options
---@return Queue
---@overload fun(visibility?: number, options?: lab.queue.priority.options): Queue
function lab.queue.priority(options) end

---@class lab.queue.standard.options
---@field visibility? number how long a received message is hidden from others (default: 30 s)
---@field retention? number how long an undeleted message is kept (default: 4 days)
---@field delay? number how long a sent message is hidden at first (default: 0)
---@field wait? number how long a receive waits where it does not say (at a broker) (default: 0)
---@field dead_letter? Queue where messages go that were received max_receives times (default: none)
---@field max_receives? integer how often a message is received before it is a dead letter (default: none)
---@field duplicates? number chance that a received message can be received again at once (default: 0)
---@field reorder? number chance that a receive takes one of the first ten instead of the first (default: 0)
---@field seed? integer of these two (default: the session's seed)
---@field access? table who may do what: { owner = '111', statements = { { effect = 'allow', principals = { '222/*' }, actions = { 'SendMessage' } } } }; requests to a broker name their principal in `as` (default: everybody everything)
---@field counts_lag? number how old the counts may be that a broker tells; as published up to a minute (default: 0)
---@field profile? 'none'|'sqs-2024'|'sqs-2025' whose published limits (default: 'sqs-2024')
---@field message_bytes? number the largest message (default: the profile's: 262144)
---@field in_flight? integer messages that may be in flight (default: the profile's)
---@field batch? integer messages a receive or a batch may have (default: the profile's: 10)
---@field requests? number requests a second of each kind that a broker takes for it; a batch is one; 0: no limit (default: the profile's: 300 for a fifo queue)
---@field name? string the beginning of its messages' ids (default: 'queue')

---A queue that delivers at least once, in roughly the order of sending: a received message is hidden until it is deleted or its visibility timeout is over.
---@param options? lab.queue.standard.options
---@return Queue
---@overload fun(visibility?: number, options?: lab.queue.standard.options): Queue
function lab.queue.standard(options) end

lab.replicate = {}

---@class lab.replicate.raft.options
---@field count? integer replicas; a majority of them must be up (required)
---@field heartbeat? number the leader's pulse (default: 50 ms)
---@field election_min? number a follower that hears nothing for a time between this ... (default: 150 ms)
---@field election_max? number ... and this stands for election (default: 300 ms)
---@field batch? integer entries a message (default: 64)
---@field voters? integer the first so many vote from the beginning, the others wait to be added (default: all)
---@field reads? 'log'|'index'|'lease' a read is an entry of the log; or waits for a round of heartbeats; or trusts the clocks (default: 'index')
---@field drift? number of leases: how much faster or slower than true a clock may be (default: 0.01)
---@field snapshot_after? integer entries applied since the last snapshot; 0: never (default: 1000)
---@field pre_vote? boolean ask whether a candidacy would succeed before standing (default: true)
---@field bug? 'ack_before_commit'|'ack_before_disk'|'vote_not_persisted'|'votes_twice'|'votes_for_anyone'|'compares_length_only'|'minority_elects'|'minority_commits'|'commits_older_term'|'ignores_previous_term'|'truncates_always'|'never_truncates'|'commits_past_match'|'answers_by_index'|'stale_reads'|'lease_without_bound'|'reads_before_own_entry'|'executes_twice'|'snapshot_forgets_clients'|'snapshot_keeps_state'|'members_at_once' a mistake to plant, to see what finds it (default: none)

---A replicated key-value store: an elected leader, a log that a majority holds. Takes read, write and cas, and add_member and remove_member with a node's name.
---@param options? lab.replicate.raft.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.raft.options): Protocol
function lab.replicate.raft(options) end

lab.resilience = {}

---@class lab.resilience.breaker.options
---@field window? integer results that are looked at (default: 100)
---@field minimum_calls? integer no rate is taken from fewer results (default: 100, at most window)
---@field failure_rate? number share of failures that opens it (default: 0.5)
---@field slow? number an answer that takes this long is slow (default: nothing is slow)
---@field slow_rate? number share of slow answers that opens it (default: 1)
---@field open_time? number how long it refuses everything (default: 60 s)
---@field trials? integer requests that may try the service afterwards (default: 10)
---@field trial_time? number opens again where the trials have not all come back by then (default: no limit)

---Circuit breaker: stops asking a service that fails, and tries it again after a while.
---@param options? lab.resilience.breaker.options
---@return Filter
---@overload fun(window?: integer, options?: lab.resilience.breaker.options): Filter
function lab.resilience.breaker(options) end

---@class lab.resilience.bulkhead.options
---@field concurrent? integer requests inside at once (required)
---@field queue? integer requests that may wait in line (default: 0)
---@field wait? number the longest time in line (default: no limit)

---Lets only so many requests in at once; some may wait in line, the rest is refused as 'overloaded'.
---@param options? lab.resilience.bulkhead.options
---@return Filter
---@overload fun(concurrent: integer, options?: lab.resilience.bulkhead.options): Filter
function lab.resilience.bulkhead(options) end

---@class lab.resilience.fallback.options
---@field value? any the answer (required)

---Answers with a fixed value where the service fails. For reads: of a write it would claim that it happened.
---@param options? lab.resilience.fallback.options
---@return Filter
---@overload fun(value: any): Filter
function lab.resilience.fallback(options) end

---@class lab.resilience.hedge.options
---@field after? number how long before each further attempt, such as the 95th percentile (required)
---@field attempts? integer attempts in all (default: 2)

---Asks a second time where the first answer is slow, and takes whichever comes first. For idempotent requests.
---@param options? lab.resilience.hedge.options
---@return Filter
---@overload fun(after: number, options?: lab.resilience.hedge.options): Filter
function lab.resilience.hedge(options) end

---@class lab.resilience.retry.options
---@field attempts? integer attempts in all, the first one included (default: 3)
---@field base? number the first wait (default: 100 ms)
---@field max? number the longest wait (default: 10 s)
---@field jitter? 'none'|'full'|'equal'|'decorrelated' how the waits vary, so that those who failed together do not come back together (default: full)
---@field idempotent? boolean also retry where the request may have been executed, such as after a timeout (default: false)
---@field budget? number retries for each request in the long run (default: no bound)
---@field reserve? integer with a budget: retries that may be made before any were earned (default: 10)
---@field within? number no retry starts later than this after the request (default: no limit)

---Asks again after a failure that may pass, with growing waits; a budget bounds the extra load.
---@param options? lab.resilience.retry.options
---@return Filter
---@overload fun(attempts?: integer, options?: lab.resilience.retry.options): Filter
function lab.resilience.retry(options) end

---@class lab.resilience.timeout.options
---@field after? number how long it waits (required)

---Stops waiting: the caller gets an error 'timeout', which is indefinite, and a late answer is dropped.
---@param options? lab.resilience.timeout.options
---@return Filter
---@overload fun(after: number): Filter
function lab.resilience.timeout(options) end

lab.sketch = {}

---@class lab.sketch.bloom.options
---@field capacity? number how many keys it is made for; it takes more, and reports more by mistake (optional)
---@field fp_rate? number how often a stranger is reported when it holds `capacity` keys (default: 0.01)
---@field bits? integer its size, in place of capacity and fp_rate (optional)
---@field hashes? integer bits that a key sets, with `bits` (default: 7)
---@field counting? boolean counters of 4 bits in place of bits, so that keys can be removed (default: false)

---A Bloom filter: a set that takes ten bits a key, never misses a key, and reports a stranger now and then. Its size comes from a number of keys and the rate of false reports, or from bits and hashes.
---@param options? lab.sketch.bloom.options
---@return MembershipFilter
---@overload fun(capacity?: number, options?: lab.sketch.bloom.options): MembershipFilter
function lab.sketch.bloom(options) end

---@class lab.sketch.count_min.options
---@field epsilon? number the error, as a share of all counts (default: 0.01)
---@field delta? number the probability of a larger error (default: 0.01)
---@field width? integer counters in a row, in place of epsilon (optional)
---@field depth? integer rows, in place of delta (optional)
---@field conservative? boolean raises only the counters that must be: never worse, and better for skewed data (default: false)

---A count-min sketch: how often did this key come? Its size comes from the error and the probability of a larger one, or from width and depth.
---@param options? lab.sketch.count_min.options
---@return CountMin
---@overload fun(epsilon?: number, options?: lab.sketch.count_min.options): CountMin
function lab.sketch.count_min(options) end

---@class lab.sketch.cuckoo_filter.options
---@field capacity? integer how many keys must fit (required)
---@field fp_rate? number how often a stranger is reported when it is full (default: 0.01)
---@field fingerprint_bits? integer their length, in place of fp_rate (optional)

---A cuckoo filter: a set of short fingerprints in buckets of four, from which keys can be removed, smaller than a Bloom filter below a rate of 3 %; and full at 95 % of its slots.
---@param options? lab.sketch.cuckoo_filter.options
---@return MembershipFilter
---@overload fun(capacity: integer, options?: lab.sketch.cuckoo_filter.options): MembershipFilter
function lab.sketch.cuckoo_filter(options) end

---@class lab.sketch.hyperloglog.options
---@field error? number the standard error of the estimate, at most (default: 0.01)
---@field precision? integer 2^precision registers, in place of error (optional)

---HyperLogLog: how many different keys came? 12 KB for any number of them, to 0.8 %.
---@param options? lab.sketch.hyperloglog.options
---@return HyperLogLog
---@overload fun(error?: number, options?: lab.sketch.hyperloglog.options): HyperLogLog
function lab.sketch.hyperloglog(options) end

---@class lab.sketch.space_saving.options
---@field places? integer keys that it holds (optional)
---@field epsilon? number the largest error of a count, as a share of all counts; gives 1/epsilon places (default: 0.01)

---Space-saving: which keys come most often? A table of fixed size holds every key that came more often than 1/places of all.
---@param options? lab.sketch.space_saving.options
---@return SpaceSaving
---@overload fun(places?: integer, options?: lab.sketch.space_saving.options): SpaceSaving
function lab.sketch.space_saving(options) end

lab.store = {}

---@class lab.store.table.options
---@field rows? integer keys 1 to this have a row from the beginning: its value is the key (default: 0)
---@field row_bytes? number the rows that are there from the beginning are texts of that size (default: the key)
---@field row_time? number what each further row of a put_many costs (default: 0)

---Rows behind a service: get, put, delete, cas and put_many, kept on the node's disk. The service says what a request costs.
---@param options? lab.store.table.options
---@return Filter
---@overload fun(rows?: integer, options?: lab.store.table.options): Filter
function lab.store.table(options) end

lab.stream = {}

---@class lab.stream.consumer.options
---@field from? any the brokers: what w:replicas gave, or some of them (required)
---@field group? string the group's name (required)
---@field topics? any[] the topics it reads (required)
---@field assignor? 'range'|'round_robin'|'sticky'|'cooperative_sticky' who gets which partitions; the last one without standing still (default: 'range')
---@field instance? string a static member: it may be away for a session without anybody noticing (default: none)
---@field commit? 'auto'|'after'|'before' every commit_interval, after each record, or before it (default: 'auto')
---@field commit_interval? number commit = 'auto': how often (default: 5 s)
---@field start? 'earliest'|'latest' where it begins if nothing is committed (default: 'earliest')
---@field failed? 'block'|'skip'|'dead_letter' a record that fails is tried again for ever, skipped after `retries`, or put into the topic dead_letter (default: 'block')
---@field dead_letter? string failed = 'dead_letter': the topic (default: none)
---@field retries? integer tries again of a record that fails (default: 3)
---@field session? number who is not heard of for so long loses its partitions (default: 45 s)
---@field heartbeat? number at most a third of the session (default: 3 s)
---@field poll_interval? number who works longer on what one fetch gave has to leave (default: 300 s)
---@field poll_records? integer records a fetch gives at most (default: 500)
---@field profile? 'kafka-2.8'|'kafka-3.0' whose published defaults (default: 'kafka-3.0')
---@field history? History what it has processed is recorded there (default: none)

---A member of a consumer group: it fetches the partitions it is given, hands each record to the service inside as a request { type = 'record', topic, partition, offset, key, value, ... }, and commits. Requests: pause, resume, seek, status.
---@param options? lab.stream.consumer.options
---@return Filter
---@overload fun(from: any, options?: lab.stream.consumer.options): Filter
---@overload fun(from: any, group: string, options?: lab.stream.consumer.options): Filter
---@overload fun(from: any, group: string, topics: any[], options?: lab.stream.consumer.options): Filter
function lab.stream.consumer(options) end

---@class lab.stream.delivery.options
---@field to? string the node that gets the batches (required)
---@field sink? 'store'|'search'|'http' what it is: asked put_object, bulk or post (default: 'store')
---@field buffer_bytes? number a batch goes out when it has so many bytes (default: 5 MiB)
---@field buffer_time? number or when its first record is so old (default: 300 s)
---@field retry? number how long a batch is tried again (default: 300 s)
---@field retry_wait? number the first wait between attempts; it doubles up to a minute (default: 1 s)
---@field timeout? number of one attempt (default: 10 s)
---@field failed_to? string the node that stores what could not be delivered (default: none: it is dropped)
---@field record_bytes? number the largest record (default: 1024000)
---@field name? string of the stream: the folder, the index, the beginning of request ids (default: 'delivery')

---A delivery stream: takes records and brings them in batches, by size or by time, to a store, a search index or an http endpoint; with retries and a place for what cannot be delivered. Nothing can be read again. Requests: put_record, put_record_batch, status.
---@param options? lab.stream.delivery.options
---@return Filter
---@overload fun(to: string, options?: lab.stream.delivery.options): Filter
function lab.stream.delivery(options) end

---@class lab.stream.log.options
---@field brokers? integer how many (required)
---@field topics? table { NAME = { partitions = 1, replication = 3, min_insync = 1, unclean = false, retention = 7 days, retention_bytes =, segment_bytes =, segment_time =, compact = false, delete = true, tombstones = 1 day, record_bytes = 1048588 } } (required)
---@field profile? 'kafka-2.8'|'kafka-3.0' whose published defaults (default: 'kafka-3.0')
---@field replica_lag? number a follower that was not caught up for so long is not in sync (default: 30 s)
---@field session? number the controller gives up a broker that it has not heard of for so long (default: 9 s)
---@field heartbeat? number how often brokers tell the controller that they live (default: 2 s)
---@field flush? number how often the log is synced to the disk; 0: before every acknowledgement (default: 1 s)
---@field retention_check? number how often old segments are taken away, and logs compacted (default: 300 s)
---@field rebalance_delay? number how long a new group waits for more members (default: 3 s)
---@field session_min? number the shortest session of a group's member (default: 6 s)
---@field history? History what happens is recorded there, for lab.check.stream (default: none)

---A partitioned, replicated log: brokers with topics, partitions, leaders and in-sync replicas, a controller, acks 0, 1 or all, consumer groups. w:replicas runs it. Any broker takes requests: produce, fetch, list_offsets, metadata, create_topic, join_group, heartbeat, commit, committed, describe_group, lag.
---@param options? lab.stream.log.options
---@return Protocol
---@overload fun(brokers: integer, options?: lab.stream.log.options): Protocol
---@overload fun(brokers: integer, topics: table, options?: lab.stream.log.options): Protocol
function lab.stream.log(options) end

---@class lab.stream.partition.options
---@field key? any a text, or whatever can travel between nodes (required)
---@field partitions? integer how many there are (required)

---Which partition a key belongs to: the hash of Kafka's default partitioner (murmur2).
---@param options? lab.stream.partition.options
---@return any
---@overload fun(key: any, options?: lab.stream.partition.options): any
---@overload fun(key: any, partitions: integer): any
function lab.stream.partition(options) end

---@class lab.stream.producer.options
---@field to? any the brokers: what w:replicas gave, or some of them (required)
---@field acks? '0'|'1'|'all' whose acknowledgement it waits for (default: 'all')
---@field idempotent? boolean it has an id, and numbers its records (default: true, with acks = 'all')
---@field request_timeout? number of one attempt (default: 2 s)
---@field delivery_timeout? number of all attempts together (default: 120 s)
---@field retry_wait? number between attempts (default: 0.1 s)
---@field profile? 'kafka-2.8'|'kafka-3.0' whose published defaults (default: 'kafka-3.0')

---A producer: takes requests { type = 'produce', topic, key, value }, chooses the partition by the key, sends, and sends again until it is acknowledged. Idempotent, what it repeats is appended once and in order.
---@param options? lab.stream.producer.options
---@return Filter
---@overload fun(to: any, options?: lab.stream.producer.options): Filter
function lab.stream.producer(options) end

---@class lab.stream.shard_consumer.options
---@field from? any the node of a lab.stream.shard_service (required)
---@field stream? string its name (required)
---@field app? string the application, whose checkpoints these are (required)
---@field consumer? string registered for enhanced fan-out (default: none: it polls)
---@field start? 'TRIM_HORIZON'|'LATEST' where there is no checkpoint (default: 'TRIM_HORIZON')
---@field order? 'parent_first'|'any' whether a child waits until its parents were read (default: 'parent_first')
---@field poll? number how often each shard is asked (default: 1 s)
---@field limit? integer records a call (default: 1000)
---@field retries? integer of a record that fails; then it is skipped (default: 3)
---@field history? History what it has processed is recorded there (default: none)

---Reads a stream of shards: finds the shards, hands each record to the service inside as { type = 'record', shard, key, data, sequence, at }, and keeps checkpoints.
---@param options? lab.stream.shard_consumer.options
---@return Filter
---@overload fun(from: any, options?: lab.stream.shard_consumer.options): Filter
---@overload fun(from: any, stream: string, options?: lab.stream.shard_consumer.options): Filter
---@overload fun(from: any, stream: string, app: string, options?: lab.stream.shard_consumer.options): Filter
function lab.stream.shard_consumer(options) end

---@class lab.stream.shard_service.options
---@field streams? table { NAME = Shards }: each as described, and empty (required)
---@field history? History what happens is recorded there, for lab.check.stream (default: none)

---Streams of shards behind a service, kept on the node's disk. Requests: put_record, put_records, get_iterator, get_records, list_shards, describe, heat, split, merge, set_retention, register_consumer, checkpoint.
---@param options? lab.stream.shard_service.options
---@return Filter
---@overload fun(streams: table, options?: lab.stream.shard_service.options): Filter
function lab.stream.shard_service(options) end

---@class lab.stream.shards.options
---@field shards? integer how many to begin with (default: 1)
---@field retention? number 1 to 365 days (default: 1 day)
---@field profile? 'kinesis-2024'|'kinesis-2025' whose published limits (default: 'kinesis-2024')
---@field write_records? integer a second and shard (default: 1000)
---@field write_bytes? number a second and shard (default: 1 MiB)
---@field read_bytes? number a second and shard (default: 2 MiB)
---@field reads? integer calls a second and shard (default: 5)
---@field record_bytes? number the largest record (default: 1 MiB)
---@field reshard_time? number how long a split or merge takes (default: 30 s)
---@field name? string the stream's (default: 'stream')

---A stream of shards with a capacity each: partition keys by MD5, throttling, split and merge with parents before children, replay by time or sequence number, enhanced fan-out.
---@param options? lab.stream.shards.options
---@return Shards
---@overload fun(shards?: integer, options?: lab.stream.shards.options): Shards
function lab.stream.shards(options) end

---@class lab.stream.windows.options
---@field kind? 'tumbling'|'hopping'|'sliding'|'session' how time is cut up (default: 'tumbling')
---@field size? number how long a window is (default: 60 s)
---@field advance? number hopping: how often one begins (default: the size)
---@field gap? number session: the pause that ends one (default: 300 s)
---@field out_of_order? number how far the watermark stays behind the newest event (default: 0)
---@field lateness? number how long after its end a window is still corrected (default: 0)

---Windows over a stream of events: tumbling, hopping, sliding or session windows in event time, with a watermark, allowed lateness and late data.
---@param options? lab.stream.windows.options
---@return Windows
---@overload fun(kind?: 'tumbling'|'hopping'|'sliding'|'session', options?: lab.stream.windows.options): Windows
function lab.stream.windows(options) end

lab.topic = {}

---@class lab.topic.bus.options
---@field rules? any[] { name =, pattern = {...}, targets = { { to = NODE, queue = NAME, protocol =, dead_letter = } } } (default: none)
---@field archives? any[] { name =, pattern =, retention = } (default: none)
---@field retries? table in place of the published plans: { attempts = 3, wait = 1, wait_max = 20, timeout = 15, jitter = true } (default: the protocol's)
---@field name? string the beginning of its events' ids (default: 'bus')

---An event bus behind a service: rules look at an event's content and send it to their targets, with retries and dead letters; archives keep events and replay them. Requests: put, put_rule, remove_rule, enable, disable, archive, replay, rules.
---@param options? lab.topic.bus.options
---@return Filter
---@overload fun(rules?: any[], options?: lab.topic.bus.options): Filter
function lab.topic.bus(options) end

---@class lab.topic.fanout.options
---@field subscriptions? any[] { name =, to = NODE, protocol = 'queue' | 'function' | 'http' | 'mail', queue = NAME, filter = {...}, scope = 'attributes' | 'body', raw = true, dead_letter = { to =, queue = } } (default: none)
---@field fifo? boolean in order of each group, each message once in five minutes (default: false)
---@field content_dedup? boolean fifo: a message without a dedup id is recognised by its body (default: false)
---@field propagation? Distribution|number how long a change of a filter takes; as published up to 15 minutes (default: 0)
---@field message_bytes? number the largest message (default: 262144)
---@field retries? table in place of the published plans: { attempts = 3, wait = 1, wait_max = 20, timeout = 15, jitter = true } (default: the protocol's)
---@field name? string the beginning of its messages' ids (default: 'topic')

---A topic behind a service: what is published once is delivered to every subscriber whose filter wants it: queues of a broker, functions, http endpoints, mailboxes; with retries and dead letters. Requests: publish, subscribe, unsubscribe, set_filter, set_propagation, subscriptions.
---@param options? lab.topic.fanout.options
---@return Filter
---@overload fun(subscriptions?: any[], options?: lab.topic.fanout.options): Filter
function lab.topic.fanout(options) end

---@class lab.topic.filter_policy.options
---@field policy? table { KEY = { VALUE, ... } } (required)
---@field dialect? 'subscription'|'event' whose limits and error names (default: 'subscription')
---@field nested? boolean keys may hold policies: for bodies and events, not for attributes (default: true)

---A filter policy: every key must match, the values of a key are alternatives. Values: equal, prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr, exists; '$or' between keys.
---@param options? lab.topic.filter_policy.options
---@return any
---@overload fun(policy: table, options?: lab.topic.filter_policy.options): any
function lab.topic.filter_policy(options) end

lab.workload = {}

---@class lab.workload.sequential.options
---@field count? integer how many keys there are (required)

---Keys 1, 2, ... count, and over again: the scan that defeats LRU.
---@param options? lab.workload.sequential.options
---@return KeyStream
---@overload fun(count: integer): KeyStream
function lab.workload.sequential(options) end

---@class lab.workload.trace_file.options
---@field path? string the file (required)
---@field format? 'text'|'csv'|'oracle_general' what it holds (default: text)
---@field id? any csv: the column of the id, its name or its number (default: 1)
---@field size? any csv: the column of the size in bytes (default: none: all requests weigh 1)
---@field time? any csv: the column of the time (default: none)
---@field time_unit? number csv: the seconds that one unit of the time column stands for (default: 1)
---@field separator? string csv: the character between columns (default: ,)
---@field header? boolean csv: whether the first line names the columns (default: true if a column is given by name)

---A recorded trace from a file, read in constant memory: 'text' (one id a line), 'csv', or libCacheSim's binary 'oracle_general'. Ids that are no whole numbers are hashed.
---@param options? lab.workload.trace_file.options
---@return RequestTrace
---@overload fun(path: string, options?: lab.workload.trace_file.options): RequestTrace
function lab.workload.trace_file(options) end

---@class lab.workload.uniform.options
---@field count? integer how many keys there are (required)

---Every key is as likely as any other.
---@param options? lab.workload.uniform.options
---@return KeyStream
---@overload fun(count: integer): KeyStream
function lab.workload.uniform(options) end

---@class lab.workload.zipf.options
---@field count? integer how many keys there are (required)
---@field skew? number 0 is uniform; web and key-value traces have 0.6 to 1.2 (default: 0.99)
---@field scrambled? boolean spreads the popular keys over the key space; else key 1 is the most popular (default: false)

---Keys by popularity: the k-th most popular one is asked for in proportion to k^-skew.
---@param options? lab.workload.zipf.options
---@return KeyStream
---@overload fun(count: integer, options?: lab.workload.zipf.options): KeyStream
function lab.workload.zipf(options) end

---@class lab.workload.zipf_trace.options
---@field count? integer how many keys there are (required)
---@field requests? integer how long it is (required)
---@field skew? number the k-th key is asked for in proportion to k^-skew (default: 1)
---@field seed? integer of xorshift64* (default: 42)

---The Zipf trace that published hit counts were measured with, bit for bit: to compare a cache with others to the integer. For anything else workload.zipf is faster.
---@param options? lab.workload.zipf_trace.options
---@return RequestTrace
---@overload fun(count: integer, options?: lab.workload.zipf_trace.options): RequestTrace
---@overload fun(count: integer, requests: integer, options?: lab.workload.zipf_trace.options): RequestTrace
function lab.workload.zipf_trace(options) end

---In seconds.
ns = 1.0000000000000001e-09
---In seconds.
us = 9.9999999999999995e-07
---In seconds.
ms = 0.001
---In seconds.
s = 1
---In seconds.
min = 60
---In seconds.
h = 3600
---In bytes.
KB = 1000
---In bytes.
MB = 1000000
---In bytes.
GB = 1000000000
---In bytes.
KiB = 1024
---In bytes.
MiB = 1048576
---In bytes.
GiB = 1073741824

---Explains a component, an object or a name.
---@param what? any
function help(what) end
