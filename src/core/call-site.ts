import { isMachinery, type RunEnd, runEnds } from "./machinery.js";
import { sourceOf } from "./source-map.js";
import { formatPlace, type Place, placesOf } from "./stack-frame.js";

/** How deep the machinery may lie above the line: nested derivatives are many frames. */
const depth = 200;

/** Runs `f` while errors keep so many frames; where the limit cannot be set, they keep what they keep. */
function withDepth<T>(f: () => T): T {
  const limit = Error.stackTraceLimit;
  setLimit(depth);
  try {
    return f();
  } finally {
    setLimit(limit);
  }
}

function setLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // frozen by the host
  }
}

/** A run of machinery in a file that was built from several. */
interface Run {
  readonly first: Place;
  readonly last: Place;
}

const before = (a: Place, b: Place): boolean =>
  a.line < b.line || (a.line === b.line && a.column <= b.column);

/** Between each first and last marker; bundlers may have moved function declarations away from statements. */
function runsBetween(ends: readonly RunEnd[]): Run[] {
  const place = (marker: RunEnd[number]): Place | undefined => placesOf(marker())[0];
  const runs: Run[] = [];
  for (let i = 0; i + 1 < ends.length; i += 2) {
    const pairs = [
      [ends[i][0], ends[i + 1][0]],
      [ends[i][1], ends[i][2]],
    ];
    for (const pair of pairs) {
      const [first, last] = pair.map(place);
      if (first !== undefined && first.path === last?.path) runs.push({ first, last });
    }
  }
  return runs;
}

/** What tells the library's machinery from everything else, in the words of this runtime's stacks. */
interface Surroundings {
  /** The folder of the library's files, where stacks name them: run from source, or through source maps. */
  readonly home: string | null;
  readonly runs: readonly Run[];
}

let known: { readonly self: string; readonly count: number; readonly surroundings: Surroundings } | null =
  null;

/** `self` is the frame of this very file: what it is called may change, as when source maps are switched on. */
function surroundingsOf(self: Place): Surroundings {
  const ends = runEnds();
  const name = `${self.path}:${self.line}`;
  if (known === null || known.self !== name || known.count !== ends.length) {
    const home = self.path.match(/^(.*\/)core\/call-site\.[jt]s$/)?.[1] ?? null;
    known = { self: name, count: ends.length, surroundings: { home, runs: runsBetween(ends) } };
  }
  return known.surroundings;
}

function isOurs(at: Place, { home, runs }: Surroundings): boolean {
  if (home !== null && at.path.startsWith(home) && isMachinery(at.path.slice(home.length))) return true;
  return runs.some(({ first, last }) => first.path === at.path && before(first, at) && before(at, last));
}

/**
 * The innermost line of the caller's own code, outside the library's machinery, as `folder/file.ts:line`: as the
 * runtime's stacks name it, but in a file that holds the library itself by the source map beside it, if there is one.
 */
export function callSite(): string | null {
  return withDepth(() => {
    const [self, ...places] = placesOf(new Error().stack);
    if (self === undefined) return null;
    const surroundings = surroundingsOf(self);
    const at = places.find((place) => !isOurs(place, surroundings));
    if (at === undefined) return null;
    const built = surroundings.runs.some(({ first }) => first.path === at.path);
    return formatPlace((built ? sourceOf(at) : null) ?? at);
  });
}
