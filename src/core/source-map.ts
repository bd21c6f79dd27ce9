import { builtinModules, fileText } from "./host.js";
import type { Place } from "./stack-frame.js";

type Source = Pick<Place, "path" | "line">;
type Lookup = (at: Place) => Source | null;

const maps = new Map<string, Lookup | null>();

/** The line of source behind a line of a built file, by the map that lies beside the file; `null` where none is found. */
export function sourceOf(at: Place): Source | null {
  let map = maps.get(at.path);
  if (map === undefined) {
    map = read(at.path);
    maps.set(at.path, map);
  }
  return map?.(at) ?? null;
}

function read(file: string): Lookup | null {
  const SourceMap = builtinModules()?.("node:module")?.SourceMap;
  const text = SourceMap && fileText(`${file}.map`);
  if (!SourceMap || !text) return null;
  try {
    const map = new SourceMap(JSON.parse(text));
    return ({ line, column }) => {
      const found = map.findEntry(line - 1, column - 1);
      return "originalSource" in found && found.originalSource
        ? { path: found.originalSource, line: found.originalLine + 1 }
        : null;
    };
  } catch {
    // whatever lies there is no map
    return null;
  }
}
