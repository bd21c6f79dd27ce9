#pragma once
#include <cstdint>

namespace onward {

/** Element types; a bool is one byte, 0 or 1. */
enum class DType : int32_t { Float64, Float32, Int32, Bool };

constexpr int64_t bytesOf(DType dtype) {
  return dtype == DType::Float64 ? 8 : dtype == DType::Bool ? 1 : 4;
}

/** Numbers in memory that somebody else owns. */
struct Array {
  void* data = nullptr;
  int64_t length = 0;
  DType dtype = DType::Float64;
};

}  // namespace onward
