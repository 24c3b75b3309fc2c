"""Small files of every format, made by code: what is in them is seen where a test looks for it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("meta", "meta"),
        ("presentation", "presentation"), ("manifest", "manifest"),
    )
)  # fmt: skip
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def archive(members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of members by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def relations(links: Sequence[tuple[str, str, str]]) -> str:
    """The relations of a member of an Office file: id, kind and target of each."""
    inner = "".join(f'<Relationship Id="{id}" Type="{_KIND}/{kind}" Target="{to}"/>' for id, kind, to in links)
    return f'<Relationships xmlns="{_RELATIONS}">{inner}</Relationships>'


def core(title: str = "", language: str = "", modified: str = "") -> str:
    """The metadata of an Office file."""
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<dc:title>{title}</dc:title><dc:language>{language}</dc:language>"
        f"<dcterms:modified>{modified}</dcterms:modified></cp:coreProperties>"
    )


def docx(body: str, more: Mapping[str, str | bytes] | None = None, links: Sequence[tuple[str, str, str]] = ()) -> bytes:
    """A Word document of the XML of its body."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/></w:style>'
        for id, name in (("Heading1", "heading 1"), ("berschrift2", "heading 2"), ("Title", "Title"))
    )
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": relations([("r1", "officeDocument", "word/document.xml")]),
        "word/document.xml": f"<w:document {W} {R} {A}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "word/_rels/document.xml.rels": relations([("s1", "styles", "styles.xml"), *links]),
    }
    return archive({**members, **(more or {})})


def word(text: str, style: str = "", properties: str = "") -> str:
    """A paragraph of a Word document."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(slides: Sequence[str], notes: Mapping[int, str] | None = None) -> bytes:
    """A presentation of the XML of its slides' shapes, and notes by the slide's number from 1."""
    count = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in count)
    members = {
        "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        # The file names are in another order than the slides.
        "ppt/_rels/presentation.xml.rels": relations([(f"r{n}", "slide", f"slides/slide{100 - n}.xml") for n in count]),
    }
    for number, shapes in enumerate(slides, 1):
        tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
        members[f"ppt/slides/slide{100 - number}.xml"] = f"<p:sld {P} {A} {R}>{tree}</p:sld>"
    for number, text in (notes or {}).items():
        links = relations([("n1", "notesSlide", f"../notesSlides/n{number}.xml")])
        members[f"ppt/slides/_rels/slide{100 - number}.xml.rels"] = links
        members[f"ppt/notesSlides/n{number}.xml"] = (
            f"<p:notes {P} {A}><p:cSld><p:spTree>{shape(text, kind='body')}</p:spTree></p:cSld></p:notes>"
        )
    return archive(members)


def shape(*paragraphs: str, kind: str | None = None) -> str:
    """A text box of a slide, or a placeholder of a kind."""
    place = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    texts = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:sp><p:nvSpPr>{place}</p:nvSpPr><p:txBody>{texts}</p:txBody></p:sp>"


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[str | float]]],
    more: Mapping[str, str] | None = None,
    merged: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> bytes:
    """A workbook of rows by the names of its sheets; an empty text is an empty cell."""
    merges = f"<mergeCells>{''.join(f'<mergeCell ref={place!r}/>' for place in merged)}</mergeCells>" if merged else ""
    names, state = enumerate(sheets, 1), ("", ' state="hidden"')
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": relations([("r1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" {R}><sheets>'
            + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"{state[name in hidden]}/>' for n, name in names)
            + "</sheets></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": relations(
            [(f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
        ),
    }
    for number, rows in enumerate(sheets.values(), 1):
        members[f"xl/worksheets/sheet{number}.xml"] = (
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + "".join(f'<row r="{n}">{_cells(n, row)}</row>' for n, row in enumerate(rows, 1))
            + f"</sheetData>{merges}</worksheet>"
        )
    return archive({**members, **(more or {})})


def _cells(number: int, row: Sequence[str | float]) -> str:
    cells = ""
    for column, value in enumerate(row):
        place = f"{chr(ord('A') + column)}{number}"
        if isinstance(value, str):
            cells += f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>' if value else ""
        else:
            cells += f'<c r="{place}"><v>{value}</v></c>'
    return cells


def odt(
    body: str, meta: str = "", kind: str = "text", more: Mapping[str, str | bytes] | None = None, styles: str = ""
) -> bytes:
    """An OpenDocument file of the XML of its body, metadata and styles."""
    return archive(
        {
            **(more or {}),
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content {ODF}>{styles}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
                "</office:document-content>"
            ),
            "meta.xml": (
                f'<office:document-meta {ODF} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>{meta}'
                "</office:meta></office:document-meta>"
            ),
        }
    )


def epub(chapters: Sequence[str], metadata: str = "") -> bytes:
    """A book of the XHTML of its chapters' bodies."""
    numbers = range(1, len(chapters) + 1)
    items = "".join(f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
    spine = '<itemref idref="toc"/>' + "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
            ),
            "OEBPS/book.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
                f'<metadata>{metadata}</metadata><manifest><item id="toc" href="toc.xhtml" properties="nav"/>{items}'
                f"</manifest><spine>{spine}</spine></package>"
            ),
            "OEBPS/toc.xhtml": "<html><body><nav>Contents</nav></body></html>",
            **{
                f"OEBPS/text/c {n}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>'
                for n, chapter in enumerate(chapters, 1)
            },
        }
    )


Text = tuple[float, float, str]
"""A piece of text on a page: points from the left, points from the bottom, the words."""


def pdf(
    pages: Sequence[Sequence[Text] | str], *, info: str = "", trailer: str = "", font: str = "", size: float = 10
) -> bytes:
    """A PDF of 595 by 842 points a page, set in Helvetica (/F1), of texts or of what draws the page.

    ``font`` adds to the font's dictionary.
    """
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding {font} >>")
    objects.append(f"<< {info} >>")
    kids = []
    for page in pages:
        drawn = (
            page
            if isinstance(page, str)
            else "\n".join(f"BT /F1 {size} Tf {x} {y} Td ({_escaped(text)}) Tj ET" for x, y, text in page)
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    return pdf_file(objects, trailer="/Info 4 0 R " + trailer)


def pdf_file(objects: Sequence[str | bytes], *, trailer: str = "") -> bytes:
    """A PDF of the bodies of its objects, which are numbered from 1; the first is the catalogue."""
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        content = body if isinstance(body, bytes) else body.encode("latin-1")
        file += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer.encode())
    return bytes(file + b"startxref\n%d\n%%%%EOF\n" % start)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def column(x: float, top: float, lines: Sequence[str], step: float = 12) -> list[Text]:
    """Lines below each other."""
    return [(x, top - step * number, line) for number, line in enumerate(lines)]
