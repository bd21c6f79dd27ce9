/** Where a stack frame stands. Lines and columns count from 1. */
export interface Place {
  /** As the runtime writes it, slashes forward, decoded, without a file scheme, a query or a fragment. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** Runtimes' own code. */
const internal = /^(node|ext|bun|deno|internal|wasm):|^native$|^\[native code\]$|<anonymous>/;

/** The place of one line of a stack; `null` for what is no frame, and for runtimes' own frames. */
function placeOf(frame: string): Place | null {
  const found = bodyOf(frame.trim())?.match(/^(.+):(\d+):(\d+)$/);
  if (!found || internal.test(found[1])) return null;
  return { path: pathOf(found[1]), line: Number(found[2]), column: Number(found[3]) };
}

/** `at f (BODY)`, `at async BODY` and `at BODY` as V8 writes it, `f@BODY` as others do. */
function bodyOf(frame: string): string | undefined {
  if (!frame.startsWith("at ")) return frame.match(/^(?:.*?@(?=[\w-]+:\/\/|\/))?(.*)$/)?.[1];
  if (frame.endsWith(")")) return frame.match(/^[^(]* \((.*)\)$/)?.[1];
  return frame.match(/^at (?:async )?(.*)$/)?.[1];
}

function pathOf(written: string): string {
  const path = written.replaceAll("\\", "/");
  if (!/^[\w-]{2,}:/.test(path)) return path;
  const bare = path
    .replace(/[?#].*$/, "")
    .replace(/^file:\/\/\/(?=[A-Za-z]:)/, "")
    .replace(/^file:\/\//, "");
  try {
    return decodeURI(bare);
  } catch {
    return bare;
  }
}

/** The places of a stack, innermost first. */
export function placesOf(stack: unknown): Place[] {
  if (typeof stack !== "string") return [];
  return stack.split("\n").flatMap((frame) => placeOf(frame) ?? []);
}

/** For readers: the last folder, the file and the line. */
export function formatPlace({ path, line }: { readonly path: string; readonly line: number }): string {
  const parts = path.replace(/^[\w-]+:\/\/[^/]*/, "").split("/");
  return `${parts.filter(Boolean).slice(-2).join("/") || "/"}:${line}`;
}
