import type { TopLevelSpec } from "vega-lite";
import { loadPlotting } from "../optional.js";
import { colors, fontStack } from "../theme.js";

export type ChartSpec = TopLevelSpec;

/** Size of a chart with all its text; the page scales it to the width of its card. */
export const chartSize = { width: 500, height: 340, autosize: { type: "fit", contains: "padding" } } as const;

const config = {
  font: fontStack,
  view: { stroke: null },
  axis: {
    labelColor: colors.text,
    labelFontSize: 12,
    titleColor: colors.ink,
    titleFontSize: 12.5,
    titleFontWeight: 500,
    titlePadding: 10,
    labelPadding: 6,
    gridColor: colors.line,
    gridOpacity: 0.8,
    domain: false,
    ticks: false,
  },
  axisX: { grid: false, domain: true, domainColor: colors.muted },
  legend: {
    labelColor: colors.ink,
    labelFontSize: 12.5,
    titleColor: colors.ink,
    titleFontSize: 12.5,
    titleFontWeight: 500,
    orient: "top",
    direction: "horizontal",
    offset: 8,
    symbolStrokeWidth: 3,
    symbolSize: 140,
  },
  text: { fontSize: 12.5, color: colors.ink },
} as const;

/**
 * Draws a chart as an SVG element that fills the width it is given.
 *
 * @param id unique on the page: definitions inside the SVG are named after it
 * @param label what the chart shows, for screen readers
 */
export async function drawChart(id: string, label: string, spec: ChartSpec): Promise<string> {
  return (await renderChart(id, spec)).replace(/<svg\b[^>]*>/, (tag) => {
    const viewBox = /viewBox="[^"]*"/.exec(tag)?.[0] ?? "";
    return `<svg xmlns="http://www.w3.org/2000/svg" ${viewBox} role="img" aria-label="${label}">`;
  });
}

/** Draws a chart as an SVG of its own size, transparent unless a background is given. */
export async function renderChart(id: string, spec: ChartSpec, background = "transparent"): Promise<string> {
  const { vega, vegaLite } = await loadPlotting();
  const compiled = vegaLite.compile({ ...spec, config: { ...config, background } } as ChartSpec).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  try {
    return named(await view.toSVG(), id);
  } finally {
    view.finalize();
  }
}

/** Renames what an SVG defines by order: Vega counts on from chart to chart, which no page should depend on. */
function named(svg: string, id: string): string {
  const names = [...svg.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]);
  const rename = (name: string) => `${id}-${names.indexOf(name)}`;
  return svg
    .replace(/\bid="([^"]+)"/g, (_, name: string) => `id="${rename(name)}"`)
    .replace(/url\(#([^)]+)\)/g, (_, name: string) => `url(#${rename(name)})`);
}
