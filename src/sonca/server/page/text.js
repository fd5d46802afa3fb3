/**
 * Places in a text: parts to ask for, and the server's code points as JavaScript's UTF-16.
 */

const PART = 2400; // characters: two to three minutes of speech
const CUTS = [/\n/g, /[.!?…]["”’»)\]]*\s/g, /\s/g]; // best first

/**
 * Where the part that begins at `from` ends. A long text is asked for in parts, so that a page
 * that is paused holds no place in the server's queue, and memory is not that of a whole book.
 */
export function partEnd(text, from) {
  if (text.length - from <= 1.5 * PART) return text.length;
  const half = from + PART / 2;
  const window = text.slice(half, from + PART);
  for (const cut of CUTS) {
    const found = [...window.matchAll(cut)].at(-1);
    if (found) return half + found.index + found[0].length;
  }
  return wholeCharacter(text, from + PART);
}

/** `at`, or a little before it, so that no character is cut in two. */
function wholeCharacter(text, at) {
  let cut = at;
  while (cut > at - 16 && /^[\p{M}\u200d\ufe0f]/u.test(text.slice(cut, cut + 2))) cut--;
  return /[\udc00-\udfff]/.test(text[cut] ?? "") ? cut - 1 : cut;
}

/** A function from code points of `text` to UTF-16 offsets in it. */
export function utf16Offsets(text) {
  const wide = []; // code point indexes of the characters that take two units
  let point = 0;
  for (let at = 0; at < text.length; at++, point++) {
    const high = text.charCodeAt(at);
    if (high < 0xd800 || high > 0xdbff) continue;
    const low = text.charCodeAt(at + 1);
    if (low >= 0xdc00 && low <= 0xdfff) {
      wide.push(point);
      at++;
    }
  }
  return (index) => index + countBelow(wide, index);
}

function countBelow(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the sentence around `at` begins, as well as it can be told without the server. */
export function sentenceStart(text, at) {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  const end = text.indexOf("\n", at);
  const inLine = text.slice(line, end < 0 ? text.length : end);
  if (!Intl.Segmenter) return line;
  let start = line;
  for (const { index } of new Intl.Segmenter("vi", { granularity: "sentence" }).segment(inLine)) {
    if (line + index > at) break;
    start = line + index;
  }
  return start;
}

/** The text with lone surrogates, which cannot be sent, replaced; every offset stays. */
export function sendable(text) {
  return text.toWellFormed?.() ?? text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The text of a file in UTF-8, UTF-16 or Windows' Vietnamese; null if it is no text. */
export function decode(buffer) {
  const head = new Uint8Array(buffer.slice(0, 2));
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder("utf-16le").decode(buffer);
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder("utf-16be").decode(buffer);
  const text = utf8(buffer) ?? new TextDecoder("windows-1258").decode(buffer);
  return /[\0-\x08\x0e-\x1a]/.test(text) ? null : text;
}

function utf8(buffer) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    return null;
  }
}
