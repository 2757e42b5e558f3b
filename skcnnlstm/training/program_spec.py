"""The specification of a program: all values that its traces depend on."""

from dataclasses import dataclass, field

from skcnnlstm.training.fingerprint import (
    Fingerprint,
    compute_fingerprint,
    find_registered,
)
from skcnnlstm.training.keras_objects import SerializedObject

MAX_SMALL_BATCH = 128


@dataclass(frozen=True)
class ProgramSpec:
    """Network, loss, optimizer and metrics of a program.

    Specifications can be compared and hashed. Fits with equal specifications share a
    program. A specification does not contain sample counts, folds, epochs, seeds and
    learning rates, so changing these requires no new trace. For the batch size, it
    contains only `large_batches`. It contains the fingerprints of user-defined objects,
    so an edited function is traced again.
    """

    network: str  # JSON text
    loss: str | SerializedObject
    optimizer: SerializedObject
    metrics: tuple = ()
    # "float32" for targets in the shape of the output, "int32" for class codes.
    target_dtype: str = "float32"
    step_weights: bool = False  # one weight for each step of a sample
    large_batches: bool = False  # more samples than MAX_SMALL_BATCH
    # The user-defined objects that are named in the other fields, by their registered
    # names, as they were registered when the specification was created.
    custom_objects: dict = field(init=False, compare=False, repr=False)
    fingerprint: Fingerprint = field(init=False)

    def __post_init__(self):
        """Find the registered objects, and compute their fingerprint."""
        texts = [
            part.config if isinstance(part, SerializedObject) else part
            for part in (self.optimizer, self.loss, *self.metrics)
        ]
        custom_objects = find_registered(self.network, *filter(None, texts))
        object.__setattr__(self, "custom_objects", custom_objects)
        object.__setattr__(self, "fingerprint", compute_fingerprint(custom_objects))
