/** Errors in words, each shown next to what it is about. */

import { words } from "./words.js";

const WHERE = {
  empty_text: "text",
  nothing_to_say: "text",
  too_long: "text",
  file_type: "text",
  file_size: "text",
  unknown_voice: "voice",
  unsupported: "voice",
  no_voices: "voice",
};
/** Errors whose message from the server says more than our words: the value and the limit. */
const TELLING = new Set(["failed", "too_long", "unknown_voice", "unsupported"]);

/** Shows an `ApiError` at its place, or at `elsewhere` if it has none of its own. */
export function showError(error, elsewhere = "player") {
  const { code = "failed", message, name, mb, retryAfter = 0, requestId } = error;
  const box = boxAt(WHERE[code] ?? elsewhere);
  const seconds = Math.max(1, Math.ceil(retryAfter));
  box.replaceChildren(words.say(`error.${code}`, { seconds, name, mb }));
  if (TELLING.has(code)) addDetail(box, message, "en");
  if (requestId) addDetail(box, words.say("request", { id: requestId }));
  box.hidden = false;
  if (!error.code) console.error(error); // a defect of ours
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
