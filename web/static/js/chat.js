import { Ahead } from "./ahead.js";
import { getJSON, viewPath } from "./api.js";
import { conversationMarkdown, download, fileName } from "./copying.js";
import { byId, el, inLanguage, opensElsewhere } from "./dom.js";
import { Peek } from "./peek.js";
import { Reader } from "./reader.js";
import { watch } from "./readiness.js";
import { Scope } from "./scope.js";
import { Sidebar } from "./sidebar.js";
import { metaLine } from "./sources.js";
import * as store from "./store.js";
import { t } from "./strings.js";
import { Thread } from "./thread.js";

/** What keeps a name's direction of writing out of the question around it; it is for the eye only. */
const ISOLATES = /[\u2068\u2069]/g;

const conversation = byId("conversation");
const field = byId("question");
const top = document.querySelector(".top");

const peek = new Peek();
const scope = new Scope();
const reader = new Reader({ behind: [conversation, top], onClose: () => peek.hide() });
const sidebar = new Sidebar({ behind: [conversation, top], onDelete: deleteConversation, onRename: rename });

const ahead =
  "ahead" in document.body.dataset
    ? new Ahead(field, (text) => (thread.isAsking ? null : thread.request(text, scope.documents, editing)))
    : null;

/** Conversations that were on the page, by id; one that is being answered goes on while another is looked at. */
const threads = new Map();
let thread = null;
/** The turn whose question the field holds, to be asked in its place. */
let editing = null;

/* --- conversations --- */

function open(id) {
  const stored = id ? (threads.get(id)?.conversation ?? store.load(id)) : null;
  const data = stored ?? store.newConversation();
  if (!threads.has(data.id)) threads.set(data.id, newThread(data));
  thread = threads.get(data.id);
  stopEditing();
  peek.hide();
  reader.close({ focus: false });
  byId("turns").replaceChildren(thread.element);
  show(thread);
  thread.element.lastElementChild?.scrollIntoView({ block: "start" });
}

function newThread(data) {
  return new Thread(data, {
    onOpen: openSource,
    onPeek: (source, mark) => (source ? peek.show(source, mark) : peek.hideSoon()),
    onEdit: startEditing,
    onChange: keep,
    onRedraw: (element) => reader.follow(element),
  });
}

/** Keep what changed, and let the page say so. */
function keep(changed) {
  const { conversation: data } = changed;
  if (!threads.has(data.id)) return;
  data.changed = Date.now();
  byId("storage-full").hidden = store.save(data);
  // What is being typed may follow another answer now.
  ahead?.look();
  if (changed === thread) {
    if (location.hash.slice(1) !== data.id) history.pushState(null, "", `#${data.id}`);
    show(changed);
  }
  sidebar.show();
}

function show({ conversation: data, isAsking }) {
  const empty = data.turns.length === 0;
  byId("welcome").hidden = !empty;
  for (const id of ["new", "export"]) byId(id).hidden = empty;
  byId("submit").hidden = isAsking;
  byId("stop").hidden = !isAsking;
  field.placeholder = empty ? t("chat.placeholder") : t("chat.follow_up");
  sidebar.show(data.id);
}

function rename(id, title) {
  const data = threads.get(id)?.conversation ?? store.load(id);
  if (!data) return; // another tab has deleted it meanwhile
  data.title = title;
  store.save(data);
}

/** Delete a conversation and return it, for who wants it back. */
function deleteConversation(id) {
  const data = threads.get(id)?.conversation ?? store.load(id);
  const deleted = threads.get(id);
  threads.delete(id);
  deleted?.stop();
  store.remove(id);
  if (deleted === thread) startNew();
  return data;
}

function startNew() {
  if (location.hash) history.pushState(null, "", location.pathname);
  open(null);
  conversation.scrollTop = 0;
  // The documents may be others by now. If they cannot be had, the list stays as it is and the next question says why.
  showLibrary().catch(() => {});
}

/* --- documents --- */

function openSource(source, opener, beside) {
  peek.hide();
  reader.open(source, opener, beside);
}

