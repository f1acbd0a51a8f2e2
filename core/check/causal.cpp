#include "core/check/causal.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/check/dependency_graph.hpp"

namespace syslab {
namespace {

using OpId = History::OpId;
using Type = Event::Type;
constexpr std::uint32_t kNone = UINT32_MAX;

// One operation that happened.
struct Op {
  OpId id;
  std::uint32_t session;
  std::uint32_t position;  // in its session
  std::uint32_t before;    // the operation before it in its process; kNone
  bool write;
  std::uint32_t key;
  std::uint32_t source = kNone;  // of a read: the write it saw; kNone: nil
};

// A history as reads and writes. A write of unknown outcome that was read is a session by itself.
struct Registers {
  std::vector<Op> ops;
  std::vector<std::vector<std::uint32_t>> sessions;
  std::size_t keys = 0;
  std::vector<Anomaly> thin_air;

  static Expected<Registers> of(const History& history);
};

bool is_read(const std::string& f) {
  return f == "read" || f == "get";
}

Expected<Registers> Registers::of(const History& history) {
  Registers r;
  struct Write {
    OpId id;
    Type type;
    std::uint32_t op = kNone;
    bool seen = false;
  };
  std::map<std::pair<Value, Value>, Write> writes;
  const auto wrong = [&](OpId op, const std::string& what) {
    return make_error("unknown", who_and_when(history, op, what));
  };
  const auto type_of = [&](OpId op) {
    const Event* end = history.completion(op);
    return end == nullptr ? Type::info : end->type;
  };
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    if (is_read(start.f)) continue;
    if (start.f != "write" && start.f != "put") return wrong(op, "expected read or write, got " + start.f);
    if (start.value.is_nil()) return wrong(op, "wrote nil, which is what is there at first");
    const auto [it, added] = writes.try_emplace({start.key, start.value}, Write{op, type_of(op)});
    if (!added) return wrong(op, "wrote " + shown(start.value) + " again: expected each value once a key");
  }
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    if (!is_read(start.f) || type_of(op) != Type::ok) continue;
    const auto seen = writes.find({start.key, history.completion(op)->value});
    if (seen != writes.end()) seen->second.seen = true;
  }
  std::map<Value, std::uint32_t> keys;
  std::map<std::int64_t, std::uint32_t> sessions;
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Type type = type_of(op);
    const auto session = sessions.try_emplace(start.process, static_cast<std::uint32_t>(r.sessions.size()));
    if (session.second) r.sessions.emplace_back();
    std::uint32_t s = session.first->second;
    const auto key = keys.try_emplace(start.key, static_cast<std::uint32_t>(keys.size())).first->second;
    const std::uint32_t before = r.sessions[s].empty() ? kNone : r.sessions[s].back();
    const bool read = is_read(start.f);
    if (read ? type != Type::ok : type == Type::fail) continue;
    if (!read) {
      Write& w = writes.at({start.key, start.value});
      if (type == Type::info) {
        if (!w.seen) continue;
        s = static_cast<std::uint32_t>(r.sessions.size());
        r.sessions.emplace_back();
      }
      w.op = static_cast<std::uint32_t>(r.ops.size());
    }
    const auto me = static_cast<std::uint32_t>(r.ops.size());
    r.ops.push_back({op, s, static_cast<std::uint32_t>(r.sessions[s].size()), before, !read, key, kNone});
    r.sessions[s].push_back(me);
  }
  for (Op& op : r.ops) {
    if (op.write) continue;
    const Event& start = history.invocation(op.id);
    const Value& value = history.completion(op.id)->value;
    if (value.is_nil()) continue;
    const auto source = writes.find({start.key, value});
    if (source == writes.end() || source->second.op == kNone) {
      Anomaly anomaly{"thin-air", in_words(history, op.id), {op.id}};
      if (source == writes.end()) {
        anomaly.message += ": nobody wrote that";
      } else {
        anomaly.message += ", but " + in_words(history, source->second.id);
        anomaly.ops.push_back(source->second.id);
      }
      r.thin_air.push_back(std::move(anomaly));
      op.source = kNone - 1;
      continue;
    }
    op.source = source->second.op;
  }
  r.keys = keys.size();
  return r;
}

