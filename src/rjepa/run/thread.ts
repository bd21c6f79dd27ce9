import { Worker } from "node:worker_threads";
import { DataError } from "../../core/errors.js";
import type { Step } from "../parts/steps.js";
import type { Cutter } from "./ahead.js";
import type { Script } from "./script.js";
import { type Answer, errorOf, type Order, type Work } from "./work.js";

/** Who listens to a thread. */
interface Listener {
  made(update: number, steps: Step[]): void;
  /** It has ended; not said of one that was closed. */
  fail(error: Error): void;
}

/** A thread that cuts batches. The process does not wait for it unless it is held. */
export interface Thread extends Cutter {
  /** One who hears of all that happens from the start. */
  listen(listener: Listener): void;
  /** Whether the process must go on for it. */
  hold(isHeld: boolean): void;
  /** Ends it, whatever it does. */
  close(): Promise<void>;
}

/** Starts a thread that cuts batches. @throws DataError where it does not start */
export function startThread({ entry, options }: Script, work: Work): Promise<Thread> {
  return new Promise((resolve, reject) => {
    let listener: Listener | null = null;
    let isOpen = true;
    let failure: Error | null = null;
    const worker = new Worker(entry, { ...options, workerData: work });
    const end = (error: Error): void => {
      if (!isOpen) return;
      isOpen = false;
      failure = error;
      listener?.fail(error);
      // where it has not started; else nobody hears of it
      reject(error);
      void worker.terminate();
    };
    const stopped = (how: string): void =>
      end(new DataError(`loader: expected the thread that cuts batches to go on, got ${how}`));
    const send = (order: Order): void => worker.postMessage(order);
    const thread: Thread = {
      listen: (heard) => {
        listener = heard;
        if (failure !== null) heard.fail(failure);
      },
      cut: (update) => send({ cut: update }),
      drop: (update) => send({ drop: update }),
      hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
      close: async () => {
        isOpen = false;
        await worker.terminate();
      },
    };
    worker.on("message", (answer: Answer) => {
      if ("made" in answer) listener?.made(answer.made, answer.steps);
      else if ("failed" in answer) end(errorOf(answer.failed));
      else {
        worker.unref();
        resolve(thread);
      }
    });
    worker.on("error", (error) => stopped(`an error: ${error instanceof Error ? error.message : error}`));
    worker.on("messageerror", (error) => stopped(`a message that cannot be read: ${error.message}`));
    worker.on("exit", (code) => stopped(`its end with code ${code}`));
  });
}
