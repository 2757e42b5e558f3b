"""The engine: programs that are traced once and trained by every fit of a shape.

`contents` says what the user's own functions and objects are made of, `networks` turns
a network into text and draws its weights, `recipe` says what decides a program,
`program` holds one traced network, `vector` makes one vector of its weights
for an optimizer that treats each alike, `cache` lends programs to fits, `samples`
copies windows a chunk at a time, `callbacks` prepares Keras callbacks, `checkpoint`
keeps what a fit needs to go on after a crash, and `loop` puts them together.
`_tensorflow` is all that TensorFlow alone can answer.
"""

from skcnnlstm.training._tensorflow import custom_operations, on_gpu
from skcnnlstm.training.cache import clear_programs
from skcnnlstm.training.callbacks import prepare_callbacks
from skcnnlstm.training.checkpoint import Checkpoint, facts_of
from skcnnlstm.training.fingerprint import find_registered
from skcnnlstm.training.fit_loop import Schedule, Trained, load_weights, predict, train
from skcnnlstm.training.network_config import (
    describe_network,
    describe_until,
    network_from_json,
)
from skcnnlstm.training.program_spec import (
    ProgramSpec,
    join_loss,
    serialize,
    serialize_loss,
    serialize_metric,
    serialize_optimizer,
    split_loss,
    takes_class_codes,
)
from skcnnlstm.training.samples import Samples

__all__ = [
    "Checkpoint",
    "ProgramSpec",
    "Samples",
    "Schedule",
    "Trained",
    "clear_programs",
    "custom_operations",
    "describe_network",
    "describe_until",
    "facts_of",
    "find_registered",
    "join_loss",
    "load_weights",
    "network_from_json",
    "on_gpu",
    "predict",
    "prepare_callbacks",
    "serialize",
    "serialize_loss",
    "serialize_metric",
    "serialize_optimizer",
    "split_loss",
    "takes_class_codes",
    "train",
]
