"""The figure of the command line."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.cli import figure
from skcnnlstm.cli.report import Forecast

pytest.importorskip("matplotlib", reason="the extra plot installs it")


def draw(n_targets=1, keys=(None,), index=None, with_bounds=True):
    if index is None:
        index = pd.date_range("2020-01-01", periods=30, freq="D", name="date")
    table = pd.DataFrame(
        np.arange(30.0 * n_targets).reshape(30, n_targets) + 1,
        index=index,
        columns=[f"t{i}" for i in range(n_targets)],
    )
    history = dict.fromkeys(keys, table[:27])
    mean = dict.fromkeys(keys, table[27:])
    bounds = ()
    if with_bounds:
        lower, upper = (dict.fromkeys(keys, table[27:] + by) for by in (-2, 2))
        bounds = lower, upper, 0.8
    rmse = {(key, name): 2.0 for key in keys for name in table}
    return figure.draw_forecast(
        history,
        Forecast(mean, *bounds),
        SimpleNamespace(name="my", unit="t0"),
        model_name="cnn",
        fitted={key: one[10:] for key, one in history.items()},
        note=figure.describe_rmse(rmse, 2, "3 days"),
    )


def legend(drawn):
    (found,) = drawn.legends
    return [text.get_text() for text in found.get_texts()]


def test_fit_and_interval_are_labelled_as_such():
    drawn = draw()
    assert legend(drawn) == [
        "in-sample fit, one step ahead",
        "history",
        "80 % interval",
        "forecast",
    ]
    assert "interval" not in " ".join(legend(draw(with_bounds=False)))


def test_titles_start_at_the_same_place():
    drawn = draw()
    (panel,) = drawn.axes
    (title,) = panel.texts
    assert title.get_text() == "my: the next 3 days by cnn"
    assert panel.get_title(loc="left") == "RMSE 2.00 in 2 folds of 3 days"
    drawn.canvas.draw()
    starts = [
        title.get_window_extent().x0,
        panel.get_window_extent().x0,
        panel.title.get_window_extent().x0,
    ]
    assert starts[0] == pytest.approx(starts[1], abs=2)
    assert title.get_window_extent().y1 <= drawn.bbox.y1


def test_the_lines_are_fit_history_and_forecast():
    (panel,) = draw().axes
    assert [len(line.get_xdata()) for line in panel.get_lines()] == [17, 27, 3]
    assert list(panel.get_lines()[-1].get_ydata()) == [28, 29, 30]
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("date", "t0")


@pytest.mark.parametrize("n_targets, n_panels", [(2, 2), (30, 12)])
def test_each_target_has_a_panel_up_to_twelve(n_targets, n_panels):
    drawn = draw(n_targets)
    assert len(drawn.axes) == n_panels
    assert [panel.get_ylabel() for panel in drawn.axes[:2]] == ["t0", "t1"]
    title = drawn.axes[0].texts[0].get_text()
    assert ("12 of 30 panels" in title) == (n_targets == 30)


def test_each_series_has_a_panel_with_its_name():
    drawn = draw(keys=("north", "south"))
    assert [panel.get_title(loc="left") for panel in drawn.axes] == [
        "north: RMSE 2.00 in 2 folds of 3 days",
        "south: RMSE 2.00 in 2 folds of 3 days",
    ]


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(30, name="row"),
        pd.period_range("2020-01", periods=30, freq="M"),
        pd.date_range("2020-01-01", periods=30, freq="h", tz="Europe/Berlin"),
    ],
)
def test_every_kind_of_index_is_drawn(index):
    draw(index=index).canvas.draw()
