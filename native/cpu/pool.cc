#include "cpu/pool.h"

#include <chrono>

namespace onward {

namespace {
constexpr std::chrono::microseconds kPatience{50};

/** Whether something comes true within a moment. */
template <class Condition>
bool soon(Condition isTrue) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 32; i++) {
      if (isTrue()) return true;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#else
      std::this_thread::yield();
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}
}  // namespace

Pool::~Pool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& t : workers_) t.join();
}

void Pool::start() {
  for (int i = static_cast<int>(workers_.size()) + 1; i < threads_; i++)
    workers_.emplace_back([this, i] { serve(i); });
}

void Pool::share(int64_t tasks, Call call, void* run) {
  if (static_cast<int>(workers_.size()) + 1 < threads_) start();
  call_ = call;
  run_ = run;
  tasks_ = tasks;
  next_ = 0;
  failed_ = nullptr;
  busy_ = threads_ - 1;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    round_++;
  }
  wake_.notify_all();
  work(0);
  const auto isDone = [this] { return busy_.load(std::memory_order_acquire) == 0; };
  if (!soon(isDone)) {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, isDone);
  }
  if (failed_) std::rethrow_exception(failed_);
}

void Pool::serve(int thread) {
  uint64_t seen = 0;
  const auto isCalled = [&] { return stop_.load() || round_.load(std::memory_order_acquire) != seen; };
  for (;;) {
    if (!soon(isCalled)) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, isCalled);
    }
    if (stop_) return;
    seen = round_;
    work(thread);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      // taken and left, so that whoever waits is either before its look or asleep
      { std::lock_guard<std::mutex> lock(mutex_); }
      done_.notify_one();
    }
  }
}

void Pool::work(int thread) {
  try {
    for (int64_t i = next_++; i < tasks_; i = next_++) call_(run_, i, thread);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failed_) failed_ = std::current_exception();
    next_ = tasks_;
  }
}

}  // namespace onward
