import { Problem, deleteAt, documentPath, getJSON, viewPath } from "./api.js";
import { byId, el, inLanguage } from "./dom.js";
import { problemNodes } from "./problems.js";
import { showReadiness } from "./readiness.js";
import { dateText, has, languageName, t } from "./strings.js";
import { dropped, problemOf, refusal, send } from "./uploading.js";

const POLL_MS = 500;
const RETRY_MS = 1000;
/** Rows shown at once; the rest comes on demand or by filtering. */
const ROWS = 100;
/** From so many documents on they are filtered and sorted rather than read through. */
const MANY = 8;

const locale = document.documentElement.lang;
const collator = new Intl.Collator(locale, { numeric: true });
const sizes = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const times = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const changeable = "changeable" in document.body.dataset;
const limits = {
  mostBytes: Number(document.body.dataset.mostBytes),
  suffixes: document.body.dataset.suffixes.split(" "),
};

const ORDERS = {
  title: (a, b) => collator.compare(a.title, b.title),
  added: (a, b) => b.added.localeCompare(a.added) || collator.compare(a.title, b.title),
  date: (a, b) => (b.date ?? "").localeCompare(a.date ?? "") || collator.compare(a.title, b.title),
  language: (a, b) => collator.compare(languageName(a.language) ?? "", languageName(b.language) ?? "") || ORDERS.title(a, b),
  size: (a, b) => b.size - a.size,
};

let documents = [];
let rows = ROWS;

// The list

