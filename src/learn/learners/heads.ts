import { ArgumentError } from "../../core/errors.js";
import { type Known, listOf, options as optionsOf, quote, text } from "../../core/kinds.js";
import { put } from "../../core/tree-node.js";
import { item } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Moment, StepLoss } from "../model/model.js";
import { countedHeads, headLosses, headNames, positionOf, sameHeads, type Timestep } from "../step/heads.js";
import type { GradientOptions, StepOptions, StepResult } from "./learner.js";

const ofStep: Known<StepOptions> = { heads: listOf(text) };
const ofGradient: Known<GradientOptions> = { of: text };

/** The heads of a model's loss as a learner knows them: those of its first step, for good. */
export class Heads {
  private names: readonly string[] | null | undefined;

  constructor(private readonly rule: string) {}

  /** How many gradients are gathered apart. */
  get count(): number {
    return this.names?.length ?? 1;
  }

  /** A step as it was asked for. @throws ArgumentError for options of another kind */
  asked<S>(sample: S, options: StepOptions | undefined): Timestep<S> {
    if (options === undefined) return { sample, heads: null };
    const { heads } = optionsOf(this.rule, options, ofStep);
    // in one order: a step that is replayed has one recording whatever the order was
    return { sample, heads: heads === undefined ? null : [...new Set(heads)].sort() };
  }

  /** Which heads of a step's loss count. @throws ArgumentError where the loss has others than before, or none of a name */
  counted(loss: StepLoss, asked: readonly string[] | null): readonly boolean[] {
    const names = headNames(loss);
    if (this.names !== undefined && !sameHeads(names, this.names))
      throw new ArgumentError(
        `${this.rule}: expected a loss with the same heads in every step, ${inWords(this.names)}, got ${inWords(names)}`,
      );
    const counts = countedHeads(this.rule, loss, asked);
    this.names = names;
    return counts;
  }

  /** The heads whose gradient is asked for: all, or one by its name. @throws ArgumentError for another name */
  chosen(options: GradientOptions | undefined): readonly number[] {
    const of = options === undefined ? undefined : optionsOf(this.rule, options, ofGradient).of;
    if (of === undefined) return Array.from({ length: this.count }, (_, head) => head);
    if (this.names === undefined)
      throw new ArgumentError(`${this.rule}: expected at least one step before a head is asked for by name`);
    return [positionOf(this.rule, this.names, of)];
  }

  save(): Saved {
    return this.names === undefined ? { known: false } : { known: true, names: this.names };
  }

  resume(saved: SavedPart): void {
    const names = saved.at("known").flag()
      ? saved.at("names").maybe((part) => part.list().map((name) => name.text()))
      : undefined;
    if (names?.length === 0) saved.at("names").refuse("at least one name");
    if (names && new Set(names).size < names.length) saved.at("names").refuse("names of their own");
    this.names = names;
  }
}

const inWords = (names: readonly string[] | null): string =>
  names === null ? "a scalar" : names.map(quote).join(", ");

/** What a step hands out. */
export function resultOf(loss: StepLoss, moment: Moment): StepResult {
  const names = headNames(loss);
  if (names === null) return { loss: item(headLosses(loss)[0]), moment };
  const losses: Record<string, number> = {};
  let sum = 0;
  headLosses(loss).forEach((head, i) => {
    const value = item(head);
    put(losses, names[i], value);
    sum += value;
  });
  return { loss: sum, losses, moment };
}
