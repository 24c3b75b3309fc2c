"""Find the lines that belong to the web page or the print layout around a text, not to the text.

Precision goes before recall: what is marked here is never found or cited. So a rule looks at a whole line, and a line
that reads as a sentence (`is_prose`) is never taken by a list of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rag.readers.dates import parse_date
from rag.types import Span
from rag.writing import CREDIT, PICTURE, count_cjk, count_words, ends_sentence, is_caption, is_prose

#: Lines from the top (blank ones not counted) among which dates, section labels, bylines and the title are looked for.
TOP_LINES = 12
#: A language bar names at least this many languages in their own words ...
MIN_LANGUAGES = 4
#: ... which make up this share of its letters: such bars also hold a few names no list knows.
LANGUAGE_SHARE = 0.75
#: A title is at most this long, in characters of an alphabet; a Chinese or Japanese character counts for two.
MAX_TITLE = 160
#: A section label ("News", "KI", "科技") is at most this long, counted in the same way.
MAX_LABEL = 16


@dataclass(frozen=True)
class Line:
    """One line of a canonical text, without its line end: ``text`` is exactly ``whole[start:end]``."""

    start: int
    end: int
    text: str


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a text that aren't blank, with their offsets."""
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield Line(start, start + len(line), line)
        start += len(line) + 1


def find_furniture(text: str) -> tuple[Span, ...]:
    """The spans of a canonical text that are furniture, a line each, in order."""
    lines = list(lines_of(text))
    marked = {line for line in lines if is_furniture(line.text)}
    marked |= set(_top_furniture([line for line in lines if line not in marked]))
    marked |= set(_repeated([line for line in lines if line not in marked]))
    return tuple(Span(line.start, line.end) for line in lines if line in marked)


def is_furniture(line: str) -> bool:
    """Whether a line is furniture wherever it stands."""
    bare = line.strip()
    if source_address(bare) or _BARE_ADDRESS.fullmatch(bare):
        return True
    if is_prose(bare):
        return False
    return any(rule(bare) for rule in (_is_phrase, _is_credit, _is_share_bar, _is_language_bar, _is_subscription))


def is_title_like(line: str) -> bool:
    """Whether a line can be a title: short, no end of a sentence (a question may be one), neither caption nor list item."""
    bare = line.strip()
    length = len(bare) + count_cjk(bare)
    if not 2 <= length <= MAX_TITLE or not any(character.isalpha() for character in bare):
        return False
    if bare.endswith((",", ";", ":", "，", "、", "；", "：")):
        return False
    if is_caption(bare) or _LIST_ITEM.match(bare):
        return False
    return not ends_sentence(bare) or (bare.endswith(("?", "？", "!", "！")) and not re.search(r"[.。]\s", bare))


def title_line(text: str, furniture: Iterable[Span]) -> Line | None:
    """The first line among the first few that looks like a title and has text after it, furniture aside."""
    hidden = {span.start for span in furniture}
    content = [line for line in lines_of(text) if line.start not in hidden]
    for line, _ in zip(content[:-1], range(_TITLE_LINES), strict=False):
        if is_title_like(line.text):
            return line
    return None


def source_address(line: str) -> str | None:
    """The web address of a line that is nothing but a label for a source and an address, or None."""
    match = _SOURCE.fullmatch(line.strip())
    return match["url"].rstrip(".,;)") if match else None


#: A title further down than this is a heading of a section.
_TITLE_LINES = 5

_ADDRESS = r"(?:https?://|www\.)[^\s<>]+"
_BARE_ADDRESS = re.compile(rf"[<(\[]?{_ADDRESS}[>)\]]?(?:[\s,;|]+[<(\[]?{_ADDRESS}[>)\]]?)*", re.IGNORECASE)
_SOURCE = re.compile(
    r"(?:quellen?|originalquelle|source|sources|original|originally published at|via|url|link|fonte|fuente|źródło|źródła|bron|"
    r"источник|джерело|nguồn|kaynak|sumber|källa|kilde|lähde|出典|引用元|参照元|ソース|来源|來源|原文|原文链接|原文連結|출처|원문)"
    rf"(?:\s?url|\s?link)?\s*[:：|]\s*<?(?P<url>{_ADDRESS})>?",
    re.IGNORECASE,
)

