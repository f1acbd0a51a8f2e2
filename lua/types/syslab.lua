---@meta
-- Written by `syslab help annotations` from the descriptors in bindings/. Do not edit; to renew it:
-- ./syslab help annotations > lua/types/syslab.lua

---Makes terms out of text.
---@class Analyzer
local Analyzer = {}

---The terms of a text, in order.
---@param text string
---@return any[]
function Analyzer:tokens(text) end

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

---A replicated data type: every copy changes at once, and copies that know the same changes have the same value. Operations return their delta, which other copies merge.
---@class Crdt
local Crdt = {}

---@class Crdt.add.options
---@field value? any the element (required)

---Adds to a set.
---@param options? Crdt.add.options
---@return any
---@overload fun(self: Crdt, value: any): any
function Crdt:add(options) end

---Does an operation, given as a table such as { op = 'add', value = 1 }.
---@param operation any
---@return any
function Crdt:apply(operation) end

---@class Crdt.decrement.options
---@field by? integer how much (default: 1)

---Takes off a pn_counter.
---@param options? Crdt.decrement.options
---@return any
---@overload fun(self: Crdt, by?: integer): any
function Crdt:decrement(options) end

---@class Crdt.delete.options
---@field at? integer the first character's place, from 1 (required)
---@field count? integer how many characters (default: 1)

---Deletes from a text.
---@param options? Crdt.delete.options
---@return any
---@overload fun(self: Crdt, at: integer, options?: Crdt.delete.options): any
function Crdt:delete(options) end

---@class Crdt.delta.options
---@field since? integer a version of this copy (default: 0: everything)

---What changed here after that version.
---@param options? Crdt.delta.options
---@return any
---@overload fun(self: Crdt, since?: integer): any
function Crdt:delta(options) end

---@class Crdt.increment.options
---@field by? integer how much (default: 1)

---Counts.
---@param options? Crdt.increment.options
---@return any
---@overload fun(self: Crdt, by?: integer): any
function Crdt:increment(options) end

---@class Crdt.insert.options
---@field at? integer the place that its first character will have (required)
---@field text? string what is typed (required)

---Types into a text.
---@param options? Crdt.insert.options
---@return any
---@overload fun(self: Crdt, at: integer, options?: Crdt.insert.options): any
---@overload fun(self: Crdt, at: integer, text: string): any
function Crdt:insert(options) end

---Joins what others did: another copy, its state, or a delta. Whether it was news.
---@param other any
---@return boolean
function Crdt:merge(other) end

---@class Crdt.put.options
---@field field? string the field's name (required)
---@field value? any its value (required)
---@field time? number the later one stays; of a last-write-wins type (default: one more than the latest that is known)

---Puts into a map.
---@param options? Crdt.put.options
---@return any
---@overload fun(self: Crdt, field: string, options?: Crdt.put.options): any
---@overload fun(self: Crdt, field: string, value: any, options?: Crdt.put.options): any
function Crdt:put(options) end

---@class Crdt.remove.options
---@field what? any an element of a set, a field of a map (required)
---@field time? number the later one stays; of a last-write-wins type (default: one more than the latest that is known)

---Removes from a set or a map.
---@param options? Crdt.remove.options
---@return any
---@overload fun(self: Crdt, what: any, options?: Crdt.remove.options): any
function Crdt:remove(options) end

---@class Crdt.set.options
---@field value? any its value (required)
---@field time? number the later one stays; of a last-write-wins type (default: one more than the latest that is known)

---Writes a register.
---@param options? Crdt.set.options
---@return any
---@overload fun(self: Crdt, value: any, options?: Crdt.set.options): any
function Crdt:set(options) end

---Bytes of the state on the wire, and of the value alone: the rest is metadata.
---@return number
---@return number
function Crdt:size_bytes() end

---Everything, as other copies may merge it.
---@return any
function Crdt:state() end

---What it is worth: a number, a list, a table, a text.
---@return any
function Crdt:value() end

---How many changes this copy has seen; for delta(since).
---@return number
function Crdt:version() end

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

---Collections of documents without a schema. In a world, lab.store.database serves it.
---@class Documents
local Documents = {}

---@class Documents.create_index.options
---@field collection? string its name; it is made by the first insert (required)
---@field path? string through maps and lists: 'lines.sku' (required)
---@field unique? boolean no two documents have the same (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A secondary index on a path.
---@param options? Documents.create_index.options
---@return true?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.create_index.options): true?
---@overload fun(self: Documents, collection: string, path: string, options?: Documents.create_index.options): true?
function Documents:create_index(options) end

---@class Documents.delete.options
---@field collection? string its name; it is made by the first insert (required)
---@field where? any a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } } (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes documents away.
---@param options? Documents.delete.options
---@return table?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.delete.options): table?
function Documents:delete(options) end

---@class Documents.describe.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What there is.
---@param options? Documents.describe.options
---@return table
---@overload fun(self: Documents, now?: number): table
function Documents:describe(options) end

---@class Documents.drop_index.options
---@field collection? string its name; it is made by the first insert (required)
---@field path? string as it was made (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes an index away.
---@param options? Documents.drop_index.options
---@return true?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.drop_index.options): true?
---@overload fun(self: Documents, collection: string, path: string, options?: Documents.drop_index.options): true?
function Documents:drop_index(options) end

---@class Documents.explain.options
---@field collection? string its name; it is made by the first insert (required)
---@field where? any a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } } (default: all)
---@field columns? any paths, or { name = path } (default: whole documents)
---@field order? any paths, '-path' for the largest first (default: as inserted)
---@field limit? integer documents at most (default: all)
---@field offset? integer documents to skip (default: 0)
---@field group? any paths (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'price' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---How find would go about it.
---@param options? Documents.explain.options
---@return table
---@overload fun(self: Documents, collection: string, options?: Documents.explain.options): table
function Documents:explain(options) end

---@class Documents.find.options
---@field collection? string its name; it is made by the first insert (required)
---@field where? any a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } } (default: all)
---@field columns? any paths, or { name = path } (default: whole documents)
---@field order? any paths, '-path' for the largest first (default: as inserted)
---@field limit? integer documents at most (default: all)
---@field offset? integer documents to skip (default: 0)
---@field group? any paths (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'price' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The documents that a condition means.
---@param options? Documents.find.options
---@return any[]?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.find.options): any[]?
function Documents:find(options) end

---@class Documents.insert.options
---@field collection? string its name; it is made by the first insert (required)
---@field document? table one (default: none)
---@field documents? any[] or several: all, or none (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds documents; one without an id is given one.
---@param options? Documents.insert.options
---@return table?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.insert.options): table?
function Documents:insert(options) end

---@class Documents.lookup.options
---@field collection? string its name; it is made by the first insert (required)
---@field where? any a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } } (default: all)
---@field from string the other collection (required)
---@field path string where the id of one of its documents stands (required)
---@field into string where it is put (required)
---@field columns? any paths, or { name = path } (default: whole documents)
---@field order? any paths, '-path' for the largest first (default: as inserted)
---@field limit? integer documents at most (default: all)
---@field offset? integer documents to skip (default: 0)
---@field group? any paths (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'price' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Documents with those that they reference put into them.
---@param options? Documents.lookup.options
---@return any[]?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.lookup.options): any[]?
function Documents:lookup(options) end

---@class Documents.update.options
---@field collection? string its name; it is made by the first insert (required)
---@field where? any a condition on any paths: { ['address.city'] = 'Rome', age = { at_least = 18 } } (default: all)
---@field set? table paths and values (default: nothing)
---@field add? table paths and numbers (default: nothing)
---@field push? table paths of lists, and what is appended (default: nothing)
---@field remove? any[] paths (default: nothing)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Changes documents, each by itself.
---@param options? Documents.update.options
---@return table?
---@return Error?
---@overload fun(self: Documents, collection: string, options?: Documents.update.options): table?
function Documents:update(options) end

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

---A clock that counts events; its stamps tell what may have led to what.
---@class EventClock
local EventClock = {}

---'before', 'after', 'equal' or, of vector clocks, 'concurrent'.
---@param a any
---@param b any
---@return string
function EventClock:compare(a, b) end

---The last stamp given.
---@return any
function EventClock:last() end

---The stamp of the arrival of a message that carries one; `wall`: the wall clock in seconds, for hybrid clocks (the world's time).
---@param stamp any
---@param wall? any
---@return any
function EventClock:receive(stamp, wall) end

---The stamp of an event, which a message takes along.
---@param wall? any
---@return any
function EventClock:tick(wall) end

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

---Says from the times of heartbeats whether their sender is still there. Times are in seconds and never run backwards; left out, it is the time of the last world.
---@class FailureDetector
local FailureDetector = {}

---A heartbeat has come.
---@param now? any
function FailureDetector:heartbeat(now) end

---Phi, or the silence in timeouts; 0 before the first heartbeat.
---@param now? any
---@return number
function FailureDetector:suspicion(now) end

---Whether that is above the threshold.
---@param now? any
---@return boolean
function FailureDetector:suspects(now) end

---How long a silence makes it suspect, as it is now; infinite before the first heartbeat.
---@return number
function FailureDetector:patience() end

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

---Counts requests by shard and finds hot keys.
---@class Heat
local Heat = {}

---Forgets all counts: a new period begins.
function Heat:clear() end

---Counts requests for a key.
---@param key any
---@param requests? any
function Heat:record(key, requests) end

---Counts a list of keys.
---@param keys any
function Heat:replay(keys) end

---Of each shard: name, requests, over_fair, hot, and one_key (its hottest key alone is more than a fair share, so splitting does not help); the ten hottest keys: key, count (at least the truth), error, shard.
---@return table
function Heat:report() end

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

---An object store: buckets of objects under full paths. Time is an argument (left out, it is that of the last world), and what falls due in between happens at its own time. In a world, lab.store.object_service serves it.
---@class Objects
local Objects = {}

---@class Objects.abort_upload.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field upload? string its id (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Gives an upload up, and its parts.
---@param options? Objects.abort_upload.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.abort_upload.options): true?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.abort_upload.options): true?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, options?: Objects.abort_upload.options): true?
function Objects:abort_upload(options) end

---@class Objects.bill.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What was spent until now, in dollars: storage, requests, retrieval, early_deletion, transitions, monitoring, total; and by class and tier.
---@param options? Objects.bill.options
---@return table
---@overload fun(self: Objects, now?: number): table
function Objects:bill(options) end

---@class Objects.check_name.options
---@field name? string a name for a bucket (required)

---Whether a bucket may be called so, and which rule forbids it.
---@param options? Objects.check_name.options
---@return true|any
---@return any
---@return any
---@overload fun(self: Objects, name: string): true|any
function Objects:check_name(options) end

---@class Objects.complete_upload.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field upload? string its id (required)
---@field parts? any[] { { part = 1, etag = '...' }, ... }, ascending; gaps are allowed (required)
---@field if_match? string only where this is the ETag (default: no condition)
---@field if_none_match? string '*': only where there is no object (default: no condition)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes an object of the parts; its ETag is the MD5 of their MD5s, and '-N'.
---@param options? Objects.complete_upload.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.complete_upload.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.complete_upload.options): table?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, options?: Objects.complete_upload.options): table?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, parts: any[], options?: Objects.complete_upload.options): table?
function Objects:complete_upload(options) end

---@class Objects.copy_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field from? table { key =, bucket =, version = } (required)
---@field metadata? table names and texts, 2 KiB together (default: none)
---@field tags? table names and texts that lifecycle rules look at (default: none)
---@field class? string the storage class (default: 'STANDARD')
---@field if_match? string only where this is the ETag (default: no condition)
---@field if_none_match? string '*': only where there is none (default: no condition)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Copies an object within the store; also the way to change its class or metadata.
---@param options? Objects.copy_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.copy_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.copy_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, from: table, options?: Objects.copy_object.options): table?
function Objects:copy_object(options) end

---@class Objects.counts.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What is in it.
---@param options? Objects.counts.options
---@return table
---@overload fun(self: Objects, now?: number): table
function Objects:counts(options) end

---@class Objects.create_bucket.options
---@field bucket? string its name (required)
---@field versioning? boolean keeps old versions (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes a bucket.
---@param options? Objects.create_bucket.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.create_bucket.options): true?
function Objects:create_bucket(options) end

