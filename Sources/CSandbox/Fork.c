// A worker that begins as a copy of this process instead of a program that is started: the loader and
// the Swift runtime have done their work already.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

// What the dynamic linker and the C library took from the environment stays in force in a copy.
static bool environmentChangesLibraries(void) {
  static const char *const prefixes[] = {"LD_", "GLIBC_TUNABLES=", "MALLOC_"};
  for (char **entry = environ; entry && *entry; entry++)
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
      if (strncmp(*entry, prefixes[i], strlen(prefixes[i])) == 0) return true;
  return false;
}

// Overwritten and not only forgotten: an environment may hold passwords.
static void eraseEnvironment(void) {
  for (char **entry = environ; entry && *entry; entry++) explicit_bzero(*entry, strlen(*entry));
  clearenv();
}

static void resetSignals(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// Huge pages for what libhdf5 and the loader are about to allocate, some 2 MB: two page faults in the
// place of 500, which take a quarter of the time that it takes to list a small file. Where the end of
// the heap cannot be moved to where a huge page begins, all stays as it is.
static void adviseHugePages(void) {
  enum { smallPage = 4096, hugePage = 2 << 20, reserved = 3 * hugePage };
  // The C library writes before a block and behind it, and what has been touched stays a small page.
  size_t gap = -((uintptr_t)sbrk(0) + smallPage) & (hugePage - 1);
  if (mallopt(M_MMAP_THRESHOLD, 2 * reserved) != 1 || mallopt(M_TOP_PAD, reserved) != 1 ||
      sbrk((intptr_t)gap) == (void *)-1)
    return;
  void *block = malloc(reserved);
  uintptr_t first = ((uintptr_t)block + hugePage - 1) & -(uintptr_t)hugePage;
  if (block) madvise((void *)first, reserved - hugePage, MADV_HUGEPAGE);
  free(block);
}

// The same that `CSandbox_spawn` gives a program, but for the file, which comes later.
static bool becomeWorker(int socket) {
  setpgid(0, 0);  // ^C belongs to the parent
  resetSignals();
  eraseEnvironment();
  if (dup2(socket, CSandbox_pipeDescriptor) < 0) return false;
  int input = open("/dev/null", O_RDONLY), output = open("/dev/null", O_WRONLY);
  if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
    return false;
  close(CSandbox_fileDescriptor);
  adviseHugePages();
  return close_range(CSandbox_pipeDescriptor + 1, ~0U, 0) == 0;
}

int CSandbox_fork(int *socket, pid_t *process) {
  if (!__libc_single_threaded || environmentChangesLibraries()) return EAGAIN;
  int ends[2];
  if (CSandbox_socketPair(ends) != 0) return errno;
  // Above every number that the child uses, so that no dup2 overwrites it.
  int high = fcntl(ends[1], F_DUPFD_CLOEXEC, CSandbox_pipeDescriptor + 1);
  int error = high < 0 ? errno : 0;
  close(ends[1]);
  pid_t started = error ? -1 : fork();
  if (started == 0) {
    if (!becomeWorker(high)) _exit(1);
    *process = 0;
    return 0;
  }
  if (!error && started < 0) error = errno;
  if (high >= 0) close(high);
  if (error) {
    close(ends[0]);
    return error;
  }
  *socket = ends[0];
  *process = started;
  return 0;
}

// MARK: The file, later

// Room for one descriptor, aligned as its header is.
union Control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

int CSandbox_sendFile(int socket, int file) {
  char byte = 0;
  struct iovec content = {&byte, 1};
  union Control control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_iov = &content,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes,
  };
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof file);
  memcpy(CMSG_DATA(header), &file, sizeof file);
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == 1 ? 0 : -1;
}

bool CSandbox_receiveFile(void) {
  char byte;
  struct iovec content = {&byte, 1};
  union Control control;
  struct msghdr message = {
      .msg_iov = &content,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes,
  };
  ssize_t received;
  do received = recvmsg(CSandbox_pipeDescriptor, &message, 0);
  while (received < 0 && errno == EINTR);
  struct cmsghdr *header = received == 1 ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return false;
  int file;
  memcpy(&file, CMSG_DATA(header), sizeof file);
  if (file == CSandbox_fileDescriptor) return true;
  bool done = dup2(file, CSandbox_fileDescriptor) >= 0;
  close(file);
  return done;
}
