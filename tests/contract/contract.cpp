#include "contract.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

namespace twofour::contract {
namespace {

using providers::KernelInfo;
using providers::Operation;
using providers::WeightCopy;

constexpr std::size_t kGuardBytes = 256;
constexpr unsigned char kGuardByte = 0xC3;
// No contract shape gives this to a packed weight by chance; as int8, fp8, bf16 or fp16 it is a
// finite number, so that only the result tells.
constexpr unsigned char kStaleByte = 0x55;
constexpr int kCopies = 2;

constexpr ScaleScheme kUnscaled{ScaleGranularity::kNone, ScaleGranularity::kNone};

std::vector<unsigned char> to_host(const Buffer& buffer, device::Device& device) {
  std::vector<unsigned char> bytes(buffer.bytes());
  device.memory().copy_to_host(bytes.data(), buffer.data(), bytes.size());
  return bytes;
}

verify::Reference make_reference(const operands::Operands& o, device::Device& device, int threads) {
  const auto a = to_host(o.a, device);
  const auto b = to_host(o.b, device);
  const auto scale_a = to_host(o.scale_a, device);
  const auto scale_b = to_host(o.scale_b, device);
  const auto bias_bf16 = to_host(o.bias_bf16, device);
  const auto bias_fp16 = to_host(o.bias_fp16, device);
  return {{.spec = o.spec,
           .a = a.data(),
           .b = b.data(),
           .scale_a = reinterpret_cast<const float*>(scale_a.data()),
           .scale_b = reinterpret_cast<const float*>(scale_b.data()),
           .bias_bf16 = bias_bf16.data(),
           .bias_fp16 = bias_fp16.data()},
          threads};
}

/// One examination: an operation, what it works on, and what it broke.
class Examination {
 public:
  Examination(const providers::Provider& provider, const KernelInfo& kernel,
              const GemmProblem& problem, Workloads& workloads, device::Device& device,
              const Circumstances& circumstances)
      : provider_(provider),
        kernel_(kernel),
        problem_(problem),
        workload_(workloads.get(problem)),
        device_(device),
        circumstances_(circumstances),
        operands_(clone(workload_.operands, device)),
        output_(problem, device) {
    for (std::int64_t i = 0; i < problem.batch; ++i) {
      each_.push_back(&workloads.get(problem, i));
    }
  }

  std::vector<std::string> run() {
    try {
      layout_ = provider_.footprint(kernel_, problem_, circumstances_.threads).weights;
      if (!pack()) return std::move(violations_);
      prepare();
      examine_description();
      examine_results();
      if (circumstances_.times) examine_timed_loop();
      examine_operands();
    } catch (const std::exception& error) {
      broke(std::string("threw: ") + error.what());
    } catch (const device::DeviceLost& error) {
      broke("lost the device: " + error.what());
    }
    return std::move(violations_);
  }

 private:
  void broke(std::string what) { violations_.push_back(std::move(what)); }

  /// Packs one copy, with guard bytes on both sides, and copies it. Whether that can be launched.
  bool pack() {
    if (circumstances_.packs_weights && layout_.bytes == 0) broke("layout has no bytes");
    if (layout_.bytes == 0) {
      copies_ = {{nullptr, 0}, {nullptr, 1}};
      return true;
    }
    if (layout_.key.empty()) broke("layout has no key");
    const std::size_t guard =
        kGuardBytes + (layout_.bytes + kGuardBytes - 1) / kGuardBytes * kGuardBytes;
    Buffer area = device_.memory().allocate(2 * guard + layout_.bytes);
    device_.memory().fill_bytes(area.data(), kGuardByte, area.bytes());
    auto* packed = area.as<std::byte>() + guard;
    const Buffer weights = weights_of_each();
    provider_.pack(kernel_, problem_,
                   {.device = device_,
                    .weights = weights,
                    .packed = packed,
                    .threads = circumstances_.threads});
    const std::vector<unsigned char> bytes = to_host(area, device_);
    const auto is_guard = [](unsigned char byte) { return byte == kGuardByte; };
    const auto at = [&](std::size_t place) {
      return bytes.begin() + static_cast<std::ptrdiff_t>(place);
    };
    if (!std::all_of(bytes.begin(), at(guard), is_guard) ||
        !std::all_of(at(guard + layout_.bytes), bytes.end(), is_guard)) {
      broke("packed weights are not " + std::to_string(layout_.bytes) +
            " bytes, as the layout says");
      return false;
    }
    for (int slot = 0; slot < kCopies; ++slot) {
      packed_.push_back(device_.memory().allocate(layout_.bytes));
      device_.memory().copy(packed_.back().data(), packed, layout_.bytes, layout_.unit_bytes);
      copies_.push_back({packed_.back().data(), slot});
    }
    device_.memory().synchronize();
    return true;
  }

