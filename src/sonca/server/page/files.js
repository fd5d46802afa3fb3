/** Files in and out: opening a text file, saving the speech in a format. */

import { ApiError, file } from "./api.js";
import { decode } from "./text.js";
import { words } from "./words.js";

const MAX_MB = 8;

/** The text of a file that a person chose. Raises an `ApiError` that says what is wrong. */
export async function textOf(chosen) {
  if (chosen.size > MAX_MB * 2 ** 20) {
    throw Object.assign(new ApiError("file_size"), { mb: MAX_MB });
  }
  if (/\.(epub|docx|pdf)$/i.test(chosen.name)) throw new ApiError("file_book");
  const text = decode(await chosen.arrayBuffer());
  if (text === null) throw new ApiError("file_type");
  return text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
}

export class Saver extends EventTarget {
  /** `root` has a button for each format, a line for the progress and one to cancel. */
  constructor(root, request) {
    super();
    this.root = root;
    this.request = request;
    this.line = root.querySelector("[data-progress]");
    this.cancel = root.querySelector("[data-cancel]");
    this.cancel.addEventListener("click", () => this.abort?.abort());
    for (const button of root.querySelectorAll("[data-format]")) {
      button.addEventListener("click", () => this.save(button.dataset));
    }
  }

  async save({ format, suffix }) {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.dispatchEvent(new Event("start"));
    this.cancel.hidden = false;
    const name = format.toUpperCase();
    const tell = (bytes) => {
      const mb = words.number(bytes / 1e6, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
      this.line.textContent = words.say("saving", { format: name, size: `${mb} MB` });
    };
    try {
      const request = this.request();
      tell(0);
      const blob = await file({ ...request, response_format: format }, abort.signal, tell);
      if (!blob.size) throw new ApiError("broken");
      const saved = fileName(request.input, suffix);
      handOver(blob, saved);
      this.line.textContent = words.say("saved", { name: saved });
    } catch (error) {
      if (this.abort === abort) this.line.textContent = "";
      if (error.name !== "AbortError") {
        this.dispatchEvent(new CustomEvent("error", { detail: error }));
      }
    } finally {
      if (this.abort === abort) this.cancel.hidden = true;
    }
  }
}

/** A name made of the text's first words, in plain letters: `buoi-som-tren-dong.mp3`. */
export function fileName(text, suffix) {
  const line = text.split("\n").find((candidate) => /\p{L}/u.test(candidate)) ?? "";
  const plain = line.toLowerCase().replace(/đ/g, "d").normalize("NFD").replace(/\p{M}/gu, "");
  const start = (plain.match(/[a-z0-9]+/g) ?? []).slice(0, 8).join("-").slice(0, 60);
  return `${start || "son-ca"}${suffix}`;
}

function handOver(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
