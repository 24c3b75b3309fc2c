import { answerText, copy } from "./copying.js";
import { Draft, separator, withoutMarkers } from "./draft.js";
import { el, inLanguage } from "./dom.js";
import { problemNodes } from "./problems.js";
import { citationMark, disagreementsOf, sourceCard } from "./sources.js";
import { languageName, listOf, t } from "./strings.js";

/** Seconds of one step after which the wait is counted on the page, and after which it is explained. */
const COUNTED_FROM = 3;
const SLOW_FROM = 15;

/** One question and what becomes of it: the sources looked at, the answer in the making, the verified answer. */
export class TurnView {
  constructor(question, { turn, onOpen, onPeek, onAgain, onEdit }) {
    this.turn = turn;
    this.onOpen = (source, opener) => onOpen(source, opener, this.#beside(source));
    this.onPeek = onPeek;
    this.onAgain = onAgain;
    this.onEdit = onEdit;
    this.draft = new Draft();
    this.evidence = [];
    this.sources = new Map();
    this.others = [];
    this.lastText = "";
    this.language = null;

    this.heading = el("h2", { class: "question", dir: "auto" }, question);
    this.verified = el("span");
    this.provisional = el("span", { class: "draft" });
    this.text = el("div", { class: "answer-text", dir: "auto", "aria-live": "polite", "aria-busy": "true" });
    this.said = el("span", { role: "status" });
    this.seconds = el("span", { class: "seconds", "aria-hidden": "true" });
    this.status = el("p", { class: "status busy", hidden: true }, this.said, this.seconds);
    this.slow = el("p", { class: "meta slow", role: "status" });
    this.answer = el("div", { class: "answer" }, this.text, this.status, this.slow);
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

  /** Say what is being done, and count the seconds once they are worth telling. */
  busy(text) {
    this.status.hidden = false;
    if (this.said.textContent === text) return;
    this.said.textContent = text;
    this.seconds.textContent = "";
    this.slow.textContent = "";
    clearInterval(this.clock);
    let passed = 0;
    this.clock = setInterval(() => {
      passed += 1;
      if (passed >= COUNTED_FROM) this.seconds.textContent = t("turn.seconds", { seconds: passed });
      if (passed === SLOW_FROM) this.slow.textContent = t("turn.slow");
    }, 1000);
  }

  /** Show what is known of a turn of an earlier visit. */
  restore({ evidence, answer, failure }) {
    if (answer) {
      this.finish(answer);
      return;
    }
    if (evidence.length) this.showEvidence(evidence);
    this.fail(failure ?? { code: "left" });
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
    for (const source of sentence.sources) this.sources.set(String(source.number), source);
    this.draft.settle(sentence.text);
    this.#append(sentence, "", true);
    this.#renderDraft();
    if (sentence.sources.length) this.#list(t("turn.sources"), [...this.sources.values()], this.evidence);
  }

  finish(answer) {
    this.#setLanguage(answer.language);
    this.others = disagreementsOf(answer);
    this.sources = new Map([...answer.citations, ...this.others].map((source) => [String(source.number), source]));
    this.#clear();
    if (answer.answered) this.#showAnswer(answer);
    else this.#showRefusal(answer);
    this.#showDropped(answer);
    const took = answer.cached ? t("turn.cached") : t("turn.took", { seconds: answer.timings.total_ms / 1000 });
    const facts = [took, answer.model];
    this.answer.append(this.#actions(), el("p", { class: "meta answer-meta" }, ...facts.map((fact) => el("span", {}, fact))));
    if (answer.citations.length) {
      this.#list(t("turn.sources"), answer.citations, []);
      const rest = without(answer.evidence, [...answer.citations, ...this.others]);
      if (rest.length) this.side.append(this.#uncited(rest));
    } else {
      this.#list(t("turn.nearest"), [], answer.evidence);
    }
  }

  fail(failure) {
    this.#done();
    this.provisional.remove();
    const style = ["stopped", "left"].includes(failure.code) ? "failure meta" : "failure notice notice-warn";
    this.answer.append(
      el(
        "div",
        { class: style, role: "alert" },
        el("p", {}, ...problemNodes(failure)),
        el("div", { class: "actions" }, ...this.#ways()),
      ),
    );
  }

  #showAnswer(answer) {
    for (const [position, sentence] of answer.sentences.entries()) {
      const others = this.others.filter((other) => other.sentence === position + 1);
      this.#append(sentence, answer.answer, false, others);
    }
    if (this.others.length) this.answer.append(this.#disagreement(answer));
    this.answer.append(this.#basis(answer));
  }

  /** What other documents say instead, right below the answer: it must not be mistaken for what backs it. */
  #disagreement({ sentences }) {
    const title = t("turn.otherwise", { count: this.others.length });
    const cards = this.others.map((source) => {
      const card = this.#card(source, false);
      // Where the answer has one sentence only, it is clear which one is meant.
      if (sentences.length > 1) card.prepend(el("p", { class: "about" }, ...this.#about(sentences[source.sentence - 1])));
      return card;
    });
    return el("section", { class: "otherwise" }, el("h3", {}, title), el("ul", { "aria-label": title }, ...cards));
  }

  #about(sentence) {
    return [`${t("turn.instead_of")} `, el("q", inLanguage(this.language), withoutMarkers(sentence.text))];
  }

  /** What the whole answer rests on, in one line. */
  #basis({ sentences, citations }) {
    if (!sentences.every((sentence) => sentence.supported)) {
      return el("p", { class: "basis doubt" }, t("turn.partly_backed"));
    }
    const documents = new Set(citations.map((source) => source.document)).size;
    const languages = [...new Set(citations.map((source) => languageName(source.language)).filter(Boolean))];
    const values = {
      quotes: t("turn.quotes", { count: citations.length }),
      documents: t("turn.from_documents", { count: documents }),
      languages: listOf(languages),
    };
    return el("p", { class: "basis" }, t(languages.length ? "turn.backed_in" : "turn.backed", values));
  }

  #actions() {
    const copied = el("span", { role: "status" });
    const copying = this.#action("copy", t("turn.copy"), async () => {
      await copy(answerText(this.turn));
      copied.textContent = t("turn.copied");
      setTimeout(() => (copied.textContent = ""), 2000);
    });
    return el("div", { class: "actions" }, copying, ...this.#ways(), copied);
  }

  /** The ways on from any end of a turn. */
  #ways() {
    return [this.#action("again", t("turn.again"), this.onAgain), this.#action("edit", t("turn.edit"), this.onEdit)];
  }

  #action(icon, label, onclick) {
    return el("button", { type: "button", class: `quiet icon-text icon-${icon}`, onclick }, label);
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

  #done() {
    this.text.setAttribute("aria-busy", "false");
    clearInterval(this.clock);
    this.status.hidden = true;
    this.said.textContent = this.slow.textContent = "";
  }

  #clear() {
    this.#done();
    this.verified.replaceChildren();
    this.provisional.remove();
    this.lastText = "";
  }

  #setLanguage(code) {
    this.language = code;
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

  #append(sentence, whole, settling, others = []) {
    this.#attachText();
    const text = withoutMarkers(sentence.text);
    const numbers = [...sentence.citations, ...others.map((other) => other.number)];
    const sources = numbers.map((number) => this.sources.get(String(number))).filter(Boolean);
    const style = ["sentence", sentence.supported ? "supported" : "unsupported", settling && "settling"];
    const marks = sources.map((source) => citationMark(source, this.onOpen));
    const quoteLanguage = sentence.quoted ? inLanguage(sources[0]?.language) : {};
    this.verified.append(
      separator(this.lastText, sentence.text, whole),
      el(
        "span",
        { class: style.filter(Boolean).join(" "), "data-numbers": numbers.join(" ") },
        ...glued(text, quoteLanguage, marks),
      ),
    );
    if (sentence.quoted) this.verified.lastChild.append(el("span", { class: "tag exact" }, t("turn.exact_words")));
    else if (sentence.translated) this.verified.lastChild.append(el("span", { class: "tag exact" }, t("turn.translated_words")));
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
    return sources.map((source) => this.#card(source, candidate));
  }

  #card(source, candidate) {
    return sourceCard(source, { candidate, reading: this.language, onOpen: this.onOpen });
  }

