"""Broken and hostile files of many kinds, made by code: ``write_all`` puts them into a folder.

What must come of each is said beside its maker: a part of the reason it is refused with, or READ where it only looks
dangerous and its harmless text is to be read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.documents.made import (
    R,
    W,
    archive,
    column,
    docx,
    epub,
    odt,
    pdf,
    pdf_file,
    pptx,
    relations,
    shape,
    word,
    xlsx,
)  # fmt: skip

READ = ""
SECRET = "crosscite-secret-that-must-not-leak"
TEXT = "The harbour is old, and its long pier has been there for many years."
MEGABYTE = 2**20
NOISE = b"\x89PNG\r\n\x1a\n" + bytes((7 * n * n + 13 * n) % 256 for n in range(4000))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Hostile:
    """A file to be made: ``expected`` is part of the reason, one of several parts, or READ."""

    kind: str
    name: str
    make: Callable[[], bytes]
    expected: tuple[str, ...]


def write_all(folder: Path, secret: Path) -> list[Hostile]:
    """Write the files into a folder, each in one of its kind's name; ``secret`` is a file that some try to read."""
    files = list(_all(secret))
    for file in files:
        path = folder / file.kind / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.make())
    return files


def _all(secret: Path) -> Iterator[Hostile]:
    for kind, files in (
        ("empty", _empty()), ("other", _other()), ("cut", _cut()), ("encrypted", _encrypted()), ("textless", _textless()),
        ("zip-bomb", _zip_bombs()), ("xml-bomb", _xml_bombs()), ("entity", _entities(secret)), ("path", _paths(secret)),
        ("line", _lines()), ("nul", _nuls()), ("pdf", _pdfs()), ("font", _fonts()), ("nested", _nested()),
        ("encoding", _encodings()), ("sheet", _sheets()), ("mail", _mails()),
    ):  # fmt: skip
        for name, make, *expected in files:
            yield Hostile(kind, name, make if callable(make) else (lambda made=make: made), tuple(expected))  # type: ignore[misc]


_File = tuple[object, ...]


@cache
def honest(suffix: str) -> bytes:
    """A small file of a format that can be read."""
    return {
        "docx": lambda: docx(word(TEXT)),
        "pptx": lambda: pptx([shape(TEXT)]),
        "xlsx": lambda: xlsx({"A": [[TEXT]]}),
        "ods": lambda: odt(f"<text:p>{TEXT}</text:p>", kind="spreadsheet"),
        "odt": lambda: odt(f"<text:p>{TEXT}</text:p>"),
        "odp": lambda: odt(f"<draw:page><text:p>{TEXT}</text:p></draw:page>", kind="presentation"),
        "epub": lambda: epub([f"<p>{TEXT}</p>"]),
        "pdf": lambda: pdf([column(60, 700, [TEXT])]),
        "html": lambda: f"<p>{TEXT}</p>".encode(),
    }[suffix]()


def _empty() -> Iterator[_File]:
    for suffix in ("txt", "md", "pdf", "html", "docx", "xlsx", "odt", "epub", "csv", "eml"):
        yield f"a.{suffix}", b"", "is empty"
    yield "blank.txt", b" \n\t\r\n" * 1000, "is empty"
    yield "invisible.md", "\u200b\u2060\ufeff\n".encode() * 50, "is empty"


def _other() -> Iterator[_File]:
    yield "picture.txt", NOISE, "looks like a binary file"
    yield "picture.csv", NOISE, "looks like a binary file"
    yield "picture.html", NOISE, "looks like a binary file"
    yield "picture.pdf", NOISE, "is damaged: no complete PDF"
    for suffix in ("docx", "pptx", "odt", "epub"):
        yield f"picture.{suffix}", NOISE, "is damaged: no complete archive"
    for suffix in ("xlsx", "xls", "ods"):
        yield f"picture.{suffix}", NOISE, "is damaged, or not what its name says"
    yield "picture.eml", NOISE, "is no e-mail"
    yield "sheet.docx", honest("xlsx"), "there is no word/document.xml"
    yield "text.epub", honest("odt"), "there is no META-INF/container.xml"
    yield "word.xlsx", honest("docx"), "is damaged, or not what its name says"


