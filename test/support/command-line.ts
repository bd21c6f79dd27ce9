import { vi } from "vitest";
import { main } from "../../src/cli/main.js";

/** Runs the command line in this process; what it prints and its exit status. */
export async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const printed = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  const noted = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  process.exitCode = undefined;
  const status = await main(args);
  const set = process.exitCode as number | undefined;
  process.exitCode = undefined;
  printed.mockRestore();
  noted.mockRestore();
  return { status: status || (set ?? 0), out, err };
}
