#pragma once
#include <node_api.h>

namespace onward {

/** program(ints, numbers, arrays): decodes instructions for `replay`, and holds on to the arrays. */
napi_value createProgram(napi_env env, napi_callback_info info);
/** replay(program): runs all of it. No array of it may have been detached since. */
napi_value replay(napi_env env, napi_callback_info info);
/** rebind(program, index, array): points it at another array in place of the one at that index. */
napi_value rebind(napi_env env, napi_callback_info info);

}  // namespace onward
