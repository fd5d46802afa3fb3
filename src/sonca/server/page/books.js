/** The Books tab: a file becomes a plan, and a plan a job. */

import { ApiError } from "./api.js";
import { deleting, deletionsEnd, redraw, refresh } from "./book-jobs.js";
import { makeJob, plan, voiceList } from "./books-api.js";
import { castToml, element, say, sayAll } from "./books-words.js";
import { takeDrops } from "./drops.js";
import { guarded as guardedAt } from "./errors.js";
import { History, Notice } from "./undo.js";
import { clock, words } from "./words.js";

const MAX_CHAPTERS = 200; // rows that are drawn
const MAX_CAST = 24;
const FULL = ["too_many_books", "too_many_kept_books", "storage_full"];

const $ = (id) => document.getElementById(id);
const guarded = (what) => guardedAt(what, $("book-error"));
/** The plan that is shown: {file, plan, edits (what was changed in the form, or null)}, or null. */
let chosen = null;
let looking = 0; // counts the files that were taken
let voices = [];
const plans = new History();
const notice = new Notice($("plan-notice"), {
  undo: () => go("undo", "plan_back"),
  redo: () => go("redo", "plan_again"),
});

// Tabs

function show(view) {
  document.body.dataset.view = view;
  $("books").hidden = view !== "books";
  for (const tab of document.querySelectorAll("[data-view-tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.viewTab === view));
  }
  if (view === "books") refresh();
}

// A file becomes a plan

async function take(file) {
  if (!file) return;
  const mine = ++looking;
  const ocr = $("book-ocr").checked;
  $("book-drop").dataset.busy = file.name;
  $("book-status").textContent = say("looking", { name: file.name });
  const found = await guarded(async () => {
    const suffix = /\.[^.]*$/.exec(file.name.toLowerCase())?.[0];
    if (!$("book-file").accept.split(",").includes(suffix)) {
      throw Object.assign(new ApiError("book_type"), { name: file.name });
    }
    voices = await voiceList();
    return plan(file, ocr);
  });
  if (mine !== looking) return; // another was taken meanwhile
  delete $("book-drop").dataset.busy;
  $("book-status").textContent = "";
  if (!found) return;
  replace({ file, ocr, plan: found, edits: null }, "plan_replaced");
  $("book-title").focus();
}

/** Shows another plan, or none, and offers the one that was shown. */
function replace(next, said) {
  const before = collected();
  plans.replaced(before);
  setPlan(next);
  const values = { name: nameOf(before), next: nameOf(next) };
  if (before) notice.show(() => say(said, values), ["undo"]);
}

function go(way, said) {
  setPlan(plans[way](collected()));
  const open = [plans.past.length && "undo", plans.future.length && "redo"];
  notice.show(() => say(said), open);
}

function setPlan(next) {
  chosen = next;
  drawPlan();
}

const nameOf = (each) => each?.edits?.title || each?.plan.title || each?.file.name;

/** The plan with what the form says now. */
function collected() {
  if (!chosen?.edits) return chosen;
  const selects = [...$("book-cast").querySelectorAll("select")];
  chosen.edits = {
    title: $("book-title").value,
    author: $("book-author").value,
    format: $("book-format").value,
    voices: new Map(selects.map(({ dataset, value }) => [dataset.person, value])),
    skip: leftOut(),
  };
  return chosen;
}

/** The numbers of the chapters that are not to be read. */
function leftOut() {
  const boxes = $("book-chapters").querySelectorAll("input:not(:checked)");
  return [...boxes].map((box) => box.value);
}

function drawPlan() {
  $("book-plan").hidden = !chosen;
  if (!chosen) return;
  const { plan: found, edits } = chosen;
  $("book-title").value = edits?.title ?? found.title;
  $("book-author").value = edits?.author ?? found.author;
  if (edits) $("book-format").value = edits.format;
  $("book-size").textContent = say("size", {
    chapters: words.number(found.chapters.length),
    characters: words.number(found.characters),
    length: clock(found.duration_s),
  });
  const rows = found.chapters.slice(0, MAX_CHAPTERS).map((chapter, index) =>
    chapterRow(chapter, `${index + 1}`, edits?.skip ?? []),
  );
  if (found.chapters.length > MAX_CHAPTERS) {
    rows.push(element("li", {}, say("more", { n: found.chapters.length - MAX_CHAPTERS })));
  }
  $("book-chapters").replaceChildren(...rows);
  drawCast(found, edits?.voices);
  $("book-unspoken").textContent = found.unspoken.length
    ? say("unspoken", { n: words.number(found.unspoken.length), reasons: reasons(found.unspoken) })
    : say("all_spoken");
}

/** A chapter with a box that says whether it is read. */
function chapterRow(chapter, number, skipped) {
  const box = element("input", { type: "checkbox", value: number, title: say("read_chapter") });
  box.checked = !skipped.includes(number);
  return element("li", {}, [
    element("label", { class: "name" }, [box, " ", chapter.title]),
    element("span", { class: "figure" }, clock(chapter.duration_s)),
  ]);
}

function reasons(parts) {
  const counts = new Map();
  for (const { reason } of parts) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, n]) => `${say(`reason_${reason}`)} (${n})`).join(", ");
}

