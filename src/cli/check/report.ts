/** The outcome of one case of an oracle file. */
export interface CaseResult {
  readonly name: string;
  /** The largest relative error of any of its parts. */
  readonly worst: number;
  readonly ok: boolean;
  /** Relative error of each parameter block, or of each derivative. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Why the rule does not apply to the case, which then neither passes nor fails. */
  readonly refused?: string;
}

export interface CheckReport {
  readonly ok: boolean;
  readonly tolerance: number;
  readonly cases: readonly CaseResult[];
}

export function caseResult(name: string, parameters: Record<string, number>, tolerance: number): CaseResult {
  const worst = Object.values(parameters).reduce((a, b) => (b > a || Number.isNaN(b) ? b : a), 0);
  return { name, worst, ok: worst <= tolerance, parameters };
}

export const refusedCase = (name: string, why: string): CaseResult => ({
  name,
  worst: 0,
  ok: true,
  parameters: {},
  refused: why,
});

/** Passes where no case fails, and at least one was answered. */
export function reportOf(cases: readonly CaseResult[], tolerance: number): CheckReport {
  return { ok: cases.every((c) => c.ok) && cases.some((c) => !c.refused), tolerance, cases };
}

/** A line per case, the failing part named, and a last line that sums up. */
export function formatReport({ cases, tolerance }: CheckReport): string {
  const width = Math.max(...cases.map((c) => c.name.length));
  const lines = cases.map((c) => {
    if (c.refused) return `--   ${c.name.padEnd(width)}  ${c.refused}`;
    const [part] = Object.entries(c.parameters).find(([, e]) => e === c.worst) ?? [""];
    const mark = c.ok ? "ok  " : "FAIL";
    return `${mark} ${c.name.padEnd(width)}  ${c.worst.toExponential(1)}${c.ok ? "" : `  at ${part}`}`;
  });
  const refused = cases.filter((c) => c.refused).length;
  const answered = cases.length - refused;
  const failed = cases.filter((c) => !c.ok).length;
  const worst = Math.max(0, ...cases.map((c) => c.worst));
  const outcome =
    failed || !answered ? `${failed} of ${answered} cases beyond` : `all ${answered} cases within`;
  const apart = refused ? `; ${refused} refused` : "";
  const summary = `${outcome} ${tolerance.toExponential(0)}, worst ${worst.toExponential(1)}${apart}`;
  return `${lines.join("\n")}\n${summary}\n`;
}
