"""Formulas are read as what they say, on one line: 1/2 is not 12."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.made import ODF, A, docx, odt, pptx
from tests.documents.test_formats import read

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def named(name: str, *parts: str) -> str:
    return f"<{name}>{''.join(parts)}</{name}>"


def n(text: str) -> str:
    return f"<mn>{text}</mn>"


def i(text: str) -> str:
    return f"<mi>{text}</mi>"


def o(text: str) -> str:
    return f"<mo>{text}</mo>"


HALF = named("mfrac", n("1"), n("2"))
SQUARE = named("msup", i("c"), n("2"))


def said(tmp_path: Path, formula: str) -> str:
    """What is read of a page that says "It is …."."""
    text = read(tmp_path, "a.html", f"<p>It is <math>{formula}</math>.</p>").text
    return text.removeprefix("It is ").removesuffix(".")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (HALF, "1/2"),
        (n("3") + HALF, "3 1/2"),
        (HALF + i("m") + SQUARE, "1/2 mc²"),
        (i("E") + o("=") + i("m") + o("\u2062") + SQUARE, "E = mc²"),
        (named("mfrac", row(o("-"), i("b"), o("±"), named("msqrt", i("D"))), row(n("2"), i("a"))), "(-b ± √D)/(2a)"),
        (
            named("munderover", o("∑"), row(i("i"), o("="), n("1")), i("n")) + named("msub", i("a"), i("i")),
            "∑_(i = 1)^n a_i",
        ),
        (
            named("msubsup", i("x"), n("1"), n("2")) + o(",") + named("msub", i("x"), row(i("n"), o("+"), n("1"))),
            "x₁², x_(n + 1)",
        ),
        (named("msup", row(o("("), i("a"), o("+"), i("b"), o(")")), n("2")), "(a + b)²"),
        (named("msup", row(i("a"), o("+"), i("b")), row(o("-"), i("x"))), "(a + b)^(-x)"),
        (n("6.02") + o("×") + named("msup", n("10"), n("23")), "6.02 × 10²³"),
        (i("sin") + o("\u2061") + i("x") + o("≤") + n("1"), "sin x ≤ 1"),
        (i("P") + o("(") + i("A") + o("|") + i("B") + o(")") + "<mtext> if </mtext>" + i("n"), "P(A|B) if n"),
        (named("mover", i("x"), o("¯")) + o("=") + o("-") + n("1"), "x̄ = -1"),
        (named("mroot", i("x"), n("3")) + o("+") + named("msqrt", i("x"), o("+"), n("1")), "³√x + √(x + 1)"),
        (named("mmultiscripts", i("C"), "<mprescripts/>", n("6"), n("14")), "₆¹⁴C"),
        ('<mfrac linethickness="0">' + i("n") + i("k") + "</mfrac>", "(n choose k)"),
        (
            named("mtable", *(named("mtr", named("mtd", n(a)), named("mtd", n(b))) for a, b in ("10", "01"))),
            "[1, 0; 0, 1]",
        ),
        ('<mfenced open="[" close="]">' + i("a") + i("b") + "</mfenced>", "[a, b]"),
        (named("semantics", SQUARE, '<annotation encoding="application/x-tex">c^2</annotation>'), "c²"),
        (HALF + row(o("("), i("a"), o("+"), i("b"), o(")")), "1/2 (a + b)"),
        (named("mfrac", i("x"), row(n("2"), i("a"))) + i("c"), "x/(2a) c"),
        (named("msqrt", i("a")) + i("b"), "√a b"),
        (named("msub", i("x"), named("msup", i("n"), n("2"))), "x_(n²)"),
        (named("msup", named("msub", i("x"), i("n")), n("2")), "(x_n)²"),
        (i("x") + o("=") + n("0") + row(o(",")) + n("5"), "x = 0,5"),
        (named("msup", n("１０"), n("２３")), "１０²³"),
        ("E=mc^2", "E=mc^2"),
        (named("apply", "<plus/>", named("ci", "x"), named("cn", "5")), "x5"),
        ('<mi style="display:none">secret</mi>' + i("x"), "x"),
        (f"\n  {n('3')}\n  {HALF}\n  {i('m')}\n", "3 1/2 m"),
    ],
)  # fmt: skip
def test_a_formula_of_a_page_keeps_its_value_on_one_line(tmp_path: Path, formula: str, text: str) -> None:
    assert said(tmp_path, formula) == text


@pytest.mark.parametrize(
    "page",
    [
        f'<span class="katex"><span class="katex-mathml"><math>{HALF}</math></span>'
        '<span class="katex-html" aria-hidden="true"><span>2</span><span>1</span></span></span>',
        f'<span class="MathJax"><nobr aria-hidden="true"><span>1</span><span>2</span></nobr>'
        f'<span role="presentation"><math>{HALF}</math></span></span><script type="math/tex">1/2</script>',
        f'<mjx-container><mjx-math aria-hidden="true">12</mjx-math><mjx-assistive-mml><math>{HALF}</math>'
        "</mjx-assistive-mml></mjx-container>",
        f'<span class="mwe-math-element"><span style="display: none;"><math>{HALF}</math></span>'
        '<img alt="{\\displaystyle 1/2}" aria-hidden="true"></span>',
    ],
    ids=["KaTeX", "MathJax 2", "MathJax 3", "MediaWiki"],
)
def test_a_formula_is_read_once_whatever_draws_it(tmp_path: Path, page: str) -> None:
    assert read(tmp_path, "a.html", f"<p>It is {page} of all.</p>").text == "It is 1/2 of all."
    table = f"<table><tr><td>It</td><td>is {page}</td></tr></table>"
    assert read(tmp_path, "b.html", table).text == "It | is 1/2"


def word(*parts: str) -> str:
    return f"<m:oMath {M}>{''.join(parts)}</m:oMath>"


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def m(name: str, properties: str = "", **parts: str) -> str:
    inner = "".join(f"<m:{part}>{text}</m:{part}>" for part, text in parts.items())
    return f"<m:{name}><m:{name}Pr>{properties}</m:{name}Pr>{inner}</m:{name}>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (m("f", num=r("1"), den=r("2")), "1/2"),
        (r("E=m") + m("sSup", e=r("c"), sup=r("2")), "E = mc²"),
        (m("f", num=r("a+b"), den=m("rad", deg="", e=r("x+1"))), "(a + b)/(√(x + 1))"),
        (m("nary", '<m:chr m:val="∑"/>', sub=r("i=1"), sup=r("n"), e=r("i")), "∑_(i = 1)^n i"),
        (m("f", '<m:type m:val="noBar"/>', num=r("n"), den=r("k")), "(n choose k)"),
        (m("func", fName=r("sin"), e=m("d", e=r("x"))), "sin (x)"),
        (m("acc", '<m:chr m:val="̅"/>', e=r("x")) + r("=-1"), "x̄ = -1"),
        (m("d", '<m:begChr m:val="|"/><m:endChr m:val="|"/>', e=r("x")), "|x|"),
        (m("limLow", e=r("lim"), lim=r("n→∞")), "lim_(n → ∞)"),
        (
            r("p=") + '<w:del w:id="1"><m:r><m:t>100</m:t></m:r></w:del><w:ins w:id="2">' + r("250") + "</w:ins>",
            "p = 250",
        ),
        (m("f", '<m:ctrlPr><w:del w:id="1"/></m:ctrlPr>', num=r("1"), den=r("2")) + r("x"), "x"),
        (m("phant", '<m:show m:val="0"/>', e=r("secret")) + r("x"), "x"),
        ("<m:r><m:rPr><m:nor/></m:rPr><m:t>well-known at 10:30</m:t></m:r>", "well-known at 10:30"),
        (m("eqArr", e=r("x&amp;=1")), "x = 1"),
    ],
)
def test_a_formula_of_word_stands_in_its_sentence(tmp_path: Path, formula: str, text: str) -> None:
    body = f"<w:p><w:r><w:t xml:space='preserve'>It is </w:t></w:r>{word(formula)}<w:r><w:t>.</w:t></w:r></w:p>"
    own_line = f"<w:p><m:oMathPara {M}>{word(formula)}</m:oMathPara></w:p>"
    assert read(tmp_path, "a.docx", docx(body + own_line)).text == f"It is {text}.\n\n{text}"


def test_a_formula_on_a_slide_keeps_its_value(tmp_path: Path) -> None:
    formula = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice>'
        '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main">'
        f"{word(m('f', num=r('1'), den=r('2')))}</a14:m></mc:Choice>"
        "<mc:Fallback><a:r><a:t> </a:t></a:r></mc:Fallback></mc:AlternateContent>"
    )
    slide = f"<p:sp><p:txBody><a:p {A}><a:r><a:t>It is </a:t></a:r>{formula}</a:p></p:txBody></p:sp>"
    assert read(tmp_path, "a.pptx", pptx([slide])).text == "It is 1/2"


def test_a_formula_of_an_open_document_stands_in_its_sentence(tmp_path: Path) -> None:
    frame = '<draw:frame><draw:object xlink:href="./Object 1" xmlns:xlink="http://www.w3.org/1999/xlink"/></draw:frame>'
    chart = frame.replace("Object 1", "Object 2")
    members = {
        "Object 1/content.xml": f'<math xmlns="http://www.w3.org/1998/Math/MathML">{named("semantics", HALF)}</math>',
        "Object 2/content.xml": f"<office:document-content {ODF}><office:body/></office:document-content>",
    }
    text = f"<text:p>It is {frame} of all.{chart}</text:p><text:p>So it is.</text:p>"
    assert read(tmp_path, "a.odt", odt(text, more=members)).text == "It is 1/2 of all.\n\nSo it is."


@pytest.mark.parametrize(
    "formula",
    [
        "<mrow>" * 200 + n("1") + "</mrow>" * 200,
        (n("1") + o("+")) * 50_000,
        "<math>" * 1_000 + n("1"),
        named("msup", i("x")) + named("mfrac") + named("mmultiscripts") + named("semantics") + n("1"),
    ],
)
def test_a_formula_made_to_keep_a_reader_busy_does_not(tmp_path: Path, formula: str) -> None:
    # Seconds at most: the time that reading may take is what bounds it, so that no clock need be looked at.
    assert "1" in said(tmp_path, formula)


def test_many_hidden_parts_beside_a_formula_are_read_in_time(tmp_path: Path) -> None:
    beside = '<span aria-hidden="true">x</span>' * 20_000
    assert read(tmp_path, "a.html", f"<p>{beside}<math>{HALF}</math></p>").text.endswith("1/2")


def test_the_page_behind_a_formula_that_was_never_closed_is_read(tmp_path: Path) -> None:
    page = "<div>It is <math><mi>x</mi> and costs 40 euro.<p>More text here.</p><p>And more.</p></div>"
    assert read(tmp_path, "a.html", page).text == "It is x and costs 40 euro.\n\nMore text here.\n\nAnd more."


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none"><math></math>SECRET answer.</div>',
        f'<p hidden>SECRET <math>{HALF}</math><img alt=""></p>',
        '<span style="display:none"><math><mtext>SECRET</mtext></math></span>',
        '<math style="display:none"><mtext>SECRET</mtext></math>',
    ],
)
def test_what_is_hidden_beside_a_formula_is_not_read(tmp_path: Path, hidden: str) -> None:
    prose = "<p>The ship sailed to Riga with a hundred tons of timber on board, and it came back with amber.</p>"
    assert "SECRET" not in read(tmp_path, "a.html", prose + hidden + prose).text


def test_what_is_only_hidden_from_screen_readers_is_read_beside_a_formula(tmp_path: Path) -> None:
    table = (
        '<table><tr><td>It is</td><td><math><mn>5</mn></math> <span aria-hidden="true">degrees</span></td></tr></table>'
    )
    assert read(tmp_path, "a.html", table).text == "It is | 5 degrees"


def test_formulas_of_their_own_line_are_apart_from_what_stands_around_them(tmp_path: Path) -> None:
    page = "<p>The energy is<math display='block'><mi>E</mi><mo>=</mo><mn>1</mn></math>where E is small.</p>"
    assert read(tmp_path, "a.html", page).text == "The energy is E = 1 where E is small."
    body = f"<w:p><m:oMathPara {M}>{word(r('x=1'))}{word(r('2y=4'))}</m:oMathPara></w:p>"
    assert read(tmp_path, "a.docx", docx(body)).text == "x = 1; 2y = 4"


def test_a_long_text_in_a_formula_takes_seconds_at_most(tmp_path: Path) -> None:
    page = f"<p>It is <math><mtext>{'/a' * 60_000}</mtext>{(i('x') + n('1')) * 2_400}</math>.</p>"
    assert "x 1" in read(tmp_path, "a.html", page).text


@pytest.mark.parametrize("content", ["", "<math", "<math><mi>a&pi;</mi></math>"])
def test_a_damaged_object_leaves_the_rest_of_an_open_document(tmp_path: Path, content: str) -> None:
    frame = (
        '<draw:frame><draw:object xlink:href="./Object%201/" xmlns:xlink="http://www.w3.org/1999/xlink"/></draw:frame>'
    )
    twice = frame.replace("</draw:frame>", frame.removeprefix("<draw:frame>"))
    body = f"<text:p>It is {frame} of all.</text:p><text:p>So {twice} is this.</text:p>"
    text = read(tmp_path, "a.odt", odt(body, more={"Object 1/content.xml": content})).text
    assert text.startswith("It is  of all.") or text.startswith("It is of all.")


def test_a_formula_on_a_slide_of_an_open_document_is_read(tmp_path: Path) -> None:
    frame = '<draw:frame><draw:object xlink:href="./Object 1" xmlns:xlink="http://www.w3.org/1999/xlink"/></draw:frame>'
    member = f'<math xmlns="http://www.w3.org/1998/Math/MathML">{HALF}</math>'
    text = read(tmp_path, "a.odt", odt(f"<text:p>It is</text:p>{frame}", more={"Object 1/content.xml": member})).text
    assert text == "It is\n\n1/2"


@pytest.mark.parametrize(
    "shown",
    [
        "<noscript><img></noscript><span class='lazy-image'></span>",
        "<meta class='mwe-math-fallback-image-inline'>",
    ],
)
def test_a_formula_of_a_page_of_wikipedia_for_telephones_is_read(tmp_path: Path, shown: str) -> None:
    hidden = f"<span style='display: none;'><math>{i('x')}{o('=')}{n('1')}</math></span>"
    assert read(tmp_path, "a.html", f"<p>Let <span>{hidden}{shown}</span> be it.</p>").text == "Let x = 1 be it."
