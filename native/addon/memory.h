#pragma once

namespace onward {

/**
 * Asks the C library to keep the memory of large arrays that are freed, up to 256 MiB, for the next ones: fresh pages cost
 * more than most kernels that fill them. Not where the user has set any of this (MALLOC_MMAP_THRESHOLD_ and the like).
 */
void keepFreedMemory();

}  // namespace onward
