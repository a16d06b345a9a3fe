#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Parts.h"

#ifdef __NR_landlock_create_ruleset

// Numbers rather than names, since the headers may be older than the kernel.
enum { readFile = 1 << 2, readFolder = 1 << 3, ruleOfPath = 1 };

// What is not there needs no rule.
static void allow(int rules, const char *path) {
  int descriptor = open(path, O_PATH | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status;
  if (fstat(descriptor, &status) == 0) {
    struct {
      uint64_t allowed;
      int32_t parent;
    } __attribute__((packed)) rule = {readFile, descriptor};
    if (S_ISDIR(status.st_mode)) rule.allowed |= readFolder;
    (void)syscall(__NR_landlock_add_rule, rules, ruleOfPath, &rule, 0);
  }
  close(descriptor);
}

#endif

// Which rights a kernel can handle follows from its Landlock ABI (landlock(7)); asking for an
// unknown one fails.
bool CSandbox_allowReading(const char *const *paths, size_t count) {
#ifdef __NR_landlock_create_ruleset
  struct {
    uint64_t files, network, scopes;
  } handled = {0, 0, 0};
  long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  handled.files = (1ULL << 13) - 1;               // ABI 1: execute … make symbolic link
  if (abi >= 2) handled.files |= 1ULL << 13;      // refer
  if (abi >= 3) handled.files |= 1ULL << 14;      // truncate
  if (abi >= 4) handled.network = 3;              // bind and connect TCP
  if (abi >= 5) handled.files |= 1ULL << 15;      // ioctl of devices
  if (abi >= 6) handled.scopes = 3;               // abstract sockets, signals
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int rules = (int)syscall(__NR_landlock_create_ruleset, &handled, size, 0);
  if (rules < 0) return false;
  for (size_t index = 0; index < count; index++) allow(rules, paths[index]);
  bool done = syscall(__NR_landlock_restrict_self, rules, 0) == 0;
  close(rules);
  return done;
#else
  (void)paths, (void)count;
  return false;
#endif
}
