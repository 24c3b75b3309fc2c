/** The text a model has written so far, of which verified sentences take over the front. */
export class Draft {
  constructor() {
    this.text = "";
  }

  add(characters) {
    this.text += characters;
  }

  /**
   * Drop what a verified sentence stands for, and everything before it. A sentence that the model did not write in
   * these words (a source's own words put in its place) leaves the draft as it is until the next one.
   */
  settle(sentence) {
    const end = endOf(this.text, sentence);
    if (end >= 0) this.text = this.text.slice(end);
  }
}

/** Compare letter by letter without regard to space and citation numbers, which the code may have changed. */
function endOf(text, sentence) {
  const letters = [...text.matchAll(/\s*\[\d+\]|\s+|([^\s])/g)].filter((match) => match[1] !== undefined);
  const wanted = sentence.replace(/\s*\[\d+\]/g, "").replace(/\s+/g, "");
  if (!wanted) return -1;
  const at = letters.map((match) => match[1]).join("").indexOf(wanted);
  if (at < 0) return -1;
  const last = letters[at + wanted.length - 1];
  const trailing = /^(\s*\[\d+\])*/.exec(text.slice(last.index + last[0].length));
  return last.index + last[0].length + trailing[0].length;
}

/** What stands between two sentences: the line break of the whole text, nothing in scripts without spaces, a space. */
export function separator(before, after, whole = "") {
  if (!before) return "";
  const end = whole.indexOf(after);
  const gap = end > 0 ? /\s*$/.exec(whole.slice(0, end))[0] : "";
  if (gap.includes("\n")) return gap;
  return /[\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]$/.test(before) ? "" : " ";
}

/** A sentence without the citation numbers that are shown as marks. */
export function withoutMarkers(text) {
  return text.replace(/\s*\[\d+\](?=\W*$|\s*\[)/g, "").trimEnd();
}
