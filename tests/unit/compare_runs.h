// Invented runs whose times follow a given noise.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "report/report.h"

namespace twofour::compare {

using Random = std::mt19937_64;

double normal(Random& random);
double uniform(Random& random);

/// `count` times around `location`, whose relative standard deviation is `deviation` and of which
/// each follows the last by `persistence` (0: they are independent).
std::vector<double> times(Random& random, std::size_t count, double location, double deviation,
                          double persistence = 0);

/// A measured row: int8 with bf16 output, M x 4096 x 4096.
Record row(const std::string& kernel, std::int64_t m, std::vector<double> device_s);

/// A row without a result.
Record without(Record record, OutcomeKind kind, const std::string& reason);

/// Of one invented device.
report::Run run(std::vector<Record> records, const std::string& source = "run.jsonl");

/// One case: a dense row and a 2:4 row, with what the latter is divided by.
std::vector<Record> pair_of_rows(int case_index, std::int64_t m, std::vector<double> dense_s,
                                 std::vector<double> sparse_s);

}  // namespace twofour::compare
