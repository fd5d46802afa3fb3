/** The chosen voice: a sample to hear, and its papers; and where better voices can be had. */

import { sample, voices } from "./api.js";
import { words } from "./words.js";

export class VoicePapers extends EventTarget {
  /** `root` holds the button, the licence, the details and the line about better voices. */
  constructor(root) {
    super();
    this.root = root;
    this.play = root.querySelector("[data-sample]");
    this.licence = root.querySelector("[data-licence]");
    this.list = root.querySelector("dl");
    this.better = root.querySelector("[data-better]");
    this.audio = new Audio();
    this.passports = {};
    this.offer = null;
    this.voice = null;
    this.asked = null;
    this.play.addEventListener("click", () => (this.asked ? this.stop() : this.hear()));
    this.audio.addEventListener("ended", () => this.stop());
  }

  /** Takes the passports by name, and what fetches better voices, if there are any. */
  set({ passports = {}, better = null }) {
    this.passports = passports;
    this.offer = better;
  }

  show(voice) {
    if (voice?.id !== this.voice?.id) this.stop();
    this.voice = voice;
    const papers = this.passports[voice?.passport ?? ""];
    this.root.hidden = !voice;
    this.play.hidden = !voice?.engine; // an upload is its owner's
    this.licence.textContent = papers ? words.say(`commercial_${papers.commercial}`) : "";
    this.licence.dataset.commercial = papers?.commercial ?? "";
    this.root.querySelector("details").hidden = !papers;
    this.list.replaceChildren(...(papers ? this.rows(papers) : []));
    this.better.hidden = !this.offer;
    if (this.offer) this.tellBetter();
    this.draw();
  }

  rows(papers) {
    const { language } = words;
    const { measured } = this.voice;
    const trained = papers.trained_on[language] + (papers.known ? "" : ` (${words.say("undisclosed")})`);
    const rows = [
      ["weights", papers.weights],
      ["code", papers.code],
      ["trained_on", trained],
      ["consent", papers.consent[language]],
    ];
    if (this.voice.hash) rows.push(["hash", this.voice.hash]);
    if (measured) {
      const speed = words.number(measured.seconds_per_second, { maximumFractionDigits: 2 });
      const level = words.number(measured.loudness_lufs ?? 0, { maximumFractionDigits: 1 });
      rows.push(["measured", words.say("measured_here", { speed, level })]);
    }
    return rows.flatMap(([name, value]) => {
      const [term, about] = ["dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = words.say(name);
      about.textContent = value;
      return [term, about];
    });
  }

  tellBetter() {
    const code = document.createElement("code");
    code.textContent = this.offer.command;
    this.better.replaceChildren(words.say("better", { title: this.offer.title }), " ", code);
  }

  async hear() {
    const asked = (this.asked = new AbortController());
    this.draw();
    try {
      const sound = await sample(this.voice.id, asked.signal);
      if (this.asked !== asked) return;
      this.audio.src = URL.createObjectURL(sound);
      await this.audio.play();
      await this.remeasure(this.voice);
    } catch (error) {
      if (this.asked !== asked) return;
      this.stop();
      if (error.name !== "AbortError") {
        this.dispatchEvent(new CustomEvent("error", { detail: error }));
      }
    }
  }

  /** Shows what was measured when the sample was made. */
  async remeasure(voice) {
    if (voice.measured) return;
    const { voices: all } = await voices();
    voice.measured = all.find((each) => each.id === voice.id)?.measured ?? null;
    if (this.voice === voice) this.show(voice);
  }

  stop() {
    this.asked?.abort();
    this.asked = null;
    this.audio.pause();
    if (this.audio.src) URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.draw();
  }

  draw() {
    this.play.textContent = words.say(this.asked ? "sample_stop" : "sample");
    this.play.setAttribute("aria-pressed", String(Boolean(this.asked)));
  }
}
