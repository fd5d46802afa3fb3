/** The books on the server, a card each: their progress, their files, and their deletion. */

import { deleteJob, follow, job, jobs, link } from "./books-api.js";
import { element, keptUntil, say, sayAll } from "./books-words.js";
import { guarded, showBookError } from "./errors.js";
import { Notice, STAY_MS } from "./undo.js";
import { clock, words } from "./words.js";

const MAX_CHAPTERS = 200; // rows that are drawn
const AGAIN_MS = 3000; // a server that was restarted goes on with its books

const $ = (id) => document.getElementById(id);
const following = new Map(); // job id to what stops listening
const leaving = new Map(); // job id to the timer of its deletion, until that is done
const gone = new Set(); // deleted here; a list that was asked for before may still have them

/** Draws the list anew. */
export async function refresh() {
  const list = await guarded(jobs, $("book-error"));
  if (!list) return;
  const shown = new Set(list.map(({ id }) => id));
  for (const card of [...$("book-jobs").children]) {
    if (!shown.has(card.dataset.job)) forget(card);
  }
  let above = null;
  for (const about of list.filter(({ id }) => !gone.has(id))) {
    const card = cardOf(about.id) ?? make(about.id);
    if (!card.isConnected) above ? above.after(card) : $("book-jobs").prepend(card);
    draw(card, about);
    if (!ended(about)) listen(card);
    above = card;
  }
  drawTitle();
}

/** Everything in the page's language. */
export function redraw() {
  for (const card of $("book-jobs").children) {
    sayAll(card);
    card.notice.draw();
    draw(card, card.about);
  }
}

const ended = ({ state }) => ["done", "failed", "cancelled"].includes(state);
const errorBy = (place) => place.closest(".book-job").querySelector(".error");
const cardOf = (id) => document.querySelector(`[data-job="${CSS.escape(id)}"]`);

function drawTitle() {
  $("book-jobs-title").hidden = !$("book-jobs").children.length;
}

function forget(card) {
  const id = card.dataset.job;
  following.get(id)?.();
  following.delete(id);
  clearTimeout(leaving.get(id));
  leaving.delete(id);
  moveFocusFrom(card);
  card.remove();
  const player = $("book-player");
  if (player.dataset.job === id) {
    player.pause();
    player.hidden = true;
  }
  drawTitle();
}

async function listen(card) {
  const id = card.dataset.job;
  if (following.has(id)) return;
  const abort = new AbortController();
  following.set(id, () => abort.abort());
  try {
    for await (const event of follow(id, abort.signal)) {
      if (event.type === "job.deleted") return forget(card); // elsewhere
      if (event.type === "job.progress") draw(card, event.job);
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 404) return forget(card);
  }
  if (ended(card.about)) following.delete(id);
  else setTimeout(() => following.delete(id) && listen(card), AGAIN_MS);
}

function make(id) {
  const card = $("book-job").content.firstElementChild.cloneNode(true);
  card.dataset.job = id;
  card.notice = new Notice(card.querySelector(".notice"), { undo: () => bringBack(card) });
  sayAll(card);
  card.querySelector("[data-delete]").addEventListener("click", () => dismiss(card));
  card.querySelector("details").addEventListener("toggle", () => drawChapters(card));
  return card;
}

// Deletion: the card says so and offers the book back, and only then the server is told. A page
// that is left before has deleted nothing.

function dismiss(card) {
  errorBy(card).hidden = true;
  card.dataset.leaving = "";
  card.notice.show(() => say("deleted", card.about), ["undo"]);
  card.querySelector("[data-way=undo]").focus();
  leaving.set(card.dataset.job, setTimeout(() => remove(card), STAY_MS));
}

function bringBack(card) {
  clearTimeout(leaving.get(card.dataset.job));
  leaving.delete(card.dataset.job);
  const held = card.contains(document.activeElement);
  delete card.dataset.leaving;
  card.notice.hide();
  card.hidden = false;
  if (held) card.querySelector("[data-delete]").focus();
}

async function remove(card) {
  moveFocusFrom(card);
  card.hidden = true;
  const id = card.dataset.job;
  try {
    await deleteJob(id);
  } catch (error) {
    if (error.status !== 404) {
      bringBack(card);
      showBookError(errorBy(card), error);
      errorBy(card).prepend(`${say("not_deleted")} `);
      return;
    }
  }
  gone.add(id);
  forget(card);
}

