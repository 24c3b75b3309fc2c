import { Problem, prepare } from "./api.js";
import { whenReady } from "./readiness.js";

/** How long nobody types in the middle of a word until it is taken for a whole one. */
const PAUSE_MS = 350;

/** How long nothing is sent after something went wrong: the question itself will tell. */
const TROUBLE_MS = 10_000;

/**
 * Tells the server what stands in a field, so that it finds and reads evidence while the question is being typed.
 *
 * That is done after every word: half of a word means something else, and would only cost a search.
 */
export class Ahead {
  /** `request` returns what POST /ask would be given for a text, or null when nothing may be asked now. */
  constructor(field, request) {
    this.field = field;
    this.request = request;
    this.timer = null;
    this.quietUntil = 0;
    this.sent = "";
    field.addEventListener("input", (event) => {
      if (!event.isComposing) this.look(/[\s\p{P}]$/u.test(field.value) ? 0 : PAUSE_MS);
    });
    field.addEventListener("compositionend", () => this.look());
  }

  /** Look after some milliseconds whether something else would be asked than what was sent last. */
  look(wait = 0) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#send(), wait);
  }

  async #send() {
    try {
      await whenReady();
      const text = this.field.value.trim();
      const request = text && this.request(text);
      const wanted = JSON.stringify(request);
      if (!request || wanted === this.sent || performance.now() < this.quietUntil) return;
      this.sent = wanted;
      await prepare(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.quietUntil = performance.now() + TROUBLE_MS;
    }
  }
}
