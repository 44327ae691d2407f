#include "run/verifier.h"

#include <algorithm>
#include <span>

namespace twofour::run {
namespace {

/// Elements that one thread compares in less than half a millisecond.
constexpr std::size_t kFewElements = 16384;

/// Threads that compare `elements` beside a GPU. A team as large as the machine waits for a time
/// slice, 10 ms, whenever another thread has one of its processors: on the 16 of an H200's host
/// that happened in a quarter of the rows, and took more time than all comparisons.
int comparing_threads(int threads, std::size_t elements) {
  return elements <= kFewElements ? 1 : std::max(1, threads / 2);
}

/// Operands where the host can read them: in place, or copied.
class HostView {
 public:
  explicit HostView(device::Device& device) : in_place_(device::on_host(device)), device_(device) {}

  void bring_vectors(const operands::Operands& operands) {
    view_.spec = operands.spec;
    view_.scale_a = static_cast<const float*>(bring(operands.scale_a));
    view_.scale_b = static_cast<const float*>(bring(operands.scale_b));
    view_.bias_bf16 = bring(operands.bias_bf16);
    view_.bias_fp16 = bring(operands.bias_fp16);
  }
  void bring_matrices(const operands::Operands& operands) {
    view_.a = bring(operands.a);
    view_.b = bring(operands.b);
  }
  [[nodiscard]] const verify::HostOperands& operands() const { return view_; }

 private:
  const void* bring(const Buffer& buffer) {
    if (in_place_) return buffer.data();
    copies_.push_back(std::make_unique<std::byte[]>(buffer.bytes()));
    device_.memory().copy_to_host(copies_.back().get(), buffer.data(), buffer.bytes());
    return copies_.back().get();
  }

  bool in_place_;
  device::Device& device_;
  std::vector<std::unique_ptr<std::byte[]>> copies_;
  verify::HostOperands view_;
};

}  // namespace

Verifier::Verifier(const operands::Operands& operands, device::Device& device,
                   const verify::MakeElementReader& make_reader, int threads)
    : device_(device), threads_(threads), reference_(make_reference(operands, make_reader)) {}

verify::Reference Verifier::make_reference(const operands::Operands& operands,
                                           const verify::MakeElementReader& make_reader) {
  HostView view(device_);
  view.bring_vectors(operands);
  if (!make_reader) {
    view.bring_matrices(operands);
    return {view.operands(), threads_};
  }
  const auto sum = [&](std::span<const std::int64_t> row_begin,
                       std::span<const std::int32_t> columns, std::span<double> sums,
                       std::span<float> magnitudes) {
    reader_ = make_reader(operands.spec.shape, {.row_begin = row_begin, .columns = columns});
    reader_->add_up(operands, sums, magnitudes);
  };
  return {view.operands(), sum};
}

verify::CheckResult Verifier::check(const GemmProblem& problem, Accumulation accumulation,
                                    const Buffer& d) {
  if (reader_) return check_read(problem, accumulation, d);
  if (device::on_host(device_)) return reference_.check(problem, accumulation, d.data(), threads_);
  copy_.resize(d.bytes());
  device_.memory().copy_to_host(copy_.data(), d.data(), d.bytes());
  return reference_.check(problem, accumulation, copy_.data(), threads_);
}

verify::CheckResult Verifier::check_read(const GemmProblem& problem, Accumulation accumulation,
                                         const Buffer& d) {
  codes_.resize(reference_.elements());
  reader_->read(d.data(), codes_);
  GemmProblem judged = problem;
  // Dense and 2:4 kernels have one reference.
  judged.sparsity = Sparsity::kDense;
  Checked& last = checked_[{problem.d, problem.bias}];
  if (last.codes == codes_ && last.problem == judged && last.accumulation == accumulation) {
    return last.result;
  }
  last.result = reference_.check_elements(problem, accumulation, codes_,
                                          comparing_threads(threads_, codes_.size()));
  last.problem = judged;
  last.accumulation = accumulation;
  last.codes = codes_;
  return last.result;
}

}  // namespace twofour::run
