#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/trace_panels.h"
#include "cpu/trace_passes.h"

namespace onward {

namespace {

/** Panels that are a task for a thread, at least; and as many as lie side by side, whose packed rows stay in its nearer caches. */
constexpr int64_t kPanelsOfTask = 8, kMostSideBySide = 32, kMostPacked = 65536;

/** A run of a step: its coefficients are packed once, for the panels of all threads. */
template <class T>
class PanelRun {
 public:
  PanelRun(const TracePanels& panels, const TraceStep& step, Context& context)
      : panels_(panels), step_(step), context_(context), products_(context.table.products<T>()) {
    tile_ = products_.panelRows[step.states - 1];
    hasZero_ = panels.isSparse;
    const int64_t rest = panels.rows % tile_;
    lastTile_ = rest > 0 && rest <= tile_ / 2 ? tile_ / 2 : tile_;
    const int64_t filled = panels.rows - rest + (rest > 0 ? lastTile_ : 0);
    groupSize_ = filled * step.states * panels.depth;
    allocate();
    lay();
    read();
  }

  void run() {
    const int64_t width = products_.panelColumns, all = (step_.inner + width - 1) / width;
    const int64_t size = together() * panels_.depth * width;
    const int64_t ofTask = std::max(kPanelsOfTask, all / (4 * context_.pool.threads()));
    const int64_t side = std::clamp<int64_t>(kMostPacked / size, 1, std::min(ofTask, kMostSideBySide));
    context_.pool.each((all + ofTask - 1) / ofTask, [&](int64_t task, int thread) {
      T* packed = context_.workspace(thread).template get<T>(Workspace::kGemm, side * size);
      const int64_t end = std::min(all, (task + 1) * ofTask);
      for (int64_t i = task * ofTask; i < end; i += side) sideBySide(i * width, std::min(side, end - i), packed);
    });
  }

 private:
  int64_t together() const { return panels_.readsOld ? panels_.groups : 1; }

  void allocate() {
    const int64_t rows = panels_.groups * panels_.rows, states = step_.states;
    const int64_t count = rows * states * (states + 2) + panels_.groups * groupSize_;
    own_ = context_.workspace().template get<T>(Workspace::kLeft, count);
    before_ = own_ + rows * states * states;
    after_ = before_ + rows * states;
    coefficients_ = after_ + rows * states;
    std::fill_n(own_, count, T(0));
    int64_t bounds = panels_.depth;
    for (const TraceTerm& t : step_.terms) bounds += t.own < 0 ? depthOf(t) : 0;
    const int64_t bases = static_cast<int64_t>(panels_.bases.size());
    const int64_t places = 2 * rows + panels_.groups * bases + bounds;
    traceAt_ = context_.workspace().template get<int64_t>(Workspace::kRight, places);
    gradientAt_ = traceAt_ + rows;
    baseAt_ = gradientAt_ + rows;
    baseBound_ = baseAt_ + panels_.groups * bases;
    coefficientBound_ = baseBound_ + panels_.depth;
  }
  int64_t depthOf(const TraceTerm& t) const { return panels_.bases[panels_.baseOf[&t - step_.terms.data()]].depth; }

  /** Where what is summed over lies, of each base and of each coefficient. */
  void lay() {
    int64_t* to = coefficientBound_;
    for (const TraceTerm& t : step_.terms) {
      if (t.own >= 0) continue;
      const TracePanels::Base& base = panels_.bases[panels_.baseOf[&t - step_.terms.data()]];
      offsets(t.bound, t.base.bound, t.bounds, baseBound_ + base.first);
      offsets(t.bound, t.coefficient.bound, t.bounds, to);
      to += base.depth;
    }
  }
  static void offsets(const int64_t* sizes, const int64_t* strides, int rank, int64_t* to) {
    int64_t count = 1;
    to[0] = 0;
    for (int i = rank - 1; i >= 0; i--) {
      for (int64_t j = count; j < count * sizes[i]; j++) to[j] = to[j - count] + strides[i];
      count *= sizes[i];
    }
  }

  /** Every coefficient, in the order in which it is needed: a line of rows after the other. */
  void read() {
    const TraceAxes<kMaxWalked>& axes = panels_.axes;
    const int64_t start[kMaxWalked] = {};
    const int last = axes.rank - 1;
    const int64_t n = last < 0 ? 1 : axes.size[last];
    int64_t row = 0;
    axes.each(last < 0 ? 0 : 1, start, axes.size, [&](const int64_t* p) {
      readLine(p, row, n);
      row += n;
    });
    isWild_ = !std::isfinite(total(own_, coefficients_ + panels_.groups * groupSize_ - own_));
  }
  int64_t alongRows(int operand) const {
    const TraceAxes<kMaxWalked>& axes = panels_.axes;
    return axes.rank == 0 ? 0 : axes.stride[operand][axes.rank - 1];
  }

