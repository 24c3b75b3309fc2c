"""Markdown: the words a reader sees, without marks, link targets, images and comments."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from rag.readers.canonical import HEADING, VERBATIM, one_line
from rag.readers.draft import Draft, Unreadable
from rag.readers.html import iso_date, render, tree
from rag.readers.layout import join
from rag.readers.metadata import language_code
from rag.readers.outline import Outline, row_line
from rag.readers.raised import lowered, raised

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_][\w-]*)\s*:\s*(.*)")
_DATES = ("date", "published", "pubdate", "publishdate", "created")
#: "[^1]: See the book.", and "[^1]" where it is referred to.
_NOTE = re.compile(r"^\[\^([^\]\s]{1,40})\]:[ \t]*(?=\S)", re.MULTILINE)
_MARK_OF_NOTE = re.compile(r"\[\^([^\]\s]{1,40})\]")
_TEX = re.compile(r"[\\^_={}<>]")
_WORDS = re.compile(r"\s|\*\*")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
#: A blank line within a table ends a block of HTML: the next one begins with a row.
_PART_OF_A_TABLE = re.compile(r"\s*<(?:tr|td|th|thead|tbody|tfoot|caption)\b", re.IGNORECASE)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_SMALL = re.compile(r"<(?P<closing>/)?su(?:(?P<up>p)|b)\b[^>]*>", re.IGNORECASE)
_BLOCK_ENDS = frozenset(("paragraph_close", "heading_close", "blockquote_close"))


def parse_markdown(text: str) -> Draft:
    """The visible text of a Markdown file; front matter (``key: value`` between ``---``) tells title, date, source."""
    fields, body = _front_matter(text)
    lines = _lines(_parser().parse(_NOTE.sub(r"\n[\1] ", body.replace("\f", "\n\n"))))
    heading = next((line.removeprefix(HEADING) for line in lines if line.startswith(HEADING)), None)
    return Draft(
        text="\n".join(lines),
        marked=True,
        title=fields.get("title") or heading,
        language=language_code(fields.get("language") or fields.get("lang")),
        date=next((found for key in _DATES if (found := iso_date(fields.get(key)))), None),
        url=next((fields[key] for key in ("source", "url", "link", "canonical") if _is_address(fields.get(key))), None),
    )


def _parser() -> MarkdownIt:
    """A parser that leaves formulas of TeX as they are; behind a closing "$" stands no figure, as on GitHub."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True)
    parser.inline.ruler.before("math_inline", "price", _price)
    return parser


def _price(state: StateInline, silent: bool) -> bool:
    """Take a "$" for what it is where it does not begin a formula: behind a letter, or before figures and words."""
    if state.src[state.pos] != "$" or state.src.startswith("$$", state.pos):
        return False
    within = state.src[state.pos + 1 : state.src.find("$", state.pos + 1)]
    says = within[:1].isdecimal() and _WORDS.search(within) and not _TEX.search(within)
    if not says and not state.src[max(0, state.pos - 1) : state.pos].isalpha():
        return False
    if not silent:
        state.pending += "$"
    state.pos += 1
    return True


def _front_matter(text: str) -> tuple[Mapping[str, str], str]:
    match = _TOML.match(text)
    if match and (fields := _toml(match[1])) is not None:
        return fields, text[match.end() :]
    match = _FRONT_MATTER.match(text)
    if not match or not any(_FIELD.fullmatch(line) for line in match[1].split("\n")):
        return {}, text
    fields = {key.lower(): one_line(value) for key, value in _stated(match[1]) if isinstance(value, str)}
    return {key: value for key, value in fields.items() if value}, text[match.end() :]


def _toml(front_matter: str) -> dict[str, str] | None:
    """The fields of front matter as Hugo writes it; None if it is no TOML."""
    try:
        fields = tomllib.loads(front_matter)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    said = {key.lower(): one_line(str(value)) for key, value in fields.items() if isinstance(value, (str, date))}
    return {key: value for key, value in said.items() if value}


