// libhdf5's headers: where pkg-config says, or else where Debian has them. Without pkg-config the
// archive is linked (see Package.swift).
#pragma once
#if __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#include <hdf5/serial/hdf5.h>
#endif

#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif
