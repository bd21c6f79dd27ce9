import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { OnwardError } from "../../core/errors.js";
import { formatBytes, type Plan, plan } from "../../learn/index.js";
import { formatDuration } from "../progress.js";
import { textTable } from "../table.js";
import type { MemoryFigure, MemoryJob } from "./memory-child.js";
import { influenceNumbers, prepare, type Subject, unitsOf } from "./subject.js";

/** Which figures to take: every subject under every rule, over every number of steps. */
export interface MemorySweep {
  readonly subjects: readonly Subject[];
  readonly rules: readonly RuleAndCredit[];
  readonly steps: readonly number[];
  /** Bytes that an influence may take. */
  readonly limit: number;
  /** Seconds that one figure may take. */
  readonly seconds: number;
  /** Rows of an earlier sweep: what was measured then is kept. */
  readonly known?: readonly MemoryRow[];
}

export interface RuleAndCredit {
  readonly rule: "rfp" | "rtrl" | "bptt";
  readonly credit: "exact" | "local";
}

export interface MemoryRow extends RuleAndCredit {
  readonly model: string;
  readonly units: string;
  readonly steps: number;
  /** Parameters in the areas. */
  readonly parameters: number;
  /** Bytes of k·p numbers: one per state of a unit and parameter that states depend on. */
  readonly kp: number;
  /** Bytes that `plan` says. */
  readonly planned: number;
  readonly figure: MemoryFigure;
}

/** How to start the command `onward`: the program and its first arguments. */
export type OnwardCommand = readonly [program: string, ...args: string[]];

/** The command that this process is. */
export const thisCommand = (): OnwardCommand => [process.execPath, ...process.execArgv, process.argv[1]];

/** Takes all figures, one process each, and tells of each row as it comes. */
export async function sweepMemory(
  sweep: MemorySweep,
  command: OnwardCommand,
  tell: (row: MemoryRow) => void = () => {},
): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = [];
  for (const subject of sweep.subjects) {
    const { model, init, samples } = prepare(subject, 1);
    const needsReadout = "preset" in subject ? { params: init() } : {};
    for (const { rule, credit } of sweep.rules) {
      let each = 0;
      let refused: MemoryFigure | null = null;
      for (const steps of sweep.steps) {
        const found = plan(model, { steps, sample: samples[0], ...needsReadout });
        const { limit, seconds } = sweep;
        const job = { subject, rule, credit, steps, limit, seconds };
        const units = unitsOf(model);
        const before = sweep.known?.find(
          (r) =>
            r.figure.kind === "measured" &&
            r.model === subject.label &&
            r.units === units &&
            r.rule === rule &&
            r.credit === credit &&
            r.steps === steps,
        );
        const isSlow = each * steps > seconds;
        const figure: MemoryFigure =
          before?.figure ??
          refused ??
          (isSlow ? { kind: "slow", seconds: each * steps } : await takeFigure(job, command));
        if (figure.kind === "measured" && !before) each = figure.secondsPerStep;
        // an influence is as large after one step as after many
        if (figure.kind === "refused" && rule !== "bptt") refused = figure;
        if (figure.kind === "slow") each = figure.seconds / steps;
        const reaching = new Set(found.rows.map((r) => r.parameter));
        const row = {
          model: subject.label,
          units,
          rule,
          credit,
          steps,
          parameters: found.parameters,
          kp: 8 * influenceNumbers(model, reaching),
          planned: plannedBytes(found, rule, credit),
          figure,
        };
        rows.push(row);
        tell(row);
      }
    }
  }
  return rows;
}

function plannedBytes({ bytes }: Plan, rule: MemoryRow["rule"], credit: MemoryRow["credit"]): number {
  if (rule === "rfp") return credit === "local" ? bytes.rfpLocal : bytes.rfpExact;
  return bytes[rule];
}

/** One figure from a process of its own. @throws OnwardError where that process fails */
async function takeFigure(job: MemoryJob, [program, ...args]: OnwardCommand): Promise<MemoryFigure> {
  const child = spawn(program, ["--expose-gc", ...args, "bench", "memory", "--job", JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", reject);
  });
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0)
    throw new OnwardError(
      `bench: the process that measured ${job.rule} on ${job.subject.label} must end with status 0, got ${status}: ${err.trim()}`,
    );
  return JSON.parse(out) as MemoryFigure;
}

const number = (n: number): string => n.toLocaleString("en-US");

/** What a figure says in words, where it is not a number. */
export function noteOf({ figure }: MemoryRow): string {
  if (figure.kind === "refused") return "refused by the planner";
  if (figure.kind === "slow") return `planned only: would take ${formatDuration(1000 * figure.seconds)}`;
  return "";
}

/** The rows as a table for the terminal. */
export function memoryTable(rows: readonly MemoryRow[]): string {
  const head = ["model", "n", "rule", "T", "k·p", "planned", "measured", "ratio", "objects", "peak", "note"];
  return textTable(
    head,
    rows.map((row) => {
      const { figure, planned, rule, credit } = row;
      const measured = figure.kind === "measured" ? figure : null;
      return [
        row.model,
        row.units,
        credit === "local" ? `${rule} local` : rule,
        number(row.steps),
        formatBytes(row.kp),
        formatBytes(planned),
        measured ? formatBytes(measured.arrays) : "-",
        measured ? (measured.arrays / planned).toFixed(3) : "-",
        measured ? formatBytes(Math.max(0, measured.objects)) : "-",
        measured?.resident ? formatBytes(measured.resident) : "-",
        noteOf(row),
      ];
    }),
  );
}

/** What the columns mean. */
export const memoryLegend = `k·p       one number per state of a unit and parameter that a state depends on, float64
planned   bytes of the influence, or of the record of bptt, said by "plan" before anything runs
measured  bytes of arrays alive after step T, less parameters, data and the gradient (a number per parameter)
objects   bytes of other objects alive: the bookkeeping of a record in JavaScript
peak      growth of the resident set at its peak, gradient and garbage included
`;
