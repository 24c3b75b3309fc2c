import { byId, el } from "./dom.js";
import * as store from "./store.js";
import { t } from "./strings.js";

/** From so many conversations on they are found by their words. */
const MANY = 8;

/** The list of conversations: beside the chat where there is room, over it otherwise. */
export class Sidebar {
  constructor({ behind, onDelete, onRename }) {
    this.behind = behind;
    this.onDelete = onDelete;
    this.onRename = onRename;
    this.panel = byId("conversations");
    this.list = byId("conversation-list");
    this.undo = byId("deleted");
    this.button = byId("open-conversations");
    this.filter = byId("find-conversation");
    this.current = null;
    this.filter.addEventListener("input", () => this.show());
    this.button.addEventListener("click", () => this.open());
    byId("close-conversations").addEventListener("click", () => this.close());
    this.list.addEventListener("click", (event) => event.target.closest("a") && this.close());
  }

  get isOpen() {
    return this.panel.classList.contains("over");
  }

  open() {
    this.panel.classList.add("over");
    this.#cover(true);
    byId("close-conversations").focus();
  }

  close() {
    if (!this.isOpen) return;
    this.panel.classList.remove("over");
    this.#cover(false);
    this.button.focus();
  }

  /** Show what is stored; `current` is the id of the conversation on the page. */
  show(current = this.current) {
    this.current = current;
    const all = store.list();
    // Without anything to list there is nothing beside the chat.
    document.body.classList.toggle("with-conversations", all.length > 0 || !this.undo.hidden);
    this.filter.hidden = all.length < MANY;
    const wanted = this.filter.hidden ? "" : this.filter.value.trim().toLocaleLowerCase();
    const found = all.filter((conversation) => wordsOf(conversation).includes(wanted));
    this.list.replaceChildren(...found.map((conversation) => this.#item(conversation)));
    byId("none-found").hidden = found.length > 0 || !wanted;
  }

  #item(conversation) {
    const title = store.titleOf(conversation);
    const link = el(
      "a",
      { href: `#${conversation.id}`, dir: "auto", "aria-current": conversation.id === this.current && "page" },
      title,
    );
    const item = el(
      "li",
      {},
      link,
      iconButton("rename", t("chat.rename", { title }), () => this.#rename(conversation, item)),
      iconButton("delete", t("chat.delete", { title }), () => this.#delete(conversation, title)),
    );
    return item;
  }

  #rename(conversation, item) {
    const field = el("input", { type: "text", "aria-label": t("chat.title"), dir: "auto", maxlength: "200" });
    field.value = store.titleOf(conversation);
    let done = false;
    const end = (kept) => {
      if (done) return;
      done = true;
      if (kept) this.onRename(conversation.id, field.value.trim());
      this.show();
      this.#linkTo(conversation.id)?.parentElement.querySelector("button").focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      event.stopPropagation();
      // The button that gets the focus next would take this very Enter for a click.
      event.preventDefault();
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    item.replaceChildren(field);
    field.select();
  }

  #delete(conversation, title) {
    const kept = this.onDelete(conversation.id);
    const restore = el("button", { type: "button", class: "quiet" }, t("chat.undo"));
    restore.addEventListener("click", () => {
      // Another tab may have kept it, with an answer that came after it was deleted here.
      if (!store.load(kept.id)) store.save(kept);
      this.undo.hidden = true;
      this.show();
      this.#linkTo(kept.id)?.focus();
    });
    this.undo.replaceChildren(el("span", { dir: "auto" }, t("chat.deleted", { title })), restore);
    this.undo.hidden = false;
    this.show();
    restore.focus();
  }

  #linkTo(id) {
    return this.list.querySelector(`a[href="#${CSS.escape(id)}"]`);
  }

  #cover(covered) {
    for (const element of this.behind) element.inert = covered;
  }
}

/** What a conversation is found by: its title, and all that was asked and answered. */
function wordsOf(conversation) {
  const said = conversation.turns.flatMap(({ question, answer }) => [question, answer?.answer ?? ""]);
  return [store.titleOf(conversation), ...said].join("\n").toLocaleLowerCase();
}

function iconButton(icon, label, onclick) {
  return el("button", { type: "button", class: `icon icon-${icon}`, "aria-label": label, title: label, onclick });
}
