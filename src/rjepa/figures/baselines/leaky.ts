import { callable, count, having, kind, oneOf, text } from "../../../core/kinds.js";
import type { PatchFeatures, Readout, Representation } from "../representation.js";

const aShare = kind("a share from 0 to 1", (v) => typeof v === "number" && v >= 0 && v <= 1);

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
  having({ name: text, size: count(1), of: callable })("leaky", "the features", features);
  aShare("leaky", "the leak", leak);
  oneOf("recurrent", "fresh")("leaky", "the target", target);
  const { size: d } = features;
  const held = (fresh: Float64Array, t: number, others: readonly Float64Array[]): Readout => {
    const h = new Float64Array(fresh.length);
    for (let at = 0; at < h.length; at++) {
      const past = Math.floor(at / d) % t === 0 ? 0 : h[at - d];
      h[at] = leak * past + (1 - leak) * fresh[at];
    }
    return {
      h,
      fresh,
      context: null,
      others: others.map((alone) => ({
        h: alone.map((v, at) => {
          const past = t > 1 ? h[(Math.floor(at / d) * t + t - 2) * d + (at % d)] : 0;
          return leak * past + (1 - leak) * v;
        }),
        fresh: alone,
      })),
    };
  };
  return {
    name: `${features.name}, leak ${leak}${target === "fresh" ? ", fresh" : ""}`,
    size: d,
    target,
    patchwise: { features, held },
  };
}