async function showLibrary() {
  const [{ documents }, { questions }] = await Promise.all([getJSON("/documents"), getJSON("/starters")]);
  scope.load(documents);
  showStarters(questions);
  byId("library").hidden = false;
  byId("library-title").textContent = documents.length
    ? t("documents.count", { count: documents.length })
    : t("chat.no_documents");
  byId("documents").replaceChildren(
    ...documents.map((item) => {
      const source = { ...item, document: item.id };
      const link = el(
        "a",
        { href: viewPath(source) },
        el("span", { class: "name", ...inLanguage(item.language) }, item.title),
        metaLine(source),
      );
      link.addEventListener("click", (event) => {
        if (opensElsewhere(event)) return;
        event.preventDefault();
        openSource(source, link);
      });
      return el("li", {}, link);
    }),
  );
}

function showStarters(questions) {
  byId("starters").hidden = questions.length === 0;
  byId("starter-list").replaceChildren(
    ...questions.map((question) => {
      const button = el("button", { type: "button", class: "starter", dir: "auto" }, question);
      button.addEventListener("click", () => {
        // Names and titles are in the documents' languages; the question is in the page's.
        const language = document.documentElement.lang;
        thread.ask(question.replace(ISOLATES, ""), { documents: scope.documents, language });
        field.focus();
      });
      return el("li", {}, button);
    }),
  );
}

/* --- asking --- */

function submit() {
  const question = field.value.trim();
  if (!question || thread.isAsking) return;
  setField("");
  const turn = editing;
  stopEditing();
  if (turn) thread.edit(turn, question, scope.documents);
  else thread.ask(question, { documents: scope.documents });
}

function startEditing(turn, following) {
  editing = turn;
  setField(turn.question);
  byId("editing").hidden = false;
  byId("editing-text").textContent = following ? t("chat.editing_removes", { count: following }) : t("chat.editing");
  field.focus();
}

function stopEditing() {
  if (editing) setField("");
  editing = null;
  byId("editing").hidden = true;
}

function setField(text) {
  field.value = text;
  fitField();
  keepDraft();
}

/** Where `field-sizing: content` is unknown, the field grows by hand. */
function fitField() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** A question that is not asked yet survives a reload, too. */
function keepDraft() {
  try {
    sessionStorage.setItem("crosscite.draft", field.value);
  } catch {
    // A browser that keeps nothing.
  }
}

function stopAsking() {
  thread.stop();
  field.focus();
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

field.addEventListener("input", () => {
  fitField();
  keepDraft();
});
field.addEventListener("keydown", (event) => {
  // While an input method composes, Enter accepts a word and must not ask.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});

/** Escape ends what was begun last: the topmost thing first, the answer in the making at last. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (peek.isOpen) peek.hide();
  else if (sidebar.isOpen) sidebar.close();
  else if (reader.isOpen) reader.close();
  else if (editing) stopEditing();
  else stopAsking();
});

byId("stop").addEventListener("click", stopAsking);
byId("editing-cancel").addEventListener("click", () => {
  stopEditing();
  field.focus();
});
byId("new").addEventListener("click", () => {
  startNew();
  field.focus();
});
byId("export").addEventListener("click", () => {
  const title = store.titleOf(thread.conversation);
  download(fileName(title), conversationMarkdown(title, thread.conversation.turns));
});

addEventListener("popstate", () => location.hash.slice(1) !== thread.conversation.id && open(location.hash.slice(1)));
store.watch((id) => {
  // What another tab made of a conversation is newer, unless this one is just being answered here.
  if (!threads.get(id)?.isAsking) threads.delete(id);
  if (id !== thread.conversation.id || thread.isAsking) sidebar.show();
  else if (store.load(id)) open(id);
  // Deleted there, it is left here too: what would be asked in it now would be kept nowhere.
  else startNew();
});

open(location.hash.slice(1));
try {
  setField(sessionStorage.getItem("crosscite.draft") ?? "");
} catch {
  // A browser that keeps nothing.
}
watch(showLibrary);