  /// B, of a batch one behind another.
  [[nodiscard]] Buffer weights_of_each() const {
    const std::size_t one = operands_.b.bytes();
    Buffer all = device_.memory().allocate(each_.size() * one);
    for (std::size_t i = 0; i < each_.size(); ++i) {
      device_.memory().copy(all.as<std::byte>() + i * one, each_[i]->operands.b.data(), one);
    }
    device_.memory().synchronize();
    return all;
  }

  void prepare() {
    operation_ = provider_.make_operation(kernel_, problem_);
    operation_->prepare({.device = device_,
                         .operands = operands_,
                         .d = output_.d(),
                         .threads = circumstances_.threads});
    CacheState cache;
    cache.copies = kCopies;
    operation_->plan({.device = device_,
                      .budget = circumstances_.plan_budget,
                      .cache = cache,
                      .copies = copies_});
    // The runner frees B here.
    device_.memory().fill_bytes(operands_.b.data(), kStaleByte, operands_.b.bytes());
  }

  void examine_description() {
    if (operation_->algorithm().empty()) broke("algorithm has no name");
    if (operation_->architecture().empty()) broke("architecture has no name");
    const GemmShape executed = operation_->executed();
    const GemmShape& asked = problem_.shape;
    if (executed.m < asked.m || executed.n < asked.n || executed.k < asked.k) {
      broke("executed shape " + mkn(executed) + " is smaller than " + mkn(asked));
    }
  }

  std::vector<unsigned char> launch(int slot) {
    output_.poison();
    operation_->launch(copies_[static_cast<std::size_t>(slot)]);
    device_.memory().synchronize();
    const std::string where = "slot " + std::to_string(slot) + ": ";
    if (!output_.guards_intact(operation_->executed().m)) broke(where + "wrote outside D");
    return check_each(where + "wrong result");
  }

  /// All results, one behind another.
  std::vector<unsigned char> check_each(const std::string& what) {
    std::vector<unsigned char> all;
    for (std::size_t i = 0; i < each_.size(); ++i) {
      const auto result = output_.copy(static_cast<std::int64_t>(i));
      const verify::CheckResult check = each_[i]->reference.check(
          problem_, provider_.accumulation(kernel_, problem_), result.data(), 1);
      const std::string of = each_.size() == 1 ? "" : " of GEMM " + std::to_string(i);
      if (!check.right) broke(what + of + ": " + check.description);
      all.insert(all.end(), result.begin(), result.end());
    }
    return all;
  }

  void examine_results() {
    if (workload_.reference.share_checked() < 1) broke("reference is not of the whole result");
    const auto first = launch(0);
    const auto second = launch(1);
    const auto again = launch(0);
    if (again != first) broke("a second launch gave other bits");
    if (second != first) broke("another copy of the weights gave other bits");
  }

  /// Launches in a timed loop are the launches that were looked at.
  void examine_timed_loop() {
    CacheState cache;
    cache.copies = kCopies;
    const auto launch = [&](int slot) {
      operation_->launch(copies_[static_cast<std::size_t>(slot)]);
    };
    const auto loop = device_.timer().timed_loop(
        {.launch = launch, .cache = cache, .weights = {{copies_.front().data, layout_.bytes}}});
    output_.poison();
    if (loop->run(loop->quantum()).device_s <= 0) broke("a timed loop took no time");
    check_each("wrong result in a timed loop");
    if (!output_.guards_intact(operation_->executed().m)) broke("a timed loop wrote outside D");
  }

  void examine_operands() {
    const operands::Operands& pristine = workload_.operands;
    const auto unchanged = [&](const Buffer& now, const Buffer& before) {
      return to_host(now, device_) == to_host(before, device_);
    };
    if (!unchanged(operands_.a, pristine.a) || !unchanged(operands_.scale_a, pristine.scale_a) ||
        !unchanged(operands_.scale_b, pristine.scale_b) ||
        !unchanged(operands_.bias_bf16, pristine.bias_bf16) ||
        !unchanged(operands_.bias_fp16, pristine.bias_fp16)) {
      broke("changed its operands");
    }
  }

