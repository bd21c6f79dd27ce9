#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace onward {

/**
 * Threads that share out numbered tasks. Which thread runs a task is open, so tasks must not depend on it: results are
 * the same for any number of threads. With one thread nothing is started and nothing is locked. Who waits looks again and
 * again for some microseconds before it sleeps: waking takes longer than many a kernel.
 */
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads < 1 ? 1 : threads) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return threads_; }

  /** Calls run(task, thread) for every task below `tasks`, and returns when all are done. */
  template <class Run>
  void each(int64_t tasks, Run run) {
    if (threads_ == 1 || tasks <= 1) {
      for (int64_t i = 0; i < tasks; i++) run(i, 0);
      return;
    }
    share(tasks, [](void* f, int64_t task, int thread) { (*static_cast<Run*>(f))(task, thread); }, &run);
  }

 private:
  using Call = void (*)(void*, int64_t, int);
  void share(int64_t tasks, Call call, void* run);
  void start();
  void serve(int thread);
  void work(int thread);

  const int threads_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Call call_ = nullptr;
  void* run_ = nullptr;
  int64_t tasks_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<uint64_t> round_{0};
  std::atomic<bool> stop_{false};
  std::exception_ptr failed_;
};

}  // namespace onward
