"""fit: training samples, configured fits, invalid parameters."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    ridge,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from time_indexes import each_regular_index, numbered

from skcnnlstm import CNNRegressor, FlattenWindows, SeriesForecaster


def test_the_estimator_is_fitted_on_3d_windows_and_the_values_after_them():
    forecaster = SeriesForecaster(Rising(), window_length=4, transformer=None)
    seen = forecaster.fit(np.arange(10, 100, 10)).estimator_
    assert seen.X_[:, :, 0].tolist() == [
        [10, 20, 30, 40],
        [20, 30, 40, 50],
        [30, 40, 50, 60],
        [40, 50, 60, 70],
        [50, 60, 70, 80],
    ]
    assert seen.X_.shape == (5, 4, 1)
    assert seen.y_.ravel().tolist() == [50, 60, 70, 80, 90]


def test_targets_of_several_columns_are_ordered_by_step():
    series = np.column_stack([np.arange(6), np.arange(6) * 10])
    forecaster = SeriesForecaster(
        Rising(), window_length=2, horizon=2, transformer=None
    )
    seen = forecaster.fit(series).estimator_
    assert seen.X_[0].tolist() == [[0, 0], [1, 10]]
    assert seen.y_.tolist() == [[2, 20, 3, 30], [3, 30, 4, 40], [4, 40, 5, 50]]
    assert forecaster.n_targets_ == 2


def test_windows_share_memory_in_fit_and_predict():
    forecaster = SeriesForecaster(Rising(), window_length=4).fit(np.arange(50.0))
    forecaster.predict(np.arange(50.0, 90.0))
    seen = forecaster.estimator_
    assert np.shares_memory(seen.X_[0], seen.X_[3])
    assert np.shares_memory(seen.asked_[0], seen.asked_[3])


def test_fit_keeps_no_reference_to_the_series():
    series = np.arange(10_000.0)
    forecaster = SeriesForecaster(ridge(), window_length=4, transformer=None)
    before = forecaster.fit(series).forecast()
    series[:] = 0
    np.testing.assert_array_equal(forecaster.forecast(), before)
    assert len(pickle.dumps(forecaster)) < 10_000


@each_regular_index
@pytest.mark.parametrize("horizon", [1, 2])
def test_no_training_sample_crosses_a_gap(index, horizon):
    series = numbered(index).drop(index[[10]])
    forecaster = SeriesForecaster(
        Rising(), window_length=3, horizon=horizon, transformer=None
    )
    seen = forecaster.fit(series).estimator_
    starts = [
        start
        for start in range(24)
        if start + 3 + horizon <= 24 and not start <= 10 < start + 3 + horizon
    ]
    expected = [[start, start + 1, start + 2] for start in starts]
    assert seen.X_[:, :, 0].tolist() == expected
    ahead = np.array(starts)[:, np.newaxis] + 3 + np.arange(horizon)
    np.testing.assert_array_equal(seen.y_.reshape(-1, horizon), ahead)


def test_no_fold_learns_from_later_rows(airline):
    changed = airline.copy()
    changed[108:] *= 50
    results = [
        cross_validate(
            SeriesForecaster(ridge(), horizon=12, transformer="log"),
            series,
            cv=TimeSeriesSplit(3, test_size=12),
            return_estimator=True,
        )
        for series in (airline, changed)
    ]
    one, other = (result["estimator"][0] for result in results)
    np.testing.assert_array_equal(one.estimator_[-1].coef_, other.estimator_[-1].coef_)
    pd.testing.assert_series_equal(one.forecast(), other.forecast())
    assert results[0]["test_score"][0] != results[1]["test_score"][0]


def test_auto_epochs_count_the_samples_of_all_series():
    network = CNNRegressor(filters=2, batch_size=16, random_state=0)
    network.set_params(early_stopping=False)
    forecaster = SeriesForecaster(network, window_length=4, horizon=2)
    forecaster.fit([np.arange(85.0), np.arange(85.0)])  # 160 samples, ten steps
    # 250 steps: the recipe without validation samples.
    assert forecaster.estimator_.n_epochs_ == 25
    assert forecaster.estimator_.epochs == network.epochs == "auto"


def test_the_forecaster_sets_parameters_on_its_copy_of_the_network():
    network = CNNRegressor(filters=2, epochs=1, random_state=0)
    before = network.get_params()
    forecaster = SeriesForecaster(network, window_length=4, horizon=2)
    forecaster.fit(np.arange(85.0))
    assert forecaster.estimator_.linear_skip is True
    assert forecaster.estimator_.standardize is False
    assert network.get_params() == before


def test_a_recursive_estimator_is_trained_one_step_ahead(series):
    forecaster = SeriesForecaster(
        Rising(), window_length=5, horizon=4, strategy="recursive"
    ).fit(series)
    assert forecaster.estimator_.y_.shape == (55, 1)
    assert forecaster.forecast().shape == (4,)


def rising(**params):
    settings = {"window_length": 3, "transformer": None} | params
    return SeriesForecaster(Rising(), **settings)


def test_each_series_has_its_own_scale_and_one_estimator_is_fitted_on_all(three):
    forecaster = SeriesForecaster(Rising(), window_length=3, horizon=2).fit(three)
    assert list(forecaster.transformer_) == ["b", "a", "c"]
    for key, scaler in forecaster.transformer_.items():
        assert scaler.mean_[0] == pytest.approx(three[key].mean())
    assert forecaster.estimator_.X_.shape == (30 - 4 + 20 - 4 + 25 - 4, 3, 1)
    alone = forecaster.transformer_["a"].transform(three["a"].to_numpy()[:, None])[:3]
    seen = forecaster.estimator_.X_
    assert sum(np.array_equal(window, alone) for window in seen) == 1
    assert isinstance(forecaster.fit([*three.values()]).transformer_, list)


def test_windows_of_many_series_are_float32_if_a_network_reads_them(three):
    network = CNNRegressor(filters=2, epochs=1, random_state=0)
    seen = {}

    class Spy(CNNRegressor, build=CNNRegressor._build):
        """A network that records its training data."""

        def fit(self, X, y, sample_weight=None):
            seen["X"], seen["y"] = X, y
            return super().fit(X, y, sample_weight)

    forecaster = SeriesForecaster(Spy(**network.get_params()), window_length=6)
    forecaster.fit(three)
    assert seen["X"].dtype == seen["y"].dtype == np.float32
    forecaster.fit(three["b"])
    assert seen["X"].dtype == np.float64
    assert np.shares_memory(seen["X"][0], seen["X"][3])  # one series stays a view


def test_no_window_of_a_panel_crosses_a_gap(three):
    with_gap = three | {"b": three["b"].drop(three["b"].index[10])}
    seen = rising().fit(with_gap).estimator_.X_
    assert len(seen) == (10 - 3) + (19 - 3) + 20 - 3 + 25 - 3


def test_independent_channels_equal_a_panel_of_single_columns():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(40, 3)).cumsum(axis=0)
    joint = SeriesForecaster(
        ridge(), window_length=6, horizon=4, channels="independent"
    ).fit(table[:30])
    apart = SeriesForecaster(ridge(), window_length=6, horizon=4)
    apart.fit([table[:30, column] for column in range(3)])
    assert joint.estimator_[-1].coef_.shape == (4, 6)
    np.testing.assert_allclose(
        joint.forecast(9), np.column_stack(apart.forecast(9)), rtol=1e-9
    )
    np.testing.assert_allclose(
        joint.predict(table[30:]),
        np.stack(apart.predict([*table[30:].T]), axis=2),
        rtol=1e-9,
    )
    assert joint.score(table[30:]) == pytest.approx(apart.score([*table[30:].T]))


def test_independent_channels_of_many_series():
    tables = [np.arange(20.0).reshape(10, 2), np.arange(30.0).reshape(15, 2) * 2]
    forecaster = rising(channels="independent").fit(tables)
    assert forecaster.estimator_.X_.shape == (2 * 7 + 2 * 12, 3, 1)
    first, second = forecaster.forecast(2)
    assert first.tolist() == [[19, 20], [20, 21]]
    assert second.tolist() == [[57, 59], [58, 60]]


def test_networks_get_one_target_with_independent_channels():
    network = CNNRegressor(filters=2, epochs=1, random_state=0, early_stopping=True)
    forecaster = SeriesForecaster(
        network, window_length=4, horizon=3, channels="independent"
    ).fit(np.random.default_rng(0).normal(size=(60, 2)))
    assert forecaster.estimator_.n_targets == 1
    assert forecaster.estimator_.validation_gap == 2 * 2  # two of each column
    assert forecaster.forecast().shape == (3, 2)


def test_a_network_with_early_stopping_holds_out_the_tail_of_each_series():
    held, network = {}, CNNRegressor(filters=2, epochs=1, random_state=0)

    class Spy(CNNRegressor, build=CNNRegressor._build):
        """A network that records the samples held out by early stopping."""

        def _split_validation(self, samples, settings, seed):
            train, tail = super()._split_validation(samples, settings, seed)
            held["train"], held["tail"] = train.y, tail.y
            return train, tail

    params = network.get_params() | {"early_stopping": True, "validation_fraction": 0.2}
    # The values identify series and row: 100 to 129, and 200 to 219.
    series = [np.arange(100.0, 130.0), np.arange(200.0, 220.0)]
    SeriesForecaster(Spy(**params), window_length=3, horizon=3, transformer=None).fit(
        series
    )
    # 25 and 15 samples: the last 5 and 3 are held out, and 2 of each before them.
    assert sorted(held["tail"][:, 0]) == [*range(123, 128), *range(215, 218)]
    assert sorted(held["train"][:, 0]) == [*range(103, 121), *range(203, 213)]
    assert not set(held["train"].ravel()) & set(held["tail"].ravel())


def test_series_that_are_too_short_are_listed():
    series = {str(length): np.arange(float(length)) for length in range(1, 20)}
    with pytest.raises(ValueError) as caught:
        rising(window_length=8, horizon=3).fit(series)
    assert str(caught.value) == (
        "each series must have at least window_length + horizon rows without a gap in "
        "time: got '1' with 1, '2' with 2, '3' with 3, '4' with 4, '5' with 5 and 5 "
        "more, window_length=8, horizon=3. Remove these series, or use shorter windows."
    )


MONTHS = pd.date_range("1949-01-01", periods=40, freq="MS")


FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) + 1}, index=MONTHS)


BAD_PARAMS = [
    (
        {"transformer": "logs"},
        ValueError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer='logs'. Use one of "
        "these, such as MinMaxScaler().",
    ),
    (
        {"transformer": FlattenWindows()},
        TypeError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer=FlattenWindows(). Use one of "
        "these, such as MinMaxScaler().",
    ),
    (
        {"transformer": MinMaxScaler},
        TypeError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer=<class "
        "'sklearn.preprocessing._data.MinMaxScaler'>. Use one of these, such as "
        "MinMaxScaler().",
    ),
    (
        {"transformer": FunctionTransformer(lambda rows: rows[1:], validate=False)},
        ValueError,
        "transformer must return one row for each input row: got "
        "transformer=FunctionTransformer(func=<function <lambda>",
    ),
    (
        {"transformer": "log"},
        ValueError,
        'transformer="log" requires positive values: got 0.0 at row 0 (1949-01-01 '
        "00:00:00), column 'a'. Use transformer=\"standard\", or add a constant to "
        "the series.",
    ),
    (
        {"estimator": Ridge},
        TypeError,
        "estimator must be an instance: got the class Ridge. Use Ridge().",
    ),
    (
        {"estimator": None},
        TypeError,
        "estimator must have fit and predict: got estimator=None. Use a regressor, or "
        "a Pipeline that ends in one.",
    ),
    (
        {"estimator": LogisticRegression()},
        TypeError,
        "estimator must be a regressor: got estimator=LogisticRegression(), a "
        "classifier. Use a regressor, or a Pipeline that ends in one.",
    ),
    (
        {"estimator": Ridge()},
        ValueError,
        "estimator must take windows (n_samples, window_length, n_features): got "
        "estimator=Ridge(), which is or contains an estimator for 2-D input. Use "
        "make_pipeline(FlattenWindows(), Ridge()), with your estimator instead of "
        "Ridge().",
    ),
    (
        {"estimator": MinMaxScaler()},
        TypeError,
        "estimator must have fit and predict: got estimator=MinMaxScaler(). Use a "
        "regressor, or a Pipeline that ends in one.",
    ),
]


@pytest.mark.parametrize("params, error, message", BAD_PARAMS)
def test_invalid_parameters_are_rejected_in_fit(params, error, message):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2)
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.set_params(**params).fit(FRAME)


@pytest.mark.parametrize("name", ["window_length", "horizon"])
@pytest.mark.parametrize(
    "value, error", [(0, ValueError), (-1, ValueError), (2.0, TypeError)]
)
def test_lengths_are_positive_integers(name, value, error):
    forecaster = SeriesForecaster(ridge()).set_params(**{name: value})
    with pytest.raises(error, match=name):
        forecaster.fit(FRAME)
    forecaster.set_params(window_length=3, horizon=2).fit(FRAME)
    with pytest.raises(error, match="steps"):
        forecaster.forecast(value)


def test_a_horizon_longer_than_the_series_is_named_as_the_cause():
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=40)
    with pytest.raises(ValueError, match=r"44 rows or more, or a shorter horizon\.$"):
        forecaster.fit(FRAME)
    with pytest.raises(ValueError, match="these series, or use a shorter horizon"):
        forecaster.fit([FRAME, FRAME])
    forecaster.set_params(horizon=39)
    with pytest.raises(ValueError, match=r"43 rows or more, or shorter windows\.$"):
        forecaster.fit(FRAME)
    with pytest.raises(ValueError, match="Remove these series, or use shorter windows"):
        forecaster.fit([FRAME, FRAME])
    forecaster.set_params(horizon=30)
    with pytest.raises(
        ValueError, match=r"interpolate\), or use a shorter horizon\. If"
    ):
        forecaster.fit(FRAME.drop(MONTHS[20]))
