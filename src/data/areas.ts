/**
 * Which pixels of a level each pixel of a crop covers along one side, and how much of it they fill. One such table is filled anew
 * for every crop: nothing is allocated once its lists are long enough.
 */
export class Areas {
  /** First and last pixel of the level that the i-th pixel of the crop covers. */
  first = new Int32Array(0);
  last = new Int32Array(0);
  /** Their shares, at `start[i]` and after; the shares of each pixel sum to 1. */
  start = new Int32Array(0);
  share = new Float64Array(0);
  /** First and last pixel of the level that any pixel of the crop covers. */
  lowest = 0;
  highest = -1;

  /**
   * `size` pixels of a crop of `side` pixels of the image around `center`, where the image has `pixels` of them, seen mirrored
   * beyond the edges, and the level one for every 2^level.
   */
  fill(center: number, side: number, size: number, pixels: number, level: number): void {
    const scale = side / size;
    const cell = 2 ** level;
    this.reserve(size, size * (Math.min(Math.ceil(pixels / cell), Math.floor(scale / cell) + 3) + 1));
    // however far away: the mirrored image repeats
    const period = Math.max(1, 2 * (pixels - 1));
    const near = center % period;
    const from = (near < 0 ? near + period : near) - side / 2;
    this.lowest = pixels;
    this.highest = -1;
    for (let i = 0, at = 0; i < size; i++) {
      const [a, b] = [from + i * scale, from + (i + 1) * scale];
      this.start[i] = at;
      at += a >= 0 && b <= pixels ? this.within(i, a, b, level) : this.mirrored(i, a, b, pixels, level);
      this.lowest = Math.min(this.lowest, this.first[i]);
      this.highest = Math.max(this.highest, this.last[i]);
    }
  }

  private reserve(size: number, shares: number): void {
    if (this.first.length < size)
      [this.first, this.last, this.start] = [0, 0, 0].map(() => new Int32Array(size));
    if (this.share.length < shares) this.share = new Float64Array(shares);
  }

  /** The pixel that covers [a, b) of the image; returns how many pixels of the level those are. */
  private within(i: number, a: number, b: number, level: number): number {
    const first = Math.floor(a) >> level;
    const last = (Math.ceil(b) - 1) >> level;
    const cell = 2 ** level;
    for (let j = first, at = this.start[i]; j <= last; j++, at++)
      this.share[at] = (Math.min((j + 1) * cell, b) - Math.max(j * cell, a)) / (b - a);
    this.first[i] = first;
    this.last[i] = last;
    return last - first + 1;
  }

  /** The same where [a, b) reaches beyond the image: pixel by pixel of the image, each where its mirror image lies. */
  private mirrored(i: number, a: number, b: number, pixels: number, level: number): number {
    let [first, last] = [pixels, -1];
    for (let p = Math.floor(a); p < b; p++) {
      const j = mirror(p, pixels) >> level;
      if (j < first) first = j;
      if (j > last) last = j;
    }
    const at = this.start[i] - first;
    this.share.fill(0, at + first, at + last + 1);
    for (let p = Math.floor(a); p < b; p++)
      this.share[at + (mirror(p, pixels) >> level)] += (Math.min(p + 1, b) - Math.max(p, a)) / (b - a);
    this.first[i] = first;
    this.last[i] = last;
    return last - first + 1;
  }
}

/** Where pixel p lies, mirrored at the edges, which are not repeated: 2 1 0 1 2 1 0 for three pixels from -2 on. */
function mirror(p: number, pixels: number): number {
  if (p >= 0 && p < pixels) return p;
  if (pixels === 1) return 0;
  const period = 2 * (pixels - 1);
  const turned = ((p % period) + period) % period;
  return turned < pixels ? turned : period - turned;
}
