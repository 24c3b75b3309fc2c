import { Problem, ask, getJSON, viewPath } from "./api.js";
import { byId, el, inLanguage } from "./dom.js";
import { Reader } from "./reader.js";
import { metaLine } from "./sources.js";
import { t } from "./strings.js";
import { TurnView } from "./turn.js";

const POLL_MS = 1000;

const settings = {
  maxTurn: Number(document.body.dataset.maxTurn),
  historyTurns: Number(document.body.dataset.historyTurns),
};
const conversation = byId("conversation");
const field = byId("question");
const reader = new Reader({ behind: conversation });

/** Question and answer of each turn so far; `answer` is the API's object, null while there is none. */
let turns = [];
/** Stops the answer in the making. */
let asking = null;
let ready = null;

const openSource = (source, opener) => reader.open(source, opener);

/** Resolve once the models are loaded; until then say what the server says about it. */
function whenReady() {
  ready ??= pollReady().catch((error) => {
    ready = null;
    throw error;
  });
  return ready;
}

async function pollReady() {
  for (;;) {
    try {
      await getJSON("/readyz");
      await showLibrary();
      break;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      showReadiness(error);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  showReadiness(null);
}

function showReadiness(problem) {
  const notice = byId("readiness");
  notice.hidden = problem === null;
  // Only what changed is written, or a screen reader would repeat it with every poll.
  if (problem && notice.textContent !== problem.message) notice.textContent = problem.message;
  notice.classList.toggle("notice-warn", Boolean(problem) && problem.code !== "loading");
}

async function showLibrary() {
  const { documents } = await getJSON("/documents");
  byId("library").hidden = false;
  byId("library-title").textContent = documents.length ? t("documents.count", { count: documents.length }) : t("chat.no_documents");
  byId("documents").replaceChildren(
    ...documents.map((item) => {
      const source = { ...item, document: item.id };
      const link = el(
        "a",
        { href: viewPath(source) },
        el("span", { class: "name", ...inLanguage(item.language) }, item.title),
        metaLine(source),
      );
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openSource(source, link);
      });
      return el("li", {}, link);
    }),
  );
}

/** The last turns as the API takes them, without those that came to nothing. */
function history() {
  const clip = (text) => Array.from(text).slice(0, settings.maxTurn).join("");
  return turns
    .filter((turn) => turn.answer)
    .flatMap(({ question, answer }) => [
      { role: "user", content: clip(question) },
      { role: "assistant", content: clip(spoken(answer)) },
    ])
    .slice(-settings.historyTurns);
}

/** An answer without citation numbers, which would mean other sources in the next turn. */
function spoken(answer) {
  return answer.answer.replace(/\s*\[\d+\]/g, "");
}

async function submit(question) {
  const turn = { question, answer: null };
  const view = new TurnView(question, { onOpen: openSource, onAgain: () => again(turn, view) });
  const request = { question, history: history() };
  turns.push(turn);
  byId("welcome").hidden = true;
  byId("new").hidden = false;
  byId("turns").append(view.element);
  view.element.scrollIntoView({ block: "start" });
  await run(request, turn, view);
}

async function run(request, turn, view) {
  const stop = new AbortController();
  setAsking(stop);
  try {
    view.busy(t("turn.waiting_for_models"));
    await unlessAborted(whenReady(), stop.signal);
    view.busy(t("turn.searching"));
    for await (const event of ask(request, stop.signal)) show(event, turn, view);
  } catch (error) {
    if (stop.signal.aborted) view.stopped();
    else if (error instanceof Problem) {
      view.fail(error.message);
      if (error.code === "unreachable" || error.status === 503) watchForReturn();
    } else {
      view.fail(String(error));
      throw error;
    }
  } finally {
    if (asking === stop) setAsking(null);
  }
}

function show({ kind, data }, turn, view) {
  if (kind === "ahead" && data > 0) view.busy(t("turn.ahead", { count: data }));
  else if (kind === "evidence") view.showEvidence(data);
  else if (kind === "token") view.addToken(data);
  else if (kind === "sentence") view.addSentence(data);
  else if (kind === "answer") {
    turn.answer = data;
    view.finish(data);
  }
  if (kind === "sentence" || kind === "answer") reader.follow(view.element);
}

function again(turn, view) {
  if (asking) return;
  view.element.remove();
  turns = turns.filter((other) => other !== turn);
  submit(turn.question);
}

function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    promise.then(resolve, reject);
    signal.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")), { once: true });
  });
}

function watchForReturn() {
  ready = null;
  whenReady();
}

function setAsking(stop) {
  asking = stop;
  byId("submit").hidden = Boolean(stop);
  byId("stop").hidden = !stop;
}

function stopAsking() {
  asking?.abort();
  field.focus();
}

/** Where `field-sizing: content` is unknown, the field grows by hand. */
function fitField() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (!question || asking) return;
  field.value = "";
  fitField();
  submit(question);
});

field.addEventListener("input", fitField);
field.addEventListener("keydown", (event) => {
  // While an input method composes, Enter accepts a word and must not ask.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (reader.isOpen) reader.close();
  else stopAsking();
});

byId("stop").addEventListener("click", stopAsking);

byId("new").addEventListener("click", () => {
  stopAsking();
  turns = [];
  byId("turns").replaceChildren();
  byId("welcome").hidden = false;
  byId("new").hidden = true;
  conversation.scrollTop = 0;
  // The documents may be others by now. If they cannot be had, the list stays as it is and the next question says why.
  showLibrary().catch(() => {});
});

whenReady();