  /** Those of `n` rows from `row` on, whose operands lie at `p`. */
  void readLine(const int64_t* p, int64_t row, int64_t n) {
    const int states = step_.states;
    const auto places = [&](int64_t* to, int operand) {
      for (int64_t i = 0, step = alongRows(operand); i < n; i++) to[i] = p[operand] + i * step;
    };
    const auto numbers = [&](T* to, int64_t toStep, const Factor& factor, int operand) {
      const T* from = factor ? factor.template at<T>(p[operand]) : &one_;
      for (int64_t i = 0, step = factor ? alongRows(operand) : 0; i < n; i++) to[i * toStep] = from[i * step];
    };
    places(traceAt_ + row, 0);
    places(gradientAt_ + row, 1);
    for (int k = 0; k < states; k++) {
      if (step_.before[k]) numbers(before_ + row * states + k, states, step_.before[k], 2 + k);
      if (step_.after[k]) numbers(after_ + row * states + k, states, step_.after[k], 2 + states + k);
    }
    const int64_t* bound = coefficientBound_;
    for (size_t i = 0; i < step_.terms.size(); i++) {
      const TraceTerm& t = step_.terms[i];
      const int operand = static_cast<int>(2 + 2 * states + 2 * i);
      if (t.own >= 0) {
        numbers(own_ + (row * states + t.into) * states + t.own, states * states, t.coefficient, operand);
        continue;
      }
      const int b = panels_.baseOf[i];
      if (row % panels_.rows == 0) baseAt_[row / panels_.rows * panels_.bases.size() + b] = p[operand + 1];
      readTerm(t, p[operand], alongRows(operand), panels_.bases[b], bound, row, n);
      bound += panels_.bases[b].depth;
    }
  }

  /** The coefficients of a product, at `bound` from the first of each row. */
  void readTerm(const TraceTerm& t, int64_t place, int64_t along, const TracePanels::Base& base, const int64_t* bound,
                int64_t row, int64_t n) {
    const T* c = t.coefficient ? t.coefficient.template at<T>(place) : &one_;
    const int64_t step = t.coefficient ? along : 0;
    int zeros = 0;
    for (int64_t i = row; i < row + n; i++, c += step) {
      const int64_t at = i % panels_.rows, next = stepOf(at);
      T* to = coefficient(i / panels_.rows, at) + base.first * next + t.into;
      for (int64_t j = 0; j < base.depth; j++, to += next) {
        *to = c[bound[j]];
        zeros |= *to == 0;
      }
    }
    hasZero_ = hasZero_ || zeros;
  }
  /** The first coefficients of a row, and how far the next ones of it are. */
  T* coefficient(int64_t group, int64_t row) const {
    return coefficients_ + group * groupSize_ + row / tile_ * tile_ * step_.states * panels_.depth + row % tile_ * step_.states;
  }
  int64_t stepOf(int64_t row) const {
    return (row / tile_ == panels_.rows / tile_ ? lastTile_ : tile_) * step_.states;
  }

