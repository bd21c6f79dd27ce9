import { gathered } from "../../forward/gather.js";
import { type StateName, seed, type Tangent } from "../../forward/term.js";
import { tiedTangents } from "../../forward/tied.js";
import type { TapeNode } from "../../reverse/tape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Watcher, watch } from "../../tensor/watch/watch.js";
import type { StepRecord } from "../step/step.js";
import { type Carriers, type Paths, withinUnit } from "./paths.js";
import type { Sources } from "./sources.js";

/** Where a tangent comes from: a parameter block, or a state whose own tangent is filled in later. */
export type Source =
  | { readonly kind: "block"; readonly block: number }
  | ({ readonly kind: "state" } & StateName);

/** Derivative of a new state with respect to one source. */
export interface Contribution {
  readonly source: Source;
  readonly tangent: Tangent;
}

/** For each area and each of its states: what the new state depends on, in lazy tied terms. */
export type Contributions = readonly (readonly (readonly Contribution[])[])[];

export interface PushOptions {
  /** Which paths from old states to new ones count; default `all`. */
  readonly paths?: Paths;
  /** What carries a state, for the paths that are `carried`. */
  readonly carriers?: Carriers;
  /** Tangents of states with respect to themselves instead of symbols for their traces: the Jacobian of the step. */
  readonly jacobian?: boolean;
}

/**
 * Pushes tied tangents of all sources through a recorded step, area by area, up to the new states.
 * The tangents of states stay symbols here, so this costs a few small coefficients whatever the number of parameters.
 */
export function pushStep(record: StepRecord, sources: Sources, options: PushOptions = {}): Contributions {
  const { paths = "all", carriers, jacobian = false } = options;
  const { tape } = record;
  const found = new Map<number, Map<number, Tangent>>();
  const origin = new Map<number, Source>();
  const addSeed = (node: number, source: Source, tangent: Tangent): void => {
    origin.set(node, source);
    found.set(node, new Map([[node, tangent]]));
  };
  record.parameters.forEach((node, block) => {
    const { axes, dtype, area } = sources.blocks[block];
    if (area !== null) addSeed(node, { kind: "block", block }, seed(axes, dtype));
  });
  record.areas.forEach((area, a) => {
    for (const when of ["old", "new"] as const) {
      (when === "old" ? area.previous : area.current).forEach((node, state) => {
        if (node < 0) return;
        const group = sources.groupOf[a][state];
        const { axes } = sources.groups[group];
        const { dtype } = tape.nodes[node].output;
        const of: StateName = { area: a, state, group, when };
        const base = jacobian ? null : ({ kind: "state", axes, of } as const);
        addSeed(node, { kind: "state", ...of }, seed(axes, dtype, base));
      });
    }
  });
  const last = record.areas[record.areas.length - 1].end;
  const needed = ancestors(record, last);
  let count = -1;
  for (let at = 0; at < last; at++) {
    const node = tape.nodes[at];
    const { op } = node;
    if (op === null || !needed[at]) continue;
    const place = ++count;
    const by = node.called ? `${op.name} at ${node.called}` : op.name;
    const push = (): Map<number, Tangent> => {
      const sums = new Map<number, Tangent>();
      node.parents.forEach((parent, i) => {
        const incoming = parent < 0 ? undefined : found.get(parent);
        if (incoming === undefined) return;
        const maps = tape.maps(node, i);
        if (maps === null) return;
        for (const [source, tangent] of incoming) {
          const of = carriers && origin.get(source);
          if (isOldState(of) && !carriers?.carries(place, op.name, i, of.area, of.state)) continue;
          const term = tiedTangents.applyMaps(maps, tangent, by);
          const known = sums.get(source);
          sums.set(source, known === undefined ? term : tiedTangents.add(known, term));
        }
      });
      for (const [source, tangent] of sums) sums.set(source, gathered(tangent, node.output.shape, by));
      return sums;
    };
    const sums = watch.by === null ? push() : watched(watch.by, node, found, push);
    if (sums.size > 0) found.set(at, sums);
  }
  return record.areas.map((area) =>
    area.results.map((node) =>
      [...(found.get(node) ?? [])].map(([node, tangent]) => {
        const source = origin.get(node) as Source;
        return { source, tangent: paths !== "all" && isOldState(source) ? withinUnit(tangent) : tangent };
      }),
    ),
  );
}

/** Pushes through one node under the eyes of who watches. */
function watched(
  by: Watcher,
  { op, site, parents, called }: TapeNode,
  found: ReadonlyMap<number, ReadonlyMap<number, Tangent>>,
  push: () => Map<number, Tangent>,
): Map<number, Tangent> {
  const inputs = site?.inputs ?? [];
  const tensors = (sums: ReadonlyMap<number, Tangent> | undefined): Tensor[] =>
    [...(sums?.values() ?? [])].flatMap((t) => tiedTangents.tensors(t));
  const given = [...inputs, ...parents.flatMap((p) => tensors(found.get(p)))];
  return by.derived(
    { reading: tiedTangents.reading, op: op?.name ?? "", inputs, given, called },
    push,
    tensors,
  );
}

const isOldState = (source: Source | undefined): source is Extract<Source, { kind: "state" }> =>
  source?.kind === "state" && source.when === "old";

/** Which nodes some new state depends on. */
export function ancestors(record: StepRecord, last: number): Uint8Array {
  const needed = new Uint8Array(last);
  for (const area of record.areas) for (const node of area.results) if (node >= 0) needed[node] = 1;
  for (let at = last - 1; at >= 0; at--) {
    if (!needed[at]) continue;
    for (const parent of record.tape.nodes[at].parents) if (parent >= 0) needed[parent] = 1;
  }
  return needed;
}
