#include "core/store/memory_medium.hpp"

#include <fmt/format.h>

namespace syslab {

bool MemoryMedium::works() {
  if (fails_with_) {
    if (!failure_) failure_ = fails_with_;
    return false;
  }
  return issued() < power_until_;
}

MemoryMedium::File& MemoryMedium::open(FileId file) {
  if (last_ == nullptr || last_id_ != file) {
    last_ = &files_[file];
    last_id_ = file;
  }
  return *last_;
}

void MemoryMedium::do_append(FileId file, std::string block) {
  if (!works()) return;
  open(file).push_back(std::make_shared<const std::string>(std::move(block)));
  undo_.push_back({Undo::Kind::append, file, {}});
}

void MemoryMedium::do_write(FileId file, std::string block) {
  if (!works()) return;
  File& content = open(file);
  undo_.push_back({Undo::Kind::write, file, std::move(content)});
  content = {std::make_shared<const std::string>(std::move(block))};
}

void MemoryMedium::do_remove(FileId file) {
  if (!works()) return;
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  undo_.push_back({Undo::Kind::remove, file, std::move(found->second)});
  files_.erase(found);
  last_ = nullptr;
}

void MemoryMedium::do_sync() {
  if (!works()) return;
  undo_.clear();
  durable_ = issued();
}

Expected<Block> MemoryMedium::do_read(FileId file, std::size_t index, Purpose) {
  const auto found = files_.find(file);
  if (found == files_.end() || index >= found->second.size()) {
    return make_error("io_error",
                      fmt::format("block {} of {} {} is missing", index, to_string(file.kind), file.number));
  }
  return found->second[index];
}

Expected<std::size_t> MemoryMedium::blocks(FileId file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.size();
}

void MemoryMedium::crash(std::size_t kept, bool torn) {
  SYSLAB_ASSERT(kept <= undo_.size());
  last_ = nullptr;
  while (undo_.size() > kept) {
    Undo undo = std::move(undo_.back());
    undo_.pop_back();
    File& file = files_[undo.file];
    // Half of a removal is none, so only what brought a block can be torn.
    const Block lost = undo.kind == Undo::Kind::remove ? nullptr : file.back();
    if (undo.kind == Undo::Kind::append) {
      file.pop_back();
    } else {
      file = std::move(undo.before);
    }
    if (torn && lost && undo_.size() == kept) {
      if (undo.kind == Undo::Kind::write) file.clear();
      file.push_back(std::make_shared<const std::string>(lost->substr(0, lost->size() / 2)));
    }
    if (file.empty()) files_.erase(undo.file);
  }
  undo_.clear();
  durable_ = issued();
  power_until_ = ~Ticket{0};
  failure_.reset();
}

std::optional<FileId> MemoryMedium::damage(FileKind kind, Rng& rng) {
  const auto first = files_.lower_bound({kind, 0});
  std::size_t blocks = 0;
  for (auto at = first; at != files_.end() && at->first.kind == kind; ++at) blocks += at->second.size();
  if (blocks == 0) return std::nullopt;
  std::size_t index = rng.below(blocks);
  for (auto at = first;; ++at) {
    if (index < at->second.size()) {
      damage(at->first, index, rng);
      return at->first;
    }
    index -= at->second.size();
  }
}

void MemoryMedium::damage(FileId file, std::size_t index, Rng& rng) {
  Block& block = files_.at(file).at(index);
  std::string bytes = *block;
  char& byte = bytes.at(rng.below(bytes.size()));
  byte = static_cast<char>(byte ^ static_cast<char>(1 << rng.below(8)));
  block = std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace syslab
