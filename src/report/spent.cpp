#include "report/spent.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace twofour::report {

double TimeSpent::overhead() const {
  const double total = total_s();
  return total > 0 ? (set_up_s + verify_s) / total : 0;
}

TimeSpent time_spent(std::span<const Record> records) {
  TimeSpent spent;
  // A case that a fresh process completed made its operands twice, so their time tells them apart.
  std::set<std::tuple<int, DataType, double, double>> operands;
  std::set<std::tuple<int, std::string, std::string>> kernels;
  for (const Record& r : records) {
    const Phases& p = r.phases;
    spent.measure_s += p.measure_s;
    if (operands.emplace(r.case_index, r.problem.a, p.operands_s, p.reference_s).second) {
      spent.set_up_s += p.operands_s + p.reference_s;
    }
    if (kernels.emplace(r.case_index, r.provider, r.kernel).second) {
      spent.set_up_s += p.prepare_s + p.plan_s;
      spent.search_s += p.plan_s;
      spent.verify_s += p.verify_s;
    }
  }
  return spent;
}

}  // namespace twofour::report
