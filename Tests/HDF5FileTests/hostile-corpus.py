"""Writes files with one thing wrong in each; HostileFilesTests.swift says what is to be found.

python hostile-corpus.py Corpus/hostile
"""

import random
import struct
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np

DATA = np.arange(100, dtype="f4").reshape(10, 10)


def simple(file):
    file["good"] = DATA


def low(file, name, kind, shape=(4,), plist=None):
    space = h5py.h5s.create_simple(shape)
    return h5py.h5d.create(file.id, name, kind, space, plist)


def external_link(file):
    file.create_group("layers")["conv1"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_middle(file):
    file["layers"] = h5py.ExternalLink("other.h5", "/layers")


def soft_link(file):
    simple(file)
    file["alias"] = h5py.SoftLink("/good")


def external_storage(file):
    file.create_dataset("x", (10,), "u1", external=[("/etc/passwd", 0, 10)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("x", layout)


def cycle(file):
    group = file.create_group("a/b")
    group["up"] = file["a"]


def dag(file):
    group = file
    for _ in range(25):
        below = group.create_group("left")
        group["right"] = below
        group = below


def deep(file):
    file.create_group("/".join(f"g{i}" for i in range(40)))


def control_name(file):
    file["a\x1b[31m"] = DATA


def invalid_name(file):
    low(file, b"a\xff\xfe", h5py.h5t.IEEE_F32LE)


def control_attribute(file):
    file["x"] = DATA
    file["x"].attrs["a\nb"] = 1


def unwritten(file):
    file.create_dataset("x", (2**40,), "f4")
    file.create_dataset("chunked", (2**40,), "f4", chunks=(1024,))
    simple(file)


def missing_chunks(file):
    made = file.create_dataset("x", (5, 3), "f4", chunks=(1, 1))
    for row in range(3):
        made[row, 0] = 1
    simple(file)


def direct(file, name, content, shape=(10, 10), mask=0, **options):
    made = file.create_dataset(name, shape, "f4", chunks=shape, **options)
    made.id.write_direct_chunk((0,) * len(shape), content, filter_mask=mask)


def streams(file):
    raw = DATA.tobytes()
    good = zlib.compress(raw)
    direct(file, "long", zlib.compress(bytes(60000)), compression="gzip")
    direct(file, "short", zlib.compress(raw[:396]), compression="gzip")
    direct(file, "damaged", good[:30] + b"\0\0\0\0" + good[34:], compression="gzip")
    direct(file, "trailing", good + b"x", compression="gzip")
    direct(file, "bomb", zlib.compress(bytes(10)), (1 << 20,), compression="gzip")
    direct(file, "checksum", raw + b"abcd", fletcher32=True)
    direct(file, "tiny", b"ab", fletcher32=True)
    direct(file, "unfiltered_short", raw[:100])
    direct(file, "masked_short", raw[:100], compression="gzip", mask=1)
    direct(file, "good", good, compression="gzip")


def filters(file):
    simple(file)
    file.create_dataset("lzf", data=DATA, compression="lzf")
    file.create_dataset("scaleoffset", data=DATA.astype("i4"), scaleoffset=0)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((10, 10))
    plist.set_deflate(1)
    plist.set_deflate(1)
    made = low(file, b"twice", h5py.h5t.IEEE_F32LE, (10, 10), plist)
    h5py.Dataset(made)[...] = DATA


def types(file):
    simple(file)
    file["compound"] = np.zeros(2, [("a", "i4"), ("b", "f4")])
    file["complex"] = np.zeros(2, "c8")
    file.create_dataset("enum", (2,), h5py.enum_dtype({"RED": 0, "BLUE": 1}, "i1"))[...] = 1
    file.create_dataset("vlen", (2,), h5py.vlen_dtype("f4"))[0] = [1, 2]
    file["text"] = "words"
    file["bytes"] = np.array([b"a", b"b"], "S1")
    file.create_dataset("reference", (1,), h5py.ref_dtype)[0] = file["good"].ref
    file["opaque"] = np.array([b"ab"], "V2")
    file.create_dataset("array", (2,), np.dtype(("f4", (3,))))
    file["long_double"] = np.zeros(2, "longdouble")
    biased = h5py.h5t.IEEE_F32LE.copy()
    biased.set_ebias(100)
    low(file, b"biased", biased)
    low(file, b"bits", h5py.h5t.STD_B8LE)
    narrow = h5py.h5t.STD_I32LE.copy()
    narrow.set_precision(20)
    low(file, b"narrow_int", narrow)
    file["committed"] = np.dtype("f4")
    file["null"] = h5py.Empty("f4")
    file["nine_axes"] = np.zeros((1,) * 9, "f4")
    file["logical"] = np.zeros(3, "u2")
    file["logical"].attrs["logical_dtype"] = "float8"
    file["logical_float"] = DATA
    file["logical_float"].attrs["logical_dtype"] = "bfloat16"


def latest(file):
    simple(file)
    file.create_dataset("x", data=DATA, chunks=(5, 5), compression="gzip")


def overlap(file):
    file["a"] = DATA
    file["b"] = DATA + 1


def marked(file):
    file["x"] = np.arange(1237, dtype="u1")


def heap(file):
    file["x"] = DATA
    file["x"].attrs["t"] = np.array(["y" * 2000] + ["x"] * 1000, dtype=object)


def patch(path, old, new, count=1):
    content = path.read_bytes()
    assert content.count(old) >= 1, (path, old)
    path.write_bytes(content.replace(old, new, count))


def layout_address(path, name):
    with h5py.File(path) as file:
        return struct.pack("<Q", file[name].id.get_offset())


def patch_heap(path):
    content = path.read_bytes()
    first = content.index(struct.pack("<I", 2000), content.index(b"t\0"))
    record = content[first : first + 16]
    path.write_bytes(content[:first] + record * 1001 + content[first + 16 * 1001 :])


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    makers = [
        external_link,
        external_middle,
        soft_link,
        external_storage,
        virtual,
        cycle,
        control_name,
        invalid_name,
        control_attribute,
        unwritten,
        missing_chunks,
        streams,
        filters,
        types,
    ]
    for maker in makers:
        with h5py.File(folder / f"{maker.__name__}.h5", "w") as file:
            maker(file)
    for maker in (dag, deep):  # new groups are small ones
        with h5py.File(folder / f"{maker.__name__}.h5", "w", libver=("v110", "v110")) as file:
            maker(file)
    with h5py.File(folder / "latest.h5", "w", libver="latest") as file:
        latest(file)

    def patched(name, maker, **options):
        path = folder / f"{name}.h5"
        with h5py.File(path, "w", **options) as file:
            maker(file)
        return path

    path = patched("overlap", overlap)
    patch(path, layout_address(path, "b"), layout_address(path, "a"))
    path = patched("over_superblock", overlap)
    patch(path, layout_address(path, "a"), struct.pack("<Q", 8))
    path = patched("outside", overlap)
    patch(path, layout_address(path, "a"), struct.pack("<Q", 1 << 40))
    size = struct.pack("<Q", 1237)
    path = patched("other_size", marked)
    patch(path, size + size, struct.pack("<QQ", 5000, 5000))
    path = patched("overflow", marked)
    patch(path, size + size, struct.pack("<QQ", 2**63 + 5, 2**63 + 5))
    path = patched("large_attribute", heap)
    patch_heap(path)
    path = patched("truncated", simple)
    path.write_bytes(path.read_bytes()[:1500])
    path = patched("open_for_writing", simple, libver=("v110", "v110"))
    content = bytearray(path.read_bytes())
    content[11] = 5
    path.write_bytes(content)
    path = patched("superblock_checksum", simple, libver=("v110", "v110"))
    content = bytearray(path.read_bytes())
    content[44] ^= 1
    path.write_bytes(content)
    path = patched("broken_header", overlap)
    with h5py.File(path) as file:
        header = h5py.h5o.get_info(file["b"].id).addr
    content = bytearray(path.read_bytes())
    content[header : header + 16] = b"\xee" * 16
    path.write_bytes(content)
    (folder / "random.h5").write_bytes(random.Random(7).randbytes(4096))
    (folder / "empty.h5").write_bytes(b"")
    (folder / "signature_only.h5").write_bytes(b"\x89HDF\r\n\x1a\n")


main(Path(sys.argv[1]))
