#pragma once
// The error function and what is made of it. Rational Chebyshev approximations of W. J. Cody, "Rational Chebyshev
// approximations for the error function" (1969).
#include "kernels/exponential.h"

namespace onward {
namespace ONWARD_ISA {

constexpr double kSmall = 0.46875;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
/** 1 / sqrt(2 pi) */
constexpr double kDensity = 0x1.9884533d43651p-2;

/** P(z) / Q(z), Q of leading coefficient 1; `first` leads P, the rest alternates through both from the top. */
template <int n>
inline D ratio(D z, double first, const double (&p)[n], const double (&q)[n]) {
  D above = first * z, below = z;
  for (int i = 0; i < n - 1; i++) {
    above = (above + p[i]) * z;
    below = (below + q[i]) * z;
  }
  return (above + p[n - 1]) / (below + q[n - 1]);
}

/** erf(x) for |x| up to 0.46875. */
inline D erfNearZero(D x) {
  constexpr double p[] = {3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694};
  constexpr double q[] = {23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171};
  const D y = x * x;
  D above = 0.18577770618460315 * y, below = y;
  for (int i = 0; i < 3; i++) {
    above = (above + p[i]) * y;
    below = (below + q[i]) * y;
  }
  return x * (above + p[3]) / (below + q[3]);
}

/** erfc(y) exp(y^2) for y above 0.46875. */
inline D scaledErfc(D y) {
  constexpr double c[] = {0.5641884969886701, 8.883149794388377,  66.11919063714163,  298.6351381974001,
                          881.952221241769,   1712.0476126340707, 2051.0783778260716, 1230.3393547979972};
  constexpr double d[] = {15.744926110709835, 117.6939508913125,  537.1811018620099,  1621.3895745666903,
                          3290.7992357334597, 4362.619090143247,  3439.3676741437216, 1230.3393548037495};
  constexpr double p[] = {0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
                          0.0006587491615298378};
  constexpr double q[] = {2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132,
                          0.0023352049762686918};
  const D middle = ratio(y, 2.1531153547440383e-8, c, d);
  const D z = 1.0 / (y * y);
  const D far = (0.5641895835477563 - z * ratio(z, 0.016315387137302097, p, q)) / y;
  return y <= 4.0 ? middle : far;
}

/** exp(-y^2) with the square split, so that its rounding does not grow with y. */
inline D expMinusSquare(D y) {
  D near = rounded(y * 16.0) * 0.0625;
  near = near > y ? near - 0.0625 : near;
  return exp(-near * near) * exp(-(y - near) * (y + near));
}

inline D erfc(D x) {
  const D y = absolute(x);
  const D tail = y > 27.0 ? D{} : expMinusSquare(y) * scaledErfc(y);
  const D far = x > 0.0 ? tail : 2.0 - tail;
  return x != x ? x : y <= kSmall ? 1.0 - erfNearZero(x) : far;
}

inline D erf(D x) {
  const D y = absolute(x);
  const D tail = y > 6.0 ? D{} : expMinusSquare(y) * scaledErfc(y);
  const D far = x > 0.0 ? 1.0 - tail : tail - 1.0;
  return x != x ? x : y <= kSmall ? erfNearZero(x) : far;
}

/** x times the standard normal distribution function; below -20 as x h h, so that x enlarges h before it is rounded. */
inline D gelu(D x) {
  const D h = exp(-0.25 * x * x);
  const D tail = 0.5 * (x * scaledErfc(-x * kSqrtHalf) * h) * h;
  const D y = x < -40.0 ? D{} : tail;
  return (x > -20.0) | (x != x) ? 0.5 * x * erfc(-x * kSqrtHalf) : y;
}

inline D geluSlope(D x) {
  const D h = exp(-0.25 * x * x);
  const I gone = h == 0.0;
  const D near = 0.5 * erfc(-x * kSqrtHalf) + (gone ? D{} : x * kDensity * h * h);
  const D tail = gone ? D{} : (0.5 * scaledErfc(-x * kSqrtHalf) + x * kDensity) * h * h;
  return (x > -20.0) | (x != x) ? near : tail;
}

}  // namespace ONWARD_ISA
}  // namespace onward
