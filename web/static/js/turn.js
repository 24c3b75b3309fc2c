import { Draft, separator, withoutMarkers } from "./draft.js";
import { el, inLanguage } from "./dom.js";
import { citationMark, sourceCard } from "./sources.js";
import { t } from "./strings.js";

/** One question and what becomes of it: the sources looked at, the answer in the making, the verified answer. */
export class TurnView {
  constructor(question, { onOpen, onAgain }) {
    this.onOpen = onOpen;
    this.onAgain = onAgain;
    this.draft = new Draft();
    this.evidence = [];
    this.sources = new Map();
    this.lastText = "";

    this.heading = el("h2", { class: "question", dir: "auto" }, question);
    this.verified = el("span");
    this.provisional = el("span", { class: "draft" });
    this.text = el("div", { class: "answer-text", dir: "auto", "aria-live": "polite", "aria-busy": "true" });
    this.status = el("p", { class: "status", role: "status" });
    this.answer = el("div", { class: "answer" }, this.text, this.status);
    this.sourcesTitle = el("h3", {}, t("turn.sources"));
    this.list = el("ol", { "aria-label": t("turn.sources") });
    this.side = el("section", { class: "sources", hidden: true }, this.sourcesTitle, this.list);
    this.element = el(
      "article",
      { class: "turn" },
      this.heading,
      el("div", { class: "turn-body" }, this.answer, this.side),
    );
    this.#watchPointing();
  }

  busy(text) {
    this.status.className = "status busy";
    this.status.textContent = text;
    this.status.hidden = false;
  }

  showEvidence(evidence) {
    this.evidence = evidence;
    this.#list(t("turn.looking_at", { count: evidence.length }), [], evidence);
    this.busy(t("turn.reading"));
  }

  addToken(characters) {
    if (!this.draft.text && !this.lastText) this.busy(t("turn.writing"));
    this.draft.add(characters);
    this.#renderDraft();
  }

  /** A sentence and the sources that its numbers stand for, both until the whole answer takes their place. */
  addSentence(sentence) {
    for (const source of sentence.sources) this.sources.set(source.number, source);
    this.draft.settle(sentence.text);
    this.#append(sentence, "", true);
    this.#renderDraft();
    if (sentence.sources.length) this.#list(t("turn.sources"), [...this.sources.values()], this.evidence);
  }

  finish(answer) {
    this.#setLanguage(answer.language);
    this.sources = new Map(answer.citations.map((citation) => [citation.number, citation]));
    this.#clear();
    if (answer.answered) this.#showAnswer(answer);
    else this.#showRefusal(answer);
    this.#showDropped(answer);
    if (answer.citations.length) {
      this.#list(t("turn.sources"), answer.citations, []);
      const others = without(answer.evidence, answer.citations);
      if (others.length) this.side.append(this.#uncited(others));
    } else {
      this.#list(t("turn.nearest"), [], answer.evidence);
    }
  }

  stopped() {
    this.#fail(t("turn.stopped"), "failure meta");
  }

  fail(message) {
    this.#fail(message, "failure notice notice-warn");
  }

  #showAnswer(answer) {
    for (const sentence of answer.sentences) this.#append(sentence, answer.answer, false);
    const parts = [t("turn.took", { seconds: answer.timings.total_ms / 1000 }), answer.model];
    this.answer.append(el("p", { class: "meta answer-meta" }, ...parts.map((part) => el("span", {}, part))));
  }

