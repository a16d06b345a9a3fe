// A target needs a source; all that this one offers is its header.
#include "cnn_layer.h"
