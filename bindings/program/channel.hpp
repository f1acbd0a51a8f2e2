// One end of a socket pair over which the session and a lab process talk: framed messages, each of which may carry a
// file descriptor. Nothing of it is visible to scripts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syslab::program {

struct Message {
  char type = 0;
  std::string body;
  int fd = -1;  // the receiver's to close
};

class Channel {
 public:
  explicit Channel(int fd = -1) : fd_(fd) {}
  ~Channel() { close(); }
  Channel(Channel&& other) : fd_(std::exchange(other.fd_, -1)) {}
  Channel& operator=(Channel&& other);

  // Two connected ends, closed on exec. Both closed (fd() < 0) where the system has no descriptors left.
  static std::pair<Channel, Channel> make();

  // False when the other end is gone.
  bool send(char type, std::string_view body = {}, int fd = -1);

  enum class Event { readable, interrupted, timeout };
  // Waits for a message or for the other end to go. `interrupted`: a signal came, or the descriptor
  // `interrupts` is readable. Negative: no limit, or none.
  Event wait(int timeout_ms, int interrupts = -1);

  // Blocks for the next message; empty when the other end is gone.
  std::optional<Message> receive();

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  bool read_all(void* into, std::size_t size);

  int fd_;
};

// Several strings in one body.
std::string pack(const std::vector<std::string>& fields);
std::vector<std::string> unpack(std::string_view body);

}  // namespace syslab::program
