// Variables of the environment that change what is measured or printed, and what is done about
// them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"

namespace twofour::app {

/// A row of the table. The first one that matches a name counts.
struct SwitchRule {
  std::string_view name;          ///< a `*` at its begin or end stands for any text
  bool cleared = false;           ///< it is not set for the process that measures
  std::string_view instead = {};  ///< what to use in its place; empty: nothing
};

std::span<const SwitchRule> switch_rules();

/// The rule for a variable; null where it is no switch.
const SwitchRule* rule_of(std::string_view name);

/// Those of `variables` ("NAME=value") that are switches, in their order.
std::vector<EnvironmentSwitch> switches_in(std::span<const std::string> variables);

/// One line that names those of `switches` that were cleared; empty where none was.
std::string cleared_text(std::span<const EnvironmentSwitch> switches);

}  // namespace twofour::app