  #showRefusal(answer) {
    const verdict = answer.refusal?.code === "not_in_documents" ? t("turn.not_in_documents") : t("turn.no_answer");
    this.text.replaceChildren();
    this.answer.append(
      el(
        "div",
        { class: "refusal" },
        el("p", { class: "verdict" }, verdict),
        el("p", { class: "message", ...inLanguage(answer.language) }, answer.refusal?.message ?? answer.answer),
      ),
    );
  }

  #showDropped({ dropped, language }) {
    if (!dropped.length) return;
    const items = dropped.map((text) => el("li", {}, text));
    const list = el("ul", inLanguage(language), ...items);
    this.answer.append(el("details", { class: "dropped" }, el("summary", {}, t("turn.dropped", { count: dropped.length })), list));
  }

  #fail(message, style) {
    this.#done();
    this.provisional.remove();
    const again = el("button", { type: "button", class: "quiet", onclick: this.onAgain }, t("turn.again"));
    this.answer.append(el("div", { class: style, role: "alert" }, el("span", {}, message), again));
  }

  #done() {
    this.text.setAttribute("aria-busy", "false");
    this.status.hidden = true;
    this.status.textContent = "";
  }

  #clear() {
    this.#done();
    this.verified.replaceChildren();
    this.provisional.remove();
    this.lastText = "";
  }

  #setLanguage(code) {
    for (const element of [this.heading, this.text]) {
      if (code && code !== "und") element.lang = code;
    }
  }

  #renderDraft() {
    this.#attachText();
    this.provisional.textContent = this.draft.text.trimStart() && (this.lastText ? " " : "") + this.draft.text.trimStart();
  }

  #attachText() {
    if (!this.verified.isConnected) this.text.append(this.verified);
    if (!this.provisional.isConnected && this.text.getAttribute("aria-busy") === "true") this.text.append(this.provisional);
  }

  #append(sentence, whole, settling) {
    this.#attachText();
    const text = withoutMarkers(sentence.text);
    const sources = sentence.citations.map((number) => this.sources.get(number)).filter(Boolean);
    const style = ["sentence", sentence.supported ? "supported" : "unsupported", settling && "settling"];
    const marks = sources.map((source) => citationMark(source, this.onOpen));
    const quoteLanguage = sentence.quoted ? inLanguage(sources[0]?.language) : {};
    this.verified.append(
      separator(this.lastText, sentence.text, whole),
      el(
        "span",
        { class: style.filter(Boolean).join(" "), "data-numbers": sentence.citations.join(" ") },
        ...glued(text, quoteLanguage, marks),
      ),
    );
    if (sentence.quoted) this.verified.lastChild.append(el("span", { class: "tag exact" }, t("turn.exact_words")));
    else if (!sentence.supported) this.verified.lastChild.append(el("span", { class: "tag" }, t("turn.not_verified")));
    this.lastText = text;
  }

  /** Show what is cited, and behind it what was looked at besides. */
  #list(title, cited, evidence) {
    const cards = [...this.#cards(cited, false), ...this.#cards(without(evidence, cited), true)];
    this.side.hidden = cards.length === 0;
    this.sourcesTitle.textContent = title;
    this.list.replaceChildren(...cards);
  }

  #uncited(evidence) {
    const list = el("ol", {}, ...this.#cards(evidence, true));
    return el("details", {}, el("summary", {}, t("turn.uncited", { count: evidence.length })), list);
  }

  #cards(sources, candidate) {
    return sources.map((source) => sourceCard(source, { candidate, onOpen: this.onOpen }));
  }

  #watchPointing() {
    let pressed = "";
    const place = (event) => `${event.clientX},${event.clientY}`;
    this.element.addEventListener("pointerdown", (event) => (pressed = place(event)));
    // Opening a source moves the text under a pointer that stands still, which is then not pointing at anything.
    this.element.addEventListener("pointerover", (event) => place(event) === pressed || this.#activate(event));
    this.element.addEventListener("focusin", (event) => this.#activate(event));
    for (const type of ["pointerleave", "focusout"]) this.element.addEventListener(type, () => this.#activate(null));
  }

  /** Mark what belongs together: a citation's card and its sentence, whichever of them is pointed at. */
  #activate(event) {
    const target = event?.target.closest?.(".cite[data-number], .source[data-number]");
    const number = target?.dataset.number;
    for (const element of this.element.querySelectorAll(".cite[data-number], .source[data-number]")) {
      element.classList.toggle("active", element.dataset.number === number);
    }
    for (const sentence of this.element.querySelectorAll(".sentence")) {
      const numbers = sentence.dataset.numbers.split(" ");
      const own = target?.classList.contains("cite") ? sentence.contains(target) : numbers.includes(number);
      sentence.classList.toggle("active", Boolean(number) && own);
    }
  }
}

/** A text and its marks, the first of which stays on the line of the last word (or the last letters of a long one). */
function glued(text, attributes, marks) {
  const tail = marks.length ? /\S{1,12}$/u.exec(text) : null;
  if (!tail) return [el("span", attributes, text), ...marks];
  const head = text.slice(0, tail.index);
  return [
    el("span", attributes, head),
    el("span", { class: "tail" }, el("span", attributes, tail[0]), marks[0]),
    ...marks.slice(1),
  ];
}

function without(evidence, cited) {
  const keys = new Set(cited.map(key));
  return evidence.filter((item) => !keys.has(key(item)));
}

const key = ({ document: id, start, end }) => `${start}-${end}-${id}`;
