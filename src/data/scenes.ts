import { requireRoom } from "../core/dtype.js";
import { text } from "../core/kinds.js";
import { foldIn, type Key, normal, requireKey, uniform } from "../core/prng.js";
import type { Image } from "./image.js";
import { side } from "./kinds.js";

/** Radii of leaves as shares of the shorter side; their density falls as r^-3, as object sizes do in photographs. */
const [smallest, largest] = [0.1, 0.45];
/** Leaves are laid from front to back until this share of the pixels is covered; the rest is background. */
const coverage = 0.995;
const mostLeaves = 600;
const textureOctaves = 5;

/** What recurs in a scene: one to three waves at angles to each other, and how much of it is light. */
interface Motif {
  readonly waves: readonly { readonly angle: number; readonly frequency: number }[];
  /** From -1, bright spots or lines on dark, to 1, dark ones on bright. */
  readonly bias: number;
  /** Where light comes from, in radians. */
  readonly light: number;
}

/** How a leaf looks: a color, and the motif of its scene at a length, turn and contrast of its own. */
interface Look {
  readonly color: readonly [number, number, number];
  /** Wave vectors of its figure, x and y of each, in radians per pixel. */
  readonly waves: Float64Array;
  /** Of its motif. */
  readonly bias: number;
  readonly contrast: number;
  readonly grain: number;
  readonly shade: readonly [number, number];
  readonly texture: number;
}

const mostWaves = 3;
/** Lengths of waves in pixels; by which factor they differ within a scene, and by how much figure and light turn, in radians. */
const [shortWave, longWave] = [6, 18];
const [sizes, turns] = [1.5, 0.25];

function motifOf(key: Key): Motif {
  const [count, bias, turn, light, size, ...free] = uniform(key, 5 + 2 * mostWaves);
  const n = 1 + Math.floor(count * mostWaves);
  const wavelength = shortWave * (longWave / shortWave) ** size;
  return {
    waves: Array.from({ length: n }, (_, i) => ({
      angle: Math.PI * (turn + (i + 0.5 * (free[2 * i] - 0.5)) / n),
      frequency: 2 ** (free[2 * i + 1] - 0.5) / wavelength,
    })),
    light: 2 * Math.PI * light,
    bias: 2 * bias - 1,
  };
}

/** From -1 to 1 at a place, in pixels: between a wave and a step. */
function figureAt(waves: Float64Array, bias: number, x: number, y: number): number {
  let sum = 0;
  for (let i = 0; i < waves.length; i += 2) sum += Math.cos(waves[i] * x + waves[i + 1] * y);
  return Math.tanh(3 * ((2 * sum) / waves.length + 0.6 * bias));
}