---@class Objects.create_upload.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field metadata? table names and texts, 2 KiB together (default: none)
---@field tags? table names and texts that lifecycle rules look at (default: none)
---@field class? string the storage class (default: 'STANDARD')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Begins an upload in parts.
---@param options? Objects.create_upload.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.create_upload.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.create_upload.options): table?
function Objects:create_upload(options) end

---@class Objects.delete_bucket.options
---@field bucket? string its name (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Only an empty one.
---@param options? Objects.delete_bucket.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.delete_bucket.options): true?
function Objects:delete_bucket(options) end

---@class Objects.delete_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field version? string one of its versions (default: the newest)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Deletes; with versioning it only hides the object behind a delete marker, unless a version is named. Nothing to delete is a success.
---@param options? Objects.delete_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.delete_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.delete_object.options): table?
function Objects:delete_object(options) end

---@class Objects.events.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What notification rules have asked for since the last call.
---@param options? Objects.events.options
---@return any[]
---@overload fun(self: Objects, now?: number): any[]
function Objects:events(options) end

---@class Objects.get_lifecycle.options
---@field bucket? string its name (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The rules as they were set.
---@param options? Objects.get_lifecycle.options
---@return any[]?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.get_lifecycle.options): any[]?
function Objects:get_lifecycle(options) end

---@class Objects.get_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field version? string one of its versions (default: the newest)
---@field range? string 'bytes=0-99', 'bytes=100-' or 'bytes=-100' (default: all of it)
---@field if_match? string only where this is the ETag, else PreconditionFailed (default: no condition)
---@field if_none_match? string only where this is not the ETag, else NotModified (default: no condition)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Reads an object.
---@param options? Objects.get_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.get_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.get_object.options): table?
function Objects:get_object(options) end

---@class Objects.head_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field version? string one of its versions (default: the newest)
---@field if_match? string only where this is the ETag (default: no condition)
---@field if_none_match? string only where it is not (default: no condition)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---All about an object but its bytes; also of an archived one.
---@param options? Objects.head_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.head_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.head_object.options): table?
function Objects:head_object(options) end

---@class Objects.list_buckets.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---All of them.
---@param options? Objects.list_buckets.options
---@return any[]
---@overload fun(self: Objects, now?: number): any[]
function Objects:list_buckets(options) end

---@class Objects.list_objects.options
---@field bucket? string its name (required)
---@field prefix? string keys that begin so (default: '')
---@field delimiter? string keys that have it after the prefix are rolled up to common prefixes (default: none)
---@field start_after? string keys after this one (default: the beginning)
---@field token? string of the page before (default: the first page)
---@field max? integer keys and common prefixes a page (default: 1000, and not more)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A page of keys in order.
---@param options? Objects.list_objects.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.list_objects.options): table?
function Objects:list_objects(options) end

---@class Objects.list_parts.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field upload? string its id (required)
---@field after? integer parts after this one (default: 0)
---@field max? integer parts a page (default: 1000, and not more)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What an upload has.
---@param options? Objects.list_parts.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.list_parts.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.list_parts.options): table?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, options?: Objects.list_parts.options): table?
function Objects:list_parts(options) end

---@class Objects.list_uploads.options
---@field bucket? string its name (required)
---@field prefix? string of keys that begin so (default: '')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Uploads that are under way, or forgotten.
---@param options? Objects.list_uploads.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.list_uploads.options): table?
function Objects:list_uploads(options) end

---@class Objects.list_versions.options
---@field bucket? string its name (required)
---@field prefix? string keys that begin so (default: '')
---@field token? string of the page before (default: the first page)
---@field max? integer versions a page (default: 1000, and not more)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---All versions and delete markers, by key, newest first.
---@param options? Objects.list_versions.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.list_versions.options): table?
function Objects:list_versions(options) end

---@class Objects.put_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field body? any the bytes, a text (or a table, stored as JSON) (default: empty)
---@field size? number in place of a body: only how many bytes it has (default: the body's)
---@field content? string with a size: a word that stands for the bytes, so that other contents have other ETags (default: '')
---@field metadata? table names and texts, 2 KiB together (default: none)
---@field tags? table names and texts that lifecycle rules look at (default: none)
---@field class? string the storage class (default: 'STANDARD')
---@field if_match? string only where this is the ETag (default: no condition)
---@field if_none_match? string '*': only where there is no object (default: no condition)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Writes an object, whole or not at all.
---@param options? Objects.put_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.put_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.put_object.options): table?
function Objects:put_object(options) end

---@class Objects.restore_object.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field version? string one of its versions (default: the newest)
---@field days? integer how long the copy is kept (default: 1)
---@field tier? 'Expedited'|'Standard'|'Bulk' how fast, and for how much (default: 'Standard')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Asks for a readable copy of an archived object.
---@param options? Objects.restore_object.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.restore_object.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.restore_object.options): table?
function Objects:restore_object(options) end

---@class Objects.set_lifecycle.options
---@field bucket? string its name (required)
---@field rules? any[] { { prefix =, tags =, bytes_above =, bytes_below =, transitions = { { days =, class = } }, expire_days =, expire_markers =, noncurrent_days =, noncurrent_keep =, noncurrent_transitions =, abort_days =, enabled =, id = } } (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What happens to objects as they get older; in place of the rules before.
---@param options? Objects.set_lifecycle.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.set_lifecycle.options): true?
---@overload fun(self: Objects, bucket: string, rules: any[], options?: Objects.set_lifecycle.options): true?
function Objects:set_lifecycle(options) end

---@class Objects.set_notifications.options
---@field bucket? string its name (required)
---@field rules? any[] { { events = { 'ObjectCreated:*' }, prefix =, suffix =, to = node, queue = name, id = } } (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Whom to tell of what; in place of the rules before.
---@param options? Objects.set_notifications.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.set_notifications.options): true?
---@overload fun(self: Objects, bucket: string, rules: any[], options?: Objects.set_notifications.options): true?
function Objects:set_notifications(options) end

---@class Objects.set_versioning.options
---@field bucket? string its name (required)
---@field status? 'enabled'|'suspended' it cannot be taken back (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Keeps old versions from now on, or stops to.
---@param options? Objects.set_versioning.options
---@return true?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.set_versioning.options): true?
---@overload fun(self: Objects, bucket: string, status: 'enabled'|'suspended', options?: Objects.set_versioning.options): true?
function Objects:set_versioning(options) end

---@class Objects.upload_part.options
---@field bucket? string its name (required)
---@field key? string the full path (required)
---@field upload? string its id (required)
---@field part? integer 1 to 10000 (required)
---@field body? any the bytes, a text (or a table, stored as JSON) (default: empty)
---@field size? number in place of a body: only how many bytes it has (default: the body's)
---@field content? string with a size: a word that stands for the bytes, so that other contents have other ETags (default: '')
---@field from? table in place of a body: { key =, bucket =, version = } of an object (default: none)
---@field range? string of that object (default: all of it)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds a part, or replaces it; in any order.
---@param options? Objects.upload_part.options
---@return table?
---@return Error?
---@overload fun(self: Objects, bucket: string, options?: Objects.upload_part.options): table?
---@overload fun(self: Objects, bucket: string, key: string, options?: Objects.upload_part.options): table?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, options?: Objects.upload_part.options): table?
---@overload fun(self: Objects, bucket: string, key: string, upload: string, part: integer, options?: Objects.upload_part.options): table?
function Objects:upload_part(options) end

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

---Tables with a schema, and transactions. A statement that has to wait for a lock returns nil and an error with the code 'waiting', and is carried out later. In a world, lab.store.database serves it.
---@class Relational
local Relational = {}

---@class Relational.alter_table.options
---@field table? string its name (required)
---@field add? table a column: { name, type, default, ... } (default: nothing)
---@field drop? string or the name of a column (default: nothing)
---@field rewrite? boolean whether it takes rewrite_time a row (default: where rows change)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Changes the schema, when it has the table for itself.
---@param options? Relational.alter_table.options
---@return true?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.alter_table.options): true?
function Relational:alter_table(options) end

---@class Relational.answers.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What was answered late, to statements without a transaction that had to wait.
---@param options? Relational.answers.options
---@return any[]
---@overload fun(self: Relational, now?: number): any[]
function Relational:answers(options) end

---@class Relational.begin.options
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Begins a transaction.
---@param options? Relational.begin.options
---@return Transaction
---@overload fun(self: Relational, isolation?: 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable', options?: Relational.begin.options): Transaction
function Relational:begin(options) end

---@class Relational.create_index.options
---@field table? string its name (required)
---@field columns? any names, in order (required)
---@field unique? boolean no two rows have the same (default: false)
---@field name? string its name (default: of table and columns)
---@field rewrite? boolean whether it takes rewrite_time a row (default: true)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A secondary index.
---@param options? Relational.create_index.options
---@return table?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.create_index.options): table?
---@overload fun(self: Relational, table: string, columns: any, options?: Relational.create_index.options): table?
function Relational:create_index(options) end

---@class Relational.create_table.options
---@field name? string its name (required)
---@field columns? table { NAME = type, or { type, not_null, unique, default, references } }; types: any, boolean, integer, number, text (required)
---@field primary_key? any names (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A table.
---@param options? Relational.create_table.options
---@return true?
---@return Error?
---@overload fun(self: Relational, name: string, options?: Relational.create_table.options): true?
---@overload fun(self: Relational, name: string, columns: table, options?: Relational.create_table.options): true?
function Relational:create_table(options) end

---@class Relational.delete.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes rows away.
---@param options? Relational.delete.options
---@return table?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.delete.options): table?
function Relational:delete(options) end

---@class Relational.describe.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What there is.
---@param options? Relational.describe.options
---@return table
---@overload fun(self: Relational, now?: number): table
function Relational:describe(options) end

---@class Relational.drop_index.options
---@field table? string its name (required)
---@field name? string of the index (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes an index away.
---@param options? Relational.drop_index.options
---@return true?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.drop_index.options): true?
---@overload fun(self: Relational, table: string, name: string, options?: Relational.drop_index.options): true?
function Relational:drop_index(options) end

---@class Relational.drop_table.options
---@field table? string its name (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes a table away.
---@param options? Relational.drop_table.options
---@return true?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.drop_table.options): true?
function Relational:drop_table(options) end

---@class Relational.explain.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field join? any[] { { table, on = { ['orders.user'] = 'id' }, as, kind = 'left', using = 'hash' } }; rows are then { orders = {...}, users = {...} } (default: none)
---@field columns? any names, or { new = name } (default: all)
---@field order? any names, '-name' for the largest first (default: as it comes)
---@field limit? integer rows at most (default: all)
---@field offset? integer rows to skip (default: 0)
---@field group? any names (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'amount' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field as? string another name of the table (default: its own)
---@field for_update? boolean lock the rows (default: false)
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---How a select goes about it.
---@param options? Relational.explain.options
---@return table?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.explain.options): table?
function Relational:explain(options) end

---@class Relational.insert.options
---@field table? string its name (required)
---@field rows? any[] of columns (default: none)
---@field row? table or one (default: none)
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds rows.
---@param options? Relational.insert.options
---@return table?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.insert.options): table?
function Relational:insert(options) end

---@class Relational.locks.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Who holds what, and who waits for whom.
---@param options? Relational.locks.options
---@return table
---@overload fun(self: Relational, now?: number): table
function Relational:locks(options) end

---@class Relational.select.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field join? any[] { { table, on = { ['orders.user'] = 'id' }, as, kind = 'left', using = 'hash' } }; rows are then { orders = {...}, users = {...} } (default: none)
---@field columns? any names, or { new = name } (default: all)
---@field order? any names, '-name' for the largest first (default: as it comes)
---@field limit? integer rows at most (default: all)
---@field offset? integer rows to skip (default: 0)
---@field group? any names (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'amount' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field as? string another name of the table (default: its own)
---@field for_update? boolean lock the rows (default: false)
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The rows that a condition means.
---@param options? Relational.select.options
---@return any[]?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.select.options): any[]?
function Relational:select(options) end