bool known(const Op& op) {
  return op.source < kNone - 1;
}

std::string circle(const History& history, const Registers& r, const DependencyGraph& graph,
                   const std::vector<std::uint32_t>& cycle, std::vector<OpId>& ops) {
  std::string message;
  for (std::uint32_t e : cycle) {
    const DependencyGraph::Edge& edge = graph.edge(e);
    const char* reasons[] = {" must be before the next, which is read where both are known",
                             " is seen by or in one process with the next",
                             " is before what replaces what it saw", ""};
    if (!message.empty()) message += '\n';
    message.append(in_words(history, r.ops[edge.from].id))
        .append(reasons[static_cast<std::size_t>(edge.kind)]);
    ops.push_back(r.ops[edge.from].id);
    // Whose answer it was that says so.
    if (edge.why != kNone) ops.push_back(r.ops[edge.why].id);
  }
  return message;
}

// What is in each operation's causal past: how many operations of each session.
class Past {
 public:
  // Nothing where an operation is in its own past.
  static std::optional<Past> of(const Registers& r) {
    const std::size_t n = r.ops.size();
    std::vector<std::uint32_t> waits(n, 0), order;
    std::vector<std::vector<std::uint32_t>> next(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      for (std::uint32_t from : {r.ops[i].before, known(r.ops[i]) ? r.ops[i].source : kNone}) {
        if (from == kNone) continue;
        next[from].push_back(i);
        ++waits[i];
      }
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      if (waits[i] == 0) order.push_back(i);
    }
    Past past(n, r.sessions.size());
    for (std::size_t at = 0; at < order.size(); ++at) {
      const std::uint32_t i = order[at];
      const Op& op = r.ops[i];
      for (std::uint32_t from : {op.before, known(op) ? op.source : kNone}) {
        if (from == kNone) continue;
        for (std::size_t s = 0; s < past.width_; ++s)
          past.clock(i)[s] = std::max(past.clock(i)[s], past.clock(from)[s]);
      }
      past.clock(i)[op.session] = std::max(past.clock(i)[op.session], op.position + 1);
      for (std::uint32_t then : next[i]) {
        if (--waits[then] == 0) order.push_back(then);
      }
    }
    if (order.size() < n) return std::nullopt;
    return past;
  }

  // How many operations of a session are in the past of `op`, itself counted.
  std::uint32_t count(std::uint32_t op, std::size_t session) const { return clocks_[op * width_ + session]; }
  bool before(const Registers& r, std::uint32_t a, std::uint32_t b) const {
    return a != b && count(b, r.ops[a].session) > r.ops[a].position;
  }

 private:
  Past(std::size_t ops, std::size_t sessions) : width_(sessions), clocks_(ops * sessions, 0) {}
  std::uint32_t* clock(std::uint32_t op) { return &clocks_[op * width_]; }

  std::size_t width_;
  std::vector<std::uint32_t> clocks_;
};

DependencyGraph causal_graph(const Registers& r) {
  DependencyGraph graph(r.ops.size());
  for (std::uint32_t i = 0; i < r.ops.size(); ++i) {
    if (r.ops[i].before != kNone) graph.add(r.ops[i].before, i, Dependency::wr, kNone);
    if (known(r.ops[i])) graph.add(r.ops[i].source, i, Dependency::wr, kNone);
  }
  return graph;
}

}  // namespace

