"""What an answer looks like outside Python: the JSON object of ``POST /ask`` and of ``crosscite ask --json``.

Every key is always there, so that a reader in any language can rely on it; ``None`` says that there is no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.types import Answer, AnswerSentence, Citation, Disagreement, Document, Evidence, Refusal, Timings

if TYPE_CHECKING:
    from rag.store import DocumentInfo


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """Return the whole answer as JSON values, in the order of the HTTP contract."""
    return {
        "question": answer.question,
        "language": answer.language,
        "answered": answer.answered,
        "answer": answer.text,
        "refusal": refusal_to_dict(answer.refusal) if answer.refusal else None,
        "sentences": [sentence_to_dict(sentence) for sentence in answer.sentences],
        "citations": [citation_to_dict(citation) for citation in answer.citations],
        "evidence": [evidence_to_dict(evidence) for evidence in answer.evidence],
        "disagreements": [disagreement_to_dict(one) for one in answer.disagreements],
        "dropped": list(answer.dropped),
        "model": answer.model,
        "cached": answer.cached,
        "timings": timings_to_dict(answer.timings),
    }


def refusal_to_dict(refusal: Refusal) -> dict[str, Any]:
    """Return why there is no answer."""
    return {"code": refusal.code, "message": refusal.message}


def sentence_to_dict(sentence: AnswerSentence) -> dict[str, Any]:
    """Return one sentence of an answer with the numbers of its citations."""
    return {
        "text": sentence.text,
        "citations": list(sentence.citations),
        "supported": sentence.supported,
        "quoted": sentence.quoted,
        "translated": sentence.translated,
    }


def citation_to_dict(citation: Citation) -> dict[str, Any]:
    """Return one citation; ``start`` and ``end`` are code points into the document's canonical text."""
    return {**_source(citation), "support": round(citation.support, 4)}


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Return one piece of evidence; its score can be compared within one search only."""
    return {**_source(evidence), "score": round(evidence.score, 4)}


def disagreement_to_dict(disagreement: Disagreement) -> dict[str, Any]:
    """Return what another document says otherwise, with the number of the answer's sentence."""
    source = _source(disagreement.source)
    del source["number"]
    return {"sentence": disagreement.sentence, **source}


def document_to_dict(document: Document) -> dict[str, Any]:
    """Return a document with its canonical text, and the spans of it that are never cited."""
    return {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "date": document.date,
        "url": document.url,
        "sha256": document.sha256,
        "size": document.size,
        "pages": list(document.pages),
        "furniture": [{"start": span.start, "end": span.end} for span in document.furniture],
        "text": document.text,
    }


def document_info_to_dict(info: DocumentInfo) -> dict[str, Any]:
    """Return what a list of documents tells about one of them: everything but its text."""
    return {
        "id": info.id,
        "title": info.title,
        "language": info.language,
        "date": info.date,
        "url": info.url,
        "size": info.size,
        "sentences": info.sentences,
        "passages": info.passages,
        "pages": info.pages,
        "uploaded": info.folder is None,
        "folder": info.folder,
        "added": info.added,
    }


def timings_to_dict(timings: Timings) -> dict[str, Any]:
    """Return milliseconds and token counts."""
    return {
        "retrieve_ms": round(timings.retrieve_ms, 1),
        "first_token_ms": None if timings.first_token_ms is None else round(timings.first_token_ms, 1),
        "total_ms": round(timings.total_ms, 1),
        "prompt_tokens": timings.prompt_tokens,
        "answer_tokens": timings.answer_tokens,
    }


def _source(source: Citation | Evidence) -> dict[str, Any]:
    return {
        "number": source.number,
        "document": source.document,
        "title": source.title,
        "language": source.language,
        "date": source.date,
        "start": source.start,
        "end": source.end,
        "page": source.page,
        "quote": source.quote,
    }
