#pragma once
#include <cstdint>

namespace onward {

/** A matrix in memory; strides in elements. */
template <class T>
struct Matrix {
  T* data;
  int64_t row;
  int64_t column;

  Matrix transposed() const { return {data, column, row}; }
};

}  // namespace onward
