// Finds libhdf5 and its functions.
#include "CHDF5.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// The names that a library of the header's version has: on Debian, elsewhere; and those that come
// with the header, should the version of the interface have changed within it.
static const char *const names[] = {
#if H5_VERSION_GE(1, 14, 0)
    "libhdf5_serial.so.310", "libhdf5.so.310", "libhdf5.so.300",
#elif H5_VERSION_GE(1, 12, 0)
    "libhdf5_serial.so.200", "libhdf5.so.200",
#else
    "libhdf5_serial.so.103", "libhdf5.so.103",
#endif
    "libhdf5_serial.so", "libhdf5.so",
};

static struct {
  struct CHDF5_library library;
  bool isLoaded;
  char problem[512];
} state;

static void *openAny(void) {
  void *handle = NULL;
  for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++) {
    handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
    // What is wrong with the first name tells most: the others are only tried.
    const char *problem = handle ? NULL : dlerror();
    if (problem && i == 0) snprintf(state.problem, sizeof state.problem, "%s", problem);
  }
  return handle;
}

// The structures of the header, whose members moved from one version to the next, must be those of
// the library.
static bool hasVersionOfHeader(void *handle) {
  herr_t (*version)(unsigned *, unsigned *, unsigned *) =
      (herr_t(*)(unsigned *, unsigned *, unsigned *))dlsym(handle, "H5get_libversion");
  unsigned major = 0, minor = 0, release = 0;
  if (version && version(&major, &minor, &release) >= 0 && major == H5_VERS_MAJOR &&
      minor == H5_VERS_MINOR)
    return true;
  snprintf(
      state.problem, sizeof state.problem, "libhdf5 has version %u.%u.%u, built with %u.%u.%u",
      major, minor, release, H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
  return false;
}

static void *symbol(void *handle, const char *name) {
  void *address = dlsym(handle, name);
  if (!address) snprintf(state.problem, sizeof state.problem, "libhdf5 has no %s", name);
  return address;
}

static bool findID(void *handle, const char *name, hid_t *id) {
  const hid_t *address = (const hid_t *)symbol(handle, name);
  if (address) *id = *address;
  return address != NULL;
}

static bool findAll(void *handle) {
  struct CHDF5_library *library = &state.library;
#define FIND_NAMED(name) \
  if (!(library->name = (__typeof__(library->name))symbol(handle, #name))) return false;
#define FIND(name) FIND_NAMED(name)
  CHDF5_FUNCTIONS(FIND)
#undef FIND
#undef FIND_NAMED

  // The ids get their values when the library starts. No handler at exit: one that runs after a
  // failed open speaks over us ("infinite loop closing library").
  herr_t (*withoutHandler)(void) = (herr_t(*)(void))symbol(handle, "H5dont_atexit");
  herr_t (*start)(void) = (herr_t(*)(void))symbol(handle, "H5open");
  if (!withoutHandler || !start) return false;
  withoutHandler();
  if (start() < 0) {
    snprintf(state.problem, sizeof state.problem, "libhdf5 does not start");
    return false;
  }
  return findID(handle, "H5P_CLS_FILE_ACCESS_ID_g", &library->fileAccess) &&
         findID(handle, "H5P_CLS_DATASET_CREATE_ID_g", &library->datasetCreate) &&
         findID(handle, "H5T_NATIVE_FLOAT_g", &library->nativeFloat) &&
         findID(handle, "H5T_NATIVE_DOUBLE_g", &library->nativeDouble) &&
         findID(handle, "H5T_NATIVE_INT64_g", &library->nativeInt64) &&
         findID(handle, "H5T_NATIVE_UINT8_g", &library->nativeUInt8) &&
         findID(handle, "H5T_NATIVE_INT8_g", &library->nativeInt8) &&
         findID(handle, "H5T_C_S1_g", &library->cString);
}

static void load(void) {
  void *handle = openAny();
  state.isLoaded = handle && hasVersionOfHeader(handle) && findAll(handle);
}

const struct CHDF5_library *CHDF5_load(const char **problem) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  *problem = state.isLoaded ? NULL : state.problem;
  return state.isLoaded ? &state.library : NULL;
}
