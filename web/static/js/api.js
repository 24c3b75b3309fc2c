import { t } from "./strings.js";

/** Silence after which a stream is taken for lost: the server says at least every two seconds that it is alive. */
const SILENCE_MS = 20_000;

/** The name by which the server tells this page from others, so that each gets its turn. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("-");

/** A failure that the server explained (RFC 9457), or "lost" or "broken_off" when it could not be reached. */
export class Problem extends Error {
  constructor(message, { status = null, code = null, why = null, document = null, retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.why = why;
    this.document = document;
    this.seconds = retryAfter;
  }
}

/** The address of a document in the API; identifiers are paths, whose slashes stay. */
export function documentPath(id) {
  return `/documents/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** The address of the page that shows a source highlighted. */
export function viewPath({ document: id, start, end }) {
  const span = start === undefined ? "" : `?start=${start}&end=${end}#cited`;
  return `${documentPath(id)}/view${span}`;
}

export async function getJSON(path, signal) {
  const response = await reach(path, { signal });
  return response.json();
}

export function deleteAt(path) {
  return reach(path, { method: "DELETE" });
}

/** Return the machine translation of a source's words. */
export async function translate({ document: id, start, end }, language) {
  const response = await post("/translate", { document: id, start, end, language });
  return response.json();
}

/** Let the server look up and read what a question in the making will need. */
export function prepare(request) {
  return post("/prepare", request);
}

/** Ask, and yield {kind, data} for each event; kind "ahead" tells how many questions come first. */
export async function* ask(request, signal) {
  const response = await post("/ask", { ...request, stream: true }, signal, "text/event-stream");
  try {
    for await (const event of readEvents(response.body)) {
      if (event.comment !== undefined) {
        const ahead = /^ahead=(\d+)$/.exec(event.comment);
        if (ahead) yield { kind: "ahead", data: Number(ahead[1]) };
      } else if (event.kind === "error") {
        throw new Problem(event.data.detail || event.data.title, event.data);
      } else {
        yield event;
        if (event.kind === "answer") return;
      }
    }
  } catch (error) {
    throw error instanceof TypeError ? brokenOff() : error;
  }
  throw brokenOff();
}

const brokenOff = () => new Problem(t("problems.broken_off"), { code: "broken_off" });

function post(path, body, signal, accept = "application/json") {
  const headers = { "Content-Type": "application/json", Accept: accept, "Crosscite-Client": CLIENT };
  return reach(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

async function reach(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(t("problems.lost"), { code: "lost" });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Something between here and crosscite answered; its status is all there is to tell.
  }
  const facts = { status: response.status, code: problem.code, retryAfter };
  return new Problem(problem.detail || `${response.status} ${response.statusText}`, facts);
}

/** Read server-sent events from a byte stream: {comment} or {kind, data}, data as JSON. */
export async function* readEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await withinSilence(reader.read());
      if (done) return;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) yield parseEvent(block);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function withinSilence(read) {
  let timer;
  const silence = new Promise((_, reject) => (timer = setTimeout(() => reject(brokenOff()), SILENCE_MS)));
  return Promise.race([read, silence]).finally(() => clearTimeout(timer));
}

function parseEvent(block) {
  let kind = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field === "") return { comment: value };
    if (field === "event") kind = value;
    if (field === "data") data.push(value);
  }
  return { kind, data: JSON.parse(data.join("\n")) };
}
