/** The text area: keeps what is written, takes files, counts, clears and takes that back. */

import { hideError, showError } from "./errors.js";
import { textOf } from "./files.js";
import { SAMPLE } from "./sample.js";
import { recall, remember, words } from "./words.js";

const TEXT = "sonca.text";
const SAVE_MS = 400;

export class Editor extends EventTarget {
  /** `sheet` holds the text area, its count and its buttons; files may be dropped anywhere. */
  constructor(sheet) {
    super();
    this.sheet = sheet;
    this.area = sheet.querySelector("#text");
    this.count = sheet.querySelector("#count");
    this.clear = sheet.querySelector("#clear");
    this.cleared = "";
    this.area.value = recall(TEXT) ?? SAMPLE;
    this.area.addEventListener("input", () => this.changed());
    this.clear.addEventListener("click", () => this.clearOrUndo());
    addEventListener("pagehide", () => remember(TEXT, this.text));
    this.takeChosenFiles(sheet.querySelector("#open"), sheet.querySelector("#file"));
    this.takeDroppedFiles();
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.scrollTop = 0;
    this.changed();
  }

  changed() {
    hideError("text");
    this.draw();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => remember(TEXT, this.text), SAVE_MS);
    this.dispatchEvent(new Event("change"));
  }

  draw() {
    const { length } = this.text;
    this.count.textContent = words.say("characters", { n: words.number(length) });
    this.clear.hidden = !length && !this.cleared;
    this.clear.textContent = words.say(length ? "clear" : "undo");
  }

  clearOrUndo() {
    const { text, cleared } = this;
    this.cleared = text;
    this.text = text ? "" : cleared;
    this.area.focus();
  }

  takeChosenFiles(button, input) {
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.open(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
  }

  takeDroppedFiles() {
    const { classList } = this.sheet;
    for (const kind of ["dragenter", "dragover"]) {
      document.addEventListener(kind, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        classList.add("dropping");
      });
    }
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      classList.remove("dropping");
      this.open(event.dataTransfer.files[0]);
    });
  }

  async open(file) {
    if (!file) return;
    try {
      this.text = await textOf(file);
    } catch (error) {
      showError(Object.assign(error, { name: file.name }));
    }
  }
}
