/** One row: everyone prepares the work, the numbers are compared, and rounds of all competitors are timed. */
import { OnwardError } from "../../src/core/errors.js";
import type { Checks, Competitor } from "./competitor.js";
import type { Competitors } from "./find.js";
import type { PeerTimes, Row } from "./results.js";
import { median, pairedRatio, rotated, rounded } from "./statistics.js";
import type { Task, Work } from "./works.js";

export interface Plan {
  readonly rounds: number;
  /** Milliseconds that a round of one competitor lasts at least. */
  readonly least: number;
  /** Milliseconds of warming up. */
  readonly warm: number;
}

/** Beyond rounding in float32: weighted sums apart by more than this part of the sum of sizes. Found: 1e-6 at most. */
const tolerance = 2e-5;

/** One competitor in a row. */
interface Entry {
  readonly name: string;
  readonly task: Task;
  readonly competitor: Competitor;
  readonly checks: Checks;
}

/** @throws OnwardError where a peer computes other numbers than Onward */
export function compare(work: string, name: string, own: Checks, other: Checks): void {
  // a bare process computes nothing
  if (other.length === 0) return;
  if (own.length !== other.length)
    throw new OnwardError(
      `bench: expected ${own.length} results of ${name} for ${work}, as of onward, got ${other.length}`,
    );
  own.forEach(([sum, size], i) => {
    const [theirs, theirSize] = other[i];
    const allowed = tolerance * Math.max(size, Number.MIN_VALUE);
    if (!(Math.abs(sum - theirs) <= allowed && Math.abs(size - theirSize) <= allowed))
      throw new OnwardError(
        `bench: expected the checksums [${sum}, ${size}] of result ${i + 1} of ${work}, as of onward, got [${theirs}, ${theirSize}] from ${name}`,
      );
  });
}

/** Times that so many repetitions are tried: recordings and compilations come at the start. */
const tries = 3;

/** Repetitions that last long enough even at their fastest, found while warming up: what happens once is no speed. */
async function repetitionsOf({ competitor, task }: Entry, { least, warm }: Plan): Promise<number> {
  let [repetitions, tried, spent, fastest] = [1, 0, 0, Number.POSITIVE_INFINITY];
  for (;;) {
    const start = performance.now();
    await competitor.time(task, repetitions);
    const lasted = performance.now() - start;
    spent += lasted;
    tried++;
    fastest = Math.min(fastest, lasted / repetitions);
    if (repetitions * fastest < least) {
      // compiled code comes in late: what was enough repetitions may no longer be
      const wanted = (1.2 * least) / Math.max(fastest, least / 1e9);
      repetitions = Math.max(repetitions + 1, Math.ceil(Math.min(10 * repetitions, wanted)));
      tried = 0;
    } else if (tried >= tries && spent >= warm) return repetitions;
  }
}

/** Takes the figures of a row; null where Onward itself is missing. */
export async function measure(work: Work, all: Competitors, plan: Plan): Promise<Row | null> {
  const entries: Entry[] = [];
  for (const [name, task] of [["onward", work.onward] as const, ...Object.entries(work.peers)]) {
    const competitor = all.get(task.competitor, task.work, work.threads);
    if (competitor === null) continue;
    const checks = await competitor.prepare(task);
    if ("missing" in checks) all.skipped.add(`${name} is skipped in ${work.name}: ${checks.missing}.`);
    else entries.push({ name, task, competitor, checks });
  }
  const [own, ...peers] = entries;
  if (own?.name !== "onward") return null;
  for (const peer of peers) compare(work.name, peer.name, own.checks, peer.checks);

  const repetitions = new Map<Entry, number>();
  for (const entry of entries) repetitions.set(entry, await repetitionsOf(entry, plan));
  const times = new Map<Entry, number[]>(entries.map((entry) => [entry, []]));
  for (let round = 0; round < plan.rounds; round++)
    for (const entry of rotated(entries, round)) {
      const ms = await entry.competitor.time(entry.task, repetitions.get(entry) as number);
      times.get(entry)?.push(rounded(ms));
    }
  await all.forget();

  const timesOf = (entry: Entry): number[] => times.get(entry) as number[];
  const peerTimes = (entry: Entry): PeerTimes => ({
    ms: rounded(median(timesOf(entry))),
    ratio: rounded(pairedRatio(timesOf(own), timesOf(entry))),
    rounds: timesOf(entry),
  });
  return {
    work: work.name,
    dtype: "float32",
    threads: work.threads,
    backend: work.backend,
    onward: rounded(median(timesOf(own))),
    rounds: timesOf(own),
    peers: Object.fromEntries(peers.map((entry) => [entry.name, peerTimes(entry)])),
    ...(work.target && peers.some((p) => p.name === work.target?.peer) ? { target: work.target } : {}),
  };
}
