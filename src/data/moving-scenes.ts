import { count } from "../core/kinds.js";
import { foldIn, type Key, normal } from "../core/prng.js";
import type { Image } from "./image.js";
import { layOut, paint, requireScene } from "./scenes.js";

/** Standard deviation of a leaf's speed along either axis, as a share of the shorter side per frame. */
const speed = 0.02;

/**
 * A dead-leaves scene whose leaves move and pass each other, frame by frame; its first frame is `scene` of the same key. Each leaf
 * keeps its velocity, drawn from N(0, 0.02 of the shorter side per frame) along either axis, and its place in depth: two frames
 * decide where it is in all others. One that has left on one side comes in again on the other, once none of it is seen. Leaves move
 * by whole pixels, so that their textures stay what they are.
 */
export function* movingScene(
  key: Key,
  width: number,
  height: number,
  name: string,
  frames: number,
): Generator<Image> {
  requireScene("movingScene", key, width, height, name);
  count(1)("movingScene", "frames", frames);
  const layout = layOut(key, width, height);
  const fastest = speed * Math.min(width, height);
  const velocities = layout.leaves.map((_, i) => normal(foldIn(foldIn(key, "motion"), i), 2));
  for (let t = 0; t < frames; t++)
    yield paint(
      layout,
      name,
      layout.leaves.map(({ x, y, r }, i) => {
        const [vx, vy] = velocities[i];
        return [displaced(x, fastest * vx * t, r, width), displaced(y, fastest * vy * t, r, height)] as const;
      }),
    );
}

/** By how many whole pixels a disk that moves on a ring around the image is away from where it was. */
function displaced(from: number, way: number, r: number, side: number): number {
  const steps = Math.round(way);
  // wide enough that a disk is out of sight on one side before it comes in on the other
  const around = Math.ceil(side + 2 * r);
  const place = from + r + steps;
  return steps - around * Math.floor(place / around);
}
