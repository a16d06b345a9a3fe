// A libhdf5 virtual file driver over one descriptor that is already open.
//
// libhdf5's own driver opens paths, so confinement would have to wait until after H5Fopen, which
// is where published hostile files crash it. With this driver no path is ever opened, and the
// process is confined before libhdf5 sees its first byte.
//
// The driver can also *observe* raw data. The list of a dataset's chunks costs a walk of the index
// for each chunk with H5Dget_chunk_info, quadratic in all; H5Dread_chunk finds a chunk in constant
// time, and the address that it asks the driver for is the chunk's, user block included. While
// observing, the driver notes the address and reads nothing: no tensor data enters this process.
#include "CSandbox.h"

#include <CHDF5.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 2)
#if __has_include(<hdf5/serial/H5FDdevelop.h>)
#include <hdf5/serial/H5FDdevelop.h>
#else
#include <H5FDdevelop.h>
#endif
#endif

typedef struct {
  H5FD_t public;  // libhdf5's part, first
  haddr_t endOfAllocation, endOfFile;
} Driver;

static struct {
  int descriptor;
  bool open, observing;
  unsigned observations;
  uint64_t address, size;
} state = {-1, false, false, 0, 0, 0};

static Driver theDriver;

static H5FD_t *driverOpen(const char *name, unsigned flags, hid_t access, haddr_t maximum) {
  (void)name, (void)access, (void)maximum;
  struct stat status;
  if (state.open || (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT))) return NULL;
  if (fstat(state.descriptor, &status) != 0 || status.st_size < 0) return NULL;
  memset(&theDriver, 0, sizeof theDriver);
  theDriver.endOfFile = (haddr_t)status.st_size;
  state.open = true;
  return &theDriver.public;
}

static herr_t driverClose(H5FD_t *file) {
  (void)file;
  state.open = false;
  return 0;
}

static herr_t driverQuery(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  if (flags) *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

static haddr_t driverGetEndOfAllocation(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const Driver *)file)->endOfAllocation;
}

static herr_t driverSetEndOfAllocation(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((Driver *)file)->endOfAllocation = address;
  return 0;
}

static haddr_t driverGetEndOfFile(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const Driver *)file)->endOfFile;
}

static herr_t driverRead(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer) {
  (void)transfer;
  const Driver *driver = (const Driver *)file;
  if (state.observing && type == H5FD_MEM_DRAW) {
    state.observations++;
    state.address = address;
    state.size = size;
    return 0;
  }
  if (address > driver->endOfFile || size > driver->endOfFile - address) return -1;
  unsigned char *target = (unsigned char *)buffer;
  while (size > 0) {
    ssize_t count = pread(state.descriptor, target, size, (off_t)address);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    target += count;
    address += (haddr_t)count;
    size -= (size_t)count;
  }
  return 0;
}

static herr_t driverWrite(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
    const void *buffer) {
  (void)file, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
  return -1;
}

static const H5FD_class_t driverClass = {
#if H5_VERSION_GE(1, 13, 2)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600,
#endif
    .name = "one descriptor",
    .maxaddr = ((haddr_t)1 << 62) - 1,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = driverOpen,
    .close = driverClose,
    .query = driverQuery,
    .get_eoa = driverGetEndOfAllocation,
    .set_eoa = driverSetEndOfAllocation,
    .get_eof = driverGetEndOfFile,
    .read = driverRead,
    .write = driverWrite,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

int64_t CSandbox_registerDriver(int file) {
  state.descriptor = file;
  const char *problem;
  const struct CHDF5_library *library = CHDF5_load(&problem);
  return library ? (int64_t)library->H5FDregister(&driverClass) : -1;
}

void CSandbox_observeRawData(bool on) {
  state.observing = on;
  state.observations = 0;
}

unsigned CSandbox_takeObservation(uint64_t *address, uint64_t *size) {
  unsigned count = state.observations;
  state.observations = 0;
  *address = state.address;
  *size = state.size;
  return count;
}
