#include "cpu/pack.h"

#include <cmath>
#include <type_traits>

namespace onward {

int32_t toInt32(double x) {
  if (x >= -2147483648.0 && x <= 2147483647.0) return static_cast<int32_t>(x);
  if (!std::isfinite(x)) return 0;
  const double rest = std::fmod(std::trunc(x), 4294967296.0);
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(rest)));
}

namespace {

template <class To, class From>
void convert(To* to, int64_t toStride, const From* from, int64_t fromStride, int64_t n) {
  for (int64_t j = 0; j < n; j++) {
    if constexpr (std::is_integral<To>::value && !std::is_integral<From>::value)
      to[j * toStride] = static_cast<To>(toInt32(from[j * fromStride]));
    else
      to[j * toStride] = static_cast<To>(from[j * fromStride]);
  }
}

void convertContiguous(double* to, const float* from, int64_t n, const Table& table) { table.widen(to, from, n); }
void convertContiguous(float* to, const double* from, int64_t n, const Table& table) { table.narrow(to, from, n); }
template <class T>
void convertContiguous(T* to, const T* from, int64_t n, const Table&) {
  std::memcpy(to, from, n * sizeof(T));
}
/** Truth values: kernels give only zeros and ones. */
template <class From>
void convertContiguous(uint8_t* to, const From* from, int64_t n, const Table&) {
  for (int64_t j = 0; j < n; j++) to[j] = from[j] != 0;
}
template <class To, class From>
void convertContiguous(To* to, const From* from, int64_t n, const Table&) {
  convert(to, 1, from, 1, n);
}

/** Calls f with a pointer to the operand's type at an offset. */
template <class F>
void typed(const Instruction::Operand& x, int64_t offset, F f) {
  switch (x.dtype) {
    case DType::Float64:
      f(x.at<double>(offset));
      return;
    case DType::Float32:
      f(x.at<float>(offset));
      return;
    case DType::Int32:
      f(x.at<int32_t>(offset));
      return;
    case DType::Bool:
      f(x.at<uint8_t>(offset));
  }
}

}  // namespace

template <class T>
void pack(T* to, const Instruction::Operand& x, int64_t offset, int64_t stride, int64_t n, const Table& table) {
  typed(x, offset, [&](auto* from) {
    if (stride == 0) {
      const T value = static_cast<T>(*from);
      for (int64_t j = 0; j < n; j++) to[j] = value;
    } else if (stride == 1) {
      convertContiguous(to, from, n, table);
    } else {
      convert(to, 1, from, stride, n);
    }
  });
}

template <class T>
void unpack(const Instruction::Operand& x, int64_t offset, int64_t stride, const T* from, int64_t n,
            const Table& table) {
  typed(x, offset, [&](auto* to) {
    if (stride == 1)
      convertContiguous(to, from, n, table);
    else
      convert(to, stride, from, 1, n);
  });
}

template void pack(double*, const Instruction::Operand&, int64_t, int64_t, int64_t, const Table&);
template void pack(float*, const Instruction::Operand&, int64_t, int64_t, int64_t, const Table&);
template void unpack(const Instruction::Operand&, int64_t, int64_t, const double*, int64_t, const Table&);
template void unpack(const Instruction::Operand&, int64_t, int64_t, const float*, int64_t, const Table&);

}  // namespace onward
