#include "app/switches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

/// "cleared", "kept", or "none" for a variable that is no switch.
std::string treatment(std::string_view name) {
  const SwitchRule* rule = rule_of(name);
  return rule == nullptr ? "none" : rule->cleared ? "cleared" : "kept";
}

TEST(Switches, ThatChangeResultsOrOutputAreCleared) {
  for (const char* name : {"OMP_NUM_THREADS",
                           "OMP_THREAD_LIMIT",
                           "OMP_DYNAMIC",
                           "OMP_PROC_BIND",
                           "OMP_PLACES",
                           "OMP_SCHEDULE",
                           "OMP_WAIT_POLICY",
                           "GOMP_CPU_AFFINITY",
                           "GOMP_SPINCOUNT",
                           "KMP_AFFINITY",
                           "KMP_BLOCKTIME",
                           "ONEDNN_VERBOSE",
                           "ONEDNN_MAX_CPU_ISA",
                           "ONEDNN_DEFAULT_FPMATH_MODE",
                           "ONEDNN_JIT_PROFILE",
                           "DNNL_VERBOSE",
                           "DNNL_MAX_CPU_ISA",
                           "CUDA_LAUNCH_BLOCKING",
                           "CUBLAS_WORKSPACE_CONFIG",
                           "NVIDIA_TF32_OVERRIDE",
                           "CUBLASLT_LOG_LEVEL",
                           "CUSPARSELT_LOG_LEVEL",
                           "CUBLAS_LOGINFO_DBG",
                           "TORCH_CPP_LOG_LEVEL",
                           "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
                           "PYTORCH_CUDA_ALLOC_CONF",
                           "SOME_LOG_LEVEL"}) {
    EXPECT_EQ(treatment(name), "cleared") << name;
  }
}

TEST(Switches, ThatChooseADeviceAreKept) {
  for (const char* name : {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY",
                           "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "TWOFOUR_ISA", "LD_PRELOAD"}) {
    EXPECT_EQ(treatment(name), "kept") << name;
  }
}

TEST(Switches, OtherVariablesAreNone) {
  for (const char* name : {"PATH", "HOME", "OMP", "MY_OMP_PLACES", "CUDA_HOME", "LOG_LEVEL", ""}) {
    EXPECT_EQ(treatment(name), "none") << name;
  }
}

TEST(Switches, AreReadFromAnEnvironment) {
  const std::vector<std::string> variables{"PATH=/bin", "OMP_PLACES=cores=1", "broken",
                                           "CUDA_VISIBLE_DEVICES="};
  EXPECT_THAT(switches_in(variables),
              ElementsAre(EnvironmentSwitch{"OMP_PLACES", "cores=1", true},
                          EnvironmentSwitch{"CUDA_VISIBLE_DEVICES", "", false}));
}

TEST(Switches, TheClearedOnesAreOneLine) {
  EXPECT_EQ(cleared_text({}), "");
  const std::vector<EnvironmentSwitch> kept{{"CUDA_VISIBLE_DEVICES", "0", false}};
  EXPECT_EQ(cleared_text(kept), "");
  const std::vector<EnvironmentSwitch> set{{"CUDA_VISIBLE_DEVICES", "0", false},
                                           {"OMP_NUM_THREADS", "4", true},
                                           {"ONEDNN_VERBOSE", "a\nb", true}};
  EXPECT_THAT(cleared_text(set),
              EndsWith(": OMP_NUM_THREADS=4 (use --threads), ONEDNN_VERBOSE=a b"));
  const std::vector<EnvironmentSwitch> large{{"KMP_X", std::string(1000, 'x'), true}};
  EXPECT_LT(cleared_text(large).size(), 200U);
}

}  // namespace
}  // namespace twofour::app
