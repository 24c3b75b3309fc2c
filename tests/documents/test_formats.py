from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.readers.parsing import parse
from rag.sentences import split
from rag.types import Document
from tests.documents import made
from tests.documents.made import W, docx, epub, odt, pptx, shape, word, xlsx

ARTICLE = """\
<!DOCTYPE html><html lang="de-AT"><head><meta charset="utf-8"><title>Der alte Hafen – Hafenblatt</title>
<meta property="article:published_time" content="2024-02-29T08:00:00+01:00">
<link rel="canonical" href="https://example.org/hafen"><style>p { color: red }</style></head>
<body><header><nav><a href="/">Start</a> <a href="/a">Politik</a></nav></header>
<ul class="menu"><li><a href="/1">Eins</a></li><li><a href="/2">Zwei</a></li></ul>
<main><h1>Der alte Hafen</h1>
<p>Der Hafen wurde <b>1743</b> gegründet,
und sein Pier ist l&auml;nger als jeder andere.<script>alert("x")</script></p>
<p style="display: none">Versteckt.</p>
<h2>Was es gibt</h2>
<ul><li>Holz aus <a href="/riga">Riga</a></li><li>Getreide</li></ul>
<ol start="3"><li>Kohle</li></ol>
<table><tr><th>Jahr</th><th>Schiffe</th></tr><tr><td>1802</td><td>40</td></tr><tr><td>1803</td><td>41</td></tr></table>
<pre>a = 1
    b = 2</pre>
<blockquote>Ein Zitat<br>in zwei Zeilen.</blockquote></main>
<footer><p>Impressum und Datenschutz gibt es hier.</p></footer></body></html>
"""


def read(folder: Path, name: str, content: bytes | str) -> Document:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse(path, id=name)


def headings(document: Document) -> list[str]:
    return [document.text[span.start : span.end] for span in document.headings or ()]


def about(document: Document) -> tuple[str, str, str | None, str | None]:
    return document.title, document.language, document.date, document.url


# Web pages


def test_a_web_page_is_its_main_text(tmp_path: Path) -> None:
    document = read(tmp_path, "a.html", ARTICLE)
    assert document.text == (
        "Der alte Hafen\n\nDer Hafen wurde 1743 gegründet, und sein Pier ist länger als jeder andere.\n\nWas es gibt\n\n"
        "- Holz aus Riga\n- Getreide\n3. Kohle\n\nJahr | Schiffe\nJahr: 1802 | Schiffe: 40\nJahr: 1803 | Schiffe: 41\n\n"
        "a = 1\n    b = 2\n\nEin Zitat\nin zwei Zeilen."
    )
    assert about(document) == ("Der alte Hafen", "de", "2024-02-29", "https://example.org/hafen")
    assert headings(document) == ["Der alte Hafen", "Was es gibt"]
    assert [document.text[span.start : span.end] for span in document.verbatim] == ["a = 1", "    b = 2"]


def test_only_what_is_marked_as_a_heading_is_one(tmp_path: Path) -> None:
    page = "<h2>Prices</h2><ul><li>Coal by the ton</li><li>Timber</li></ul><p>That is all there is to say of it.</p>"
    sentences = split(read(tmp_path, "a.html", page))
    assert [(sentence.text, sentence.heading) for sentence in sentences] == [
        ("Prices", True),
        ("Coal by the ton", False),
        ("Timber", False),
        ("That is all there is to say of it.", False),
    ]


def test_what_a_definition_list_says_of_a_term_has_the_term_before_it(tmp_path: Path) -> None:
    page = (
        "<h1>Redundancy</h1><p>There are levels, of which two are in use here.</p>"
        "<dl><dt>RAID-5</dt><dd><p>One disk may fail.</p><p>It is slow.</p></dd>"
        "<dt>RAID-6</dt> <dd>Two disks may fail.</dd><dt>RAID-7</dt><dd>RAID-7 is a trade mark.</dd>"
        "<dt>Is it a backup?</dt><dd>No.</dd>"
        "<dt>Command</dt><dd><pre>mdadm -D</pre></dd>"
        "<dt>Levels</dt><dd><ul><li>5</li></ul><dl><dt>0</dt><dd>None may fail.</dd></dl></dd>"
        "<dt>See also</dt><dt>Snapshots</dt></dl><p>That is all.</p>"
    )
    assert read(tmp_path, "a.html", page).text == (
        "Redundancy\n\nThere are levels, of which two are in use here.\n\n"
        "RAID-5: One disk may fail.\n\nIt is slow.\n\nRAID-6: Two disks may fail.\n\nRAID-7 is a trade mark.\n\n"
        "Is it a backup? No.\n\n"
        "Command\n\nmdadm -D\n\nLevels\n\n- 5\n\n0: None may fail.\n\nSee also\n\nSnapshots\n\nThat is all."
    )


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2 × 10<sup>30</sup> kg, 10<sup>−3</sup> m", "2 × 10³⁰ kg, 10⁻³ m"),
        ("50 km<sup>2</sup> and <i>mc</i><sup>2</sup>, W/m<sup>2</sup>K<sup>4</sup>", "50 km² and mc², W/m²K⁴"),
        ('<a href="/e">10<sup>30</sup> kg</a>', "10³⁰ kg"),
        ("<sup>14</sup>C, SO<sub>4</sub><sup>2−</sup>", "¹⁴C, SO4²⁻"),
        ("2<sup>1</sup>/<sub>2</sub> miles", "2 1/2 miles"),
        ("2<sup>1.5</sup>, 1011<sub>2</sub>", "2^1.5, 1011₂"),
        ("5 Meter<sup>2</sup>, feet<sup>3</sup>, 10<sup>1</sup>", "5 Meter², feet³, 10¹"),
        ("CO<sub>2</sub>, 19<sup>e</sup>, 1<sup>st</sup>", "CO2, 19e, 1st"),
    ],
)
def test_raised_figures_do_not_make_another_number_of_the_one_before(
    tmp_path: Path, written: str, read_as: str
) -> None:
    assert read(tmp_path, "a.html", f"<p>It is {written} here.</p>").text == f"It is {read_as} here."
    cells = f"<table><tr><td>It</td><td>{written}</td></tr></table>"
    assert read(tmp_path, "b.html", cells).text == f"It | {read_as}"


