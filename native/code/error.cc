#include "code/error.h"

namespace onward {

void refuse(const char* who, const std::string& expected) {
  throw Error("invalid-instruction", std::string(who) + ": expected " + expected);
}

void refuse(const char* who, const char* expected) { refuse(who, std::string(expected)); }

}  // namespace onward