  const providers::Provider& provider_;
  const KernelInfo& kernel_;
  const GemmProblem& problem_;
  const Workload& workload_;
  std::vector<const Workload*> each_;  ///< of the GEMMs of a batch; workload_ is the first
  device::Device& device_;
  Circumstances circumstances_;
  // The operation refers to what stands above it.
  operands::Operands operands_;
  OutputArea output_;
  providers::WeightLayout layout_;
  std::vector<Buffer> packed_;
  std::vector<WeightCopy> copies_;
  std::unique_ptr<Operation> operation_;
  std::vector<std::string> violations_;
};

/// Whether a refusal is no property of the kernel: another machine, build or library would do.
bool names_a_lack(std::string_view refusal) {
  constexpr std::string_view kLacking[] = {"this CPU", "this GPU", "this build", "this cuSPARSELt"};
  return std::any_of(std::begin(kLacking), std::end(kLacking), [&](std::string_view what) {
    return refusal.find(what) != std::string_view::npos;
  });
}

/// The verdict on a kernel that took nothing, from its first refusal that names a lack, else from
/// its last one.
void judge_refusals(const std::vector<std::string>& refusals, Findings& findings) {
  const auto lack = std::find_if(refusals.begin(), refusals.end(), names_a_lack);
  if (lack != refusals.end()) {
    findings.lacking = *lack;
  } else {
    findings.violations.push_back("supports none of the problems: " +
                                  (refusals.empty() ? "there are none" : refusals.back()));
  }
}

}  // namespace

OutputArea::OutputArea(const GemmProblem& problem, device::Device& device)
    : device_(device),
      batch_(problem.batch),
      room_(providers::output_rows(problem.shape.m)),
      row_bytes_(bytes_of(problem.d, problem.shape.n)),
      bytes_(static_cast<std::size_t>(problem.shape.m) * row_bytes_),
      buffer_(device.memory().allocate(begin_of(problem.batch) + kGuardBytes)) {
  poison();
}

std::size_t OutputArea::begin_of(std::int64_t gemm) const {
  return kGuardBytes + static_cast<std::size_t>(gemm * room_) * row_bytes_;
}

unsigned char* OutputArea::d() const { return buffer_.as<unsigned char>() + kGuardBytes; }

void OutputArea::poison() {
  device_.memory().fill_bytes(buffer_.data(), kGuardByte, buffer_.bytes());
  for (std::int64_t i = 0; i < batch_; ++i) {
    device_.memory().fill_bytes(buffer_.as<unsigned char>() + begin_of(i), verify::kPoisonByte,
                                bytes_);
  }
}

bool OutputArea::guards_intact(std::int64_t executed_rows) const {
  const std::int64_t rows = std::min(executed_rows, room_);
  const auto all = to_host(buffer_, device_);
  const auto is_guard = [](unsigned char byte) { return byte == kGuardByte; };
  const auto at = [&](std::size_t place) {
    return all.begin() + static_cast<std::ptrdiff_t>(place);
  };
  if (!std::all_of(all.begin(), at(kGuardBytes), is_guard)) return false;
  for (std::int64_t i = 0; i < batch_; ++i) {
    const std::size_t behind = begin_of(i) + static_cast<std::size_t>(rows) * row_bytes_;
    const std::size_t end = i + 1 < batch_ ? begin_of(i + 1) : all.size();
    if (!std::all_of(at(behind), at(end), is_guard)) return false;
  }
  return true;
}

std::vector<unsigned char> OutputArea::copy(std::int64_t gemm) const {
  std::vector<unsigned char> bytes(bytes_);
  device_.memory().copy_to_host(bytes.data(), buffer_.as<unsigned char>() + begin_of(gemm), bytes_);
  return bytes;
}

operands::Operands clone(const operands::Operands& operands, device::Device& device) {
  const auto copy = [&](const Buffer& from) {
    const auto bytes = to_host(from, device);
    Buffer to = device.memory().allocate(bytes.size());
    device.memory().copy_from_host(to.data(), bytes.data(), bytes.size());
    return to;
  };
  return {.spec = operands.spec,
          .a = copy(operands.a),
          .b = copy(operands.b),
          .scale_a = copy(operands.scale_a),
          .scale_b = copy(operands.scale_b),
          .bias_bf16 = copy(operands.bias_bf16),
          .bias_fp16 = copy(operands.bias_fp16)};
}

GemmProblem problem_of(const KernelInfo& kernel, const GemmShape& shape, ScaleScheme scales) {
  return {.shape = shape,
          .a = kernel.a,
          .b = kernel.a,
          .d = kernel.d,
          .scales = kernel.scaled ? scales : kUnscaled,
          .bias = kernel.bias,
          .sparsity = kernel.sparsity,
          .batch = kernel.batched ? kBatch : 1};
}

/// Of a batch all but B is that of its first GEMM.
operands::Operands Workloads::make(const GemmProblem& problem, std::int64_t gemm) {
  const operands::OperandSpec spec{
      .shape = problem.shape,
      .type = problem.a,
      .scales = problem.scales == kUnscaled ? ScaleScheme{} : problem.scales,
      .seed = 20240229 + static_cast<std::uint64_t>(gemm),
      .pattern = problem.sparsity == Sparsity::kSixEight ? problem.sparsity : Sparsity::kTwoFour};
  operands::Operands made = device_.operands().make_operands(spec);
  if (gemm == 0) return made;
  operands::Operands with_own_b = clone(get(problem).operands, device_);
  with_own_b.b = std::move(made.b);
  return with_own_b;
}

const Workload& Workloads::get(const GemmProblem& problem, std::int64_t gemm) {
  const ScaleScheme scales = problem.scales == kUnscaled ? ScaleScheme{} : problem.scales;
  const GemmShape& shape = problem.shape;
  const Sparsity pattern =
      problem.sparsity == Sparsity::kSixEight ? problem.sparsity : Sparsity::kTwoFour;
  auto& made = made_[Key{problem.a, shape.m, shape.n, shape.k, std::string(to_string(scales)),
                         pattern, gemm}];
  if (!made) {
    operands::Operands operands = make(problem, gemm);
    verify::Reference reference = make_reference(operands, device_, threads_);
    made = std::make_unique<Workload>(Workload{std::move(operands), std::move(reference)});
  }
  return *made;
}

Finding examine(const providers::Provider& provider, const KernelInfo& kernel,
                const GemmProblem& problem, Workloads& workloads, device::Device& device,
                const Circumstances& circumstances) {
  const providers::Support support = provider.supports(kernel, problem);
  if (!support) {
    if (support.reason->empty()) return {false, "", {"unsupported, without a reason"}};
    return {false, *support.reason, {}};
  }
  Examination examination(provider, kernel, problem, workloads, device, circumstances);
  return {true, "", examination.run()};
}

Findings examine_all(const providers::Provider& provider, const KernelInfo& kernel,
                     const Problems& problems, Workloads& workloads, device::Device& device,
                     const Circumstances& circumstances) {
  Findings all;
  std::vector<std::string> refusals;
  const auto examine_one = [&](const GemmShape& shape, std::string_view scheme, int threads) {
    Circumstances with_threads = circumstances;
    with_threads.threads = threads;
    const GemmProblem problem = problem_of(kernel, shape, parse_scale_scheme(scheme).value());
    const Finding finding = examine(provider, kernel, problem, workloads, device, with_threads);
    for (const std::string& violation : finding.violations) {
      all.violations.push_back(mkn(shape) + " scales=" + std::string(scheme) +
                               " threads=" + std::to_string(threads) + ": " + violation);
    }
    if (finding.supported) {
      ++all.supported;
      all.schemes.emplace(scheme);
    } else {
      refusals.push_back(finding.refusal);
    }
  };
  const auto schemes = kernel.scaled ? problems.schemes : problems.schemes.first(1);
  for (const GemmShape& shape : problems.shapes) {
    for (const std::string_view scheme : schemes) {
      examine_one(shape, scheme, 1);
      if (problems.many_threads > 1 && scheme == schemes.back())
        examine_one(shape, scheme, problems.many_threads);
    }
  }
  if (all.supported == 0) judge_refusals(refusals, all);
  return all;
}

Findings examine_ragged_group(const providers::Provider& provider, const KernelInfo& kernel,
                              const GemmShape& whole, std::int64_t ragged_k) {
  Findings findings;
  const auto ask = [&](const GemmShape& shape) {
    return provider.supports(kernel, problem_of(kernel, shape, ScaleScheme{}));
  };
  if (const providers::Support support = ask(whole)) {
    findings.supported = 1;
  } else {
    judge_refusals({*support.reason}, findings);
  }
  GemmShape ragged = whole;
  ragged.k = ragged_k;
  if (ask(ragged)) findings.violations.push_back("supports K = " + std::to_string(ragged_k));
  return findings;
}

}  // namespace twofour::contract