@pytest.mark.parametrize(
    "mark",
    [
        "<sup>3</sup>",
        '<sup><a href="#3">3</a></sup>',
        '<a href="#3"><sup>3</sup></a>',
        '<sup class="reference"><a href="#3"><span>[</span>3<span>]</span></a></sup>',
        '<a epub:type="noteref" href="#3">3</a>',
        '<a role="doc-noteref" href="#3"><sup>3</sup></a>',
    ],
)
def test_the_mark_of_a_note_is_part_of_no_number_and_hides_no_end_of_a_sentence(tmp_path: Path, mark: str) -> None:
    page = f"<p>The old pier was built in 1802{mark} by the city.{mark} The bridge came later.{mark} Both stand.</p>"
    assert [sentence.text for sentence in split(read(tmp_path, "a.html", page))] == [
        "The old pier was built in 1802[3] by the city.[3]",
        "The bridge came later.[3]",
        "Both stand.",
    ]


def test_a_table_of_many_names_and_few_cells_is_read_in_time(tmp_path: Path) -> None:
    # A second; it took minutes, and gigabytes for larger ones, while each row had a place for every name.
    names = "".join(f"<th>n{column}</th>" for column in range(8000))
    rows = "<tr><td>a</td><td>b</td></tr>" * 8000
    page = f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>"
    assert read(tmp_path, "a.html", page).text.endswith("a | b\na | b")


def test_a_row_of_very_many_cells_is_read_in_time(tmp_path: Path) -> None:
    # A second; it took more than a minute while the rest of the row was copied for each column.
    row = ",".join(f"n{column}" for column in range(200_000))
    assert read(tmp_path, "a.csv", f"{row}\n{row.replace('n', 'm')}\n").text.endswith(
        "n199998: m199998 | n199999: m199999"
    )


def test_a_paragraph_of_nothing_but_raised_figures_is_read_in_time(tmp_path: Path) -> None:
    # Two seconds; it took minutes while each of them counted all others.
    assert read(tmp_path, "a.html", "a<sup>2</sup>" * 100_000).text.startswith("a²a²a²")


def test_tags_for_raised_figures_that_are_never_closed_hide_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "a.html", "<sup>" * 200 + "The harbour is old.").text == "The harbour is old."


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            "<tr><th>Country<th>City<th>Staff<tr><td rowspan=2>Germany<td>Berlin<td>40<tr><td>Hamburg<td>25"
            "<tr><td>Latvia<td colspan=2>unknown<tr><td>Total",
            "Country | City | Staff\nCountry: Germany | City: Berlin | Staff: 40\n"
            "Country: Germany | City: Hamburg | Staff: 25\nCountry: Latvia | City: unknown | Staff: unknown\nTotal",
        ),
        (
            "<thead><tr><th rowspan=2>Port<th colspan=2>Ships<tr><th>2022<th>2023</thead><tr><td>Riga<td>40<td>44",
            "Port | Ships 2022 | Ships 2023\nPort: Riga | Ships 2022: 40 | Ships 2023: 44",
        ),
        (
            "<tr><th colspan=2>Ships by port<tr><th>Port<th>Ships<tr><td colspan=2>Baltic<tr><td>Riga<td>40",
            "Ships by port\n\nPort | Ships\nBaltic\nPort: Riga | Ships: 40",
        ),
        ("<tr><td rowspan=0>Riga<td>40<tr><td>41", "Riga | 40\nRiga | 41"),
        ("<tr><td colspan=2>Riga<td>40<tr><td>Hull<td>Old<td>41", "Riga | 40\nHull | Old | 41"),
        ("<tbody><tr><th rowspan=9>Riga<td>40<tbody><tr><th>Hull<td>41", "Riga | 40\nHull | 41"),
        ("<tr><th>Port<th colspan=1000>Ships<tr><td>Riga<td>40", "Port | Ships\nPort: Riga | Ships: 40"),
        ("<tr><th colspan=x>Port<th rowspan=-1>Ships<tr><td>Riga<td>40", "Port | Ships\nPort: Riga | Ships: 40"),
        (
            "<thead><tr><th rowspan=2>Ships<tr><th>Port<th>No.</thead><tr><td>Ida<td>Hull<td>7",
            "Ships | Port | No.\nShips: Ida | Port: Hull | No.: 7",
        ),
    ],
)
def test_a_cell_stands_in_all_rows_and_columns_that_it_spans(tmp_path: Path, rows: str, text: str) -> None:
    assert read(tmp_path, "a.html", f"<table>{rows}</table>").text == text


def test_spans_do_not_make_a_small_table_huge(tmp_path: Path) -> None:
    rows = f"<tr><td rowspan=65534 colspan=1000>{'x' * 500}<td>y" * 500
    assert len(read(tmp_path, "a.html", f"<table><tr><th>A<th>B{rows}</table>").text) < 2 * len(rows)


@pytest.mark.parametrize(
    ("page", "markers"),
    [
        ("<ol start=5><li>a<li value=9>b<li>c</ol>", ["5.", "9.", "10."]),
        ("<ol start=-1><li>a<li>b<li value=x>c</ol>", ["-1.", "0.", "1."]),
        ("<ol reversed><li>a<li>b</ol>", ["2.", "1."]),
        ("<ol reversed start=10><li>a<li value=7>b<li>c</ol>", ["10.", "7.", "6."]),
        ("<ol type=a start=26><li>a<li>b</ol>", ["z.", "aa."]),
        ("<ol type=I start=4><li>a<ol type=A><li>b</ol><li>c</ol>", ["IV.", "A.", "V."]),
        ("<ol start=99999999999><li>a<li value=1e9>b</ol>", ["1.", "1."]),
        ("<ul><li value=3>a</ul>", ["-"]),
    ],
)
def test_the_items_of_a_list_have_the_numbers_that_one_sees(tmp_path: Path, page: str, markers: list[str]) -> None:
    lines = read(tmp_path, "a.html", f"<p>These are all.</p>{page}").text.split("\n")[2:]
    assert [line.split()[0] for line in lines] == markers


def test_a_page_of_nothing_but_links_keeps_them(tmp_path: Path) -> None:
    page = "<h1>Contents</h1><ul class=toc><li><a href=1>First part</a><li><a href=2>Second</a><li><a href=3>Third</a></ul>"
    assert read(tmp_path, "a.html", page).text == "Contents\n\n- First part\n- Second\n- Third"


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "utf-16"])
def test_a_page_is_read_in_the_encoding_it_declares_or_has(tmp_path: Path, encoding: str) -> None:
    page = (
        f'<meta charset="{encoding}"><title>港</title><p>港は古くて、<ruby>桟橋<rt>さんばし</rt></ruby>は\n長い。</p>'
    )
    document = read(tmp_path, "a.html", page.encode(encoding))
    assert (document.text, document.title, document.language) == ("港は古くて、桟橋は長い。", "港", "ja")


def test_a_stray_nul_or_a_wrong_utf_16_does_not_keep_a_page_from_being_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.html", "<meta charset=utf-8><p>Größe\0 der Welt</p>").text == "Größe der Welt"
    assert read(tmp_path, "b.html", "<meta charset=utf-16le><p>Größe der Welt.</p>").text == "Größe der Welt."


