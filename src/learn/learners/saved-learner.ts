/** What learners of all rules save beside what they know: which rule it was, and what it was started with. */
import { leavesOf } from "../../core/tree.js";
import { namesOf, put } from "../../core/tree-node.js";
import { Digest, digestOf } from "../../device/program/digest.js";
import type { Aval } from "../../tensor/op.js";
import { entries } from "../../tensor/read.js";
import { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams, StepLoss } from "../model/model.js";
import { startStates } from "../model/states.js";
import type { End } from "../step/same-end.js";
import type { Past } from "../step/step.js";

/** A rule, and the options that what it knows depends on. */
export interface Origin {
  readonly rule: string;
  readonly settings: Readonly<Record<string, Setting>>;
}

type Setting = number | string | boolean;

/** What was chosen; what was left open stays so. */
export const originOf = (rule: string, chosen: Readonly<Record<string, Setting | undefined>>): Origin => ({
  rule,
  settings: Object.fromEntries(
    Object.entries(chosen).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
});

const version = 1;

/** A digest of parameters by their paths: what is known of the past is of these. */
function digestOfParams(params: ModelParams): string {
  const leaves = leavesOf<Tensor>(params, isTensor).map(
    ({ path, value }) => `${path} ${digestOf(entries(value))}`,
  );
  const digest = new Digest();
  for (const leaf of leaves.sort()) digest.text(leaf);
  return `${digest}`;
}

/** A digest of a tree of tensors and constants, whatever the order of its names. */
export function digestOfTree(tree: unknown): string {
  const digest = new Digest();
  const visit = (node: unknown): void => {
    if (isTensor(node)) digest.text(`${node.dtype} ${node.shape} ${digestOf(entries(node))}`);
    else if (Array.isArray(node)) {
      digest.text(`list ${node.length}`);
      node.forEach(visit);
    } else if (typeof node === "object" && node !== null) {
      const names = Object.keys(node).sort();
      digest.text(JSON.stringify(names));
      for (const name of names) visit((node as Record<string, unknown>)[name]);
    } else digest.text(typeof node === "string" ? JSON.stringify(node) : String(node));
  };
  visit(tree);
  return `${digest}`;
}

/** What a learner knows, under the rule's name. */
export const savedLearner = ({ rule, settings }: Origin, params: ModelParams, knows: Saved): Saved => ({
  rule,
  version,
  settings,
  parameters: digestOfParams(params),
  digest: digestOfTree(knows),
  knows,
});

/** What a learner of a rule saved. @throws CheckpointError where it is of another rule */
export function savedBy(rule: string, tree: unknown): SavedPart {
  const saved = new SavedPart(rule, tree);
  saved.at("rule").oneOf(rule);
  if (saved.at("version").number() !== version) saved.at("version").refuse(`version ${version}`);
  return saved;
}

/** What a learner with these settings and parameters knows. @throws CheckpointError where they were others */
export function openLearner({ rule, settings }: Origin, params: ModelParams, tree: unknown): SavedPart {
  const saved = savedBy(rule, tree);
  const names = Object.keys(settings);
  saved
    .at("settings")
    .branches(names)
    .forEach((part, i) => {
      const own = settings[names[i]];
      if (part.anything() !== own) part.refuse(`${own}, as this learner has`, `${part.anything()}`);
    });
  const parameters = saved.at("parameters");
  if (parameters.text() !== digestOfParams(params))
    parameters.refuse(
      "the digest of this learner's parameters",
      "that of others; go on with those, then call setParams",
    );
  const knows = saved.at("knows");
  // a part that is missing may look like one that never was
  if (saved.at("digest").text() !== digestOfTree(knows.anything()))
    knows.refuse("what was saved", "a tree that was changed since");
  return knows;
}

/** Has a learner take what was saved; where that is not what it should be, the learner starts anew. */
export function resumeOrReset(learner: { reset(): void }, resume: () => void): void {
  try {
    resume();
  } catch (error) {
    learner.reset();
    throw error;
  }
}

export const savedPast = (past: Past | null): Saved =>
  past && { states: past.states as Saved, input: past.input };

/** @throws CheckpointError where the model has other states */
export function pastFrom<S>(model: Model<S>, params: ModelParams, input: Aval, saved: SavedPart): Past {
  return {
    states: statesFrom(model, params, input, saved.at("states")),
    input: saved.at("input").maybe((part) => part.tensor()),
  };
}

export const savedEnd = (end: End | null): Saved =>
  end && { states: end.states as Saved, loss: end.loss as Saved };

export function endFrom<S>(model: Model<S>, params: ModelParams, input: Aval, saved: SavedPart): End {
  return { states: statesFrom(model, params, input, saved.at("states")), loss: lossFrom(saved.at("loss")) };
}

/** A loss, or one for each head. */
function lossFrom(saved: SavedPart): StepLoss {
  const names = namesOf(saved.anything());
  if (names === null) return saved.tensor();
  const loss: Record<string, Tensor> = {};
  for (const name of names) put(loss, name, saved.at(name).tensor());
  return loss;
}

function statesFrom<S>(model: Model<S>, params: ModelParams, input: Aval, saved: SavedPart) {
  const zeros = startStates(model, params, input);
  return saved.list(zeros.length).map((area, b) => {
    const names = [...model.areas[b].states];
    return Object.fromEntries(
      area.branches(names).map((part, k) => [names[k], part.tensor(zeros[b][names[k]])]),
    );
  });
}
