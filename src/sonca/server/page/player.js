/**
 * Plays a timeline while it is still being received.
 *
 * Short buffers are scheduled end to end on the audio clock, a few seconds ahead, each on a whole
 * sample, so that no seam is heard. Moving about drops what is scheduled and schedules anew.
 * Knows nothing of where the sound comes from.
 */

import { RATE_HZ } from "./timeline.js";

const AHEAD_S = 4; // timers of a page in the background run once a second
const LEAD_S = 0.06;
const FADE_S = 0.015;
const REFILL_S = 0.6; // after running dry, wait for this much before going on
const TICK_MS = 100;

export class Player extends EventTarget {
  /** Must be called while the user's click is being handled, or browsers keep it silent. */
  constructor(timeline) {
    super();
    this.timeline = timeline;
    this.context = openContext();
    this.context.resume();
    /** No more sound will come: the end of the timeline is the end. */
    this.complete = false;
    this.playing = true;
    this.waiting = true;
    this.rest = 0; // where it stands, seconds, while nothing is scheduled
    this.run = null;
    this.timer = setInterval(() => this.pump(), TICK_MS);
  }

  /** Seconds into the timeline that are being heard. */
  get position() {
    if (!this.run) return this.rest;
    const { origin, from, to } = this.run;
    const late = this.context.outputLatency || 0;
    const heard = from + this.context.currentTime - late - origin;
    return Math.max(from, Math.min(heard, to / RATE_HZ));
  }

  /** Schedules what has been received; call it when there is more. */
  pump() {
    if (!this.playing) return;
    if (this.run && this.isDry()) this.runDry();
    if (!this.run && !this.begin()) return;
    const { run, timeline } = this;
    const until = Math.min(timeline.length, Math.round((this.position + AHEAD_S) * RATE_HZ));
    while (run.to < until) {
      const to = Math.min(until, run.to + RATE_HZ);
      this.schedule(run, run.to, to);
      run.to = to;
    }
  }

  isDry() {
    const { run, timeline } = this;
    return run.to >= timeline.length && this.position >= run.to / RATE_HZ;
  }

  runDry() {
    this.flush();
    if (this.complete) {
      this.playing = false;
      this.say("end");
    } else {
      this.waiting = true;
      this.refill = true;
      this.say("wait");
    }
  }

  /** Starts a run at the resting place if there is sound for it. */
  begin() {
    const { timeline } = this;
    const here = Math.round(this.rest * RATE_HZ);
    const there = timeline.length - here;
    if (there <= 0 && this.complete) {
      this.playing = false;
      this.say("end");
    }
    if (there <= 0 || (this.refill && !this.complete && there < REFILL_S * RATE_HZ)) return false;
    this.refill = false;
    this.waiting = false;
    const gain = this.context.createGain();
    gain.connect(this.context.destination);
    const origin = Math.ceil((this.context.currentTime + LEAD_S) * RATE_HZ) / RATE_HZ;
    this.run = { origin, from: here / RATE_HZ, to: here, gain, nodes: new Set() };
    this.say("play");
    return true;
  }

  schedule(run, from, to) {
    const buffer = this.context.createBuffer(1, to - from, RATE_HZ);
    buffer.copyToChannel(this.timeline.read(from, to), 0);
    const node = this.context.createBufferSource();
    node.buffer = buffer;
    node.connect(run.gain);
    node.onended = () => run.nodes.delete(node);
    run.nodes.add(node);
    node.start(run.origin + from / RATE_HZ - run.from);
  }

  /** Drops what is scheduled, with a short fade so that nothing clicks. */
  flush() {
    if (!this.run) return;
    this.rest = this.position;
    const { gain, nodes } = this.run;
    const now = this.context.currentTime;
    gain.gain.setValueAtTime(1, now);
    gain.gain.linearRampToValueAtTime(0, now + FADE_S);
    for (const node of nodes) node.stop(now + FADE_S);
    this.run = null;
  }

  pause() {
    if (!this.playing) return;
    this.flush();
    this.playing = false;
    this.say("pause");
  }

  resume() {
    if (this.playing) return;
    this.playing = true;
    this.waiting = true;
    this.context.resume();
    this.pump();
    if (this.playing && !this.run) this.say("wait");
  }

  /** Goes to `time` (seconds), within what can be heard. */
  seek(time) {
    const { timeline } = this;
    this.flush();
    this.rest = Math.max(timeline.start, Math.min(time, timeline.end));
    this.say("seek");
    this.pump();
  }

  close() {
    clearInterval(this.timer);
    this.flush();
    this.playing = false;
    setTimeout(() => this.context.close(), 1000 * FADE_S * 4);
  }

  say(what) {
    this.dispatchEvent(new Event(what));
  }
}

/** A context at the speech's own rate, so that buffers join without resampling. */
function openContext() {
  try {
    return new AudioContext({ sampleRate: RATE_HZ, latencyHint: "playback" });
  } catch {
    return new AudioContext();
  }
}