def test_linked_data_tell_the_date_and_a_layout_table_is_no_table(tmp_path: Path) -> None:
    page = (
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2023-05-06T00:00:00Z"}]}</script>'
        "<table><tr><td><p>The text stands in a table, as it did long ago.</p></td></tr></table>"
    )
    document = read(tmp_path, "a.htm", page)
    assert (document.date, document.text) == ("2023-05-06", "The text stands in a table, as it did long ago.")


def test_the_text_decides_on_the_language_where_a_template_says_another(tmp_path: Path) -> None:
    text = "Der Hafen ist alt, und die Schiffe liegen seit vielen Jahren an seinem langen Pier. " * 5
    assert read(tmp_path, "a.html", f"<html lang=en><p>{text}</p>").language == "de"
    assert read(tmp_path, "b.html", "<html lang=nl><p>Water</p>").language == "nl"


# Office


def test_a_program_on_a_web_page_keeps_its_blank_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a.html", "<p>It is short.</p><pre>a = 1\n\n\nb = 2\nc = 3</pre><p>It works.</p>")
    assert document.text == "It is short.\n\na = 1\n\nb = 2\nc = 3\n\nIt works."


def test_a_word_document_has_headings_lists_tables_and_notes(tmp_path: Path) -> None:
    cells = [["Year", "Ships"], ["1802", "40"]]
    rows = "".join(
        f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' * (n == 0)}{''.join(f'<w:tc>{word(c)}</w:tc>' for c in row)}</w:tr>"
        for n, row in enumerate(cells)
    )
    body = (
        word("The Harbour", "Title")
        + word("Its history", "berschrift2")
        + "<w:p><w:r><w:t>It was </w:t></w:r><w:ins><w:r><w:t>founded</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>lost</w:delText></w:r></w:del><w:r><w:t> in 1743.</w:t></w:r>"
        '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        + "<w:sdt><w:sdtContent>" + word("A field of a form.") + "</w:sdtContent></w:sdt>"
        + f"<w:tbl>{rows}</w:tbl>"
    )  # fmt: skip
    notes = f'<w:footnotes {made.W}><w:footnote w:id="2">{word("So they say.")}</w:footnote></w:footnotes>'
    document = read(
        tmp_path,
        "a.docx",
        docx(
            body,
            {"word/footnotes.xml": notes, "docProps/core.xml": made.core("Harbours", "en-GB", "2024-03-01T10:00:00Z")},
            [("f1", "footnotes", "footnotes.xml")],
        ),
    )
    assert document.text == (
        "The Harbour\n\nIts history\n\nIt was founded in 1743.[1]\n\nA field of a form.\n\n"
        "Year | Ships\nYear: 1802 | Ships: 40\n\n1. So they say."
    )
    assert about(document) == ("Harbours", "en", "2024-03-01", None)
    assert headings(document) == ["The Harbour", "Its history"]


def test_no_words_of_a_word_document_are_lost_in_fields_readings_directions_and_text_boxes(tmp_path: Path) -> None:
    run = "<w:r><w:t>{}</w:t></w:r>"
    simple = f"<w:fldSimple>{run.format('Anna')}</w:fldSimple>"
    box = "<w:drawing><a:graphic><w:txbxContent>{}</w:txbxContent></a:graphic></w:drawing>"
    nested = box.format(word("It is due in May.") + f"<w:p><w:r>{box.format(word('Or in June.'))}</w:r></w:p>")
    picture = "<w:pict><w:txbxContent>{}</w:txbxContent></w:pict>"
    either = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:Choice>{}</mc:Choice>{}</mc:AlternateContent>"
    )
    old = f"<mc:Fallback>{picture.format(word('It is closed.'))}</mc:Fallback>"
    paragraphs = (
        run.format("With ") + f"<w:bdo>{simple}</w:bdo>" + run.format(" it ends."),
        f"<w:dir>{run.format('All of it')}</w:dir>" + run.format(" is here."),
        f"<w:r><w:ruby><w:rt>{run.format('とう')}</w:rt><w:rubyBase>{run.format('東')}</w:rubyBase></w:ruby></w:r>",
        run.format("Boxed.") + f"<w:r>{either.format(nested, '')}</w:r>",
        run.format("Open.") + f"<w:r>{either.format(box.format(word('It is closed.')), old)}</w:r>",
        run.format("Old.") + f"<w:r>{either.format('<w:drawing/>', old)}</w:r>",
        run.format("Plain.") + f"<w:r>{box.format(word('Boxed too.'))}</w:r>",
        '<w:r><w:footnoteReference w:id="2"/></w:r>',
    )
    notes = f'<w:footnotes {made.W}><w:footnote w:id="2"><w:p>{simple}</w:p></w:footnote></w:footnotes>'
    body = "".join(f"<w:p>{paragraph}</w:p>" for paragraph in paragraphs)
    data = docx(body, {"word/footnotes.xml": notes}, [("f1", "footnotes", "footnotes.xml")])
    assert read(tmp_path, "a.docx", data).text.split("\n\n") == [
        "With Anna it ends.", "All of it is here.", "東", "Boxed.", "It is due in May.", "Or in June.", "Open.",
        "It is closed.", "Old.", "It is closed.", "Plain.", "Boxed too.", "[1]", "1. Anna",
    ]  # fmt: skip


def test_the_slides_of_a_presentation_are_pages_in_their_order(tmp_path: Path) -> None:
    table = "".join(
        f"<a:tr>{''.join(f'<a:tc><a:txBody><a:p><a:r><a:t>{c}</a:t></a:r></a:p></a:txBody></a:tc>' for c in row)}</a:tr>"
        for row in (("Port", "Ships"), ("Whitby", "40"))
    )
    slides = [
        shape("Harbours", kind="ctrTitle") + shape("12", kind="sldNum") + shape("All of them"),
        shape("What they hold", kind="title")
        + shape("Boats", "Ropes", kind="body")
        + f'<p:graphicFrame><a:graphic><a:tbl><a:tblPr firstRow="1"/>{table}</a:tbl></a:graphic></p:graphicFrame>',
    ]
    document = read(tmp_path, "a.pptx", pptx(slides, {2: "Speak slowly here."}))
    assert document.text == (
        "Harbours\n\nAll of them\n\nWhat they hold\n\n- Boats\n- Ropes\n\nPort | Ships\nPort: Whitby | Ships: 40\n\n"
        "Speak slowly here."
    )
    assert [document.text[start:].split("\n")[0] for start in document.pages] == ["Harbours", "What they hold"]
    assert (document.title, headings(document)) == ("Harbours", ["Harbours", "What they hold"])


