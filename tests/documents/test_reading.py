from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import pytest

from rag.errors import DocumentError, UnsupportedFormat
from rag.readers import MAX_BYTES, SUFFIXES, read
from rag.sentences import split
from rag.types import Document

SEEDS = Path(__file__).parents[2] / "seeds"


def written(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, id=name)


def seed(number: str) -> Document:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    return read(path, id=path.name)


def sentences(number: str) -> list[str]:
    return [sentence.text for sentence in split(seed(number))]


def furniture(document: Document) -> list[str]:
    return [document.text[span.start : span.end] for span in document.furniture]


def test_these_formats_can_be_read() -> None:
    assert SUFFIXES == (
        ".txt", ".text", ".md", ".markdown", ".pdf", ".html", ".htm", ".xhtml", ".docx", ".pptx", ".xlsx", ".xls",
        ".ods", ".odt", ".odp", ".epub", ".csv", ".tsv", ".eml",
    )  # fmt: skip


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"^a\.exe: there is no reader for \.exe files\. Readable are: \.txt,"):
        written(tmp_path, "a.exe", "text")


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf", "\u200b\n\u00ad".encode(), b"\f\f"])
def test_a_file_without_text_is_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError, match=r"^a\.txt: is empty$"):
        written(tmp_path, "a.txt", content)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^a\.txt: can't be opened: No such file"):
        read(tmp_path / "a.txt", id="a.txt")


def test_a_file_above_the_limit_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(DocumentError, match=r"^a\.txt: has 256 MB; the limit is 256 MB\. Split it"):
        read(path, id="a.txt")


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert written(tmp_path, "A.MD", "# The Harbour\n\nIt is old.").title == "The Harbour"


def test_a_document_knows_the_bytes_it_was_made_of(tmp_path: Path) -> None:
    content = "港は古い。\r\n".encode("shift_jis")
    document = written(tmp_path, "a.txt", content * 20)
    assert document.size == len(content) * 20
    assert document.sha256 == hashlib.sha256(content * 20).hexdigest()
    assert document.text == "\n".join(["港は古い。"] * 20)


def test_markdown_is_read_with_its_front_matter(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        "a.md",
        "---\ntitle: Häfen\nlang: de\ndate: 2024-07-23\nsource: https://example.org/a\n---\n\nDer Hafen ist "
        "alt.\n\nTeilen\n",
    )
    assert (document.title, document.language, document.date, document.url) == (
        "Häfen",
        "de",
        "2024-07-23",
        "https://example.org/a",
    )
    assert document.text == "Der Hafen ist alt.\n\nTeilen"
    assert furniture(document) == ["Teilen"]


def test_pages_start_at_their_first_word(tmp_path: Path) -> None:
    document = written(tmp_path, "a.txt", "Page one is here.\n\fPage two is here.\n\fPage three is here.\n\f")
    assert [document.text[start : start + 10] for start in document.pages] == ["Page one i", "Page two i", "Page three"]


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_the_seeds_have_canonical_text_and_exact_sentences(number: str) -> None:
    document = seed(number)
    assert unicodedata.is_normalized("NFC", document.text)
    assert not set(document.text) & set("\r\f\ufeff\u200b\u00ad\u00a0")
    found = split(document)
    assert all(document.text[s.start : s.end] == s.text == s.text.strip() for s in found)
    hidden = [range(span.start, span.end) for span in document.furniture]
    assert not any(s.start in span for s in found for span in hidden)


@pytest.mark.parametrize(
    ("number", "title", "language", "date"),
    [
        ("000", "Im Silicon Valley bleiben oder nach China zurückkehren?", "de", "2025-02-07"),
        (
            "001",
            "Junge Chinesen in KI-Unternehmen im Silicon Valley: Mit einem Jahresgehalt von 450.000 US-Dollar "
            "wollen immer "
            "weniger nach China zurückkehren",
            "de",
            "2024-07-23",
        ),
        ("002", "シリコンバレーに留まるか、中国に戻るか?", "ja", "2025-02-07"),
        ("003", "Wettlauf um KI-Talente: Chinas Tech-Giganten expandieren im Silicon Valley", "de", "2024-11-19"),
        ("004", "China feiert DeepSeek als AI-Erfolg im Tech-Wettlauf", "de", None),
    ],
    ids=["000", "001", "002", "003", "004"],
)
def test_the_seeds_say_what_they_are(number: str, title: str, language: str, date: str | None) -> None:
    document = seed(number)
    assert (document.title, document.language, document.date) == (title, language, date)


