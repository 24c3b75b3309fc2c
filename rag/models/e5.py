"""multilingual-e5-small: from the 4-bit file that a package carries to a graph and a tokenizer that can be run.

The file, little-endian: the magic bytes, the sizes of a BERT encoder, a SentencePiece unigram tokenizer, a directory
of tensors, then the tensors. ``Q4_0`` tensors come in blocks of 32 weights: a 16-bit float scale and 16 bytes, byte
``j`` holding weight ``j`` in its low four bits and weight ``j + 16`` in its high four, each stored plus 8.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ChecksumMismatch
from rag.models.checksum import sha256_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Weights = npt.NDArray[np.float32]

# Raised whenever what convert() writes changes, so that folders written by an older crosscite are made again.
CONVERTER_VERSION = 4

BLOCK = 32

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
_MAGIC = b"E5S1"
_F32, _Q4_0 = 0, 1
_RECEIPT = "crosscite.json"


@dataclass(frozen=True)
class Shape:
    """The sizes of the encoder, as its file states them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """The unigram tokenizer: each piece with its score, and which pieces are special."""

    pieces: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class Blocks:
    """4-bit weights: ``scales`` one a block, ``steps`` of shape (blocks, 32); a weight is (step - 8) * scale."""

    scales: npt.NDArray[np.float16]
    steps: npt.NDArray[np.uint8]

    def floats(self) -> Weights:
        """Return the weights, flat."""
        import numpy as np

        return np.asarray((self.steps.astype(np.float32) - 8) * self.scales[:, None].astype(np.float32)).reshape(-1)


@dataclass(frozen=True)
class Checkpoint:
    """A parsed file: ``weights`` are flat float32 arrays by the file's own names (``l0.q.b``), ``blocks`` the rest."""

    shape: Shape
    vocabulary: Vocabulary
    weights: dict[str, Weights]
    blocks: dict[str, Blocks]


