#include "bindings/program/confine.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

#ifdef SYSLAB_HAVE_SECCOMP
#include <seccomp.h>
#endif

namespace syslab::program {
namespace {

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit both{most, most};
  setrlimit(what, &both);
}

void limit_resources(std::chrono::milliseconds cpu) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NPROC, 0);
#ifdef __SANITIZE_ADDRESS__
  limit(RLIMIT_NOFILE, kWorkerDescriptor + 3);  // UBSan tries whether an address can be read through a pipe
#else
  limit(RLIMIT_NOFILE, kWorkerDescriptor + 1);
#endif
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_SIGPENDING, 0);
  // The timer is exact and its signal says what it was; the resource limit is in whole seconds, and comes after it.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(cpu);
  const std::chrono::microseconds rest = cpu - seconds;
  const itimerval timer{{0, 0}, {seconds.count(), rest.count()}};
  setitimer(ITIMER_PROF, &timer, nullptr);
  limit(RLIMIT_CPU, static_cast<rlim_t>(seconds.count()) + 2);
#ifndef __SANITIZE_ADDRESS__  // whose shadow takes terabytes of addresses
  // Lua's memory is capped by its allocator. This is for what components of the library take, and all states together.
  limit(RLIMIT_DATA, rlim_t{2} << 30);
  limit(RLIMIT_AS, rlim_t{64} << 30);  // a state reserves four times as many addresses as it may use
#endif
}

// What root may do beyond others, where root grades.
void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capset, &header, none);
}

#ifdef SYSLAB_HAVE_SECCOMP
bool filter_system_calls() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (filter == nullptr) return false;
  int failed = 0;
  const auto allow = [&](int call, const auto&... conditions) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, sizeof...(conditions), conditions...);
  };
  const scmp_arg_cmp ours = SCMP_A0_32(SCMP_CMP_EQ, kWorkerDescriptor);
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  allow(SCMP_SYS(read), ours);
  allow(SCMP_SYS(write), ours);
  allow(SCMP_SYS(mmap), not_executable, SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
  allow(SCMP_SYS(mprotect), not_executable);
  for (const int call : {SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
                         SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime),
                         SCMP_SYS(restart_syscall)}) {
    allow(call);
  }
#ifdef __SANITIZE_ADDRESS__
  for (const int call : {SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid),
                         SCMP_SYS(getpid), SCMP_SYS(sched_yield),
                         SCMP_SYS(pipe2), SCMP_SYS(write), SCMP_SYS(close)}) {  // how UBSan tries an address
    allow(call);
  }
#endif
  const bool loaded = failed == 0 && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return loaded;
}
#else
bool filter_system_calls() { return false; }
#endif

}  // namespace

bool confine(int fd, std::chrono::milliseconds cpu) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  drop_capabilities();
  const int nowhere = open("/dev/null", O_RDWR);
  for (int standard = 0; standard <= 2; ++standard) {
    if (nowhere >= 0) {
      dup2(nowhere, standard);
    } else {
      ::close(standard);
    }
  }
  if (fd != kWorkerDescriptor) dup2(fd, kWorkerDescriptor);
  close_range(kWorkerDescriptor + 1, ~0U, 0);
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  limit_resources(cpu);
  return filter_system_calls();
}

}  // namespace syslab::program
