from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rag.errors import Cancelled, DocumentNotFound, QueueFull
from rag.types import Event, Question
from tests.web.conftest import eventually
from tests.web.fakes import FakeChatbot, Hold, answered
from web.worker import DEFAULT_SECONDS, PREPARED_CLIENTS, Job, Stopping, Worker


@contextmanager
def started(queue_size: int = 8) -> Iterator[Worker]:
    worker = Worker(queue_size)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def generate(bot: FakeChatbot) -> Callable[[Question, Callable[[], bool]], Iterator[Event]]:
    return lambda question, cancelled: bot.answer(question, cancelled=cancelled)


async def kinds(job: Job) -> list[str]:
    found = []
    while (event := await job.next_event(10)) is not None:
        found.append(event.kind)
    return found


def test_questions_are_answered_one_at_a_time_in_the_order_of_asking() -> None:
    bot = FakeChatbot()

    async def ask(worker: Worker) -> None:
        jobs = [worker.submit(Question(str(number)), generate(bot)) for number in range(5)]
        for job in jobs:
            assert (await kinds(job))[-1] == "answer"

    with started() as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.questions] == ["0", "1", "2", "3", "4"]
    assert bot.most_running == 1


def test_a_full_queue_refuses_with_the_median_duration_and_takes_again_when_it_has_room() -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())

    async def ask(worker: Worker) -> None:
        first = worker.submit(Question("first"), generate(bot))
        await asyncio.to_thread(hold.reached.wait, 10)
        waiting = [worker.submit(Question(str(number)), generate(bot), f"client {number}") for number in range(2)]
        assert [worker.ahead_of(job) for job in (first, *waiting)] == [0, 1, 2]
        with pytest.raises(QueueFull, match="2 questions are waiting") as caught:
            worker.submit(Question("too much"), generate(bot))
        assert caught.value.retry_after == DEFAULT_SECONDS
        hold.released.set()
        for job in (first, *waiting):
            await kinds(job)
        assert worker.retry_after() == 1
        assert (await kinds(worker.submit(Question("again"), generate(bot))))[-1] == "answer"

    with started(queue_size=2) as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.questions] == ["first", "0", "1", "again"]


def test_a_burst_cannot_overfill_the_queue_before_the_worker_wakes() -> None:
    worker = Worker(queue_size=1)

    async def ask() -> None:
        for _ in range(2):
            worker.submit(Question("?"), generate(FakeChatbot()))
        with pytest.raises(QueueFull):
            worker.submit(Question("?"), generate(FakeChatbot()))

    asyncio.run(ask())


def test_a_client_with_many_questions_does_not_hold_up_another_with_one() -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())

    async def ask(worker: Worker) -> None:
        many = [worker.submit(Question(f"many {number}"), generate(bot), "many") for number in range(3)]
        await asyncio.to_thread(hold.reached.wait, 10)
        one = worker.submit(Question("one"), generate(bot), "one")
        assert [worker.ahead_of(job) for job in (*many, one)] == [0, 2, 3, 1]
        hold.released.set()
        for job in (*many, one):
            await kinds(job)

    with started() as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.questions] == ["many 0", "one", "many 1", "many 2"]


def test_a_client_that_reads_nothing_holds_nobody_up() -> None:
    bot = FakeChatbot()

    async def ask(worker: Worker) -> None:
        unread = worker.submit(Question("unread"), generate(bot), "slow")
        assert (await kinds(worker.submit(Question("next"), generate(bot), "quick")))[-1] == "answer"
        assert (await kinds(unread))[-1] == "answer"

    with started() as worker:
        asyncio.run(ask(worker))


def test_a_withdrawn_job_stops_while_its_generator_yields_nothing() -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())

    async def ask(worker: Worker) -> None:
        job = worker.submit(Question("?"), generate(bot))
        await asyncio.to_thread(hold.reached.wait, 10)
        worker.withdraw(job)
        with pytest.raises(Cancelled):
            await job.next_event(10)
        assert (await kinds(worker.submit(Question("next"), generate(bot))))[-1] == "answer"

    with started() as worker:
        asyncio.run(ask(worker))
    assert hold.cancelled.is_set()
    assert bot.running == 0


