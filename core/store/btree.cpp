#include "core/store/btree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/store/clock_pool.hpp"
#include "core/store/coding.hpp"
#include "core/store/snapshots.hpp"

namespace syslab {
namespace {

using PageId = std::uint64_t;
using Epoch = std::uint64_t;

constexpr std::size_t kPageHead = 16;  // of which 13 are used

// A page in memory. Of an inner page keys[i] is the least key below children[i]; keys[0] counts as less than
// all.
struct Node {
  bool is_leaf = true;
  bool is_dirty = false;
  Epoch epoch = 0;  // in which it got its place
  std::size_t bytes = kPageHead + kSealBytes;
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<PageId> children;

  std::size_t item_bytes(std::size_t i) const {
    return 4 + keys[i].size() + (is_leaf ? 4 + values[i].size() : 8);
  }
  void recount() {
    bytes = kPageHead + kSealBytes;
    for (std::size_t i = 0; i < keys.size(); ++i) bytes += item_bytes(i);
  }
  // The child to go to for a key.
  std::size_t child_of(std::string_view key) const {
    const auto after = std::upper_bound(keys.begin() + 1, keys.end(), key,
                                        [](std::string_view a, const std::string& b) { return a < b; });
    return static_cast<std::size_t>(after - keys.begin()) - 1;
  }
  std::size_t lower_bound(std::string_view key) const {
    return static_cast<std::size_t>(std::lower_bound(keys.begin(), keys.end(), key) - keys.begin());
  }
};

std::string encode(const Node& node, std::size_t page_bytes) {
  std::string to;
  to.reserve(page_bytes);
  put_fixed(to, static_cast<std::uint8_t>(node.is_leaf));
  put_fixed(to, node.epoch);
  put_fixed(to, static_cast<std::uint32_t>(node.keys.size()));
  to.resize(kPageHead);
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    put_text(to, node.keys[i]);
    if (node.is_leaf) {
      put_text(to, node.values[i]);
    } else {
      put_fixed(to, node.children[i]);
    }
  }
  SYSLAB_ASSERT(to.size() + kSealBytes == node.bytes && node.bytes <= page_bytes);
  to.resize(page_bytes - kSealBytes);
  return to;
}

Node decode(std::string_view bytes) {
  Decoder head(bytes);
  Node node;
  node.is_leaf = head.fixed<std::uint8_t>() != 0;
  node.epoch = head.fixed<Epoch>();
  const auto count = head.fixed<std::uint32_t>();
  Decoder d(bytes.substr(kPageHead));
  node.keys.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    node.keys.emplace_back(d.text());
    if (node.is_leaf) {
      node.values.emplace_back(d.text());
    } else {
      node.children.push_back(d.fixed<PageId>());
    }
  }
  node.recount();
  return node;
}

// The shortest text that is more than `left` and not more than `right`. Requires: left < right.
std::string separator(std::string_view left, std::string_view right) {
  std::size_t same = 0;
  while (same < left.size() && left[same] == right[same]) ++same;
  return std::string(right.substr(0, same + 1));
}

std::uint64_t seal_of(const std::string& block) {
  return fixed_at<std::uint64_t>(block.data() + block.size() - kSealBytes);
}

// On the medium: pages, each a file of its own, and the meta log, whose last record is the last checkpoint.
class BtreeEngine final : public StorageEngine {
 public:
  BtreeEngine(Medium& medium, const BtreeOptions& options)
      : medium_(medium),
        options_(options),
        meta_(medium, FileKind::meta, Purpose::meta, {.segment_bytes = 4096}),
        pool_(options.pool_pages) {}

  std::string_view name() const override { return "btree"; }
  std::string describe() const override {
    return fmt::format("btree{{page_bytes = {}, pool_pages = {}}}", options_.page_bytes, options_.pool_pages);
  }

