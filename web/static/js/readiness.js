import { Problem, getJSON } from "./api.js";
import { byId } from "./dom.js";
import { problemNodes } from "./problems.js";

const POLL_MS = 1000;

let ready = null;

/** Resolve once questions are answered; until then say why they are not. `onReady` is called each time it turns true. */
export function whenReady(onReady = listener) {
  ready ??= poll(onReady).catch((error) => {
    ready = null;
    throw error;
  });
  return ready;
}

/** Begin to look whether the server can answer, and go on when it is gone and comes back. */
export function watch(onReady) {
  listener = onReady;
  return whenReady();
}

/** Look again, after something said that the server cannot answer any more. */
export function lost() {
  ready = null;
  whenReady();
}

let listener = () => {};

async function poll(onReady) {
  for (;;) {
    try {
      await getJSON("/readyz");
      await onReady();
      break;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      show(error);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  show(null);
}

function show(problem) {
  const notice = byId("readiness");
  notice.hidden = problem === null;
  if (!problem) return;
  notice.classList.toggle("notice-warn", problem.code !== "loading");
  // Only what changed is written, or a screen reader would repeat it with every poll.
  const nodes = problemNodes(problem);
  if (notice.textContent !== nodes.map((node) => node.textContent).join("")) notice.replaceChildren(...nodes);
}
