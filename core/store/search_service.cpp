#include "core/store/search_service.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/hash/murmur3.hpp"

namespace syslab {
namespace {

template <class T>
Value count(T n) {
  return static_cast<double>(n);
}
std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}
std::uint64_t whole_of(const Value& value) {
  return value.is_number() && value.number() > 0 ? static_cast<std::uint64_t>(value.number()) : 0;
}
const Value::List& list_of(const Value& value) {
  static const Value::List none;
  return value.is_list() ? value.list() : none;
}

Value result_value(const SearchResult& result) {
  Value::List hits;
  for (const SearchHit& hit : result.hits) {
    hits.push_back(Value::map({{"id", hit.id}, {"score", hit.score}, {"sort", hit.sort}}));
  }
  return Value::map(
      {{"total", count(result.total)}, {"hits", Value::list(std::move(hits))}, {"facets", result.facets}});
}

SearchResult result_of(const Value& value, std::size_t shard) {
  SearchResult out;
  out.total = whole_of(value["total"]);
  out.facets = value["facets"];
  for (const Value& hit : list_of(value["hits"])) {
    out.hits.push_back({hit["score"].number(), hit["sort"], text_of(hit["id"]), shard});
  }
  return out;
}

// The numbers of writes under a term are above those of all terms before.
constexpr std::uint64_t kTerm = 1'000'000'000;

// ---- a node: copies of shards

class SearchNode final : public FilterService {
 public:
  SearchNode(std::shared_ptr<const SearchNodeOptions> options, ServicePtr inner)
      : FilterService("search node", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    const Result shards = env.disk().peek(kShards);
    for (const Value& name : shards.ok() ? list_of(*shards) : Value::List{}) {
      if (name.is_number()) recover(env, whole_of(name));
    }
    if (!options_->sync) sync_later(env);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const auto action = actions().find(request.type);
    if (action == actions().end()) return inner_->call(env, std::move(request), std::move(reply));
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, &env, act = action->second, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   Copy& copy = copy_of(env, whole_of(body["shard"]));
                   if (copy.shard->last_seq() < whole_of(body["at_least"])) {
                     return reply(Error{"behind", "this copy lacks writes that were answered", true});
                   }
                   if (!body["term"].is_nil()) {
                     if (whole_of(body["term"]) < copy.term) {
                       return reply(make_error("not_leader", "there is a newer term"));
                     }
                     copy.term = whole_of(body["term"]);
                   }
                   (this->*act)(env, copy, body, std::move(reply));
                 });
  }

 private:
  static constexpr const char* kShards = "search/shards";

  struct Copy {
    std::uint64_t number = 0;
    std::uint64_t term = 0;
    std::unique_ptr<SearchShard> shard = {};
    std::size_t logged = 0;  // writes since the last commit
    std::uint64_t base = 0;  // a commit or a dump has all writes up to this number: older ones come too late
    // While it is filled: writes wait for what they go on top of.
    std::uint64_t fills = 0;
    bool filling = false;
    std::vector<std::pair<std::uint64_t, Value>> meanwhile = {};
  };
  using Action = void (SearchNode::*)(Env& env, Copy& copy, const Value& body, Reply reply);

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"shard_write", &SearchNode::write},
        {"shard_replicate", &SearchNode::replicate},
        {"shard_query", &SearchNode::query},
        {"shard_fetch", &SearchNode::fetch},
        {"shard_statistics", &SearchNode::statistics},
        {"shard_refresh", &SearchNode::refresh},
        {"shard_dump", &SearchNode::dump},
        {"shard_fill", &SearchNode::fill}};
    return actions;
  }
  static std::string file(const Copy& copy, const char* what) {
    return "search/" + std::to_string(copy.number) + "/" + what;
  }
  static void ignore(const Result&) {}

  std::unique_ptr<SearchShard> make_shard(Env& env, std::uint64_t number) const {
    SearchShardOptions o = options_->shard;
    // Copies do not refresh at the same moment.
    const std::uint32_t mark = murmur3_x86_32(env.name_of(env.self()) + "/" + std::to_string(number));
    o.phase =
        Duration(static_cast<std::int64_t>(static_cast<double>(o.refresh.count()) * (mark / 4294967296.0)));
    return std::make_unique<SearchShard>(std::move(o));
  }

  Copy& copy_of(Env& env, std::uint64_t number) {
    const auto found = copies_.find(number);
    if (found != copies_.end()) return found->second;
    Copy& copy = copies_[number];
    copy.number = number;
    copy.shard = make_shard(env, number);
    Value::List names;
    for (const auto& [n, c] : copies_) names.push_back(count(n));
    env.disk().write(kShards, Value::list(std::move(names)), ignore);
    return copy;
  }

  void recover(Env& env, std::uint64_t number) {
    Copy& copy = copies_[number];
    copy.number = number;
    copy.shard = make_shard(env, number);
    const Result commit = env.disk().peek(file(copy, "commit"));
    if (commit.ok()) install(env, copy, *commit);
    const Result log = env.disk().peek(file(copy, "log"));
    for (const Value& record : log.ok() ? list_of(*log) : Value::List{}) {
      if (!record["seq"].is_number()) break;  // half a record was never acknowledged
      apply(env, copy, whole_of(record["seq"]), record);
      copy.term = std::max(copy.term, whole_of(record["term"]));
      ++copy.logged;
    }
    copy.shard->refresh();
  }

  void install(Env& env, Copy& copy, const Value& commit) {
    for (const Value& item : list_of(commit["docs"])) apply(env, copy, whole_of(item["seq"]), item);
    copy.term = std::max(copy.term, whole_of(commit["term"]));
    copy.base = whole_of(commit["seq"]);
    copy.shard->skip_to(copy.base);  // deletions leave no document
  }

  static void apply(Env& env, Copy& copy, std::uint64_t seq, const Value& op) {
    if (seq <= copy.base) return;
    if (op["doc"].is_nil()) {
      copy.shard->remove(env.now(), seq, text_of(op["id"]));
    } else {
      copy.shard->put(env.now(), seq, text_of(op["id"]), op["doc"]);
    }
  }

  // Applies and logs a write; `then` when it is as durable as it has to be.
  void take(Env& env, Copy& copy, std::uint64_t seq, const Value& op, Reply then) {
    ++writes_;
    if (copy.filling) {
      copy.meanwhile.emplace_back(seq, op);
      return then(Value(true));  // it is on the disk when the copy is filled, and nobody relies on it before
    }
    apply(env, copy, seq, op);
    env.disk().append(
        file(copy, "log"),
        Value::map({{"seq", count(seq)}, {"term", count(copy.term)}, {"id", op["id"]}, {"doc", op["doc"]}}),
        ignore);
    if (++copy.logged >= options_->flush_writes) flush(env, copy);
    if (options_->sync) {
      env.disk().sync(std::move(then));
    } else {
      then(Value(true));
    }
  }

  // A commit in place of the log.
  void flush(Env& env, Copy& copy) {
    ++flushes_;
    copy.logged = 0;
    env.disk().write(file(copy, "commit"), commit_of(copy), ignore);
    env.disk().write(file(copy, "log"), {}, ignore);
  }
  static Value commit_of(const Copy& copy) {
    return Value::map({{"docs", Value::list(copy.shard->dump())},
                       {"term", count(copy.term)},
                       {"seq", count(copy.shard->last_seq())}});
  }

  void sync_later(Env& env) {
    env.after(options_->sync_every, [this, &env] {
      env.disk().sync(ignore);
      sync_later(env);
    });
  }

  void write(Env& env, Copy& copy, const Value& body, Reply reply) {
    struct Pending {
      std::size_t left;
      Value::List failed = {};
      Result own = Value();
      Reply reply;
      Value seq;
    };
    const std::uint64_t seq = std::max(copy.shard->last_seq() + 1, copy.term * kTerm);
    const Value::List& others = list_of(body["copies"]);
    const auto pending =
        std::make_shared<Pending>(Pending{1 + others.size(), {}, Value(), std::move(reply), count(seq)});
    const auto done = [pending] {
      if (--pending->left > 0) return;
      if (!pending->own.ok()) return pending->reply(pending->own);
      pending->reply(Value::map({{"seq", pending->seq}, {"failed", Value::list(pending->failed)}}));
    };
    take(env, copy, seq, body["op"], [pending, done](Result synced) {
      pending->own = std::move(synced);
      done();
    });
    for (const Value& name : others) {
      const auto to = env.find(text_of(name));
      if (!to) {
        pending->failed.push_back(name);
        done();
        continue;
      }
      const Value copied = Value::map(
          {{"shard", body["shard"]}, {"term", body["term"]}, {"seq", count(seq)}, {"op", body["op"]}});
      env.call(*to, {.type = "shard_replicate", .body = copied}, options_->timeout,
               [pending, done, name](const Result& result) {
                 if (!result.ok()) pending->failed.push_back(name);
                 done();
               });
    }
  }

  void replicate(Env& env, Copy& copy, const Value& body, Reply reply) {
    take(env, copy, whole_of(body["seq"]), body["op"], std::move(reply));
  }

  void query(Env& env, Copy& copy, const Value& body, Reply reply) {
    copy.shard->advance(env.now());
    const auto request = SearchRequest::parse(body["body"], options_->shard.mapping);
    if (!request) return reply(request.error());
    ++queries_;
    const SearchStatistics statistics = body["statistics"].is_nil()
                                            ? copy.shard->statistics(request->query)
                                            : SearchStatistics::parse(body["statistics"]);
    reply(result_value(copy.shard->search(*request, statistics)));
  }

  void statistics(Env& env, Copy& copy, const Value& body, Reply reply) {
    copy.shard->advance(env.now());
    const auto request = SearchRequest::parse(body["body"], options_->shard.mapping);
    if (!request) return reply(request.error());
    reply(copy.shard->statistics(request->query).value());
  }

  void fetch(Env&, Copy& copy, const Value& body, Reply reply) {
    Value::List docs;
    for (const Value& id : list_of(body["ids"]))
      docs.push_back(Value::map({{"doc", copy.shard->get(text_of(id))}}));
    reply(Value::list(std::move(docs)));
  }

  void refresh(Env& env, Copy& copy, const Value&, Reply reply) {
    copy.shard->advance(env.now());
    reply(Value(copy.shard->refresh()));
  }

  void dump(Env&, Copy& copy, const Value&, Reply reply) { reply(commit_of(copy)); }

  // Begins anew with what the primary has. Writes that arrive meanwhile go on top; the answer to an earlier
  // request to be filled, which may be from a primary that is none any more, is of no use.
  void fill(Env& env, Copy& copy, const Value& body, Reply reply) {
    const auto from = env.find(text_of(body["from"]));
    if (!from) return reply(from.error());
    copy.shard = make_shard(env, copy.number);
    copy.logged = 0;
    copy.base = 0;
    copy.filling = true;
    copy.meanwhile.clear();
    env.disk().write(file(copy, "log"), {}, ignore);
    env.disk().write(file(copy, "commit"), {}, ignore);
    env.call(*from, {.type = "shard_dump", .body = Value::map({{"shard", body["shard"]}})},
             options_->timeout * 10,
             [this, &env, number = copy.number, attempt = ++copy.fills,
              reply = std::move(reply)](const Result& result) {
               Copy& filled = copies_.at(number);
               if (filled.fills != attempt) return reply(make_error("timeout", "it is being filled again"));
               filled.filling = false;
               const auto meanwhile = std::exchange(filled.meanwhile, {});
               if (!result.ok()) return reply(result);
               install(env, filled, *result);
               for (const auto& [seq, op] : meanwhile) apply(env, filled, seq, op);
               ++fills_;
               flush(env, filled);
               env.disk().sync(reply);
             });
  }

  Value state() const override {
    Value::Map shards;
    for (const auto& [number, copy] : copies_)
      shards.emplace_back(std::to_string(number), copy.shard->describe());
    return Value::map({{"shards", Value::map(std::move(shards))},
                       {"writes", count(writes_)},
                       {"queries", count(queries_)},
                       {"flushes", count(flushes_)},
                       {"fills", count(fills_)}});
  }

  const std::shared_ptr<const SearchNodeOptions> options_;
  std::map<std::uint64_t, Copy> copies_;
  std::uint64_t writes_ = 0, queries_ = 0, flushes_ = 0, fills_ = 0;
};

