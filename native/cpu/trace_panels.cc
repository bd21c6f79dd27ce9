#include "cpu/trace_panels.h"

#include <algorithm>

namespace onward {

namespace {

/** Fewer columns or rows do not fill tiles; and packed rows and coefficients have to stay in caches. */
constexpr int64_t kFewestColumns = 16, kFewestRows = 4, kMostDepth = 1024, kMostCoefficients = int64_t(1) << 22;

bool isSame(const int64_t* a, const int64_t* b, int n) { return std::equal(a, a + n, b); }

/** Whether two terms are sums over the same rows. */
bool shareBase(const TraceTerm& a, const TraceTerm& b) {
  return a.base.data == b.base.data && a.bounds == b.bounds && isSame(a.bound, b.bound, a.bounds) &&
         isSame(a.base.bound, b.base.bound, a.bounds) && isSame(a.base.row, b.base.row, a.rank);
}

/** Whether rows are sums over entries of their own columns, where these are old ones. */
bool keepsColumns(const TraceStep& step, const TraceTerm& t) {
  const TraceExtent extent({step.rows, step.traceRow, step.rank}, step.inner, TraceExtent::kColumnsApart);
  bool keeps = extent.column(t.oldOffset) == 0;
  for (int i = 0; i < t.rank; i++) keeps = keeps && (t.rows[i] == 1 || extent.column(t.base.row[i]) == 0);
  for (int i = 0; i < t.bounds; i++) keeps = keeps && (t.bound[i] == 1 || extent.column(t.base.bound[i]) == 0);
  return keeps;
}

int64_t depthOf(const TraceTerm& t) {
  int64_t n = 1;
  for (int i = 0; i < t.bounds; i++) n *= t.bound[i];
  return n;
}

/** Finds the rows of all bases; false where a term is of another kind. */
bool gather(const TraceStep& step, TracePanels& to) {
  for (size_t i = 0; i < step.terms.size(); i++) {
    const TraceTerm& t = step.terms[i];
    const auto earlier = [&](auto is) { return std::any_of(step.terms.begin(), step.terms.begin() + i, is); };
    to.baseOf[i] = -1;
    if (t.own >= 0) {
      if (earlier([&](const TraceTerm& e) { return e.into == t.into && e.own == t.own; })) return false;
      continue;
    }
    if (!t.isWhole || !t.base || t.constantInner || depthOf(t) == 0) return false;
    if (t.old >= 0 && !keepsColumns(step, t)) return false;
    to.readsOld = to.readsOld || t.old >= 0;
    for (size_t b = 0; b < to.bases.size(); b++) {
      // a state has one coefficient of each row
      const auto takes = [&](const TraceTerm& e) {
        return e.into == t.into && to.baseOf[&e - step.terms.data()] == static_cast<int>(b);
      };
      if (shareBase(step.terms[to.bases[b].term], t) && !earlier(takes)) to.baseOf[i] = static_cast<int>(b);
    }
    if (to.baseOf[i] >= 0) continue;
    to.baseOf[i] = static_cast<int>(to.bases.size());
    to.bases.push_back({static_cast<int>(i), to.depth, depthOf(t)});
    to.depth = std::min(to.depth + depthOf(t), kMostDepth + 1);
  }
  return !to.bases.empty();
}

void layAxes(const TraceStep& step, TracePanels& to) {
  int order[kMaxRows], rank = 0;
  for (const bool groups : {true, false})
    for (int i = 0; i < step.rank; i++) {
      const bool varies = std::any_of(to.bases.begin(), to.bases.end(),
                                      [&](const TracePanels::Base& b) { return step.terms[b.term].base.row[i] != 0; });
      if (varies != groups) continue;
      order[rank] = i;
      to.axes.size[rank++] = step.rows[i];
      (groups ? to.groups : to.rows) *= step.rows[i];
    }
  to.axes.rank = rank;
  const auto add = [&](const int64_t* strides) {
    int64_t lying[kMaxRows];
    for (int i = 0; i < rank; i++) lying[i] = strides[order[i]];
    to.axes.add(lying, Along::kOne);
  };
  add(step.traceRow);
  add(step.gradientRow);
  for (int k = 0; k < step.states; k++) add(step.before[k].row);
  for (int k = 0; k < step.states; k++) add(step.after[k].row);
  for (const TraceTerm& t : step.terms) {
    add(t.coefficient.row);
    add(t.base.row);
  }
}

}  // namespace

std::unique_ptr<const TracePanels> TracePanels::of(const TraceStep& step) {
  if (step.inner < kFewestColumns || step.count == 0) return nullptr;
  auto panels = std::make_unique<TracePanels>();
  if (!gather(step, *panels)) return nullptr;
  layAxes(step, *panels);
  const int64_t together = panels->readsOld ? panels->groups * panels->depth : panels->depth;
  if (panels->rows < kFewestRows || together > kMostDepth) return nullptr;
  if (step.count / step.inner * step.states * panels->depth > kMostCoefficients) return nullptr;
  // what a state does not take of a base is multiplied by zero
  int64_t useful = 0;
  for (size_t i = 0; i < step.terms.size(); i++)
    if (panels->baseOf[i] >= 0) useful += panels->bases[panels->baseOf[i]].depth;
  const int64_t all = step.states * panels->depth;
  panels->isSparse = useful < all;
  return 4 * useful < 3 * all ? nullptr : std::move(panels);
}

}  // namespace onward
