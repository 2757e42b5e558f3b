"""Learn the convex weights of two members from their out-of-fold predictions."""

import numpy as np
from scipy.optimize import brentq

# A probability of zero would make the log-loss of a mixture infinite.
_SMALLEST_PROBABILITY = 1e-12


def least_squares_weights(first, second, y, weight=None):
    """Return the convex weights with the least squared error over all outputs.

    The loss is a parabola of the first weight. Its minimum, clipped to [0, 1], is the
    exact solution. The weights are (0.5, 0.5) if all predictions of the members agree.
    Predictions and targets have shape (n_samples, n_outputs).
    """
    difference = first - second
    weight = 1.0 if weight is None else weight[:, np.newaxis]
    curvature = (weight * difference**2).sum()
    if curvature == 0:
        return np.array([0.5, 0.5])
    share = np.clip((weight * difference * (y - second)).sum() / curvature, 0, 1)
    return np.array([share, 1 - share])


def log_loss_weights(first, second, codes, weight=None):
    """Return the convex weights with the least log-loss of the mixed probabilities.

    The loss is convex in the first weight. The minimum is at the root of its slope in
    (0, 1), or at an end of this interval. The weights are (0.5, 0.5) if the members
    have equal probabilities for all actual classes. Probabilities have the shape
    (n_samples, n_classes). `codes` holds the column of the actual class of each sample.
    """
    weight = 1.0 if weight is None else weight
    rows = np.arange(len(codes))
    first = np.maximum(first[rows, codes], _SMALLEST_PROBABILITY)
    second = np.maximum(second[rows, codes], _SMALLEST_PROBABILITY)
    difference = first - second

    def slope(share):
        mixture = share * first + (1 - share) * second
        return -(weight * difference / mixture).sum()

    if not difference.any():
        share = 0.5
    elif slope(0) >= 0:
        share = 0.0
    elif slope(1) <= 0:
        share = 1.0
    else:
        share = brentq(slope, 0, 1)
    return np.array([share, 1 - share])
