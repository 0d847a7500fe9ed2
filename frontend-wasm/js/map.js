// The map of cells: js/cells.js draws the cells; borders, names, lines and marks are drawn above them, and only what is in
// view. Nothing here moves by itself: the view follows the hand, the boxes stand where they are told to.
import { Cells } from "./cells.js";

const LABEL = "500 11px 'IBM Plex Mono', monospace";
const SMALL = "10.5px 'IBM Plex Mono', monospace";
// The states by code; see cells.js.
const TOKENS = ["bg", "suspended", "quiet", "unknown", "progressing", "warning", "unhealthy"];
const WORDS = ["free", "suspended", "healthy", "unknown", "in progress", "degraded", "failing"];
const UNHEALTHY = 6;
// How far the view may be enlarged: pixels for a unit.
const NEAREST = 40;
// From here on a cell can be pointed at, and a name stands above its application.
const POINTABLE = 5;
const NAMED = 11;
const MARGIN = 12;
// How long the pointer must rest before it is asked what lies below it, in milliseconds.
const REST = 90;
const STEP = 60;

let current = null;

class MapDrawing {
  constructor(host, rests, chosen) {
    this.host = host;
    [this.rests, this.chosen] = [rests, chosen];
    this.spaces = new Map();
    this.applications = new Map();
    this.lines = [];
    this.selected = null;
    this.hovered = null;
    this.told = null;
    this.unwell = false;
    this.isShaped = true;
    this.isFitted = false;
    this.view = { x: 0, y: 0, unit: 4 };
    this.pointers = new Map();
    this.below = document.createElement("canvas");
    this.above = document.createElement("canvas");
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.cells = new Cells(this.below);
    host.append(this.below, this.above, this.tip);
    host.tabIndex = 0;
    host.setAttribute("role", "application");
    host.setAttribute("aria-label", "Map of the cluster. Arrow keys move it, plus and minus zoom, 0 shows all. The list beside it has the same content.");
    this.listen();
    this.recolour();
    this.resize();
  }

