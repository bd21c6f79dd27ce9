import { count, finite, flag, having, kind, listOf } from "../../core/kinds.js";
import type { Preset } from "../parts/preset.js";
import { timeColor } from "./theme.js";

/** A sequence as a model sees it, with pictures as data URIs. */
export interface FixationStrip {
  /** Of the image, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly image: string;
  /** Where it looks, in pixels, in order. */
  readonly fixations: readonly (readonly [x: number, y: number])[];
  /** Sides of the crops around a fixation in pixels, the smallest first. */
  readonly sides: readonly number[];
  /** Whether each fixation is on a frame of its own: the image is the first that is seen. */
  readonly moves: boolean;
  /** Each of them, reduced to what the model is given: [fixation][crop]. */
  readonly crops: readonly (readonly string[])[];
}

const aPicture = kind(
  "a picture as a data URI",
  (v) => typeof v === "string" && /^data:image\/(png|jpeg);base64,[\w+/=]+$/.test(v),
);

/** A strip, as it was saved. */
export const aStrip = having({
  width: count(1),
  height: count(1),
  image: aPicture,
  fixations: listOf(listOf(finite, 2), 1),
  sides: listOf(finite, 1),
  moves: flag,
  crops: listOf(listOf(aPicture, 1), 1),
});

/** CSS pixels. */
const tallest = 680;

/** The image with the scanpath over it, and below it the crops in the order in which they were seen. */
export function renderStrip(strip: FixationStrip): string {
  const steps = strip.fixations.length;
  const seen = strip.crops.map((crops, t) => {
    const pictures = crops.map(
      (uri, s) => `<img src="${uri}" alt="fixation ${t + 1}, ${strip.sides[s]} pixels wide">`,
    );
    return `<li style="--time: ${timeColor(t, steps)}">${pictures.join("")}<span>${t + 1}</span></li>`;
  });
  // so wide that the whole image fits on a screen, also where it is a tall one
  const width = Math.round((tallest * strip.width) / strip.height);
  return `<div class="strip" style="max-width: ${width}px">
<div class="scene">${scanpath(strip)}</div>
<ol class="patches">${seen.join("")}</ol>
</div>`;
}

function scanpath({ width, height, image, fixations, sides }: FixationStrip): string {
  // everything is drawn in proportion to the image, whatever its size in pixels
  const unit = Math.max(width, height) / 100;
  const n = fixations.length;
  const [side] = sides;
  const boxes = fixations.map(
    ([x, y], t) =>
      `<rect x="${x - side / 2}" y="${y - side / 2}" width="${side}" height="${side}" rx="${0.4 * unit}" fill="none" stroke="${timeColor(t, n)}" stroke-width="${0.45 * unit}"/>`,
  );
  const path = fixations.map(([x, y]) => `${x},${y}`).join(" ");
  const line = (stroke: string, strokeWidth: number): string =>
    `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="${strokeWidth * unit}" stroke-linejoin="round" stroke-linecap="round"/>`;
  const marks = fixations.map(
    ([x, y], t) =>
      `<g><circle cx="${x}" cy="${y}" r="${1.75 * unit}" fill="${timeColor(t, n)}" stroke="white" stroke-width="${0.35 * unit}"/>` +
      `<text x="${x}" y="${y}" font-size="${2 * unit}" fill="white" font-weight="700" text-anchor="middle" dominant-baseline="central">${t + 1}</text></g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="An image with the scanpath of ${n} fixations drawn over it">`,
    `<image href="${image}" width="${width}" height="${height}"/>`,
    ...boxes,
    line("rgba(0, 0, 0, 0.55)", 1.1),
    line("white", 0.55),
    ...marks,
    "</svg>",
  ].join("");
}

/** A section of HTML: one sequence of test images, as the model sees it. */
export function stripSection(strip: FixationStrip, { size, channels = "retina" }: Preset["input"]): string {
  const sides = strip.sides.map((side) => `${side} by ${side}`);
  const crops =
    sides.length === 1
      ? `a crop of ${sides[0]} pixels`
      : `crops of ${sides.slice(0, -1).join(", ")} and ${sides[sides.length - 1]} pixels`;
  return `<section>
<h2>What does the model see?</h2>
<p>At each fixation ${crops}, reduced to ${size} by ${size} each${channels === "retina" ? ", with mean and contrast taken away afterwards" : ""}; never the whole image.</p>
<figure>
${renderStrip(strip)}
<figcaption>A sequence of ${strip.fixations.length} fixations on a test image, and what is seen of it in this order; color is time.${strip.moves ? " It moves: what is drawn is the first frame that is seen, and each fixation is on a later one." : ""}</figcaption>
</figure>
</section>`;
}
