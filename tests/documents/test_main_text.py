from __future__ import annotations

import pytest

from rag.readers.html import parse_html

ARTICLE = (
    "The old port was founded by merchants who wanted to trade across the Baltic, and they built three long piers.",
    "Only one of the piers has survived to this day, and at its end there stands a lighthouse that sailors know well.",
    "Later the council decided to deepen the harbour; the works took eleven years and cost far more than was planned.",
)
TEASER = (
    "A bakery that has stood on the market square for two hundred years will close its doors for ever in the spring."
)
SHORT = "Ships may not enter after dark."


def text(page: str) -> str:
    return parse_html(page.encode()).text.replace("\2", "")  # The mark of a heading.


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_an_article_in_an_element_named_after_advertisements_is_read() -> None:
    page = (
        f"<div class=header>Harbour News</div><div class='container advert-content-wrap'>{paragraphs(*ARTICLE)}</div>"
    )
    assert text(page) == "\n\n".join(ARTICLE)


def test_what_stands_beside_the_article_is_left_out() -> None:
    page = (
        "<div><a href=/>Home</a> Weather 17 degrees</div>"
        f"<div class=story><h1>The port</h1>{paragraphs(*ARTICLE)}</div>"
        f"<div class=latest><h4>Bakery</h4><p>{TEASER}</p><a href=1>more</a></div>"
    )
    assert text(page) == "\n\n".join(("The port", *ARTICLE))


def test_advertisements_within_the_article_are_left_out() -> None:
    page = f"<article>{paragraphs(*ARTICLE)}<div class=newsletter>Our letter, every Sunday</div></article>"
    assert text(page) == "\n\n".join(ARTICLE)


def test_all_sections_of_a_chapter_are_read_however_long_one_is() -> None:
    long = paragraphs(*(ARTICLE * 4))
    page = f"<div><div class=section>{paragraphs(ARTICLE[0])}</div><div class=section>{long}</div></div>"
    assert text(page) == "\n\n".join((ARTICLE[0], *ARTICLE * 4))


def test_sections_are_read_whatever_their_classes() -> None:
    long = paragraphs(*ARTICLE * 3)
    whole = "\n\n".join((TEASER, *ARTICLE * 3))
    page = f"<div><div class='part first'><p>{TEASER}</p></div><div class='part second'>{long}</div></div>"
    assert text(page) == whole
    assert text(f"<main><section class=abstract><p>{TEASER}</p></section><section class=body>{long}</section>") == whole


def test_what_an_article_has_beside_its_longest_part_is_read() -> None:
    page = f"<article><header><h1>The port</h1><p>{TEASER}</p></header><div class=body>{paragraphs(*ARTICLE * 2)}</div>"
    assert text(page) == "\n\n".join(("The port", TEASER, *ARTICLE * 2))


def test_a_question_is_read_with_its_answers() -> None:
    answers = f"<div class=answers>{paragraphs(*ARTICLE)}</div>"
    page = f"<div class=thread><h1>How old is the port?</h1><div class=question><p>{TEASER}</p></div>{answers}</div>"
    assert text(page) == "\n\n".join(("How old is the port?", TEASER, *ARTICLE))


def test_a_page_that_is_shown_by_a_script_is_read() -> None:
    beside = f"<div class=latest><p>{TEASER}</p></div>"
    page = f"<body style='visibility:hidden'><div class=story>{paragraphs(*ARTICLE)}</div>{beside}</body>"
    assert text(page) == "\n\n".join(ARTICLE)


def test_an_introduction_before_the_longest_section_is_read() -> None:
    page = f"<div><p>{TEASER}</p><div class=section>{paragraphs(*ARTICLE * 4)}</div></div>"
    assert text(page) == "\n\n".join((TEASER, *ARTICLE * 4))


def test_the_heading_beside_a_single_paragraph_is_read() -> None:
    page = f"<div class=section><div class=titlepage><h2>The port</h2></div><div class=para>{ARTICLE[0]}</div></div>"
    assert text(page) == f"The port\n\n{ARTICLE[0]}"


def test_a_legal_notice_is_not_the_main_text_of_a_page_of_short_lines() -> None:
    lines = "".join(f"<div>{SHORT} {number}</div>" for number in range(12))
    page = f"<div class=rules>{lines}</div><div class=legal><p>{TEASER}</p></div>"
    assert text(page).startswith(f"{SHORT} 0\n\n{SHORT} 1\n\n")


def test_a_long_answer_in_a_table_does_not_cost_the_rest_of_it() -> None:
    rows = "".join(f"<tr><td>{number}</td><td>{SHORT}</td></tr>" for number in range(3))
    page = f"<table>{rows}<tr><td>3</td><td>{' '.join(ARTICLE)}</td></tr></table>"
    assert text(page).startswith(f"0 | {SHORT}\n1 | {SHORT}\n")


