/**
 * A process of its own that writes a file: `rewriter.ts HOW PATH`. `atomic` and `plain` write trees in turns until they are
 * killed, and say so once they do; `once` writes one tree and says how that went.
 */
import { writeFile } from "node:fs/promises";
import { writeFileAtomic } from "../../src/data/node/write.js";
import { full, save } from "../../src/index.js";

const [how, path] = process.argv.slice(2);
const write = how === "plain" ? writeFile : writeFileAtomic;
const contents = [1, 2, 3].map((i) => save({ i, first: full([2 ** 17], i), last: full([2 ** 17], i) }));
if (how === "once") {
  const said = await write(path, contents[0]).then(
    () => "written",
    (error: Error) => `${error.name}: ${error.message}`,
  );
  process.stdout.write(said);
} else {
  for (let turn = 0; ; turn++) {
    await write(path, contents[turn % contents.length]);
    if (turn === 0) process.stdout.write("writing");
  }
}
