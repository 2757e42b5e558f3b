"""check_leakage: the common mistakes are found, and right use is left alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcnnlstm import (
    CNNLSTMRegressor,
    FlattenWindows,
    HorizonSplit,
    LeakageError,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    SlidingWindow,
    check_leakage,
    make_windows,
)
from skcnnlstm.model_selection.leakage.findings import _changed

SERIES = np.random.default_rng(0).normal(size=120).cumsum() + 50
FRAME = pd.DataFrame({"v": SERIES}, pd.date_range("2024", periods=120, freq="D"))
RIDGE = make_pipeline(FlattenWindows(), Ridge())


def windows(horizon=3, series=SERIES, **params):
    return make_windows(series, 6, horizon, **params)


def kinds(report):
    return list(zip(report.findings["kind"], report.findings["certainty"], strict=True))


SHARED = ("shared target steps", "proof")
FUTURE = ("the future in the training part", "proof")


def test_windows_made_before_folds_without_a_gap_share_target_steps():
    X, y = windows(horizon=3)
    report = check_leakage(Ridge(), X, y, TimeSeriesSplit(2, test_size=4))
    assert kinds(report) == [SHARED, FUTURE]
    assert report.leaks
    assert report.gap == 2
    # 112 samples: the last two before each test part, and the first two of it.
    shared = [(train.tolist(), test.tolist()) for train, test in report.shared]
    assert shared == [([102, 103], [104, 105]), ([106, 107], [108, 109])]
    assert report.folds.loc[0].tolist() == [104, 4, 2, 2, 2]
    assert "HorizonSplit(2, horizon=3), or TimeSeriesSplit(2, gap=2)" in str(report)


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("copied", [True, False])
def test_the_gap_that_it_names_is_clean_and_one_less_is_not(
    horizon, stride, columns, copied
):
    series = np.random.default_rng(0).normal(size=(150, columns))
    X, y = windows(horizon, series if columns > 1 else series[:, 0], stride=stride)
    X = X.copy() if copied else X
    gap = check_leakage(RIDGE, X, y, KFold(3)).gap
    assert gap == (horizon - 1) // stride
    clean = TimeSeriesSplit(3, gap=gap, test_size=8)
    assert not len(check_leakage(RIDGE, X, y, clean).findings)
    if gap:
        short = TimeSeriesSplit(3, gap=gap - 1, test_size=8)
        assert check_leakage(RIDGE, X, y, short).leaks


def test_a_target_of_one_step_far_ahead_is_known_too_early_but_shared_by_none():
    X, y = windows(horizon=4)
    report = check_leakage(Ridge(), X, y[:, 3], TimeSeriesSplit(3))
    assert kinds(report) == [FUTURE]
    assert report.gap == 3


@pytest.mark.parametrize("cv", [None, KFold(4, shuffle=True, random_state=0)])
def test_folds_that_do_not_follow_time_know_the_future(cv):
    X, y = windows(horizon=1)
    report = check_leakage(Ridge(), X, y, cv)
    assert kinds(report) == [FUTURE]
    n_folds = 5 if cv is None else 4
    assert report.findings["way_out"][0] == (
        "Use folds in time order, without shuffling: "
        f"HorizonSplit({n_folds}, horizon=1), or TimeSeriesSplit({n_folds})."
    )
    assert ("note: cv=None is KFold(5)" in str(report)) == (cv is None)


def test_as_many_folds_are_advised_as_given_but_not_one_a_sample():
    X, y = windows(horizon=2)
    rows = np.arange(len(X))
    one = str(check_leakage(Ridge(), X, y, [(rows[:-1], rows[-1:])]))
    assert "HorizonSplit(1, horizon=2), or TimeSeriesSplit(2, gap=1)." in one
    each = str(check_leakage(Ridge(), X, y, KFold(len(X))))
    assert "HorizonSplit(5, horizon=2), or TimeSeriesSplit(5, gap=1)." in each


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_scaler_fitted_before_windows_and_folds_is_suspected(scaler, columns, dtype):
    rows = np.random.default_rng(1).normal(size=(120, columns)).cumsum(axis=0)
    X, y = make_windows(scaler.fit_transform(rows).astype(dtype), 6)
    report = check_leakage(RIDGE, X, y, HorizonSplit(3))
    assert kinds(report) == [("a scaler that saw the test rows", "suspicion")]
    assert not report.leaks


def test_a_scaler_fitted_on_the_table_of_windows_is_suspected():
    X, y = windows(horizon=1)
    X = StandardScaler().fit_transform(X)
    report = check_leakage(Ridge(), X, y, HorizonSplit(3))
    assert kinds(report) == [("a scaler that saw the test rows", "suspicion")]


def test_a_scaler_inside_the_pipeline_is_no_finding():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(StandardScaler(), Ridge())
    assert not len(check_leakage(pipeline, X, y, HorizonSplit(3)).findings)


def test_a_frozen_scaler_that_saw_more_rows_than_there_are_to_train_on_is_proven():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), Ridge())
    report = check_leakage(pipeline, X, y, HorizonSplit(3))
    assert kinds(report) == [("a step that was fitted before the split", "proof")]
    assert "fitted on 114 rows" in str(report)


def pipeline_of_rows():
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(4), FlattenWindows(), Ridge())


def test_rows_that_a_pipeline_makes_windows_of_are_looked_at_as_rows():
    targets = np.column_stack([SERIES[1:-1], SERIES[2:]])
    report = check_leakage(pipeline_of_rows(), FRAME[:-2], targets, TimeSeriesSplit(3))
    assert kinds(report) == [SHARED, FUTURE]
    assert report.gap == 1
    clean = check_leakage(
        pipeline_of_rows(), FRAME[:-1], SERIES[1:], TimeSeriesSplit(3)
    )
    assert not len(clean.findings)


def test_a_target_that_was_not_shifted_is_found_among_the_features():
    report = check_leakage(pipeline_of_rows(), FRAME, FRAME["v"], TimeSeriesSplit(3))
    assert kinds(report) == [("the target among the features", "proof")]


def test_a_forecaster_needs_no_gap_and_only_the_order_of_time():
    forecaster = SeriesForecaster(RIDGE, window_length=6, horizon=12)
    folds = TimeSeriesSplit(3, test_size=12)
    assert not len(check_leakage(forecaster, FRAME, cv=folds).findings)
    search = GridSearchCV(forecaster, {"window_length": [4, 6]}, cv=folds)
    assert not len(check_leakage(search, FRAME).findings)
    assert kinds(check_leakage(forecaster, FRAME, cv=KFold(3))) == [FUTURE]


def test_a_long_frame_is_known_by_its_id_column():
    long = pd.concat([FRAME.assign(id="a"), FRAME.assign(id="b")])
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="id")
    folds = list(PanelTimeSeriesSplit(3).split(long, groups=long["id"]))
    assert not len(check_leakage(forecaster, long, cv=folds).findings)


LONG = pd.concat(
    [
        FRAME.assign(shop=shop, open=True, kind=pd.Categorical(["a"] * 120))
        for shop in ("north", "west")
    ]
)


@pytest.mark.parametrize("ids", [{}, {"north": 1, "west": 2}])
@pytest.mark.parametrize("panel", [True, False])
def test_a_long_frame_is_fitted_as_it_is_and_its_numbers_alone_are_changed(ids, panel):
    long = LONG[["shop", "v"]].replace({"shop": ids})
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="shop")
    splitter = PanelTimeSeriesSplit(3) if panel else TimeSeriesSplit(3)
    groups = long["shop"] if panel else None
    report = check_leakage(forecaster, long, cv=splitter, groups=groups)
    assert str(report) == "No leak was found in 3 folds."
    assert report.complete


def test_later_rows_are_those_of_each_series_and_keep_what_is_no_number():
    later = np.arange(240) % 120 >= 60
    changed = _changed(LONG, later, "shop")
    pd.testing.assert_frame_equal(changed[~later], LONG[~later])
    others = ["shop", "open", "kind"]
    pd.testing.assert_frame_equal(changed[others], LONG[others])
    assert (changed["v"] != LONG["v"]).to_numpy().tolist() == later.tolist()


class SeesAll(SeriesForecaster):
    def predict(self, series, exog=None):
        return super().predict(series, exog) + series.groupby("shop")["v"].transform(
            "mean"
        ).to_numpy().reshape(-1, 1)


def test_a_forecaster_of_a_panel_that_looks_ahead_is_found():
    forecaster = SeesAll(RIDGE, window_length=6, id_column="shop")
    report = check_leakage(
        forecaster,
        LONG[["shop", "v"]],
        cv=PanelTimeSeriesSplit(3),
        groups=LONG["shop"],
    )
    assert kinds(report) == [("predictions that look ahead", "proof")]
    assert "30 of 30 predictions moved" in str(report)


def test_a_panel_is_advised_folds_of_a_panel():
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="shop")
    long = LONG[["shop", "v"]]
    report = check_leakage(forecaster, long, cv=KFold(3), n_fits=0)
    assert ("PanelTimeSeriesSplit(3, test_size=horizon) and groups=X['shop'].") in str(
        report
    )


def test_windows_of_many_series_are_told_apart():
    X, y = windows(horizon=3)
    X, y = np.concatenate([X, 2 * X]), np.concatenate([y, 2 * y])
    groups = np.repeat(["a", "b"], len(X) // 2)
    one = check_leakage(Ridge(), X, y, PanelTimeSeriesSplit(3), groups=groups)
    assert kinds(one) == [SHARED, FUTURE]
    assert "PanelTimeSeriesSplit(3, horizon=3) and groups=" in str(one)
    clean = PanelTimeSeriesSplit(3, horizon=3)
    assert not len(check_leakage(Ridge(), X, y, clean, groups=groups).findings)


def test_windows_of_classes_must_not_overlap():
    X, _ = windows(horizon=1)
    labels = np.arange(len(X)) // 20 % 2
    model = LogisticRegression(max_iter=1000)
    report = check_leakage(model, X, labels, StratifiedKFold(3, shuffle=True))
    assert kinds(report) == [("shared rows", "proof")]
    assert report.gap == 5
    apart = HorizonSplit(2, horizon=0, window_length=6)
    assert not len(check_leakage(model, X, labels, apart).findings)
    no_overlap = X[::6], labels[::6]
    assert not len(check_leakage(model, *no_overlap, StratifiedKFold(3)).findings)


class ScalesWhatItIsGiven(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X - X.mean(axis=0)


def test_a_step_that_is_fitted_in_transform_makes_predictions_look_ahead():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(ScalesWhatItIsGiven(), Ridge())
    report = check_leakage(pipeline, X, y, HorizonSplit(3))
    assert kinds(report) == [("predictions that look ahead", "proof")]
    assert not len(check_leakage(pipeline, X, y, HorizonSplit(3), n_fits=0).findings)


def test_a_fit_that_fails_is_a_note():
    class Fails(Ridge):
        def fit(self, X, y):
            raise RuntimeError("not today")

    X, y = windows(horizon=1)
    report = check_leakage(Fails(), X, y, HorizonSplit(3))
    assert "not today" in report.notes[-1]
    assert not report.leaks
    assert not report.complete
    assert str(report).startswith(
        "The order of 3 folds shows no leak; predictions could not be looked at.\n"
        "note: a fit on "
    )


def test_predictions_that_differ_by_chance_are_a_note():
    class Draws(Ridge):
        def predict(self, X):
            return np.random.default_rng().normal(size=len(X))

    report = check_leakage(Draws(), *windows(horizon=1), HorizonSplit(3))
    assert report.notes == [
        "the same rows gave other predictions the second time, so nothing can be told "
        "from them."
    ]
    assert not report.complete


def test_a_network_is_fitted_for_one_epoch_alone():
    X, y = windows(horizon=2)
    network = CNNLSTMRegressor(filters=2, lstm_units=2, epochs=10**6, random_state=0)
    report = check_leakage(network, X, y, HorizonSplit(2, horizon=2))
    assert str(report) == "No leak was found in 2 folds."


def test_a_horizon_that_values_do_not_show_is_assumed_or_said():
    X, _ = windows(horizon=1)
    y = np.random.default_rng(2).normal(size=len(X))
    report = check_leakage(Ridge(), X, y, TimeSeriesSplit(3))
    assert not report.leaks
    assert "Say horizon=" in report.notes[0]
    said = check_leakage(Ridge(), X, y, TimeSeriesSplit(3), horizon=4)
    assert said.leaks
    assert not said.notes


def test_it_raises_from_the_certainty_on_that_it_is_told():
    X, y = windows(horizon=2)
    with pytest.raises(LeakageError, match="shared target steps") as caught:
        check_leakage(Ridge(), X, y, TimeSeriesSplit(3), raise_on="proof")
    assert caught.value.report.gap == 1
    scaled = MinMaxScaler().fit_transform(SERIES[:, np.newaxis])[:, 0]
    X, y = make_windows(scaled, 6)
    args = Ridge(), X, y, HorizonSplit(3)
    check_leakage(*args, raise_on="proof")
    with pytest.raises(LeakageError, match="a scaler that saw the test rows"):
        check_leakage(*args, raise_on="suspicion")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"raise_on": "all"}, "raise_on must be"),
        ({"n_fits": -1}, "n_fits must be an integer >= 0"),
        ({"horizon": -1}, "horizon must be an integer >= 0"),
        ({"cv": []}, "cv must make at least one fold"),
        ({"X": np.zeros((3, 0))}, "Found array with 0 feature"),
        ({"y": None}, "y must be given where .* got y=None, estimator=Ridge. Use chec"),
    ],
)
def test_wrong_input_says_so(change, message):
    X, y = windows()
    args = {"estimator": Ridge(), "X": X, "y": y, "cv": TimeSeriesSplit(3)}
    with pytest.raises(ValueError, match=message):
        check_leakage(**args | change)


def test_the_class_of_a_splitter_is_told_from_a_splitter():
    with pytest.raises(TypeError, match=r"got the class TimeSeriesSplit. Use Time"):
        check_leakage(Ridge(), *windows(), TimeSeriesSplit)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("X", "y", Ridge(), TimeSeriesSplit(3)), "estimator must .* first: got ndarr"),
        ((Ridge, "X", "y", TimeSeriesSplit(3)), "estimator must .*: got the class Rid"),
        (("y", Ridge(), "X"), "estimator must be an estimator, and come first: got nd"),
        ((Ridge(), "X", TimeSeriesSplit(3)), r"y must be targets or None: got y=TimeS"),
        ((Ridge(), StandardScaler(), "y"), r"X must be rows: got X=StandardScaler\(\)"),
    ],
)
def test_arguments_that_changed_places_are_told(args, message):
    X, y = windows()
    args = [{"X": X, "y": y}.get(a, a) if isinstance(a, str) else a for a in args]
    with pytest.raises(
        TypeError, match=rf"^{message}.*Use check_leakage\(estimator, X"
    ):
        check_leakage(*args)


def test_columns_may_be_called_as_methods_are():
    table = FRAME.rename(columns={"v": "fit"})
    forecaster = SeriesForecaster(RIDGE, window_length=6)
    assert not check_leakage(forecaster, table, cv=TimeSeriesSplit(2)).notes
