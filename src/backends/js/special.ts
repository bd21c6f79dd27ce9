/** Functions that `Math` lacks, accurate to a few units in the last place over the whole range. */

// rational Chebyshev approximations of W. J. Cody, "Rational Chebyshev approximations for the error function" (1969)
const a = [3.1611237438705656, 113.864154151050156, 377.485237685302021, 3209.37758913846947, 0.185777706184603153];
const b = [23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062];
const c = [
  0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131, 881.95222124176909,
  1712.04761263407058, 2051.07837782607147, 1230.33935479799725, 2.15311535474403846e-8,
];
const d = [
  15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
  4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
];
const p = [
  0.305326634961232344, 0.360344899949804439, 0.125781726111229246, 0.0160837851487422766, 6.58749161529837803e-4,
  0.0163153871373020978,
];
const q = [2.56852019228982242, 1.87295284992346725, 0.527905102951428412, 0.0605183413124413191, 0.00233520497626869185];
const [small, middle] = [0.46875, 4];
const inverseSqrtPi = 0.5641895835477563;

function erfNearZero(x: number): number {
  const y = x * x;
  let [above, below] = [a[4] * y, y];
  for (let i = 0; i < 3; i++) {
    above = (above + a[i]) * y;
    below = (below + b[i]) * y;
  }
  return (x * (above + a[3])) / (below + b[3]);
}

/** erfc(y) exp(y²) for y above 0.46875. */
function scaledErfc(y: number): number {
  if (y <= middle) {
    let [above, below] = [c[8] * y, y];
    for (let i = 0; i < 7; i++) {
      above = (above + c[i]) * y;
      below = (below + d[i]) * y;
    }
    return (above + c[7]) / (below + d[7]);
  }
  const z = 1 / (y * y);
  let [above, below] = [p[5] * z, z];
  for (let i = 0; i < 4; i++) {
    above = (above + p[i]) * z;
    below = (below + q[i]) * z;
  }
  return (inverseSqrtPi - (z * (above + p[4])) / (below + q[4])) / y;
}

/** exp(−y²) with the square split, so that its rounding does not grow with y. */
function expMinusSquare(y: number): number {
  const near = Math.trunc(y * 16) / 16;
  return Math.exp(-near * near) * Math.exp(-(y - near) * (y + near));
}

export function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= small) return 1 - erfNearZero(x);
  if (Number.isNaN(x)) return x;
  const tail = y > 27 ? 0 : expMinusSquare(y) * scaledErfc(y);
  return x > 0 ? tail : 2 - tail;
}

export function erf(x: number): number {
  const y = Math.abs(x);
  if (y <= small) return erfNearZero(x);
  if (Number.isNaN(x)) return x;
  const tail = y > 6 ? 0 : expMinusSquare(y) * scaledErfc(y);
  return x > 0 ? 1 - tail : tail - 1;
}

/** x times the standard normal distribution function. */
export const gelu = (x: number): number => (x === Number.NEGATIVE_INFINITY ? 0 : 0.5 * x * erfc(-x * Math.SQRT1_2));

export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export const softplus = (x: number): number => Math.log1p(Math.exp(-Math.abs(x))) + (x < 0 ? 0 : x);
export const silu = (x: number): number => (x === Number.NEGATIVE_INFINITY ? 0 : x * sigmoid(x));
export const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
export const relu = (x: number): number => (x > 0 || x !== x ? x : 0);
export const softsign = (x: number): number => (Math.abs(x) === Number.POSITIVE_INFINITY ? Math.sign(x) : x / (1 + Math.abs(x)));
