import { lossByStepChart, spectrumChart } from "./charts/before-after.js";
import { drawChart } from "./charts/chart.js";
import { lossChart } from "./charts/loss.js";
import { memoryChart } from "./charts/memory.js";
import { trajectoriesChart } from "./charts/trajectories.js";
import type { ReportData } from "./data.js";
import { reportData } from "./kinds.js";
import { renderPage } from "./page.js";
import { renderStrip } from "./strip.js";

/**
 * The report of a run as one self-contained HTML file: plots as inline SVG, images as data URIs.
 *
 * @throws OnwardError where the optional packages vega, vega-lite or sharp are missing; it says what to install
 * @throws DataError where the image or the patches do not have the size they claim
 */
export async function renderReport(data: ReportData): Promise<string> {
  reportData("renderReport", "the data", data);
  const [loss, lossByStep, trajectories, spectrum, memory, strip] = await Promise.all([
    drawChart("loss", "Loss while training", lossChart(data.lossCurve)),
    drawChart("steps", "Loss by time step before and after training", lossByStepChart(data.lossByStep)),
    drawChart(
      "pca",
      "Trajectories of the embedding on two principal axes",
      trajectoriesChart(data.trajectories, data.explainedVariance),
    ),
    drawChart("spectrum", "Eigenvalues of the covariance of the embedding", spectrumChart(data.spectrum)),
    drawChart("memory", "Memory of RFP, RTRL and BPTT over sequence length", memoryChart(data.memory)),
    renderStrip(data.strip),
  ]);
  return renderPage(data, { loss, lossByStep, trajectories, spectrum, memory, strip });
}
