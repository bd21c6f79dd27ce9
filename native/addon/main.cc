// Registration, and nothing else.
#include <napi.h>

#include "addon/memory.h"
#include "addon/programs.h"
#include "addon/session.h"
#include "code/op.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* session = new onward::Session();
  env.SetInstanceData<onward::Session>(session);
  const auto define = [&](const char* name, napi_callback callback) {
    napi_value function;
    const napi_status status = napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, session, &function);
    if (status != napi_ok) throw Napi::Error::New(env);
    exports.Set(name, function);
  };
  define("open", onward::open);
  define("run", onward::run);
  define("info", onward::describe);
  define("program", onward::createProgram);
  define("replay", onward::replay);
  define("rebind", onward::rebind);
  define("keepFreedMemory", onward::keepFreedMemory);
  Napi::Array names = Napi::Array::New(env, onward::kOps + 1);
  for (int i = 0; i < onward::kOps; i++) names.Set(i, onward::nameOf(static_cast<onward::Op>(i)));
  names.Set(onward::kTraceStep, "traceStep");
  exports.Set("names", names);
  return exports;
}

}  // namespace

NODE_API_MODULE(onward, init)
