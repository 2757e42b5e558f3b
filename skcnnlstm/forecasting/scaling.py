"""The scale on which a series is modelled, fitted on its training rows."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


def make_transformer(transformer):
    """Return an unfitted transformer with an inverse, or None."""
    if transformer is None:
        return None
    if isinstance(transformer, str) and transformer == "standard":
        return StandardScaler()
    if isinstance(transformer, str) and transformer == "log":
        log = FunctionTransformer(
            np.log, np.exp, check_inverse=False, feature_names_out="one-to-one"
        )
        return make_pipeline(log, StandardScaler())
    methods = ("fit", "transform", "inverse_transform")
    if isinstance(transformer, type) or not all(
        hasattr(transformer, method) for method in methods
    ):
        raise (ValueError if isinstance(transformer, str) else TypeError)(
            'transformer must be "standard", "log", None or an instance with fit, '
            f"transform and inverse_transform: got transformer={transformer!r}. Use "
            "one of these, such as MinMaxScaler()."
        )
    return clone(transformer)
