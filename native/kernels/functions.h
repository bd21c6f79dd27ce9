#pragma once
// The value of every pointwise op, under its name in src/ops: a row of src/device/catalogue asks for a function here, in `Exact`
// where it says "exact". Conventions for zeros, infinities and NaN are those of src/backends/js.
#include <math.h>

#include "kernels/error_function.h"
#include "kernels/exponential.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

/** Ops whose float32 result is the same computed in float32 as computed in float64 and rounded. */
template <class V>
struct Exact {
  static V copy(V x) { return x; }
  static V neg(V x) { return -x; }
  static V square(V x) { return x * x; }
  static V reciprocal(V x) { return 1 / x; }
  static V sqrt(V x) { return ONWARD_ISA::sqrt(x); }
  static V relu(V x) { return (x > 0) | (x != x) ? x : V{}; }
  static V add(V a, V b) { return a + b; }
  static V sub(V a, V b) { return a - b; }
  static V mul(V a, V b) { return a * b; }
  /** A sum of one product: -0 becomes 0. */
  static V product(V a, V b) { return a * b + 0; }
  /** Zero wins over infinity and NaN. */
  static V scale(V a, V b) { return (a == 0) | (b == 0) ? V{} : a * b; }
  static V div(V a, V b) { return a / b; }
  static V maximum(V a, V b) { return (a > b) | (a != a) ? a : b; }
  static V minimum(V a, V b) { return (a < b) | (a != a) ? a : b; }
  static V equal(V a, V b) { return a == b ? V{} + 1 : V{}; }
  static V notEqual(V a, V b) { return a != b ? V{} + 1 : V{}; }
  static V less(V a, V b) { return a < b ? V{} + 1 : V{}; }
  static V lessEqual(V a, V b) { return a <= b ? V{} + 1 : V{}; }
  static V greater(V a, V b) { return a > b ? V{} + 1 : V{}; }
  static V greaterEqual(V a, V b) { return a >= b ? V{} + 1 : V{}; }
};

/** All ops, in float64. */
struct Functions : Exact<D> {
  static D truth(I condition) { return condition ? D{} + 1.0 : D{}; }

  static D exp(D x) { return ONWARD_ISA::exp(x); }
  static D expm1(D x) { return ONWARD_ISA::expm1(x); }
  static D log(D x) { return ONWARD_ISA::log(x); }
  static D log1p(D x) { return ONWARD_ISA::log1p(x); }
  static D rsqrt(D x) { return 1.0 / ONWARD_ISA::sqrt(x); }
  static D sin(D x) { return each(x, ::sin); }
  static D cos(D x) { return each(x, ::cos); }
  static D tan(D x) { return each(x, ::tan); }
  static D asin(D x) { return each(x, ::asin); }
  static D acos(D x) { return each(x, ::acos); }
  static D atan(D x) { return each(x, ::atan); }
  static D sinh(D x) { return ONWARD_ISA::sinh(x); }
  static D cosh(D x) { return ONWARD_ISA::cosh(x); }
  static D tanh(D x) { return ONWARD_ISA::tanh(x); }
  static D asinh(D x) { return each(x, ::asinh); }
  static D acosh(D x) { return each(x, ::acosh); }
  static D atanh(D x) { return each(x, ::atanh); }
  /** One step of Newton's method takes the system's root to the last place. */
  static D cbrt(D x) {
    const D a = absolute(x);
    const D up = a < 0x1p-700 ? D{} + 0x1p600 : a > 0x1p700 ? D{} + 0x1p-600 : D{} + 1.0;
    const D back = a < 0x1p-700 ? D{} + 0x1p-200 : a > 0x1p700 ? D{} + 0x1p200 : D{} + 1.0;
    const D z = x * up;
    const D y = each(z, ::cbrt);
    const D better = (y - fma(y * y, y, -z) / (3.0 * y * y)) * back;
    return (a > 0.0) & (a < kInfinity) ? better : x;
  }
  static D sigmoid(D x) {
    const D e = ONWARD_ISA::exp(-absolute(x));
    return (x >= 0.0 ? D{} + 1.0 : e) / (1.0 + e);
  }
  static D softplus(D x) {
    return ONWARD_ISA::log1p(ONWARD_ISA::exp(-absolute(x))) + ((x > 0.0) | (x != x) ? x : D{});
  }
  static D silu(D x) {
    const D h = ONWARD_ISA::exp(0.5 * x);
    const D below = h == 0.0 ? D{} : (x * h * h) / (1.0 + h * h);
    return x >= 0.0 ? x / (1.0 + ONWARD_ISA::exp(-x)) : below;
  }
  static D siluSlope(D x) {
    const D h = ONWARD_ISA::exp(-0.5 * absolute(x));
    const D e = h * h;
    const D above = (1.0 + (x * e) / (1.0 + e)) / (1.0 + e);
    const D below = ((1.0 + x / (1.0 + e)) * h * h) / (1.0 + e);
    const D y = x >= 0.0 ? above : below;
    return h == 0.0 ? truth(x > 0.0) : y;
  }
  static D gelu(D x) { return ONWARD_ISA::gelu(x); }
  static D geluSlope(D x) { return ONWARD_ISA::geluSlope(x); }
  static D erf(D x) { return ONWARD_ISA::erf(x); }
  static D erfc(D x) { return ONWARD_ISA::erfc(x); }
  static D abs(D x) { return absolute(x); }
  static D sign(D x) { return (x == 0.0) | (x != x) ? x : withSign(D{} + 1.0, x); }
  static D floor(D x) {
    const D big = withSign(D{} + 0x1p52, x);
    const D near = (x + big) - big;
    const D down = near > x ? near - 1.0 : near;
    return absolute(x) < 0x1p52 ? withSign(down, x) : x;
  }
  static D elu(D x) { return x > 0.0 ? x : ONWARD_ISA::expm1(x); }
  static D softsign(D x) {
    return absolute(x) == kInfinity ? withSign(D{} + 1.0, x) : x / (1.0 + absolute(x));
  }
  static D sechSquare(D x) {
    const D e = ONWARD_ISA::exp(-absolute(x));
    const D sech = (2.0 * e) / (1.0 + e * e);
    return sech * sech;
  }
  static D bell(D x) { return ONWARD_ISA::exp(-x * x); }
  static D logicalNot(D x) { return truth(x == 0.0); }
  static D castBool(D x) { return truth(x != 0.0); }