_AD = (
    "anzeigen?|werbung|advertisements?|advert|ads?|sponsored|sponsored content|publicité|annonce|publicidad|anuncio|"
    "pubblicità|annuncio|publicidade|anúncio|advertentie|reclame|reklama|реклама|quảng cáo|iklan|reklam|広告|広告枠|スポンサーリンク|"
    "广告|廣告|광고"
)
_COMMENTS = (
    "kommentare?|comments?|commentaires?|comentarios?|comentários?|commenti|commento|reacties?|komentarze?|"
    "комментари(?:и|ев|й)|коментарі|bình luận|yorum(?:lar)?|komentar|コメント(?:数)?|评论|評論|留言|댓글"
)
_PHRASES = re.compile(
    rf"[\[(【<＜]\s*(?:{_AD})[\s_\-–#:.]*\d*\s*[\])】>＞]|"
    rf"[-–—*]*\s*(?:{_AD})\s*[-–—*:]*|"
    rf"(?:{_COMMENTS})\s*[:：]?\s*[(（\[]?\s*\d+\s*[件条]?[)）\]]?|\d+\s*[件条]?の?\s*(?:{_COMMENTS})|"
    r"(?:no comments(?: yet)?|leave a (?:comment|reply)|add a comment|keine kommentare|kommentar (?:schreiben|hinterlassen)|"
    r"laisser un commentaire|deja(?:r)? un comentario|lascia un commento|reageer|dodaj komentarz|оставить комментарий|"
    r"コメントを(?:書く|残す|する)|发表评论|댓글 쓰기)|"
    r"(?:read more|continue reading|weiterlesen|mehr lesen|lire la suite|leer más|leggi tutto|lees meer|czytaj więcej|"
    r"читать далее|xem thêm|続きを読む|もっと見る|阅读(?:全文|原文)|閱讀更多|더 보기)\s*(?:\.\.\.|…|»|>+|→)?|"
    r"(?:skip to (?:main )?content|back to top|zum inhalt springen|nach oben|print(?: this page)?|drucken|imprimer|imprimir|"
    r"login|log in|sign in|anmelden|menu|menü|suche|search|toggle navigation|ページトップへ|返回顶部)|"
    r"(?:©|\(c\)|copyright)\s.{0,80}|(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|"
    r"todos los derechos reservados|無断転載(?:を)?禁(?:止|じます)|版权所有)\.?",
    re.IGNORECASE,
)

_PICTURE_CREDIT = re.compile(
    rf"[\[(（]?(?:{PICTURE}){CREDIT}\s*(?:[:：/|©=-]|\|\.)\s*(?P<name>\S.{{0,60}}?)[\])）]?", re.IGNORECASE
)

_AUTHOR = (
    "herausgeber|autor|autorin|autoren|redakteur|redakteurin|redaktion|verfasser|author|authors|editor|editors|writer|reporter|"
    "written by|edited by|posted by|reporting by|auteur|auteure|rédacteur|éditeur|autore|redattore|autora|redactor|editora|"
    "redacteur|redaktor|автор|редактор|текст|tác giả|biên tập|yazar|penulis|作者|撰文|编辑|編輯|责编|责任编辑|記者|记者|執筆|著者|編集|"
    "責任編集|文|기자|글|편집"
)
_BYLINE = re.compile(
    rf"(?:[^\W\d_]+ ){{0,2}}(?:{_AUTHOR})\s*(?:\|\.?|[:：/丨])\s*(?P<name>\S.{{0,50}})|(?P<plain>by|von|par|por|di|door|przez)\s+(?P<names>\S.{{0,50}})",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_a-z][\w.'’\-]*(?:(?:,? (?:and|und|et|y|e|en|i|&) |,? )(?:(?:van|von|de|der|den|la|le|da|dos|di|bin|al) )*[^\W\d_a-z][\w.'’\-]*){0,5}")

_NETWORKS = ["facebook messenger", "facebook", "twitter", "x", "linkedin", "whatsapp", "telegram", "pinterest", "reddit", "instagram", "tiktok", "youtube", "xing", "line", "weibo", "wechat", "vkontakte", "vk", "mastodon", "bluesky", "threads", "pocket", "tumblr", "email", "e-mail", "mail", "はてなブックマーク", "はてブ", "微博", "微信", "新浪微博", "qq空间", "qq", "카카오톡", "네이버", "zalo", "rss"]
_SHARES = ["share this article", "share this post", "share this", "share", "shares", "tweet", "repost", "copy link", "diesen artikel teilen", "artikel teilen", "beitrag teilen", "teilen", "link kopieren", "twittern", "partager cet article", "partager", "compartir", "compartilhar", "partilhar", "condividi", "delen", "udostępnij", "поделиться", "chia sẻ", "paylaş", "bagikan", "シェアする", "シェア", "ツイートする", "ツイート", "ポスト", "リンクをコピー", "共有", "分享到", "分享至", "分享", "复制链接", "공유하기", "공유", "링크 복사", "follow us", "folgen sie uns", "suivez-nous", "síguenos", "seguici"]
_FILLERS = ["on", "via", "with", "by", "to", "auf", "bei", "per", "mit", "in", "über", "sur", "par", "en", "su", "op", "na", "в", "lên", "で", "に", "の", "and", "und", "et", "y", "e", "oder", "or", "&", ":", "это", "us", "it"]

