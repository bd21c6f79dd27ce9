/** Frames of a video file, decoded by the programs ffmpeg and ffprobe as child processes. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { BackendError, DataError } from "../../core/errors.js";
import { mostPixels } from "../kinds.js";
import { withFile } from "./read.js";

/** Which frames of a video are read. */
export interface Reading {
  /** Frames per second of video, evenly in time, whatever the file's own rate. */
  readonly rate: number;
  /** Frames with a longer side, in pixels, are averaged down to it. */
  readonly maxSide: number;
  /** The first frame, counted at this rate; 0 by default. */
  readonly from?: number;
  /** How many; all that follow by default. */
  readonly count?: number;
}

/** One frame. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], red, green and blue from 0 to 255. */
  readonly data: Uint8Array;
}

/** Of what a program says of its errors. */
const mostSaid = 4096;

type Child = ChildProcessByStdio<null, Readable, Readable>;

interface Program {
  readonly child: Child;
  /** Resolves at its end. @throws DataError where it failed, BackendError where it is not there */
  readonly end: Promise<void>;
}

function start(program: "ffmpeg" | "ffprobe", args: readonly string[], name: string): Program {
  const child: Child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < mostSaid) said += text.slice(0, mostSaid - said.length);
  });
  const end = new Promise<void>((resolve, reject) => {
    child.on("error", (error) =>
      reject(
        new BackendError(
          (error as NodeJS.ErrnoException).code === "ENOENT"
            ? `video: decoding needs the programs ffmpeg and ffprobe, and ${program} is not there; install the package ffmpeg of this system`
            : `video: cannot start ${program}: ${error.message}`,
          "missing-program",
        ),
      ),
    );
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new DataError(`video: cannot decode ${name}: ${reasonIn(said, code ?? signal)}`, name));
    });
  });
  // nobody waits for one that is ended early
  end.catch(() => {});
  return { child, end };
}

/** The first thing a program says, without the address of what in it spoke. */
function reasonIn(said: string, code: unknown): string {
  const [first] = said.split("\n").filter((line) => line.trim() !== "");
  return first === undefined ? `it ended with ${code}` : first.replace(/^(\[[^\]]*\] )+/, "").trim();
}

/** A file alone: no address is followed, nor a list of other files, and a name that begins with a dash is no option. */
const input = (path: string): string[] => ["-protocol_whitelist", "file,pipe", "-i", `file:${path}`];

/**
 * Decodes frames one after the other: at most one is held here. The first frame that cannot be decoded ends it.
 * @throws DataError, with the file's name, for what is no video or is damaged; BackendError where ffmpeg is not there
 */
export async function* framesOf(
  path: string,
  { rate, maxSide, from = 0, count }: Reading,
): AsyncGenerator<Frame> {
  const name = basename(path);
  const scale = `scale='min(${maxSide},iw)':'min(${maxSide},ih)':force_original_aspect_ratio=decrease`;
  const { child, end } = start(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-xerror"],
      // seen: a frame that is sought is the one that is reached from the start, to the bit
      ...(from === 0 ? [] : ["-ss", `${from / rate}`]),
      ...input(path),
      ...["-map", "0:V:0", "-vf", `fps=${rate},${scale}:flags=area+accurate_rnd+full_chroma_int+bitexact`],
      ...(count === undefined ? [] : ["-frames:v", `${count}`]),
      ...["-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"],
    ],
    name,
  );
  try {
    let seen = 0;
    for await (const frame of pixelMaps(child.stdout, name)) {
      seen++;
      yield frame;
    }
    await end.catch((error: Error) => {
      if (seen === 0 || !(error instanceof DataError)) throw error;
      const at = ((from + seen) / rate).toFixed(1);
      throw new DataError(`${error.message} (after ${at} seconds: it is damaged or cut off)`, name);
    });
  } finally {
    child.kill("SIGKILL");
  }
}

/** How a frame begins: `P6`, its width, height and largest value, each ended by white space. */
const head = /^P6\s(\d{1,6})\s(\d{1,6})\s255\s/;
const headLength = 32;

/** Frames in the format that is called PPM, raw pixels after a few words on their size. */
async function* pixelMaps(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Frame> {
  let rest = new Uint8Array(0);
  let open: { readonly frame: Frame; filled: number } | null = null;
  for await (const chunk of stream) {
    let bytes: Uint8Array = rest.length === 0 ? chunk : joined(rest, chunk);
    rest = new Uint8Array(0);
    while (bytes.length > 0) {
      if (open === null) {
        const found = head.exec(String.fromCharCode(...bytes.subarray(0, headLength)));
        if (found === null && bytes.length < headLength) {
          rest = bytes.slice();
          break;
        }
        const [all, width, height] = found ?? [""];
        const sides = [Number(width), Number(height)] as const;
        if (!sides.every((n) => n >= 1 && n <= mostPixels))
          throw new DataError(
            `video: expected frames of at most ${mostPixels} pixels wide and high of ${name}, got others`,
            name,
          );
        const data = new Uint8Array(3 * sides[0] * sides[1]);
        open = { frame: { width: sides[0], height: sides[1], data }, filled: 0 };
        bytes = bytes.subarray(all.length);
      }
      const { data } = open.frame;
      const part = bytes.subarray(0, data.length - open.filled);
      data.set(part, open.filled);
      open.filled += part.length;
      bytes = bytes.subarray(part.length);
      if (open.filled < data.length) break;
      yield open.frame;
      open = null;
    }
  }
  // where the program failed, its own words say more: they follow
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/**
 * Seconds that a file says its video lasts; null where it says nothing.
 * @throws DataError, with the file's name, for what is no regular file or holds no video; BackendError where ffprobe is not there
 */
export async function secondsOf(path: string): Promise<number | null> {
  const name = basename(path);
  await withFile("video", path, async () => {});
  const { child, end } = start(
    "ffprobe",
    [
      ...["-v", "error", ...input(path), "-select_streams", "V:0"],
      ...["-show_entries", "stream=duration:stream_tags=DURATION", "-of", "json"],
    ],
    name,
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await end;
  const { streams = [] } = JSON.parse(text) as {
    readonly streams?: readonly {
      readonly duration?: string;
      readonly tags?: { readonly DURATION?: string };
    }[];
  };
  if (streams.length === 0) throw new DataError(`video: expected a video in ${name}, got none`, name);
  const [{ duration, tags }] = streams;
  if (duration !== undefined) return Number(duration);
  // hours:minutes:seconds, as Matroska has it
  const parts = tags?.DURATION?.split(":").map(Number);
  return parts?.length === 3 ? 3600 * parts[0] + 60 * parts[1] + parts[2] : null;
}
