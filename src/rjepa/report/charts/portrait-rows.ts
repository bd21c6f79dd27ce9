import type { Portrait } from "../../figures/judging/portrait.js";
import { colors } from "../theme.js";

/** Which rows of portraits a chart is about. */
export interface PortraitRows {
  readonly model: string;
  readonly untrained?: string;
  /** Other runs, such as controls, by the names of their rows. */
  readonly others: readonly string[];
}

/** Of other runs, in their order. */
const others = [colors.fail, colors.pass, colors.muted, colors.ink] as const;

/** These rows with their colors, as far as there are portraits of them. */
export function shownRows(
  portraits: Readonly<Record<string, Portrait>>,
  { model, untrained, others: names }: PortraitRows,
): { readonly name: string; readonly color: string; readonly portrait: Portrait }[] {
  const rows = [
    { name: model, color: colors.after },
    ...(untrained === undefined ? [] : [{ name: untrained, color: colors.before }]),
    ...names.map((name, i) => ({ name, color: others[i % others.length] })),
  ];
  return rows.flatMap(({ name, color }) =>
    Object.hasOwn(portraits, name) ? [{ name, color, portrait: portraits[name] }] : [],
  );
}
