"""Formulas of web pages, books and Word as one line of text: glued together, one half would be 12 and x squared x2.

The form is that of Murray Sargent's "UnicodeMath, a nearly plain-text encoding of mathematics" (Unicode Technical
Note 28): 1/2, (a + b)/c, x², x_(n + 1), √(a + b), ∑_(i = 1)^n. MathML (W3C) and Word's own markup (ECMA-376, part 1,
chapter 22) have the same parts under other names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from unicodedata import normalize

from rag.readers.raised import LOWERED, RAISED
from rag.readers.runs import run
from rag.readers.unseen import is_unseen

if TYPE_CHECKING:
    from lxml.etree import _Element

#: Of what is nested deeper or holds more, the bare text is taken: it is made to keep a reader busy.
_DEEPEST = 40
_MOST_ELEMENTS = 5_000
_MOST_CHARACTERS = 20_000
#: A formula stands so near to the beginning of what holds it alone.
_WRAPPED = 4

_SMALL = re.compile(r"[+\-\u2212]?[0-9]+|[+\-\u2212]|[0-9]+[+\-\u2212]")
#: What stands for itself as a part of something larger, without brackets.
_ONE_PIECE = re.compile(r"(?:\d+(?:[.,]\d+)*|[^\W\d_⁰¹²³⁴-⁹₀-₉]+)[′'!%°]*|[^\W\d_][⁰¹²³⁴-⁹₀-₉]+|\W?")
#: "x_n²" would be the square of it, not n².
_ENDS_SMALL = re.compile(r"[⁰¹²³⁴-⁹₀-₉⁺⁻₊₋]$")
_BETWEEN = "=<>≤≥≠≈≡∼≅∝→⇒⇔↔∈∉⊂⊆∪∩∧∨+-−±∓×·∗÷⊕⊗:"
_ONE_BETWEEN = re.compile(f"([{re.escape(_BETWEEN)}])")
#: Behind these what joins is a sign.
_BEFORE_A_SIGN = f"([{{,;|{_BETWEEN}"
#: Stands behind a fraction, a root or what is raised or lowered while a formula is put together: what follows directly
#: is no part of it.
_END = "\ue000"
#: A comma within a number, as TeX's "0{,}5".
_TIGHT_COMMA = "\ue001"
_WORKING = str.maketrans({_END: "", _TIGHT_COMMA: ","})
_UNSEEN = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))
_ACCENTS = {
    "¯": "\u0304", "‾": "\u0304", "\u0305": "\u0304", "^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303",
    "˙": "\u0307", "¨": "\u0308", "→": "\u20d7", "⃗": "\u20d7", "\u0302": "\u0302", "\u0303": "\u0303",
    "\u0304": "\u0304", "\u0307": "\u0307", "\u0308": "\u0308",
}  # fmt: skip

_OF_A_PAGE = ("p", "div", "li", "table", "section", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre")

Said = Callable[["_Element"], str]


def formula(element: _Element) -> str | None:
    """Return what a formula says on one line, ``""`` for a rendering of one that is read already; else None.

    An element of MathML, or of Word's (``oMath``), is a formula; KaTeX and MathJax set beside it what browsers draw.
    """
    name = _name(element)
    if name == "math":
        # A tag that was never closed has the rest of the page in it.
        if next(element.iter(*_OF_A_PAGE), None) is not None:
            return None
        said = _on_one_line(element, _mathml)
        return f" {said} " if element.get("display") == "block" else said
    if name == "oMath":
        return _on_one_line(element, _word)
    return "" if element.get("aria-hidden") == "true" and _is_drawn_beside_a_formula(element) else None


def is_shown_as_a_picture(element: _Element) -> bool:
    """Whether an element holds a formula and nothing else, and a picture of it stands beside, as in MediaWiki.

    Pages of Wikipedia for telephones have it below ``noscript``, or in the style of a ``meta``.
    """
    math, following = _math_of(element), element.getnext()
    if math is None or following is None or len(_letters(element)) != len(_letters(math)):
        return False
    return next(following.iter("img"), None) is not None or "mwe-math" in (following.get("class") or "")


def write_out_formulas(root: _Element) -> None:
    """Put into the place of each formula of an Office document a run of text, as the paragraph around it has them."""
    for element in list(root.iterdescendants("{*}oMath")):
        paragraph = next(element.iterancestors("{*}p"), None)
        if paragraph is None or next(element.iterancestors("{*}oMath"), None) is not None:
            continue
        text = formula(element) or ""
        if _name(element.getparent()) == "oMathPara" and element.getprevious() is not None:
            # Formulas below one another.
            text = f"; {text}"
        said = run(element, paragraph.tag.removesuffix("p"), text)
        said.tail = element.tail
        element.getparent().replace(element, said)


def _is_drawn_beside_a_formula(element: _Element) -> bool:
    """Whether an element has no letter or figure that a formula beside it does not have."""
    beside = (element.getprevious(), element.getnext())
    formulas = (_math_of(one) for one in beside if one is not None)
    drawn = set(_letters(element))
    return any(math is not None and drawn <= set(_letters(math)) for math in formulas)


def _math_of(element: _Element) -> _Element | None:
    return next((inner for inner in islice(element.iter(), _WRAPPED) if _name(inner) == "math"), None)


def _letters(element: _Element) -> str:
    """Return all letters and figures below an element, in their plain forms."""
    return "".join(filter(str.isalnum, normalize("NFKC", "".join(element.itertext()))))


def _on_one_line(element: _Element, said: Callable[[_Element, Said], str]) -> str:
    if sum(1 for _ in element.iter()) > _MOST_ELEMENTS or sum(map(len, element.itertext())) > _MOST_CHARACTERS:
        return _bare(element)

    def down(one: _Element, depth: int = 0) -> str:
        return _bare(one) if depth > _DEEPEST else said(one, lambda inner: down(inner, depth + 1))

    return " ".join(down(element).translate(_WORKING).split())


def _bare(element: _Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


# The parts of a formula


def _row(parts: Sequence[str]) -> str:
    """Set parts side by side: what compares or joins has spaces around it, but not as a sign."""
    line = ""
    for part in parts:
        bare = part.strip()
        if not bare:
            line += part
        elif bare in (",", ";"):
            line = f"{line.rstrip()}{bare} "
        elif bare == _TIGHT_COMMA:
            line = f"{line.rstrip()}{bare}"
        elif _ONE_BETWEEN.fullmatch(bare) and line.strip() and line.rstrip()[-1] not in _BEFORE_A_SIGN:
            line = f"{line.rstrip()} {bare} "
        else:
            before = " " if part[0].isspace() or _would_run_together(line, bare) else ""
            line += before + bare + (" " if part[-1].isspace() else "")
    return line


def _would_run_together(before: str, after: str) -> bool:
    """Whether two parts would become one: "3" and "1/2", "sin" and "x", "1/2" and "m", "√2" and "(a + b)"."""
    if before[-1:] == _END:
        return after[0].isalnum() or after[0] in "([{√"
    if not before or not (before[-1].isalnum() and after[0].isalnum()):
        return False
    words = any(len(letters) == 2 and letters.isalpha() for letters in (before[-2:], after[:2]))
    return words or (before[-1].isdecimal() and after[0].isdecimal())


def _enclosed(part: str) -> str:
    part = part.removesuffix(_END)
    return part if _ONE_PIECE.fullmatch(part) or _is_bracketed(part) else f"({part})"


def _is_bracketed(part: str) -> bool:
    """Whether one pair of brackets holds all of a part."""
    if not (part.startswith("(") and part.endswith(")")):
        return False
    depth = 0
    for at, one in enumerate(part):
        depth += (one == "(") - (one == ")")
        if depth == 0:
            return at == len(part) - 1
    return False


def _over(above: str, below: str) -> str:
    return f"{_enclosed(above)}/{_enclosed(below)}{_END}"


def _small(part: str, sign: str, signs: dict[int, int]) -> str:
    """Write what is raised or lowered with small figures, anything else behind a sign."""
    if not part:
        return ""
    plain = normalize("NFKC", part)
    if _SMALL.fullmatch(plain):
        return plain.translate(signs)
    if part.strip("′″'") == "":
        return part
    within = _enclosed(part)
    return f"{sign}({within}){_END}" if _ENDS_SMALL.search(within) else f"{sign}{within}{_END}"


def _with(base: str, below: str = "", above: str = "") -> str:
    return _enclosed(base) + _small(below, "_", LOWERED) + _small(above, "^", RAISED)


def _root(of: str, degree: str = "") -> str:
    return f"{_small(degree, '^', RAISED).removesuffix(_END)}√{_enclosed(of)}{_END}"


def _accented(base: str, accent: str) -> str:
    mark = _ACCENTS.get(accent.strip())
    return f"{base}{mark}" if mark and len(base) == 1 else _with(base, above=accent)


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return f"[{'; '.join(', '.join(row) for row in rows)}]"


# MathML


def _mathml(element: _Element, said: Said) -> str:
    name = _name(element)
    if is_unseen(element):
        return ""
    if name in ("mi", "mn", "mo", "mtext", "ms"):
        text = "".join(element.itertext()).translate(_UNSEEN)
        return re.sub(r"\s+", " ", text) if name == "mtext" else " ".join(text.split())
    if name in ("annotation", "annotation-xml", "mphantom", "none", "mprescripts"):
        return ""
    if name == "mspace":
        return " "
    if name in ("semantics", "maction"):
        return next((said(inner) for inner in _children(element)), "")
    inner = list(_children(element))
    if name in ("mtable", "mtr", "mlabeledtr"):
        return _grid([[said(cell) for cell in _children(row)] for row in (inner if name == "mtable" else [element])])
    if name == "mmultiscripts":
        return _scripts([(_name(one), said(one)) for one in inner])
    if name == "mrow" and [_name(one) for one in inner] == ["mo"] and (inner[0].text or "").strip() == ",":
        return _TIGHT_COMMA
    if name not in _OF_TWO_OR_THREE and name != "mfenced":
        # What is neither a formula's part nor in one is text all the same.
        parts = [_text(element.text), *(text for one in inner for text in (said(one), _text(one.tail)))]
    else:
        parts = [said(one) for one in inner]
    if name == "mfenced":
        separator = (element.get("separators", ",").strip() or " ")[:1]
        return f"{element.get('open', '(')}{f'{separator} '.join(parts)}{element.get('close', ')')}"
    if name in ("msqrt", "menclose") and (name == "msqrt" or "radical" in element.get("notation", "")):
        return _root(_row(parts))
    build = _OF_TWO_OR_THREE.get(name)
    if build is None or not 2 <= len(parts) <= 3:
        return _row(parts)
    if name == "mfrac" and element.get("linethickness", "").startswith("0"):
        return f"({parts[0]} choose {parts[1]})"
    return build(parts)


def _text(between: str | None) -> str:
    """Return what stands between the elements of a formula, nothing for the spaces of its source."""
    return between if between and between.strip() else ""


_OF_TWO_OR_THREE: dict[str, Callable[[list[str]], str]] = {
    "mfrac": lambda parts: _over(parts[0], parts[1]),
    "mroot": lambda parts: _root(parts[0], parts[1]),
    "msup": lambda parts: _with(parts[0], above=parts[1]),
    "msub": lambda parts: _with(parts[0], below=parts[1]),
    "msubsup": lambda parts: _with(*parts),
    "munder": lambda parts: _with(parts[0], below=parts[1]),
    "mover": lambda parts: _accented(parts[0], parts[1]),
    "munderover": lambda parts: _with(*parts),
}


def _scripts(parts: Sequence[tuple[str, str]]) -> str:
    """Return a base with the pairs of lowered and raised parts behind it, and those before it."""
    names = [name for name, _ in parts]
    turn = names.index("mprescripts") if "mprescripts" in names else len(parts)
    said = [text for _, text in parts]
    behind, before = _pairs(said[1:turn]), _pairs(said[turn + 1 :])
    return before + (said[0] if said else "") + behind


def _pairs(parts: Sequence[str]) -> str:
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return "".join(_small(below, "_", LOWERED) + _small(above, "^", RAISED) for below, above in pairs)


# Word


def _word(element: _Element, said: Said) -> str:
    name = _name(element)
    if name == "t":
        text: str = element.text or ""
        return text.translate(_UNSEEN)
    if name == "r":
        return "".join(said(inner) for inner in _children(element))
    if name in ("del", "moveFrom") or name.endswith("Pr") or _is_left_out(element):
        return ""
    if name == "br":
        return "; "

    def part(of: str) -> str:
        return next((said(inner) for inner in element.iterchildren(f"{{*}}{of}")), "")

    def each(of: str) -> list[str]:
        return [said(inner) for inner in element.iterchildren(f"{{*}}{of}")]

    if name == "f":
        no_bar = _set_to(element, "type") == "noBar"
        return f"({part('num')} choose {part('den')})" if no_bar else _over(part("num"), part("den"))
    if name in ("sSup", "sSub", "sSubSup"):
        return _with(part("e"), part("sub"), part("sup"))
    if name == "sPre":
        return _small(part("sub"), "_", LOWERED) + _small(part("sup"), "^", RAISED) + part("e")
    if name == "rad":
        return _root(part("e"), part("deg"))
    if name == "nary":
        return f"{_with(_set_to(element, 'chr') or '∫', part('sub'), part('sup'))} {part('e')}"
    if name == "func":
        return f"{part('fName')} {part('e')}"
    if name in ("limLow", "limUpp"):
        return _with(part("e"), part("lim") if name == "limLow" else "", part("lim") if name == "limUpp" else "")
    if name == "acc":
        return _accented(part("e"), _set_to(element, "chr") or "^")
    if name == "bar":
        return _accented(part("e"), "¯")
    if name == "d":
        opening, closing = _set_to(element, "begChr"), _set_to(element, "endChr")
        within = f"{_set_to(element, 'sepChr') or '|'} ".join(each("e"))
        return f"{'(' if opening is None else opening}{within}{')' if closing is None else closing}"
    if name == "m":
        return _grid([[said(cell) for cell in row.iterchildren("{*}e")] for row in element.iterchildren("{*}mr")])
    if name == "eqArr":
        return "; ".join(" ".join(one.replace("&", "").split()) for one in each("e"))
    return _row([token for inner in _children(element) for token in _tokens(inner, said)])


def _tokens(element: _Element, said: Said) -> list[str]:
    """Return a run of Word's cut at its operators unless it is ordinary text, what was inserted in its parts."""
    if _name(element) in ("ins", "moveTo"):
        return [token for inner in _children(element) for token in _tokens(inner, said)]
    text = said(element)
    is_formula = _name(element) == "r" and next(element.iterfind("{*}rPr/{*}nor"), None) is None
    return _ONE_BETWEEN.split(text) if is_formula else [text]


def _is_left_out(element: _Element) -> bool:
    """Whether a part was deleted while changes were tracked, or only takes up its room."""
    if next(element.iterfind(f"{{*}}{_name(element)}Pr/{{*}}ctrlPr/{{*}}del"), None) is not None:
        return True
    return _name(element) == "phant" and _set_to(element, "show") in ("0", "off", "false")


def _set_to(element: _Element, what: str) -> str | None:
    """Return how a property of a part is set; None where it is not."""
    for properties in element.iterchildren(f"{{*}}{_name(element)}Pr"):
        for one in properties.iterchildren(f"{{*}}{what}"):
            return next((value for key, value in one.attrib.items() if str(key).endswith("val")), "")
    return None


# Both


def _children(element: _Element) -> Iterator[_Element]:
    return (inner for inner in element if isinstance(inner.tag, str))


def _name(element: _Element) -> str:
    """Return an element's name without its namespace; nothing for a comment."""
    if not isinstance(element.tag, str):
        return ""
    return element.tag.rpartition("}")[2].rpartition(":")[2]
