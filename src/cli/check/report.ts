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
  /** What else there is to say. */
  readonly note?: string;
  /** Why it failed, where that takes more than a number. */
  readonly why?: string;
}

export interface CheckReport {
  readonly ok: boolean;
  /** `null` where every case has its own. */
  readonly tolerance: number | null;
  readonly cases: readonly CaseResult[];
  /** Of random cases. */
  readonly seed?: number;
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

/** A case that holds, of which there are no errors to measure. */
export const notedCase = (name: string, note: string): CaseResult => ({
  name,
  worst: 0,
  ok: true,
  parameters: {},
  note,
});

/** A case that fails, whatever its numbers. */
export const failedCase = (
  name: string,
  why: string,
  parameters: Readonly<Record<string, number>>,
): CaseResult => ({ name, worst: Math.max(0, ...Object.values(parameters)), ok: false, parameters, why });

/** Passes where no case fails, and at least one was answered. */
export function reportOf(cases: readonly CaseResult[], tolerance: number | null): CheckReport {
  return { ok: cases.every((c) => c.ok) && cases.some((c) => !c.refused), tolerance, cases };
}

/** A line per case, the failing part named, and a last line that sums up. */
export function formatReport({ cases, tolerance, seed }: CheckReport): string {
  const width = Math.max(...cases.map((c) => c.name.length));
  const lines = cases.map((c) => lineOf(c, width));
  const refused = cases.filter((c) => c.refused).length;
  const answered = cases.length - refused;
  const failed = cases.filter((c) => !c.ok).length;
  const worst = Math.max(0, ...cases.map((c) => c.worst));
  const bound = tolerance === null ? "what is allowed" : tolerance.toExponential(0);
  const outcome =
    failed || !answered ? `${failed} of ${answered} cases beyond` : `all ${answered} cases within`;
  const apart = refused ? `; ${refused} refused` : "";
  const drawn = seed === undefined ? "" : `; seed ${seed}`;
  return `${lines.join("\n")}\n${outcome} ${bound}, worst ${worst.toExponential(1)}${apart}${drawn}\n`;
}

function lineOf(c: CaseResult, width: number): string {
  const name = c.name.padEnd(width);
  if (c.refused) return `--   ${name}  ${c.refused}`;
  if (c.why) return `FAIL ${name}  ${c.why}`;
  const [part] = Object.entries(c.parameters).find(([, e]) => e === c.worst) ?? [""];
  const measured = Object.keys(c.parameters).length > 0 ? [c.worst.toExponential(1)] : [];
  const said = [...measured, ...(c.ok ? [] : [`at ${part}`]), ...(c.note ? [c.note] : [])];
  return `${c.ok ? "ok  " : "FAIL"} ${name}  ${said.join("  ")}`;
}
