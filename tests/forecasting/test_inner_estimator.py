"""Parameters that the forecaster sets on the estimator inside it."""

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Network,
    ridge,
)
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.model_selection import (
    GridSearchCV,
)
from sklearn.pipeline import Pipeline, make_pipeline

from skcnnlstm import (
    CNNRegressor,
    FlattenWindows,
    HybridEnsembleRegressor,
    LastSteps,
    LSTNetRegressor,
    SeriesForecaster,
)
from skcnnlstm._utils.validation import kind_of_loss
from skcnnlstm.forecasting.inner_estimator import (
    accepts_nan,
    choose_instance_norm,
    configure_estimator,
    contains_network,
    validation_share,
)
from skcnnlstm.forecasting.samples import order_in_time


def random_walk(n_rows, n_columns=1, seed=0):
    noise = np.random.default_rng(seed).standard_normal((n_rows, n_columns))
    return noise.cumsum(axis=0)


def cut(series, length=6):
    windows = sliding_window_view(series[:-1], length, axis=0).transpose(0, 2, 1)
    return windows, series[length:]


def configure(estimator, n_targets, gap, n_samples=99):
    """Configure an estimator for windows of random walks."""
    samples = cut(random_walk(n_samples + 6, n_targets))
    return configure_estimator(estimator, n_targets, gap, *samples)


def test_the_forecaster_configures_the_inner_network(two_columns):
    network = Network(early_stopping=True)
    forecaster = SeriesForecaster(network, horizon=4, channels="joint")
    with pytest.raises(ValueError, match=r"must predict 8 values for each window"):
        forecaster.fit(two_columns).forecast()
    assert forecaster.estimator_.get_params() == {
        "instance_norm": "last",
        "n_targets": 2,
        "early_stopping": True,
        "validation_gap": 3,
    }
    assert network.get_params() == Network(early_stopping=True).get_params()


@pytest.mark.parametrize(
    "wrap, find",
    [
        (lambda network: network, lambda outer: outer),
        (
            lambda network: Pipeline([("a", make_pipeline("passthrough", network))]),
            lambda outer: outer[-1][-1],
        ),
        (
            lambda network: TransformedTargetRegressor(network),
            lambda outer: outer.regressor,
        ),
        (
            lambda network: GridSearchCV(network, {"n_targets": [1]}),
            lambda outer: outer.estimator,
        ),
    ],
    ids=["alone", "nested pipelines", "target transformed", "a search"],
)
def test_networks_are_found_at_any_depth(wrap, find):
    resolved = configure(wrap(Network(early_stopping=True)), n_targets=3, gap=5)
    network = find(resolved)
    assert (network.instance_norm, network.n_targets) == ("last", 3)
    assert network.validation_gap == 5


def test_numpy_numbers_and_booleans_are_accepted_as_parameters():
    chosen = Network(early_stopping=np.True_)
    assert configure(chosen, n_targets=3, gap=5).validation_gap == 5


@pytest.mark.parametrize(
    "chosen, kept",
    [
        ({"instance_norm": None}, {"instance_norm": None}),
        ({"instance_norm": "standard"}, {"instance_norm": "standard"}),
        ({"early_stopping": True, "validation_gap": 2}, {"validation_gap": 2}),
    ],
)
def test_values_chosen_by_the_user_are_kept(chosen, kept):
    params = configure(Network(**chosen), n_targets=3, gap=5).get_params()
    assert params.items() >= kept.items()


def test_other_estimators_with_n_targets_are_not_configured():
    process = configure(GaussianProcessRegressor(), n_targets=3, gap=5)
    assert process.n_targets is None


# ---------------------------------------------------- parameters chosen by ridge


@pytest.mark.parametrize(
    ("chosen", "n_columns", "expected"),
    [
        ({}, 1, True),
        ({"linear_skip": False}, 1, False),
        ({}, 601, False),  # 5 steps of 601 features are more than 3,000 inputs
    ],
)
def test_the_linear_skip_is_set_unless_it_would_have_too_many_inputs(
    chosen, n_columns, expected
):
    network = CNNRegressor(instance_norm="last", **chosen)
    series = np.zeros((20, n_columns))
    resolved = configure_estimator(network, 1, 0, *cut(series, 5))
    assert resolved.linear_skip is expected


@pytest.mark.parametrize("standardize", [True, False])
def test_the_series_are_not_standardized_twice(standardize):
    network = make_pipeline(LastSteps(4), CNNRegressor(standardize=standardize))
    assert configure(network, n_targets=1, gap=0)[-1].standardize is False


def choose(series, season_length=None, length=12, loss="mse"):
    windows, targets = cut(series, length)
    return choose_instance_norm(
        windows, targets, 1, 0, season_length, kind_of_loss(loss)
    )


def test_a_random_walk_is_normalized_by_its_last_value():
    assert choose(random_walk(900)) == "last"


def test_noise_around_a_fixed_level_is_not_normalized_by_the_last_value():
    noise = np.random.default_rng(0).standard_normal((3000, 1))
    assert choose(noise, length=1) is None


