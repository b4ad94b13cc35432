"""Named arrays in one file that can be mapped into memory.

An ``.npz`` as numpy writes it is a zip whose members start at odd offsets, and numpy reads
them into memory. Here every member is stored uncompressed and starts at a multiple of 64,
so it can be used in place; ``numpy.load`` still reads the file.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trustscore.atomic_file import AtomicFile
from trustscore.errors import InputError
from trustscore.ordinary_file import require_ordinary
from trustscore.typing import Array

_ALIGN = 64
_LOCAL_HEADER = 30
_CHUNK = 1 << 22


def write_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to a file: complete or absent."""
    with AtomicFile(path) as file:
        # A zip is written from its beginning to its end: what a pipe gets is a file as well.
        with zipfile.ZipFile(file.file, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                _add(archive, f"{name}.npy", np.ascontiguousarray(array))
        file.commit()


def _add(archive: zipfile.ZipFile, name: str, array: Array) -> None:
    if array.dtype.hasobject:
        raise InputError(f"array {name} holds Python objects, which a mapped file cannot")
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    member = zipfile.ZipInfo(name)
    # The array follows the local header, the name, the extra field and its own header; an extra
    # field of zeros (its first four bytes are tag and length) moves it to the next multiple.
    start = archive.start_dir + _LOCAL_HEADER + len(name) + len(head.getvalue())
    pad = 4 + (-(start + 4) % _ALIGN)
    member.extra = struct.pack("<HH", 0, pad - 4) + bytes(pad - 4)
    member.compress_type = zipfile.ZIP_STORED
    size = len(head.getvalue()) + array.nbytes
    member.file_size = size
    # Near 2 GiB zip needs a longer extra field, which would undo the alignment.
    if size >= 2_000_000_000:
        raise InputError(f"array {name} is too large for a mapped file: {size} bytes")
    with archive.open(member, "w") as out:
        out.write(head.getvalue())
        flat = array.reshape(-1).view(np.uint8) if array.nbytes else array.reshape(-1)
        for at in range(0, array.nbytes, _CHUNK):
            out.write(flat[at : at + _CHUNK].tobytes())


def map_arrays(path: str | Path, verify: bool = True) -> dict[str, Array]:
    """Map the arrays of a file read-only.

    Parameters
    ----------
    path : str or Path
        Written by :func:`write_arrays`, or an uncompressed ``.npz``.
    verify : bool, default=True
        Compare every member with its checksum: one pass over the file, which also brings
        it into memory.

    Raises
    ------
    InputError
        When the file is cut off, damaged, compressed or no such file at all.
    """
    require_ordinary(path)
    try:
        with open(path, "rb") as file:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
            whole = np.memmap(file, dtype=np.uint8, mode="r")
    except (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError) as error:
        raise InputError(f"{path}: is no npz, or is cut off: {error}") from None
    found = {}
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED:
            raise InputError(f"{path}: {member.filename} is compressed and cannot be mapped")
        at = member.header_offset
        lengths = bytes(whole[at + 26 : at + 30])
        if len(lengths) < 4:
            raise InputError(f"{path}: {member.filename} is cut off")
        name_length, extra_length = struct.unpack("<HH", lengths)
        start = at + _LOCAL_HEADER + name_length + extra_length
        held = whole[start : start + member.file_size]
        if len(held) != member.file_size or (verify and _crc(held) != member.CRC):
            raise InputError(f"{path}: {member.filename} is damaged")
        found[member.filename.removesuffix(".npy")] = _array(held, str(path))
    return found


def _crc(held: NDArray[np.uint8]) -> int:
    value = 0
    for at in range(0, len(held), _CHUNK):
        value = zlib.crc32(held[at : at + _CHUNK].data, value)
    return value


def _array(held: NDArray[np.uint8], path: str) -> Array:
    head = io.BytesIO(bytes(held[:4096]))
    try:
        version = np.lib.format.read_magic(head)
        if version != (1, 0):
            raise ValueError(f"npy version {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
        if dtype.hasobject:
            raise ValueError("pickled objects are never loaded")
        count = math.prod(shape)
        flat = held[head.tell() : head.tell() + count * dtype.itemsize].view(dtype)
        return np.asarray(flat.reshape(shape, order="F" if fortran else "C"))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: holds what is no array: {error}") from None
