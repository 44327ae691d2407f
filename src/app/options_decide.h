// Values of the options that a decision is asked with, which `bench` and `report` share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "decide/question.h"

namespace twofour::app {

inline constexpr std::string_view kLinearShareAllowed = "a number above 0 and at most 1";
inline constexpr std::string_view kDispatchAllowed =
    "a file to write, in a directory that exists, and no .jsonl";

/// Each throws UsageError naming the option, the value and what is allowed.
std::vector<decide::TrafficClass> traffic_value(const OptionSpec& option, const std::string& text);
double linear_share_value(const OptionSpec& option, const std::string& text);
std::filesystem::path dispatch_value(const OptionSpec& option, const std::string& text);

}  // namespace twofour::app