def test_a_job_withdrawn_while_it_waits_leaves_the_queue_and_is_never_generated() -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())

    async def ask(worker: Worker) -> None:
        first = worker.submit(Question("first"), generate(bot))
        await asyncio.to_thread(hold.reached.wait, 10)
        gone, last = (worker.submit(Question(text), generate(bot)) for text in ("gone", "last"))
        worker.withdraw(gone)
        assert worker.ahead_of(last) == 1
        with pytest.raises(Cancelled):
            await gone.next_event(10)
        hold.released.set()
        await kinds(first)
        await kinds(last)

    with started() as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.questions] == ["first", "last"]


def test_a_broken_generation_reaches_who_asked_and_the_next_one_runs() -> None:
    bot = FakeChatbot([ValueError("broken")], answered())

    async def ask(worker: Worker) -> None:
        with pytest.raises(ValueError, match="broken"):
            await worker.submit(Question("?"), generate(bot)).next_event(10)
        assert (await kinds(worker.submit(Question("?"), generate(bot))))[-1] == "answer"

    with started() as worker:
        asyncio.run(ask(worker))


def test_a_silent_job_times_out_without_losing_anything() -> None:
    hold = Hold()
    bot = FakeChatbot([hold, *answered()])

    async def ask(worker: Worker) -> None:
        job = worker.submit(Question("?"), generate(bot))
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await job.next_event(0.01)
        hold.released.set()
        assert (await kinds(job))[0] == "evidence"

    with started() as worker:
        asyncio.run(ask(worker))


def test_stopping_ends_the_running_generation_and_the_waiting_ones_and_takes_no_more() -> None:
    hold = Hold()
    bot = FakeChatbot([hold])

    async def ask(worker: Worker) -> None:
        jobs = [worker.submit(Question(text), generate(bot)) for text in ("running", "waiting")]
        await asyncio.to_thread(hold.reached.wait, 10)
        await asyncio.to_thread(worker.stop)
        for job in jobs:
            with pytest.raises(Stopping):
                await job.next_event(10)
        with pytest.raises(Stopping):
            worker.submit(Question("late"), generate(bot))

    with started() as worker:
        asyncio.run(ask(worker))
    assert hold.cancelled.is_set()
    eventually(lambda: bot.running == 0)


def test_other_work_waits_for_the_answer_gets_one_turn_and_holds_the_next_question_off() -> None:
    first, second = Hold(), Hold()
    bot = FakeChatbot([first, *answered()], [second, *answered()])
    began, go_on = threading.Event(), threading.Event()

    def work(worker: Worker) -> None:
        with worker.aside():
            began.set()
            assert go_on.wait(10)

    async def ask(worker: Worker) -> None:
        jobs = [worker.submit(Question(text), generate(bot)) for text in ("first", "second")]
        assert await asyncio.to_thread(first.reached.wait, 10)
        assert worker.is_answering
        aside = threading.Thread(target=work, args=[worker])
        aside.start()
        assert not await asyncio.to_thread(began.wait, 0.05)
        first.released.set()
        assert await asyncio.to_thread(began.wait, 10)
        assert not await asyncio.to_thread(second.reached.wait, 0.05)
        go_on.set()
        assert await asyncio.to_thread(second.reached.wait, 10)
        second.released.set()
        for job in jobs:
            assert (await kinds(job))[-1] == "answer"
        aside.join(10)

    with started() as worker:
        asyncio.run(ask(worker))


def test_other_work_that_waits_when_the_server_stops_is_told() -> None:
    hold = Hold()
    told: list[Exception] = []

    def work(worker: Worker) -> None:
        try:
            with worker.aside():
                pass
        except Stopping as error:
            told.append(error)

    async def ask(worker: Worker) -> None:
        worker.submit(Question("first"), generate(FakeChatbot([hold])))
        assert await asyncio.to_thread(hold.reached.wait, 10)
        aside = threading.Thread(target=work, args=[worker])
        aside.start()
        worker.interrupt()
        await asyncio.to_thread(aside.join, 10)

    with started() as worker:
        asyncio.run(ask(worker))
    assert len(told) == 1


# Preparing


def preparation(bot: FakeChatbot) -> Callable[[Question, Callable[[], bool]], None]:
    return lambda question, cancelled: bot.prepare(question, cancelled=cancelled)


