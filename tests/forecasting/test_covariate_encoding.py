"""exog_transformer: covariates of any type, encoded in each fit."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import ridge
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)

from skcnnlstm import SeriesForecaster, backtest, load, save
from skcnnlstm.inspection import attribute

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")
SHOP = np.resize(["a", "b", "c", "b", "a"], 60)
VALUES = np.sin(np.arange(60.0)) + (SHOP == "b")
SERIES = pd.Series(VALUES, DAYS)
EXOG = pd.DataFrame({"shop": SHOP, "price": np.cos(np.arange(60.0))}, DAYS)


def one_hot():
    return OneHotEncoder(handle_unknown="ignore")


def by_column():
    return make_column_transformer((one_hot(), ["shop"]), remainder="passthrough")


def by_hand(exog):
    shops = [(exog["shop"] == shop).astype(float) for shop in "abc"]
    return pd.concat([*shops, exog["price"]], axis=1, keys=["a", "b", "c", "price"])


class Recorder(TransformerMixin, BaseEstimator):
    """Keep the rows of `fit`, and return them."""

    def fit(self, X, y=None):
        self.rows_ = np.asarray(X)
        return self

    def transform(self, X):
        return np.asarray(X)


def encoded(transformer, **params):
    settings = {"window_length": 4, "horizon": 2, "exog_transformer": transformer}
    return SeriesForecaster(ridge(), **settings | params)


# ------------------------------------------------------------------------------ results


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_encoded_text_equals_columns_made_by_hand(strategy):
    table = by_hand(EXOG)
    one = encoded(by_column(), strategy=strategy).fit(SERIES[:40], exog=EXOG)
    other = encoded(None, strategy=strategy).fit(SERIES[:40], exog=table)
    later = SERIES[40:50]
    pd.testing.assert_series_equal(one.forecast(5, EXOG), other.forecast(5, table))
    np.testing.assert_array_equal(one.predict(later, EXOG), other.predict(later, table))
    assert one.score(later, exog=EXOG) == other.score(later, exog=table)
    one.update(later, exog=EXOG)
    other.update(later, exog=table)
    pd.testing.assert_series_equal(one.forecast(5, EXOG), other.forecast(5, table))


def test_arrays_and_lists_of_text_are_encoded():
    one = encoded(one_hot()).fit(VALUES[:40], exog=SHOP[:40])
    other = encoded(one_hot()).fit(VALUES[:40], exog=[[shop] for shop in SHOP[:40]])
    dated = encoded(one_hot()).fit(SERIES[:40], exog=EXOG["shop"])
    expected = dated.forecast(exog=EXOG["shop"]).to_numpy()
    np.testing.assert_array_equal(one.forecast(exog=SHOP[40:42]), expected)
    np.testing.assert_array_equal(other.forecast(exog=[["a"], ["b"]]), expected)
    shape = one.predict(VALUES[40:45], exog=SHOP[40:47]).shape
    assert shape == (5, 2)


@pytest.mark.parametrize(
    "transformer",
    [
        SplineTransformer(n_knots=3),
        make_pipeline(StandardScaler(), SplineTransformer(n_knots=3)),
        FunctionTransformer(sparse.csr_array),
    ],
)
def test_transformers_of_numbers(transformer):
    exog = EXOG[["price"]]
    forecaster = encoded(transformer).fit(SERIES[:40], exog=exog)
    assert np.isfinite(forecaster.forecast(exog=exog)).all()


def test_the_transformer_is_fitted_on_the_covariates_of_the_training_rows():
    exog = np.arange(60.0)[:, np.newaxis]
    forecaster = encoded(Recorder(), calibration_fraction=0.25)
    forecaster.fit(SERIES[:40], exog=pd.DataFrame(exog, DAYS))
    np.testing.assert_array_equal(forecaster.exog_transformer_.rows_, exog[:30])
    forecaster.set_params(refit_after_calibration=True)
    forecaster.fit(SERIES[:40], exog=pd.DataFrame(exog, DAYS))
    np.testing.assert_array_equal(forecaster.exog_transformer_.rows_, exog[:40])
    assert not hasattr(forecaster.exog_transformer, "rows_")


def test_series_of_a_panel_share_one_transformer():
    panel = {"x": SERIES[:40], "y": -SERIES[10:50]}
    one = encoded(by_column()).fit(panel, exog=EXOG)
    other = encoded(None).fit(panel, exog=by_hand(EXOG))
    expected = other.forecast(exog=by_hand(EXOG))
    for key, forecast in one.forecast(exog=EXOG).items():
        pd.testing.assert_series_equal(forecast, expected[key])
    new = one.forecast(series=SERIES[20:45], exog=EXOG)
    pd.testing.assert_series_equal(
        new, other.forecast(series=SERIES[20:45], exog=by_hand(EXOG))
    )


@pytest.mark.parametrize("dated", [False, True])
def test_a_backtest_and_a_search_encode_text_in_each_fit(dated):
    series, exog = (SERIES, EXOG) if dated else (VALUES, EXOG.to_numpy())
    transformer = by_column() if dated else one_hot()
    folds = TimeSeriesSplit(2, test_size=8)
    result = backtest(encoded(transformer), series, folds, exog=exog, verbose=0)
    forecaster = encoded(transformer)
    forecaster.fit(series[:44], exog=exog[:44])
    first = result.forecasts[result.forecasts["fold"] == 0]["forecast"][:2]
    np.testing.assert_allclose(first, forecaster.forecast(exog=exog[44:46]))
    with config_context(enable_metadata_routing=True):
        forecaster.set_fit_request(exog=True).set_score_request(exog=True)
        search = GridSearchCV(forecaster, {"window_length": [2, 4]}, cv=folds)
        search.fit(series, exog=exog)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_save_and_load(tmp_path):
    forecaster = encoded(by_column()).fit(SERIES[:40], exog=EXOG)
    save(forecaster, tmp_path / "model.skcnnlstm")
    loaded = load(tmp_path / "model.skcnnlstm")
    pd.testing.assert_series_equal(
        loaded.forecast(exog=EXOG), forecaster.forecast(exog=EXOG)
    )


def test_attributions_name_the_encoded_columns():
    forecaster = encoded(by_column()).fit(SERIES[:40], exog=EXOG)
    result = attribute(forecaster, SERIES[40:44], exog=EXOG, method="occlusion")
    names = [str(name) for name in result.feature_names]
    assert names[1:] == [
        "onehotencoder__shop_a",
        "onehotencoder__shop_b",
        "onehotencoder__shop_c",
        "remainder__price",
    ]


# ------------------------------------------------------------------------------- errors


def test_names_of_the_columns_are_optional():
    # Pipeline has get_feature_names_out, but FunctionTransformer does not.
    double = FunctionTransformer(lambda exog: 2 * exog)
    forecaster = encoded(make_pipeline(double, StandardScaler()))
    forecaster.fit(SERIES[:40], exog=EXOG[["price"]])
    forecast = forecaster.forecast(exog=EXOG[["price"]])
    named = encoded(StandardScaler()).fit(SERIES[:40], exog=EXOG[["price"]])
    np.testing.assert_allclose(forecast, named.forecast(exog=EXOG[["price"]]))


def test_a_failed_fit_keeps_the_old_one():
    forecaster = encoded(one_hot()).fit(SERIES[:40], exog=EXOG[["shop"]])
    before = forecaster.forecast(exog=EXOG[["shop"]])
    forecaster.set_params(exog_transformer=None)
    with pytest.raises(ValueError, match="OneHotEncoder"):
        forecaster.fit(SERIES[:40], exog=EXOG[["shop"]])
    pd.testing.assert_series_equal(forecaster.forecast(exog=EXOG[["shop"]]), before)


def keep_first(rows):
    return rows[:1]


@pytest.mark.parametrize(
    ("transformer", "exog", "error", "message"),
    [
        (
            OneHotEncoder,
            EXOG,
            TypeError,
            "exog_transformer must be None or an instance with fit and transform: got "
            "exog_transformer=<class 'sklearn.preprocessing._encoders.OneHotEncoder'>. "
            "Use a transformer of scikit-learn, such as "
            "OneHotEncoder(handle_unknown='ignore').",
        ),
        (
            StandardScaler(),
            None,
            ValueError,
            "exog_transformer must be None without exog: got exog=None, "
            "exog_transformer=StandardScaler(). Pass exog to fit, or set "
            "exog_transformer=None.",
        ),
        (
            FunctionTransformer(keep_first),
            EXOG[["price"]].to_numpy(),
            ValueError,
            "exog_transformer must return one row for each input row, and at least one "
            "column: got exog_transformer=FunctionTransformer(func=<function "
            "keep_first>), which returned shape (1, 1) for 60 rows. Use a transformer "
            "that keeps the number of rows.",
        ),
        (
            FunctionTransformer(),
            EXOG[["shop"]],
            ValueError,
            "exog_transformer must return numbers: got exog_transformer="
            "FunctionTransformer(), whose output cannot be converted (could not "
            "convert string to float: 'a'). Use a transformer that encodes every "
            "column, such as OneHotEncoder(handle_unknown='ignore').",
        ),
        (
            StandardScaler(),
            EXOG[["price"]].where(EXOG["price"] < 1),
            ValueError,
            "exog_transformer must return known values: got NaN at row 0. Add an "
            "imputer to the transformer, such as make_pipeline(SimpleImputer(), ...), "
            'or use a network with missing="mask".',
        ),
        (
            StandardScaler(),
            np.zeros((60, 1, 1)),
            ValueError,
            "exog must have 1 to 2 dimensions: got 3, shape (60, 1, 1). Use rows of "
            "shape (n_rows, n_exog).",
        ),
    ],
)
def test_wrong_transformers(transformer, exog, error, message):
    with pytest.raises(error) as caught:
        encoded(transformer).fit(SERIES, exog=exog)
    text = re.sub(r" at 0x\w+", "", str(caught.value))
    assert text == message


def test_missing_covariates_are_imputed_by_the_remedy():
    exog = EXOG[["price"]].where(EXOG["price"] < 1)
    imputed = make_pipeline(SimpleImputer(), StandardScaler())
    forecaster = encoded(imputed).fit(SERIES[:40], exog=exog)
    assert np.isfinite(forecaster.forecast(exog=exog)).all()


def test_later_covariates_must_have_the_fitted_columns():
    forecaster = encoded(by_column()).fit(SERIES[:40], exog=EXOG)
    with pytest.raises(ValueError, match="exog must have the columns given to fit"):
        forecaster.forecast(exog=EXOG[["shop"]])
