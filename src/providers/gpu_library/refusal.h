// How a provider learns from its library whether that takes a problem: by describing it.
#pragma once

#include <cstdint>
#include <exception>

#include "providers/provider.h"

namespace twofour::providers {

/// An address that is aligned as device allocations are, for descriptions that are never run.
inline const void* address_never_read() {
  return reinterpret_cast<const void*>(std::uintptr_t{1} << 20);
}

/// What `describe` returns, or no with the text of the std::exception that it throws.
template <class Describe>
Support unless_refused(const Describe& describe) {
  try {
    return describe();
  } catch (const std::exception& error) {
    return Support::no(error.what());
  }
}

}  // namespace twofour::providers
