import { DataError } from "../../core/errors.js";
import type { Gallery } from "../../data/gallery.js";
import type { References } from "../../data/references.js";
import { orderOf, type Step, stepsOf } from "../parts/steps.js";
import { Ahead } from "./ahead.js";
import { type Script, workerScript } from "./script.js";
import { startThread } from "./thread.js";
import { type Cutting, workOf } from "./work.js";

/** Where batches come from. */
interface Origin {
  /** Why they come from this thread; null where they come from one of their own. */
  readonly note: string | null;
  ask(update: number): Promise<Step[]>;
  /** Whether the process must go on for them. */
  hold(isHeld: boolean): void;
  /** Whoever waits, and whoever asks later, gets the error. */
  close(error: Error): Promise<void>;
}

interface Extent {
  readonly updates: number;
  readonly ahead: number;
}

/** Batches from a thread; where it cannot be started, from this one. The script is another in tests. */
export async function startCutting(
  gallery: Gallery,
  data: References,
  cutting: Cutting,
  { updates, ahead }: Extent,
  script: () => Script | string = workerScript,
): Promise<Origin> {
  try {
    const found = script();
    if (typeof found === "string") throw new DataError(found);
    const thread = await startThread(found, workOf(gallery, data, cutting));
    const batches = new Ahead(thread, updates, ahead);
    thread.listen(batches);
    return {
      note: null,
      ask: (update) => batches.ask(update),
      hold: thread.hold,
      close: async (error) => {
        batches.fail(error);
        await thread.close();
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return cutHere(
      `loader: batches are cut when they are asked for, since no thread could be started: ${reason}`,
      (update) => stepsOf(gallery, data, cutting, orderOf(cutting), update),
    );
  }
}

function cutHere(note: string, cut: (update: number) => Step[]): Origin {
  let closed: Error | null = null;
  return {
    note,
    ask: async (update) => {
      if (closed !== null) throw closed;
      return cut(update);
    },
    hold: () => {},
    close: async (error) => {
      closed ??= error;
    },
  };
}
