import { exactnessOf } from "../parts/exactness.js";
import { type Judging, judged, judgedOn } from "./judging.js";
import type { RunResult } from "./result.js";
import { stripOf } from "./seen.js";
import { looks, type Session } from "./session.js";

/** What is found of the model of a session as it is now: figures, how exact its gradients are, and what it sees. */
export async function foundOf(
  session: Session,
  judging: Judging,
): Promise<Pick<RunResult, "table" | "judged" | "portraits" | "judgedOn" | "exactness" | "strip">> {
  const { trainer, untrained, config } = session;
  const { rule, credit, preset } = config.recipe;
  const [batch] = session.looked(1);
  return {
    ...(await judged(judging, trainer.reader(session.looked(looks)), untrained)),
    judgedOn: judgedOn(judging, preset.input),
    exactness: exactnessOf(untrained, batch, { rule, credit }),
    strip: await stripOf(judging.test, preset.input),
  };
}
