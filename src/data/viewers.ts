import { ArgumentError, DataError, PlanError } from "../core/errors.js";
import { availableMemory } from "../core/host.js";
import { anything, kindOf, options as optionsOf } from "../core/kinds.js";
import type { Problem } from "./problem.js";
import type { Scanpath, Scanpaths } from "./scanpaths.js";

/** Requires a number of fixations that leaves something to predict. @throws ArgumentError */
export function checkSteps(steps: number): void {
  if (!Number.isInteger(steps) || steps < 2)
    throw new ArgumentError(
      `steps: a sequence needs at least 2 fixations to predict anything, got ${kindOf(steps)}`,
    );
}

/** Bytes of a sequence besides its fixations, about. */
const around = 200;

/** Sequences whose fixations cannot lie in memory are refused before the first is drawn. @throws PlanError */
export function checkFixations(
  count: number,
  { steps, memoryLimit = availableMemory() }: { readonly steps: number; readonly memoryLimit?: number },
): void {
  const needed = count * (2 * Float64Array.BYTES_PER_ELEMENT * steps + around);
  if (needed > memoryLimit)
    throw new PlanError(
      `references: ${count} sequences of ${steps} fixations must fit into ${memoryLimit} bytes, got ${needed}`,
      needed,
      memoryLimit,
    );
}

/** The scanpaths recorded on an image. @throws DataError where there are none */
export function viewersOf(recorded: Scanpaths, name: string): readonly Scanpath[] {
  const viewers = recorded.byImage.get(name);
  if (!viewers?.length) throw new DataError(`no scanpaths of ${name}`, name);
  return viewers;
}

/** What one viewer looked at: the first T fixations, [T, 2]. */
interface Viewed {
  readonly viewer: number;
  readonly fixations: Float64Array;
}

/** The recorded fixations on one image, of all viewers or of the first; scanpaths shorter than T are counted. @throws DataError */
export function recordedOn(
  image: { readonly name: string; readonly width: number; readonly height: number },
  recorded: Scanpaths,
  options: { readonly steps: number; readonly viewers?: number },
  problems: Problem[],
): Viewed[] {
  const viewers = viewersOf(recorded, image.name);
  if (image.width !== recorded.width || image.height !== recorded.height)
    throw new DataError(
      `scanpaths refer to images of ${recorded.width} x ${recorded.height} pixels, got ${image.width} x ${image.height} for ${image.name}`,
      image.name,
    );
  const { steps } = options;
  const chosen = viewers.slice(0, options.viewers);
  const short = chosen.filter((v) => v.x.length < steps).length;
  if (short > 0)
    problems.push({
      file: image.name,
      reason: `${short} of ${chosen.length} scanpaths have fewer than ${steps} fixations`,
    });
  return chosen.flatMap((v, viewer) => {
    if (v.x.length < steps) return [];
    const fixations = Float64Array.from({ length: 2 * steps }, (_, j) => (j % 2 === 0 ? v.x : v.y)[j >> 1]);
    return [{ viewer, fixations }];
  });
}

/** Images that have scanpaths and are not in the folder. */
export function strangersTo(names: readonly string[], recorded: Scanpaths | null, file: string): Problem[] {
  const here = new Set(names);
  const missing = [...(recorded?.byImage.keys() ?? [])].filter((name) => !here.has(name));
  if (missing.length === 0) return [];
  const reason = `has scanpaths of ${missing.length} ${missing.length === 1 ? "image" : "images"} not in the folder, such as ${missing[0]}`;
  return [{ file, reason }];
}

/** What to say of a folder of which nothing is usable. */
export const nothingUsable = (folder: string, problems: readonly Problem[]): DataError =>
  new DataError(
    `images: nothing usable in ${folder}; the first problem: ${problems[0]?.reason ?? "none"}`,
    folder,
  );

/** Names of the images that are held out for testing: the last by name. @throws ArgumentError */
export function testNames(all: Iterable<string>, options: { readonly test: number }): Set<string> {
  const { test } = optionsOf("split", options, { test: anything }, ["test"]);
  if (typeof test !== "number" || !(test >= 0 && test <= 1))
    throw new ArgumentError(`split: expected a share of test images in [0, 1], got ${kindOf(test)}`);
  const names = [...new Set(all)].sort();
  return new Set(names.slice(names.length - Math.round(names.length * test)));
}
