import { DataError } from "../../core/errors.js";
import type { Image } from "../../data/image.js";
import { loadSharp } from "./optional.js";

const uri = (kind: "jpeg" | "png", bytes: Buffer): string =>
  `data:image/${kind};base64,${bytes.toString("base64")}`;

/** An image as a JPEG data URI. @throws DataError where the bytes do not fit its size */
export async function imageUri({ width, height, data }: Image): Promise<string> {
  if (data.length !== width * height * 3)
    throw new DataError(
      `report: expected ${width * height * 3} bytes for an image of ${width} by ${height} pixels, got ${data.length}`,
    );
  const sharp = await loadSharp();
  const raw = { width, height, channels: 3 } as const;
  return uri("jpeg", await sharp(data, { raw }).jpeg({ quality: 86 }).toBuffer());
}

/** Each crop of [n, 3, P, P], 0 to 255, as a PNG data URI. @throws DataError where the numbers do not make whole crops */
export async function cropUris(crops: Float32Array, size: number): Promise<string[]> {
  const plane = size * size;
  if (plane === 0 || crops.length % (3 * plane) !== 0)
    throw new DataError(`report: expected crops [n,3,${size},${size}], got ${crops.length} numbers`);
  const sharp = await loadSharp();
  const raw = { width: size, height: size, channels: 3 } as const;
  return Promise.all(
    Array.from({ length: crops.length / (3 * plane) }, async (_, n) => {
      const pixels = Uint8Array.from({ length: 3 * plane }, (_, at) => {
        const [i, c] = [Math.floor(at / 3), at % 3];
        return Math.round(Math.min(255, Math.max(0, crops[(3 * n + c) * plane + i])));
      });
      return uri("png", await sharp(pixels, { raw }).png().toBuffer());
    }),
  );
}
