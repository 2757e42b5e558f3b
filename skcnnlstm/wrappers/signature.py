"""Generate the signature, the docstring and the parameter methods of estimators."""

import inspect

from skcnnlstm._utils import docstrings
from skcnnlstm.wrappers.parameters import (
    accepts_parameter,
    declared_parameters,
    training_parameters,
)


class DeclaredParametersMixin:
    """Give a class the parameters that its network builder and base class declare.

    The base class sets `_task_parameters`, the function that declares the parameters
    of its task (regression or classification).
    """

    def __init_subclass__(cls, build=None, defaults=None, **kwargs):
        """Generate `__init__` and the docstring of a subclass.

        Parameters
        ----------
        build : callable or None, default=None
            Network builder. Its keyword-only parameters become parameters of the
            class. With None, the class inherits `__init__` unchanged.
        defaults : dict or None, default=None
            Defaults of this class for shared parameters. A routed name, such as
            `optimizer__clipnorm`, joins the signature; the class docstring must
            describe it.
        """
        super().__init_subclass__(**kwargs)
        if build is None:
            return
        cls._build = staticmethod(build)
        sources = (build, training_parameters, cls._task_parameters)
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
        cls.__doc__ = docstrings.compose(
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
            Has no effect: no parameter is an estimator.

        Returns
        -------
        params : dict
            Every parameter of the signature, and every routed name that was set.
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
