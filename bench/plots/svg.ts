import { type ChartSpec, drawChart } from "../../src/rjepa/report/charts/chart.js";

/** A chart as a file of its own: with a size, and on white, so that it reads on a dark page too. */
export async function svgFile(id: string, label: string, spec: ChartSpec): Promise<string> {
  const svg = await drawChart(id, label, spec);
  return `${svg.replace(/^<svg\b[^>]*viewBox="([^"]*)"[^>]*>/, (tag, viewBox: string) => {
    const [, , width, height] = viewBox.split(" ");
    return `${tag.replace("<svg", `<svg width="${width}" height="${height}"`)}<rect width="100%" height="100%" fill="white"/>`;
  })}\n`;
}
