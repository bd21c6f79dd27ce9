import type { MemoryOfRules } from "../../parts/exactness.js";
import { formatBytes } from "../format.js";
import { colors } from "../theme.js";
import { byteLabel, byteTicks } from "./byte-axis.js";
import { type ChartSpec, chartSize } from "./chart.js";

/** The length from which on backpropagation through time needs more than RFP. */
export function crossover({ rfp, bptt }: MemoryOfRules): number {
  return Math.ceil((rfp.planned * bptt.steps) / bptt.planned);
}

/**
 * Bytes of the three rules over the length of the sequence, both axes logarithmic. Those of RFP and
 * RTRL do not depend on it; those of backpropagation are in proportion to it.
 */
export function memoryChart(memory: MemoryOfRules): ChartSpec {
  const { rfp, rtrl, bptt } = memory;
  const longest = 10 ** Math.max(4, Math.ceil(Math.log10(crossover(memory))) + 1);
  const rules = [
    { rule: "RTRL", color: colors.accent, at: (_: number) => rtrl.planned },
    { rule: "RFP", color: colors.after, at: (_: number) => rfp.planned },
    { rule: "BPTT", color: colors.muted, at: (t: number) => (bptt.planned / bptt.steps) * t },
  ];
  const ticks = byteTicks([1, longest].flatMap((t) => rules.map((rule) => rule.at(t))));
  const lines = rules.flatMap(({ rule, at }) => [1, longest].map((t) => ({ rule, t, bytes: at(t) })));
  // The names start to the right of the dots, above their lines.
  const from = 1.4 * bptt.steps;
  const above = [
    { text: `RTRL  ${formatBytes(rtrl.planned)}`, t: from, bytes: rtrl.planned, rule: "RTRL" },
    { text: `RFP  ${formatBytes(rfp.planned)}`, t: from, bytes: rfp.planned, rule: "RFP" },
  ];
  // beside its line, where it is far from the others
  const far = longest ** 0.6;
  const below = [
    {
      text: `BPTT  ${formatBytes(bptt.planned)} at T = ${bptt.steps}`,
      t: far,
      bytes: (bptt.planned / bptt.steps) * far,
      rule: "BPTT",
    },
  ];
  const dots = [
    { t: bptt.steps, bytes: rfp.planned, rule: "RFP" },
    { t: bptt.steps, bytes: bptt.planned, rule: "BPTT" },
  ];
  const color = {
    field: "rule",
    type: "nominal",
    scale: { domain: rules.map((r) => r.rule), range: rules.map((r) => r.color) },
    legend: null,
  } as const;
  const x = {
    field: "t",
    type: "quantitative",
    title: "length of the sequence, T",
    scale: { type: "log" },
    axis: { format: "~s", values: powersOfTen(longest) },
  } as const;
  const domain = [ticks[0]!, ticks[ticks.length - 1]!];
  const y = {
    field: "bytes",
    type: "quantitative" as const,
    title: "memory",
    scale: { type: "log" as const, domain },
    axis: { values: ticks, labelExpr: byteLabel },
  };
  return {
    ...chartSize,
    encoding: { x, y, color },
    layer: [
      { data: { values: lines }, mark: { type: "line", strokeWidth: 2.5 } },
      { data: { values: dots }, mark: { type: "point", filled: true, size: 90, opacity: 1 } },
      {
        data: { values: above },
        mark: { type: "text", align: "left", dy: -9, fontWeight: 600 },
        encoding: { text: { field: "text" } },
      },
      {
        data: { values: below },
        mark: { type: "text", align: "left", dx: 8, dy: 9, fontWeight: 600 },
        encoding: { text: { field: "text" } },
      },
    ],
  };
}

function powersOfTen(longest: number): number[] {
  return Array.from({ length: Math.round(Math.log10(longest)) + 1 }, (_, i) => 10 ** i);
}
