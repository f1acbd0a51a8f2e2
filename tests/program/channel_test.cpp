#include "bindings/program/channel.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

using namespace syslab::program;

TEST_CASE("channel: messages of any size arrive whole and in order", "[program][channel]") {
  auto [a, b] = Channel::make();
  const std::string large(3'000'000, 'x');
  std::thread sender([&a = a, &large] {
    a.send('1', "one");
    a.send('2', large);
    a.send('3');
  });
  CHECK(b.receive()->body == "one");
  CHECK(b.receive()->body == large);
  CHECK(b.receive()->type == '3');
  sender.join();
}

TEST_CASE("channel: the other end's death is noticed, quietly", "[program][channel]") {
  auto [a, b] = Channel::make();
  a.send('1', "last");
  a.close();
  CHECK(b.receive()->body == "last");
  CHECK_FALSE(b.receive());
  CHECK_FALSE(b.send('2'));
  CHECK(b.wait(0) == Channel::Event::readable);
}

TEST_CASE("channel: a descriptor travels with a message", "[program][channel]") {
  auto [a, b] = Channel::make();
  int pipe_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  REQUIRE(a.send('f', "with it", pipe_fds[1]));
  close(pipe_fds[1]);
  const auto message = b.receive();
  REQUIRE(message->fd >= 0);
  CHECK(write(message->fd, "x", 1) == 1);
  char c = 0;
  CHECK(read(pipe_fds[0], &c, 1) == 1);
  CHECK(c == 'x');
  close(message->fd);
  close(pipe_fds[0]);
}

TEST_CASE("channel: packed fields come back, whatever they hold", "[program][channel]") {
  const std::vector<std::string> fields{"", "a:b", std::string("\0\n", 2), "12:"};
  CHECK(unpack(pack(fields)) == fields);
  CHECK(unpack("").empty());
}