_SUBSCRIBE = re.compile(
    r"\b(?:newsletter|news ?letter|cookies?|mailing list|rss[- ]feed|infolettre|boletín|рассылк\w+)\b|ニュースレター|メールマガジン|メルマガ|クッキー|"
    r"电子报|電子報|뉴스레터|쿠키",
    re.IGNORECASE,
)
_SUBSCRIBE_ACTION = re.compile(
    r"\b(?:subscribe|sign[- ]?up|register|join our|get our|accept(?: all)?|reject(?: all)?|manage|settings|preferences|policy|"
    r"abonnieren|anmelden|bestellen|akzeptieren|ablehnen|einstellungen|richtlinie|hinweis|abonne[rz]|s['’]abonner|inscri\w+|accepter|"
    r"paramètres|gérer|suscr[ií]\w+|aceptar|configurar|iscriviti|accetta|assine|aceitar|inschrijven|accepteren|zapisz się|"
    r"akceptuj\w*|подписаться|подпишитесь|принять|đăng ký)\b|登録|購読|同意|設定|订阅|訂閱|接受|구독|동의|[-‑](?:einstellungen|richtlinie|hinweis)",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"(?:[-*+•‣◦▪●○■□・·]\s|\(?\d{1,3}[.)]\s)")


def _is_phrase(line: str) -> bool:
    return bool(_PHRASES.fullmatch(line))


def _is_credit(line: str) -> bool:
    match = _PICTURE_CREDIT.fullmatch(line)
    if not match or ends_sentence(line):
        return False
    return count_words(match["name"]) <= 5 and count_cjk(match["name"]) <= 12


def _is_subscription(line: str) -> bool:
    return len(line) <= 80 and count_words(line) <= 9 and bool(_SUBSCRIBE.search(line) and _SUBSCRIBE_ACTION.search(line))


def _is_share_bar(line: str) -> bool:
    """Nothing but words of sharing and at least one that asks for it, or two networks."""
    rest, networks, shares = line.casefold(), 0, 0
    if len(rest) > 200:
        return False
    rest, shares = _strike(rest, _SHARES)
    rest, networks = _strike(rest, _NETWORKS)
    rest, _ = _strike(rest, _FILLERS)
    return not any(character.isalpha() for character in rest) and (shares > 0 or networks > 1)


def _strike(text: str, words: Iterable[str]) -> tuple[str, int]:
    """Strike words out of a text and count them; words of an alphabet only where they stand apart."""
    struck = 0
    for word in words:
        pattern = re.escape(word) if count_cjk(word) or not word[0].isalpha() else rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
        text, found = re.subn(pattern, " ", text)
        struck += found
    return text, struck


def _is_language_bar(line: str) -> bool:
    """A row of languages, each in its own words, run together or apart."""
    letters = sum(character.isalpha() for character in line)
    if not letters or len(line) > 1000:
        return False
    names = _language_names().findall(line.casefold())
    covered = sum(character.isalpha() for name in names for character in name)
    return len(set(names)) >= MIN_LANGUAGES and covered >= LANGUAGE_SHARE * letters


@lru_cache(maxsize=1)
def _language_names() -> re.Pattern[str]:
    """Languages named in their own words (most by Unicode's CLDR) and in English, the longest first."""
    from babel import Locale

    codes = ["af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fil", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn", "ko", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "pa", "pl", "pt", "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh"]
    names = {"latina", "русский язык", "한국말", "简体中文", "繁體中文", "中文(简体)", "bahasa indonesia", "bahasa melayu", "norsk"}
    for code in codes:
        own = Locale.parse(code)
        names |= {str(own.get_language_name()).casefold(), str(own.get_language_name("en")).casefold()}
    names |= {str(name).casefold() for code, name in Locale.parse("en").languages.items() if code in ("la", "sa", "yi", "eo")}
    return re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1))


def _top_furniture(lines: list[Line]) -> Iterator[Line]:
    """Dates, bylines and section labels among the first lines of a text."""
    top = lines[:TOP_LINES]
    for line in top:
        if parse_date(line.text) or (line is not lines[0] and _is_byline(line.text)):
            yield line
    labels = [line for line in top if not parse_date(line.text) and not _is_byline(line.text)]
    for line, following in zip(labels, labels[1:], strict=False):
        # A label stands right above a title: both without an end, the title clearly the longer one.
        if not (_is_label(line.text) and is_title_like(following.text)):
            break
        if len(following.text) > 2 * len(line.text):
            yield line


def _is_label(line: str) -> bool:
    bare = line.strip()
    return len(bare) + count_cjk(bare) <= MAX_LABEL and count_words(bare) <= 2 and is_title_like(bare)


def _is_byline(line: str) -> bool:
    match = _BYLINE.fullmatch(line.strip())
    if not match or ends_sentence(line):
        return False
    name = (match["name"] or match["names"]).strip()
    return bool(_NAME.fullmatch(name)) or (match["plain"] is None and 2 <= count_cjk(name) <= 12)


def _repeated(lines: list[Line]) -> Iterator[Line]:
    """A heading that stands twice in a row: the second of them."""
    for line, following in zip(lines, lines[1:], strict=False):
        same = line.text.strip().casefold() == following.text.strip().casefold()
        if same and is_title_like(line.text) and len(line.text.strip()) >= 8:
            yield following