  std::optional<Error> recover(Lsn promised) override;
  std::optional<Error> prepare(std::span<const Change> changes) override;
  std::optional<Error> apply(Lsn lsn, std::span<const Change> changes) override {
    for (const Change& change : changes) {
      if (std::optional<Error> error = apply(change)) return error;
      since_checkpoint_ += change.key.size() + (change.value ? change.value->size() : 0);
    }
    applied_ = lsn;
    if (options_.checkpoint_bytes > 0 && since_checkpoint_ >= options_.checkpoint_bytes) wanted_ = true;
    return std::nullopt;
  }
  Expected<std::optional<std::string>> get(std::string_view key, Snapshot at) override;
  std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at,
                            const Visit& visit) override {
    std::optional<Error> error;
    scan_page(root_at(at), from, to, visit, error);
    return error;
  }

  Snapshot snapshot() override {
    roots_[epoch_] = root_;
    seen_.take(epoch_);
    return epoch_++;
  }
  void release(Snapshot snapshot) override {
    roots_.erase(snapshot);
    seen_.release(snapshot);
    reclaim();
  }

  bool work() override;
  void flush() override { wanted_ = true; }
  Lsn durable() const override { return last_.lsn; }
  Lsn promised() const override { return meta_.synced(); }
  const std::optional<Error>& failure() const override { return failure_; }

  std::uint64_t live_bytes() override { return now_.live_bytes; }
  EngineStats stats() const override;
  void check_invariants() override;

 private:
  using Pool = ClockPool<Node>;
  using Frame = Pool::Frame;
  struct Step {
    Frame* frame;
    std::size_t child;  // where the path goes on
  };
  // The tree at the end of an epoch.
  struct State {
    Epoch epoch = 0;
    PageId root = 0;
    std::uint64_t height = 1;
    PageId next_page = 0;
    std::uint64_t live_bytes = 0;
    Lsn lsn = 0;
  };
  struct Job {
    enum class Phase : std::uint8_t { pages, meta, done } phase = Phase::pages;
    State state;
    std::vector<PageId> pages;  // that were changed before it began, the next one last
  };
  struct Retired {
    PageId page;
    Epoch written;
    Epoch replaced;
  };

  FileId file(PageId page) const { return {FileKind::page, page}; }
  PageId root_at(Snapshot at) const { return at == kLatest ? root_ : roots_.at(at); }

  // The page in memory, read if it is not there. Errors: io_error.
  Expected<Frame*> fetch(PageId page, Purpose why);
  Expected<Node> read_page(PageId page, Purpose why);
  void write_page(Frame& frame, Purpose why);
  Frame& insert(PageId page, Node node) {
    return pool_.insert(page, std::move(node), [this](Frame& frame) {
      if (frame.content.is_dirty) write_page(frame, Purpose::eviction);
    });
  }

  PageId allocate() {
    if (free_.empty()) return next_page_++;
    const PageId page = free_.back();
    free_.pop_back();
    return page;
  }
  // The page is no longer part of the tree.
  void retire(PageId page, Epoch written) {
    if (seen_.sees(written, epoch_)) {
      retired_.push_back({page, written, epoch_});
    } else {
      free_page(page);
    }
  }
  void free_page(PageId page) {
    pool_.erase(page);
    free_.push_back(page);
  }
  void reclaim() {
    std::erase_if(retired_, [this](const Retired& r) {
      if (seen_.sees(r.written, r.replaced)) return false;
      free_page(r.page);
      return true;
    });
  }

  // Pages from the root to the leaf of a key, pinned. Errors: io_error, and nothing is pinned.
  std::optional<Error> descend(std::string_view key, std::vector<Step>& path, Purpose why);
  static void unpin(const std::vector<Step>& path) {
    for (const Step& step : path) --step.frame->pins;
  }
  std::optional<Error> apply(const Change& change);
  // Takes the pages that leave the tree off the path.
  void set(std::vector<Step>& path, const Change& change);
  // Gives all pages of the path a place that may be written.
  void make_mutable(const std::vector<Step>& path);
  void make_mutable(Frame& frame);
  void split_overfull(const std::vector<Step>& path);
  void merge_underfull(std::vector<Step>& path);
  void drop(Frame& frame);

  bool scan_page(PageId page, std::string_view from, std::string_view to, const Visit& visit,
                 std::optional<Error>& error);
  void begin_checkpoint();
  void check_page(PageId page, std::uint64_t level, std::string_view low, const std::string* high,
                  Epoch newest, std::vector<bool>& used, std::uint64_t& live);

  Medium& medium_;
  const BtreeOptions options_;
  Wal meta_;
  Pool pool_;
  PageId root_ = 0;
  Epoch epoch_ = 1;
  PageId next_page_ = 0;
  std::vector<PageId> free_;
  std::vector<Retired> retired_;
  // Pages written since the last checkpoint, and their seals: until they are synced a medium may lose them,
  // and show the page that was there before.
  struct Written {
    Medium::Ticket ticket;
    std::uint64_t seal;
  };
  std::unordered_map<PageId, Written> written_;
  Snapshots seen_;                 // epochs of snapshots and checkpoints
  std::map<Epoch, PageId> roots_;  // of snapshots
  State now_;                      // height and live_bytes only
  State last_;                     // the checkpoint that counts
  Lsn applied_ = 0;
  std::optional<Job> job_;
  bool wanted_ = false;
  std::uint64_t since_checkpoint_ = 0;
  EngineStats counts_;
  std::optional<Error> failure_;  // never: a page that cannot be read is the error of who needs it
};

