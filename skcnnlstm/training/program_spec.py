"""The specification of a program: all values that decide what is traced."""

from __future__ import annotations

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
    `large_batches` is. User-defined objects are
    part of it by their fingerprint, so that an edited function is traced again.

    Attributes
    ----------
    network : str
        JSON text of the network.
    loss : str or SerializedObject
        The loss, as `serialize_loss` returns it.
    optimizer : SerializedObject
        The optimizer, as `serialize_optimizer` returns it.
    metrics : tuple of (str or SerializedObject)
        The metrics, as `serialize_metric` returns them.
    target_dtype : {"float32", "int32"}
        "float32" for targets of shape `(n_samples, n_outputs)`, "int32" for class
        codes of shape `(n_samples,)`.
    large_batches : bool, default=False
        Whether batches have more samples than `MAX_SMALL_BATCH`. The fastest form of
        an LSTM depends on it.
    custom_objects : dict
        The user-defined objects that the other fields name, by the name under which
        they were registered with Keras when the specification was created.
    fingerprint : Fingerprint
        Fingerprint of `custom_objects`.
    """

    network: str
    loss: str | SerializedObject
    optimizer: SerializedObject
    metrics: tuple = ()
    target_dtype: str = "float32"
    large_batches: bool = False
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