Expected<Judgement> check_causal(const History& history, const CausalOptions& options) {
  const auto registers = Registers::of(history);
  if (!registers) return registers.error();
  const Registers& r = *registers;
  Judgement judgement;
  for (const Anomaly& anomaly : r.thin_air) add(judgement, anomaly);
  const std::string fine = plural(r.ops.size(), "operation", "operations") + " of " +
                           plural(r.sessions.size(), "process", "processes") + ": " +
                           (options.convergent ? "causal and convergent" : "causally consistent");
  if (r.ops.size() * r.sessions.size() * 4 > options.memory_bytes_max) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "the causal past of " + std::to_string(r.ops.size()) + " operations of " +
                        std::to_string(r.sessions.size()) + " processes does not fit into the budget";
    conclude(judgement, history, fine);
    return judgement;
  }
  DependencyGraph graph = causal_graph(r);
  std::uint64_t steps = UINT64_MAX;
  const auto past = Past::of(r);
  if (!past) {
    for (const auto& cycle : graph.cycles({bit(Dependency::wr), Dependency::wr}, steps)) {
      Anomaly anomaly{"cyclic-order", "", {}};
      anomaly.message = circle(history, r, graph, cycle, anomaly.ops);
      add(judgement, std::move(anomaly));
    }
    conclude(judgement, history, fine);
    return judgement;
  }
  // Of each session, the writes to each key by position.
  std::vector<std::map<std::uint32_t, std::vector<std::uint32_t>>> writes(r.sessions.size());
  for (std::uint32_t i = 0; i < r.ops.size(); ++i) {
    if (r.ops[i].write) writes[r.ops[i].session][r.ops[i].key].push_back(i);
  }
  for (std::uint32_t i = 0; i < r.ops.size(); ++i) {
    const Op& read = r.ops[i];
    if (read.write || read.source == kNone - 1) continue;
    for (std::size_t s = 0; s < r.sessions.size(); ++s) {
      const auto of_key = writes[s].find(read.key);
      if (of_key == writes[s].end()) continue;
      // The last one in the read's past: the earlier ones are in that one's past.
      const auto end =
          std::partition_point(of_key->second.begin(), of_key->second.end(),
                               [&](std::uint32_t w) { return r.ops[w].position < past->count(i, s); });
      if (end == of_key->second.begin()) continue;
      const std::uint32_t w = *(end - 1);
      if (w == read.source) continue;
      if (read.source == kNone) {
        add(judgement,
            {"initial-read",
             in_words(history, read.id) + ", though in its past is " + in_words(history, r.ops[w].id),
             {read.id, r.ops[w].id}});
      } else if (past->before(r, read.source, w)) {
        add(judgement,
            {"overwritten",
             in_words(history, read.id) + ", though in its past is " + in_words(history, r.ops[w].id) +
                 ", which follows " + in_words(history, r.ops[read.source].id),
             {read.id, r.ops[w].id, r.ops[read.source].id}});
      } else if (options.convergent) {
        graph.add(w, read.source, Dependency::ww, i);
      }
    }
  }
  if (options.convergent && judgement.outcome == Outcome::ok) {
    const unsigned all = bit(Dependency::wr) | bit(Dependency::ww);
    for (const auto& cycle : graph.cycles({all, Dependency::ww}, steps)) {
      Anomaly anomaly{"cyclic-conflict", "", {}};
      anomaly.message = circle(history, r, graph, cycle, anomaly.ops);
      add(judgement, std::move(anomaly));
    }
  }
  conclude(judgement, history, fine);
  return judgement;
}

