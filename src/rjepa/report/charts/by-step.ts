import type { ByStep, Portrait } from "../../figures/judging/portrait.js";
import { colors } from "../theme.js";
import type { ChartSpec } from "./chart.js";
import { type PortraitRows, shownRows } from "./portrait-rows.js";

interface Line {
  readonly name: string;
  readonly color: string;
  readonly isDashed: boolean;
  readonly values: ByStep;
}

/** L_R(t) of the model, before and after training and beside its controls; dashed, what predicting the target before scores. */
export function lossByStepChart(portraits: Portraits, rows: PortraitRows): ChartSpec {
  const lines = shownRows(portraits, rows).flatMap(({ name, color, portrait: { prediction } }) => {
    const own = { name, color, isDashed: false, values: prediction.loss };
    const copy = { name: `${name}, copy`, color, isDashed: true, values: prediction.copy };
    // of controls the loss alone: there may be many
    return rows.others.includes(name) ? [own] : [own, copy];
  });
  return byStepChart(lines, "prediction loss L(t)");
}

/** The same over the variance of the target, which rows of other units have too: with the texture energy that does best. */
export function relativeByStepChart(portraits: Portraits, rows: PortraitRows): ChartSpec {
  const texture = bestTexture(portraits);
  const shown = [
    ...shownRows(portraits, rows),
    ...(texture === null ? [] : [{ name: texture, color: colors.accent, portrait: portraits[texture] }]),
  ];
  const lines = shown.flatMap(({ name, color, portrait: { prediction } }) =>
    prediction.relative === null ? [] : [{ name, color, isDashed: false, values: prediction.relative.loss }],
  );
  const copy = portraits[rows.model]?.prediction.relative?.copy;
  return byStepChart(
    copy === undefined
      ? lines
      : [...lines, { name: `${rows.model}, copy`, color: colors.after, isDashed: true, values: copy }],
    "loss over the variance of the target",
  );
}

type Portraits = Readonly<Record<string, Portrait>>;

/** The name of the texture energy whose error at the last step is least over the variance; null where there is none. */
export function bestTexture(portraits: Portraits): string | null {
  const last = (name: string): number =>
    portraits[name].prediction.relative?.loss.points.at(-1)?.value ?? Number.POSITIVE_INFINITY;
  const [best = null] = Object.keys(portraits)
    .filter((name) => name.startsWith("texture energy") && Number.isFinite(last(name)))
    .sort((a, b) => last(a) - last(b));
  return best;
}

/** Letters of a name that has room beside another one. */
const longest = 20;

function byStepChart(lines: readonly Line[], title: string): ChartSpec {
  const values = lines.flatMap(({ name, isDashed, values: { points } }) =>
    points.map(({ at, value, interval }) => ({
      name,
      isDashed,
      t: at,
      value,
      low: interval?.[0] ?? value,
      high: interval?.[1] ?? value,
    })),
  );
  const color = {
    field: "name",
    type: "nominal",
    scale: { domain: lines.map(({ name }) => name), range: lines.map((line) => line.color) },
    // a line each where names may be long
    legend: {
      title: null,
      columns: lines.some(({ name }) => name.length > longest) ? 1 : 2,
      labelLimit: 380,
      symbolType: "stroke",
      symbolOpacity: 1,
    },
  } as const;
  const dash = {
    field: "name",
    type: "nominal",
    scale: {
      domain: lines.map(({ name }) => name),
      range: lines.map(({ isDashed }) => (isDashed ? [5, 4] : [1, 0])),
    },
    // of the same words as that of color, so that they become one
    legend: color.legend,
  } as const;
  const y = {
    type: "quantitative",
    title,
    scale: { zero: true, nice: true },
    axis: { tickCount: 6, format: "~g" },
  } as const;
  return {
    width: 420,
    height: 360,
    autosize: { type: "fit", contains: "padding" },
    data: { values },
    encoding: {
      x: {
        field: "t",
        type: "quantitative",
        title: "time step t within a sequence",
        scale: { zero: false, nice: false, padding: 12 },
        axis: { tickMinStep: 1, format: "d" },
      },
      color,
    },
    layer: [
      {
        mark: { type: "area", opacity: 0.16 },
        encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "line", strokeWidth: 2.2 },
        encoding: { y: { ...y, field: "value" }, strokeDash: dash },
      },
      {
        transform: [{ filter: "!datum.isDashed" }],
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: { y: { ...y, field: "value" } },
      },
    ],
  } as ChartSpec;
}
