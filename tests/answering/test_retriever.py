"""What becomes evidence, with vectors that can be computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rag import retriever
from rag.retriever import FARTHEST, FARTHEST_DOCUMENT, Retriever
from rag.types import Evidence, Question
from tests.answering.fakes import FakeEmbedder, index_of

ELSEWHERE = {
    f"filler{number}.txt": f"The weather in the valley was fine on the day with number {number}, and nothing happened."
    for number in range(40)
}

HALF_TRANSLATED = (
    "This guide has been translated in part only, which its readers may find strange.\n\n"
    "Jede Woche verkaufen sie den Bauern aus dem Tal dort unten am Fluss einen Apfel.\n\n"
    "What follows has been written by other people, in the language that they speak."
)


def test_a_term_of_the_question_counts_in_the_sentence_before_too(tmp_path: Path) -> None:
    files = {
        **ELSEWHERE,
        "a.txt": "The old harbour of the town stands near the river. Every week they sell one apple to the farmers.",
        "b.txt": "The old quorvax works stands near the river. Every week they sell one apple to the farmers.",
    }
    with index_of(tmp_path, files) as index:
        retriever = Retriever(index, FakeEmbedder(), len)
        best = retriever.search(Question("Which apple do they sell every week at the quorvax works?"))[0]
    assert (best.sentence.document, best.sentence.position) == ("b.txt", 1)


def test_a_sentence_that_repeats_the_question_does_not_keep_others_as_near_in_meaning_from_the_evidence(
    tmp_path: Path,
) -> None:
    question = "Which merchant from the northern province brought the apple and the cherry to the royal garden?"
    files = {
        **ELSEWHERE,
        "a.txt": "Nobody knows which merchant from the northern province brought the apple to the royal garden.",
        "b.txt": "It was Hermann Feldt who came with a cherry.",
    }
    with index_of(tmp_path, files) as index:
        retrieval = Retriever(index, FakeEmbedder(), lambda text: len(text.split())).retrieve(Question(question))
    first, second = retrieval.hits[:2]
    assert first.score - second.score > FARTHEST
    assert first.meaning == pytest.approx(second.meaning)
    assert {piece.document for piece in retrieval.evidence} >= {"a.txt", "b.txt"}


def test_evidence_is_in_its_own_language_in_a_document_of_another_one(tmp_path: Path) -> None:
    files = {"a.txt": HALF_TRANSLATED}
    with index_of(tmp_path, files) as index:
        retriever = Retriever(index, FakeEmbedder(), len)
        found = retriever.retrieve(Question("Which apple do they sell to the farmers of the valley?"), budget=1000)
        assert [info.language for info in index.documents()] == ["en"]
    assert [piece.language for piece in found.evidence if "Apfel" in piece.quote] == ["de"]


def evidence(folder: Path, files: Mapping[str, str], question: str, *, budget: int) -> tuple[Evidence, ...]:
    """What is found for a question with a budget in words."""
    folder.mkdir(exist_ok=True)
    with index_of(folder, files) as index:
        retriever = Retriever(index, FakeEmbedder(), lambda text: len(text.split()))
        return retriever.retrieve(Question(question), budget=budget).evidence


def evidence_beside_apples(folder: Path, files: Mapping[str, str], *, budget: int) -> list[str]:
    """The documents of the evidence, of English sentences about apples and of what else there is."""
    apples = (
        "The farmers sell an apple at the market every week. The apple is from the valley behind the hill. "
        "Every apple is washed in the river."
    )
    question = "Where do the apple and the banana come from every week?"
    return sorted(piece.document for piece in evidence(folder, {"a.txt": apples, **files}, question, budget=budget))


def test_the_best_sentence_of_another_language_has_its_place_where_it_is_as_near(tmp_path: Path) -> None:
    files = {
        "b.txt": "Die Banane kommt jede Woche mit dem Schiff aus dem Süden zu uns.",
        "c.txt": "Jede Woche fährt ein Schiff in den Süden, und keiner weiß, warum es das tut.",
    }
    assert evidence_beside_apples(tmp_path, files, budget=50) == ["a.txt", "a.txt", "b.txt"]


def test_the_best_sentence_of_a_language_does_not_drive_out_that_of_another(tmp_path: Path) -> None:
    files = {
        "b.txt": "Jede Woche kommen 7 Bananen mit dem Schiff aus dem Süden zu uns.",
        "c.txt": "Chaque semaine, 9 banane arrivent par bateau dans le port du sud.",
    }
    assert evidence_beside_apples(tmp_path, files, budget=54) == ["a.txt", "b.txt", "c.txt"]
    assert evidence_beside_apples(tmp_path, files, budget=20) == ["a.txt"]


def test_the_best_sentence_does_not_give_way_to_other_languages(tmp_path: Path) -> None:
    best = (
        "The farmers from the valley behind the hill sell one apple or two at the market every week, and "
        "they have done so for as long as anybody remembers."
    )
    files = {
        **ELSEWHERE,
        "a.txt": best,
        "b.txt": "Quorvax had 5 banana for breakfast on the day before.",
        "c.txt": "Jede Woche kommen 7 Bananen mit dem Schiff aus dem Süden zu uns.",
        "d.txt": "Chaque semaine, 9 banane arrivent par bateau dans le port du sud.",
    }
    question = "What do the farmers whom Quorvax knows sell at the market every week, an apple and a banana?"
    found = quotes(tmp_path, files, question, budget=69)
    assert best in found
    assert [quote for quote in found if "semaine" in quote]


def test_a_term_beyond_a_heading_does_not_count(tmp_path: Path) -> None:
    files = {
        **ELSEWHERE,
        "a.md": "# The quay\n\nIt was painted with an apple.\n\n# Price of the quorvax pilot\n\nIt is forty crowns.\n",
        "b.md": "# The quay\n\nIt was painted with an apple.\n\n# Price of the harbour pilot\n\nIt is forty crowns.\n",
    }
    with index_of(tmp_path, files) as index:
        found = Retriever(index, FakeEmbedder(), len).search(Question("Which apple did they paint for the quorvax?"))
    first, second = (hit for hit in found if "apple" in hit.sentence.text)
    assert first.score == pytest.approx(second.score)


def test_what_the_passages_around_a_sentence_name_counts_for_it_too(tmp_path: Path) -> None:
    told = "It rained for days. Every week they sell one apple to the farmers."
    files = {
        **ELSEWHERE,
        "a.txt": f"The old harbour of the town stands near the river. {told}",
        "b.txt": f"The old quorvax works stands near the river. {told}",
    }
    with index_of(tmp_path, files) as index:
        found = Retriever(index, FakeEmbedder(), len).search(Question("Which apple is sold at the quorvax works?"))
    first, second = (hit for hit in found if "apple" in hit.sentence.text)
    assert (first.sentence.document, first.sentence.position) == ("b.txt", 2)
    assert first.score > second.score


def shared_points(folder: Path, files: Mapping[str, str], question: str) -> dict[str, float]:
    """What shared terms add to the sentences about apples."""
    folder.mkdir(exist_ok=True)
    with index_of(folder, files) as index:
        hits = Retriever(index, FakeEmbedder(), len).search(Question(question))
    return {hit.sentence.text: hit.score - hit.meaning for hit in hits if "Apfel" in hit.sentence.text}


def test_shared_terms_count_in_a_sentence_of_the_language_of_the_question_whatever_its_document_is_in(
    tmp_path: Path,
) -> None:
    files = {
        **ELSEWHERE,
        "a.txt": HALF_TRANSLATED,
        "b.txt": "Das Wetter im Tal war schön an diesem Tag, und nichts geschah dort unten am Fluss.",
    }
    points = shared_points(tmp_path, files, "Was verkaufen sie jede Woche den Bauern aus dem Tal, einen Apfel?")
    assert min(points.values()) > 0


def quotes(folder: Path, files: Mapping[str, str], question: str, *, budget: int) -> list[str]:
    return [piece.quote for piece in evidence(folder, files, question, budget=budget)]


def test_what_is_in_another_language_has_the_points_that_the_nearest_have_for_the_terms_it_cannot_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retriever, "LIKELY_SHARED", 2)
    question = "Which banana do they bring to the market of the town every week?"
    listing = "banana 1 007 | 0.0.0.0:996 | 390/17 | 2021-06-15"
    files = {
        "a.txt": "They bring one banana to the market of the town every week.",
        "b.txt": "Nobody in the valley has ever had a banana for breakfast or for lunch.",
        "c.txt": f"Die Banane kommt jede Woche mit dem Schiff aus dem Süden zu uns.\n\n{listing}\n",
        "far.txt": "Every week they bring one apple to the market of the town, and to the town of the market.",
    }
    with index_of(tmp_path, files) as index:
        hits = Retriever(index, FakeEmbedder(), len).search(Question(question))
    points = {(hit.sentence.document, hit.sentence.position): hit.score - hit.meaning for hit in hits}
    near, nearest, foreign = points["b.txt", 0], points["a.txt", 0], points["c.txt", 0]
    assert nearest > foreign > near > 0
    assert foreign == pytest.approx((near + nearest) / 2, abs=1e-5)
    assert points["c.txt", 1] == 0.0


def test_rows_of_figures_share_terms_with_questions_in_the_language_of_their_document_alone(tmp_path: Path) -> None:
    files = {"a.txt": "Jede Woche kommen sie aus dem Süden zu uns.\n\nQuorvax 1 007 | 0.0.0.0:996 | 390/17\n"}
    asked = {"What does the quorvax cost?": 0, "Was kostet der Quorvax in diesem Jahr?": 1, "390/17?": 0}
    with index_of(tmp_path, files) as index:
        for question, shares in asked.items():
            hits = Retriever(index, FakeEmbedder(), len).search(Question(question))
            row = next(hit for hit in hits if "Quorvax" in hit.sentence.text)
            assert (row.score > row.meaning) == bool(shares), question


def test_a_row_of_figures_gives_its_place_to_a_sentence_of_another_language(tmp_path: Path) -> None:
    row = "every week apple 0.0.0.0:996 390/17 2021-06-15 127.0.0.1:1007 9-9"
    files = {
        "a.txt": f"The farmers sell an apple at the market.\n\n{row}\n",
        "b.txt": "Die Banane kommt jede Woche mit dem Schiff aus dem Süden zu uns.",
    }
    question = "Where do the apple and the banana come from every week?"
    alone = evidence(tmp_path / "alone", {"a.txt": files["a.txt"]}, question, budget=34)
    assert row in [piece.quote for piece in alone]
    beside = evidence(tmp_path / "beside", files, question, budget=34)
    assert [piece.document for piece in beside] == ["a.txt", "b.txt"]
    assert row not in [piece.quote for piece in beside]


def test_what_room_a_sentence_of_another_language_leaves_is_filled_again(tmp_path: Path) -> None:
    files = {
        "a.txt": "Every week 2 apple and banana trees come from there.",
        "b.txt": "They have 3 kinds of apple and banana in all the gardens behind the old hills near that river.",
        "c.txt": "We had 4 apple and banana cakes.",
        "d.txt": "Die 7 Bananen und Äpfel bringt uns ein Schiff.",
    }
    found = quotes(tmp_path, files, "Where do the apple and the banana come from every week?", budget=42)
    assert sorted(found) == sorted([files["a.txt"], files["c.txt"], files["d.txt"]])


def test_a_sentence_that_is_too_long_for_the_rest_of_the_room_does_not_keep_a_shorter_one_out(tmp_path: Path) -> None:
    files = {
        "a.txt": "Every week they sell 2 apple trees to us.",
        "b.txt": f"Every week they have 3 {'old and crooked ' * 20} apple trees there.",
        "c.txt": "We had 4 apple cakes.",
    }
    found = quotes(tmp_path, files, "How many apple trees do they sell to us every week?", budget=30)
    assert sorted(found) == sorted([files["a.txt"], files["c.txt"]])


def test_the_best_sentences_are_evidence_however_far_if_the_nearest_is_in_the_language_of_the_question_too(
    tmp_path: Path,
) -> None:
    question = "Which merchant of the northern province brought the apple to the royal garden?"
    told = "The merchant of the northern province who brought it to the royal garden was called Feldt, a banana."
    english = {**ELSEWHERE, "a.txt": "An apple.", "b.txt": told}
    german = {**ELSEWHERE, "a.txt": "Ein Apfel hing an dem alten Baum, der dort unten im Tal steht.", "b.txt": told}
    assert told in quotes(tmp_path / "one", english, question, budget=200)
    assert told not in quotes(tmp_path / "two", german, question, budget=200)


def test_what_is_somewhat_far_is_evidence_from_a_document_that_has_something_nearer_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far, elsewhere = "The apple tree is old.", "Its bark has 12 rings of moss.", "A pear cake has 3 layers."
    found = Retriever(index_of(tmp_path, {"a.txt": f"{near} {far}", "b.txt": elsewhere}), FakeEmbedder(), len)
    nearness = {near: 3.0, far: 3.0 - (FARTHEST + FARTHEST_DOCUMENT) / 2}
    hits = [
        replace(hit, meaning=meaning, score=meaning)
        for hit in found.search(Question("Which tree is old?"))
        if (meaning := nearness.get(hit.sentence.text, nearness[far]))
    ]
    monkeypatch.setattr(found, "search", lambda _: tuple(sorted(hits, key=lambda hit: -hit.score)))
    evidence = found.retrieve(Question("Which tree is old?"), budget=500).evidence
    assert [piece.quote for piece in evidence] == [near, far]


def test_a_bare_value_under_its_heading_is_evidence(tmp_path: Path) -> None:
    files = {"a.md": "# Apple town\n\n## Population\n\n3,645,000\n\n## Founded\n\n1847\n"}
    assert "3,645,000" in quotes(tmp_path, files, "What is the population of the apple town?", budget=99)


def test_a_section_ends_at_a_heading_too_short_to_tell_its_language(tmp_path: Path) -> None:
    def files(name: str) -> dict[str, str]:
        text = (
            "The pages of this book have been written by several people who speak two languages. "
            "Most of what they know is told in the first of them. The rest has been left as it was found. "
            "Nobody has had the time to translate it until now, and it may well stay so for years to come.\n\n"
            "## Kai\n\nJede Woche verkaufen sie den Bauern aus dem Tal dort unten am Fluss einen Apfel.\n\n"
            f"## Lotse\n\nDer {name} Lotse wohnt seit vielen Jahren in dem kleinen Haus hinter der alten Kirche."
        )
        # The name is in the collection either way.
        return {"a.md": text, "b.txt": "Der Quorvax fährt jede Woche unten am Fluss an den alten Häusern vorbei."}

    question = "Wer verkauft den Bauern am Quorvax jede Woche einen Apfel?"
    with_name, without = (
        shared_points(tmp_path / name, {**ELSEWHERE, **files(name)}, question) for name in ("Quorvax", "Hafen")
    )
    # The name is rarer by one sentence; counted from the next section it would be worth .02.
    assert max(with_name.values()) == pytest.approx(max(without.values()), abs=0.005)


GERMAN = {
    "a.txt": "Jede Woche verkauft er den Bauern aus dem Tal dort unten am Fluss einen Apfel.",
    "b.txt": "Die Zeitschrift für den apple heißt seit dem letzten Jahr Weather and Wine, mehr weiß man davon nicht.",
}


def test_the_first_word_of_a_question_is_no_rare_name_where_the_documents_have_it_in_small_letters(
    tmp_path: Path,
) -> None:
    asked = "And to whom does he sell an Apfel and one cherry from the valley?"
    assert quotes(tmp_path, GERMAN, asked, budget=16) == [GERMAN["a.txt"]]


@pytest.mark.parametrize("written", ["Quorvax", "QUORVAX", "Quorvaxschen"])
def test_a_rare_name_that_begins_a_question_is_among_the_evidence(tmp_path: Path, written: str) -> None:
    files = {**GERMAN, "b.txt": f"Die Zeitschrift heißt seit dem letzten Jahr {written}, mehr weiß man davon nicht."}
    asked = "Quorvax was sold to whom, and what does he say of an Apfel?"
    assert quotes(tmp_path, files, asked, budget=16) == [files["b.txt"]]


def test_norwegian_is_not_taken_for_danish_where_nothing_is_danish(tmp_path: Path) -> None:
    files = {
        "a.txt": "Bedriften har omtrent to hundre ansatte og holder til i en bygning ved jernbanen.\n\n"
        "Det er ikke noe å gjøre med det, sier de som bor der, og ingen vet hvorfor det er slik."
    }
    with index_of(tmp_path, files) as index:
        assert [info.language for info in index.documents()] == ["no"]
        hits = Retriever(index, FakeEmbedder(), len).search(Question("Hva gjør bedriften med to hundre ansatte nå?"))
    points = {hit.sentence.text: hit.score - hit.meaning for hit in hits}
    assert next(value for text, value in points.items() if text.startswith("Bedriften")) > 0
