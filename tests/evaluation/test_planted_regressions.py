"""Mistakes put into the code on purpose: each one is caught by the project's own gate, with exit code 1.

What answers say is spoilt over the shops, with models that can be computed by hand and everything between them real.
What is found is spoilt over the articles of seeds/ with the real embedder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rag import citations, gate, indexing, language, sentences
from rag.citations import Verified
from rag.cli import main
from rag.config import Settings
from rag.embedding import E5, Embedder
from rag.evaluation import asking, golden
from rag.index import Index
from rag.models import identity
from rag.retriever import Retriever
from rag.types import Document, Evidence, Sentence
from rag.wiring import load_index
from tests.evaluation.conftest import AskShops

ROOT = Path(__file__).parents[2]
GATES = ROOT / "tests" / "golden" / "gates.toml"
SEEDS = ROOT / "tests" / "golden" / "seeds.jsonl"


def compared(before: Path, after: Path) -> tuple[int, str]:
    """Run crosscite eval compare under the project's gate."""
    result = CliRunner().invoke(main, ["eval", "compare", str(before), str(after), "--gates", str(GATES)])
    return result.exit_code, result.stdout


def verdict(output: str, name: str, kind: str) -> str:
    """Return the first word of a gate's line, and what it says."""
    line = next(line for line in output.splitlines() if re.match(rf"(holds|FAILS|\?) +{re.escape(name)} {kind} ", line))
    return line.split()[0]


@pytest.fixture
def before(ask_shops: AskShops, tmp_path: Path) -> Path:
    ask_shops(tmp_path / "before.jsonl")
    return tmp_path / "before.jsonl"


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return tmp_path / "after.jsonl"


def test_no_mistake_holds(ask_shops: AskShops, before: Path, after: Path) -> None:
    ask_shops(after)
    code, output = compared(before, after)
    assert (code, output.splitlines()[-1]) == (0, "HOLDS")


def test_shuffled_citations(ask_shops: AskShops, before: Path, after: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = citations.verify

    def shuffled(sentence: str, vector: Any, evidence: Sequence[Evidence], *rest: Any, **named: Any) -> Verified:
        found = verify(sentence, vector, evidence, *rest, **named)
        others = tuple(piece for piece in evidence if piece not in found.evidence)[:1]
        return replace(found, evidence=others or found.evidence, support=(0.9,)) if found.supported else found

    monkeypatch.setattr(citations, "verify", shuffled)
    ask_shops(after)
    code, output = compared(before, after)
    assert code == 1
    assert verdict(output, "citation_precision", "not worse") == "FAILS"


def test_the_gate_switched_off(ask_shops: AskShops, before: Path, after: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.Gate, "opens", lambda self, signals: True)
    ask_shops(after)
    code, output = compared(before, after)
    assert code == 1
    assert verdict(output, "false_answer", "at most") == "FAILS"
    assert verdict(output, "false_answer", "not worse") == "FAILS"


def test_the_language_of_the_answer_ignored(
    ask_shops: AskShops, before: Path, after: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "asked_in", lambda question: "en")
    ask_shops(after)
    code, output = compared(before, after)
    assert code == 1
    assert verdict(output, "language", "not worse") == "FAILS"


# What is found


def articles(folder: Path, embedder: Embedder) -> Index:
    """Index seeds/."""
    settings = Settings()
    sha256 = identity(settings.embedder)
    indexing.build(
        [ROOT / "seeds"], folder, lambda: embedder, embedder_name="e5-small", embedder_sha256=sha256, progress=False
    )
    return load_index(replace(settings, index_dir=folder))


def searched(index: Index, embedder: Embedder, output: Path) -> Path:
    """Write what retrieval alone finds for the golden questions."""
    items = golden.load(SEEDS)
    asked = asking.retrieval_alone(index, embedder)
    asking.run(asked, items, {"mode": asking.RETRIEVAL}, output, progress=False)
    return output


@pytest.fixture(scope="session")
def index(real_embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Index:
    return articles(tmp_path_factory.mktemp("articles") / "index", real_embedder)


@pytest.fixture(scope="session")
def found(index: Index, real_embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return searched(index, real_embedder, tmp_path_factory.mktemp("found") / "before.jsonl")


@pytest.mark.models("e5-small")
def test_e5_prefixes_dropped(
    found: Path, real_embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(self: E5, texts: Sequence[str]) -> Any:
        return self._encode(texts, "")

    monkeypatch.setattr(E5, "queries", without)
    monkeypatch.setattr(E5, "passages", without)
    after = searched(articles(tmp_path / "index", real_embedder), real_embedder, tmp_path / "after.jsonl")
    code, output = compared(found, after)
    assert code == 1
    assert verdict(output, "sentence_length", "not moved") == "FAILS"


@pytest.mark.models("e5-small")
def test_the_japanese_splitter_broken(
    found: Path, real_embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split: Callable[[Document], list[Sentence]] = sentences.split

    def broken(document: Document) -> list[Sentence]:
        """Take a paragraph of Japanese for one sentence."""
        whole: dict[int, Sentence] = {}
        for sentence in split(document):
            first = whole.get(sentence.paragraph, sentence) if document.language == "ja" else sentence
            text = document.text[first.start : sentence.end]
            key = sentence.paragraph if document.language == "ja" else sentence.position
            whole[key] = replace(first, end=sentence.end, text=text)
        return [replace(sentence, position=at) for at, sentence in enumerate(whole.values())]

    monkeypatch.setattr(indexing, "split", broken)
    after = searched(articles(tmp_path / "index", real_embedder), real_embedder, tmp_path / "after.jsonl")
    code, output = compared(found, after)
    assert code == 1
    assert verdict(output, "sentence_length[documents=ja]", "not moved") == "FAILS"


@pytest.mark.models("e5-small")
def test_the_lexical_half_removed_is_seen_or_the_set_is_called_underpowered(
    found: Path, index: Index, real_embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Index, "lexical", lambda self, query, k, *, documents=None: [])
    monkeypatch.setattr(Retriever, "_with_rare_names", lambda self, question, hits: [])
    code, output = compared(found, searched(index, real_embedder, tmp_path / "after.jsonl"))
    line = next(line for line in output.splitlines() if "ndcg@10 not worse" in line)
    assert code == 1 or "underpowered: smallest detectable drop" in line
