#!/usr/bin/env python3
"""Weights in the form sparse-24-bitmask, as the package that defines it writes them.

    sparse_24_bitmask.py write FILE [SEED]    writes them with compressed-tensors
    sparse_24_bitmask.py check WEIGHTS_TEST   the same into a temporary file, for the reader's test

FILE has, for each of several modules m0, m1, ..., what compressed-tensors stores of its weight
(.compressed, .bitmask, .shape; of fp8 a .weight_scale too) and, as m0.expected in F32, the weight
that stays: pruned by the package, times its scale. The module's [N, K] is the shape of that.

Needs torch and compressed-tensors (0.9.4 was tried); ends
with 77 where they are missing, which the test takes for "skipped".
"""

import os
import subprocess
import sys
import tempfile

SKIPPED = 77

try:
    import torch
    from compressed_tensors.compressors.sparse_compressors.sparse_24_bitmask import (
        Sparse24BitMaskTensor,
    )
    from safetensors.torch import save_file
except ImportError as error:
    print(f"skipped: {error}; it needs torch, safetensors and compressed-tensors 0.9")
    sys.exit(SKIPPED)

# K = 4 and 12 leave a padding nibble, 8 and 24 none.
CASES = [
    ("bfloat16", 6, 12),
    ("float16", 5, 8),
    ("float32", 3, 4),
    ("float8_e4m3fn", 4, 24),
    ("bfloat16", 7, 132),
]
FP8_SCALE = 0.0625


def values(name, rows, columns):
    """Normal numbers, with groups of four that have three or four zeros, and a -0."""
    weight = torch.randn(rows, columns)
    weight[0, :4] = 0
    weight[rows - 1, :4] = torch.tensor([0.0, 0.0, -1.5, 0.0])
    weight[rows // 2, 0] = -0.0
    return weight.to(getattr(torch, name))


def write(file, seed):
    torch.manual_seed(seed)
    tensors = {}
    for i, (name, rows, columns) in enumerate(CASES):
        weight = values(name, rows, columns)
        stored = Sparse24BitMaskTensor.from_dense(weight)
        tensors.update(stored.dict(f"m{i}.weight"))
        if name.startswith("float8"):
            # The package decompresses these on a GPU only. Bits of the mask from the lowest on.
            bits = (stored.bitmask.unsqueeze(-1) >> torch.arange(8)) & 1
            kept = bits.reshape(rows, -1)[:, :columns].bool()
            expected = torch.where(kept, weight.float() * FP8_SCALE, torch.zeros(()))
            tensors[f"m{i}.weight_scale"] = torch.tensor([FP8_SCALE])
        else:
            expected = stored.decompress().float()
        tensors[f"m{i}.expected"] = expected.contiguous()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)


def check(test):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.safetensors")
        for seed in range(20):
            write(file, seed)
            done = subprocess.run(
                [test, "--gtest_filter=Oracle.*", "--gtest_brief=1"],
                env={**os.environ, "TWOFOUR_ORACLE": file},
                check=False,
            )
            if done.returncode != 0:
                print(f"seed {seed}: the reader does not agree with the package's writer")
                return 1
    print(f"20 files of {len(CASES)} weights agree")
    return 0


def main(arguments):
    if len(arguments) in (2, 3) and arguments[0] == "write":
        write(arguments[1], int(arguments[2]) if len(arguments) == 3 else 0)
        return 0
    if len(arguments) == 2 and arguments[0] == "check":
        return check(arguments[1])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