def test_a_question_stops_what_is_prepared_and_comes_first() -> None:
    preparing, answering = Hold(), Hold()
    bot = FakeChatbot([answering, *answered()])
    bot.preparing = [preparing]

    async def ask(worker: Worker) -> None:
        worker.prepare(Question("How many ap"), preparation(bot), "typing")
        assert await asyncio.to_thread(preparing.reached.wait, 10)
        job = worker.submit(Question("Who?"), generate(bot), "asking")
        assert worker.ahead_of(job) == 0
        assert await asyncio.to_thread(preparing.cancelled.wait, 10)
        assert await asyncio.to_thread(answering.reached.wait, 10)
        # What is typed meanwhile is not counted among those who wait, and has its time when the answer is complete.
        worker.prepare(Question("How many apples"), preparation(bot), "typing")
        assert (worker.waiting, len(bot.prepared)) == (0, 1)
        answering.released.set()
        assert (await kinds(job))[-1] == "answer"
        await asyncio.to_thread(eventually, lambda: len(bot.prepared) == 2)

    with started() as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.prepared] == ["How many ap", "How many apples"]


def test_the_newest_words_of_a_client_take_the_place_of_those_before_them() -> None:
    first = Hold()
    bot = FakeChatbot()
    bot.preparing = [first]
    with started() as worker:
        for text in ("Who", "Who foun", "Who founded", "Who founded DeepSeek?"):
            worker.prepare(Question(text), preparation(bot), "typing")
            assert first.reached.wait(10)
        assert first.cancelled.wait(10)
        eventually(lambda: bot.prepared[-1].text == "Who founded DeepSeek?")
    # The two between may have had their time or not; nothing comes after the newest.
    assert bot.prepared[0].text == "Who"


def test_only_so_many_clients_are_prepared_for() -> None:
    holding = Hold()
    bot = FakeChatbot([holding])

    async def ask(worker: Worker) -> None:
        job = worker.submit(Question("Who?"), generate(bot))
        assert await asyncio.to_thread(holding.reached.wait, 10)
        for number in range(PREPARED_CLIENTS + 2):
            worker.prepare(Question(str(number)), preparation(bot), f"client {number}")
        worker.withdraw(job)
        await asyncio.to_thread(eventually, lambda: len(bot.prepared) == PREPARED_CLIENTS)

    with started() as worker:
        asyncio.run(ask(worker))
    assert [question.text for question in bot.prepared] == [str(number + 2) for number in range(PREPARED_CLIENTS)]


def test_a_question_that_was_asked_is_not_prepared_for_any_more() -> None:
    holding = Hold()
    bot = FakeChatbot([holding, *answered()], answered())

    async def ask(worker: Worker) -> None:
        first = worker.submit(Question("Who?"), generate(bot), "other")
        assert await asyncio.to_thread(holding.reached.wait, 10)
        worker.prepare(Question("How many apples"), preparation(bot), "typing")
        asked = worker.submit(Question("How many apples?"), generate(bot), "typing")
        holding.released.set()
        for job in (first, asked):
            assert (await kinds(job))[-1] == "answer"

    with started() as worker:
        asyncio.run(ask(worker))
    assert bot.prepared == []


def test_other_work_stops_what_is_prepared() -> None:
    preparing = Hold()
    bot = FakeChatbot()
    bot.preparing = [preparing]
    with started() as worker:
        worker.prepare(Question("How many ap"), preparation(bot))
        assert preparing.reached.wait(10)
        with worker.aside():
            assert preparing.cancelled.is_set()


def test_stopping_ends_what_is_prepared() -> None:
    preparing = Hold()
    bot = FakeChatbot()
    bot.preparing = [preparing]
    with started() as worker:
        worker.prepare(Question("How many ap"), preparation(bot))
        assert preparing.reached.wait(10)
    assert preparing.cancelled.is_set()


def test_what_goes_wrong_while_preparing_is_not_told_with_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    bot = FakeChatbot()
    bot.preparing = [DocumentNotFound("SECRET"), ValueError("SECRET")]
    with started() as worker:
        for number in range(3):
            worker.prepare(Question("SECRET"), preparation(bot), f"client {number}")
        eventually(lambda: len(bot.prepared) == 3)
    assert [record.getMessage() for record in caplog.records] == ["Preparing for a question failed with ValueError"]
    assert "SECRET" not in caplog.text