namespace {

// What a process must have seen by the time of each read under some guarantees, against what it saw. `seen`
// holds writes; whatever of the read's key is in it must not be later than the read's source, so it comes
// before it in the order of the key's versions. The guarantee is broken where these orders make a circle, or
// a read found nothing.
struct Guarantees {
  bool read_your_writes = false, monotonic_reads = false, monotonic_writes = false,
       writes_follow_reads = false;
};

std::vector<Anomaly> broken(const History& history, const Registers& r, Guarantees g, const char* name) {
  const std::size_t n = r.ops.size();
  // What each write brings along to whoever sees it: the write before it in its process, and what that had
  // read by then.
  std::vector<std::uint32_t> write_before(n, kNone), home(n), reads_before(n, 0);
  std::vector<std::uint32_t> last_write(r.sessions.size(), kNone);
  std::vector<std::vector<std::uint32_t>> had_read(r.sessions.size());
  for (std::uint32_t i = 0; i < n; ++i) {
    const Op& op = r.ops[i];
    // A write of unknown outcome belongs to the process of what was before it.
    home[i] = op.before == kNone ? op.session : r.ops[op.before].session;
    if (op.write) {
      write_before[i] = last_write[home[i]];
      reads_before[i] = static_cast<std::uint32_t>(had_read[home[i]].size());
      if (home[i] == op.session) last_write[home[i]] = i;
    } else if (known(op)) {
      had_read[home[i]].push_back(op.source);
    }
  }
  DependencyGraph order(n);
  // One process's writes to one key.
  for (const auto& session : r.sessions) {
    std::map<std::uint32_t, std::uint32_t> last;
    for (std::uint32_t i : session) {
      if (!r.ops[i].write) continue;
      const auto before = last.find(r.ops[i].key);
      if (before != last.end()) order.add(before->second, i, Dependency::wr, kNone);
      last[r.ops[i].key] = i;
    }
  }
  std::vector<Anomaly> anomalies;
  for (const auto& session : r.sessions) {
    std::set<std::uint32_t> seen;
    std::map<std::uint32_t, std::vector<std::uint32_t>> of_key;
    std::set<std::pair<std::uint32_t, std::uint32_t>> ordered;
    std::vector<std::uint32_t> followed(r.sessions.size(), 0), to_see;  // how much of each had_read was seen
    const auto see = [&](std::uint32_t first) {
      to_see.push_back(first);
      while (!to_see.empty()) {
        const std::uint32_t write = to_see.back();
        to_see.pop_back();
        if (write == kNone || !seen.insert(write).second) continue;
        of_key[r.ops[write].key].push_back(write);
        if (g.monotonic_writes) to_see.push_back(write_before[write]);
        if (!g.writes_follow_reads) continue;
        for (std::uint32_t& at = followed[home[write]]; at < reads_before[write]; ++at)
          to_see.push_back(had_read[home[write]][at]);
      }
    };
    for (std::uint32_t i : session) {
      const Op& op = r.ops[i];
      if (op.write) {
        if (g.read_your_writes) see(i);
        continue;
      }
      if (op.source == kNone - 1) continue;
      if (op.source != kNone && g.monotonic_reads) see(op.source);
      for (std::uint32_t w : of_key[op.key]) {
        if (w == op.source) continue;
        if (op.source == kNone) {
          anomalies.push_back(
              {name,
               in_words(history, op.id) + ", though it must have seen " + in_words(history, r.ops[w].id),
               {op.id, r.ops[w].id}});
          break;
        }
        if (ordered.insert({w, op.source}).second) order.add(w, op.source, Dependency::ww, i);
      }
    }
  }
  std::uint64_t steps = UINT64_MAX;
  for (const auto& cycle : order.cycles({bit(Dependency::wr) | bit(Dependency::ww), Dependency::ww}, steps)) {
    Anomaly anomaly{name, "the versions of a key would be in a circle", {}};
    for (std::uint32_t e : cycle) {
      const DependencyGraph::Edge& edge = order.edge(e);
      anomaly.ops.push_back(r.ops[edge.from].id);
      anomaly.message.append("\n").append(in_words(history, r.ops[edge.from].id));
      anomaly.message.append(" is before ").append(in_words(history, r.ops[edge.to].id));
      if (edge.why == kNone) {
        anomaly.message += ": one process wrote both";
      } else {
        anomaly.message += ": who must have seen it read the other, " + in_words(history, r.ops[edge.why].id);
        anomaly.ops.push_back(r.ops[edge.why].id);
      }
    }
    anomalies.push_back(std::move(anomaly));
  }
  return anomalies;
}

}  // namespace

