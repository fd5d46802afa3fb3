/** The text area: keeps what is written, takes files, counts, clears and takes that back. */

import { takeDrops } from "./drops.js";
import { hideError, showError } from "./errors.js";
import { textOf } from "./files.js";
import { Texts } from "./texts.js";
import { Notice } from "./undo.js";
import { words } from "./words.js";

const SAVE_MS = 400;

export class Editor extends EventTarget {
  /** `sheet` holds the text area, its count, its buttons and its notice. */
  constructor(sheet) {
    super();
    this.area = sheet.querySelector("#text");
    this.count = sheet.querySelector("#count");
    this.clear = sheet.querySelector("#clear");
    this.texts = new Texts();
    this.notice = new Notice(sheet.querySelector("#text-notice"), {
      undo: () => this.go("undo", "undone"),
      redo: () => this.go("redo", "redone"),
    });
    this.area.value = this.placed = this.texts.kept;
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("keydown", (event) => this.press(event));
    this.clear.addEventListener("click", () => {
      this.replace("", () => words.say("cleared"));
      this.area.focus();
    });
    addEventListener("pagehide", () => this.texts.leave(this.text));
    addEventListener("beforeunload", (event) => {
      if (!this.texts.keep(this.text) && this.text.trim()) event.preventDefault(); // no room
    });
    this.takeChosenFiles(sheet.querySelector("#open"), sheet.querySelector("#file"));
    takeDrops("text", sheet, (file) => this.open(file));
    this.offerEarlier();
  }

  get text() {
    return this.area.value;
  }

  typed() {
    this.notice.settle();
    this.changed();
  }

  changed() {
    hideError("text");
    this.draw();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.texts.keep(this.text), SAVE_MS);
    this.dispatchEvent(new Event("change"));
  }

  draw() {
    const { length } = this.text;
    this.count.textContent = words.say("characters", { n: words.number(length) });
    this.clear.hidden = !length;
    this.notice.draw();
  }

  /** Puts `text` in place of what is there, which can be had back. */
  replace(text, tell) {
    if (text === this.text) return;
    this.texts.history.replaced(this.text.trim() && this.text);
    this.place(text);
    this.offer(tell);
  }

  /** `undo` or `redo`. */
  go(way, said) {
    this.place(this.texts.history[way](this.text));
    this.offer(() => words.say(said));
  }

  place(text) {
    this.area.value = this.placed = text;
    this.area.scrollTop = 0;
    this.texts.keepHistory(text);
    this.changed();
  }

  offer(tell, undo) {
    const { past, future } = this.texts.history;
    const open = [past.length && "undo", future.length && "redo"];
    if (past.length || future.length) this.notice.show(tell, open, undo);
  }

  /** On a new visit or after a reload. */
  offerEarlier() {
    const { elsewhere } = this.texts;
    this.offer(() => words.say(elsewhere ? "elsewhere" : "earlier"), elsewhere ? "reopen" : "undo");
  }

  /** Ctrl+Z is the browser's own until all that was typed since is undone, and then ours. */
  press(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || this.text !== this.placed) return;
    const letter = event.key.toLowerCase();
    const { past, future } = this.texts.history;
    const redo = letter === "y" || (letter === "z" && event.shiftKey);
    if (redo ? !future.length : letter !== "z" || !past.length) return;
    event.preventDefault();
    if (redo) this.go("redo", "redone");
    else this.go("undo", "undone");
  }

  takeChosenFiles(button, input) {
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.open(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
  }

  async open(file) {
    if (!file) return;
    try {
      const text = await textOf(file);
      this.replace(text, () => words.say("opened", { name: file.name }));
    } catch (error) {
      showError(Object.assign(error, { name: file.name }));
    }
  }
}