def test_raised_numbers_on_a_slide_do_not_run_into_those_before_them(tmp_path: Path) -> None:
    runs = (
        ("", "2 × 10"),
        ("30000", "30"),
        ("", " kg, 10"),
        ("30000", "-3"),
        ("0", "4"),
        ("-25000", "5"),
        ("30000", "th"),
    )
    text = "".join(f'<a:r><a:rPr baseline="{raised}"/><a:t>{said}</a:t></a:r>' for raised, said in runs)
    slide = f"<p:sp><p:txBody><a:p>{text}</a:p></p:txBody></p:sp>"
    assert read(tmp_path, "a.pptx", pptx([slide])).text == "2 × 10³⁰ kg, 10⁻³45th"


def test_a_row_of_a_workbook_is_a_line_with_the_names_of_its_columns(tmp_path: Path) -> None:
    rows = [["Ships in 1802"], [], ["Port", "Ships", "Share"], ["Whitby", 40.0, 0.25], ["Hull", 120.0, ""]]
    document = read(tmp_path, "a.xlsx", xlsx({"North": rows, "Empty": [], "South": [["Dover"]]}))
    assert document.text == (
        "North\n\nShips in 1802\n\nPort | Ships | Share\nPort: Whitby | Ships: 40 | Share: 0.25\nPort: Hull | Ships: 120\n\n"
        "South\n\nDover"
    )
    assert headings(document) == ["North", "South"]


def test_the_numbers_of_a_workbook_are_written_as_excel_shows_them(tmp_path: Path) -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    styles = (
        f"<styleSheet {main}><numFmts><numFmt numFmtId='170' formatCode='0.0%'/>"
        "<numFmt numFmtId='171' formatCode='0.0&quot;%&quot;'/>"
        "<numFmt numFmtId='172' formatCode='0.0_%'/><numFmt numFmtId='173' formatCode='0.0;0%'/>"
        "<numFmt numFmtId='174' formatCode='00000'/><numFmt numFmtId='175' formatCode='#,##0.00\\ [$€-407];[Red]-0'/>"
        "<numFmt numFmtId='176' formatCode='&quot;ca. &quot;0'/><numFmt numFmtId='177' formatCode='[h]:mm'/>"
        "<numFmt numFmtId='178' formatCode='0.0,&quot;k&quot;'/></numFmts>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='170'/><xf numFmtId='9'/><xf numFmtId='171'/><xf numFmtId='172'/>"
        "<xf numFmtId='173'/><xf numFmtId='174'/><xf numFmtId='175'/><xf numFmtId='176'/><xf numFmtId='177'/>"
        "<xf numFmtId='178'/></cellXfs></styleSheet>"
    )
    cells = "".join(
        f'<c r="{place}" s="{style}"><v>{value}</v></c>'
        for place, style, value in (
            ("B3", 1, 0.256), ("C3", 2, 0.07), ("D3", 3, 0.5), ("E3", 0, 3.3000000000000003), ("F3", 2, 1),
            ("G3", 4, 0.2), ("H3", 5, 0.3), ("I3", 6, 1067), ("J3", 7, -1234.5), ("K3", 8, 12), ("L3", 9, 1.5),
            ("M3", 10, 1200),
        )
    )  # fmt: skip
    sheet = f'<worksheet {main}><sheetData><row r="3">{cells}</row></sheetData></worksheet>'
    data = xlsx({"A": []}, {"xl/styles.xml": styles, "xl/worksheets/sheet1.xml": sheet})
    assert read(tmp_path, "a.xlsx", data).text == (
        "A\n\n25.6% | 7% | 0.5% | 3.3 | 100% | 0.2 | 0.3 | 01067 | -1234.5 € | ca. 12 | 36:00 | 1200"
    )


def test_a_workbook_has_the_title_and_the_date_that_it_states(tmp_path: Path) -> None:
    said = {"docProps/core.xml": made.core("Harbours", "en-GB", "2024-03-01T10:00:00Z")}
    document = read(tmp_path, "a.xlsx", xlsx({"Sheet1": [["Port", "Ships"], ["Whitby", 40.0]]}, said))
    assert about(document) == ("Harbours", "en", "2024-03-01", None)


def test_an_open_document_text_has_headings_lists_tables_and_notes(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:p>Deleted.</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Der Hafen</text:h>'
        '<text:p>Er<text:s text:c="2"/>ist <text:span>alt</text:span><text:note><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Sehr alt.</text:p></text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>Holz</text:p></text:list-item>"
        "<text:list-item><text:p>Korn</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Jahr</text:p></table:table-cell>"
        "<table:table-cell><text:p>Schiffe</text:p></table:table-cell></table:table-row></table:table-header-rows>"
        "<table:table-row><table:table-cell><text:p>1802</text:p></table:table-cell>"
        "<table:table-cell><text:p>40</text:p></table:table-cell></table:table-row></table:table>"
    )
    meta = "<dc:title>Häfen</dc:title><dc:date>2024-03-01T10:00:00</dc:date><dc:language>de-DE</dc:language>"
    document = read(tmp_path, "a.odt", odt(body, meta))
    assert document.text == (
        "Der Hafen\n\nEr ist alt.\n\nSehr alt.\n\n- Holz\n- Korn\n\nJahr | Schiffe\nJahr: 1802 | Schiffe: 40"
    )
    assert about(document) == ("Häfen", "de", "2024-03-01", None)


def test_shapes_in_a_paragraph_of_an_open_document_come_after_it_and_readings_are_left_out(tmp_path: Path) -> None:
    shape = "<draw:custom-shape><text:p>{}</text:p></draw:custom-shape>"
    frame = "<draw:frame><draw:text-box><text:p>In a frame.</text:p></draw:text-box><draw:image/></draw:frame>"
    ruby = "<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>"
    body = (
        f"<text:p>It {shape.format('In a box.')}goes <draw:a>{frame}</draw:a>on in {ruby}.</text:p>"
        f"<text:p>A group:<draw:g>{shape.format('One')}{shape.format('Two')}</draw:g></text:p>"
    )
    assert read(tmp_path, "a.odt", odt(body)).text.split("\n\n") == [
        "It goes on in 東京.", "In a box.", "In a frame.", "A group:", "One", "Two",
    ]  # fmt: skip


def test_the_slides_of_an_open_document_are_pages(tmp_path: Path) -> None:
    page = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'
        "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>"
    )
    slides = page.format("Harbours", "They are old.") + page.format("Boats", "They are new.")
    document = read(tmp_path, "a.odp", odt(slides, kind="presentation"))
    assert document.text == "Harbours\n\nThey are old.\n\nBoats\n\nThey are new."
    assert (document.pages, headings(document)) == ((0, 25), ["Harbours", "Boats"])


# Cells that reach over several rows