def test_old_pages_that_are_laid_out_as_a_table_are_read_without_their_margins() -> None:
    margin = "<td width=160>Tides today: 06:12 and 18:40</td>"
    page = f"<table><tr>{margin}<td>{paragraphs(*ARTICLE * 3)}</td></tr></table>"
    assert text(page) == "\n\n".join(ARTICLE * 3)


def test_what_is_not_to_be_seen_is_not_read() -> None:
    hidden = f"<div style='display:none'><p>{TEASER}</p></div><div aria-hidden=true><p>{TEASER}</p></div>"
    assert text(f"{hidden}{paragraphs(*ARTICLE)}") == "\n\n".join(ARTICLE)


def test_a_text_that_a_script_is_to_show_is_read() -> None:
    page = f"<div>{SHORT}</div><div style='display:none'>{paragraphs(*ARTICLE * 2)}</div>"
    assert text(page) == "\n\n".join((SHORT, *ARTICLE * 2))


@pytest.mark.parametrize(
    "section",
    [
        '<div id="related-work"><h2>Related work</h2>{}</div>',
        '<div class="chapter social-structure"><h2>Who lived there</h2>{}</div>',
        '<div id="cookies"><h2>Cookies</h2><p>Sweet.</p>{}</div>',
        '<div class="sidebar"><h2>An aside</h2>{}</div>',
    ],
)
def test_a_section_whose_name_is_also_one_of_navigation_is_text(section: str) -> None:
    said = "The crane of the other harbour is described in a book that nobody has read for so many years by now."
    assert said in text(f"<body>{paragraphs(*ARTICLE)}{section.format(paragraphs(said))}</body>")


@pytest.mark.parametrize(
    "furniture",
    [
        '<div class="cookie-banner consent"><p>{}</p><button>Accept</button></div>',
        '<div id="cookies"><p>{}</p><a class="btn btn-primary" href="#">Accept</a></div>',
        '<div class="newsletter"><p>{}</p><form><input name="mail"></form></div>',
        '<section class="related"><a href="/1">{}</a> <a href="/2">{}</a> <a href="/3">{}</a></section>',
        '<div class="related"><a href="/1">{}</a> <a href="/2">{}</a> <a href="/3">{}</a></div>',
    ],
)
def test_what_is_there_to_be_pressed_or_followed_is_left_out(furniture: str) -> None:
    said = "We keep some things on your machine so that we can show you more of the things that you want to see."
    page = f"<body>{paragraphs(*ARTICLE * 2)}{furniture.replace('{}', said)}</body>"
    assert text(page) == "\n\n".join(ARTICLE * 2)


def test_the_title_in_a_banner_and_a_menu_of_dishes_are_text() -> None:
    page = '<div class="banner"><h1>The old port</h1></div>' + paragraphs(*ARTICLE)
    assert text(f"<body>{page}</body>").startswith("The old port\n\n")
    dishes = '<div id="menu"><h2>Menu</h2><ul><li>Soup 5 €</li><li>Fish 9 €</li></ul></div>'
    assert text(f"<body>{paragraphs(*ARTICLE)}{dishes}</body>").endswith("Menu\n\n- Soup 5 €\n- Fish 9 €")


def test_the_panels_of_an_accordion_and_of_tabs_are_read_with_their_headings() -> None:
    said = "The crane was built in 1871 by an engineer from Riga who never saw it lift a single ton of coal."
    panels = (
        '<h3><button aria-expanded="false" aria-controls="p1">Who built the crane?</button></h3>'
        f'<div id="p1" hidden><p>{said}</p></div>'
        f'<div role="tabpanel" aria-hidden="true" style="display: none"><p>Tab. {said}</p></div>'
        f'<a data-bs-toggle="collapse" href="#more">More</a>'
        f'<div id="more" style="display:none"><p>More. {said}</p></div>'
        f"<div hidden><p>Never. {said}</p></div>"
    )
    read = text(f"<body>{paragraphs(*ARTICLE)}{panels}</body>")
    assert read.endswith(f"Who built the crane?\n\n{said}\n\nTab. {said}\n\nMore\n\nMore. {said}")
    assert "Never" not in read


@pytest.mark.parametrize(
    ("times", "date"),
    [
        ("<p>By Anna, <time datetime=2023-07-04>4 July</time></p>", "2023-07-04"),
        (f"<p>{SHORT * 3} It began on <time>1944-06-06</time>.</p>", None),
        ("<aside><time>2020-01-01</time></aside><p><time>2023-07-04</time></p>", "2023-07-04"),
        ("<ul><li><time>2020-01-01</time> Other news</li></ul>", None),
        ("<p><time>2024-01-01</time></p><p><time itemprop=datePublished>2023-07-04</time></p>", "2023-07-04"),
    ],
)
def test_the_date_of_a_page_is_no_time_that_its_text_tells_of(times: str, date: str | None) -> None:
    page = f"<body><main><h1>The port</h1>{times}{paragraphs(*ARTICLE)}</main></body>"
    assert parse_html(page.encode()).date == date
