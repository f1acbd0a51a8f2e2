// Documents: collections of documents without a schema: nested maps and lists, found by an id, by a condition
// on any path, and by secondary indexes on paths (through lists, too).
//
// A pure state machine (an Engine). Each request is atomic, and there are no transactions over several: what
// belongs together is embedded in one document, or is referenced by id and may be found changed, or gone.
// Requests:
//
//   insert {collection, document or documents}
//       -> {inserted, id}; an id is given where there is none
//   find {collection, where, order, columns, limit, ...}
//       -> list (see query.hpp; group and compute, too)
//   update {collection, where, set, add, push, remove}
//       -> {updated}; all take paths, push appends to a list
//   delete {collection, where}
//       -> {deleted}
//   lookup {collection, where, from, path, into, ...}
//       -> documents with those of `from`, whose ids stand at `path`, put in at `into`: a join by hand
//   create_index {collection, path, unique}, drop_index {collection, path}
//       -> true
//   explain {like find}
//       -> {rows, rows_read, plan}
//   describe {}
//       -> {COLLECTION = {documents, bytes, indexes}}
//
// A collection is made by the first insert. Error codes (as MongoDB names them): DuplicateKey,
// BSONObjectTooLarge (16 MiB), ImmutableField (the id). All are definite.
//
// Cost: O(log n) by id or index, O(n) else; an update writes the document anew. Source: MongoDB manual (data
// modelling, multikey indexes, limits).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/store/condition.hpp"
#include "core/store/engine.hpp"
#include "core/store/row_index.hpp"

namespace syslab {

struct DocumentsOptions {
  std::size_t document_bytes = std::size_t{16} << 20;
};

class Documents final : public Engine {
 public:
  explicit Documents(DocumentsOptions options = {}) : options_(options) {}

  std::string_view kind() const override { return "documents"; }
  std::shared_ptr<Engine> fresh() const override { return std::make_shared<Documents>(options_); }
  bool knows(std::string_view verb) const override;
  bool changes(std::string_view verb) const override;
  void ask(Instant now, std::string_view verb, const Value& body, Done done) override;
  void advance(Instant) override {}
  std::optional<Instant> next_event() const override { return {}; }
  std::uint64_t rows_touched() const override { return touched_; }
  Value show() const override;

 private:
  using Answer = Expected<Value>;
  struct Verb {
    Answer (Documents::*action)(const Value& body);
    bool changes;
    std::vector<std::string> fields;
  };
  static const std::map<std::string, Verb, std::less<>>& verbs();

  struct Collection {
    std::map<RowId, Value> documents;
    std::map<Value, RowId> ids;
    std::vector<RowIndex> indexes;
    RowId next = 1;
    std::size_t bytes = 0;
  };
  struct Found {
    std::vector<RowId> rows;
    Value step;  // for explain
  };
  Found search(const std::string& name, const Collection& collection, const Condition& where);
  Expected<bool> store(Collection& collection, RowId id, const Value& document);
  void erase(Collection& collection, RowId id);
  Expected<std::vector<Value>> select(const Value& body, Value::List* plan);

  Answer insert(const Value& body);
  Answer find(const Value& body);
  Answer update(const Value& body);
  Answer remove(const Value& body);
  Answer lookup(const Value& body);
  Answer create_index(const Value& body);
  Answer drop_index(const Value& body);
  Answer explain(const Value& body);
  Answer describe(const Value& body);

  DocumentsOptions options_;
  std::map<std::string, Collection> collections_;
  std::uint64_t touched_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace syslab
