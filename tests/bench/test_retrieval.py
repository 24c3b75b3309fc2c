"""The measurement of search: paragraphs ranked by the product's own search, with a hand-made embedder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rag.bench import retrieval
from rag.bench.retrieval import Asked, Collection, Ranking
from rag.cli import main
from rag.config import Settings
from rag.errors import CrossciteError
from tests.answering.fakes import FakeEmbedder

APPLES = "Am Baum im Garten hängen viele rote Äpfel."
BANANAS = "Die Bananen liegen auf dem Tisch in der Küche."
CHERRIES = "Kirschen wachsen auf dem Hügel hinter dem Haus."


def squad(path: Path, *paragraphs: tuple[str, dict[str, str]]) -> Path:
    pages = [
        {"paragraphs": [{"context": text, "qas": [{"id": id, "question": asked} for id, asked in questions.items()]}]}
        for text, questions in paragraphs
    ]
    path.write_text(json.dumps({"data": pages}), encoding="utf-8")
    return path


@pytest.fixture
def german(tmp_path: Path) -> Path:
    return squad(
        tmp_path / "fruit.de.json",
        (APPLES, {"a1": "Wo hängen die Äpfel?", "a2": "Welche Bananen sind rot?"}),
        (BANANAS, {"b": "Wo liegen die Bananen?"}),
        (CHERRIES, {"c": "Wo wachsen Kirschen?"}),
    )


@pytest.fixture
def english(tmp_path: Path) -> Path:
    return squad(
        tmp_path / "fruit.en.json",
        ("Apples hang there.", {"a1": "Where do the apples hang?"}),
        ("Others", {"unknown": "What else?"}),
        ("Cherries grow there.", {"c": "Where do cherries grow?"}),
    )


class Counting(FakeEmbedder):
    """Counts the texts that were embedded."""

    embedded = 0

    def queries(self, texts: Any) -> Any:
        type(self).embedded += len(texts)
        return super().queries(texts)

    passages = queries


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    Counting.embedded = 0
    monkeypatch.setattr(retrieval, "load_embedder", lambda settings: Counting())
    return Counting


# Reading


def test_questions_of_a_translation_are_joined_by_their_ids(german: Path, english: Path) -> None:
    collection = retrieval.read(german, english)
    assert collection.name == "fruit.de asked by fruit.en"
    assert collection.texts == {"00000.txt": APPLES, "00001.txt": BANANAS, "00002.txt": CHERRIES}
    assert collection.questions == (
        Asked("a1", "Where do the apples hang?", "00000.txt"),
        Asked("c", "Where do cherries grow?", "00002.txt"),
    )


def test_a_paragraph_that_occurs_twice_is_one_document(tmp_path: Path) -> None:
    path = squad(tmp_path / "twice.json", (APPLES, {"1": "Where?"}), (APPLES, {"2": "Why?"}))
    collection = retrieval.read(path, path)
    assert (collection.name, len(collection.texts)) == ("twice", 1)
    assert {asked.document for asked in collection.questions} == {"00000.txt"}


def test_files_that_cannot_be_used_are_named(tmp_path: Path, german: Path) -> None:
    with pytest.raises(CrossciteError, match=r"missing\.json cannot be read: No such file"):
        retrieval.read(tmp_path / "missing.json", german)
    (tmp_path / "other.json").write_text('{"data": [{"title": "x"}]}')
    with pytest.raises(CrossciteError, match=r"other\.json is not in SQuAD form .*'paragraphs'"):
        retrieval.read(tmp_path / "other.json", german)
    alone = squad(tmp_path / "alone.json", (APPLES, {"z": "Where?"}))
    with pytest.raises(CrossciteError, match=r"alone\.json and .*fruit\.de\.json share no question id"):
        retrieval.read(alone, german)


# Ranking


def test_a_paragraph_stands_where_its_best_sentence_stands(
    german: Path, tmp_path: Path, embedder: type[Counting]
) -> None:
    rankings = retrieval.rank(retrieval.read(german, german), Settings(), tmp_path / "cache")
    assert [(one.asked.id, one.best[0], one.rank) for one in rankings] == [
        ("a1", "00000.txt", 1),
        ("a2", "00001.txt", 2),
        ("b", "00001.txt", 1),
        ("c", "00002.txt", 1),
    ]


def test_the_second_run_embeds_nothing_and_finds_the_same(
    german: Path, tmp_path: Path, embedder: type[Counting]
) -> None:
    collection = retrieval.read(german, german)
    first = retrieval.rank(collection, Settings(), tmp_path / "cache")
    spent = embedder.embedded
    assert spent > len(collection.questions)
    assert retrieval.rank(collection, Settings(), tmp_path / "cache") == first
    assert embedder.embedded == spent


def test_an_index_of_another_format_is_built_again_from_the_vectors_at_hand(
    german: Path, tmp_path: Path, embedder: type[Counting]
) -> None:
    collection = retrieval.read(german, german)
    first = retrieval.rank(collection, Settings(), tmp_path / "cache")
    spent = embedder.embedded
    (manifest,) = tmp_path.glob("cache/**/manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 0}))
    assert retrieval.rank(collection, Settings(), tmp_path / "cache") == first
    assert embedder.embedded == spent


# Figures


def ranked(*ranks: int | None) -> tuple[Collection, list[Ranking]]:
    asked = [Asked(str(at), f"Question {at}?", "right.txt") for at in range(len(ranks))]
    collection = Collection("fruit", {"right.txt": "Right.", "first.txt": "First."}, tuple(asked))
    return collection, [Ranking(one, ("first.txt",), rank) for one, rank in zip(asked, ranks, strict=True)]


def test_recall_and_reciprocal_ranks_are_counted_by_hand() -> None:
    scores = retrieval.score(*ranked(1, 2, 6, 11, None))
    assert (scores.recall_1.hits, scores.recall_5.hits, scores.recall_5.total) == (1, 2, 5)
    assert scores.mrr == pytest.approx((1 + 1 / 2 + 1 / 6) / 5)
    low, high = scores.mrr_interval
    assert 0 <= low < scores.mrr < high <= 1


def test_the_table_has_a_line_a_data_set_with_intervals() -> None:
    table = retrieval.table([retrieval.score(*ranked(*[1] * 9, 2))])
    assert table.splitlines()[1].split() == [
        *("fruit", "2", "10", ".900", "(.596-.982)", "1.000", "(.722-1.000)", ".950", "(.850-1.000)")
    ]


def test_the_report_names_what_was_not_first_and_what_came_before_it() -> None:
    report = retrieval.as_dict(*ranked(1, 3))
    assert report["not_first"] == [
        {"id": "1", "question": "Question 1?", "rank": 3, "right": "Right.", "first": "First."}
    ]
    assert report["recall_1"]["value"] == 0.5


def test_the_command_prints_json_for_programs(german: Path, tmp_path: Path, embedder: type[Counting]) -> None:
    arguments = ["bench", "retrieval", "--squad", str(german), str(german), "--cache", str(tmp_path / "c"), "--json"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    (report,) = json.loads(result.stdout)
    assert (report["name"], report["questions"], report["recall_1"]["value"]) == ("fruit.de", 4, 0.75)
