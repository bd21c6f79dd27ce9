import { requireRoom } from "../core/dtype.js";
import { DataError } from "../core/errors.js";
import { count as aCount, instanceOf } from "../core/kinds.js";

/** What keeps each channel from being divided by next to nothing, of 255: luminance, red against green, blue against yellow. */
const floors = [8, 6, 6] as const;

/**
 * What a retina passes on of crops [count, S, 3, P, P], 0 to 255, as [count, 5 S, P, P]. Channels 0 to 3 S - 1, crop by crop, are
 * the opponent channels (Derrington, Krauskopf & Lennie 1984) luminance (r + g + b) / 3, 0.7 (r - g) and 0.4 (r + g - 2 b), each
 * less its mean over the patch and over sqrt(mean square + eps^2), eps = 8, 6, 6: divisive normalization (Carandini & Heeger
 * 2012). Channels 3 S to 5 S - 1, crop by crop, are ON = max(2 hp, 0) and OFF = max(-2 hp, 0), with hp the normalized luminance
 * less the mean of the 3 x 3 pixels around it, pixels at the edge repeated. A constant patch gives zeros, exactly.
 */
export const retina = (crops: Float32Array, count: number, scales: number, size: number): Float32Array =>
  seen("retina", crops, count, scales, size, 5);

/** Its normalized opponent channels alone, [count, 3 S, P, P]. */
export const opponentChannels = (
  crops: Float32Array,
  count: number,
  scales: number,
  size: number,
): Float32Array => seen("opponentChannels", crops, count, scales, size, 3);

/** The first channels of a retina, 3 or all 5 for each crop. */
function seen(
  who: string,
  crops: Float32Array,
  count: number,
  scales: number,
  size: number,
  perCrop: 3 | 5,
): Float32Array {
  instanceOf(Float32Array)(who, "the crops", crops);
  aCount(0)(who, "count", count);
  aCount(1)(who, "scales", scales);
  aCount(1)(who, "size", size);
  const plane = size * size;
  if (crops.length !== count * scales * 3 * plane)
    throw new DataError(
      `${who}: expected ${count * scales * 3 * plane} numbers of [${count}, ${scales}, 3, ${size}, ${size}], got ${crops.length}`,
    );
  requireRoom(who, "float32", count * scales * perCrop * plane);
  const out = new Float32Array(count * scales * perCrop * plane);
  const channel = new Float64Array(count === 0 ? 0 : plane);
  const sums = new Float64Array(channel.length);
  for (let n = 0; n < count; n++)
    for (let s = 0; s < scales; s++) {
      const from = 3 * plane * (n * scales + s);
      const to = plane * (perCrop * scales * n + 3 * s);
      // luminance last: what ON and OFF are made of
      for (let c = 2; c >= 0; c--) {
        oppose(crops, from, c, channel);
        normalize(channel, floors[c]);
        out.set(channel, to + c * plane);
      }
      if (perCrop === 5) onAndOff(channel, sums, size, out, plane * (5 * scales * n + 3 * scales + 2 * s));
    }
  return out;
}

/** One opponent channel of one crop. */
function oppose(crops: Float32Array, from: number, c: number, channel: Float64Array): void {
  const plane = channel.length;
  for (let i = 0, red = from; i < plane; i++, red++) {
    const [r, g, b] = [crops[red], crops[red + plane], crops[red + 2 * plane]];
    channel[i] = c === 0 ? (r + g + b) / 3 : c === 1 ? 0.7 * (r - g) : 0.4 * (r + g - 2 * b);
  }
}

/** Less the mean, over the root of the mean square and eps^2: in two passes, which lose no digits. */
function normalize(channel: Float64Array, eps: number): void {
  const n = channel.length;
  // differences from one of the values: those of a constant patch are zero, which those from a rounded mean may not be
  const [first] = channel;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    channel[i] -= first;
    sum += channel[i];
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    channel[i] -= mean;
    squares += channel[i] * channel[i];
  }
  const scale = 1 / Math.sqrt(squares / n + eps * eps);
  for (let i = 0; i < n; i++) channel[i] *= scale;
}

/** ON at `to` and OFF after it. `sums` is room for the sums of three in a row. */
function onAndOff(
  channel: Float64Array,
  sums: Float64Array,
  size: number,
  out: Float32Array,
  to: number,
): void {
  const plane = size * size;
  for (let row = 0; row < plane; row += size)
    for (let i = 0; i < size; i++)
      sums[row + i] =
        channel[row + (i > 0 ? i - 1 : 0)] + channel[row + i] + channel[row + (i < size - 1 ? i + 1 : i)];
  for (let at = 0; at < plane; at++) {
    const above = at >= size ? at - size : at;
    const below = at + size < plane ? at + size : at;
    const hp = 2 * (channel[at] - (sums[above] + sums[at] + sums[below]) / 9);
    out[to + at] = Math.max(hp, 0);
    out[to + plane + at] = hp < 0 ? -hp : 0;
  }
}
