import { Problem, documentPath, getJSON, viewPath } from "./api.js";
import { byId, el } from "./dom.js";
import { problemNodes } from "./problems.js";
import { metaLine } from "./sources.js";
import { t } from "./strings.js";

const wide = matchMedia("(min-width: 60rem)");

/** The document beside the chat (over it on narrow screens), scrolled to the words that were cited. */
export class Reader {
  /** `behind` are the elements that it covers on narrow screens, the first of which scrolls beside it on wide ones. */
  constructor({ behind, onClose }) {
    this.behind = behind;
    this.onClose = onClose;
    this.panel = byId("reader");
    this.title = byId("reader-title");
    this.meta = byId("reader-meta");
    this.status = byId("reader-status");
    this.text = byId("reader-text");
    this.documents = new Map();
    this.opener = null;
    byId("reader-close").addEventListener("click", () => this.close());
    wide.addEventListener("change", () => this.#cover());
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Show a source, and lightly what is `beside` it; `opener` gets the focus back when the panel closes. */
  async open(source, opener, beside = []) {
    this.#mark(false);
    this.opener = opener;
    this.wanted = source;
    this.#mark(true);
    this.#show(source);
    this.#say(this.documents.has(source.document) ? null : t("reader.opening"));
    try {
      const found = await this.#fetch(source);
      if (this.wanted !== source) return;
      const present = holds(found, source);
      this.#say(present ? null : t("reader.changed"), true);
      this.#render(found, present ? source : {}, beside.filter((other) => holds(found, other)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.wanted === source) this.#say(problemNodes(error), true);
    }
  }

  /** The turn was written anew: what stands there for the open source takes the place of what opened it. */
  follow(turn) {
    if (!this.isOpen) return;
    if (!this.opener?.isConnected) {
      const link = turn.querySelector(`a[href="${CSS.escape(viewPath(this.wanted))}"]`);
      this.opener = link?.closest(".source") ?? link;
    }
    this.#mark(true);
  }

  /** `focus` false leaves the focus where it is, when what opened the panel is no longer on the page. */
  close({ focus = true } = {}) {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.#mark(false);
    document.body.classList.remove("reading");
    this.#cover();
    this.wanted = null;
    const opener = this.opener?.matches("a, button") ? this.opener : this.opener?.querySelector("a");
    if (focus) (opener ?? this.behind[0]).focus({ preventScroll: !opener });
    this.onClose();
  }

  /** Return the document in which the source stands: it may have been indexed anew since it was read. */
  async #fetch(source) {
    const known = this.documents.get(source.document);
    if (known && holds(known, source)) return known;
    this.documents.set(source.document, await getJSON(documentPath(source.document)));
    return this.documents.get(source.document);
  }

  #show(source) {
    const anchor = this.opener?.getBoundingClientRect().top;
    this.panel.hidden = false;
    document.body.classList.add("reading");
    this.#cover();
    // The conversation gets narrower; what was clicked stays where it was.
    if (anchor !== undefined && this.opener.isConnected) {
      this.behind[0].scrollTop += this.opener.getBoundingClientRect().top - anchor;
    }
    this.title.textContent = source.title;
    this.#setMeta(source);
    this.text.replaceChildren();
    this.panel.focus({ preventScroll: true });
  }

  /** Keep the citation and the card of the open source marked, for as long as it is open. */
  #mark(open) {
    const number = this.opener?.dataset.number;
    const same = number ? this.opener.closest(".turn")?.querySelectorAll(`[data-number="${CSS.escape(number)}"]`) : null;
    for (const element of same ?? (this.opener ? [this.opener] : [])) element.classList.toggle("open", open);
    this.opener?.closest(".sentence")?.classList.toggle("open", open);
  }

  #setMeta(source) {
    const link = el("a", { href: viewPath(source), target: "_blank", rel: "noopener" }, t("reader.own_page"));
    this.meta.replaceChildren(...metaLine(source).children, el("span", {}, link));
  }

  #render(found, source, beside) {
    this.title.textContent = found.title;
    for (const element of [this.title, this.text]) element.lang = found.language === "und" ? "" : found.language;
    this.text.replaceChildren(...parts(found, source, beside));
    const mark = this.text.querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
    else this.panel.scrollTop = 0;
  }

  #say(message, warn = false) {
    this.status.hidden = !message;
    this.status.replaceChildren(...[message ?? []].flat());
    this.status.classList.toggle("notice-warn", warn);
  }

  /** On a narrow screen the panel covers the chat, which then must not take focus or be read out. */
  #cover() {
    const covered = this.isOpen && !wide.matches;
    for (const element of this.behind) element.inert = covered;
  }
}

/** Whether the words of a source still stand where it says; a whole document has no words of its own. */
function holds(found, { start, end, quote }) {
  return start === undefined || Array.from(found.text).slice(start, end).join("") === quote;
}

/** Cut a document's text at what is shown of it and at furniture; offsets count code points, not UTF-16 units. */
function parts(found, { start, end }, beside) {
  const points = Array.from(found.text);
  const cited = start === undefined ? [] : [{ start, end }];
  const kinds = Object.entries({ cited, beside, furniture: found.furniture });
  const cuts = new Set([0, points.length]);
  for (const span of kinds.flatMap(([, spans]) => spans)) cuts.add(span.start).add(span.end);
  const edges = [...cuts].sort((a, b) => a - b);
  const pieces = edges.slice(1).map((to, position) => {
    const from = edges[position];
    const kind = kinds.find(([, spans]) => spans.some((span) => span.start <= from && to <= span.end));
    return { kind: kind?.[0] ?? "plain", text: points.slice(from, to).join("") };
  });
  return merged(pieces).map(({ kind, text }) => {
    if (kind === "plain") return document.createTextNode(text);
    return kind === "cited" ? el("mark", { id: "cited" }, text) : el("span", { class: kind }, text);
  });
}

function merged(pieces) {
  const result = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last?.kind === piece.kind) last.text += piece.text;
    else result.push(piece);
  }
  return result;
}
