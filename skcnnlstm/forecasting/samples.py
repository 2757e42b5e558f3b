"""Windows of the forecaster: made for fit, and rolled forward for forecasts.

Every case is a list of parts: rows that follow one another without a gap. One series
has one part for each run between gaps, many series have parts of their own, and with
independent channels each column is a part.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from skcnnlstm.windows.make_windows import make_windows, window_view

# A forecast that is fed back copies windows: so many bytes of them at a time.
_ROLL_BYTES = 64 * 2**20


class Part(NamedTuple):
    """Rows on the scale of the model that follow one another without a gap."""

    columns: np.ndarray  # (n_rows, n_modelled + n_past), what is forecast first
    exog: np.ndarray | None  # (n_rows or more, n_exog), of these rows and later ones

    def then(self, later):
        """Return this part and the rows that follow it, in the type of this one."""
        columns = np.concatenate(
            [self.columns, later.columns], dtype=self.columns.dtype
        )
        if self.exog is None:
            return Part(columns, None)
        return Part(columns, np.concatenate([self.exog, later.exog]))

    def rows(self, start, stop):
        """Return some rows."""
        exog = None if self.exog is None else self.exog[start:stop]
        return Part(self.columns[start:stop], exog)

    def like(self, other):
        """Return this part in the type of another."""
        return self._replace(columns=self.columns.astype(other.columns.dtype))

    def repeated(self, n_rows):
        """Return the first row `n_rows` times."""
        first = self.rows(0, 1)
        exog = None if first.exog is None else first.exog.repeat(n_rows, axis=0)
        return Part(first.columns.repeat(n_rows, axis=0), exog)


def features(part, shift):
    """Put beside each row of a part the covariates of the row `shift` steps later.

    At the end of training rows these are not known: zeros, which no window holds, for
    a window and its targets end within the rows.
    """
    if part.exog is None:
        return part.columns
    later = part.exog[shift : shift + len(part.columns)]
    beside = np.zeros((len(part.columns), later.shape[1]), part.columns.dtype)
    beside[: len(later)] = later
    return np.concatenate([part.columns, beside], axis=1)


def channels(table, n_modelled, independent):
    """Return the feature tables of a part: one, or one for each column forecast.

    Covariates, the columns after the first `n_modelled`, go into each of them.
    """
    if not independent or n_modelled == 1:
        return [table]
    beside = range(n_modelled, table.shape[1])
    return [table[:, [column, *beside]] for column in range(n_modelled)]


# ------------------------------------------------------------------------------ for fit


def cut_samples(parts, length, block, n_modelled, independent):
    """Cut the parts of one series into samples, where they are long enough.

    Returns
    -------
    samples : list of list of (windows, targets)
        For each channel, for each part. Where a target is NaN there is no sample; the
        others are then a copy.
    """
    n_targets = 1 if independent else n_modelled
    by_part = [
        [
            make_windows(
                table, length, block, target=list(range(n_targets)), missing="mask"
            )
            for table in channels(features(part, block), n_modelled, independent)
        ]
        for part in parts
        if len(part.columns) >= length + block
    ]
    return [list(channel) for channel in zip(*by_part, strict=True)]


def check_some_targets(counts):
    """Raise where the series have no sample; `counts` are those of each."""
    if not sum(counts):
        raise ValueError(
            "series must have window_length rows and then known values (no NaN) of "
            "every target in each of the next horizon rows, at one place at least: got "
            "none such. Fill short gaps, or use a smaller horizon."
        )


def order_in_time(counts, held_out=None, gap=0):
    """Order the samples of several series so that one cut takes the tail of each.

    Sample i of n stands at the relative time (i + 1/2) / n, and samples are put in the
    order of that: any cut takes the same share of each series, but for rounding. Where
    early stopping is to cut, the cut is exact.

    Parameters
    ----------
    counts : sequence of int
        Samples of each series, which stand one series after the other.
    held_out : float or None
        The share that early stopping cuts off the end of all samples.
    gap : int
        Samples of each series to leave out before those held out.

    Returns
    -------
    order : ndarray of int, shape (sum of counts,)
        The samples in time order.
    n_gap : int
        How many samples stand in the gap, of all series together: at the cut of early
        stopping, or as many as any cut needs.
    """
    counts = np.asarray(counts)
    if len(counts) == 1:
        return np.arange(counts[0]), gap
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    relative = (position + 0.5) / counts[series]
    if held_out is None:
        order = np.lexsort((series, relative))
        return order, _widest(np.split(np.argsort(order), counts.cumsum()[:-1]), gap)
    tails = _share(counts, max(1, math.ceil(counts.sum() * held_out)))
    gaps = np.minimum(gap, counts - tails)
    to_end = counts[series] - position  # 1 for the last sample of a series
    zone = 1 * (to_end <= (tails + gaps)[series]) + (to_end <= tails[series])
    return np.lexsort((series, relative, zone)), int(gaps.sum())


def _widest(places, gap):
    """Return how far apart in an order `gap` samples of one series may be.

    `places` are, for each series, where its samples stand.
    """
    if gap == 0:
        return 0
    spans = [
        at[gap:] - at[:-gap] if len(at) > gap else at[-1:] - at[:1] for at in places
    ]
    return int(np.concatenate(spans).max())


def _share(counts, total):
    """Split `total` in proportion to counts, in whole numbers."""
    shares, rest = np.divmod(counts * total, counts.sum())
    largest = np.argsort(-rest, kind="stable")[: total - shares.sum()]
    shares[largest] += 1
    return shares


def join_samples(samples, order, dtype=None):
    """Put the samples of all series into one array, in an order; one stays a view.

    Parameters
    ----------
    samples : list of (windows, targets)
        Parts, one after the other.
    order : ndarray of int
        As of `order_in_time`.
    dtype : dtype or None
        Of the joined windows and targets; None for that of the parts.
    """
    if len(samples) == 1:
        return samples[0]
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    joined = [
        np.empty((len(order), *arrays[0].shape[1:]), dtype or np.result_type(*arrays))
        for arrays in zip(*samples, strict=True)
    ]
    start = 0
    for pair in samples:
        at = place[start : start + len(pair[0])]
        start += len(at)
        for whole, array in zip(joined, pair, strict=True):
            whole[at] = array
    return tuple(joined)


# ------------------------------------------------------------------------ for forecasts


def cut_origins(parts, length, block, steps, n_modelled, independent):
    """Return, for each channel of a series, the windows that forecasts start from.

    Returns
    -------
    origins : list of (windows, later)
        Windows ``(n, length, n_features)``, and the shifted covariates of the rows
        that follow each as far as `steps` need them, ``(n, n_rows, n_exog)`` or None.
    """
    n_later = (math.ceil(steps / block) - 1) * block
    by_part = []
    for part in parts:
        later, n_windows = None, len(part.columns) - length + 1
        if n_later and part.exog is not None:
            later = window_view(part.exog[length + block :], n_later)[:n_windows]
        tables = channels(features(part, block), n_modelled, independent)
        by_part.append([(window_view(table, length), later) for table in tables])
    return [_join_origins(channel) for channel in zip(*by_part, strict=True)]


def _join_origins(origins):
    if len(origins) == 1:
        return origins[0]
    windows, later = zip(*origins, strict=True)
    return np.concatenate(windows), None if later[0] is None else np.concatenate(later)


def forecast_origins(predict, origins, steps, block):
    """Forecast from the windows of several origins in one go.

    Parameters
    ----------
    predict : callable
        From windows ``(n, length, n_features)`` to the next `block` steps of what is
        forecast, ``(n, block, n_targets)``.
    origins : list of (windows, later)
        As of `cut_origins`.
    steps, block : int
        How far, and how far at once: `predict` is fed its own answers.

    Returns
    -------
    forecasts : list of ndarray of shape (n, steps, n_targets)
        For each of `origins`.
    """
    windows, later = _join_origins(origins)
    n_blocks = math.ceil(steps / block)
    if n_blocks == 1:
        ahead = predict(windows)
    else:
        size = max(1, _ROLL_BYTES // max(1, windows[:1].nbytes))
        ahead = np.concatenate(
            [
                _roll(
                    predict,
                    windows[start : start + size],
                    None if later is None else later[start : start + size],
                    n_blocks,
                    block,
                )
                for start in range(0, len(windows), size)
            ]
        )
    cuts = np.cumsum([len(one) for one, _ in origins])[:-1]
    return np.split(ahead[:, :steps], cuts)


def _roll(predict, windows, later, n_blocks, block):
    """Feed forecasts back, a block at a time, with the covariates of their rows."""
    length, ahead = windows.shape[1], [predict(windows)]
    for start in range(0, (n_blocks - 1) * block, block):
        rows = ahead[-1]
        if later is not None:
            rows = np.concatenate([rows, later[:, start : start + block]], axis=2)
        windows = np.concatenate([windows, rows], axis=1, dtype=windows.dtype)
        windows = windows[:, -length:]
        ahead.append(predict(windows))
    return np.concatenate(ahead, axis=1)