OFFICES = (
    "Country | City | Staff\nCountry: Germany | City: Berlin | Staff: 40\nCountry: Germany | City: Hamburg | Staff: 25\n"
    "Country: Latvia | City: Riga | Staff: 7"
)


def test_a_merged_cell_of_a_workbook_is_said_in_each_of_its_rows(tmp_path: Path) -> None:
    rows = [
        ["Offices"],
        [],
        ["", "Country", "City", "Staff"],
        ["", "Germany", "Berlin", 40.0],
        ["", "", "Hamburg", 25.0],
    ]
    rows += [["", "Latvia", "Riga", 7.0], [], ["", "End", "of it", ""]]
    data = xlsx({"A": rows}, merged=["A1:D2", "B4:B5", "B6:B7", "C8:D1048576", "A5:A6", "XFC4:XFD6"])
    assert read(tmp_path, "a.xlsx", data).text == f"A\n\nOffices\n\n{OFFICES}\n\nEnd | of it"


def test_names_of_columns_that_stand_in_two_rows_stay_names(tmp_path: Path) -> None:
    rows = [["Port", "Ships", ""], ["", "in", "out"], ["Riga", 40.0, 41.0]]
    text = read(tmp_path, "a.xlsx", xlsx({"A": rows}, merged=["A1:A2", "B1:C1"])).text
    assert text == "A\n\nPort | Ships in | Ships out\nPort: Riga | Ships in: 40 | Ships out: 41"


def test_a_merged_cell_of_a_slide_is_said_in_each_of_its_rows(tmp_path: Path) -> None:
    cell = "<a:tc{}><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    rows = "".join(
        f"<a:tr>{''.join(cell.format(*said) for said in row)}</a:tr>"
        for row in (
            (("", "Country"), ("", "City"), ("", "Staff")),
            ((' rowSpan="2"', "Germany"), ("", "Berlin"), ("", "40")),
            ((' vMerge="1"', ""), ("", "Hamburg"), ("", "25")),
            (("", "Latvia"), ("", "Riga"), ("", "7")),
        )
    )
    slide = f'<p:graphicFrame><a:graphic><a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl></a:graphic></p:graphicFrame>'
    assert read(tmp_path, "a.pptx", pptx([slide])).text == OFFICES


def test_a_merged_cell_of_an_open_document_is_said_in_each_of_its_rows(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    names = "".join(cell.format("", name) for name in ("Country", "City", "Staff"))
    spanned = ' table:number-rows-spanned="2"'
    body = (
        f"<table:table><table:table-header-rows><table:table-row>{names}</table:table-row></table:table-header-rows>"
        f"<table:table-row>{cell.format(spanned, 'Germany')}{cell.format('', 'Berlin')}{cell.format('', '40')}</table:table-row>"
        f"<table:table-row><table:covered-table-cell/>{cell.format('', 'Hamburg')}{cell.format('', '25')}</table:table-row>"
        f"<table:table-row>{cell.format('', 'Latvia')}{cell.format('', 'Riga')}{cell.format('', '7')}</table:table-row>"
        "<table:table-row><table:covered-table-cell/><table:covered-table-cell/></table:table-row></table:table>"
    )
    assert read(tmp_path, "a.odt", odt(body)).text == OFFICES


# Books, tables, mail


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    metadata = "<dc:title>Of Harbours</dc:title><dc:language>en</dc:language><dc:date>1851-10-18</dc:date>"
    document = read(tmp_path, "a.epub", epub(["<h1>One</h1><p>Call me.</p>", "<h1>Two</h1><p>It sank.</p>"], metadata))
    assert document.text == "One\n\nCall me.\n\nTwo\n\nIt sank."
    assert (document.title, document.language, headings(document)) == ("Of Harbours", "en", ["One", "Two"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["Port", "Said of it"], ["Whitby", '"Old\nand windy"'], ["Hull", "Large"]]
    document = read(tmp_path, "a.csv", "\r\n".join(delimiter.join(row) for row in rows))
    assert (
        document.text == "Port | Said of it\nPort: Whitby | Said of it: Old and windy\nPort: Hull | Said of it: Large"
    )


def test_a_csv_file_without_names_of_columns_gets_none(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "1802,40\n1803,41\n").text == "1802 | 40\n1803 | 41"


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ("Land,2022,2023/24\nRiga,40,1900\nHull,2021,1", "Land: Hull | 2022: 2021 | 2023/24: 1"),
        ("Boat,1st quarter,No.\nCog,7,b\nHulk,8,c", "Boat: Hulk | 1st quarter: 8 | No.: c"),
        ("Name,City,Head\nAnna,Riga,Otto\nEva,Hull,Max", "Name: Eva | City: Hull | Head: Max"),
        ("How old?,Why do you come?\n40,I like it here.", "How old?: 40 | Why do you come?: I like it here."),
    ],
)
def test_names_of_columns_may_be_years_begin_with_digits_or_be_like_the_words_below(
    tmp_path: Path, rows: str, last: str
) -> None:
    assert read(tmp_path, "a.csv", rows).text.split("\n")[-1] == last


@pytest.mark.parametrize(
    "rows",
    [
        "Anna,Riga,cook\nOtto,Hull,pilot",
        "Anna,Riga\nOtto,Hull\nEva,Riga",
        "Nord,2022\nSued,2021",
        "Crane,5 kg\nBoat,7 kg",
        "Who runs it?,The city of Riga does.\nWhat is it?,It is a port.",
        "It was built in 1802, or later, as they say.\nNobody knows.",
    ],
)
def test_a_first_row_like_the_others_does_not_name_the_columns(tmp_path: Path, rows: str) -> None:
    assert ":" not in read(tmp_path, "a.csv", rows).text


def test_the_names_of_columns_hold_behind_a_blank_row_until_there_are_new_ones(tmp_path: Path) -> None:
    groups = "Name,Age\nLena,30\n\nAnna,41\nOtto,7\n\nName,Age\nEva,5\n\nNo,other,columns\n,and,rows"
    assert read(tmp_path, "a.csv", groups).text == (
        "Name | Age\nName: Lena | Age: 30\n\nName: Anna | Age: 41\nName: Otto | Age: 7\n\n"
        "Name | Age\nName: Eva | Age: 5\n\nNo | other | columns\nother: and | columns: rows"
    )
    assert read(tmp_path, "b.csv", "Name,City\nLena,Berlin\n\nPort,Ships\nRiga,40\n\nHull,7").text == (
        "Name | City\nName: Lena | City: Berlin\n\nPort | Ships\nPort: Riga | Ships: 40\n\nPort: Hull | Ships: 7"
    )


