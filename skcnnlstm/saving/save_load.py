"""save and load: store an estimator in one file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

import skcnnlstm
from skcnnlstm._utils.files import write_atomically
from skcnnlstm._utils.warnings import warn
from skcnnlstm.saving.check_archive import check_archive, import_skops
from skcnnlstm.saving.keras_configs import untrusted_in_text
from skcnnlstm.saving.trusted_types import trusted_names
from skcnnlstm.saving.values import nested_values, to_supported, trusting

# Releases of a package give the same predictions if this many parts of their version
# numbers are equal. (scikit-learn itself warns about other releases.)
_COMPARED_PARTS = {"skcnnlstm": 2, "keras": 2, "tensorflow": 2, "numpy": 1}
_RECORDED = ("scikit-learn", "keras", "tensorflow", "numpy", "pandas", "skops")
_FIRST_BYTES_OF_0_1 = b"skcnnlstm model "


def save(estimator, path):
    """Save an estimator, fitted or not, to one file.

    The file is an archive in the format of `skops.io`, without pickle. The archive is
    first written to a temporary file, which is then renamed. If the process is killed
    or the disk is full, an existing file remains unchanged.

    Parameters
    ----------
    estimator : estimator
        An estimator of this package, or an estimator of scikit-learn that may contain
        such estimators: a Pipeline, a search, a TransformedTargetRegressor. Parameters
        may be Keras objects and functions of a module, but not lambdas.
    path : path-like
        The file, with any name. An existing file is replaced.

    Raises
    ------
    TypeError
        If a parameter or an attribute cannot be saved, or could not be loaded again.
        The message names the parameter or attribute. No file is changed.
    ImportError
        If skops is not installed. Install the extra `save`.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Load the estimator.
    export : Export the network, with all preprocessing, for other runtimes.

    Examples
    --------
    >>> import os, tempfile
    >>> from skcnnlstm import SlidingWindow, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "window.skops")
    ...     save(SlidingWindow(window_length=7), path)
    ...     load(path)
    SlidingWindow(window_length=7)
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            f"estimator must be an estimator instance: got {estimator!r}. To save "
            "forecasts or tables, use pandas or NumPy."
        )
    skops_io = import_skops()
    root = {"estimator": to_supported(estimator), "versions": _versions()}
    try:
        content = skops_io.dumps(root)
        names = check_archive(content, set())
        _read(content, names.found, names.found | names.untrusted)
    except MemoryError:
        raise
    except Exception as error:  # skops raises many types
        raise TypeError(
            "estimator must hold only values that can be loaded again: got a value "
            f"that cannot be loaded ({type(error).__name__}: {error}). Use a plain "
            "value, a Keras object, or the name of a Keras object, such as 'mse'."
        ) from error
    write_atomically(path, [content])


def load(path, *, trusted=()):
    """Load an estimator that `save` wrote.

    A file cannot run code of its own. By default, it may name only

    - classes and functions of this package,
    - classes and functions that skops or the safe mode of Keras allows,
    - some further classes and functions of scikit-learn.

    All other classes and functions must be in `trusted`.

    Parameters
    ----------
    path : path-like
        The file.
    trusted : sequence of str or type, default=()
        User-defined classes and functions that the file may name, as objects or by
        name. A name has the form "package.module.Name", or "package>Name" for an object
        that is registered with Keras. Loading may run their code. Trees and
        IsotonicRegression of scikit-learn must also be in `trusted`, because forged
        ones can crash the process or fill the memory.

    Returns
    -------
    estimator : estimator
        The estimator. On a machine of the same kind, its predictions are bit-identical
        to those of the saved estimator.

    Raises
    ------
    ValueError
        - If the file was not written by `save` of version 0.2 or newer.
        - If the file is damaged.
        - If the file names a class or function that is not trusted.
    ImportError
        If skops is not installed. Install the extra `save`.
    OSError
        If the file cannot be read.

    Warns
    -----
    UserWarning
        If the file was written with other releases of this package, Keras, TensorFlow
        or NumPy, and predictions may therefore differ.

    See Also
    --------
    save : Save an estimator.

    Examples
    --------
    >>> import os, tempfile
    >>> from skcnnlstm import LastSteps, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "last.skops")
    ...     save(LastSteps(3).fit([[1, 2, 3, 4]]), path)
    ...     load(path).transform([[5, 6, 7, 8]])
    array([[6, 7, 8]])
    """
    trusted = trusted_names(trusted)
    skops_io = import_skops()
    content = Path(path).read_bytes()
    if content.startswith(_FIRST_BYTES_OF_0_1):
        raise ValueError(
            f"path must be a file of skcnnlstm 0.2 or newer: got {path}, a file of "
            "0.1. Fit the estimator again and save it with this version. To use the "
            "old file, install skcnnlstm 0.1."
        )
    try:
        names = check_archive(content, trusted)
        untrusted = names.untrusted - trusted
        if not untrusted:
            try:
                estimator, versions = _read(content, names.safe | trusted, trusted)
            except skops_io.exceptions.UntrustedTypesFoundException:
                untrusted = {*skops_io.get_untrusted_types(data=content)}
                untrusted -= names.safe | trusted
        else:
            untrusted |= {*skops_io.get_untrusted_types(data=content)} - names.safe
            untrusted -= trusted
    except Exception as error:  # skops, zipfile and estimators raise many types
        raise ValueError(
            f"path must be an undamaged file that save wrote: got {path}, which cannot "
            f"be loaded ({type(error).__name__}: {error}). Use another copy of the "
            "file, or save the estimator again."
        ) from error
    if untrusted:
        raise ValueError(
            f"path must hold only trusted types: got {path}, which holds "
            f"{', '.join(sorted(untrusted))}. If you trust them, use load(path, "
            f"trusted={sorted(untrusted)}). Before that, register your own Keras "
            "objects with keras.saving.register_keras_serializable."
        )
    differences = _compare(versions)
    if differences:
        warn(
            f"{path} was written with other releases: {differences}. Predictions may "
            "differ from the predictions before saving. Compare a few of them."
        )
    return estimator


def _read(content, names, trusted):
    """Return the estimator and the versions in a file that has been checked.

    skops trusts `names`. Keras objects may use the names in `trusted`.
    """
    with trusting(trusted):
        root = import_skops().loads(content, trusted=sorted(names))
    estimator, versions = root["estimator"], root["versions"]
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(f"the file must hold an estimator: got {type(estimator)}")
    # A fitted network is a JSON text, which Keras reads on first use. `check_archive`
    # has checked text values only in JSON nodes, so check all text here.
    for value in nested_values(estimator):
        if isinstance(value, str | bytes | bytearray):
            untrusted = untrusted_in_text(value, trusted)
            if untrusted:
                raise ValueError(
                    f"a text contains untrusted names: {', '.join(sorted(untrusted))}"
                )
    _compare(versions)
    return estimator, versions


@cache  # because reading the metadata of packages is slow
def _versions():
    return {"skcnnlstm": skcnnlstm.__version__} | {n: version(n) for n in _RECORDED}


def _compare(saved):
    """Return text that lists the packages with other releases than in `saved`.

    Only releases are listed that may give other predictions.
    """
    current = _versions()
    return ", ".join(
        f"{name} {saved[name]} (here {current[name]})"
        for name, n_parts in _COMPARED_PARTS.items()
        if saved[name].split(".")[:n_parts] != current[name].split(".")[:n_parts]
    )
