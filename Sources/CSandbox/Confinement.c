#define _GNU_SOURCE
#include "CSandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Parts.h"

// MARK: Resources

bool CSandbox_limit(int resource, uint64_t value) {
  struct rlimit old, new = {value, value};
  if (getrlimit(resource, &old) != 0) return false;
  if (old.rlim_max != RLIM_INFINITY && old.rlim_max < value) new.rlim_cur = new.rlim_max = old.rlim_max;
  return setrlimit(resource, &new) == 0;
}

// One second between the two limits, so that the signal tells what happened: at the hard one it
// would be SIGKILL, which could come from anywhere.
static bool limitProcessorTime(uint64_t seconds) {
  struct rlimit time = {seconds, seconds + 1};
  return setrlimit(RLIMIT_CPU, &time) == 0 || CSandbox_limit(RLIMIT_CPU, seconds);
}

static bool limitResources(const struct CSandbox_limits *limits) {
  bool all = CSandbox_limit(RLIMIT_AS, limits->addressSpace);
  all &= limitProcessorTime(limits->cpuSeconds);
  all &= CSandbox_limit(RLIMIT_FSIZE, 0);
  all &= CSandbox_limit(RLIMIT_NOFILE, limits->openFiles);
  all &= CSandbox_limit(RLIMIT_CORE, 0);
  return all;
}

// MARK: System calls

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS SECCOMP_RET_KILL
#endif

#define FIELD(name) offsetof(struct seccomp_data, name)
#define LOAD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(name))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOW(number) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), RETURN(SECCOMP_RET_ALLOW)
// Memory may be mapped, but nothing new may become executable.
#define ALLOW_UNLESS_EXECUTABLE(number)                                       \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 4),                        \
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(args[2])),                     \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),                  \
      RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)
#define REFUSE(number, error)                          \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
      RETURN(SECCOMP_RET_ERRNO | (error))

static bool filterSystemCalls(void) {
#ifdef NATIVE_ARCHITECTURE
  // openat is refused rather than fatal: libhdf5 then reports an object that it could not open,
  // and the message can name it.
  enum { permissionDenied = 13 };
  struct sock_filter filter[] = {
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0),
      RETURN(SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
      ALLOW(__NR_pread64),
      ALLOW(__NR_write),
      ALLOW(__NR_read),
      ALLOW(__NR_lseek),
      ALLOW(__NR_fstat),
      ALLOW(__NR_newfstatat),
      ALLOW(__NR_munmap),
      ALLOW(__NR_mremap),
      ALLOW(__NR_madvise),
      ALLOW(__NR_brk),
      ALLOW(__NR_futex),
      ALLOW(__NR_close),
      ALLOW(__NR_getrandom),
      // glibc's qsort asks how much memory there is before it sorts a long list of links.
      ALLOW(__NR_sysinfo),
      ALLOW(__NR_gettid),
      ALLOW(__NR_clock_gettime),
      ALLOW(__NR_gettimeofday),
      // libhdf5 pauses between attempts to read metadata whose checksum is wrong.
      ALLOW(__NR_clock_nanosleep),
      ALLOW(__NR_exit_group),
      REFUSE(__NR_openat, permissionDenied),
      ALLOW_UNLESS_EXECUTABLE(__NR_mmap),
      LOAD(nr),
      ALLOW_UNLESS_EXECUTABLE(__NR_mprotect),
      RETURN(SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
  return false;
#endif
}

unsigned CSandbox_confine(const struct CSandbox_limits *limits) {
  unsigned inForce = 0;
  if (limitResources(limits)) inForce |= CSandbox_resourceLimits;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) inForce |= CSandbox_noNewPrivileges;
  // The worker has its file open already: no path can be opened at all.
  if (CSandbox_allowReading(NULL, 0)) inForce |= CSandbox_landlock;
  if (filterSystemCalls()) inForce |= CSandbox_seccomp;
  return inForce;
}
