/** The Books tab: a file becomes a plan, a plan a job, a job an audiobook to hear and keep. */

import { ApiError } from "./api.js";
import { deleteJob, follow, job, jobs, link, makeJob, plan, voiceList } from "./books-api.js";
import { castToml, element, say, sayAll } from "./books-words.js";
import { clock, words } from "./words.js";

const MAX_CHAPTERS = 200; // rows that are drawn
const MAX_CAST = 24;

const $ = (id) => document.getElementById(id);
const following = new Map(); // job id to what stops listening
let chosen = null; // { file, plan }
let voices = [];

// Tabs

function show(view) {
  document.body.dataset.view = view;
  $("books").hidden = view !== "books";
  for (const tab of document.querySelectorAll("[data-view-tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.viewTab === view));
  }
  if (view === "books") refresh();
}

async function guarded(what, place = "book-error") {
  $(place).hidden = true;
  try {
    return await what();
  } catch (error) {
    const box = $(place);
    const known = error instanceof ApiError && ["offline", "key"].includes(error.code);
    box.textContent = known ? say(`error_${error.code}`) : error.message;
    box.hidden = false;
    return null;
  }
}

// A file becomes a plan

async function take(file) {
  if (!file) return;
  chosen = null;
  $("book-plan").hidden = true;
  $("book-drop").dataset.busy = file.name;
  $("book-status").textContent = say("looking", { name: file.name });
  const found = await guarded(async () => {
    voices = await voiceList();
    return plan(file);
  });
  delete $("book-drop").dataset.busy;
  $("book-status").textContent = "";
  if (!found) return;
  chosen = { file, plan: found };
  drawPlan();
  $("book-title").focus();
}

function drawPlan() {
  if (!chosen) return;
  const { plan: found } = chosen;
  $("book-plan").hidden = false;
  $("book-title").value = found.title;
  $("book-author").value = found.author;
  $("book-size").textContent = say("size", {
    chapters: words.number(found.chapters.length),
    characters: words.number(found.characters),
    length: clock(found.duration_s),
  });
  const rows = found.chapters.slice(0, MAX_CHAPTERS).map((chapter) =>
    element("li", {}, [
      element("span", { class: "name" }, chapter.title),
      element("span", { class: "figure" }, clock(chapter.duration_s)),
    ]),
  );
  if (found.chapters.length > MAX_CHAPTERS) {
    rows.push(element("li", {}, say("more", { n: found.chapters.length - MAX_CHAPTERS })));
  }
  $("book-chapters").replaceChildren(...rows);
  drawCast(found);
  $("book-unspoken").textContent = found.unspoken.length
    ? say("unspoken", { n: words.number(found.unspoken.length), reasons: reasons(found.unspoken) })
    : say("all_spoken");
}

function reasons(parts) {
  const counts = new Map();
  for (const { reason } of parts) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, n]) => `${say(`reason_${reason}`)} (${n})`).join(", ");
}

function drawCast(found) {
  const people = [
    { name: say("narrator"), voice: found.roles.narrator, key: "" },
    ...found.cast.slice(0, MAX_CAST).map((each) => ({ ...each, key: each.name })),
  ];
  $("book-cast").replaceChildren(
    ...people.map((person) =>
      element("li", {}, [
        element("span", { class: "name" }, person.name),
        element("span", { class: "figure" }, person.speeches ? say("lines", { n: person.speeches }) : ""),
        voiceSelect(person),
      ]),
    ),
  );
  $("book-cast-more").textContent =
    found.cast.length > MAX_CAST ? say("more_people", { n: found.cast.length - MAX_CAST }) : "";
}

function voiceSelect({ name, key, voice }) {
  const select = element("select", { "data-person": key, "aria-label": say("voice_of", { name }) });
  if (key) select.append(element("option", { value: "" }, say("by_gender")));
  for (const each of voices) select.append(element("option", { value: each.id }, each.name));
  select.value = voice ?? "";
  return select;
}

// A plan becomes a job

async function begin(event) {
  event.preventDefault();
  if (!chosen) return;
  const form = new FormData();
  form.set("file", chosen.file, chosen.file.name);
  form.set("title", $("book-title").value.trim());
  form.set("author", $("book-author").value.trim());
  form.set("format", $("book-format").value);
  form.set("cast", castToml(chosen.plan, $("book-cast").querySelectorAll("select")));
  const made = await guarded(() => makeJob(form));
  if (!made) return;
  chosen = null;
  $("book-plan").hidden = true;
  await refresh();
}

// Jobs

async function refresh() {
  const list = await guarded(jobs);
  if (!list) return;
  $("book-jobs-title").hidden = !list.length;
  const shown = new Set(list.map(({ id }) => id));
  for (const card of [...$("book-jobs").children]) {
    if (!shown.has(card.dataset.job)) forget(card);
  }
  for (const each of list) {
    draw(each);
    if (!ended(each)) listen(each.id);
  }
}

const ended = ({ state }) => ["done", "failed", "cancelled"].includes(state);

function forget(card) {
  following.get(card.dataset.job)?.();
  following.delete(card.dataset.job);
  card.remove();
}

async function listen(id) {
  if (following.has(id)) return;
  const abort = new AbortController();
  following.set(id, () => abort.abort());
  try {
    for await (const event of follow(id, abort.signal)) {
      if (event.type !== "job.progress") break;
      draw(event.job);
    }
  } catch (error) {
    if (error.name !== "AbortError") setTimeout(() => following.delete(id) && listen(id), 3000);
    return;
  }
  following.delete(id);
}

