"""The command line of the evaluation: crosscite eval GOLDEN, and eval check|add|compare|report.

Exit codes, for all of them: 0 holds, 1 worse (or something found), 2 could not run.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rag.config import Settings
from rag.errors import Cancelled, CrossciteError

if TYPE_CHECKING:
    from rag.evaluation.asking import Asked
    from rag.evaluation.gates import Gates
    from rag.evaluation.golden import GoldenItem
    from rag.evaluation.reports import Report
    from rag.evaluation.results import Run
    from rag.types import Answer

COULD_NOT_RUN = 2

F = TypeVar("F", bound=Callable[..., Any])

with_settings = click.make_pass_decorator(Settings)
_file = click.Path(path_type=Path, dir_okay=False)


class _Group(click.Group):
    """Takes what is no command for a golden set; ends what could not run with one line and exit code 2."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Cancelled:
            raise
        except CrossciteError as error:
            click.echo(f"Error: {' '.join(str(error).split())}", err=True)
            ctx.exit(COULD_NOT_RUN)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            # Python's own exit code for what nobody foresaw is 1, which would read as "worse".
            traceback.print_exc()
            ctx.exit(COULD_NOT_RUN)


@click.group(
    "eval",
    cls=_Group,
    subcommand_metavar="GOLDEN | COMMAND [ARGS]...",
    no_args_is_help=True,
)
def evaluation() -> None:
    """Measure answers to golden questions, and tell whether a change made them worse; no model judges.

    \b
    crosscite eval GOLDEN                     ask the questions of a JSON Lines file (options: eval run --help)
    crosscite eval check GOLDEN               is the set sound?
    crosscite eval add GOLDEN QUESTION        make a golden question from a question and its answer
    crosscite eval compare BASELINE RESULTS   two runs, side by side
    crosscite eval report RESULTS             measure a run again

    Exit codes: 0 holds, 1 worse, 2 could not run.
    """  # noqa: D301  # Click wants the character \b itself: it keeps the lines apart.


