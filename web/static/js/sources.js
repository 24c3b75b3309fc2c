import { Problem, translate, viewPath } from "./api.js";
import { el, inLanguage, opensElsewhere } from "./dom.js";
import { problemNodes } from "./problems.js";
import { dateText, languageName, t } from "./strings.js";

/** The sources that say otherwise than an answer, marked so that no number of a citation is theirs. */
export function disagreementsOf({ disagreements = [] }) {
  return disagreements.map((source, position) => ({ ...source, number: `≠${position + 1}`, differs: true }));
}

/** What stands for a source in the text and on its card. */
const sign = ({ number, differs }) => (differs ? "≠" : String(number));

/**
 * A card with a source's words; `candidate` is one that was looked at, not (yet) cited. Words in another language than
 * `reading`, the asker's, can be translated on demand.
 */
export function sourceCard(source, { candidate = false, reading = null, onOpen }) {
  const link = el("a", { class: "source-title", href: viewPath(source), ...inLanguage(source.language) }, source.title);
  const style = ["source", candidate && "candidate", source.differs && "differs"];
  const card = el(
    "li",
    { class: style.filter(Boolean).join(" "), "data-number": candidate ? null : String(source.number) },
    el(
      "div",
      { class: "source-head" },
      candidate ? null : el("span", { class: citeClass(source), "aria-hidden": "true" }, sign(source)),
      link,
    ),
    el("blockquote", inLanguage(source.language), el("span", {}, source.quote)),
    el("div", { class: "source-foot" }, metaLine(source), translateButton(source, reading)),
  );
  card.addEventListener("click", (event) => {
    if (opensElsewhere(event) || event.target.closest("button, .translation") || String(getSelection())) return;
    event.preventDefault();
    onOpen(source, card);
  });
  return card;
}

/** The number in the text that stands for a source; a link to it for whoever opens it in a tab of its own. */
export function citationMark(source, onOpen) {
  const { number, title, differs } = source;
  const mark = el(
    "a",
    {
      class: citeClass(source),
      href: viewPath(source),
      "aria-label": differs ? t("turn.otherwise_in", { title }) : t("turn.source", { number, title }),
      "data-number": String(number),
    },
    sign(source),
  );
  mark.addEventListener("click", (event) => {
    if (opensElsewhere(event)) return;
    event.preventDefault();
    onOpen(source, mark);
  });
  return mark;
}

const citeClass = ({ differs }) => (differs ? "cite differs" : "cite");

/** Language, date and page of a source or a document, as far as they are known. */
export function metaLine({ language, date, page }) {
  const parts = [languageName(language), dateText(date), page ? t("documents.page", { number: page }) : null];
  return el("p", { class: "meta" }, ...parts.filter(Boolean).map((part) => el("span", {}, part)));
}

/** Translations that were made since the page was opened, so that a card drawn anew need not ask again. */
const translations = new Map();

function translateButton(source, reading) {
  const foreign = isKnown(source.language) && isKnown(reading) && source.language !== reading;
  if (!foreign) return null;
  const key = JSON.stringify([source.document, source.start, source.end, source.quote, reading]);
  const button = el("button", { type: "button", class: "link" }, t("turn.translate", { language: languageName(reading) }));
  const show = (found) => button.closest(".source").append(translation(found));
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = t("turn.translating");
    button.closest(".source").querySelector(".translation")?.remove();
    try {
      translations.set(key, await translate(source, reading));
      show(translations.get(key));
      button.remove();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const notice = el("div", { class: "translation failed", role: "alert" }, ...problemNodes(error));
      button.closest(".source").append(notice);
      button.textContent = t("turn.translate", { language: languageName(reading) });
      button.disabled = false;
    }
  });
  if (!translations.has(key)) return button;
  queueMicrotask(() => {
    show(translations.get(key));
    button.remove();
  });
  return button;
}

/** What the model made of a quote: labelled, and below the original, which alone proves anything. */
function translation({ text, language, doubtful }) {
  return el(
    "div",
    { class: "translation", role: "status" },
    el("p", { class: "label" }, t("turn.machine_translation")),
    el("p", inLanguage(language), text),
    doubtful.length ? el("p", { class: "doubt" }, t("turn.doubtful", { numbers: doubtful.join(", ") })) : null,
  );
}

const isKnown = (code) => Boolean(code) && code !== "und";
