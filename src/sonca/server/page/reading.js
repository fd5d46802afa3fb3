/**
 * One reading of one text: asks for its parts, fills the timeline and plays it.
 *
 * Says what happens with events: `change` of the state, `trouble` (there will be no more sound
 * than there is), and `end` or, after trouble, `error` when all of it was heard. Knows nothing
 * of the screen.
 */

import { ApiError, stream } from "./api.js";
import { Player } from "./player.js";
import { partEnd, sendable, sentenceStart, utf16Offsets } from "./text.js";
import { RATE_HZ, Timeline } from "./timeline.js";

const ENOUGH_S = 45; // the next part is asked for when less than this is left to hear
const KEEP_S = 900; // what can be gone back to: 43 MB of samples
const PARAGRAPH_S = 0.45; // between parts; within one the server makes the pauses
const RETRIES = 4;
const PASSING = new Set(["broken", "offline", "busy", "unavailable", "shutting_down"]);

export class Reading extends EventTarget {
  /** `options` is called for each request: {model, voice, speed}. */
  constructor(text, options) {
    super();
    this.text = text;
    this.options = options;
    this.timeline = new Timeline();
    this.player = new Player(this.timeline);
    for (const kind of ["play", "pause", "wait", "seek"]) {
      this.player.addEventListener(kind, () => this.say("change"));
    }
    this.player.addEventListener("end", () => this.say(this.failed ? "error" : "end"));
    this.spoken = 0;
    this.firstAudioMs = null;
    this.from(0);
  }

  /** `loading`, `playing`, `waiting`, `paused` or `ended`. */
  get state() {
    const { player } = this;
    if (!player.playing) return player.complete && this.atEnd ? "ended" : "paused";
    if (this.firstAudioMs === null) return "loading";
    return player.waiting ? "waiting" : "playing";
  }

  get atEnd() {
    return this.player.position >= this.timeline.end - 0.01;
  }

  /** Length of the whole in seconds, and whether that is an estimate. */
  get total() {
    const { timeline, text, spoken } = this;
    if (this.player.complete) return { seconds: timeline.end, estimated: false };
    const rest = text.length - (timeline.marks.sentence.at(-1)?.end ?? 0);
    const rate = spoken > 0 ? timeline.end / spoken : 0;
    return { seconds: timeline.end + rest * rate, estimated: true };
  }

  /** Goes to the sentence at the offset `at`, asking for it if it has not been received. */
  goTo(at) {
    const { timeline, player } = this;
    const sentence = timeline.sentenceOf(at, this.text);
    if (sentence && sentence.time >= timeline.start) {
      player.seek(sentence.time);
    } else {
      const start = sentenceStart(this.text, at);
      this.cutAt(player.position);
      this.from(start);
    }
    player.resume();
  }

  /** Reads on with other options, from the beginning of the sentence that is being heard. */
  restyle() {
    const { timeline, player } = this;
    const sentence = timeline.marks.sentence[timeline.indexAt("sentence", player.position)];
    const start = sentence?.start ?? this.start;
    this.cutAt(Math.max(sentence?.time ?? 0, timeline.start));
    this.from(start);
  }

  close() {
    this.abort?.abort();
    this.player.close();
  }

  cutAt(time) {
    this.abort?.abort();
    this.player.complete = false;
    this.timeline.truncate(time);
    this.player.seek(time);
    this.spoken = this.timeline.marks.sentence.reduce((sum, s) => sum + s.end - s.start, 0);
  }

  /** Fills the timeline with the text from the offset `start` on. */
  from(start) {
    this.start = start;
    this.failed = null;
    this.abort = new AbortController();
    this.fill(start, this.abort.signal).catch((error) => {
      if (error.name !== "AbortError") this.fail(error);
    });
  }

  fail(error) {
    this.failed = error;
    this.player.complete = true;
    this.say(this.timeline.length ? "trouble" : "error");
    this.player.pump();
  }

  async fill(start, signal) {
    const asked = performance.now();
    let silent = null;
    for (let at = start; at < this.text.length; ) {
      await this.thirst(signal);
      const end = partEnd(this.text, at);
      silent = (await this.askAgain(at, end, signal, asked)) ?? silent;
      at = end;
    }
    if (!this.timeline.length) throw silent ?? new ApiError("empty_text");
    this.player.complete = true;
    this.player.pump();
    this.say("change");
  }

  /** Waits until little is left to hear. */
  async thirst(signal) {
    while (this.timeline.end - this.player.position > ENOUGH_S) await pause(200, signal);
    this.timeline.forget(this.player.position - KEEP_S);
  }

  /** A part, begun again at its last sentence when the connection breaks on the way. */
  async askAgain(from, end, signal, asked) {
    let at = from;
    for (let tries = 0; ; tries++) {
      try {
        return await this.ask(at, end, signal, asked);
      } catch (error) {
        if (error.code === "nothing_to_say") return error; // another part may have words
        if (!PASSING.has(error.code) || tries >= RETRIES || !this.timeline.length) throw error;
        const last = this.timeline.marks.sentence.at(-1);
        if (last && last.start >= from) {
          at = last.start;
          this.timeline.truncate(last.time);
          if (this.player.position > last.time) this.player.seek(last.time);
        }
        await pause(1000 * Math.max(error.retryAfter ?? 0, 2 ** tries / 2), signal);
      }
    }
  }

  async ask(at, end, signal, asked) {
    const input = sendable(this.text.slice(at, end));
    if (!input.trim()) return;
    const offset = utf16Offsets(input);
    let base = null;
    for await (const { samples, marks } of stream({ ...this.options(), input }, signal)) {
      if (signal.aborted) return;
      base ??= this.beginPart(asked);
      for (const mark of marks) this.take(mark, base, (point) => at + offset(point));
      this.timeline.append(samples);
      this.player.pump();
    }
  }

  /** Where a part begins, in seconds. */
  beginPart(asked) {
    this.firstAudioMs ??= performance.now() - asked;
    if (this.timeline.length) {
      this.timeline.append(new Int16Array(Math.round(PARAGRAPH_S * RATE_HZ)));
    }
    return this.timeline.end;
  }

  take({ kind, time_s, start, end }, base, place) {
    const mark = { time: base + time_s, start: place(start), end: place(end) };
    this.timeline.mark(kind, mark);
    if (kind === "sentence") this.spoken += mark.end - mark.start;
  }

  say(what) {
    this.dispatchEvent(new Event(what));
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("stopped", "AbortError"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
  });
}
