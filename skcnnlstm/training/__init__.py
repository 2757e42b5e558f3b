"""Train networks and predict with TensorFlow programs that are traced once and reused.

- `network_config` converts networks to JSON text and draws their initial weights.
- `keras_objects` serializes losses, metrics and optimizers.
- `program_spec` specifies a program: network, loss, optimizer and metrics.
- `fingerprint` detects changes of user-defined functions and classes.
- `program` holds a network that is compiled and traced.
- `cache` keeps programs and gives each fit one of them.
- `fast_layers` replaces the computations of layers by faster ones.
- `fast_convolution` and `fast_recurrence` define these computations.
- `flat_optimizer` lets an optimizer update all weights as one vector.
- `samples` copies windows in chunks.
- `callbacks` prepares Keras callbacks.
- `checkpoint` saves the progress of a fit and restores it after a crash.
- `fit_loop` trains and predicts.
- `window_gradient` computes gradients of outputs with respect to windows.
- Only modules with a name that starts with `_tensorflow` import TensorFlow.
"""

import skcnnlstm._utils.import_keras
from skcnnlstm.training._tensorflow_lite import custom_operations
from skcnnlstm.training._tensorflow_process import on_gpu
from skcnnlstm.training.cache import clear_programs
from skcnnlstm.training.callbacks import prepare_callbacks
from skcnnlstm.training.checkpoint import Checkpoint, facts_of
from skcnnlstm.training.fingerprint import find_registered
from skcnnlstm.training.fit_loop import (
    TrainingOptions,
    TrainingResult,
    copy_weights_to_device,
    predict,
    train,
)
from skcnnlstm.training.keras_objects import (
    join_loss,
    serialize,
    serialize_loss,
    serialize_metric,
    serialize_optimizer,
    split_loss,
    takes_class_codes,
)
from skcnnlstm.training.network_config import (
    build_network_json,
    fresh_weights,
    network_from_json,
    truncate_network,
)
from skcnnlstm.training.program_spec import MAX_SMALL_BATCH, ProgramSpec
from skcnnlstm.training.samples import Samples
from skcnnlstm.training.window_gradient import WindowGradient
