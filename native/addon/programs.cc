#include "addon/programs.h"

#include <memory>

#include "addon/arrays.h"
#include "addon/held.h"
#include "addon/session.h"

namespace onward {

namespace {

constexpr napi_type_tag kTag = {0x6f6e7761726450ULL, 0x726f6772616d31ULL};

/** Where the object of a program keeps its arrays for JavaScript's collector; what is there is never trusted. */
constexpr const char* kArrays = "arrays";

void release(napi_env, void* data, void*) { delete static_cast<Held*>(data); }

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
    Session& session = sessionOf(env, info, &count, args);
    opened(session);
    bool isArray = false;
    if (count < 3 || napi_is_array(env, args[2], &isArray) != napi_ok || !isArray)
      throw Error("invalid-argument", "program: expected integers, numbers and a list of arrays, got something else");
    session.programs->sweep();
    uint32_t length = 0;
    check(napi_get_array_length(env, args[2], &length), "program: expected a list of arrays, got something else");
    // a look at an entry may run JavaScript, which may do anything to the arrays seen before
    std::vector<napi_value> arrays(length);
    for (uint32_t i = 0; i < length; i++)
      check(napi_get_element(env, args[2], i, &arrays[i]), "program: expected a list of arrays, got something else");
    auto held = std::make_unique<Held>(env, numbersOf<int32_t>(env, args[0], DType::Int32),
                                       numbersOf<double>(env, args[1], DType::Float64), arrays);
    napi_value kept, result;
    check(napi_create_array_with_length(env, length, &kept), "program: expected memory for a list, got none");
    for (uint32_t i = 0; i < length; i++)
      check(napi_set_element(env, kept, i, arrays[i]), "program: expected memory for a list, got none");
    check(napi_create_object(env, &result), "program: expected an object, got none");
    check(napi_type_tag_object(env, result, &kTag), "program: expected an object, got none");
    const napi_property_descriptor property = {kArrays, nullptr, nullptr, nullptr, nullptr, kept, napi_default, nullptr};
    check(napi_define_properties(env, result, 1, &property), "program: expected an object that takes properties, got none");
    check(napi_wrap(env, result, held.get(), release, nullptr, nullptr),
          "program: expected an object that can be wrapped, got another");
    held.release()->joins(session.programs, result);
    return result;
  });
}

napi_value replay(napi_env env, napi_callback_info info) {
  return guarded(env, [=]() -> napi_value {
    size_t count = 1;
    napi_value args[1];
    Context& context = opened(sessionOf(env, info, &count, args));
    if (count < 1) throw Error("invalid-argument", "replay: expected a program, got nothing");
    heldOf(env, args[0]).run(context);
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
    held.rebind(index, args[2]);
    napi_value kept;
    check(napi_get_named_property(env, args[0], kArrays, &kept), "rebind: expected the program's arrays, got none");
    check(napi_set_element(env, kept, static_cast<uint32_t>(index), args[2]), "rebind: expected memory for a list, got none");
    return nullptr;
  });
}

}  // namespace onward
