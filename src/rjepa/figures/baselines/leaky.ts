import type { Readout, Representation } from "../representation.js";

/** Numbers of a patch that need no learning. */
export interface PatchFeatures {
  readonly name: string;
  /** Numbers of a patch, d. */
  readonly size: number;
  /** Of crops [n, S, 3, P, P]: [n, d]. */
  of(crops: Float32Array, n: number): Float64Array;
}

/** The leak of a row by its name; null where it has none. */
export function leakOf(name: string): number | null {
  const found = /, leak ([\d.]+)/.exec(name);
  return found === null ? null : Number(found[1]);
}

/** Numbers of patches, leakily averaged over fixations: h(t) = leak h(t − 1) + (1 − leak) f(t), from 0. */
export function leaky(
  features: PatchFeatures,
  leak: number,
  target: Representation["target"] = "recurrent",
): Representation {
  const { size: d } = features;
  return {
    name: `${features.name}, leak ${leak}${target === "fresh" ? ", fresh" : ""}`,
    size: d,
    target,
    read(crops, n, t, others = []): Readout {
      const fresh = features.of(crops, n * t);
      const h = new Float64Array(n * t * d);
      for (let at = 0; at < h.length; at++) {
        const past = Math.floor(at / d) % t === 0 ? 0 : h[at - d];
        h[at] = leak * past + (1 - leak) * fresh[at];
      }
      return {
        h,
        fresh,
        context: null,
        others: others.map((other) => {
          const alone = features.of(other, n);
          const held = alone.map((v, at) => {
            const past = t > 1 ? h[(Math.floor(at / d) * t + t - 2) * d + (at % d)] : 0;
            return leak * past + (1 - leak) * v;
          });
          return { h: held, fresh: alone };
        }),
      };
    },
  };
}
