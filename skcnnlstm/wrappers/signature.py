"""Generate the signature, the docstring and the parameter methods of estimators."""

from __future__ import annotations

import inspect
import types
from typing import Self

from skcnnlstm._utils import docstrings
from skcnnlstm.wrappers.builder import builder_name, check_builder
from skcnnlstm.wrappers.parameters import (
    accepts_parameter,
    declared_parameters,
    training_parameters,
)


class DeclaredParametersMixin:
    """Give a class the parameters that its network builder and base class declare.

    The base class sets `_task_parameters`, the function that declares the parameters
    of its task (regression or classification), and `_builder_needs`, the keyword-only
    parameters that each network builder of this task must have.
    """

    _builder_needs: tuple[str, ...] = ()

    def __init__(self, **params):
        cls = type(self).__name__
        raise TypeError(
            f"{cls} must have a network to train: got a class without a builder. Use "
            f"class MyNetwork({cls}, build=build_network), or "
            f"{cls}.from_builder(build_network)."
        )

    def __init_subclass__(cls, build=None, defaults=None, **kwargs):
        """Generate `__init__` and the docstring of a subclass.

        Parameters
        ----------
        build : callable or None, default=None
            Network builder. Its keyword-only parameters become parameters of the
            class. With None, the class inherits `__init__` unchanged.
        defaults : dict or None, default=None
            Defaults of this class for shared parameters. A routed name, such as
            `optimizer__clipnorm`, becomes a parameter of the class. The docstring of
            the class must describe this parameter.

        Raises
        ------
        TypeError
            If `build` is not a valid network builder.
        """
        super().__init_subclass__(**kwargs)
        if build is None:
            return
        shared = (training_parameters, cls._task_parameters)
        reserved = [name for one in shared for name in declared_parameters(one)]
        check_builder(build, reserved, cls._builder_needs)
        cls._build = staticmethod(build)
        sources = (build, *shared)
        declared = {}
        for source in sources:
            declared |= declared_parameters(source)
        defaults = defaults or {}
        for name, value in defaults.items():
            routed = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
            declared[name] = declared.get(name, routed).replace(default=value)
        cls._network_names = tuple(declared_parameters(build))

        def __init__(self, **params):
            self._set_initial_params(params)

        self_parameter = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        __init__.__signature__ = inspect.Signature([self_parameter, *declared.values()])
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = __init__
        # Without docstrings, as under `python -OO`, the class has none either.
        blank = None if training_parameters.__doc__ is None else ""
        cls.__doc__ = docstrings.compose(
            cls.__doc__ or _default_summary(build, blank),
            build.__doc__ or blank,
            *(source.__doc__ for source in shared),
            names=declared,
            defaults=defaults,
        )

    @classmethod
    def from_builder(cls, build, *, name=None, defaults=None) -> type[Self]:
        """Return an estimator class for a network builder.

        Use this to try out a builder without writing a class definition. To pickle
        instances, assign the class to a variable with the name of the class, in the
        module of the builder.

        Parameters
        ----------
        build : callable
            Network builder. See HybridRegressor for its rules.
        name : str or None, default=None
            Name of the class. None derives it from the name of the builder:
            `build_blog` gives `BlogRegressor` or `BlogClassifier`.
        defaults : dict or None, default=None
            Defaults that this class has for shared parameters, such as
            ``{"epochs": 20}``.

        Returns
        -------
        estimator_class : type
            Subclass with the parameters of the builder and the shared parameters.

        Raises
        ------
        TypeError
            If `build` is not a valid network builder.

        Examples
        --------
        >>> import keras
        >>> from skcnnlstm import HybridRegressor
        >>> def build_blog(input_shape, n_outputs, *, units=8):
        ...     return keras.Sequential([
        ...         keras.Input(input_shape),
        ...         keras.layers.Flatten(),
        ...         keras.layers.Dense(units, activation="relu"),
        ...         keras.layers.Dense(n_outputs),
        ...     ])
        >>> BlogRegressor = HybridRegressor.from_builder(build_blog)
        >>> BlogRegressor(units=4)
        BlogRegressor(units=4)
        """
        if name is None:
            words = builder_name(build).removeprefix("build_").strip("<>").split("_")
            stem = "".join(word[:1].upper() + word[1:] for word in words)
            name = stem + cls.__name__.removeprefix("Hybrid")
        attributes = {
            "__module__": getattr(build, "__module__", __name__),
            "__qualname__": name,
        }
        return types.new_class(
            name,
            (cls,),
            {"build": build, "defaults": defaults},
            lambda namespace: namespace.update(attributes),
        )

    @classmethod
    def _defaults(cls):
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "self"}

    @classmethod
    def _get_param_names(cls):
        return sorted(cls._defaults())

    def _set_initial_params(self, params):
        defaults = self._defaults()
        for name in params:
            if not accepts_parameter(name, defaults):
                raise TypeError(
                    f"{type(self).__name__} got an unknown parameter {name!r}. Use "
                    f"one of {', '.join(defaults)}, or a routed name such as "
                    "optimizer__clipnorm."
                )
        for name, value in {**defaults, **params}.items():
            setattr(self, name, value)

    def get_params(self, deep=True):
        """Return the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Has no effect: the parameters of the estimator in `pretrained` are never
            included.

        Returns
        -------
        params : dict
            Every parameter of the signature, and every routed parameter that was set,
            such as `optimizer__clipnorm`.
        """
        params = {name: getattr(self, name) for name in self._get_param_names()}
        routed = {k: v for k, v in vars(self).items() if "__" in k.strip("_")}
        return params | routed

    def set_params(self, **params):
        """Set parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters of the signature, or routed names such as
            `optimizer__clipnorm`.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If a name is unknown. No parameter is set in this case.
        """
        known = self._defaults()
        for name in params:
            if not accepts_parameter(name, known):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid "
                    f"parameters are: {sorted(known)!r}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _routed(self, prefix):
        """Return the parameters routed to `prefix`, without the prefix."""
        return {
            name.removeprefix(f"{prefix}__"): value
            for name, value in vars(self).items()
            if name.startswith(f"{prefix}__")
        }


def _default_summary(build, blank):
    """Return a summary for a class that has no docstring; None if `blank` is None."""
    return blank if blank is None else f"Train the network of `{builder_name(build)}`."
