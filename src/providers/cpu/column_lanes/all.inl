// All that column-lanes kernels are made of. Each builds on the ones before.
// clang-format off
#include "providers/cpu/column_lanes/formats.inl"
#include "providers/cpu/column_lanes/pack.inl"
#include "providers/cpu/column_lanes/layout.inl"
#include "providers/cpu/column_lanes/micro_kernel.inl"
#include "providers/cpu/column_lanes/kernel.inl"
#include "providers/cpu/column_lanes/ops.inl"
// clang-format on
