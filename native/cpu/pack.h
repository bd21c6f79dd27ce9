#pragma once
#include <cstdint>
#include <cstring>

#include "code/instruction.h"
#include "cpu/table.h"

namespace onward {

/** A number as JavaScript stores it in an array of 32-bit integers: cut off, modulo 2^32; 0 for NaN and infinities. */
int32_t toInt32(double x);

/** Copies `n` entries of an operand, `stride` apart from `offset` on, into a contiguous buffer. */
template <class T>
void pack(T* to, const Instruction::Operand& x, int64_t offset, int64_t stride, int64_t n, const Table& table);

/** The way back, with conversion as JavaScript does it. */
template <class T>
void unpack(const Instruction::Operand& x, int64_t offset, int64_t stride, const T* from, int64_t n, const Table& table);

template <class T>
constexpr DType dtypeOf();
template <>
constexpr DType dtypeOf<double>() {
  return DType::Float64;
}
template <>
constexpr DType dtypeOf<float>() {
  return DType::Float32;
}

}  // namespace onward
