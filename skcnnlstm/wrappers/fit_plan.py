"""Course: how a fit goes, from where it begins to what it leaves."""

from __future__ import annotations

from typing import NamedTuple

from skcnnlstm import training
from skcnnlstm.wrappers.settings import batch_size


class FitPlan(NamedTuple):
    """What is trained, and from where: all that decides a fit beside its samples."""

    plan: tuple  # the arguments of `build_network_json`
    recipe: training.ProgramSpec
    rate: float | None  # the learning rate, where it is a number
    seed: int
    start: training.TrainingResult | None  # the state to go on from
    done: int  # epochs that were trained before
    callbacks: list  # Keras'
    checkpoint: training.Checkpoint | None

    def schedule(self, settings, samples, tasks):
        """Return how long and in what order a fit goes over its samples."""
        return training.TrainingOptions(
            seed=self.seed,
            epochs=settings["epochs"],
            batch_size=batch_size(settings, samples),
            shuffle=settings["shuffle"],
            learning_rate=self.rate,
            patience=settings["patience"] if settings["early_stopping"] else None,
            plateau_patience=settings["plateau_patience"],
            keep_best=settings["keep_best"],
            first_epoch=self.done,
            callbacks=self.callbacks,
            verbose=settings["verbose"],
            listener=tasks,
        )

    def learned(self, read, trained):
        """Return the attributes that a fit leaves.

        Parameters
        ----------
        read : Read
            What it was given.
        trained : TrainingResult
            What training made of it.
        """
        n_epochs = len(trained.history["loss"])
        return {
            **read.names,
            **read.about_target,
            "history_": trained.history,
            "n_epochs_": n_epochs,
            "_epochs_done": self.done + n_epochs,
            "_seed": self.seed,
            "_plan": self.plan,
            "_network": self.recipe.network,
            "_optimizer": self.recipe.optimizer.description,
            "_weights": trained.weights,
            "_slots": trained.slots,
            "_made": {"own": self.recipe.custom_objects},
        }
