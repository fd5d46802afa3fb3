/**
 * The text while it is read: shows the place that is heard and keeps it in view.
 *
 * The text is laid out once, a block a line, and never touched again: the marks are boxes drawn
 * behind it at the places that the browser gives for a range. So a word costs the same in a
 * note and in a novel.
 */

const QUIET_MS = 150;
const CALM = 0.18; // of the height, above and below

export class Reader extends EventTarget {
  /** `root` scrolls; it is shown in place of the text area. */
  constructor(root, backButton) {
    super();
    this.root = root;
    this.back = backButton;
    this.lines = [];
    this.starts = [];
    this.places = {};
    this.boxes = { sentence: [], word: [] };
    this.following = true;
    root.addEventListener("click", (event) => this.pick(event));
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      root.addEventListener(kind, (event) => this.letGo(event), { passive: true });
    }
    backButton.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.redraw()).observe(root);
  }

  /** Shows `text`, scrolled to where the text area was. */
  open(text, scrollTop) {
    const fragment = document.createDocumentFragment();
    this.lines = [];
    this.starts = [];
    this.places = {};
    let at = 0;
    for (const line of text.split("\n")) {
      const block = document.createElement("p");
      block.className = "line";
      block.append(document.createTextNode(line));
      if (!line) block.append(document.createElement("br"));
      fragment.append(block);
      this.lines.push(block);
      this.starts.push(at);
      at += line.length + 1;
    }
    this.root.replaceChildren(fragment);
    this.root.hidden = false;
    this.blank = widthOfBlank(this.root);
    this.root.scrollTop = scrollTop;
    this.setFollowing(true);
  }

  close() {
    this.root.hidden = true;
    this.root.replaceChildren();
    this.lines = [];
    this.places = {};
    this.setFollowing(true);
  }

  /** Marks the sentence or word at {start, end}; undefined for none. */
  show(kind, place) {
    const before = this.places[kind];
    if (before?.start === place?.start && before?.end === place?.end) return;
    this.places[kind] = place;
    this.draw(kind);
    if (!place) return;
    if (this.following) this.reveal();
    else if (this.boxes[kind].length && this.inView()) this.setFollowing(true);
  }

  redraw() {
    if (this.root.hidden) return;
    this.draw("sentence");
    this.draw("word");
  }

  draw(kind) {
    for (const box of this.boxes[kind]) box.remove();
    this.boxes[kind] = [];
    const place = this.places[kind];
    if (!place) return;
    for (const { line, range } of this.ranges(place)) {
      const origin = line.getBoundingClientRect();
      const boxes = this.rows(range).map((row) => box(kind, row, origin));
      line.append(...boxes);
      this.boxes[kind].push(...boxes);
    }
  }

  /** The piece of each line that lies in {start, end}. */
  *ranges({ start, end }) {
    for (let i = this.lineAt(start); i < this.lines.length && this.starts[i] < end; i++) {
      const node = this.lines[i].firstChild;
      const from = Math.max(0, start - this.starts[i]);
      const to = Math.min(node.length, end - this.starts[i]);
      if (from >= to) continue;
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      yield { line: this.lines[i], range };
    }
  }

  /** The rows of a range, without the blank that hangs where a row wraps. */
  rows(range) {
    const joined = rows(range.getClientRects());
    for (const row of joined.slice(0, -1)) row.right -= this.blank;
    return joined;
  }

  lineAt(offset) {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Whether the mark is in the calm part of the view: not at its edges. */
  inView() {
    const mark = this.boxes.word[0] ?? this.boxes.sentence[0];
    if (!mark) return true;
    const view = this.root.getBoundingClientRect();
    const { top, bottom } = mark.getBoundingClientRect();
    const margin = view.height * CALM;
    return top >= view.top + margin && bottom <= view.bottom - margin;
  }

  /** Scrolls so that the mark is in view. */
  reveal() {
    if (this.inView()) return;
    const { top } = (this.boxes.word[0] ?? this.boxes.sentence[0]).getBoundingClientRect();
    const view = this.root.getBoundingClientRect();
    const far = Math.abs(top - view.top) > 2 * view.height;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const target = this.root.scrollTop + top - view.top - view.height * 0.3;
    this.root.scrollTo({ top: target, behavior: far || calm ? "auto" : "smooth" });
  }

  follow() {
    this.setFollowing(true);
    this.reveal();
  }

  /** The reader scrolls by hand: leave the view to them. */
  letGo(event) {
    const keys = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];
    if (event.type === "keydown" && !keys.includes(event.key)) return;
    const onScrollbar = event.type === "pointerdown" && event.offsetX >= this.root.clientWidth;
    if (event.type === "pointerdown" && !onScrollbar) return;
    clearTimeout(this.settle);
    const scrollable = this.root.scrollHeight > this.root.clientHeight + 1;
    this.settle = setTimeout(() => scrollable && this.setFollowing(false), QUIET_MS);
  }

  setFollowing(following) {
    clearTimeout(this.settle);
    this.following = following;
    this.back.hidden = following;
  }

  /** A click on the text, unless it ends a selection. */
  pick(event) {
    if (!getSelection().isCollapsed) return;
    const offset = this.offsetAt(event.clientX, event.clientY);
    if (offset === null) return;
    this.setFollowing(true);
    this.dispatchEvent(new CustomEvent("pick", { detail: offset }));
  }

  offsetAt(x, y) {
    const caret = document.caretPositionFromPoint?.(x, y);
    const range = caret ? null : document.caretRangeFromPoint?.(x, y);
    const node = caret?.offsetNode ?? range?.startContainer;
    const line = node?.parentElement?.closest(".line");
    if (!line || node !== line.firstChild) return null;
    return this.starts[this.lines.indexOf(line)] + (caret?.offset ?? range.startOffset);
  }
}

/** Rectangles of one row joined: a row is one box. */
function rows(rects) {
  const joined = [];
  for (const { left, top, right, bottom } of rects) {
    const last = joined.at(-1);
    if (last && Math.abs(last.top - top) < (bottom - top) / 2) {
      last.left = Math.min(last.left, left);
      last.right = Math.max(last.right, right);
    } else {
      joined.push({ left, top, right, bottom });
    }
  }
  return joined;
}

function widthOfBlank(element) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(element).font;
  return pen.measureText(" ").width;
}

function box(kind, row, origin) {
  const element = document.createElement("span");
  element.className = `mark ${kind}`;
  const { style } = element;
  style.left = `${row.left - origin.left}px`;
  style.top = `${row.top - origin.top}px`;
  style.width = `${row.right - row.left}px`;
  style.height = `${row.bottom - row.top}px`;
  return element;
}
