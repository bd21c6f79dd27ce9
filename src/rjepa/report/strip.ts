import type { FixationStrip } from "./data.js";
import { patchUris, sceneUri } from "./images.js";
import { timeColor } from "./theme.js";

/** CSS pixels. */
const tallest = 680;

/** The image with the scanpath over it, and below it the patches in the order in which they were seen. */
export async function renderStrip(strip: FixationStrip): Promise<string> {
  const [scene, patches] = await Promise.all([sceneUri(strip), patchUris(strip.patches)]);
  const steps = strip.fixations.length;
  const figures = patches.map((uri, t) => {
    const color = timeColor(t, steps);
    return `<li style="--time: ${color}"><img src="${uri}" alt="patch ${t + 1}"><span>${t + 1}</span></li>`;
  });
  // So wide that the whole image fits on a screen, also where it is a tall one.
  const width = Math.round((tallest * strip.width) / strip.height);
  return `<div class="strip" style="max-width: ${width}px">
<div class="scene">${scanpath(strip, scene)}</div>
<ol class="patches">${figures.join("")}</ol>
</div>`;
}

function scanpath({ width, height, fixations, crop }: FixationStrip, scene: string): string {
  // Everything is drawn in proportion to the image, whatever its size in pixels.
  const unit = Math.max(width, height) / 100;
  const n = fixations.length;
  const boxes = fixations.map(([x, y], t) =>
    crop
      ? `<rect x="${x - crop / 2}" y="${y - crop / 2}" width="${crop}" height="${crop}" rx="${0.4 * unit}" fill="none" stroke="${timeColor(t, n)}" stroke-width="${0.45 * unit}"/>`
      : "",
  );
  const path = fixations.map(([x, y]) => `${x},${y}`).join(" ");
  const line = (stroke: string, strokeWidth: number) =>
    `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="${strokeWidth * unit}" stroke-linejoin="round" stroke-linecap="round"/>`;
  const marks = fixations.map(
    ([x, y], t) =>
      `<g><circle cx="${x}" cy="${y}" r="${1.75 * unit}" fill="${timeColor(t, n)}" stroke="white" stroke-width="${0.35 * unit}"/>` +
      `<text x="${x}" y="${y}" font-size="${2 * unit}" fill="white" font-weight="700" text-anchor="middle" dominant-baseline="central">${t + 1}</text></g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="An image with the scanpath of ${n} fixations drawn over it">`,
    `<image href="${scene}" width="${width}" height="${height}"/>`,
    ...boxes,
    line("rgba(0, 0, 0, 0.55)", 1.1),
    line("white", 0.55),
    ...marks,
    "</svg>",
  ].join("");
}
