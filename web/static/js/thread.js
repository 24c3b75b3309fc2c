import { Problem, ask } from "./api.js";
import { el } from "./dom.js";
import { lost, whenReady } from "./readiness.js";
import { t } from "./strings.js";
import { TurnView } from "./turn.js";

const settings = {
  maxTurn: Number(document.body.dataset.maxTurn),
  historyTurns: Number(document.body.dataset.historyTurns),
};

/** A conversation on the page: asks its questions, one at a time, and shows what becomes of them. */
export class Thread {
  /**
   * `onOpen` and `onPeek` are called with a source and the element that stands for it, `onPeek` with null when nothing
   * is pointed at any more; `onEdit` with a turn and how many follow it; `onChange` after everything that is worth keeping; `onRedraw` when cards were drawn anew.
   */
  constructor(conversation, { onOpen, onPeek, onEdit, onChange, onRedraw }) {
    this.conversation = conversation;
    this.handlers = { onOpen, onPeek };
    this.onEdit = onEdit;
    this.onChange = onChange;
    this.onRedraw = onRedraw;
    this.stopper = null;
    this.views = new Map();
    this.element = el("div", { class: "turns" });
    for (const turn of conversation.turns) this.#append(turn).restore(turn);
  }

  get isAsking() {
    return this.stopper !== null;
  }

  /** What POST /ask takes for a question asked now, or in the place of a turn. */
  request(question, documents, turn = null) {
    return { question, documents, history: this.#history(turn) };
  }

  /** Ask about some documents, or all if null, to be answered in a language, or the question's own if null. */
  ask(question, { documents, language = null }) {
    const turn = { question, documents, language, evidence: [], answer: null, failure: null };
    this.conversation.turns.push(turn);
    const view = this.#append(turn);
    view.element.scrollIntoView({ block: "start" });
    return this.#run(turn, view);
  }

  stop() {
    this.stopper?.abort();
  }

  #append(turn) {
    const view = this.#newView(turn);
    this.element.append(view.element);
    return view;
  }

  #newView(turn) {
    const view = new TurnView(turn.question, {
      ...this.handlers,
      turn,
      // Who asks again wants another answer than the one that is there.
      onAgain: () => this.#again(turn, { fresh: turn.answer !== null }),
      onEdit: () => this.onEdit(turn, this.#following(turn).length),
    });
    this.views.set(turn, view);
    return view;
  }

  #again(turn, { fresh }) {
    this.stop();
    const old = this.views.get(turn);
    Object.assign(turn, { evidence: [], answer: null, failure: null });
    const view = this.#newView(turn);
    old.element.replaceWith(view.element);
    view.element.scrollIntoView({ block: "start" });
    return this.#run(turn, view, fresh);
  }

  /** Ask another question in place of one; those that followed it were about an answer that is gone. */
  edit(turn, question, documents) {
    for (const later of this.#following(turn)) {
      this.views.get(later).element.remove();
      this.views.delete(later);
    }
    this.conversation.turns.length = this.conversation.turns.indexOf(turn) + 1;
    Object.assign(turn, { question, documents, language: null });
    return this.#again(turn, { fresh: false });
  }

  #following(turn) {
    return this.conversation.turns.slice(this.conversation.turns.indexOf(turn) + 1);
  }

  async #run(turn, view, fresh = false) {
    const stopper = new AbortController();
    const { signal } = stopper;
    this.stopper = stopper;
    this.onChange(this);
    try {
      view.busy(t("turn.waiting_for_models"));
      await unlessAborted(whenReady(), signal);
      view.busy(t("turn.searching"));
      const { question, documents, language } = turn;
      const request = { ...this.request(question, documents, turn), language, fresh };
      for await (const event of ask(request, signal)) {
        if (signal.aborted) throw new DOMException("Stopped", "AbortError");
        this.#show(event, turn, view);
      }
    } catch (error) {
      const failure = failureOf(error, signal);
      view.fail(failure);
      // Asked again meanwhile, the question has a fate of its own.
      if (this.views.get(turn) === view) turn.failure = failure;
      if (["lost", "broken_off"].includes(error.code) || error.status === 503) lost();
      if (failure.code === "unforeseen") throw error;
    } finally {
      if (this.stopper === stopper) this.stopper = null;
      this.onChange(this);
    }
  }

  #show({ kind, data }, turn, view) {
    if (kind === "ahead" && data > 0) view.busy(t("turn.ahead", { count: data }));
    else if (kind === "evidence") {
      turn.evidence = data;
      view.showEvidence(data);
      this.onChange(this);
    } else if (kind === "token") view.addToken(data);
    else if (kind === "sentence") view.addSentence(data);
    else if (kind === "answer") {
      Object.assign(turn, { answer: data, evidence: [] });
      view.finish(data);
    }
    if (kind === "sentence" || kind === "answer") this.onRedraw(view.element);
  }

  /** The turns before one, or all, as the API takes them, without those that came to nothing. */
  #history(turn) {
    const clip = (text) => Array.from(text).slice(0, settings.maxTurn).join("");
    const { turns } = this.conversation;
    return turns
      .slice(0, turn ? turns.indexOf(turn) : turns.length)
      .filter(({ answer }) => answer)
      .flatMap(({ question, answer }) => [
        { role: "user", content: clip(question) },
        { role: "assistant", content: clip(spoken(answer)) },
      ])
      .slice(-settings.historyTurns);
  }
}

/** An answer without citation numbers, which would mean other sources in the next turn. */
function spoken(answer) {
  return answer.answer.replace(/\s*\[\d+\]/g, "");
}

/** What is kept of a failure: enough to say it again, in whatever language the page has by then. */
function failureOf(error, signal) {
  if (signal.aborted) return { code: "stopped", message: "" };
  if (error instanceof Problem) return { code: error.code, message: error.message, seconds: error.seconds };
  return { code: "unforeseen", message: String(error) };
}

function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    promise.then(resolve, reject);
    signal.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")), { once: true });
  });
}
