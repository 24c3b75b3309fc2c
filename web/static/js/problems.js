import { el } from "./dom.js";
import { has, t } from "./strings.js";

/** Codes whose detail, in English, holds what the reader needs besides: a command, a name, a limit. */
const TELLING = /^(index|model|invalid|document)_/;

/** What went wrong in the page's language, and behind it what the server says about this case. */
export function problemNodes({ code, message, seconds = null }) {
  const known = code && has(`problems.${code}`);
  const said = known ? t(`problems.${code}`, { seconds }) : message;
  const detail = known && TELLING.test(code) ? el("span", { class: "detail", lang: "en", dir: "ltr" }, message) : null;
  return [el("span", {}, said), detail].filter(Boolean);
}
