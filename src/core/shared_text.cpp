#include "core/shared_text.h"

#include <pthread.h>

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

/// Never destroyed: static objects may have texts.
struct Texts {
  std::mutex mutex;
  std::unordered_set<std::string, Hash, std::equal_to<>> all;
};

Texts& texts() {
  static Texts& only = *[] {
    // A process that forks while another thread of it adds a text would leave its child a mutex
    // that nobody unlocks.
    pthread_atfork([] { texts().mutex.lock(); }, [] { texts().mutex.unlock(); },
                   [] { texts().mutex.unlock(); });
    return new Texts;
  }();
  return only;
}

const std::string* kept(std::string_view text) {
  Texts& shared = texts();
  const std::lock_guard lock(shared.mutex);
  if (const auto found = shared.all.find(text); found != shared.all.end()) return &*found;
  return &*shared.all.emplace(text).first;
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
