"""`score` warns about rows that precede fitted ones, and about nothing else."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    FlattenWindows,
    MistakeWarning,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    forecast_scorer,
)

MONTHLY = pd.Series(
    np.arange(108.0) + np.sin(np.arange(108.0)),
    index=pd.date_range("2010-01", periods=108, freq="MS"),
)
GRID = {"window_length": [3, 5]}


def ridge(**params):
    return SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()), **{"window_length": 4} | params
    )


INDEXES = {
    "months": MONTHLY,
    "periods": MONTHLY.to_period("M"),
    "numbers": MONTHLY.reset_index(drop=True),
    "a time zone": MONTHLY.tz_localize("Europe/Berlin"),
    "durations": MONTHLY.set_axis(pd.timedelta_range("1D", periods=108)),
    "dates of Python": MONTHLY.set_axis(pd.Index(MONTHLY.index.date)),
    "several offsets": MONTHLY.set_axis(
        pd.Index(
            [
                pd.Timestamp(str(time)).to_pydatetime()
                for time in MONTHLY.index.tz_localize("Europe/Berlin")
            ],
            dtype=object,
        )
    ),
    "years before 1677": MONTHLY.set_axis(
        pd.date_range(np.datetime64("1500-01-01", "s"), periods=108, unit="s")
    ),
}


@pytest.mark.parametrize("series", INDEXES.values(), ids=INDEXES.keys())
def test_a_search_without_cv_is_told_to_use_time_series_split(series):
    with pytest.warns(MistakeWarning, match=r"rows to score .* cv=TimeSeriesSplit"):
        GridSearchCV(ridge(), GRID).fit(series)
    search = GridSearchCV(ridge(), GRID, cv=TimeSeriesSplit(3), return_train_score=True)
    search.fit(series)


@pytest.mark.filterwarnings("ignore:.* gaps in time leave")
@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
def test_shuffled_folds_are_reported_for_a_scorer_too():
    cv = KFold(3, shuffle=True, random_state=0)
    scorer = forecast_scorer("neg_mean_absolute_error")
    with pytest.warns(MistakeWarning, match="36 rows to score are earlier"):
        cross_val_score(ridge(), MONTHLY, cv=cv, scoring=scorer)


def test_fitted_rows_and_later_ones_are_scored_without_a_warning():
    fitted = ridge().fit(MONTHLY[20:80])
    for rows in (MONTHLY[20:80], MONTHLY[30:60], MONTHLY[80:], MONTHLY[60:100]):
        fitted.score(rows)
    fitted.score(MONTHLY[:20].to_numpy())  # bare arrays show no time
    with pytest.warns(MistakeWarning, match="^10 of 30 rows to score are earlier"):
        fitted.score(MONTHLY[10:40])
    fitted.update(MONTHLY[80:90]).score(MONTHLY[85:100])


LONG = pd.concat(
    [
        pd.DataFrame({"id": key, "v": np.sin(np.arange(40.0) + shift)})
        for shift, key in enumerate("abc")
    ]
).set_index(pd.DatetimeIndex(np.tile(pd.date_range("2020", periods=40), 3)))


@pytest.mark.filterwarnings("ignore:Scoring failed")
def test_folds_of_one_series_are_told_to_use_panel_time_series_split():
    long = ridge(id_column="id")
    with pytest.warns(MistakeWarning, match=r"hold 1 of 3 .*cv=PanelTimeSeriesSplit"):
        cross_val_score(long, LONG, cv=TimeSeriesSplit(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = GridSearchCV(long, GRID, cv=PanelTimeSeriesSplit(2))
        search.fit(LONG, groups=LONG["id"])
        cross_val_score(long, LONG.sort_index(), cv=TimeSeriesSplit(3))


def test_one_series_of_a_panel_is_scored_without_a_warning():
    early = LONG.index < "2020-02-01"
    fitted = ridge(id_column="id").fit(LONG[early])
    fitted.score(LONG[~early & (LONG["id"] == "a")])
    fitted.score(LONG[early & (LONG["id"] == "a")])
