/** The page: joins its parts, keeps what was typed, and says what goes on. */

import { ApiError, key, voices } from "./api.js";
import { Editor } from "./editor.js";
import { hideError, hideErrors, showError } from "./errors.js";
import { Saver } from "./files.js";
import { Reader } from "./reader.js";
import { Reading } from "./reading.js";
import { VoicePicker } from "./voices.js";
import { Waveform } from "./waveform.js";
import { clock, recall, remember, words } from "./words.js";

const SPEED = "sonca.speed";
const BUSY = ["loading", "playing", "waiting"];

const $ = (id) => document.getElementById(id);
const speed = $("speed");

/** The reading that is shown, or null. After its end it stays until the text is changed. */
let reading = null;
let state = "idle";
/** What to do once there is an API key. */
let afterKey = null;

const editor = new Editor($("sheet"));
const picker = new VoicePicker($("voices"));
const reader = new Reader($("reader"), $("back"));
const wave = new Waveform($("wave"), describePlace);
const saver = new Saver($("save"), () => {
  if (!editor.text.trim()) throw new ApiError("empty_text");
  return { ...options(), input: editor.text };
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
  hideErrors();
  editor.notice.settle();
  if (!editor.text.trim()) return fail(new ApiError("empty_text"));
  if (!window.AudioContext) return fail(new ApiError("no_sound"));
  const started = (reading = new Reading(editor.text, options));
  for (const kind of ["change", "trouble", "end", "error"]) {
    started.addEventListener(kind, () => reading === started && heard(kind));
  }
  openReader();
  setState("loading");
  frame();
}

function heard(kind) {
  const { failed } = reading;
  if (kind === "error") {
    stop();
    return fail(failed, speak);
  }
  if (kind === "trouble") return fail(failed);
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
  const { area } = editor;
  const focused = document.activeElement === area;
  reader.open(reading.text, area.scrollTop);
  area.hidden = true;
  if (focused) reader.root.focus({ preventScroll: true });
}

function closeReader() {
  if (reader.root.hidden) return;
  const { area } = editor;
  const { scrollTop } = reader.root;
  const focused = document.activeElement === reader.root;
  area.hidden = false;
  reader.close();
  area.scrollTop = scrollTop;
  if (focused) area.focus({ preventScroll: true });
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
  if (BUSY.includes(state)) reading.player.pause();
  else if (state === "paused") reading.player.resume();
  else speak();
}

function setState(next) {
  state = next;
  document.body.dataset.state = next;
  const busy = BUSY.includes(next);
  $("speak-word").textContent = words.say(busy ? "pause" : next === "paused" ? "resume" : "speak");
  $("stop").disabled = !busy && next !== "paused";
  $("status").textContent = next === "idle" ? "" : words.say(next);
  $("first").textContent = firstAudio(reading?.firstAudioMs ?? null);
}

function firstAudio(ms) {
  return ms === null ? "" : `· ${words.say("first", { ms: words.number(Math.round(ms)) })}`;
}

// What is seen while it speaks

let ticking = false;

function frame() {
  drawPlace();
  if (ticking || !BUSY.includes(state)) return;
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
  const about = total.estimated ? "~" : "";
  $("total").textContent = timeline.length ? `/ ${about}${clock(total.seconds)}` : "";
  if (reader.root.hidden || (position >= timeline.end && !player.complete)) return;
  const sentence = timeline.marks.sentence[timeline.indexAt("sentence", position)];
  const word = timeline.marks.word[timeline.indexAt("word", position)];
  reader.show("sentence", sentence);
  reader.show("word", word && sentence && word.time >= sentence.time ? word : undefined);
}

function describePlace(position, total) {
  return words.say("at", { position: clock(position), total: clock(total) });
}

// Errors, and the key that a server may ask for

function fail(error, again = null) {
  if (!reading) setState("idle");
  if (error.code === "key") askKey(again);
  else showError(error);
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
    hideError("voice");
    return true;
  } catch (error) {
    picker.fail();
    fail(error.code === "key" ? error : Object.assign(error, { code: "no_voices" }), afterKey);
    return false;
  }
}

// Controls

function restyle() {
  hideError("voice");
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
  hideErrors();
  editor.draw();
  showSpeed();
  setState(state);
}

function press(event) {
  if (event.isComposing) return; // Vietnamese is typed with an input method
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape" && !$("stop").disabled) {
    stop();
  } else if (event.key === " " && event.target.matches("body, #reader, #wave") && reading) {
    event.preventDefault();
    speakOrPause();
  }
}

editor.addEventListener("change", () => {
  if (reading) stop();
  if (state !== "idle") setState("idle");
});
speed.addEventListener("input", showSpeed);
speed.addEventListener("change", () => {
  remember(SPEED, speed.value);
  restyle();
});
picker.addEventListener("change", restyle);
picker.papers.addEventListener("error", (event) => {
  if (event.detail.code === "key") askKey(null);
  else showError(event.detail, "voice");
});
reader.addEventListener("pick", (event) => {
  reading.goTo(event.detail);
  frame();
});
wave.addEventListener("seek", (event) => {
  reading.player.seek(event.detail);
  if (state === "ended") reading.player.resume();
  frame();
});
saver.addEventListener("start", () => hideError("save"));
saver.addEventListener("error", (event) => {
  if (event.detail.code === "key") askKey(null);
  else showError(event.detail, "save");
});
$("speak").addEventListener("click", speakOrPause);
$("stop").addEventListener("click", stop);
document.addEventListener("keydown", press);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    words.choose(button.dataset.language);
    showLanguage();
  });
}

speed.value = recall(SPEED) ?? "1";
showLanguage();
loadVoices();
