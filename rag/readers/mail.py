"""E-mail (.eml): subject, who wrote to whom and when, the text, and the names of what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import cast

from rag.readers.canonical import HEADING, VERBATIM, clean, one_line
from rag.readers.charset import decode, decode_declared
from rag.readers.draft import Draft, Unreadable
from rag.readers.html import iso_date, render, tree
from rag.readers.invitation import read_events
from rag.readers.layout import unwrap
from rag.readers.markdown import parse_markdown
from rag.readers.outline import Outline
from rag.readers.unseen import unseen_below
from rag.writing import CJK, UNSPACED

#: A plain part says nothing of its own where the HTML has so many times its words. They differ by links and footers,
#: and what is in a plain part is in its HTML too: a small factor costs a footer, a large one the text.
TIMES_LONGER = 3
#: So is one of which less than this share of the words is in a longer HTML part: "Please open this in your browser".
SHARED_WORDS = 0.5

_TEXTS = ("text/plain", "text/html", "text/markdown", "text/x-markdown")
_BOUNDARY = re.compile(rb"^--(\S[^\r\n]{0,68}\S)--[ \t]*\r?$", re.MULTILINE)
_QUOTE = re.compile(r"(?:>\s?)+")
_WORD = re.compile(rf"[{CJK}{UNSPACED}]|[^\W_{CJK}{UNSPACED}]+")
_ADDRESS = re.compile(r"<?\b(?:https?://|www\.|mailto:)[^\s>]+>?")
#: The line before what is quoted: "On 4 March, Bob wrote:", "-----Original Message-----", "From: Bob".
_ATTRIBUTION = (
    r"[^\n]{0,100}\d[^\n]{0,100}[:：][ \t]*\n|-{3,20}[^\n-]{1,80}-{3,20}[ \t]*\n|_{10,}[ \t]*\n|"
    r"(?:From|Von|De|Da|Van|Från|Fra|Od|От|Від|发件人|寄件者|差出人|보낸 사람)\s?[:：]"
)
#: A signature ends the text, or stands above the mail that is answered.
_SIGNATURE = re.compile(rf"\n-- \n.*?(?=\n[ \t]*\n(?:(?:(?!>)[^\n]*\n){{0,3}}>|{_ATTRIBUTION})|\Z)", re.DOTALL)


def parse_mail(data: bytes) -> Draft:
    """A message with its forwarded ones; attachments are named, not read."""
    message = _parsed(data)
    if not any(message[name] for name in ("From", "Date", "Subject", "Received", "Message-ID", "MIME-Version")):
        raise Unreadable("is no e-mail: it has none of the usual header fields")
    outline = Outline()
    _message(message, outline)
    return Draft(outline.text, title=_field(message, "Subject") or None, date=_date(message), marked=True)


def _parsed(data: bytes) -> EmailMessage:
    """A message; one whose header does not name what parts it is cut there, or is one text where nothing does."""
    parser = BytesParser(policy=policy.default)
    message = parser.parsebytes(data)
    if message.get_content_maintype() == "multipart" and not message.is_multipart():
        parts = _BOUNDARY.findall(data)
        if parts:
            message.set_param("boundary", parts[-1].decode("ascii", "replace"))
        else:
            message.replace_header("Content-Type", "text/plain")
        message = parser.parsebytes(message.as_bytes())
    return message


def _message(message: EmailMessage, outline: Outline) -> None:
    outline.heading(_field(message, "Subject"))
    outline.paragraph(
        "\n".join(f"{name}: {said}" for name in ("From", "To", "Cc", "Date") if (said := _field(message, name)))
    )
    body = message.get_body(("plain", "html"))
    leaves = list(_leaves(message))
    described = any(leaf is body or _is_text(leaf) for leaf in leaves)
    for leaf in leaves:
        if leaf is body or _is_text(leaf):
            _text(leaf, outline)
        elif leaf.get_content_type() == "message/rfc822" and leaf.get_payload():
            _message(cast(EmailMessage, leaf.get_payload(0)), outline)
        elif leaf.get_content_type() == "text/calendar" and not leaf.is_attachment():
            _invitation(leaf, outline, described=described)
        elif (name := leaf.get_filename()) and not _is_shown(leaf):
            outline.item(f"Attachment: {name}", "")


def _leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    """The parts that hold no others, in their order; of the versions of a text one."""
    if part.get_content_maintype() != "multipart":
        yield part
    elif part.get_content_subtype() == "alternative":
        yield from _one_version([list(_leaves(version)) for version in part.iter_parts()])
    else:
        for each in part.iter_parts():
            yield from _leaves(each)


def _one_version(versions: list[list[MIMEPart]]) -> Iterator[MIMEPart]:
    """The plain version of a text, or the HTML where the plain one is missing or a stub, and what is no text."""
    texts = [[leaf for leaf in version if _is_text(leaf)] for version in versions]
    rich = next((text for text in texts if any(leaf.get_content_subtype() == "html" for leaf in text)), [])
    plain = next((text for text in texts if text and text is not rich), [])
    chosen = rich if not plain or (rich and _stands_in(_words(plain), _words(rich))) else plain
    for version, text in zip(versions, texts, strict=True):
        yield from (leaf for leaf in version if text is chosen or not _is_text(leaf))


def _stands_in(plain: list[str], rich: list[str]) -> bool:
    """Whether the plain words of a text only stand in for those of its HTML."""
    if len(rich) <= len(plain):
        return False
    shared = set(rich)
    return len(rich) > TIMES_LONGER * len(plain) or sum(word in shared for word in plain) < SHARED_WORDS * len(plain)


def _words(parts: list[MIMEPart]) -> list[str]:
    outline = Outline()
    for part in parts:
        _text(part, outline)
    return _WORD.findall(_ADDRESS.sub(" ", outline.text.casefold()))


def _is_text(part: MIMEPart) -> bool:
    """Whether a part is text to be read on the spot: what has a file's name is attached."""
    return part.get_content_type() in _TEXTS and not part.is_attachment() and not part.get_filename()


