"""TakesParameters: a class's parameters, put together from where they are declared."""

from __future__ import annotations

import inspect

from skcnnlstm._utils import docstrings as _docs
from skcnnlstm.wrappers.parameters import (
    declared_parameters,
    is_known,
    training_parameters,
)


class TakesParameters:
    """Gives a class the signature, the docstring and the parameters that it declares.

    A subclass has `_own_parameters`, a function that declares what its kind adds to
    `training_parameters`.
    """

    def __init_subclass__(cls, build=None, defaults=None, **kwargs):
        """Compose signature and docstring from `build` and the shared parameters.

        `defaults` are the class's own for parameters that it shares with others; a
        routed name among them (optimizer__clipnorm) joins the signature, and is
        documented in the class.
        """
        super().__init_subclass__(**kwargs)
        if build is None:
            return
        cls._build = staticmethod(build)
        sources = (build, training_parameters, cls._own_parameters)
        declared = {}
        for source in sources:
            declared |= declared_parameters(source)
        defaults = defaults or {}
        for name, value in defaults.items():
            shared = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
            declared[name] = declared.get(name, shared).replace(default=value)
        cls._network_names = tuple(declared_parameters(build))

        def __init__(self, **params):
            self._assign(params)

        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        __init__.__signature__ = inspect.Signature([own, *declared.values()])
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = __init__
        cls.__doc__ = _docs.compose(
            cls.__doc__,
            *(source.__doc__ for source in sources),
            names=declared,
            defaults=defaults,
        )

    @classmethod
    def _defaults(cls):
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "self"}

    @classmethod
    def _get_param_names(cls):
        return sorted(cls._defaults())

    def _assign(self, params):
        defaults = self._defaults()
        for name in params:
            if not is_known(name, defaults):
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
            No effect here: no parameter is an estimator.

        Returns
        -------
        params : dict
            Every parameter of the signature, and the routed names that were set.
        """
        params = {name: getattr(self, name) for name in self._get_param_names()}
        return params | {k: v for k, v in vars(self).items() if _is_routed(k)}

    def set_params(self, **params):
        """Set parameters; nothing is set if any name is unknown.

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
            If a name is unknown.
        """
        known = self._defaults()
        for name in params:
            if not is_known(name, known):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid "
                    f"parameters are: {sorted(known)!r}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _routed(self, prefix):
        """Return the settings that were routed to `prefix`."""
        return {
            name.removeprefix(f"{prefix}__"): value
            for name, value in vars(self).items()
            if name.startswith(f"{prefix}__")
        }


def _is_routed(attribute):
    """Tell a routed parameter, prefix__name, from every other attribute."""
    return "__" in attribute.strip("_")
