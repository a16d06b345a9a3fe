"""Writes the files that must be read, each with what HDF5File is to find in it.

    python good-corpus.py Corpus/good

Values are always `arange(n) % 97 - 3` in row-major order (booleans: n % 3 == 0), so that the tests
need no second copy of them.
"""

import sys
from pathlib import Path

import h5py
import numpy as np


def values(shape, dtype="f4"):
    count = int(np.prod(shape))
    return (np.arange(count) % 97 - 3).astype(dtype).reshape(shape)


def unsigned(shape, dtype):
    return (np.arange(int(np.prod(shape))) % 97).astype(dtype).reshape(shape)


def write_types(file):
    for name in ("<f2", "<f4", "<f8", ">f2", ">f4", ">f8"):
        file[f"types/{name[1:]}{'be' if name[0] == '>' else ''}"] = values((5, 7), name)
    for name in ("i1", "i2", "i4", "i8"):
        file[f"types/{name}"] = values((5, 7), name)
        file[f"types/{name}be"] = values((5, 7), ">" + name)
    for name in ("u1", "u2", "u4", "u8"):
        file[f"types/{name}"] = unsigned((5, 7), name)
    file["types/bool"] = (np.arange(35) % 3 == 0).reshape(5, 7)
    bits = values((5, 7)).view("u4") >> 16
    file["types/bf16"] = bits.astype("u2")
    file["types/bf16"].attrs["logical_dtype"] = "bfloat16"
    file["types/scalar"] = np.float32(2.5)
    file["types/empty"] = np.zeros((0, 4), "f4")


def write_layouts(file):
    shape = (10, 9, 3)
    data = values(shape)
    make = file.create_group("layouts").create_dataset
    make("contiguous", data=data)
    make("chunked", data=data, chunks=(4, 4, 2))
    make("whole", data=data, chunks=shape)
    make("gzip", data=data, chunks=(4, 4, 2), compression="gzip")
    make("gzip_shuffle", data=data, chunks=(4, 9, 3), compression="gzip", shuffle=True)
    make("all", data=data, chunks=(3, 5, 3), compression="gzip", shuffle=True, fletcher32=True)
    make("fletcher32", data=data, chunks=(3, 5, 2), fletcher32=True)
    make("unlimited", data=data, chunks=(4, 4, 2), maxshape=(None, 9, 3), compression="gzip")
    make("unlimited2", data=data, chunks=(4, 4, 2), maxshape=(None, None, 3))
    make("large_chunk", data=values((3,)), chunks=(16,), maxshape=(None,))
    for name, order in (("fletcher_first", "fsd"), ("deflate_first", "dfs"), ("mixed", "sfd")):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4, 4, 2))
        for step in order:
            if step == "f":
                plist.set_fletcher32()
            elif step == "s":
                plist.set_shuffle()
            else:
                plist.set_deflate(6)
        space = h5py.h5s.create_simple(shape)
        kind = h5py.h5t.IEEE_F64BE
        made = h5py.h5d.create(file["layouts"].id, name.encode(), kind, space, plist)
        h5py.Dataset(made)[...] = data
    masked = make(
        "masked", shape=(8, 6), dtype="f4", chunks=(4, 6), compression="gzip", shuffle=True
    )
    masked[...] = values((8, 6))
    raw = values((8, 6))[4:].tobytes()
    masked.id.write_direct_chunk((4, 0), raw, filter_mask=0b11)
    write_compact(file["layouts"])
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((4, 4, 2))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple(shape)
    made = h5py.h5d.create(file["layouts"].id, b"early", h5py.h5t.IEEE_F32LE, space, early)
    h5py.Dataset(made)[...] = data


def write_compact(group):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((4, 5))
    made = h5py.h5d.create(group.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist)
    h5py.Dataset(made)[...] = values((4, 5))


def write_attributes(file):
    group = file.create_group("attributes")
    at = group.attrs
    at["text"] = "grün"
    at["fixed"] = np.bytes_(b"fixed")
    at["texts"] = np.array(["a", "bc", ""], dtype=object)
    at["fixed_texts"] = np.array([b"a", b"bc"], dtype="S4")
    at["int"] = 42
    at["ints"] = np.array([[1, -2], [3, 4]], "i2")
    at["real"] = 0.5
    at["reals"] = np.array([1.5, -2.5], ">f4")
    at["half"] = np.float16(1.5)
    at["bool"] = True
    at["bools"] = np.array([True, False])
    at["huge"] = np.uint64(2**64 - 1)
    at["compound"] = np.zeros(2, dtype=[("a", "i4"), ("b", "f4")])
    at["nothing"] = h5py.Empty("f4")
    at["empty"] = np.zeros((0,), "f4")
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(6)
    kind.set_strpad(h5py.h5t.STR_SPACEPAD)
    made = h5py.h5a.create(group.id, b"spaces", kind, space)
    made.write(np.array(b"ab    "), mtype=kind)
    for number in range(40):
        file.require_group("dense").attrs[f"a{number:02}"] = number


def write_links(file):
    file["links/here"] = values((6,))
    file["links/there"] = file["links/here"]
    file["links/group/below"] = values((2,))
    file["links/again"] = file["links/group"]
    big = file.create_group("many", track_order=True)
    for number in range(30):
        big[f"m{29 - number:02}"] = np.int32(number)


def write(path, **options):
    with h5py.File(path, "w", **options) as file:
        write_types(file)
        write_layouts(file)
        write_attributes(file)
        write_links(file)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "default.h5")
    write(folder / "v110.h5", libver=("v110", "v110"))
    write(folder / "userblock.h5", userblock_size=512)
    write(folder / "userblock-v110.h5", userblock_size=1024, libver=("v110", "v110"))
    with h5py.File(folder / "many-chunks.h5", "w", libver=("v110", "v110")) as file:
        file.create_dataset("a", data=values((2100, 4)), chunks=(1, 4))
    with h5py.File(folder / "trailing.h5", "w") as file:
        file["x"] = values((4,))
    with open(folder / "trailing.h5", "ab") as file:
        file.write(bytes(100))


main(Path(sys.argv[1]))
