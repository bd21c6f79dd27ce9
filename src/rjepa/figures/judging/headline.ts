import type { FigureName } from "./judge.js";
import type { JudgmentTable } from "./table.js";

/** A figure that tables and charts show. */
export interface Headline {
  readonly figure: FigureName;
  /** What it is called above a chart. */
  readonly title: string;
  /** What it is called where there is little room. */
  readonly label: string;
  /** Whether it ranks rows of other sizes and units, and of targets that drift more or less. */
  readonly comparable: boolean;
}

const all: readonly Headline[] = [
  { figure: "matchedAcc", title: "Told from matched strangers", label: "matched", comparable: true },
  { figure: "identificationH", title: "Image found again, by h", label: "ident h", comparable: true },
  {
    figure: "identificationC",
    title: "Image found again, by all states",
    label: "ident c",
    comparable: true,
  },
  { figure: "probeH", title: "Classes by a linear probe of h", label: "probe h", comparable: true },
  { figure: "probeC", title: "Classes by a linear probe of all states", label: "probe c", comparable: true },
  { figure: "memoryCurve", title: "Fall of the error with what was seen", label: "memory", comparable: true },
  { figure: "overCopy", title: "Error below that of a copy", label: "over copy", comparable: false },
  { figure: "colorShare", title: "Share of h that is color", label: "color", comparable: false },
  { figure: "rankMe", title: "Effective rank", label: "rank", comparable: false },
  { figure: "variance", title: "Variance", label: "variance", comparable: false },
];

/** Those of them that a table holds of at least one row. */
export const headlines = ({ rows }: JudgmentTable): Headline[] =>
  all.filter(({ figure }) => Object.values(rows).some((judgment) => judgment[figure]));