/** One leaf: a disk in pixels, and how it looks. */
export interface Leaf extends Look {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

/** Value noise of octaves whose amplitude halves as frequency doubles: a 1/f spectrum. Tiles of side `tile`. */
function textureTile(key: Key, tile: number): Float32Array {
  const out = new Float32Array(tile * tile);
  for (let octave = 0; octave < textureOctaves; octave++) {
    const cells = 4 << octave;
    const grid = normal(foldIn(key, octave), cells * cells);
    const amplitude = 2 ** -octave;
    for (let y = 0; y < tile; y++) {
      const v = (y / tile) * cells;
      const [y0, fy] = [Math.floor(v), v - Math.floor(v)];
      const [upper, lower] = [cells * y0, cells * ((y0 + 1) % cells)];
      for (let x = 0; x < tile; x++) {
        const u = (x / tile) * cells;
        const x0 = Math.floor(u);
        const [x1, fx] = [(x0 + 1) % cells, u - x0];
        const top = grid[upper + x0] * (1 - fx) + grid[upper + x1] * fx;
        const bottom = grid[lower + x0] * (1 - fx) + grid[lower + x1] * fx;
        out[y * tile + x] += amplitude * (top * (1 - fy) + bottom * fy);
      }
    }
  }
  return out;
}

const tileSize = 128;
const tiles = 4;

/**
 * Colors of one scene share a mood: brightness varies most, then warmth, then green against magenta. Size, turn, contrast and
 * grain of a figure are of the leaf, so that neither color nor the strength of edges says which motif it is.
 */
function lookOf(key: Key, mood: ArrayLike<number>, { waves, bias, light }: Motif): Look {
  const [brightness, warmth, green, contrast, grain, turn, tilt] = normal(key, 7);
  const [size, texture] = uniform(foldIn(key, "figure"), 2);
  const l = 0.42 + 0.15 * brightness + 0.06 * mood[0];
  const w = 0.07 * warmth + 0.06 * mood[1];
  const g = 0.04 * green + 0.03 * mood[2];
  return {
    color: [l + w - 0.5 * g, l + g, l - w - 0.5 * g],
    waves: Float64Array.from(
      waves.flatMap(({ angle, frequency }) => {
        const k = 2 * Math.PI * frequency * sizes ** (2 * size - 1);
        const along = angle + turns * turn;
        return [k * Math.cos(along), k * Math.sin(along)];
      }),
    ),
    bias,
    contrast: 0.2 * Math.exp(0.4 * contrast),
    grain: 0.03 * Math.exp(0.8 * grain),
    shade: [0.12 * Math.cos(light + turns * tilt), 0.12 * Math.sin(light + turns * tilt)],
    texture: Math.floor(texture * tiles),
  };
}

/**
 * A dead-leaves scene (Matheron 1968; Lee, Mumford & Huang 2001): disks with power-law radii that occlude each other, each with
 * a color, a gradient of shade and 1/f grain. What a scene is about is its motif, stripes, checks, spots or holes: every leaf bears
 * it, at a size, turn and contrast of its own. The same key gives the same scene.
 */
export function scene(key: Key, width: number, height: number, name: string): Image {
  requireScene("scene", key, width, height, name);
  return paint(layOut(key, width, height), name);
}

/** What a scene is made from. @throws ArgumentError */
export function requireScene(who: string, key: Key, width: number, height: number, name: string): void {
  requireKey(who, key);
  side(who, "width", width);
  side(who, "height", height);
  text(who, "the name", name);
  requireRoom(who, "bool", 3 * width * height);
}

/** A scene before it is painted: leaves from front to back, and where they lie. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly leaves: readonly Leaf[];
  readonly ground: Leaf;
  readonly textures: readonly Float32Array[];
}

/** Lays leaves until they cover the scene. */
export function layOut(key: Key, width: number, height: number): Layout {
  const short = Math.min(width, height);
  const mood = normal(foldIn(key, "mood"), 3);
  const motif = motifOf(foldIn(key, "motif"));
  const textures = Array.from({ length: tiles }, (_, i) =>
    textureTile(foldIn(foldIn(key, "texture"), i), tileSize),
  );
  const owner = new Int16Array(width * height).fill(-1);
  const leaves: Leaf[] = [];
  let open = width * height;
  const target = open * (1 - coverage);
  while (open > target && leaves.length < mostLeaves) {
    const own = foldIn(foldIn(key, "leaf"), leaves.length);
    const [ux, uy, ur] = uniform(own, 3);
    // inverse of the distribution function of a density proportional to r^-3
    const r = short / Math.sqrt(ur / largest ** 2 + (1 - ur) / smallest ** 2);
    const [cx, cy] = [ux * (width + 2 * r) - r, uy * (height + 2 * r) - r];
    const leaf = { x: cx, y: cy, r, ...lookOf(foldIn(own, "look"), mood, motif) };
    open -= lay(leaf, leaves.length, owner, width, height);
    leaves.push(leaf);
  }
  const ground = { x: width / 2, y: height / 2, r: short, ...lookOf(foldIn(key, "ground"), mood, motif) };
  return { width, height, leaves, ground, textures };
}

/** Lays a leaf where no other one is; how many pixels that are. */
function lay({ x: cx, y: cy, r }: Leaf, i: number, owner: Int16Array, width: number, height: number): number {
  let laid = 0;
  for (let y = Math.max(0, Math.ceil(cy - r)); y < Math.min(height, cy + r); y++) {
    const half = Math.sqrt(Math.max(0, r * r - (y - cy) ** 2));
    for (let x = Math.max(0, Math.ceil(cx - half)); x < Math.min(width, cx + half); x++) {
      if (owner[y * width + x] >= 0) continue;
      owner[y * width + x] = i;
      laid++;
    }
  }
  return laid;
}

/**
 * Paints a scene. Leaves may have been moved since they were laid, by `[dx, dy]` in whole pixels each: their texture and shade move
 * with them, and the ground shows where none is.
 */
export function paint(
  { width, height, leaves, ground, textures }: Layout,
  name: string,
  moved: readonly (readonly [dx: number, dy: number])[] = [],
): Image {
  const places = leaves.map((leaf, i) => {
    const [mx, my] = moved[i] ?? [0, 0];
    return { ...leaf, x: leaf.x + mx, y: leaf.y + my, mx, my };
  });
  const below = { ...ground, mx: 0, my: 0 };
  const owner = new Int16Array(width * height).fill(-1);
  places.forEach((leaf, i) => {
    lay(leaf, i, owner, width, height);
  });
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      const i = owner[at];
      const leaf = i < 0 ? below : places[i];
      const { contrast, shade, color } = leaf;
      const [dx, dy] = [x - leaf.x, y - leaf.y];
      const [row, column] = [(y - leaf.my + 7 * i) & (tileSize - 1), (x - leaf.mx + 13 * i) & (tileSize - 1)];
      const light =
        leaf.grain * textures[leaf.texture][row * tileSize + column] +
        contrast * figureAt(leaf.waves, leaf.bias, dx, dy) +
        (shade[0] * dx + shade[1] * dy) / leaf.r;
      for (let c = 0; c < 3; c++)
        data[3 * at + c] = Math.round(255 * Math.min(1, Math.max(0, color[c] + light)));
    }
  return { name, width, height, data };
}