// ---- the router

class SearchRouter final : public FilterService {
 public:
  SearchRouter(std::shared_ptr<const SearchRouterOptions> options, ServicePtr inner)
      : FilterService("search", std::move(inner)), options_(std::move(options)) {}

  void on_start(Env& env) override {
    const std::size_t nodes = options_->nodes.size();
    const Result kept = env.disk().peek(kCopies);
    for (std::size_t s = 0; s < options_->shards; ++s) {
      Shard shard;
      for (std::size_t r = 0; r <= options_->replicas; ++r) {
        shard.copies.push_back({options_->nodes[(s + r) % nodes], Status::in_sync});
      }
      if (kept.ok() && s < list_of(*kept).size()) {
        const Value& known = kept->list()[s];
        shard.term = whole_of(known["term"]);
        // The primary first, as it was.
        std::vector<Copy> ordered;
        for (const Value& name : list_of(known["in_sync"]))
          ordered.push_back({text_of(name), Status::in_sync});
        for (const Copy& copy : shard.copies) {
          if (std::none_of(ordered.begin(), ordered.end(),
                           [&](const Copy& c) { return c.node == copy.node; })) {
            ordered.push_back({copy.node, Status::out});
          }
        }
        shard.copies = std::move(ordered);
      }
      shards_.push_back(std::move(shard));
    }
    look_after(env);
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const auto action = actions().find(request.type);
    if (action == actions().end()) return inner_->call(env, std::move(request), std::move(reply));
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, &env, act = action->second, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   (this->*act)(env, body, std::move(reply));
                 });
  }

 private:
  static constexpr const char* kCopies = "search/copies";

  enum class Status : std::uint8_t { in_sync, filling, out };
  struct Copy {
    std::string node;
    Status status;
  };
  struct Shard {
    std::vector<Copy> copies = {};  // those in sync first, the primary before all
    std::uint64_t term = 1;
    std::uint64_t answered = 0;              // the highest number of a write that was answered
    std::set<std::uint64_t> under_way = {};  // writes
    std::uint64_t filling_since = 0;         // the first write that the copy that is filled gets, too
    std::uint64_t fills = 0;                 // how often a copy was begun to be filled
  };
  using Action = void (SearchRouter::*)(Env& env, const Value& body, Reply reply);
  using Answer = std::function<void(Result)>;

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"index", &SearchRouter::index},     {"put", &SearchRouter::index},
        {"set", &SearchRouter::index},       {"write", &SearchRouter::index},
        {"update", &SearchRouter::update},   {"delete", &SearchRouter::erase},
        {"get", &SearchRouter::get},         {"read", &SearchRouter::get},
        {"search", &SearchRouter::search},   {"bulk", &SearchRouter::bulk},
        {"refresh", &SearchRouter::refresh}, {"status", &SearchRouter::status}};
    return actions;
  }

  static Expected<std::string> id_of(const Value& body) {
    const Value& id = body["id"].is_nil() ? body["key"] : body["id"];
    if (id.is_string() && !id.string().empty()) return std::string(id.string());
    if (id.is_number()) return id.json();
    return make_error("malformed", "a document has an id, a text");
  }

  // ---- copies

  void keep(Env& env) {
    Value::List all;
    for (const Shard& shard : shards_) {
      Value::List names;
      for (const Copy& copy : shard.copies) {
        if (copy.status == Status::in_sync) names.emplace_back(copy.node);
      }
      all.push_back(Value::map({{"term", count(shard.term)}, {"in_sync", Value::list(std::move(names))}}));
    }
    env.disk().write(kCopies, Value::list(std::move(all)), [](const Result&) {});
    all_kept_ = false;
    ++changes_;
  }

  // The copy is not asked any more, unless it is the only one left.
  bool put_out(Env& env, Shard& shard, const std::string& node) {
    const auto found =
        std::find_if(shard.copies.begin(), shard.copies.end(), [&](const Copy& c) { return c.node == node; });
    if (found == shard.copies.end() || found->status == Status::out) return true;
    const auto in_sync = std::count_if(shard.copies.begin(), shard.copies.end(),
                                       [](const Copy& c) { return c.status == Status::in_sync; });
    if (found->status == Status::in_sync && in_sync == 1) return false;
    const bool primary = found == shard.copies.begin();
    env.log("a copy is out of sync", Value::map({{"node", node}}));
    found->status = Status::out;
    std::stable_partition(shard.copies.begin(), shard.copies.end(),
                          [](const Copy& c) { return c.status == Status::in_sync; });
    if (primary) {
      ++shard.term;
      ++promotions_;
      for (Copy& copy : shard.copies) {
        if (copy.status == Status::filling)
          copy.status = Status::out;  // from a primary that is none any more
      }
    }
    keep(env);
    return true;
  }

  void look_after(Env& env) {
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      Shard& shard = shards_[s];
      const bool filling = std::any_of(shard.copies.begin(), shard.copies.end(),
                                       [](const Copy& c) { return c.status == Status::filling; });
      if (filling) continue;
      const auto out = std::find_if(shard.copies.begin(), shard.copies.end(),
                                    [](const Copy& c) { return c.status == Status::out; });
      if (out == shard.copies.end()) continue;
      const std::string node = out->node;
      out->status = Status::filling;
      shard.filling_since = next_write_;
      ++shard.fills;
      // The next one of this shard is tried first the next time, in case this one stays away.
      std::rotate(out, out + 1, shard.copies.end());
      fill(env, s, node, shard.fills);
    }
    env.after(options_->check, [this, &env] { look_after(env); });
  }

  // From now on the copy gets all writes; what it lacks is what was sent before, so that has to be over.
  void fill(Env& env, std::size_t s, const std::string& node, std::uint64_t attempt) {
    Shard& shard = shards_[s];
    if (shard.fills != attempt) return;
    if (!shard.under_way.empty() && *shard.under_way.begin() < shard.filling_since) {
      env.after(std::chrono::milliseconds(10),
                [this, &env, s, node, attempt] { fill(env, s, node, attempt); });
      return;
    }
    const auto done = [this, &env, s, node, attempt](const Result& result) {
      Shard& of = shards_[s];
      const auto copy =
          std::find_if(of.copies.begin(), of.copies.end(), [&](const Copy& c) { return c.node == node; });
      if (copy->status != Status::filling || of.fills != attempt) return;
      copy->status = result.ok() ? Status::in_sync : Status::out;
      if (!result.ok()) {
        // It has heard of a term that was not kept before this process began.
        if (result.error().code == "not_leader") ++of.term;
        return;
      }
      std::stable_partition(of.copies.begin(), of.copies.end(),
                            [](const Copy& c) { return c.status == Status::in_sync; });
      env.log("a copy is in sync again", Value::map({{"node", node}}));
      keep(env);
    };
    const auto to = env.find(node);
    if (!to) return done(to.error());
    env.call(*to,
             {.type = "shard_fill",
              .body = Value::map(
                  {{"shard", count(s)}, {"term", count(shard.term)}, {"from", shard.copies.front().node}})},
             options_->timeout * 10, done);
  }

  // ---- writes

  void write(Env& env, std::size_t s, const Value& op, std::size_t attempts, Reply reply) {
    Shard& shard = shards_[s];
    const std::string primary = shard.copies.front().node;
    const std::uint64_t term = shard.term;
    Value::List others;
    for (std::size_t i = 1; i < shard.copies.size(); ++i) {
      if (shard.copies[i].status != Status::out) others.emplace_back(shard.copies[i].node);
    }
    const std::uint64_t number = next_write_++;
    shard.under_way.insert(number);
    const auto done = [this, &env, s, op, attempts, primary, term, number,
                       reply = std::move(reply)](Result result) {
      Shard& of = shards_[s];
      of.under_way.erase(number);
      // Under another term by now: its primary was given up, and who stands in need not have the write.
      if (result.ok() && of.term != term) result = make_error("timeout", "another copy stands in meanwhile");
      if (result.ok()) {
        for (const Value& name : list_of((*result)["failed"])) (void)put_out(env, of, text_of(name));
        of.answered = std::max(of.answered, whole_of((*result)["seq"]));
        if (!all_kept_) {
          // Which copies are out has to be on the disk before anybody relies on this write.
          env.disk().sync([this, reply, changes = changes_](const Result& synced) {
            all_kept_ = all_kept_ || (synced.ok() && changes == changes_);
            reply(synced.ok() ? Result(Value(true)) : synced);
          });
        } else {
          reply(Value(true));
        }
        return;
      }
      const bool same = of.term == term && of.copies.front().node == primary;
      if (same && !put_out(env, of, primary)) {
        // The only copy there is: it has what there is.
        if (result.error().code == "behind") {
          of.answered = 0;
          ++losses_;
        } else {
          return reply(std::move(result));
        }
      }
      if (attempts == 0) return reply(std::move(result));
      write(env, s, op, attempts - 1, reply);
    };
    const auto to = env.find(primary);
    if (!to) return done(to.error());
    env.call(*to,
             {.type = "shard_write",
              .body = Value::map({{"shard", count(s)},
                                  {"term", count(term)},
                                  {"at_least", count(shard.answered)},
                                  {"op", op},
                                  {"copies", Value::list(std::move(others))}})},
             options_->timeout, done);
  }

  void write(Env& env, const std::string& id, const Value& document, Reply reply) {
    ++writes_;
    write(env, shard_of(id, shards_.size()), Value::map({{"id", id}, {"doc", document}}),
          options_->replicas + 1, std::move(reply));
  }

  void index(Env& env, const Value& body, Reply reply) {
    const auto id = id_of(body);
    if (!id) return reply(id.error());
    const Value& document = body["doc"].is_nil() ? body["value"] : body["doc"];
    if (!document.is_map()) return reply(make_error("malformed", "a document is a table of fields"));
    write(env, *id, document, std::move(reply));
  }

  void erase(Env& env, const Value& body, Reply reply) {
    const auto id = id_of(body);
    if (!id) return reply(id.error());
    write(env, *id, {}, std::move(reply));
  }

  void update(Env& env, const Value& body, Reply reply) {
    const auto id = id_of(body);
    if (!id) return reply(id.error());
    const Value changes = body["doc"];
    if (!changes.is_map()) return reply(make_error("malformed", "an update is a table of fields"));
    get(env, body, [this, &env, id = *id, changes, reply = std::move(reply)](Result result) {
      if (!result.ok()) return reply(std::move(result));
      Value document = *result;
      for (const auto& [field, value] : changes.map()) document = document.with(field, value);
      write(env, id, document, reply);
    });
  }

  void bulk(Env& env, const Value& body, Reply reply) {
    struct Pending {
      std::size_t left = 1;
      std::size_t indexed = 0;
      Value::List failed = {};
      Reply reply;
    };
    const auto pending = std::make_shared<Pending>();
    pending->reply = std::move(reply);
    const auto done = [pending] {
      if (--pending->left == 0) {
        pending->reply(
            Value::map({{"indexed", count(pending->indexed)}, {"failed", Value::list(pending->failed)}}));
      }
    };
    const auto add = [&](const Value& item, Value document) {
      if (document.is_string()) {
        const auto parsed = Value::parse_json(document.string());
        document = parsed ? *parsed : Value();
      }
      const auto id = id_of(item);
      if (!id || !document.is_map()) {
        pending->failed.push_back(item["id"]);
        return;
      }
      ++pending->left;
      write(env, *id, document, [pending, done, given = item["id"]](const Result& result) {
        if (result.ok()) {
          ++pending->indexed;
        } else {
          pending->failed.push_back(given);
        }
        done();
      });
    };
    for (const Value& record : list_of(body["records"])) add(record, record["data"]);
    for (const Value& item : list_of(body["docs"])) add(item, item["doc"]);
    done();
  }

  // ---- reads

  // Asks the copies in sync one after the other until one answers.
  void ask(Env& env, std::size_t s, const std::string& type, const Value& body,
           std::vector<std::string> nodes, std::size_t i,
           std::function<void(Result, const std::string&)> answer) {
    if (i >= nodes.size())
      return answer(make_error("unavailable", "no copy of shard " + std::to_string(s) + " answers"), "");
    const auto to = env.find(nodes[i]);
    const auto next = [this, &env, s, type, body, nodes, i, answer](Result result) {
      // A mistake in the query is one at every copy.
      if (result.ok() || result.error().code == "parsing_exception")
        return answer(std::move(result), nodes[i]);
      if (result.error().code == "behind") {
        Shard& shard = shards_[s];
        if (!put_out(env, shard, nodes[i])) {
          shard.answered = 0;
          ++losses_;
          return ask(env, s, type, body.with("at_least", Value()), nodes, i, answer);
        }
      } else {
        suspects_[nodes[i]] = env.now();
      }
      ++stand_ins_;
      ask(env, s, type, body, nodes, i + 1, answer);
    };
    if (!to) return next(to.error());
    env.call(*to, {.type = type, .body = body}, options_->timeout, next);
  }

  // The copies of a shard in the order in which they are asked: by turns, but who has just failed comes last.
  std::vector<std::string> readers(Env& env, std::size_t s, bool primary) {
    std::vector<std::string> nodes;
    for (const Copy& copy : shards_[s].copies) {
      if (copy.status == Status::in_sync) nodes.push_back(copy.node);
    }
    if (!primary) {
      std::rotate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(turn_ % nodes.size()),
                  nodes.end());
    }
    std::stable_partition(nodes.begin(), nodes.end(), [&](const std::string& node) {
      const auto suspect = suspects_.find(node);
      return suspect == suspects_.end() || env.now() - suspect->second > options_->check;
    });
    return nodes;
  }
  Value to_shard(std::size_t s) const {
    return Value::map({{"shard", count(s)}, {"at_least", count(shards_[s].answered)}});
  }

  void get(Env& env, const Value& body, Reply reply) {
    const auto id = id_of(body);
    if (!id) return reply(id.error());
    const std::size_t s = shard_of(*id, shards_.size());
    ask(env, s, "shard_fetch", to_shard(s).with("ids", Value::list({Value(*id)})), readers(env, s, true), 0,
        [id = *id, reply = std::move(reply)](Result result, const std::string&) {
          if (!result.ok()) return reply(std::move(result));
          const Value& document = list_of(*result)[0]["doc"];
          reply(document.is_nil() ? Result(make_error("not_found", "no document '" + id + "'"))
                                  : Result(document));
        });
  }

  struct Search {
    Value body;
    SearchRequest request;
    Reply reply;
    Value statistics = {};
    std::vector<std::string> answered_by = {};  // by shard
    std::vector<SearchResult> results = {};     // of the shards that answered
    std::size_t left = 0;
    std::size_t failed = 0;
    Result error = Value();
    std::vector<Value> documents = {};  // of the hits on the page
  };
  using SearchPtr = std::shared_ptr<Search>;

  void search(Env& env, const Value& body, Reply reply) {
    auto request = SearchRequest::parse(body, options_->mapping);
    if (!request) return reply(request.error());
    ++searches_;
    ++turn_;
    const auto search = std::make_shared<Search>(
        Search{.body = body, .request = std::move(*request), .reply = std::move(reply)});
    search->answered_by.resize(shards_.size());
    if (!body["dfs"].truthy()) return query(env, search);
    // First the statistics of all shards, so that all score alike.
    const auto all = std::make_shared<SearchStatistics>();
    search->left = shards_.size();
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      ask(env, s, "shard_statistics", to_shard(s).with("body", body),
          readers(env, s, body["prefer"] == Value("primary")), 0,
          [this, &env, search, all](const Result& result, const std::string&) {
            if (result.ok()) all->add(SearchStatistics::parse(*result));
            if (--search->left > 0) return;
            search->statistics = all->value();
            query(env, search);
          });
    }
  }

  void query(Env& env, const SearchPtr& search) {
    search->left = shards_.size();
    search->results.resize(shards_.size());
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      const Value body = to_shard(s).with("body", search->body).with("statistics", search->statistics);
      ask(env, s, "shard_query", body, readers(env, s, search->body["prefer"] == Value("primary")), 0,
          [this, &env, search, s](const Result& result, const std::string& node) {
            if (result.ok()) {
              search->results[s] = result_of(*result, s);
              search->answered_by[s] = node;
            } else {
              ++search->failed;
              search->error = result;
            }
            if (--search->left == 0) fetch(env, search);
          });
    }
  }

  void fetch(Env& env, const SearchPtr& search) {
    if (search->failed == shards_.size() ||
        (search->failed > 0 && search->body["allow_partial"] == Value(false))) {
      return search->reply(search->error);
    }
    partial_ += search->failed > 0 ? 1 : 0;
    const SearchResult merged = merge_results(std::move(search->results), search->request);
    const auto from = std::min<std::size_t>(whole_of(search->body["from"]), merged.hits.size());
    const auto hits = std::make_shared<const std::vector<SearchHit>>(
        merged.hits.begin() + static_cast<std::ptrdiff_t>(from), merged.hits.end());
    const Value facets = finish_facets(merged.facets, search->request.facets);
    search->documents.resize(hits->size());
    std::map<std::size_t, std::vector<std::size_t>> by_shard;
    for (std::size_t i = 0; i < hits->size(); ++i) by_shard[(*hits)[i].shard].push_back(i);
    search->left = by_shard.size() + 1;
    const auto done = [this, search, hits, facets, total = merged.total] {
      if (--search->left > 0) return;
      Value::List shown;
      for (std::size_t i = 0; i < hits->size(); ++i) {
        if (search->documents[i].is_nil()) continue;  // deleted since
        shown.push_back(hit_value((*hits)[i], search->documents[i], search->body, search->request.query,
                                  options_->mapping));
      }
      const std::size_t n = shards_.size();
      search->reply(Value::map({{"total", count(total)},
                                {"hits", Value::list(std::move(shown))},
                                {"facets", facets},
                                {"shards", Value::map({{"total", count(n)},
                                                       {"successful", count(n - search->failed)},
                                                       {"failed", count(search->failed)}})}}));
    };
    for (const auto& [s, which] : by_shard) {
      Value::List ids;
      for (const std::size_t i : which) ids.emplace_back((*hits)[i].id);
      ask(env, s, "shard_fetch", to_shard(s).with("ids", Value::list(std::move(ids))),
          {search->answered_by[s]}, 0, [search, which, done](const Result& result, const std::string&) {
            for (std::size_t i = 0; result.ok() && i < which.size(); ++i)
              search->documents[which[i]] = list_of(*result)[i]["doc"];
            done();
          });
    }
    done();
  }

  void refresh(Env& env, const Value&, Reply reply) {
    struct Pending {
      std::size_t left = 1;
      Reply reply;
    };
    const auto pending = std::make_shared<Pending>(Pending{1, std::move(reply)});
    const auto done = [pending] {
      if (--pending->left == 0) pending->reply(Value(true));
    };
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      for (const std::string& node : readers(env, s, true)) {
        ++pending->left;
        ask(env, s, "shard_refresh", Value::map({{"shard", count(s)}}), {node}, 0,
            [done](const Result&, const std::string&) { done(); });
      }
    }
    done();
  }

  void status(Env&, const Value&, Reply reply) { reply(state()); }

  Value state() const override {
    Value::List shards;
    bool green = true;
    for (const Shard& shard : shards_) {
      Value::List in_sync, out;
      for (const Copy& copy : shard.copies)
        (copy.status == Status::in_sync ? in_sync : out).emplace_back(copy.node);
      green = green && out.empty();
      shards.push_back(Value::map({{"primary", shard.copies.front().node},
                                   {"in_sync", Value::list(std::move(in_sync))},
                                   {"out", Value::list(std::move(out))},
                                   {"term", count(shard.term)}}));
    }
    return Value::map({{"shards", Value::list(std::move(shards))},
                       {"health", green ? "green" : "yellow"},
                       {"writes", count(writes_)},
                       {"searches", count(searches_)},
                       {"partial", count(partial_)},
                       {"promotions", count(promotions_)},
                       {"stand_ins", count(stand_ins_)},
                       {"losses", count(losses_)}});
  }

  const std::shared_ptr<const SearchRouterOptions> options_;
  std::vector<Shard> shards_;
  std::map<std::string, Instant> suspects_;  // when a node last failed to answer a read
  bool all_kept_ = true;                     // the copies as they stand are on the disk
  std::uint64_t changes_ = 0;
  std::uint64_t next_write_ = 1;
  std::uint64_t turn_ = 0;
  std::uint64_t writes_ = 0, searches_ = 0, partial_ = 0, promotions_ = 0, stand_ins_ = 0, losses_ = 0;
};

}  // namespace

Filter make_search_node(SearchNodeOptions options) {
  const auto shared = std::make_shared<const SearchNodeOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<SearchNode>(shared, std::move(inner)); };
}

Filter make_search_router(SearchRouterOptions options) {
  const auto shared = std::make_shared<const SearchRouterOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<SearchRouter>(shared, std::move(inner)); };
}

}  // namespace syslab
