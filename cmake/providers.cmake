# twofour_add_provider(NAME
#   DEVICE cpu|cuda           where it computes
#   [NOT_DEFAULT]             runs only when --providers names it
#   [NEEDS target ...]        CMake targets of the library behind it; when one is missing the provider
#   [REASON text]             becomes a row that says this
#   SOURCES ... [HEADERS ...] [LINK ...])
#
# The provider defines std::unique_ptr<Provider> twofour::providers::make_NAME_provider(const
# device::Device&). The build writes provider_table.cpp from these calls: static self-registration would not survive linking from
# a static library.
set_property(GLOBAL PROPERTY TWOFOUR_PROVIDERS "")

function(twofour_add_provider name)
  set(kind_cpu kCpu)
  set(kind_cuda kCuda)
  cmake_parse_arguments(arg "NOT_DEFAULT" "DEVICE;REASON" "NEEDS;SOURCES;HEADERS;LINK" ${ARGN})
  set(by_default true)
  if(arg_NOT_DEFAULT)
    set(by_default false)
  endif()
  set(missing "")
  if(arg_DEVICE STREQUAL "cuda" AND NOT TWOFOUR_CUDA)
    set(missing "built without CUDA (TWOFOUR_CUDA=OFF)")
  else()
    foreach(need IN LISTS arg_NEEDS)
      if(NOT TARGET ${need})
        set(missing "${arg_REASON}")
      endif()
    endforeach()
  endif()
  if(missing)
    set(factory "nullptr")
  else()
    twofour_add_library(providers/${name} SOURCES ${arg_SOURCES} HEADERS ${arg_HEADERS}
      PUBLIC twofour_providers PRIVATE ${arg_LINK} ${arg_NEEDS})
    set(factory "make_${name}_provider")
  endif()
  foreach(prefix "" "${arg_DEVICE}_")
    if(NOT missing)
      set_property(GLOBAL APPEND PROPERTY TWOFOUR_${prefix}PROVIDER_TARGETS twofour_providers_${name})
      set_property(GLOBAL APPEND_STRING PROPERTY TWOFOUR_${prefix}PROVIDER_FACTORIES
        "std::unique_ptr<Provider> make_${name}_provider(const device::Device& device);\n")
    endif()
    set_property(GLOBAL APPEND_STRING PROPERTY TWOFOUR_${prefix}PROVIDER_ROWS
      "    {\"${name}\", DeviceKind::${kind_${arg_DEVICE}}, ${factory}, \"${missing}\", ${by_default}},\n")
  endforeach()
endfunction()

# twofour_write_provider_table([PREFIX]): writes the table and the target twofour_provider_table, of all
# providers; with PREFIX "cuda_" twofour_cuda_provider_table, of those that compute on a GPU. Call after
# all provider folders.
function(twofour_write_provider_table)
  set(prefix "${ARGN}")
  get_property(rows GLOBAL PROPERTY TWOFOUR_${prefix}PROVIDER_ROWS)
  get_property(factories GLOBAL PROPERTY TWOFOUR_${prefix}PROVIDER_FACTORIES)
  get_property(targets GLOBAL PROPERTY TWOFOUR_${prefix}PROVIDER_TARGETS)
  set(table "${PROJECT_BINARY_DIR}/generated/${prefix}provider_table.cpp")
  file(CONFIGURE OUTPUT "${table}" @ONLY CONTENT [[// Written by cmake/providers.cmake from the provider folders.
#include <vector>

#include "providers/provider.h"

namespace twofour::providers {

@factories@
std::span<const ProviderRow> provider_table() {
  static const std::vector<ProviderRow> table{
@rows@  };
  return table;
}

}  // namespace twofour::providers
]])
  add_library(twofour_${prefix}provider_table STATIC "${table}")
  target_link_libraries(twofour_${prefix}provider_table
    PUBLIC twofour_providers PRIVATE twofour_warnings ${targets})
endfunction()
