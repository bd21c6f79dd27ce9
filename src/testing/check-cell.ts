import fc from "fast-check";
import type { Cell } from "../cells/_cell.js";
import { ArgumentError, type OnwardError, RuleError } from "../core/errors.js";
import { count, finite, flag, type Known, listOf, oneOf, options as optionsOf, text } from "../core/kinds.js";
import type { Supervised } from "../learn/model/network.js";
import { rules } from "../learn/registry.js";
import type { Rule, RuleOptions } from "../learn/rules/_rule.js";
import { blockTable } from "./block-error.js";
import {
  arbitraryCellCase,
  type BuiltCase,
  buildCase,
  type CellCaseOptions,
  type CellSubject,
  type DrawnCase,
  nameOf,
  requireSubject,
  roughLabel,
} from "./cell-case.js";
import {
  type CellArgs,
  readBlocks,
  requireAgain,
  requireApart,
  requireNamed,
  requirePure,
  statesAfter,
} from "./cell-contract.js";
import { checkBothWays, checkStep } from "./cell-derivatives.js";
import { type CellReport, Tally } from "./cell-tally.js";
import { checkLearner, hasWindows } from "./check-learner.js";
import { GradientError } from "./errors.js";
import { aRange, ruleOf } from "./kinds.js";
import { randomParams, randomSequence } from "./random-case.js";

export interface CheckCellOptions extends CellCaseOptions, Pick<RuleOptions, "credit"> {
  /** Random cases; default 20. */
  readonly runs?: number;
  /** Of the random cases; default: another each time, printed on failure. */
  readonly seed?: number;
  /** Of a failure, as it was printed: goes straight to the smallest failing case. */
  readonly path?: string;
  /** Rules that must equal backpropagation through time; default: all that claim to be exact. */
  readonly rules?: readonly (string | Rule)[];
  /** Whether `next` and `output` must have their true derivatives; `false` for cells that replace one on purpose. */
  readonly derivatives?: boolean;
}

const checking: Known<CheckCellOptions> = {
  runs: count(1, 2 ** 20),
  seed: finite,
  path: text,
  rules: listOf(),
  derivatives: flag,
  credit: oneOf("exact", "local"),
  units: aRange,
  inputs: aRange,
  steps: aRange,
  batch: aRange,
};

/**
 * Property-tests a cell of one's own on random sizes, steps T, streams B, objectives and gates near 1, alone and in
 * stacks: what it declares is what it gives; nothing but its arguments counts, nor the order of their keys; streams keep
 * apart; derivatives of one step are true, or where the cell declares a surrogate the same forward and reverse; and every
 * exact rule gives the gradient of backpropagation through time, per parameter block, in windows of 1, 3 and 8 steps,
 * and replayed where the cell says `pure: true`. That word is tested by calls with the same arguments, before and after
 * all others: a variable of your own that no call changes cannot be seen.
 * @throws GradientError with the smallest case that fails, and how to replay it
 */
export function checkCell(subject: CellSubject, options: CheckCellOptions = {}): CellReport {
  const { runs = 20, seed, path, derivatives = true } = optionsOf("checkCell", options, checking);
  requireSubject("checkCell", subject);
  const used = rulesOf(options.rules);
  const tally = new Tally(used, derivatives);
  const property = fc.property(arbitraryCellCase(subject, options), (drawn) => {
    checkCase(subject, drawn, used, options, tally);
  });
  const details = fc.check(property, { numRuns: runs, seed, path });
  if (details.failed) throw failure(subject, details);
  tally.requireComplete(nameOf(subject));
  return tally.report(nameOf(subject), details.numRuns, details.seed);
}

function rulesOf(named: readonly (string | Rule)[] | undefined): Rule[] {
  if (named === undefined)
    return Object.values(rules).filter((rule) => rule.exactness === "exact" && rule.name !== "bptt");
  if (named.length === 0) throw new ArgumentError("checkCell: expected at least one rule, got none");
  return named.map((rule) => ruleOf("checkCell", rule));
}

