#include "core/shared_text.h"

#include <mutex>
#include <ostream>
#include <unordered_set>

namespace twofour {
namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

const std::string* kept(std::string_view text) {
  static std::mutex mutex;
  // Never destroyed: static objects may have texts.
  static auto& all = *new std::unordered_set<std::string, Hash, std::equal_to<>>;
  const std::lock_guard lock(mutex);
  if (const auto found = all.find(text); found != all.end()) return &*found;
  return &*all.emplace(text).first;
}

const std::string* empty_text() {
  static const std::string* const empty = kept({});
  return empty;
}

}  // namespace

SharedText::SharedText() : text_(empty_text()) {}

SharedText::SharedText(std::string_view text) : text_(text.empty() ? empty_text() : kept(text)) {}

std::ostream& operator<<(std::ostream& stream, SharedText text) { return stream << text.view(); }

}  // namespace twofour
