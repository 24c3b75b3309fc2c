/** What the page says of its own, in the language that the server chose; the texts stand in web/locales. */

const locale = document.documentElement.lang || "en";
const catalogue = JSON.parse(document.getElementById("strings").textContent);
const plural = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const languageNames = new Intl.DisplayNames(locale, { type: "language" });
const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });

/** Return the text of a dotted key; values take the place of its {placeholders}, and `count` chooses its plural. */
export function t(key, values = {}) {
  let text = key.split(".").reduce((entry, part) => entry[part], catalogue);
  if (typeof text === "object") text = text[plural.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** Whether there is a text for a key, as for the codes of problems. */
export function has(key) {
  return key.split(".").reduce((entry, part) => entry?.[part], catalogue) !== undefined;
}

const shown = (value) => (typeof value === "number" ? number.format(value) : String(value));

/** Several things as one phrase: "German and Japanese". */
export function listOf(things) {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(things);
}

/** The name of a language for its code, the code itself when it has none. */
export function languageName(code) {
  if (!code || code === "und") return null;
  try {
    return languageNames.of(code);
  } catch {
    return code;
  }
}

/** A date for people; what is not a full ISO date is shown as it is written. */
export function dateText(date) {
  if (!date) return null;
  const time = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? date : dateFormat.format(time);
}
