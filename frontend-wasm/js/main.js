// The module that a page loads: it starts the WASM and hands it what it cannot import itself.
//
// `frontend-wasm` is the glue that wasm-bindgen writes (--target web); the build maps the name to the file:
//   esbuild js/main.js --bundle --splitting --format=esm --alias:frontend-wasm=PATH/frontend_wasm.js --outdir=pkg
// The page names the hashed .wasm file in <link id="wasm">; other modules (the graph) are loaded when a page needs them.
import init, { debugEpoch, start } from "frontend-wasm";

const address = document.getElementById("wasm")?.href;
const debug = new URLSearchParams(location.search).get("debug") === "1";
let graph = null;
let map = null;

const loadGraph = async () => {
  graph ??= await import("./graph.js");
  return graph;
};

const loadMap = async () => {
  map ??= await import("./map.js");
  return map;
};

// For tests, so that they read the canvas without guessing pixels.
const offerDebug = () => {
  const frames = [];
  let last = performance.now();
  const tick = (now) => {
    frames.push(now - last);
    if (frames.length > 240) frames.shift();
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  window.__kubilitics = {
    epoch: () => debugEpoch(),
    graph: () => graph?.inspect() ?? { nodes: 0, edges: 0, level: "object", positions: {} },
    map: () => map?.inspect() ?? null,
    measureMap: (frames) => map.measure(frames),
    frames: () => frames.slice(),
  };
};

// What is typed before the page is alive: hydration sets each field to what the address says.
const typed = new Map();
const note = ({ target }) => target.matches("input[data-field]") && typed.set(target, target.value);
const typeAgain = () => {
  document.removeEventListener("input", note);
  for (const [field, value] of typed) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
};
document.addEventListener("input", note);
for (const field of document.querySelectorAll("input[data-field]")) {
  if (field.value !== field.defaultValue) typed.set(field, field.value);
}

try {
  await init(address ? { module_or_path: address } : undefined);
  await start(loadGraph, loadMap);
  typeAgain();
  if (debug) offerDebug();
  document.documentElement.dataset.script = "on";
} catch (error) {
  // The page is complete without script: say so and show what only shows without it.
  document.documentElement.dataset.script = "failed";
  console.error("Kubilitics could not start its live part; the page stays as the server rendered it.", error);
}
