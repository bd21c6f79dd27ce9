import { requireRoom } from "../core/dtype.js";
import { text } from "../core/kinds.js";
import { foldIn, type Key, normal, requireKey, uniform } from "../core/prng.js";
import type { Image } from "./image.js";
import { side } from "./kinds.js";

/** Radii of leaves as shares of the shorter side; their density falls as r^-3, as object sizes do in photographs. */
const [smallest, largest] = [0.04, 0.45];
/** Leaves are laid from front to back until this share of the pixels is covered; the rest is background. */
const coverage = 0.995;
const mostLeaves = 600;
const textureOctaves = 5;

/** How a leaf looks: a color and a texture of its own. */
interface Look {
  readonly color: readonly [number, number, number];
  readonly contrast: number;
  readonly shade: readonly [number, number];
  readonly texture: number;
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
      for (let x = 0; x < tile; x++) {
        const u = (x / tile) * cells;
        const [x0, fx] = [Math.floor(u), u - Math.floor(u)];
        const at = (i: number, j: number): number => grid[((y0 + j) % cells) * cells + ((x0 + i) % cells)];
        const top = at(0, 0) * (1 - fx) + at(1, 0) * fx;
        const bottom = at(0, 1) * (1 - fx) + at(1, 1) * fx;
        out[y * tile + x] += amplitude * (top * (1 - fy) + bottom * fy);
      }
    }
  }
  return out;
}

const tileSize = 128;
const tiles = 4;

/** Colors of one scene share a mood: brightness varies most, then warmth, then green against magenta. */
function lookOf(key: Key, mood: ArrayLike<number>): Look {
  const [brightness, warmth, green, contrast, shadeX, shadeY] = normal(key, 6);
  const l = 0.42 + 0.2 * brightness + 0.08 * mood[0];
  const w = 0.07 * warmth + 0.06 * mood[1];
  const g = 0.04 * green + 0.03 * mood[2];
  return {
    color: [l + w - 0.5 * g, l + g, l - w - 0.5 * g],
    contrast: 0.05 * Math.exp(0.6 * contrast),
    shade: [0.1 * shadeX, 0.1 * shadeY],
    texture: Math.abs(Math.floor(shadeX * 1e4)) % tiles,
  };
}

/**
 * A dead-leaves scene (Matheron 1968; Lee, Mumford & Huang 2001): disks with power-law radii that occlude each other,
 * each with a color, a gradient of shade and 1/f texture. The same key gives the same scene.
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
    const leaf = { x: cx, y: cy, r, ...lookOf(foldIn(own, "look"), mood) };
    open -= lay(leaf, leaves.length, owner, width, height);
    leaves.push(leaf);
  }
  const ground = { x: 0, y: 0, r: 0, ...lookOf(foldIn(key, "ground"), mood) };
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
  const short = Math.min(width, height);
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
      const dx = i < 0 ? 0 : (x - leaf.x) / short;
      const dy = i < 0 ? 0 : (y - leaf.y) / short;
      const [row, column] = [(y - leaf.my + 7 * i) & (tileSize - 1), (x - leaf.mx + 13 * i) & (tileSize - 1)];
      const light =
        contrast * textures[leaf.texture][row * tileSize + column] + shade[0] * dx + shade[1] * dy;
      for (let c = 0; c < 3; c++)
        data[3 * at + c] = Math.round(255 * Math.min(1, Math.max(0, color[c] + light)));
    }
  return { name, width, height, data };
}