// ---- Pages

Expected<Node> BtreeEngine::read_page(PageId page, Purpose why) {
  const Expected<Block> block = medium_.read(file(page), 0, why);
  if (!block.ok()) return block.error();
  const Expected<std::string_view> bytes = unseal(*block, file(page), 0);
  if (!bytes.ok()) return bytes.error();
  const auto written = written_.find(page);
  if (written != written_.end() && written->second.ticket > medium_.durable() &&
      written->second.seal != seal_of(**block)) {
    return make_error("io_error", fmt::format("page {} is not the one that was written last", page));
  }
  return decode(*bytes);
}

Expected<BtreeEngine::Frame*> BtreeEngine::fetch(PageId page, Purpose why) {
  if (Frame* frame = pool_.find(page)) {
    ++counts_.cache_hits;
    return frame;
  }
  ++counts_.cache_misses;
  Expected<Node> node = read_page(page, why);
  if (!node.ok()) return node.error();
  return &insert(page, std::move(*node));
}

void BtreeEngine::write_page(Frame& frame, Purpose why) {
  std::string page = encode(frame.content, options_.page_bytes);
  seal(page, file(frame.key), 0);
  const std::uint64_t seal = seal_of(page);
  medium_.write(file(frame.key), std::move(page), why);
  written_[frame.key] = {medium_.issued(), seal};
  frame.content.is_dirty = false;
}

std::optional<Error> BtreeEngine::descend(std::string_view key, std::vector<Step>& path, Purpose why) {
  path.clear();
  for (PageId page = root_;;) {
    const Expected<Frame*> frame = fetch(page, why);
    if (!frame.ok()) {
      unpin(path);
      return frame.error();
    }
    ++(*frame)->pins;
    const Node& node = (*frame)->content;
    path.push_back({*frame, node.is_leaf ? 0 : node.child_of(key)});
    if (node.is_leaf) return std::nullopt;
    page = node.children[path.back().child];
  }
}

// ---- Reading

Expected<std::optional<std::string>> BtreeEngine::get(std::string_view key, Snapshot at) {
  for (PageId page = root_at(at);;) {
    const Expected<Frame*> frame = fetch(page, Purpose::get);
    if (!frame.ok()) return frame.error();
    const Node& node = (*frame)->content;
    if (node.is_leaf) {
      const std::size_t i = node.lower_bound(key);
      if (i == node.keys.size() || node.keys[i] != key) return std::optional<std::string>();
      return std::optional<std::string>(node.values[i]);
    }
    page = node.children[node.child_of(key)];
  }
}

