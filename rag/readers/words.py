"""The words by which furniture is known, in about a dozen languages (en de fr es it pt nl pl ru uk vi tr id ja zh ko).

Lists hold what can't be told by form. They are matched against whole lines only, in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, the longest first, so that none hides a longer one."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


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
#: Labels of the date at which a text was written, published or changed.
DATED = _list("""
    date, dated, date published, date posted, publication date, published, publishing date, first published, posted,
    posted on, updated, last updated, last update, last modified, modified, revised, last revised, released, issued,
    last reviewed, reviewed, last edited, last change, last changed, issue date, date of issue, submitted, received,
    accepted, published online, report date, date of report, article date, created, written, as of, sent, gesendet,
    envoyé, enviado, inviato, verzonden, wysłano, отправлено, gönderildi, 送信日時, 发送时间, 보낸 날짜, datum, stand,
    veröffentlicht, veröffentlichung, veröffentlichungsdatum, erschienen, erstellt, publiziert, aktualisiert,
    zuletzt aktualisiert, letzte aktualisierung, letzte änderung, zuletzt geändert, geändert, publié, publiée,
    date de publication, mis à jour, mise à jour, dernière mise à jour, modifié, créé, paru, fecha,
    fecha de publicación, publicado, publicada, actualizado, actualización, última actualización, modificado, data,
    data di pubblicazione, pubblicato, pubblicata, aggiornato, aggiornamento, ultimo aggiornamento,
    data de publicação, publicação, atualizado, atualização, última atualização, criado, gepubliceerd,
    publicatiedatum, bijgewerkt, laatst bijgewerkt, geplaatst, gewijzigd, data publikacji, opublikowano, dodano,
    aktualizacja, zaktualizowano, дата, дата публикации, опубликовано, обновлено, обновление, дата публікації,
    опубліковано, оновлено, publikováno, datum vydání, vydáno, aktualizováno, aktualizace, publicerad, publicerat,
    uppdaterad, uppdaterat, dato, publiceret, offentliggjort, opdateret, publisert, oppdatert, tarih, yayın tarihi,
    yayınlanma tarihi, güncelleme, güncelleme tarihi, tanggal, diterbitkan, diperbarui, dipublikasikan, ngày đăng,
    đăng ngày, xuất bản, cập nhật, 日付, 公開日, 公開日時, 公開, 投稿日, 投稿, 掲載日, 掲載, 発行日, 作成日, 更新日,
    更新日時, 更新, 最終更新, 最終更新日, 日期, 发布, 发布时间, 发布日期, 发表时间, 发表于, 更新时间, 更新日期, 时间,
    發布, 發布時間, 發布日期, 發佈時間, 最后更新, 最近更新, 最後更新, 发文日期, 成文日期, 印发日期, 公布日期, 発表日,
    公表日, 改定日, 制定日, 最終改定, erstellungsdatum, bearbeitet, zuletzt bearbeitet, ausgabe, ausgabedatum,
    berichtsdatum, date de création, date du rapport, dernière modification, fecha de emisión, fecha de creación,
    fecha del informe, última modificación, ultima modifica, data di creazione, data da publicação, data de criação,
    data wydania, ostatnia aktualizacja, ostatnia zmiana, senast uppdaterad, senast ändrad, sist oppdatert,
    sidst opdateret, julkaistu, päivämäärä, päivitetty, poslední aktualizace, objavljeno, ažurirano, data publicării,
    publicat, actualizat, son güncelleme, terakhir diperbarui, последнее обновление, дата обновления, дата создания,
    останнє оновлення, التاريخ, تاريخ النشر, آخر تحديث, 최종수정, 최종 수정, 발표일, 게시 날짜, 수정일, 更新時間,
    時間, 날짜, 게시일, 등록일, 등록, 작성일, 발행일, 입력, 수정, 승인, 업데이트
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
