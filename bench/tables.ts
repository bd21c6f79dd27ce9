/** Results as tables of docs/benchmarks.md. */
import type { GradientRow } from "../src/cli/bench/gradient.js";
import { type MemoryRow, noteOf } from "../src/cli/bench/memory.js";
import { growthOf, type TimeRow } from "../src/cli/bench/time.js";
import { formatBytes } from "../src/core/bytes.js";

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

const measuredBytes = ({ figure }: MemoryRow): number | null =>
  figure.kind === "measured" ? figure.arrays : null;
const bytesOr = (bytes: number | null | undefined, otherwise: string): string =>
  typeof bytes === "number" ? formatBytes(bytes) : otherwise;
const nameOf = ({ rule, credit }: { rule: string; credit: string }): string =>
  credit === "local" ? `${rule}, local credit` : rule;

/** One line per cell and size: what RFP holds against k·p numbers, against RTRL and against BPTT. */
export function sizesMarkdown(rows: readonly MemoryRow[]): string {
  const head = [
    "cell",
    "n = m",
    "k·p numbers",
    "RFP, measured",
    "over k·p",
    "RTRL, planned",
    "RTRL, measured",
    "RTRL over RFP",
    "BPTT, T = 100",
    "T = 10,000",
    "BPTT smaller below T =",
  ];
  const groups = [...new Set(rows.map((r) => `${r.model} ${r.units}`))];
  return markdown(
    head,
    groups.map((group) => {
      const own = rows.filter((r) => `${r.model} ${r.units}` === group);
      const of = (rule: string): MemoryRow[] => own.filter((r) => r.rule === rule);
      const longest = (list: MemoryRow[]): MemoryRow =>
        [...list].reverse().find((r) => r.figure.kind === "measured") ?? list[0];
      const [rfp, rtrl] = [longest(of("rfp")), longest(of("rtrl"))];
      const [held, dense] = [measuredBytes(rfp), measuredBytes(rtrl)];
      const bptt = (steps: number): MemoryRow | undefined => of("bptt").find((r) => r.steps === steps);
      const each = (bptt(100)?.planned ?? 0) / 100;
      const shown = (r: MemoryRow | undefined): string =>
        r ? bytesOr(measuredBytes(r), `${formatBytes(r.planned)} (planned)`) : "";
      return [
        rfp.model,
        rfp.units,
        formatBytes(rfp.kp),
        bytesOr(held, `${formatBytes(rfp.planned)} (planned)`),
        ((held ?? rfp.planned) / rfp.kp).toFixed(3),
        formatBytes(rtrl.planned),
        bytesOr(dense, noteOf(rtrl).replace(/:.*/, "")),
        ((dense ?? rtrl.planned) / (held ?? rfp.planned)).toFixed(1),
        shown(bptt(100)),
        shown(bptt(10_000)),
        Math.ceil(rfp.planned / each).toLocaleString("en-US"),
      ];
    }),
  );
}

/** One line per model and rule. */
export function memoryMarkdown(rows: readonly MemoryRow[]): string {
  const head = ["model", "units", "rule", "T", "planned", "measured", "ratio", "objects", "peak"];
  return markdown(
    head,
    rows.map((row) => {
      const { figure } = row;
      const measured = figure.kind === "measured" ? figure : null;
      return [
        row.model,
        row.units,
        nameOf(row),
        `${row.steps}`,
        formatBytes(row.planned),
        measured ? formatBytes(measured.arrays) : noteOf(row),
        measured ? (measured.arrays / row.planned).toFixed(3) : "",
        measured ? formatBytes(Math.max(0, measured.objects)) : "",
        bytesOr(measured?.resident, ""),
      ];
    }),
  );
}

const milliseconds = ({ figure }: TimeRow): string =>
  figure.kind === "measured" ? `${(1000 * figure.secondsPerStep).toPrecision(3)} ms` : "–";

/** One line per stack, a column per rule. */
export function stackTimesMarkdown(rows: readonly TimeRow[]): string {
  const rules = [...new Set(rows.map(nameOf))];
  const models = [...new Set(rows.map((r) => r.model))];
  return markdown(
    ["model", ...rules],
    models.map((model) => [
      model,
      ...rules.map((rule) => {
        const row = rows.find((r) => r.model === model && nameOf(r) === rule);
        return row ? milliseconds(row) : "";
      }),
    ]),
  );
}

/** One line per cell and rule, a column per size. */
export function timeMarkdown(rows: readonly TimeRow[]): string {
  const models = [...new Set(rows.map((r) => r.model))];
  const sizes = [...new Set(rows.map((r) => r.units))];
  const rules = [...new Set(rows.map(nameOf))];
  return markdown(
    ["cell", "rule", ...sizes.map((n) => `n = ${n}`), "growth at the end"],
    models.flatMap((model) =>
      rules.map((rule) => {
        const own = rows.filter((r) => r.model === model && nameOf(r) === rule);
        const last = [...own].reverse().find((r) => r.figure.kind === "measured");
        const growth = last ? growthOf(rows, last) : null;
        return [model, rule, ...own.map(milliseconds), growth === null ? "" : `n^${growth.toFixed(1)}`];
      }),
    ),
  );
}

/** Cosine and norm ratio per area, a line per stack and rule. */
export function gradientMarkdown(rows: readonly GradientRow[]): string {
  const most = Math.max(...rows.map((r) => r.areas));
  const numbers = Array.from({ length: most }, (_, b) => b + 1);
  const head = ["areas", "self-weight", "rule", "claim", ...numbers.map((b) => `area ${b}`)];
  return markdown(
    head,
    rows
      .filter((r) => r.area === 1)
      .map((first) => {
        const figures = rows.filter(
          (r) => r.areas === first.areas && r.selfWeight === first.selfWeight && r.rule === first.rule,
        );
        return [
          `${first.areas}`,
          `${first.selfWeight}`,
          first.rule,
          first.claim,
          ...numbers.map((_, b) => {
            const figure = figures[b]?.figure;
            if (!figure) return "";
            if (figure.kind === "refused") return "refused";
            return `${figure.cosine.toFixed(3)} · ${figure.normRatio.toPrecision(3)}`;
          }),
        ];
      }),
  );
}

/** What a process held on its way through an endless stream. */
export function streamMarkdown(
  rows: readonly {
    readonly step: number;
    readonly residentSet: number;
    readonly arrays: number;
    readonly influence: number;
    readonly stepsPerSecond: number;
  }[],
): string {
  return markdown(
    ["steps", "resident set", "arrays", "influence", "steps a second"],
    rows.map((r) => [
      r.step.toLocaleString("en-US"),
      `${(r.residentSet / 2 ** 20).toFixed(1)} MiB`,
      formatBytes(r.arrays),
      formatBytes(r.influence),
      Math.round(r.stepsPerSecond).toLocaleString("en-US"),
    ]),
  );
}
