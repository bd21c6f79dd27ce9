/** Where the library lies, as stack frames write it: slashes forward, no drive's leading slash. */
const home = decodeURI(new URL("..", import.meta.url).pathname).replace(/^\//, "");

/** The library's own machinery; cells and layers are not, for their lines are what a reader looks for. */
const folders = ["core", "tensor", "ops", "forward", "reverse", "learn", "backends", "testing"];

function isMachinery(frame: string): boolean {
  const path = frame.replaceAll("\\", "/");
  const at = path.indexOf(home);
  if (at < 0) return false;
  const inside = path.slice(at + home.length);
  return folders.includes(inside.split("/", 1)[0]) || /^[^:]*\/_[^/:]+\.[jt]s:/.test(inside);
}

/** How deep the machinery may lie above the line: nested derivatives are many frames. */
const depth = 200;

/** The innermost line of the caller's own code, outside the library's machinery, as `folder/file.ts:line`. */
export function callSite(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = depth;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  const frames = (stack ?? "").split("\n").slice(1);
  const frame = frames.find((line) => line.includes(":") && !isMachinery(line));
  const place = frame?.match(/([^\\/()\s]+[\\/][^\\/()\s]+\.[cm]?[jt]s):(\d+):\d+/);
  return place ? `${place[1]}:${place[2]}` : null;
}
