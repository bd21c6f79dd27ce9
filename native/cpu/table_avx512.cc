#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define ONWARD_ISA avx512
#define ONWARD_ISA_NAME "avx512"
#include "cpu/table_impl.h"
#endif
