import type { Command as Program } from "commander";

/**
 * A command of `onward`: one file of `src/cli/commands` exports one as `command`.
 * Heavy modules belong behind `await import(...)` in its action, so that `onward --help` stays quick.
 */
export interface Command {
  /** What is typed after `onward`. */
  readonly name: string;
  /** One line for the help page. */
  readonly summary: string;
  /** Declares arguments, options and the action on a program that has name and summary already. */
  configure(program: Program): void;
}