def test_no_names_of_another_table_stand_where_none_can_be_told(tmp_path: Path) -> None:
    words = "Name,City\nLena,Berlin\n\nCode,Meaning\nA,open\nB,shut"
    assert "Name: A" not in read(tmp_path, "a.csv", words).text
    titled = "Name,Age\nLena,30\n\nHarbours\nRiga,7\nHull,9"
    assert read(tmp_path, "b.csv", titled).text.endswith("\n\nHarbours\n\nRiga | 7\nHull | 9")


MAIL = """\
From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
To: harbour@example.org
Subject: =?iso-8859-1?q?Die_Sch=E4den?= am Pier
Date: Thu, 29 Feb 2024 08:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Der Pier ist besch=E4digt.

> Was ist geschehen?
--\x20
Jürgen
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="../../pier.pdf"

JVBERi0=
--b--
"""


def test_a_mail_is_its_text_and_who_wrote_it(tmp_path: Path) -> None:
    document = read(tmp_path, "a.eml", MAIL)
    assert document.text == (
        "Die Schäden am Pier\n\nFrom: Jürgen <j@example.org>\nTo: harbour@example.org\n"
        "Date: Thu, 29 Feb 2024 08:00:00 +0100\n\nDer Pier ist beschädigt.\n\nWas ist geschehen?\n\n"
        "Attachment: ../../pier.pdf"
    )
    assert about(document) == ("Die Schäden am Pier", "de", "2024-02-29", None)


def test_a_mail_in_html_is_read_too(tmp_path: Path) -> None:
    mail = "Subject: Pier\nContent-Type: text/html; charset=utf-8\n\n<p>It is <b>old</b>.</p><ul><li>Wood</ul>"
    assert read(tmp_path, "a.eml", mail).text == "Pier\n\nIt is old.\n\n- Wood"


def test_an_encoding_named_in_a_mail_s_html_is_neither_believed_nor_taken_out_of_its_words(tmp_path: Path) -> None:
    mail = "Subject: Pier\nContent-Type: text/html; charset=utf-8\n\n{}<p>The charset of “Kai” is wrong.</p>"
    for declared in ("", "<meta charset=iso-8859-1>", '<?xml version="1.0" encoding="iso-8859-1"?>'):
        text = read(tmp_path, "a.eml", mail.format(declared)).text
        assert text == "Pier\n\nThe charset of “Kai” is wrong."


def mail_of(kind: str, *parts: str) -> str:
    """A mail with parts of this kind: each its header fields and, behind a blank line, its text."""
    inner = "".join(f"--b\nContent-Type: {part}\n" for part in parts)
    return f"Subject: Pier\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b\n\n{inner}--b--\n"


def text_of(folder: Path, mail: str) -> str:
    return read(folder, "a.eml", mail).text.removeprefix("Pier\n\n")


ANSWERED = """\
Yes, that works for us.

-- \nAnna
Harbour Office

{}
> Could you deliver it on 12 March?
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "attribution", ["On Mon, 4 Mar 2024, Bob wrote:", "Am 4. März schrieb\nBob <b@example.org>:", "---- Bob ----"]
)
def test_a_signature_above_the_mail_that_is_answered_is_left_out_alone(
    tmp_path: Path, attribution: str, end: str
) -> None:
    mail = "Subject: Pier\n\n" + ANSWERED.format(attribution)
    assert text_of(tmp_path, mail.replace("\n", end)) == (
        f"Yes, that works for us.\n\n{attribution}\nCould you deliver it on 12 March?"
    )


def test_a_signature_of_two_paragraphs_ends_a_mail(tmp_path: Path) -> None:
    assert text_of(tmp_path, "Subject: Pier\n\nIt is old.\n\n-- \nAnna\n\nHarbour Office\nWhitby\n") == "It is old."


def test_the_text_of_a_mail_goes_on_below_what_is_attached(tmp_path: Path) -> None:
    mail = mail_of(
        "mixed",
        "text/plain\n\nHere is the plan.\n",
        'application/pdf; name="plan.pdf"\nContent-Disposition: inline; filename="plan.pdf"\n\n%PDF\n',
        "text/html\n\n<p>Move the crane by Friday.</p>\n",
        'text/plain; name="notes.txt"\n\nNot to be read.\n',
        "text/plain\nContent-Disposition: attachment\n\nNor is this.\n",
    )
    assert text_of(tmp_path, mail) == (
        "Here is the plan.\n\nAttachment: plan.pdf\n\nMove the crane by Friday.\n\nAttachment: notes.txt"
    )


NEWS = "<h1>Harbour news</h1><p>The crane was delivered on Monday and lifts forty tonnes. The opening is on 12 May.</p>"


@pytest.mark.parametrize(
    ("plain", "is_read"),
    [
        ("", False),
        ("Your program does not show HTML. Please view this mail in your browser.", False),
        ("Harbour news: The crane https://example.org/news/crane/delivered/on/monday", False),
        ("Harbour news\n\nThe crane was delivered on Monday.", True),
        ("The crane was delivered on Monday and lifts forty tonnes. What is in the picture? It is the crane.", True),
    ],
)
def test_the_html_of_a_mail_is_read_where_its_plain_text_only_stands_in_for_it(
    tmp_path: Path, plain: str, is_read: bool
) -> None:
    mail = mail_of("alternative", f"text/plain\n\n{plain}\n", f"text/html\n\n{NEWS}\n")
    text = text_of(tmp_path, mail)
    assert text == plain if is_read else "The opening is on 12 May." in text and (not plain or plain not in text)


def test_the_lines_of_a_flowed_mail_go_on_where_they_end_in_a_space(tmp_path: Path) -> None:
    mail = (
        "Subject: Pier\nContent-Type: text/plain; format=flowed\n\n"
        "Hello Bob, \n\nit was \nold.\nNot \n  new.\n> > Was it \n> > yours? \n> No, \n> it was not.\n-- \nAnna\n"
    )
    assert text_of(tmp_path, mail) == ("Hello Bob,\n\nit was old.\nNot new.\nWas it yours?\nNo, it was not.")
    tight = mail.replace("flowed", "flowed; delsp=yes")
    assert "it wasold." in text_of(tmp_path, tight)


INVITATION = """\
BEGIN:VCALENDAR
BEGIN:VTIMEZONE
DTSTART:19700329T020000
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY;LANGUAGE=en:Inspection of
  the pier\\, and lunch
DTSTART;TZID="Europe/London":20240312T090000
DTEND;VALUE=DATE:20240313
LOCATION:Pier 5
DESCRIPTION:Bring boots.\\nAnd a lamp.
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""
EVENT = "Event: Inspection of the pier, and lunch | Begins: 2024-03-12 09:00 Europe/London | Ends: 2024-03-13 | Place: Pier 5"


