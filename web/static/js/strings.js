/** Everything the chat says of its own, in one place for translation. */

const locale = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(locale);
const languageNames = new Intl.DisplayNames(locale, { type: "language" });
const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const seconds = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

const count = (number, one, other) => `${number} ${plural.select(number) === "one" ? one : other}`;

export const say = {
  sources: "Sources",
  lookingAt: (number) => `Looking at ${count(number, "sentence", "sentences")}`,
  nearest: "Nearest in the documents",
  uncited: (number) => `${number} more looked at, not cited`,
  documents: (number) => count(number, "document", "documents"),
  noDocuments: "There are no documents in the index yet. Add some with: crosscite index FOLDER",

  waitingForModels: "Waiting for the models to load. Your question goes out as soon as they are ready.",
  ahead: (number) => `${count(number, "question is", "questions are")} answered before yours.`,
  searching: "Looking through the documents",
  reading: "Reading the sources",
  writing: "Writing. Grey text is not checked yet.",
  checking: "Checking each sentence against the sources",
  stopped: "Stopped.",
  again: "Ask again",

  exactWords: "source's own words",
  notVerified: "not found in the sources",
  dropped: (number) => `${count(number, "sentence", "sentences")} left out, because no source supports it`,
  notInDocuments: "Not in the documents",
  noAnswer: "No answer",
  took: (milliseconds) => `Answered in ${seconds.format(milliseconds / 1000)} s`,
  openSource: (number, title) => `Source ${number}: ${title}`,
  page: (number) => `p. ${number}`,

  opening: "Opening the document",
  changed: "The document has changed since this answer, so its words cannot be shown in their place.",
  ownPage: "Open on its own page",
  lost: "The connection to crosscite was lost. Is it still running?",
  brokenOff: "The answer broke off. The connection was lost or crosscite was stopped.",
  queueFull: (wait) => `Too many questions are waiting. There should be room in about ${wait} s.`,
};

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
