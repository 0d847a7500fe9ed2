// The topology's canvas. cytoscape holds the nodes, the gestures, the viewport and what is under the pointer;
// js/paint.js draws them and the lines between them, because text in two faces, state marks and thousands of curves are
// cheaper drawn at once than as styled elements. Told of changes only; nothing is ever rebuilt.
import cytoscape from "cytoscape";
import { Painter } from "./paint.js";

export const TILE = { width: 148, height: 40 };

// cytoscape draws nothing itself, but must know the size of a tile to find it under the pointer.
const STYLE = [
  { selector: "node", style: { width: TILE.width, height: TILE.height, shape: "rectangle", "background-opacity": 0, "border-width": 0, "overlay-opacity": 0, events: "yes" } },
];

const ZOOM = { min: 0.04, max: 2.5 };
// The picture is not enlarged to fill the plane, and not made unreadable to fit into it.
const FIT = { padding: 24, max: 1 };

let current = null;

class Drawing {
  constructor(host, chosen) {
    this.tiles = new Map();
    this.lines = new Map();
    this.regions = [];
    this.pending = { tiles: [], lines: [], regions: [] };
    this.level = "object";
    this.selected = null;
    this.hovered = null;
    this.isFitted = false;
    this.cy = cytoscape({
      container: host,
      style: STYLE,
      layout: { name: "preset" },
      minZoom: ZOOM.min,
      maxZoom: ZOOM.max,
      autoungrabify: true,
      autounselectify: true,
      boxSelectionEnabled: false,
      textureOnViewport: false,
      pixelRatio: "auto",
    });
    // It would still make textures of elements that cannot be seen.
    const renderer = this.cy.renderer();
    renderer.drawLayeredElements = renderer.drawCachedElements = () => {};
    this.painter = new Painter(host, this);
    this.cy.on("render", () => this.painter.paint());
    this.cy.on("tap", (event) => {
      if (event.target === this.cy) chosen(undefined);
      else if (event.target.isNode()) chosen(event.target.id());
    });
    this.cy.on("mouseover", "node", (event) => this.hover(event.target.id()));
    this.cy.on("mouseout", "node", () => this.hover(null));
    this.resized = new ResizeObserver(() => {
      this.cy.resize();
      this.painter.resize();
      this.redraw();
    });
    this.resized.observe(host);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.darkened = () => this.recolour();
    this.dark.addEventListener("change", this.darkened);
    document.fonts?.ready.then(() => this.redraw());
  }

  tile(id, code, name, word, health, state, ready, desired, x, y) {
    this.pending.tiles.push({ id, code, name, word, health, state, ready, desired, x, y });
  }

  line(id, source, target, healthy, inferred) {
    this.pending.lines.push({ id, source, target, healthy, inferred });
  }

  region(label, objects, unhealthy, x, y, width, height) {
    this.pending.regions.push({ label, objects, unhealthy, x, y, width, height });
  }

  commit(gone, goneLines, withRegions, level) {
    this.level = level;
    const { tiles, lines, regions } = this.pending;
    this.pending = { tiles: [], lines: [], regions: [] };
    if (withRegions) this.regions = regions;
    const isPlaced = ({ id, x, y }) => {
      const before = this.tiles.get(id);
      return before !== undefined && before.x === x && before.y === y;
    };
    if (!gone.length && !goneLines.length && tiles.every(isPlaced) && lines.every(({ id }) => this.lines.has(id))) {
      // Nothing comes, goes or moves: cytoscape has nothing to do, and only what looks different is painted.
      for (const tile of tiles) this.tiles.set(tile.id, tile);
      for (const line of lines) this.lines.set(line.id, line);
      this.painter.touch(tiles, lines.length > 0, withRegions);
      return;
    }
    this.place(tiles, lines, gone, goneLines);
    this.painter.changed();
    if (!this.isFitted && this.tiles.size > 0) {
      this.isFitted = true;
      this.open();
    }
    this.redraw();
  }

  // Brings the elements of cytoscape up to date.
  place(tiles, lines, gone, goneLines) {
    const { cy } = this;
    const fresh = [];
    cy.batch(() => {
      for (const id of goneLines) this.lines.delete(id);
      for (const line of lines) this.lines.set(line.id, line);
      for (const id of gone) {
        this.tiles.delete(id);
        cy.getElementById(id).remove();
      }
      for (const tile of tiles) {
        const before = this.tiles.get(tile.id);
        this.tiles.set(tile.id, tile);
        if (!before) fresh.push({ group: "nodes", data: { id: tile.id }, position: { x: tile.x, y: tile.y } });
        else if (before.x !== tile.x || before.y !== tile.y) cy.getElementById(tile.id).position({ x: tile.x, y: tile.y });
      }
      cy.add(fresh);
    });
  }

