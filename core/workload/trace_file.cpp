#include "core/workload/trace_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;
constexpr std::size_t kLongestLine = 64 * 1024;
constexpr std::size_t kRecord = 24;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  // The bytes read, fewer than asked for only at the end of the file; -1 on an error, which is then in errno.
  ssize_t read(char* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t n = ::read(descriptor_, to + done, bytes - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return -1;
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(done);
  }
  void rewind() { ::lseek(descriptor_, 0, SEEK_SET); }

 private:
  int descriptor_;
};

Error read_error(const std::string& path) {
  return make_error("io_error", path + ": " + std::strerror(errno));
}

std::uint64_t to_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  return failure == std::errc() && end == text.data() + text.size() ? id : hash64(text);
}

// Hands out lines from a file in constant memory.
class LineReader {
 public:
  LineReader(File file, std::string path)
      : file_(std::move(file)), path_(std::move(path)), buffer_(kBuffer) {}

  // The next line without its end, valid until the next call; nothing at the end of the file.
  Expected<std::optional<std::string_view>> next() {
    for (;;) {
      const char* start = buffer_.data() + position_;
      const auto* end = static_cast<const char*>(std::memchr(start, '\n', filled_ - position_));
      std::size_t length = 0;
      if (end != nullptr) {
        length = static_cast<std::size_t>(end - start);
        position_ += length + 1;
      } else if (at_end_) {
        if (position_ == filled_) return std::optional<std::string_view>();
        length = filled_ - position_;
        position_ = filled_;
      } else {
        if (Expected<bool> filled = fill(); !filled) return filled.error();
        continue;
      }
      ++line_;
      if (length > kLongestLine) return too_long();
      std::string_view line(start, length);
      if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) return std::optional(line);
    }
  }

  void rewind() {
    file_.rewind();
    position_ = filled_ = 0;
    line_ = 0;
    at_end_ = false;
  }

  const std::string& path() const { return path_; }
  // Of the line that next() gave last: "trace.txt, line 57: text".
  Error malformed(const std::string& text) const {
    return make_error("malformed", path_ + ", line " + std::to_string(line_) + ": " + text);
  }

 private:
  Error too_long() const {
    return malformed("longer than " + std::to_string(kLongestLine) + " bytes; is this a text file?");
  }

  Expected<bool> fill() {
    const std::size_t rest = filled_ - position_;
    if (rest > kLongestLine) {
      ++line_;
      return too_long();
    }
    std::memmove(buffer_.data(), buffer_.data() + position_, rest);
    position_ = 0;
    const ssize_t n = file_.read(buffer_.data() + rest, buffer_.size() - rest);
    if (n < 0) return read_error(path_);
    filled_ = rest + static_cast<std::size_t>(n);
    at_end_ = filled_ < buffer_.size();
    return true;
  }

  File file_;
  std::string path_;
  std::vector<char> buffer_;
  std::size_t position_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t line_ = 0;
  bool at_end_ = false;
};

class TextTrace final : public RequestTrace {
 public:
  explicit TextTrace(LineReader lines) : lines_(std::move(lines)) {}

  Expected<std::size_t> read(RequestBatch& batch) override {
    batch.clear();
    while (batch.ids.size() < kBatch) {
      const Expected<std::optional<std::string_view>> line = lines_.next();
      if (!line) return line.error();
      if (!*line) break;
      const std::string_view text = **line;
      if (text.find_first_of(std::string_view(" \t\0", 3)) != std::string_view::npos) {
        // A table or a binary file read as text would give numbers, only not those of the trace.
        const bool binary = text.find('\0') != std::string_view::npos;
        return lines_.malformed(
            binary ? "a zero byte; is this a text file?"
                   : "more than one word; the text format has one id a line (see format 'csv')");
      }
      batch.ids.push_back(to_id(text));
    }
    return batch.ids.size();
  }
  void rewind() override { lines_.rewind(); }
  std::string describe() const override { return "text, " + lines_.path(); }

 private:
  LineReader lines_;
};

// Splits a line at a separator; a field in double quotes may hold separators, and "" for a quote (RFC 4180,
// except that a field stays on its line). False where a quote is not closed or has text behind it.
class CsvSplitter {
 public:
  bool split(std::string_view line, char separator) {
    count_ = 0;
    std::size_t i = 0;
    for (;;) {
      std::string& field = next_field();
      if (i < line.size() && line[i] == '"') {
        for (++i;; ++i) {
          const std::size_t quote = line.find('"', i);
          if (quote == std::string_view::npos) return false;
          field.append(line, i, quote - i);
          i = quote + 1;
          if (i >= line.size() || line[i] != '"') break;
          field += '"';
        }
        if (i < line.size() && line[i] != separator) return false;
      } else {
        const std::size_t end = std::min(line.find(separator, i), line.size());
        field.assign(line, i, end - i);
        i = end;
      }
      if (i >= line.size()) return true;
      ++i;
    }
  }
  std::size_t size() const { return count_; }
  std::string_view operator[](std::size_t i) const {
    std::string_view field = fields_[i];
    while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
    while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
    return field;
  }

 private:
  std::string& next_field() {
    if (count_ == fields_.size()) fields_.emplace_back();
    fields_[count_].clear();
    return fields_[count_++];
  }
  std::vector<std::string> fields_;  // kept from line to line, for their memory
  std::size_t count_ = 0;
};

class CsvTrace final : public RequestTrace {
 public:
  CsvTrace(LineReader lines, TraceFileOptions options)
      : lines_(std::move(lines)), options_(std::move(options)) {}

