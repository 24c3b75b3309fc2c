from __future__ import annotations

import pytest

from rag.readers.canonical import cut_marks, tidy
from rag.readers.layout import find_column, is_page_number, join, unwrap

ENGLISH = """\
The Harbour Report

The old harbour of Whitby was founded in the year 1743 by a group of
merchants who wanted to trade with the Baltic. They built three long
piers, of which only one has survived; the well-known lighthouse stands
at its end. Ships from Riga, Danzig and Stockholm brought timber and
grain, and they left with coal.

In 1802 the town council decided to deepen the basin. The work took
eleven years and cost more than anyone had expected, because the engi-
neers had misjudged the currents. A second attempt, led by the well-
known engineer John Rennie from Edinburgh, was a good deal more

                                 12
\fsuccessful: the basin could hold forty ships, and the tolls paid for
the work within a decade. The following goods were traded:

- timber from Riga and from the Swedish ports on the Gulf of
  Bothnia
- grain
- coal

Today the harbour is used by yachts.
"""
ENGLISH_UNWRAPPED = [
    "The Harbour Report",
    "The old harbour of Whitby was founded in the year 1743 by a group of merchants who wanted to trade with the "
    "Baltic. "
    "They built three long piers, of which only one has survived; the well-known lighthouse stands at its end. "
    "Ships from "
    "Riga, Danzig and Stockholm brought timber and grain, and they left with coal.",
    "In 1802 the town council decided to deepen the basin. The work took eleven years and cost more than anyone had "
    "expected, because the engineers had misjudged the currents. A second attempt, led by the well-known engineer John "
    "Rennie from Edinburgh, was a good deal more successful: the basin could hold forty ships, and the tolls paid "
    "for the "
    "work within a decade. The following goods were traded:",
    "12",
    "- timber from Riga and from the Swedish ports on the Gulf of Bothnia\n- grain\n- coal",
    "Today the harbour is used by yachts.",
]
FRENCH = """\
Le port de Saint-Malo fut agrandi au dix-septième siècle par des
armateurs qui cherchaient un abri pour leurs navires. Les travaux
durèrent vingt ans et coûtèrent une fortune, mais ils permirent à la
ville de devenir l’un des ports les plus riches du royaume. Les cor-
saires y déposaient leurs prises, et la

https://www.example.org/port


chambre de commerce en tirait un large profit.
"""
JAPANESE = """\
港町の歴史

古い港は一七四三年に商人たちによって建設された。彼らはバルト海との
貿易を望み、三本の長い桟橋を築いたが、現在まで残っているのは一本だ
けである。その先端には有名な灯台が立ち、船乗りたちの目印となってき
た。リガやストックホルムから来た船は、木材や穀物を運び、石炭を積ん
で帰っていった。

一八〇二年、町議会は港を深くすることを決めた。
"""
VERSE = """\
The sun went down behind the western hill,
And every bird had long since ceased to sing;
The wheel stood idle by the silent mill,
And of the miller no one heard a thing.

The moon came up and silvered all the town,
But none looked out to see the silver light;
The stars went up, the moon at last went down,
And no one spoke until the end of night.
"""
LIST = "Ingredients\nFlour\nSugar\nTwo eggs\nA pinch of salt\nVanilla\nButter\nMilk\n"
CODE = "def f(x):\n    return x + 1\n\ndef g(y):\n    z = f(y)\n    return z * 2\n"


def test_wrapped_english_becomes_one_line_a_paragraph() -> None:
    text, marks = cut_marks(tidy(unwrap(ENGLISH)))
    assert text.split("\n\n") == ENGLISH_UNWRAPPED
    assert [text[page:].split()[0] for page in marks.pages] == ["The", "successful:"]


def test_an_address_in_the_middle_of_a_sentence_moves_behind_it() -> None:
    first, address = unwrap(FRENCH).split("\n\n")
    assert first.endswith(
        "Les corsaires y déposaient leurs prises, et la chambre de commerce en tirait un large profit."
    )
    assert address == "https://www.example.org/port"


def test_wrapped_japanese_is_joined_without_spaces() -> None:
    title, first, second = tidy(unwrap(JAPANESE)).split("\n\n")
    assert title == "港町の歴史"
    assert first.startswith("古い港は一七四三年に商人たちによって建設された。彼らはバルト海との貿易を望み、")
    assert first.endswith("石炭を積んで帰っていった。")
    assert "\n" not in first + second


def test_a_headline_in_a_larger_font_is_joined() -> None:
    assert unwrap("A Short History of the Old\nHarbour\n\n" + ENGLISH).startswith(
        "A Short History of the Old Harbour\n\n"
    )