function drawCast(found, edited) {
  const people = [
    { name: say("narrator"), voice: found.roles.narrator, key: "" },
    ...found.cast.slice(0, MAX_CAST).map((each) => ({ ...each, key: each.name })),
  ];
  $("book-cast").replaceChildren(
    ...people.map((person) =>
      element("li", {}, [
        element("span", { class: "name" }, person.name),
        element("span", { class: "figure" }, person.speeches ? say("lines", { n: person.speeches }) : ""),
        voiceSelect({ ...person, voice: edited?.get(person.key) ?? person.voice }),
      ]),
    ),
  );
  $("book-cast-more").textContent =
    found.cast.length > MAX_CAST ? say("more_people", { n: found.cast.length - MAX_CAST }) : "";
}

function voiceSelect({ name, key, voice }) {
  const select = element("select", { "data-person": key, "aria-label": say("voice_of", { name }) });
  if (key) select.append(element("option", { value: "" }, say("by_gender")));
  for (const { id, name: called, commercial } of voices) {
    const rights = commercial === "yes" ? "" : ` – ${words.say(`commercial_${commercial}`).toLowerCase()}`;
    select.append(element("option", { value: id }, called + rights));
  }
  select.value = voice ?? "";
  return select;
}

// A plan becomes a job

async function begin(event) {
  event.preventDefault();
  const mine = chosen;
  if (!mine || $("book-begin").disabled) return;
  const form = new FormData();
  form.set("file", mine.file, mine.file.name);
  if (mine.ocr) form.set("ocr", "true");
  form.set("title", $("book-title").value.trim());
  form.set("author", $("book-author").value.trim());
  form.set("format", $("book-format").value);
  form.set("skip", leftOut().join(","));
  form.set("cast", castToml(mine.plan, $("book-cast").querySelectorAll("select")));
  $("book-begin").disabled = true;
  const made = await guarded(() => makeWhenThereIsRoom(form));
  $("book-begin").disabled = false;
  if (!made) return;
  if (chosen === mine) setPlan(null); // or else another was opened meanwhile
  await refresh();
}

/** A book that was deleted a moment ago still takes its place, until its deletion is for good. */
async function makeWhenThereIsRoom(form) {
  try {
    return await makeJob(form);
  } catch (error) {
    if (!FULL.includes(error.code) || !deleting()) throw error;
  }
  $("book-status").textContent = say("making_room");
  await deletionsEnd();
  $("book-status").textContent = "";
  return makeJob(form);
}

// Controls

function speakLanguage() {
  collected();
  sayAll(document);
  drawPlan();
  notice.draw();
  redraw();
}

for (const tab of document.querySelectorAll("[data-view-tab]")) {
  tab.addEventListener("click", () => show(tab.dataset.viewTab));
}
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", speakLanguage);
}
takeDrops("books", $("book-drop"), take);
$("book-file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = "";
});
$("book-choose").addEventListener("click", () => $("book-file").click());
$("book-plan").addEventListener("submit", begin);
$("book-plan").addEventListener("input", () => {
  if (chosen) chosen.edits ??= {};
  notice.settle();
});
$("book-forget").addEventListener("click", () => {
  replace(null, "plan_dropped");
  $("plan-notice").querySelector("button").focus();
});
addEventListener("beforeunload", (event) => {
  if (chosen?.edits) event.preventDefault(); // a file cannot be kept for the next visit
});
$("key-form").addEventListener("submit", () => setTimeout(refresh));
speakLanguage();
if (location.hash === "#books") show("books");
