// Draws the topology in layers: regions and lines below cytoscape's own, headings, tiles and the minimap above. Only what
// is in view is drawn; text disappears when it could no longer be read, and what is not well stays visible.
import { TILE } from "./graph.js";

const SANS = "10.5px 'IBM Plex Sans', sans-serif";
const MONO = "500 11.5px 'IBM Plex Mono', monospace";
const CODE = "600 10px 'IBM Plex Mono', monospace";
const LABEL = "500 11px 'IBM Plex Mono', monospace";
const TOKENS = ["panel", "raise", "line", "line2", "ink", "ink2", "ink3", "mark", "edge", "healthy", "progressing", "warning", "unhealthy", "suspended", "unknown", "unhealthy-bg", "warning-bg", "bg"];
const LOUD = new Set(["unhealthy", "warning"]);
// Below this zoom, text is not drawn and a tile becomes a cell.
const READABLE = 0.45;
// Where a text that does not fit is shortened.
const MIDDLE = 0;
const END = 1;
// From this height on, a line is drawn faintly.
const FAR = 420;
const MINIMAP = { width: 168, height: 104 };
// A heading any larger would not fit above the tiles of its region.
const LARGEST = 26;
// What is drawn around a tile: the mark of the selected one. Less than half of the space between two tiles.
const MARGIN = 5;
// More tiles than these are not painted one by one.
const FEW = 100;

const layer = (host, className, z) => {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.style.zIndex = z;
  canvas.style.pointerEvents = "none";
  host.append(canvas);
  return canvas;
};

export class Painter {
  constructor(host, drawing) {
    this.host = host;
    this.drawing = drawing;
    this.below = layer(host, "below", "0");
    this.heads = layer(host, "heads", "3");
    this.above = layer(host, "above", "4");
    this.map = document.createElement("canvas");
    this.map.className = "minimap";
    this.map.style.zIndex = "5";
    host.parentElement.append(this.map);
    this.texts = new Map();
    this.overview = null;
    this.pointed = (event) => this.panTo(event);
    this.map.addEventListener("pointerdown", this.pointed);
    this.readColours();
    this.resize();
  }

  // Custom properties are texts; only a computed colour is a colour.
  readColours() {
    const probe = document.createElement("i");
    this.host.append(probe);
    this.colours = {};
    for (const token of TOKENS) {
      probe.style.color = `var(--${token})`;
      this.colours[token] = getComputedStyle(probe).color;
    }
    probe.remove();
    this.overview = null;
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.host;
    for (const canvas of [this.below, this.heads, this.above]) fitCanvas(canvas, width, height, ratio);
    fitCanvas(this.map, MINIMAP.width, MINIMAP.height, ratio);
    this.ratio = ratio;
    this.overview = null;
  }

  changed() {
    this.overview = null;
  }

  stop() {
    this.map.removeEventListener("pointerdown", this.pointed);
    for (const canvas of [this.below, this.heads, this.above, this.map]) canvas.remove();
  }

  paint() {
    const { view } = this.look();
    this.paintBelow();
    this.paintHeads();
    this.paintTiles();
    this.minimap(view);
  }

  // Some tiles have another look, and perhaps lines and regions; nothing has moved. Cost: what changed.
  touch(tiles, withLines, withRegions) {
    const { view, zoom } = this.look();
    if (withLines) this.paintBelow();
    if (withRegions) this.paintHeads();
    if (zoom < READABLE || tiles.length > FEW) this.paintTiles();
    else {
      const g = this.pen(this.above);
      for (const tile of tiles) {
        g.clearRect(tile.x - TILE.width / 2 - MARGIN, tile.y - TILE.height / 2 - MARGIN, TILE.width + 2 * MARGIN, TILE.height + 2 * MARGIN);
        this.tile(g, tile, view, zoom);
      }
    }
    this.overview = null;
    this.minimap(view);
  }

