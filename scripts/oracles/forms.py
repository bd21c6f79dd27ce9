"""Closed forms of pointwise ops with their first and second derivatives, and the float64 numbers at which they are taken.

  UNARY   op -> x: (f, f', f'')              at the numbers of DOMAIN
  BINARY  op -> a, b: (f, fa, fb, faa, fab, fbb)    at EXTREMES, a power at POWERS
"""
import math
import mpmath as mp

m = mp.mpf

def sign(x): return m((x > 0) - (x < 0))
def power(x, p, q): return mp.exp(mp.log(x) * p / q)
def logistic(x): return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))
def slope(x): return mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2
def sech2(x): return 4 * slope(2 * x)
def density(x): return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
def erfc(x): return mp.erfc(x) if x < 1e6 else m(0)  # below exp(-1e12)
def below(x): return erfc(-x / mp.sqrt(2)) / 2
def gauss(x): return 2 * mp.exp(-x * x) / mp.sqrt(mp.pi)
def cut(x): return (1 - x) * (1 + x)

UNARY = {
  "neg": lambda x: (-x, -1, 0),
  "square": lambda x: (x * x, 2 * x, 2),
  "reciprocal": lambda x: (1 / x, -1 / x ** 2, 2 / x ** 3),
  "exp": lambda x: (mp.exp(x),) * 3,
  "expm1": lambda x: (mp.expm1(x), mp.exp(x), mp.exp(x)),
  "log": lambda x: (mp.log(x), 1 / x, -1 / x ** 2),
  "log1p": lambda x: (mp.log1p(x), 1 / (1 + x), -1 / (1 + x) ** 2),
  "sqrt": lambda x: (mp.sqrt(x), 1 / (2 * mp.sqrt(x)), -1 / (4 * x * mp.sqrt(x))),
  "rsqrt": lambda x: (1 / mp.sqrt(x), -1 / (2 * x * mp.sqrt(x)), 3 / (4 * x * x * mp.sqrt(x))),
  "cbrt": lambda x: (sign(x) * power(abs(x), 1, 3), power(abs(x), -2, 3) / 3, -2 * sign(x) * power(abs(x), -5, 3) / 9),
  "sin": lambda x: (mp.sin(x), mp.cos(x), -mp.sin(x)),
  "cos": lambda x: (mp.cos(x), -mp.sin(x), -mp.cos(x)),
  "tan": lambda x: (mp.tan(x), 1 + mp.tan(x) ** 2, 2 * mp.tan(x) * (1 + mp.tan(x) ** 2)),
  "asin": lambda x: (mp.asin(x), 1 / mp.sqrt(cut(x)), x / (cut(x) * mp.sqrt(cut(x)))),
  "acos": lambda x: (mp.acos(x), -1 / mp.sqrt(cut(x)), -x / (cut(x) * mp.sqrt(cut(x)))),
  "atan": lambda x: (mp.atan(x), 1 / (1 + x * x), -2 * x / (1 + x * x) ** 2),
  "sinh": lambda x: (mp.sinh(x), mp.cosh(x), mp.sinh(x)),
  "cosh": lambda x: (mp.cosh(x), mp.sinh(x), mp.cosh(x)),
  "tanh": lambda x: (mp.tanh(x), sech2(x), -2 * mp.tanh(x) * sech2(x)),
  "asinh": lambda x: (mp.asinh(x), 1 / mp.sqrt(1 + x * x), -x / ((1 + x * x) * mp.sqrt(1 + x * x))),
  "acosh": lambda x: (mp.acosh(x), 1 / mp.sqrt(-cut(x)), x / (cut(x) * mp.sqrt(-cut(x)))),
  "atanh": lambda x: (mp.atanh(x), 1 / cut(x), 2 * x / cut(x) ** 2),
  "sigmoid": lambda x: (logistic(x), slope(x), -slope(x) * mp.tanh(x / 2)),
  "softplus": lambda x: (mp.log1p(mp.exp(-abs(x))) + max(x, 0), logistic(x), slope(x)),
  "silu": lambda x: (x * logistic(x), logistic(x) + x * slope(x), slope(x) * (2 - x * mp.tanh(x / 2))),
  "gelu": lambda x: (x * below(x), below(x) + x * density(x), density(x) * (2 - x * x)),
  "erf": lambda x: (mp.erf(x), gauss(x), -2 * x * gauss(x)),
  "erfc": lambda x: (erfc(x), -gauss(x), 2 * x * gauss(x)),
  "abs": lambda x: (abs(x), sign(x), 0),
  "sign": lambda x: (sign(x), 0, 0),
  "floor": lambda x: (mp.floor(x), 0, 0),
  "relu": lambda x: (max(x, 0), int(x > 0), 0),
  "elu": lambda x: (x, 1, 0) if x > 0 else (mp.expm1(x), mp.exp(x), mp.exp(x)),
  "softsign": lambda x: (x / (1 + abs(x)), 1 / (1 + abs(x)) ** 2, -2 * sign(x) / (1 + abs(x)) ** 3),
}

def pow_row(a, b):
  y, l = a ** b, None if a < 0 else mp.log(a)
  # no real derivative with respect to the exponent of a negative number
  dy = [math.nan] * 3 if l is None else [y * l, (y + y * b * l) / a, y * l * l]
  return (y, b * y / a, dy[0], b * (b - 1) * y / a / a, dy[1], dy[2])

def hypot_row(a, b):
  h = mp.sqrt(a * a + b * b)
  return (h, a / h, b / h, b * b / h ** 3, -a * b / h ** 3, a * a / h ** 3)

