// Writes what the catalogue of kernels says elsewhere: their names for C++, and the tables of docs/precision.md.
import { readFileSync, writeFileSync } from "node:fs";
import { namesHeader } from "./catalogue/names.js";
import { withBlocks } from "./catalogue/precision.js";

const root = new URL("../", import.meta.url);

/** Each file, and what is to stand in it. */
export const written: Readonly<Record<string, () => string>> = {
  "native/kernels/names.h": namesHeader,
  "docs/precision.md": () => withBlocks(readFileSync(new URL("docs/precision.md", root), "utf8")),
};

if (process.argv[1]?.endsWith("catalogue.ts"))
  for (const [file, text] of Object.entries(written)) writeFileSync(new URL(file, root), text());
