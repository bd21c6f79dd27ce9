#pragma once
#include <cstdint>
#include <vector>

#include "code/array.h"
#include "code/encoded.h"

namespace onward {

/**
 * A program as TypeScript sends it: instructions and trace steps, and the arrays that they point into, whose memory must
 * outlive it. Here is where it will say which of these are given, kept and its own, for machines that have to fetch them.
 */
class EncodedProgram {
 public:
  /** `ints` begin with the number of instructions. */
  EncodedProgram(std::vector<int32_t> ints, std::vector<double> numbers, std::vector<Array> arrays);

  /** Puts another array of the same dtype in the place of one; what was decoded before points at the old one. */
  void rebind(int64_t index, const Array& array);

  Encoded encoded() const;
  const std::vector<Array>& arrays() const { return arrays_; }
  /** What it takes up besides itself and the arrays' memory. */
  int64_t bytes() const;

 private:
  std::vector<int32_t> ints_;
  std::vector<double> numbers_;
  std::vector<Array> arrays_;
};

}  // namespace onward