---@class Relational.update.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field set? table columns and values (default: nothing)
---@field add? table columns and numbers (default: nothing)
---@field append? table columns with lists, and what is appended (default: nothing)
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' of the transaction (default: the engine's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Changes rows.
---@param options? Relational.update.options
---@return table?
---@return Error?
---@overload fun(self: Relational, table: string, options?: Relational.update.options): table?
function Relational:update(options) end

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

---Says which shard has a key, and which shards a range of keys is on. Keys are values; shards have names and weights.
---@class Router
local Router = {}

---Adds a shard. In a hierarchy its name is 'GROUP/SHARD'.
---@param name string
---@param weight? any
function Router:add(name, weight) end

---Gives a key (directory, vertical), the range of a key (range) or a bucket, by its number (buckets, slots), to a shard.
---@param key any
---@param shard any
function Router:assign(key, shard) end

---The bucket or slot of a key, counted from 0.
---@param key any
---@return number
function Router:bucket(key) end

---The same router, on its own: to compare before and after.
---@return Router
function Router:copy() end

---Of buckets or slots: how far the shard furthest from its share is off it.
---@return any
function Router:disbalance() end

---What would move from where to where, most first: the plan of a change.
---@param after any
---@param keys any
---@return any[]
function Router:flows(after, keys) end

---Takes a key out of a directory; false if it was not in it.
---@param key any
---@return boolean
function Router:forget(key) end

---What it takes, beside the names of the shards.
---@return string
function Router:memory() end

---Takes a split point away: the range above it joins the one below. False if there is none.
---@param at any
---@return boolean
function Router:merge(at) end

---How many keys have another shard in `after`, and how many of those needlessly (between shards that are in both); printed, as bars. `keys` is a list, or a number n for the keys 1 to n.
---@param after any
---@param keys any
---@return table
function Router:moved(after, keys) end

---The numbers of moved, without the picture.
---@param after any
---@param keys any
---@return table
function Router:moved_data(after, keys) end

---Of a geographic router: the shards within so many metres, and how many cells were looked at.
---@param point any
---@param radius any
---@return any[]
---@return any
function Router:near(point, radius) end

---All shards, sorted by name.
---@return any[]
function Router:nodes() end

---The ranges of keys, in order.
---@return any[]
function Router:ranges() end

---Removes a shard; its keys go to others.
---@param name string
function Router:remove(name) end

---The shard that has a key.
---@param key any
---@return any
function Router:route(key) end

---Cuts a range in two; both stay where they were. False where there is a cut already.
---@param at any
---@return boolean
function Router:split(at) end

---How keys are shared, as numbers and, printed, as bars. `keys` is a list, or a number n for the keys 1 to n.
---@param keys any
---@return table
function Router:spread(keys) end

---The numbers of spread, without the picture.
---@param keys any
---@return table
function Router:spread_data(keys) end

---How it routes: "range".
---@return string
function Router:algorithm() end

---As route, and a directory writes down where the key is from now on.
---@param key any
---@return any
function Router:take(key) end

---On which shards keys from `from` on and before `to` may be; no bound where nil.
---@param from? any
---@param to? any
---@return any[]
function Router:touched(from, to) end

---The shards that have any of these keys.
---@param keys any
---@return any[]
function Router:touched_by(keys) end

---Gives a shard another weight.
---@param name string
---@param weight any
function Router:weigh(name, weight) end

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

---Documents that are found by their words, in shards of immutable segments. Time is an argument (left out, it is that of the last world). In a world, lab.store.search_node and lab.store.search_router serve it.
---@class SearchIndex
local SearchIndex = {}

---@class SearchIndex.analyze.options
---@field field? string whose analyzer (required)
---@field text? string to be cut (required)

---The terms that the text of a field becomes.
---@param options? SearchIndex.analyze.options
---@return any[]
---@overload fun(self: SearchIndex, field: string, options?: SearchIndex.analyze.options): any[]
---@overload fun(self: SearchIndex, field: string, text: string): any[]
function SearchIndex:analyze(options) end

