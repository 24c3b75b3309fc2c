from __future__ import annotations

import random

import pytest

from rag.sentences import MAX_SENTENCE, split
from rag.types import Document, Sentence, Span


def document(text: str, language: str = "en", *, title: str = "", furniture: tuple[Span, ...] = ()) -> Document:
    return Document(id="a.txt", text=text, title=title, language=language, furniture=furniture)


def texts(text: str, language: str = "en") -> list[str]:
    return [sentence.text for sentence in split(document(text, language))]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ["„Das ist gut.“", "Er ging.", "„Nein“, sagte er."]),
        ("de", ["Siehe z. B. Dr. Meier am 19. November 2024.", "Danach kam u. a. Prof. Dr. h. c. Schmidt."]),
        (
            "de",
            ["In der 2. Liga spielt er seit dem 19. Jahrhundert.", "Das kostet 5 Mio. Euro bzw. ca. 12.400 Dollar."],
        ),
        ("de", ["Startups wie StepFun, Minimax und 01.AI bieten mehr.", "36Kr zahlt höhere Gehälter."]),
        ("de", ["Er schrieb es im Netzwerk X.", "Er stellte fest, dass es stimmt.", "Johann S. Bach lebte hier."]),
        ("de", ["Die Firma wuchs um 3 %.", "Alle lachten.", "Er kam um 8 Uhr.", "30 Leute kamen."]),
        ("en", ["Mr. Smith lives in the U.S. today.", "He has 3.5 cats and met J. K. Rowling.", "Is it true?", "Yes!"]),
        ("en", ["See Smith et al. 2019 for it.", "We live at Hauptstr. 12 and Park Ave. 5 now."]),
        ("en", ["1.2. The rent is payable monthly.", "It is due in advance."]),
        ("en", ['"I am. You are."', "She left.", "It grew approx. 5 percent, see Fig. 3 and No. 7."]),
        ("fr", ["M. Dupont a dit : « Bonjour. Ça va ? »", "Puis il partit.", "Le 1er mai, il revint."]),
        ("es", ["¿Qué tal?", "El Sr. Pérez vino.", "¡Hola!", "Dijo que sí."]),
        ("ru", ["В 1990 г. он ушёл.", "А. С. Пушкин писал.", "Это стоит 5 тыс. рублей."]),
        ("pl", ["Urodził się w 19. wieku, tj. dawno.", "Prof. Nowak wie."]),
        ("ko", ["그는 3.5%라고 말했다.", "그리고 갔다."]),
        ("hi", ["यह है।", "वह गया।"]),
        ("und", ["One is here.", "Two is there."]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][:12],
)
def test_sentences_end_where_a_reader_ends_them(language: str, sentences: list[str]) -> None:
    assert texts(" ".join(sentences), language) == sentences


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The gift of approx. Five pounds was sent to Ft. Worth, Apt. 5, est. 1950."),
        ("de", "Sie wohnt in der Hauptstr. 5 bei Fa. Müller, geb. 1950, zzgl. Nebenkosten gem. Art. 82 DSGVO."),
        ("de", "Der Hl. Petrus, griech. Petros, und Frl. Meier kamen z. B. Mit uns nach Anl. 3."),
        ("fr", "Hier, M. Le Goff et Mgr. Martin virent les chap. 5 et 6 en janv. 2020."),
        ("es", "La Avda. Libertad y la Pza. Mayor, págs. 5 y 6, son de Dña. Ana."),
        ("it", "Vedi capp. 5 e 6 della fraz. Borgo nel sett. 1950."),
        ("pt", "O Cel. Silva mora na Av. Paulista desde dez. 1990."),
        ("nl", "Zie blz. 5 van mevr. De Vries en mw. Jansen."),
        ("sv", "Vi öppnar Kl. 8 hos frk. Andersson."),
        ("da", "Vi åbner kl. 8 i Ndr. Kirke."),
        ("no", "Det er f.eks. Oslo, tlf. 5."),
        ("fi", "Sinne tuli hra Virtanen, ks. Liite, klo. 8."),
        ("et", "Tuli prl. Tamm lk. 5."),
        ("lv", "Tas ir piem. Rīga, lpp. 5."),
        ("lt", "Atvyko doc. Kazlauskas, žr. Priedą, psl. 5."),
        ("pl", "Dr hab. Kowalski z ul. Długiej i szkoły im. Adama, zob. Rozdział, ust. 5."),
        ("cs", "Viz odst. 5 a plk. Novák, popř. Dvořák."),
        ("sk", "Pozri ods. 5 a plk. Novák, popr. Horák."),
        ("sl", "Prišel je npr. Janez na ul. Ivana, odst. 5."),
        ("hr", "Došao je npr. Ivan u ul. Grada, br. 5."),
        ("sr", "Дошао је проф. Петровић у ул. Кнеза, бр. 5."),
        ("hu", "Eljött ifj. Nagy a kb. Ötvenes úton, febr. 5 körül."),
        ("ro", "A venit dl. Popescu pe str. Lungă, alin. 5."),
        ("ca", "Viu a la Pça. Major, pàg. 5."),
        ("ru", "Это г-н Иванов и доц. Петров с наб. Невы, кв. 5."),
        ("uk", "Це доц. Петренко з просп. Миру, буд. 5."),
        ("bg", "Това е г-н. Иванов, жк. Младост, бл. 5."),
        ("el", "Ήρθε στην οδ. Ερμού, σελ. 5."),
        ("tr", "Osmanlı tahtına Sultan II. Abdülhamid çıktı, bkz. Ek, sy. 5."),
        ("id", "Ia tinggal di Jl. Sudirman, Kec. Menteng, hlm. 5."),
        ("vi", "Đây là TP. Hồ Chí Minh và TS. Nguyễn."),
        ("hi", "डॉ. शर्मा आए।"),
        ("bn", "ডা. রহমান এলেন।"),
        ("sw", "Alikuja Bw. Juma, uk. 5."),
        ("tl", "Dumating si Gng. Reyes at Atty. Cruz."),
        ("ko", '"정말요?" 라고 물었다.'),
    ],
)  # fmt: skip
def test_no_sentence_ends_with_an_abbreviation_that_something_belongs_to(language: str, sentence: str) -> None:
    assert texts(sentence, language) == [sentence]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ["Das Haus hat die Nr. 12.", "Es steht leer.", "Der 1. FC Köln gewann am 3. Mai."]),
        ("de", ["Es gilt: 1. Der Mieter zahlt.", "2. Die Frist endet."]),
        ("de", ["Sie kauft Holz usw.", "Er nicht."]),
        ("en", ["It was plan A.", "Nobody knew, e.g. The Times.", "It was World War I.", "Many died."]),
        ("ru", ["Город основан в 1703 г.", "Его население растёт.", "Это было в XIX в.", "Потом всё изменилось."]),
        ("de", ["Sie schickte ein Fax.", "2019 kam es an.", "Das war Kaiser Franz.", "Zusammen gingen sie."]),
        ("en", ["Buy it at emag.com.", "Delivery is free.", "That seems apt.", "5 years later it was gone."]),
        ("en", ["Shops, cafés, etc. in the city are open.", "Glenn W. Most wrote it."]),
        ("en", ["She founded Foo Inc.", "He left.", "Is it Art. No. 5?", "No.", "They said so."]),
        ("de", ["Das ist eine neue Art.", "Die Tiere leben im 19. Jh.", "Sie kosten 5 Mio.", "Das ist viel."]),
        ("ru", ["Он ел рис.", "Потом ушёл, см. рис. В и рис. 5."]),
        ("sv", ["Hon var ung.", "5 år senare flyttade hon."]),
        (
            "pl",
            ["To jest allegro.pl.", "Zakupy trwają.", "Badano ten gen.", "Wyniki są dobre.", "Dałem im.", "To kupili."],
        ),
        (
            "ru",
            ["Стихи Э. А. По переведены.", "Пришёл полк.", "Солдаты пели.", "Рост 180 см.", "5 лет спустя он вырос."],
        ),
        ("pl", ["Pomógł im.", "Potem wyszedł.", "To jest nr 5.", "Jego dom jest duży."]),
        ("tr", ["Bu kitabın sayısı 12.", "Bu iyi.", "19. yüzyılda 5. Ordu kuruldu."]),
    ],
)
def test_a_sentence_ends_with_a_number_or_abbreviation_where_the_next_begins(
    language: str, sentences: list[str]
) -> None:
    assert texts(" ".join(sentences), language) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["(1) The court decides.", "It hears the parties.", "(2) The parties may appeal.", "They often do."],
        ["(a) The court decides.", "It hears the parties (1).", "They may appeal."],
        ["(iv) (a) The court decides.", "It hears the parties."],
    ],
)
def test_a_clause_with_a_label_in_brackets_is_split_into_its_sentences(sentences: list[str]) -> None:
    assert texts(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("ja", ["「明日行く。必ず行く。」と述べた。", "次の文だ。"]),
        (
            "ja",
            ["彼は言った！", "「本当？」", "すごい！！", "バージョン3.5です。", "Yahoo!は大きい。", "01.AIといった。"],
        ),
        ("ja", ["彼は（笑。）と書いた。", "終わり。"]),
        (
            "zh",
            [
                "他说：“你好。我走了。”",
                "然后走了。",
                "“真的吗？”她问。",
                "公司成立于2023年。",
                "目前有140名员工……很多。",
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][:12],
)
def test_sentences_of_unspaced_scripts_keep_their_quotations_whole(language: str, sentences: list[str]) -> None:
    assert texts("".join(sentences), language) == sentences


def test_a_missing_space_hides_no_end_and_a_name_keeps_its_point() -> None:
    text = "Das ging zu Ende.Danach kam Node.js und v. a. Layoffs.fyi zu Wort."
    assert texts(text, "de") == ["Das ging zu Ende.", "Danach kam Node.js und v. a. Layoffs.fyi zu Wort."]


def test_a_book_in_one_line_is_split_in_reasonable_time() -> None:
    assert len(texts("彼は「行く。必ず行く。」と言った。" * 5_000, "ja")) == 5_000


@pytest.mark.parametrize("text", ["Er ist gem. GG da, ", "Er ist z. B. Die da, ", "Er ist am 5. Kai da, "])
def test_a_megabyte_of_abbreviations_is_split_in_reasonable_time(text: str) -> None:
    assert all(len(piece) <= MAX_SENTENCE for piece in texts(text * 50_000, "de"))


def test_furniture_is_in_no_sentence() -> None:
    text = "A first sentence here.\n[Anzeige_2]\nA second sentence here."
    found = split(document(text, furniture=(Span(23, 34),)))
    assert [(sentence.text, sentence.paragraph) for sentence in found] == [
        ("A first sentence here.", 0),
        ("A second sentence here.", 1),
    ]


def test_bullets_and_lines_without_words_are_left_out() -> None:
    assert texts("- apples from Chile\n• pears\n* * *\n---\n1. first of all") == [
        "apples from Chile",
        "pears",
        "1. first of all",
    ]


def test_headings_are_short_open_lines_with_text_below() -> None:
    text = (
        "Ships return to Whitby\nThe first of them arrived on Monday.\n\nWhat comes next\n\nNobody knows.\n"
        "The new pier - Photo: Example News\nIt is long.\nred,\nThat is all."
    )
    found = split(document(text, title="Ships return to Whitby"))
    assert [sentence.text for sentence in found if sentence.heading] == ["Ships return to Whitby", "What comes next"]


def test_a_line_that_goes_on_in_lower_case_is_no_heading() -> None:
    text = "Harbour rules\n\nShips must report to the master two hours before they\nenter. Small boats are exempt."
    assert [s.text for s in split(document(text, title="Harbour rules")) if s.heading] == ["Harbour rules"]


@pytest.mark.parametrize(
    "lines",
    [
        ["Password: kiwi-river-77"],
        ["Network: BergHome24", "Router: FritzBox 7590, in the hall cupboard"],
        ["Vertragsnummer：998877"],
        ["Haemoglobin 13.4 g/dl"],
        ["- Anna orders the pump from the supplier"],
        ["January    1,204    3,310"],
        ["Return on Friday 18:45"],
        ["Three offices were seen. Two of them are these"],
    ],
)
def test_a_short_line_that_says_something_is_no_heading(lines: list[str]) -> None:
    text = "\n".join(["All about the house", "", *lines, "", "Restart the router. It takes two minutes."])
    assert [s.text for s in split(document(text, title="All about the house")) if s.heading] == ["All about the house"]


@pytest.mark.parametrize(
    "heading",
    [
        "Chapter 1: The Arrival", "Part II: The Return", "Chapitre 3 : La paie", "第一章：开始", "2 方法",
        "第2章", "令和5年度",
        "Windows 11 SE", "Section 3 B", "Art. 8 Rechtsgleichheit", "Chap. 2 Les congés",
        "Mrs. Dalloway and her friends",
        "2.1.  Requirements Language", "Appendix A.  Collected Rules", "Chapter 4   The Voyage", "Romans 8:28",
    ],
)  # fmt: skip
def test_a_heading_with_a_number_or_an_abbreviation_is_one(heading: str) -> None:
    text = f"All about it\n\nIt begins here. It goes on.\n\n{heading}\n\nThen there is more. It ends."
    assert [s.text for s in split(document(text, title="All about it")) if s.heading] == ["All about it", heading]


def test_below_the_title_a_list_is_text() -> None:
    text = "Shopping\nFlour\nButter\nVanilla sugar\n\nThe market opens at eight."
    assert [s.text for s in split(document(text, title="Shopping")) if s.heading] == ["Shopping"]


def test_a_row_of_a_table_is_no_heading() -> None:
    text = "Harbours\n\nThe largest ones follow.\nRiga | 12 | 40\n\nMost of them are old."
    assert [s.text for s in split(document(text, title="Harbours")) if s.heading] == ["Harbours"]


def test_a_question_is_a_heading_only_as_the_title() -> None:
    text = "A lead sentence.\nWill the ships come back?\nThey will.\nWhy not?\nBecause."
    found = split(document(text, title="Will the ships come back?"))
    assert [sentence.text for sentence in found if sentence.heading] == ["Will the ships come back?"]


@pytest.mark.parametrize("text", ["The pump was repaired in May.", "ポンプは5月に修理されました。"])
def test_a_statement_that_opens_a_document_is_no_heading_although_it_is_the_title(text: str) -> None:
    found = split(document(f"{text}\n\nIt cost 90 euros.", title=text))
    assert [sentence.heading for sentence in found] == [False, False]


def test_a_title_alone_is_what_its_document_says() -> None:
    assert [s.heading for s in split(document("Pump repaired in May\n", title="Pump repaired in May"))] == [False]


def test_a_list_of_short_lines_is_no_row_of_headings() -> None:
    text = "These are needed.\nFlour\nSugar\nEggs\nMilk\nMix them well."
    assert not any(sentence.heading for sentence in split(document(text)))


def test_what_never_ends_is_cut_at_clauses() -> None:
    text = ", ".join(f"item number {number} of the list" for number in range(60))
    pieces = texts(text)
    assert len(pieces) == 3
    assert all(len(piece) <= MAX_SENTENCE for piece in pieces)
    assert pieces[1].startswith("item number")
    assert " ".join(pieces) == text


def test_a_wall_of_characters_is_cut_somewhere() -> None:
    assert [len(piece) for piece in texts("港" * 1500, "ja")] == [600, 600, 300]


FRAGMENTS = [
    "Er sagte: „Nein.“", "Dr. ", "z. B. ", "19. November", " ", "\n", "\n\n", "。", "」", "「", "あ", "港です。",
    "“A.”", "… ", "? ", "!",
    "X. Er", "01.AI", "3.5", "Hello there. ", "- ", "• ", "1. ", "(a) ", "و", "؟ ", "。」と", "😀", "e\u0301", "|",
    "; ", "x" * 300, "\t",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_offsets_are_exact_for_any_text(seed: int) -> None:
    chance = random.Random(seed)
    for language in ("de", "ja", "zh", "en", "ar", "und", "xx"):
        text = "".join(chance.choices(FRAGMENTS, k=chance.randrange(1, 60)))
        assert_exact(text, split(document(text, language)))


def verbatim(text: str, *lines: str) -> Document:
    spans = tuple(Span(text.index(line), text.index(line) + len(line)) for line in lines)
    return Document(id="a.txt", text=text, title="", language="en", verbatim=spans)


def test_the_lines_of_a_program_are_one_sentence_up_to_a_blank_line() -> None:
    text = "It prints this.\n\n# ls /dev. Now\n  sda  sdb\n\n# id\n\nSo it works. Well."
    found = split(verbatim(text, "# ls /dev. Now", "  sda  sdb", "# id"))
    told = [sentence.text for sentence in found]
    assert told == ["It prints this.", "# ls /dev. Now\n  sda  sdb", "# id", "So it works.", "Well."]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert len({one.paragraph for one in found[:3]}) == 3


def test_a_line_of_marks_does_not_end_a_program_and_what_looks_like_a_bullet_is_part_of_it() -> None:
    text = "- name: x\n  while (1) {\n}\n  done"
    told = [sentence.text for sentence in split(verbatim(text, "- name: x", "  while (1) {", "}", "  done"))]
    assert told == [text]


def test_a_long_program_is_divided_between_its_lines() -> None:
    lines = [f"line {number:04} " + "x" * 90 for number in range(20)]
    found = split(verbatim("\n".join(lines), *lines))
    assert [one.text.split("\n") for one in found] == [lines[at : at + 2] for at in range(0, 20, 2)]


def assert_exact(text: str, sentences: list[Sentence]) -> None:
    end = 0
    for position, sentence in enumerate(sentences):
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        assert sentence.start >= end
        assert sentence.position == position
        assert len(sentence.text) <= MAX_SENTENCE
        assert "\n" not in sentence.text
        # What lies between two sentences is white space, bullets, or lines of marks: never a word.
        assert not any(character.isalnum() for character in text[end : sentence.start])
        end = sentence.end
    assert not any(character.isalnum() for character in text[end:])