// False where the scan is over.
bool BtreeEngine::scan_page(PageId page, std::string_view from, std::string_view to, const Visit& visit,
                            std::optional<Error>& error) {
  const Expected<Frame*> fetched = fetch(page, Purpose::scan);
  if (!fetched.ok()) {
    error = fetched.error();
    return false;
  }
  Frame& frame = **fetched;
  const Node& node = frame.content;
  ++frame.pins;
  bool goes_on = true;
  const std::size_t first = node.is_leaf ? node.lower_bound(from) : node.child_of(from);
  for (std::size_t i = first; i < node.keys.size() && goes_on; ++i) {
    if (!to.empty() && node.keys[i] >= to && (node.is_leaf || i > first)) {
      goes_on = false;
    } else if (node.is_leaf) {
      goes_on = visit(node.keys[i], node.values[i]);
    } else {
      goes_on = scan_page(node.children[i], from, to, visit, error);
    }
  }
  --frame.pins;
  return goes_on;
}

// ---- Changing

std::optional<Error> BtreeEngine::prepare(std::span<const Change> changes) {
  std::vector<Step> path;
  for (const Change& change : changes) {
    // So that a page that is too full has eight items, and can be split.
    const std::size_t most = (options_.page_bytes - kPageHead - kSealBytes) / 8;
    if (8 + change.key.size() + (change.value ? change.value->size() : 0) > most) {
      return make_error("out_of_memory", fmt::format("a key and its value may take {} bytes in pages of {}",
                                                     most - 8, options_.page_bytes));
    }
    if (std::optional<Error> error = descend(change.key, path, Purpose::write)) return error;
    unpin(path);
  }
  return std::nullopt;
}

std::optional<Error> BtreeEngine::apply(const Change& change) {
  std::vector<Step> path;
  if (std::optional<Error> error = descend(change.key, path, Purpose::write)) return error;
  set(path, change);
  unpin(path);
  return std::nullopt;
}

void BtreeEngine::set(std::vector<Step>& path, const Change& change) {
  const Node& leaf = path.back().frame->content;
  const std::size_t i = leaf.lower_bound(change.key);
  const bool is_there = i < leaf.keys.size() && leaf.keys[i] == change.key;
  if (!is_there && !change.value) return;
  make_mutable(path);
  Node& node = path.back().frame->content;
  const auto at = static_cast<std::ptrdiff_t>(i);
  if (is_there) {
    now_.live_bytes -= node.keys[i].size() + node.values[i].size();
    node.bytes -= node.item_bytes(i);
  }
  if (!change.value) {
    node.keys.erase(node.keys.begin() + at);
    node.values.erase(node.values.begin() + at);
  } else {
    if (is_there) {
      node.values[i] = *change.value;
    } else {
      node.keys.emplace(node.keys.begin() + at, change.key);
      node.values.emplace(node.values.begin() + at, *change.value);
    }
    now_.live_bytes += change.key.size() + change.value->size();
    node.bytes += node.item_bytes(i);
  }
  if (node.bytes > options_.page_bytes) {
    split_overfull(path);
  } else {
    merge_underfull(path);
  }
}

void BtreeEngine::make_mutable(Frame& frame) {
  Node& node = frame.content;
  if (seen_.sees(node.epoch, epoch_)) {
    // What a checkpoint or a snapshot sees must be on the medium before it is changed here.
    if (node.is_dirty) write_page(frame, Purpose::checkpoint);
    const PageId old = frame.key;
    pool_.rename(frame, allocate());
    retire(old, node.epoch);
  }
  node.epoch = epoch_;
  node.is_dirty = true;
}

void BtreeEngine::make_mutable(const std::vector<Step>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    make_mutable(*path[i].frame);
    (i == 0 ? root_ : path[i - 1].frame->content.children[path[i - 1].child]) = path[i].frame->key;
  }
}

