"""multilingual-e5-small: from the 4-bit file that a package carries to a folder sentence-transformers can load.

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
CONVERTER_VERSION = 1

_MAGIC = b"E5S1"
_BLOCK = 32
_F32, _Q4_0 = 0, 1
_RECEIPT = "crosscite.json"
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


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
class Checkpoint:
    """A parsed file; ``weights`` holds flat float32 arrays by the file's own names (``l0.q.w``)."""

    shape: Shape
    vocabulary: Vocabulary
    weights: dict[str, Weights]


def convert(source: Path, folder: Path, source_sha256: str) -> None:
    """Write the checkpoint in ``source`` as a sentence-transformers folder, complete or not at all.

    Raises:
        ChecksumMismatch: the file is not what its format promises.
    """
    checkpoint = read(source)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        _write_weights(checkpoint, unfinished)
        _write_tokenizer(checkpoint, unfinished)
        _write_configuration(checkpoint, unfinished)
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
    """Parse a file and return its sizes, vocabulary and dequantised weights.

    Raises:
        ChecksumMismatch: the file is cut off, altered or of another format.
    """
    reader = _Reader(path, path.read_bytes())
    if reader.take(4) != _MAGIC or reader.unpack("I") != (1,):
        raise reader.damaged("it does not start like an E5S1 file of version 1")
    *sizes, epsilon, block = reader.unpack("7ifi")
    if min(sizes) < 1 or block != _BLOCK:
        raise reader.damaged("its sizes make no sense")
    hidden, layers, heads, feed_forward, vocabulary_size, positions, token_types = sizes
    shape = Shape(hidden, layers, heads, feed_forward, vocabulary_size, positions, token_types, epsilon)
    vocabulary = _read_vocabulary(reader)
    return Checkpoint(shape, vocabulary, _read_weights(reader))


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


def _read_weights(reader: _Reader) -> dict[str, Weights]:
    (count,) = reader.unpack("i")
    weights = {}
    for _ in range(count):
        (length,) = reader.unpack("H")
        name = bytes(reader.take(length)).decode("ascii", "replace")
        kind, elements, offset, size = reader.unpack("BIQQ")
        weights[name] = _dequantise(reader, name, kind, elements, reader.at(offset, size))
    return weights


def _dequantise(reader: _Reader, name: str, kind: int, elements: int, raw: memoryview) -> Weights:
    import numpy as np

    if kind == _F32 and len(raw) == 4 * elements:
        return np.frombuffer(raw, dtype="<f4").astype(np.float32)
    if kind == _Q4_0 and elements % _BLOCK == 0 and len(raw) == elements // _BLOCK * 18:
        blocks = np.frombuffer(raw, dtype=[("scale", "<f2"), ("bytes", "u1", (_BLOCK // 2,))])
        weights = np.empty((len(blocks), _BLOCK), dtype=np.float32)
        weights[:, : _BLOCK // 2] = blocks["bytes"] & 0x0F
        weights[:, _BLOCK // 2 :] = blocks["bytes"] >> 4
        weights -= 8
        weights *= blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(-1)
    raise reader.damaged(f"its tensor {name} has kind {kind}, {elements:,} elements and {len(raw):,} bytes")


def _write_weights(checkpoint: Checkpoint, folder: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    shape, weights = checkpoint.shape, checkpoint.weights
    hidden, wide = shape.hidden, shape.feed_forward
    dimensions = {
        "fi.w": (wide, hidden),
        "fi.b": (wide,),
        "fo.w": (hidden, wide),
        **{f"{name}.w": (hidden, hidden) for name in ("q", "k", "v", "ao")},
    }
    tensors: dict[str, Weights] = {}

    def put(target: str, name: str, size: tuple[int, ...]) -> None:
        if name not in weights or weights[name].size != np.prod(size):
            raise ChecksumMismatch(f"The checkpoint has no tensor {name} of {size}. Fetch it again: e5-small")
        tensors[target] = weights[name].reshape(size)

    put("embeddings.word_embeddings.weight", "emb.word", (shape.vocabulary, hidden))
    put("embeddings.position_embeddings.weight", "emb.pos", (shape.positions, hidden))
    put("embeddings.token_type_embeddings.weight", "emb.type", (shape.token_types, hidden))
    put("embeddings.LayerNorm.weight", "emb.ln.w", (hidden,))
    put("embeddings.LayerNorm.bias", "emb.ln.b", (hidden,))
    for layer in range(shape.layers):
        for short, long in _LAYER_NAMES.items():
            for end, word in (("w", "weight"), ("b", "bias")):
                size = dimensions.get(f"{short}.{end}", (hidden,))
                put(f"encoder.layer.{layer}.{long}.{word}", f"l{layer}.{short}.{end}", size)
    # Mean pooling never looks at BERT's pooler; without these zeros transformers reports it as missing.
    tensors["pooler.dense.weight"] = np.zeros((hidden, hidden), dtype=np.float32)
    tensors["pooler.dense.bias"] = np.zeros(hidden, dtype=np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    # safetensors writes for its owner alone; a service often runs as somebody else than who fetched.
    (folder / "model.safetensors").chmod(0o644)


def _write_tokenizer(checkpoint: Checkpoint, folder: Path) -> None:
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
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": checkpoint.shape.positions,
            "clean_up_tokenization_spaces": False,
            "bos_token": piece["bos"],
            "cls_token": piece["bos"],
            "eos_token": piece["eos"],
            "sep_token": piece["eos"],
            "pad_token": piece["pad"],
            "unk_token": piece["unk"],
        },
    )


def _write_configuration(checkpoint: Checkpoint, folder: Path) -> None:
    shape = checkpoint.shape
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.feed_forward,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": shape.epsilon,
            "pad_token_id": checkpoint.vocabulary.pad,
            "torch_dtype": "float32",
        },
    )
    _write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": shape.positions, "do_lower_case": False})
    _write_json(folder / "config_sentence_transformers.json", {"similarity_fn_name": "cosine"})
    (folder / "1_Pooling").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": shape.hidden, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
    )
    (folder / "2_Normalize").mkdir()


def _write_receipt(folder: Path, source_sha256: str) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    _write_json(
        folder / _RECEIPT,
        {
            "converter": CONVERTER_VERSION,
            "source_sha256": source_sha256,
            "files": {
                path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
                for path in files
            },
        },
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