def test_an_invitation_says_what_takes_place_when_and_where(tmp_path: Path) -> None:
    calendar = f"text/calendar; method=REQUEST\n\n{INVITATION}"
    assert text_of(tmp_path, mail_of("mixed", calendar)) == f"{EVENT}\n\nBring boots.\nAnd a lamp."
    with_text = mail_of("alternative", "text/plain\n\nPlease come.\n", calendar)
    assert text_of(tmp_path, with_text) == f"Please come.\n\n{EVENT}"


# What is not what it says


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.docx", b"no archive", "is damaged: no complete archive"),
        ("a.docx", xlsx({"A": [["x"]]}), "is damaged, or not what its name says: there is no word/document.xml in it"),
        ("a.pptx", docx(word("x")), "is damaged, or not what its name says: there is no ppt/presentation.xml in it"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is in the format of Office before 2007"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(600),
            "is encrypted. Save it without a password.",
        ),
        ("a.docx", docx(""), "is empty"),
        ("a.eml", "Just some words.\n", "is no e-mail"),
        (
            "a.epub",
            made.archive({"META-INF/container.xml": "<container/>"}),
            "is damaged: META-INF/container.xml names",
        ),
        ("a.odt", made.archive({"content.xml": "<a>"}), "is damaged: content.xml is not XML"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes | str, reason: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        read(tmp_path, name, content)
    assert refused.value.reason.startswith(reason)


def test_a_mail_whose_header_does_not_name_its_boundary_is_cut_where_its_parts_begin(tmp_path: Path) -> None:
    parts = "--x1\nContent-Type: text/plain\n\nThe pier is old.\n--x1\nContent-Type: text/html\n\n<p>The pier is old.</p>\n--x1--\n"
    header = "From: a@example.org\nSubject: Pier\nMIME-Version: 1.0\nContent-Type: multipart/alternative\n\n"
    assert read(tmp_path, "a.eml", header + parts).text.endswith("Pier\n\nFrom: a@example.org\n\nThe pier is old.")
    assert "It is of wood." in read(tmp_path, "b.eml", header + "It is of wood.\n").text


def test_a_mail_in_markdown_is_read(tmp_path: Path) -> None:
    mail = "From: a@example.org\nSubject: Pier\nContent-Type: text/markdown\n\n# Decision\n\nWe *build* it in `oak`.\n"
    document = read(tmp_path, "a.eml", mail)
    assert document.text == "Pier\n\nFrom: a@example.org\n\nDecision\n\nWe build it in oak."
    assert [document.text[span.start : span.end] for span in document.headings or ()] == ["Pier", "Decision"]


def test_what_a_mail_or_a_book_does_not_show_is_not_read(tmp_path: Path) -> None:
    hidden = '<div style="display:none">SECRET</div><p hidden="">SECRET</p>'
    mail = f"From: a@example.org\nSubject: Pier\nContent-Type: text/html\n\n{hidden}<p>It is old.</p>"
    assert "SECRET" not in read(tmp_path, "a.eml", mail).text
    note = '<aside hidden="hidden"><p>A note one opens.</p></aside>'
    book = read(tmp_path, "a.epub", epub([f"{hidden}<p>It is old.</p>{note}"])).text
    assert book == "It is old.\n\nA note one opens."


def test_what_is_struck_out_is_not_read(tmp_path: Path) -> None:
    prose = "<p>The ferry to the island costs <del>€49.90</del> <ins>€39.90</ins> (children <s>5</s> 3 euros).</p>"
    assert read(tmp_path, "a.html", prose).text == "The ferry to the island costs €39.90 (children 3 euros)."
    assert read(tmp_path, "a.md", "It costs ~~49.90~~ 39.90 euros.").text == "It costs 39.90 euros."
    never_closed = "<div>It is <s>old.<h2>Wood</h2><p>It is of oak.</p></div>"
    assert "oak" in read(tmp_path, "b.html", never_closed).text


def test_a_box_in_a_word_document_says_whether_it_is_ticked(tmp_path: Path) -> None:
    box = (
        '<w:sdt><w:sdtPr><w14:checkbox xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml">'
        '<w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>'
    )
    body = f'<w:p><w:r><w:t xml:space="preserve">Agree: </w:t></w:r>{box}<w:r><w:t xml:space="preserve"> yes</w:t></w:r></w:p>'
    assert read(tmp_path, "a.docx", docx(body)).text == "Agree: ☒ yes"


def test_words_that_were_hidden_before_a_tracked_change_are_read(tmp_path: Path) -> None:
    style = "<w:rPr><w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange></w:rPr>"
    assert read(tmp_path, "a.docx", docx(f"<w:p><w:r>{style}<w:t>It is old.</w:t></w:r></w:p>")).text == "It is old."


def test_comments_and_hidden_words_of_a_word_document_are_not_read(tmp_path: Path) -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r>"
    shown = '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>It is old.</w:t></w:r>'
    body = f'<w:p>{hidden}<w:commentRangeStart w:id="0"/>{shown}<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    comment = '<w:comment w:id="0" w:author="A"><w:p><w:r><w:t>SECRET remark</w:t></w:r></w:p></w:comment>'
    more = {"word/comments.xml": f"<w:comments {W}>{comment}</w:comments>"}
    file = docx(body, more, [("c1", "comments", "comments.xml")])
    assert read(tmp_path, "a.docx", file).text == "It is old."


def test_hidden_parts_of_an_open_document_are_not_read(tmp_path: Path) -> None:
    body = (
        '<text:section text:display="none"><text:p>SECRET</text:p></text:section>'
        "<text:p>It is <text:hidden-text>SECRET</text:hidden-text>old.</text:p>"
    )
    assert read(tmp_path, "a.odt", odt(body)).text == "It is old."


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    file = xlsx({"Ships": [["Riga", "40"]], "Secret": [["Bob", "90000"]]}, hidden=("Secret",))
    assert "Bob" not in read(tmp_path, "a.xlsx", file).text


FORM = [["Name", "Ann Lee"], ["Born", "3 May 1980"], ["Salary", "50000"], ["Place", "Riga"]]
POWER = [["Model", "Power", "Price"], ["A100", "8 kW", "9900"], ["A200", "12 kW", "12500"]]


def as_html(rows: list[list[str]], *, bold: bool = False) -> str:
    cells = [[f"<b>{cell}</b>" if bold and row is rows[0] else cell for cell in row] for row in rows]
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in cells]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def test_a_table_that_marks_no_names_has_them_where_they_are_bold_or_stand_above_numbers(tmp_path: Path) -> None:
    named = "Model | Power | Price\nModel: A100 | Power: 8 kW | Price: 9900\nModel: A200 | Power: 12 kW | Price: 12500"
    assert read(tmp_path, "a.html", as_html(POWER)).text == named
    odf = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in POWER
    )
    assert read(tmp_path, "a.odt", odt(f"<table:table>{odf}</table:table>")).text == named
    towns = [["Name", "Town"], ["Ann", "Riga"], ["Bob", "Ghent"]]
    assert read(tmp_path, "b.html", as_html(towns, bold=True)).text.endswith(
        "Name: Ann | Town: Riga\nName: Bob | Town: Ghent"
    )
    table = ""
    for row in towns:
        style = "<w:rPr><w:b/></w:rPr>" if row is towns[0] else ""
        cells = (f"<w:tc><w:p><w:r>{style}<w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row)
        table += f"<w:tr>{''.join(cells)}</w:tr>"
    assert "Name: Ann | Town: Riga" in read(tmp_path, "a.docx", docx(f"<w:tbl>{table}</w:tbl>")).text


PRICES = [["Children", "under 6", "free"], ["Pupils", "6–17", "5 €"], ["Adults", "18 and more", "10 €"]]
HOURS = [["Monday", "closed", "none"], ["Tuesday", "8", "13"], ["Friday", "9", "14"]]


@pytest.mark.parametrize("rows", [PRICES, HOURS])
def test_a_first_row_of_data_names_no_columns(tmp_path: Path, rows: list[list[str]]) -> None:
    assert read(tmp_path, "a.html", as_html(rows)).text == "\n".join(" | ".join(row) for row in rows)


@pytest.mark.parametrize(
    "rows",
    [
        ["Ingredient,Quantity", "Flour,500 g", "Eggs,3", "Milk,250 ml", "Apples,2"],
        ["Name,Phone", "Ann,040 1234", "Bob,unknown", "Zoe,040 99"],
        ["Property,Value", "Colour,red", "Year,2024-01-02", "Height,30"],
    ],
)
def test_two_columns_of_data_have_their_names(tmp_path: Path, rows: list[str]) -> None:
    (name, other), (first, second) = (row.split(",") for row in rows[:2])
    assert f"{name}: {first} | {other}: {second}" in read(tmp_path, "a.csv", "\n".join(rows)).text


@pytest.mark.parametrize("rows", [FORM, [["Monday", "8-12"], ["Tuesday", "9-13"]], [["Ann", "Riga"], ["Bob", "Ghent"]]])
def test_a_form_of_two_columns_has_no_names_of_columns(tmp_path: Path, rows: list[list[str]]) -> None:
    assert read(tmp_path, "a.html", as_html(rows)).text == "\n".join(" | ".join(row) for row in rows)


def test_neither_has_one_in_a_file_of_comma_separated_values(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "\n".join(map(",".join, FORM))).text == "\n".join(" | ".join(row) for row in FORM)
    bank = "Account: ,123\nBalance: ,1.234 EUR\nHolder: ,Ann Lee\n"
    assert read(tmp_path, "b.csv", bank).text == "Account: | 123\nBalance: | 1.234 EUR\nHolder: | Ann Lee"
    assert "Year: 1802 | Ships: 40" in read(tmp_path, "c.csv", "Year,Ships\n1802,40\n1803,41\n").text


def test_an_open_document_has_raised_figures_and_the_numbers_of_its_lists(tmp_path: Path) -> None:
    space = 'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    styles = (
        f'<office:automatic-styles {space}><style:style style:name="T1"><style:text-properties '
        'style:text-position="super 58%"/></style:style><text:list-style style:name="L1">'
        '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
        '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>'
        "</text:list-style></office:automatic-styles>"
    )

    def item(text: str, inner: str = "") -> str:
        return f"<text:list-item><text:p>{text}</text:p>{inner}</text:list-item>"

    inner = f"<text:list>{item('Oak')}{item('Ash')}</text:list>"
    body = (
        '<text:p>It is 10 m<text:span text:style-name="T1">2</text:span>.</text:p>'
        f'<text:list text:style-name="L1">{item("Wood", inner)}{item("Stone")}</text:list>'
        f'<text:p>Then</text:p><text:list text:style-name="L1" text:continue-numbering="true">{item("Iron")}</text:list>'
        f"<text:p>And</text:p><text:list>{item('Rope')}</text:list>"
        f'<text:list text:style-name="L1" xml:id="a">{item("One")}{item("Two")}</text:list><text:p>So</text:p>'
        f'<text:list text:style-name="L1" text:continue-list="a">{item("Three")}</text:list>'
    )
    assert read(tmp_path, "a.odt", odt(body, styles=styles)).text == (
        "It is 10 m².\n\n1. Wood\na) Oak\nb) Ash\n2. Stone\n\nThen\n\n3. Iron\n\nAnd\n\n- Rope\n"
        "1. One\n2. Two\n\nSo\n\n3. Three"
    )