---@class SearchIndex.bulk.options
---@field docs? any[] { { id =, doc = }, ... } (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Indexes many documents; how many.
---@param options? SearchIndex.bulk.options
---@return number
---@overload fun(self: SearchIndex, docs: any[], options?: SearchIndex.bulk.options): number
function SearchIndex:bulk(options) end

---@class SearchIndex.delete.options
---@field id? string of the document (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Deletes a document; searches find it until the next refresh.
---@param options? SearchIndex.delete.options
---@return boolean
---@overload fun(self: SearchIndex, id: string, options?: SearchIndex.delete.options): boolean
function SearchIndex:delete(options) end

---@class SearchIndex.describe.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---What each shard consists of.
---@param options? SearchIndex.describe.options
---@return any[]
---@overload fun(self: SearchIndex, now?: number): any[]
function SearchIndex:describe(options) end

---@class SearchIndex.get.options
---@field id? string of the document (required)

---A document by its id, refreshed or not.
---@param options? SearchIndex.get.options
---@return table?
---@overload fun(self: SearchIndex, id: string): table?
function SearchIndex:get(options) end

---@class SearchIndex.index.options
---@field id? string of the document (required)
---@field doc? table fields and their values (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds a document, or replaces it; whether it is new. Searches find it after a refresh.
---@param options? SearchIndex.index.options
---@return boolean?
---@return Error?
---@overload fun(self: SearchIndex, id: string, options?: SearchIndex.index.options): boolean?
---@overload fun(self: SearchIndex, id: string, doc: table, options?: SearchIndex.index.options): boolean?
function SearchIndex:index(options) end

---@class SearchIndex.merge.options
---@field segments? integer at most so many a shard (default: 1)

---Refreshes, and merges segments; tombstones go.
---@param options? SearchIndex.merge.options
---@return any
---@overload fun(self: SearchIndex, segments?: integer): any
function SearchIndex:merge(options) end

---Makes what was written visible to searches.
function SearchIndex:refresh() end

---@class SearchIndex.search.options
---@field query? any { match = { FIELD = TEXT } }, phrase, term, terms, prefix, range = { FIELD = { gte =, lt = } }, exists, bool = { must =, should =, must_not =, filter = }, match_all (default: all documents)
---@field size? integer hits on a page (default: 10)
---@field from? integer hits before the page (default: 0)
---@field sort? any a field, or { field =, order = 'desc' } (default: by score)
---@field facets? table { NAME = { terms = FIELD, size = } | { histogram = FIELD, interval = } | { stats = FIELD } } (default: none)
---@field highlight? any[] fields whose matching words are marked (default: none)
---@field dfs? boolean scores by the statistics of all shards (default: false)
---@field explain? boolean how each score came about (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The best documents.
---@param options? SearchIndex.search.options
---@return table?
---@return Error?
---@overload fun(self: SearchIndex, query?: any, options?: SearchIndex.search.options): table?
function SearchIndex:search(options) end

---@class SearchIndex.shard_of.options
---@field id? string of the document (required)

---The shard where a document is, from 0.
---@param options? SearchIndex.shard_of.options
---@return number
---@overload fun(self: SearchIndex, id: string): number
function SearchIndex:shard_of(options) end

---@class SearchIndex.update.options
---@field id? string of the document (required)
---@field doc? table fields that change (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Reads, changes and indexes a document again: a tombstone and a new document.
---@param options? SearchIndex.update.options
---@return true?
---@return Error?
---@overload fun(self: SearchIndex, id: string, options?: SearchIndex.update.options): true?
---@overload fun(self: SearchIndex, id: string, doc: table, options?: SearchIndex.update.options): true?
function SearchIndex:update(options) end

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

---Keys and values that survive a crash, and the exact count of the bytes that takes. Keys and values are strings (a number is written as text); keys are ordered by their bytes. In memory: a crash is a call. lab.store.filter puts one like it behind a service of a world, on the node's disk.
---@class Store
local Store = {}

---It is `now`, in seconds: the log is synced if its interval is over.
---@param now any
function Store:advance(now) end

---Bytes written for each byte that was put, and blocks read for each get, since reset_stats(); bytes kept for each byte that is there, now.
---@return table
function Store:amplification() end

---@class Store.crash.options
---@field keep? 'synced'|'prefix'|'all' of what was not synced: nothing, some of the oldest operations, or everything (default: synced)
---@field torn? boolean the oldest operation that is lost leaves half of itself (default: false)
---@field seed? integer how many, with keep = 'prefix' (default: 1)

---Loses the memory and what was not synced, and opens the store again: how many records of the log were replayed, and whether it ended in half of one. err.code is 'io_error' where something that was promised is damaged.
---@param options? Store.crash.options
---@return table?
---@return Error?
---@overload fun(self: Store, keep?: 'synced'|'prefix'|'all', options?: Store.crash.options): table?
function Store:crash(options) end

---@class Store.damage.options
---@field kind? 'log'|'meta'|'table'|'page'|'snapshot' of which files (required)
---@field seed? integer which one (default: 1)

---Flips one bit of one block. False where there is none of that kind.
---@param options? Store.damage.options
---@return boolean
---@overload fun(self: Store, kind: 'log'|'meta'|'table'|'page'|'snapshot', options?: Store.damage.options): boolean
function Store:damage(options) end

---Also where there was nothing.
---@param key any
---@return true?
---@return Error?
function Store:delete(key) end

---Brings what was written into the engine's own files: a memtable becomes a table, a checkpoint is made. Without inline_work it is only asked for: see work.
---@return true?
---@return Error?
function Store:flush() end

---The value, nil where there is none, or nil and an error: 'io_error' for a damaged block.
---@param key any
---@param snapshot? any
---@return string|any
---@return any
function Store:get(key, snapshot) end

---Writes one entry. err.code: 'overloaded' where background work is behind (without inline_work), 'out_of_memory' where it is too large for a page, 'io_error'.
---@param key any
---@param value any
---@return true?
---@return Error?
function Store:put(key, value) end

---Nobody reads at this snapshot any more.
---@param snapshot any
function Store:release(snapshot) end

---@class Store.replay.options
---@field trace? any a RequestTrace, whose ids are keys ("key000000001" ...), or n for the keys 1 to n in turn (required)
---@field reads? number share of the requests that read (default: 0)
---@field absent? number share of the reads whose key is in no request (default: 0)
---@field deletes? number share of the writes that delete (default: 0)
---@field value_bytes? number of each value (default: 100)
---@field seed? integer of which request does what (default: 1)

---Writes (and reads) the keys of a trace. Returns the amplifications of this replay.
---@param options? Store.replay.options
---@return table?
---@return Error?
---@overload fun(self: Store, trace: any, options?: Store.replay.options): table?
function Store:replay(options) end

---The amplifications count from here.
function Store:reset_stats() end

---@class Store.scan.options
---@field from? string the first key (default: the beginning)
---@field to? string the key behind the last (default: the end)
---@field limit? integer most entries (default: all)
---@field at? number a snapshot (default: now)

---The entries of a range, in order.
---@param options? Store.scan.options
---@return any[]?
---@return Error?
---@overload fun(self: Store, from?: string, options?: Store.scan.options): any[]?
function Store:scan(options) end

---What get and scan see with it is what is there now, until release or a crash.
---@return number
function Store:snapshot() end

---Everything that is counted: writes, gets, user_bytes; written and read, by purpose (log, flush, compaction, eviction, checkpoint, get ...), in blocks and bytes; levels, bloom_checks, splits, size_bytes, debt_bytes ...
---@return table
function Store:stats() end

---Makes what was written durable.
---@return true?
---@return Error?
function Store:sync() end

---Does background work, a slice is about one block: that many slices, or all there is. Returns how many it did.
---@param slices? any
---@return number
function Store:work(slices) end

---Several changes as one: after a crash all of them are there or none. Without a value it is a delete.
---@param list? any[]
---@return true?
---@return Error?
function Store:write(list) end

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

---Items by partition key and sort key, with capacity in units. Time is an argument (left out, that of the last world). In a world, lab.store.database serves it.
---@class Table
local Table = {}

---@class Table.add_index.options
---@field name? string its name (required)
---@field partition? string the attribute that is its partition key (required)
---@field sort? string its sort key (default: none)
---@field projection? 'all'|'keys_only'|'include' what of an item is in it (default: 'all')
---@field include? any[] attributes beside the keys (default: none)
---@field read_units? number a second (default: the table's)
---@field write_units? number a second (default: the table's)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---A global index; it can be read when it is filled.
---@param options? Table.add_index.options
---@return true?
---@return Error?
---@overload fun(self: Table, name: string, options?: Table.add_index.options): true?
---@overload fun(self: Table, name: string, partition: string, options?: Table.add_index.options): true?
function Table:add_index(options) end

---@class Table.batch_get.options
---@field keys? any[] 100 at most (required)
---@field strong? boolean what was written last, for twice the units (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Items by their keys; what is throttled is in `unprocessed`.
---@param options? Table.batch_get.options
---@return table?
---@return Error?
---@overload fun(self: Table, keys: any[], options?: Table.batch_get.options): table?
function Table:batch_get(options) end

---@class Table.batch_write.options
---@field puts? any[] items (default: none)
---@field deletes? any[] keys (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---25 writes at most, each by itself; what is throttled comes back.
---@param options? Table.batch_write.options
---@return table?
---@return Error?
---@overload fun(self: Table, puts?: any[], options?: Table.batch_write.options): table?
function Table:batch_write(options) end

---@class Table.delete.options
---@field key? table the key attributes: { id = 7 } (required)
---@field condition? any what must hold of the item as it is: { version = 3 }, { id = { not_exists = true } } (default: nothing)
---@field returns? 'none'|'old' whether the item that was there is wanted (default: 'none')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes an item away.
---@param options? Table.delete.options
---@return table?
---@return Error?
---@overload fun(self: Table, key: table, options?: Table.delete.options): table?
function Table:delete(options) end

---@class Table.describe.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Sizes, capacity, indexes, limits, and which limits are ours.
---@param options? Table.describe.options
---@return table
---@overload fun(self: Table, now?: number): table
function Table:describe(options) end

---@class Table.drop_index.options
---@field name? string of a global index (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes it away.
---@param options? Table.drop_index.options
---@return true?
---@return Error?
---@overload fun(self: Table, name: string, options?: Table.drop_index.options): true?
function Table:drop_index(options) end

---@class Table.get.options
---@field key? table the key attributes: { id = 7 } (required)
---@field strong? boolean what was written last, for twice the units (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---One item; none is no error.
---@param options? Table.get.options
---@return table?
---@return Error?
---@overload fun(self: Table, key: table, options?: Table.get.options): table?
function Table:get(options) end

---@class Table.heat.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Where the load falls.
---@param options? Table.heat.options
---@return any[]
---@overload fun(self: Table, now?: number): any[]
function Table:heat(options) end

---@class Table.put.options
---@field item? table with its key attributes (required)
---@field condition? any what must hold of the item as it is: { version = 3 }, { id = { not_exists = true } } (default: nothing)
---@field returns? 'none'|'old' whether the item that was there is wanted (default: 'none')
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Writes a whole item.
---@param options? Table.put.options
---@return table?
---@return Error?
---@overload fun(self: Table, item: table, options?: Table.put.options): table?
function Table:put(options) end

---@class Table.query.options
---@field partition? any the value of the partition key (required)
---@field sort? any of the sort key: a value, or { between = { a, b } }, { begins_with = }, { less = } ... (default: all)
---@field reverse? boolean the largest sort key first (default: false)
---@field whole_items? boolean of a local index: fetch what is not in it, for units (default: false)
---@field index? string read this one (default: the table)
---@field filter? any a condition on what was read; it saves no units (default: none)
---@field limit? integer items to read at most (default: a page)
---@field after? table `last` of the page before (default: from the beginning)
---@field strong? boolean what was written last, for twice the units (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Items of one partition key, in the sort key's order.
---@param options? Table.query.options
---@return table?
---@return Error?
---@overload fun(self: Table, partition: any, options?: Table.query.options): table?
function Table:query(options) end

---@class Table.scan.options
---@field index? string read this one (default: the table)
---@field filter? any a condition on what was read; it saves no units (default: none)
---@field limit? integer items to read at most (default: a page)
---@field after? table `last` of the page before (default: from the beginning)
---@field strong? boolean what was written last, for twice the units (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---All items, in the order of hashes, a page at a time.
---@param options? Table.scan.options
---@return table?
---@return Error?
---@overload fun(self: Table, index?: string, options?: Table.scan.options): table?
function Table:scan(options) end

---@class Table.set_capacity.options
---@field read_units? number a second (default: as it is)
---@field write_units? number a second (default: as it is)
---@field index? string of a global index (default: of the table)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Buys more, or less.
---@param options? Table.set_capacity.options
---@return true?
---@return Error?
---@overload fun(self: Table, read_units?: number, options?: Table.set_capacity.options): true?
function Table:set_capacity(options) end

---@class Table.transact_get.options
---@field keys? any[] 100 at most (required)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Items as of one moment, for twice the units.
---@param options? Table.transact_get.options
---@return table?
---@return Error?
---@overload fun(self: Table, keys: any[], options?: Table.transact_get.options): table?
function Table:transact_get(options) end

---@class Table.transact_write.options
---@field writes? any[] 100 at most: { put = item }, { update = key, set = ... }, { delete = key } or { check = key }, each with its condition (required)
---@field token? string the same again within ten minutes is not done again (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---All of them or none, for twice the units.
---@param options? Table.transact_write.options
---@return table?
---@return Error?
---@overload fun(self: Table, writes: any[], options?: Table.transact_write.options): table?
function Table:transact_write(options) end

---@class Table.update.options
---@field key? table the key attributes: { id = 7 } (required)
---@field set? table attributes and values (default: nothing)
---@field add? table attributes and numbers (default: nothing)
---@field remove? any[] attributes (default: nothing)
---@field condition? any what must hold of the item as it is: { version = 3 }, { id = { not_exists = true } } (default: nothing)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Changes some attributes; makes the item where there is none.
---@param options? Table.update.options
---@return table?
---@return Error?
---@overload fun(self: Table, key: table, options?: Table.update.options): table?
function Table:update(options) end

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

---Statements that happen together, or not at all.
---@class Transaction
local Transaction = {}

---@class Transaction.commit.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Makes it so.
---@param options? Transaction.commit.options
---@return table?
---@return Error?
---@overload fun(self: Transaction, now?: number): table?
function Transaction:commit(options) end

---@class Transaction.delete.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Takes rows away.
---@param options? Transaction.delete.options
---@return table?
---@return Error?
---@overload fun(self: Transaction, table: string, options?: Transaction.delete.options): table?
function Transaction:delete(options) end

---@class Transaction.explain.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field join? any[] { { table, on = { ['orders.user'] = 'id' }, as, kind = 'left', using = 'hash' } }; rows are then { orders = {...}, users = {...} } (default: none)
---@field columns? any names, or { new = name } (default: all)
---@field order? any names, '-name' for the largest first (default: as it comes)
---@field limit? integer rows at most (default: all)
---@field offset? integer rows to skip (default: 0)
---@field group? any names (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'amount' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field as? string another name of the table (default: its own)
---@field for_update? boolean lock the rows (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---How a select goes about it.
---@param options? Transaction.explain.options
---@return table?
---@return Error?
---@overload fun(self: Transaction, table: string, options?: Transaction.explain.options): table?
function Transaction:explain(options) end

---Its number, as locks() has it.
---@return number
function Transaction:id() end

---@class Transaction.insert.options
---@field table? string its name (required)
---@field rows? any[] of columns (default: none)
---@field row? table or one (default: none)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Adds rows.
---@param options? Transaction.insert.options
---@return table?
---@return Error?
---@overload fun(self: Transaction, table: string, options?: Transaction.insert.options): table?
function Transaction:insert(options) end

---@class Transaction.result.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The answer to a statement that had to wait, once it was carried out.
---@param options? Transaction.result.options
---@return any
---@return Error?
---@overload fun(self: Transaction, now?: number): any
function Transaction:result(options) end

---@class Transaction.rollback.options
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Undoes it.
---@param options? Transaction.rollback.options
---@return true?
---@return Error?
---@overload fun(self: Transaction, now?: number): true?
function Transaction:rollback(options) end

---@class Transaction.select.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field join? any[] { { table, on = { ['orders.user'] = 'id' }, as, kind = 'left', using = 'hash' } }; rows are then { orders = {...}, users = {...} } (default: none)
---@field columns? any names, or { new = name } (default: all)
---@field order? any names, '-name' for the largest first (default: as it comes)
---@field limit? integer rows at most (default: all)
---@field offset? integer rows to skip (default: 0)
---@field group? any names (default: none)
---@field compute? table of each group: { n = 'count', total = { 'sum', 'amount' } } (default: nothing)
---@field having? any a condition on groups (default: all)
---@field as? string another name of the table (default: its own)
---@field for_update? boolean lock the rows (default: false)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---The rows that a condition means.
---@param options? Transaction.select.options
---@return any[]?
---@return Error?
---@overload fun(self: Transaction, table: string, options?: Transaction.select.options): any[]?
function Transaction:select(options) end

---@class Transaction.update.options
---@field table? string its name (required)
---@field where? any a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them (default: all)
---@field set? table columns and values (default: nothing)
---@field add? table columns and numbers (default: nothing)
---@field append? table columns with lists, and what is appended (default: nothing)
---@field now? number the time in seconds; it does not run backwards (default: the last world's)

---Changes rows.
---@param options? Transaction.update.options
---@return table?
---@return Error?
---@overload fun(self: Transaction, table: string, options?: Transaction.update.options): table?
function Transaction:update(options) end

---For each replica, how many of its events are known.
---@class VersionVector
local VersionVector = {}

---Of a VersionVector or a table: 'equal', 'before', 'after' or 'concurrent'.
---@param other any
---@return string
function VersionVector:compare(other) end

---@class VersionVector.get.options
---@field replica? string its name (required)

---How many events of the replica are known.
---@param options? VersionVector.get.options
---@return number
---@overload fun(self: VersionVector, replica: string): number
function VersionVector:get(options) end

---@class VersionVector.increment.options
---@field replica? string its name (required)

---One more event of the replica: its number.
---@param options? VersionVector.increment.options
---@return number
---@overload fun(self: VersionVector, replica: string): number
function VersionVector:increment(options) end

---Knows from now on what either knew; whether that is more.
---@param other any
---@return boolean
function VersionVector:merge(other) end

---Replica to number.
---@return table
function VersionVector:values() end

---A write-ahead log: records with numbers (LSN) and checksums, in segments.
---@class Wal
local Wal = {}

---It is `now`, in seconds: synced if its interval is over.
---@param now any
function Wal:advance(now) end

---Appends a record, a string, at a time in seconds, and syncs if the policy says so.
---@param payload any
---@param now? any
---@return any
function Wal:append(payload, now) end

---@class Wal.crash.options
---@field keep? 'synced'|'prefix'|'all' of what was not synced: nothing, some of the oldest operations, or everything (default: synced)
---@field torn? boolean the oldest operation that is lost leaves half of itself (default: false)
---@field seed? integer how many, with keep = 'prefix' (default: 1)

---Loses what was not synced, and reads the log again, up to the first record that is torn. err.code is 'io_error' where one is damaged that was whole once.
---@param options? Wal.crash.options
---@return table?
---@return Error?
---@overload fun(self: Wal, keep?: 'synced'|'prefix'|'all', options?: Wal.crash.options): table?
function Wal:crash(options) end

---@class Wal.damage.options
---@field seed? integer which one (default: 1)

---Flips one bit of one record.
---@param options? Wal.damage.options
---@return boolean
---@overload fun(self: Wal, seed?: integer): boolean
function Wal:damage(options) end

---What is in the log.
---@return any[]?
---@return Error?
function Wal:records() end

---Records up to this one are needed no more: deletes the segments that have only such.
---@param lsn any
function Wal:release(lsn) end

---The last record, the last one that is durable, and what there is.
---@return table
function Wal:stats() end

---Makes all that was appended durable.
function Wal:sync() end

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
---@field retries? integer how often an operation of which nobody knows is asked again, with the same number (default: 0)
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

---Messages between these nodes, or all: { messages =, delivered =, lost =, bytes = }; bytes are of those delivered.
---@param nodes? any
---@return table
function World:traffic(nodes) end

---What the watch of a protocol saw here that must never be, such as two leaders in a term.
---@return string?
function World:violation() end

---The parts that systems are made of.
lab = {}

---@class lab.explore.options
---@field experiment? function experiment(seed): makes a world of that seed, loads it, breaks it, judges it; returns what is wrong in words, or a checker's verdict. An error is a violation, too, and so is what a protocol's watch sees (w:violation()) (required)
---@field seeds? integer how many seeds (default: 100)
---@field first? integer the first of them (default: 1)
---@field runs? integer of the experiment, at most, to leave out faults (default: 200)

---Runs an experiment under seed after seed until something goes wrong, then leaves out faults until none can be spared. In the end it has run once more with those that are left, and its worlds are still there to look at.
---@param options? lab.explore.options
---@return any
---@overload fun(experiment: function, options?: lab.explore.options): any
function lab.explore(options) end

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

---@class lab.check.counter.options
---@field history? History what to judge: h:history(), or lab.history{ file = ... } (required)

---Does a counter, whose reads may be behind, lose or repeat anything? Of increment, decrement and add with an amount, and read.
---@param options? lab.check.counter.options
---@return any
---@overload fun(history: History): any
function lab.check.counter(options) end

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

---@class lab.replicate.chain.options
---@field count? integer replicas, beside their monitor (required)
---@field reads? 'tail'|'any' who answers reads: the tail; or everybody, who asks the tail about keys that are being written (CRAQ) (default: 'tail')
---@field bug? 'head_answers'|'passes_on_before_disk'|'reads_at_head'|'reads_dirty'|'skips_gaps'|'executes_twice'|'joins_too_early'|'tail_reads_early'|'ignores_epochs'|'ignores_lease'|'snapshot_forgets_clients' a mistake to plant, to see what finds it (default: none)
---@field heartbeat? number of the replicas to the monitor, and of the copying (default: 50 ms)
---@field timeout? number a replica that is silent for so long is taken for dead (default: 250 ms)
---@field lease? number of fencing by lease: how long one may serve that hears nothing (default: 200 ms)
---@field drift? number of leases: how much faster or slower than true a clock may be (default: 0.01)
---@field batch? integer entries a message (default: 64)
---@field snapshot_after? integer entries executed since the last snapshot; 0: never (default: 1000)

---A replicated key-value store as a chain: writes enter at the head, what has reached the tail is committed, reads are the tail's. A monitor (the node NAME-monitor) takes out who falls silent.
---@param options? lab.replicate.chain.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.chain.options): Protocol
function lab.replicate.chain(options) end

---@class lab.replicate.g_counter.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated counter that only grows: increment.
---@param options? lab.replicate.g_counter.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.g_counter.options): Crdt
function lab.replicate.g_counter(options) end

---@class lab.replicate.g_set.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated set that only grows: add.
---@param options? lab.replicate.g_set.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.g_set.options): Crdt
function lab.replicate.g_set(options) end

---@class lab.replicate.gossip.options
---@field count? integer members (required)
---@field detector? 'swim'|'phi'|'timeout' who is gone: whom neither a ping nor others' pings reach, and who does not object; or whose heartbeats, gossiped, stay away for longer than they use to; or for longer than `timeout` (default: 'swim')
---@field period? number a member pings one other, or raises its heartbeat (default: 1 s)
---@field ping_timeout? number then others are asked to ping it (default: 0.3 of the period)
---@field helpers? integer so many others (default: 3)
---@field suspicion? number times log2(n) periods to object (default: 3)
---@field retransmit? number times log2(n): how often news are told (default: 3)
---@field threshold? number phi above which a member is taken for dead (default: 8)
---@field timeout? number silence after which a member is taken for dead (default: 5 periods)
---@field round? number between two rounds of rumours (default: 0.1 s)
---@field fanout? integer members told in a round (default: 3)
---@field hot_rounds? integer rounds for which a value is told (default: retransmit * log2(n))
---@field anti_entropy? number between two comparisons with some other member; 0: never (default: 1 s)
---@field bug? 'incarnation_ignored'|'refutes_nothing'|'bumps_others'|'dead_at_once'|'dead_for_ever'|'tells_nobody'|'told_once'|'ack_before_disk'|'values_in_memory'|'compares_counts_only' a mistake to plant, to see what finds it (default: none)

---Members that tell a few others what they know: who is there (SWIM, or heartbeats and a failure detector), and values that were broadcast. Takes broadcast, read and members.
---@param options? lab.replicate.gossip.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.gossip.options): Protocol
function lab.replicate.gossip(options) end

---@class lab.replicate.hybrid_clock.options
---@field node? string whose clock it is (required)

---A clock close to the wall clock that never puts what came of an event before it: stamps {nanoseconds, counter, node}.
---@param options? lab.replicate.hybrid_clock.options
---@return EventClock
---@overload fun(node: string): EventClock
function lab.replicate.hybrid_clock(options) end

---@class lab.replicate.lamport_clock.options
---@field node? string whose clock it is (required)

---A clock that counts events: a smaller stamp {time, node} may have led to a larger one, but need not have.
---@param options? lab.replicate.lamport_clock.options
---@return EventClock
---@overload fun(node: string): EventClock
function lab.replicate.lamport_clock(options) end

---@class lab.replicate.log_shipping.options
---@field count? integer replicas, beside their monitor (required)
---@field every? number how often the log goes out (default: 1 s)
---@field failover? 'by hand'|'automatic' who names another publisher: somebody who calls {type = "promote", name = , until = } of NAME-monitor, or the monitor itself (default: 'by hand')
---@field reads? 'publisher'|'any' who answers reads; those of a subscriber are old (default: 'publisher')
---@field heartbeat? number of the replicas to the monitor, and of the copying (default: 50 ms)
---@field timeout? number a replica that is silent for so long is taken for dead (default: 250 ms)
---@field lease? number of fencing by lease: how long one may serve that hears nothing (default: 200 ms)
---@field drift? number of leases: how much faster or slower than true a clock may be (default: 0.01)
---@field batch? integer entries a message (default: 64)
---@field snapshot_after? integer entries executed since the last snapshot; 0: never (default: 1000)

---A publisher whose commit log goes to subscribers from time to time (transactional replication): they have every write, in order, up to a moment. One of them can be promoted, also back to a point in time.
---@param options? lab.replicate.log_shipping.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.log_shipping.options): Protocol
function lab.replicate.log_shipping(options) end

---@class lab.replicate.lww_map.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated table of texts to values: put and remove. For each field the latest write stays.
---@param options? lab.replicate.lww_map.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.lww_map.options): Crdt
function lab.replicate.lww_map(options) end

---@class lab.replicate.lww_register.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated value: set. The write with the latest time stays, whatever its writer had seen.
---@param options? lab.replicate.lww_register.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.lww_register.options): Crdt
function lab.replicate.lww_register(options) end

---@class lab.replicate.multi_primary.options
---@field count? integer replicas; each works alone (required)
---@field conflicts? 'last_write_wins'|'siblings' what becomes of writes at the same time: the one with the latest time stays; or all stay, and a read gives { values, context } (default: 'last_write_wins')
---@field merge? function (values, key) -> value: makes one of several at each read, in place of the client (default: none)
---@field data? Crdt what each key holds, such as lab.replicate.or_set() (default: registers)
---@field topology? 'all'|'ring'|'star' who sends to whom: all to all, each to the next, or through the first replica (default: 'all')
---@field causal? boolean an update waits until what its writer had seen is there (default: false)
---@field clock? 'wall'|'hybrid' of last_write_wins: the wall clock in milliseconds, or one that is never behind what the replica knows (default: 'wall')
---@field ship_every? number new writes are sent to others so often (default: 50 ms)
---@field anti_entropy? number so often a replica asks for what it lacks (default: 1 s)
---@field batch? integer updates a message (default: 64)
---@field checkpoint_after? integer records in the file on disk before it is written anew; 0: never (default: 1000)
---@field bug? 'answers_before_disk'|'ships_before_disk'|'acknowledges_before_disk'|'skips_gaps'|'relays_nothing'|'prunes_early'|'ignores_causes'|'executes_twice'|'forgets_state'|'keeps_latest'|'no_tie_break'|'drops_sibling'|'ignores_context'|'sums_counters'|'one_slot'|'forgets_removals' a mistake to plant, to see what finds it (default: none)

---Replicas that all take writes and send them to each other later. What becomes of writes that did not know of each other is the choice here: the latest stays, all stay for the reader, or keys hold data types that lose nothing. Takes read, write (registers) or update with an op (others), and conflicts.
---@param options? lab.replicate.multi_primary.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.multi_primary.options): Protocol
function lab.replicate.multi_primary(options) end

---@class lab.replicate.mv_register.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated value: set. Values that were set at the same time are all there, as a list, until one is set by who saw them.
---@param options? lab.replicate.mv_register.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.mv_register.options): Crdt
function lab.replicate.mv_register(options) end

---@class lab.replicate.or_map.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated table of texts to lists of values: put and remove. A put at the same time as a remove, or as another put, stays.
---@param options? lab.replicate.or_map.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.or_map.options): Crdt
function lab.replicate.or_map(options) end

---@class lab.replicate.or_set.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated set: add and remove. A remove takes away what its writer saw; an add at the same time stays.
---@param options? lab.replicate.or_set.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.or_set.options): Crdt
function lab.replicate.or_set(options) end

---@class lab.replicate.phi_accrual.options
---@field threshold? number phi above which it suspects (default: 8)
---@field window? integer gaps between heartbeats that it remembers (default: 1000)
---@field deviation_min? number the least deviation of gaps that it assumes (default: 0.1 s)
---@field pause? number a silence that is always allowed beside the mean (default: 0)
---@field first? number the gap to expect before there was one (default: 1 s)

---A failure detector that learns how regular a sender's heartbeats are: phi = 8 means that one silence in 10^8 would be so long if it were still there.
---@param options? lab.replicate.phi_accrual.options
---@return FailureDetector
---@overload fun(threshold?: number, options?: lab.replicate.phi_accrual.options): FailureDetector
function lab.replicate.phi_accrual(options) end

---@class lab.replicate.pn_counter.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated counter that goes both ways: increment and decrement.
---@param options? lab.replicate.pn_counter.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.pn_counter.options): Crdt
function lab.replicate.pn_counter(options) end

---@class lab.replicate.primary_backup.options
---@field count? integer replicas, beside their monitor (required)
---@field mode? 'sync'|'semi_sync'|'async' when a write is acknowledged: the backups have it; or a time has passed; or at once (default: 'sync')
---@field copies? integer backups that must have a write; a sync that is not told waits for all in sync (default: all, of semi_sync 1)
---@field semi_timeout? number of semi_sync: how long it waits for the backups before it goes on alone (default: 1 s)
---@field in_sync_min? integer of a sync with all: so many backups are waited for although they are silent (default: 0)
---@field fencing? 'none'|'epoch'|'lease'|'stonith' what keeps an old primary from answering: nothing; backups that obey no earlier epoch; also a lease that must run out; or its power is switched off (default: 'epoch')
---@field reads? 'primary'|'any' who answers reads; those of any replica may be stale (default: 'primary')
---@field bug? 'acks_before_backups'|'acks_before_disk'|'promotes_any'|'ignores_epochs'|'executes_twice'|'reads_unasked'|'drops_unasked'|'admits_too_early'|'keeps_tail'|'resumes_after_restart'|'commits_older_epoch'|'snapshot_forgets_clients'|'lease_without_bound' a mistake to plant, to see what finds it (default: none)
---@field heartbeat? number of the replicas to the monitor, and of the copying (default: 50 ms)
---@field timeout? number a replica that is silent for so long is taken for dead (default: 250 ms)
---@field lease? number of fencing by lease: how long one may serve that hears nothing (default: 200 ms)
---@field drift? number of leases: how much faster or slower than true a clock may be (default: 0.01)
---@field batch? integer entries a message (default: 64)
---@field snapshot_after? integer entries executed since the last snapshot; 0: never (default: 1000)

---A replicated key-value store: a primary executes, backups hold copies, a monitor (the node NAME-monitor) names another primary when it falls silent, or when it is asked to "promote" one. Takes read, write and cas.
---@param options? lab.replicate.primary_backup.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.primary_backup.options): Protocol
function lab.replicate.primary_backup(options) end

---@class lab.replicate.quorum.options
---@field count? integer replicas; any of them coordinates (required)
---@field n? integer homes of a key: the next so many replicas on the ring (default: 3, or all)
---@field r? integer homes that must answer a read (default: a majority of n)
---@field w? integer homes that must have a write on disk (default: a majority of n)
---@field versions? 'wall'|'logical'|'vector' the last write wins, by the coordinator's wall clock; or by a number above all that r homes know; or concurrent writes stay side by side: a read answers { values =, context = }, a write takes `context` (default: 'wall')
---@field repair? 'none'|'background'|'blocking' what a read does where replicas differ: nothing; it repairs them afterwards; or it answers when w have what it answers with (default: 'background')
---@field sloppy? boolean another node stands in for a home that does not answer, and counts (default: false)
---@field hints? boolean what a home missed is kept for it, and delivered when it is back (default: true)
---@field hint_ttl? number a hint that could not be delivered for so long expires (default: 3 h)
---@field hint_every? number between two attempts to deliver (default: 0.5 s)
---@field anti_entropy? number between two comparisons by hash trees with some other replica; 0: never (default: 1 s)
---@field tree_depth? integer of the hash trees: 2^depth leaves (default: 8)
---@field grace? number tombstones are forgotten when they are so old (default: 10 days)
---@field timeout? number of a request (default: 1 s)
---@field patience? number with one replica, before it is asked again or replaced (default: 0.1 s)
---@field bug? 'small_read_quorum'|'ack_before_quorum'|'ack_before_disk'|'reads_before_disk'|'no_write_back'|'write_back_is_new'|'skips_query'|'stamps_tie'|'applies_older'|'asks_any_replica'|'hint_is_new'|'hint_forgotten_early'|'hints_in_memory'|'hint_counts_twice'|'tombstone_forgotten'|'tombstone_purged_early'|'tree_not_updated'|'tree_copies'|'clock_not_merged'|'context_ignored'|'dot_reused'|'siblings_dropped' a mistake to plant, to see what finds it (default: none)

---A leaderless key-value store after Dynamo: a write is answered by W of a key's N homes, a read by R. Takes read, write and delete, with n, r and w of their own.
---@param options? lab.replicate.quorum.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.quorum.options): Protocol
function lab.replicate.quorum(options) end

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

---@class lab.replicate.rga_text.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated text: insert and delete by place. What is typed at the same time at one place stands one after the other.
---@param options? lab.replicate.rga_text.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.rga_text.options): Crdt
function lab.replicate.rga_text(options) end

---@class lab.replicate.snapshot.options
---@field count? integer replicas, beside their monitor (required)
---@field every? number how often the store is copied (default: 1 s)
---@field failover? 'by hand'|'automatic' who names another publisher: somebody who calls {type = "promote", name = , until = } of NAME-monitor, or the monitor itself (default: 'by hand')
---@field reads? 'publisher'|'any' who answers reads; those of a subscriber are old (default: 'publisher')
---@field heartbeat? number of the replicas to the monitor, and of the copying (default: 50 ms)
---@field timeout? number a replica that is silent for so long is taken for dead (default: 250 ms)
---@field lease? number of fencing by lease: how long one may serve that hears nothing (default: 200 ms)
---@field drift? number of leases: how much faster or slower than true a clock may be (default: 0.01)
---@field batch? integer entries a message (default: 64)
---@field snapshot_after? integer entries executed since the last snapshot; 0: never (default: 1000)

---A publisher whose whole store is copied to subscribers from time to time: they have it as it was at that moment. One of them can be promoted.
---@param options? lab.replicate.snapshot.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.snapshot.options): Protocol
function lab.replicate.snapshot(options) end

---@class lab.replicate.timeout_detector.options
---@field timeout? number the longest silence (required)

---The plain failure detector: whoever was silent for longer than the timeout is gone.
---@param options? lab.replicate.timeout_detector.options
---@return FailureDetector
---@overload fun(timeout: number): FailureDetector
function lab.replicate.timeout_detector(options) end

---@class lab.replicate.two_phase_set.options
---@field replica? string the name of this copy, which no other one has (default: 'a')
---@field deltas_kept? integer changes kept for delta(since); older ones take the whole state (default: 1000)
---@field bug? 'sums_counters'|'one_slot'|'forgets_removals'|'drops_sibling'|'ignores_context'|'keeps_latest'|'no_tie_break'|'inserts_by_arrival' a mistake to plant, to see what finds it (default: none)

---A replicated set: add, and remove, after which an element never comes back.
---@param options? lab.replicate.two_phase_set.options
---@return Crdt
---@overload fun(replica?: string, options?: lab.replicate.two_phase_set.options): Crdt
function lab.replicate.two_phase_set(options) end

---@class lab.replicate.vector_clock.options
---@field node? string whose clock it is (required)

---A clock that counts the events of every node: it knows which of two events may have led to the other, and when neither can have.
---@param options? lab.replicate.vector_clock.options
---@return EventClock
---@overload fun(node: string): EventClock
function lab.replicate.vector_clock(options) end

---@class lab.replicate.version_vector.options
---@field values? table replica to number (default: nothing is known)

---For each replica, how many of its events are known: which of two states is newer, and when neither is.
---@param options? lab.replicate.version_vector.options
---@return VersionVector
---@overload fun(values?: table): VersionVector
function lab.replicate.version_vector(options) end

---@class lab.replicate.vr.options
---@field count? integer replicas; fewer than half may be down or recovering (required)
---@field heartbeat? number the primary's pulse (default: 50 ms)
---@field patience? number a backup that hears nothing for so long, or up to twice that, begins the next view (default: 200 ms)
---@field batch? integer entries a message (default: 64)
---@field bug? 'ack_before_commit'|'minority_commits'|'minority_changes'|'longest_log_wins'|'own_log_wins'|'restarts_empty'|'recovers_from_anyone'|'old_view_accepted'|'gap_accepted'|'suffix_kept'|'executes_twice' a mistake to plant, to see what finds it (default: none)

---A replicated key-value store by view-stamped replication: a primary that each view names, a log that a majority holds in memory. Takes read, write and cas.
---@param options? lab.replicate.vr.options
---@return Protocol
---@overload fun(count: integer, options?: lab.replicate.vr.options): Protocol
function lab.replicate.vr(options) end

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

lab.shard = {}

---@class lab.shard.buckets.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field count? integer how many buckets there are (default: 3000)

---A number of virtual buckets that is fixed for life, and a table that says which shard has each: any shard can be given exactly its share, bucket by bucket.
---@param options? lab.shard.buckets.options
---@return Router
---@overload fun(shards?: any[], options?: lab.shard.buckets.options): Router
function lab.shard.buckets(options) end

---@class lab.shard.consistent.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field placement? Placement how keys are placed, with the shards that it has (default: a ring of 160 points a shard)
---@field seed? integer another seed is another hash (default: 0)

---Shards by consistent hashing: a placement of lab.hash says which has a key, and few keys move when one comes or goes.
---@param options? lab.shard.consistent.options
---@return Router
---@overload fun(shards?: any[], options?: lab.shard.consistent.options): Router
function lab.shard.consistent(options) end

---@class lab.shard.directory.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---A table says where each key is. A new key goes to the shard with the fewest, and stays there whatever comes; any key can be moved by itself.
---@param options? lab.shard.directory.options
---@return Router
---@overload fun(shards?: any[]): Router
function lab.shard.directory(options) end

---@class lab.shard.geo_distance.options
---@field lat? number degrees north (required)
---@field lon? number degrees east (required)
---@field to_lat? number degrees north (required)
---@field to_lon? number degrees east (required)

---Metres between two places on a sphere, along the great circle.
---@param options? lab.shard.geo_distance.options
---@return number
---@overload fun(lat: number, options?: lab.shard.geo_distance.options): number
---@overload fun(lat: number, lon: number, options?: lab.shard.geo_distance.options): number
---@overload fun(lat: number, lon: number, to_lat: number, options?: lab.shard.geo_distance.options): number
---@overload fun(lat: number, lon: number, to_lat: number, to_lon: number): number
function lab.shard.geo_distance(options) end

---@class lab.shard.geographic.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field precision? integer letters: 5 are 4.9 km, 6 are 1.2 km, 12 are 4 cm (default: 4: cells of 39 km by 20 km)
---@field sample? any[] keys to cut the cells into even ranges by (default: the first letters)
---@field cells? Router places the texts of cells; it has the shards (default: a range router, 4 ranges a shard)

---Shards by place: a key is { lat =, lon = } or a geohash, and what is in one geohash cell is together. Cells are placed in order, or by any other router.
---@param options? lab.shard.geographic.options
---@return Router
---@overload fun(shards?: any[], options?: lab.shard.geographic.options): Router
function lab.shard.geographic(options) end

---@class lab.shard.geohash.options
---@field lat? number degrees north (required)
---@field lon? number degrees east (required)
---@field precision? integer letters: 5 are 4.9 km, 6 are 1.2 km, 12 are 4 cm (default: 12)

---The geohash of a place: a text whose prefixes are ever larger cells around it.
---@param options? lab.shard.geohash.options
---@return string
---@overload fun(lat: number, options?: lab.shard.geohash.options): string
---@overload fun(lat: number, lon: number, options?: lab.shard.geohash.options): string
function lab.shard.geohash(options) end

---@class lab.shard.geohash_cell.options
---@field hash? string a geohash (required)

---The cell of a geohash: its bounds, its middle, and its neighbours.
---@param options? lab.shard.geohash_cell.options
---@return any
---@overload fun(hash: string): any
function lab.shard.geohash_cell(options) end

---@class lab.shard.geohash_cells.options
---@field lat? number degrees north (required)
---@field lon? number degrees east (required)
---@field radius? number metres (required)
---@field precision? integer letters: 5 are 4.9 km, 6 are 1.2 km, 12 are 4 cm (default: 6)

---All cells that have a point within a radius: where a search around a place must look.
---@param options? lab.shard.geohash_cells.options
---@return any[]
---@overload fun(lat: number, options?: lab.shard.geohash_cells.options): any[]
---@overload fun(lat: number, lon: number, options?: lab.shard.geohash_cells.options): any[]
---@overload fun(lat: number, lon: number, radius: number, options?: lab.shard.geohash_cells.options): any[]
function lab.shard.geohash_cells(options) end

---@class lab.shard.hash.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field seed? integer another seed is another hash (default: 0)

---Shards by the hash of the key, modulo their number: even, no table, and nearly every key moves when one comes or goes. A range of keys is on all of them.
---@param options? lab.shard.hash.options
---@return Router
---@overload fun(shards?: any[], options?: lab.shard.hash.options): Router
function lab.shard.hash(options) end

---@class lab.shard.heat.options
---@field router? Router says which shard has a key; later changes of it count (required)
---@field hot? number a shard with more than this times its fair share is hot (default: 2)
---@field places? integer keys that are counted; every key above 1 request in this many is found (default: 100)

---Which shards get more than their share of the requests, and is it many keys or one?
---@param options? lab.shard.heat.options
---@return Heat
---@overload fun(router: Router, options?: lab.shard.heat.options): Heat
function lab.shard.heat(options) end

---@class lab.shard.hierarchical.options
---@field top? Router its shards are the groups (required)
---@field groups? table { GROUP = Router }: the sub-shards of each group (required)

---Shards of shards: a manager at the top knows groups, and each group's own router its sub-shards. What comes or leaves within a group moves nothing outside of it.
---@param options? lab.shard.hierarchical.options
---@return Router
---@overload fun(top: Router, options?: lab.shard.hierarchical.options): Router
---@overload fun(top: Router, groups: table): Router
function lab.shard.hierarchical(options) end

---@class lab.shard.join.options
---@field left? table { rows = list of tables, router = Router, placed_by = COLUMN, on = COLUMN to join by } (required)
---@field right? table { rows = list of tables, router = Router, placed_by = COLUMN, on = COLUMN to join by } (required)
---@field way? 'broadcast'|'co_partitioned'|'shuffle'|'lookup' how (required)
---@field rows? boolean also give the joined rows, as pairs of numbers of rows (default: false)

---Joins two tables that are on shards, and counts what is moved: by sending the smaller one everywhere (broadcast), sending both where a hash says (shuffle), asking for single rows (lookup), or nothing at all, where rows that match are together (co_partitioned).
---@param options? lab.shard.join.options
---@return any
---@overload fun(left: table, options?: lab.shard.join.options): any
---@overload fun(left: table, right: table, options?: lab.shard.join.options): any
---@overload fun(left: table, right: table, way: 'broadcast'|'co_partitioned'|'shuffle'|'lookup', options?: lab.shard.join.options): any
function lab.shard.join(options) end

---@class lab.shard.manager.options
---@field space? 'buckets'|'slots'|'ranges' how keys fall into buckets: by hash, by Redis's 16384 slots, or by ranges of keys (default: 'buckets', or 'ranges' where there are splits)
---@field count? integer how many buckets; fixed for life (default: 64)
---@field splits? any[] of ranges: the keys at which a new one begins (default: none)
---@field shards? integer so many must have come before buckets are dealt (default: 1)
---@field rebalance? boolean whether it moves buckets by itself (default: true)
---@field interval? number between its looks at the balance (default: 0.5 s)
---@field threshold? number percent that a shard may be off its share (default: 1)
---@field max_sending? integer buckets that one shard sends at a time (default: 1)
---@field max_receiving? integer buckets that one shard receives at a time (default: 100)
---@field failure_after? number a shard that was silent for so long is given up (default: 2 s)
---@field timeout? number of an order (default: 0.2 s)
---@field bug? 'forgets_writes'|'switches_early'|'drains_nothing'|'acks_before_disk'|'freeze_not_durable'|'serves_after_move'|'serves_while_receiving'|'forgets_sessions'|'executes_twice'|'takes_old_rows'|'begins_again'|'commit_not_durable'|'aborts_committed'|'obeys_old_orders'|'reads_unsynced' a mistake to plant, to see what finds it (default: none)

---The manager of a sharded store: knows which shard owns which bucket, hears by heartbeats who is there, and moves buckets while they are used. Takes shard_map, shard_move, shard_split, shard_merge, shard_weigh, shard_rebalance and shard_status.
---@param options? lab.shard.manager.options
---@return Filter
---@overload fun(space?: 'buckets'|'slots'|'ranges', options?: lab.shard.manager.options): Filter
function lab.shard.manager(options) end

---@class lab.shard.placer.options
---@field choice? 'least_loaded'|'counting'|'two_choices'|'random' by the last reports alone; and what it gave since; the better of two at random; any (default: 'counting')
---@field by? 'requests'|'rows' what the load is: requests that wait, or rows that are there (default: 'requests')
---@field failure_after? number a shard that was silent for so long gets nothing (default: 2 s)
---@field timeout? number of a call to a shard (default: 1 s)

---A directory of items: a new one goes to the least loaded shard, as heartbeats have it, and is found there from then on. Shards report to it by lab.shard.reporter.
---@param options? lab.shard.placer.options
---@return Filter
---@overload fun(choice?: 'least_loaded'|'counting'|'two_choices'|'random', options?: lab.shard.placer.options): Filter
function lab.shard.placer(options) end

---@class lab.shard.proxy.options
---@field manager? any the node of a lab.shard.manager (required)
---@field timeout? number of a call to a shard (default: 1 s)
---@field patience? number how long a request that is refused is tried again (default: 1 s)
---@field pause? number before a shard is asked again (default: 5 ms)
---@field refresh? number how often the map is fetched anyway (default: never)

---The router of a sharded store: sends each request to the shard that has its key, by a map that may be old and is corrected when a shard refuses. Takes also put_many, get_many, scan and shard_refresh; those that ask several shards answer with a part at their deadline, and say what is missing.
---@param options? lab.shard.proxy.options
---@return Filter
---@overload fun(manager: any, options?: lab.shard.proxy.options): Filter
function lab.shard.proxy(options) end

---@class lab.shard.range.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)
---@field splits? any[] the keys at which a new range begins (default: by `sample`, else none)
---@field sample? any[] keys to cut evenly, into `ranges` (default: none)
---@field ranges? integer how many to cut the sample into (default: 4 for each shard)