function checkCase(
  subject: CellSubject,
  drawn: DrawnCase,
  used: readonly Rule[],
  options: CheckCellOptions,
  tally: Tally,
): void {
  const built = buildCase("checkCell", subject, drawn);
  const { cell } = built;
  const who = `checkCell: ${cell.name}`;
  const [args, others] = argumentsOf(who, built, drawn);
  const answer = requirePure(who, cell, args, others);
  requireNamed(who, cell, args, answer);
  requireApart(who, cell, args);
  tally.read(cell.shapes, () => readBlocks(who, cell, args, others.params));
  const checkOne = cell.surrogate ? checkBothWays : checkStep;
  if (options.derivatives ?? true) tally.step(checkOne(who, cell, args, drawn.seed));
  for (const rule of used) checkRule(rule, built, drawn, options, tally);
  requireAgain(who, cell, args, answer);
}

/** What the cell reads in the middle of a sequence, with states that it can reach; and in another sequence. */
function argumentsOf(who: string, { cell, params, model, inputs }: BuiltCase, drawn: DrawnCase): CellArgs[] {
  const moved = randomParams(model, drawn.seed + 1, drawn.saturation).areas[model.areas.indexOf(cell)];
  return [
    { params, sequence: inputs },
    { params: moved, sequence: otherInputs(cell, drawn) },
  ].map((of) => ({
    params: of.params,
    state: statesAfter(who, cell, of.params, of.sequence.slice(0, -1)),
    input: of.sequence[of.sequence.length - 1].input,
  }));
}

/** Two steps: the last call before a comparison must not be the one that comes between. */
function otherInputs(cell: Cell, { seed, batch }: DrawnCase): readonly Supervised[] {
  return randomSequence(seed + 1, { input: cell.geometry.input, target: [], steps: 2, batch });
}

function checkRule(
  rule: Rule,
  built: BuiltCase,
  { window, compile, keys }: DrawnCase,
  options: CheckCellOptions,
  tally: Tally,
): void {
  const { model, modelParams: params, samples, cell } = built;
  try {
    const { blocks } = checkLearner(rule, model, {
      params,
      samples,
      tolerance: rule.tolerance,
      compile: compile && model.pure === true,
      keys,
      ...(hasWindows(rule) ? { window } : {}),
      ...(options.credit ? { credit: options.credit } : {}),
    });
    tally.checked(
      rule,
      blocks.map((b) => b.error),
    );
  } catch (error) {
    if (error instanceof RuleError) tally.refused(rule, error.message);
    else if (error instanceof GradientError) {
      const [sentence] = error.message.split("\n");
      const said = sentence.replace(/^checkLearner: /, `checkCell: ${cell.name}: `);
      throw new GradientError(said, error.blocks);
    } else
      throw new GradientError(
        `checkCell: ${cell.name}: ${rule.name} must take every step, got "${error instanceof Error ? error.message : error}"`,
      );
  }
}

/** The smallest failure in words. */
function failure(subject: CellSubject, details: fc.RunDetails<[DrawnCase]>): OnwardError {
  const { counterexample, counterexamplePath, errorInstance, numShrinks, seed } = details;
  const drawn = counterexample?.[0];
  const blocks = errorInstance instanceof GradientError ? errorInstance.blocks : [];
  const sentence = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const lines = [
    sentence,
    ...(drawn ? [`  smallest case (after ${numShrinks} shrinks): ${labelOf(subject, drawn)}`] : []),
    ...(blocks.length > 0 ? [blockTable(blocks)] : []),
    `  replay: checkCell(${nameOf(subject)}, { seed: ${seed}, path: "${counterexamplePath}" })`,
  ];
  return new GradientError(lines.join("\n"), blocks);
}

function labelOf(subject: CellSubject, drawn: DrawnCase): string {
  try {
    return buildCase("checkCell", subject, drawn).label;
  } catch {
    return roughLabel(subject, drawn);
  }
}