  /** What else of a source's document this answer shows. */
  #beside(source) {
    const shown = [...this.sources.values()].filter((other) => other.document === source.document);
    return without(shown, [source]);
  }

  #watchPointing() {
    let pressed = "";
    const place = (event) => `${event.clientX},${event.clientY}`;
    this.element.addEventListener("pointerdown", (event) => (pressed = place(event)));
    // Opening a source moves the text under a pointer that stands still, which is then not pointing at anything.
    this.element.addEventListener("pointerover", (event) => {
      if (place(event) === pressed) return;
      this.#activate(event.target);
      // What a finger points at it opens; a quote shown before would only be in the way.
      if (event.pointerType !== "touch") this.#peek(event.target);
    });
    this.element.addEventListener("focusin", ({ target }) => {
      this.#activate(target);
      if (target.matches(":focus-visible")) this.#peek(target);
    });
    for (const type of ["pointerleave", "focusout"]) {
      this.element.addEventListener(type, () => {
        this.#activate(null);
        this.onPeek(null);
      });
    }
  }

  #peek(target) {
    const mark = target.closest(".sentence .cite[data-number]");
    this.onPeek(this.sources.get(mark?.dataset.number) ?? null, mark);
  }

  /** Mark what belongs together: a citation's card and its sentence, whichever of them is pointed at, else focused. */
  #activate(pointed) {
    const marked = ".cite[data-number], .source[data-number]";
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    const target = pointed?.closest(marked) ?? focused?.closest(marked);
    const number = target?.dataset.number;
    for (const element of this.element.querySelectorAll(marked)) {
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
