from __future__ import annotations

import pytest

from rag.readers.charset import decode, decode_declared
from rag.readers.draft import Unreadable
from rag.readers.garbled import is_garbled

JAPANESE = (
    "古い港は一七四三年に商人たちによって建設された。彼らはバルト海との貿易を望み、三本の長い桟橋を築いたが、現在まで残っているのは"
    "一本だけである。その先端には有名な灯台が立ち、船乗りたちの目印となってきた。リガやストックホルムから来た船は、木材や穀物を運び、"
    "石炭を積んで帰っていった。町議会は港を深くすることを決めた。"
)
SIMPLIFIED = (
    "老港口是由一群商人在十八世纪建造的。他们希望与波罗的海地区进行贸易，修建了三座长长的码头，但保存至今的只有一座，"
    "末端矗立着著名的灯塔。来自里加和斯德哥尔摩的船只运来木材和粮食，再把煤炭运走。后来市议会决定加深港池，工程历时十一年，"
    "费用远远超出预期。"
)
TRADITIONAL = (
    "老港口是由一群商人在十八世紀建造的。他們希望與波羅的海地區進行貿易，修建了三座長長的碼頭，但保存至今的只有一座，"
    "末端矗立著著名的燈塔。來自里加和斯德哥爾摩的船隻運來木材和糧食，再把煤炭運走。後來市議會決定加深港池，工程歷時十一年。"
)
GERMAN = (
    "Der alte Hafen wurde von Kaufleuten gegründet, die über die Ostsee handeln wollten. Sie bauten drei lange "
    "Molen, von "
    "denen nur eine übrig blieb – die größte. „Später“, heißt es in der Chronik, „kam die Kohle.“"
)
FRENCH = (
    "L’été dernier, à Paris, les chercheurs ont présenté une étude détaillée sur l’évolution du marché de l’énergie. "
    "Les coûts baissent, la demande reste élevée. « C’est une première », a déclaré le maire."
)
RUSSIAN = (
    "Старый порт был основан группой купцов, которые хотели торговать с Балтикой. Они построили три длинных пирса, из "
    "которых до наших дней сохранился только один; на его конце стоит известный маяк."
)
POLISH = (
    "Stary port założyli kupcy, którzy chcieli handlować przez Bałtyk. Zbudowali trzy długie pirsy, z których do dziś "
    "zachował się tylko jeden; na jego końcu stoi słynna latarnia. Później przyszedł węgiel."
)
CZECH = (
    "Starý přístav založili kupci, kteří chtěli obchodovat přes Baltské moře. Postavili tři dlouhá mola, z nichž se "
    "dodnes "
    "zachovalo jediné; na jeho konci stojí proslulý maják. Později přišlo uhlí a železnice."
)
TURKISH = (
    "Eski liman, Baltık üzerinden ticaret yapmak isteyen tüccarlar tarafından kuruldu. Üç uzun iskele inşa ettiler; "
    "bunlardan yalnızca biri günümüze ulaştı. Ucunda ünlü deniz feneri duruyor, gemiler kömür taşırdı."
)
KOREAN = (
    "오래된 항구는 발트해와 무역을 원했던 상인들이 세웠다. 그들은 긴 부두 세 개를 지었지만 지금까지 남아 있는 것은 "
    "하나뿐이며, "
    "그 끝에는 유명한 등대가 서 있다. 배들은 목재와 곡물을 싣고 왔다."
)
GREEK = (
    "Το παλιό λιμάνι ιδρύθηκε από εμπόρους που ήθελαν να κάνουν εμπόριο στη Βαλτική. Έχτισαν τρεις μακριές προβλήτες, "
    "από τις οποίες μέχρι σήμερα σώζεται μόνο μία· στην άκρη της στέκεται ένας γνωστός φάρος."
)
ARABIC = (
    "تأسس الميناء القديم على يد مجموعة من التجار الذين أرادوا التجارة عبر بحر البلطيق. "
    "وقد بنوا ثلاثة أرصفة طويلة لم يبق منها حتى اليوم سوى رصيف واحد تقف في نهايته منارة مشهورة."
)
HEBREW = (
    "הנמל הישן נוסד בידי סוחרים שביקשו לסחור דרך הים הבלטי. הם בנו שלושה רציפים ארוכים, ורק אחד מהם נשתמר עד ימינו; "
    "בקצהו ניצב מגדלור מפורסם."
)
THAI = "ท่าเรือเก่าก่อตั้งขึ้นโดยกลุ่มพ่อค้าที่ต้องการค้าขายข้ามทะเลบอลติก พวกเขาสร้างท่าเทียบเรือยาวสามแห่ง แต่เหลืออยู่เพียงแห่งเดียวจนถึงทุกวันนี้"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "utf-8"),
        (JAPANESE, "utf-8-sig"),
        (JAPANESE, "utf-16"),
        (JAPANESE, "utf-32"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "big5"),
        (KOREAN, "euc_kr"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859_2"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859_2"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "iso8859_5"),
        (RUSSIAN, "cp866"),
        (GREEK, "cp1253"),
        (GREEK, "iso8859_7"),
        (ARABIC, "cp1256"),
        (ARABIC, "iso8859_6"),
        (HEBREW, "cp1255"),
        (THAI, "cp874"),
        (KOREAN, "iso2022_kr"),
    ],
    ids=lambda value: value if len(value) < 12 else value[:5],
)
def test_a_text_is_read_right_whatever_encoding_it_was_saved_in(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "euc_jp"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "big5"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (GREEK, "cp1253"),
        (ARABIC, "cp1256"),
        (HEBREW, "cp1255"),
        (THAI, "cp874"),
        (CZECH, "cp1250"),
    ],
    ids=lambda value: value if len(value) < 12 else value[:5],
)
def test_english_markup_around_a_text_does_not_change_its_encoding(text: str, encoding: str) -> None:
    page = "".join(
        f'<tr class="row"><td class="cell" headers="notes" title="remarks and comments">{text[i : i + 40]}</td></tr>\n'
        for i in range(0, len(text), 40)
    )
    assert decode(page.encode(encoding)) == page


