"""Class docstrings put together from the places where their facts are written once.

An architecture's parameters, notes and references stand in its `build_x`, what all
estimators share stands in `_parameters`, what is a class's own stands in the class.
"""

from __future__ import annotations

import inspect
import re

_ORDER = ("Parameters", "Attributes", "Notes", "References", "Examples")


def _sections(docstring):
    """Split a numpydoc docstring into `{title: body}`; the text before is under ""."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring), flags=re.M)
    titles, bodies = ["", *parts[1::2]], parts[0::2]
    return {title: body.rstrip() for title, body in zip(titles, bodies, strict=True)}


def _entries(body):
    """Split the body of a Parameters section into `{name: entry}`."""
    entries = re.split(r"^(?=\w+ :)", body, flags=re.M)
    return {entry.split(" :")[0]: entry.rstrip() for entry in entries if entry.strip()}


def _with_default(entry, value):
    """Return a parameter's entry with another default."""
    text = str(value) if not isinstance(value, str) else f'"{value}"'
    first, rest = entry.split("\n", 1)
    return f"{first.rsplit('default=', 1)[0]}default={text}\n{rest}"


def compose(own, *sources, names, defaults=None):
    """Return a class docstring.

    Parameters
    ----------
    own : str
        The class's docstring: its summary and sections of its own. Parameters in it
        are those that no source describes.
    *sources : str
        Docstrings that describe parameters and attributes; the first one's notes and
        references are taken too.
    names : iterable of str
        The class's parameters, in order.
    defaults : dict or None, default=None
        Defaults of the class's own, in the place of those in the sources.
    """
    if own is None or None in sources:
        return own  # python -OO leaves no docstrings
    described, found = {}, {"Attributes": []}
    for source in sources:
        content = _sections(source)
        described |= _entries(content.get("Parameters", ""))
        if "Attributes" in content:
            found["Attributes"].append(content["Attributes"])
        for title in ("Notes", "References"):
            if title in content:
                found.setdefault(title, content[title])
    mine = _sections(own)
    described |= _entries(mine.get("Parameters", ""))
    for name, value in (defaults or {}).items():
        described[name] = _with_default(described[name], value)
    found |= {title: body for title, body in mine.items() if title}
    found["Attributes"] = "\n".join(found["Attributes"])
    found["Parameters"] = "\n".join(described[name] for name in names)
    text = [mine[""]]
    for title in _ORDER:
        if found.get(title):
            text.append(f"{title}\n{'-' * len(title)}\n{found[title]}")
    return "\n\n".join(text) + "\n"
