/**
 * The text that is kept for the next visit, and those whose place it took.
 *
 * Each tab of the browser has a text of its own, for as long as it is open. A new one begins with
 * what was written last in any of them; what another tab had left there is set aside and offered.
 * Knows nothing of the screen.
 */

import { SAMPLE } from "./sample.js";
import { History } from "./undo.js";
import { recall, remember } from "./words.js";

const TEXT = "sonca.text";
const WRITER = "sonca.text.writer"; // which visit wrote it
const ASIDE = "sonca.text.aside"; // what other visits had written: {writer, text, at}
const HISTORY = "sonca.text.history";
const HERE = "sessionStorage"; // this tab's, until it is closed
const MOST = 5;
const ASIDE_MS = 7 * 24 * 3_600_000;

export class Texts {
  constructor() {
    this.visit = String(Math.random());
    /** What this tab has last read or written. */
    this.kept = recall(TEXT, HERE) ?? recall(TEXT) ?? SAMPLE;
    this.history = new History(parsed(recall(HISTORY, HERE), {}));
    const aside = this.aside().filter(({ text }) => text !== this.kept);
    this.setAside(aside);
    const known = [...this.history.past, ...this.history.future];
    const fresh = aside.map(({ text }) => text).filter((text) => !known.includes(text));
    this.history.past.push(...fresh.reverse());
    /** Whether a text of another tab waits. */
    this.elsewhere = fresh.length > 0;
  }

  /** Keeps `text`; whether the browser has room for it. */
  keep(text) {
    if (text === this.kept) return true;
    const there = recall(TEXT);
    if (there !== this.kept) this.putAside(recall(WRITER), there);
    const done = remember(TEXT, text);
    remember(TEXT, text, HERE);
    remember(WRITER, this.visit);
    if (done) this.kept = text;
    return done;
  }

  /** The tab may be closed now: `text` must be found again, whatever other tabs have written. */
  leave(text) {
    this.keep(text);
    if (recall(TEXT) !== text) this.putAside(this.visit, text);
  }

  /** Keeps the history, as much of it as there is room for; `shown` waits no longer. */
  keepHistory(shown) {
    const { past, future } = this.history;
    for (let from = 0; from <= past.length; from++) {
      const all = JSON.stringify({ past: past.slice(from), future });
      if (remember(HISTORY, all, HERE)) break;
    }
    this.setAside(this.aside().filter(({ text }) => text !== shown));
  }

  aside() {
    const all = parsed(recall(ASIDE), []);
    return all.filter(({ at }) => at > Date.now() - ASIDE_MS);
  }

  putAside(writer, text) {
    if (!text?.trim() || text === SAMPLE) return;
    const others = this.aside().filter((each) => each.writer !== writer && each.text !== text);
    this.setAside([{ writer, text, at: Date.now() }, ...others].slice(0, MOST));
  }

  setAside(list) {
    const rest = [...list];
    while (!remember(ASIDE, JSON.stringify(rest)) && rest.length) rest.pop();
  }
}

function parsed(json, otherwise) {
  try {
    return JSON.parse(json) ?? otherwise;
  } catch {
    return otherwise;
  }
}
