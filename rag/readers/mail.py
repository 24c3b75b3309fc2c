"""E-mail (.eml): subject, who wrote to whom and when, the text, and the names of what is attached."""

from __future__ import annotations

import re
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import cast

from rag.readers.canonical import clean, one_line
from rag.readers.charset import decode, decode_declared
from rag.readers.draft import Draft, Unreadable
from rag.readers.html import iso_date, render, tree
from rag.readers.layout import unwrap
from rag.readers.outline import Outline

_QUOTE = re.compile(r"(?:>\s?)+")
_SIGNATURE = "-- "


def parse_mail(data: bytes) -> Draft:
    """A message with its forwarded ones; attachments are named, not read."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not any(message[name] for name in ("From", "Date", "Subject", "Received", "Message-ID", "MIME-Version")):
        raise Unreadable("is no e-mail: it has none of the usual header fields")
    outline = Outline()
    _message(message, outline)
    return Draft(outline.text, title=_field(message, "Subject") or None, date=_date(message), marked=True)


def _message(message: EmailMessage, outline: Outline) -> None:
    outline.heading(_field(message, "Subject"))
    outline.paragraph(
        "\n".join(f"{name}: {said}" for name in ("From", "To", "Cc", "Date") if (said := _field(message, name)))
    )
    body = message.get_body(("plain", "html"))
    if body is not None:
        _body(body, outline)
    attached = [part for part in message.iter_attachments() if part is not body] if message.is_multipart() else []
    for part in attached:
        if part.get_content_type() == "message/rfc822" and part.get_payload():
            _message(cast(EmailMessage, part.get_payload(0)), outline)
        elif name := part.get_filename():
            outline.item(f"Attachment: {name}", "")


def _body(part: MIMEPart, outline: Outline) -> None:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.strip():
        return
    charset = part.get_content_charset()
    text = decode_declared(data, None if charset == "us-ascii" else charset)
    if part.get_content_subtype() == "html":
        # It may be binary, whatever its charset says.
        root = tree(decode(text.encode("utf-8", "replace")))
        render(next(root.iter("body"), root), outline)
        return
    text = text.partition(f"\n{_SIGNATURE}\n")[0] if f"\n{_SIGNATURE}\n" in text else text
    # A quoted message is wrapped as the lines that quote it are; without its marks its sentences come together.
    plain = "\n".join(_QUOTE.sub("", line) if line.startswith(">") else line for line in clean(text).split("\n"))
    for paragraph in re.split(r"\n\s*\n", unwrap(plain.replace("\f", "\n"))):
        outline.paragraph(paragraph)


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