function card(id) {
  const found = document.querySelector(`[data-job="${CSS.escape(id)}"]`);
  if (found) return found;
  const made = $("book-job").content.firstElementChild.cloneNode(true);
  made.dataset.job = id;
  sayAll(made);
  made.querySelector("[data-delete]").addEventListener("click", async () => {
    if (await guarded(() => deleteJob(id))) forget(made);
    $("book-jobs-title").hidden = !$("book-jobs").children.length;
  });
  made.querySelector("details").addEventListener("toggle", () => drawChapters(made));
  $("book-jobs").append(made);
  return made;
}

function draw(about) {
  const place = card(about.id);
  const before = place.about;
  place.about = about;
  const done = about.state === "done";
  place.dataset.state = about.state;
  place.querySelector("[data-title]").textContent = about.title;
  place.querySelector("[data-author]").textContent = about.author;
  place.querySelector("[data-state-word]").textContent = stateOf(about);
  const bar = place.querySelector("progress");
  bar.hidden = ended(about);
  bar.value = about.progress?.done ?? 0;
  place.querySelector("[data-sentence]").textContent = about.progress?.sentence ?? "";
  place.querySelector("[data-chapter-count]").textContent = say("chapters_ready", {
    ready: about.chapters_ready,
    total: about.chapters_total,
  });
  drawProblems(place, about);
  const save = place.querySelector("[data-save]");
  save.replaceChildren(...(done && about.audio ? savers(about) : []));
  const moved = !before || before.chapters_ready !== about.chapters_ready;
  if (moved && place.querySelector("details").open) drawChapters(place);
}

function stateOf({ state, progress, duration_s: length, error }) {
  if (state === "running" && progress) {
    const percent = words.number(progress.done, { style: "percent" });
    const speed = words.number(progress.speed, { maximumFractionDigits: 1 });
    return progress.phase === "joining"
      ? say("joining")
      : say("running_at", { percent, length: clock(progress.audio_s), speed });
  }
  if (state === "done") return say("done", { length: clock(length) });
  return state === "failed" ? `${say("failed")} ${error ?? ""}` : say(state);
}

function drawProblems(place, { problems }) {
  const box = place.querySelector("[data-problems]");
  box.hidden = !problems.length;
  const first = problems[0];
  box.textContent = first ? say("problems", { n: problems.length, text: first.text }) : "";
}

function savers({ id, title, audio }) {
  const kinds = ["srt", "vtt", "lrc", "json"];
  return [
    saver(audio, `${title}.m4b`, say("save_book"), "primary"),
    ...kinds.map((kind) =>
      saver(`/v1/jobs/${id}/captions?kind=${kind}`, `${title}.${kind}`, kind.toUpperCase()),
    ),
  ];
}

function saver(path, name, label, kind = "") {
  const button = element("button", { type: "button", class: kind }, label);
  button.addEventListener("click", () =>
    guarded(async () => {
      const made = element("a", { href: await link(path), download: name });
      made.click();
    }),
  );
  return button;
}

async function drawChapters(place) {
  if (!place.querySelector("details").open) return;
  const about = await guarded(() => job(place.dataset.job));
  if (!about) return;
  const rows = about.chapters.slice(0, MAX_CHAPTERS).map((chapter) =>
    element("li", {}, [
      listenButton(chapter),
      element("span", { class: "name" }, chapter.title),
      element("span", { class: "figure" }, chapter.duration_s ? clock(chapter.duration_s) : "…"),
      ...(about.format === "m4b" ? [] : [chapterSaver(chapter)]),
    ]),
  );
  place.querySelector("[data-chapters]").replaceChildren(...rows);
}

/** A book of a file a chapter is saved chapter by chapter. */
function chapterSaver({ title, audio }) {
  const button = saver(audio, "", "↓"); // the server names it
  button.title = say("save_chapter", { title });
  button.setAttribute("aria-label", button.title);
  button.disabled = !audio;
  return button;
}

function listenButton({ title, audio }) {
  const label = say("listen", { title });
  const button = element("button", { type: "button", "aria-label": label, title: label }, "▶");
  button.disabled = !audio;
  button.addEventListener("click", () =>
    guarded(async () => {
      const player = $("book-player");
      player.src = await link(audio);
      player.hidden = false;
      $("book-playing").textContent = title;
      await player.play();
    }),
  );
  return button;
}

// Controls

function speakLanguage() {
  sayAll(document);
  drawPlan();
  for (const place of $("book-jobs").children) {
    sayAll(place);
    if (place.about) draw(place.about);
  }
}

for (const tab of document.querySelectorAll("[data-view-tab]")) {
  tab.addEventListener("click", () => show(tab.dataset.viewTab));
}
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", speakLanguage);
}
const drop = $("book-drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  drop.addEventListener(kind, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
$("book-file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = "";
});
$("book-choose").addEventListener("click", () => $("book-file").click());
$("book-plan").addEventListener("submit", begin);
$("book-forget").addEventListener("click", () => {
  chosen = null;
  $("book-plan").hidden = true;
});
$("key-form").addEventListener("submit", () => setTimeout(refresh));
speakLanguage();
if (location.hash === "#books") show("books");
