"""Conversion of the embedder's file, on one of 8 pieces and 32 dimensions that is written here byte by byte."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from rag.bench import plain
from rag.embedding import E5
from rag.errors import ChecksumMismatch, ModelError, ModelMissing
from rag.models import catalogue, e5, path_of
from rag.models.catalogue import Model

HIDDEN, LAYERS = 32, 2
PIECES = [
    ("<s>", 0.0),
    ("<pad>", 0.0),
    ("</s>", 0.0),
    ("<unk>", 0.0),
    ("▁", -4.0),
    ("▁a", -1.0),
    ("b", -2.0),
    ("▁日", -1.5),
]
# Weight j of a block is its byte j's low nibble, weight j + 16 the high nibble, minus 8, times the scale.
BLOCK_BYTES = bytes(high << 4 | low for low, high in zip(range(16), reversed(range(16)), strict=True))
BLOCK_VALUES = [0.5 * (n - 8) for n in range(16)] + [0.5 * (n - 8) for n in reversed(range(16))]


def _tensors() -> dict[str, tuple[int, int, bytes]]:
    def q4(blocks: int) -> tuple[int, int, bytes]:
        # Turned a little further from block to block, so that no two pieces are the same.
        turned = (BLOCK_BYTES[at % 16 :] + BLOCK_BYTES[: at % 16] for at in range(blocks))
        return 1, 32 * blocks, b"".join(struct.pack("<e", 0.5) + block for block in turned)

    def f32(count: int, value: float = 0.0) -> tuple[int, int, bytes]:
        return 0, count, struct.pack("<f", value) * count

    tensors = {
        "emb.word": q4(8),
        "emb.pos": f32(16 * HIDDEN),
        "emb.type": f32(2 * HIDDEN),
        "emb.ln.w": f32(HIDDEN, 1.0),
        "emb.ln.b": f32(HIDDEN),
    }
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            tensors[f"l{layer}.{name}.w"] = q4(HIDDEN)
            tensors[f"l{layer}.{name}.b"] = f32(HIDDEN)
        for name in ("aln", "oln"):
            tensors[f"l{layer}.{name}.w"] = f32(HIDDEN, 1.0)
            tensors[f"l{layer}.{name}.b"] = f32(HIDDEN)
    return tensors


def _drawn_by_lot() -> dict[str, tuple[int, int, bytes]]:
    rng = np.random.default_rng(7)

    def drawn(kind: int, count: int) -> bytes:
        if kind == 0:
            return rng.normal(0.5, 0.5, count).astype("<f4").tobytes()
        return b"".join(struct.pack("<e", 0.04) + rng.bytes(16) for _ in range(count // 32))

    return {name: (kind, count, drawn(kind, count)) for name, (kind, count, _) in _tensors().items()}


def _write(path: Path, tensors: dict[str, tuple[int, int, bytes]] | None = None) -> Path:
    tensors = _tensors() if tensors is None else tensors
    pieces = [piece.encode() for piece, _ in PIECES]
    blob = b"".join(pieces)
    offsets = [sum(map(len, pieces[:n])) for n in range(len(pieces) + 1)]
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, 2, HIDDEN, len(PIECES), 16, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob))
    head += struct.pack(f"<{len(offsets)}I", *offsets) + struct.pack(
        f"<{len(PIECES)}f", *(score for _, score in PIECES)
    )
    head += blob + struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0xFB01, 1, 0x66)
    offset = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, raw) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, offset + len(body), len(raw))
        body += raw
    path.write_bytes(head + directory + body)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _write(tmp_path / "tiny-q4.bin")


def test_sizes_and_pieces_are_read(source: Path) -> None:
    checkpoint = e5.read(source)
    assert checkpoint.shape.hidden == 32
    assert checkpoint.shape.positions == 16
    assert checkpoint.vocabulary.pieces == tuple(PIECES)
    assert (checkpoint.vocabulary.bos, checkpoint.vocabulary.pad, checkpoint.vocabulary.eos) == (0, 1, 2)


def test_low_nibbles_are_the_first_half_of_a_block_and_high_nibbles_the_second(source: Path) -> None:
    blocks = e5.read(source).blocks["emb.word"]
    assert blocks.scales.tolist() == [0.5] * 8
    assert ((blocks.steps[0].astype(int) - 8) * 0.5).tolist() == BLOCK_VALUES


def test_the_folder_makes_vectors_of_length_one_whatever_else_is_in_the_batch(source: Path, tmp_path: Path) -> None:
    e5.convert(source, tmp_path / "tiny", "abc")
    embedder = E5(tmp_path / "tiny", threads=1)
    texts = ["a b", "日 a", "b " * 40, ""]
    together = embedder.passages(texts)
    assert embedder.dimensions == HIDDEN
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), [1, 1, 1, 1], rtol=1e-5)
    np.testing.assert_allclose(together, np.vstack([embedder.passages([text]) for text in texts]), atol=1e-6)
    assert not np.allclose(together[0], together[1], atol=1e-3)
    assert embedder.passages([]).shape == (0, HIDDEN)
    assert embedder.count_tokens(" ".join("a" * 40)) == 40


def test_texts_of_similar_length_go_through_the_graph_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import encoder

    monkeypatch.setattr(encoder, "TOKENS", 10)
    lengths = np.array([5, 1, 40, 2, 5, 1])
    assert [rows.tolist() for rows in encoder._groups(lengths)] == [[1, 5, 3], [0, 4], [2]]


def test_of_a_text_too_long_for_the_model_the_beginning_counts(source: Path, tmp_path: Path) -> None:
    e5.convert(source, tmp_path / "tiny", "abc")
    long, longer = E5(tmp_path / "tiny", threads=1).passages(["a " * 20 + "b", "a " * 90])
    np.testing.assert_array_equal(long, longer)


def test_the_vectors_are_those_of_float32_arithmetic(tmp_path: Path) -> None:
    import sentence_transformers

    source = _write(tmp_path / "tiny-q4.bin", _drawn_by_lot())
    e5.convert(source, tmp_path / "tiny", "abc")
    plain.write(source, tmp_path / "plain")
    model = sentence_transformers.SentenceTransformer(str(tmp_path / "plain"), local_files_only=True, device="cpu")
    assert model.max_seq_length == 16
    texts = ["a b", "日 a", "ab ab a"]
    expected = model.encode([f"passage: {text}" for text in texts])
    vectors = E5(tmp_path / "tiny", threads=1).passages(texts)
    assert np.min(np.sum(expected * vectors, axis=1)) > 0.999


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_folder_that_cannot_be_loaded_names_the_way_out(name: str, source: Path, tmp_path: Path) -> None:
    e5.convert(source, tmp_path / "tiny", "abc")
    (tmp_path / "tiny" / name).write_bytes(b"x" * 50)
    with pytest.raises(ModelError, match=r"tiny is not an embedding model .* Run: crosscite models fetch e5-small$"):
        E5(tmp_path / "tiny", threads=1)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a", ["<s>", "▁a", "</s>"]),
        ("a   ab", ["<s>", "▁a", "▁a", "b", "</s>"]),
        ("ａ⽇", ["<s>", "▁a", "<unk>", "</s>"]),
        ("日", ["<s>", "▁日", "</s>"]),
    ],
    ids=["plain", "runs of spaces", "full width and compatibility forms", "Japanese"],
)
def test_text_is_normalised_and_cut_into_pieces(text: str, pieces: list[str], source: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    e5.convert(source, tmp_path / "tiny", "abc")
    tokenizer = Tokenizer.from_file(str(tmp_path / "tiny" / "tokenizer.json"))

    ids = tokenizer.encode(text).ids
    assert [PIECES[number][0] for number in ids] == pieces


def test_a_file_cut_off_anywhere_is_refused_and_leaves_no_folder(source: Path, tmp_path: Path) -> None:
    whole = source.read_bytes()
    for length in range(0, len(whole), 97):
        source.write_bytes(whole[:length])
        with pytest.raises(ChecksumMismatch, match=r"tiny-q4.bin is damaged: .* Delete it and run"):
            e5.convert(source, tmp_path / "tiny", "abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-q4.bin"]


def test_a_file_of_another_format_is_refused(source: Path) -> None:
    source.write_bytes(b"GGUF" + source.read_bytes()[4:])
    with pytest.raises(ChecksumMismatch, match="does not start like an E5S1 file"):
        e5.read(source)


def test_a_missing_tensor_is_named_and_leaves_no_folder(tmp_path: Path) -> None:
    tensors = _tensors()
    del tensors["l0.fo.b"]
    with pytest.raises(ChecksumMismatch, match=r"no tensor l0\.fo\.b of \(32,\)"):
        e5.convert(_write(tmp_path / "tiny-q4.bin", tensors), tmp_path / "tiny", "abc")
    assert not (tmp_path / "tiny").exists()


def test_a_tensor_whose_bytes_do_not_fit_its_elements_is_refused(tmp_path: Path) -> None:
    tensors = {**_tensors(), "emb.word": (1, 64, b"\0" * 35)}
    with pytest.raises(ChecksumMismatch, match="emb.word has kind 1, 64 elements and 35 bytes"):
        e5.read(_write(tmp_path / "tiny-q4.bin", tensors))


def test_a_folder_is_complete_only_with_all_its_bytes_from_the_same_file(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    assert not e5.is_complete(folder, "abc")
    e5.convert(source, folder, "abc")
    assert e5.is_complete(folder, "abc", deep=True)
    assert not e5.is_complete(folder, "def")

    tokenizer = folder / "tokenizer.json"
    content = tokenizer.read_bytes()
    tokenizer.write_bytes(content.replace(b"Unigram", b"unigram"))
    assert e5.is_complete(folder, "abc")
    assert not e5.is_complete(folder, "abc", deep=True)
    tokenizer.write_bytes(content[:-1])
    assert not e5.is_complete(folder, "abc")


def test_a_folder_of_an_older_converter_is_missing_and_a_new_conversion_replaces_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.models.checksum import sha256_of

    digest = sha256_of(source)
    model = Model("tiny", "embedder", source.name, source.stat().st_size, digest, "MIT", "", "", (), converted="tiny")
    monkeypatch.setattr(catalogue, "CATALOGUE", (model,))
    e5.convert(source, tmp_path / "tiny", digest)
    assert path_of("tiny", tmp_path) == tmp_path / "tiny"

    receipt = tmp_path / "tiny" / "crosscite.json"
    receipt.write_text(json.dumps({**json.loads(receipt.read_text()), "converter": 0}))
    with pytest.raises(ModelMissing, match="of an older version. Run: crosscite models fetch tiny"):
        path_of("tiny", tmp_path)
    e5.convert(source, tmp_path / "tiny", digest)
    assert path_of("tiny", tmp_path) == tmp_path / "tiny"


@pytest.mark.models("e5-small")
def test_the_real_embedder_finds_the_same_thing_in_another_language(models_dir: Path) -> None:
    embedder = E5(path_of("e5-small", models_dir), threads=2)
    passages = [
        "Die Katze schläft auf dem Sofa.",
        "首都の人口は昨年より増加した。",
        "The bridge was closed for repairs in spring.",
    ]
    questions = ["Where is the cat sleeping?", "Is the capital growing?", "桥什么时候关闭？"]

    similarities = embedder.queries(questions) @ embedder.passages(passages).T

    assert similarities.argmax(axis=1).tolist() == [0, 1, 2]