def test_names_of_groups_of_columns_stand_before_those_of_the_columns(tmp_path: Path) -> None:
    rows = [["Region", "2022", "", "2023", ""], ["", "Q1", "Q2", "Q1", "Q2"], ["North", 10.0, 11.0, 12.0, 13.0]]
    named = "Region: North | 2022 Q1: 10 | 2022 Q2: 11 | 2023 Q1: 12 | 2023 Q2: 13"
    file = xlsx({"Sales": rows}, merged=["B1:C1", "D1:E1"])
    assert read(tmp_path, "a.xlsx", file).text.endswith(named)
    group = '<a:tc gridSpan="2"><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc><a:tc hMerge="1"/>'
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    lines = [
        cell.format("Region") + group.format("2022") + group.format("2023"),
        "".join(map(cell.format, ["", "Q1", "Q2", "Q1", "Q2"])),
        "".join(map(cell.format, ["North", 10, 11, 12, 13])),
    ]
    rows_of_slide = "".join(f"<a:tr>{line}</a:tr>" for line in lines)
    table = f'<a:tbl><a:tblPr firstRow="1"/>{rows_of_slide}</a:tbl>'
    assert read(tmp_path, "a.pptx", pptx([table])).text.endswith(named)


def test_a_merged_cell_above_a_row_of_data_names_no_group(tmp_path: Path) -> None:
    rows = [["Name", "", "Town"], ["Ann", "Lee", "Riga"], ["Bob", "Ray", "Ghent"]]
    text = read(tmp_path, "a.xlsx", xlsx({"Staff": rows}, merged=["A1:B1"])).text
    assert "Name Ann" not in text
    assert "Lee" in text


def test_the_title_of_a_note_in_a_docbook_page_is_a_heading(tmp_path: Path) -> None:
    note = '<div class="note"><p class="title"><strong>CULTURE</strong> The way of the port</p><p>It is old.</p></div>'
    document = read(tmp_path, "a.html", f"<h1>Riga</h1>{note}<p class='title'>This one is a sentence.</p>")
    assert headings(document) == ["Riga", "CULTURE The way of the port"]
    assert document.text.endswith("It is old.\n\nThis one is a sentence.")
