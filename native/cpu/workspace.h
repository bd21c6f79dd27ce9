#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace onward {

/** Scratch memory of one thread, kept between calls: a few slots that grow. */
class Workspace {
 public:
  enum Slot { kGemm, kPatches, kResult, kLeft, kRight, kKernel, kErrors, kOld, kKept, kSlots };

  /** At least `n` elements, aligned to 64 bytes, of any contents; valid until the slot is asked for again. */
  template <class T>
  T* get(Slot slot, int64_t n) {
    Buffer& b = buffers_[slot];
    const size_t bytes = (static_cast<size_t>(n) * sizeof(T) + 63) / 64 * 64;
    if (bytes > b.bytes) {
      b.data.reset();
      b.bytes = 0;
      b.data.reset(std::aligned_alloc(64, bytes));
      if (!b.data) throw std::bad_alloc();
      b.bytes = bytes;
    }
    return static_cast<T*>(b.data.get());
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  struct Buffer {
    std::unique_ptr<void, Free> data;
    size_t bytes = 0;
  };
  Buffer buffers_[kSlots];
};

}  // namespace onward
