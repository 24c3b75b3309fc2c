"""The report as JUnit XML, which every CI system shows.

A test fails where a gate fails, so that CI is red exactly when the exit code is 1 or 2. A question that is not
answered as it should be is shown as skipped, with the reason: known weaknesses do not stop a change, gates do.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from rag.evaluation.measures import Judged, reasons
from rag.evaluation.reports.data import Report

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


def text(report: Report) -> str:
    """Return the whole report."""
    suites = Xml.Element("testsuites", name="crosscite eval")
    verdicts = report.judgement.verdicts
    gates = Xml.SubElement(
        suites,
        "testsuite",
        name="gates",
        tests=str(len(verdicts)),
        failures=str(sum(verdict.holds is False for verdict in verdicts)),
        errors=str(sum(verdict.holds is None for verdict in verdicts)),
    )
    for verdict in verdicts:
        name = f"{verdict.name} {verdict.kind} {verdict.limit:g}"
        case = Xml.SubElement(gates, "testcase", classname="crosscite.gates", name=_safe(name))
        if verdict.holds is False:
            Xml.SubElement(case, "failure", message=_safe(verdict.words))
        elif verdict.holds is None:
            Xml.SubElement(case, "error", message=_safe(verdict.words))
    questions = Xml.SubElement(
        suites,
        "testsuite",
        name="questions",
        tests=str(len(report.judged)),
        failures="0",
        errors=str(len(report.judgement.failed)),
        skipped=str(sum(one.row.error is None for one in report.wrong)),
    )
    wrong = {one.item.id for one in report.wrong}
    for one in report.judged:
        _question(questions, one, wrong=one.item.id in wrong)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _question(suite: Xml.Element, judged: Judged, *, wrong: bool) -> None:
    row = judged.row
    took = row.answer.timings.total_ms / 1000 if row.answer else 0.0
    name = f"{judged.item.id}: {judged.item.question}"
    case = Xml.SubElement(suite, "testcase", classname="crosscite.questions", name=_safe(name), time=f"{took:.3f}")
    if row.error is not None:
        Xml.SubElement(case, "error", message=_safe(row.error))
    elif wrong:
        Xml.SubElement(case, "skipped", message=_safe("; ".join(reasons(judged))))
    if row.answer is not None:
        Xml.SubElement(case, "system-out").text = _safe(row.answer.text)


def _safe(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