  // Finds the columns.
  Expected<bool> open() {
    const bool named =
        !options_.id.name.empty() || !options_.size.name.empty() || !options_.time.name.empty();
    options_.header = options_.header || named;
    if (!options_.header) return true;
    const Expected<std::optional<std::string_view>> line = lines_.next();
    if (!line) return line.error();
    if (!*line || !fields_.split(**line, options_.separator))
      return lines_.malformed("no line with column names");
    for (CsvColumn* column : {&options_.id, &options_.size, &options_.time}) {
      if (column->name.empty()) continue;
      column->number = 0;
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (fields_[i] == column->name) column->number = i + 1;
      }
      if (column->number == 0) return lines_.malformed("no column '" + column->name + "', only " + names());
    }
    return true;
  }

  Expected<std::size_t> read(RequestBatch& batch) override {
    batch.clear();
    if (at_header_ && options_.header) {
      if (const auto line = lines_.next(); !line) return line.error();
    }
    at_header_ = false;
    while (batch.ids.size() < kBatch) {
      const Expected<std::optional<std::string_view>> line = lines_.next();
      if (!line) return line.error();
      if (!*line) break;
      if (!fields_.split(**line, options_.separator)) return lines_.malformed("a quote is not closed");
      for (const CsvColumn* column : {&options_.id, &options_.size, &options_.time}) {
        if (column->number > fields_.size()) {
          return lines_.malformed("has " + std::to_string(fields_.size()) + " columns, no column " +
                                  std::to_string(column->number));
        }
      }
      batch.ids.push_back(to_id(fields_[options_.id.number - 1]));
      if (options_.size.given()) {
        const std::string_view text = fields_[options_.size.number - 1];
        std::uint64_t size = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
        if (failure != std::errc() || end != text.data() + text.size()) {
          return lines_.malformed("size '" + std::string(text) + "' is no whole number of bytes");
        }
        batch.sizes.push_back(size);
      }
      if (options_.time.given()) {
        const std::string_view text = fields_[options_.time.number - 1];
        double time = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), time);
        if (failure != std::errc() || end != text.data() + text.size() || std::isnan(time)) {
          return lines_.malformed("time '" + std::string(text) + "' is no number");
        }
        batch.times.emplace_back(from_seconds(time * options_.time_unit));
      }
    }
    return batch.ids.size();
  }

  void rewind() override {
    lines_.rewind();
    at_header_ = true;
  }
  std::string describe() const override { return "csv, " + lines_.path(); }

 private:
  std::string names() const {
    std::string out;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      out += (i == 0 ? "'" : ", '") + std::string(fields_[i].substr(0, 40)) + "'";
    }
    return out;
  }

  LineReader lines_;
  TraceFileOptions options_;
  CsvSplitter fields_;
  bool at_header_ = true;
};

class OracleGeneralTrace final : public RequestTrace {
 public:
  OracleGeneralTrace(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Expected<std::size_t> read(RequestBatch& batch) override {
    batch.clear();
    buffer_.resize(kBatch * kRecord);
    const ssize_t bytes = file_.read(buffer_.data(), buffer_.size());
    if (bytes < 0) return read_error(path_);
    const std::size_t records = static_cast<std::size_t>(bytes) / kRecord;
    for (std::size_t i = 0; i < records; ++i) {
      const char* record = buffer_.data() + i * kRecord;
      std::uint32_t time = 0, size = 0;
      std::uint64_t id = 0;
      std::memcpy(&time, record, 4);
      std::memcpy(&id, record + 4, 8);
      std::memcpy(&size, record + 12, 4);
      batch.ids.push_back(id);
      batch.sizes.push_back(size);
      batch.times.emplace_back(std::chrono::seconds(time));
    }
    return records;
  }
  void rewind() override { file_.rewind(); }
  std::string describe() const override { return "oracle_general, " + path_; }

 private:
  File file_;
  std::string path_;
  std::vector<char> buffer_;
};

}  // namespace

Expected<std::unique_ptr<RequestTrace>> open_trace_file(const TraceFileOptions& options) {
  using Format = TraceFileOptions::Format;
  const std::string& path = options.path;
  if (path.find('\0') != std::string::npos) return make_error("not_found", "a path with a zero byte");
  // Without O_NONBLOCK a pipe that nobody writes to would block here, before it can be refused.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  File file(descriptor);
  struct stat status = {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return make_error(missing ? "not_found" : "io_error", path + ": " + std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return make_error("malformed", path + " is a directory, not a trace");
  if (!S_ISREG(status.st_mode)) {
    return make_error("malformed",
                      path + " is no regular file; a trace must be one, to be read more than once");
  }
  if (status.st_size == 0) return make_error("malformed", path + " is empty");

  if (options.format == Format::oracle_general) {
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (const std::uint64_t rest = bytes % kRecord; rest != 0) {
      return make_error("malformed", path + ", byte " + std::to_string(bytes - rest) +
                                         ": the last record has " + std::to_string(rest) +
                                         " of 24 bytes; cut off, or another format");
    }
    return std::unique_ptr<RequestTrace>(std::make_unique<OracleGeneralTrace>(std::move(file), path));
  }
  LineReader lines(std::move(file), path);
  if (options.format == Format::text)
    return std::unique_ptr<RequestTrace>(std::make_unique<TextTrace>(std::move(lines)));
  auto csv = std::make_unique<CsvTrace>(std::move(lines), options);
  if (const Expected<bool> opened = csv->open(); !opened) return opened.error();
  csv->rewind();
  return std::unique_ptr<RequestTrace>(std::move(csv));
}

}  // namespace syslab
