import { viewPath } from "./api.js";
import { el, inLanguage } from "./dom.js";
import { dateText, languageName, t } from "./strings.js";

/** A card with a source's words; `candidate` is one that was looked at, not (yet) cited. */
export function sourceCard(source, { candidate = false, onOpen }) {
  const link = el("a", { class: "source-title", href: viewPath(source), ...inLanguage(source.language) }, source.title);
  const card = el(
    "li",
    { class: candidate ? "source candidate" : "source", "data-number": candidate ? null : String(source.number) },
    el(
      "div",
      { class: "source-head" },
      candidate ? null : el("span", { class: "cite", "aria-hidden": "true" }, String(source.number)),
      link,
    ),
    el("blockquote", inLanguage(source.language), el("span", {}, source.quote)),
    metaLine(source),
  );
  card.addEventListener("click", (event) => {
    if (opensElsewhere(event) || String(getSelection())) return;
    event.preventDefault();
    onOpen(source, card);
  });
  return card;
}

/** The number in the text that stands for a source; a link to it for whoever opens it in a tab of its own. */
export function citationMark(source, onOpen) {
  const mark = el(
    "a",
    {
      class: "cite",
      href: viewPath(source),
      "aria-label": t("turn.source", { number: source.number, title: source.title }),
      "data-number": String(source.number),
    },
    String(source.number),
  );
  mark.addEventListener("click", (event) => {
    if (opensElsewhere(event)) return;
    event.preventDefault();
    onOpen(source, mark);
  });
  return mark;
}

/** Language, date and page of a source or a document, as far as they are known. */
export function metaLine({ language, date, page }) {
  const parts = [languageName(language), dateText(date), page ? t("documents.page", { number: page }) : null];
  return el("p", { class: "meta" }, ...parts.filter(Boolean).map((part) => el("span", {}, part)));
}

function opensElsewhere(event) {
  return event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
}
