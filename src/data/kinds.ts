import { DataError } from "../core/errors.js";
import { count, having, instanceOf, type Kind, text } from "../core/kinds.js";
import { requireKey } from "../core/prng.js";

export const aKey: Kind = (who, _, value) => {
  requireKey(who, value as never);
};
/** A path that a system could know: what is longer is none. */
export const aPath: Kind = (who, what, value) => {
  text(who, what, value);
  const { length } = value as string;
  if (length === 0 || length > 4096)
    throw new DataError(`${who}: expected ${what} of 1 to 4096 characters, got ${length}`);
};
/** Most pixels along a side. */
export const mostPixels = 2 ** 15;
/** A side in pixels. */
export const side = count(1, mostPixels);

/** A picture in memory. */
export const anImage: Kind = (who, what, value) => {
  having({
    name: text,
    width: side,
    height: side,
    data: instanceOf(Uint8Array),
  })(who, what, value);
  const { width, height, data } = value as { width: number; height: number; data: Uint8Array };
  if (data.length !== 3 * width * height)
    throw new DataError(
      `${who}: expected ${3 * width * height} bytes of ${width} x ${height} pixels in ${what}, got ${data.length}`,
    );
};
