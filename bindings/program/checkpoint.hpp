// Checkpoints of a whole lab, Lua included: each is a process that was forked from the live one and waits.
//
// The kernel copies a page only when the live process writes to it, so a checkpoint costs a fork (well below a
// millisecond for a small lab) and the memory that changes afterwards.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindings/program/lab_process.hpp"

namespace syslab::program {

class Checkpoints {
 public:
  static constexpr std::size_t kMarksMax = 32;

  // `body` builds a fresh lab in a new process and serves.
  explicit Checkpoints(std::function<void(Channel)> body) : body_(std::move(body)) {}

  // Starts a fresh live process, without waiting for it. Marks stay.
  void start() { live_ = LabProcess::start(body_); }

  LabProcess& live() { return live_; }

  // Keeps the state as the one before the command `label`, in place of the last such state.
  void before(const std::string& label);
  // Keeps the state under a name, in place of an older one of that name. Returns what went wrong, or "".
  std::string mark(const std::string& name);

  // Goes back to the state before the last command. The state that is left takes its place, so that a second back()
  // undoes the first. Returns the label of the command, or "" where there is nothing to go back to.
  std::string back();
  // Goes back to a mark, as often as you like; the state that is left becomes the one before the last command. False
  // where the mark cannot be had; an unknown name is the caller's to check.
  bool back_to(const std::string& name);

  // After the live process died: goes on from the state before the last command. False where there is none; then a
  // fresh lab was started.
  bool recover();

  std::vector<std::string> marks() const;
  const std::string& before_label() const { return before_label_; }

 private:
  std::function<void(Channel)> body_;
  LabProcess live_;
  LabProcess before_;
  std::string before_label_;
  std::map<std::string, LabProcess> marks_;
};

}  // namespace syslab::program