/** Fetch and show the documents; while the server cannot tell, say why and ask again. */
async function loadDocuments() {
  for (;;) {
    try {
      ({ documents } = await getJSON("/documents"));
      return ready();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Without an index there are no documents, and the first upload makes one.
      if (error.code === "index_missing" && changeable) {
        documents = [];
        return ready();
      }
      showReadiness(error);
      byId("empty").hidden = true;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function ready() {
  showReadiness(null);
  showDocuments();
}

function showDocuments() {
  const wanted = byId("filter").value.trim().toLocaleLowerCase(locale);
  const found = documents.filter((item) => searched(item).includes(wanted)).sort(ORDERS[byId("sort").value]);
  byId("tools").hidden = documents.length < MANY;
  byId("empty").hidden = documents.length > 0;
  byId("count").textContent = !documents.length
    ? ""
    : found.length === documents.length
      ? t("documents.count", { count: documents.length })
      : t("documents.found", { count: found.length, all: documents.length });
  byId("documents").replaceChildren(...found.slice(0, rows).map(documentRow));
  byId("more").hidden = found.length <= rows;
  byId("more").textContent = t("documents.more", { count: found.length - rows });
  byId("kept").hidden = !changeable || documents.every((item) => item.uploaded);
}

const searched = (item) =>
  `${item.title}\n${item.id}\n${languageName(item.language) ?? ""}\n${item.date ?? ""}`.toLocaleLowerCase(locale);

function documentRow(item) {
  const facts = [
    languageName(item.language),
    dateText(item.date),
    item.pages ? t("documents.pages", { count: item.pages }) : null,
    t("documents.passages", { count: item.passages }),
    sizeText(item.size),
    item.added ? t("documents.added", { date: times.format(new Date(item.added)) }) : null,
    item.uploaded ? null : t("documents.in_folder", { folder: item.folder }),
  ];
  const link = el("a", { href: viewPath({ document: item.id }), ...inLanguage(item.language) }, item.title);
  const row = el(
    "li",
    { "data-id": item.id },
    el(
      "div",
      {},
      link,
      el("p", { class: "meta" }, ...facts.filter(Boolean).map((fact) => el("span", {}, fact))),
    ),
  );
  if (changeable && item.uploaded) {
    const label = t("documents.remove_title", { title: item.title });
    const button = el("button", { type: "button", class: "quiet", "aria-label": label }, t("documents.remove"));
    button.addEventListener("click", () => askToRemove(item, button));
    row.append(button);
  }
  return row;
}

function sizeText(bytes) {
  const [unit, amount] = bytes < 1e3 ? ["B", bytes] : bytes < 1e6 ? ["kB", bytes / 1e3] : ["MB", bytes / 1e6];
  return `${sizes.format(amount)}\u00a0${unit}`;
}

function announce(text) {
  byId("announcement").textContent = text;
}

// Removing

let removing = null;

function askToRemove(item, button) {
  removing = { item, button };
  byId("removing-title").textContent = t("documents.removing_title", { title: item.title });
  byId("removing-text").textContent = t("documents.removing_text", { count: item.sentences });
  byId("removing-problem").hidden = true;
  byId("remove").disabled = false;
  byId("removing").showModal();
}

async function remove() {
  const { item, button } = removing;
  byId("remove").disabled = true;
  try {
    await deleteAt(documentPath(item.id));
  } catch (error) {
    // What is gone already is what was wanted.
    if (error.code !== "document_not_found") {
      byId("remove").disabled = false;
      byId("removing-problem").replaceChildren(...problemNodes(error));
      byId("removing-problem").hidden = false;
      return;
    }
  }
  const list = [...byId("documents").querySelectorAll("li button")];
  const next = list.indexOf(button);
  documents = documents.filter((other) => other.id !== item.id);
  byId("removing").close();
  showDocuments();
  announce(t("documents.removed", { title: item.title }));
  // The focus goes to what took the place of the button that is gone.
  const buttons = byId("documents").querySelectorAll("li button");
  (buttons[Math.min(next, buttons.length - 1)] ?? byId("title")).focus();
}

// Adding

/** Files of this page on their way, and uploads of other pages: from the server's id, or a number, to their row. */
const rowsOfUploads = new Map();
let sending = Promise.resolve();
let polling = false;
let lost = false;

function add({ files, folders = [] }) {
  for (const name of folders) new UploadRow(name).refuse(new Problem(t("documents.refused_folder")));
  for (const file of files) {
    const row = new UploadRow(file.name, file);
    const problem = refusal(file, limits);
    if (problem) row.refuse(problem);
    else enqueue(row);
  }
}

/** One after the other: two at once would only share the line. */
function enqueue(row, replace = false) {
  row.show("queued");
  sending = sending.then(() => row.send(replace));
}

class UploadRow {
  constructor(name, file = null) {
    this.name = name;
    this.file = file;
    this.abort = new AbortController();
    this.title = el("span", { class: "upload-name", dir: "auto" }, name);
    this.status = el("span", { class: "upload-status" });
    this.bar = el("progress", { max: "1", "aria-label": t("documents.progress", { name }) });
    this.actions = el("span", { class: "upload-actions" });
    this.element = el("li", { class: "upload" }, this.title, this.actions, this.bar, this.status);
    byId("uploads").hidden = false;
    byId("uploads").append(this.element);
  }

  async send(replace) {
    if (this.abort.signal.aborted) return;
    try {
      const upload = await send(this.file, {
        replace,
        signal: this.abort.signal,
        onSent: (share) => this.show("sending", share),
      });
      // The server may have told of it already, as of one of another page.
      rowsOfUploads.get(upload.id)?.leave();
      rowsOfUploads.set(upload.id, this);
      this.update(upload);
      poll();
    } catch (error) {
      if (error.name !== "AbortError") this.refuse(error);
    }
  }

  /** Show what the server says of the upload. */
  update(upload) {
    const before = this.upload?.state;
    this.upload = upload;
    if (upload.state === "done") this.#done(before);
    else if (upload.state === "refused") this.refuse(problemOf(upload.problem, upload.problem.status));
    else if (upload.state === "embedding") this.show(upload.paused ? "paused" : "embedding", upload.embedded / upload.passages);
    else this.show(upload.state);
  }

  show(state, share = null) {
    const { embedded, passages } = this.upload ?? {};
    this.#say(t(`documents.state_${state}`, { percent: Math.floor((share ?? 0) * 100), done: embedded, all: passages }));
    this.element.className = "upload";
    this.bar.hidden = false;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    // What is being written into the index cannot be called back; it can be removed.
    this.#offer(state === "indexing" ? null : ["cancel", () => this.cancel()]);
  }

  refuse(problem) {
    this.element.className = "upload refused";
    this.bar.hidden = true;
    const text = explain(problem, this.name);
    this.#say(text);
    announce(t("documents.refused", { name: this.name, reason: text }));
    this.#offer(
      this.file && problem.code === "name_taken" ? ["replace", () => this.#again(true)] : null,
      this.file && (problem.code === "lost" || problem.status >= 500) ? ["again", () => this.#again(false)] : null,
      ["dismiss", () => this.cancel()],
    );
  }

  /** Stop it, on its way here or in the server, or forget what became of it. */
  cancel() {
    this.abort.abort();
    this.#giveUp();
    this.leave();
  }

  leave() {
    const hadFocus = this.element.contains(document.activeElement);
    this.element.remove();
    byId("uploads").hidden = !byId("uploads").children.length;
    if (hadFocus) byId("files").focus();
  }

  #done(before) {
    this.element.className = "upload done";
    this.bar.hidden = true;
    const link = el("a", { href: viewPath({ document: this.upload.document }) }, t("documents.read"));
    this.status.replaceChildren(`${t("documents.state_done")} `, link);
    this.#offer(["dismiss", () => this.cancel()]);
    if (before !== "done") {
      announce(t("documents.done", { name: this.name }));
      loadDocuments();
    }
  }

  #again(replace) {
    this.#giveUp();
    enqueue(this, replace);
  }

  #giveUp() {
    if (!this.upload) return;
    rowsOfUploads.delete(this.upload.id);
    deleteAt(`/uploads/${this.upload.id}`).catch(() => {});
    this.upload = null;
  }

  #say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** The buttons of the row; those that stay are left alone, so that they keep the focus. */
  #offer(...actions) {
    const wanted = actions.filter(Boolean);
    const key = wanted.map(([name]) => name).join(" ");
    if (this.offered === key) return;
    this.offered = key;
    const hadFocus = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(
      ...wanted.map(([name, action]) => {
        const label = t(`documents.${name}_name`, { name: this.name });
        return el("button", { type: "button", class: "quiet", "aria-label": label, onclick: action }, t(`documents.${name}`));
      }),
    );
    if (hadFocus) (this.actions.querySelector("button") ?? byId("files")).focus();
  }
}

