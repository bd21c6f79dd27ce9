import { kindOfTarget } from "../parts/target.js";
import { drawChart } from "../report/charts/chart.js";
import { lossChart } from "../report/charts/loss.js";
import { exactnessSection } from "../report/exactness.js";
import { escapeHtml, formatCount, formatNumber, formatSeconds } from "../report/format.js";
import { drawJudgments, judgmentSection } from "../report/judgments.js";
import { portraitSection } from "../report/portraits.js";
import { stripSection } from "../report/strip.js";
import { style } from "../report/style.js";
import { controlSentences } from "./controls.js";
import { askedOfFew } from "./judging.js";
import { controlled, fixationsOfUpdate, type Recipe } from "./recipe.js";
import { beside, portraitsBeside, type RunResult } from "./result.js";
import { placeOf, unitOf } from "./source.js";

const targets = {
  fresh: "the embedding of the next patch alone",
  recurrent: "the embedding of the next fixation with its past",
  ema: "the embedding of the next patch alone, by parameters that follow slowly",
  gradient: "the embedding of the next fixation, which the gradient reaches: the control that collapses",
} as const;

/**
 * The report of a run beside others, such as its controls, as one self-contained HTML file.
 * @throws OnwardError where the optional packages vega and vega-lite are missing; it says what to install
 * @throws DataError where a run was not judged, or on other sequences
 */
export async function renderRun(result: RunResult, others: readonly RunResult[] = []): Promise<string> {
  const table = beside(result, others);
  const options = { model: "trained", untrained: "untrained" };
  const { recipe } = result.config;
  const perUpdate = recipe.batch * fixationsOfUpdate(recipe);
  const curve = result.losses.map((loss, u) => ({ fixation: (u + 1) * perUpdate, loss }));
  const portraits = portraitsBeside(result, others);
  const [drawings, loss, portrait, exactness] = await Promise.all([
    drawJudgments(table, options),
    drawChart("loss", "Loss while training", lossChart(curve)),
    portraits === null ? "" : portraitSection(portraits.all, { ...options, others: portraits.others }),
    result.exactness === undefined ? "" : exactnessSection(result.exactness),
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`R-JEPA: ${recipe.name}`)}</title>
<style>${style}</style>
</head>
<body>
<main>
${header(result)}
${judgmentSection(table, { ...options, drawings })}
${controlSection(controlSentences(result, others))}
${portrait}
<section>
<h2>How did it learn?</h2>
<figure style="max-width: 560px">
<h3>Loss while training</h3>
${loss}
<figcaption>Mean of neighboring updates, weight decay included; the band holds the middle 80&thinsp;% of them. A falling loss proves little: a
slow embedding, or one that collapses, is easy to predict.</figcaption>
</figure>
</section>
${exactness}
${result.strip === undefined ? "" : stripSection(result.strip, result.config.recipe.preset.input)}
${facts(result)}
</main>
</body>
</html>
`;
}

const controlSection = (sentences: readonly string[]): string =>
  sentences.length === 0
    ? ""
    : `<section>
<h2>Do the controls fail?</h2>
<ul>
${sentences.map((text) => `<li>${escapeHtml(text)}</li>`).join("\n")}
</ul>
</section>`;

/** What an update learns from, in words. */
function madeOf({ stream, batch, steps }: Recipe): string {
  if (stream === undefined) return `${batch} sequences of ${steps} fixations`;
  const every = fixationsOfUpdate({ steps, stream });
  return `the next ${every === 1 ? "fixation" : `${every} fixations`} of ${batch === 1 ? "an endless stream" : `${batch} endless streams`}`;
}

function header({ config, parameters, images, updates, seconds }: RunResult): string {
  const { preset, rule, updates: all } = config.recipe;
  const who =
    preset.objective === "areas"
      ? "Every area predicts for itself, and none learns from what lies above it."
      : "The top area predicts, and all areas learn for it.";
  return `<header>
<p class="eyebrow">Onward · exact gradients, forward in time</p>
<h1>${escapeHtml(`R-JEPA: ${config.recipe.name}${config.control === "none" ? "" : `, control ${config.control}`}`)}</h1>
<p class="lead">A recurrent JEPA of ${formatCount(parameters)} parameters looked at ${formatCount(images.train)} images, fixation by fixation, to
predict ${targets[kindOfTarget(controlled(config.recipe, config.control).preset)]}. ${who} It made ${formatCount(updates)} updates${updates < all ? ` of ${formatCount(all)}` : ""} by <code>${escapeHtml(rule)}</code>, each from
${madeOf(config.recipe)}, in ${formatSeconds(seconds)}.</p>
</header>`;
}

function facts({
  config,
  parameters,
  images,
  sequences,
  judged,
  seconds,
  updates,
  waited,
  elsewhere,
  problems,
}: RunResult): string {
  const { recipe, source, seed } = config;
  const { crops, size } = recipe.preset.input;
  const data = placeOf(source);
  const held = elsewhere === undefined ? "held out" : `of ${placeOf(elsewhere)}`;
  const left = problems.map(({ file, reason }) => `${file}: ${reason}`);
  const shown = left.slice(0, 5).join("; ") + (left.length > 5 ? ` and ${left.length - 5} more` : "");
  const perSecond = (updates * recipe.batch * fixationsOfUpdate(recipe)) / Math.max(seconds, 1e-9);
  const rows: readonly (readonly [string, string])[] = [
    [unitOf(source), `${formatCount(images.train)} of ${data} and ${formatCount(images.test)} ${held}`],
    [
      "sequences",
      `${formatCount(sequences.train)} and ${formatCount(sequences.test)} ${held}${judged < sequences.test ? `, ${formatCount(judged)} of which figures compare with each other` : ""}`,
    ],
    ["a fixation", `crops of ${crops.join(", ")} pixels, each averaged to ${size} by ${size}`],
    ["baselines", askedOfFew],
    ["parameters", formatCount(parameters)],
    ["learning rule", `${recipe.rule}, ${recipe.credit} credit`],
    ["seed", `${seed}`],
    [
      "time",
      `${formatSeconds(seconds)}, ${formatCount(perSecond)} fixations per second, ${formatNumber(100 * waited.share, 1)} % of it waiting for patches`,
    ],
    ...(left.length > 0 ? ([["left out, whole or in part", shown]] as const) : []),
  ];
  return `<section>
<h2>The run</h2>
<dl class="run">
${rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join("\n")}
</dl>
</section>
<footer><p>Model after R-JEPA (arXiv 2411.16695); Recurrent-Forward Propagation in our own formulation. The same seed gives the same bits on one backend and instruction set, with any number of threads; elsewhere numbers differ by rounding.</p></footer>`;
}
