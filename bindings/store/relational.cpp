#include "core/store/relational.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bindings/store/engine.hpp"

namespace syslab {

// The engine, and what was answered after its caller had been told to wait.
struct RelationalBox {
  std::shared_ptr<Relational> engine;
  std::vector<Value> late = {};
};

std::shared_ptr<const Engine> relational_engine(const RelationalBox& box) {
  return box.engine;
}

namespace {

struct Transaction {
  std::shared_ptr<RelationalBox> box;
  double id;
  bool waits = false;
  std::optional<Expected<Value>> late = {};
};

Error waiting(const std::string& verb) {
  return Error{"waiting", verb + " waits for a lock: it is carried out when the others have ended", false};
}

// Asks the engine. Where it does not answer at once, `late` gets what it says in the end.
Expected<Value> ask_box(Relational& engine, Instant now, const std::string& verb, const Value& body,
                        std::function<void(Expected<Value>)> late) {
  struct State {
    std::optional<Expected<Value>> answer;
    bool waits = false;
    std::function<void(Expected<Value>)> late;
  };
  const auto state = std::make_shared<State>();
  state->late = std::move(late);
  engine.ask(now, verb, body, [state](Expected<Value> answer) {
    if (state->waits) return state->late(std::move(answer));
    state->answer.emplace(std::move(answer));
  });
  if (state->answer) return *state->answer;
  state->waits = true;
  return waiting(verb);
}

// One statement: a transaction of its own.
int ask(lua_State* L, RelationalBox& box, Arguments& a) {
  const std::string verb = engine_method(L).name;
  const auto self = shared_at<RelationalBox>(L, 1);
  return push_answer(L, ask_box(*box.engine, engine_now(L, a), verb, engine_body(L, a),
                                [weak = std::weak_ptr(self), verb](const Expected<Value>& answer) {
                                  const auto to = weak.lock();
                                  if (to == nullptr) return;
                                  Value::Map said = {{"verb", verb}};
                                  if (answer) {
                                    said.emplace_back("value", *answer);
                                  } else {
                                    said.emplace_back("code", answer.error().code);
                                    said.emplace_back("message", answer.error().message);
                                  }
                                  to->late.push_back(Value::map(std::move(said)));
                                }));
}

int answers(lua_State* L, RelationalBox& box, Arguments& a) {
  box.engine->advance(engine_now(L, a));
  push_value(L, Value::list(std::exchange(box.late, {})));
  return 1;
}

int begin(lua_State* L, RelationalBox& box, Arguments& a) {
  const auto begun = ask_box(*box.engine, engine_now(L, a), "begin", engine_body(L, a), {});
  if (!begun) return push_answer(L, begun);
  return push(
      L, std::make_shared<Transaction>(Transaction{shared_at<RelationalBox>(L, 1), (*begun)["tx"].number()}));
}

int ask_tx(lua_State* L, Transaction& tx, Arguments& a) {
  const auto self = shared_at<Transaction>(L, 1);
  const std::string verb = engine_method(L).name;
  const auto answer = ask_box(*tx.box->engine, engine_now(L, a), verb, engine_body(L, a).with("tx", tx.id),
                              [weak = std::weak_ptr(self)](Expected<Value> late) {
                                if (const auto to = weak.lock()) {
                                  to->late.emplace(std::move(late));
                                  to->waits = false;
                                }
                              });
  if (!answer && answer.error().code == "waiting") {
    tx.waits = true;
    tx.late.reset();
  }
  return push_answer(L, answer);
}

int result(lua_State* L, Transaction& tx, Arguments& a) {
  tx.box->engine->advance(engine_now(L, a));
  if (tx.waits) return push_failure(L, waiting("the statement"));
  if (!tx.late) return push_failure(L, make_error("not_found", "no statement of it had to wait"));
  return push_answer(L, *tx.late);
}

int id(lua_State* L, Transaction& tx) {
  lua_pushnumber(L, tx.id);
  return 1;
}

Param table_name() {
  return string("table", "its name");
}
Param where() {
  return any("where", "a condition: { city = 'Rome', age = { at_least = 18 } }; a list: one of them")
      .optional("all");
}
Param isolation() {
  return choice("isolation", tx_isolations(), "of the transaction").optional("the engine's");
}

std::vector<Param> with(std::vector<Param> params, bool own) {
  if (own) params.push_back(isolation());
  return params;
}

std::vector<Param> select_params(bool own) {
  return with(
      {table_name(), where(),
       list("join",
            "{ { table, on = { ['orders.user'] = 'id' }, as, kind = 'left', using = 'hash' } }; rows "
            "are then { orders = {...}, users = {...} }")
           .optional("none"),
       any("columns", "names, or { new = name }").optional("all"),
       any("order", "names, '-name' for the largest first").optional("as it comes"),
       count("limit", "rows at most").optional("all"), count("offset", "rows to skip").optional("0"),
       any("group", "names").optional("none"),
       table("compute", "of each group: { n = 'count', total = { 'sum', 'amount' } }").optional("nothing"),
       any("having", "a condition on groups").optional("all"),
       string("as", "another name of the table").optional("its own"),
       boolean("for_update", "lock the rows").optional("false")},
      own);
}

template <auto Ask>
std::vector<Method> statements(bool own) {
  return {
      verb<Ask>("delete", with({table_name(), where()}, own), "{ deleted } | nil, err", "Takes rows away."),
      verb<Ask>("explain", select_params(own), "{ rows, rows_read, plan } | nil, err",
                "How a select goes about it."),
      verb<Ask>("insert",
                with({table_name(), list("rows", "of columns").optional("none"),
                      table("row", "or one").optional("none")},
                     own),
                "{ inserted } | nil, err", "Adds rows."),
      verb<Ask>("select", select_params(own), "list of rows | nil, err", "The rows that a condition means."),
      verb<Ask>("update",
                with({table_name(), where(), table("set", "columns and values").optional("nothing"),
                      table("add", "columns and numbers").optional("nothing"),
                      table("append", "columns with lists, and what is appended").optional("nothing")},
                     own),
                "{ updated } | nil, err", "Changes rows."),
  };
}

std::vector<Method> sorted(std::vector<Method> methods) {
  std::sort(methods.begin(), methods.end(), [](const Method& a, const Method& b) { return a.name < b.name; });
  return methods;
}

std::vector<Method> engine_methods() {
  constexpr auto kAsk = &ask;
  std::vector<Method> methods = statements<kAsk>(true);
  for (Method& m : std::vector<Method>{
           verb<kAsk>(
               "alter_table",
               {table_name(), table("add", "a column: { name, type, default, ... }").optional("nothing"),
                string("drop", "or the name of a column").optional("nothing"),
                boolean("rewrite", "whether it takes rewrite_time a row").optional("where rows change")},
               "true | nil, err", "Changes the schema, when it has the table for itself."),
           verb<&answers>("answers", {}, "list of { verb, value or code, message }",
                          "What was answered late, to statements without a transaction that had to wait."),
           verb<&begin>("begin", {isolation()}, "Transaction", "Begins a transaction."),
           verb<kAsk>("create_index",
                      {table_name(), any("columns", "names, in order"),
                       boolean("unique", "no two rows have the same").optional("false"),
                       string("name", "its name").optional("of table and columns"),
                       boolean("rewrite", "whether it takes rewrite_time a row").optional("true")},
                      "{ name } | nil, err", "A secondary index."),
           verb<kAsk>("create_table",
                      {string("name", "its name"),
                       table("columns",
                             "{ NAME = type, or { type, not_null, unique, default, references } }; types: "
                             "any, boolean, integer, number, text"),
                       any("primary_key", "names").optional("none")},
                      "true | nil, err", "A table."),
           verb<kAsk>("describe", {}, "{ TABLE = { columns, indexes, rows, versions } }", "What there is."),
           verb<kAsk>("drop_index", {table_name(), string("name", "of the index")}, "true | nil, err",
                      "Takes an index away."),
           verb<kAsk>("drop_table", {table_name()}, "true | nil, err", "Takes a table away."),
           verb<kAsk>("locks", {}, "{ held, waiting }", "Who holds what, and who waits for whom."),
       }) {
    methods.push_back(std::move(m));
  }
  return sorted(std::move(methods));
}

std::vector<Method> transaction_methods() {
  constexpr auto kAsk = &ask_tx;
  std::vector<Method> methods = statements<kAsk>(false);
  methods.push_back(verb<kAsk>("commit", {}, "{ commit } | nil, err", "Makes it so."));
  methods.push_back(method<&id>("id", "() -> number", "Its number, as locks() has it."));
  methods.push_back(verb<&result>("result", {}, "what the statement returns | nil, err",
                                  "The answer to a statement that had to wait, once it was carried out."));
  methods.push_back(verb<kAsk>("rollback", {}, "true | nil, err", "Undoes it."));
  return sorted(std::move(methods));
}

const Type relational_type{describe_type<RelationalBox>(
    "Relational",
    "Tables with a schema, and transactions. A statement that has to wait for a lock returns nil and an "
    "error with "
    "the code 'waiting', and is carried out later. In a world, lab.store.database serves it.",
    engine_methods(), [](lua_State* L, int index) {
      const Value shown = object_at<RelationalBox>(L, index)->engine->show();
      return fmt::format("{} tables, {} rows", shown["tables"].number(), shown["rows"].number());
    })};

const Type transaction_type{describe_type<Transaction>(
    "Transaction", "Statements that happen together, or not at all.", transaction_methods(),
    [](lua_State* L, int index) { return fmt::format("{}", object_at<Transaction>(L, index)->id); })};

const Component relational{{
    .name = "store.relational",
    .summary =
        "A relational engine: schema, keys, indexes, joins, and transactions at four isolation levels "
        "(multiversion, row locks, serializable snapshot isolation); changes of schema lock their table.",
    .params = {choice("isolation", tx_isolations(), "where a transaction does not say")
                   .optional("'read_committed'"),
               duration("rewrite_time", "a row, of a change of schema").optional("0"),
               duration("lock_timeout", "a longer wait for a lock fails").optional("none does"),
               duration("idle_timeout", "a transaction without a statement for so long is ended")
                   .optional("never")},
    .returns = "Relational",
    .cost = "O(log n) a row by an index, O(n) a scan",
    .paper =
        "Berenson et al. 1995; Cahill, Roehm & Fekete 2008, Serializable isolation for snapshot databases",
    .example = R"(
local db = lab.store.relational()
db:create_table{ name = "doctors", columns = { id = "integer", on_call = "boolean" }, primary_key = "id" }
db:insert{ table = "doctors", rows = { { id = 1, on_call = true }, { id = 2, on_call = true } } }
local function both_go_home(isolation)
  local a, b = db:begin(isolation), db:begin(isolation)
  for i, tx in ipairs{ a, b } do
    if #tx:select{ table = "doctors", where = { on_call = true } } == 2 then
      tx:update{ table = "doctors", where = { id = i }, set = { on_call = false } }
    end
  end
  local one, two = a:commit(), b:commit()
  local left = #db:select{ table = "doctors", where = { on_call = true } }
  db:update{ table = "doctors", set = { on_call = true } }
  return left
end
return both_go_home("repeatable_read") == 0 and both_go_home("serializable") == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          RelationalOptions o;
          o.isolation = *tx_isolation(a.string("isolation", "read_committed"));
          o.rewrite_time = a.duration("rewrite_time", o.rewrite_time);
          o.lock_timeout = a.duration("lock_timeout", o.lock_timeout);
          o.idle_timeout = a.duration("idle_timeout", o.idle_timeout);
          return push(L, std::make_shared<RelationalBox>(RelationalBox{std::make_shared<Relational>(o)}));
        },
}};

}  // namespace
}  // namespace syslab
