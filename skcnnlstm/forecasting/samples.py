"""Cut windows and targets from segments of rows, and roll forecasts forward."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from skcnnlstm.forecasting.weights import weigh_samples
from skcnnlstm.windows.make_windows import (
    cut_windows,
    drop_unknown_targets,
    flatten_targets,
    window_view,
)

# Recursive forecasts copy windows; at most this many bytes are copied at a time.
_ROLL_BYTES = 64 * 2**20


class Segment(NamedTuple):
    """Consecutive rows of one series without a gap in time, on the model's scale."""

    columns: np.ndarray  # (n_rows, n_modelled + n_past), targets first
    exog: np.ndarray | None  # (n_rows or more, n_exog), may include rows ahead
    weight: np.ndarray | None = None  # (n_rows,); None if all weights are 1

    def append(self, later):
        """Return the rows of this segment, followed by those of the segment `later`.

        The columns and covariates get the dtypes of this segment.
        """
        columns = np.concatenate(
            [self.columns, later.columns], dtype=self.columns.dtype
        )
        exog = weight = None
        if self.exog is not None:
            exog = np.concatenate([self.exog, later.exog], dtype=self.exog.dtype)
        if self.weight is not None or later.weight is not None:
            weight = np.concatenate([self._weights(), later._weights()])
        return Segment(columns, exog, weight)

    def _weights(self):
        return np.ones(len(self.columns)) if self.weight is None else self.weight

    def rows(self, start, stop):
        """Return the rows from `start` up to `stop`."""
        exog = None if self.exog is None else self.exog[start:stop]
        weight = None if self.weight is None else self.weight[start:stop]
        return Segment(self.columns[start:stop], exog, weight)

    def last(self, n_rows):
        """Return a copy of the last rows, at most `n_rows`."""
        rows = self.rows(max(0, len(self.columns) - n_rows), len(self.columns))
        # A view would keep all rows in memory.
        return Segment(*(None if part is None else part.copy() for part in rows))

    def astype(self, dtype):
        """Return this segment with columns of another dtype."""
        return self._replace(columns=self.columns.astype(dtype))

    def repeat_first(self, n_rows):
        """Return a segment that holds the first row `n_rows` times, without weights."""
        first = self.rows(0, 1)
        exog = None if first.exog is None else first.exog.repeat(n_rows, axis=0)
        return Segment(first.columns.repeat(n_rows, axis=0), exog)


def append_exog(segment, shift):
    """Join the columns of a segment with its covariates from `shift` rows later.

    Row t of the result holds the columns of row t and the covariates of row
    ``t + shift``. Without covariates, the result is the columns. In training, the last
    `shift` rows get zeros as covariates. No window contains these rows, because the
    targets that follow a window end within the segment.
    """
    if segment.exog is None:
        return segment.columns
    later = segment.exog[shift : shift + len(segment.columns)]
    exog = np.zeros((len(segment.columns), later.shape[1]), segment.columns.dtype)
    exog[: len(later)] = later
    return np.concatenate([segment.columns, exog], axis=1)


def split_channels(table, n_modelled, independent):
    """Return a list of the tables from which windows are cut.

    The list holds `table` itself or, with `independent`, one table for each target
    column. Such a table holds the target column and all covariates, which are the
    columns of `table` after the first `n_modelled`.
    """
    if not independent or n_modelled == 1:
        return [table]
    covariates = range(n_modelled, table.shape[1])
    return [table[:, [column, *covariates]] for column in range(n_modelled)]


# ------------------------------------------------------------------ training samples


def cut_samples(segments, length, block_length, n_modelled, independent):
    """Cut the segments of one series into windows and targets.

    Segments shorter than ``length + block_length`` rows give no sample. A sample is
    dropped if one of its targets is NaN, or is in a row with the weight zero. If no
    sample is dropped, the windows are a view; otherwise, they can be a copy.

    Returns
    -------
    samples : list of list of (windows, targets) or (windows, targets, weight)
        For each channel (a table of `split_channels`), a list with one entry for each
        segment that is long enough. Entries have weights if the rows have weights.
    """
    n_targets = 1 if independent else n_modelled
    by_segment = [
        [
            _cut_table(table, segment.weight, length, block_length, n_targets)
            for table in split_channels(
                append_exog(segment, block_length), n_modelled, independent
            )
        ]
        for segment in segments
        if len(segment.columns) >= length + block_length
    ]
    return [list(channel) for channel in zip(*by_segment, strict=True)]


