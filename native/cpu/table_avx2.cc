#if defined(__AVX2__) && defined(__FMA__)
#define ONWARD_ISA avx2
#define ONWARD_ISA_NAME "avx2"
#include "cpu/table_impl.h"
#endif
