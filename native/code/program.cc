#include "code/program.h"

#include <utility>

#include "code/error.h"

namespace onward {

EncodedProgram::EncodedProgram(std::vector<int32_t> ints, std::vector<double> numbers, std::vector<Array> arrays)
    : ints_(std::move(ints)), numbers_(std::move(numbers)), arrays_(std::move(arrays)) {}

void EncodedProgram::rebind(int64_t index, const Array& array) {
  if (index < 0 || index >= static_cast<int64_t>(arrays_.size()))
    throw Error("invalid-argument", "rebind: expected the index of an array of the program, got another");
  Array& old = arrays_[index];
  if (old.dtype != array.dtype)
    throw Error("invalid-argument", "rebind: expected an array of the same dtype, got another");
  old = array;
}

Encoded EncodedProgram::encoded() const {
  return {ints_.data(), static_cast<int64_t>(ints_.size()), numbers_.data(), static_cast<int64_t>(numbers_.size())};
}

int64_t EncodedProgram::bytes() const {
  return static_cast<int64_t>(ints_.capacity() * sizeof(int32_t) + numbers_.capacity() * sizeof(double) +
                              arrays_.capacity() * sizeof(Array));
}

}  // namespace onward
