#include "core/store/disk_medium.hpp"

#include <fmt/format.h>

namespace syslab {
namespace {

constexpr std::size_t kReadAhead = 64;

}  // namespace

std::string DiskMedium::path(FileId file) const {
  return fmt::format("{}/{}/{}", name_, to_string(file.kind), file.number);
}

void DiskMedium::end(const Result& result) {
  ++ended_;
  if (!result.ok() && !failure_) failure_ = result.error();
  progress_();
}

void DiskMedium::do_append(FileId file, std::string block) {
  env_.disk().append(path(file), Value(block), [this](const Result& result) { end(result); });
}

void DiskMedium::do_write(FileId file, std::string block) {
  const auto shared = std::make_shared<const std::string>(std::move(block));
  OnTheWay& page = pages_[file];
  page.block = shared;
  ++page.count;
  env_.disk().write(path(file), Value(*shared), [this, file](const Result& result) {
    const auto found = pages_.find(file);
    if (--found->second.count == 0) pages_.erase(found);
    end(result);
  });
}

void DiskMedium::do_remove(FileId file) {
  env_.disk().write(path(file), {}, [this](const Result& result) { end(result); });
}

void DiskMedium::do_sync() {
  env_.disk().sync([this, ticket = issued()](const Result& result) {
    if (result.ok() && !failure_) durable_ = ticket;
    end(result);
  });
}

Expected<std::size_t> DiskMedium::blocks(FileId file) const {
  const Result content = env_.disk().peek(path(file));
  if (!content.ok()) {
    if (content.error().code == "not_found") return std::size_t{0};
    return content.error();
  }
  return content->is_list() ? content->list().size() : 1;
}

Expected<Block> DiskMedium::do_read(FileId file, std::size_t index, Purpose why) {
  if (const auto page = pages_.find(file); page != pages_.end()) return page->second.block;
  const std::string name = path(file);
  if (why != Purpose::audit && (why != Purpose::open || index % kReadAhead == 0)) {
    count_operation();
    // What is wrong with the file is known at once, below; a failed read breaks nothing.
    env_.disk().read(name, [this](const Result&) { end(Value()); });
  }
  const Result content = env_.disk().peek(name);
  if (!content.ok()) return make_error("io_error", content.error().message);
  const Value& block =
      content->is_list() && index < content->list().size() ? content->list()[index] : *content;
  // A record that the disk tore or damaged need not be a text any more.
  if (!block.is_string())
    return make_error("io_error", fmt::format("block {} of '{}' is missing", index, name));
  return std::make_shared<const std::string>(block.string());
}

}  // namespace syslab
