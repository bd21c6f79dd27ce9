/** When recordings are compared with op by op: at bounded distance, and before what was gathered is handed out. */

/** The first audits come after so many replays; then one every so many. */
const early = [16, 64];
const furthest = 256;
/** As often are replays audited whenever something is handed out; later the distance doubles, up to the furthest. */
const doubtful = 8;

/** Whether the recording is audited after this replay. */
export const isAudit = (replay: number): boolean => replay % furthest === 0 || early.includes(replay);

/** Whether a recording is audited before what it gathered is handed out, which has happened `times` times. */
export const isAuditBefore = (times: number, replaysSince: number): boolean =>
  replaysSince > 0 && replaysSince >= Math.min(furthest, times < doubtful ? 1 : 2 ** (times - doubtful + 1));
