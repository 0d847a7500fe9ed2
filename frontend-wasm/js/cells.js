// The cells of the map, on WebGL2: a point for each, drawn in one call (an instance for each is slow where no graphics card
// helps). What a cell is, is one byte: 0 for a free one, else 1 suspended, 2 healthy, 3 unknown, 4 progressing, 5 warning,
// 6 unhealthy. A change costs that byte.
const STATES = 7;

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in uint state;
uniform vec2 size;
uniform vec3 view;
uniform float ratio;
uniform bool onlyUnwell;
flat out uint kind;
flat out float side;
void main() {
  float unit = view.z;
  // The louder, the larger: seen from far away a failing cell covers its neighbours.
  float least = state == 6u ? 4.5 : state == 5u ? 3.5 : state == 4u ? 2.5 : 0.0;
  float part = state == 6u ? 0.86 : state >= 4u ? 0.9 : 0.74;
  side = max(unit * part, least) * ratio;
  bool hidden = state == 0u || (onlyUnwell && state < 5u && unit < 1.0);
  vec2 middle = (place + 0.5) * unit + view.xy;
  kind = state;
  vec2 clip = middle * ratio / size * 2.0 - 1.0;
  gl_PointSize = side;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(clip.x, -clip.y, 1.0 - float(state) / 8.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in uint kind;
flat in float side;
uniform vec4 colours[${STATES}];
out vec4 colour;
void main() {
  vec2 at = gl_PointCoord * 2.0 - 1.0;
  float far = length(at);
  float soft = 2.0 / side;
  float cover = 1.0;
  // Below six pixels a shape cannot be told: a square is what is seen best.
  if (side >= 6.0) {
    if (kind == 5u) cover = smoothstep(1.0 + soft, 1.0 - soft, abs(at.x) + abs(at.y));
    else if (kind != 6u) {
      cover = smoothstep(1.0, 1.0 - 1.5 * soft, far);
      float hollow = smoothstep(1.0 - 3.5 * soft, 1.0 - 2.0 * soft, far);
      if (kind == 1u) cover *= hollow;
      if (kind == 3u) cover *= hollow * step(0.0, sin(atan(at.y, at.x) * 6.0));
      if (kind == 4u && at.x > 0.0) cover *= hollow;
    }
  }
  if (cover < 0.05) discard;
  colour = colours[kind] * cover;
}`;

const compile = (gl, type, source) => {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "a shader does not compile");
  return shader;
};

export class Cells {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: false, depth: true, premultipliedAlpha: true });
    if (!this.gl) throw new Error("there is no WebGL2");
    this.count = 0;
    this.states = new Uint8Array(0);
    this.places = new Float32Array(0);
    this.prepare();
  }

  // Also after the context was lost.
  prepare() {
    const { gl } = this;
    const program = gl.createProgram();
    gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "the program does not link");
    gl.useProgram(program);
    this.uniforms = Object.fromEntries(["size", "view", "ratio", "onlyUnwell", "colours"].map((name) => [name, gl.getUniformLocation(program, name)]));
    const buffer = () => {
      const made = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, made);
      return made;
    };
    this.placeBuffer = buffer();
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.stateBuffer = buffer();
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(0, 0, 0, 0);
    this.set(this.places, this.states);
  }

  // Places, two numbers for each cell, and states, in one order.
  set(places, states) {
    const { gl } = this;
    [this.places, this.states, this.count] = [places, states, states.length];
    gl.bindBuffer(gl.ARRAY_BUFFER, this.placeBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.stateBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, states, gl.DYNAMIC_DRAW);
  }

  change(index, state) {
    const { gl } = this;
    this.states[index] = state;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.stateBuffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, index, this.states, index, 1);
  }

  // Colours are premultiplied, four numbers from 0 to 1 for each state.
  colour(colours) {
    this.gl.uniform4fv(this.uniforms.colours, colours);
  }

  draw(view, ratio, onlyUnwell) {
    const { gl, canvas, uniforms } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform2f(uniforms.size, canvas.width, canvas.height);
    gl.uniform3f(uniforms.view, view.x, view.y, view.unit);
    gl.uniform1f(uniforms.ratio, ratio);
    gl.uniform1i(uniforms.onlyUnwell, onlyUnwell ? 1 : 0);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }
}
