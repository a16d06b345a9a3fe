// Confinement of the processes that parse a foreign file or run a plug-in, and their start.
//
// Swift cannot fork, has no seccomp or Landlock bindings, and cannot define a libhdf5 file driver
// (a C structure of function pointers whose first member is libhdf5's own), hence C.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: Start (parent)

/// The descriptors that a worker finds open: a file, and the pipe or socket to its parent.
enum { CSandbox_fileDescriptor = 3, CSandbox_pipeDescriptor = 4 };

/// Makes a pipe, reading end first, that no other process inherits; returns 0, or -1 and errno.
int CSandbox_pipe(int ends[2]);

/// Makes a file without a name, in memory, that holds `count` bytes and can never be changed;
/// returns its descriptor, or -1 and errno.
int CSandbox_memoryFile(const void *bytes, size_t count);

/// Makes a file without a name, in memory, whose size can never change, all zeros; returns its
/// descriptor, or -1 and errno.
int CSandbox_sharedMemory(size_t size);

/// Gives back the memory behind all of that file, whose bytes are zeros again; returns 0 or -1.
int CSandbox_clearMemory(int memory, size_t size);

/// Makes a pair of connected sockets that no other process inherits; returns 0, or -1 and errno.
int CSandbox_socketPair(int ends[2]);

/// Starts `executable` with one argument, `role`, an environment of `environment` (NULL-terminated),
/// standard streams on /dev/null, and exactly the two descriptors above.
/// Returns 0 and the process id, or an errno.
int CSandbox_spawn(
    const char *executable, const char *role, char *const *environment, int file, int pipe,
    pid_t *process);

/// Makes a copy of this process that has what `CSandbox_spawn` gives a program, with an empty
/// environment and without the file, and that returns from this call too, with the process id 0.
/// What it wrote to standard output and has not flushed is in both: call it first in `main`.
///
/// In the parent `socket` is the way to the copy, which ends when it is closed unused. Returns 0 or
/// an errno; EAGAIN where a program should be started instead: other threads run, which a copy would
/// not have, or the environment says something to the dynamic linker or the C library.
int CSandbox_fork(int *socket, pid_t *process);

/// Gives a copy its file; returns 0 or -1.
int CSandbox_sendFile(int socket, int file);

/// Waits for that in the copy and puts it in its place, where a program finds it; says whether a file
/// came before the parent closed its end.
bool CSandbox_receiveFile(void);

// MARK: Confinement (child)

struct CSandbox_limits {
  uint64_t addressSpace;  // bytes
  uint64_t cpuSeconds;
  uint64_t openFiles;
};

/// What of the confinement is in force, as bits.
enum {
  CSandbox_resourceLimits = 1,
  CSandbox_noNewPrivileges = 2,
  CSandbox_landlock = 4,
  CSandbox_seccomp = 8,
};

/// Limits resources, gives up privileges, forbids every path, and allows only the system calls
/// that reading one open descriptor needs; anything else kills the process.
/// What the kernel does not offer is left out; returns the bits of what is in force.
unsigned CSandbox_confine(const struct CSandbox_limits *limits);

// MARK: Plug-ins (child)

/// Limits resources, gives up privileges, lets nothing be read but what is at or below `readable`,
/// and refuses sockets, programs and processes; returns the bits of what is in force.
unsigned CSandbox_confinePlugin(
    uint64_t addressSpace, const char *const *readable, size_t readableCount);

/// Narrows what may still be read; says whether that is in force.
bool CSandbox_narrowPlugin(const char *const *readable, size_t readableCount);

/// Visits the paths of the libraries that this process was loaded with.
void CSandbox_forEachLibrary(void (*visit)(const char *path, void *context), void *context);

/// How this thread rounds and what it does with subnormal numbers: the control registers of its
/// floating-point units.
uint64_t CSandbox_floatingPointMode(void);

/// Sets that.
void CSandbox_setFloatingPointMode(uint64_t mode);

/// Whether a mode turns subnormal numbers into zeros.
bool CSandbox_flushesSubnormals(uint64_t mode);

// MARK: The file driver (child)

/// Registers a libhdf5 file driver that reads the descriptor `file` and nothing else: it ignores
/// names, opens once, and never writes. Returns its id, or a negative number.
int64_t CSandbox_registerDriver(int file);

/// Makes the driver note where raw data is, without reading it, until switched off.
void CSandbox_observeRawData(bool on);

/// How many raw reads the driver saw since the last call, and where the last one was.
unsigned CSandbox_takeObservation(uint64_t *address, uint64_t *size);