def _cut_table(table, weight, length, block_length, n_targets):
    """Return the windows and targets of a table, with weights if `weight` is given.

    The targets are the first `n_targets` columns of the table.
    """
    windows, targets = cut_windows(table, table[:, :n_targets], length, block_length)
    if weight is None:
        windows, targets = drop_unknown_targets(windows, targets)
        return windows, flatten_targets(targets)
    weight = weigh_samples(weight, length, block_length)
    kept = np.flatnonzero((weight > 0) & ~np.isnan(targets).any(axis=(1, 2)))
    if len(kept) and kept[-1] - kept[0] == len(kept) - 1:
        kept = slice(kept[0], kept[-1] + 1)  # a view
    return windows[kept], flatten_targets(targets[kept]), weight[kept]


def without_empty(samples):
    """Return `samples` without empty segments and empty channels.

    `samples` has the form that `cut_samples` returns.
    """
    kept = [[pair for pair in pairs if len(pair[0])] for pairs in samples]
    return [pairs for pairs in kept if pairs]


def check_has_samples(samples, weighted=False):
    """Raise if no series has a sample.

    The message depends on `weighted`: whether the rows have weights.
    """
    if not samples and weighted:
        raise ValueError(
            "sample_weight must leave at least one sample: got a zero weight or a NaN "
            "value in the target rows of each sample. Use positive weights for horizon "
            "rows that follow window_length rows, or a smaller horizon."
        )
    if not samples:
        raise ValueError(
            "series must contain window_length rows whose next horizon rows have no "
            "NaN in the target columns: got no such rows. Fill short gaps, or use a "
            "smaller horizon."
        )


def order_in_time(counts, held_out=None, gap=0):
    """Order the samples of several series by their relative time.

    Early stopping holds out the last samples. Sample i of a series with n samples has
    the relative time (i + 1/2) / n. A cut of the ordered samples therefore holds out
    the same share of each series, up to rounding. If `held_out` is given, the order is
    made for this cut: the samples to leave out come directly before the held-out ones.

    Parameters
    ----------
    counts : sequence of int
        Number of samples of each series. Samples are numbered series by series.
    held_out : float or None
        Share of the samples that early stopping holds out at the end; None if it is not
        known.
    gap : int
        Number of samples of each series to leave out between the last training sample
        and the first sample held out.

    Returns
    -------
    order : ndarray of int, shape (sum of counts,)
        The numbers of the samples in time order.
    n_gap : int
        Number of samples of all series to leave out at the cut of early stopping. If
        `held_out` is None, the number is large enough for any cut.
    """
    counts = np.asarray(counts)
    if len(counts) == 1:
        return np.arange(counts[0]), gap
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    relative = (position + 0.5) / counts[series]
    if held_out is None:
        order = np.lexsort((series, relative))
        ranks = np.split(np.argsort(order), counts.cumsum()[:-1])
        return order, _widest_gap(ranks, gap)
    tails = _split_in_proportion(counts, max(1, math.ceil(counts.sum() * held_out)))
    gaps = np.minimum(gap, counts - tails)
    to_end = counts[series] - position  # 1 for the last sample of a series
    zone = 1 * (to_end <= (tails + gaps)[series]) + (to_end <= tails[series])
    return np.lexsort((series, relative, zone)), int(gaps.sum())


def _widest_gap(ranks, gap):
    """Return the largest distance between two samples in the order of all series.

    The two samples are `gap` apart in their own series. In a series with at most `gap`
    samples, they are the first and the last sample. `ranks` holds, for each series, the
    positions of its samples in the order.
    """
    if gap == 0:
        return 0
    distances = [
        own[gap:] - own[:-gap] if len(own) > gap else own[-1:] - own[:1]
        for own in ranks
    ]
    return int(np.concatenate(distances).max())


def _split_in_proportion(counts, total):
    """Split `total` into whole numbers in proportion to `counts`."""
    shares, remainders = np.divmod(counts * total, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: total - shares.sum()]
    shares[largest] += 1
    return shares