def _is_shown(part: MIMEPart) -> bool:
    """Whether a part is a picture inside the text, to which HTML refers by its id."""
    return part.get_content_maintype() == "image" and "Content-ID" in part and not part.is_attachment()


def _text(part: MIMEPart, outline: Outline) -> None:
    text = _decoded(part)
    if not text.strip():
        return
    if part.get_content_subtype().endswith("markdown"):
        for block in re.split(r"\n\s*\n", parse_markdown(text).text):
            add = outline.heading if block.startswith(HEADING) else outline.paragraph
            add(block.replace(HEADING, "").replace(VERBATIM, ""))
        return
    if part.get_content_subtype() == "html":
        # It may be binary, whatever its charset says.
        root = tree(decode(text.encode("utf-8", "replace")))
        render(next(root.iter("body"), root), outline, unseen_below(root))
        return
    text = _SIGNATURE.sub("", clean(text).replace("\f", "\n"))
    if str(part.get_param("format")).lower() == "flowed":
        text = _flowed(text, tight=str(part.get_param("delsp")).lower() == "yes")
    # A quoted message is wrapped as the lines that quote it are; without its marks its sentences come together.
    plain = "\n".join(_QUOTE.sub("", line) if line.startswith(">") else line for line in text.split("\n"))
    for paragraph in re.split(r"\n\s*\n", unwrap(plain)):
        outline.paragraph(paragraph)


def _flowed(text: str, *, tight: bool) -> str:
    """A text with each line that ends in a space joined to the next of the same quotation (RFC 3676)."""
    lines: list[list[str]] = []
    flows_at: int | None = None
    for line in text.split("\n"):
        quoted = _QUOTE.match(line)
        depth = quoted[0].count(">") if quoted else 0
        bare = line[quoted.end() :] if quoted else line.removeprefix(" ")
        if depth == flows_at and bare:
            lines[-1].append(bare)
        else:
            lines.append([f"{'>' * depth} {bare}" if depth else bare])
        flows_at = depth if bare.endswith(" ") and bare != "-- " else None
        if tight and flows_at is not None:
            lines[-1][-1] = lines[-1][-1][:-1]
    return "\n".join(map("".join, lines))


def _invitation(part: MIMEPart, outline: Outline, *, described: bool) -> None:
    """Add the events of a calendar; their description is the mail's text where it has one."""
    for event, description in read_events(_decoded(part)):
        outline.paragraph(event)
        if not described:
            outline.paragraph(description)


def _decoded(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.strip():
        return ""
    charset = part.get_content_charset()
    return decode_declared(data, None if charset == "us-ascii" else charset)


def _field(message: EmailMessage, name: str) -> str:
    try:
        return one_line(str(message[name] or ""))
    except (ValueError, IndexError, KeyError, AttributeError, TypeError):
        # Python's header parser stumbles over some broken addresses; the rest of the mail is none the worse for it.
        return ""


def _date(message: EmailMessage) -> str | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(_field(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return iso_date(_field(message, "Date"))
