from __future__ import annotations

import numpy as np
import pytest

from rag.errors import DocumentNotFound
from rag.index import Index
from rag.store import DocumentInfo
from tests.index.shelf import FakeEmbedder, Shelf, nearest

GERMAN = """\
Das Unternehmen beschäftigt rund 160 Forscherinnen und Forscher in Hangzhou.

Der Umsatz stieg im vergangenen Jahr auf 1.250.000 Euro.

Die Stadt liegt am Meer und hat einen großen Hafen.
"""
JAPANESE = """\
創業者の梁文鋒氏はヘッジファンドを率いている。

同社は東京の大学から若い研究者を採用した。

売上高は１２５万円だった。
"""
CHINESE = """\
公司由对冲基金全资拥有。

研究人员主要来自北京大学。
"""


@pytest.fixture
def languages(shelf: Shelf) -> Index:
    shelf.write({"de.txt": GERMAN, "ja.txt": JAPANESE, "zh.txt": CHINESE})
    shelf.build()
    return shelf.load()


def test_documents_are_listed_without_text_and_read_with_it(fruit: Shelf) -> None:
    index = fruit.load()
    assert index.documents()[1] == DocumentInfo(
        id="b.txt",
        title=index.document("b.txt").title,
        language="en",
        date=None,
        url=None,
        size=29,
        sentences=1,
        passages=1,
        pages=0,
        root="documents",
        added=index.documents()[0].added,
    )
    document = index.document("a.txt")
    assert document.text == "Fruit\n\nThe apple hangs on the tree. The banana lies on the plate."
    for sentence in index.sentences_of("a.txt"):
        assert document.text[sentence.start : sentence.end] == sentence.text


def test_an_unknown_document_is_named(fruit: Shelf) -> None:
    index = fruit.load()
    for ask in (index.document, index.sentences_of, index.passages_of):
        with pytest.raises(DocumentNotFound, match=r"No document 'c\.txt' in the index"):
            ask("c.txt")
    with pytest.raises(DocumentNotFound, match=r"c\.txt"):
        index.nearest_passages(np.ones(4, np.float32), 3, documents=["a.txt", "c.txt"])
    with pytest.raises(DocumentNotFound, match=r"c\.txt"):
        index.lexical("apple", 3, documents=["c.txt"])


def test_the_nearest_passages_come_first_and_equal_scores_by_document_and_position(fruit: Shelf) -> None:
    index = fruit.load()
    assert nearest(index, "apple apple banana") == [("a.txt#p0", 0.894), ("a.txt#p1", 0.447), ("b.txt#p0", 0.0)]
    assert nearest(index, "plum") == [("a.txt#p0", 0.0), ("a.txt#p1", 0.0), ("b.txt#p0", 0.0)]


def test_k_and_documents_limit_the_search(fruit: Shelf) -> None:
    index = fruit.load()
    question = fruit.embedder.queries(["apple apple banana"])[0]
    assert [passage.id for passage, _ in index.nearest_passages(question, 1)] == ["a.txt#p0"]
    assert [passage.id for passage, _ in index.nearest_passages(question, 9, documents=["b.txt"])] == ["b.txt#p0"]
    assert index.nearest_passages(question, 9, documents=[]) == []
    assert index.nearest_passages(question, 0) == []
    assert index.lexical("the", 9, documents=[]) == []
    assert [sentence.id for sentence, _ in index.lexical("the", 9, documents=["b.txt"])] == ["b.txt#0"]


def test_sentences_of_passages_come_once_and_in_the_order_of_the_passages(fruit: Shelf) -> None:
    index = fruit.load()
    first, second = index.passages_of("a.txt")
    (other,) = index.passages_of("b.txt")
    assert [sentence.id for sentence in index.sentences([other, second, first, second])] == [
        "b.txt#0", "a.txt#2", "a.txt#0", "a.txt#1"
    ]  # fmt: skip


def test_each_sentence_has_a_vector_of_its_own_and_one_with_its_neighbours(fruit: Shelf) -> None:
    index = fruit.load()
    _, apple, banana = index.sentences_of("a.txt")
    (cherry,) = index.sentences_of("b.txt")
    alone, window = index.vectors([cherry, banana, apple])
    assert alone.dtype == window.dtype == np.float32
    np.testing.assert_array_equal(alone, [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(window, [[0, 0, 1, 0], [0.707, 0.707, 0, 0], [0.707, 0.707, 0, 0]], atol=1e-3)
    assert index.vectors([])[0].shape == (0, 4)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("Wie viele Forscher hat die Firma?", "de.txt#0"),
        ("Wie hoch war der Umsatz: 1,250,000 Euro?", "de.txt#1"),
        ("grosser Hafen", "de.txt#2"),
        ("beschaftigt", "de.txt#0"),
        ("梁文鋒氏のヘッジファンドの名前は何ですか？", "ja.txt#0"),
        ("東京の研究者", "ja.txt#1"),
        ("125万円", "ja.txt#2"),
        ("对冲基金", "zh.txt#0"),
        ("谁来自北京大学？", "zh.txt#1"),
    ],
)
def test_the_sentence_that_shares_the_rare_terms_is_first(languages: Index, query: str, best: str) -> None:
    hits = languages.lexical(query, 3)
    assert hits[0][0].id == best
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert all(score > 0 for _, score in hits)


@pytest.mark.parametrize(
    "query",
    ['" OR *', "NEAR(", "'; DROP TABLE sentences; --", '"', "*", "AND", "(", "\x00", "+", "", "  ", "🙂", "x" * 50_000],
)
def test_query_syntax_alone_finds_nothing_and_harms_nothing(fruit: Shelf, query: str) -> None:
    index = fruit.load()
    assert index.lexical(query, 10) == []
    assert [sentence.id for sentence, _ in index.lexical("apple", 10)] == ["a.txt#1"]


@pytest.mark.parametrize(
    "query",
    [
        "apple NEAR/3 x",
        "^apple",
        "terms:apple",
        "apple AND NOT apple",
        "-apple",
        "{apple}",
        "apple*",
        '"apple',
        "apple " * 9999,
    ],
)
def test_query_syntax_around_a_word_is_ignored(fruit: Shelf, query: str) -> None:
    assert [sentence.id for sentence, _ in fruit.load().lexical(query, 10)] == ["a.txt#1"]


def test_document_frequency_counts_sentences(fruit: Shelf) -> None:
    index = fruit.load()
    assert [index.document_frequency(term) for term in ("the", "apple", "plum", 'the" OR "')] == [3, 1, 0, 0]
    assert index.manifest.sentences == 4


def test_an_empty_folder_makes_an_index_that_finds_nothing(shelf: Shelf) -> None:
    shelf.documents.mkdir()
    shelf.build()
    index = shelf.load()
    assert index.documents() == []
    assert index.nearest_passages(FakeEmbedder().queries(["apple"])[0], 5) == []
    assert index.lexical("apple", 5) == []