def _cut() -> Iterator[_File]:
    for suffix in ("docx", "pptx", "xlsx", "odt", "epub", "pdf"):
        whole = honest(suffix)
        yield f"half.{suffix}", whole[: len(whole) // 2], "is damaged"
    whole = bytearray(honest("docx"))
    place = whole.find(b"word/document.xml") + 40
    whole[place : place + 20] = bytes(20)
    yield "scratched.docx", bytes(whole), "is damaged"


def _encrypted() -> Iterator[_File]:
    keys = f"/O <{'11' * 32}> /U <{'22' * 32}>"
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 {keys} >> /ID [<00> <00>]"
    yield "a.pdf", pdf([column(60, 700, [TEXT])], trailer=lock), "is encrypted"
    envelope = OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    for suffix in ("docx", "pptx", "xlsx"):
        yield f"a.{suffix}", envelope, "is encrypted"
    yield "locked.docx", _flagged(honest("docx")), "is encrypted"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry>'
        "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    )
    yield "a.odt", archive({"META-INF/manifest.xml": manifest, "content.xml": NOISE}), "is encrypted"
    yield "a.epub", archive({"META-INF/encryption.xml": "<a/>", "META-INF/rights.xml": "<a/>"}), "is encrypted"


def _flagged(data: bytes) -> bytes:
    """An archive whose members say that they are encrypted."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(signature)
        while place >= 0:
            changed[place + offset] |= 1
            place = changed.find(signature, place + 4)
    return bytes(changed)


def _textless() -> Iterator[_File]:
    picture = "q 200 0 0 200 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"
    stream = f"<< /Length {len(picture)} >>\nstream\n{picture}\nendstream"
    pages = "<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    yield "scan.pdf", pdf_file(["<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream]), "has no text, only pictures"
    yield "blank.pdf", pdf([[], [], []]), "has no text, only pictures"
    yield "a.docx", docx(""), "is empty"
    yield "a.pptx", pptx([shape(), shape()]), "is empty"
    yield "a.xlsx", xlsx({"A": [[]]}), "is empty"
    yield "a.odt", odt(""), "is empty"
    yield "a.html", b"<html><script>alert(1)</script><style>p {}</style></html>", "is empty"


# Bombs


@cache
def _packed(byte: bytes, size: int) -> tuple[bytes, int]:
    """A compressed run of one byte, and its checksum."""
    packer, checksum, piece = zlib.compressobj(9, zlib.DEFLATED, -15), 0, byte * MEGABYTE
    packed = b""
    for _ in range(size // MEGABYTE):
        checksum = zlib.crc32(piece, checksum)
        packed += packer.compress(piece)
    return packed + packer.flush(), checksum


def _bomb(name: str, others: bytes, size: int = 400 * MEGABYTE, declared: int | None = None) -> bytes:
    """An archive whose member ``name`` unpacks to ``size`` spaces, whatever it declares, behind the other members."""
    packed, checksum = _packed(b" ", size)
    end = others.rfind(b"PK\x05\x06")
    count, directory_size, directory = struct.unpack("<HII", others[end + 10 : end + 20])
    path = name.encode()
    said = size if declared is None else declared
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, checksum, len(packed), said, len(path), 0)
    local = b"PK\x03\x04" + fields + path + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, directory) + path
    entries = others[directory : directory + directory_size] + entry
    tail = struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, len(entries), directory + len(local), 0)
    return others[:directory] + local + entries + b"PK\x05\x06" + tail


_CENTRES = {
    "docx": "word/document.xml", "odt": "content.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
}  # fmt: skip


def _zip_bombs() -> Iterator[_File]:
    for suffix, name in _CENTRES.items():
        yield f"a.{suffix}", lambda s=suffix, n=name: _bomb(n, _without(s)), "unpacks to more than 256 MB"
    yield "liar.docx", lambda: _bomb("word/document.xml", _without("docx"), declared=1000), "is damaged"
    yield "liar.odt", lambda: _bomb("content.xml", _without("odt"), declared=1000), "is damaged"
    yield "members.docx", lambda: archive({f"{n}": b"" for n in range(60_000)}), "lists 60,000 members"


def _without(suffix: str) -> bytes:
    """An archive of the format without the member that a bomb takes the place of."""
    if suffix == "xlsx":
        return xlsx({"A": [["x"]]}).replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml")
    return archive({"mimetype": "x", "[Content_Types].xml": "<a/>"})


_LAUGHS = "<!DOCTYPE a [<!ENTITY l0 'lol'>" + "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 11)
) + "]>"  # fmt: skip
_QUADRATIC = f"<!DOCTYPE a [<!ENTITY q '{'q' * 100_000}'>]>"


def _xml_bombs() -> Iterator[_File]:
    for name, declaration, reference in (("laughs", _LAUGHS, "&l10;"), ("blowup", _QUADRATIC, "&q;" * 10_000)):
        document = f"{declaration}<w:document {W}><w:body>{word(reference)}</w:body></w:document>"
        yield f"{name}.docx", docx("", {"word/document.xml": document}), "is damaged", "is empty"
        yield f"{name}.odt", _odt_xml(f"{declaration}", reference), "is damaged", "is empty"
        yield f"{name}.epub", _epub_xml(declaration, reference), "is damaged", "is empty"
        slides = archive({"ppt/presentation.xml": f"{declaration}<a>{reference}</a>"})
        yield f"{name}.pptx", slides, "is damaged", "is empty"
    yield "laughs.xlsx", xlsx({"A": [["x"]]}, {"xl/workbook.xml": f"{_LAUGHS}<workbook>&l10;</workbook>"}), "is"
    yield "laughs.html", f"{_LAUGHS}<p>{TEXT} &l10;</p>".encode(), READ


def _odt_xml(declaration: str, reference: str) -> bytes:
    content = (
        f'{declaration}<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        f'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><t:p>{reference}</t:p></o:body>'
        "</o:document-content>"
    )
    return archive({"content.xml": content})


def _epub_xml(declaration: str, reference: str) -> bytes:
    container = f"{declaration}<container><rootfile full-path='a.opf'/>{reference}</container>"
    package = f"{declaration}<package>{reference}</package>"
    return archive({"META-INF/container.xml": container, "a.opf": package})


# What leads elsewhere


def _entities(secret: Path) -> Iterator[_File]:
    for name, address in (("file", secret.as_uri()), ("net", "http://127.0.0.1:9/secret")):
        outside = f"<!DOCTYPE a [<!ENTITY x SYSTEM '{address}'>]>"
        document = f"{outside}<w:document {W}><w:body>{word('&x;')}</w:body></w:document>"
        yield f"{name}.docx", docx("", {"word/document.xml": document}), "is empty", "is damaged"
        yield f"{name}.odt", _odt_xml(outside, "&x;"), "is empty", "is damaged"
        yield f"{name}.epub", _epub_xml(outside, "&x;"), "is empty", "is damaged"
        yield f"{name}.html", f"{outside}<p>{TEXT}&x;</p><iframe src='{address}'></iframe>".encode(), READ
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{secret.as_uri()}' parse='text'/>"
    yield "include.odt", _odt_xml("", include), "is empty"


def _paths(secret: Path) -> Iterator[_File]:
    up = "../" * 12 + str(secret).lstrip("/")
    yield "a.epub", _spine(up), "is empty"
    yield "absolute.epub", _spine(str(secret)), "is empty"
    yield "address.epub", _spine(secret.as_uri()), "is empty"
    yield "member.odt", _with_member(honest("odt"), up, SECRET), READ
    picture = (
        '<w:p><w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        f'r:link="p1" {R}/></w:drawing></w:r></w:p>'
    )
    outside = relations([("p1", "image", secret.as_uri())]).replace("/>", ' TargetMode="External"/>', 1)
    yield "picture.docx", docx(word(TEXT) + picture, {"word/_rels/document.xml.rels": outside}), READ
    links = relations([("r1", "slide", f"../{up}")])
    yield (
        "slide.pptx",
        archive({"ppt/presentation.xml": _one_slide(), "ppt/_rels/presentation.xml.rels": links}),
        "is empty",
    )


def _spine(href: str) -> bytes:
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="{href}"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    return archive({"META-INF/container.xml": "<c><rootfile full-path='a.opf'/></c>", "a.opf": package})


def _one_slide() -> str:
    return f"<p:presentation xmlns:p='p' {R}><p:sldIdLst><p:sldId r:id='r1'/></p:sldIdLst></p:presentation>"


def _with_member(data: bytes, name: str, content: str) -> bytes:
    import io
    import zipfile

    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as made:
        made.writestr(name, content)
    return file.getvalue()


# Texts


def _lines() -> Iterator[_File]:
    yield "65-megabytes.txt", lambda: b"a" * (65 * MEGABYTE), "has 65 MB; the limit is 64 MB"
    yield "one-line.txt", lambda: b"harbour " * (3 * MEGABYTE), "holds more than 20 million characters"
    yield "one-line.html", lambda: b"<p>" + b"harbour " * (3 * MEGABYTE), "holds more than 20 million characters"
    yield "field.csv", lambda: b'a,"' + b"x" * (11 * MEGABYTE) + b'"', "is damaged: field larger than field limit"
    yield "line.csv", lambda: b"a," * MEGABYTE, READ, "takes longer"
    yield "spaces.txt", lambda: b"a" + b" " * (4 * MEGABYTE) + b"b\f" + b" " * MEGABYTE + b"\nc", READ
    yield "quotations.txt", lambda: "„So “sagte «er» (".encode() * 30_000, READ
    yield "word.txt", lambda: b"a" * (2 * MEGABYTE), READ
    yield "addresses.txt", lambda: b"http://www." * 60_000, READ
    yield "brackets.md", lambda: b"[" * 60_000, READ, "takes longer"
    yield "stars.md", lambda: b"**a _b " * 15_000, READ, "takes longer"
    yield "ticks.md", lambda: b"".join(b"`" * n + b"a" for n in range(1, 900)), READ, "takes longer"


def _nuls() -> Iterator[_File]:
    text = TEXT.encode()
    for suffix in ("txt", "md", "csv"):
        yield f"a.{suffix}", text + b"\0" * 10 + text, "looks like a binary file"
    yield "a.html", b"<meta charset=utf-8><p>" + text.replace(b" ", b"\0 ") + b"</p>", READ
    yield "a.eml", b"Subject: a\0b\n\n" + text + b"\0" * 5, "looks like a binary file"
    yield "a.docx", docx(word("a\0b")), "is damaged"
    yield "a.odt", odt("<text:p>a\0b</text:p>"), "is damaged"


def _nested() -> Iterator[_File]:
    deep = 200_000
    yield "a.html", lambda: b"<div>" * deep + TEXT.encode(), READ, "is damaged", "is empty", "takes longer", "crash"
    yield "words.html", lambda: b"<p>" + b"<i>word</i> " * 100_000 + TEXT.encode(), READ
    yield "lists.html", lambda: b"<ul><li>" * 20_000 + TEXT.encode(), READ, "is empty", "takes longer", "crash"
    yield "a.odt", lambda: _odt_xml("", "<t:span>" * deep + "</t:span>" * deep), "is damaged"
    yield "a.docx", lambda: docx("<w:sdt>" * deep + "</w:sdt>" * deep), "is damaged", "is nested too deeply"
    yield "a.pptx", lambda: archive({"ppt/presentation.xml": "<a>" * deep + "</a>" * deep}), "is damaged"
    yield "quotes.md", lambda: b">" * deep + TEXT.encode(), READ, "is empty", "is nested too deeply", "takes longer"
    yield "lists.md", lambda: "".join(f"{'  ' * n}- a\n" for n in range(500)).encode(), READ, "takes longer"
    yield (
        "linked.html",
        lambda: b'<script type="application/ld+json">' + b"[" * deep + b"</script><p>" + TEXT.encode(),
        READ,
    )


def _encodings() -> Iterator[_File]:
    yield "utf16.txt", TEXT.encode("utf-16") + b"\x00\xd8", "starts as utf-16 but is damaged"
    yield "utf32.txt", TEXT.encode("utf-32") + b"\xff", "starts as utf-32 but is damaged"
    yield "utf8.txt", b"\xef\xbb\xbf" + TEXT.encode() + b"\xff\xff", "starts as utf-8-sig but is damaged"
    yield "controls.txt", bytes(range(1, 9)) * 300, "looks like a binary file"
    yield "unknown.html", b"<meta charset=no-such-one><p>" + TEXT.encode(), READ
    yield "codec.html", b"<meta charset=rot13><p>" + TEXT.encode(), READ
    yield "halves.html", b"<meta charset=utf-7><p>+2AA- " + TEXT.encode(), READ


def _sheets() -> Iterator[_File]:
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    corners = (
        f'{start}<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
        "</worksheet>"
    )
    yield (
        "corners.xlsx",
        xlsx({"A": [["x"]]}, {"xl/worksheets/sheet1.xml": corners}),
        "crash",
        "too much memory",
        "is damaged",
    )
    strings = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="4294967295" uniqueCount="4294967295"/>'
    yield "strings.xlsx", xlsx({"A": [[TEXT]]}, {"xl/sharedStrings.xml": strings}), READ, "crash"
    place = f'{start}<row r="1"><c r="A99999999999999999999"><v>1</v></c></row></sheetData></worksheet>'
    yield "place.xlsx", xlsx({"A": [["x"]]}, {"xl/worksheets/sheet1.xml": place}), READ, "is damaged"
    yield "a.xls", OLE + bytes(2000), "is damaged"
    yield (
        "loop.xls",
        OLE + b"\x00" * 16 + b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00" + b"\x01\x00" * 800,
        "is damaged",
        "crash",
    )
    repeated = (
        '<table:table table:name="A"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'
        "</table:table>"
    )
    yield "repeated.ods", odt(repeated, kind="spreadsheet"), "crash", "too much memory", "is damaged", "takes longer"
    yield "repeated.odt", odt(repeated), READ


def _mails() -> Iterator[_File]:
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    yield (
        "parts.eml",
        b"Subject: a\nMIME-Version: 1.0\n" + parts + TEXT.encode(),
        READ,
        "is nested too deeply",
        "takes longer",
    )
    yield "header.eml", lambda: b"Subject: " + b"a " * (2 * MEGABYTE) + b"\n\n" + TEXT.encode(), READ, "takes longer"
    yield (
        "encoded.eml",
        lambda: b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\n" + TEXT.encode(),
        READ,
        "too much memory",
    )
    yield "address.eml", lambda: b"From: " + b"<(" * 20_000 + b"\n\n" + TEXT.encode(), READ, "nested", "takes longer"
    yield "charset.eml", b"Subject: a\nContent-Type: text/plain; charset=no-such\n\n" + TEXT.encode(), READ
    yield (
        "broken.eml",
        b"Subject: a\nContent-Transfer-Encoding: base64\n\n" + b"!" * 5000,
        READ,
        "looks like a binary file",
    )


# PDF


def _page_file(content: bytes, resources: str = "", *more: str | bytes, filters: str = "") -> bytes:
    """A PDF of one page with this content; further objects are numbered from 6."""
    return pdf_file(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            f"/Resources << /Font << /F1 5 0 R >> {resources} >> >>",
            b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters.encode(), content),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            *more,
        ]
    )


def _pdfs() -> Iterator[_File]:
    drawn = f"BT /F1 10 Tf 60 700 Td ({TEXT}) Tj ET".encode()
    whole = _page_file(drawn)
    damaged = "is damaged: no complete PDF"
    nothing = "has no text"
    yield "header.pdf", b"%PDF-1.7\n%%EOF", damaged
    yield (
        "kids.pdf",
        pdf_file(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 9 /Kids [2 0 R] >>"]),
        nothing,
        damaged,
    )
    yield "count.pdf", whole.replace(b"/Count 1 ", b"/Count 999999999 "), "pages; the limit is", READ, nothing, damaged
    yield "negative.pdf", whole.replace(b"/Count 1 ", b"/Count -7 "), READ, nothing, damaged
    yield "parent.pdf", whole.replace(b"/Parent 2 0 R", b"/Parent 3 0 R"), READ, nothing, damaged
    yield "xref.pdf", whole.replace(b"trailer\n<<", b"trailer\n<< /Prev %d" % whole.rfind(b"xref\n0")), READ, damaged
    yield "length.pdf", whole.replace(b"/Length %d" % len(drawn), b"/Length 99999999"), READ, nothing, damaged
    yield "self-length.pdf", whole.replace(b"/Length %d" % len(drawn), b"/Length 4 0 R"), READ, nothing, damaged
    yield "box.pdf", whole.replace(b"[0 0 595 842]", b"[0 0 1e38 -1e38]"), READ, nothing, damaged
    yield "noise.pdf", b"%PDF-1.7\n" + NOISE * 50, damaged
    arrays = b"[" * 300_000 + b"]" * 300_000
    yield "arrays.pdf", _page_file(arrays + drawn), READ, nothing, damaged, "crash"
    yield "catalogue.pdf", pdf_file([b"<< /Type /Catalog /Pages " + arrays + b" >>"]), damaged, nothing, "crash"
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >> /Length 6 >>\nstream\n/X Do \nendstream"
    yield "forms.pdf", _page_file(b"/X Do", "/XObject << /X 6 0 R >>", form), nothing
    yield "doubling.pdf", _doubling_forms(), READ, nothing, "takes longer", "crash"
    yield "stream-bomb.pdf", lambda: _stream_bomb(b" "), nothing, "crash", "takes longer"
    yield "letters-bomb.pdf", lambda: _letters(2_000_000), "takes longer", "holds more than", "crash", READ
    yield "filters.pdf", _page_file(drawn, filters=f"/Filter [{'/FlateDecode ' * 500}]"), READ, nothing
    yield "operators.pdf", lambda: _page_file(b"q " * 2_000_000 + drawn), READ, nothing, "crash"


def _doubling_forms() -> bytes:
    """Thirty forms of which each draws the next one twice: a thousand million letters of a few kilobytes."""
    forms = [
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /X {n + 1} 0 R >> "
        "/Font << /F1 5 0 R >> >> /Length 12 >>\nstream\n/X Do /X Do \nendstream"
        for n in range(6, 36)
    ]
    last = "<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /Font << /F1 5 0 R >> >> /Length 32 >>\nstream\nBT /F1 10 Tf 5 5 Td (abc) Tj ET  \nendstream"
    return _page_file(b"/X Do", "/XObject << /X 6 0 R >>", *forms, last)


def _stream_bomb(byte: bytes) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(byte * MEGABYTE) for _ in range(700)) + packer.flush()
    return _page_file(packed, filters="/Filter /FlateDecode")


def _letters(count: int) -> bytes:
    content = b"BT /F1 1 Tf " + b"1 0 Td (abcdefgh) Tj " * (count // 8) + b"ET"
    return _page_file(zlib.compress(content), filters="/Filter /FlateDecode")


def _fonts() -> Iterator[_File]:
    lies = "has fonts that do not say which characters they show"
    text = "".join(f"{n:02x}" for n in range(0x41, 0x7B)) * 20
    content = f"BT /F1 10 Tf 60 700 Td <{text}> Tj ET".encode()

    def mapped(lines: str) -> bytes:
        table = f"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange {lines} endcmap end"
        stream = f"<< /Length {len(table)} >>\nstream\n{table}\nendstream"
        return _page_file(content, "", stream).replace(
            b"/BaseFont /Helvetica", b"/BaseFont /Helvetica /ToUnicode 6 0 R"
        )

    yield "private.pdf", mapped("1 beginbfrange <00> <ff> <e000> endbfrange"), lies
    yield "boxes.pdf", mapped("1 beginbfrange <00> <ff> <2500> endbfrange"), lies
    yield "accents.pdf", mapped("1 beginbfrange <00> <ff> <00c0> endbfrange"), lies
    yield "nothing.pdf", mapped("1 beginbfrange <00> <ff> <0000> endbfrange"), "has no text", lies, READ
    yield (
        "ranges.pdf",
        lambda: mapped("100 beginbfrange " + "<0000> <ffffff> <0041> " * 50_000 + "endbfrange"),
        READ,
        lies,
    )
    yield "long.pdf", lambda: mapped(f"1 beginbfchar <41> <{'0041' * 500_000}> endbfchar"), READ, "crash"
    broken = _page_file(content, "", b"<< /Length 3000 >>\nstream\n" + NOISE[:3000] + b"\nendstream")
    descriptor = b"/BaseFont /Broken /FontDescriptor << /Type /FontDescriptor /FontName /Broken /FontFile2 6 0 R >>"
    yield "broken.pdf", broken.replace(b"/BaseFont /Helvetica", descriptor), READ, "has no text"
