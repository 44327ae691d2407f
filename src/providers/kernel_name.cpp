#include "providers/provider.h"

namespace twofour::providers {

KernelInfo batched(KernelInfo kernel) {
  kernel.name += "_batched";
  kernel.batched = true;
  return kernel;
}

std::string kernel_name(std::string_view library, DataType a, DataType b, DataType d,
                        Sparsity sparsity, bool bias) {
  std::string name{library};
  for (const DataType type : {a, b, d}) {
    name += '_';
    name += info(type).kernel_name;
  }
  name += sparsity == Sparsity::kTwoFour ? "_scaled_sparse_mm" : "_scaled_mm";
  if (bias) name += kBiasSuffix;
  return name;
}

}  // namespace twofour::providers
