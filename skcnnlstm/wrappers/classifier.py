"""Define HybridClassifier, the base class of all classifiers."""

import math

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import ClassifierTags

from skcnnlstm import training
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.validation import check_class_target, with_plain_target
from skcnnlstm.wrappers._scikeras import KerasClassifier
from skcnnlstm.wrappers.base import BaseHybrid
from skcnnlstm.wrappers.parameters import classifier_parameters
from skcnnlstm.wrappers.per_step import known_values, with_step_score


@check_calls
class HybridClassifier(BaseHybrid, KerasClassifier):
    """Base class of classifiers that train a Keras network.

    A subclass names its network builder with the class argument `build`. The builder is
    called as ``build(input_shape, n_outputs, output_activation="softmax", **params)``
    and returns an uncompiled `keras.Model` with one output per class. The other
    keyword-only parameters of the builder become parameters of the subclass, with their
    documentation. The class argument `defaults`, a dict, changes the defaults of shared
    parameters.

    The class itself has no network, so it cannot be instantiated.

    See Also
    --------
    HybridRegressor : The base class of regressors, with the rules for builders.
    skcnnlstm.testing.check_network : Check a builder.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skcnnlstm import HybridClassifier
    >>> def build_linear(input_shape, n_outputs, *, output_activation, use_bias=True):
    ...     window = keras.Input(input_shape)
    ...     output = keras.layers.Dense(
    ...         n_outputs, output_activation, use_bias=use_bias, name="output"
    ...     )
    ...     return keras.Model(window, output(window))
    >>> class LinearClassifier(HybridClassifier, build=build_linear):
    ...     pass
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = LinearClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """

    _task_parameters = staticmethod(classifier_parameters)
    _builder_needs = ("output_activation",)

    def _build_network_args(self, settings, input_shape, n_outputs):
        *args, params = super()._build_network_args(settings, input_shape, n_outputs)
        return *args, params | {"output_activation": "softmax"}

    def _check_target(self, y, X):
        return check_class_target(y, len(X), estimator=self)

    def _encode_target(self, y, loss, classes):
        """Return y as class codes, the number of classes, and a dict with `classes_`.

        Losses that do not take class codes get one column per class instead.
        """
        known = known_values(y)
        labels = np.unique(known) if classes is None else np.unique(classes)
        unknown = np.setdiff1d(known, labels)
        if len(unknown):
            raise ValueError(
                "y must hold only classes of the first partial_fit: got the classes "
                f"{unknown}, which are not among {labels}. Pass all classes to the "
                "first partial_fit."
            )
        if len(labels) < 2:
            raise ValueError(
                "y must hold at least two classes: got one class, "
                f"{labels[:1].tolist()[0]!r}. Use samples of more classes. Samples "
                "with NaN in X are used only with missing='mask'."
            )
        codes = np.searchsorted(labels, np.asarray(y)).astype(np.int32)
        codes[np.ma.getmaskarray(y)] = 0  # steps without a label have weight zero
        if not training.takes_class_codes(loss):
            codes = np.eye(len(labels), dtype=np.float32)[codes]
        return codes, len(labels), {"classes_": labels}

    def _split_validation(self, samples, settings, seed):
        """Return training samples, and random validation samples.

        The validation samples are stratified if y has one label per sample.
        """
        if samples.weight.ndim > 1:
            return self._split_steps(samples, settings, seed)
        codes = samples.y if samples.y.ndim == 1 else samples.y.argmax(axis=1)
        counts = np.unique(codes, return_counts=True)[1]
        n_validation = math.ceil(len(samples) * settings["validation_fraction"])
        n_smallest_part = min(n_validation, len(samples) - n_validation)
        if counts.min() < 2 or n_smallest_part < len(counts):
            raise ValueError(
                "early_stopping must hold out a sample of each class: got "
                f"{len(counts)} classes, {len(samples)} samples ({counts.min()} of the "
                f"rarest class) and {n_validation} held-out samples. Use more samples, "
                "raise validation_fraction, or set early_stopping=False."
            )
        train, validation = train_test_split(
            np.arange(len(samples)),
            test_size=n_validation,
            stratify=codes,
            random_state=seed % 2**32,
        )
        return samples.select(np.sort(train)), samples.select(np.sort(validation))

    def _split_steps(self, samples, settings, seed):
        """Return training samples and random validation samples, not stratified."""
        n_validation = math.ceil(len(samples) * settings["validation_fraction"])
        if n_validation >= len(samples):
            raise ValueError(
                f"early_stopping must leave samples to train on: got {len(samples)} "
                f"samples, of which {n_validation} are held out. Use more samples, or "
                "set early_stopping=False."
            )
        order = np.random.default_rng(seed).permutation(len(samples))
        parts = order[n_validation:], order[:n_validation]
        return tuple(samples.select(np.sort(part)) for part in parts)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one more epoch, from the current weights.

        Parameters
        ----------
        X, y : array-like
            Windows and class labels, as for `fit`.
        classes : array-like or None, default=None
            All class labels. In the first call, None means the labels in `y`. Later
            calls may leave `classes` out.
        sample_weight : array-like or None, default=None
            Weights of the samples, as for `fit`.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        if self.__sklearn_is_fitted__():
            if classes is not None and not np.array_equal(
                np.unique(classes), self.classes_
            ):
                raise ValueError(
                    "classes must be the classes of the first partial_fit: got "
                    f"{np.unique(classes)}, expected {self.classes_}. Call fit to "
                    "train a new network."
                )
            classes = self.classes_
        return self._fit_one_epoch(X, y, sample_weight, classes)

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Unless `missing` is "mask", missing history
            (NaN in every feature of the first steps) is filled with the first known
            step, and a warning is issued.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            Probabilities, with columns in the order of `classes_`. With
            ``per_step=True``, the shape is `(n_samples, window_length, n_classes)`.
        """
        output = self._raw_predict(X)
        return output / output.sum(axis=-1, keepdims=True)

    def predict(self, X):
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict_proba`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels. With ``per_step=True``, the shape is `(n_samples,
            window_length)`.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=-1)]

    def _build_graph(self, context):
        """Return the probabilities as a graph for `export`."""

        def normalize(raw):
            return raw / context.ops.sum(raw, axis=-1, keepdims=True)

        return super()._build_graph(context).then(normalize, classes=self.classes_)

    # Replaces the `score` of scikeras.
    score = with_step_score(with_plain_target(ClassifierMixin.score))

    def __sklearn_tags__(self):
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        # The common checks train for few epochs, on rows that are not windows.
        tags.classifier_tags = ClassifierTags(poor_score=True)
        return tags