def atan2_row(a, b):
  q = a * a + b * b
  return (mp.atan2(a, b), b / q, -a / q, -2 * a * b / q ** 2, (a - b) * (a + b) / q ** 2, 2 * a * b / q ** 2)

def pick(a, b, first):
  share = 0.5 if a == b else int(first)  # a tie is split
  return (a if first else b, share, 1 - share, 0, 0, 0)

BINARY = {
  "add": lambda a, b: (a + b, 1, 1, 0, 0, 0),
  "sub": lambda a, b: (a - b, 1, -1, 0, 0, 0),
  "mul": lambda a, b: (a * b, b, a, 0, 1, 0),
  "scale": lambda a, b: (a * b, b, a, 0, 1, 0),
  "div": lambda a, b: (a / b, 1 / b, -a / b ** 2, 0, -1 / b ** 2, 2 * a / b ** 3),
  "pow": pow_row, "hypot": hypot_row, "atan2": atan2_row,
  "maximum": lambda a, b: pick(a, b, a > b), "minimum": lambda a, b: pick(a, b, a < b),
}

def both(xs): return sorted({s * x for x in xs for s in (1, -1)})
TINY = [5e-324, 3e-320, 1.1e-308, 2.2250738585072014e-308, 1e-300, 1e-200, 3e-155, 1e-103, 1e-20, 1e-8, 1e-3]
UNIT = [0.1, 0.3, 0.46875, 0.47, 0.7, 1 - 2 ** -53, 1.0, 1 + 2 ** -52, 1 + 1e-8, 1.3, 2.0, 3.7]
LARGE = [6.0, 12.5, 20.0, 26.5, 27.2, 36.7, 38.5, 100.3, 360.2, 371.5, 372.9]
OVERFLOW = [700.0, 709.7, 709.9, 710.4, 712.0, 720.5, 740.1, 745.2, 750.0]
HUGE = [1e8, 1e16, 1e80, 1e103, 1e150, 1.2e154, 1.5e154, 1e160, 1e200, 1e300, 1.7976931348623157e308]
ALL = TINY + UNIT + LARGE + OVERFLOW + HUGE
INSIDE = TINY + [0.1, 0.3, 0.4999, 0.5, 0.7, 0.9, 0.99, 1 - 1e-8, 1 - 1e-12, 1 - 2 ** -52, 1 - 2 ** -53]
DOMAIN = {
  **{op: ALL for op in ("log", "sqrt", "rsqrt")},
  "log1p": ALL + [-x for x in INSIDE], "asin": both(INSIDE), "acos": both(INSIDE), "atanh": both(INSIDE),
  "acosh": [1 + 2 ** -52, 1 + 1e-12, 1 + 1e-8, 1.001] + [x for x in ALL if x > 1.2],
  **{op: both(TINY + [0.1, 0.7, 1.0, 1.5707963267948966, 3.141592653589793, 11.0, 710.4, 1e8, 1e16, 1e22, 1e150, 1e300])
     for op in ("sin", "cos", "tan")},
  **{op: both([5e-324, 1e-300, 0.3, 1.0, 2.5, 1e8, 1e300]) for op in ("neg", "abs", "sign", "floor", "relu", "square")},
}

EXTREMES = [(5e-324, 1e-323), (3e-320, -4e-320), (1e-308, 2e-308), (1e-300, 1e-300), (1e-200, 3e-200), (-1e-160, 2e-155),
  (1e-8, 1.0), (1.0, -1e-8), (0.3, -0.7), (-1.5, 2.0), (3.0, 4.0), (1.0, 1 + 2 ** -52), (1e5, 7.0), (2.0, 1e16),
  (1e100, 1.0), (-3.0, 1e150), (1e154, 1.5e154), (1e160, -1e160), (1e300, 2e300), (1e308, 1.2e308), (1.7e308, 1.6e308),
  (1e300, 1e-300), (1e-300, 1e300), (-1e-320, 0.7), (0.7, 1e-310), (-7.3802931e-316, 0.0049), (-0.0002, -3.1115e-318)]
POWERS = [(2.0, 3.0), (0.5, -1.5), (7.0, 0.5), (1.0, 100.0), (1.0, -1e200), (1 + 2 ** -52, 1e17), (1 - 2 ** -53, 1e18),
  (1 - 2 ** -53, 6.6e18), (1 - 2 ** -53, 6.7e18), (1 + 2 ** -52, -3.2e18), (1 + 2 ** -52, 3.1e18), (0.5, 1000.0),
  (0.5, 1060.3), (0.5, 1074.0), (0.5, 1080.0), (2.0, 1000.5), (2.0, 1023.9), (2.0, 1024.0), (2.0, -1040.5), (10.0, 308.2),
  (10.0, -320.4), (1e-300, 1.0), (1e-300, 0.5), (1e-300, 1.05), (1e-300, 1e-5), (1e-310, 1e-10), (5e-324, 0.9), (5e-324, 2.0),
  (1e300, 0.5), (1e300, 1.02), (1e300, -1.05), (1.7e308, 1e-300), (3.0, 1e-320), (0.3, 1e-20), (1e-8, 40.0), (1e-8, -38.0),
  (-2.0, 3.0), (-3.0, 2.0), (-2.0, -1040.0), (-0.5, 1061.0), (-1e-100, 3.0), (-1e100, -3.0), (0.999, 1e5), (1.001, 7e5)]
