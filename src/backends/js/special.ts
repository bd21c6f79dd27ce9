/** Functions that `Math` lacks, accurate to a few units in the last place over the whole range. */

// rational Chebyshev approximations of W. J. Cody, "Rational Chebyshev approximations for the error function" (1969)
const a = [3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694, 0.18577770618460315];
const b = [23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const c = [
  0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972, 2.1531153547440383e-8,
];
const d = [
  15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
const p = [
  0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378,
  0.016315387137302097,
];
const q = [
  2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];
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
export function gelu(x: number): number {
  if (x > far) return 0.5 * x * erfc(-x * Math.SQRT1_2);
  if (x < -40) return 0;
  // the tail as x h h, so that exp(-x²/2) is not rounded below the normal numbers before x makes it larger
  const h = Math.exp(-0.25 * x * x);
  return 0.5 * (x * scaledErfc(-x * Math.SQRT1_2) * h) * h;
}

/** The derivative of gelu. */
export function geluSlope(x: number): number {
  const h = Math.exp(-0.25 * x * x);
  if (x > far) return 0.5 * erfc(-x * Math.SQRT1_2) + (h === 0 ? 0 : x * density * h * h);
  if (h === 0) return 0;
  return (0.5 * scaledErfc(-x * Math.SQRT1_2) + x * density) * h * h;
}

/** Where the normal distribution function is small enough for its tail form to be worth it. */
const far = -20;
const density = 1 / Math.sqrt(2 * Math.PI);

export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export function sechSquare(x: number): number {
  const e = Math.exp(-Math.abs(x));
  const sech = (2 * e) / (1 + e * e);
  return sech * sech;
}

export const bell = (x: number): number => Math.exp(-x * x);

export function silu(x: number): number {
  if (x >= 0) return x / (1 + Math.exp(-x));
  const h = Math.exp(0.5 * x);
  return h === 0 ? 0 : (x * h * h) / (1 + h * h);
}

/** The derivative of silu. */
export function siluSlope(x: number): number {
  const h = Math.exp(-0.5 * Math.abs(x));
  if (h === 0) return x > 0 ? 1 : 0;
  const e = h * h;
  if (x >= 0) return (1 + (x * e) / (1 + e)) / (1 + e);
  return ((1 + x / (1 + e)) * h * h) / (1 + e);
}

/** a / hypot(a, b); 0 where both are. */
export function direction(a: number, b: number): number {
  const [x, y] = [Math.abs(a), Math.abs(b)];
  if (a === 0) return Number.isNaN(b) ? b : 0;
  if (x === Number.POSITIVE_INFINITY) return Number.isNaN(b) ? b : Math.sign(a) / (y === x ? Math.SQRT2 : 1);
  if (x >= y) {
    const r = y / x;
    return Math.sign(a) / Math.sqrt(1 + r * r);
  }
  const r = a / y;
  return r / Math.sqrt(1 + r * r);
}

/** a / b², where the quotient by b alone may lie below the normal numbers. */
export function overTwice(a: number, b: number): number {
  const once = a / b;
  return Math.abs(once) < 1e-290 && Math.abs(b) < 1 ? a * (1 / b / b) : once / b;
}

/** a / (a² + b²) */
export function overSquare(a: number, b: number): number {
  const length = Math.hypot(a, b);
  const part = direction(a, b);
  if (length === Number.POSITIVE_INFINITY) return (0.25 * part) / Math.hypot(0.25 * a, 0.25 * b);
  return Math.abs(part) < 1e-290 && length !== 0 ? overTwice(a, b) : part / length;
}

/** a^b as in IEEE 754 and C: 1 to any power is 1, also to NaN, and so is -1 to ±∞. JavaScript has NaN there. */
export function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY))) return 1;
  return a ** b;
}

export const logPow = (a: number, b: number): number => (a === 0 ? 0 : timesPow(Math.log(a), a, b));

/** c a^b, 0 where c is, and with its digits where the power alone leaves the normal numbers. */
export function timesPow(c: number, a: number, b: number): number {
  if (c === 0) return 0;
  const p = power(a, b);
  const size = Math.abs(p);
  if ((size > 1e-290 && size < Number.POSITIVE_INFINITY) || a === 0 || Number.isNaN(p)) return c * p;
  const half = Math.abs(a) ** (0.5 * b);
  return (p < 0 || Object.is(p, -0) ? -c : c) * half * half;
}

export const softplus = (x: number): number => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
export const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
export const relu = (x: number): number => (x > 0 || Number.isNaN(x) ? x : 0);
export const softsign = (x: number): number =>
  Math.abs(x) === Number.POSITIVE_INFINITY ? Math.sign(x) : x / (1 + Math.abs(x));
