#pragma once
#include <node_api.h>

namespace onward {

/**
 * keepFreedMemory(): asks the C library to keep the memory of large arrays that are freed, up to 256 MiB, for the next ones.
 * Fresh pages cost more than most kernels that fill them. This changes how the whole process allocates: only on request.
 */
napi_value keepFreedMemory(napi_env env, napi_callback_info info);

}  // namespace onward
