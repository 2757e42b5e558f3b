"""save and load: an estimator in one file."""

from __future__ import annotations

from importlib.metadata import version

import skcnnlstm
from skcnnlstm._utils.files import read_file, refusing_nonsense, write_file
from skcnnlstm._utils.warnings import warn
from skcnnlstm.saving.decoding import Decoder
from skcnnlstm.saving.encoding import Encoder
from skcnnlstm.saving.names import find_trusted

_KIND = "model"
# Two releases of these that agree in so many places of their numbers give the same
# predictions. (scikit-learn warns for itself, estimator by estimator.)
_PLACES = {"skcnnlstm": 2, "keras": 2, "tensorflow": 2, "numpy": 1}
_RECORDED = ("scikit-learn", "keras", "tensorflow", "numpy", "pandas")


def save(estimator, path):
    """Write an estimator to one file, fitted or not.

    The file holds no pickle: numbers lie in it as arrays, all else as JSON, and what is
    scikit-learn's in the format of skops. It is written beside `path`, put on the disk
    and then renamed, so that a crash or a full disk leaves the file that was there.

    Parameters
    ----------
    estimator : estimator
        An estimator of this package, or one of scikit-learn that holds some: a
        Pipeline, a search, a TransformedTargetRegressor. Parameters may be Keras
        objects and functions of a module, but no lambdas.
    path : path-like
        The file, of any name; one that is there is replaced.

    Raises
    ------
    TypeError
        If a parameter or an attribute cannot be written, or not be made again from
        what would be; the message says which, and no file is touched.
    ImportError
        If skops is needed and not installed (extra `save`): for what is scikit-learn's,
        the scaler inside a SeriesForecaster too.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read it again.
    export : Write the network with all that stands before it for other runtimes.

    Examples
    --------
    >>> import os, tempfile
    >>> from skcnnlstm import SlidingWindow, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "window.skcnnlstm")
    ...     save(SlidingWindow(window_length=7), path)
    ...     load(path)
    SlidingWindow(window_length=7)
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            f"estimator must be an instance with get_params: got {estimator!r}. Save "
            "forecasts and tables with pandas or NumPy."
        )
    encoder = Encoder()
    document = encoder.document(estimator)
    _check_comes_back(document, encoder)
    document["versions"] = _versions()
    write_file(path, _KIND, document, encoder.arrays)


def load(path, *, trusted=()):
    """Read an estimator that `save` wrote.

    Nothing in the file can run code: types and functions are those of this package, the
    ones that skops and Keras' safe mode allow and some of scikit-learn's, listed one by
    one; any other must be in `trusted`. Distributions are scipy.stats' own.

    Parameters
    ----------
    path : path-like
        The file.
    trusted : sequence of str or type, default=()
        Types and functions of your own that the file may name, as objects or by name
        ("package.module.Name"; of what is registered with Keras "package>Name").
        Trust only what you know: making one may run its code. skops counts the trees of
        scikit-learn among them, for a forged one can crash the process.

    Returns
    -------
    estimator : estimator
        As it was: its predictions have the same bits on a machine of the same kind.

    Raises
    ------
    ValueError
        If the file is another's, cut, damaged, of a newer format, or names a type that
        is not trusted.
    OSError
        If it cannot be read.

    Warns
    -----
    UserWarning
        If the file was written with releases of the package, Keras, TensorFlow or
        NumPy that may compute otherwise.

    See Also
    --------
    save : Write one.

    Examples
    --------
    >>> import os, tempfile
    >>> from skcnnlstm import LastSteps, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "last.skcnnlstm")
    ...     save(LastSteps(3).fit([[1, 2, 3, 4]]), path)
    ...     load(path).transform([[5, 6, 7, 8]])
    array([[6, 7, 8]])
    """
    trusted = find_trusted(trusted)
    document, arrays = read_file(path, _KIND, "save")
    with refusing_nonsense(path):
        estimator = Decoder(document, arrays, trusted).estimator(path)
        differing = _differing(document["versions"])
    if differing:
        warn(
            f"{path} was written with other releases: {differing}. Predictions may "
            "differ; compare some that you know."
        )
    return estimator


def _check_comes_back(document, encoder):
    """Raise where `load` would fail, with all trusted that it does not know."""
    decoder = Decoder(document, encoder.arrays, {})
    strangers = sorted(decoder.strangers())
    decoder.trusted = {name: encoder.things.get(name) for name in strangers}
    try:
        decoder.estimator("")
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(
            "estimator must hold only what load can make again: got "
            f"{', '.join(strangers) or 'what it cannot'} in it "
            f"({type(error).__name__}: {error}). Use a name, a Keras object or a plain "
            "value."
        ) from error


def _versions():
    return {"skcnnlstm": skcnnlstm.__version__} | {n: version(n) for n in _RECORDED}


def _differing(then):
    """Say which releases differ in a way that matters."""
    now = _versions()
    return ", ".join(
        f"{name} {then[name]} (here {now[name]})"
        for name, n_places in _PLACES.items()
        if then[name].split(".")[:n_places] != now[name].split(".")[:n_places]
    )
