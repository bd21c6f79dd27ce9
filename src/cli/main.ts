import { CommanderError, Command as Program } from "commander";
import { OnwardError } from "../core/errors.js";
import { printableLines } from "../core/printable.js";
import type { Command } from "./command.js";
import { commands } from "./registry.js";
import { note, print } from "./terminal.js";
import { version } from "./version.js";

/** Where the command line writes. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

const processStreams: Streams = { out: print, err: note };

/**
 * Runs the command line.
 *
 * @param args what was typed after `onward`
 * @returns the exit status: 0, or 1 after one sentence on the error stream. A command that ran but
 *   found something wrong sets `process.exitCode` itself.
 */
export async function main(
  args: readonly string[],
  members: readonly Command[] = Object.values(commands),
  streams: Streams = processStreams,
): Promise<number> {
  const debug = args.includes("--debug") || Boolean(process.env.DEBUG);
  try {
    await createProgram(members, streams).parseAsync(args.length > 0 ? args : ["--help"], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    streams.err(printableLines(`onward: ${describe(error, debug)}\n`));
    return 1;
  }
}

function createProgram(members: readonly Command[], streams: Streams): Program {
  const program = new Program("onward")
    .description("Exact gradients, forward in time.")
    .version(version(), "-v, --version")
    .option("--debug", "print the stack of an error")
    .addHelpText(
      "after",
      "\nExit status: 0, or 1 after an error or a check that failed; one sentence on the error stream says which.",
    )
    .exitOverride()
    // Errors are printed once, by main.
    .configureOutput({ writeOut: streams.out, writeErr: streams.err, outputError: () => {} });
  for (const member of members) {
    member.configure(program.command(member.name).description(member.summary));
  }
  return program;
}

/** One sentence for an error that was thrown on purpose; more for one that was not, if asked. */
function describe(error: unknown, debug: boolean): string {
  if (error instanceof CommanderError) {
    const [sentence, hint] = error.message.replace(/^error: /, "").split("\n");
    return hint ? `${sentence} ${hint}` : `${sentence}`;
  }
  if (!(error instanceof Error)) return `unexpected error: ${String(error)}`;
  if (debug) return error.stack ?? error.message;
  if (error instanceof OnwardError) return error.message;
  return `unexpected error: ${error.message} (--debug prints the stack)`;
}
