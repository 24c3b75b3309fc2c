import { dateText, languageName, t } from "./strings.js";

/** An answer for pasting elsewhere: its sentences with citation numbers, and below them what the numbers stand for. */
export function answerText(turn, write = (text) => text) {
  const { answer } = turn;
  if (!answer) return write(t("turn.unanswered"));
  if (!answer.answered) return write(answer.refusal?.message ?? answer.answer);
  const sentences = answer.sentences.map(({ text, citations }) =>
    [write(text.trim()), ...citations.map((number) => `[${number}]`)].join(" "),
  );
  const sources = answer.citations.map((source) => `[${source.number}] ${sourceLine(source, write)}`);
  return [sentences.join(" "), ...sources, ...otherwise(answer, write)].join("\n\n");
}

/** What other documents say instead of a sentence of the answer. */
function otherwise({ sentences, disagreements = [] }, write) {
  return disagreements.map((source) => {
    const said = `${t("turn.otherwise", { count: 1 })}. ${t("turn.instead_of")}`;
    return `≠ ${write(`${said} “${sentences[source.sentence - 1].text.trim()}”:`)} ${sourceLine(source, write)}`;
  });
}

/** A whole conversation as Markdown. */
export function conversationMarkdown(title, turns) {
  const parts = turns.flatMap((turn) => [`## ${markdown(turn.question)}`, answerText(turn, markdown)]);
  return `${[`# ${markdown(title)}`, ...parts].join("\n\n")}\n`;
}

/** Put a text on the clipboard; pages that came over plain HTTP from another machine only have the old way. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Save a text as a file. */
export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A file name of a title: letters and digits of any script, and not too long for any file system. */
export function fileName(title) {
  const words = title.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return `${["crosscite", ...words].join("-").slice(0, 60)}.md`;
}

function sourceLine(source, write) {
  const page = source.page ? t("documents.page", { number: source.page }) : null;
  const facts = [languageName(source.language), dateText(source.date), page].filter(Boolean);
  const title = [source.title, ...facts].join(", ");
  return `${write(`“${oneLine(source.quote)}”`)} ${write(`(${title}; ${source.document}, ${source.start}-${source.end})`)}`;
}

/** Text as it stands, whatever Markdown would make of it; a line break would start a paragraph, list or heading. */
const markdown = (text) => oneLine(text).replace(/[\\`*_{}[\]<>#+!|~&-]/g, "\\$&").replace(/^(\d+)([.)])/, "$1\\$2");

const oneLine = (text) => text.replace(/\s+/g, " ").trim();