---Shards by ranges of keys: neighbours are together, so a query for a range asks few shards, and keys that come in order all go to one. Ranges are split and merged.
---@param options? lab.shard.range.options
---@return Router
---@overload fun(shards?: any[], options?: lab.shard.range.options): Router
function lab.shard.range(options) end

---@class lab.shard.reporter.options
---@field to? any the node of the placer (required)
---@field every? number between two heartbeats (default: 0.5 s)
---@field weight? number capacity, relative to the others' (default: 1)

---Tells a lab.shard.placer every so often that this shard is there, how many requests wait, and how many rows it has.
---@param options? lab.shard.reporter.options
---@return Filter
---@overload fun(to: any, options?: lab.shard.reporter.options): Filter
function lab.shard.reporter(options) end

---@class lab.shard.scatter.options
---@field to? any the services to ask (required)
---@field deadline? number after which who has not answered is missing (default: 1 s)
---@field enough? integer so many answers are enough (default: all)
---@field least? integer with fewer answers than this it fails as 'timeout' (default: 0)

---Scatter-gather: every request goes to all targets at once, and the answer is what has come by the deadline: { results, missing, failed, asked }.
---@param options? lab.shard.scatter.options
---@return Filter
---@overload fun(to: any, options?: lab.shard.scatter.options): Filter
function lab.shard.scatter(options) end

