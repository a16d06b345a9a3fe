// The files that `cnn-verify new-layer` writes. They lie in `files`, and this target holds their text:
// the command needs no file beside itself.

#pragma once

#include <stddef.h>

/// A file of a new package.
typedef struct {
  /// The language of the package, as the option `--language` names it; "all" for every one of them.
  const char *language;
  /// Where the file lies in the package.
  const char *path;
  /// Its text.
  const char *text;
} ct_file;

/// How many files there are, of all languages together.
extern const size_t ct_file_count;

/// The file at a position below `ct_file_count`.
const ct_file *ct_file_at(size_t position);