@pytest.mark.parametrize(
    "part", ["It cost £5.", "a naïve idea", "the soupçon of doubt", "5 µm ± 2", "©2003 Smith", "a café", "München"]
)
def test_one_character_beyond_ascii_in_an_english_text_is_western(part: str) -> None:
    text = f"The old port was founded by merchants who wanted to trade across the Baltic. {part} They built piers."
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize("text", ["Le cœur de l’été à Paris, 5 €", "Mon cœur était à l'école, où l'œuvre fut créée."])
def test_french_in_latin_9_keeps_its_ligatures(text: str) -> None:
    text = text.replace("’", "'")
    assert decode(text.encode("iso8859_15")) == text


@pytest.mark.parametrize(
    "data", [b"Hello\0World!", b"main\0exit\0open\0read\0", b"\x01\0\x02\0\x03\0" * 50, b"\0\0a\0", b"a\0" * 40]
)
def test_entries_between_nuls_are_no_text_in_utf_16(data: bytes) -> None:
    with pytest.raises(Unreadable, match="looks like a binary file"):
        decode(data)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [GERMAN, JAPANESE, THAI], ids=["Latin", "Japanese", "Thai"])
def test_unicode_without_its_byte_order_mark_is_read(text: str, encoding: str) -> None:
    # Of a Japanese or Thai text in UTF-16 only the ends of lines have NULs in them.
    lines = "\r\n".join(text[i : i + 30] for i in range(0, len(text), 30))
    assert decode(lines.encode(encoding)) == lines


@pytest.mark.parametrize(
    ("text", "declared", "encoding"),
    [
        ("“Die Mole” – 1743 für 5 € erbaut", "iso-8859-1", "cp1252"),
        ("国务院总理朱镕基访问了老港口", "gb2312", "gbk"),
        ("①髙い桟橋", "shift_jis", "cp932"),
        ("똠방각하가 부두에 왔다", "euc-kr", "cp949"),
        ("價格€五元，今天很便宜", "big5", "cp950"),
        ("嗰啲嘢喺度", "big5", "big5hkscs"),
        ("“ท่าเรือเก่า”", "tis-620", "cp874"),
    ],
    ids=lambda value: value[:10],
)
def test_a_declared_encoding_means_what_browsers_take_it_for(text: str, declared: str, encoding: str) -> None:
    assert decode_declared(text.encode(encoding), declared) == text


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1251", "ascii"])
def test_a_page_saved_as_utf_8_that_still_says_its_old_encoding_is_utf_8(declared: str) -> None:
    assert decode_declared(GERMAN.encode(), declared) == GERMAN


