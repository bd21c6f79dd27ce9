/** Folders of src that are machinery; cells, layers and models are not, for their lines are what a reader looks for. */
const folders = ["core", "device", "tensor", "ops", "forward", "reverse", "learn", "backends", "testing"];

/** Whether a file of src, such as `ops/reduce.ts`, is the library's own machinery. The build asks this too. */
export function isMachinery(file: string): boolean {
  return folders.includes(file.split("/", 1)[0]) || /(^|\/)_[^/]+\.[jt]s$/.test(file);
}

/** Gives a stack of where it stands. (No error: some engines drop the frame of a function whose last act is a call.) */
type Marker = () => unknown;

/**
 * What the build writes at both ends of every run of machinery in a file: one marker among the statements and one that
 * is a function declaration, since bundlers that wrap a module move its function declarations to the front.
 */
export type RunEnd = readonly [statement: Marker, first: Marker, last: Marker];

/** The name under which built files list the ends of their runs, two by two. No import: a file is known by itself. */
export const runsKey = "onward.machinery";

export function runEnds(): readonly RunEnd[] {
  return (globalThis as { [key: symbol]: RunEnd[] | undefined })[Symbol.for(runsKey)] ?? [];
}
