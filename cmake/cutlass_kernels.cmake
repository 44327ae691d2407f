# twofour_cutlass_sources(LIST SELECTION OUT_VAR): writes one source for each architecture and tile
# shape of the list of kernels, to be compiled for that architecture, and one with the table of all
# kernels. SELECTION is "all", "smoke" (starred types alone), or tile shapes separated by commas. A
# kernel is an instance of Gemm in the gemm.cuh of its architecture's folder.
set(TWOFOUR_CUTLASS_TYPES_i8 "DataType::kInt8, DataType::kBf16")
set(TWOFOUR_CUTLASS_TYPES_fp8 "DataType::kFp8E4m3, DataType::kBf16")
set(TWOFOUR_CUTLASS_TYPES_fp8h "DataType::kFp8E4m3, DataType::kFp16")
set(TWOFOUR_CUTLASS_TYPES_bf16 "DataType::kBf16, DataType::kBf16")
set(TWOFOUR_CUTLASS_TYPES_fp16 "DataType::kFp16, DataType::kFp16")
set(TWOFOUR_CUTLASS_WS kWarpSpecialized)
set(TWOFOUR_CUTLASS_PP kPingPong)
set(TWOFOUR_CUTLASS_CO kCooperative)
set(TWOFOUR_CUTLASS_tiles kTiles)
set(TWOFOUR_CUTLASS_streamk kStreamK)

set(TWOFOUR_CUTLASS_LOOP kStock)
set(TWOFOUR_CUTLASS_LOOP+ kInFlight)
set(TWOFOUR_CUTLASS_LOOP+w kInFlightWide)
set(TWOFOUR_CUTLASS_LOOP+s kInFlightSplit)

function(twofour_cutlass_sources list selection out)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
  string(REPLACE "," ";" wanted_tiles "${selection}")
  file(STRINGS "${list}" lines REGEX "^[^#]")
  set(units "")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES
       "^(sm[0-9]+) +([0-9]+x[0-9]+x[0-9]+) +(WS|PP|CO)([+][ws]?)? +([0-9]x[0-9]) +(tiles|streamk) +([^ ]+) +([^ ]+)$")
      message(FATAL_ERROR "${list}: not a kernel: ${line}")
    endif()
    set(architecture "${CMAKE_MATCH_1}")
    set(tile "${CMAKE_MATCH_2}")
    set(unit "${architecture}_${tile}")
    set(schedule "Schedule::${TWOFOUR_CUTLASS_${CMAKE_MATCH_3}}")
    set(mainloop "Mainloop::${TWOFOUR_CUTLASS_LOOP${CMAKE_MATCH_4}}")
    set(cluster "${CMAKE_MATCH_5}")
    set(scheduler "Scheduler::${TWOFOUR_CUTLASS_${CMAKE_MATCH_6}}")
    set(kDense "${CMAKE_MATCH_7}")
    set(kTwoFour "${CMAKE_MATCH_8}")
    string(REPLACE "x" ", " shape "${tile}")
    string(REPLACE "x" ", " cluster "${cluster}")
    set(how "${schedule}, ${cluster}, ${scheduler}, ${mainloop}")
    if(NOT selection MATCHES "^(all|smoke)$" AND NOT tile IN_LIST wanted_tiles)
      continue()
    endif()
    foreach(sparsity kDense kTwoFour)
      string(REPLACE "," ";" types "${${sparsity}}")
      foreach(type IN LISTS types)
        string(REPLACE "*" "" plain "${type}")
        if(type STREQUAL "-" OR (selection STREQUAL "smoke" AND type STREQUAL plain))
          continue()
        endif()
        if(NOT DEFINED TWOFOUR_CUTLASS_TYPES_${plain})
          message(FATAL_ERROR "${list}: '${plain}' is no type: ${line}")
        endif()
        list(APPEND units "${unit}")
        string(APPEND kernels_${unit}
          "    compiled<Gemm<${TWOFOUR_CUTLASS_TYPES_${plain}}, Sparsity::${sparsity}, ${shape}, ${how}>>(),\n")
      endforeach()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES units)
  if(NOT units)
    message(FATAL_ERROR "TWOFOUR_CUDA_KERNELS is '${selection}', not all, smoke or tiles of ${list}")
  endif()
  set(folder "${PROJECT_BINARY_DIR}/generated/cutlass")
  set(sources "${folder}/kernels.cpp")
  set(declarations "")
  set(calls "")
  foreach(unit IN LISTS units)
    string(REGEX MATCH "^(sm[0-9]+)_(.*)$" matched "${unit}")
    set(architecture "${CMAKE_MATCH_1}")
    set(tile "${CMAKE_MATCH_2}")
    set(kernels "${kernels_${unit}}")
    set(source "${folder}/${architecture}/kernels_${tile}.cu")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
[[// Written by cmake/cutlass_kernels.cmake from kernel_list.txt.
#include <vector>

#include "providers/cutlass/@architecture@/gemm.cuh"

namespace twofour::providers::cutlass::@architecture@ {

std::vector<const Kernel*> kernels_@tile@() {
  return {
@kernels@  };
}

}  // namespace twofour::providers::cutlass::@architecture@
]])
    twofour_cuda_architecture(${architecture} "${source}")
    # This makes programmatic dependent launch work.
    string(TOUPPER "${architecture}" upper)
    set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS
      "$<$<COMPILE_LANGUAGE:CUDA>:-DCUTLASS_ENABLE_GDC_FOR_${upper}=1>")
    list(APPEND sources "${source}")
    string(APPEND declarations "namespace ${architecture} {\nstd::vector<const Kernel*> kernels_${tile}();\n}\n")
    string(APPEND calls "         ${architecture}::kernels_${tile}(),\n")
  endforeach()
  file(CONFIGURE OUTPUT "${folder}/kernels.cpp" @ONLY CONTENT
[[// Written by cmake/cutlass_kernels.cmake from kernel_list.txt.
#include <vector>

#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass {

@declarations@
std::span<const Kernel* const> kernels() {
  static const std::vector<const Kernel*> all = [] {
    std::vector<const Kernel*> list;
    for (const auto& some : {
@calls@         }) {
      list.insert(list.end(), some.begin(), some.end());
    }
    return list;
  }();
  return all;
}

}  // namespace twofour::providers::cutlass
]])
  set(${out} ${sources} PARENT_SCOPE)
endfunction()