  static D pow(D a, D b) { return each(a, b, ::pow); }
  static D atan2(D a, D b) { return each(a, b, ::atan2); }
  static D hypot(D a, D b) { return each(a, b, ::hypot); }
  static D overTwice(D a, D b) {
    const D once = a / b;
    const I tiny = (absolute(once) < 1e-290) & (absolute(b) < 1.0);
    return tiny ? a * (1.0 / b / b) : once / b;
  }
  static D direction(D a, D b) {
    const D x = absolute(a), y = absolute(b);
    const I wide = x >= y;
    const D r = wide ? y / x : a / y;
    const D root = ONWARD_ISA::sqrt(1.0 + r * r);
    D t = (wide ? sign(a) : r) / root;
    const D infinite = sign(a) / (y == x ? D{} + 1.4142135623730951 : D{} + 1.0);
    t = x == kInfinity ? infinite : t;
    t = a == 0.0 ? D{} : t;
    return (b != b) & ((a == 0.0) | (x == kInfinity)) ? b : t;
  }
  static D overSquare(D a, D b) {
    const D length = hypot(a, b);
    const D part = direction(a, b);
    const D huge = (0.25 * part) / hypot(0.25 * a, 0.25 * b);
    const D y = (absolute(part) < 1e-290) & (length != 0.0) ? overTwice(a, b) : part / length;
    return length == kInfinity ? huge : y;
  }
  static D logPow(D a, D b) { return a == 0.0 ? D{} : timesPow(ONWARD_ISA::log(a), a, b, nullptr); }
  static D logicalAnd(D a, D b) { return truth((a != 0.0) & (b != 0.0)); }
  static D logicalOr(D a, D b) { return truth((a != 0.0) | (b != 0.0)); }

  static D where(D condition, D a, D b, const double*) { return condition != 0.0 ? a : b; }
  /** c a^(b - less) */
  static D timesPow(D c, D a, D b, const double* attrs) {
    if (attrs) b -= attrs[0];
    const D p = pow(a, b);
    const D size = absolute(p);
    const I plain = ((size > 1e-290) & (size < kInfinity)) | (a == 0.0) | (p != p);
    // the power of half the exponent is asked for where a lane needs it: it costs as much as all the rest
    bool any = false;
    for (int i = 0; i < lanes<D>; i++) any |= !plain[i];
    D y = c * p;
    if (any) {
      const D half = pow(absolute(a), 0.5 * b);
      y = plain ? y : (bits(p) < 0 ? -c : c) * half * half;
    }
    return c == 0.0 ? D{} : y;
  }
  static D clip(D x, const double* attrs) {
    const D low = filled<D>(attrs[0]), high = filled<D>(attrs[1]);
    const D below = x > high ? high : x;
    return x < low ? low : below;
  }
};

}  // namespace ONWARD_ISA
}  // namespace onward
