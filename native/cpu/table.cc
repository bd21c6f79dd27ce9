#include "cpu/table.h"

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

const Table& tableFor(const char* name) {
#if defined(__x86_64__)
  const auto asked = [name](const char* level) { return name[0] == 0 || std::strcmp(name, level) == 0; };
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  if (hasAvx512 && asked("avx512")) return avx512::table;
  if (hasAvx2 && asked("avx2")) return avx2::table;
#else
  (void)name;
#endif
  return baseline::table;
}

}  // namespace onward
