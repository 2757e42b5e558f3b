"""Parameters that the forecaster sets on the estimator inside it."""

import numpy as np
import pytest
from forecast_models import (
    Network,
    ridge,
)
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
    SeriesForecaster,
)
from skcnnlstm.forecasting.inner_estimator import (
    accepts_nan,
    configure_estimator,
    contains_network,
    validation_share,
)
from skcnnlstm.forecasting.samples import order_in_time


def test_the_forecaster_configures_the_inner_network(two_columns):
    network = Network(early_stopping=True)
    forecaster = SeriesForecaster(network, horizon=4)
    with pytest.raises(ValueError, match=r"horizon \* n_targets = 8 values"):
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
    resolved = configure_estimator(
        wrap(Network(early_stopping=True)), n_targets=3, gap=5, n_samples=99
    )
    network = find(resolved)
    assert (network.instance_norm, network.n_targets) == ("last", 3)
    assert network.validation_gap == 5


def test_numpy_numbers_and_booleans_are_accepted_as_parameters():
    chosen = Network(early_stopping=np.True_)
    assert (
        configure_estimator(chosen, n_targets=3, gap=5, n_samples=99).validation_gap
        == 5
    )
    network = CNNRegressor(batch_size=np.int64(32))
    epochs = [
        configure_estimator(one, n_targets=1, gap=0, n_samples=320).epochs
        for one in (network, clone(network).set_params(batch_size=32))
    ]
    assert epochs == [25, 25]


@pytest.mark.parametrize(
    "chosen, kept",
    [
        ({"instance_norm": None}, {"instance_norm": None}),
        ({"instance_norm": "standard"}, {"instance_norm": "standard"}),
        ({"early_stopping": True, "validation_gap": 2}, {"validation_gap": 2}),
    ],
)
def test_values_chosen_by_the_user_are_kept(chosen, kept):
    params = configure_estimator(
        Network(**chosen), n_targets=3, gap=5, n_samples=99
    ).get_params()
    assert params.items() >= kept.items()


def test_other_estimators_with_n_targets_are_not_configured():
    process = configure_estimator(
        GaussianProcessRegressor(), n_targets=3, gap=5, n_samples=99
    )
    assert process.n_targets is None


@pytest.mark.parametrize(
    ("chosen", "n_samples", "epochs"),
    [
        ({}, 20, 250),  # one step an epoch
        ({}, 33, 125),
        ({}, 3200, 3),
        ({}, 10**6, 1),
        ({"batch_size": 320}, 3200, 25),
        ({"batch_size": -1}, 3200, 250),
        ({"epochs": 50}, 3200, 50),
        ({"early_stopping": True}, 3200, "auto"),
    ],
)
def test_auto_epochs_decrease_with_the_number_of_samples(chosen, n_samples, epochs):
    network = make_pipeline(LastSteps(4), CNNRegressor(**chosen))
    resolved = configure_estimator(network, n_targets=1, gap=0, n_samples=n_samples)
    assert resolved[-1].epochs == epochs


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
    resolved = configure_estimator(ensemble, 1, n_gap, 460)
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
        SeriesForecaster(flat).fit(two_columns)
    (note,) = caught.value.__notes__
    assert note == (
        "SeriesForecaster sets instance_norm='last' and n_targets=2, the number of "
        "columns of the series, on the network. The network then needs windows "
        "(n_samples, window_length, n_features). Remove FlattenWindows, or set "
        "instance_norm=None on the network."
    )
    flat.set_params(needsfeatures__instance_norm=None)
    SeriesForecaster(flat).fit(two_columns)


def test_networks_and_masking_are_recognised_at_any_depth():
    masked = make_pipeline(LastSteps(4), CNNRegressor(missing="mask"))
    assert contains_network(masked) and accepts_nan(masked)
    assert contains_network(CNNRegressor()) and not accepts_nan(CNNRegressor())
    assert not contains_network(ridge()) and not accepts_nan(ridge())
