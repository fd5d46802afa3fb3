/** The page: joins its parts, keeps what was typed, and says what goes on. */

import { ApiError, key, voices } from "./api.js";
import { Saver, textOf } from "./files.js";
import { Reader } from "./reader.js";
import { Reading } from "./reading.js";
import { SAMPLE } from "./sample.js";
import { VoicePicker } from "./voices.js";
import { Waveform } from "./waveform.js";
import { clock, recall, remember, words } from "./words.js";

const TEXT = "sonca.text";
const SPEED = "sonca.speed";
const SAVE_MS = 400;
const WHERE = {
  empty_text: "text",
  nothing_to_say: "text",
  too_long: "text",
  file_type: "text",
  file_size: "text",
  unknown_voice: "voice",
  unsupported: "voice",
  no_voices: "voice",
};

const $ = (id) => document.getElementById(id);
const text = $("text");
const speed = $("speed");

/** The reading that is shown, or null. After its end it stays until the text is changed. */
let reading = null;
let state = "idle";
/** What to do once there is an API key. */
let afterKey = null;

const picker = new VoicePicker($("voices"));
const reader = new Reader($("reader"), $("back"));
const wave = new Waveform($("wave"), describePlace);
const saver = new Saver($("save"), () => {
  if (!text.value.trim()) throw new ApiError("empty_text");
  return { ...options(), input: text.value };
});

function options() {
  const voice = picker.chosen;
  const chosen = { speed: Number(speed.value) };
  if (voice?.engine) chosen.model = voice.engine;
  if (voice) chosen.voice = voice.id;
  return chosen;
}

// Speaking

function speak() {
  stop();
  clearErrors();
  if (!text.value.trim()) return showError(new ApiError("empty_text"));
  if (!window.AudioContext) return showError(new ApiError("no_sound"));
  const started = (reading = new Reading(text.value, options));
  for (const kind of ["change", "end", "error"]) {
    started.addEventListener(kind, () => reading === started && heard(kind));
  }
  openReader();
  setState("loading");
  frame();
}

function heard(kind) {
  if (reading.failed && (kind === "error" || !reading.timeline.length)) {
    const { failed } = reading;
    stop();
    return showError(failed, speak);
  }
  if (reading.failed) showError(reading.failed);
  if (kind === "end") {
    closeReader();
    setState("ended");
  } else if (state !== "ended" || reading.player.playing) {
    if (state === "ended") openReader();
    setState(reading.state);
  }
  frame();
}

function openReader() {
  const { scrollTop } = text;
  const focused = document.activeElement === text;
  reader.open(reading.text, scrollTop);
  text.hidden = true;
  if (focused) reader.root.focus({ preventScroll: true });
}

function closeReader() {
  if (reader.root.hidden) return;
  const { scrollTop } = reader.root;
  const focused = document.activeElement === reader.root;
  text.hidden = false;
  reader.close();
  text.scrollTop = scrollTop;
  if (focused) text.focus({ preventScroll: true });
}

function stop() {
  if (!reading) return;
  reading.close();
  reading = null;
  closeReader();
  setState("stopped");
  drawPlace();
}

function speakOrPause() {
  if (state === "playing" || state === "waiting" || state === "loading") reading.player.pause();
  else if (state === "paused") reading.player.resume();
  else speak();
}

function setState(next) {
  state = next;
  document.body.dataset.state = next;
  const busy = ["loading", "playing", "waiting"].includes(next);
  $("speak-word").textContent = words.say(busy ? "pause" : next === "paused" ? "resume" : "speak");
  $("stop").disabled = !busy && next !== "paused";
  $("status").textContent = next === "idle" ? "" : words.say(next);
  const ms = reading?.firstAudioMs;
  $("first").textContent = ms == null ? "" : `· ${words.say("first", { ms: words.number(Math.round(ms)) })}`;
}

// What is seen while it speaks

let ticking = false;

function frame() {
  drawPlace();
  if (ticking || !["loading", "playing", "waiting"].includes(state)) return;
  ticking = true;
  requestAnimationFrame(() => {
    ticking = false;
    frame();
  });
}

function drawPlace() {
  if (!reading) {
    wave.show(null);
    $("elapsed").textContent = "0:00";
    $("total").textContent = "";
    return;
  }
  const { timeline, player, total } = reading;
  const { position } = player;
  wave.show({ timeline, position, total: total.seconds });
  $("elapsed").textContent = clock(position);
  $("total").textContent = timeline.length ? `/ ${total.estimated ? "~" : ""}${clock(total.seconds)}` : "";
  if (reader.root.hidden || (position >= timeline.end && !player.complete)) return;
  const sentence = timeline.marks.sentence[timeline.indexAt("sentence", position)];
  const word = timeline.marks.word[timeline.indexAt("word", position)];
  reader.show("sentence", sentence);
  reader.show("word", word && sentence && word.time >= sentence.time ? word : undefined);
}

