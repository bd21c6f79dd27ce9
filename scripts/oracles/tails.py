"""Writes test/oracles/tails/OP.json: pointwise ops and their first and second derivatives over the whole range of float64.

The closed forms of forms.py, evaluated with mpmath at 500 digits at the exact float64 arguments, and once more at 800 digits:
both must round to the same float64. Each number is the float64 nearest to the true one: 0 or a subnormal where that
underflows, "inf" or "-inf" where it overflows. Rows are [x, f, f', f''] or [a, b, f, fa, fb, faa, fab, fbb].

And test/oracles/vectors.json:

  softmax rows [x, logsumexp(x), softmax(x), logSoftmax(x)] of vectors x; the second is the derivative of the first
  norm    rows [x, norm(x), x / norm(x)]

Run: python3 -m venv /tmp/mp && /tmp/mp/bin/pip install mpmath
     /tmp/mp/bin/python scripts/oracles/tails.py            all of them
     /tmp/mp/bin/python scripts/oracles/tails.py log2       one op
"""
import json, math, pathlib, sys
from fractions import Fraction
import mpmath as mp
from forms import ALL, BINARY, DOMAIN, EXTREMES, POWERS, UNARY, both

m = mp.mpf

def exponentials(*x):
  total = mp.log1p(sum(mp.exp(v - max(x)) for v in x) - 1)
  return [max(x) + total, [mp.exp(v - max(x) - total) for v in x], [v - max(x) - total for v in x]]

def length(*x):
  h = mp.sqrt(sum(v * v for v in x))
  return [h, [v / h for v in x]]

VECTORS = {
  "softmax": (exponentials, [(0.0, -40.0), (1e8, 1e8 - 1, 1e8 - 30), (-1e300, 0.0, 1e300), (700.0, 710.0, 720.0),
    (-745.0, -750.0, -800.0), (1e-20, 0.0, -1e-20), (3.0, 3.0, 3.0), (1e308, -1e308), (-1e16, 2 - 1e16, -1e16 - 700),
    (0.0, -745.0, -600.0, -36.8)]),
  "norm": (length, [(1e200, -2e200), (1e-200, 3e-200, 0.0), (5e-324, 5e-324), (-1e300, 1.0), (3.0, 4.0), (1e308, 1.2e308),
    (1e-310, -2e-310, 2e-310), (0.0, -7.0), (1e-160, 1e160)]),
}

def rounded(v):
  """The nearest float64, also among subnormal numbers."""
  if isinstance(v, (int, float)): return v
  if v == 0: return 0
  s, man, exp, bc = v._mpf_
  if exp + bc < -1200: return 0
  if exp + bc > 1100: return "-inf" if s else "inf"
  exact = Fraction(int(man)) * (Fraction(2) ** int(exp))
  try: near = float(exact)
  except OverflowError: near = math.inf
  near = -near if s else near
  return near if math.isfinite(near) else "inf" if near > 0 else "-inf"

def number(v):
  if isinstance(v, list): return [number(e) for e in v]
  v = rounded(v)
  return "nan" if v != v else int(v) if isinstance(v, float) and v == int(v) and abs(v) < 1e6 else v

def row(f, args):
  rows = []
  for digits in (500, 800):
    mp.mp.dps = digits
    rows.append([number(v) for v in f(*[m(a) for a in args])])
  assert rows[0] == rows[1], (args, rows)
  return [number(a) for a in args] + rows[0]

def rows(op):
  if op in UNARY: return [row(UNARY[op], [x]) for x in sorted(DOMAIN.get(op, both(ALL)))]
  return [row(BINARY[op], pair) for pair in (POWERS if op == "pow" else EXTREMES)]

def write(name, text): (pathlib.Path(__file__).parents[2] / "test/oracles" / name).write_text(text + "\n")

for op in sys.argv[1:] or [*UNARY, *BINARY]:
  lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows(op))
  write(f"tails/{op}.json", f"[\n{lines}\n]")
if not sys.argv[1:]:
  write("vectors.json", json.dumps({name: [[number(list(x))] + row(f, x)[len(x):] for x in xs] for name, (f, xs) in VECTORS.items()}))
