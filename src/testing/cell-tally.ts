import type { Rule } from "../learn/rules/_rule.js";
import { type DerivativeReport, differenceTolerance } from "./cell-derivatives.js";
import { GradientError } from "./errors.js";

/** How a rule did on all cases. */
export interface RuleResult {
  readonly rule: string;
  /** Largest relative error of a parameter block that is allowed. */
  readonly tolerance: number;
  /** Cases answered, and cases to which the rule says that it does not apply. */
  readonly checked: number;
  readonly refused: number;
  /** Why it refused the last of them. */
  readonly reason: string | null;
  /** Largest relative error of a parameter block. */
  readonly worst: number;
  /** Blocks left out of it, whose terms cancel until rounding is what remains. */
  readonly uncertain: number;
}

export interface CellReport {
  readonly cell: string;
  readonly cases: number;
  readonly seed: number;
  readonly rules: readonly RuleResult[];
  /** Of one step, against differences; `null` where they were not asked for. */
  readonly derivatives: DerivativeReport | null;
  /** Largest relative error of a parameter block under any rule. */
  readonly worst: number;
}

/** Cases after which a parameter that changed nothing is taken to be read by nothing. */
const enough = 5;

/** What all cases together have shown. */
export class Tally {
  private readonly rules: Map<Rule, RuleResult>;
  private derivatives: DerivativeReport | null;
  private cases = 0;
  private readonly idle = new Map<string, number>();

  constructor(used: readonly Rule[], derivatives: boolean) {
    this.rules = new Map(
      used.map((rule) => [
        rule,
        {
          rule: rule.name,
          tolerance: rule.tolerance ?? 1e-10,
          checked: 0,
          refused: 0,
          reason: null,
          worst: 0,
          uncertain: 0,
        },
      ]),
    );
    this.derivatives = derivatives
      ? { compared: 0, worst: 0, tolerance: differenceTolerance, unsettled: 0 }
      : null;
  }

  /** Notes which parameters were read; asks only until each has been. */
  read(shapes: object, found: () => string[]): void {
    this.cases++;
    const names = Object.keys(shapes);
    if (names.every((name) => this.idle.get(name) === 0)) return;
    const seen = found();
    for (const name of names) {
      const before = this.idle.get(name);
      this.idle.set(name, before === 0 || seen.includes(name) ? 0 : (before ?? 0) + 1);
    }
  }

  step({ compared, worst, unsettled }: DerivativeReport): void {
    const sum = this.derivatives;
    if (sum === null) return;
    this.derivatives = {
      ...sum,
      compared: sum.compared + compared,
      worst: Math.max(sum.worst, worst),
      unsettled: sum.unsettled + unsettled,
    };
  }

  checked(rule: Rule, errors: readonly number[]): void {
    const sum = this.of(rule);
    const certain = errors.filter((e) => e <= sum.tolerance);
    this.rules.set(rule, {
      ...sum,
      checked: sum.checked + 1,
      worst: Math.max(sum.worst, ...certain),
      uncertain: sum.uncertain + errors.length - certain.length,
    });
  }

  refused(rule: Rule, reason: string): void {
    const sum = this.of(rule);
    this.rules.set(rule, { ...sum, refused: sum.refused + 1, reason });
  }

  /** Requires that what was to be tested was tested. @throws GradientError */
  requireComplete(name: string): void {
    const unread = [...this.idle].filter(([, cases]) => cases >= enough).map(([block]) => block);
    if (unread.length > 0)
      throw new GradientError(
        `checkCell: ${name}: next and output must read every parameter, got no change from other values of ${unread.join(", ")} in ${this.cases} cases; is something kept from an earlier call?`,
      );
    const results = [...this.rules.values()];
    if (results.every(({ checked }) => checked === 0))
      throw new GradientError(
        `checkCell: ${name}: at least one of ${results.map((r) => r.rule).join(", ")} must apply, got a refusal from each, the last: ${results[results.length - 1].reason}`,
      );
    if (this.derivatives?.compared === 0)
      throw new GradientError(
        `checkCell: ${name}: differences must settle somewhere, got a kink or a jump in all ${this.derivatives.unsettled} places; derivatives: false leaves them out`,
      );
  }

  report(cell: string, cases: number, seed: number): CellReport {
    const results = [...this.rules.values()];
    const worst = Math.max(0, ...results.map((r) => r.worst));
    return { cell, cases, seed, rules: results, derivatives: this.derivatives, worst };
  }

  private of(rule: Rule): RuleResult {
    return this.rules.get(rule) as RuleResult;
  }
}
