import { DataError } from "../../core/errors.js";
import type { FixationStrip } from "./data.js";
import { loadSharp } from "./optional.js";

/** The strip's image as a JPEG data URI. @throws DataError where the bytes do not fit its size. */
export async function sceneUri({ width, height, rgb }: FixationStrip): Promise<string> {
  if (rgb.length !== width * height * 3) {
    throw new DataError(
      `report: expected ${width * height * 3} bytes for an image of ${width} by ${height} pixels, got ${rgb.length}`,
    );
  }
  const sharp = await loadSharp();
  const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 86 })
    .toBuffer();
  return `data:image/jpeg;base64,${bytes.toString("base64")}`;
}

/** Each patch as a PNG data URI. @throws DataError where the numbers do not make whole patches. */
export async function patchUris({ size, data }: FixationStrip["patches"]): Promise<string[]> {
  const plane = size * size;
  if (plane === 0 || data.length % (3 * plane) !== 0) {
    throw new DataError(`report: expected patches [T,3,${size},${size}], got ${data.length} numbers`);
  }
  const sharp = await loadSharp();
  return Promise.all(
    Array.from({ length: data.length / (3 * plane) }, async (_, t) => {
      const pixels = new Uint8Array(3 * plane);
      for (let i = 0; i < plane; i++) {
        for (let c = 0; c < 3; c++) {
          const value = data[(t * 3 + c) * plane + i]!;
          pixels[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
        }
      }
      const bytes = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
        .png()
        .toBuffer();
      return `data:image/png;base64,${bytes.toString("base64")}`;
    }),
  );
}
