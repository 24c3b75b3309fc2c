from __future__ import annotations

from pathlib import Path

import pytest

from rag.readers.canonical import cut_marks, tidy
from rag.readers.markdown import parse_markdown
from rag.sentences import split
from tests.documents.test_formats import read

ARTICLE = """\
---
title: "Ships return to Whitby"
date: 4 July 2023
lang: en-GB
source: https://example.org/ships
tags: [harbour]
---
<!-- draft, do not show -->
# The old *harbour*

The harbour was [founded](https://example.org/1743 "a link") in 1743,
and its ![a photo](pier.jpg) pier is `long`.
It stands.

Second line\\
after a break &amp; more.

- timber from
  Riga
- **grain**

1. first
2. second

| Year | Ships |
|------|-------|
| 1802 | 40    |

> A quotation.

```python
print("hello")
```

<div>Shown<br>twice <b>bold</b></div>
<script>alert(1)</script>

港は深く
なった。
"""


def test_markdown_is_read_as_what_one_sees() -> None:
    assert tidy(parse_markdown(ARTICLE).text) == (
        "\x02The old harbour\n\n"
        "The harbour was founded in 1743, and its pier is long. It stands.\n\n"
        "Second line\nafter a break & more.\n\n"
        "- timber from Riga\n- grain\n\n"
        "1. first\n2. second\n\n"
        "Year | Ships\nYear: 1802 | Ships: 40\n\n"
        "A quotation.\n\n"
        '\x03print("hello")\n\n'
        "Shown\ntwice bold\n\n"
        "港は深くなった。"
    )


def test_front_matter_tells_title_date_language_and_source() -> None:
    draft = parse_markdown(ARTICLE)
    assert (draft.title, draft.date, draft.language, draft.url) == (
        "Ships return to Whitby",
        "2023-07-04",
        "en",
        "https://example.org/ships",
    )


@pytest.mark.parametrize(
    ("front_matter", "title", "date"),
    [
        ("title: >-\n  Ships return\n  to Riga\npubDate: 2023-07-04 # a Tuesday", "Ships return to Riga", "2023-07-04"),
        ("title: 'It''s # 1' # a comment\ndate: 2023-07-04T08:00:00.123Z", "It's # 1", "2023-07-04"),
        ("title: Whitby: a port\ndate: 2023-07-04", "Whitby: a port", "2023-07-04"),
        ("title: [a, list]\ncreated: 4 July 2023", "Whitby", "2023-07-04"),
        ("title: " + "[" * 5000 + "\ndate: no", "[" * 5000, None),
    ],
)  # fmt: skip
def test_front_matter_is_read_as_yaml_where_it_is_yaml(front_matter: str, title: str, date: str | None) -> None:
    draft = parse_markdown(f"---\n{front_matter}\n---\n# Whitby\n\nText.")
    assert (draft.title, draft.date) == (title, date)


def test_without_front_matter_the_first_heading_is_the_title() -> None:
    draft = parse_markdown("Some words.\n\nThe Harbour\n===========\n\nText.")
    assert (draft.title, draft.date, draft.language, draft.url) == ("The Harbour", None, None, None)


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert tidy(parse_markdown("---\nJust a line.\n---\n").text) == "\x02Just a line."


def test_a_comment_over_several_paragraphs_is_dropped() -> None:
    assert tidy(parse_markdown("before\n\n<!-- a\n\nb -->\n\nafter").text) == "before\n\nafter"


def test_a_program_keeps_its_lines_and_one_blank_line_at_most() -> None:
    text, marks = cut_marks(tidy(parse_markdown("```\na = 1\n\n\n\n  b = 2\n```\n").text))
    assert text == "a = 1\n\n  b = 2"
    assert [text[span.start : span.end] for span in marks.verbatim] == ["a = 1", "  b = 2"]


def test_raised_figures_in_markdown_are_powers_and_notes() -> None:
    text = (
        "It is 10<sup>30</sup> kg (CO<sub>2</sub>), since 1802<sup>[1](#n)</sup> they say.<sup>2</sup> 19<sup>e</sup>."
    )
    assert parse_markdown(text).text.strip() == "It is 10³⁰ kg (CO2), since 1802[1] they say.[2] 19e."