void BtreeEngine::split_overfull(const std::vector<Step>& path) {
  for (std::size_t depth = path.size(); depth-- > 0;) {
    Node& left = path[depth].frame->content;
    if (left.bytes <= options_.page_bytes) return;
    ++counts_.splits;
    // In the middle; but at the end of the tree what is left behind is full, for keys that come in their
    // order.
    std::size_t cut = left.keys.size() - 1;
    bool is_last = left.bytes - left.item_bytes(cut) <= options_.page_bytes;
    for (std::size_t i = 0; i < depth; ++i)
      is_last &= path[i].child + 1 == path[i].frame->content.children.size();
    if (!is_last) {
      std::size_t bytes = kPageHead + kSealBytes;
      for (cut = 0; bytes < left.bytes / 2; ++cut) bytes += left.item_bytes(cut);
      cut = std::clamp<std::size_t>(cut, 1, left.keys.size() - 1);
    }
    Node right;
    right.is_leaf = left.is_leaf;
    right.is_dirty = true;
    right.epoch = epoch_;
    const auto at = static_cast<std::ptrdiff_t>(cut);
    std::string between = left.is_leaf ? separator(left.keys[cut - 1], left.keys[cut]) : left.keys[cut];
    right.keys.assign(std::make_move_iterator(left.keys.begin() + at),
                      std::make_move_iterator(left.keys.end()));
    left.keys.resize(cut);
    if (left.is_leaf) {
      right.values.assign(std::make_move_iterator(left.values.begin() + at),
                          std::make_move_iterator(left.values.end()));
      left.values.resize(cut);
    } else {
      right.children.assign(left.children.begin() + at, left.children.end());
      left.children.resize(cut);
      right.keys.front().clear();
    }
    left.recount();
    right.recount();
    const PageId right_page = allocate();
    insert(right_page, std::move(right));
    if (depth == 0) {
      Node root;
      root.is_leaf = false;
      root.is_dirty = true;
      root.epoch = epoch_;
      root.keys = {"", std::move(between)};
      root.children = {root_, right_page};
      root.recount();
      root_ = allocate();
      insert(root_, std::move(root));
      ++now_.height;
      return;
    }
    Node& parent = path[depth - 1].frame->content;
    const auto place = static_cast<std::ptrdiff_t>(path[depth - 1].child) + 1;
    parent.keys.insert(parent.keys.begin() + place, std::move(between));
    parent.children.insert(parent.children.begin() + place, right_page);
    parent.bytes += parent.item_bytes(static_cast<std::size_t>(place));
  }
}

// The page leaves the tree; whoever has pinned it forgets it.
void BtreeEngine::drop(Frame& frame) {
  if (frame.content.is_dirty && seen_.sees(frame.content.epoch, epoch_))
    write_page(frame, Purpose::checkpoint);
  const PageId page = frame.key;
  const Epoch written = frame.content.epoch;
  pool_.erase(page);
  retire(page, written);
}

