#pragma once
// Exponentials and logarithms, without branches, to about half a unit in the last place: Cody-Waite reduction, Taylor
// series over the small interval that is left (of as many terms as its ends need), leading terms added in two parts.
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

constexpr double kInfinity = __builtin_inf();
constexpr double kNaN = __builtin_nan("");
/** log 2 in two parts; the first has 21 zero bits at its end, so that its products with exponents are exact. */
constexpr double kLog2High = 0x1.62e42feep-1;
constexpr double kLog2Low = 0x1.a39ef35793c76p-33;
/** Added to a number below 2^51 in size, this leaves it rounded to an integer in the last bits. */
constexpr double kRound = 6755399441055744.0;

inline U magicWords() { return words(D{} + kRound); }
inline D absolute(D x) { return number(bits(x) & INT64_MAX); }
/** |x| with the sign of y. */
inline D withSign(D x, D y) { return number((bits(x) & INT64_MAX) | (bits(y) & INT64_MIN)); }
/** Rounded to the nearest integer, for |x| < 2^51. */
inline D rounded(D x) { return (x + kRound) - kRound; }
/** x 2^k for integers k whose half is a normal exponent, rounded once. */
inline D scaled(D x, D k) {
  const U half = words(k * 0.5 + kRound) - magicWords();
  const U all = words(k + kRound) - magicWords();
  return x * number((half + 1023) << 52) * number((all - half + 1023) << 52);
}

/** exp(x) = 2^k (high + low) */
struct Exponential {
  D k, high, low;
};

inline Exponential exponential(D x) {
  const D k = rounded(x * 1.4426950408889634);
  const D first = x - k * kLog2High;
  const D rest = k * kLog2Low;
  const D r = first - rest;
  const D lost = (first - r) - rest;
  // sum of r^n / (n + 2)!, to where r = log(2) / 2 leaves 2^-57 of the whole
  D q = D{} + 1.0 / 6227020800;
  constexpr double factorial[] = {479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2};
  for (double f : factorial) q = fma(q, r, D{} + 1.0 / f);
  const D high = 1.0 + r;
  const D low = ((1.0 - high) + r) + fma(r * r, q, lost * high);
  return {k, high, low};
}

inline D exp(D x) {
  D within = x > 710.0 ? D{} + 710.0 : x;
  within = within < -746.0 ? D{} - 746.0 : within;
  const Exponential e = exponential(within);
  return scaled(e.high + e.low, e.k);
}

/** expm1(x), and in `rest` what rounding it leaves. */
inline D expm1(D x, D* rest) {
  D within = x > 710.0 ? D{} + 710.0 : x;
  within = within < -60.0 ? D{} - 60.0 : within;
  const Exponential e = exponential(within);
  const D high = scaled(e.high, e.k);
  const D low = scaled(e.low, e.k);
  // high - 1 and what its rounding loses, whichever is larger
  const D s = high - 1.0;
  const D other = s - high;
  const D more = ((high - (s - other)) + (-1.0 - other)) + low;
  const D y = s + more;
  const I infinite = high == kInfinity;
  const I exact = infinite | (x == 0.0);
  *rest = exact ? D{} : (s - y) + more;
  return x == 0.0 ? x : infinite ? high : y;
}

inline D expm1(D x) {
  D rest;
  return expm1(x, &rest);
}

/** x = 2^k m with m from sqrt(1/2) to sqrt(2), for positive normal x. */
inline D mantissa(D x, D* k) {
  constexpr uint64_t half = 0x3fe6a09e667f3bcd;
  const U e = ((words(x) - half + ((uint64_t)2048 << 52)) >> 52) - 2048;
  *k = number(e + magicWords()) - kRound;
  return number(words(x) - (e << 52));
}

/** log(1 + f) + k log 2 + more, for 1 + f from sqrt(1/2) to sqrt(2). */
inline D logarithm(D f, D k, D more) {
  const D s = f / (2.0 + f);
  const D z = s * s;
  // the series of atanh: log(1 + f) = 2 atanh(s)
  D r = D{} + 2.0 / 25;
  for (int n = 23; n >= 3; n -= 2) r = fma(r, z, D{} + 2.0 / n);
  r *= z;
  const D h = 0.5 * f * f;
  return k * kLog2High - ((h - (s * (h + r) + (k * kLog2Low + more))) - f);
}

inline D log(D x) {
  const I tiny = x < 0x1p-1022;
  D k;
  const D m = mantissa(tiny ? x * 0x1p54 : x, &k);
  D y = logarithm(m - 1.0, tiny ? k - 54.0 : k, D{});
  y = x == kInfinity ? x : y;
  y = x == 0.0 ? D{} - kInfinity : y;
  y = x < 0.0 ? D{} + kNaN : y;
  return x != x ? x : y;
}

inline D log1p(D x) {
  const D u = 1.0 + x;
  const D back = u - 1.0;
  const D lost = (1.0 - (u - back)) + (x - back);
  D k;
  const D m = mantissa(u, &k);
  const I near = k == 0.0;
  D y = logarithm(near ? x : m - 1.0, k, near ? D{} : lost / u);
  y = x == kInfinity ? x : y;
  y = x == -1.0 ? D{} - kInfinity : y;
  y = x < -1.0 ? D{} + kNaN : y;
  return (x == 0.0) | (x != x) ? x : y;
}

/** t / (t + 2) for t = expm1(2 |x|), or expm1(-2 |x|) where that is smaller, both to more digits than are kept. */
inline D tanh(D x) {
  const D a = absolute(x);
  const I small = a < 1.0;
  D rest;
  const D t = expm1(small ? -2.0 * a : 2.0 * a, &rest);
  const D sum = t + 2.0;
  const D lost = small ? (2.0 - sum) + t : (t - sum) + 2.0;
  const D above = small ? -t : D{} + 2.0;
  const D q = above / sum;
  const D more = ((small ? -rest : D{}) - q * (lost + rest)) / sum;
  const D y = small ? q + more : 1.0 - (q + more);
  // beyond 20, 1 - 2 exp(-40) is 1
  return x != x ? x : withSign(a > 20.0 ? D{} + 1.0 : y, x);
}

inline D sinh(D x) {
  const D a = absolute(x);
  const I large = a > 22.0;
  const D t = expm1(a);
  const D h = exp(0.5 * a);
  const D small = a < 1.0 ? 2.0 * t - t * t / (t + 1.0) : t + t / (t + 1.0);
  return x != x ? x : withSign(large ? (0.5 * h) * h : 0.5 * small, x);
}

inline D cosh(D x) {
  const D a = absolute(x);
  const D t = expm1(a);
  const D e = exp(a);
  const D h = exp(0.5 * a);
  const D y = a < 0.34 ? 1.0 + t * t / (2.0 * (1.0 + t)) : 0.5 * e + 0.5 / e;
  return a > 22.0 ? (0.5 * h) * h : y;
}

}  // namespace ONWARD_ISA
}  // namespace onward
