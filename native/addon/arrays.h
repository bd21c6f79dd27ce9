#pragma once
#include <node_api.h>

#include "addon/guard.h"
#include "code/array.h"

namespace onward {

/**
 * A typed array's memory, which stays valid until JavaScript runs again: everything that may run JavaScript (a look at an
 * entry of a list, which may be a getter) comes before the first call of this.
 * @param buffer, from where given: the memory that it is a view of, and the place in it where the array starts, in bytes
 * @throws Error for anything else, and for memory that other threads may write to while kernels check what is in it
 */
inline Array arrayOf(napi_env env, napi_value value, napi_value* buffer = nullptr, size_t* from = nullptr) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  napi_value memory;
  check(napi_get_typedarray_info(env, value, &type, &length, &data, &memory, from),
        "native: expected a typed array, got something else");
  bool isOwn = false;
  check(napi_is_arraybuffer(env, memory, &isOwn), "native: expected an array with memory, got none");
  if (!isOwn)
    throw Error("shared", "native: expected an array of its own memory, got one that threads share; copy it with slice()");
  if (buffer) *buffer = memory;
  Array array;
  array.data = data;
  array.length = data ? static_cast<int64_t>(length) : 0;
  switch (type) {
    case napi_float64_array:
      array.dtype = DType::Float64;
      return array;
    case napi_float32_array:
      array.dtype = DType::Float32;
      return array;
    case napi_int32_array:
      array.dtype = DType::Int32;
      return array;
    case napi_uint8_array:
      array.dtype = DType::Bool;
      return array;
    default:
      throw Error("invalid-argument",
                  "native: expected an array of float64, float32, int32 or uint8, got another typed array");
  }
}

}  // namespace onward
