import { fileURLToPath } from "node:url";
import { writeFiles } from "../../src/data/node/write.js";
import { type ChartSpec, renderChart } from "../../src/rjepa/report/charts/chart.js";
import { colors } from "../../src/rjepa/report/theme.js";

const folder = fileURLToPath(new URL("../../docs/plots", import.meta.url));

/** Rules in their order and color, the same in every plot. */
export const ruleColors = {
  rfp: colors.after,
  "rfp local": "#5aa0dd",
  rtrl: colors.accent,
  bptt: colors.muted,
} as const;

export const ruleColor = {
  field: "rule",
  type: "nominal",
  scale: { domain: Object.keys(ruleColors), range: Object.values(ruleColors) },
  legend: { title: null },
} as const;

/** What a plot shows, above it. */
export const caption = (text: string, subtitle: string) =>
  ({ text, subtitle, anchor: "start", fontSize: 15, subtitleFontSize: 12.5, offset: 12 }) as const;

/** A plot as an SVG of its own size, on white: it reads on any page, dark ones too. */
export const render = (name: string, spec: ChartSpec): Promise<string> =>
  renderChart(name, { ...spec, padding: 14 }, "white");

/** Writes a plot into docs/plots. */
export async function draw(name: string, spec: ChartSpec): Promise<void> {
  await writeFiles("draw", folder, { [`${name}.svg`]: `${await render(name, spec)}\n` });
}
