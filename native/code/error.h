#pragma once
#include <stdexcept>
#include <string>

namespace onward {

/** What the addon throws on purpose; `code` is stable, the message is one sentence for people. */
class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

/** @throws Error with code "invalid-instruction" */
[[noreturn]] void refuse(const char* who, const std::string& expected);
[[noreturn]] void refuse(const char* who, const char* expected);

}  // namespace onward