def test_html_in_markdown_is_read_as_a_web_page_is() -> None:
    text = (
        "Ports:\n\n<table>\n<tr><th>Port</th><th>Ships</th></tr>\n<tr><td>Riga</td><td>40</td></tr>\n\n"
        "<tr><td>Hull</td><td>41</td></tr>\n</table>\n\n"
        "<details>\n<summary>More</summary>\n<dl><dt>Cranes</dt><dd>Five</dd></dl>\n\nIn *words*.\n\n</details>\n\n"
        '<h2 align="center">Prices &amp; more</h2>\n\n<pre>\na = 1\n  b = 2\n</pre>\n\nThe end.\n'
    )
    assert tidy(parse_markdown(text).text) == (
        "Ports:\n\nPort | Ships\nPort: Riga | Ships: 40\n\nHull | 41\n\nMore\n\nCranes: Five\n\nIn words.\n\n"
        "\x02Prices & more\n\n\x03a = 1\n\x03  b = 2\n\nThe end."
    )


def test_a_heading_in_html_is_the_title_of_a_markdown_file_too() -> None:
    draft = parse_markdown('<h1 align="center">\n  <img src="a.png"> Harbour\n</h1>\n\nText.\n\n## Install\n\nRun it.')
    assert (draft.title, tidy(draft.text)) == ("Harbour", "\x02Harbour\n\nText.\n\n\x02Install\n\nRun it.")


def test_a_break_in_html_before_a_line_s_end_is_one() -> None:
    assert parse_markdown("First line<br/>\nsecond line,\nits end.").text.strip() == "First line\nsecond line, its end."


def test_formulas_of_tex_stay_as_they_are(tmp_path: Path) -> None:
    text = (
        "It costs $10\\,000$ for $\\{1,2\\}$ and $f^*(x) = g^*(y)$, from $5 to $10.\n\n$$\nE = mc^2\n$$\n\n"
        "| a | b |\n|---|---|\n| $x_1^*$ | $5*$ |\n"
    )
    assert read(tmp_path, "a.md", text).text == (
        "It costs $10\\,000$ for $\\{1,2\\}$ and $f^*(x) = g^*(y)$, from $5 to $10.\n\n$$E = mc^2$$\n\n"
        "a | b\na: $x_1^*$ | b: $5*$"
    )


def test_front_matter_of_hugo_tells_title_and_date(tmp_path: Path) -> None:
    text = '+++\ntitle = "The pier"\ndate = 2024-03-01T10:00:00Z\ndraft = false\n+++\n\nIt is old.\n'
    document = read(tmp_path, "a.md", text)
    assert (document.title, document.date, document.text) == ("The pier", "2024-03-01", "It is old.")


def test_a_footnote_is_marked_as_in_other_formats_whether_it_is_referred_to_or_not(tmp_path: Path) -> None:
    notes = "[^1]: At sea level.\n[^b]: From Riga.\n[^c]: Unused.\n"
    text = f"It boils at 100 °C.[^1] The pump[^b] is off.\n\n{notes}\nThe end.\n"
    document = read(tmp_path, "a.md", text)
    assert document.text == (
        "It boils at 100 °C.[1] The pump[b] is off.\n\n[1] At sea level.\n\n[b] From Riga.\n\n[c] Unused.\n\nThe end."
    )
    assert [sentence.text for sentence in split(document)][:2] == ["It boils at 100 °C.[1]", "The pump[b] is off."]


@pytest.mark.parametrize(
    "text",
    [
        "The $5 plan and the US$ plan.",
        "It costs R$50 a month or R$500 a year.",
        "Pay 5~~10 euros and 6~~11.",
        "好的~~谢谢~~明天见",
    ],
)
def test_prices_and_ranges_are_what_they_look_like(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.md", text).text == text
    bold = "One is **$5** and the other **US$** plan."
    assert read(tmp_path, "b.md", bold).text == "One is $5 and the other US$ plan."
