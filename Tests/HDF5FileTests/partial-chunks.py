"""Writes a dataset whose partial edge chunks are stored without filters.

    python partial-chunks.py Corpus/good/partial-raw.h5

h5py has no call for H5Pset_chunk_opts, so this one speaks to libhdf5 1.10 itself.
"""

import ctypes
import sys

hdf5 = ctypes.CDLL("libhdf5_serial.so.103")
hid, hsize = ctypes.c_int64, ctypes.c_uint64
for name in ("H5Fcreate", "H5Screate_simple", "H5Pcreate", "H5Dcreate2"):
    getattr(hdf5, name).restype = hid

DEFAULT, ALL, TRUNCATE, LATEST, DONT_FILTER_PARTIAL = hid(0), hid(0), 2, 2, 2


def constant(name):
    return hid.in_dll(hdf5, name)


def check(status):
    if status < 0:
        raise OSError("libhdf5 refused")
    return hid(status)


check(hdf5.H5open())
access = check(hdf5.H5Pcreate(constant("H5P_CLS_FILE_ACCESS_ID_g")))
check(hdf5.H5Pset_libver_bounds(access, LATEST, LATEST))
file = check(hdf5.H5Fcreate(sys.argv[1].encode(), TRUNCATE, DEFAULT, access))
creation = check(hdf5.H5Pcreate(constant("H5P_CLS_DATASET_CREATE_ID_g")))
check(hdf5.H5Pset_chunk(creation, 2, (hsize * 2)(4, 4)))
check(hdf5.H5Pset_chunk_opts(creation, DONT_FILTER_PARTIAL))
check(hdf5.H5Pset_shuffle(creation))
check(hdf5.H5Pset_deflate(creation, 6))
space = check(hdf5.H5Screate_simple(2, (hsize * 2)(10, 7), None))
kind = constant("H5T_IEEE_F64LE_g")
dataset = check(hdf5.H5Dcreate2(file, b"x", kind, space, DEFAULT, creation, DEFAULT))
values = (ctypes.c_double * 70)(*(i % 97 - 3 for i in range(70)))
check(hdf5.H5Dwrite(dataset, kind, ALL, ALL, DEFAULT, values))
check(hdf5.H5Dclose(dataset))
check(hdf5.H5Fclose(file))
