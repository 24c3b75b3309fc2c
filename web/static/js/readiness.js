import { Problem, getJSON } from "./api.js";
import { byId } from "./dom.js";
import { problemNodes } from "./problems.js";

const POLL_MS = 1000;

let ready = null;
let onReady = () => {};

/** Resolve once questions are answered; until then say why they are not. */
export function whenReady() {
  ready ??= poll().catch((error) => {
    ready = null;
    throw error;
  });
  return ready;
}

/** Begin to look whether the server can answer; `listener` is called each time that turns true. */
export function watch(listener) {
  onReady = listener;
  return whenReady();
}

/** Look again, after something said that the server cannot answer any more. */
export function lost() {
  ready = null;
  whenReady();
}

async function poll() {
  for (;;) {
    try {
      await getJSON("/readyz");
      await onReady();
      break;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      showReadiness(error);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  showReadiness(null);
}

/** Say why the server cannot answer; null when it can. */
export function showReadiness(problem) {
  const notice = byId("readiness");
  notice.hidden = problem === null;
  if (!problem) return;
  notice.classList.toggle("notice-warn", problem.code !== "loading");
  // Only what changed is written, or a screen reader would repeat it with every poll.
  const nodes = problemNodes(problem);
  if (notice.textContent !== nodes.map((node) => node.textContent).join("")) notice.replaceChildren(...nodes);
}
