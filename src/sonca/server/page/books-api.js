/** Books on the server: plans, jobs, their progress and files. Knows nothing of the screen. */

import { key, send, voices } from "./api.js";

const JOBS = "v1/jobs";

const json = async (path, options) => (await send(path, options)).json();

/** What a file would become; with `ocr`, pages that are pictures are recognized. */
export function plan(file, ocr) {
  const body = new FormData();
  body.set("file", file, file.name);
  if (ocr) body.set("ocr", "true");
  return json(`${JOBS}/plan`, { method: "POST", body });
}

export const makeJob = (body) => json(JOBS, { method: "POST", body });
export const jobs = async () => (await json(JOBS)).data;
export const job = (id) => json(`${JOBS}/${id}`);
export const deleteJob = (id) => json(`${JOBS}/${id}`, { method: "DELETE" });

/** The voices that books can be read with, each with whether its licence lets books be sold. */
export async function voiceList() {
  const { voices: all, passports = {} } = await voices();
  const rights = (voice) => passports[voice.passport ?? ""]?.commercial ?? "unclear";
  const usable = all.filter((voice) => voice.engine);
  return usable.map((voice) => ({ ...voice, commercial: rights(voice) }));
}

/** A job's progress, each time it changes, until its end. */
export async function* follow(id, signal) {
  const response = await send(`${JOBS}/${id}/events`, { signal });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** An address that the browser can open by itself: with a key, that is a copy of the file. */
export async function link(path) {
  if (!key.get()) return path.replace(/^\//, "");
  const blob = await (await send(path)).blob();
  const url = URL.createObjectURL(blob);
  setTimeout(() => URL.revokeObjectURL(url), 3_600_000);
  return url;
}
