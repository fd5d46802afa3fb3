/**
 * The server, as the page needs it: voices, speech as it is made, audio files.
 *
 * Knows how to ask and what can go wrong; knows nothing of the screen.
 */

const KEY = "sonca.key";

/** A request that failed. `code` is one of our words for it; `message` is the server's own. */
export class ApiError extends Error {
  constructor(code, { message = "", status = 0, requestId = "", retryAfter = 0, field = "" } = {}) {
    super(message || code);
    Object.assign(this, { code, status, requestId, retryAfter, field });
  }
}

/** The API key is for this tab only: it is gone when the tab is closed. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
};

/**
 * All voices, and the id of the one that the server takes when none is named; the voices' papers,
 * and what fetches better voices, if that can be done.
 */
export async function voices() {
  const response = await send("v1/audio/voices", {});
  const { data, default: usual, passports, better } = await response.json();
  return { voices: data, usual, passports, better };
}

/** A sample of a voice, as a file. */
export async function sample(id, signal) {
  const response = await send(`v1/audio/voices/${encodeURIComponent(id)}/sample`, { signal });
  return response.blob();
}

/** What is said, in pieces as they are made: {samples (Int16Array), marks}. */
export async function* stream(request, signal) {
  const body = { ...request, response_format: "pcm", stream_format: "sse", marks: true };
  const response = await post(body, signal);
  const requestId = response.headers.get("x-request-id") ?? "";
  const join = pcmJoiner();
  let done = false;
  for await (const event of events(response.body)) {
    if (event.type === "speech.audio.delta") {
      yield { samples: join(bytes(event.audio)), marks: event.marks ?? [] };
    } else if (event.type === "speech.audio.done") {
      done = true;
    } else if (event.error) {
      throw fromBody(event, { requestId });
    }
  }
  if (!done) throw new ApiError("broken", { requestId });
}

/** An audio file. `onBytes` hears how many bytes have come. */
export async function file(request, signal, onBytes) {
  const response = await post(request, signal);
  const parts = [];
  let count = 0;
  for await (const part of pieces(response.body)) {
    parts.push(part);
    count += part.length;
    onBytes(count);
  }
  const type = response.headers.get("content-type") ?? "application/octet-stream";
  return new Blob(parts, { type });
}

function post(body, signal) {
  const headers = { "Content-Type": "application/json" };
  return send("v1/audio/speech", { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** A request; what fails is an `ApiError`. A path from an answer may begin with a slash. */
export async function send(path, options = {}) {
  const headers = { ...options.headers };
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  let response;
  try {
    response = await fetch(path.replace(/^\//, ""), { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("offline");
  }
  if (response.ok) return response;
  const about = {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? "",
    retryAfter: Number(response.headers.get("retry-after")) || 0,
  };
  throw fromBody(await response.json().catch(() => ({})), about);
}

/** The error that the server tells in OpenAI's shape. */
function fromBody(body, about) {
  const error = body.error ?? {};
  const field = error.param ?? "";
  const code = BY_CODE[error.code] ?? BY_STATUS[about.status] ?? "failed";
  return new ApiError(code, { ...about, field, message: error.message });
}

const BY_CODE = {
  empty_text: "empty_text",
  nothing_to_say: "nothing_to_say",
  text_too_long: "too_long",
  body_too_large: "too_long",
  unknown_voice: "unknown_voice",
  unsupported: "unsupported",
  queue_full: "busy",
  too_many_requests: "busy",
  too_many_books: "too_many_books",
  too_many_kept_books: "too_many_kept_books",
  too_many_plans: "too_many_plans",
  shutting_down: "shutting_down",
  storage_full: "storage_full",
};
const BY_STATUS = {
  401: "key",
  413: "too_long",
  429: "busy",
  503: "unavailable",
  507: "storage_full",
};

/** The JSON of each server-sent event. */
async function* events(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of pieces(body)) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const data = line.startsWith("data:") ? line.slice(5).trim() : "";
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

/** The bytes of a response; a connection that breaks is an `ApiError`. */
async function* pieces(body) {
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw error.name === "AbortError" ? error : new ApiError("broken");
  } finally {
    reader.cancel().catch(() => {});
  }
}

function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Makes 16-bit samples of byte pieces, whose borders may fall inside a sample. */
function pcmJoiner() {
  let odd = new Uint8Array(0);
  return (piece) => {
    const all = new Uint8Array(odd.length + piece.length);
    all.set(odd);
    all.set(piece, odd.length);
    const whole = all.length - (all.length % 2);
    odd = all.slice(whole);
    return new Int16Array(all.buffer, 0, whole / 2); // browsers run on little-endian machines
  };
}