function describePlace(position, total) {
  return words.say("at", { position: clock(position), total: clock(total) });
}

// Errors, each where it belongs

function showError(error, again = null) {
  if (!reading) setState("idle");
  if (error.code === "key") return askKey(again);
  const box = $(`${WHERE[error.code] ?? error.where ?? "player"}-error`);
  const seconds = Math.max(1, Math.ceil(error.retryAfter ?? 0));
  const { name = "", mb = "" } = error;
  box.replaceChildren(words.say(`error.${error.code ?? "failed"}`, { seconds, name, mb }));
  if (error.status) addDetail(box, error.message, "en");
  if (error.requestId) addDetail(box, words.say("request", { id: error.requestId }));
  box.hidden = false;
  if (!error.code) console.error(error);
}

function addDetail(box, content, lang) {
  if (!content) return;
  const detail = document.createElement("small");
  detail.textContent = content;
  if (lang) detail.lang = lang;
  box.append(detail);
}

function clearErrors() {
  for (const box of document.querySelectorAll(".error")) box.hidden = true;
}

function askKey(again) {
  const wrong = $("key-error");
  wrong.hidden = !key.get();
  wrong.textContent = words.say("key_wrong");
  afterKey = again;
  $("key-form").hidden = false;
  $("key").focus();
}

$("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  key.set($("key").value.trim());
  $("key-form").hidden = true;
  const again = afterKey;
  if ((await loadVoices()) && again) again();
});

async function loadVoices() {
  try {
    picker.set(await voices());
    $("voice-error").hidden = true;
    return true;
  } catch (error) {
    showError(error.code === "key" ? error : Object.assign(error, { code: "no_voices" }), afterKey);
    return false;
  }
}

// The text

let saving = 0;

function textChanged() {
  if (reading) stop();
  if (state !== "idle") setState("idle");
  $("text-error").hidden = true;
  countCharacters();
  clearTimeout(saving);
  saving = setTimeout(() => remember(TEXT, text.value), SAVE_MS);
}

function countCharacters() {
  $("count").textContent = words.say("characters", { n: words.number(text.value.length) });
  $("clear").hidden = !text.value && !cleared;
  $("clear").textContent = words.say(!text.value && cleared ? "undo" : "clear");
}

let cleared = "";

$("clear").addEventListener("click", () => {
  [text.value, cleared] = text.value ? ["", text.value] : [cleared, ""];
  textChanged();
  text.focus();
});

async function openFile(chosen) {
  if (!chosen) return;
  stop();
  try {
    text.value = await textOf(chosen);
    text.scrollTop = 0;
    textChanged();
  } catch (error) {
    showError(Object.assign(error, { name: chosen.name }));
  }
}

$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", (event) => {
  openFile(event.target.files[0]);
  event.target.value = "";
});

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    $("sheet").classList.add("dropping");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("sheet").classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  $("sheet").classList.remove("dropping");
  openFile(event.dataTransfer.files[0]);
});

// Controls

function restyle() {
  $("voice-error").hidden = true;
  if (reading && state !== "ended") {
    reading.restyle();
    setState(reading.state);
    frame();
  }
}

function showSpeed() {
  const value = words.number(Number(speed.value), { maximumFractionDigits: 2 });
  $("speed-value").textContent = `${value}×`;
  speed.setAttribute("aria-valuetext", `${value}×`);
  speed.style.setProperty("--at", (speed.value - speed.min) / (speed.max - speed.min));
}

function showLanguage() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === words.language));
  }
  words.fill();
  picker.draw();
  clearErrors();
  countCharacters();
  showSpeed();
  setState(state);
}

function press(event) {
  if (event.isComposing) return; // Vietnamese is typed with an input method
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape" && reading) {
    stop();
  } else if (event.key === " " && event.target.matches("body, #reader, #wave") && reading) {
    event.preventDefault();
    speakOrPause();
  }
}

text.addEventListener("input", textChanged);
speed.addEventListener("input", showSpeed);
speed.addEventListener("change", () => {
  remember(SPEED, speed.value);
  restyle();
});
picker.addEventListener("change", restyle);
reader.addEventListener("pick", (event) => {
  reading.goTo(event.detail);
  frame();
});
wave.addEventListener("seek", (event) => {
  reading.player.seek(event.detail);
  if (state === "ended") reading.player.resume();
  frame();
});
saver.addEventListener("start", () => ($("save-error").hidden = true));
saver.addEventListener("error", (event) => showError(Object.assign(event.detail, { where: "save" })));
$("speak").addEventListener("click", speakOrPause);
$("stop").addEventListener("click", stop);
document.addEventListener("keydown", press);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    words.choose(button.dataset.language);
    showLanguage();
  });
}
addEventListener("pagehide", () => remember(TEXT, text.value));

text.value = recall(TEXT) ?? SAMPLE;
speed.value = recall(SPEED) ?? "1";
showLanguage();
loadVoices();