---@class lab.shard.server.options
---@field manager? any the node of a lab.shard.manager (required)
---@field weight? number its share of the buckets, relative to the others' (default: 1)
---@field heartbeat? number how often it tells the manager that it is there, and its load (default: 0.5 s)
---@field writes? 'resent'|'blocked' to a bucket that is being sent: taken, and sent again after the copy; or refused from the beginning, as vshard does (default: 'resent')
---@field chunk? integer rows a message (default: 50)
---@field breath? number pause after each chunk: a slower move, of which requests feel less (default: 0)
---@field timeout? number of a message to another shard (default: 0.2 s)
---@field pause? number before what was refused or lost is tried again (default: 20 ms)
---@field bug? 'forgets_writes'|'switches_early'|'drains_nothing'|'acks_before_disk'|'freeze_not_durable'|'serves_after_move'|'serves_while_receiving'|'forgets_sessions'|'executes_twice'|'takes_old_rows'|'begins_again'|'commit_not_durable'|'aborts_committed'|'obeys_old_orders'|'reads_unsynced' a mistake to plant, to see what finds it (default: none)

---One shard of a sharded store: put it around lab.store.rows. It serves the buckets it owns, refuses others, and sends and receives buckets while they are used.
---@param options? lab.shard.server.options
---@return Filter
---@overload fun(manager: any, options?: lab.shard.server.options): Filter
function lab.shard.server(options) end

