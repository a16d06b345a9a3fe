// What Swift cannot import from hdf5.h: constants that are macros with casts, ids that open the
// library first, and calls whose name is a versioned macro.
#pragma once
#include <hdf5.h>
#include <stdbool.h>

// MARK: Constants

static inline hid_t CHDF5_default(void) { return H5P_DEFAULT; }
static inline hid_t CHDF5_all(void) { return H5S_ALL; }
static inline haddr_t CHDF5_undefinedAddress(void) { return HADDR_UNDEF; }
static inline size_t CHDF5_variableLength(void) { return H5T_VARIABLE; }
static inline hsize_t CHDF5_unlimited(void) { return H5S_UNLIMITED; }
static inline unsigned CHDF5_readOnly(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned CHDF5_allObjects(void) { return H5F_OBJ_ALL; }
static inline hid_t CHDF5_anyFile(void) { return (hid_t)H5F_OBJ_ALL; }

static inline hid_t CHDF5_fileAccess(void) { return H5P_FILE_ACCESS; }
static inline hid_t CHDF5_fileCreate(void) { return H5P_FILE_CREATE; }
static inline hid_t CHDF5_datasetCreate(void) { return H5P_DATASET_CREATE; }

static inline hid_t CHDF5_nativeFloat(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t CHDF5_nativeDouble(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t CHDF5_nativeInt64(void) { return H5T_NATIVE_INT64; }
static inline hid_t CHDF5_nativeUInt8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t CHDF5_nativeInt8(void) { return H5T_NATIVE_INT8; }
static inline hid_t CHDF5_cString(void) { return H5T_C_S1; }

// MARK: Error frames

/// Turns off libhdf5's own printing for the calling thread.
static inline void CHDF5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
static inline void CHDF5_clearErrors(void) { H5Eclear2(H5E_DEFAULT); }

typedef void (*CHDF5_frameVisitor)(
    const char *function, const char *description, const char *major, const char *minor,
    void *context);

struct CHDF5_frameWalk {
  CHDF5_frameVisitor visit;
  void *context;
};

static inline herr_t CHDF5_visitFrame(unsigned n, const H5E_error2_t *frame, void *data) {
  (void)n;
  const struct CHDF5_frameWalk *walk = (const struct CHDF5_frameWalk *)data;
  char major[128] = "", minor[128] = "";
  H5Eget_msg(frame->maj_num, NULL, major, sizeof major);
  H5Eget_msg(frame->min_num, NULL, minor, sizeof minor);
  walk->visit(
      frame->func_name ? frame->func_name : "", frame->desc ? frame->desc : "", major, minor,
      walk->context);
  return 0;
}

/// Calls `visit` for every frame of the current error, outermost first; the strings die with it.
static inline void CHDF5_walkErrors(CHDF5_frameVisitor visit, void *context) {
  struct CHDF5_frameWalk walk = {visit, context};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, CHDF5_visitFrame, &walk);
}

// MARK: Links and objects

/// Return 0 to go on, 1 to stop. `kind`: 0 hard, 1 soft, 64 external, others user-defined.
typedef int (*CHDF5_linkVisitor)(const char *name, int kind, void *context);

struct CHDF5_linkWalk {
  CHDF5_linkVisitor visit;
  void *context;
};

#if H5_VERSION_GE(1, 12, 0)
typedef H5L_info2_t CHDF5_linkInfo;
#else
typedef H5L_info_t CHDF5_linkInfo;
#endif

static inline herr_t CHDF5_visitLink(
    hid_t group, const char *name, const CHDF5_linkInfo *info, void *data) {
  (void)group;
  const struct CHDF5_linkWalk *walk = (const struct CHDF5_linkWalk *)data;
  return walk->visit(name, (int)info->type, walk->context);
}

/// Visits the links of one group, by name or in order of creation.
static inline herr_t CHDF5_iterateLinks(
    hid_t group, bool byCreation, CHDF5_linkVisitor visit, void *context) {
  struct CHDF5_linkWalk walk = {visit, context};
  hsize_t position = 0;
  H5_index_t index = byCreation ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
#if H5_VERSION_GE(1, 12, 0)
  return H5Literate2(group, index, H5_ITER_INC, &position, CHDF5_visitLink, &walk);
#else
  return H5Literate(group, index, H5_ITER_INC, &position, CHDF5_visitLink, &walk);
#endif
}

struct CHDF5_object {
  int kind;  // 0 group, 1 dataset, 2 committed datatype
  uint64_t address;
  uint64_t attributeCount;
};

/// What a hard link leads to, without opening more than the object's header.
static inline herr_t CHDF5_objectInfo(
    hid_t group, const char *name, struct CHDF5_object *result) {
  unsigned fields = H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS;
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  herr_t status = H5Oget_info_by_name2(group, name, &info, fields, H5P_DEFAULT);
  if (status < 0) return status;
  result->kind = (int)info.type;
  result->address = info.addr;
  result->attributeCount = info.num_attrs;
  return 0;
}

/// Return 0 to go on, 1 to stop.
typedef int (*CHDF5_attributeVisitor)(const char *name, void *context);

struct CHDF5_attributeWalk {
  CHDF5_attributeVisitor visit;
  void *context;
};

static inline herr_t CHDF5_visitAttribute(
    hid_t object, const char *name, const H5A_info_t *info, void *data) {
  (void)object;
  (void)info;
  const struct CHDF5_attributeWalk *walk = (const struct CHDF5_attributeWalk *)data;
  return walk->visit(name, walk->context);
}

static inline herr_t CHDF5_iterateAttributes(
    hid_t object, CHDF5_attributeVisitor visit, void *context) {
  struct CHDF5_attributeWalk walk = {visit, context};
  hsize_t position = 0;
  return H5Aiterate2(
      object, H5_INDEX_NAME, H5_ITER_INC, &position, CHDF5_visitAttribute, &walk);
}
