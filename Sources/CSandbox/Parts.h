// What the confinements of different processes have in common.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Lowers a resource limit, both the soft and the hard one.
bool CSandbox_limit(int resource, uint64_t value);

/// Forbids every path of the file system but reading what is at or below the given ones, and TCP,
/// abstract sockets and signals to others as far as the kernel can; says whether anything is in
/// force. A second call narrows what the first one left.
bool CSandbox_allowReading(const char *const *paths, size_t count);
