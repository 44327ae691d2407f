// What a reader must know before believing a row; pure functions. docs/measurement.md explains each
// flag.
#pragma once

#include <optional>
#include <vector>

#include "core/environment.h"
#include "core/flag.h"
#include "core/record.h"

namespace twofour::measure {

/// Weight bytes may come faster than the read roof by this factor before a row is NOT_COLD: the
/// roof is itself a measurement.
inline constexpr double kRoofMargin = 1.10;
/// A dense kernel under this share of both of its roofs makes a WEAK_BASELINE.
inline constexpr double kWeakShare = 0.40;

/// Other processes, or another virtual machine, may take this share of the processors before a row
/// is BUSY: daemons and the counters' hundredths of a second are below it.
inline constexpr double kBusyShare = 0.05;

/// Whether a launch of `record` that takes `median_s` seconds took in its weights faster than the
/// read roof allows, by more than the margin. False while the roof is not known.
bool above_read_roof(const Record& record, double median_s, const Roofs& roofs);

/// Largest speed-up over a dense kernel at its roof that the pattern of `record` can give its
/// problem: 2 where multiply-adds decide (1.33 of 6:8), dense weight bytes over those of the
/// pattern where these decide (1.60 for 8-bit types, 1.78 for 16-bit ones; 1.07 and 1.19 of 6:8;
/// cold rows only, with both roofs known), and in between what the two roofs leave. Nothing for a
/// row in hot caches across the cliff, where the sizes of caches decide.
std::optional<double> speed_up_ceiling(const Record& record, const Roofs& roofs);

/// Share of its nearer roof (multiply-adds, or compulsory traffic at the read roof) that a dense
/// kernel of `record`'s problem reaches in `median_s`. Nothing unless both roofs are known.
std::optional<double> share_of_roof(const Record& record, double median_s, const Roofs& roofs);

/// The flags of a measured row, in the order of core/flag.h. `dense_median_s` is the median of the
/// kernel that `record.vs_dense` divides by.
std::vector<Flag> flags(const Record& record, std::optional<double> dense_median_s,
                        const Roofs& roofs);

}  // namespace twofour::measure
