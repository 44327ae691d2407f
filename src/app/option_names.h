// The names of options, for the table of options and for messages about them.
#pragma once

#include <string_view>

namespace twofour::app::option {

inline constexpr std::string_view kDtype = "--dtype";
inline constexpr std::string_view kDimStart = "--dim-start";
inline constexpr std::string_view kDimEnd = "--dim-end";
inline constexpr std::string_view kDimIncrement = "--dim-increment";
inline constexpr std::string_view kMConstant = "--m-constant";
inline constexpr std::string_view kKConstant = "--k-constant";
inline constexpr std::string_view kNConstant = "--n-constant";
inline constexpr std::string_view kModelsFile = "--models-file";
inline constexpr std::string_view kUnfused = "--unfused";
inline constexpr std::string_view kModelConfig = "--model-config";
inline constexpr std::string_view kModelDir = "--model-dir";
inline constexpr std::string_view kWeights = "--weights";
inline constexpr std::string_view kWeightsLayer = "--weights-layer";
inline constexpr std::string_view kActivations = "--activations";
inline constexpr std::string_view kModels = "--models";
inline constexpr std::string_view kBatchSizes = "--batch-sizes";
inline constexpr std::string_view kTpSizes = "--tp-sizes";
inline constexpr std::string_view kBreakEven = "--break-even";
inline constexpr std::string_view kTraffic = "--traffic";
inline constexpr std::string_view kLinearShare = "--linear-share";
inline constexpr std::string_view kDispatch = "--dispatch";
inline constexpr std::string_view kDevice = "--device";
inline constexpr std::string_view kSpread = "--spread";
inline constexpr std::string_view kTogether = "--together";
inline constexpr std::string_view kShard = "--shard";
inline constexpr std::string_view kProviders = "--providers";
inline constexpr std::string_view kKernels = "--kernels";
inline constexpr std::string_view kPattern = "--pattern";
inline constexpr std::string_view kScales = "--scales";
inline constexpr std::string_view kCache = "--cache";
inline constexpr std::string_view kPrecision = "--precision";
inline constexpr std::string_view kMaxTime = "--max-time";
inline constexpr std::string_view kLoad = "--load";
inline constexpr std::string_view kCaseTimeout = "--case-timeout";
inline constexpr std::string_view kThreads = "--threads";
inline constexpr std::string_view kSeed = "--seed";
inline constexpr std::string_view kOutputDir = "--output-dir";
inline constexpr std::string_view kSearch = "--search";
inline constexpr std::string_view kNoTuning = "--no-tuning";
inline constexpr std::string_view kHtml = "--html";
inline constexpr std::string_view kResume = "--resume";
inline constexpr std::string_view kResumeAnyway = "--resume-anyway";
inline constexpr std::string_view kFormat = "--format";
inline constexpr std::string_view kOutput = "--output";
inline constexpr std::string_view kWide = "--wide";
inline constexpr std::string_view kOld = "--old";
inline constexpr std::string_view kNew = "--new";
inline constexpr std::string_view kDevices = "--devices";
inline constexpr std::string_view kOn = "--on";
inline constexpr std::string_view kThreshold = "--threshold";
inline constexpr std::string_view kStrict = "--strict";
inline constexpr std::string_view kAnyway = "--anyway";
inline constexpr std::string_view kDryRun = "--dry-run";
inline constexpr std::string_view kQuiet = "--quiet";
inline constexpr std::string_view kInProcess = "--in-process";

}  // namespace twofour::app::option
