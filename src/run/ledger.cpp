#include "run/ledger.h"

#include <algorithm>
#include <utility>

namespace twofour::run {

void Ledger::begin_part(Environment environment) {
  environments_.push_back(environment);
  environment_ = std::move(environment);
  part_begin_ = records_.size();
}

bool Ledger::add(Record record) {
  if (!rows_.emplace(record.case_index, record.kernel, record.cache.mode).second) return false;
  if (!record.outcome.measured()) without_result_.emplace(record.case_index, record.kernel);
  places_[record.case_index].push_back(records_.size());
  records_.push_back(std::move(record));
  return true;
}

void Ledger::add(EndedAttempt attempt) {
  attempt_places_[attempt.case_index].push_back(attempts_.size());
  attempts_.push_back(std::move(attempt));
}

std::vector<Record> Ledger::rows_of_case(int case_index) const {
  std::vector<Record> rows;
  const auto places = places_.find(case_index);
  if (places == places_.end()) return rows;
  for (const std::size_t place : places->second) rows.push_back(records_[place]);
  return rows;
}

bool Ledger::done(int case_index, const std::string& kernel,
                  std::span<const CacheMode> caches) const {
  return without_result_.contains({case_index, kernel}) ||
         std::all_of(caches.begin(), caches.end(), [&](CacheMode mode) {
           return rows_.contains({case_index, kernel, mode});
         });
}

bool Ledger::touched(int case_index) const {
  const auto first = rows_.lower_bound({case_index, SharedText(), CacheMode::kCold});
  return first != rows_.end() && std::get<int>(*first) == case_index;
}

std::vector<std::string> Ledger::avoid(int case_index, std::string_view kernel) const {
  std::vector<std::string> algorithms;
  const auto places = attempt_places_.find(case_index);
  if (places == attempt_places_.end()) return algorithms;
  for (const std::size_t place : places->second) {
    if (attempts_[place].kernel == kernel) algorithms.push_back(attempts_[place].algorithm);
  }
  return algorithms;
}

std::vector<SelectedKernel> Ledger::kernels_left(int case_index,
                                                 std::span<const SelectedKernel> kernels,
                                                 std::span<const CacheMode> caches) const {
  std::vector<SelectedKernel> left;
  for (const SelectedKernel& selected : kernels) {
    if (done(case_index, selected.kernel.name, caches)) continue;
    left.push_back(selected);
    left.back().avoid = avoid(case_index, selected.kernel.name);
  }
  return left;
}

}  // namespace twofour::run