def test_a_season_is_subtracted_where_it_forecasts_better():
    rng = np.random.default_rng(0)
    # Too few seasons for a ridge regression to learn the pattern.
    pattern = 20 * rng.standard_normal(100)
    series = np.tile(pattern, 3)[:, None] + 0.1 * rng.standard_normal((300, 1))
    assert choose(series, season_length=100, length=100) == "seasonal"
    assert choose(series, length=100) != "seasonal"
    assert choose(series, season_length=101, length=100) != "seasonal"


def test_too_few_samples_are_normalized_by_the_last_value():
    noise = np.random.default_rng(0).standard_normal((6, 1))
    assert choose(noise, length=4) == "last"


# ------------------------------------------------------------------ channels="auto"


def is_independent(estimator, series, **params):
    forecaster = SeriesForecaster(estimator, window_length=3, **params).fit(series)
    return forecaster.estimator_.shape_[-1] == 1


class Recording(Network):
    """A network that records the shape of its windows."""

    def fit(self, X, y):
        self.shape_ = X.shape
        return super().fit(X, y)


def test_unrelated_columns_are_independent():
    assert is_independent(Recording(), random_walk(400, 2))


def test_a_column_that_follows_another_one_is_modelled_with_it():
    series = random_walk(400, 2)
    series[1:, 1] = series[:-1, 0]
    assert not is_independent(Recording(), series)
    assert is_independent(Recording(), series, channels="independent")


def test_few_rows_are_independent():
    assert is_independent(Recording(), random_walk(6, 2))


def test_the_longest_run_decides_not_the_first_one():
    days = pd.date_range("2025", periods=400)
    values = random_walk(400, 2)
    values[1:, 1] = values[:-1, 0]
    related = pd.DataFrame(values, days, columns=["a", "b"])
    related = related[(np.arange(400) < 3) | (np.arange(400) > 10)]
    unrelated = pd.DataFrame(random_walk(290, 2), days[:290], columns=["a", "b"])
    panel = {"related": related, "unrelated": unrelated}
    assert not is_independent(Recording(), panel, freq="D")


def test_past_covariates_stay_in_the_window():
    forecaster = SeriesForecaster(Recording(), window_length=3, target_columns=[0, 1])
    forecaster.fit(random_walk(400, 3))
    assert forecaster.estimator_.shape_[1:] == (3, 2)


def test_other_estimators_and_networks_for_many_columns_read_all_columns():
    class OfManyColumns(Recording):
        _models_columns_jointly = True

    series = random_walk(100, 2)
    assert not is_independent(OfManyColumns(), series)
    forecaster = SeriesForecaster(ridge(), window_length=3).fit(series)
    assert forecaster.estimator_[-1].n_features_in_ == 6
    assert LSTNetRegressor._models_columns_jointly


def test_the_gap_of_an_ensemble_holds_for_each_series():
    ensemble = HybridEnsembleRegressor(method="weighted")
    estimators = [
        ensemble,
        clone(ensemble).set_params(cnn__early_stopping=True),
        CNNRegressor(early_stopping=np.True_, validation_fraction=np.float32(0.1)),
    ]
    assert [validation_share(estimator) for estimator in estimators] == [
        None,
        None,
        pytest.approx(0.1),
    ]
    # 9 of 60 samples span the same relative time as 69 of all 460.
    _, n_gap = order_in_time([400, 60], None, 9)
    assert 68 <= n_gap <= 71
    resolved = configure(ensemble, 1, n_gap, 460)
    assert resolved.validation_gap == n_gap


class NeedsFeatures(Network):
    """A network that checks its number of targets, as real ones do."""

    def fit(self, X, y):
        if self.instance_norm is not None and self.n_targets > X[0].ndim:
            raise ValueError("n_targets must be at most the number of features: got 2")
        return super().fit(X, y)


def test_an_error_of_a_flattened_network_lists_what_the_forecaster_set(two_columns):
    flat = make_pipeline(FlattenWindows(), NeedsFeatures())
    with pytest.raises(ValueError, match=r"^n_targets must be at most") as caught:
        SeriesForecaster(flat, channels="joint").fit(two_columns)
    (note,) = caught.value.__notes__
    assert note == (
        "SeriesForecaster sets n_targets, the number of columns that it forecasts, "
        "and instance_norm on the network. The network then needs windows (n_samples, "
        "window_length, n_features). Remove FlattenWindows, or set instance_norm=None "
        "on the network."
    )
    flat.set_params(needsfeatures__instance_norm=None)
    SeriesForecaster(flat, channels="joint").fit(two_columns)


def test_networks_and_masking_are_recognised_at_any_depth():
    masked = make_pipeline(LastSteps(4), CNNRegressor(missing="mask"))
    assert contains_network(masked) and accepts_nan(masked)
    assert contains_network(CNNRegressor()) and not accepts_nan(CNNRegressor())
    assert not contains_network(ridge()) and not accepts_nan(ridge())
