import type { FigureName } from "./judge.js";
import type { JudgmentTable } from "./table.js";

/** A figure that tables and charts show. */
export interface Headline {
  readonly figure: FigureName;
  /** What it is called where there is little room. */
  readonly label: string;
  /** Whether rows of other sizes and units can be held against each other in it. */
  readonly comparable: boolean;
}

const all: readonly Headline[] = [
  { figure: "matchedAcc", label: "matched", comparable: true },
  { figure: "identificationH", label: "ident h", comparable: true },
  { figure: "identificationC", label: "ident c", comparable: true },
  { figure: "probeH", label: "probe h", comparable: true },
  { figure: "probeC", label: "probe c", comparable: true },
  { figure: "memoryCurve", label: "memory", comparable: true },
  { figure: "overCopy", label: "over copy", comparable: true },
  { figure: "colorShare", label: "color", comparable: true },
  { figure: "rankMe", label: "rank", comparable: false },
  { figure: "variance", label: "variance", comparable: false },
];

/** Those of them that a table holds of at least one row. */
export const headlines = ({ rows }: JudgmentTable): Headline[] =>
  all.filter(({ figure }) => Object.values(rows).some((judgment) => judgment[figure]));
