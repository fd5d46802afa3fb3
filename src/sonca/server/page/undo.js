/** The way back: what was replaced, and the line that says so and offers it. */

import { words } from "./words.js";

/** A notice stays at least this long, and then until what it offers is out of the way. */
export const STAY_MS = 10_000;
const DEEP = 5;

/** What took the place of what. Nothing falls out of it but what is older than the last few. */
export class History {
  constructor({ past = [], future = [] } = {}) {
    Object.assign(this, { past, future });
  }

  /** Something else took the place of `before`; what had been undone stays in reach, too. */
  replaced(before) {
    this.past = [...this.past, ...this.future.reverse(), before].filter(Boolean).slice(-DEEP);
    this.future = [];
  }

  undo(now) {
    this.future.push(now);
    return this.past.pop();
  }

  redo(now) {
    this.past.push(now);
    return this.future.pop();
  }
}

/** A line below what was replaced, with a button for each way there is. */
export class Notice {
  /** `ways` are functions by the `data-way` of the buttons in `root`. */
  constructor(root, ways) {
    this.root = root;
    this.buttons = [...root.querySelectorAll("[data-way]")];
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.go(ways[button.dataset.way]));
    }
  }

  go(way) {
    const held = this.root.contains(document.activeElement);
    way();
    const open = this.buttons.find((button) => !button.hidden);
    if (held && !this.root.hidden) open?.focus(); // its button may have gone
  }

  /** Says what `tell` gives, in whatever language, and offers the `open` ways. */
  show(tell, open, undo = "undo") {
    this.tell = tell;
    this.undo = undo;
    this.since = Date.now();
    this.root.hidden = false;
    for (const button of this.buttons) button.hidden = !open.includes(button.dataset.way);
    this.draw();
    document.getElementById("said").textContent = tell(); // a region that was there before speaks
  }

  draw() {
    if (this.root.hidden) return;
    this.root.querySelector("[data-told]").textContent = this.tell();
    for (const button of this.buttons) {
      const { way } = button.dataset;
      button.textContent = words.say(way === "undo" ? this.undo : way);
    }
  }

  hide() {
    this.root.hidden = true;
  }

  /** The person has gone on with something else. */
  settle() {
    if (!this.root.hidden && Date.now() - this.since > STAY_MS) this.hide();
  }
}