  // What part of the picture is in view, and how large.
  look() {
    const { cy } = this.drawing;
    const zoom = cy.zoom();
    const pan = cy.pan();
    const view = {
      left: -pan.x / zoom,
      top: -pan.y / zoom,
      right: (cy.width() - pan.x) / zoom,
      bottom: (cy.height() - pan.y) / zoom,
    };
    return { view, zoom, pan };
  }

  // A context in the units of the picture.
  pen(canvas) {
    const { zoom, pan } = this.look();
    const g = canvas.getContext("2d");
    const scale = zoom * this.ratio;
    g.setTransform(scale, 0, 0, scale, pan.x * this.ratio, pan.y * this.ratio);
    g.textBaseline = "alphabetic";
    return g;
  }

  // The same of an empty layer.
  begin(canvas) {
    const g = canvas.getContext("2d");
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, canvas.width, canvas.height);
    return this.pen(canvas);
  }

  paintBelow() {
    const { view, zoom } = this.look();
    const g = this.begin(this.below);
    this.regions(g, view, zoom);
    this.lines(g, view, zoom);
  }

  paintHeads() {
    const { view, zoom } = this.look();
    this.headings(this.begin(this.heads), view, zoom);
  }

  paintTiles() {
    const { view, zoom } = this.look();
    const g = this.begin(this.above);
    for (const tile of this.drawing.tiles.values()) this.tile(g, tile, view, zoom);
  }

  regions(g, view, zoom) {
    const { colours } = this;
    for (const region of this.drawing.regions) {
      const { x, y, width, height } = region;
      if (x > view.right || y > view.bottom || x + width < view.left || y + height < view.top) continue;
      g.globalAlpha = 0.45;
      g.fillStyle = colours.panel;
      rounded(g, x, y, width, height, 6);
      g.fill();
      g.globalAlpha = 1;
      g.strokeStyle = colours.line2;
      g.lineWidth = 1 / Math.min(zoom, 1);
      g.stroke();
    }
  }

  headings(g, view, zoom) {
    const { colours } = this;
    for (const region of this.drawing.regions) {
      const { x, y, width, height } = region;
      if (x > view.right || y > view.bottom || x + width < view.left || y + height < view.top) continue;
      // The heading keeps its size on the screen when the picture is small, and stays in view in a tall region.
      const size = Math.min(Math.max(11, 10 / zoom), LARGEST);
      const heading = Math.min(Math.max(y + 8 + 0.72 * size, view.top + size * 1.4), y + height - 6);
      g.font = LABEL.replace("11px", `${size}px`);
      g.textAlign = "left";
      const label = this.fitText(g, region.label, width - 24, MIDDLE);
      g.fillStyle = colours.ink2;
      g.fillText(label, x + 12, heading);
      const used = g.measureText(label).width;
      const well = `${region.objects} object${region.objects === 1 ? "" : "s"}`;
      const ill = region.unhealthy ? `, ${region.unhealthy} unhealthy` : "";
      if (used + g.measureText(well + ill).width + 48 < width) {
        g.textAlign = "right";
        g.fillStyle = region.unhealthy ? colours.unhealthy : colours.ink3;
        g.fillText(ill, x + width - 12, heading);
        g.fillStyle = colours.ink3;
        g.fillText(well, x + width - 12 - g.measureText(ill).width, heading);
      }
    }
    g.textAlign = "left";
  }

  // One path per look: thousands of curves are a few strokes.
  lines(g, view, zoom) {
    const { colours, drawing } = this;
    const paths = { plain: new Path2D(), far: new Path2D(), guess: new Path2D(), broken: new Path2D(), near: new Path2D() };
    const { selected, hovered } = drawing;
    for (const line of drawing.lines.values()) {
      const from = drawing.tiles.get(line.source);
      const to = drawing.tiles.get(line.target);
      if (!from || !to || from === to) continue;
      if (Math.min(from.x, to.x) - 120 > view.right || Math.max(from.x, to.x) + 120 < view.left) continue;
      if (Math.min(from.y, to.y) - 40 > view.bottom || Math.max(from.y, to.y) + 40 < view.top) continue;
      const isNear = line.source === selected || line.target === selected || line.source === hovered || line.target === hovered;
      const path = !line.healthy ? paths.broken : isNear ? paths.near : line.inferred ? paths.guess : Math.abs(from.y - to.y) > FAR ? paths.far : paths.plain;
      curve(path, from, to);
    }
    const stroke = (path, colour, width, dash) => {
      g.strokeStyle = colour;
      g.lineWidth = width / Math.min(Math.max(zoom, 0.3), 1);
      g.setLineDash(dash);
      g.stroke(path);
    };
    const someNear = selected !== null || hovered !== null;
    // Lines across the whole picture would hide what is near; they come forward when one of their ends is chosen.
    g.globalAlpha = 0.28;
    stroke(paths.far, colours.edge, 1, []);
    g.globalAlpha = someNear ? 0.5 : 0.9;
    stroke(paths.plain, colours.edge, 1.1, []);
    stroke(paths.guess, colours.edge, 1.1, [2, 4]);
    g.globalAlpha = 1;
    stroke(paths.near, colours.ink2, 1.5, []);
    stroke(paths.broken, colours.unhealthy, 1.5, []);
    g.setLineDash([]);
  }

  tile(g, tile, view, zoom) {
    const [x, y] = [tile.x - TILE.width / 2, tile.y - TILE.height / 2];
    if (x > view.right || y > view.bottom || x + TILE.width < view.left || y + TILE.height < view.top) return;
    this.body(g, tile, x, y, zoom);
    if (zoom >= READABLE) this.words(g, tile, x, y);
    else this.cell(g, tile, x, y, zoom);
    if (tile.id === this.drawing.selected) {
      g.strokeStyle = this.colours.mark;
      g.lineWidth = 2 / Math.min(zoom, 1);
      rounded(g, x - 3, y - 3, TILE.width + 6, TILE.height + 6, 6);
      g.stroke();
    }
  }

  body(g, tile, x, y, zoom) {
    const { colours } = this;
    const isBad = tile.health === "unhealthy";
    rounded(g, x, y, TILE.width, TILE.height, 4);
    g.lineWidth = 1 / Math.min(zoom, 1);
    if (tile.state === "stack") {
      // Two edges of what lies below it.
      g.strokeStyle = colours.line2;
      for (const by of [4, 2]) {
        rounded(g, x + by, y + by, TILE.width, TILE.height, 4);
        g.fillStyle = colours.bg;
        g.fill();
        g.stroke();
      }
      rounded(g, x, y, TILE.width, TILE.height, 4);
    } else if (tile.state !== "solid") {
      // A ghost lets the plane shine through, but not the lines below it.
      g.fillStyle = colours.bg;
      g.fill();
      g.setLineDash([4, 3]);
      g.strokeStyle = tile.health === "unhealthy" ? colours.unhealthy : colours.ink3;
      g.stroke();
      g.setLineDash([]);
      return;
    }
    g.fillStyle = colours.panel;
    g.fill();
    if (isBad) {
      g.fillStyle = colours["unhealthy-bg"];
      g.fill();
    }
    g.strokeStyle = isBad ? colours.unhealthy : tile.id === this.drawing.hovered ? colours.ink3 : colours.line2;
    g.stroke();
    g.fillStyle = colours[tile.health] ?? colours.unknown;
    g.fillRect(x, y + 1, 3, TILE.height - 2);
  }

  words(g, tile, x, y) {
    const { colours } = this;
    g.font = CODE;
    const code = g.measureText(tile.code).width;
    const box = { x: x + 23 - code / 2 - 3, width: code + 6 };
    g.strokeStyle = colours.line2;
    g.lineWidth = 1;
    g.strokeRect(box.x, y + 12.5, box.width, 15);
    g.fillStyle = colours.ink2;
    g.fillText(tile.code, box.x + 3, y + 23.7);
    const left = x + 43;
    const room = TILE.width - 43 - 6;
    g.font = MONO;
    g.fillStyle = tile.state === "solid" ? colours.ink : colours.ink2;
    g.fillText(this.fitText(g, tile.name, room, MIDDLE), left, y + 17);
    const isQuiet = tile.health === "healthy";
    const colour = isQuiet ? colours.ink3 : (colours[tile.health] ?? colours.unknown);
    let at = left;
    if (tile.desired > 0) at = this.strip(g, tile, left, y + 23);
    else at = this.mark(g, tile, left, y + 27);
    g.font = SANS;
    g.fillStyle = colour;
    const word = tile.desired >= 0 ? `${tile.ready} of ${tile.desired}` : tile.word;
    g.fillText(this.fitText(g, word, x + TILE.width - 5 - at, END), at, y + 31);
  }

  // The state's shape, so that colour is not needed to tell it.
  mark(g, tile, x, y) {
    if (!tile.word) return x;
    const r = 3;
    const cx = x + r;
    g.fillStyle = g.strokeStyle = this.colours[tile.health] ?? this.colours.unknown;
    g.lineWidth = 1.2;
    g.beginPath();
    switch (tile.health) {
      case "unhealthy":
        g.rect(x, y - r, 2 * r, 2 * r);
        g.fill();
        break;
      case "warning":
        g.moveTo(cx, y - r - 0.7);
        g.lineTo(cx + r + 0.7, y);
        g.lineTo(cx, y + r + 0.7);
        g.lineTo(cx - r - 0.7, y);
        g.fill();
        break;
      case "progressing":
        g.arc(cx, y, r - 0.5, 0, 2 * Math.PI);
        g.stroke();
        g.beginPath();
        g.arc(cx, y, r, Math.PI / 2, (3 * Math.PI) / 2);
        g.fill();
        break;
      case "healthy":
        g.arc(cx, y, r, 0, 2 * Math.PI);
        g.fill();
        break;
      case "unknown":
        g.setLineDash([1.6, 1.4]);
      // falls through: a dashed ring
      default:
        g.arc(cx, y, r - 0.5, 0, 2 * Math.PI);
        g.stroke();
        g.setLineDash([]);
    }
    return x + 2 * r + 4;
  }

  // A workload shows its pods: a cell each while there are few, shares of six when there are many.
  strip(g, tile, x, y) {
    const cells = Math.min(tile.desired, 6);
    const full = tile.ready >= tile.desired ? cells : Math.floor((tile.ready / tile.desired) * cells);
    for (let i = 0; i < cells; i++) {
      g.fillStyle = i < full ? this.colours.healthy : (this.colours[tile.health === "healthy" ? "progressing" : tile.health] ?? this.colours.unknown);
      g.fillRect(x + i * 8, y, 6.5, 9);
    }
    return x + cells * 8 + 3;
  }

  // Too small to read: a cell in the colour of its state; the quiet ones stay quiet.
  cell(g, tile, x, y, zoom) {
    if (!LOUD.has(tile.health)) return;
    g.fillStyle = this.colours[tile.health];
    const grow = zoom < 0.2 ? 8 : 0;
    rounded(g, x - grow, y - grow, TILE.width + 2 * grow, TILE.height + 2 * grow, 4);
    g.fill();
  }

  minimap(view) {
    const { drawing, map, ratio, colours } = this;
    const box = drawing.bounds();
    const isAllInView = view.left <= box.x && view.top <= box.y && view.right >= box.x + box.width && view.bottom >= box.y + box.height;
    map.hidden = drawing.tiles.size === 0 || isAllInView;
    if (map.hidden) return;
    const scale = Math.min((MINIMAP.width - 10) / box.width, (MINIMAP.height - 10) / box.height);
    const place = { scale, x: (MINIMAP.width - box.width * scale) / 2 - box.x * scale, y: (MINIMAP.height - box.height * scale) / 2 - box.y * scale };
    this.place = place;
    if (!this.overview) {
      this.overview = document.createElement("canvas");
      this.overview.width = map.width;
      this.overview.height = map.height;
      const o = this.small(this.overview);
      o.strokeStyle = colours.line2;
      o.lineWidth = 1 / scale;
      for (const region of drawing.regions) o.strokeRect(region.x, region.y, region.width, region.height);
      const dot = (tile, colour, least) => {
        const [width, height] = [Math.max(TILE.width, least / scale), Math.max(TILE.height, least / scale)];
        o.fillStyle = colour;
        o.fillRect(tile.x - width / 2, tile.y - height / 2, width, height);
      };
      const loud = [];
      for (const tile of drawing.tiles.values()) {
        if (LOUD.has(tile.health)) loud.push(tile);
        else dot(tile, colours.line2, 1.5);
      }
      for (const tile of loud) dot(tile, colours[tile.health], 3);
    }
    const g = map.getContext("2d");
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, map.width, map.height);
    g.drawImage(this.overview, 0, 0);
    this.small(map);
    g.strokeStyle = colours.mark;
    g.lineWidth = 1.5 / scale;
    g.strokeRect(view.left, view.top, view.right - view.left, view.bottom - view.top);
  }

  // A context in the units of the picture, as small as the minimap shows it.
  small(canvas) {
    const { place, ratio } = this;
    const g = canvas.getContext("2d");
    g.setTransform(place.scale * ratio, 0, 0, place.scale * ratio, place.x * ratio, place.y * ratio);
    return g;
  }

  panTo(event) {
    const { cy } = this.drawing;
    const rect = this.map.getBoundingClientRect();
    const x = (event.clientX - rect.left - this.place.x) / this.place.scale;
    const y = (event.clientY - rect.top - this.place.y) / this.place.scale;
    const zoom = cy.zoom();
    cy.pan({ x: cy.width() / 2 - x * zoom, y: cy.height() / 2 - y * zoom });
  }

  // Shortens names in the middle: the end of a pod's name is what tells it from its siblings.
  fitText(g, text, room, where) {
    const key = `${g.font}|${Math.floor(room)}|${text}`;
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    if (this.texts.size > 20000) this.texts.clear();
    let fitted = text;
    if (g.measureText(text).width > room) {
      let keep = text.length - 1;
      while (keep > 2) {
        const tail = where === MIDDLE ? Math.min(6, Math.floor(keep / 2)) : 0;
        fitted = `${text.slice(0, keep - tail)}\u2026${text.slice(text.length - tail)}`;
        if (g.measureText(fitted).width <= room) break;
        keep--;
      }
    }
    this.texts.set(key, fitted);
    return fitted;
  }
}

const fitCanvas = (canvas, width, height, ratio) => {
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
};

const rounded = (g, x, y, width, height, radius) => {
  g.beginPath();
  g.roundRect(x, y, width, height, radius);
};

// From the right side of one tile to the left side of the next; within a column, round the right side.
const curve = (path, from, to) => {
  const half = TILE.width / 2;
  if (Math.abs(from.x - to.x) < TILE.width) {
    const x = from.x + half;
    const out = x + Math.min(60, 16 + Math.abs(from.y - to.y) / 6);
    path.moveTo(x, from.y);
    path.bezierCurveTo(out, from.y, out, to.y, to.x + half, to.y);
    return;
  }
  const side = from.x < to.x ? 1 : -1;
  const [x1, x2] = [from.x + side * half, to.x - side * half];
  const bend = Math.max(Math.abs(x2 - x1) / 2, 14) * side;
  path.moveTo(x1, from.y);
  path.bezierCurveTo(x1 + bend, from.y, x2 - bend, to.y, x2, to.y);
};
