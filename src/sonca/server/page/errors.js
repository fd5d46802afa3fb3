/** Errors in words, each shown next to what it is about. */

import { ApiError } from "./api.js";
import { words } from "./words.js";

const WHERE = {
  empty_text: "text",
  nothing_to_say: "text",
  too_long: "text",
  file_type: "text",
  file_book: "text",
  file_size: "text",
  unknown_voice: "voice",
  unsupported: "voice",
  no_voices: "voice",
};
/** Errors whose message from the server says more than our words: the value and the limit. */
const TELLING = new Set(["failed", "too_long", "unknown_voice", "unsupported", "server_says"]);
/** Errors whose words fit whatever was asked for. */
const GENERAL = new Set([
  ...["offline", "key", "busy", "unavailable", "shutting_down", "storage_full"],
  ...["too_many_books", "too_many_kept_books", "too_many_plans", "book_type"],
]);

/** Shows an `ApiError` at its place, or at `elsewhere` if it has none of its own. */
export function showError(error, elsewhere = "player") {
  fill(boxAt(WHERE[error.code] ?? elsewhere), error);
}

/** What comes of `what`; null where it failed, and `box` says why. */
export async function guarded(what, box) {
  box.hidden = true;
  try {
    return await what();
  } catch (error) {
    if (error.name !== "AbortError") showBookError(box, error);
    return null;
  }
}

/** An error about a book, whose file and options only the server can speak of. */
export function showBookError(box, error) {
  const said = error instanceof ApiError && !GENERAL.has(error.code);
  fill(box, error, said ? "server_says" : error.code);
}

function fill(box, error, code = error.code) {
  if (!(error instanceof ApiError)) code = "failed"; // a browser's own errors have numbers
  const { message, name, mb, retryAfter = 0, requestId } = error;
  const seconds = Math.max(1, Math.ceil(retryAfter));
  box.replaceChildren(words.say(`error.${code}`, { seconds, name, mb }));
  if (TELLING.has(code)) addDetail(box, message, "en");
  if (requestId) addDetail(box, words.say("request", { id: requestId }));
  box.hidden = false;
  if (!(error instanceof ApiError)) console.error(error); // a defect of ours
}

export function hideError(where) {
  boxAt(where).hidden = true;
}

export function hideErrors() {
  for (const box of document.querySelectorAll(".error")) box.hidden = true;
}

function boxAt(where) {
  return document.getElementById(`${where}-error`);
}

function addDetail(box, content, lang) {
  const detail = document.createElement("small");
  detail.textContent = content;
  if (lang) detail.lang = lang;
  box.append(detail);
}
