"""The words by which furniture is known, in about a dozen languages (en de fr es it pt nl pl ru uk vi tr id ja zh ko).

Lists hold what can't be told by form. They are matched against whole lines only, in lower case.
"""

from __future__ import annotations


def _list(words: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in words.split(","))


#: Markers of advertisements: within brackets ("[Anzeige_2]", "[広告2]", "[ad_1]") any of them ...
ADVERTISEMENT = _list("""
    advertisement, advertisements, advert, ad, ads, sponsored, sponsored content, anzeige, anzeigen, werbung, publicité,
    annonce, publicidad, anuncio, pubblicità, annuncio, publicidade, anúncio, advertentie, reclame, reklama, reklam,
    реклама, quảng cáo, iklan, 広告, 広告枠, スポンサーリンク, 广告, 廣告, 광고
""")
#: ... and alone on a line those that are hardly ever a heading.
ADVERTISEMENT_ALONE = _list("""
    advertisement, sponsored content, anzeige, anzeigen, publicité, publicidad, pubblicità, publicidade, advertentie,
    реклама, quảng cáo, 広告, スポンサーリンク, 广告, 廣告, 광고
""")
#: What a comment counter counts.
COMMENT = _list("""
    comment, comments, kommentar, kommentare, commentaire, commentaires, comentario, comentarios, comentário,
    comentários, commento, commenti, reactie, reacties, komentarz, komentarze, комментарий, комментарии, комментариев,
    коментарі, bình luận, yorum, yorumlar, komentar, コメント, コメント数, 评论, 評論, 留言, 댓글
""")
#: Lines of buttons and notices.
PHRASE = _list("""
    no comments, no comments yet, leave a comment, leave a reply, add a comment, keine kommentare, kommentar schreiben,
    kommentar hinterlassen, laisser un commentaire, dejar un comentario, deja un comentario, lascia un commento,
    dodaj komentarz, оставить комментарий, コメントを書く, コメントを残す, コメントする, 发表评论, 댓글 쓰기,
    read more, continue reading, weiterlesen, lire la suite, leer más, seguir leyendo, leggi tutto, leia mais,
    lees meer, czytaj więcej, читать далее, xem thêm, 続きを読む, もっと見る, 阅读全文, 阅读原文, 閱讀更多, 더 보기,
    skip to content, skip to main content, back to top, zum inhalt springen, zum seitenanfang, toggle navigation,
    ページトップへ, 返回顶部, all rights reserved, alle rechte vorbehalten, tous droits réservés,
    todos los derechos reservados, tutti i diritti riservati, 無断転載禁止, 無断転載を禁じます, 版权所有
""")
#: Labels of a line that gives the address a text comes from.
SOURCE = _list("""
    source, sources, source url, source link, original, original source, originally published at, via, url, link,
    quelle, quellen, originalquelle, lien, fuente, fonte, bron, źródło, źródła, источник, джерело, nguồn, kaynak,
    sumber, källa, kilde, lähde, 出典, 引用元, 参照元, ソース, 元記事, 来源, 來源, 原文, 原文链接, 原文連結, 출처, 원문
""")
#: Whoever wrote or edited a text.
AUTHOR = _list("""
    author, authors, editor, editors, writer, reporter, written by, edited by, posted by, reporting by, autor, autorin,
    autoren, herausgeber, redakteur, redakteurin, redaktion, verfasser, auteur, auteure, rédacteur, rédactrice, éditeur,
    autore, redattore, autora, redactor, editora, redacteur, redaktor, автор, редактор, текст, tác giả, biên tập, yazar,
    penulis, 作者, 撰文, 编辑, 編輯, 责编, 责任编辑, 記者, 记者, 執筆, 著者, 編集, 責任編集, 文, 기자, 글, 편집
""")
#: Prepositions that stand before a name alone on a line.
BY = _list("by, von, par, por, di, door, przez")
#: Networks that share links lead to.
NETWORK = _list("""
    facebook messenger, facebook, twitter, x, linkedin, whatsapp, telegram, pinterest, reddit, instagram, tiktok,
    youtube, xing, line, weibo, wechat, vkontakte, vk, вконтакте,
    mastodon, bluesky, threads, pocket, tumblr, email, e-mail, mail,
    はてなブックマーク, はてブ, 新浪微博, 微博, 微信, qq空间, qq, 카카오톡, 네이버, zalo, rss
""")
#: Requests to share, the longer ones first.
SHARE = _list("""
    share this article, share this post, share this, shares, share, tweet, repost, copy link, diesen artikel teilen,
    artikel teilen, beitrag teilen, teilen, link kopieren, twittern, partager cet article, partager, compartir,
    compartilhar, partilhar, condividi, delen, udostępnij, поделиться, chia sẻ, paylaş, bagikan, シェアする, シェア,
    ツイートする, ツイート, ポスト, リンクをコピー, 共有, 分享到, 分享至, 分享, 复制链接, 공유하기, 공유, 링크 복사,
    follow us, folgen sie uns, suivez-nous, síguenos, seguici
""")
#: What may stand between networks and requests to share.
SHARE_FILLER = _list("""
    on, via, with, by, to, auf, bei, per, mit, in, über, sur, par, en, su, op, na, в, lên, で, に, の, and, und, et, y,
    e, oder, or, &, it, us
""")
#: What one is asked to subscribe to or to accept ...
SUBSCRIPTION = _list("""
    newsletter, news letter, cookie, cookies, mailing list, rss feed, infolettre, boletín, рассылка, рассылку,
    ニュースレター, メールマガジン, メルマガ, クッキー, 电子报, 電子報, 뉴스레터, 쿠키
""")
#: ... and the words that ask for it.
SUBSCRIBE = _list("""
    subscribe, sign up, signup, register, join our, get our, accept, accept all, reject, reject all, manage, settings,
    preferences, policy, abonnieren, anmelden, bestellen, akzeptieren, ablehnen, einstellungen, richtlinie, hinweis,
    abonner, abonnez, inscrire, inscrivez, inscription, accepter, paramètres, gérer, suscribirse, suscríbete,
    suscripción, aceptar, configurar, iscriviti, accetta, assine, inscreva, aceitar, inschrijven, accepteren,
    zapisz się, akceptuj, подписаться, подпишитесь, принять, đăng ký, 登録, 購読, 同意, 設定, 订阅, 訂閱, 接受,
    구독, 동의
""")
#: Languages in their own words that Unicode's CLDR writes otherwise, or not at all.
LANGUAGE_NAME = _list("""
    latina, sanskrit, русский язык, 한국말, 简体中文, 繁體中文, 繁体中文, bahasa indonesia, bahasa melayu,
    norsk, flemish
""")