  // The first view: everything if it can be read, else the natural start at the upper left.
  open() {
    const box = this.bounds();
    const { width, height } = this.size();
    const zoom = Math.min((width - 2 * FIT.padding) / box.width, (height - 2 * FIT.padding) / box.height, FIT.max);
    if (zoom >= 0.5) return this.fit();
    const wide = Math.max(Math.min((width - 2 * FIT.padding) / box.width, FIT.max), 0.5);
    this.cy.viewport({ zoom: wide, pan: { x: FIT.padding - box.x * wide, y: FIT.padding - box.y * wide } });
    if (this.selected) this.reveal(this.selected);
  }

  select(id) {
    this.selected = id ?? null;
    if (this.selected) this.reveal(this.selected);
    this.painter.changed();
    this.redraw();
  }

  hover(id) {
    if (this.hovered === id) return;
    this.hovered = id;
    this.cy.container().classList.toggle("over", id !== null);
    this.painter.changed();
    this.redraw();
  }

  // Pans just as far as is needed; what the user looks at does not jump.
  reveal(id) {
    const tile = this.tiles.get(id);
    if (!tile) return;
    const { width, height } = this.size();
    const zoom = this.cy.zoom();
    const pan = this.cy.pan();
    const slack = (value, half, length) => {
      const [low, high] = [value - half - FIT.padding, value + half + FIT.padding];
      return low < 0 ? -low : high > length ? length - high : 0;
    };
    const x = slack(tile.x * zoom + pan.x, (TILE.width / 2) * zoom, width);
    const y = slack(tile.y * zoom + pan.y, (TILE.height / 2) * zoom, height);
    if (x || y) this.cy.panBy({ x, y });
  }

  fit() {
    const box = this.bounds();
    const { width, height } = this.size();
    if (!width || !box.width) return;
    const free = Math.min((width - 2 * FIT.padding) / box.width, (height - 2 * FIT.padding) / box.height);
    const zoom = Math.max(Math.min(free, FIT.max), ZOOM.min);
    const pan = { x: (width - box.width * zoom) / 2 - box.x * zoom, y: (height - box.height * zoom) / 2 - box.y * zoom };
    this.cy.viewport({ zoom, pan });
  }

  naturalSize() {
    const { width, height } = this.size();
    this.cy.zoom({ level: 1, renderedPosition: { x: width / 2, y: height / 2 } });
  }

  recolour() {
    this.painter.readColours();
    this.redraw();
  }

  stop() {
    this.resized.disconnect();
    this.dark.removeEventListener("change", this.darkened);
    this.painter.stop();
    this.cy.destroy();
    if (current === this) current = null;
  }

  redraw() {
    this.cy.forceRender();
  }

  size() {
    return { width: this.cy.width(), height: this.cy.height() };
  }

  // What there is to see, in the picture's own units.
  bounds() {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const take = (x, y, width, height) => {
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + width);
      bottom = Math.max(bottom, y + height);
    };
    for (const region of this.regions) take(region.x, region.y, region.width, region.height);
    for (const tile of this.tiles.values()) take(tile.x - TILE.width / 2, tile.y - TILE.height / 2, TILE.width, TILE.height);
    return left === Infinity ? { x: 0, y: 0, width: 0, height: 0 } : { x: left, y: top, width: right - left, height: bottom - top };
  }
}

// cytoscape adds a style element for its container, which the content security policy forbids, unless there is one of
// this id. The container's position is in our own style sheet.
const STYLE_ID = "__________cytoscape_stylesheet";
const forestall = () => {
  if (document.getElementById(STYLE_ID)) return;
  const placeholder = document.createElement("template");
  placeholder.id = STYLE_ID;
  document.head.append(placeholder);
};

export const start = (element, chosen) => {
  forestall();
  current = new Drawing(document.getElementById(element), chosen);
  return current;
};

// For tests: what is on the canvas.
export const inspect = () => {
  if (!current) return null;
  const { cy } = current;
  const positions = {};
  cy.nodes().forEach((node) => {
    positions[node.id()] = { ...node.position() };
  });
  return { nodes: cy.nodes().length, edges: current.lines.size, level: current.level, zoom: cy.zoom(), pan: { ...cy.pan() }, selected: current.selected, positions };
};
