import { Problem, prepare } from "./api.js";
import { whenReady } from "./readiness.js";

/** The shortest time between two requests. Only the newest words count, and each request costs a search. */
const PAUSE_MS = 400;

/** How long nothing is sent after something went wrong: it is the question that has to tell about it. */
const TROUBLE_MS = 10_000;

/** Tells the server what stands in a field, so that it finds and reads evidence while the question is being typed. */
export class Ahead {
  /** `request` returns what POST /ask would be given for a text, or null when nothing may be asked now. */
  constructor(field, request) {
    this.field = field;
    this.request = request;
    this.timer = null;
    this.next = 0;
    this.sent = "";
    field.addEventListener("input", (event) => event.isComposing || this.look());
    field.addEventListener("compositionend", () => this.look());
  }

  /** Look, at once or when it is time, whether something else would be asked than what was sent last. */
  look() {
    this.timer ??= setTimeout(() => this.#send(), Math.max(0, this.next - performance.now()));
  }

  async #send() {
    try {
      await whenReady();
      const text = this.field.value.trim();
      const request = text && this.request(text);
      const wanted = JSON.stringify(request);
      if (!request || wanted === this.sent) return;
      this.sent = wanted;
      this.next = performance.now() + PAUSE_MS;
      await prepare(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.next = performance.now() + TROUBLE_MS;
    } finally {
      this.timer = null;
    }
  }
}
