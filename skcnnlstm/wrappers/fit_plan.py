"""Hold everything that determines one fit, except the data."""

from typing import NamedTuple

import keras

from skcnnlstm import training
from skcnnlstm.wrappers.settings import batch_size

_RATE_CALLBACKS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)


class FitPlan(NamedTuple):
    """The network of one fit, its initial state, and how to train it."""

    network_args: tuple  # the arguments of `build_network_json`
    program_spec: training.ProgramSpec
    learning_rate: float | None  # None if it is not a number
    seed: int
    initial_state: training.TrainingResult | None  # None draws new weights
    epochs_done: int  # epochs that produced the initial state
    callbacks: list  # prepared Keras callbacks
    checkpoint: training.Checkpoint | None
    pretrained: dict  # weights that a new network takes over, by layer
    pretrained_layers: list[str]  # layers that started from weights of `pretrained`

    def schedule(self, settings, samples, tasks, initial_weights, epochs=None):
        """Return the training schedule: epochs, batches and stopping rules.

        If `epochs` is a number, training ends after this number of epochs, but the
        learning rates are those of ``settings["epochs"]`` epochs.
        """
        return training.TrainingOptions(
            seed=self.seed,
            epochs=settings["epochs"] if epochs is None else epochs,
            batch_size=batch_size(settings, samples),
            shuffle=settings["shuffle"],
            learning_rate=self.learning_rate,
            patience=settings["patience"] if settings["early_stopping"] else None,
            plateau_patience=settings["plateau_patience"],
            keep_best=settings["keep_best"],
            first_epoch=self.epochs_done,
            callbacks=self.callbacks,
            verbose=settings["verbose"],
            listener=tasks,
            decay_epochs=settings["epochs"] if self._decays(settings) else None,
            initial_weights=initial_weights | self.pretrained,
            compare_initial=settings["compares_initial"],
        )

    def _decays(self, settings):
        """Return whether the learning rate decays.

        It does not decay if a callback sets the learning rate.
        """
        return (
            settings["decays"]
            and self.learning_rate is not None
            and not any(isinstance(one, _RATE_CALLBACKS) for one in self.callbacks)
        )

    def fitted_attributes(self, data, constants, trained):
        """Return the attributes that a fit on `data` sets on the estimator, by name."""
        n_epochs = len(trained.history["loss"])
        return {
            **data.feature_attributes,
            **data.target_attributes,
            "history_": trained.history,
            "n_epochs_": n_epochs,
            "pretrained_layers_": self.pretrained_layers,
            "best_epoch_": n_epochs
            if trained.best_epoch is None
            else trained.best_epoch,
            "stop_reason_": trained.stop_reason,
            "_epochs_done": self.epochs_done + n_epochs,
            "_seed": self.seed,
            "_constants": constants,
            "_network_args": self.network_args,
            "_network": self.program_spec.network,
            "_optimizer": self.program_spec.optimizer.description,
            "_weights": trained.weights,
            "_slots": trained.slots,
            "_cache": {"custom_objects": self.program_spec.custom_objects},
        }
