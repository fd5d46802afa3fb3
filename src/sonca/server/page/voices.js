/** The choice of a voice: region, gender, and the voices that have both. */

import { VoicePapers } from "./passport.js";
import { recall, remember, words } from "./words.js";

const VOICE = "sonca.voice";
const REGIONS = ["north", "central", "south"];
const GENDERS = ["female", "male"];

export class VoicePicker extends EventTarget {
  /** `root` holds the groups `region`, `gender` and `voice`, and the chosen voice's papers. */
  constructor(root) {
    super();
    this.root = root;
    this.region = root.querySelector("[data-group=region]");
    this.gender = root.querySelector("[data-group=gender]");
    this.list = root.querySelector("[data-group=voice]");
    this.papers = new VoicePapers(root.querySelector(".papers"));
    this.voices = [];
    this.chosen = null;
    this.region.addEventListener("change", (event) => this.narrow("region", event.target.value));
    this.gender.addEventListener("change", (event) => this.narrow("gender", event.target.value));
    this.list.addEventListener("change", (event) => this.choose(event.target.value));
  }

  /** Takes the server's voices; the one chosen last time, or else its usual one, is chosen. */
  set({ voices, usual, passports, better }) {
    this.voices = voices;
    this.papers.set({ passports, better });
    const find = (id) => voices.find((voice) => voice.id === id);
    this.chosen = find(recall(VOICE)) ?? find(usual) ?? voices[0] ?? null;
    this.wanted = { region: this.chosen?.region ?? REGIONS[0], gender: this.chosen?.gender };
    this.root.dataset.state = this.chosen ? "ready" : "failed";
    this.draw();
  }

  /** There are no voices to choose from. */
  fail() {
    if (!this.chosen) this.root.dataset.state = "failed";
  }

  narrow(what, value) {
    this.wanted[what] = value;
    const matching = this.matching();
    const alike = matching.find((voice) => voice.tone === this.chosen?.tone);
    this.choose((alike ?? matching[0])?.id);
  }

  choose(id) {
    this.chosen = this.voices.find((voice) => voice.id === id) ?? this.chosen;
    if (this.chosen) remember(VOICE, this.chosen.id);
    this.draw();
    this.dispatchEvent(new Event("change"));
  }

  /** The voices of the wanted region and gender; a voice that has none goes with all. */
  matching({ region, gender } = this.wanted) {
    return this.voices.filter(
      (voice) =>
        (!voice.region || voice.region === region) && (!voice.gender || voice.gender === gender),
    );
  }

  draw() {
    if (!this.chosen) return;
    const { region, gender } = this.wanted;
    this.region.hidden = !this.voices.some((voice) => voice.region);
    this.gender.hidden = !this.voices.some((voice) => voice.gender);
    const regions = REGIONS.map((name) => ({
      value: name,
      label: words.say(name),
      disabled: !GENDERS.some((other) => this.matching({ region: name, gender: other }).length),
    }));
    const genders = GENDERS.map((name) => ({
      value: name,
      label: words.say(name),
      disabled: !this.matching({ region, gender: name }).length,
    }));
    radios(this.region, "region", regions, region);
    radios(this.gender, "gender", genders, gender);
    const several = new Set(this.voices.map((voice) => voice.engine)).size > 1;
    const cards = this.matching().map((voice) => ({
      value: voice.id,
      label: voice.name,
      lang: "vi",
      note: this.note(voice, several),
    }));
    radios(this.list, "voice", cards, this.chosen.id);
    this.papers.show(this.chosen);
  }

  /** What the voice's own name, which is Vietnamese, does not tell. */
  note(voice, several) {
    const about = [];
    if (words.language !== "vi") {
      const { region, gender, tone } = voice;
      about.push([region && words.say(region), gender && words.say(gender).toLowerCase()]);
      about.push([tone && words.tone(tone)]);
    }
    if (voice.cloned) about.push([words.say("cloned")]);
    if (several && voice.engine) about.push([voice.engine]);
    return about.flat().filter(Boolean).join(" · ");
  }
}

/** Makes the radio buttons of `group` anew, keeping the focus where it was. */
function radios(group, name, options, chosen) {
  const focused = group.contains(document.activeElement) ? document.activeElement.value : null;
  const box = group.querySelector(".options");
  box.replaceChildren(...options.map((option) => radio(name, option, option.value === chosen)));
  if (focused !== null) {
    const inputs = [...box.querySelectorAll("input")];
    (inputs.find((input) => input.value === focused) ?? inputs.find((i) => i.checked))?.focus();
  }
}

function radio(name, { value, label, note, lang, disabled }, checked) {
  const element = document.createElement("label");
  element.className = "option";
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value, checked, disabled: Boolean(disabled) });
  const face = document.createElement("span");
  face.className = "face";
  const title = document.createElement("span");
  title.textContent = label;
  if (lang) title.lang = lang;
  face.append(title);
  if (note) {
    const small = document.createElement("small");
    small.textContent = note;
    face.append(small);
  }
  element.append(input, face);
  return element;
}