---@class lab.shard.slots.options
---@field shards? any[] a list of names or of { name =, weight = }, or a map from names to weights (default: none yet)

---16384 slots, and a table that says which shard has each, as in a Redis cluster: CRC16 of the key, or of what stands in its {braces}, finds the slot.
---@param options? lab.shard.slots.options
---@return Router
---@overload fun(shards?: any[]): Router
function lab.shard.slots(options) end

---@class lab.shard.two_phase_commit.options
---@field count? integer nodes; each keeps the keys that hash to it (required)
---@field initial? number what a key is before it is written (default: 0)
---@field vote_timeout? number a participant that has not voted by then makes it abort (default: 300 ms)
---@field retry_every? number outcomes are told, and asked for, so often (default: 100 ms)
---@field bug? 'votes_before_disk'|'decides_before_disk'|'forgets_locks'|'presumes_commit'|'aborts_in_doubt'|'silence_is_yes'|'unlocks_at_vote'|'commits_twice' a mistake to plant, to see what finds it (default: none)

---Nodes that share keys out among them, and transactions over several of them: all or nothing. Takes transact with ops { 'r', key }, { 'w', key, value }, { 'add', key, amount }; read; write.
---@param options? lab.shard.two_phase_commit.options
---@return Protocol
---@overload fun(count: integer, options?: lab.shard.two_phase_commit.options): Protocol
function lab.shard.two_phase_commit(options) end

---@class lab.shard.vertical.options
---@field columns? table { COLUMN = SHARD }, or { SHARD = { COLUMN, ... } } (required)

---Vertical partitioning: a table's columns are on different shards, so what is read together should be kept together. A key is a column's name.
---@param options? lab.shard.vertical.options
---@return Router
---@overload fun(columns: table): Router
function lab.shard.vertical(options) end

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

---@class lab.store.analyzer.options
---@field tokenizer? 'standard'|'whitespace'|'keyword'|'simple' how it is cut (default: 'standard')
---@field lower? boolean in lower case (default: true of standard and simple)
---@field stop? any words to leave out, or true for the 33 English ones (default: none)
---@field stemmer? 'porter' takes endings off (default: none)
---@field ngram? any[] { min, max }: all parts of a word of these lengths (default: none)
---@field edge_ngram? any[] { min, max }: all its beginnings (default: none)

---How text becomes terms: a tokenizer, lower case, stop words, a stemmer, n-grams.
---@param options? lab.store.analyzer.options
---@return Analyzer
---@overload fun(tokenizer?: 'standard'|'whitespace'|'keyword'|'simple', options?: lab.store.analyzer.options): Analyzer
function lab.store.analyzer(options) end

---@class lab.store.btree.options
---@field page_bytes? number of a page (default: 4096)
---@field pool_pages? integer pages in memory (default: 256)
---@field checkpoint_bytes? number a checkpoint is made after so many bytes of keys and values; 0: only when flush() asks (default: 4 MiB)
---@field sync? 'always'|'interval'|'never' when the log is synced: before a write is answered, once in an interval, or never (default: always)
---@field interval? number with sync = 'interval': so long a record waits at most (default: 0.1)
---@field segment_bytes? number of the log's segments, in which it is deleted (default: 1 MiB)
---@field inline_work? boolean flushes, compactions and checkpoints are done at once by whoever writes; else by work() (default: true)

---A B-tree of pages, with a buffer pool and a log. Pages are copied on write between checkpoints, so that a crash never finds half a tree.
---@param options? lab.store.btree.options
---@return Store
---@overload fun(page_bytes?: number, options?: lab.store.btree.options): Store
function lab.store.btree(options) end

---@class lab.store.database.options
---@field holds? table { NAME = lab.store.table{...} }: each as described, and empty (required)
---@field durable? boolean every change is in a log on the disk before it is answered (default: true)
---@field row_time? number what each row that is looked at or written costs a worker (default: 0)
---@field workers? integer requests worked on at once (default: 1)

---Tables, relational engines and documents behind a service, kept on the node's disk. A request's type is a verb of the engine (put, query, select, find, begin ...), `in` the engine's name.
---@param options? lab.store.database.options
---@return Filter
---@overload fun(holds: table, options?: lab.store.database.options): Filter
function lab.store.database(options) end

---@class lab.store.documents.options
---@field document_bytes? number the largest document (default: 16 MiB)

---Collections of documents without a schema: conditions on nested paths, secondary indexes through lists, embedding or references; each document is atomic, and nothing more.
---@param options? lab.store.documents.options
---@return Documents
---@overload fun(document_bytes?: number): Documents
function lab.store.documents(options) end

---@class lab.store.filter.options
---@field store? Store of what engine and options; inline_work does not count (required)
---@field name? string of its files on the disk (default: store)
---@field slow_by? number what a write waits while background work is close to being behind (default: 1 ms)
---@field retry? number how long a store is left alone that failed, before it is opened again (default: 0.1)

---A storage engine behind a service, on the node's disk: get, put, delete, cas, put_many and scan take the disk's time, background work shares it, and a crash keeps what was synced. Each process opens an empty or an earlier store like the one given.
---@param options? lab.store.filter.options
---@return Filter
---@overload fun(store: Store, options?: lab.store.filter.options): Filter
function lab.store.filter(options) end

