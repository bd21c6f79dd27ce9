import cliProgress from "cli-progress";
import { printable } from "../core/printable.js";

export interface ProgressOptions {
  /** What is counted. */
  unit?: string;
  /** Shown in front of the bar. */
  label?: string;
  stream?: NodeJS.WriteStream;
  /** Milliseconds between two lines where there is no terminal. */
  interval?: number;
  /** A clock in milliseconds. */
  now?: () => number;
}

/** Shows how far a long run is: rate, time left and loss. */
export interface Progress {
  /** `done` of the total are finished; the loss, if given, is that of the latest ones. */
  update(done: number, loss?: number): void;
  /** Prints a line of text without disturbing the bar. */
  log(line: string): void;
  /** Ends the bar; further updates are ignored. */
  stop(): void;
}

/**
 * A progress bar on a terminal; elsewhere (a file, a pipe, CI) a plain line every ten seconds and one at
 * the end, without control characters. It writes to the error stream, which leaves standard output to results.
 */
export function createProgress(total: number, options: ProgressOptions = {}): Progress {
  const {
    unit = "fixations",
    label = "train",
    stream = process.stderr,
    interval = 10_000,
    now = Date.now,
  } = options;
  const meter = createMeter(total, now);
  const text = (done: number, loss?: number) => {
    const { rate, left } = meter(done);
    const parts = [`${formatRate(rate)} ${unit}/s`, `${formatDuration(left)} left`];
    return [...parts, ...(loss === undefined ? [] : [`loss ${loss.toPrecision(4)}`])].join(", ");
  };
  const print = stream.isTTY
    ? barPrinter(total, label, stream)
    : linePrinter(total, label, stream, interval, now);
  let stopped = false;
  let latestLoss: number | undefined;
  return {
    update(done, loss) {
      if (stopped) return;
      latestLoss = loss ?? latestLoss;
      print.update(done, () => text(done, latestLoss));
    },
    log: (line) => print.log(line),
    stop() {
      if (!stopped) print.stop();
      stopped = true;
    },
  };
}

interface Printer {
  update(done: number, text: () => string): void;
  log(line: string): void;
  stop(): void;
}

function barPrinter(total: number, label: string, stream: NodeJS.WriteStream): Printer {
  const bar = new cliProgress.SingleBar(
    {
      format: `${label} {bar} {percentage}% {value}/{total}  {text}`,
      stream,
      fps: 5,
      // numbers come first where the terminal is narrow
      barsize: Math.max(4, Math.min(24, (stream.columns || 80) - 60)),
      clearOnComplete: false,
      // Lines are cut to the terminal's width. Its own wrapping is never switched off: whatever ends the process, Ctrl-C
      // in a long computation included, there is nothing to restore.
      linewrap: true,
    },
    cliProgress.Presets.shades_classic,
  );
  let latest = "";
  bar.start(total, 0, { text: "" });
  return {
    update(done, text) {
      latest = text();
      bar.update(done, { text: latest });
    },
    log(line) {
      // Clears the line of the bar, which the next update draws anew below.
      stream.write(`\r\x1b[2K${printable(line)}\n`);
    },
    stop: () => bar.stop(),
  };
}

function linePrinter(
  total: number,
  label: string,
  stream: NodeJS.WriteStream,
  interval: number,
  now: () => number,
): Printer {
  let printed = now();
  let pending: string | null = null;
  return {
    update(done, text) {
      const line = () =>
        `${label} ${done}/${total} (${Math.floor((100 * done) / Math.max(total, 1))}%)  ${text()}\n`;
      if (now() - printed < interval && done < total) {
        pending = done > 0 ? line() : null;
        return;
      }
      pending = null;
      printed = now();
      stream.write(line());
    },
    log: (line) => stream.write(`${printable(line)}\n`),
    stop() {
      if (pending !== null) stream.write(pending);
    },
  };
}

/** Rate over the last ten seconds or so, and the milliseconds left at this rate. */
function createMeter(total: number, now: () => number) {
  const window = 10_000;
  const marks: { time: number; done: number }[] = [{ time: now(), done: 0 }];
  return (done: number): { rate: number; left: number } => {
    const time = now();
    const last = marks[marks.length - 1]!;
    if (time - last.time >= window / 20) marks.push({ time, done });
    while (marks.length > 2 && time - marks[1]!.time > window) marks.shift();
    const first = marks[0]!;
    const seconds = (time - first.time) / 1000;
    const rate = seconds > 0 ? (done - first.done) / seconds : 0;
    const left = Math.max(total - done, 0);
    return { rate, left: left > 0 ? (1000 * left) / rate : 0 };
  };
}

function formatRate(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3);
}

/** Milliseconds as `1 h 05 min`, `3 min 20 s` or `12 s`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "? s";
  const seconds = Math.round(milliseconds / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${seconds} s`;
}
