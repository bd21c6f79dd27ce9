#pragma once
#include <node_api.h>

#include <memory>
#include <vector>

#include "addon/kept.h"
#include "cpu/program.h"

namespace onward {

class Programs;

/** A program, what it points into, and the object by which JavaScript knows it. */
class Held {
 public:
  /** @throws Error where the arrays are none, or the instructions make no sense */
  Held(napi_env env, std::vector<int32_t> ints, std::vector<double> numbers, const std::vector<napi_value>& arrays);
  ~Held() { free(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  /** @throws Error with code "detached", before anything is run, where an array's memory is no longer its own */
  void run(Context& context);
  void rebind(int64_t index, napi_value array);
  /** Where it is listed, so that its memory need not wait for its finalizer. */
  void joins(const std::shared_ptr<Programs>& programs, napi_value object);

 private:
  friend class Programs;
  bool isDropped() const;
  /** Frees all but this object itself, which its finalizer deletes. */
  void free();
  /** Tells V8, which collects sooner where much hangs on little. */
  void report();

  napi_env env_;
  std::vector<Kept> kept_;
  std::unique_ptr<Program> program_;
  /** Weak. */
  napi_ref object_ = nullptr;
  std::shared_ptr<Programs> programs_;
  size_t place_ = 0;
  int64_t reported_ = 0;
};

/**
 * The programs of one instance of the addon. Node runs finalizers when its event loop turns, so that a loop that never yields
 * would gather programs that nobody can reach any more: each new one looks for some of these.
 */
class Programs {
 public:
  /** Frees those that JavaScript has dropped among the next few. */
  void sweep();
  /** What those that are listed take up, besides the arrays. */
  int64_t bytes() const { return bytes_; }

 private:
  friend class Held;
  std::vector<Held*> all_;
  size_t at_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace onward