def _stated(front_matter: str) -> Iterator[tuple[str, object]]:
    """The fields of front matter: YAML, or lines that look like it ("title: Riga: a port" is none)."""
    try:
        # Every value stays the text it is: no dates or numbers are made of them, and no objects.
        fields = yaml.load(front_matter, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        yield from ((str(key), value) for key, value in fields.items())
        return
    for line in front_matter.split("\n"):
        if pair := _FIELD.fullmatch(line.rstrip()):
            yield pair[1], pair[2].strip().strip("\"'")


def _is_address(value: str | None) -> bool:
    return bool(value) and str(value).startswith(("http://", "https://"))


def _lines(tokens: Sequence[Token]) -> list[str]:
    """Blocks as lines: a blank line between blocks, none between the items of a tight list or the rows of a table."""
    lines: list[str] = []
    names: list[str] | None = None
    pending, row, in_row, depth = "", [""], False, 0
    for token in tokens:
        if token.type == "heading_open":
            pending = HEADING
        elif token.type == "tr_open":
            row, in_row = [], True
        elif token.type == "tr_close":
            lines.append(row_line(row, names))
            names = names or row
            in_row = False
        elif token.type == "table_close":
            names = None
            lines.append("")
        elif token.type == "list_item_open":
            pending = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type == "inline" and in_row:
            row.append(_inline(token).replace("\n", " "))
        elif token.type == "inline":
            words = _inline(token)
            lines += [pending + (words.replace("\n", " ") if pending == HEADING else words)] if words else []
            pending = ""
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
            lines += [""] if depth == 0 else []
        elif token.type in ("fence", "code_block"):
            content = token.content.rstrip("\n").split("\n")
            lines += [*(VERBATIM + line if line.strip() else "" for line in content), ""]
        elif token.type == "math_block":
            lines += ["$$" + " ".join(token.content.split()) + "$$", ""]
        elif token.type == "html_block":
            lines += [*_visible(token.content).split("\n"), ""]
        elif token.type in _BLOCK_ENDS and not token.hidden:
            lines.append("")
    return lines


def _inline(token: Token) -> str:
    words: list[str] = []
    # Where what is raised or lowered begins, and whether it holds a link.
    begun, linked, struck = -1, False, 0
    marks = set(_marks_of_struck(token.children or ()))
    for position, (child, following) in enumerate(zip_longest(token.children or (), (token.children or ())[1:])):
        small = _SMALL.fullmatch(child.content) if child.type == "html_inline" else None
        linked = linked or child.type == "link_open"
        if position in marks:
            struck += 1 if child.type == "s_open" else -1
        if struck:
            continue
        if small and not small["closing"]:
            begun, linked = len(words), False
        elif small and begun >= 0:
            before, inner = "".join(words[max(0, begun - 2) : begun]), "".join(words[begun:])
            after = following.content if following else ""
            words[begun:] = [raised(inner, before, after, noted=linked) if small["up"] else lowered(inner, before)]
            begun = -1
        elif child.type == "text":
            words.append(_MARK_OF_NOTE.sub(r"[\1]", child.content))
        elif child.type == "code_inline":
            words.append(child.content)
        elif child.type in ("s_open", "s_close") and position not in marks:
            words.append(child.markup)
        elif child.type in ("math_inline", "math_inline_double"):
            words.append(f"{child.markup}{child.content}{child.markup}")
        elif child.type == "softbreak":
            words.append("\n")
        elif child.type == "hardbreak" or (child.type == "html_inline" and _BREAK.match(child.content)):
            words.append("\v")
    return "\n".join(_join_soft(line) for line in "".join(words).split("\v"))


def _marks_of_struck(children: Sequence[Token]) -> Iterator[int]:
    """Where a text begins and ends that is struck out: within a word "~~" is a mark of chat, or of a range."""
    begun: list[int] = []
    for position, child in enumerate(children):
        if child.type == "s_open":
            begun.append(position)
        elif child.type == "s_close" and begun:
            start = begun.pop()
            before = children[start - 1].content[-1:] if start else ""
            after = children[position + 1].content[:1] if position + 1 < len(children) else ""
            if not before.isalnum() and not after.isalnum():
                yield from (start, position)


def _join_soft(text: str) -> str:
    # An image or comment that is left out leaves the spaces of both its sides.
    whole, *rest = (" ".join(line.split()) for line in text.strip().split("\n"))
    for line in rest:
        whole = join(whole, line)
    return whole


def _visible(content: str) -> str:
    """What one sees of a block of HTML; it may be a part of one, as a tag alone is."""
    page = _COMMENT.sub("", content)
    outline = Outline()
    try:
        root = tree(f"<table>{page}" if _PART_OF_A_TABLE.match(page) else page)
    except Unreadable:
        return ""
    render(next(root.iter("body"), root), outline)
    return outline.text
