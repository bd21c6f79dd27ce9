/** Colors of 0 to 255 about 0 and of variance about 1, as those of photographs are. */
export const standardColors = <A extends Float32Array | Float64Array>(values: A): A =>
  values.map((v) => (v - 104) / 64) as A;
