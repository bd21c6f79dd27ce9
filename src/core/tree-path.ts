/** How a place in a tree is written. Two places are never written alike. */

/** Letters, digits, `_`, `$` and `-`, but not digits alone, which are positions in an array. */
const plainName = /^(?!\d+$)[\p{L}\p{M}\p{N}_$-]+$/u;
/** What does not belong on a line of text, and may steer a terminal. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;
const longest = 80;

/** The path of a named child: `areas.W`, and `areas["a.b"]` where the name could be taken for something else. */
export function namedPath(path: string, name: string): string {
  if (isPlainName(name)) return path ? `${path}.${name}` : name;
  return `${path}[${JSON.stringify(name).replace(unprintable, escaped)}]`;
}

/** The path of an entry of an array: `areas.0`. */
export const indexedPath = (path: string, index: number): string => (path ? `${path}.${index}` : `${index}`);

/** A path below another: `areas.0` and `W` give `areas.0.W`. */
export const joinedPath = (above: string | number, path: string): string =>
  path === "" ? `${above}` : path.startsWith("[") ? `${above}${path}` : `${above}.${path}`;

/** ` at "areas.0"`, for the end of a sentence; nothing at the root. Long paths lose their middle. */
export function at(path: string): string {
  if (path === "") return "";
  const letters = path.length > longest ? Array.from(path) : [];
  const short =
    letters.length > longest ? `${letters.slice(0, 50).join("")}…${letters.slice(-20).join("")}` : path;
  return short.includes('"') ? ` at ${short}` : ` at "${short}"`;
}

function isPlainName(name: string): boolean {
  let digits = 0;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
    else if (!((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || c === 36 || c === 45))
      // the common letters were tried without the cost of a regular expression
      return plainName.test(name);
  }
  return digits < name.length;
}

const escaped = (c: string): string => `\\u{${(c.codePointAt(0) as number).toString(16)}}`;