@pytest.mark.parametrize("declared", ["undefined", "rot13", "hex", "no-such-one", "utf-8\0"])
@pytest.mark.parametrize("text", [GERMAN, "The old port", "ab"])
def test_an_encoding_that_is_none_is_not_believed(text: str, declared: str) -> None:
    assert decode_declared(text.encode(), declared) == text


def test_two_chinese_characters_that_could_be_utf_8_are_what_the_page_says() -> None:
    assert decode_declared("学员".encode("gbk"), "gb2312") == "学员"


@pytest.mark.parametrize("length", [60, 100, 180])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "shift_jis"), (SIMPLIFIED, "gb18030"), (GERMAN, "cp1252"), (FRENCH, "cp1252"), (RUSSIAN, "koi8_r")],
    ids=lambda value: value if len(value) < 12 else value[:5],
)
def test_a_few_lines_are_enough_to_tell_the_encoding(text: str, encoding: str, length: int) -> None:
    assert decode(text[:length].encode(encoding)) == text[:length]


def test_a_byte_that_breaks_utf8_costs_one_character_not_the_text() -> None:
    data = JAPANESE.encode()[:-4] + b"\xff"
    assert decode(data).startswith(JAPANESE[:150])
    assert decode(data).count("\ufffd") <= 2


def test_a_binary_file_is_refused_by_name() -> None:
    with pytest.raises(Unreadable, match=r"^looks like a binary file"):
        decode(b"%PDF-1.7\x00\x01\x02" + bytes(range(256)))


def test_machine_code_without_a_nul_is_binary_too() -> None:
    with pytest.raises(Unreadable, match="looks like a binary file"):
        decode(bytes(range(1, 32)) * 20)


@pytest.mark.parametrize(("text", "encoding"), [(RUSSIAN, "cp855"), (KOREAN, "johab")], ids=["Russian", "Korean"])
def test_an_encoding_that_is_not_known_is_the_reason_not_to_read_a_text(text: str, encoding: str) -> None:
    with pytest.raises(Unreadable, match=r"^is in no known character set"):
        decode(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "An iPad® of 2013 weighs 469 g; its ≥9.7″ screen (2048×1536) costs 479 €. The naïve façade of l’été. " * 5,
        "El programa d’instal·lació és en català i s’instal·la en pocs minuts a l’ordinador que s’està configurant.",
        "ΑΠΟΨΕΙΣ Η ΝΑΥΤΕΜΠΟΡΙΚΗ γράφει ότι ο Ιωάννης McDonald έφτασε στις 15:30 στον ΟΤΕ με 20°C.",
        "We bound ‖Δx‖≤ε for all α∈Ω, so that ∑αᵢ=1 and ∫φ(x)dμ<∞ hold wherever the function is defined at all. " * 3,
        "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང༌། ཐོབ་ཐངགི་རང་དབང་འདྲ་མཉམ་དུ་ཡོད་ལ།",
        "የሰው፡ልጅ፡ሁሉ፡ሲወለድ፡ነጻና፡በክብርና፡በመብትም፡እኩልነት፡ያለው፡ነው፡፡የተፈጥሮ፡ማስተዋልና፡ሕሊና፡ስላለው፡አንዱ፡ሌላውን፡በወንድማማችነት፡መንፈስ፡መመልከት፡ይገባዋል።",
        "│Größe│Höhe│Länge│Stärke│Maß│Öffnung│Übergang│ " * 4,
        "Wör‧ter‧buch Über‧gang Öff‧nung Grö‧ße Län‧ge Stär‧ke Äh‧re Ö‧de " * 3,
    ],
    ids=["signs", "Catalan", "Greek", "formulas", "Tibetan", "Amharic", "table", "syllables"],
)
def test_signs_capitals_and_formulas_do_not_make_a_text_garbled(text: str) -> None:
    assert not is_garbled(text)


def test_a_byte_order_mark_that_lies_is_named_as_the_reason() -> None:
    with pytest.raises(Unreadable, match=r"starts as utf-16 but is damaged"):
        decode(b"\xff\xfea\x00\x00\xd8")
