/** A fence of TypeScript in a page: what it holds, whether it goes on from the one before, and the file that it is. */
interface Fence {
  readonly text: string;
  readonly continues: boolean;
  readonly file: string | undefined;
}

function fencesOf(page: string): Fence[] {
  return [...page.matchAll(/^```ts *([^\n]*)\n(.*?)^```$/gms)].map(([, info, text]) => ({
    text,
    continues: info === "continues",
    file: info.endsWith(".ts") ? info : undefined,
  }));
}

/**
 * The programs of pages, by file name: a fence marked `ts continues` goes on from the one before, and one marked with a name,
 * as `ts my-cell.ts`, is the file that others import.
 */
export function snippetsOf(pages: Readonly<Record<string, string>>): Record<string, string> {
  const programs: Record<string, string> = {};
  for (const [page, text] of Object.entries(pages)) {
    let last = "";
    fencesOf(text).forEach((fence, i) => {
      if (fence.continues) programs[last] += fence.text;
      else {
        last = fence.file ?? `${page.replace(/[^\w-]/g, "-")}-${i + 1}.ts`;
        programs[last] = `${fence.text}export {};\n`;
      }
    });
  }
  return programs;
}