/** Why a file is not taken, in the page's language; what is broken in a damaged one is said in English alone. */
function explain(problem, name) {
  const key = `documents.why_${problem.why}`;
  if (!has(key)) return problemNodes(problem).map((node) => node.textContent).join(" ");
  const reason = problem.message.replace(`${name}: `, "");
  return t(key, { reason, document: problem.document, most: limits.mostBytes / 2 ** 20 });
}

/** Follow the uploads until none is on its way; those of other pages are shown too. */
async function poll() {
  if (polling) return;
  polling = true;
  try {
    while (await follow()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  } finally {
    polling = false;
  }
}

async function follow() {
  // What is sent while the server is asked cannot be in its answer.
  const asked = new Map(rowsOfUploads);
  let uploads;
  try {
    ({ uploads } = await getJSON("/uploads"));
  } catch (error) {
    if (error.code !== "lost") throw error;
    lost = true;
    showReadiness(error);
    return true;
  }
  if (lost) showReadiness(null);
  lost = false;
  const found = new Set(uploads.map((upload) => upload.id));
  for (const [id, row] of asked) {
    if (found.has(id) || !rowsOfUploads.has(id)) continue;
    rowsOfUploads.delete(id);
    // The server does not know it: it was started anew.
    if (!isOver(row.upload)) row.refuse(new Problem(t("documents.refused_restart"), { status: 503 }));
  }
  for (const upload of uploads) {
    if (!rowsOfUploads.has(upload.id)) {
      // What was given up while the server was asked may still be in its answer.
      if (upload.state === "done" || asked.has(upload.id)) continue;
      rowsOfUploads.set(upload.id, new UploadRow(upload.name));
    }
    const row = rowsOfUploads.get(upload.id);
    if (!isOver(row.upload ?? {})) row.update(upload);
  }
  return [...rowsOfUploads.values()].some((row) => !isOver(row.upload));
}

const isOver = (upload) => upload.state === "done" || upload.state === "refused";

function takeDrops() {
  const zone = byId("drop");
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("over", depth > 0);
  };
  document.addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  // Wherever on the page it is dropped: a file must never take the page's place.
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(-depth);
    add(dropped(event.dataTransfer));
  });
}

for (const id of ["filter", "sort"]) {
  byId(id).addEventListener("input", () => {
    rows = ROWS;
    showDocuments();
  });
}
byId("more").addEventListener("click", () => {
  const first = rows;
  rows += ROWS;
  showDocuments();
  byId("documents").children[first]?.querySelector("a").focus();
});
if (changeable) {
  byId("files").addEventListener("change", (event) => {
    add({ files: [...event.target.files] });
    // The same file can be chosen again.
    event.target.value = "";
  });
  byId("remove").addEventListener("click", remove);
  byId("removing").addEventListener("close", () => removing?.button.isConnected && removing.button.focus());
  takeDrops();
  poll();
}
loadDocuments();
