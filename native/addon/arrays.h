#pragma once
#include <node_api.h>

#include "addon/guard.h"
#include "cpu/array.h"

namespace onward {

/** A typed array's memory, which stays valid until JavaScript runs again. @throws Error for anything else */
inline Array arrayOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr),
        "native: expected a typed array, got something else");
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