Expected<Judgement> check_session(const History& history, const SessionOptions& options) {
  const auto registers = Registers::of(history);
  if (!registers) return registers.error();
  Judgement judgement;
  for (const Anomaly& anomaly : registers->thin_air) add(judgement, anomaly);
  const auto judge = [&](bool wanted, Guarantees g, const char* name) {
    if (!wanted) return;
    for (Anomaly& anomaly : broken(history, *registers, g, name)) add(judgement, std::move(anomaly));
  };
  judge(options.read_your_writes, {true, false, false, false}, "read-your-writes");
  judge(options.monotonic_reads, {false, true, false, false}, "monotonic-reads");
  const bool monotonic = broken(history, *registers, {false, true, false, false}, "monotonic-reads").empty();
  if (monotonic) {
    judge(options.monotonic_writes, {false, true, true, false}, "monotonic-writes");
    judge(options.writes_follow_reads, {false, true, false, true}, "writes-follow-reads");
  } else if (judgement.outcome == Outcome::ok && (options.monotonic_writes || options.writes_follow_reads)) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "reads are not monotonic, so what a process has seen cannot be told";
  }
  conclude(judgement, history,
           plural(registers->ops.size(), "operation", "operations") + " of " +
               plural(registers->sessions.size(), "process", "processes") + " keep the guarantees");
  return judgement;
}

std::optional<Anomaly> not_sequential(const History& history, std::size_t ops_max) {
  if (history.ops().size() > ops_max) return std::nullopt;
  const auto registers = Registers::of(history);
  if (!registers) return std::nullopt;
  const Registers& r = *registers;
  if (!r.thin_air.empty()) return r.thin_air.front();
  const std::size_t n = r.ops.size(), words = (n + 63) / 64;
  DependencyGraph graph = causal_graph(r);
  std::vector<std::vector<std::uint32_t>> next(n);
  for (std::uint32_t e = 0; e < graph.edge_count(); ++e) next[graph.edge(e).from].push_back(graph.edge(e).to);
  std::vector<std::vector<std::uint32_t>> writes(r.keys);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (r.ops[i].write) writes[r.ops[i].key].push_back(i);
  }
  const auto reaches = [&](const std::vector<std::uint64_t>& reach, std::uint32_t a, std::uint32_t b) {
    return reach[a * words + b / 64] >> (b % 64) & 1;
  };
  for (;;) {
    // What is after each operation, from the last to the first of some order.
    std::vector<std::uint32_t> waits(n, 0), order;
    for (const auto& out : next) {
      for (std::uint32_t to : out) ++waits[to];
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      if (waits[i] == 0) order.push_back(i);
    }
    for (std::size_t at = 0; at < order.size(); ++at) {
      for (std::uint32_t to : next[order[at]]) {
        if (--waits[to] == 0) order.push_back(to);
      }
    }
    if (order.size() < n) {
      std::uint64_t steps = UINT64_MAX;
      const unsigned all = bit(Dependency::wr) | bit(Dependency::ww) | bit(Dependency::rw);
      for (const Dependency through : {Dependency::ww, Dependency::rw, Dependency::wr}) {
        const auto cycles = graph.cycles({all, through}, steps);
        if (cycles.empty()) continue;
        Anomaly anomaly{"not sequential", "", {}};
        anomaly.message = circle(history, r, graph, cycles.front(), anomaly.ops);
        return anomaly;
      }
    }
    std::vector<std::uint64_t> after(n * words, 0);
    for (std::size_t at = order.size(); at-- > 0;) {
      const std::uint32_t i = order[at];
      for (std::uint32_t to : next[i]) {
        for (std::size_t w = 0; w < words; ++w) after[i * words + w] |= after[to * words + w];
        after[i * words + to / 64] |= std::uint64_t{1} << (to % 64);
      }
    }
    bool more = false;
    const auto follow = [&](std::uint32_t from, std::uint32_t to, Dependency kind, std::uint32_t why) {
      if (from == to || reaches(after, from, to)) return;
      graph.add(from, to, kind, why);
      next[from].push_back(to);
      more = true;
    };
    for (std::uint32_t i = 0; i < n; ++i) {
      const Op& read = r.ops[i];
      if (read.write) continue;
      for (std::uint32_t w : writes[read.key]) {
        if (w == read.source) continue;
        if (read.source == kNone) {
          follow(i, w, Dependency::rw, kNone);  // nil is the first of all versions
        } else if (reaches(after, w, i)) {
          follow(w, read.source, Dependency::ww, i);  // else it would have been read
        } else if (reaches(after, read.source, w)) {
          follow(i, w, Dependency::rw, kNone);
        }
      }
    }
    if (!more) return std::nullopt;
  }
}

}  // namespace syslab
