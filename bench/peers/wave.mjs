/** Numbers that every competitor makes for itself, the same ones: scale * sin(0.1 + i (0.73 + 0.19 seed)). */
export function wave(size, seed, scale = 1, offset = 0) {
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) out[i] = offset + scale * Math.sin(0.1 + i * (0.73 + 0.19 * seed));
  return out;
}

/** The same with a frequency that rises by 0.37 an entry: a matrix of one wave has rank 2, which loses what a deep model is shown. */
export function chirp(size, seed, scale = 1, offset = 0) {
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++)
    out[i] = offset + scale * Math.sin(0.1 + i * (0.73 + 0.19 * seed + 0.37 * i));
  return out;
}

/**
 * What two competitors compare of an array: a weighted sum, which sees entries that changed places, and the sum of sizes.
 * Weights are a hash of the square of the place: to one of the place alone waves are blind.
 */
export function checksum(values) {
  let [sum, size] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i] * ((Math.imul(Math.imul(i, i), 2654435761) >>> 0) / 2 ** 31 - 1);
    size += Math.abs(values[i]);
  }
  return [sum, size];
}

/** One-hot rows [batch, classes]: row b has class b modulo classes. */
export function oneHot(batch, classes) {
  const out = new Float32Array(batch * classes);
  for (let b = 0; b < batch; b++) out[b * classes + (b % classes)] = 1;
  return out;
}
