import { byId, el, inLanguage } from "./dom.js";
import { metaLine } from "./sources.js";
import { t } from "./strings.js";

const LINGER_MS = 200;
const GAP = 6;
const EDGE = 8;

/** The quote behind a citation, shown beside it for as long as it is pointed at or has the focus. */
export class Peek {
  constructor() {
    this.box = el("div", { class: "peek", id: "peek", role: "tooltip", hidden: true });
    this.mark = null;
    byId("conversation").append(this.box);
    // It can be pointed at itself, to read on or to select words.
    this.box.addEventListener("pointerenter", () => clearTimeout(this.leaving));
    this.box.addEventListener("pointerleave", () => this.hide());
    addEventListener("resize", () => this.hide());
    document.addEventListener("scroll", () => this.#follow(), { capture: true, passive: true });
  }

  get isOpen() {
    return !this.box.hidden;
  }

  show(source, mark) {
    clearTimeout(this.leaving);
    if (this.mark === mark) return;
    this.hide();
    this.mark = mark;
    mark.setAttribute("aria-describedby", "peek");
    this.box.replaceChildren(
      ...(source.differs ? [el("p", { class: "peek-otherwise" }, t("turn.otherwise", { count: 1 }))] : []),
      el("blockquote", inLanguage(source.language), source.quote),
      el("p", { class: "peek-title", ...inLanguage(source.language) }, source.title),
      metaLine(source),
    );
    this.box.hidden = false;
    this.#place(mark.getBoundingClientRect());
  }

  /** Hide it unless the pointer comes back, or moves onto it, within a moment. */
  hideSoon() {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.hide(), LINGER_MS);
  }

  hide() {
    clearTimeout(this.leaving);
    this.mark?.removeAttribute("aria-describedby");
    this.mark = null;
    this.box.hidden = true;
  }

  #follow() {
    if (this.mark?.isConnected) this.#place(this.mark.getBoundingClientRect());
    else this.hide();
  }

  #place(mark) {
    const { width, height } = this.box.getBoundingClientRect();
    const left = Math.min(mark.left - EDGE, document.documentElement.clientWidth - width - EDGE);
    const below = mark.bottom + GAP;
    const top = below + height < innerHeight ? below : mark.top - GAP - height;
    this.box.style.left = `${Math.max(EDGE, left)}px`;
    this.box.style.top = `${Math.max(EDGE, top)}px`;
  }
}
