import type { Estimate } from "../figures/judging/estimate.js";
import { plain, withInterval } from "../figures/judging/numbers.js";
import type { ByStep, Portrait } from "../figures/judging/portrait.js";
import { bestTexture, lossByStepChart, relativeByStepChart } from "./charts/by-step.js";
import { drawChart } from "./charts/chart.js";
import { pathsChart } from "./charts/paths.js";
import { type PortraitRows, shownRows } from "./charts/portrait-rows.js";
import { spectrumChart } from "./charts/spectrum.js";
import { escapeHtml, formatCount } from "./format.js";

type Portraits = Readonly<Record<string, Portrait>>;

/** Draws the section on prediction by step and on the shape of h, as HTML. @throws OnwardError where vega or vega-lite is missing */
export async function portraitSection(portraits: Portraits, rows: PortraitRows): Promise<string> {
  const shown = shownRows(portraits, rows);
  const { sequences, images } = portraits[rows.model];
  const [loss, relative, spectrum, ...paths] = await Promise.all([
    drawChart("loss-by-step", "Prediction loss by step", lossByStepChart(portraits, rows)),
    drawChart(
      "relative-by-step",
      "Prediction loss over the variance of its target, by step",
      relativeByStepChart(portraits, rows),
    ),
    drawChart("spectrum", "Eigenvalues of the covariance of the embedding", spectrumChart(portraits, rows)),
    ...shown.flatMap(({ name, portrait: { shape } }, i) =>
      shape === null
        ? []
        : [
            drawChart(
              `paths-${i}`,
              escapeHtml(`Embeddings of ${name} on two principal axes`),
              pathsChart(shape),
            ).then((svg) => figure(`Paths of h(t), ${name}`, svg, pathCaption(name, portraits[name]))),
          ],
    ),
  ]);
  return `<section class="judgments">
<h2>How is it predicted, and what does it look like?</h2>
<p>On ${formatCount(sequences)} test sequences; bands hold 95&thinsp;% of resamplings of ${formatCount(images)} images. None of these proves learning.</p>
<div class="grid">
${figure("Prediction loss at each step of a sequence", loss, lossCaption(portraits, rows))}
${figure("The same over the variance of the target", relative, relativeCaption(portraits, rows))}
${paths.join("\n")}
${figure("Eigen-spectrum of h", spectrum, spectrumCaption(portraits, rows))}
</div>
</section>`;
}

const figure = (title: string, svg: string, caption: string): string => `<figure>
<h3>${escapeHtml(title)}</h3>
${svg}
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>`;

/** What a number does from the first step to the last, by the interval of its fall. */
export function trendOf({ points, fall }: ByStep): string {
  const [first, last] = [points[0], points[points.length - 1]];
  const span = `from step ${first.at} to step ${last.at}`;
  if (!fall?.interval) return `whether it falls ${span} is not known`;
  const [low, high] = fall.interval;
  if (low > 0) return `falls by ${withInterval(fall)} ${span}`;
  if (high < 0) return `rises by ${withInterval({ value: -fall.value, interval: [-high, -low] })} ${span}`;
  return `neither falls nor rises ${span} beyond its interval (${withInterval(negated(fall), true)})`;
}

const negated = ({ value, interval }: Estimate): Estimate => ({
  value: -value,
  interval: interval && [-interval[1], -interval[0]],
});

/** What is said of figure 4 of the paper, whatever it shows. */
export function lossCaption(portraits: Portraits, rows: PortraitRows): string {
  const trends = shownRows(portraits, rows).map(
    ({ name, portrait }) => `${name}: ${trendOf(portrait.prediction.loss)}`,
  );
  const unlearned = rows.untrained === undefined ? undefined : portraits[rows.untrained]?.prediction.loss;
  const falls = (unlearned?.fall?.interval?.[0] ?? 0) > 0;
  return `L(t), the squared error of predicting the target of fixation t from h(t − 1), mean over units; dashed, predicting the target before once more. ${sentence(trends)} ${
    falls
      ? "It falls without any training too, so that a fall says nothing of learning; and h"
      : "A fall alone says little, since h may slow down as it fills; and h"
  } may be small, for which the next figure allows.`;
}

/** What is said of the loss over the variance: first whether the mean and the copy are beaten. */
export function relativeCaption(portraits: Portraits, rows: PortraitRows): string {
  const own = portraits[rows.model].prediction.relative;
  if (own === null) return "The target does not vary, so that there is nothing to compare with.";
  const last = (curve: ByStep) => curve.points[curve.points.length - 1];
  const [loss, copy] = [last(own.loss), last(own.copy)];
  const beaten = apart(loss, copy);
  const against = beaten === null ? "about as much as" : beaten < 0 ? "less than" : "more than";
  const texture = bestTexture(portraits);
  const other = texture === null ? null : last(portraits[texture].prediction.relative!.loss);
  const trends = shownRows(portraits, rows).flatMap(({ name, portrait: { prediction } }) =>
    prediction.relative === null ? [] : [`${name}: ${trendOf(prediction.relative.loss)}`],
  );
  return `1 is what predicting the mean scores. At step ${loss.at} ${rows.model} is at ${withInterval(loss)}, ${against} a copy, ${withInterval(copy)}${
    other === null
      ? ""
      : `; the best texture energy, which needs no learning, is at ${withInterval(other)} of the variance of its own target`
  }. ${sentence(trends)}`;
}

/** Which of two intervals lies lower: −1, 1, or null where they overlap. */
function apart(a: Estimate, b: Estimate): -1 | 1 | null {
  if (!a.interval || !b.interval) return null;
  return a.interval[1] < b.interval[0] ? -1 : b.interval[1] < a.interval[0] ? 1 : null;
}

function pathCaption(name: string, { shape }: Portrait): string {
  if (shape === null || shape.spectrum[0] === 0)
    return `h of ${name} is the same everywhere: it has collapsed.`;
  const share = Math.round(100 * (shape.explained[0] + shape.explained[1]));
  return `${shape.paths.length} sequences on the two axes along which h varies most, which hold ${share} % of its variance; color is time. The bold line is the mean of all sequences.`;
}

/** How many directions each row fills, and how large it is. */
export function spectrumCaption(portraits: Portraits, rows: PortraitRows): string {
  const words = shownRows(portraits, rows).flatMap(({ name, portrait: { shape } }) => {
    if (shape === null) return [];
    const { spectrum } = shape;
    const total = spectrum.reduce((a, b) => a + b, 0);
    if (total === 0) return [`${name}: no variance at all, it has collapsed`];
    let [held, k] = [0, 0];
    while (k < spectrum.length && held < 0.9 * total) held += spectrum[k++];
    return [
      `${name}: variance ${small(total / spectrum.length)} a unit, 90 % of it in ${k} of ${spectrum.length} directions`,
    ];
  });
  return `Eigenvalues of the covariance of h over all sequences and steps, on a logarithmic axis. ${sentence(words)}`;
}

/** A positive number in three digits, however small. */
const small = (value: number): string =>
  value < 1e-3 ? value.toExponential(1).replace("-", "−") : plain(value, value < 0.1 ? 4 : 2);

const sentence = (clauses: readonly string[]): string => {
  const text = clauses.join("; ");
  return text === "" ? "" : `${text[0].toUpperCase()}${text.slice(1)}.`;
};
