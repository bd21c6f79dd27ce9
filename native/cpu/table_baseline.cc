#define ONWARD_ISA baseline
#define ONWARD_ISA_NAME "baseline"
#include "cpu/table_impl.h"
