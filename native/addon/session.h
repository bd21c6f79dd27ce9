#pragma once
#include <node_api.h>

#include <memory>

#include "addon/held.h"
#include "cpu/context.h"

namespace onward {

/**
 * Where TypeScript writes instructions, shared with it: the first integer is their number. It is taken away when they are
 * run, so that nobody who writes to memory of another place by now (transferred) runs them again.
 */
struct Mailbox {
  static constexpr int kInts = 8192;
  static constexpr int kNumbers = 256;
  int32_t ints[kInts];
  double numbers[kNumbers];
};

/** What one instance of the addon keeps: one for each thread of JavaScript. */
struct Session {
  std::unique_ptr<Context> context;
  /** Also held by the arrays that TypeScript has of it. */
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  /** Programs may outlive it. */
  std::shared_ptr<Programs> programs = std::make_shared<Programs>();
};

/** The session and the arguments of a call. */
Session& sessionOf(napi_env env, napi_callback_info info, size_t* count, napi_value* args);
/** What kernels run with. @throws Error before open() */
Context& opened(Session& session);

/**
 * open(threads, simd, products): starts the session anew and gives its mailbox as { ints, numbers }. The words name an
 * instruction set and whose matrix products to use (see Context), or are empty.
 */
napi_value open(napi_env env, napi_callback_info info);
/** run(...arrays): decodes and runs the instructions in the mailbox, on these arrays. */
napi_value run(napi_env env, napi_callback_info info);
/** info(): { simd, threads, programBytes, blas, blasFile, blasConfig }; opens the BLAS. */
napi_value describe(napi_env env, napi_callback_info info);

}  // namespace onward
