#pragma once
#include <memory>
#include <vector>

#include "cpu/context.h"
#include "cpu/trace_axes.h"

namespace onward {

/**
 * A step whose terms are old rows and sums over rows of bases, all rows at once: it takes a panel of columns after the other.
 * Each is a product with the bases' rows, into which old rows are mixed, and which is contracted, while it is in registers.
 */
struct TracePanels {
  /** Rows of a base, one below the other in the matrix that a panel is a product with. */
  struct Base {
    int term;
    int64_t first, depth;
  };

  /** Null where the step has other terms, or where other ways are faster. */
  static std::unique_ptr<const TracePanels> of(const TraceStep& step);

  /**
   * Row axes along which bases vary, which make groups, before those of a group's rows. Operands are the trace, the gradient,
   * errors before and after, and two factors for each term.
   */
  TraceAxes<kMaxWalked> axes;
  int64_t groups = 1, rows = 1, depth = 0;
  std::vector<Base> bases;
  /** The base of each term, or -1 where it is an old row. */
  int baseOf[kMaxTerms];
  /** Whether a state does not take all of the bases. */
  bool isSparse;
  /** Whether a base lies in an old trace: then all groups are read before one is written. */
  bool readsOld = false;
};

template <class T>
void runPanels(const TracePanels& panels, const TraceStep& step, Context& context);

}  // namespace onward
