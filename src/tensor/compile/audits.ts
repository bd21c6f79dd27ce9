/** When recordings are compared with op by op: at bounded distance, and before what was gathered is handed out. */

/** The first audits come after so many replays; each later one after so many times as many. */
const [first, growth] = [16, 4];
/** So many replays are never made without a look at values. */
const furthest = 256;
/** Before something is handed out, the distance grows as well, up to so many replays. */
const furthestBefore = 1024;

/** What is compared after this replay: everything that is computed, or values alone, which costs less. */
export function auditAfter(replay: number): "everything" | "values" | null {
  let at = first;
  while (at < replay) at *= growth;
  if (at === replay) return "everything";
  return replay % furthest === 0 ? "values" : null;
}

/** Whether a recording is audited before what it gathered is handed out, as it was `times` times. */
export const isAuditBefore = (times: number, replaysSince: number): boolean =>
  replaysSince > 0 && replaysSince >= Math.min(furthestBefore, growth ** times);
