#include "cpu/table.h"

#include <cstdlib>
#include <cstring>

namespace onward {

namespace baseline {
extern const Table table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}
#endif

const Table& bestTable() {
#if defined(__x86_64__)
  // ONWARD_SIMD lowers the level, to test one kernel against another
  const char* wanted = std::getenv("ONWARD_SIMD");
  const auto allowed = [wanted](const char* name) { return wanted == nullptr || std::strcmp(wanted, name) == 0; };
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  if (hasAvx512 && allowed("avx512")) return avx512::table;
  if (hasAvx2 && allowed("avx2")) return avx2::table;
#endif
  return baseline::table;
}

}  // namespace onward
