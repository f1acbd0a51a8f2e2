#include "bindings/program/confine.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

void limit_resources(int cpu_seconds) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NPROC, 0);
  limit(RLIMIT_NOFILE, kWorkerDescriptor + 1);
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_SIGPENDING, 0);
  // The hard limit a second later: at that one the kernel would send SIGKILL, which tells nothing.
  const rlimit cpu{static_cast<rlim_t>(cpu_seconds), static_cast<rlim_t>(cpu_seconds) + 1};
  setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__  // whose shadow takes terabytes of addresses
  // Lua's memory is capped by its allocator, which reserves four times as many addresses; this is for everything else.
  limit(RLIMIT_AS, rlim_t{16} << 30);
#endif
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

bool confine(int fd, int cpu_seconds) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
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
  limit_resources(cpu_seconds);
  return filter_system_calls();
}

}  // namespace syslab::program
