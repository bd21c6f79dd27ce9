#include "addon/session.h"

#include <string>

#include "addon/arrays.h"
#include "cpu/program.h"

namespace onward {

namespace {

constexpr size_t kMaxArrays = 32;

/** The number of instructions in a mailbox that was read. */
constexpr int32_t kTaken = -1;

/** Memory of the mailbox as an array of JavaScript's, which keeps it alive. */
napi_value arrayOver(napi_env env, const std::shared_ptr<Mailbox>& mailbox, void* data, size_t bytes,
                     napi_typedarray_type type, size_t length) {
  auto* held = new std::shared_ptr<Mailbox>(mailbox);
  const auto release = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Mailbox>*>(hint); };
  napi_value buffer, array;
  if (napi_create_external_arraybuffer(env, data, bytes, release, held, &buffer) != napi_ok) {
    delete held;
    throw Error("no-external-memory", "native: expected a runtime that shares memory with addons, got one that does not");
  }
  check(napi_create_typedarray(env, type, length, buffer, 0, &array), "native: expected an array for the mailbox, got none");
  return array;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(napi_set_named_property(env, object, name, value), "native: expected an object that takes properties, got none");
}

napi_value text(napi_env env, const char* s) {
  napi_value value;
  check(napi_create_string_utf8(env, s, NAPI_AUTO_LENGTH, &value), "native: expected a string, got none");
  return value;
}

/** A short word. */
std::string wordOf(napi_env env, napi_value value) {
  char word[32] = "";
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, word, sizeof word, &length), "open: expected a word, got something else");
  return word;
}

}  // namespace

Session& sessionOf(napi_env env, napi_callback_info info, size_t* count, napi_value* args) {
  void* session;
  check(napi_get_cb_info(env, info, count, args, nullptr, &session), "native: expected a call, got none");
  return *static_cast<Session*>(session);
}

Context& opened(Session& session) {
  if (!session.context) throw Error("not-open", "native: expected open() before any other call, got none");
  return *session.context;
}

napi_value open(napi_env env, napi_callback_info info) {
  return guarded(env, [=] {
    size_t count = 3;
    napi_value args[3];
    Session& session = sessionOf(env, info, &count, args);
    double threads = 0;
    if (count < 3) throw Error("invalid-argument", "open: expected threads, instruction set and products, got less");
    if (napi_get_value_double(env, args[0], &threads) != napi_ok || !(threads >= 1 && threads <= 1024))
      throw Error("invalid-argument", "open: expected a number of threads from 1 to 1024, got something else");
    session.context =
        std::make_unique<Context>(static_cast<int>(threads), wordOf(env, args[1]), wordOf(env, args[2]));
    napi_value result;
    check(napi_create_object(env, &result), "native: expected an object, got none");
    Mailbox& box = *session.mailbox;
    set(env, result, "ints",
        arrayOver(env, session.mailbox, box.ints, sizeof box.ints, napi_int32_array, Mailbox::kInts));
    set(env, result, "numbers",
        arrayOver(env, session.mailbox, box.numbers, sizeof box.numbers, napi_float64_array, Mailbox::kNumbers));
    return result;
  });
}

napi_value run(napi_env env, napi_callback_info info) {
  return guarded(env, [=]() -> napi_value {
    size_t count = kMaxArrays;
    napi_value args[kMaxArrays];
    Session& session = sessionOf(env, info, &count, args);
    Context& context = opened(session);
    if (count > kMaxArrays) throw Error("invalid-argument", "run: expected at most 32 arrays, got more");
    Array arrays[kMaxArrays];
    for (size_t i = 0; i < count; i++) arrays[i] = arrayOf(env, args[i]);
    Mailbox& box = *session.mailbox;
    Encoded encoded{box.ints, Mailbox::kInts, box.numbers, Mailbox::kNumbers};
    const int32_t instructions = encoded.next();
    box.ints[0] = kTaken;
    if (instructions < 0) throw Error("no-instructions", "run: expected instructions in the mailbox, got none since the last run");
    for (int32_t i = 0; i < instructions; i++)
      runNext(encoded, arrays, static_cast<int64_t>(count), context);
    return nullptr;
  });
}

napi_value describe(napi_env env, napi_callback_info info) {
  return guarded(env, [=] {
    size_t count = 0;
    Session& session = sessionOf(env, info, &count, nullptr);
    Context& context = opened(session);
    napi_value result, threads, programs;
    check(napi_create_object(env, &result), "native: expected an object, got none");
    check(napi_create_int32(env, context.pool.threads(), &threads), "native: expected a number, got none");
    const bool hasBlas = context.usesBlas && context.blas.open();
    set(env, result, "simd", text(env, context.table.name));
    set(env, result, "threads", threads);
    check(napi_create_int64(env, session.programs->bytes(), &programs), "native: expected a number, got none");
    set(env, result, "programBytes", programs);
    set(env, result, "blas", text(env, hasBlas ? "OpenBLAS" : "own kernels"));
    set(env, result, "blasFile", text(env, hasBlas ? Blas::file() : ""));
    set(env, result, "blasConfig", text(env, context.blas.config()));
    return result;
  });
}

}  // namespace onward
