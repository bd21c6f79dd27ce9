import type { Exactness } from "../parts/exactness.js";
import { drawChart } from "./charts/chart.js";
import { crossover, memoryChart } from "./charts/memory.js";
import { escapeHtml, formatBytes, formatCount, formatTiny } from "./format.js";

/** Rounding of sums of some thousand float64 terms stays well below it; a wrong term is far above. */
const bound = 1e-10;

/** A section of HTML: whether gradients are those of backpropagation through time, block by block, and the memory of rules. */
export async function exactnessSection(of: Exactness): Promise<string> {
  const { rule, credit, batch, steps, worst, blocks, memory } = of;
  const count = Object.keys(blocks).length;
  const tried = (largest: number): string =>
    `over all ${count} parameter blocks the largest relative difference is ${formatTiny(largest)}`;
  const verdict =
    count === 0
      ? `It was not tried here: <code>${escapeHtml(rule)}</code> would hold ${formatBytes(memory.rfp.planned)}.`
      : worst <= bound
        ? `They are: ${tried(worst)}.`
        : credit === "local"
          ? `<strong>They are not,</strong> since credit is local: ${tried(worst)}.`
          : `<strong>They are not:</strong> ${tried(worst)}, where rounding stays below ${formatTiny(bound)}.`;
  const longer = crossover(memory);
  const compared = `BPTT grows with the sequence: it is the smaller one up to about ${formatCount(longer)} fixations, and RFP from there on`;
  const chart = await drawChart(
    "memory",
    "Memory of RFP, RTRL and BPTT over sequence length",
    memoryChart(memory),
  );
  return `<section>
<h2>Are the gradients exact?</h2>
<p>The same ${batch === 1 ? "sequence" : `${batch} sequences`} of ${steps} fixations ${batch === 1 ? "goes" : "go"} through <code>${escapeHtml(rule)}</code>, forward in time, and through
backpropagation through time (BPTT), which stores the past and runs back over it, both in float64. ${verdict}</p>
<div class="grid">
<figure${count === 0 ? " hidden" : ""}>
<h3>Difference to BPTT, by parameter block</h3>
${blockTable(blocks)}
<figcaption>max|a − b| / max|b| of each block, the largest first; the list scrolls. Blocks that are zero but for rounding are measured by a
ten-thousandth of the largest entry of all.</figcaption>
</figure>
<figure>
<h3>What each rule has to remember</h3>
${chart}
<figcaption>Planned for ${batch === 1 ? "one stream" : `${batch} streams`} in float64. RFP keeps ${formatBytes(memory.rfp.planned)} for a stream of any length; RTRL stores the full influence of every
parameter on every state. ${compared}.</figcaption>
</figure>
</div>
</section>`;
}

/** How exact the gradient of each parameter block is, the least exact first. */
function blockTable(blocks: Exactness["blocks"]): string {
  const sorted = Object.entries(blocks).sort(([, a], [, b]) => b - a);
  const rows = sorted.map(
    ([name, difference]) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td class="number">${formatTiny(difference)}</td></tr>`,
  );
  return `<div class="blocks"><table>
<thead><tr><th scope="col">parameter block</th><th scope="col" class="number">relative difference</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>`;
}