---@class lab.store.kv.options
---@field log? boolean a write-ahead log, and checkpoints (default: false)
---@field checkpoint_bytes? number a copy is written after so many bytes of keys and values; 0: only when flush() asks (default: 4 MiB, or 0 without a log)
---@field sync? 'always'|'interval'|'never' when the log is synced: before a write is answered, once in an interval, or never (default: always)
---@field interval? number with sync = 'interval': so long a record waits at most (default: 0.1)
---@field segment_bytes? number of the log's segments, in which it is deleted (default: 1 MiB)
---@field inline_work? boolean flushes, compactions and checkpoints are done at once by whoever writes; else by work() (default: true)

---An in-memory store: an ordered map. Without a log a crash takes everything; with one, and a copy of all that is there now and then, nothing that was synced.
---@param options? lab.store.kv.options
---@return Store
---@overload fun(log?: boolean, options?: lab.store.kv.options): Store
function lab.store.kv(options) end

---@class lab.store.lsm.options
---@field compaction? 'levelled'|'tiered'|'none' levelled: each level is one sorted run, fanout times as large as the one before; tiered: each level has up to fanout runs; none: tables pile up (default: levelled)
---@field memtable_bytes? number of a memtable that is full (default: 1 MiB)
---@field memtables? integer most of them in memory, before writers wait (default: 2)
---@field fanout? integer of level sizes, or runs of a tier (default: 10; tiered: 4)
---@field table_bytes? number of a table below level 0, about (default: memtable_bytes)
---@field level0_runs? integer as many runs of level 0 are compacted into level 1 (default: 4)
---@field level1_bytes? number the size of level 1 (default: memtable_bytes * level0_runs)
---@field slow_runs? integer so many runs in level 0 slow writers down (default: 2 times what begins a compaction)
---@field stall_runs? integer and so many make them wait (default: 3 times what begins a compaction)
---@field block_bytes? number of data blocks: what a get reads (default: 4096)
---@field bits_per_key? number of the tables' Bloom filters; 0: none (default: 10)
---@field cache_bytes? number of a cache of data blocks (default: 0)
---@field sync? 'always'|'interval'|'never' when the log is synced: before a write is answered, once in an interval, or never (default: always)
---@field interval? number with sync = 'interval': so long a record waits at most (default: 0.1)
---@field segment_bytes? number of the log's segments, in which it is deleted (default: 1 MiB)
---@field inline_work? boolean flushes, compactions and checkpoints are done at once by whoever writes; else by work() (default: true)

---An LSM tree: writes go to a sorted memtable and a log, memtables become tables, and tables are merged into larger ones, by levels or by tiers.
---@param options? lab.store.lsm.options
---@return Store
---@overload fun(compaction?: 'levelled'|'tiered'|'none', options?: lab.store.lsm.options): Store
function lab.store.lsm(options) end

---@class lab.store.object_service.options
---@field store? Objects its limits and prices; what is in it is not taken over (default: as lab.store.objects())
---@field buckets? table { NAME = { versioning =, lifecycle = rules, notifications = rules } }, there from the beginning (default: none)
---@field bucket? string of requests that name none (default: the first of `buckets`)
---@field bandwidth? number bytes a second and request; 0: no limit (default: 0)
---@field event_timeout? number of telling an event (default: 5 s)
---@field event_wait? number before it is told again; doubles up to a minute (default: 0.5 s)

---An object store behind a service, with a log on the node's disk. Requests: the operations of lab.store.objects (type = 'put_object', bucket =, key =, ...), and get, put, delete, list for callers that know only keys; events go to nodes or queues.
---@param options? lab.store.object_service.options
---@return Filter
---@overload fun(store?: Objects, options?: lab.store.object_service.options): Filter
function lab.store.object_service(options) end

---@class lab.store.objects.options
---@field profile? 's3-2024' whose published limits and prices (default: 's3-2024')
---@field classes? table { NAME = { storage =, duration_min =, bytes_min =, retrieval =, per_1000_writes =, per_1000_reads =, per_1000_transitions = } }: what differs from the profile (default: the profile's)
---@field lag? number how late a replica may learn of a change: the model before December 2020; 0: strong (default: 0)
---@field replicas? integer with a lag: how many there are to be asked (default: 3)
---@field seed? integer with a lag: which one is asked (default: the session's seed)
---@field object_bytes? number the largest object (default: the profile's: 5 TiB)
---@field put_bytes? number the largest single put or copy (default: the profile's: 5 GiB)
---@field part_bytes_min? number the smallest part but the last (default: the profile's: 5 MiB)
---@field part_bytes? number the largest part (default: the profile's: 5 GiB)
---@field parts? integer of an upload (default: the profile's: 10000)
---@field page? integer entries of a list (default: the profile's: 1000)
---@field buckets? integer of the account (default: the profile's: 100)
---@field writes? number a second and prefix; 0: no limit (default: the profile's: 3500)
---@field reads? number a second and prefix; 0: no limit (default: the profile's: 5500)

---An object store: buckets, full paths as keys, versions, uploads in parts, storage classes with what they cost, lifecycle rules, events. Sizes may be numbers, so that 5 TiB take no memory.
---@param options? lab.store.objects.options
---@return Objects
---@overload fun(profile?: 's3-2024', options?: lab.store.objects.options): Objects
function lab.store.objects(options) end

---@class lab.store.relational.options
---@field isolation? 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable' where a transaction does not say (default: 'read_committed')
---@field rewrite_time? number a row, of a change of schema (default: 0)
---@field lock_timeout? number a longer wait for a lock fails (default: none does)
---@field idle_timeout? number a transaction without a statement for so long is ended (default: never)

---A relational engine: schema, keys, indexes, joins, and transactions at four isolation levels (multiversion, row locks, serializable snapshot isolation); changes of schema lock their table.
---@param options? lab.store.relational.options
---@return Relational
---@overload fun(isolation?: 'read_uncommitted'|'read_committed'|'repeatable_read'|'serializable', options?: lab.store.relational.options): Relational
function lab.store.relational(options) end

---@class lab.store.rows.options
---@field rows? integer keys 1 to this have a row from the beginning: its value is the key (default: 0)
---@field row_bytes? number the rows that are there from the beginning are texts of that size (default: the key)
---@field row_time? number what each further row of a put_many costs (default: 0)

---Rows behind a service: get, put, delete, cas and put_many, kept on the node's disk. The service says what a request costs.
---@param options? lab.store.rows.options
---@return Filter
---@overload fun(rows?: integer, options?: lab.store.rows.options): Filter
function lab.store.rows(options) end

---@class lab.store.search.options
---@field fields? table { FIELD = 'text' | 'keyword' | 'number' | { type =, analyzer =, query_analyzer = } } (default: texts are text, numbers are numbers)
---@field shards? integer how many (default: 1)
---@field refresh? number how soon writes are visible; 0: only when asked (default: 1 s)
---@field k1? number of BM25: how soon more of the same word counts no more (default: 1.2)
---@field b? number of BM25: how much length counts (default: 0.75)
---@field segments_per_tier? integer before they are merged (default: 10)
---@field merge_at_once? integer segments (default: 10)
---@field floor_bytes? number smaller segments count as this (default: 2 MiB)
---@field segment_bytes? number no merge makes a larger one (default: 5 GiB)

---An inverted index: analysers, BM25 as Lucene has it, boolean, phrase, prefix and range queries, facets, highlights; segments, refresh, tombstones, tiered merges; shards by the hash of the id.
---@param options? lab.store.search.options
---@return SearchIndex
---@overload fun(fields?: table, options?: lab.store.search.options): SearchIndex
function lab.store.search(options) end

---@class lab.store.search_node.options
---@field index? SearchIndex as described, and empty (default: as lab.store.search())
---@field durability? 'request'|'async' a write is answered when it is on the disk, or in memory (default: 'request')
---@field sync_every? number of async: what a crash may lose (default: 5 s)
---@field flush_writes? integer a commit takes the log's place after so many (default: 1000)
---@field timeout? number of a copy's answer to a write (default: 0.5 s)

---A node that holds copies of an index's shards, with a log and commits on its disk; lab.store.search_router tells it what to do.
---@param options? lab.store.search_node.options
---@return Filter
---@overload fun(index?: SearchIndex, options?: lab.store.search_node.options): Filter
function lab.store.search_node(options) end

---@class lab.store.search_router.options
---@field index? SearchIndex as described, and empty (default: as lab.store.search())
---@field nodes any[] names of nodes with lab.store.search_node (required)
---@field replicas? integer copies of a shard beside the primary (default: 1)
---@field timeout? number of a call to a node (default: 1 s)
---@field check? number how often copies that are out of sync are filled again (default: 1 s)

---Takes documents and searches for an index whose shards are on search nodes: primaries and replicas, query then fetch, a copy that stands in, partial results. Requests: index, update, delete, get, search, bulk, refresh, status.
---@param options? lab.store.search_router.options
---@return Filter
---@overload fun(index?: SearchIndex, options?: lab.store.search_router.options): Filter
---@overload fun(index?: SearchIndex, nodes: any[], options?: lab.store.search_router.options): Filter
function lab.store.search_router(options) end

---@class lab.store.table.options
---@field partition_key? string the attribute whose hash says in which partition an item is (default: 'id')
---@field sort_key? string the attribute that orders the items of one partition key (default: none)
---@field mode? 'provisioned'|'on_demand' capacity as bought, or only the partitions' ceilings (default: 'provisioned')
---@field read_units? number a second (default: 5)
---@field write_units? number a second (default: 5)
---@field adaptive? boolean a hot partition may use what the others leave (default: true)
---@field partitions? integer how many (default: as the capacity needs)
---@field local_indexes? table { NAME = { sort, projection, include } }: same partition key, made with the table or never (default: none)
---@field global_indexes? table { NAME = { partition, sort, projection = 'all', 'keys_only' or 'include', include, read_units, write_units } }; capacity left out is that of the table (default: none)
---@field replica_lag? number how old an eventual read is; a default of ours (default: 20 ms)
---@field index_lag? number how long a global index takes to hear; a default of ours (default: 100 ms)
---@field backfill_rate? number items with which an added index is filled; a default of ours (default: 10000)
---@field name? string the table's (default: 'table')
---@field profile? 'dynamodb-2024'|'none' whose published limits (default: 'dynamodb-2024')
---@field item_bytes? number the largest item (default: the profile's)
---@field read_unit_bytes? number what a strong read of one unit reads (default: the profile's)
---@field write_unit_bytes? number what one unit writes (default: the profile's)
---@field transaction_factor? number times the units in a transaction; a default of ours (default: the profile's)
---@field partition_read_units? number a second and partition, at most (default: the profile's)
---@field partition_write_units? number a second and partition, at most (default: the profile's)
---@field burst_seconds? number so long unused capacity is kept (default: the profile's)
---@field page_bytes? number a query or scan reads so much at once; a default of ours (default: the profile's)
---@field collection_bytes? number of one partition key, where there are local indexes (default: the profile's)
---@field local_indexes_max? number at most (default: the profile's)
---@field global_indexes_max? number at most (default: the profile's)
---@field transaction_items? number in one transaction; a default of ours (default: the profile's)
---@field token_seconds? number a transaction with the same token is not done again; a default of ours (default: the profile's)
---@field batch_get_items? number in one batch; a default of ours (default: the profile's)
---@field batch_write_items? number in one batch; a default of ours (default: the profile's)
---@field table_units? number read or write units that a table may have (default: the profile's)
---@field on_demand_partitions? number of a new on-demand table; a default of ours (default: the profile's)

---A table engine: items in partitions by the hash of their key, capacity in units with bursts and hot partitions, conditional writes, transactions, local and global secondary indexes.
---@param options? lab.store.table.options
---@return Table
---@overload fun(partition_key?: string, options?: lab.store.table.options): Table
function lab.store.table(options) end

---@class lab.store.wal.options
---@field sync? 'always'|'interval'|'never' when the log is synced: before a write is answered, once in an interval, or never (default: always)
---@field interval? number with sync = 'interval': so long a record waits at most (default: 0.1)
---@field segment_bytes? number of the log's segments, in which it is deleted (default: 1 MiB)

---A write-ahead log by itself: appended to before anything else is done, read after a crash.
---@param options? lab.store.wal.options
---@return Wal
---@overload fun(sync?: 'always'|'interval'|'never', options?: lab.store.wal.options): Wal
function lab.store.wal(options) end

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