def _reports(command: F) -> F:
    """Add the options of everything that reports."""
    options = (
        click.option("--gates", "gates_path", type=_file, help="TOML file: what must hold for exit code 0."),
        click.option("--json", "json_path", type=_file, help="Write all figures here."),
        click.option("--junit", "junit_path", type=_file, help="Write JUnit XML here, for a CI system to show."),
        click.option("--markdown", "markdown_path", type=_file, help="Write a pull-request comment here."),
        click.option("--html", "html_path", type=_file, help="Write one self-contained page with plots here."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@evaluation.command()
@click.argument("golden", type=_file)
@click.option("--url", help="Ask this server (http://127.0.0.1:8000) instead of loading models here.")
@click.option("--retrieval-only", is_flag=True, help="Only search: no language model, seconds instead of minutes.")
@click.option("--only", help="Only the questions whose id begins with this.")
@click.option("--output", type=_file, help="Write a row a question here.  [default: GOLDEN's name.results.jsonl]")
@click.option("--baseline", type=_file, help="Compare with this earlier --output.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@_reports
@with_settings
def run(
    settings: Settings,
    /,
    golden: Path,
    url: str | None,
    retrieval_only: bool,
    only: str | None,
    output: Path | None,
    baseline: Path | None,
    quiet: bool,
    gates_path: Path | None,
    **paths: Path | None,
) -> None:
    """Ask the questions of a GOLDEN set and measure the answers.

    Rows are written as they come. A run that was interrupted is gone on with when nothing changed meanwhile; a
    finished one is replaced, but no file that holds anything else. With --baseline and --gates the exit code says
    whether the change can be let in.
    """
    from rag.evaluation import asking, results
    from rag.evaluation import golden as golden_sets

    items = [item for item in golden_sets.load(golden) if not only or item.id.startswith(only)]
    if not items:
        raise click.UsageError(f"No id in {golden} begins with {only!r}.")
    gates, before = _read_gates(gates_path), _read_baseline(baseline, items)
    mode = asking.RETRIEVAL if retrieval_only else asking.ANSWERS
    output = output or Path(f"{golden.stem}.results.jsonl")
    if baseline and output.resolve() == baseline.resolve():
        raise click.UsageError(f"--output and --baseline are the same file, {output}. Give one of them another name.")
    results.require_replaceable(output)  # before models are loaded
    asked, conditions = _asked(settings, items, mode, url)
    finished, kept = asking.run(asked, items, conditions, output, progress=not quiet)
    if kept:
        click.echo(f"{kept} rows were in {output} already.", err=True)
    _conclude(golden.stem, finished, before, gates, paths)


@evaluation.command()
@click.argument("golden", type=_file)
@with_settings
def check(settings: Settings, golden: Path) -> None:
    """Find what would make a GOLDEN set measure nothing, looking its evidence up in the index."""
    from rag.evaluation import checking
    from rag.evaluation import golden as golden_sets
    from rag.wiring import load_index

    items = golden_sets.load(golden)
    with load_index(settings) as index:
        texts = {info.id: index.document(info.id).text for info in index.documents()}
    findings = checking.check(items, texts)
    for finding in findings:
        kind = click.style("doubt", fg="yellow") if finding.doubt else click.style("problem", fg="red")
        click.echo(f"{kind}  {finding.id}: {finding.words}")
    problems = sum(not finding.doubt for finding in findings)
    click.echo(f"{len(items)} questions, {problems} problems, {len(findings) - problems} doubts")
    if problems:
        sys.exit(1)


@evaluation.command()
@click.argument("golden", type=_file)
@click.argument("question", required=False)
@click.option(
    "--answer",
    "answer_path",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Take the answer from this file (crosscite ask --json, POST /ask; - is standard input) instead of asking.",
)
@click.option(
    "--cite", multiple=True, type=int, help="Number of a citation that proves it; several times if several do."
)
@click.option("--evidence", multiple=True, type=int, help="Number of a piece of evidence that proves it.")
@click.option("--must", multiple=True, help='What a right answer contains: "6 million | six million"; each is needed.')
@click.option("--must-not", multiple=True, help="What makes an answer wrong.")
@click.option("--unanswerable", is_flag=True, help="The documents do not say it: refusing is right.")
@click.option("--kind", help="fact, list, why, conflict, follow-up or your own.  [default: fact]")
@click.option("--id", "id_", help="Its name in the set.  [default: made of its words]")
@with_settings
def add(
    settings: Settings,
    golden: Path,
    question: str | None,
    answer_path: Path | None,
    cite: tuple[int, ...],
    evidence: tuple[int, ...],
    must: tuple[str, ...],
    must_not: tuple[str, ...],
    unanswerable: bool,
    kind: str | None,
    id_: str | None,
) -> None:
    """Add a question to a GOLDEN set: ask it, choose the evidence, say what a right answer contains.

    What is not given as an option is asked for, so that a bad answer becomes a test in seconds.
    """
    from rag.evaluation import adding, checking
    from rag.evaluation import golden as golden_sets
    from rag.wiring import load_index

    if (question is None) == (answer_path is None):
        raise click.UsageError("Give either a QUESTION or --answer.")
    known = golden_sets.load(golden) if golden.exists() else []
    answer = _given_answer(answer_path) if answer_path else _answer_to(settings, question or "")
    if not unanswerable:
        evidence, must = _wanted(answer, cite, evidence, must)
    new = adding.item(
        answer,
        id=id_ or adding.new_id(answer.question, [item.id for item in known]),
        kind=kind or ("unanswerable" if unanswerable else "fact"),
        proofs=adding.chosen(answer, cite, evidence),
        must=adding.groups(must),
        must_not=must_not,
        answerable=not unanswerable,
    )
    with load_index(settings) as index:
        texts = {id: index.document(id).text for id in new.documents}
    findings = [finding for finding in checking.check([*known, new], texts) if finding.id == new.id]
    problems = [finding.words for finding in findings if not finding.doubt]
    if problems:
        raise golden_sets.GoldenError(f"Not added, because {new.id} {'; and '.join(problems)}.")
    adding.append(golden, new)
    click.echo(f"{golden}: added {new.id}")


@evaluation.command()
@click.argument("baseline", type=_file)
@click.argument("results_path", metavar="RESULTS", type=_file)
@_reports
def compare(baseline: Path, results_path: Path, gates_path: Path | None, **paths: Path | None) -> None:
    """Compare two runs of one golden set, question by question."""
    from rag.evaluation import results

    gates = _read_gates(gates_path)
    _conclude(results_path.stem, results.load(results_path), results.load(baseline), gates, paths)


@evaluation.command()
@click.argument("results_path", metavar="RESULTS", type=_file)
@click.option("--golden", type=_file, help="Judge by this golden set, as it is now.")
@_reports
def report(results_path: Path, golden: Path | None, gates_path: Path | None, **paths: Path | None) -> None:
    """Measure a run again without asking: after a change of measures, gates or golden set."""
    from dataclasses import replace

    from rag.evaluation import golden as golden_sets
    from rag.evaluation import measures, results

    run = results.load(results_path)
    if golden:
        items = {item.id: item for item in golden_sets.load(golden)}
        rows = [measures.rejudged(row, items[row.item.id]) for row in run.rows if row.item.id in items]
        run = replace(run, rows=tuple(rows))
    _conclude(results_path.stem, run, None, _read_gates(gates_path), paths)


def _conclude(title: str, after: Run, before: Run | None, gates: Gates, paths: dict[str, Path | None]) -> None:
    """Measure, compare, judge, report, and end with the exit code."""
    from rag.evaluation import comparing, measures
    from rag.evaluation import gates as gate_files
    from rag.evaluation.reports import Report, terminal

    judged = tuple(measures.judge(row) for row in after.rows)
    comparison = None
    if before is not None:
        comparison = comparing.compare(
            [measures.judge(row) for row in before.rows],
            judged,
            (before.conditions, after.conditions),
            gated=gate_files.relative_gates(gates, after),
            meaningful=gates.meaningful,
            wanted=[gate_files.split(name) for name in gates.relative],
        )
    made = Report(title, after, judged, gate_files.judge(gates, after, judged, comparison), comparison)
    click.echo(terminal.text(made))
    _write(made, paths)
    sys.exit(made.judgement.exit_code)


def _write(report: Report, paths: dict[str, Path | None]) -> None:
    from rag.evaluation.reports import data, junit, markdown, page

    writers: dict[str, Callable[[Report], str]] = {
        "json_path": lambda made: json.dumps(data.as_fields(made), ensure_ascii=False, indent=1) + "\n",
        "junit_path": junit.text,
        "markdown_path": markdown.text,
        "html_path": page.text,
    }
    for name, write in writers.items():
        path = paths.get(name)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write(report), encoding="utf-8")


def _read_gates(path: Path | None) -> Gates:
    from rag.evaluation import gates

    return gates.load(path) if path else gates.Gates()


def _read_baseline(path: Path | None, items: Sequence[GoldenItem]) -> Run | None:
    """Read the baseline before anything is asked, and only what is asked of it."""
    from dataclasses import replace

    from rag.evaluation import results

    if path is None:
        return None
    before = results.load(path)
    wanted = {item.id for item in items}
    return replace(before, rows=tuple(row for row in before.rows if row.item.id in wanted))


def _asked(settings: Settings, items: Sequence[GoldenItem], mode: str, url: str | None) -> tuple[Asked, dict[str, Any]]:
    """Load what is needed to ask, here or at a server."""
    from rag.evaluation import asking
    from rag.evaluation.remote import Remote
    from rag.wiring import load_chatbot, load_embedder, load_index

    if url:
        return Remote(url), asking.conditions(items, mode, None, None, url)
    index = load_index(settings)
    conditions = asking.conditions(items, mode, settings, index)
    if mode == asking.RETRIEVAL:
        return asking.retrieval_alone(index, load_embedder(settings)), conditions
    return asking.Here(load_chatbot(settings, index)), conditions


def _answer_to(settings: Settings, question: str) -> Answer:
    from rag.evaluation import asking
    from rag.types import Question
    from rag.wiring import load_chatbot, load_index

    return asking.Here(load_chatbot(settings, load_index(settings))).answer(Question(question))


def _given_answer(path: Path) -> Answer:
    from rag.evaluation.golden import GoldenError
    from rag.evaluation.results import answer_from_dict

    try:
        content = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return answer_from_dict(json.loads(content))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GoldenError(
            f"{path} does not hold an answer ({type(error).__name__}: {error}). Make one: crosscite ask --json QUESTION"
        ) from error


def _wanted(
    answer: Answer, cite: tuple[int, ...], evidence: tuple[int, ...], must: tuple[str, ...]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Ask for the evidence and the words that were not given, showing the answer and its numbered evidence."""
    if (not cite and not evidence) or not must:
        click.echo(answer.text, err=True)
    if not cite and not evidence:
        for piece in answer.evidence:
            click.echo(f"  {piece.number:2}  {piece.document}: {' '.join(piece.quote.split())}", err=True)
        numbers = click.prompt("Evidence that proves the right answer (numbers)", err=True)
        evidence = tuple(int(number) for number in str(numbers).replace(",", " ").split() if number.isdigit())
    if not must:
        must = (click.prompt("What a right answer contains (one | other)", err=True),)
    return evidence, must