def join_samples(samples, order, dtype=None):
    """Join the windows, the targets and the weights of all segments, sorted by `order`.

    Parameters
    ----------
    samples : list of (windows, targets) or (windows, targets, weight)
        One entry for each segment; all entries have weights, or none.
    order : ndarray of int
        The order that `order_in_time` returns.
    dtype : dtype or None
        The dtype of the joined arrays. None keeps that of the samples.

    Returns
    -------
    joined : (windows, targets) or (windows, targets, weight)
        The samples of all entries. A single entry is returned as it is: not copied, and
        in its own dtype.
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
        rows = place[start : start + len(pair[0])]
        start += len(rows)
        for whole, array in zip(joined, pair, strict=True):
            whole[rows] = array
    return tuple(joined)


# ------------------------------------------------------------------------- forecasts


def cut_origins(
    segments,
    length,
    block_length,
    steps,
    n_modelled,
    independent,
    whole_blocks=True,
):
    """Return the windows from which forecasts start, and covariates of later blocks.

    A block is the rows that the estimator predicts at once. With `whole_blocks`, the
    segments hold covariates for whole blocks of rows ahead. Otherwise they hold
    covariates for `steps` rows ahead.

    Returns
    -------
    origins : list of (windows, later)
        One pair for each channel. `windows` has the shape ``(n, length, n_features)``.
        `later` has the shape ``(n, n_rows, n_exog)``: the covariates of the rows after
        the first block. `later` is None if there are no covariates or only one block.
    """
    n_later = (math.ceil(steps / block_length) - 1) * block_length
    if not whole_blocks:
        n_later = steps - block_length
    by_segment = []
    for segment in segments:
        later, n_windows = None, len(segment.columns) - length + 1
        if n_later and segment.exog is not None:
            later = window_view(segment.exog[length + block_length :], n_later)[
                :n_windows
            ]
        tables = split_channels(
            append_exog(segment, block_length), n_modelled, independent
        )
        by_segment.append([(window_view(table, length), later) for table in tables])
    return [_join_origins(channel) for channel in zip(*by_segment, strict=True)]


def _join_origins(origins):
    if len(origins) == 1:
        return origins[0]
    windows, later = zip(*origins, strict=True)
    return np.concatenate(windows), None if later[0] is None else np.concatenate(later)


def forecast_origins(predict, origins, steps, block_length):
    """Forecast from the windows of several origins at once.

    Parameters
    ----------
    predict : callable
        Function of windows ``(n, length, n_features)`` that returns forecasts of the
        next `block_length` steps, ``(n, block_length, n_targets)``.
    origins : list of (windows, later)
        As returned by `cut_origins`.
    steps : int
        Number of steps to forecast. Beyond `block_length`, forecasts are fed back into
        the windows.
    block_length : int
        Number of steps that one call of `predict` forecasts.

    Returns
    -------
    forecasts : list of ndarray of shape (n, steps, n_targets)
        One array for each of `origins`.
    """
    windows, later = _join_origins(origins)
    n_blocks = math.ceil(steps / block_length)
    if n_blocks == 1:
        forecasts = predict(windows)
    else:
        size = max(1, _ROLL_BYTES // max(1, windows[:1].nbytes))
        forecasts = np.concatenate(
            [
                _roll(
                    predict,
                    windows[start : start + size],
                    None if later is None else later[start : start + size],
                    n_blocks,
                    block_length,
                )
                for start in range(0, len(windows), size)
            ]
        )
    cuts = np.cumsum([len(windows) for windows, _ in origins])[:-1]
    return np.split(forecasts[:, :steps], cuts)


def _roll(predict, windows, later, n_blocks, block_length):
    """Forecast several blocks: feed forecasts back into the windows.

    The fed-back rows get their covariates from `later`. If `later` ends within the last
    block, the last window moves only by the rows that have covariates. Where its
    forecasts overlap with earlier forecasts, the earlier ones are kept.
    """
    length, blocks = windows.shape[1], [predict(windows)]
    for start in range(0, (n_blocks - 1) * block_length, block_length):
        rows, n_new = blocks[-1], block_length
        if later is not None:
            exog = later[:, start : start + block_length]
            n_new = exog.shape[1]
            rows = np.concatenate([rows[:, :n_new], exog], axis=2)
        windows = np.concatenate([windows, rows], axis=1, dtype=windows.dtype)
        windows = windows[:, -length:]
        blocks.append(predict(windows)[:, block_length - n_new :])
    return np.concatenate(blocks, axis=1)
