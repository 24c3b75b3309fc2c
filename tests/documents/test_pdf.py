from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.readers.parsing import parse
from rag.sentences import split
from rag.types import Document
from tests.documents.made import Text, column, pdf, pdf_file

HARBOUR = [
    "The harbour of Whitby was founded in the twelfth century, and its two piers, which",
    "were lengthened again and again, have protected the boats of the town ever since the",
    "great storm. Nobody knows how many ships were lost before that day.",
]
LEFT = [
    "The left column is set in narrow",
    "lines that fill their whole width,",
    "as newspapers do, and it goes on",
    "for a good while until the end of",
    "the page is reached. Then readers",
    "look up again and find the rest of",
    "what the author has to say to all",
    "of those who are patient enough to",
    "follow him as far as this, where a",
]
RIGHT = [
    "new column takes up the sentence",
    "where it was left. It ends here as",
    "any sentence does, with a point and",
    "some more words that are of no use",
    "but to fill lines with them, so as",
    "to look like a true article, which",
    "this is not, as everybody may have",
    "noticed by now, or so the makers of",
    "this test do hope with some reason.",
]


def made(folder: Path, data: bytes) -> Document:
    (folder / "a.pdf").write_bytes(data)
    return parse(folder / "a.pdf", id="a.pdf")


def test_lines_become_paragraphs_and_pages_are_known(tmp_path: Path) -> None:
    document = made(tmp_path, pdf([column(60, 700, HARBOUR), [(60, 700, "The second page is short.")]]))
    assert document.text == " ".join(HARBOUR) + "\nThe second page is short."
    assert document.pages == (0, len(" ".join(HARBOUR)) + 1)


def test_the_metadata_tell_title_and_date(tmp_path: Path) -> None:
    document = made(tmp_path, pdf([column(60, 700, HARBOUR)], info="/Title (Whitby) /CreationDate (D:20240229120000Z)"))
    assert (document.title, document.date, document.language) == ("Whitby", "2024-02-29", "en")


def test_a_title_that_a_program_filled_in_is_none(tmp_path: Path) -> None:
    page = [(60, 750, "The Harbour of Whitby"), *column(60, 700, HARBOUR)]
    document = made(tmp_path, pdf([page], info="/Title (Microsoft Word - harbour.doc)"))
    assert document.title == "The Harbour of Whitby"
    assert [sentence.text for sentence in split(document) if sentence.heading] == ["The Harbour of Whitby"]


def test_words_broken_at_a_line_end_are_whole_again(tmp_path: Path) -> None:
    lines = ["The harbour was founded in the twelfth century by monks, whose monas-", "tery stood on the cliff."]
    assert made(tmp_path, pdf([column(60, 700, lines)])).text.endswith("whose monastery stood on the cliff.")


def test_running_heads_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    pages: list[list[Text]] = []
    for number, town in enumerate(("Whitby", "Hull", "Grimsby", "Lowestoft"), 1):
        head = [(60.0, 800.0, "A History of Harbours"), (300.0, 30.0, f"{number}")]
        pages.append([*head, *column(60, 700, [f"The harbour of {town} is old and full of boats that nobody sails."])])
    document = made(tmp_path, pdf(pages))
    assert document.text.split("\n") == [
        f"The harbour of {town} is old and full of boats that nobody sails."
        for town in ("Whitby", "Hull", "Grimsby", "Lowestoft")
    ]
    assert [document.text[start:][:21] for start in document.pages][1] == "The harbour of Hull i"


def test_the_head_of_a_second_page_that_repeats_the_firsts_is_left_out(tmp_path: Path) -> None:
    head = (60.0, 800.0, "The Harbour Office")
    pages = [[head, *column(60, 100, HARBOUR[:2])], [head, *column(60, 700, HARBOUR[2:])]]
    assert made(tmp_path, pdf(pages)).text == "The Harbour Office\n" + " ".join(HARBOUR)


def test_the_number_of_a_clause_stays_with_it_and_the_clause_is_whole(tmp_path: Path) -> None:
    first, second, third = (
        "The tenant pays the rent to the owner of the harbour every month and in",
        "advance.",
        "The owner",
    )
    page = [(60.0, 700.0, "1.1"), (100.0, 700.0, first), (100.0, 688.0, second)]
    page += [(60.0, 676.0, "1.2"), (100.0, 676.0, f"{third} keeps the harbour in good order.")]
    page += [(60.0, 600.0, "1.3"), (100.0, 600.0, "Riga"), (200.0, 600.0, "40")]
    assert made(tmp_path, pdf([page])).text.split("\n") == [
        f"1.1 {first} {second}",
        f"1.2 {third} keeps the harbour in good order.",
        "1.3 | Riga | 40",
    ]


