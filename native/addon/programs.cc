#include "addon/programs.h"

#include <memory>

#include "addon/arrays.h"
#include "addon/session.h"
#include "cpu/program.h"

namespace onward {

namespace {

constexpr napi_type_tag kTag = {0x6f6e7761726450ULL, 0x726f6772616d31ULL};

/** A program, and a JavaScript array of its arrays, which keeps their memory. */
struct Held {
  Program program;
  napi_ref arrays = nullptr;
};

void release(napi_env env, void* data, void*) {
  auto* held = static_cast<Held*>(data);
  if (held->arrays) napi_delete_reference(env, held->arrays);
  delete held;
}

template <class T>
std::vector<T> numbersOf(napi_env env, napi_value value, DType dtype) {
  const Array array = arrayOf(env, value);
  if (array.dtype != dtype) throw Error("invalid-argument", "program: expected Int32Array and Float64Array, got others");
  const T* from = static_cast<const T*>(array.data);
  return from ? std::vector<T>(from, from + array.length) : std::vector<T>();
}

Held& heldOf(napi_env env, napi_value value) {
  bool isProgram = false;
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "native: expected a program, got nothing");
  if (type == napi_object) check(napi_check_object_type_tag(env, value, &kTag, &isProgram), "native: expected a program, got something else");
  if (!isProgram) throw Error("invalid-argument", "native: expected a program, got something else");
  void* data;
  check(napi_unwrap(env, value, &data), "native: expected a program, got something else");
  return *static_cast<Held*>(data);
}

}  // namespace

napi_value createProgram(napi_env env, napi_callback_info info) {
  return guarded(env, [=] {
    size_t count = 3;
    napi_value args[3];
    opened(sessionOf(env, info, &count, args));
    bool isArray = false;
    if (count < 3 || napi_is_array(env, args[2], &isArray) != napi_ok || !isArray)
      throw Error("invalid-argument", "program: expected integers, numbers and a list of arrays, got something else");
    uint32_t length = 0;
    check(napi_get_array_length(env, args[2], &length), "program: expected a list of arrays, got something else");
    napi_value kept, result;
    check(napi_create_array_with_length(env, length, &kept), "program: expected memory for a list, got none");
    std::vector<Array> arrays;
    for (uint32_t i = 0; i < length; i++) {
      napi_value value;
      check(napi_get_element(env, args[2], i, &value), "program: expected a list of arrays, got something else");
      arrays.push_back(arrayOf(env, value));
      check(napi_set_element(env, kept, i, value), "program: expected memory for a list, got none");
    }
    auto held = std::make_unique<Held>(Held{
        Program(numbersOf<int32_t>(env, args[0], DType::Int32), numbersOf<double>(env, args[1], DType::Float64), std::move(arrays))});
    check(napi_create_object(env, &result), "program: expected an object, got none");
    check(napi_type_tag_object(env, result, &kTag), "program: expected an object, got none");
    check(napi_create_reference(env, kept, 1, &held->arrays), "program: expected a reference, got none");
    if (napi_wrap(env, result, held.get(), release, nullptr, nullptr) != napi_ok) {
      napi_delete_reference(env, held->arrays);
      throw Error("native-failure", "program: expected an object that can be wrapped, got another");
    }
    held.release();
    return result;
  });
}

napi_value replay(napi_env env, napi_callback_info info) {
  return guarded(env, [=]() -> napi_value {
    size_t count = 1;
    napi_value args[1];
    Context& context = opened(sessionOf(env, info, &count, args));
    if (count < 1) throw Error("invalid-argument", "replay: expected a program, got nothing");
    heldOf(env, args[0]).program.run(context);
    return nullptr;
  });
}

napi_value rebind(napi_env env, napi_callback_info info) {
  return guarded(env, [=]() -> napi_value {
    size_t count = 3;
    napi_value args[3];
    opened(sessionOf(env, info, &count, args));
    int64_t index = -1;
    if (count < 3 || napi_get_value_int64(env, args[1], &index) != napi_ok)
      throw Error("invalid-argument", "rebind: expected a program, an index and an array, got something else");
    Held& held = heldOf(env, args[0]);
    held.program.rebind(index, arrayOf(env, args[2]));
    napi_value kept;
    check(napi_get_reference_value(env, held.arrays, &kept), "rebind: expected the program's arrays, got none");
    check(napi_set_element(env, kept, static_cast<uint32_t>(index), args[2]), "rebind: expected memory for a list, got none");
    return nullptr;
  });
}

}  // namespace onward