export const deleting = () => leaving.size > 0;

/** Waits until each deletion is done, or taken back. */
export async function deletionsEnd() {
  while (deleting()) await new Promise((resolve) => setTimeout(resolve, 200));
}

function moveFocusFrom(card) {
  if (!card.contains(document.activeElement)) return;
  const cards = [...$("book-jobs").children].filter((each) => each === card || !each.hidden);
  const at = cards.indexOf(card);
  const next = cards[at + 1] ?? cards[at - 1];
  const way = next && "leaving" in next.dataset ? "[data-way=undo]" : "[data-delete]";
  (next?.querySelector(way) ?? $("book-choose")).focus();
}

addEventListener("pagehide", () => {
  for (const id of [...leaving.keys()]) bringBack(cardOf(id));
});

// A card

function draw(card, about) {
  const before = card.about;
  card.about = about;
  card.dataset.state = about.state;
  card.querySelector("[data-title]").textContent = about.title;
  card.querySelector("[data-author]").textContent = about.author;
  card.querySelector("[data-delete]").setAttribute("aria-label", say("delete_book", about));
  card.querySelector("[data-way]").setAttribute("aria-label", say("undelete_book", about));
  card.querySelector("[data-state-word]").textContent = stateOf(about);
  card.querySelector("[data-kept]").textContent =
    ended(about) && about.chapters_ready ? keptUntil(about.expires_at) : "";
  const bar = card.querySelector("progress");
  bar.hidden = ended(about);
  bar.value = about.progress?.done ?? 0;
  card.querySelector("[data-sentence]").textContent = about.progress?.sentence ?? "";
  card.querySelector("[data-chapter-count]").textContent = say("chapters_ready", {
    ready: about.chapters_ready,
    total: about.chapters_total,
  });
  drawProblems(card, about);
  const save = card.querySelector("[data-save]");
  save.replaceChildren(...(about.state === "done" ? savers(about) : []));
  const moved = !before || before.chapters_ready !== about.chapters_ready;
  if (moved && card.querySelector("details").open) drawChapters(card);
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

function drawProblems(card, { problems }) {
  const box = card.querySelector("[data-problems]");
  box.hidden = !problems.length;
  const first = problems[0];
  box.textContent = first ? say("problems", { n: problems.length, text: first.text }) : "";
}

function savers({ id, title, format, audio, archive }) {
  const kinds = format === "m4b" ? ["srt", "vtt", "lrc", "json"] : [];
  const name = format.toUpperCase();
  return [
    ...(audio ? [saver(audio, `${title}.${format}`, say("save_book", { name }), "primary")] : []),
    ...kinds.map((kind) =>
      saver(`/v1/jobs/${id}/captions?kind=${kind}`, `${title}.${kind}`, kind.toUpperCase()),
    ),
    ...(format === "epub" ? [] : [saver(archive, `${title}.zip`, "ZIP", audio ? "" : "primary")]),
  ];
}

function saver(path, name, label, kind = "") {
  const button = element("button", { type: "button", class: kind }, label);
  button.addEventListener("click", () =>
    guarded(async () => {
      const made = element("a", { href: await link(path), download: name });
      made.click();
    }, errorBy(button)),
  );
  return button;
}

async function drawChapters(card) {
  if (!card.querySelector("details").open) return;
  let about;
  try {
    about = await job(card.dataset.job);
  } catch (error) {
    return showBookError(errorBy(card), error);
  }
  const rows = about.chapters.slice(0, MAX_CHAPTERS).map((chapter) =>
    element("li", {}, [
      listenButton(chapter),
      element("span", { class: "name" }, chapter.title),
      element("span", { class: "figure" }, chapter.duration_s ? clock(chapter.duration_s) : "…"),
      ...(["m4b", "epub"].includes(about.format) ? [] : [chapterSaver(chapter)]),
    ]),
  );
  card.querySelector("[data-chapters]").replaceChildren(...rows);
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
      player.dataset.job = button.closest(".book-job").dataset.job;
      $("book-playing").textContent = title;
      await player.play();
    }, errorBy(button)),
  );
  return button;
}
