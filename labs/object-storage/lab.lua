-- Object storage: paths, versions, parts, old consistency, lifecycle and its bill, archives, events, prefixes.

local function dollars(x) return ("%.2f $"):format(x) end

return {
  title = "A bucket for ten years",
  minutes = 35,
  after = { "quickstart" },
  summary = [[
Buckets, keys, whole objects: it looks like a file system and is none. You will look for folders that are not there,
bring back what was deleted, upload in parts, let ten years of lifecycle pass and read the bill, wait for an
archive, and make thumbnails by events, until they make thumbnails of themselves.]],

  steps = {
    {
      name = "paths",
      title = "There are no folders",
      text = [[
A key is a full path, and a bucket is one flat, sorted list of keys. A "folder" is a question: list what begins with a
prefix, and roll up what goes on behind the next delimiter. 3,000 photos of three years, and a file of notes.]],
      code = [[
DAY = 86400
s3 = lab.store.objects()
s3:create_bucket{ bucket = "my-photos", now = 0 }
for i = 1, 3000 do
  s3:put_object{ bucket = "my-photos", key = ("%d/%04d.jpg"):format(2021 + i % 3, i), size = 2*MiB, now = i }
end
s3:put_object{ bucket = "my-photos", key = "notes.txt", body = "which is my favourite?", now = 3001 }
root = s3:list_objects{ bucket = "my-photos", delimiter = "/", now = 3001 }
year = s3:list_objects{ bucket = "my-photos", prefix = "2022/", now = 3001 }
all, pages, token = 0, 0, nil
repeat
  page = s3:list_objects{ bucket = "my-photos", token = token, now = 3001 }
  all, pages, token = all + #page.keys, pages + 1, page.token
until not token
_, refused = s3:create_bucket{ bucket = "My_Photos", now = 3001 }
print(refused)
{ #root.keys, root.prefixes, #year.keys, pages }]],
      predict = {
        question = "How many pages does it take to list all 3,001 objects?",
        unit = "pages",
        tolerance = 0.5,
        answer = function(env) return env.pages end,
      },
      hints = {
        "`pages` counts them, `all` the keys.",
        "A page has 1,000 entries at most.",
        "Three full ones and one with a single key.",
      },
      check = function(t, env)
        t.equal(env.all, 3001, "keys on all pages")
        t.equal(#t.has(env, "root", "table").prefixes, 3, "common prefixes at the root")
        t.equal(#env.root.keys, 1, "keys at the root")
      end,
      explain = function(env)
        return ([[
%d: a list is a request for each thousand, and costs as much as a put. With a delimiter the root has %d entries. To
"rename a folder" you copy and delete every object in it: there is nothing else to rename. (Amazon S3, Google Cloud
Storage and MinIO all work so.)]]):format(env.pages, #env.root.keys + #env.root.prefixes)
      end,
    },
    {
      name = "versions",
      title = "Deleted is not gone",
      text = [[
With versioning, a put adds a version and a delete puts a marker on top. The notes are written five times, deleted, and
then somebody wants them back.]],
      code = [[
s3:set_versioning{ bucket = "my-photos", status = "enabled", now = 4000 }
for i = 1, 5 do s3:put_object{ bucket = "my-photos", key = "notes.txt", body = "draft " .. i, now = 4000 + i } end
marker = s3:delete_object{ bucket = "my-photos", key = "notes.txt", now = 4010 }
_, hidden = s3:get_object{ bucket = "my-photos", key = "notes.txt", now = 4011 }
versions = s3:list_versions{ bucket = "my-photos", prefix = "notes", now = 4011 }.versions
s3:delete_object{ bucket = "my-photos", key = "notes.txt", version = marker.version, now = 4012 }
back = s3:get_object{ bucket = "my-photos", key = "notes.txt", now = 4013 }
print(hidden)
#versions, back.body]],
      predict = {
        question = "Just after the delete: how many versions of notes.txt are kept, markers included?",
        unit = "versions",
        tolerance = 0.5,
        answer = function(env) return #env.versions end,
      },
      hints = {
        "`versions` has them, the newest first.",
        "The first put was before versioning; it is still there, under the version `null`.",
        "1 + 5 + the marker.",
      },
      check = function(t, env)
        t.equal(#t.has(env, "versions", "table"), 7, "versions")
        t.equal(t.has(env, "back", "table").body, "draft 5", "what came back")
      end,
      explain = function(env)
        return ([[
%d. Deleting the marker brings back "%s"; only a delete that names a version removes bytes. So versioning saves you from
your own mistakes, and you pay for every draft until a rule for noncurrent versions takes it away.]])
          :format(#env.versions, env.back.body)
      end,
    },
    {
      name = "parts",
      title = "A film in parts",
      text = [[
A film of 4 GiB; one connection carries 100 MB/s. First in one put, then in 32 parts of 128 MiB, all at once. And an
upload that is begun, gets 20 parts, and is forgotten.]],
      code = [[
w = lab.world{ seed = 4 }
store = w:service("s3", { time = 20*ms, slots = 64, filters = {
  lab.store.object_service{ buckets = { films = {} }, bandwidth = 100e6 } } })
begun = w:now()
store:call{ type = "put_object", key = "one-piece", size = 4*GiB, timeout = 100 }
whole = w:now() - begun
begun = w:now()
id = store:call{ type = "create_upload", key = "film" }.upload
parts, done = {}, 0
for part = 1, 32 do
  w:spawn(function()
    local got = store:call{ type = "upload_part", key = "film", upload = id, part = part, size = 128*MiB, timeout = 10 }
    parts[part], done = { part = part, etag = got.etag }, done + 1
  end)
end
w:run_until(function() return done == 32 end)
film = store:call{ type = "complete_upload", key = "film", upload = id, parts = parts }
in_parts = w:now() - begun
forgotten = store:call{ type = "create_upload", key = "never" }.upload
for part = 1, 20 do
  store:call{ type = "upload_part", key = "never", upload = forgotten, part = part, size = 128*MiB, timeout = 10 }
end
listed = #store:call{ type = "list_objects" }.keys
whole, in_parts, film.etag, listed]],
      predict = {
        question = "One put takes 43 s. How long does the upload in 32 parts take?",
        unit = "s",
        tolerance = 2,
        answer = function(env) return env.in_parts end,
      },
      hints = {
        "`whole` and `in_parts`.",
        "All parts travel at once, each over a connection of its own.",
        "128 MiB at 100 MB/s, and a few requests: about 1.4 s.",
      },
      check = function(t, env)
        t.that((env.whole or 0) > 40, "one put takes over 40 s", tostring(env.whole))
        t.that((env.in_parts or 99) < 3, "and the parts under 3 s", tostring(env.in_parts))
        t.matches(t.has(env, "film", "table").etag, "%-32$", "the ETag of the film")
        t.equal(env.listed, 2, "objects listed")
      end,
      explain = function(env)
        return ([[
%.1f s instead of %.1f s; and a broken connection costs one part and not the film. The ETag ends in "-32": it is the MD5
of the parts' MD5s, and no checksum of the file. The forgotten upload is no object (%d are listed), but its 2.5 GiB cost
every month, for ever, unless a rule aborts it: { abort_days = 7 } belongs into every bucket.]])
          :format(env.in_parts, env.whole, env.listed)
      end,
    },
    {
      name = "consistency",
      title = "What you wrote is what you read; since 2020",
      text = [[
Until December 2020 an overwritten object could be read as it was before, for a while. A page is overwritten every
second and read right away, a hundred times: in a store as they were then (a change takes up to 2 s to arrive), and as
they are now.]],
      code = [[
function stale(lag)
  local s = lab.store.objects{ lag = lag, seed = 8 }
  s:create_bucket{ bucket = "pages", now = 0 }
  local n = 0
  for i = 1, 100 do
    s:put_object{ bucket = "pages", key = "index.html", body = "edition " .. i, now = i }
    if s:get_object{ bucket = "pages", key = "index.html", now = i + 0.1 }.body ~= "edition " .. i then n = n + 1 end
  end
  return n
end
then_, now_ = stale(2), stale(0)
s = lab.store.objects()
s:create_bucket{ bucket = "locks", now = 0 }
first = s:put_object{ bucket = "locks", key = "leader", body = "node-1", if_none_match = "*", now = 0 }
_, second = s:put_object{ bucket = "locks", key = "leader", body = "node-2", if_none_match = "*", now = 0 }
print(second)
then_, now_]],
      predict = {
        question = "How many of the hundred reads are old, in the store as it was?",
        unit = "reads",
        tolerance = 15,
        answer = function(env) return env.then_ end,
      },
      hints = {
        "`then_` and `now_` count old reads.",
        "A read comes 0.1 s after the write, and the write arrives at the asked replica somewhere within 2 s.",
        "So nearly always too early.",
      },
      check = function(t, env)
        t.that((env.then_ or 0) > 50, "most reads are old in the old store", tostring(env.then_))
        t.equal(env.now_, 0, "old reads today")
        t.equal(t.has(env, "second", "table").code, "PreconditionFailed", "the second leader")
      end,
      explain = function(env)
        return ([[
%d then, %d now. A generation of tools (commit files, manifests in a database) was written around that. Strong reads
also make conditional writes worth something: of two who write only if there is none, one wins, and a bucket is
a lock.]])           :format(env.then_, env.now_)
      end,
    },
    {
      name = "lifecycle",
      title = "Ten years, and what they cost",
      text = [[
An archive of logs: 100 GiB come in each month, in 100 files; the newest are read, the old ones hardly ever. Everything
stays ten years. Three ways: leave it as it is; move it to STANDARD_IA after 30 days, GLACIER_IR after 90 and
DEEP_ARCHIVE after 365; or let the store watch what is read (INTELLIGENT_TIERING).]],
      code = [[
chart = require "chart"
function decade(rules, class)
  local s = lab.store.objects()
  s:create_bucket{ bucket = "logs", now = 0 }
  if rules then s:set_lifecycle{ bucket = "logs", rules = rules, now = 0 } end
  local points = {}
  for month = 0, 119 do
    local begun = month * 30 * DAY
    for i = 1, 100 do
      s:put_object{ bucket = "logs", key = month .. "/" .. i, size = GiB, class = class, now = begun + i }
    end
    for i = 1, 10 do s:get_object{ bucket = "logs", key = month .. "/" .. i, now = begun + 200 } end
    points[month + 1] = { month / 12, s:bill{ now = begun + 30 * DAY }.total }
  end
  return points
end
curves = {
  { label = "as it is", points = decade() },
  { label = "by rules", points = decade{ { transitions = { { days = 30, class = "STANDARD_IA" },
    { days = 90, class = "GLACIER_IR" }, { days = 365, class = "DEEP_ARCHIVE" } } } } },
  { label = "by access", points = decade(nil, "INTELLIGENT_TIERING") },
}
print(chart.line{ series = curves, title = "dollars spent", x_format = function(x) return ("%.0f y"):format(x) end })
spent = {}
for i, curve in ipairs(curves) do spent[i] = curve.points[120][2] end
spent]],
      predict = {
        question = "Left as it is, ten years cost some 16,700 $. And moved by the rules?",
        unit = "$",
        tolerance = 700,
        answer = function(env) return env.spent[2] end,
      },
      hints = {
        "`spent` has the three sums.",
        "After a year a GB costs 0.001 $ a month instead of 0.023 $.",
        "A tenth, and a little more: the first year of each file is the dear one.",
      },
      check = function(t, env)
        local spent = t.has(env, "spent", "table")
        t.that(spent[2] < spent[3] and spent[3] < spent[1], "by rules < by access < as it is",
          dollars(spent[2]) .. ", " .. dollars(spent[3]) .. ", " .. dollars(spent[1]))
      end,
      explain = function(env)
        return ([[
%s by rules, %s by access, %s as it is. The curve of what is left alone goes up ever more steeply, because what was put
once is paid for every month. Rules are cheapest where you know how data ages; tiering needs to know nothing, and takes
no fee for reading. (The prices are from memory, so they are defaults of ours; `classes` changes them.)]])
          :format(dollars(env.spent[2]), dollars(env.spent[3]), dollars(env.spent[1]))
      end,
    },
    {
      name = "small",
      title = "A million thumbnails",
      text = [[
Infrequent access costs half as much a GB, so somebody puts small files there: 1,000 thumbnails of 8 KiB, written anew
every week. What 1,000 do in a year stands for a million.]],
      code = [[
function year(class)
  local s = lab.store.objects()
  s:create_bucket{ bucket = "thumbs", now = 0 }
  for week = 0, 51 do
    for i = 1, 1000 do
      s:put_object{ bucket = "thumbs", key = "t" .. i, size = 8*KiB, class = class, now = week * 7 * DAY + i }
    end
  end
  return s:bill{ now = 365 * DAY }
end
standard, infrequent = year("STANDARD"), year("STANDARD_IA")
function shares(bill)
  return { storage = bill.storage, requests = bill.requests, early = bill.early_deletion, total = bill.total }
end
shares(standard), shares(infrequent)]],
      predict = {
        question = "Storage and early deletion together: how many times as much does STANDARD_IA cost?",
        unit = "times",
        tolerance = 15,
        answer = function(env)
          return (env.infrequent.storage + env.infrequent.early_deletion) / env.standard.storage
        end,
      },
      hints = {
        "`standard` and `infrequent` are bills.",
        "In STANDARD_IA an object is billed as 128 KiB at least, and for 30 days at least.",
        "16 times the size at half the price, and four times the time.",
      },
      check = function(t, env)
        local a, b = t.has(env, "standard", "table"), t.has(env, "infrequent", "table")
        t.that(b.storage + b.early_deletion > 10 * a.storage, "ten times dearer and more",
          ("%.4f and %.4f"):format(b.storage + b.early_deletion, a.storage))
      end,
      explain = function(env)
        return ([[
%.0f times: billed as 128 KiB each, and each overwriting pays the rest of 30 days. Cheap classes are for what is large
and stays. (That is also why lifecycle rules leave objects under 128 KiB where they are.)]])
          :format((env.infrequent.storage + env.infrequent.early_deletion) / env.standard.storage)
      end,
    },
    {
      name = "archive",
      title = "The auditor is here",
      text = [[
The logs of three years ago are in GLACIER. An auditor asks at 10 o'clock. A restore makes a copy that can be read for
some days: Expedited, Standard or Bulk. 50 files of 1 GiB, Standard.]],
      code = [[
vault = lab.store.objects()
vault:create_bucket{ bucket = "audit", now = 0 }
for i = 1, 50 do vault:put_object{ bucket = "audit", key = "log-" .. i, size = GiB, class = "GLACIER", now = 0 } end
ten = 1000 * DAY + 10 * 3600
_, cold = vault:get_object{ bucket = "audit", key = "log-1", now = ten }
before = vault:bill{ now = ten }.total
for i = 1, 50 do
  restore = vault:restore_object{ bucket = "audit", key = "log-" .. i, days = 3, tier = "Standard", now = ten }
end
clock = 10 + (restore.ready - ten) / 3600
warm = vault:get_object{ bucket = "audit", key = "log-1", now = restore.ready }
_, cold_again = vault:get_object{ bucket = "audit", key = "log-1", now = restore["until"] + 1 }
fee = vault:bill{ now = restore["until"] + 1 }.retrieval
print(cold)
clock, fee]],
      predict = {
        question = "At what time can the auditor begin to read?",
        unit = "o'clock",
        tolerance = 1.1,
        answer = function(env) return env.clock end,
      },
      hints = {
        "`clock` is the hour.",
        "Standard takes 3 to 5 hours; we take the upper end.",
        "15 o'clock. Expedited takes five minutes, at three times the price a GB and 200 times a request.",
      },
      check = function(t, env)
        t.equal(t.has(env, "cold", "table").code, "InvalidObjectState", "the first answer")
        t.equal(t.has(env, "warm", "table").size, 2 ^ 30, "bytes, after the restore")
        t.equal(t.has(env, "cold_again", "table").code, "InvalidObjectState", "the answer three days later")
      end,
      explain = function(env)
        return ([[
%.0f o'clock, for %s; and after three days the copies are gone. The archive cost a sixth in the years before. "How
long may a restore take?" is a question to ask before you choose the class, not when the auditor is here.]])
          :format(env.clock, dollars(env.fee))
      end,
    },
    {
      name = "thumbnails",
      title = "Thumbnails by event",
      text = [[
Whatever is put under in/ is told to a service that writes a thumbnail to small/. 40 photos come in; the service is down
for 5 s in the middle, and the store itself for 1 s.]],
      code = [[
function gallery(prefix)
  w = lab.world{ seed = 9 }
  store = w:service("s3", { time = 10*ms, slots = 32, filters = { lab.store.object_service{ buckets = { photos = {
    notifications = { { events = { "ObjectCreated:*" }, prefix = prefix, to = "resize" } } } } } } })
  calls = 0
  w:service("resize", { time = 50*ms, slots = 4, handler = function(event)
    calls = calls + 1
    local name = event.key:match("[^/]+$")
    return store:call{ type = "put_object", key = "small/" .. name, size = math.floor(event.size / 100), timeout = 3 }
  end })
end
gallery("in/")
w:at(0.5, lab.fault.crash("resize"), 5)
w:at(1, lab.fault.crash("s3"), 1)
for i = 1, 40 do
  local photo = { type = "put_object", key = "in/" .. i .. ".jpg", size = 2*MiB, timeout = 1 }
  while not store:call(photo) do w:run(0.5) end
  w:run(20*ms)
end
w:run(120)
small = #store:call{ type = "list_objects", prefix = "small/" }.keys
made = calls
small, made]],
      predict = {
        question = "How many of the 40 thumbnails are there in the end?",
        unit = "thumbnails",
        tolerance = 0.5,
        answer = function(env) return env.small end,
      },
      hints = {
        "`small` counts them, `made` how often the service was called.",
        "An event that nobody takes is told again, with growing waits.",
        "All 40; some perhaps more than once, and that does no harm.",
      },
      check = function(t, env)
        t.equal(env.small, 40, "thumbnails")
        t.that((env.made or 0) >= 40, "the service was called at least once for each", tostring(env.made))
      end,
      explain = function(env)
        return ([[
All %d, in %d calls: events come at least once and in no order, so what handles them must not mind to do it twice.
Writing the same thumbnail under the same key is such a thing; adding 1 to a counter is
not.]]):format(env.small, env.made)       end,
    },
    {
      name = "recursion",
      title = "Thumbnails of thumbnails",
      text = [[
The same, but somebody left the prefix out: every object that is created is told. One single photo is put. Wait ten
seconds.]],
      code = [[
gallery("")
store:call{ type = "put_object", key = "in/cat.jpg", size = 2*MiB }
w:run(10)
loops = calls
bill_of_a_day = loops * 8640 * 0.005 / 1000
objects = #store:call{ type = "list_objects" }.keys
loops, objects]],
      predict = {
        question = "How often was the thumbnail service called for the one photo?",
        choices = { "once", "twice", "over and over" },
        answer = function(env) return env.loops > 2 and "over and over" or env.loops == 2 and "twice" or "once" end,
      },
      hints = {
        "`loops` counts the calls, `objects` what is in the bucket.",
        "The thumbnail is an object that is created, too.",
        "Each call makes an event, which makes a call.",
      },
      check = function(t, env)
        t.that((env.loops or 0) > 50, "it runs in circles", tostring(env.loops))
        t.equal(env.objects, 2, "objects in the bucket")
      end,
      explain = function(env)
        return ([[
%d times in ten seconds, and it will not end; the bucket looks innocent with its %d objects. Requests alone are %s a
day, and the functions cost more. Write to another bucket, or filter by prefix, and put an alarm on the bill.]])
          :format(env.loops, env.objects, dollars(env.bill_of_a_day))
      end,
    },
    {
      name = "prefixes",
      title = "Slow down",
      text = [[
A prefix takes about 3,500 writes a second. A job writes 7,000 objects a second for two seconds: all under today's date,
then spread over four prefixes by the first sign of a hash.]],
      code = [[
function refused_of(name)
  local s = lab.store.objects()
  s:create_bucket{ bucket = "events", now = 0 }
  local n = 0
  for i = 1, 14000 do
    local ok = s:put_object{ bucket = "events", key = name(i), size = 1, now = i / 7000 }
    if not ok then n = n + 1 end
  end
  return n
end
by_date = refused_of(function(i) return "2024-05-01/" .. i end)
spread = refused_of(function(i) return i % 4 .. "/2024-05-01/" .. i end)
by_date, spread]],
      predict = {
        question = "How many of the 14,000 puts under one date are answered with SlowDown?",
        unit = "puts",
        tolerance = 600,
        answer = function(env) return env.by_date end,
      },
      hints = {
        "`by_date` and `spread` count them.",
        "3,500 are saved up for the first second, then 3,500 come back each second.",
        "14,000 less 3,500 less 2 x 3,500.",
      },
      check = function(t, env)
        t.that((env.by_date or 0) > 2500, "thousands are refused", tostring(env.by_date))
        t.equal(env.spread, 0, "refused with four prefixes")
      end,
      explain = function(env)
        return ([[
%d, and %d when they are spread. The path decides who shares a limit, so what varies belongs to the front of it; and who
hears SlowDown waits, with jitter, and tries again. (A real store splits hot prefixes by itself, within minutes.)]])
          :format(env.by_date, env.spread)
      end,
    },
  },
  finish = [[
Flat keys, whole objects, versions, classes, events: a few rules, and a bill that tells whether you have understood
them. Next: search, where the words inside of objects are found.]],
}
