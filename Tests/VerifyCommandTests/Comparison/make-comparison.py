"""Make the files of the comparison tests that the toolkit's own writer cannot: python make-comparison.py."""

import h5py
import numpy as np

X = (np.arange(35, dtype="f4").reshape(5, 7) - 17) / 8


def write(name, **changes):
    """One file with a dataset of each sort; `changes` replaces some of them."""
    text = h5py.string_dtype()
    data = {
        "f4": X,
        "half": X.astype("f2"),
        "i4": np.arange(6, dtype="i4"),
        "u8": np.array([2**64 - 1, 5], "u8"),
        "truth": np.array([True, False, True]),
        "text": np.array(["a", "bc", "grün", ""], dtype=text),
        "fixed": np.array([b"one", b"two"]),
        "empty": np.zeros((0, 3), "f4"),
        "scalar": "hello",
    }
    data.update(changes)
    with h5py.File(f"{name}.h5", "w", track_order=False) as file:
        for path, value in sorted(data.items()):
            file.create_dataset(path, data=value, track_times=False)


write("little")
write(
    "big",
    f4=X.astype(">f4"),
    half=X.astype(">f2"),
    i4=np.arange(6, dtype=">i4"),
    u8=np.array([2**64 - 1, 5], ">u8"),
    fixed=np.array([b"one", b"two"], "S9"),
)
write("wide", f4=X.astype("f8"), half=X.astype("f4"), i4=np.arange(6, dtype="i8"))
write("narrow", f4=(X / 3).astype("f2"), half=X.astype("f2"))
write("third", f4=X / 3)
write(
    "other",
    i4=np.array([0, 1, 2, 3, 4, 7], "i4"),
    u8=np.array([2**64 - 2, 5], "u8"),
    truth=np.array([True, True, True]),
    text=np.array(["a", "bd", "grün", ""], dtype=h5py.string_dtype()),
    fixed=np.array([b"one", b"twO"]),
)
write("types", f4=np.zeros((5, 7), "i4"), truth=np.array([1, 0, 1], "u1"), i4=b"text")


def heap_outside():
    """`little` with the global heap's address of one string beyond the end of the file."""
    with h5py.File("little.h5") as file:
        place = file["text"].id.get_offset()
    data = bytearray(open("little.h5", "rb").read())
    data[place + 4 : place + 12] = (1 << 40).to_bytes(8, "little")
    open("heap.h5", "wb").write(data)


heap_outside()
