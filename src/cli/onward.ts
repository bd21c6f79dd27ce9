#!/usr/bin/env node
import { reasonOf } from "../core/system-error.js";
import { main } from "./main.js";
import { note } from "./terminal.js";

let settled = false;

// A reader that closes early, as in `onward plan | head`, is no error; a full disk is.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    settled = true;
    if (error.code !== "EPIPE" && stream === process.stdout)
      note(`onward: cannot write to standard output: ${reasonOf(error)}\n`);
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });

// A module that is checked may call process.exit, or wait for ever: neither passes for a success.
process.on("exit", () => {
  if (settled) return;
  note(
    "onward: expected to finish, but the process ended before, by a module that ends it or waits for ever\n",
  );
  process.exitCode = 1;
});

const status = await main(process.argv.slice(2));
settled = true;
if (status !== 0) process.exitCode = status;
