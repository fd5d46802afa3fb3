/**
 * What has been received of a reading: its sound, the marks in it, and its outline.
 *
 * Memory is bounded however long the text: samples are kept in one-second blocks of 16 bits and
 * can be forgotten from the front; the outline has a fixed number of bins that grow wider.
 * Knows nothing of the network, of playing or of the screen.
 */

/** Samples a second of everything that is received. */
export const RATE_HZ = 24000;

const BLOCK = RATE_HZ;

export class Timeline {
  constructor() {
    /** Sentences and words as {time, start, end}: seconds, and UTF-16 offsets in the text. */
    this.marks = { sentence: [], word: [] };
    this.outline = new Outline();
    this.length = 0;
    this.forgotten = 0;
    this.blocks = [];
  }

  /** Seconds received. */
  get end() {
    return this.length / RATE_HZ;
  }

  /** The first second that can still be heard. */
  get start() {
    return (this.forgotten * BLOCK) / RATE_HZ;
  }

  /** Takes 16-bit samples behind what is there. */
  append(samples) {
    this.outline.append(samples);
    let taken = 0;
    while (taken < samples.length) {
      const inBlock = this.length % BLOCK;
      if (inBlock === 0) this.blocks.push(new Int16Array(BLOCK));
      const count = Math.min(BLOCK - inBlock, samples.length - taken);
      this.blocks.at(-1).set(samples.subarray(taken, taken + count), inBlock);
      taken += count;
      this.length += count;
    }
  }

  /** The samples `from` to `to` (indexes), as floats; what is forgotten is silence. */
  read(from, to) {
    const floats = new Float32Array(to - from);
    for (let at = from; at < to; ) {
      const block = this.blocks[Math.floor(at / BLOCK) - this.forgotten];
      const stop = Math.min(to, (Math.floor(at / BLOCK) + 1) * BLOCK);
      for (let i = at; block && i < stop; i++) floats[i - from] = block[i % BLOCK] / 32768;
      at = stop;
    }
    return floats;
  }

  /** Takes a mark; marks come in the order of time. */
  mark(kind, mark) {
    this.marks[kind]?.push(mark);
  }

  /** The index of the mark that holds at `time`, -1 before the first. */
  indexAt(kind, time) {
    const marks = this.marks[kind];
    let low = 0;
    let high = marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (marks[middle].time <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The sentence at the offset `at` of `text`, if it has been received. */
  sentenceOf(at, text) {
    const found = this.marks.sentence.findLast((mark) => mark.start <= at);
    const between = found ? text.slice(found.end, at) : "";
    return /[\p{L}\p{N}]/u.test(between) ? undefined : found;
  }

  /** Drops everything from `time` on. */
  truncate(time) {
    const length = Math.min(this.length, Math.max(0, Math.round(time * RATE_HZ)));
    const kept = Math.max(0, Math.ceil(length / BLOCK) - this.forgotten);
    this.blocks.length = Math.min(kept, this.blocks.length);
    this.length = length;
    this.outline.truncate(length);
    for (const marks of Object.values(this.marks)) {
      while (marks.length && marks.at(-1).time * RATE_HZ >= length) marks.pop();
    }
  }

  /** Frees the sound before `time`; marks and outline stay. */
  forget(time) {
    const blocks = Math.min(Math.floor((time * RATE_HZ) / BLOCK), Math.floor(this.length / BLOCK));
    if (blocks <= this.forgotten) return;
    this.blocks.splice(0, blocks - this.forgotten);
    this.forgotten = blocks;
  }
}

/** The loudest sample of each bin. When the bins run out, neighbours merge. */
class Outline {
  constructor() {
    this.peaks = new Uint16Array(4096);
    /** Samples a bin. */
    this.width = RATE_HZ / 100;
    this.length = 0;
  }

  append(samples) {
    for (let i = 0; i < samples.length; i++, this.length++) {
      let bin = Math.floor(this.length / this.width);
      if (bin >= this.peaks.length) {
        this.merge();
        bin = Math.floor(this.length / this.width);
      }
      const loud = Math.abs(samples[i]);
      if (loud > this.peaks[bin]) this.peaks[bin] = loud;
    }
  }

  merge() {
    const { peaks } = this;
    const half = peaks.length / 2;
    for (let i = 0; i < half; i++) peaks[i] = Math.max(peaks[2 * i], peaks[2 * i + 1]);
    peaks.fill(0, half);
    this.width *= 2;
  }

  truncate(length) {
    this.length = length;
    this.peaks.fill(0, Math.ceil(length / this.width));
  }

  /** How loud it is from `from` to `to` seconds, 0 to 1: the mean of the bins' peaks. */
  loudness(from, to) {
    const first = Math.floor((from * RATE_HZ) / this.width);
    const last = Math.max(first + 1, Math.floor((to * RATE_HZ) / this.width));
    let sum = 0;
    for (let i = first; i < last && i < this.peaks.length; i++) sum += this.peaks[i];
    return sum / (last - first) / 32768;
  }
}
