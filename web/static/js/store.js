/**
 * Conversations, kept in this browser and nowhere else.
 *
 * A conversation is {id, title, changed, turns}; a turn {question, documents, evidence, answer, failure}, where `answer`
 * is the API's object, and a turn with neither answer nor failure was left while it was being answered.
 */

const PREFIX = "crosscite.conversation.";
/** Where the browser keeps nothing (storage switched off), conversations last as long as the page. */
const fallback = new Map();

export function newConversation() {
  return { id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`, title: "", changed: 0, turns: [] };
}

/** Return a conversation, null when there is none or what is stored is no conversation. */
export function load(id) {
  try {
    const found = JSON.parse(read(PREFIX + id));
    return found?.id === id && Array.isArray(found.turns) ? found : null;
  } catch {
    return null;
  }
}

/** Return all conversations, the last one changed first. */
export function list() {
  return keys()
    .map((key) => load(key.slice(PREFIX.length)))
    .filter(Boolean)
    .sort((a, b) => b.changed - a.changed);
}

/** Keep a conversation; return false when the browser has no room for it. */
export function save(conversation) {
  const text = JSON.stringify(conversation);
  try {
    localStorage.setItem(PREFIX + conversation.id, text);
  } catch (error) {
    fallback.set(PREFIX + conversation.id, text);
    return error.name !== "QuotaExceededError";
  }
  return true;
}

export function remove(id) {
  fallback.delete(PREFIX + id);
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // It was only in the fallback.
  }
}

/** The name a conversation goes by: the one it was given, else its first question. */
export function titleOf(conversation) {
  return conversation.title || conversation.turns[0]?.question || "";
}

/** Call back with the id of each conversation that another tab changed. */
export function watch(changed) {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) changed(key.slice(PREFIX.length));
  });
}

function read(key) {
  try {
    return localStorage.getItem(key) ?? fallback.get(key) ?? null;
  } catch {
    return fallback.get(key) ?? null;
  }
}

function keys() {
  try {
    return [...new Set([...Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)), ...fallback.keys()])];
  } catch {
    return [...fallback.keys()];
  }
}