def test_a_number_beside_a_running_foot_is_the_pages(tmp_path: Path) -> None:
    town = "The harbour is old and full of boats that nobody sails any more."
    pages = [
        [(60.0, 30.0, "A History of Harbours"), (500.0, 30.0, f"{number}"), (60.0, 700.0, town)] for number in (7, 8, 9)
    ]
    assert made(tmp_path, pdf(pages)).text.split("\n") == [town] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_numbers_of_a_table_at_the_edge_of_a_page_are_none_of_pages(tmp_path: Path, count: int) -> None:
    head = [(60.0, 800.0, "Port"), (200.0, 800.0, "Ships")]
    below = column(60, 700, ["The harbour is old and full of boats that nobody sails any more."])
    ports = ("Riga", "Hull", "Turku")[:count]
    pages = [[*head, (60.0, 786.0, port), (200.0, 786.0, f"{at}"), *below] for at, port in enumerate(ports, 40)]
    text = made(tmp_path, pdf(pages)).text
    assert [f"{port} | {at}" in text for at, port in enumerate(ports, 40)] == [True] * count


def test_a_sentence_goes_on_behind_a_page_break(tmp_path: Path) -> None:
    pages = [column(60, 100, HARBOUR[:2]), column(60, 700, HARBOUR[2:])]
    document = made(tmp_path, pdf(pages))
    assert document.text == " ".join(HARBOUR)
    assert document.text[document.pages[1] :].startswith("great storm.")


@pytest.mark.parametrize("order", ["column by column", "line by line"])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, order: str) -> None:
    left, right = column(50, 700, LEFT), column(310, 700, RIGHT)
    page = (
        [*left, *right]
        if order == "column by column"
        else [text for pair in zip(left, right, strict=True) for text in pair]
    )
    document = made(tmp_path, pdf([[(50, 760, "A headline over both of the columns"), *page]]))
    sentences = [sentence.text for sentence in split(document)]
    assert sentences[:2] == [
        "A headline over both of the columns",
        "The left column is set in narrow lines that fill their whole width, as newspapers do, and it goes on for a "
        "good while until the end of the page is reached.",
    ]
    assert sentences[2].endswith(
        "follow him as far as this, where a new column takes up the sentence where it was left."
    )


def test_the_cells_of_a_row_stay_together(tmp_path: Path) -> None:
    rows = [("Port", "Ships", "Year"), ("Whitby", "40", "1802"), ("Hull", "200", "1803"), ("Grimsby", "12", "1804")]
    page = [
        (x, 700.0 - 14 * line, cell)
        for line, row in enumerate(rows)
        for x, cell in zip((60, 200, 340), row, strict=True)
    ]
    assert made(tmp_path, pdf([page])).text.split("\n") == [
        "Port | Ships | Year",
        "Whitby | 40 | 1802",
        "Hull | 200 | 1803",
        "Grimsby | 12 | 1804",
    ]


def test_items_of_a_list_stay_apart(tmp_path: Path) -> None:
    lines = ["1. The first item is so long that it has to go on in the line that comes after it, where", "it ends."]
    lines += ["2. The second item is short."]
    assert made(tmp_path, pdf([column(60, 700, lines)])).text.split("\n") == [" ".join(lines[:2]), lines[2]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf([[], []]), r"has no text, only pictures \(a scan\?\)\. Run it through text recognition"),
        (pdf([column(60, 700, HARBOUR)])[:700], "is damaged: no complete PDF"),
        (
            pdf([column(60, 700, HARBOUR)], trailer="/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
                f"/O <{'11' * 32}> /U <{'22' * 32}> >> /ID [<00> <00>]"),
            "is encrypted. Save it without a password",
        ),
    ],
    ids=["scan", "cut off", "encrypted"],
)  # fmt: skip
def test_a_pdf_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=f"^a.pdf: {reason}"):
        made(tmp_path, data)


