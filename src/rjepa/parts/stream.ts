/** Endless streams of fixations, as plain numbers. */
import { ArgumentError } from "../../core/errors.js";
import type { Learner } from "../../learn/learners/learner.js";
import type { Step } from "./steps.js";

export interface StreamOptions {
  /** Fixations of a sequence, T. */
  readonly steps: number;
  /** Fixations of an update, k. */
  readonly every: number;
  /** The steps of B sequences, by a number that counts from 0: one of each stream. */
  readonly sequences: (number: number) => Promise<Step[]>;
}

/**
 * The fixations of an update, counted from 0, of B endless streams in which sequences follow each other: k of them, and the one
 * after, to which the last saccade leads. Images change like slides, each centered where the last one was: the saccade across is
 * from the eye's place on the one to its place on the other.
 */
export function streamOf({ steps, every, sequences }: StreamOptions): (update: number) => Promise<Step[]> {
  const kept = new Map<number, Promise<Step[]>>();
  const sequence = (number: number): Promise<Step[]> => {
    const found = kept.get(number) ?? sequences(number);
    kept.set(number, found);
    return found;
  };
  const fixation = async (at: number): Promise<Step> => {
    const [number, t] = [Math.floor(at / steps), at % steps];
    const step = (await sequence(number))[t];
    if (t > 0 || number === 0) return step;
    const left = (await sequence(number - 1))[steps - 1].position;
    return { ...step, saccade: step.position.map((place, i) => place - left[i]) };
  };
  return async (update) => {
    const [first, last] = [update * every, (update + 1) * every].map((at) => Math.floor(at / steps));
    for (const number of kept.keys()) if (number < first - 1 || number > last) kept.delete(number);
    const found: Step[] = [];
    for (let at = update * every; at <= (update + 1) * every; at++) found.push(await fixation(at));
    return found;
  };
}

/** Sequences of each stream that so many updates of k fixations look at, the one after the last fixation with them. */
export const sequencesOf = (
  updates: number,
  { steps, every }: Pick<StreamOptions, "steps" | "every">,
): number => Math.floor((updates * every) / steps) + 1;

/** @throws ArgumentError for a rule that keeps all of the past, which has no end */
export function requireForward(who: string, rule: string, learner: Pick<Learner<never>, "memory">): void {
  if (!learner.memory().growsWithTime) return;
  throw new ArgumentError(
    `${who}: expected for an endless stream a rule that runs forward in time, such as rfp, got ${rule}, whose memory grows with every fixation`,
  );
}
