/** A process that runs the command line on each of some lists of arguments, given and answered as JSON. */
import { main } from "../../src/cli/main.js";

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const write = process.stdout.write.bind(process.stdout);
const answers: Ran[] = [];
for (const args of JSON.parse(process.argv[2]) as string[][]) {
  let [out, err] = ["", ""];
  process.stdout.write = (text) => {
    out += text;
    return true;
  };
  process.stderr.write = (text) => {
    err += text;
    return true;
  };
  process.exitCode = undefined;
  const status = await main(args);
  answers.push({ status: status || Number(process.exitCode ?? 0), out, err });
}
process.exitCode = 0;
write(JSON.stringify(answers));
