// Calls whose form Swift cannot write: versioned names, callbacks with structures.
#include "CHDF5.h"

static const struct CHDF5_library *library(void) {
  const char *problem;
  return CHDF5_load(&problem);
}

// MARK: Error frames

void CHDF5_silence(void) {
  library()->H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void CHDF5_clearErrors(void) { library()->H5Eclear2(H5E_DEFAULT); }

struct frameWalk {
  CHDF5_frameVisitor visit;
  void *context;
};

static herr_t visitFrame(unsigned n, const H5E_error2_t *frame, void *data) {
  (void)n;
  const struct frameWalk *walk = (const struct frameWalk *)data;
  char major[128] = "", minor[128] = "";
  library()->H5Eget_msg(frame->maj_num, NULL, major, sizeof major);
  library()->H5Eget_msg(frame->min_num, NULL, minor, sizeof minor);
  walk->visit(
      frame->func_name ? frame->func_name : "", frame->desc ? frame->desc : "", major, minor,
      walk->context);
  return 0;
}

void CHDF5_walkErrors(CHDF5_frameVisitor visit, void *context) {
  struct frameWalk walk = {visit, context};
  library()->H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, visitFrame, &walk);
}

// MARK: Links and objects

struct linkWalk {
  CHDF5_linkVisitor visit;
  void *context;
};

#if H5_VERSION_GE(1, 12, 0)
typedef H5L_info2_t LinkInfo;
#else
typedef H5L_info_t LinkInfo;
#endif

static herr_t visitLink(hid_t group, const char *name, const LinkInfo *info, void *data) {
  (void)group;
  const struct linkWalk *walk = (const struct linkWalk *)data;
  return walk->visit(name, (int)info->type, walk->context);
}

herr_t CHDF5_iterateLinks(
    hid_t group, bool byCreation, CHDF5_linkVisitor visit, void *context) {
  struct linkWalk walk = {visit, context};
  hsize_t position = 0;
  H5_index_t index = byCreation ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  return library()->CHDF5_LITERATE(group, index, H5_ITER_INC, &position, visitLink, &walk);
}

herr_t CHDF5_objectInfo(hid_t group, const char *name, struct CHDF5_object *result) {
  unsigned fields = H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS;
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  herr_t status = library()->H5Oget_info_by_name2(group, name, &info, fields, H5P_DEFAULT);
  if (status < 0) return status;
  result->kind = (int)info.type;
  result->address = info.addr;
  result->attributeCount = info.num_attrs;
  return 0;
}

struct attributeWalk {
  CHDF5_attributeVisitor visit;
  void *context;
};

static herr_t visitAttribute(
    hid_t object, const char *name, const H5A_info_t *info, void *data) {
  (void)object;
  (void)info;
  const struct attributeWalk *walk = (const struct attributeWalk *)data;
  return walk->visit(name, walk->context);
}

herr_t CHDF5_iterateAttributes(hid_t object, CHDF5_attributeVisitor visit, void *context) {
  struct attributeWalk walk = {visit, context};
  hsize_t position = 0;
  return library()->H5Aiterate2(
      object, H5_INDEX_NAME, H5_ITER_INC, &position, visitAttribute, &walk);
}
