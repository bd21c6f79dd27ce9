// The table of vector kernels, once for each instruction set: a file that includes this defines ONWARD_ISA, and is
// compiled with the flags of that set. It must not instantiate inline functions of the standard library: the linker
// might keep such a copy for code that runs on every processor.
#include "cpu/table.h"
#include "kernels/convert.h"
#include "kernels/direct_convolution.h"
#include "kernels/dots.h"
#include "kernels/functions.h"
#include "kernels/gemm.h"
#include "kernels/narrow.h"
#include "kernels/pointwise.h"
#include "kernels/skinny.h"
#include "kernels/sums.h"
#include "kernels/trace_column.h"
#include "kernels/trace_panel.h"
#include "kernels/trace_rows.h"

namespace onward {
namespace ONWARD_ISA {

template <class T>
constexpr Products<T> productsOf() {
  return {dots<T>, addProducts<T>, Gemm<T>::run, Gemm<T>::work,
          DirectConvolution<T>::row, DirectConvolution<T>::kRows, DirectConvolution<T>::kColumns, Gemm<T>::depth, Skinny<T>::run,
          {traceRows<T, 1>, traceRows<T, 2>, traceRows<T, 3>, traceRows<T, 4>},
          {traceColumn<T, 1>, traceColumn<T, 2>, traceColumn<T, 3>, traceColumn<T, 4>},
          {tracePanel<T, 1>, tracePanel<T, 2>, tracePanel<T, 3>, tracePanel<T, 4>},
          kPanelColumns<T>, {kPanelRows<1>, kPanelRows<2>, kPanelRows<3>, kPanelRows<4>}, packPanel<T>,
          addRows<T>};
}

extern const Table table;
const Table table = {
    ONWARD_ISA_NAME,
    {
#define ONWARD_ENTRY(name) unary<D, Functions::name>,
        ONWARD_EXACT_1(ONWARD_ENTRY) ONWARD_NARROW_1(ONWARD_ENTRY) ONWARD_DOUBLE_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) binary<D, Functions::name>,
            ONWARD_EXACT_2(ONWARD_ENTRY) ONWARD_DOUBLE_2(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) unaryAttrs<Functions::name>,
                ONWARD_ATTRS_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) ternary<Functions::name>,
                    ONWARD_ATTRS_3(ONWARD_ENTRY)
#undef ONWARD_ENTRY
    },
    {
#define ONWARD_NONE(name) nullptr,
#define ONWARD_ENTRY(name) unary<F, Exact<F>::name>,
        ONWARD_EXACT_1(ONWARD_ENTRY)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) unaryNarrow<Narrow::name>,
        ONWARD_NARROW_1(ONWARD_ENTRY) ONWARD_DOUBLE_1(ONWARD_NONE)
#undef ONWARD_ENTRY
#define ONWARD_ENTRY(name) binary<F, Exact<F>::name>,
            ONWARD_EXACT_2(ONWARD_ENTRY) ONWARD_DOUBLE_2(ONWARD_NONE)
#undef ONWARD_ENTRY
                ONWARD_ATTRS_1(ONWARD_NONE) ONWARD_ATTRS_3(ONWARD_NONE)
#undef ONWARD_NONE
    },
    widen,
    narrow,
    sum<double>,
    sum<float>,
    accumulate<double>,
    accumulate<float>,
    productsOf<double>(),
    productsOf<float>(),
};

}  // namespace ONWARD_ISA
}  // namespace onward
