import type { FigureTargets, ReportData } from "./data.js";

/** What the `nano` recipe must reach on recorded scanpaths. */
export const defaultTargets: FigureTargets = {
  ratio: 0.5,
  swap: 1.7,
  acc: 0.68,
  rankMe: 6.5,
  variance: 0.5,
  gradient: 1e-8,
};

/** One figure before and after training, and whether it passes. */
export interface Verdict {
  figure: string;
  meaning: string;
  before: number;
  after: number;
  /** Digits after the point that are worth showing. */
  digits: number;
  /** What it must be, in words; empty for a figure that others are compared with. */
  required: string;
  /** null for a figure without a requirement of its own. */
  passes: boolean | null;
}

/** The joint figures in the order in which they are read. */
export function judge(data: ReportData): Verdict[] {
  const { before, after } = data.figures;
  const targets = { ...defaultTargets, ...data.targets };
  const last = (data.lossByStep.firstStep ?? 2) + data.lossByStep.after.length - 1;
  const of = data.counts.embedding ?? data.spectrum.after.length;
  const row = (
    figure: string,
    meaning: string,
    key: keyof typeof after,
    required = "",
    passes: boolean | null = null,
  ): Verdict => {
    const digits = key === "rankMe" ? 1 : 2;
    return { figure, meaning, before: before[key], after: after[key], digits, required, passes };
  };
  return [
    row(
      "ratio",
      "Prediction error over the variance of h. Predicting the mean scores 1.",
      "ratio",
      `at most ${targets.ratio}, below copy and below refit before training`,
      after.ratio <= targets.ratio && after.ratio < after.copy && after.ratio < before.refit,
    ),
    row("copy", "The same for predicting that h stays as it is: it must be beaten.", "copy"),
    row("refit", "The same with a linear predictor fitted afterwards: the honest “before”.", "refit"),
    row(
      "swap",
      `Error at step ${last} when its patch comes from another image, over the real error: the prediction is about this image.`,
      "swap",
      `at least ${targets.swap}`,
      after.swap >= targets.swap,
    ),
    row(
      "acc",
      "Share of sequences in which the swapped patch is the worse one. Chance is 0.5.",
      "acc",
      `at least ${targets.acc}`,
      after.acc >= targets.acc,
    ),
    row(
      "RankMe",
      `Effective rank of h, of ${of}: no collapse of rank.`,
      "rankMe",
      `at least ${targets.rankMe}`,
      after.rankMe >= targets.rankMe,
    ),
    row(
      "Var(h)",
      "Variance of h: no collapse of scale.",
      "variance",
      `at least ${targets.variance} of its start`,
      after.variance >= targets.variance * before.variance,
    ),
    row(
      `L(2) \u2212 L(${last})`,
      "How much lower the error is late in a sequence than early: context helps.",
      "contextGain",
    ),
  ];
}
