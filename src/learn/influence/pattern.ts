import type { Axis } from "../../forward/factor.js";
import type { Loss, Term } from "../../forward/term.js";
import type { Carriers, Paths } from "./paths.js";
import type { Contributions, Source } from "./push.js";
import type { Sources } from "./sources.js";

/** The structure of the influence of one parameter block on the states of one group. */
export interface Pattern {
  readonly area: number;
  readonly group: number;
  readonly block: number;
  /** For each axis of the state: the parameter axis that it is tied to, or `null`. */
  readonly ties: readonly (Axis | null)[];
  /** Which states of the area depend on the block at all; those of other groups are not meant. */
  readonly present: readonly boolean[];
  /** Ties that the block's axes lost on the way, and the op that broke each. */
  readonly lost: readonly Loss[];
}

export interface PatternOptions {
  /** `own`: areas are influenced by their own parameters only. */
  readonly credit: "exact" | "own";
  /**
   * Keep no tie, and of parameters that reach any state keep blocks that are zero by structure: the influence matrix as
   * real-time recurrent learning stores it. Parameters that only outputs read have no place in it.
   */
  readonly dense?: boolean;
  /** Keep only what a parameter reaches within so many steps; default: any number. */
  readonly order?: number;
  /** Which paths through a unit's old states count; default all. */
  readonly paths?: Paths;
  readonly carriers?: Carriers;
}

/** Patterns by group and block; `null` where the states of a group do not depend on a block. */
export type Patterns = readonly (readonly (Pattern | null)[])[];

interface Draft {
  ties: (Axis | null)[];
  present: boolean[];
  lost: Loss[];
}

/**
 * Which ties survive, as a fixpoint: the influence starts at zero, which hides mixing, so the structure of a step
 * is applied until nothing changes, or `order` times. Ties only go, and dependencies only come.
 */
export function findPatterns(
  contributions: Contributions,
  sources: Sources,
  options: PatternOptions,
): Patterns {
  const { groups, groupOf } = sources;
  const drafts: (Draft | null)[][] = groups.map(() => sources.blocks.map(() => null));
  let changed = true;
  for (let step = 0; changed && step < (options.order ?? Number.POSITIVE_INFINITY); step++) {
    changed = false;
    // what old states depend on is what the step before found
    const before = drafts.map((row) => row.map((draft) => draft && copyOf(draft)));
    contributions.forEach((states, b) => {
      sources.blocks.forEach((block, k) => {
        if (block.area === null || (options.credit === "own" && block.area !== b)) return;
        states.forEach((list, state) => {
          const row = drafts[groupOf[b][state]];
          for (const { source, tangent } of list) {
            for (const term of tangent.terms) {
              const seen = resolve(
                term,
                source,
                k,
                source.kind === "state" && source.when === "old" ? before : drafts,
              );
              if (seen === null) continue;
              const ties = seen.axes.map((a) => (block.axes.includes(a) ? a : null));
              const draft = row[k] ?? newDraft(ties, states.length, seen.lost);
              row[k] = draft;
              if (merge(draft, state, ties, seen.lost)) changed = true;
            }
          }
        });
      });
    });
  }
  const reached = sources.blocks.map((_, block) => drafts.some((row) => row[block] !== null));
  return drafts.map((row, group) =>
    row.map((draft, block) => {
      const { area, axes } = groups[group];
      if (options.dense && reached[block]) {
        const ties = axes.map(() => null);
        const present = groupOf[area].map((of) => of === group);
        return { area, group, block, ties, present, lost: draft?.lost ?? [] };
      }
      return draft && { area, group, block, ...draft };
    }),
  );
}

/** A term's value axes and lost ties with respect to a block; `null` where the term does not involve the block. */
function resolve(
  term: Term,
  source: Source,
  block: number,
  drafts: readonly (readonly (Draft | null)[])[],
): Pick<Term, "axes" | "lost"> | null {
  if (source.kind === "block") return source.block === block ? term : null;
  const draft = drafts[source.group][block];
  if (draft === null || !draft.present[source.state]) return null;
  const names = sourceAxes(term);
  const rename = (axis: Axis): Axis => {
    const at = names.indexOf(axis);
    return at >= 0 ? (draft.ties[at] ?? axis) : axis;
  };
  const lost = term.lost.map(({ axis, by }) => ({ axis: rename(axis), by }));
  return { axes: term.axes.map(rename), lost: [...lost, ...draft.lost] };
}

/** The names of the state that a term is about. */
function sourceAxes(term: Term): readonly Axis[] {
  let at = term;
  while (at.base?.kind === "derived") at = at.base.source;
  return at.base?.axes ?? [];
}

function copyOf({ ties, present, lost }: Draft): Draft {
  return { ties: [...ties], present: [...present], lost: [...lost] };
}

function newDraft(ties: readonly (Axis | null)[], states: number, lost: readonly Loss[]): Draft {
  return { ties: [...ties], present: new Array<boolean>(states).fill(false), lost: [...lost] };
}

/** Keeps the ties that the term has too; tells whether anything changed. */
function merge(draft: Draft, state: number, ties: readonly (Axis | null)[], lost: readonly Loss[]): boolean {
  let changed = !draft.present[state];
  draft.present[state] = true;
  ties.forEach((tie, i) => {
    if (draft.ties[i] === null || draft.ties[i] === tie) return;
    draft.ties[i] = null;
    draft.lost.push(...lost.filter((l) => !draft.lost.some((d) => d.axis === l.axis && d.by === l.by)));
    changed = true;
  });
  return changed;
}
