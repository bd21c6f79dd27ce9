#include "addon/memory.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace onward {

napi_value keepFreedMemory(napi_env, napi_callback_info) {
#if defined(__GLIBC__)
  // the largest that is taken on 64 bits
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  return nullptr;
}

}  // namespace onward
