"""Names are found where a script and a language show them."""

from rag import names


def test_neighbouring_capitals_are_one_name_and_the_first_word_is_none() -> None:
    assert names.runs("The founder Liang Wenfeng built the R1 model.", "en") == [["Liang", "Wenfeng"], ["R1"]]


def test_german_nouns_are_no_names_but_codes_are() -> None:
    assert names.names("Der Gründer verkaufte H100 Chips an OpenAI.", "de") == ["H100", "OpenAI"]


def test_inflection_and_accents_do_not_change_the_key_of_a_name() -> None:
    assert names.key("Chinese") == names.key("chinesische")
    assert names.key("Škoda") == names.key("Skoda")


def test_japanese_text_is_not_latin() -> None:
    assert not names.is_latin("東京のソニー社")
    assert names.is_latin("Sony in Tokyo")


def test_latin_names_are_found_inside_japanese_text() -> None:
    assert names.names("DeepSeekの給与はByteDanceよりも高いです。", "ja") == ["DeepSeek", "ByteDance"]
