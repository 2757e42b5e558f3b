"""Tests of the declared parameters and their documentation."""

import inspect
import re

import pytest
from instances import CLASSIFIERS, REGRESSORS
from networks import class_name

from skcnnlstm.wrappers.parameters import (
    accepts_parameter,
    classifier_parameters,
    declared_parameters,
    regressor_parameters,
    training_parameters,
    with_network_parameters,
)


def documented_parameters(docstring):
    """Return `{name: type}` of the parameters section of a docstring."""
    section = inspect.cleandoc(docstring).split("Parameters\n----------\n")[1]
    section = re.split(r"\n\w+\n-{3,}\n", section)[0]
    return dict(re.findall(r"^(\w+) : (.+)$", section, flags=re.M))


@pytest.mark.parametrize(
    "declare", [training_parameters, regressor_parameters, classifier_parameters]
)
def test_every_shared_parameter_is_documented_with_its_default(declare):
    documented = documented_parameters(declare.__doc__)
    declared = declared_parameters(declare)
    assert set(documented) == set(declared)
    for name, parameter in declared.items():
        default = parameter.default
        text = f'"{default}"' if isinstance(default, str) else str(default)
        assert documented[name].endswith(f", default={text}")


def test_builders_inherit_the_documentation_of_parameters_that_networks_share():
    @with_network_parameters
    def build(input_shape, n_outputs, *, filters=(8, 4), units=3):
        """Build a network.

        Parameters
        ----------
        units : int, default=3
            Units of the layer.
        """

    documented = documented_parameters(build.__doc__)
    assert list(documented) == ["input_shape", "n_outputs", "filters", "units"]
    assert documented["filters"] == "int or tuple of int, default=(8, 4)"
    assert documented["units"] == "int, default=3"


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name)
def test_every_parameter_of_an_estimator_has_a_documented_type(estimator):
    documented = documented_parameters(type(estimator).__doc__)
    signature = inspect.signature(type(estimator)).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        kind, default = documented[name].rsplit(", default=", 1)
        assert kind
        assert default.strip('"') == str(parameter.default)


def test_declared_parameters_leave_out_what_the_estimator_passes():
    def build(shape, n_outputs, *, units=3, output_axes=None, n_series=None):
        """Build nothing."""

    assert list(declared_parameters(build)) == ["units"]


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("units", True),
        ("filters", False),
        ("model__units", True),
        ("fit__units", True),
        ("fit__filters", False),
        ("optimizer__anything", True),
        ("loss__delta", True),
        ("callbacks__patience", True),
        ("optimizer__", False),
        ("predict__batch_size", True),
        ("predict__units", False),
        ("other__units", False),
    ],
)
def test_accepted_names_are_parameters_and_routed_names(name, accepted):
    assert accepts_parameter(name, {"units": 3}) is accepted