@pytest.mark.parametrize(
    "text", [VERSE, LIST, CODE, "", "one\n", "a\n\nb\n\nc"], ids=["verse", "list", "code", "", "1", "3"]
)
def test_text_that_is_not_wrapped_keeps_its_lines(text: str) -> None:
    assert find_column(text) is None
    assert unwrap(text) == text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The inspection of the new crane will take place on the twelfth of", "March at nine, and the mayor comes."),
        ("Der neue Kran wird am Montag geliefert und hebt vierzig Tonnen, sodass", "er reicht. Die Stadt zahlt"),
        ("Осмотр нового крана, который привезли в понедельник, состоится на", "Неве."),
    ],
)
def test_a_single_wide_line_that_stops_in_a_sentence_is_joined(first: str, second: str) -> None:
    assert unwrap(f"Hello,\n\n{first}\n{second}\n\nBest wishes\nAnna") == (
        f"Hello,\n\n{first} {second}\n\nBest wishes\nAnna"
    )
    assert unwrap(f"{first}\n{second}") == f"{first} {second}"


@pytest.mark.parametrize(
    "text",
    [
        "These will be needed for the inspection of the crane in the harbour:\nboots and a lamp.",
        "The inspection of the new crane will take place on the twelfth of\n- March\n- May.",
        "The inspection of the new crane will take place on the twelfth of\nMarch at nine in the morning",
        "Report on the state of the old harbour and all of its new cranes\nIt was written in May.",
        "The sun went down behind the western hill, and then it was dark in a\nVery old town of many a\nMill.",
        "for name in the names of all the cranes and ships that are in the\n  harbour: print it.",
        "crane-1     lifted 40 tonnes on Monday and on Tuesday it lifted 41\ncrane-2     lifted 42.",
        "The inspection of the new crane will take\nplace on the twelfth of March.",
        "https://example.org/the/inspection/of/the/new/crane/will/take/place\nread this.",
        "boots\na lamp that can be seen from the other side of the whole harbour\nropes\nwater",
    ],
)
def test_a_wide_line_that_may_be_whole_stands_alone(text: str) -> None:
    assert unwrap(text) == text


def test_long_paragraphs_of_one_line_keep_their_lines() -> None:
    text = "\n".join(ENGLISH_UNWRAPPED[1:3] * 3)
    assert unwrap(text) == text


def test_a_page_break_in_a_sentence_is_closed_even_without_hard_wraps() -> None:
    assert unwrap("The basin could hold\n\fforty ships.\n\fIt was full.") == (
        "The basin could hold \fforty ships.\n\fIt was full."
    )


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("im Tech-", "Wettlauf", "im Tech-Wettlauf"),
        ("der High-", "Flyer", "der High-Flyer"),
        ("die Inno-", "vation", "die Innovation"),
        ("GPT-", "4 kam", "GPT-4 kam"),
        ("ein-", "oder zweijährig", "ein- oder zweijährig"),
        ("KI-", "und Chipfirmen", "KI- und Chipfirmen"),
        ("pre-", "and post-war", "pre- and post-war"),
        ("the long", "piers", "the long piers"),
        ("was — or", "is", "was — or is"),
        ("to China—", "chips", "to China—chips"),
        ("バルト海との", "貿易", "バルト海との貿易"),
        ("従業員は", "DeepSeekの", "従業員はDeepSeekの"),
        ("오래된", "항구", "오래된 항구"),
    ],
)
def test_two_lines_of_a_sentence_are_joined_as_one_would_write_them(first: str, second: str, joined: str) -> None:
    assert join(first, second) == joined


def test_a_hyphen_stays_where_the_text_writes_the_word_with_one() -> None:
    assert join("the well-", "known", frozenset({"well-known"})) == "the well-known"


@pytest.mark.parametrize("line", ["12", "- 12 -", "Page 3 of 10", "Seite 4", "3/10", "第3页", "12ページ"])
def test_page_numbers_are_known(line: str) -> None:
    assert is_page_number(line)


@pytest.mark.parametrize("line", ["1743", "12 ships", "Chapter 3", "3.5", "90.000"])
def test_other_numbers_are_no_page_numbers(line: str) -> None:
    assert not is_page_number(line)


@pytest.mark.parametrize(
    "lines",
    [
        [
            "1856 The first pump was built in a small workshop in Graz",
            "1871 The company moved to Vienna and hired thirty workers",
            "1902 The founder died; his daughter Maria took over it",
            "1923 The second plant was opened in Linz with 400 people",
            "1945 Both plants were destroyed by bombs in the last days",
        ],
        [f"2024-03-01 10:15:0{second} INFO the server waits for the next of its hosts" for second in range(6)],
    ],
)
def test_a_chronicle_and_a_log_keep_their_lines(lines: list[str]) -> None:
    assert unwrap("\n".join(lines)) == "\n".join(lines)
