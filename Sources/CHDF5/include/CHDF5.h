// libhdf5, loaded when it is first called.
//
// On Debian libhdf5 needs some thirty further libraries (curl, Kerberos, LDAP …), which the loader
// would map and bind at every start of the command and of each of its processes: 5 ms, a third of a
// start. Most of those processes never call it. So it is not linked but opened with `dlopen`, and
// its functions are members of a structure. The types come from its own header.
//
// Here are also what Swift cannot import from that header: constants that are macros with casts,
// ids that open the library first, and calls whose name is a versioned macro.
#pragma once

// Debian keeps the header in a folder of its own, which only pkg-config tells, together with a
// demand to link.
#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#elif __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#error "The header of libhdf5 is missing. On Debian: apt-get install libhdf5-dev"
#endif
#include <stdbool.h>

// The macros of many constants start the library first and check its version: `CHDF5_load` has done
// both, and these would be calls by name.
#undef H5check
#define H5check() 0
#define H5open() 0

// MARK: Functions

/// Every function of libhdf5 that is called: a name that is not here cannot be.
#define CHDF5_FUNCTIONS(F)                                                                     \
  F(H5Aclose) F(H5Acreate2) F(H5Aget_space) F(H5Aget_type) F(H5Aiterate2) F(H5Aopen)           \
  F(H5Aread) F(H5Awrite)                                                                       \
  F(H5Dclose) F(H5Dcreate2) F(H5Dget_chunk_storage_size) F(H5Dget_create_plist)                \
  F(H5Dget_num_chunks) F(H5Dget_offset) F(H5Dget_space) F(H5Dget_space_status)                 \
  F(H5Dget_storage_size) F(H5Dget_type) F(H5Dopen2) F(H5Dread) F(H5Dread_chunk) F(H5Dwrite)    \
  F(H5Eclear2) F(H5Eget_msg) F(H5Eset_auto2) F(H5Ewalk2)                                       \
  F(H5FDregister)                                                                              \
  F(H5Fclose) F(H5Fcreate) F(H5Fget_create_plist) F(H5Fget_obj_count) F(H5Fopen)               \
  F(H5Gclose) F(H5Gcreate2) F(H5Gget_create_plist) F(H5Gopen2)                                 \
  F(H5Lcreate_hard) F(H5Lexists) F(CHDF5_LITERATE) F(H5Lunregister)                            \
  F(H5Oclose) F(H5Oget_info_by_name2) F(H5Oopen)                                               \
  F(H5PLset_loading_state)                                                                     \
  F(H5Pclose) F(H5Pcreate) F(H5Pget_chunk) F(H5Pget_chunk_opts) F(H5Pget_external_count)       \
  F(H5Pget_filter2) F(H5Pget_layout) F(H5Pget_link_creation_order) F(H5Pget_nfilters)          \
  F(H5Pget_userblock) F(H5Pset_chunk) F(H5Pset_deflate) F(H5Pset_driver)                       \
  F(H5Pset_file_locking) F(H5Pset_obj_track_times) F(H5Pset_shuffle)                           \
  F(H5Sclose) F(H5Screate) F(H5Screate_simple) F(H5Sget_simple_extent_dims)                    \
  F(H5Sget_simple_extent_ndims) F(H5Sget_simple_extent_type)                                   \
  F(H5Tclose) F(H5Tcopy) F(H5Tenum_create) F(H5Tenum_insert) F(H5Tenum_valueof)                \
  F(H5Tget_class) F(H5Tget_cset) F(H5Tget_ebias) F(H5Tget_fields) F(H5Tget_nmembers)           \
  F(H5Tget_norm) F(H5Tget_offset) F(H5Tget_order) F(H5Tget_precision) F(H5Tget_sign)           \
  F(H5Tget_size) F(H5Tget_strpad) F(H5Tget_super) F(H5Tis_variable_str) F(H5Tset_cset)         \
  F(H5Tset_size) F(H5Tset_strpad)

#if H5_VERSION_GE(1, 12, 0)
#define CHDF5_LITERATE H5Literate2
#else
#define CHDF5_LITERATE H5Literate
#endif

/// What is called of libhdf5, under its own names, and the ids that exist once it is loaded.
struct CHDF5_library {
#define CHDF5_MEMBER(name) __typeof__(name) *_Nonnull name;
  CHDF5_FUNCTIONS(CHDF5_MEMBER)
#undef CHDF5_MEMBER
  hid_t fileAccess, datasetCreate;
  hid_t nativeFloat, nativeDouble, nativeInt64, nativeUInt8, nativeInt8, cString;
};

/// Loads libhdf5 at the first call; later calls return the same. It must be of the version of the
/// header. Returns NULL if there is none, and why: a text that lives as long as the process.
const struct CHDF5_library *_Nullable CHDF5_load(const char *_Nullable *_Nonnull problem);

// MARK: Constants

static inline hid_t CHDF5_default(void) { return H5P_DEFAULT; }
static inline hid_t CHDF5_all(void) { return H5S_ALL; }
static inline haddr_t CHDF5_undefinedAddress(void) { return HADDR_UNDEF; }
static inline size_t CHDF5_variableLength(void) { return H5T_VARIABLE; }
static inline unsigned CHDF5_readOnly(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned CHDF5_allObjects(void) { return H5F_OBJ_ALL; }
static inline hid_t CHDF5_anyFile(void) { return (hid_t)H5F_OBJ_ALL; }

// What follows calls the library: only after `CHDF5_load`.

// MARK: Error frames

/// Turns off libhdf5's own printing for the calling thread.
void CHDF5_silence(void);
/// Forgets the frames of the last error.
void CHDF5_clearErrors(void);

typedef void (*CHDF5_frameVisitor)(
    const char *_Nonnull function, const char *_Nonnull description, const char *_Nonnull major,
    const char *_Nonnull minor, void *_Nullable context);

/// Calls `visit` for every frame of the current error, outermost first; the strings die with it.
void CHDF5_walkErrors(CHDF5_frameVisitor _Nonnull visit, void *_Nullable context);

// MARK: Links and objects

/// Return 0 to go on, 1 to stop. `kind`: 0 hard, 1 soft, 64 external, others user-defined.
typedef int (*CHDF5_linkVisitor)(const char *_Nonnull name, int kind, void *_Nullable context);

/// Visits the links of one group, by name or in order of creation.
herr_t CHDF5_iterateLinks(
    hid_t group, bool byCreation, CHDF5_linkVisitor _Nonnull visit, void *_Nullable context);

struct CHDF5_object {
  int kind;  // 0 group, 1 dataset, 2 committed datatype
  uint64_t address;
  uint64_t attributeCount;
};

/// What a hard link leads to, without opening more than the object's header.
herr_t CHDF5_objectInfo(
    hid_t group, const char *_Nonnull name, struct CHDF5_object *_Nonnull result);

/// Return 0 to go on, 1 to stop.
typedef int (*CHDF5_attributeVisitor)(const char *_Nonnull name, void *_Nullable context);

/// Visits the attributes of an object, by name.
herr_t CHDF5_iterateAttributes(
    hid_t object, CHDF5_attributeVisitor _Nonnull visit, void *_Nullable context);
