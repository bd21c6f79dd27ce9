import { basename, join } from "node:path";
import { DataError } from "../core/errors.js";
import { callable, count, options as optionsOf, text } from "../core/kinds.js";
import {
  entriesOf,
  type FolderEntry,
  type Image,
  isNamedAsImage,
  listFolder,
  othersOf,
  readImage,
} from "./image.js";
import { inParallel } from "./parallel.js";
import type { Problem } from "./problem.js";
import { nothingUsable } from "./viewers.js";

/** An image file of a labeled folder: what it is called, `label/file`, and the number of its label. */
interface LabeledFile {
  readonly path: string;
  readonly name: string;
  readonly label: number;
}

/** What a folder of labeled images holds. */
interface LabeledFolder {
  readonly files: readonly LabeledFile[];
  /** Names of the labels, by name. */
  readonly labels: readonly string[];
  readonly problems: readonly Problem[];
}

/** Images in memory whose labels are known. */
export interface LabeledImages {
  readonly images: readonly Image[];
  /** Number of the label of each image, among `names`. */
  readonly labels: Int32Array;
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * The files of a folder of folders of images, whose names are the labels, numbered by name. Images that lie in the folder itself
 * have no label and are problems, each by its name. @throws DataError where there is no label
 */
export async function listLabeled(folder: string): Promise<LabeledFolder> {
  const entries = await entriesOf(folder);
  const isFolder = (entry: FolderEntry): boolean => entry.isDirectory();
  const rest = entries.filter((entry) => !isFolder(entry));
  const reason = "lies beside the folders of labels: expected in one of them";
  const stray = rest.filter(isNamedAsImage).map(({ name }) => ({ file: name, reason }));
  const others = othersOf(rest.filter((entry) => !isNamedAsImage(entry)));
  const problems: Problem[] = [...others, ...stray.sort((a, b) => (a.file < b.file ? -1 : 1))];
  const files: LabeledFile[] = [];
  const labels: string[] = [];
  for (const name of entries
    .filter(isFolder)
    .map((entry) => entry.name)
    .sort()) {
    try {
      const inside = await listFolder(join(folder, name));
      for (const other of inside.others) problems.push({ ...other, file: `${name}/${other.file}` });
      for (const path of inside.paths)
        files.push({ path, name: `${name}/${basename(path)}`, label: labels.length });
      labels.push(name);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push({ file: `${name}/`, reason: error.message });
    }
  }
  if (labels.length === 0)
    throw new DataError(
      `images: expected folders of images in ${folder}, each named by a label, got ${problems.length === 0 ? "none" : `none; the first problem: ${problems[0].file}: ${problems[0].reason}`}`,
      folder,
    );
  return { files, labels, problems };
}

/** Files that are read at a time. */
const parallel = 8;

/**
 * The images of a folder of labeled images, each file opened once: for thousands of small ones, that all fit into memory. One that
 * cannot be decoded is a problem. @throws DataError when nothing usable remains
 */
export async function readLabeled(
  folder: string,
  options: { readonly perLabel?: number; readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<LabeledImages> {
  text("readLabeled", "the folder", folder);
  const { perLabel = Number.POSITIVE_INFINITY, onProgress } = optionsOf("readLabeled", options, {
    perLabel: count(1),
    onProgress: callable,
  });
  const { files, labels, problems } = await listLabeled(folder);
  const taken = new Int32Array(labels.length);
  const chosen = files.filter(({ label }) => taken[label]++ < perLabel);
  let done = 0;
  const read = await inParallel(chosen.length, parallel, async (i): Promise<Image | Problem> => {
    const { path, name } = chosen[i];
    try {
      return { ...(await readImage(path)), name };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { file: name, reason: error.message };
    } finally {
      onProgress?.(++done, chosen.length);
    }
  });
  const isImage = (found: Image | Problem): found is Image => "data" in found;
  const all = [...problems, ...read.filter((found): found is Problem => !isImage(found))];
  const images = read.filter(isImage);
  if (images.length === 0) throw nothingUsable(folder, all);
  return {
    images,
    labels: Int32Array.from(chosen.filter((_, i) => isImage(read[i])).map(({ label }) => label)),
    names: labels,
    problems: all,
  };
}
