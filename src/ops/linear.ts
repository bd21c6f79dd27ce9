/** What the forward and the transposed reading do with each kind of linear map: the whole list. */
import { sameShape } from "../core/shape.js";
import type { LinearMap, Paths } from "../tensor/linear-map.js";
import type { Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { contract } from "./contract.js";
import { add } from "./pointwise.js";
import { sum, unsum } from "./reduce.js";
import { scale } from "./scale.js";
import { putIndex, takeIndex } from "./take.js";
import { broadcastTo, permute, reshape } from "./views.js";

/** The map applied to a tangent. */
export function applyMap(map: LinearMap, t: Tensor): Tensor {
  switch (map.kind) {
    case "scale":
      return scale(map.by, t);
    case "contract":
      return contract(t, map.with, map.inLabels, map.withLabels, map.outLabels);
    case "reshape":
      return reshape(t, map.to);
    case "permute":
      return permute(t, map.order);
    case "broadcast":
      return broadcastTo(t, map.to);
    case "take":
      return takeIndex(t, map.axis, map.index);
    case "put":
      return putIndex(t, map.axis, map.index, map.size);
    case "sum":
      return sum(t, map.axes);
    case "cast":
      return cast(t, map.to);
    case "stencil":
      return map.forward(t);
    case "paths":
      return alongPaths(map, t);
  }
}

/** The transposed map applied to a cotangent. */
export function transposeMap(map: LinearMap, ct: Tensor): Tensor {
  switch (map.kind) {
    case "scale":
      return scale(map.by, ct);
    case "contract":
      return contract(ct, map.with, map.outLabels, map.withLabels, map.inLabels);
    case "reshape":
      return reshape(ct, map.from);
    case "permute": {
      const inverse = new Array<number>(map.order.length);
      map.order.forEach((from, to) => {
        inverse[from] = to;
      });
      return permute(ct, inverse);
    }
    case "broadcast":
      return unbroadcast(ct, map.from);
    case "take":
      return putIndex(ct, map.axis, map.index, map.size);
    case "put":
      return takeIndex(ct, map.axis, map.index);
    case "sum":
      return unsum(ct, map.axes, map.from);
    case "cast":
      return cast(ct, map.from);
    case "stencil":
      return map.transpose(ct);
    case "paths":
      return backAlongPaths(map, ct);
  }
}

export const applyMaps = (maps: readonly LinearMap[], t: Tensor): Tensor =>
  maps.reduce((x, map) => applyMap(map, x), t);

export const transposeMaps = (maps: readonly LinearMap[], ct: Tensor): Tensor =>
  maps.reduceRight((x, map) => transposeMap(map, x), ct);

function alongPaths({ steps }: Paths, t: Tensor): Tensor {
  const values = [t];
  for (const { terms } of steps)
    values.push(terms.map(({ from, maps }) => applyMaps(maps, values[from])).reduce((a, b) => add(a, b)));
  return values[values.length - 1];
}

function backAlongPaths({ steps }: Paths, ct: Tensor): Tensor {
  const known: Tensor[] = [];
  known[steps.length] = ct;
  for (let k = steps.length; k > 0; k--)
    for (const { from, maps } of steps[k - 1].terms) {
      const part = transposeMaps(maps, known[k]);
      known[from] = known[from] === undefined ? part : add(known[from], part);
    }
  return known[0];
}

/** Sums over the axes that broadcasting added or stretched. */
function unbroadcast(ct: Tensor, from: readonly number[]): Tensor {
  const lead = ct.rank - from.length;
  const axes = ct.shape.flatMap((d, i) => (i < lead || (from[i - lead] === 1 && d !== 1) ? [i] : []));
  const summed = axes.length ? sum(ct, axes) : ct;
  return sameShape(summed.shape, from) ? summed : reshape(summed, from);
}
