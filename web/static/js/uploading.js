import { Problem } from "./api.js";
import { t } from "./strings.js";

/**
 * Send one file; resolve with the upload that the server makes of it. `onSent` is told the share that is sent.
 * XMLHttpRequest, because fetch cannot tell how much of a body is on its way.
 */
export function send(file, { replace = false, onSent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", replace ? "/documents?replace=true" : "/documents");
    request.setRequestHeader("Prefer", "respond-async");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onSent(event.loaded / event.total));
    request.addEventListener("load", () => {
      const answer = request.response ?? {};
      if (request.status === 202) resolve(answer.uploads[0]);
      else reject(problemOf(answer, request.status));
    });
    request.addEventListener("error", () => reject(new Problem(t("problems.lost"), { code: "lost" })));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    const body = new FormData();
    body.append("file", file, file.name);
    request.send(body);
  });
}

/** Why a file need not even be sent, null if it may be. */
export function refusal(file, { mostBytes, suffixes }) {
  const suffix = /\.[^.]+$/.exec(file.name)?.[0].toLowerCase() ?? "";
  if (!suffixes.includes(suffix)) return new Problem("", { why: "format", status: 415 });
  if (file.size > mostBytes) return new Problem("", { why: "size", status: 413 });
  return null;
}

/** The files of a drop, and the names of the folders, which cannot be sent. */
export function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  const folders = entries.filter((entry) => entry?.isDirectory).map((entry) => entry.name);
  return { files: [...transfer.files].filter((file) => !folders.includes(file.name)), folders };
}

export function problemOf(problem, status) {
  return new Problem(problem.detail || t("problems.lost"), { ...problem, status });
}
