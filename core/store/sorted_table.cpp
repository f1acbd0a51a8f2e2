#include "core/store/sorted_table.hpp"

#include <algorithm>
#include <cmath>

#include "core/hash/hash64.hpp"
#include "core/store/coding.hpp"

namespace syslab {
namespace {

constexpr std::size_t kEntryHead = 16;

std::uint64_t cache_key(std::uint64_t table, std::size_t block) {
  return table << 24 | block;
}

BloomOptions filter_options(double bits_per_key, std::size_t keys) {
  const double bits = std::max(64.0, std::ceil(bits_per_key * static_cast<double>(keys)));
  const double hashes = std::clamp(std::floor(bits_per_key * 0.693147180559945309 + 0.5), 1.0, 30.0);
  return {static_cast<std::uint64_t>(bits), static_cast<int>(hashes)};
}

}  // namespace

DataBlock::DataBlock(std::string_view bytes) : begin_(bytes.data()) {
  const char* end = begin_ + bytes.size();
  size_ = fixed_at<std::uint32_t>(end - 4);
  offsets_ = end - 4 - std::size_t{size_} * 4;
}

LsmEntry DataBlock::entry(std::uint32_t i) const {
  const char* at = begin_ + fixed_at<std::uint32_t>(offsets_ + std::size_t{i} * 4);
  const auto key_size = fixed_at<std::uint32_t>(at);
  const auto value_size = fixed_at<std::uint32_t>(at + 4);
  return {
      {at + kEntryHead, key_size}, fixed_at<std::uint64_t>(at + 8), {at + kEntryHead + key_size, value_size}};
}

std::uint32_t DataBlock::seek(std::string_view key, std::uint64_t tag) const {
  std::uint32_t low = 0;
  for (std::uint32_t high = size_; low < high;) {
    const std::uint32_t middle = low + (high - low) / 2;
    const LsmEntry e = entry(middle);
    if (compare_entries(e.key, e.tag, key, tag) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Expected<std::shared_ptr<SortedTable>> SortedTable::open(Medium& medium, TableSummary summary) {
  const FileId file{FileKind::table, summary.number};
  const auto read = [&](std::size_t index) -> Expected<std::string> {
    const Expected<Block> block = medium.read(file, index, Purpose::open);
    if (!block.ok()) return block.error();
    const Expected<std::string_view> bytes = unseal(*block, file, index);
    if (!bytes.ok()) return bytes.error();
    return std::string(*bytes);
  };
  const Expected<std::string> index_bytes = read(summary.data_blocks);
  if (!index_bytes.ok()) return index_bytes.error();
  const Expected<std::string> filter_bytes = read(summary.data_blocks + 1);
  if (!filter_bytes.ok()) return filter_bytes.error();
  std::vector<IndexEntry> index;
  for (Decoder d(*index_bytes); !d.done();) {
    std::string key(d.text());
    index.push_back({std::move(key), d.fixed<std::uint64_t>()});
  }
  std::optional<Bloom> filter;
  if (!filter_bytes->empty()) {
    Decoder d(*filter_bytes);
    BloomOptions options;
    options.bits = d.fixed<std::uint64_t>();
    options.hashes = d.fixed<std::int32_t>();
    const auto keys = d.fixed<std::uint64_t>();
    std::vector<std::uint64_t> words;
    while (!d.done()) words.push_back(d.fixed<std::uint64_t>());
    filter.emplace(options, std::move(words), keys);
  }
  return std::make_shared<SortedTable>(std::move(summary), std::move(index), std::move(filter));
}

std::size_t SortedTable::memory_bytes() const {
  std::size_t bytes = filter_ ? filter_->memory_bytes() : 0;
  for (const IndexEntry& entry : index_) bytes += entry.key.size() + sizeof entry.tag;
  return bytes;
}

std::size_t SortedTable::find_block(std::string_view key, std::uint64_t tag) const {
  const auto found = std::partition_point(index_.begin(), index_.end(), [&](const IndexEntry& last) {
    return compare_entries(last.key, last.tag, key, tag) < 0;
  });
  return static_cast<std::size_t>(found - index_.begin());
}

Expected<SortedTable::Loaded> SortedTable::load(Medium& medium, BlockCache* cache, std::size_t block,
                                                Purpose why) const {
  const std::uint64_t key = cache_key(summary_.number, block);
  if (cache != nullptr) {
    if (const BlockCache::Frame* frame = cache->find(key)) {
      const std::string& bytes = *frame->content;
      return Loaded{frame->content, DataBlock(std::string_view(bytes).substr(0, bytes.size() - kSealBytes))};
    }
  }
  Expected<Block> read = medium.read(file(), block, why);
  if (!read.ok()) return read.error();
  const Expected<std::string_view> bytes = unseal(*read, file(), block);
  if (!bytes.ok()) return bytes.error();
  if (cache != nullptr) cache->insert(key, *read, [](const BlockCache::Frame&) {});
  return Loaded{std::move(*read), DataBlock(*bytes)};
}

Expected<SortedTable::Get> SortedTable::get(Medium& medium, BlockCache* cache, std::string_view key,
                                            std::uint64_t hash, std::uint64_t tag) const {
  Get result;
  if (filter_ && !filter_->contains(hash)) {
    result.filtered = true;
    return result;
  }
  const std::size_t block = find_block(key, tag);
  if (block == summary_.data_blocks) return result;
  const Expected<Loaded> loaded = load(medium, cache, block, Purpose::get);
  if (!loaded.ok()) return loaded.error();
  const LsmEntry entry = loaded->entries.entry(loaded->entries.seek(key, tag));
  if (entry.key != key) return result;
  result.found = true;
  result.tag = entry.tag;
  result.value = entry.value;
  return result;
}

TableWriter::TableWriter(Medium& medium, std::uint64_t number, Purpose why, const TableFormat& format)
    : medium_(medium), why_(why), format_(format) {
  summary_.number = number;
  // What an earlier process did not finish.
  const FileId file{FileKind::table, number};
  const Expected<std::size_t> there = medium_.blocks(file);
  if (!there.ok() || *there > 0) medium_.remove(file);
}

void TableWriter::append(std::string block) {
  const FileId file{FileKind::table, summary_.number};
  seal(block, file, appended_++);
  summary_.bytes += block.size();
  medium_.append(file, std::move(block), why_);
}

bool TableWriter::add(const LsmEntry& entry) {
  if (summary_.entries == 0) summary_.first = entry.key;
  // The filter has every key once; its versions follow each other.
  if (format_.bits_per_key > 0 && (summary_.entries == 0 || summary_.last != entry.key)) {
    hashes_.push_back(hash64(entry.key));
  }
  summary_.last = entry.key;
  last_tag_ = entry.tag;
  ++summary_.entries;
  if (!entry.is_value()) ++summary_.tombstones;
  if (data_.empty()) data_.reserve(format_.block_bytes + format_.block_bytes / 4);
  offsets_.push_back(static_cast<std::uint32_t>(data_.size()));
  put_fixed(data_, static_cast<std::uint32_t>(entry.key.size()));
  put_fixed(data_, static_cast<std::uint32_t>(entry.value.size()));
  put_fixed(data_, entry.tag);
  data_.append(entry.key);
  data_.append(entry.value);
  if (data_.size() + 4 * offsets_.size() + 4 + kSealBytes < format_.block_bytes) return false;
  finish_block();
  return true;
}

void TableWriter::finish_block() {
  for (const std::uint32_t offset : offsets_) put_fixed(data_, offset);
  put_fixed(data_, static_cast<std::uint32_t>(offsets_.size()));
  offsets_.clear();
  append(std::exchange(data_, {}));
  index_.push_back({summary_.last, last_tag_});
  ++summary_.data_blocks;
}

TablePtr TableWriter::finish() {
  SYSLAB_ASSERT(summary_.entries > 0);
  if (!data_.empty()) finish_block();
  std::string index;
  for (const SortedTable::IndexEntry& entry : index_) {
    put_text(index, entry.key);
    put_fixed(index, entry.tag);
  }
  append(std::move(index));
  std::string bits;
  std::optional<Bloom> filter;
  if (format_.bits_per_key > 0) {
    filter.emplace(filter_options(format_.bits_per_key, hashes_.size()));
    for (const std::uint64_t hash : hashes_) filter->add(hash);
    put_fixed(bits, filter->options().bits);
    put_fixed(bits, std::int32_t{filter->options().hashes});
    put_fixed(bits, filter->size());
    for (const std::uint64_t word : filter->words()) put_fixed(bits, word);
  }
  append(std::move(bits));
  return std::make_shared<SortedTable>(std::move(summary_), std::move(index_), std::move(filter));
}

RunCursor::RunCursor(Medium& medium, BlockCache* cache, std::vector<TablePtr> tables, std::string_view from,
                     Purpose why)
    : medium_(medium), cache_(cache), tables_(std::move(tables)), why_(why) {
  while (table_ < tables_.size() && tables_[table_]->summary().last < from) ++table_;
  load_first(from, ~std::uint64_t{0});
}

void RunCursor::load_first(std::string_view from, std::uint64_t tag) {
  valid_ = table_ < tables_.size();
  if (!valid_) return;
  block_ = tables_[table_]->find_block(from, tag);
  Expected<SortedTable::Loaded> loaded = tables_[table_]->load(medium_, cache_, block_, why_);
  if (!loaded.ok()) {
    valid_ = false;
    error_ = loaded.error();
    return;
  }
  loaded_ = std::move(*loaded);
  at_ = loaded_.entries.seek(from, tag);
  entry_ = loaded_.entries.entry(at_);
}

void RunCursor::next() {
  if (++at_ == loaded_.entries.size()) {
    at_ = 0;
    if (++block_ == tables_[table_]->summary().data_blocks) {
      ++table_;
      load_first({}, ~std::uint64_t{0});
      return;
    }
    Expected<SortedTable::Loaded> loaded = tables_[table_]->load(medium_, cache_, block_, why_);
    if (!loaded.ok()) {
      valid_ = false;
      error_ = loaded.error();
      return;
    }
    loaded_ = std::move(*loaded);
  }
  entry_ = loaded_.entries.entry(at_);
}

MergeCursor::MergeCursor(std::vector<std::unique_ptr<EntryCursor>> sources) : sources_(std::move(sources)) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i]->error()) error_ = sources_[i]->error();
    if (sources_[i]->valid()) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t a, std::size_t b) { return comes_after(a, b); });
  show();
}

bool MergeCursor::comes_after(std::size_t a, std::size_t b) const {
  const LsmEntry& x = sources_[a]->entry();
  const LsmEntry& y = sources_[b]->entry();
  const int order = compare_entries(x.key, x.tag, y.key, y.tag);
  return order != 0 ? order > 0 : a > b;
}

void MergeCursor::next() {
  EntryCursor& first = *sources_[heap_.front()];
  first.next();
  if (first.error()) {
    error_ = first.error();
  } else if (!first.valid()) {
    heap_.front() = heap_.back();
    heap_.pop_back();
  }
  if (!error_ && !heap_.empty()) sift_down();
  show();
}

// Only the entry on top has changed, so it sinks to its place.
void MergeCursor::sift_down() {
  std::size_t at = 0;
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) return;
    if (child + 1 < heap_.size() && comes_after(heap_[child], heap_[child + 1])) ++child;
    if (!comes_after(heap_[at], heap_[child])) return;
    std::swap(heap_[at], heap_[child]);
    at = child;
  }
}

void MergeCursor::show() {
  valid_ = !error_ && !heap_.empty();
  if (valid_) entry_ = sources_[heap_.front()]->entry();
}

}  // namespace syslab
