#include "cpu/pool.h"

namespace onward {

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
  {
    std::lock_guard<std::mutex> lock(mutex_);
    call_ = call;
    run_ = run;
    tasks_ = tasks;
    next_ = 0;
    busy_ = threads_ - 1;
    failed_ = nullptr;
    round_++;
  }
  wake_.notify_all();
  work(0);
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
  if (failed_) std::rethrow_exception(failed_);
}

void Pool::serve(int thread) {
  uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    work(thread);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      busy_--;
    }
    done_.notify_one();
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
