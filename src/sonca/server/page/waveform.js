/**
 * The outline of the sound on a canvas, with the place that is heard; a slider to move it.
 *
 * Draws one bar a few pixels wide from the outline's bins: the work depends on the width of the
 * screen, not on the length of the sound.
 */

const BAR = 3;
const GAP = 2;
const STEP_S = 5;

export class Waveform extends EventTarget {
  /** `describe(position, total)` puts the place into words for those who do not see it. */
  constructor(canvas, describe) {
    super();
    this.canvas = canvas;
    this.describe = describe;
    this.view = null;
    this.readColours();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.readColours());
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.grab(event));
    canvas.addEventListener("pointermove", (event) => this.grabbed && this.moveTo(event));
    canvas.addEventListener("pointerup", () => (this.grabbed = false));
    canvas.addEventListener("pointercancel", () => (this.grabbed = false));
    canvas.addEventListener("keydown", (event) => this.press(event));
  }

  readColours() {
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.colours = {
      heard: colour("--wave-heard"),
      ahead: colour("--wave-ahead"),
      none: colour("--wave-none"),
      head: colour("--wave-head"),
    };
    this.draw();
  }

  /** Shows {timeline, position, total, rest}; null for nothing. */
  show(view) {
    this.view = view;
    this.draw();
    const words = this.describe(view?.position ?? 0, view?.total ?? 0);
    if (words === this.words) return; // once a second is enough
    this.words = words;
    const { canvas } = this;
    canvas.setAttribute("aria-disabled", String(!view));
    canvas.setAttribute("aria-valuemax", String(Math.round(view?.total ?? 0)));
    canvas.setAttribute("aria-valuenow", String(Math.round(view?.position ?? 0)));
    canvas.setAttribute("aria-valuetext", words);
  }

  draw() {
    const { canvas, view, colours } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const bars = Math.floor((width + GAP) / (BAR + GAP));
    const second = view ? Math.max(view.total, 1) / bars : 0;
    for (let i = 0; i < bars; i++) {
      const from = i * second;
      const got = view && from < view.timeline.end;
      const loud = got ? view.timeline.outline.loudness(from, from + second) : 0;
      const tall = got ? Math.max(3, Math.min(1, 1.8 * loud) * height) : 3;
      const sounds = got && from + second / 2 < view.position ? colours.heard : colours.ahead;
      pen.fillStyle = got ? sounds : colours.none;
      pen.globalAlpha = got && from + second <= view.timeline.start ? 0.35 : 1;
      pen.beginPath();
      pen.roundRect(i * (BAR + GAP), (height - tall) / 2, BAR, tall, BAR / 2);
      pen.fill();
    }
    pen.globalAlpha = 1;
    if (view) this.drawHead(pen, (view.position / Math.max(view.total, 1)) * width, height);
  }

  drawHead(pen, x, height) {
    pen.fillStyle = this.colours.head;
    pen.beginPath();
    pen.roundRect(Math.max(0, x - 1), 0, 2, height, 1);
    pen.fill();
  }

  grab(event) {
    if (!this.view) return;
    this.grabbed = true;
    this.canvas.setPointerCapture(event.pointerId);
    this.moveTo(event);
  }

  moveTo(event) {
    if (!this.view) return;
    const { left, width } = this.canvas.getBoundingClientRect();
    this.seek(((event.clientX - left) / width) * this.view.total);
  }

  press(event) {
    const { view } = this;
    if (!view) return;
    const steps = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S };
    if (event.key in steps) this.seek(view.position + steps[event.key]);
    else if (event.key === "Home") this.seek(0);
    else if (event.key === "End") this.seek(view.timeline.end - 1);
    else return;
    event.preventDefault();
  }

  seek(time) {
    const within = Math.max(0, Math.min(time, this.view.timeline.end - 0.05));
    this.dispatchEvent(new CustomEvent("seek", { detail: within }));
  }
}
