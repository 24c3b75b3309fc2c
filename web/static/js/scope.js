import { byId, el, inLanguage } from "./dom.js";
import { t } from "./strings.js";

/** More documents than this are found by typing, not by scrolling. */
const SHOWN = 50;

/** Limits a question to chosen documents: a disclosure beside the question field, with a box for each document. */
export class Scope {
  constructor() {
    this.root = byId("scope");
    this.filter = byId("scope-filter");
    this.known = [];
    // A document's own page links here with its identifier.
    this.chosen = new Set(new URLSearchParams(location.search).getAll("document"));
    this.filter.addEventListener("input", () => this.#list());
    this.filter.addEventListener("keydown", (event) => {
      // It may stand within the form that asks.
      if (event.key === "Enter") event.preventDefault();
    });
    byId("scope-all").addEventListener("click", () => {
      this.clear();
      this.close();
    });
    // What is chosen comes first the next time; in an open list nothing may move, and the focus stays.
    this.root.addEventListener("toggle", () => this.root.open || this.#list());
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.root.open) return;
      event.stopPropagation();
      this.close();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!this.root.contains(event.target)) this.root.open = false;
    });
  }

  /** What POST /ask takes as `documents`: the chosen identifiers, null for all documents. */
  get documents() {
    return this.chosen.size ? [...this.chosen] : null;
  }

  /** What the choice is called: "All documents", a title, or how many. */
  get label() {
    if (!this.chosen.size) return t("scope.all");
    if (this.chosen.size > 1) return t("scope.some", { count: this.chosen.size });
    return this.known.find((item) => this.chosen.has(item.id))?.title ?? t("scope.some", { count: 1 });
  }

  /** Take the rows of GET /documents; what is not there any more is not chosen any more. */
  load(documents) {
    this.known = documents;
    const ids = new Set(documents.map((item) => item.id));
    this.chosen = new Set([...this.chosen].filter((id) => ids.has(id)));
    this.root.hidden = documents.length < 2;
    this.#list();
    this.#show();
  }

  /** Choose all documents again. */
  clear() {
    this.chosen.clear();
    this.filter.value = "";
    this.#list();
    this.#show();
  }

  close() {
    this.root.open = false;
    this.root.querySelector("summary").focus();
  }

  #list() {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    const found = this.known.filter((item) => `${item.title}\n${item.id}`.toLocaleLowerCase().includes(wanted));
    const first = found.filter((item) => this.chosen.has(item.id));
    const rest = found.filter((item) => !this.chosen.has(item.id));
    const shown = [...first, ...rest].slice(0, Math.max(SHOWN, first.length));
    this.filter.hidden = this.known.length <= 8;
    byId("scope-list").replaceChildren(...shown.map((item) => el("li", {}, this.#box(item))));
    const more = found.length - shown.length;
    byId("scope-none").textContent = found.length ? (more ? t("scope.more", { count: more }) : "") : t("scope.none");
  }

  #box(item) {
    const box = el("input", { type: "checkbox", checked: this.chosen.has(item.id) });
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(item.id);
      else this.chosen.delete(item.id);
      this.#show();
    });
    return el("label", {}, box, el("span", inLanguage(item.language), item.title));
  }

  #show() {
    byId("scope-label").textContent = this.label;
    this.root.classList.toggle("limited", this.chosen.size > 0);
  }
}