@pytest.mark.parametrize("drawn", [True, False])
def test_what_was_filled_into_a_form_or_written_upon_a_page_is_read(tmp_path: Path, drawn: bool) -> None:
    shown = "BT /F1 12 Tf 2 5 Td (Lena Maier) Tj ET"
    asked = (
        "BT /F1 12 Tf 60 700 Td (Name of the tenant:) Tj ET BT /F1 12 Tf 60 650 Td (This was all that we asked.) Tj ET"
    )
    font, look = "/Resources << /Font << /F1 5 0 R >> >>", "/DA (/F1 12 Tf 0 g) /F 4"
    form = f"<< /Fields [6 0 R] {'' if drawn else '/NeedAppearances true'} /DR << /Font << /F1 5 0 R >> >> >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /AcroForm {form} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {font} /Annots [6 0 R 8 0 R] >>",
        f"<< /Length {len(asked)} >>\nstream\n{asked}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Lena Maier) /Rect [190 695 400 715] {look}"
        f" {'/AP << /N 7 0 R >>' if drawn else ''} >>",
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] {font} /Length {len(shown)} >>\n"
        f"stream\n{shown}\nendstream",
        f"<< /Type /Annot /Subtype /FreeText /Contents (Seen by the judge.) /Rect [60 600 300 620] {look} >>",
    ]
    document = made(tmp_path, pdf_file(objects))
    assert document.text == "Name of the tenant: | Lena Maier\nThis was all that we asked.\nSeen by the judge."


def raised(figures: str) -> str:
    """What draws some raised figures in a line of eleven points."""
    return f"/F1 7 Tf 4 Ts ({figures}) Tj 0 Ts /F1 11 Tf"


def test_raised_figures_are_powers_and_marks_of_notes_within_their_sentence(tmp_path: Path) -> None:
    page = (
        "BT /F1 11 Tf 14 TL 72 760 Td "
        f"(The first pump was built in Austria and weighed twelve tonnes.) Tj {raised('1')}"
        f"( The engineer Peter) Tj T* (von Rittinger used it to save firewood in mines, as Smith) Tj {raised('2')}"
        f"( writes, and it was of) Tj T* (great use. The sun is 150 x 10) Tj {raised('6')}"
        f"( km away and the plant has 304 km) Tj {raised('2')} (. It is closed now) Tj {raised('12')} (.) Tj ET"
    )
    assert [sentence.text for sentence in split(made(tmp_path, pdf([page])))] == [
        "The first pump was built in Austria and weighed twelve tonnes.[1]",
        "The engineer Peter von Rittinger used it to save firewood in mines, as Smith[2] writes, and it was of great "
        "use.",
        "The sun is 150 x 10⁶ km away and the plant has 304 km².",
        "It is closed now[12].",
    ]


def test_the_words_of_a_justified_line_are_no_cells(tmp_path: Path) -> None:
    lines = ["On Saturday the members of", "town councils met. They all", "discussed the long report."]
    page = []
    for row, line in enumerate(lines):
        right = 60.0
        for word in line.split():
            page.append((right, 700.0 - 12 * row, word))
            right += 5 * len(word) + 16
    assert made(tmp_path, pdf([page])).text == " ".join(lines)


def test_a_sentence_goes_on_behind_the_footnotes_of_its_page(tmp_path: Path) -> None:
    notes = ["1 See Smith, History of Whitby, 1999, p. 45.", "2 Meyer 2001."]
    text = [line.replace("century,", "century,[1]").replace("again,", "again,[2]") for line in HARBOUR]
    pages = [[*column(60, 140, text[:2]), *column(60, 90, notes, 14)], column(60, 700, text[2:])]
    assert made(tmp_path, pdf(pages)).text.split("\n") == [" ".join(text), *notes]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "to pay the rent and",
            "2.1 The tenant pays for the repair of all that he has broken in the house, up to an amount",
        ],
        [
            "Ingredients for the bread",
            "500 g of flour",
            "7 g of the dry yeast of the baker, which was dissolved in some of",
        ],
        [
            "Dear members of the club",
            "2023 was the best of all years of our town, and the shop on the pier sold so many",
        ],
    ],
)
def test_behind_a_page_break_goes_on_what_was_cut_there_although_a_number_begins_it(
    tmp_path: Path, lines: list[str]
) -> None:
    pages = [column(60, 140, lines), column(60, 700, ["of the warm things that are needed, and no more."])]
    assert f"{lines[-1]} of the warm things" in made(tmp_path, pdf(pages)).text


def test_a_table_of_words_in_lower_case_keeps_its_cells(tmp_path: Path) -> None:
    rows = ["verbose flag off shown", "quiet flag on hidden", "colour word blue red"]
    page = [
        (60.0 + 50 * place, 700.0 - 14 * line, cell)
        for line, row in enumerate(rows)
        for place, cell in enumerate(row.split())
    ]
    assert made(tmp_path, pdf([page])).text.split("\n") == [row.replace(" ", " | ") for row in rows]
