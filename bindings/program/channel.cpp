#include "bindings/program/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace syslab::program {
namespace {

struct Header {
  std::uint64_t size;
  char type;
};

}  // namespace

Channel& Channel::operator=(Channel&& other) {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

std::pair<Channel, Channel> Channel::make() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return std::pair<Channel, Channel>();
  return std::pair(Channel(fds[0]), Channel(fds[1]));
}

bool Channel::send(char type, std::string_view body, int fd) {
  Header header{};
  header.size = body.size();
  header.type = type;
  iovec part{&header, sizeof header};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* carried = CMSG_FIRSTHDR(&message);
    carried->cmsg_level = SOL_SOCKET;
    carried->cmsg_type = SCM_RIGHTS;
    carried->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(carried), &fd, sizeof fd);
  }
  ssize_t sent;
  do {
    sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  // A header is far smaller than any socket buffer: it goes whole or not at all.
  if (sent != static_cast<ssize_t>(sizeof header)) return false;
  while (!body.empty()) {
    sent = ::send(fd_, body.data(), body.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    body.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Channel::Event Channel::wait(int timeout_ms, int interrupts) {
  pollfd waited[] = {{fd_, POLLIN, 0}, {interrupts, POLLIN, 0}};
  const int ready = poll(waited, std::size(waited), timeout_ms);
  if (ready == 0) return Event::timeout;
  return ready > 0 && waited[0].revents != 0 ? Event::readable : Event::interrupted;
}

bool Channel::read_all(void* into, std::size_t size) {
  char* at = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = recv(fd_, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Message> Channel::receive() {
  Header header{};
  iovec part{&header, sizeof header};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return std::nullopt;
  Message result;
  for (cmsghdr* carried = CMSG_FIRSTHDR(&message); carried != nullptr; carried = CMSG_NXTHDR(&message, carried)) {
    if (carried->cmsg_level == SOL_SOCKET && carried->cmsg_type == SCM_RIGHTS) {
      std::memcpy(&result.fd, CMSG_DATA(carried), sizeof result.fd);
    }
  }
  const auto arrived = static_cast<std::size_t>(got);
  if (!read_all(reinterpret_cast<char*>(&header) + arrived, sizeof header - arrived)) return std::nullopt;
  result.type = header.type;
  result.body.resize(header.size);
  if (!read_all(result.body.data(), result.body.size())) return std::nullopt;
  return result;
}

void Channel::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string pack(const std::vector<std::string>& fields) {
  std::string body;
  for (const std::string& field : fields) {
    body += std::to_string(field.size());
    body += ':';
    body += field;
  }
  return body;
}

std::vector<std::string> unpack(std::string_view body) {
  std::vector<std::string> fields;
  while (!body.empty()) {
    std::size_t size = 0;
    std::size_t at = 0;
    while (at < body.size() && body[at] != ':') size = size * 10 + static_cast<std::size_t>(body[at++] - '0');
    fields.emplace_back(body.substr(at + 1, size));
    body.remove_prefix(at + 1 + size);
  }
  return fields;
}

}  // namespace syslab::program
