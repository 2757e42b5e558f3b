"""Tests of `AttributionDisplay`."""

import numpy as np
import pytest
from attribution_cases import TARGET, WINDOWS, linear
from display_cases import matplotlib, ridge
from numpy.testing import assert_allclose, assert_array_equal
from user_errors import assert_error

from skcnnlstm import AttributionDisplay
from skcnnlstm.inspection import attribute


@pytest.fixture
def result():
    return attribute(linear(), WINDOWS, baseline=0.0)


def test_one_window_is_drawn_with_its_signs(result):
    display = AttributionDisplay.from_result(result, sample=2)
    image = display.image_.get_array()
    assert_allclose(image, result.attributions[2].T)
    assert display.image_.get_clim() == (-np.abs(image).max(), np.abs(image).max())
    assert display.image_.get_extent() == [5.5, -0.5, 1.5, -0.5]  # lags 5 to 0
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["x0", "x1"]
    assert display.figure_.axes[1].get_ylabel() == "attribution"


def test_several_windows_are_drawn_as_the_mean_of_absolute_values(result):
    display = AttributionDisplay.from_result(result)
    expected = np.abs(result.attributions).mean(axis=0).T
    assert_allclose(display.image_.get_array(), expected)
    assert display.image_.get_clim()[0] == 0
    assert display.figure_.axes[1].get_ylabel() == "mean |attribution|"


@pytest.mark.parametrize("kind, axis", [("lags", 2), ("features", 1)])
def test_bars_sum_over_the_other_axis(result, kind, axis):
    display = AttributionDisplay.from_result(result, kind=kind, sample=0, color="red")
    sums = result.attributions.sum(axis=axis)[0]
    bars = display.bars_.patches
    sizes = [bar.get_height() if kind == "lags" else bar.get_width() for bar in bars]
    assert_allclose(sizes, sums)
    assert bars[0].get_facecolor() == (1, 0, 0, 1)
    if kind == "lags":
        centres = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        assert_allclose(centres, result.lags)
        assert display.ax_.get_xlim() == (5.5, -0.5)  # time runs to the right


def test_blocks_of_a_permutation_have_their_widths():
    display = AttributionDisplay.from_estimator(
        linear(), WINDOWS, method="permutation", y=TARGET, block_length=4
    )
    image = display.image_.get_array()
    assert image.shape == (2, 6)
    assert_array_equal(image[:, 0], image[:, 1])  # the oldest block: lags 5 and 4
    assert (image[:, 2:] == image[:, 2:3]).all()
    assert display.figure_.axes[1].get_ylabel() == "decrease of the score"
    display.plot(kind="lags")
    assert_allclose([bar.get_width() for bar in display.bars_], [1.8, 3.6])


def test_outputs_are_averaged():
    y = np.stack([TARGET, -TARGET], axis=1)
    result = attribute(linear(y=y), WINDOWS[:1], baseline=0.0)
    display = AttributionDisplay.from_result(result)
    expected = np.abs(result.attributions[0, :, :, 0]).T
    assert_allclose(display.image_.get_array(), expected, rtol=1e-4, atol=1e-6)


def test_a_display_draws_on_given_axes_with_given_arguments(result):
    figure, ax = matplotlib.pyplot.subplots()
    norm = matplotlib.colors.LogNorm(0.01, 1)
    display = AttributionDisplay.from_result(result, ax=ax, norm=norm, cmap="magma")
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.image_.get_cmap().name == "magma"


def test_a_forecast_with_a_single_column():
    forecaster = ridge(window_length=8).fit(np.arange(40.0))
    display = AttributionDisplay.from_estimator(forecaster, None, target=0)
    assert display.image_.get_array().shape == (1, 8)


def test_errors_name_the_remedy(result):
    assert_error(
        lambda: AttributionDisplay.from_result(result, sample=80),
        ValueError,
        "sample must be a position from 0 to 79: got sample=80. Use sample=None for "
        "the mean of all windows.",
    )
    for several in ([result], {"a": result}):
        assert_error(
            lambda several=several: AttributionDisplay.from_result(several),
            TypeError,
            "result must be a Bunch that attribute returned: got "
            f"{type(several).__name__}. For many series, pass the Bunch of one of "
            "them, such as result[0] or result['key'].",
        )
    with pytest.raises(ValueError, match=r"kind must be one of .*: got kind='box'"):
        AttributionDisplay.from_result(result, kind="box")
