"""The command line of the measurements: crosscite bench."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import click

from rag.config import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

with_settings = click.make_pass_decorator(Settings)


def squad(help: str) -> Callable[[Command], Command]:
    """Return the option that names collections in SQuAD form, as pairs of files."""
    return click.option(
        "--squad",
        "files",
        multiple=True,
        required=True,
        nargs=2,
        type=click.Path(path_type=Path),
        metavar="DOCUMENTS QUESTIONS",
        help=help,
    )


@click.group()
def bench() -> None:
    """Measure the parts on public data that you have on this machine."""


@bench.command()
@squad("SQuAD form; the questions may be a translation with the same ids, or the same file. Can be given often.")
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Where indexes are kept for the next run.  [beside the models]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every question whose paragraph was not first.")
@with_settings
def retrieval(settings: Settings, files: tuple[tuple[Path, Path], ...], cache: Path | None, as_json: bool) -> None:
    """Rank whole paragraphs for every question and print R@1, R@5 and MRR@10 with 95 % intervals."""
    from rag.bench import retrieval as measured

    collections = [measured.read(documents, questions) for documents, questions in files]
    kept = cache or settings.models_dir.parent / "bench"
    rankings = [measured.rank(collection, settings, kept) for collection in collections]
    pairs = list(zip(collections, rankings, strict=True))
    if as_json:
        click.echo(json.dumps([measured.as_dict(*pair) for pair in pairs], ensure_ascii=False, indent=2).encode())
    else:
        click.echo(measured.table([measured.score(*pair) for pair in pairs]))


@bench.command()
@squad("As for `crosscite bench retrieval`.")
@with_settings
def embedding(settings: Settings, files: tuple[tuple[Path, Path], ...]) -> None:
    """Compare the embedder with plain sentence-transformers in float32: how fast it is, and what it finds."""
    from rag.bench import embedding as measured
    from rag.bench import retrieval

    collections = [retrieval.read(documents, questions) for documents, questions in files]
    click.echo(measured.table(measured.compare(collections, settings)))


@bench.command()
@click.argument("vectors", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passages", default=1_000_000, show_default=True, help="How many; a million take 4 GB of disk.")
@click.option("--place", type=click.Path(file_okay=False, path_type=Path), help="Where the collection is made.")
def search(vectors: tuple[Path, ...], passages: int, place: Path | None) -> None:
    """Search a large made-up collection: time, recall, memory, and what adding one document takes.

    VECTORS are the vectors.npz that `crosscite bench retrieval --cache` keeps: real texts and questions, which are
    multiplied.
    """
    from rag.bench import search as measured

    click.echo(measured.table(measured.measure(measured.read(vectors), passages, place)))


@bench.command()
@click.argument("signals", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def gate(signals: Path, as_json: bool) -> None:
    """Print what the refusal gate gets wrong on data it was not fitted to.

    SIGNALS is the file that `crosscite calibrate` writes; nothing is asked again.
    """
    from rag.bench import gate as measured
    from rag.evaluation import calibration

    errors = measured.measure(calibration.read_outcomes(signals))
    click.echo(json.dumps(measured.as_dict(errors), indent=2) if as_json else measured.table(errors))


@bench.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--only", help="Only the attacks of this kind, or whose id begins with this.")
@click.option("--output", type=click.Path(path_type=Path), help="Write an object a question to this file (JSON lines).")
@with_settings
def injection(settings: Settings, folder: Path, only: str | None, output: Path | None) -> None:
    """Ask beside documents with instructions in them, and count the answers that obeyed.

    FOLDER holds attacks.jsonl and the honest documents; tests/injection is one.
    """
    from rag.bench import injection as measured
    from rag.wire import answer_to_dict

    results = []
    with tempfile.TemporaryDirectory() as place:
        for result in measured.run(folder, settings, Path(place), only=only):
            results.append(result)
            if output:
                record = {
                    "attack": result.attack,
                    "outcome": result.outcome,
                    "drafted": result.drafted,
                    "answer": answer_to_dict(result.answer),
                }
                with output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
            if result.outcome in ("obeyed", "wrong"):
                click.echo(f"{result.attack}, {result.outcome}: {result.asked.text}\n    {result.answer.text}")
    click.echo(f"\n{measured.table(results)}")


@bench.command("typing")
@click.argument("golden", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--words", default=40.0, show_default=True, help="Words a minute.")
@click.option("--url", help="A running server to ask, instead of one of its own.")
@click.option("--without", is_flag=True, help="Send nothing while typing, to compare.")
@click.option("--output", type=click.Path(path_type=Path), help="Write every question's seconds to this file (JSON).")
@with_settings
def typing_(
    settings: Settings, golden: Path, words: float, url: str | None, without: bool, output: Path | None
) -> None:
    """Type questions into the chat as a person would, and measure how long the answer takes from Enter.

    GOLDEN has the questions. What is sent is what the chat page sends, when it sends it.
    """
    from rag.bench import serving, typed
    from rag.evaluation.golden import load

    items = load(golden)
    with ExitStack() as stack:
        address = url or stack.enter_context(serving.served(settings)).url
        waited = typed.measure(address, items, words, ahead=not without)
    if output:
        output.write_text(json.dumps(typed.as_dict(waited), indent=2) + "\n", encoding="utf-8")
    click.echo(typed.table(waited))


@bench.command()
@click.argument("golden", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--requests", default=1000, show_default=True)
@click.option("--clients", default=8, show_default=True)
@click.option("--minutes", default=20.0, show_default=True, help="When it ends in any case.")
@click.option("--seed", default=1, show_default=True, help="Another one chooses and mixes requests in another way.")
@with_settings
def soak(settings: Settings, golden: Path, requests: int, clients: int, minutes: float, seed: int) -> None:
    """Load a server with clients that stay, leave, read slowly or send nonsense, and see that it keeps its promises.

    GOLDEN has the questions. It asks the model of CROSSCITE_LLM; smollm2-135m is quick enough for a thousand requests.
    """
    from rag.bench import serving
    from rag.bench import soak as measured
    from rag.evaluation.golden import load

    questions = [item.question for item in load(golden)]
    with serving.served(settings) as server:
        outcome = measured.soak(server, questions, requests=requests, clients=clients, minutes=minutes, seed=seed)
    click.echo(measured.table(outcome))
    if outcome.broken:
        sys.exit(1)


@bench.command()
@click.argument("golden", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questions", type=click.IntRange(min=1), help="Only as many of them, spread over the set.  [all]")
@click.option(
    "--peer",
    default=0,
    show_default=True,
    help="About how many of them, spread over the set, LlamaIndex is asked too (extra: peer).",
)
@click.option("--json", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write everything there.")
@with_settings
def answers(settings: Settings, golden: Path, questions: int | None, peer: int, output: Path | None) -> None:
    """Time the answers to golden questions, beside bare llama.cpp and LlamaIndex with the same model files.

    Needs 4 GB of memory, 6 with LlamaIndex, and a machine that does nothing else.
    """
    from tqdm import tqdm

    from rag import wiring
    from rag.bench import answers as measured
    from rag.bench.bare import Bare
    from rag.bench.peer import NAME, Peer, PeerMissing
    from rag.evaluation import asking
    from rag.evaluation.golden import load
    from rag.models import path_of

    items = load(golden)
    items = items[:: max(1, len(items) // questions)][:questions] if questions else items
    index, embedder = wiring.load_index(settings), wiring.load_embedder(settings)
    model = path_of(settings.llm, settings.models_dir)
    rival, about_rival = None, f"{NAME} was not asked for (--peer)."
    if peer:
        try:
            documents = (index.document(info.id) for info in index.documents())
            rival, about_rival = Peer(documents, embedder, model, threads=settings.cores).seconds, NAME
        except PeerMissing as error:
            about_rival = str(error)
    bench = measured.Bench(index, embedder, wiring.load_llm(settings), Bare(model, threads=settings.cores), peer=rival)
    asked = [
        bench.ask(item, peer=bool(peer) and number % max(1, len(items) // peer) == 0)
        for number, item in enumerate(tqdm(items, desc="Asking", unit="question", disable=None))
    ]
    conditions = asking.conditions(items, asking.ANSWERS, settings, index)
    if output:
        report = measured.as_dict(conditions, asked, about_rival)
        output.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{measured.table(asked)}\n{about_rival}")
