// Algorithms that cost a row its device, as one process hands them to the next.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::app {

/// A search for `kernel` in case `case_index` tried `algorithm`, and the process lost its device or
/// never got it back.
struct Loss {
  int case_index = 0;
  std::string kernel;
  std::string algorithm;
  bool operator==(const Loss&) const = default;
};

/// A row whose search loses the device so often is not tried again: something else is wrong, and
/// each loss costs a new process.
inline constexpr int kMostLosses = 3;

/// The algorithms that `losses` name for one row, in their order.
std::vector<std::string> lost_by(std::span<const Loss> losses, int case_index,
                                 std::string_view kernel);

/// Those of one case: what a successor that goes on with it must know.
std::vector<Loss> losses_of_case(std::span<const Loss> losses, int case_index);

/// Adds `loss` to `losses`, to try its row again without the algorithm. False, and nothing is
/// added, when the row has been tried often enough.
bool add_loss(std::vector<Loss>& losses, Loss loss);

/// JSON, and back. An empty text is no losses. Throws std::invalid_argument for another text that
/// to_text() did not make.
std::string to_text(std::span<const Loss> losses);
std::vector<Loss> parse_losses(std::string_view text);

}  // namespace twofour::app
