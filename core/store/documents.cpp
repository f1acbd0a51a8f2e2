#include "core/store/documents.hpp"

#include <algorithm>

#include "core/store/answer.hpp"
#include "core/store/query.hpp"

namespace syslab {
namespace {

// `change` gives the new value at the path from the old one (nil: none, or is to be none).
template <class Change>
Value changed_at(const Value& document, std::string_view path, const Change& change) {
  const std::size_t dot = path.find('.');
  const std::string head(path.substr(0, dot));
  const Value& inner = document[head];
  const Value next = dot == std::string_view::npos
                         ? change(inner)
                         : changed_at(inner.is_map() ? inner : Value::map({}), path.substr(dot + 1), change);
  if (!next.is_nil()) return document.with(head, next);
  Value::Map rest;
  for (const auto& entry : document.map()) {
    if (entry.first != head) rest.push_back(entry);
  }
  return Value::map(std::move(rest));
}

Expected<std::string> collection_of(const Value& body) {
  if (body["collection"].is_string()) return std::string(body["collection"].string());
  return malformed("'collection' is the name of one");
}

std::vector<std::string> with_tail(std::vector<std::string> fields) {
  fields.insert(fields.end(), QueryTail::fields().begin(), QueryTail::fields().end());
  return fields;
}

}  // namespace

const std::map<std::string, Documents::Verb, std::less<>>& Documents::verbs() {
  static const std::map<std::string, Verb, std::less<>> verbs = {
      {"insert", {&Documents::insert, true, {"collection", "document", "documents"}}},
      {"find", {&Documents::find, false, with_tail({"collection", "where"})}},
      {"update", {&Documents::update, true, {"collection", "where", "set", "add", "push", "remove"}}},
      {"delete", {&Documents::remove, true, {"collection", "where"}}},
      {"lookup", {&Documents::lookup, false, with_tail({"collection", "where", "from", "path", "into"})}},
      {"create_index", {&Documents::create_index, true, {"collection", "path", "unique"}}},
      {"drop_index", {&Documents::drop_index, true, {"collection", "path"}}},
      {"explain", {&Documents::explain, false, with_tail({"collection", "where"})}},
      {"describe", {&Documents::describe, false, {}}},
  };
  return verbs;
}

bool Documents::knows(std::string_view verb) const {
  return verbs().contains(verb);
}

bool Documents::changes(std::string_view verb) const {
  return verbs().find(verb)->second.changes;
}

void Documents::ask(Instant, std::string_view verb, const Value& body, Done done) {
  const Verb& v = verbs().find(verb)->second;
  const auto known = check_fields(verb, body, v.fields);
  done(known ? (this->*v.action)(body) : Answer(known.error()));
}

Documents::Found Documents::search(const std::string& name, const Collection& collection,
                                   const Condition& where) {
  Found found;
  const RowIndex* best = nullptr;
  RowIndex::Access access;
  const RowIndex ids("id", {"id"}, true);
  const RowIndex::Access by_id = ids.access(where);
  std::vector<RowId> rows;
  std::string step = "collection scan";
  if (by_id.matched > 0) {
    step = "index scan";
    for (const Value& prefix : by_id.prefixes) {
      if (const auto at = collection.ids.find(prefix.list()[0]); at != collection.ids.end())
        rows.push_back(at->second);
    }
  } else {
    for (const RowIndex& index : collection.indexes) {
      RowIndex::Access one = index.access(where);
      if (one.score() > access.score()) best = &index, access = std::move(one);
    }
    if (best != nullptr) {
      step = "index scan";
      rows = best->find(access);
    } else {
      for (const auto& [id, document] : collection.documents) rows.push_back(id);
    }
  }
  touched_ += rows.size();
  for (const RowId id : rows) {
    if (where.holds(collection.documents.find(id)->second)) found.rows.push_back(id);
  }
  Value::Map note = {{"step", step},
                     {"collection", name},
                     {"rows_read", count(rows.size())},
                     {"rows", count(found.rows.size())}};
  if (by_id.matched > 0) note.emplace_back("index", "id");
  if (best != nullptr) note.emplace_back("index", best->name());
  found.step = Value::map(std::move(note));
  return found;
}

Expected<bool> Documents::store(Collection& collection, RowId id, const Value& document) {
  if (document.size_bytes() > options_.document_bytes) {
    return refused("BSONObjectTooLarge",
                   "a document has at most " + count(options_.document_bytes).json() + " bytes");
  }
  for (const RowIndex& index : collection.indexes) {
    if (!index.unique()) continue;
    for (const Value& key : index.keys_of(document)) {
      for (const RowId other : index.find(key)) {
        if (other != id)
          return refused("DuplicateKey", "the unique index '" + index.name() + "' has " + key.json());
      }
    }
  }
  erase(collection, id);
  for (RowIndex& index : collection.indexes) {
    for (const Value& key : index.keys_of(document)) index.add(key, id);
  }
  collection.documents[id] = document;
  collection.ids[document["id"]] = id;
  collection.bytes += document.size_bytes();
  ++written_;
  ++touched_;
  return true;
}

void Documents::erase(Collection& collection, RowId id) {
  const auto at = collection.documents.find(id);
  if (at == collection.documents.end()) return;
  for (RowIndex& index : collection.indexes) {
    for (const Value& key : index.keys_of(at->second)) index.remove(key, id);
  }
  collection.bytes -= at->second.size_bytes();
  collection.ids.erase(at->second["id"]);
  collection.documents.erase(at);
}

Documents::Answer Documents::insert(const Value& body) {
  SYSLAB_TAKE(name, collection_of(body));
  if (body["document"].is_nil() == body["documents"].is_nil()) {
    return malformed("insert has a 'document' or 'documents'");
  }
  Value::List documents = {body["document"]};
  if (!body["documents"].is_nil()) {
    if (!body["documents"].is_list()) return malformed("'documents' is a list");
    documents = body["documents"].list();
  }
  for (const Value& document : documents) {
    if (!document.is_map()) return malformed("a document is a map");
  }
  Collection& collection = collections_[name];
  std::vector<RowId> made;
  Value last;
  for (Value document : documents) {
    const RowId id = collection.next++;
    if (document["id"].is_nil()) document = document.with("id", std::string("#").append(std::to_string(id)));
    const auto stored =
        collection.ids.contains(document["id"])
            ? Expected<bool>(refused("DuplicateKey", "there is a document " + document["id"].json()))
            : store(collection, id, document);
    if (!stored) {
      // All or nothing.
      for (const RowId other : made) erase(collection, other);
      return stored.error();
    }
    made.push_back(id);
    last = document["id"];
  }
  return Value::map({{"inserted", count(made.size())}, {"id", last}});
}

Expected<std::vector<Value>> Documents::select(const Value& body, Value::List* plan) {
  SYSLAB_TAKE(name, collection_of(body));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  SYSLAB_TAKE(tail, QueryTail::parse(body));
  std::vector<Value> documents;
  const Collection& collection = collections_[name];
  const Found found = search(name, collection, where);
  for (const RowId id : found.rows) documents.push_back(collection.documents.find(id)->second);
  if (plan != nullptr) plan->push_back(found.step);
  return tail.run(std::move(documents));
}

Documents::Answer Documents::find(const Value& body) {
  SYSLAB_TAKE(rows, select(body, nullptr));
  return Value::list(std::move(rows));
}

Documents::Answer Documents::explain(const Value& body) {
  Value::List plan;
  const std::uint64_t before = touched_;
  SYSLAB_TAKE(rows, select(body, &plan));
  return Value::map({{"rows", count(rows.size())},
                     {"rows_read", count(touched_ - before)},
                     {"plan", Value::list(std::move(plan))}});
}

Documents::Answer Documents::lookup(const Value& body) {
  for (const char* field : {"from", "path", "into"}) {
    if (!body[field].is_string()) {
      return malformed("lookup has 'from', a collection, 'path', where its id stands, and 'into'");
    }
  }
  Value find = body;
  for (const char* field : {"columns", "order", "limit", "offset", "group", "compute", "having"}) {
    if (!find[field].is_nil()) find = changed_at(find, field, [](const Value&) { return Value(); });
  }
  SYSLAB_TAKE(tail, QueryTail::parse(body));
  SYSLAB_TAKE(rows, select(find, nullptr));
  const Collection& other = collections_[std::string(body["from"].string())];
  for (Value& row : rows) {
    std::vector<Value> ids;
    all_at(row, body["path"].string(), ids);
    Value::List found;
    for (const Value& id : ids) {
      if (id.is_list()) continue;
      ++touched_;
      const auto at = other.ids.find(id);
      if (at != other.ids.end()) found.push_back(other.documents.find(at->second)->second);
    }
    row = changed_at(row, body["into"].string(), [&](const Value&) {
      return ids.size() == 1 ? (found.empty() ? Value() : found[0]) : Value::list(found);
    });
  }
  return Value::list(tail.run(std::move(rows)));
}

Documents::Answer Documents::update(const Value& body) {
  SYSLAB_TAKE(name, collection_of(body));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  struct Step {
    std::string how;
    std::string path;
    Value operand;
  };
  std::vector<Step> steps;
  for (const char* how : {"set", "add", "push"}) {
    if (body[how].is_nil()) continue;
    if (!body[how].is_map()) return malformed(std::string("'") + how + "' is a map of paths");
    for (const auto& [path, operand] : body[how].map()) {
      if (std::string_view(how) == "add" && !operand.is_number()) return malformed("'add' adds numbers");
      steps.push_back({how, path, operand});
    }
  }
  if (const Value& remove = body["remove"]; !remove.is_nil()) {
    if (!remove.is_list()) return malformed("'remove' is a list of paths");
    for (const Value& path : remove.list()) {
      if (!path.is_string()) return malformed("'remove' is a list of paths");
      steps.push_back({"remove", std::string(path.string()), {}});
    }
  }
  Collection& collection = collections_[name];
  const Found found = search(name, collection, where);
  for (const RowId id : found.rows) {
    Value document = collection.documents.find(id)->second;
    for (const Step& step : steps) {
      if (step.path == "id") return refused("ImmutableField", "the id of a document does not change");
      document = changed_at(document, step.path, [&](const Value& old) -> Value {
        if (step.how == "remove") return {};
        if (step.how == "set") return step.operand;
        if (step.how == "add") return step.operand.number() + (old.is_number() ? old.number() : 0);
        Value::List list = old.is_list() ? old.list() : Value::List{};
        list.push_back(step.operand);
        return Value::list(std::move(list));
      });
    }
    // Each document by itself: one that cannot be stored ends the update, those before it stay changed.
    SYSLAB_CHECK(store(collection, id, document));
  }
  return Value::map({{"updated", count(found.rows.size())}});
}

Documents::Answer Documents::remove(const Value& body) {
  SYSLAB_TAKE(name, collection_of(body));
  SYSLAB_TAKE(where, Condition::parse(body["where"]));
  Collection& collection = collections_[name];
  const Found found = search(name, collection, where);
  for (const RowId id : found.rows) erase(collection, id);
  written_ += found.rows.size();
  return Value::map({{"deleted", count(found.rows.size())}});
}

Documents::Answer Documents::create_index(const Value& body) {
  SYSLAB_TAKE(name, collection_of(body));
  if (!body["path"].is_string()) return malformed("an index has a 'path'");
  const std::string path(body["path"].string());
  Collection& collection = collections_[name];
  for (const RowIndex& index : collection.indexes) {
    if (index.name() == path) return refused("IndexAlreadyExists", "there is an index on '" + path + "'");
  }
  RowIndex index(path, {path}, body["unique"].truthy());
  for (const auto& [id, document] : collection.documents) {
    for (const Value& key : index.keys_of(document)) {
      if (index.unique() && !index.find(key).empty()) {
        return refused("DuplicateKey", "two documents have " + key.json() + " at '" + path + "'");
      }
      index.add(key, id);
    }
  }
  touched_ += collection.documents.size();
  collection.indexes.push_back(std::move(index));
  return Value(true);
}

Documents::Answer Documents::drop_index(const Value& body) {
  SYSLAB_TAKE(name, collection_of(body));
  auto& indexes = collections_[name].indexes;
  const auto gone = std::remove_if(indexes.begin(), indexes.end(), [&](const RowIndex& index) {
    return Value(index.name()) == body["path"];
  });
  if (gone == indexes.end()) return refused("IndexNotFound", "there is no index on " + body["path"].json());
  indexes.erase(gone, indexes.end());
  return Value(true);
}

Documents::Answer Documents::describe(const Value&) {
  Value::Map all;
  for (const auto& [name, collection] : collections_) {
    Value::List indexes = {Value("id")};
    for (const RowIndex& index : collection.indexes) indexes.emplace_back(index.name());
    all.emplace_back(name, Value::map({{"documents", count(collection.documents.size())},
                                       {"bytes", count(collection.bytes)},
                                       {"indexes", Value::list(std::move(indexes))}}));
  }
  return Value::map(std::move(all));
}

Value Documents::show() const {
  std::size_t documents = 0;
  for (const auto& [name, collection] : collections_) documents += collection.documents.size();
  return Value::map({{"collections", count(collections_.size())},
                     {"documents", count(documents)},
                     {"rows_touched", count(touched_)},
                     {"written", count(written_)}});
}

}  // namespace syslab
