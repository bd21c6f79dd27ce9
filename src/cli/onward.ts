#!/usr/bin/env node
import { main } from "./main.js";

// A reader that closes early, as in `onward plan | head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const status = await main(process.argv.slice(2));
if (status !== 0) process.exitCode = status;
