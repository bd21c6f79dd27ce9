import { crossover } from "./charts/memory.js";
import type { ReportData } from "./data.js";
import { escapeHtml, formatBytes, formatCount, formatNumber, formatSeconds, formatTiny } from "./format.js";
import { style } from "./style.js";
import { figuresTable, gradientTable } from "./tables.js";
import { defaultTargets, judge } from "./verdicts.js";

/** The drawn parts of the page, as HTML. */
export interface Drawings {
  loss: string;
  lossByStep: string;
  trajectories: string;
  spectrum: string;
  memory: string;
  strip: string;
}

/** Puts numbers, words and drawings together into one HTML file. */
export function renderPage(data: ReportData, drawings: Drawings): string {
  const title = escapeHtml(data.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${header(data)}
${exactness(data, drawings)}
${learning(data, drawings)}
${representation(data, drawings)}
${view(data, drawings)}
${facts(data)}
</main>
</body>
</html>
`;
}

function header(data: ReportData): string {
  const { counts, gradient, memory, figures } = data;
  const fact = (value: string, meaning: string) => `<div><dd>${value}</dd><dt>${meaning}</dt></div>`;
  return `<header>
<p class="eyebrow">Onward \u00b7 exact gradients, forward in time</p>
<h1>${escapeHtml(data.title)}</h1>
<p class="lead">A recurrent JEPA looked at ${formatCount(counts.images)} images, one small patch at a time, to learn
to predict what it would see next. Its ${formatCount(counts.parameters)} parameters were trained with ${ruleName(data)}.</p>
<dl class="facts">
${fact(formatTiny(gradient.worst), "largest relative difference to the gradient of backpropagation through time")}
${fact(formatBytes(memory.rfp.measured), "for RFP to carry all derivatives forward, however long the stream")}
${fact(`${formatNumber(figures.before.ratio)} → ${formatNumber(figures.after.ratio)}`, "prediction error over the variance of the embedding; the mean scores 1")}
${fact(`${formatCount(data.fixationsPerSecond)}/s`, `fixations learned from, ${formatSeconds(data.seconds)} in all`)}
</dl>
</header>`;
}

function ruleName({ rule, credit }: ReportData): string {
  if (rule === "rfp") {
    return credit === "exact"
      ? "Recurrent-Forward Propagation: exact gradients, computed while time runs forward"
      : "Recurrent-Forward Propagation with local credit, an approximation in deep stacks";
  }
  const names: Record<string, string> = {
    bptt: "backpropagation through time",
    rtrl: "real-time recurrent learning",
  };
  return names[rule] ?? `the learning rule <code>${escapeHtml(rule)}</code>`;
}

function exactness({ gradient, memory, targets }: ReportData, drawings: Drawings): string {
  const bound = targets?.gradient ?? defaultTargets.gradient;
  const blocks = Object.keys(gradient.blocks).length;
  const verdict =
    gradient.worst <= bound
      ? `They are: over all ${blocks} parameter blocks the largest relative difference is ${formatTiny(gradient.worst)}, where at most ${formatTiny(bound)} is allowed.`
      : `<strong>They are not:</strong> the largest relative difference is ${formatTiny(gradient.worst)}, where at most ${formatTiny(bound)} is allowed.`;
  const from = crossover(memory);
  return `<section>
<h2>Are the gradients exact?</h2>
<p>The same real sequence went through RFP, forward in time, and through backpropagation through time (BPTT),
which stores the past and runs back over it. ${verdict}</p>
<div class="grid">
<figure>
<h3>RFP against BPTT, by parameter block</h3>
${gradientTable(gradient)}
<figcaption>max|a − b| / max|b| of each of the ${blocks} blocks, the largest first; the list scrolls.</figcaption>
</figure>
<figure>
<h3>What each rule has to remember</h3>
${drawings.memory}
<figcaption>RFP keeps ${formatBytes(memory.rfp.planned)} (planned; the dot is what was measured, ${formatBytes(memory.rfp.measured)}) for a stream of any
length. RTRL stores the full influence of every parameter on every state. BPTT grows with the sequence: it is the smaller one
up to about ${formatCount(from)} fixations, and RFP from there on.</figcaption>
</figure>
</div>
</section>`;
}

function learning(data: ReportData, drawings: Drawings): string {
  const verdicts = judge(data);
  const gates = verdicts.filter((verdict) => verdict.passes !== null);
  const passed = gates.filter((verdict) => verdict.passes).length;
  const summary =
    passed === gates.length ? "All of them pass." : `<strong>${passed} of ${gates.length} pass.</strong>`;
  const { before, after } = data.figures;
  return `<section>
<h2>Did it learn?</h2>
<p>A falling loss proves little: a slow embedding, or a collapsing one, is easy to predict. So these figures are judged together,
on images that were held out of training. ${summary}</p>
${figuresTable(verdicts, { before: before.contextGainError, after: after.contextGainError })}
<div class="grid">
<figure>
<h3>Loss while training</h3>
${drawings.loss}
<figcaption>Running mean over the stream of fixations; the band holds the middle 80\u2009% of the losses.</figcaption>
</figure>
<figure>
<h3>Loss by time step</h3>
${drawings.lossByStep}
<figcaption>${lossByStepCaption(data)}</figcaption>
</figure>
</div>
</section>`;
}

function lossByStepCaption({ lossByStep, figures }: ReportData): string {
  const { firstStep = 2, after } = lossByStep;
  const last = firstStep + after.length - 1;
  const { contextGain: gain, contextGainError: error } = figures.after;
  const change = `${formatNumber(Math.abs(gain), 3)} ± ${formatNumber(error, 3)}`;
  const trend =
    Math.abs(gain) <= 2 * error
      ? `After training the loss hardly changes from step ${firstStep} to step ${last} (by ${change}): no effect of context that stands out of the error.`
      : `After training the loss ${gain > 0 ? "falls" : "rises"} by ${change} from step ${firstStep} to step ${last}${gain > 0 ? ": what was seen before helps" : ""}.`;
  return `Mean loss of predicting the embedding of patch t from those before it, on held-out images. ${trend}`;
}

function representation(
  { explainedVariance, figures, counts, spectrum }: ReportData,
  drawings: Drawings,
): string {
  const shown = Math.round(100 * (explainedVariance[0] + explainedVariance[1]));
  const d = counts.embedding ?? spectrum.after.length;
  return `<section>
<h2>What does the embedding look like?</h2>
<div class="grid">
<figure>
<h3>Trajectories of h(t)</h3>
${drawings.trajectories}
<figcaption>Each thin line is one sequence, projected on the first two principal axes, which hold ${shown}\u2009% of the variance; color is time.
The bold line is the mean of all sequences.</figcaption>
</figure>
<figure>
<h3>Eigen-spectrum of h</h3>
${drawings.spectrum}
<figcaption>Eigenvalues of the covariance of h, on a logarithmic axis. A collapsed embedding would keep a few and lose the rest;
the effective rank (RankMe) is ${formatNumber(figures.after.rankMe, 1)} of ${d} after training, ${formatNumber(figures.before.rankMe, 1)} before.</figcaption>
</figure>
</div>
</section>`;
}

function view({ strip }: ReportData, drawings: Drawings): string {
  const size = strip.patches.size;
  const crop = strip.crop
    ? `crops of ${strip.crop} by ${strip.crop} pixels, reduced to ${size} by ${size}`
    : `${size} by ${size} pixels each`;
  return `<section>
<h2>What does the model see?</h2>
<p>Only the patches below, one after the other (${crop}), and never the whole image.</p>
<figure>
${drawings.strip}
<figcaption>A sequence of ${strip.fixations.length} fixations on one image, and the patches in the order in which they are seen; color is time.</figcaption>
</figure>
</section>`;
}

function facts(data: ReportData): string {
  const { counts } = data;
  const skipped = counts.skippedImages ?? [];
  const rows: [string, string][] = [
    ["preset", data.preset],
    ["learning rule", data.rule === "rfp" ? `${data.rule}, ${data.credit} credit` : data.rule],
    [
      "images",
      `${formatCount(counts.images)}${counts.testImages ? ` and ${formatCount(counts.testImages)} held out` : ""}, ${data.source}`,
    ],
    ["sequences", formatCount(counts.sequences)],
    ["fixations", formatCount(counts.steps)],
    ["parameters", formatCount(counts.parameters)],
    ["seed", String(data.seed)],
    ["time", `${formatSeconds(data.seconds)}, ${formatCount(data.fixationsPerSecond)} fixations per second`],
    ...(skipped.length > 0 ? [["left out, whole or in part", listed(skipped)] as [string, string]] : []),
  ];
  return `<section>
<h2>The run</h2>
<dl class="run">
${rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join("\n")}
</dl>
</section>
<footer><p>Model after R-JEPA (arXiv 2411.16695); Recurrent-Forward Propagation in our own formulation. The same seed gives the same bits on one backend and instruction set, with any number of threads; elsewhere numbers differ by rounding.</p></footer>`;
}

/** The first few names, and how many more there are. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
