"""Numbers agree across notations and languages, and wrong ones are found."""

import pytest

from rag.figures import figures, rescaled, unsupported


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast 600 Milliarden US-Dollar", [{6e11}]),
        ("約6,000億ドル", [{6e11}]),
        ("1億2000万円", [{1.2e8}]),
        ("90.000 Yuan", [{90.0, 90000.0}]),
        ("3,5 Prozent", [{3.5}]),
        ("1 234 567 habitants", [{1234567.0}]),
        ("6 Mio. Euro", [{6e6}]),
        ("600 миллиардов", [{6e11}]),
        ("A100- und H100-Chips", [{100.0}, {100.0}]),
        ("2-3 Jahre", [{2.0}, {3.0}]),
        ("in Q3 2023", [{3.0}, {2023.0}]),
        ("March 15 2023", [{15.0}, {2023.0}]),
        ("im Jahr 2023 500 Mitarbeiter", [{2023.0}, {500.0}]),
        ("2024 2025", [{2024.0}, {2025.0}]),
        ("357.588 km², 5 m³ CO₂", [{357.588, 357588.0}, {5.0}]),
        ("1½ Millionen, ½ Liter", [{1.5e6}, {0.5}]),
        ("671B parameters for 5M users", [{671.0, 671e9}, {5.0, 5e6}]),
        ("６０００億ドル", [{6e11}]),
        ("2 × 10³⁰ kg, 10⁻³ m, 10^30, 10 m", [{2.0}, {1e30}, {1e-3}, {1e30}, {10.0}]),
        ("110² ports, 10.10² ports", [{110.0}, {10.1}]),
        ("no number", []),
    ],
)
def test_a_number_is_read_in_every_way_its_notation_allows(text: str, values: list[set[float]]) -> None:
    assert [set(figure.values) for figure in figures(text)] == values


def test_the_mark_of_a_note_is_no_number() -> None:
    said = "[1] It was built in 1802[3] by the city.[4,5] It has [6] piers [7, 8]."
    assert [figure.text for figure in figures(said)] == ["1802", "6", "7", "8"]


def test_another_power_of_ten_is_not_supported() -> None:
    assert unsupported("2 × 10^25 kg", ["The mass is 2 × 10³⁰ kg."]) == ["10^25"]
    assert unsupported("2 × 10^30 kg", ["The mass is 2 × 10³⁰ kg."]) == []


def test_a_billion_is_long_or_short() -> None:
    assert [set(figure.values) for figure in figures("2 billion")] == [{2e9, 2e12}]


def test_a_figure_in_another_notation_is_supported() -> None:
    assert unsupported("almost 600 billion dollars", ["約6,000億ドルも押し下げました"]) == []


def test_a_figure_in_a_unit_or_with_a_letter_for_its_scale_is_supported() -> None:
    assert unsupported("an area of 357,588 km²", ["357.588 Quadratkilometer"]) == []
    assert unsupported("671 billion parameters", ["671B Parameter"]) == []
    assert unsupported("im dritten Quartal 2023", ["Revenue rose in Q3 2023."]) == []


def test_a_figure_of_another_size_is_not_supported() -> None:
    assert unsupported("600 million in 2024", ["fast 600 Milliarden im Jahr 2024"]) == ["600 million"]


@pytest.mark.parametrize(
    ("text", "source", "language", "right"),
    [
        ("about 600 million dollars", "fast 600 Milliarden US-Dollar", "en", "about 600 billion dollars"),
        ("etwa 6 Milliarden Euro", "6 million euros", "de", "etwa 6 Millionen Euro"),
        ("約600万ドル", "fast 600 Milliarden US-Dollar", "ja", "約6000億ドル"),
        ("約６００万ドル", "fast 600 Milliarden US-Dollar", "ja", "約6000億ドル"),
        (
            "15 million people and 5 million dollars",
            "15 Millionen Menschen und 5 Milliarden Dollar",
            "en",
            "15 million people and 5 billion dollars",
        ),
    ],
)
def test_a_wrong_scale_is_written_as_the_source_has_it(text: str, source: str, language: str, right: str) -> None:
    assert rescaled(text, [source], language) == right


@pytest.mark.parametrize("text", ["in 2023", "almost 600 billion", "700 million"])
def test_a_number_without_one_clear_correction_stays(text: str) -> None:
    assert rescaled(text, ["600 Milliarden, 600 Millionen und 2023"], "en") == text


def test_the_digits_of_a_code_are_told_from_numbers() -> None:
    found = figures("GPT-4 and R1 cost 6 million, 約6,000億, in 2023")
    assert [(figure.text, figure.code) for figure in found] == [
        ("4", True),
        ("1", True),
        ("6 million", False),
        ("6,000億", False),
        ("2023", False),
    ]
    assert unsupported("R1 cost 6 million", ["6 million"]) == ["1"]
    assert unsupported("R1 cost 6 million", ["6 million"], codes=False) == []


def test_a_number_does_not_go_on_in_the_next_line() -> None:
    assert unsupported("The timeout is 5.", ["timeout = 5\nk = 3"]) == []
    assert unsupported("There are 40 workers.", ["workers: 40\nMillion rows: 3"]) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,2 miliona złotych", 1.2e6),
        ("20 de milioane de lei", 2e7),
        ("5 mil millones de euros", 5e9),
        ("850 mila miliardi", 8.5e14),
        ("2 nghìn tỷ đồng", 2e12),
        ("3 लाख करोड़ रुपये", 3e12),
        ("780 миллионов рублей", 7.8e8),
        ("6 εκατομμύρια", 6e6),
        ("8 crore rupees", 8e7),
        ("3 מיליון", 3e6),
        ("6 mia. kr", 6e9),
        ("5 हजार", 5e3),
    ],
)
def test_a_scale_is_read_in_any_language_with_its_plurals_and_cases(written: str, value: float) -> None:
    assert [figure.values for figure in figures(written)] == [{value}]


@pytest.mark.parametrize("written", ["3 na milion osób", "7 millionaires", "5 тысячелетий", "10 de mayo"])
def test_a_word_that_only_begins_like_a_scale_is_none(written: str) -> None:
    assert 1e3 > max(figures(written)[0].values)