void BtreeEngine::merge_underfull(std::vector<Step>& path) {
  for (std::size_t depth = path.size(); --depth > 0;) {
    Frame& frame = *path[depth].frame;
    Frame& parent = *path[depth - 1].frame;
    if (frame.content.bytes >= options_.page_bytes / 4 || parent.content.children.size() < 2) break;
    const std::size_t at = path[depth - 1].child;
    const std::size_t right_at = at > 0 ? at : at + 1;
    const PageId neighbour_page = parent.content.children[at > 0 ? at - 1 : at + 1];
    const Expected<Frame*> neighbour = fetch(neighbour_page, Purpose::write);
    if (!neighbour.ok()) break;  // it can be merged another time
    Frame& left = at > 0 ? **neighbour : frame;
    Frame& right = at > 0 ? frame : **neighbour;
    const std::string& between = parent.content.keys[right_at];
    const std::size_t added =
        right.content.bytes - kPageHead - kSealBytes +
        (right.content.is_leaf ? 0 : between.size() - right.content.keys.front().size());
    if (left.content.bytes + added > options_.page_bytes) break;
    ++counts_.merges;
    make_mutable(left);
    parent.content.children[right_at - 1] = left.key;
    Node& to = left.content;
    // What a snapshot sees of the right page must stay: what is moved out is a copy.
    if (right.content.is_dirty && seen_.sees(right.content.epoch, epoch_))
      write_page(right, Purpose::checkpoint);
    Node& from = right.content;
    from.is_dirty = false;
    if (!from.is_leaf) from.keys.front() = between;
    std::move(from.keys.begin(), from.keys.end(), std::back_inserter(to.keys));
    std::move(from.values.begin(), from.values.end(), std::back_inserter(to.values));
    to.children.insert(to.children.end(), from.children.begin(), from.children.end());
    to.recount();
    const auto gone = static_cast<std::ptrdiff_t>(right_at);
    parent.content.bytes -= parent.content.item_bytes(right_at);
    parent.content.keys.erase(parent.content.keys.begin() + gone);
    parent.content.children.erase(parent.content.children.begin() + gone);
    const bool is_of_path = &right == &frame;
    drop(right);
    if (is_of_path) path.erase(path.begin() + static_cast<std::ptrdiff_t>(depth));
  }
  Frame& root = *path.front().frame;
  if (root.content.is_leaf || root.content.children.size() > 1) return;
  root_ = root.content.children.front();
  --now_.height;
  drop(root);
  path.erase(path.begin());
}

// ---- Checkpoints

bool BtreeEngine::work() {
  if (!job_) {
    if (!wanted_ || applied_ == last_.lsn) {
      wanted_ = false;
      return false;
    }
    begin_checkpoint();
  }
  switch (job_->phase) {
    case Job::Phase::pages:
      // A page that was evicted or changed again in the meantime was written then.
      while (!job_->pages.empty()) {
        Frame* frame = pool_.find(job_->pages.back());
        job_->pages.pop_back();
        if (frame == nullptr || !frame->content.is_dirty || frame->content.epoch > job_->state.epoch)
          continue;
        write_page(*frame, Purpose::checkpoint);
        return true;
      }
      medium_.sync();
      job_->phase = Job::Phase::meta;
      break;
    case Job::Phase::meta: {
      const State& s = job_->state;
      std::string record;
      for (const std::uint64_t n : {s.epoch, s.root, s.height, s.next_page, s.live_bytes, s.lsn})
        put_fixed(record, n);
      meta_.append(record);
      meta_.sync();
      job_->phase = Job::Phase::done;
      break;
    }
    case Job::Phase::done:
      meta_.release(meta_.appended() - 1);
      if (last_.epoch > 0) seen_.release(last_.epoch);
      last_ = job_->state;
      job_.reset();
      ++counts_.checkpoints;
      reclaim();
      std::erase_if(written_, [this](const auto& w) { return w.second.ticket <= medium_.durable(); });
      break;
  }
  return true;
}

void BtreeEngine::begin_checkpoint() {
  wanted_ = false;
  since_checkpoint_ = 0;
  job_.emplace();
  job_->state = {epoch_, root_, now_.height, next_page_, now_.live_bytes, applied_};
  for (const Frame* frame : pool_.frames()) {
    if (frame->content.is_dirty) job_->pages.push_back(frame->key);
  }
  std::sort(job_->pages.begin(), job_->pages.end(), std::greater<>());
  seen_.take(epoch_++);
}

