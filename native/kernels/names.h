#pragma once
// Names of the kernels, which TypeScript asks the addon for: their order here is their number in an instruction.

/** Pointwise, of one argument. Those of ONWARD_EXACT_1 and ONWARD_NARROW_1 have a float32 kernel of their own. */
#define ONWARD_EXACT_1(X) X(copy) X(neg) X(square) X(reciprocal) X(sqrt) X(relu)
#define ONWARD_NARROW_1(X) X(exp) X(tanh) X(sigmoid) X(sechSquare)
#define ONWARD_DOUBLE_1(X)                                                                                   \
  X(expm1) X(log) X(log1p) X(rsqrt) X(cbrt) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh)      \
  X(cosh) X(asinh) X(acosh) X(atanh) X(softplus) X(silu) X(siluSlope) X(gelu)             \
  X(geluSlope) X(erf) X(erfc) X(abs) X(sign) X(floor) X(elu) X(softsign) X(bell) X(logicalNot) \
  X(castBool)
/** Of two arguments. */
#define ONWARD_EXACT_2(X)                                                                                     \
  X(add) X(sub) X(mul) X(product) X(scale) X(div) X(maximum) X(minimum) X(equal) X(notEqual) X(less) X(lessEqual) \
  X(greater) X(greaterEqual)
#define ONWARD_DOUBLE_2(X) \
  X(pow) X(atan2) X(hypot) X(overTwice) X(direction) X(overSquare) X(logPow) X(logicalAnd) X(logicalOr)
/** Of one argument and of three, with numbers beside them. */
#define ONWARD_ATTRS_1(X) X(clip)
#define ONWARD_ATTRS_3(X) X(where) X(timesPow)
/** All pointwise ones. */
#define ONWARD_POINTWISE(X)                                                                              \
  ONWARD_EXACT_1(X) ONWARD_NARROW_1(X) ONWARD_DOUBLE_1(X) ONWARD_EXACT_2(X) ONWARD_DOUBLE_2(X) ONWARD_ATTRS_1(X) \
  ONWARD_ATTRS_3(X)
/** The rest. */
#define ONWARD_OTHERS(X) \
  X(sum) X(max) X(argmax) X(cumsum) X(contract) X(take) X(put) X(conv2d) X(conv2dInput) X(conv2dKernel)
