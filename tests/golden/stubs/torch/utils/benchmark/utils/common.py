"""The two classes that a .pkl names, for a machine without PyTorch.

Fields, their order and their defaults are those of PyTorch's torch/utils/benchmark/utils/common.py;
the statistics are our own.
"""

import dataclasses
import statistics
from typing import Any, Optional


@dataclasses.dataclass(frozen=True)
class TaskSpec:
    stmt: str
    setup: str
    global_setup: str = ""
    label: Optional[str] = None
    sub_label: Optional[str] = None
    description: Optional[str] = None
    env: Optional[str] = None
    num_threads: int = 1


TASK_FIELDS = [field.name for field in dataclasses.fields(TaskSpec)]


@dataclasses.dataclass
class Measurement:
    number_per_run: int
    raw_times: list
    task_spec: TaskSpec
    metadata: Optional[dict] = None

    def __post_init__(self):
        # PyTorch keeps its statistics in members that are set up here.
        self._sorted_times = ()

    def __getattr__(self, name: str) -> Any:
        if name in TASK_FIELDS:
            return getattr(self.task_spec, name)
        raise AttributeError(name)

    def times(self):
        if not self._sorted_times:
            self._sorted_times = tuple(sorted(t / self.number_per_run for t in self.raw_times))
        return self._sorted_times

    @property
    def mean(self) -> float:
        return statistics.fmean(self.times())

    @property
    def median(self) -> float:
        return statistics.median(self.times())
