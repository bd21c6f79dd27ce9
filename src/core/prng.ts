/**
 * Keyed, splittable random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw 2011). A key and a
 * counter give the bits, so the same key gives the same integers and uniform numbers on every platform, in any order of
 * asking. Normal numbers go through the logarithm, sine and cosine of the JavaScript engine.
 */
import { allocate, outOfMemory, requireRoom } from "./dtype.js";
import { ArgumentError } from "./errors.js";
import { count, isArray, kindOf } from "./kinds.js";

/** Two unsigned 32-bit words. */
export type Key = readonly [number, number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
const parity = 0x1bd11bda;

/** The block cipher: two words of counter under a key, two words out. */
export function threefry([k0, k1]: Key, c0: number, c1: number): Key {
  const keys = [k0, k1, k0 ^ k1 ^ parity];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const r = rotations[round % 8];
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    if (round % 4 === 3) {
      const s = (round + 1) / 4;
      x0 = (x0 + keys[s % 3]) | 0;
      x1 = (x1 + keys[(s + 1) % 3] + s) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** Requires a key. @throws ArgumentError */
export function requireKey(who: string, k: Key): Key {
  if (!isArray(k) || k.length !== 2 || !isWord(k[0]) || !isWord(k[1]))
    throw new ArgumentError(
      `${who}: expected a key of two 32-bit words, as random.key(seed) makes one, got ${kindOf(k)}`,
    );
  return k;
}

const isWord = (x: unknown): boolean => typeof x === "number" && x >>> 0 === x;

/** Most keys of one `split`; for more, fold numbers into a key. */
const mostKeys = 2 ** 20;
const numberOfKeys = count(0, mostKeys);

/** A key from a seed. @throws ArgumentError unless the seed is a whole number of at least 0 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ArgumentError(`random.key: expected a whole number of at least 0, got ${kindOf(seed)}`);
  return [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0];
}

/**
 * A key of its own for a whole number or a name: independent of the other keys made from this one.
 * @throws ArgumentError for a number with a fraction, or beyond 2^53
 */
export function foldIn(k: Key, data: number | string): Key {
  requireKey("random.foldIn", k);
  if (typeof data === "string") {
    // names and numbers are kept apart by the second counter word
    let folded = threefry(k, data.length, 1);
    for (let i = 0; i < data.length; i++) folded = threefry(folded, data.charCodeAt(i), 1);
    return folded;
  }
  if (!Number.isSafeInteger(data))
    throw new ArgumentError(`random.foldIn: expected a whole number or a name, got ${kindOf(data)}`);
  return threefry(threefry(k, Math.floor(data / 2 ** 32), 2), data >>> 0, 3);
}

/** Independent keys, at most 2^20. @throws ArgumentError */
export function split(k: Key, n = 2): Key[] {
  requireKey("random.split", k);
  numberOfKeys("random.split", "the number of keys", n);
  return Array.from({ length: n }, (_, i) => threefry(k, i, 4));
}

function words(n: number): Uint32Array {
  requireRoom("random", "int32", n);
  try {
    return new Uint32Array(n);
  } catch {
    throw outOfMemory("random", 4 * n);
  }
}

/** Random 32-bit words. */
export function bits(k: Key, n: number): Uint32Array {
  const out = words(n);
  for (let i = 0; i < n; i += 2) {
    const [a, b] = threefry(k, i >>> 1, 5);
    out[i] = a;
    if (i + 1 < n) out[i + 1] = b;
  }
  return out;
}

/** Uniform numbers in [0, 1), of 53 random bits each. */
export function uniform(k: Key, n: number): Float64Array {
  const drawn = bits(k, 2 * n);
  const out = allocate("float64", n, "random") as Float64Array;
  for (let i = 0; i < n; i++) out[i] = ((drawn[2 * i] >>> 5) * 2 ** 26 + (drawn[2 * i + 1] >>> 6)) / 2 ** 53;
  return out;
}

/** The same in float32, rounded toward zero: the nearest one may be 1. */
export function uniform32(k: Key, n: number): Float32Array {
  const numbers = uniform(k, n);
  const out = Float32Array.from(numbers);
  const bits = new Uint32Array(out.buffer);
  // of a positive number, one less in the last bit is the next smaller one
  for (let i = 0; i < n; i++) if (out[i] > numbers[i]) bits[i]--;
  return out;
}

/** Standard normal numbers (Box & Muller 1958). */
export function normal(k: Key, n: number): Float64Array {
  const u = uniform(k, n + (n % 2));
  const out = allocate("float64", n, "random") as Float64Array;
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log1p(-u[i]));
    const angle = 2 * Math.PI * u[i + 1];
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** Whole numbers in [low, high). */
export function integers(k: Key, n: number, low: number, high: number): Int32Array {
  if (!(high > low)) throw new ArgumentError(`random.integers: expected low < high, got ${low} and ${high}`);
  return Int32Array.from(uniform(k, n), (u) => low + Math.floor(u * (high - low)));
}

/** A random order of 0 to n − 1 (Fisher & Yates). */
export function permutation(k: Key, n: number): Int32Array {
  const order = (allocate("int32", n, "random") as Int32Array).map((_, i) => i);
  const u = uniform(k, n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(u[i] * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
