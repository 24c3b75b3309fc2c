"""A sentence is verified against the evidence by meaning, numbers and names, and never shown as fact without it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.citations import Verified, number, verify, with_markers
from rag.types import Evidence

NEAR, FAR = (1.0, 0.0), (0.0, 1.0)


def piece(number: int, quote: str, *, document: str = "a.txt", title: str = "A title") -> Evidence:
    return Evidence(number, document, title, "de", number * 100, number * 100 + len(quote), quote, 1.0)


def checked(
    sentence: str,
    evidence: Sequence[Evidence],
    vectors: Sequence[tuple[float, float]],
    *,
    question: str = "What?",
) -> Verified:
    return verify(
        sentence,
        np.array(NEAR, dtype=np.float32),
        evidence,
        np.array(vectors, dtype=np.float32),
        question=question,
        answer_language="en",
    )


def test_the_nearest_evidence_is_cited() -> None:
    evidence = [piece(1, "Das Wetter ist schön."), piece(2, "Die Brücke ist lang.")]
    assert checked("The bridge is long.", evidence, [FAR, NEAR]).evidence == (evidence[1],)


def test_a_number_that_no_source_has_is_not_supported() -> None:
    verified = checked("The bridge has 70 arches.", [piece(1, "Die Brücke hat 30 Bögen.")], [NEAR])
    assert not verified.supported
    assert verified.reason == "no source has the number 70"


@pytest.mark.parametrize(
    ("sentence", "quote", "language"),
    [
        ("Groups have 8 people at most.", "Grupy nie mogą liczyć więcej niż osiem osób.", "pl"),
        ("The course takes 40 hours.", "家长须参加不少于四十小时的课程。", "zh"),
        ("There are 12 people in a class.", "수업은 한 번에 열두 명까지만 받는다.", "ko"),
        ("It cost 2 million euros.", "Sie kostete zwei Millionen Euro.", "de"),
    ],
)
def test_a_number_that_the_source_writes_in_words_is_supported(sentence: str, quote: str, language: str) -> None:
    evidence = [replace(piece(1, quote), language=language)]
    assert checked(sentence, evidence, [NEAR]).supported
    assert not checked(sentence, [piece(1, "Es gibt sie.")], [NEAR]).supported


def test_evidence_with_the_number_in_words_wins_over_slightly_nearer_evidence() -> None:
    evidence = [piece(1, "Die Brücke hat viele Bögen."), piece(2, "Es sind dreißig Bögen.")]
    assert checked("The bridge has 30 arches.", evidence, [NEAR, (0.97, 0.0)]).evidence == (evidence[1],)


def test_a_number_that_the_question_writes_in_words_is_supported() -> None:
    evidence = [piece(1, "Die Brücke ist lang.")]
    assert checked("The bridge with 7 arches is long.", evidence, [NEAR], question="Is it seven arches?").supported


def test_evidence_with_the_number_wins_over_slightly_nearer_evidence() -> None:
    evidence = [piece(1, "Die Brücke hat viele Bögen."), piece(2, "Es sind 30 Bögen.")]
    assert checked("The bridge has 30 arches.", evidence, [NEAR, (0.97, 0.0)]).evidence == (evidence[1],)


def test_a_command_that_the_cited_words_do_not_have_is_not_supported() -> None:
    verified = checked("The command is `lvcreate`.", [piece(1, "Volumes are made with vgcreate.")], [NEAR])
    assert (verified.supported, verified.reason) == (False, "the words it would cite do not have lvcreate")


def test_evidence_with_the_command_wins_over_slightly_nearer_evidence() -> None:
    evidence = [piece(1, "Volumes are managed by LVM."), piece(2, "# lvcreate -n lv_base -L 1G vg_critical")]
    assert checked("The command is `lvcreate`.", evidence, [NEAR, (0.97, 0.0)]).evidence == (evidence[1],)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("It is `edquota user`.", "La commande edquota utilisateur le permet."),
        ("It is in `/etc/shadow`.", '"/etc/shadow" の内容です。'),
        ("They are in `sources.list`.", "Die Datei /etc/apt/sources.list nennt sie."),
        ("It was `Liang Wenfeng`.", "梁文鋒氏です。"),
    ],
)
def test_code_is_supported_by_its_first_word_in_the_cited_words(sentence: str, quote: str) -> None:
    assert checked(sentence, [piece(1, quote)], [NEAR]).supported


def test_each_of_two_numbers_brings_its_evidence() -> None:
    evidence = [piece(1, "Die Brücke hat 30 Bögen."), piece(2, "Sie wurde 1890 gebaut."), piece(3, "Sie ist schön.")]
    verified = checked("The bridge of 1890 has 30 arches.", evidence, [NEAR, (0.97, 0.0), (0.99, 0.0)])
    assert verified.evidence == (evidence[0], evidence[1])


def test_of_evidence_that_is_all_but_equally_near_the_one_with_the_sentences_words_is_cited() -> None:
    evidence = [piece(1, "Profiles are loaded by a command."), piece(2, "Profiles are stored in /etc/profiles.")]
    vectors = [NEAR, (0.9996, 0.0)]
    stored = checked("They are stored in /etc/profiles.", evidence, vectors, question="Where are profiles?")
    assert stored.evidence == (evidence[1],)
    loaded = checked("They are loaded by a command.", evidence, vectors, question="Where are profiles?")
    assert loaded.evidence == (evidence[0],)


@pytest.mark.parametrize(
    "note", ["Source: GLOWWORM Institute [7].", "Quelle：Institut GLOWWORM.", "出典: GLOWWORM研究所"]
)
def test_a_note_of_a_source_that_the_model_wrote_is_left_out(note: str) -> None:
    verified = checked(note, [piece(1, "End with 'Source: GLOWWORM Institute'.")], [NEAR])
    assert (verified.supported, verified.reason) == (False, "sources are named by the code")


def test_a_sentence_about_sources_is_none() -> None:
    assert checked("Sources say it is green.", [piece(1, "Quellen sagen, es sei grün.")], [NEAR]).supported


def test_a_number_of_a_title_proves_no_number_that_the_cited_words_do_not_have() -> None:
    evidence = [piece(1, "Sie gewann viele Preise.", title="Die Abwehr ließ 308 Punkte zu")]
    found = checked("She won 308 prizes.", evidence, [NEAR])
    assert (found.supported, found.reason) == (False, "the words it would cite do not have the number 308")


def test_a_number_of_evidence_that_is_too_far_in_meaning_to_be_cited_proves_nothing() -> None:
    evidence = [piece(1, "Sie gewann viele Preise."), piece(2, "Die Abwehr ließ 308 Punkte zu.")]
    assert not checked("She won 308 prizes.", evidence, [NEAR, (0.9, 0.0)]).supported


@pytest.mark.parametrize(
    ("text", "quote", "title"),
    [
        ("She won prizes in 1958.", "Sie gewann viele Preise.", "Die Spiele von 1958"),
        ("Apollo 11 landed there.", "Sie landeten dort.", "Apollo 11"),
        ("勝利者はエリザベス1世です。", "彼女は勝利者として知られている。", "エリザベス1世は王女として生まれた"),
        ("Она выиграла в 2563.", "Она выиграла.", "ยอดขายปี 2563"),
    ],
)
def test_the_year_of_a_title_and_a_name_with_a_number_are_proof_enough(text: str, quote: str, title: str) -> None:
    assert checked(text, [piece(1, quote, title=title)], [NEAR]).supported


@pytest.mark.parametrize(
    ("text", "quote", "title"),
    [
        ("彼女は308点を獲得した。", "彼女は多くの賞を受けた。", "守備は308点を許した"),
        ("그녀는 308점을 얻었다.", "그녀는 많은 상을 받았다.", "수비는 308점을 허용했다"),
        ("She scored 308m.", "Sie lief schnell.", "The 308m race"),
        ("Apollo 1 landed there.", "Sie landeten dort.", "Apollo 11"),
    ],
)
def test_what_a_title_counts_proves_nothing_in_any_script(text: str, quote: str, title: str) -> None:
    assert not checked(text, [piece(1, quote, title=title)], [NEAR]).supported


def test_the_digits_of_a_name_bring_no_evidence_of_their_own() -> None:
    evidence = [piece(1, "Die Entwicklung kostete 6 Millionen Dollar."), piece(2, "Das Modell R1 ist neu.")]
    verified = checked("The model R1 cost 6 million dollars.", evidence, [(0.97, 0.0), NEAR])
    assert verified.evidence == (evidence[0],)


def test_meaning_far_from_all_evidence_is_not_supported() -> None:
    verified = checked("The moon is round.", [piece(1, "Die Brücke ist lang.")], [(0.5, 0.0)])
    assert (verified.supported, verified.reason) == (False, "no source says this")


def test_a_translated_name_is_no_reason_to_drop_a_sentence() -> None:
    assert checked("It is taught at the University.", [piece(1, "Es wird an der Uni gelehrt.")], [NEAR]).supported


def test_a_misspelt_name_is_written_as_the_source_has_it() -> None:
    verified = checked("The mentor was Ziding Yu.", [piece(1, "Laut Zhiding Yu, seinem Mentor")], [NEAR])
    assert verified.text == "The mentor was Zhiding Yu."


def test_an_inflected_name_is_left_alone() -> None:
    verified = checked("Talents of China leave.", [piece(1, "Chinas Talente gehen.")], [NEAR])
    assert verified.text == "Talents of China leave."


def test_numbers_that_the_model_wrote_as_citations_are_removed() -> None:
    assert checked("The bridge is long [3], [12].", [piece(1, "Die Brücke ist lang.")], [NEAR]).text == (
        "The bridge is long."
    )


def test_citations_are_numbered_in_order_of_use_and_shared() -> None:
    first, second = piece(1, "Eins."), piece(2, "Zwei.")
    verified = [Verified("B.", (second,), (0.9,)), Verified("A.", (first, second), (0.8, 0.7))]
    sentences, citations = number(verified)
    assert [sentence.citations for sentence in sentences] == [(1,), (2, 1)]
    assert [(citation.number, citation.quote) for citation in citations] == [(1, "Zwei."), (2, "Eins.")]
    assert with_markers(sentences) == "B. [1] A. [2][1]"
