/** Results as a table of text and as one of docs/peers.md. */
import { textTable } from "../../src/cli/table.js";
import type { Results, Row } from "./results.js";

const units: readonly (readonly [string, number])[] = [
  ["s", 1e-3],
  ["ms", 1],
  ["µs", 1e3],
  ["ns", 1e6],
];

/** Three digits in the largest unit that has one before its point. */
function time(ms: number): string {
  const [unit, factor] = units.find(([, f]) => ms * f >= 0.9995) ?? units[units.length - 1];
  return `${(ms * factor).toPrecision(ms * factor >= 999.5 ? 4 : 3)} ${unit}`;
}

// three digits, and no exponent from a thousand on
const ratio = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(x < 1 ? 2 : 3));

/** The name of a row with what is not the default: one thread, the native backend. */
export const titleOf = ({ work, threads, backend }: Row): string =>
  [work, ...(backend === "native" ? [] : [backend]), ...(threads === 1 ? [] : [`${threads} threads`])].join(
    ", ",
  );

const isMet = (row: Row): boolean => row.target !== undefined && ratioOf(row) <= row.target.ratio;
const ratioOf = ({ peers, target }: Row): number => (target ? peers[target.peer].ratio : Number.NaN);

/** Whether the target of a row is met. */
const verdict = (row: Row): string =>
  row.target ? `${isMet(row) ? "yes" : "no"} (≤ ${row.target.ratio})` : "";

/** A line for each peer of each row. */
function lines(rows: readonly Row[]): string[][] {
  return rows.flatMap((row) =>
    Object.entries(row.peers).map(([peer, { ms, ratio: found }]) => [
      titleOf(row),
      time(row.onward),
      peer,
      time(ms),
      ratio(found),
      row.target?.peer === peer ? verdict(row) : "",
    ]),
  );
}

const head = ["work", "onward", "peer", "takes", "onward / peer", "target met"];

export const peersTable = (rows: readonly Row[]): string => textTable(head, lines(rows));

/** A line for each row: every peer with its time and the ratio, and the target. */
export function peersMarkdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(["work", "Onward", "peers: time, and Onward / peer", "target"]),
    line(["---", "---:", "---", "---"]),
    ...rows.map((row) =>
      line([
        titleOf(row),
        time(row.onward),
        Object.entries(row.peers)
          .map(([peer, { ms, ratio: found }]) => `${peer} ${time(ms)}, **${ratio(found)}**`)
          .join("; "),
        row.target ? `${row.target.peer} ${verdict(row)}` : "",
      ]),
    ),
  ].join("\n");
}

/** How many targets are met, for the page. */
export function targetsMarkdown(rows: readonly Row[]): string {
  const aimed = rows.filter((r) => r.target);
  const missed = aimed.filter((r) => !isMet(r));
  const list = missed.map((r) => `${titleOf(r)} (${ratio(ratioOf(r))} instead of ${r.target?.ratio})`);
  const count = `${aimed.length - missed.length} of ${aimed.length} targets are met`;
  return missed.length === 0 ? `${count}.` : `${count}; missed are ${list.join("; ")}.`;
}

/** Where it was measured and against what. */
export function machineMarkdown({ machine, versions, skipped }: Results): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { node, cpu, cores } = machine;
  return [`Measured on Node ${node}, ${cpu}, ${cores} cores, with ${list.join("; ")}.`, ...skipped].join(" ");
}