  /**
   * Panels next to each other, from column `first` on: a tile of rows goes through all of them before the next, so that memory is
   * read in longer runs.
   */
  void sideBySide(int64_t first, int64_t count, T* packed) const {
    const int64_t width = products_.panelColumns, size = panels_.depth * width;
    const auto base = [&](int64_t g, int64_t i) { return packed + ((panels_.readsOld ? g : 0) * count + i) * size; };
    const auto columns = [&](int64_t i) { return std::min(width, step_.inner - first - i * width); };
    const auto packAll = [&](int64_t g) {
      for (int64_t i = 0; i < count; i++) pack(g, first + i * width, columns(i), base(g, i));
    };
    for (int64_t g = 0; panels_.readsOld && g < panels_.groups; g++) packAll(g);
    for (int64_t g = 0; g < panels_.groups; g++) {
      if (!panels_.readsOld) packAll(g);
      bool isDone[kMostSideBySide] = {};
      for (int64_t i = 0; i < count; i++) {
        // matrix products have strong zeros by themselves where nothing is infinite
        if (!isWild_ && (!hasZero_ || std::isfinite(total(base(g, i), size)))) continue;
        careful(panelOf(g, first + i * width, base(g, i)), g, columns(i));
        isDone[i] = true;
      }
      for (int64_t row = 0; row < panels_.rows; row += tile_)
        for (int64_t i = 0; i < count; i++)
          if (!isDone[i])
            products_.tracePanel[step_.states - 1](tileOf(panelOf(g, first + i * width, base(g, i)), row), columns(i));
    }
  }
  /** The tile of a panel's rows that begins with `row`. */
  TracePanel<T> tileOf(TracePanel<T> panel, int64_t row) const {
    const int64_t states = step_.states;
    panel.traceAt += row;
    panel.gradientAt += row;
    panel.rows = std::min(tile_, panels_.rows - row);
    panel.own += row * states * states;
    panel.before += row * states;
    panel.after += row * states;
    panel.coefficients += row * states * panels_.depth;
    return panel;
  }
  void pack(int64_t group, int64_t j, int64_t n, T* to) const {
    const int64_t* at = baseAt_ + group * panels_.bases.size();
    for (const TracePanels::Base& base : panels_.bases) {
      const T* from = step_.terms[base.term].base.template at<T>(*at++) + j;
      products_.packPanel(to + base.first * products_.panelColumns, from, baseBound_ + base.first, base.depth, n);
    }
  }
  TracePanel<T> panelOf(int64_t group, int64_t j, const T* base) const {
    const int64_t row = group * panels_.rows, states = step_.states;
    TracePanel<T> panel;
    for (int k = 0; k < states; k++) panel.trace[k] = reinterpret_cast<T*>(step_.traces[k]) + j;
    const bool learns = step_.hasBefore || step_.hasAfter;
    panel.gradient = learns ? reinterpret_cast<T*>(step_.gradient) + j : nullptr;
    panel.traceAt = traceAt_ + row;
    panel.gradientAt = gradientAt_ + row;
    panel.rows = panels_.rows;
    panel.own = own_ + row * states * states;
    panel.before = before_ + row * states;
    panel.after = after_ + row * states;
    panel.coefficients = coefficients_ + group * groupSize_;
    panel.base = base;
    panel.depth = panels_.depth;
    return panel;
  }
  double total(const double* x, int64_t n) const { return context_.table.sum64(x, n); }
  double total(const float* x, int64_t n) const { return context_.table.sum32(x, n); }

  /** Entry by entry, whatever the coefficients. */
  void careful(const TracePanel<T>& panel, int64_t group, int64_t n) const {
    const int states = step_.states;
    for (int64_t row = 0; row < panels_.rows; row++)
      for (int64_t j = 0; j < n; j++) {
        T old[kMaxStates], g = 0;
        for (int k = 0; k < states; k++) {
          old[k] = panel.trace[k][panel.traceAt[row] + j];
          g += strong(panel.before[row * states + k], old[k]);
        }
        for (int k = 0; k < states; k++) {
          T next = 0;
          const T* c = coefficient(group, row) + k;
          for (int64_t i = 0; i < panels_.depth; i++)
            next += strong(c[i * stepOf(row)], panel.base[i * products_.panelColumns + j]);
          for (int l = 0; l < states; l++) next += strong(panel.own[(row * states + k) * states + l], old[l]);
          panel.trace[k][panel.traceAt[row] + j] = next;
          g += strong(panel.after[row * states + k], next);
        }
        if (panel.gradient) panel.gradient[panel.gradientAt[row] + j] += g;
      }
  }

  const TracePanels& panels_;
  const TraceStep& step_;
  Context& context_;
  const Products<T>& products_;
  const T one_ = 1;
  /** Rows of a tile and of the last one, and packed coefficients of a group. */
  int64_t tile_, lastTile_, groupSize_;
  T *own_, *before_, *after_, *coefficients_;
  int64_t *traceAt_, *gradientAt_, *baseAt_, *baseBound_, *coefficientBound_;
  /** Whether a coefficient is not finite, and whether one of a base is zero, or not there. */
  bool isWild_, hasZero_;
};

}  // namespace

template <class T>
void runPanels(const TracePanels& panels, const TraceStep& step, Context& context) {
  PanelRun<T>(panels, step, context).run();
}

template void runPanels<float>(const TracePanels&, const TraceStep&, Context&);
template void runPanels<double>(const TracePanels&, const TraceStep&, Context&);

}  // namespace onward
