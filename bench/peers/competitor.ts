/** Competitors: child processes that are asked one line of JSON at a time, and fresh processes that are timed whole. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { OnwardError } from "../../src/core/errors.js";
import type { Task } from "./works.js";

/** How to start a competitor. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export type Checks = readonly (readonly [sum: number, size: number])[];

export interface Competitor {
  readonly name: string;
  /** Prepares a work and runs it for the first time: checksums of its results, or why there is no such work. */
  prepare(task: Task): Promise<Checks | { readonly missing: string }>;
  /** Milliseconds of a step, over so many repetitions. */
  time(task: Task, repetitions: number): Promise<number>;
  /** Drops what is prepared. */
  forget(): Promise<void>;
  versions(): Promise<Readonly<Record<string, string>>>;
  close(): void;
}

interface Answer {
  readonly check?: Checks;
  readonly missing?: string;
  readonly ms?: number;
  readonly error?: string;
}

const threadVariables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ONWARD_THREADS"];

/** The environment of a child with so many threads. */
export const withThreads = (
  threads: number,
  env: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv => ({
  ...process.env,
  ...Object.fromEntries(threadVariables.map((name) => [name, `${threads}`])),
  ...env,
});

/** A child process that lives as long as the benchmark. */
export class Child implements Competitor {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private complaint = "";

  constructor(
    readonly name: string,
    { file, args, env }: Command,
    threads: number,
  ) {
    this.process = spawn(file, [...args], { env: withThreads(threads, env) });
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.complaint = (this.complaint + text).slice(-2000);
    });
    // a child that is gone is told by the line that it does not answer
    this.process.stdin.on("error", () => {});
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async prepare(task: Task): Promise<Checks | { readonly missing: string }> {
    const { check, missing } = (await this.ask({ ...request(task), repetitions: 0 })) as Answer;
    return missing === undefined ? (check ?? []) : { missing };
  }

  async time(task: Task, repetitions: number): Promise<number> {
    const { ms } = (await this.ask({ ...request(task), repetitions })) as Answer;
    return ms ?? Number.NaN;
  }

  async forget(): Promise<void> {
    await this.ask({ forget: true });
  }

  async versions(): Promise<Readonly<Record<string, string>>> {
    return (await this.ask({ versions: true })) as Record<string, string>;
  }

  close(): void {
    this.process.stdin.end();
  }

  private async ask(question: object): Promise<object> {
    this.process.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.lines.next();
    if (done)
      throw new OnwardError(
        `bench: expected an answer of ${this.name}, got the end of it: ${this.complaint}`,
      );
    const answer = JSON.parse(value) as Answer;
    if (answer.error !== undefined)
      throw new OnwardError(
        `bench: expected ${this.name} to answer ${JSON.stringify(question)}, got ${answer.error}`,
      );
    return answer;
  }
}

const request = ({ work, sizes }: Task): object => ({ work, sizes, dtype: "float32" });

/** A whole process from its start to its end; it prints the numbers that it computed, or nothing. */
export class FreshProcess implements Competitor {
  constructor(
    readonly name: string,
    private readonly command: Command,
  ) {}

  async prepare(): Promise<Checks> {
    const text = this.run().trim();
    return text === "" ? [] : (JSON.parse(text) as number[]).map((x) => [x, Math.abs(x)] as const);
  }

  async time(_: Task, repetitions: number): Promise<number> {
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) this.run();
    return (performance.now() - start) / repetitions;
  }

  async forget(): Promise<void> {}
  async versions(): Promise<Readonly<Record<string, string>>> {
    return {};
  }
  close(): void {}

  private run(): string {
    const { file, args, env } = this.command;
    const { status, stdout, stderr } = spawnSync(file, args, { env: withThreads(1, env), encoding: "utf8" });
    if (status !== 0)
      throw new OnwardError(`bench: expected ${this.name} to run in a fresh process, got ${stderr}`);
    return stdout;
  }
}
