#include "app/losses.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace twofour::app {

std::vector<std::string> lost_by(std::span<const Loss> losses, int case_index,
                                 std::string_view kernel) {
  std::vector<std::string> algorithms;
  for (const Loss& loss : losses) {
    if (loss.case_index == case_index && loss.kernel == kernel) {
      algorithms.push_back(loss.algorithm);
    }
  }
  return algorithms;
}

std::vector<Loss> losses_of_case(std::span<const Loss> losses, int case_index) {
  std::vector<Loss> of_case;
  std::copy_if(losses.begin(), losses.end(), std::back_inserter(of_case),
               [&](const Loss& loss) { return loss.case_index == case_index; });
  return of_case;
}

bool add_loss(std::vector<Loss>& losses, Loss loss) {
  const std::size_t times = lost_by(losses, loss.case_index, loss.kernel).size() + 1;
  if (times >= kMostLosses) return false;
  losses.push_back(std::move(loss));
  return true;
}

std::string to_text(std::span<const Loss> losses) {
  nlohmann::json list = nlohmann::json::array();
  for (const Loss& loss : losses) {
    list.push_back(
        {{"case_index", loss.case_index}, {"kernel", loss.kernel}, {"algorithm", loss.algorithm}});
  }
  // Names come from libraries: what is not UTF-8 is replaced, not thrown at.
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<Loss> parse_losses(std::string_view text) {
  if (text.empty()) return {};
  std::vector<Loss> losses;
  try {
    for (const nlohmann::json& entry : nlohmann::json::parse(text)) {
      losses.push_back({.case_index = entry.at("case_index"),
                        .kernel = entry.at("kernel"),
                        .algorithm = entry.at("algorithm")});
    }
  } catch (const nlohmann::json::exception& error) {
    throw std::invalid_argument(error.what());
  }
  return losses;
}

}  // namespace twofour::app
