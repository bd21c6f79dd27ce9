export type Key = readonly [number, number];
export const key = (s: number): Key => [s, 0];
export const foldIn = (k: Key, d: number | string): Key => [k[0] * 31 + (typeof d === "number" ? d : [...d].reduce((a, c) => a * 7 + c.charCodeAt(0), 1)) % 100003, 1];
export const split = (k: Key, n = 2): Key[] => Array.from({ length: n }, (_, i) => foldIn(k, i + 1));
export function uniform(k: Key, n: number): Float64Array { let s = Math.abs(k[0]) % 2147483647 || 1; return new Float64Array(n).map(() => (s = (s * 48271) % 2147483647) / 2147483647); }
export function normal(k: Key, n: number): Float64Array { const u = uniform(k, 2 * n); return new Float64Array(n).map((_, i) => Math.sqrt(-2 * Math.log(u[2 * i])) * Math.cos(2 * Math.PI * u[2 * i + 1])); }
export function permutation(k: Key, n: number): Int32Array { return Int32Array.from({ length: n }, (_, i) => i); }
