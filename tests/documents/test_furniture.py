from __future__ import annotations

import pytest

from rag.readers.furniture import find_furniture, is_furniture, source_address
from rag.readers.metadata import find_date


def furniture(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_furniture(text)]


@pytest.mark.parametrize(
    "line",
    [
        "[Anzeige_2]", "[広告2]", "[ad_1]", "[Quảng cáo]", "Advertisement", "- Anzeige -", "【広告】",
        "Kommentar (0)", "コメント (0)", "12 comments", "Comments: 3", "3件のコメント", "Комментарии (17)",
        "Leave a comment",
        "한어Русский языкEnglishFrançaisIndonesianSanskrit日本語"
        "DeutschPortuguêsΕλληνικάespañolItalianoSuomalainenLatina",
        "English | Deutsch | Français | Español | 中文", "Čeština Dansk Nederlands Svenska Polski",
        "Share on Facebook", "Teilen", "Tweet", "Facebook Twitter WhatsApp", "Auf Facebook teilen",
        "Facebookでシェアする",
        "分享到微博", "Share this article", "Partager sur Twitter", "Поделиться ВКонтакте",
        "Subscribe to our newsletter", "Newsletter abonnieren", "Cookie settings", "Alle Cookies akzeptieren",
        "Suscríbete a nuestro boletín", "メルマガ登録", "Подписаться на рассылку",
        "https://www.cnn.com/world/china", "<https://example.org>", "www.example.org/a?b=c",
        "Quelle: https://example.org/a.html", "出典: https://example.org/a.html", "Source: <https://example.org/a>",
        "Bildquelle: Visual China", "Foto: dpa", "(Photo: Reuters)", "写真:共同通信", "Image credit: Jane Doe",
        "图片来源：新华社",
        "Read more »", "続きを読む", "Weiterlesen ...", "© 2024 Example Media", "Alle Rechte vorbehalten.",

    ],
)  # fmt: skip
def test_what_belongs_to_the_page_is_furniture(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement is the art of making whole lies out of half truths.",
        "Werbung im Internet",
        "Die Anzeige wurde am Montag geschaltet und kostete 300 Euro.",
        "We use cookies to improve your experience on this website.",
        "Newsletter: Der Wettlauf um künstliche Intelligenz",
        "Share prices",
        "Facebook",
        "X",
        "Comment on the ruling of 12 May",
        "The page supports English, Deutsch, Français and Español in full.",
        "English",
        "Junxiao Song (rechts), DeepSeek-Forscher - Foto: Daniel Palomar",
        "Photo: The harbour of Whitby as it looked before the fire of 1802",
        "Quelle: Statistisches Bundesamt",
        "See https://example.org for the figures.",
        "1743",
        "広告業界の売上高は前年より三割も増えて過去最高となった。",
        "By the river",
    ],
)
def test_what_belongs_to_the_text_is_not(line: str) -> None:
    assert not is_furniture(line)


def test_labels_dates_and_bylines_above_and_below_a_title_are_furniture() -> None:
    text = (
        "News\n\nTech\n\nShips return to the old harbour of Whitby\n\nJuly 4, 2023\n\nBy Jane Doe and John van Dyke\n\n"
        "The first of them arrived on Monday, and a crowd had gathered on the pier."
    )
    assert furniture(text) == ["News", "Tech", "July 4, 2023", "By Jane Doe and John van Dyke"]


def test_without_a_date_or_byline_a_short_first_line_may_be_the_title() -> None:
    assert furniture("Anna Meier\n\nSenior engineer for embedded systems\n\nShe works in Riga.") == []


def test_where_headings_are_marked_short_lines_and_bare_numbers_are_text() -> None:
    text = "Riga\n\nEconomy of the city in the nineteenth century\n\n87\n\n2024-07-23\n\nThe port grew."
    spans = find_furniture(text, marked_headings=True)
    assert [text[span.start : span.end] for span in spans] == ["2024-07-23"]


def test_labels_are_found_in_scripts_without_spaces() -> None:
    title, body = "越来越多的工程师选择离开硅谷", "近年来，越来越多的工程师选择离开硅谷，回到国内发展。"
    text = f"科技\n\n{title}\n\n2024年7月23日\n\n作者：王伟\n\n{body}"
    assert furniture(text) == ["科技", "2024年7月23日", "作者：王伟"]


def test_editors_behind_a_bar_are_furniture() -> None:
    text = "Ein Titel: Häfen\n\nMitwirkender Autor |. Zhou Zihao\n\nHerausgeber |. Wang Weikai\n\nDer Hafen ist alt."
    assert furniture(text) == ["Mitwirkender Autor |. Zhou Zihao", "Herausgeber |. Wang Weikai"]


def test_of_a_heading_that_stands_twice_the_second_is_furniture() -> None:
    text = "Ships return to Whitby\n\nShips return to Whitby\n\nThe first of them arrived on Monday."
    spans = find_furniture(text)
    assert [(span.start, span.end) for span in spans] == [(24, 46)]


def test_dates_and_names_further_down_are_text() -> None:
    body = "".join(f"Sentence number {number} is here to fill the page.\n" for number in range(20))
    assert furniture(f"A title\n{body}2024-07-23\nBy Jane Doe\n") == []


def test_a_title_alone_is_no_label() -> None:
    assert furniture("DeepSeek\n\nThe company was founded in 2023 and is based in Hangzhou.") == []


def test_only_a_line_that_is_a_source_gives_an_address() -> None:
    assert source_address("Quelle: https://example.org/a.html") == "https://example.org/a.html"
    assert source_address("https://example.org/a.html") is None
    assert source_address("Read the source: https://example.org/a.html") is None


def test_numbers_that_count_on_from_page_to_page_are_furniture_and_a_lone_one_is_text() -> None:
    assert furniture("The ship sailed.\n\n11\n\nIt came back.\n\n12\n\nPage 13 of 20\n\nThat was all.") == [
        "11", "12", "Page 13 of 20",
    ]  # fmt: skip
    assert furniture("Emergency call in all of Europe\n\n112\n\nVisitors in the year\n\n340\n\nIt rained.") == []


@pytest.mark.parametrize(
    "line",
    [
        "Date | 5 March 2024",
        "Released | 5 March 2024",
        "Deadline: 1 March 2025",
        "Born: 3 May 1980",
        "Mietbeginn: 1. März 2024",
        "Next meeting: 9 April 2024, 10:00",
    ],
)
def test_a_date_with_a_label_of_its_own_is_what_the_text_says(line: str) -> None:
    text = f"A title of some length\n\n{line}\n\nThe rest of it is a sentence."
    assert furniture(text) == []
    assert find_date(text, None) is None


@pytest.mark.parametrize(
    "line",
    [
        "Published: March 1, 2024", "Last updated on 1 March 2024", "Stand: 1.3.2024", "Veröffentlicht am 1. März 2024",
        "Publié le 1er mars 2024", "公開日：2024年3月1日", "发布时间：2024-03-01 10:15",
        "Дата публикации: 1 марта 2024 г.",
        "Gesendet: Freitag, 1. März 2024 09:15", "Fecha: 1 de marzo de 2024",
    ],
)  # fmt: skip
def test_the_date_of_a_text_is_known_by_its_label(line: str) -> None:
    text = f"A title of some length\n\n{line}\n\nThe rest of it is a sentence."
    assert furniture(text) == [line]
    assert find_date(text, None) == "2024-03-01"