def test_the_seeds_say_where_they_are_from() -> None:
    address = "https://tuoitre.vn/deepseek-va-cau-chuyen-tai-nang-tre-roi-thung-lung-silicon-ve-trung-quoc-20250207152041687.htm"
    assert [seed(number).url for number in ("000", "001", "002", "003", "004")] == [address, None, address, None, None]


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("000", ["[Anzeige_2]", "Quelle: https://tuoi", "Kommentar (0)"]),
        (
            "001",
            [
                "Nachricht",
                "2024-07-23",
                "한어Русский языкEnglis",
                "Bildquelle: Visual C",
                "Mitwirkender Autor |",
                "Herausgeber |. Wang ",
            ],
        ),
        ("002", ["[広告2]", "出典: https://tuoitre.", "コメント (0)"]),
        ("003", ["19. November, 2024", "KI", "Wettlauf um KI-Talen"]),
        ("004", ["https://www.cnn.com/", "https://www.cnn.com/"]),
    ],
    ids=["000", "001", "002", "003", "004"],
)
def test_the_furniture_of_the_seeds_is_found(number: str, found: list[str]) -> None:
    assert [line[:20] for line in furniture(seed(number))] == found


def test_only_the_hard_wrapped_seed_is_joined() -> None:
    for path in sorted(SEEDS.glob("*.txt")):
        lines = {line.strip() for line in path.read_text(encoding="utf-8").split("\n")}
        kept = {line.strip() for line in seed(path.name[:3]).text.split("\n")}
        assert (lines == kept) == (path.name[:3] != "004")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("000",
        "Giganten wie Alibaba sowie Startups wie StepFun, Minimax und 01.AI bieten mehr spannende Möglichkeiten als je "
                "zuvor."),
        ("000", "Er stellte fest, dass Fälle wie der von Pan immer häufiger vorkommen."),
        ("002", "アリババのような大企業に加え、StepFun、Minimax、01.AIといったスタートアップ企業も、"
                "これまで以上に魅力的な機会を提供しています。"),
        ("004", "Er studierte Informationstechnologie und Elektrotechnik an der Zhejiang-Universität, einer "
                "renommierten Hochschule im Ostchinesischen Technologiezentrum Hangzhou, wie die chinesischen "
                "Staatsmedien berichteten."),
        ("004", "Ein wichtiger Meilenstein im Wettlauf um technologische Dominanz!"),
        ("004", "Der Gründer von DeepSeek, Liang Wenfeng, wird als technologische Visionär angesehen, der China helfen "
                "könnte, eine Innovationskultur zu entwickeln, die der von Silicon Valley ebenbürtig ist."),
        ("004", "Die höchsten Gehälter für Ingenieure liegen bei bis zu 90.000 Yuan (ca. 12.400 Dollar) pro Monat."),
    ],
)  # fmt: skip
def test_these_sentences_of_the_seeds_are_whole(number: str, sentence: str) -> None:
    assert sentence in sentences(number)


@pytest.mark.parametrize(("number", "count"), [("000", 34), ("001", 160), ("002", 34), ("003", 16), ("004", 42)])
def test_the_seeds_have_this_many_sentences(number: str, count: int) -> None:
    assert len(sentences(number)) == count


def test_the_headings_of_a_seed_are_found() -> None:
    assert [sentence.text for sentence in split(seed("004")) if sentence.heading] == [
        "China feiert DeepSeek als AI-Erfolg im Tech-Wettlauf",
        "DeepSeek revolutioniert die Technologiebranche",
        "Liang Wenfeng – Ein Visionär der Technologie",
        "Ein Wendepunkt in der Technologie",
        "Einschränkungen und Herausforderungen",
        "Die Grundlagen von DeepSeek",
        "Fokus auf Innovation",
        "Die Zukunft der KI bei DeepSeek",
    ]
