#pragma once
#include <node_api.h>

#include <utility>

#include "addon/arrays.h"

namespace onward {

/**
 * The memory of a typed array that a program points into. JavaScript keeps the array (so that it can be collected together
 * with the program), this only watches it, and says before every replay whether the memory is still the array's.
 */
class Kept {
 public:
  Kept() = default;
  Kept(napi_env env, napi_value typedArray) : env_(env) {
    napi_value buffer;
    size_t from = 0;
    array = arrayOf(env, typedArray, &buffer, &from);
    if (array.length == 0) return;
    end_ = from + static_cast<size_t>(array.length * bytesOf(array.dtype));
    check(napi_get_arraybuffer_info(env, buffer, &start_, nullptr), "native: expected an array with memory, got none");
    check(napi_create_reference(env, buffer, 0, &buffer_), "native: expected a reference, got none");
  }
  Kept(Kept&& from) noexcept { *this = std::move(from); }
  Kept& operator=(Kept&& from) noexcept {
    std::swap(array, from.array);
    std::swap(env_, from.env_);
    std::swap(buffer_, from.buffer_);
    std::swap(start_, from.start_);
    std::swap(end_, from.end_);
    return *this;
  }
  ~Kept() {
    if (buffer_) napi_delete_reference(env_, buffer_);
  }

  /** Whether the memory is where it was, and as long: neither collected, nor detached, nor shrunk. */
  bool isThere() const {
    if (!buffer_) return true;
    napi_value buffer = nullptr;
    void* start;
    size_t length;
    return napi_get_reference_value(env_, buffer_, &buffer) == napi_ok && buffer &&
           napi_get_arraybuffer_info(env_, buffer, &start, &length) == napi_ok && start == start_ && end_ <= length;
  }

  Array array;

 private:
  napi_env env_ = nullptr;
  napi_ref buffer_ = nullptr;
  void* start_ = nullptr;
  size_t end_ = 0;
};

}  // namespace onward
