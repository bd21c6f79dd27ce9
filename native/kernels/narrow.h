#pragma once
// Functions whose results are rounded to float32: in float64 with shorter series, to about 2^-37, so that what is rounded is
// as good as exact.
#include "kernels/exponential.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

struct Narrow {
  static D exp(D x) {
    // far beyond where float32 has only zero and infinity
    D within = x > 200.0 ? D{} + 200.0 : x;
    within = within < -200.0 ? D{} - 200.0 : within;
    return x != x ? x : power(within);
  }

  static D sigmoid(D x) {
    const D e = decay(absolute(x));
    return x != x ? x : (x >= 0.0 ? D{} + 1.0 : e) / (1.0 + e);
  }

  static D tanh(D x) {
    const D a = absolute(x);
    const D e = decay(2.0 * a);
    // below 2^-8 digits of 1 - e cancel, and the series of tanh has two terms
    const D y = a < 0x1p-8 ? a - a * a * a * (1.0 / 3) : (1.0 - e) / (1.0 + e);
    return x != x ? x : withSign(y, x);
  }

  /** 4 e / (1 + e)^2 for e = exp(-2 |x|) */
  static D sechSquare(D x) {
    const D e = decay(2.0 * absolute(x));
    const D sum = 1.0 + e;
    return x != x ? x : (4.0 * e) / (sum * sum);
  }

 private:
  /** exp(-a), for a of at least 0. */
  static D decay(D a) { return power(a < 200.0 ? -a : D{} - 200.0); }

  /** exp(x) for |x| up to 200: 2^k exp(r), with a series of r that ends below 2^-37. */
  static D power(D x) {
    const D shifted = fma(x, D{} + 1.4426950408889634, D{} + kRound);
    const D k = shifted - kRound;
    const D r = fma(k, D{} - 0.69314718055994531, x);
    D q = D{} + 1.0 / 362880;
    constexpr double factorial[] = {40320, 5040, 720, 120, 24, 6, 2, 1, 1};
    for (double f : factorial) q = fma(q, r, D{} + 1.0 / f);
    return number(words(q) + ((words(shifted) - magicWords()) << 52));
  }
};

}  // namespace ONWARD_ISA
}  // namespace onward
