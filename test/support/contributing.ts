/** The code and the commands of a page that says what to do, in order. */
export type Step =
  | { readonly kind: "write"; readonly file: string; readonly place: Place; readonly text: string }
  | { readonly kind: "run"; readonly command: string };

/** Where in a file code goes: it is all of it, its end, or what follows the one line with these characters. */
export type Place = "whole" | "end" | { readonly after: string };

const fences = /\n([^\n]*)\n+( *)```(\w+)\n(.*?)^ *```$/gms;
const title = /^ *`([^`]+)`(?:, (at the end)|, after the line with `([^`]+)`)?:$/;

/** A fence of `sh` holds commands, one a line; any other is code, and the line before it says of which file. */
export function stepsOf(page: string): Step[] {
  return [...page.matchAll(fences)].flatMap(([, before, indent, language, body]): Step[] => {
    const lines = body.split("\n").map((line) => line.slice(indent.length));
    if (language === "sh") return lines.filter(Boolean).map((command) => ({ kind: "run", command }));
    const found = title.exec(before);
    if (!found) throw new Error(`expected a line that names the file of the code, got "${before}"`);
    const [, file, atEnd, after] = found;
    const place = atEnd ? "end" : after ? { after } : "whole";
    return [{ kind: "write", file, place, text: lines.join("\n") }];
  });
}

/** A file with the code at its place; `null` is no file yet. */
export function placed(before: string | null, { file, place, text }: Step & { kind: "write" }): string {
  if (place === "whole") {
    if (before !== null) throw new Error(`${file}: expected a new file, got one that is there`);
    return text;
  }
  if (before === null) throw new Error(`${file}: expected a file, got none`);
  if (place === "end") return `${before}\n${text}`;
  const parts = before.split("\n");
  const lines = parts.flatMap((line, i) => (line.includes(place.after) ? [i] : []));
  if (lines.length !== 1)
    throw new Error(`${file}: expected one line with "${place.after}", got ${lines.length}`);
  return [...parts.slice(0, lines[0] + 1), text.replace(/\n$/, ""), ...parts.slice(lines[0] + 1)].join("\n");
}
