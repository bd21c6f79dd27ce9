#pragma once
#include <node_api.h>

namespace onward {

/** program(ints, numbers, arrays): decodes instructions for `replay`; the arrays live as long as the program. */
napi_value createProgram(napi_env env, napi_callback_info info);
/** replay(program): runs all of it, or nothing where the memory of an array is no longer its own. */
napi_value replay(napi_env env, napi_callback_info info);
/** rebind(program, index, array): points it at another array in place of the one at that index. */
napi_value rebind(napi_env env, napi_callback_info info);

}  // namespace onward