  listen() {
    const { host } = this;
    const on = (target, type, run, options) => {
      target.addEventListener(type, run, options);
      this.ends.push(() => target.removeEventListener(type, run, options));
    };
    this.ends = [];
    on(host, "pointerdown", (event) => this.down(event));
    on(host, "pointermove", (event) => this.move(event));
    on(host, "pointerup", (event) => this.up(event));
    on(host, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(host, "pointerleave", () => this.hover(null));
    on(host, "wheel", (event) => this.wheel(event), { passive: false });
    on(host, "keydown", (event) => this.key(event));
    on(this.below, "webglcontextlost", (event) => event.preventDefault());
    on(this.below, "webglcontextrestored", () => {
      this.cells.prepare();
      this.recolour();
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    on(dark, "change", () => this.recolour());
    const resized = new ResizeObserver(() => this.resize());
    resized.observe(host);
    this.ends.push(() => resized.disconnect());
    document.fonts?.ready.then(() => this.redraw());
  }

  stop() {
    for (const end of this.ends) end();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    for (const element of [this.below, this.above, this.tip]) element.remove();
    if (current === this) current = null;
  }

  clear() {
    this.spaces.clear();
    this.applications.clear();
    this.isShaped = true;
  }

  space(id, name, x, y, width, height, header) {
    this.spaces.set(id, { id, name, x, y, width, height, header });
    this.isShaped = true;
  }

  application(id, space, name, x, y, columns, cells) {
    // A copy: what comes is a view of the memory of the WASM, good for this call only.
    this.applications.set(id, { id, space, name, x, y, columns, cells: cells.slice(), start: 0 });
    this.isShaped = true;
  }

  cell(id, slot, code) {
    const own = this.applications.get(id);
    if (!own || own.cells[slot] === undefined) return;
    own.cells[slot] = code;
    if (!this.isShaped) this.cells.change(own.start + slot, code);
  }

  commit(goneSpaces, goneApplications) {
    for (const id of goneSpaces) this.spaces.delete(id);
    for (const id of goneApplications) this.applications.delete(id);
    if (goneSpaces.length || goneApplications.length) this.isShaped = true;
    this.redraw();
  }

  // Brings the cells up to date after boxes came, went or moved.
  shape() {
    this.isShaped = false;
    let count = 0;
    for (const own of this.applications.values()) count += own.cells.length;
    const places = new Float32Array(2 * count);
    const states = new Uint8Array(count);
    let start = 0;
    this.grid = new Map();
    for (const own of this.applications.values()) {
      const corner = this.corner(own);
      own.start = start;
      states.set(own.cells, start);
      for (let slot = 0; slot < own.cells.length; slot++) {
        places[2 * (start + slot)] = corner.x + (slot % own.columns);
        places[2 * (start + slot) + 1] = corner.y + Math.floor(slot / own.columns);
      }
      start += own.cells.length;
      const list = this.grid.get(own.space);
      if (list) list.push(own);
      else this.grid.set(own.space, [own]);
    }
    this.cells.set(places, states);
    if (!this.isFitted && count > 0 && this.width > 0) {
      this.isFitted = true;
      this.fit();
    }
  }

  corner(own) {
    const space = this.spaces.get(own.space);
    return { x: (space?.x ?? 0) + own.x, y: (space?.y ?? 0) + own.y };
  }

  rows(own) {
    return Math.ceil(own.cells.length / own.columns);
  }

  bounds() {
    let [width, height] = [1, 1];
    for (const space of this.spaces.values()) {
      width = Math.max(width, space.x + space.width);
      height = Math.max(height, space.y + space.height);
    }
    return { width, height };
  }

  fit() {
    const { width, height } = this.bounds();
    const unit = Math.min((this.width - 2 * MARGIN) / width, (this.height - 2 * MARGIN) / height, 22);
    this.view = { unit, x: Math.max((this.width - width * unit) / 2, MARGIN), y: MARGIN };
    this.redraw();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.host;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    for (const canvas of [this.below, this.above]) {
      canvas.width = Math.max(Math.round(width * ratio), 1);
      canvas.height = Math.max(Math.round(height * ratio), 1);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.redraw();
  }

  // Custom properties are texts, and a computed colour may be of any space: only a pixel says what it is.
  recolour() {
    const probe = document.createElement("i");
    this.host.append(probe);
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const read = (token) => {
      probe.style.color = `var(--${token})`;
      return getComputedStyle(probe).color;
    };
    this.colours = Object.fromEntries(["bg", "panel", "line", "line2", "ink", "ink2", "ink3", "mark", "edge", "unhealthy"].map((token) => [token, read(token)]));
    const numbers = TOKENS.flatMap((token) => {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = read(token);
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      const cover = alpha / 255;
      return [(red / 255) * cover, (green / 255) * cover, (blue / 255) * cover, cover];
    });
    probe.remove();
    this.cells.colour(new Float32Array(numbers));
    this.redraw();
  }

  onlyUnwell(only) {
    this.unwell = only;
    this.redraw();
  }

  select(id, to, healthy) {
    const isNew = this.selected !== (id ?? null);
    this.selected = id ?? null;
    this.lines = to.map((other, index) => ({ other, healthy: healthy[index] }));
    if (isNew) this.reveal(this.selected);
    this.redraw();
  }

  // Brings an application into view, if it is not; nothing else moves.
  reveal(id) {
    const own = this.applications.get(id);
    if (!own) return;
    const { x, y, unit } = this.view;
    const corner = this.corner(own);
    const slack = (low, high, length) => (low < 0 ? MARGIN - low : high > length ? length - MARGIN - high : 0);
    const [left, top] = [corner.x * unit + x, corner.y * unit + y];
    this.view.x += slack(left, left + own.columns * unit, this.width);
    this.view.y += slack(top, top + this.rows(own) * unit, this.height);
  }

  // What lies at a place of the screen.
  find(screenX, screenY) {
    const { x, y, unit } = this.view;
    const [mapX, mapY] = [(screenX - x) / unit, (screenY - y) / unit];
    for (const space of this.spaces.values()) {
      if (mapX < space.x || mapY < space.y || mapX >= space.x + space.width || mapY >= space.y + space.height) continue;
      for (const own of this.grid?.get(space.id) ?? []) {
        const [column, row] = [Math.floor(mapX - space.x - own.x), Math.floor(mapY - space.y - own.y)];
        // The name above belongs to it.
        if (column < 0 || column >= own.columns || row < -1 || row >= this.rows(own)) continue;
        const slot = row * own.columns + column;
        const isCell = row >= 0 && unit >= POINTABLE && own.cells[slot] > 0;
        return { own, slot: isCell ? slot : null };
      }
    }
    return null;
  }

  local(event) {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event) {
    if (event.button > 0) return;
    this.host.setPointerCapture(event.pointerId);
    const at = this.local(event);
    this.pointers.set(event.pointerId, at);
    this.pressed = this.pointers.size === 1 ? { ...at } : null;
  }

  move(event) {
    const at = this.local(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(this.find(at.x, at.y), at);
    const [one, other] = [...this.pointers.entries()].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.pointers.set(event.pointerId, at);
    if (one && !other) {
      // Two fingers: their middle and their distance.
      const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
      const middle = { x: (at.x + one.x) / 2, y: (at.y + one.y) / 2 };
      this.pan(middle.x - (before.x + one.x) / 2, middle.y - (before.y + one.y) / 2);
      return this.zoom(distance(at, one) / distance(before, one), middle.x, middle.y);
    }
    if (this.pressed && Math.hypot(at.x - this.pressed.x, at.y - this.pressed.y) > 4) this.pressed = null;
    if (!this.pressed) {
      this.hover(null);
      this.pan(at.x - before.x, at.y - before.y);
    }
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pressed) return;
    const found = this.find(this.pressed.x, this.pressed.y);
    this.pressed = null;
    this.chosen(found?.own.id ?? -1, found?.slot ?? -1);
  }

  wheel(event) {
    event.preventDefault();
    const at = this.local(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * 0.0016), at.x, at.y);
  }

  key(event) {
    const [x, y] = [this.width / 2, this.height / 2];
    const run = {
      ArrowLeft: () => this.pan(STEP, 0),
      ArrowRight: () => this.pan(-STEP, 0),
      ArrowUp: () => this.pan(0, STEP),
      ArrowDown: () => this.pan(0, -STEP),
      "+": () => this.zoom(1.3, x, y),
      "-": () => this.zoom(1 / 1.3, x, y),
      0: () => this.fit(),
    }[event.key];
    if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    run();
  }

  pan(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.redraw();
  }

  zoom(by, x, y) {
    const { width, height } = this.bounds();
    const least = Math.min((this.width - 2 * MARGIN) / width, (this.height - 2 * MARGIN) / height, 4) * 0.7;
    const unit = Math.min(Math.max(this.view.unit * by, least), NEAREST);
    const real = unit / this.view.unit;
    this.view = { unit, x: x - (x - this.view.x) * real, y: y - (y - this.view.y) * real };
    this.redraw();
  }

  hover(found, at) {
    const before = this.hovered;
    const isSame = before?.own === found?.own && before?.slot === found?.slot;
    this.hovered = found;
    if (isSame) {
      if (found) this.place(at);
      return;
    }
    clearTimeout(this.resting);
    this.told = null;
    if (found) this.resting = setTimeout(() => this.rests(found.own.id, found.slot ?? -1), REST);
    else if (before) this.rests(-1, -1);
    this.say();
    if (found) this.place(at);
    this.redraw();
  }

  tell(id, slot, name, why) {
    if (this.hovered?.own.id !== id || this.hovered.slot !== slot) return;
    this.told = { name, why };
    this.say();
  }

  // What stands beside the pointer. Texts only: names come from a cluster.
  say() {
    const { hovered, tip } = this;
    tip.hidden = !hovered;
    if (!hovered) return;
    const { own, slot } = hovered;
    const cells = own.cells.filter((code) => code > 0);
    const bad = cells.reduce((sum, code) => sum + (code === UNHEALTHY), 0);
    const pods = `${cells.length} pod${cells.length === 1 ? "" : "s"}`;
    const line = (text, className) => Object.assign(document.createElement("div"), { textContent: text, className });
    const lines = [line(`${own.name}, ${bad ? `${bad} of ${pods} failing` : pods}`, "what")];
    if (slot !== null) {
      lines.push(line(`${this.told?.name ?? "..."}`, "pod"), line(`${WORDS[own.cells[slot]] ?? ""}${this.told?.why ? `: ${this.told.why}` : ""}`, "why"));
    }
    tip.replaceChildren(...lines);
  }

  place(at) {
    const { tip } = this;
    const x = Math.min(at.x + 14, this.width - tip.offsetWidth - 6);
    const y = at.y + 18 + tip.offsetHeight > this.height ? at.y - tip.offsetHeight - 10 : at.y + 18;
    tip.style.transform = `translate(${Math.max(x, 4)}px, ${y}px)`;
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    const begun = performance.now();
    if (this.isShaped) this.shape();
    this.cells.draw(this.view, this.ratio, this.unwell);
    const g = this.above.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    this.boxes(g);
    this.connections(g);
    this.marks(g);
    this.took = performance.now() - begun;
  }

  boxes(g) {
    const { colours, view } = this;
    g.lineWidth = 1;
    g.textBaseline = "alphabetic";
    for (const space of this.spaces.values()) {
      const box = this.onScreen(space.x, space.y, space.width, space.height);
      if (!box) continue;
      g.strokeStyle = colours.line;
      g.strokeRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.width), Math.round(box.height));
      const room = space.header * view.unit;
      g.font = LABEL;
      if (box.width > 40 && room > 9) {
        g.fillStyle = colours.ink2;
        // In view also of a box that is taller than the screen.
        const y = Math.min(Math.max(box.y + Math.min(room * 0.72, 16), 14), box.y + box.height - 6);
        g.fillText(this.short(g, space.name, box.width - 12), Math.max(box.x, 0) + 6, y);
      }
      if (view.unit < NAMED) continue;
      g.font = SMALL;
      for (const own of this.grid?.get(space.id) ?? []) {
        const at = this.onScreen(space.x + own.x, space.y + own.y - 1, own.columns, this.rows(own) + 1);
        if (!at) continue;
        g.fillStyle = colours.ink3;
        g.fillText(this.short(g, own.name, own.columns * view.unit + view.unit * 0.8), at.x + 1, at.y + view.unit * 0.78);
      }
    }
  }

  connections(g) {
    const from = this.applications.get(this.selected);
    if (!from) return;
    const middle = (own) => {
      const corner = this.corner(own);
      const { x, y, unit } = this.view;
      return { x: (corner.x + own.columns / 2) * unit + x, y: (corner.y + this.rows(own) / 2) * unit + y };
    };
    const start = middle(from);
    for (const { other, healthy } of this.lines) {
      const to = this.applications.get(other);
      if (!to || to === from) continue;
      const end = middle(to);
      const bow = Math.min(Math.abs(end.x - start.x) + Math.abs(end.y - start.y), 240) / 4;
      g.strokeStyle = g.fillStyle = healthy ? this.colours.ink3 : this.colours.unhealthy;
      g.lineWidth = 1.4;
      g.beginPath();
      g.moveTo(start.x, start.y);
      g.bezierCurveTo((start.x + end.x) / 2, start.y - bow, (start.x + end.x) / 2, end.y + bow, end.x, end.y);
      g.stroke();
      g.beginPath();
      g.arc(end.x, end.y, 3, 0, 2 * Math.PI);
      g.fill();
    }
  }

  marks(g) {
    const frame = (own, colour, width) => {
      const corner = this.corner(own);
      const box = this.onScreen(corner.x, corner.y, own.columns, this.rows(own));
      if (!box) return;
      g.strokeStyle = colour;
      g.lineWidth = width;
      g.strokeRect(box.x - 2, box.y - 2, box.width + 4, box.height + 4);
    };
    const selected = this.applications.get(this.selected);
    if (this.hovered && this.applications.get(this.hovered.own.id) === this.hovered.own) frame(this.hovered.own, this.colours.ink3, 1);
    if (selected) frame(selected, this.colours.mark, 2);
  }

  // A box of the map in pixels; null if none of it is in view.
  onScreen(x, y, width, height) {
    const { view } = this;
    const box = { x: x * view.unit + view.x, y: y * view.unit + view.y, width: width * view.unit, height: height * view.unit };
    return box.x > this.width || box.y > this.height || box.x + box.width < 0 || box.y + box.height < 0 ? null : box;
  }

  short(g, text, width) {
    if (g.measureText(text).width <= width) return text;
    const letters = Math.floor(width / g.measureText("m").width) - 1;
    return letters > 0 ? `${text.slice(0, letters)}\u2026` : "";
  }
}

export const start = (element, rests, chosen) => {
  current = new MapDrawing(document.getElementById(element), rests, chosen);
  return current;
};

// For tests: what is drawn, and where, in units.
export const inspect = () => {
  if (!current) return null;
  const applications = {};
  for (const own of current.applications.values()) {
    const key = `${current.spaces.get(own.space)?.name}/${own.name}`;
    applications[key] = { ...current.corner(own), columns: own.columns, cells: Array.from(own.cells) };
  }
  return { applications, spaces: current.spaces.size, cells: current.cells.count, view: { ...current.view }, selected: current.selected, took: current.took };
};

// For tests: how long a frame takes with nothing but itself to do, in milliseconds.
export const measure = (frames) => {
  const gl = current.cells.gl;
  const pixel = new Uint8Array(4);
  const begun = performance.now();
  for (let frame = 0; frame < frames; frame++) {
    current.view.x += frame % 2 ? 1 : -1;
    current.draw();
    // Waits until it is drawn.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  }
  return (performance.now() - begun) / frames;
};
