// Confinement of the process that runs the code of a plug-in. It keeps faults from spreading: code
// that means harm to this process cannot be kept from it, but it gets no farther.
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "CSandbox.h"
#include "Parts.h"

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE(number, error)                          \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
      RETURN(SECCOMP_RET_ERRNO | (error))

// Refused rather than fatal: a library may ask and do without.
static bool refuseSystemCalls(void) {
#ifdef NATIVE_ARCHITECTURE
  struct sock_filter filter[] = {
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0),
      RETURN(SECCOMP_RET_ERRNO | EPERM),
      LOAD(nr),
      // No network, not even to this machine.
      REFUSE(__NR_socket, EACCES),
      REFUSE(__NR_io_uring_setup, EPERM),
      // No other programs, and no other processes: threads only. What clone3 asks for lies in
      // memory, which a filter cannot read; without it the C library uses clone.
      REFUSE(__NR_execve, EPERM),
      REFUSE(__NR_execveat, EPERM),
      REFUSE(__NR_clone3, ENOSYS),
#ifdef __NR_fork
      REFUSE(__NR_fork, EPERM),
      REFUSE(__NR_vfork, EPERM),
#endif
      // No hold on other processes, and no way out of the process group that the parent ends.
      REFUSE(__NR_kill, EPERM),
      REFUSE(__NR_ptrace, EPERM),
      REFUSE(__NR_process_vm_readv, EPERM),
      REFUSE(__NR_process_vm_writev, EPERM),
      REFUSE(__NR_setsid, EPERM),
      REFUSE(__NR_setpgid, EPERM),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
      RETURN(SECCOMP_RET_ERRNO | EPERM),
      RETURN(SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
  return false;
#endif
}

unsigned CSandbox_confinePlugin(
    uint64_t addressSpace, const char *const *readable, size_t readableCount) {
  unsigned inForce = 0;
  bool limited = CSandbox_limit(RLIMIT_AS, addressSpace);
  limited &= CSandbox_limit(RLIMIT_FSIZE, 0);
  limited &= CSandbox_limit(RLIMIT_CORE, 0);
  if (limited) inForce |= CSandbox_resourceLimits;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) inForce |= CSandbox_noNewPrivileges;
  if (CSandbox_allowReading(readable, readableCount)) inForce |= CSandbox_landlock;
  if (refuseSystemCalls()) inForce |= CSandbox_seccomp;
  return inForce;
}

struct Visit {
  void (*function)(const char *path, void *context);
  void *context;
};

static int visitLibrary(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct Visit *visit = data;
  if (info->dlpi_name) visit->function(info->dlpi_name, visit->context);
  return 0;
}

void CSandbox_forEachLibrary(void (*visit)(const char *path, void *context), void *context) {
  struct Visit data = {visit, context};
  dl_iterate_phdr(visitLibrary, &data);
}

bool CSandbox_narrowPlugin(const char *const *readable, size_t readableCount) {
  return CSandbox_allowReading(readable, readableCount);
}