def convert(source: Path, folder: Path, source_sha256: str) -> None:
    """Write the checkpoint in ``source`` as a folder with an ONNX graph and a tokenizer, complete or not at all.

    Raises:
        ChecksumMismatch: the file is not what its format promises.
    """
    from rag.models import graph  # which brings NumPy

    checkpoint = read(source)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        graph.write(checkpoint, unfinished / GRAPH)
        write_tokenizer(checkpoint, unfinished)
        _write_receipt(unfinished, source_sha256)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def is_complete(folder: Path, source_sha256: str, *, deep: bool = False) -> bool:
    """Tell whether ``convert`` of this version wrote the folder from this file and nothing is missing or cut off.

    ``deep`` hashes every file instead of comparing sizes.
    """
    try:
        receipt = json.loads((folder / _RECEIPT).read_text(encoding="utf-8"))
        return (
            receipt["converter"] == CONVERTER_VERSION
            and receipt["source_sha256"] == source_sha256
            and all(
                (folder / name).stat().st_size == entry["size"]
                and (not deep or sha256_of(folder / name) == entry["sha256"])
                for name, entry in receipt["files"].items()
            )
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def read(path: Path) -> Checkpoint:
    """Parse a file and return its sizes, vocabulary and weights.

    Raises:
        ChecksumMismatch: the file is cut off, altered or of another format.
    """
    reader = _Reader(path, path.read_bytes())
    if reader.take(4) != _MAGIC or reader.unpack("I") != (1,):
        raise reader.damaged("it does not start like an E5S1 file of version 1")
    *sizes, epsilon, block = reader.unpack("7ifi")
    if min(sizes) < 1 or block != BLOCK:
        raise reader.damaged("its sizes make no sense")
    hidden, layers, heads, feed_forward, vocabulary_size, positions, token_types = sizes
    shape = Shape(hidden, layers, heads, feed_forward, vocabulary_size, positions, token_types, epsilon)
    vocabulary = _read_vocabulary(reader)
    return Checkpoint(shape, vocabulary, *_read_weights(reader))


class _Reader:
    """Walks over the bytes of a file and never past their end."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.data = memoryview(data)
        self.position = 0

    def take(self, count: int) -> memoryview:
        taken = self.at(self.position, count)
        self.position += count
        return taken

    def at(self, offset: int, count: int) -> memoryview:
        if count < 0 or offset < 0 or offset + count > len(self.data):
            raise self.damaged(f"it ends at byte {len(self.data):,}, before what it announces")
        return self.data[offset : offset + count]

    def unpack(self, layout: str) -> tuple[Any, ...]:
        layout = "<" + layout
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def damaged(self, reason: str) -> ChecksumMismatch:
        return ChecksumMismatch(f"{self.path} is damaged: {reason}. Delete it and run: crosscite models fetch e5-small")


def _read_vocabulary(reader: _Reader) -> Vocabulary:
    import numpy as np

    count, bos, eos, pad, unk, blob_size = reader.unpack("5iQ")
    if count < 1 or not all(0 <= special < count for special in (bos, eos, pad, unk)):
        raise reader.damaged("its special tokens are not in its vocabulary")
    offsets = np.frombuffer(reader.take(4 * (count + 1)), dtype="<u4").tolist()
    scores = np.frombuffer(reader.take(4 * count), dtype="<f4").tolist()
    blob = bytes(reader.take(blob_size))
    if offsets != sorted(offsets) or offsets[-1] > blob_size:
        raise reader.damaged("its vocabulary's offsets are out of order")
    try:
        pieces = [blob[start:end].decode("utf-8") for start, end in pairwise(offsets)]
    except UnicodeDecodeError as error:
        raise reader.damaged("a piece of its vocabulary is not UTF-8") from error
    # The normalisation table that follows is what NFKC and Nmt do, which the tokenizers library has built in.
    _entries, table_size = reader.unpack("iI")
    reader.take(table_size)
    return Vocabulary(tuple(zip(pieces, scores, strict=True)), bos, eos, pad, unk)


def _read_weights(reader: _Reader) -> tuple[dict[str, Weights], dict[str, Blocks]]:
    import numpy as np

    (count,) = reader.unpack("i")
    weights, blocks = {}, {}
    for _ in range(count):
        (length,) = reader.unpack("H")
        name = bytes(reader.take(length)).decode("ascii", "replace")
        kind, elements, offset, size = reader.unpack("BIQQ")
        raw = reader.at(offset, size)
        if kind == _F32 and size == 4 * elements:
            weights[name] = np.frombuffer(raw, dtype="<f4").astype(np.float32)
        elif kind == _Q4_0 and elements % BLOCK == 0 and size == elements // BLOCK * 18:
            blocks[name] = _blocks(raw)
        else:
            raise reader.damaged(f"its tensor {name} has kind {kind}, {elements:,} elements and {size:,} bytes")
    return weights, blocks


def _blocks(raw: memoryview) -> Blocks:
    import numpy as np

    half = BLOCK // 2
    stored = np.frombuffer(raw, dtype=[("scale", "<f2"), ("bytes", "u1", (half,))])
    return Blocks(stored["scale"], np.hstack([stored["bytes"] & 0x0F, stored["bytes"] >> 4]))


def write_tokenizer(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the vocabulary as the file of a fast tokenizer."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary = checkpoint.vocabulary
    piece = {role: vocabulary.pieces[getattr(vocabulary, role)][0] for role in ("bos", "eos", "pad", "unk")}
    tokenizer = Tokenizer(models.Unigram(list(vocabulary.pieces), unk_id=vocabulary.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{piece['bos']} $A {piece['eos']}",
        pair=f"{piece['bos']} $A {piece['eos']} {piece['eos']} $B {piece['eos']}",
        special_tokens=[(piece["bos"], vocabulary.bos), (piece["eos"], vocabulary.eos)],
    )
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in piece.values()])
    tokenizer.save(str(folder / TOKENIZER), pretty=False)


def _write_receipt(folder: Path, source_sha256: str) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    receipt = {
        "converter": CONVERTER_VERSION,
        "source_sha256": source_sha256,
        "files": {
            path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
            for path in files
        },
    }
    (folder / _RECEIPT).write_text(json.dumps(receipt, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
