"""Word's numbers are counted as Word counts them: nobody wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.readers.parsing import parse
from rag.sentences import split
from rag.types import Document
from tests.documents.made import W, docx, word

NUMBERED = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="{}"/></w:numPr>'
LEVELS = "".join(
    f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
    for depth, kind, text in ((0, "decimal", "%1."), (1, "decimal", "%1.%2"), (2, "lowerLetter", "(%3)"))
)
NUMBERING = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="7">{LEVELS}</w:abstractNum>'
    '<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="*"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="7"/>'
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num></w:numbering>'
)


def read(folder: Path, content: bytes) -> Document:
    path = folder / "a.docx"
    path.write_bytes(content)
    return parse(path, id="a.docx")


def numbered(text: str, depth: int = 0, name: int = 1) -> str:
    return word(text, properties=NUMBERED.format(depth, name))


def test_paragraphs_of_word_have_the_numbers_that_one_sees(tmp_path: Path) -> None:
    body = [
        numbered("Close the pump first."),
        word("Caution, the pipe is hot."),
        numbered("Open the valve."),
        numbered("Turn it slowly.", 1),
        numbered("Half way.", 2),
        numbered("All the way.", 2),
        numbered("Record the pressure.", 1),
        numbered("Whatever else it says.", name=2),
        numbered("Close the valve."),
        numbered("Write the report.", name=3),
        numbered("Send it.", name=3),
    ]
    links = [("n1", "numbering", "numbering.xml")]
    made = docx("".join(body), {"word/numbering.xml": NUMBERING}, links)
    assert [sentence.text for sentence in split(read(tmp_path, made))] == [
        "1. Close the pump first.",
        "Caution, the pipe is hot.",
        "2. Open the valve.",
        "2.1 Turn it slowly.",
        "(a) Half way.",
        "(b) All the way.",
        "2.2 Record the pressure.",
        "Whatever else it says.",
        "3. Close the valve.",
        "5. Write the report.",
        "6. Send it.",
    ]


def test_headings_of_word_are_numbered_by_their_style(tmp_path: Path) -> None:
    numbering = NUMBERED.format(0, 1)
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="Base"><w:name w:val="base"/><w:pPr>{numbering}</w:pPr>'
        '</w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>'
        '<w:basedOn w:val="Base"/></w:style></w:styles>'
    )
    body = [word("Rent", "Heading1"), numbered("It is due monthly.", 1), word("End", "Heading1"), word("May.")]
    body += [word("Annex", "Heading1", '<w:numPr><w:numId w:val="0"/></w:numPr>'), word("None.")]
    more = {"word/numbering.xml": NUMBERING, "word/styles.xml": styles}
    document = read(tmp_path, docx("".join(body), more, [("n1", "numbering", "numbering.xml")]))
    assert [(s.heading, s.text) for s in split(document)] == [
        (True, "1. Rent"),
        (False, "1.1 It is due monthly."),
        (True, "2. End"),
        (False, "May."),
        (True, "Annex"),
        (False, "None."),
    ]


def labels(folder: Path, body: list[str], numbering: str, styles: str = "") -> list[str]:
    more = {"word/numbering.xml": numbering, "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>"}
    made = docx("".join(body), more, [("n1", "numbering", "numbering.xml")])
    return [sentence.text for sentence in split(read(folder, made))]


def test_a_list_of_a_style_is_counted_as_the_style_says(tmp_path: Path) -> None:
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="Clauses"/></w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="2"><w:styleLink w:val="Clauses"/>{LEVELS}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num></w:numbering>'
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="Clauses">'
        '<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    assert labels(tmp_path, [numbered("Rent."), numbered("Due.", 1)], numbering, styles) == ["1. Rent.", "1.1 Due."]


def test_a_paragraph_that_a_tracked_change_deleted_is_not_counted(tmp_path: Path) -> None:
    deleted = word("", properties=NUMBERED.format(0, 1) + '<w:rPr><w:del w:id="1" w:author="a"/></w:rPr>')
    assert labels(tmp_path, [numbered("Rent."), deleted, numbered("End.")], NUMBERING) == ["1. Rent.", "2. End."]


def test_a_level_that_never_begins_anew_counts_through_the_document(tmp_path: Path) -> None:
    numbering = NUMBERING.replace(
        '<w:lvl w:ilvl="1"><w:start w:val="1"/>', '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:lvlRestart w:val="0"/>'
    )
    body = [numbered("Part."), numbered("Due.", 1), numbered("Part."), numbered("Late.", 1)]
    assert labels(tmp_path, body, numbering) == ["1. Part.", "1.1 Due.", "2. Part.", "2.2 Late."]


@pytest.mark.parametrize(
    ("kind", "start", "label"),
    [
        ("lowerLetter", "28", "bb"),
        ("upperLetter", "53", "AAA"),
        ("lowerLetter", "5000", "5000"),
        ("decimalZero", "5", "05"),
        ("lowerRoman", "9", "ix"),
        ("decimal", "9" * 5000, "1"),
    ],
)
def test_letters_and_figures_are_written_as_word_writes_them(tmp_path: Path, kind: str, start: str, label: str) -> None:
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>'
        f'<w:numFmt w:val="{kind}"/><w:lvlText w:val="%1)"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    )
    assert labels(tmp_path, [numbered("Rent is due.")], numbering) == [f"{label}) Rent is due."]
