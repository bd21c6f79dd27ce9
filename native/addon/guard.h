#pragma once
#include <node_api.h>

#include <exception>
#include <new>

#include "code/error.h"

namespace onward {

/** Throws a JavaScript error with a code. */
inline void raise(napi_env env, const char* code, const char* message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, code, message);
}

/** Runs f; whatever it throws becomes a JavaScript error with a code, which TypeScript turns into a BackendError. */
template <class F>
napi_value guarded(napi_env env, F f) {
  try {
    return f();
  } catch (const Error& e) {
    raise(env, e.code(), e.what());
  } catch (const std::bad_alloc&) {
    raise(env, "out-of-memory", "native: expected enough memory for intermediate results, got none");
  } catch (const std::exception& e) {
    raise(env, "native-failure", e.what());
  }
  return nullptr;
}

/** @throws Error unless the call went well */
inline void check(napi_status status, const char* message) {
  if (status != napi_ok) throw Error("invalid-argument", message);
}

}  // namespace onward
