import type { Cell, CellKind } from "../../cells/index.js";
import { DataError, PlanError, RuleError } from "../../core/errors.js";
import { type Model, type Rule, type RuleOptions, ruleNamed, rules } from "../../learn/index.js";
import type * as Testing from "../../testing/index.js";
import {
  type CaseResult,
  type CheckReport,
  caseResult,
  failedCase,
  notedCase,
  refusedCase,
  reportOf,
} from "./report.js";
import { subjectsOf } from "./subjects.js";

/** `onward/testing`, which needs a package of its own and is loaded when there is something to test. */
type Kit = typeof Testing;

export interface ModuleOptions extends Pick<RuleOptions, "credit"> {
  /** Default: every rule that claims to be exact. */
  readonly rule?: string;
  /** Random cases of a cell, by default 20, or seeds of a model, by default 5. */
  readonly runs?: number;
  readonly seed: number;
}

/** Checks every cell, kind of cell and model that a module exports. @throws DataError where there is none */
export async function checkModule(
  file: string,
  exported: Readonly<Record<string, unknown>>,
  options: ModuleOptions,
): Promise<CheckReport> {
  const subjects = subjectsOf(exported);
  if (subjects.length === 0)
    throw new DataError(
      `check: expected ${file} to export a cell, a kind of cell or a model, got ${Object.keys(exported).join(", ") || "no exports"}`,
      file,
    );
  const kit = await import("../../testing/index.js").catch(explainMissing);
  const cases = subjects.flatMap(({ name, kind, value }) =>
    kind === "cell"
      ? cellCases(kit, name, value, options)
      : rulesOf(options).map((rule) => modelCase(kit, name, value, rule, options)),
  );
  return { ...reportOf(cases, null), seed: options.seed };
}

function explainMissing(error: NodeJS.ErrnoException): never {
  if (error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes("'fast-check'"))
    throw new DataError(
      "check: modules are tested with fast-check, which is not there; npm install --save-dev fast-check",
    );
  throw error;
}

function rulesOf({ rule }: ModuleOptions): Rule[] {
  if (rule !== undefined) return [ruleNamed(rule)];
  return Object.values(rules).filter((r) => r.exactness === "exact" && r.name !== "bptt");
}

/** A case per rule, one of the derivatives of a step and one of ties; where something fails, that alone. */
function cellCases(kit: Kit, name: string, value: CellKind | Cell, options: ModuleOptions): CaseResult[] {
  const { runs, seed, credit } = options;
  try {
    const report = kit.checkCell(value, { runs, seed, credit, rules: rulesOf(options) });
    const step = report.derivatives;
    return [
      ...(step ? [caseResult(`${name} one step`, { derivatives: step.worst }, step.tolerance)] : []),
      ...report.rules.map(({ rule, checked, refused, reason, worst, tolerance }) => {
        if (checked === 0) return refusedCase(`${name} ${rule}`, reason ?? "");
        const note = `${casesOf(checked)}${refused > 0 ? `, refuses ${refused}` : ""}`;
        return { ...caseResult(`${name} ${rule}`, { gradient: worst }, tolerance), note };
      }),
      tieCase(kit, name, value),
    ];
  } catch (error) {
    return [failure(kit, name, error)];
  }
}

const casesOf = (n: number): string => (n === 1 ? "1 case" : `${n} cases`);

function tieCase(kit: Kit, name: string, value: CellKind | Cell): CaseResult {
  try {
    return notedCase(`${name} ties`, inWords(kit.expectTied(value)));
  } catch (error) {
    return failure(kit, `${name} ties`, error);
  }
}

function inWords({ locality, found, numbers, compressed, dense }: Testing.TieReport): string {
  if (locality !== "dense") return `${locality}: ${numbers} numbers of influence, ${dense} without ties`;
  const could = found === "dense" ? "" : `, although the recurrence stays within each ${found}`;
  return `dense: nothing is claimed${could}; ${numbers} numbers of influence, k·p = ${compressed}`;
}

/** A rule against backpropagation through time on random sequences, short ones first. */
function modelCase(
  kit: Kit,
  name: string,
  model: Model<unknown>,
  rule: Rule,
  options: ModuleOptions,
): CaseResult {
  const { runs = 5, seed, credit } = options;
  const label = `${name} ${rule.name}`;
  const { tolerance = 1e-10 } = rule;
  const worst: Record<string, number> = {};
  for (let i = 0; i < runs; i++) {
    const data = { seed: seed + i, steps: 1 + (i % 6), batch: 1 + (i % 3) };
    try {
      // what passes beyond the tolerance is rounding where terms cancel, and no measure of the rule
      for (const { path, error } of kit.checkLearner(rule, model, { ...data, credit, tolerance }).blocks)
        worst[path] = Math.max(worst[path] ?? 0, Math.min(error, tolerance));
    } catch (error) {
      if (error instanceof RuleError || error instanceof PlanError) return refusedCase(label, error.message);
      const { steps, batch } = data;
      return failure(
        kit,
        label,
        error,
        `  replay: checkLearner("${rule.name}", ${name}, { seed: ${data.seed}, steps: ${steps}, batch: ${batch} })`,
      );
    }
  }
  return { ...caseResult(label, worst, tolerance), note: casesOf(runs) };
}

function failure(kit: Kit, name: string, error: unknown, data?: string): CaseResult {
  const said = error instanceof Error ? error.message : String(error);
  const known = error instanceof kit.GradientError;
  const why = known ? said : `check: ${name} must take random samples {input, target}, got "${said}"`;
  const errors = known ? Object.fromEntries(error.blocks.map((b) => [b.path, b.error])) : {};
  return failedCase(name, data ? `${why}\n${data}` : why, errors);
}
