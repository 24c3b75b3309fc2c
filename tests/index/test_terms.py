from __future__ import annotations

import sqlite3

import pytest

from rag.lexical import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die Forscherinnen forschen", ["die", "forscherinnen", "forsch", "forschen", "forsch"]),
        ("Straße", ["strasse", "strass"]),
        ("Müller", ["müller", "muller"]),
        ("Łódź", ["łódź", "lodz"]),
        ("DeepSeek-V3", ["deepseek", "deepse", "v3", "3"]),
        ("671B", ["671b", "671"]),
        ("ＡＩ　ｶﾀｶﾅ", ["ai", "カタ", "タカ", "カナ", "カタカナ"]),
        ("梁文鋒氏", ["梁文", "文鋒", "鋒氏", "梁文鋒氏"]),
        ("東京です", ["東京", "京で", "です"]),
        ("円", ["円"]),
        ("인공지능", ["인공", "공지", "지능"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("", []),
        ("— … ! \ud800", []),
    ],
)
def test_words_keep_their_form_and_gain_folded_ones_prefixes_or_character_pairs(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize("number", ["1000", "1.000", "1,000", "1 000", "1\u202f000", "1'000", "１，０００", "١٠٠٠"])
def test_a_thousand_is_one_term_however_it_is_written(number: str) -> None:
    assert terms(number) == ["1000"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3,5", ["3_5"]),
        ("3.50", ["3_5"]),
        ("1.234.567,89", ["1234567_89"]),
        ("5.11.2023", ["5", "11", "2023"]),
        ("2023-07-23", ["2023", "7", "23"]),
        ("3億6000万", ["3", "億", "6000", "万"]),
    ],
)
def test_decimals_are_one_term_and_dates_are_three(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_sqlite_neither_splits_nor_alters_terms() -> None:
    found = terms('Ärzte Łódź 3,5 % H₂O İstanbul ẞ ǅ 梁文鋒 สวัสดี हिन्दी x_y don\'t NEAR( "OR" * ^ : 🙂 e\u0301te\u0301')
    connection = sqlite3.connect(":memory:")
    connection.execute("""CREATE VIRTUAL TABLE t USING fts5 (terms, tokenize = "ascii tokenchars '_'")""")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab ('t', 'row')")
    connection.execute("INSERT INTO t VALUES (?)", (" ".join(found),))
    assert {row[0] for row in connection.execute("SELECT term FROM v")} == set(found)
    connection.close()
