import { printableLines } from "../core/printable.js";

/**
 * Everything that the command line prints goes through here. Names of files, of exports, of anything may hold sequences
 * that command a terminal; they are spelled out.
 */
export const print = (text: string): boolean => process.stdout.write(printableLines(text));

/** The same on the error stream, which leaves standard output to results. */
export const note = (text: string): boolean => process.stderr.write(printableLines(text));

/** JSON with its names as they are: control characters are escaped as JSON spells them. */
export const jsonOf = (value: unknown, indent?: number): string =>
  printableLines(JSON.stringify(value, null, indent));
