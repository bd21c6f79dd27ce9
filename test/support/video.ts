import { spawnSync } from "node:child_process";
import type { Image } from "../../src/data/index.js";

/** Why tests of video cannot run; empty where they can. */
export const missing: string = ["ffmpeg", "ffprobe"].every(
  (name) => spawnSync(name, ["-version"]).status === 0,
)
  ? ""
  : " (skipped: ffmpeg is not installed)";

/** Encodes frames as a video in which no pixel is lost. */
export function writeVideo(path: string, frames: readonly Image[], rate: number): void {
  const [{ width, height }] = frames;
  const { status, stderr } = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`],
      ...["-r", `${rate}`, "-i", "pipe:0", "-c:v", "ffv1", "-pix_fmt", "bgr0", path],
    ],
    { input: Buffer.concat(frames.map(({ data }) => data)) },
  );
  if (status !== 0) throw new Error(`ffmpeg cannot encode ${path}: ${stderr}`);
}
