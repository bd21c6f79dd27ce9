/** Other runtimes than the one that runs the tests; where one is missing, its tests say so. */
import { type ExecFileOptions, execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./tarball.js";

/** Runs a program; what it prints. */
export async function output(
  file: string,
  args: readonly string[],
  options: ExecFileOptions,
): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args, { ...options, encoding: "utf8", maxBuffer: 1e8 });
  return stdout;
}

/** A binary that an npm package brings for this platform. */
function ofPackage(scope: string, start: string, binary: string): string | null {
  const folder = join(root, "node_modules", scope);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const paths = names.filter((name) => name.startsWith(start)).map((name) => join(folder, name, binary));
  return paths.find((path) => existsSync(path)) ?? null;
}

const suffix = process.platform === "win32" ? ".exe" : "";
export const deno = ofPackage("@deno", "", `deno${suffix}`);
export const bun = ofPackage("@oven", "bun-", `bin/bun${suffix}`);

export const chromium: string | null =
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .find((path) => existsSync(path)) ?? null;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".map": "application/json",
};

/** What a page of a folder has in its body once it has loaded. */
export async function bodyOf(
  browser: string,
  folder: string,
  page: string,
  profile: string,
): Promise<string> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    readFile(join(folder, path)).then(
      (content) => response.writeHead(200, { "content-type": types[extname(path)] }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  try {
    const dom = await output(
      browser,
      [
        "--headless",
        ...quiet,
        `--user-data-dir=${profile}`,
        "--dump-dom",
        `http://127.0.0.1:${port}/${page}`,
      ],
      { timeout: 50_000 },
    );
    return dom.match(/<body>(.*)<\/body>/s)?.[1].trim() ?? dom;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
