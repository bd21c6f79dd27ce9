#include "addon/held.h"

#include <string>
#include <utility>

namespace onward {

namespace {

/** As many programs are looked at for every one that is made: of those listed, at most a third are dropped ones. */
constexpr size_t kLooks = 4;

std::vector<Array> arraysOf(const std::vector<Kept>& kept) {
  std::vector<Array> arrays;
  arrays.reserve(kept.size());
  for (const Kept& k : kept) arrays.push_back(k.array);
  return arrays;
}

}  // namespace

Held::Held(napi_env env, std::vector<int32_t> ints, std::vector<double> numbers, const std::vector<napi_value>& arrays)
    : env_(env) {
  kept_.reserve(arrays.size());
  for (napi_value array : arrays) kept_.emplace_back(env, array);
  program_ = std::make_unique<Program>(EncodedProgram(std::move(ints), std::move(numbers), arraysOf(kept_)));
}

void Held::run(Context& context) {
  for (const Kept& kept : kept_)
    if (!kept.isThere())
      throw Error("detached", "native: expected the arrays of a program to stay where they are, but one of " +
                                  std::to_string(kept.array.length) + " numbers was transferred, resized or dropped");
  program_->run(context);
}

void Held::rebind(int64_t index, napi_value array) {
  Kept kept(env_, array);
  program_->rebind(index, kept.array);
  kept_[static_cast<size_t>(index)] = std::move(kept);
}

void Held::joins(const std::shared_ptr<Programs>& programs, napi_value object) {
  check(napi_create_reference(env_, object, 0, &object_), "program: expected a reference, got none");
  place_ = programs->all_.size();
  programs->all_.push_back(this);
  programs_ = programs;
  report();
}

bool Held::isDropped() const {
  napi_value object = nullptr;
  return napi_get_reference_value(env_, object_, &object) == napi_ok && !object;
}

void Held::free() {
  program_.reset();
  kept_.clear();
  kept_.shrink_to_fit();
  report();
  if (object_) napi_delete_reference(env_, object_);
  object_ = nullptr;
  if (!programs_) return;
  std::vector<Held*>& all = programs_->all_;
  all[place_] = all.back();
  all[place_]->place_ = place_;
  all.pop_back();
  programs_.reset();
}

void Held::report() {
  // a weak reference takes about as much again in V8
  const int64_t bytes =
      program_ ? program_->bytes() + static_cast<int64_t>(kept_.capacity() * (2 * sizeof(Kept) + 64)) : 0;
  int64_t all;
  if (bytes == reported_) return;
  napi_adjust_external_memory(env_, bytes - reported_, &all);
  programs_->bytes_ += bytes - reported_;
  reported_ = bytes;
}

void Programs::sweep() {
  for (size_t i = 0; i < kLooks && !all_.empty(); i++) {
    if (at_ >= all_.size()) at_ = 0;
    // another takes the place of what is freed
    if (all_[at_]->isDropped()) all_[at_]->free();
    else at_++;
  }
}

}  // namespace onward
