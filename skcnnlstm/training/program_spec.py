"""The specification of a program: all values that decide what is traced."""

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

    Specifications can be compared and hashed; fits with equal specifications share a
    program. Sample counts, folds, epochs, seeds and learning rates are not part of it,
    so that changing them requires no new trace; of the batch size, only
    `large_batches` is. User-defined objects are part of it by their fingerprint, so
    that an edited function is traced again.
    """

    network: str  # JSON text
    loss: str | SerializedObject
    optimizer: SerializedObject
    metrics: tuple = ()
    # "float32" for targets in the shape of the output, "int32" for class codes.
    target_dtype: str = "float32"
    step_weights: bool = False  # one weight for each step of a sample
    large_batches: bool = False  # more samples than MAX_SMALL_BATCH
    # User-defined objects that the other fields name, by the name under which they were
    # registered with Keras when the specification was created, and their fingerprint.
    custom_objects: dict = field(init=False, compare=False, repr=False)
    fingerprint: Fingerprint = field(init=False)

    def __post_init__(self):
        """Look up the registered objects by name."""
        texts = [
            part.config if isinstance(part, SerializedObject) else part
            for part in (self.optimizer, self.loss, *self.metrics)
        ]
        custom_objects = find_registered(self.network, *filter(None, texts))
        object.__setattr__(self, "custom_objects", custom_objects)
        object.__setattr__(self, "fingerprint", compute_fingerprint(custom_objects))