std::optional<Error> BtreeEngine::recover(Lsn promised) {
  const auto replay = [&](Lsn, std::string_view payload) -> std::optional<Error> {
    Decoder d(payload);
    for (std::uint64_t* n :
         {&last_.epoch, &last_.root, &last_.height, &last_.next_page, &last_.live_bytes, &last_.lsn})
      *n = d.fixed<std::uint64_t>();
    return std::nullopt;
  };
  if (const auto meta = meta_.recover(Wal::kAll, replay, promised); !meta.ok()) return meta.error();
  now_ = last_;
  applied_ = last_.lsn;
  epoch_ = last_.epoch + 1;
  if (last_.epoch == 0) {
    Node root;
    root.is_dirty = true;
    root.epoch = epoch_;
    root_ = next_page_++;
    insert(root_, std::move(root));
    return std::nullopt;
  }
  seen_.take(last_.epoch);
  root_ = last_.root;
  next_page_ = last_.next_page;
  // Which places are free is not written down: the inner pages know what is not.
  std::vector<bool> used(next_page_);
  std::vector<PageId> level = {root_};
  for (std::uint64_t height = last_.height;; --height) {
    std::vector<PageId> below;
    for (const PageId page : level) {
      used.at(page) = true;
      if (height == 1) continue;
      const Expected<Node> node = read_page(page, Purpose::open);
      if (!node.ok()) return node.error();
      below.insert(below.end(), node->children.begin(), node->children.end());
    }
    if (height == 1) break;
    level = std::move(below);
  }
  for (PageId page = next_page_; page-- > 0;) {
    if (!used[page]) free_.push_back(page);
  }
  return std::nullopt;
}

// ---- What there is to see

EngineStats BtreeEngine::stats() const {
  EngineStats stats = counts_;
  stats.height = now_.height;
  stats.pages = next_page_;
  stats.free_pages = free_.size();
  stats.size_bytes = next_page_ * options_.page_bytes + meta_.size_bytes();
  stats.memory_bytes = pool_.size() * options_.page_bytes;
  if (job_) stats.debt_bytes = job_->pages.size() * options_.page_bytes;
  return stats;
}

void BtreeEngine::check_page(PageId page, std::uint64_t level, std::string_view low, const std::string* high,
                             Epoch newest, std::vector<bool>& used, std::uint64_t& live) {
  SYSLAB_ASSERT(page < next_page_ && !used[page]);
  used[page] = true;
  Node node;
  if (const Frame* frame = pool_.find(page)) {
    node = frame->content;
    SYSLAB_ASSERT(frame->pins == 0);
  } else {
    Expected<Node> read = read_page(page, Purpose::audit);
    if (!read.ok()) return;  // damaged: whoever needs it is told
    node = std::move(*read);
  }
  SYSLAB_ASSERT(node.is_leaf == (level == 1));
  // A page is never newer than the one that points to it.
  SYSLAB_ASSERT(node.epoch <= newest);
  const std::size_t bytes = node.bytes;
  node.recount();
  SYSLAB_ASSERT(bytes == node.bytes && bytes <= options_.page_bytes);
  for (std::size_t i = node.is_leaf ? 0 : 1; i < node.keys.size(); ++i) {
    SYSLAB_ASSERT(node.keys[i] >= low && (high == nullptr || node.keys[i] < *high));
    SYSLAB_ASSERT(i == 0 || node.keys[i] > node.keys[i - 1]);
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.is_leaf) {
      live += node.keys[i].size() + node.values[i].size();
    } else {
      check_page(node.children[i], level - 1, i == 0 ? low : node.keys[i],
                 i + 1 == node.keys.size() ? high : &node.keys[i + 1], node.epoch, used, live);
    }
  }
}

void BtreeEngine::check_invariants() {
  meta_.check_invariants();
  // Every place is part of the tree, free, or seen by a snapshot or a checkpoint only.
  std::vector<bool> used(next_page_);
  std::uint64_t live = 0;
  check_page(root_, now_.height, {}, nullptr, epoch_, used, live);
  for (const PageId page : free_) {
    SYSLAB_ASSERT(!used[page]);
    used[page] = true;
  }
  for (const Retired& r : retired_) {
    SYSLAB_ASSERT(!used[r.page] && seen_.sees(r.written, r.replaced));
    used[r.page] = true;
  }
}

}  // namespace

EngineFactory make_btree(const BtreeOptions& options) {
  return [options](Medium& medium) { return std::make_unique<BtreeEngine>(medium, options); };
}

}  // namespace syslab
