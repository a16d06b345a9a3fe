#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

// Above every number that the child uses, so that no dup2 overwrites a source.
enum { firstFreeDescriptor = 16 };

int CSandbox_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int CSandbox_memoryFile(const void *bytes, size_t count) {
  int descriptor = memfd_create("cnn-verify", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return -1;
  for (size_t done = 0; done < count;) {
    ssize_t written = write(descriptor, (const char *)bytes + done, count - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      close(descriptor);
      return -1;
    }
    done += (size_t)written;
  }
  int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(descriptor, F_ADD_SEALS, seals) == 0) return descriptor;
  close(descriptor);
  return -1;
}

int CSandbox_sharedMemory(size_t size) {
  int descriptor = memfd_create("cnn-verify", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return -1;
  int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
  if (ftruncate(descriptor, (off_t)size) == 0 && fcntl(descriptor, F_ADD_SEALS, seals) == 0)
    return descriptor;
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int CSandbox_clearMemory(int memory, size_t size) {
  return fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size);
}

int CSandbox_socketPair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static int describe(posix_spawn_file_actions_t *actions, int file, int pipe) {
  int error = 0;
  for (int stream = 0; stream <= 2 && !error; stream++)
    error = posix_spawn_file_actions_addopen(
        actions, stream, "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0);
  if (!error) error = posix_spawn_file_actions_adddup2(actions, file, CSandbox_fileDescriptor);
  if (!error) error = posix_spawn_file_actions_adddup2(actions, pipe, CSandbox_pipeDescriptor);
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, CSandbox_pipeDescriptor + 1);
  return error;
}

static int configure(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawnattr_setsigmask(attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error) error = posix_spawnattr_setpgroup(attributes, 0);  // ^C belongs to the parent
  if (!error)
    error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  return error;
}

int CSandbox_spawn(
    const char *executable, const char *role, char *const *environment, int file, int pipe,
    pid_t *process) {
  int highFile = fcntl(file, F_DUPFD_CLOEXEC, firstFreeDescriptor);
  if (highFile < 0) return errno;
  int highPipe = fcntl(pipe, F_DUPFD_CLOEXEC, firstFreeDescriptor);
  if (highPipe < 0) {
    int error = errno;
    close(highFile);
    return error;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (!error) {
    error = posix_spawnattr_init(&attributes);
    if (!error) {
      error = describe(&actions, highFile, highPipe);
      if (!error) error = configure(&attributes);
      char *const arguments[] = {(char *)executable, (char *)role, NULL};
      if (!error)
        error = posix_spawn(process, executable, &actions, &attributes, arguments, environment);
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  close(highFile);
  close(highPipe);
  return error;
}
