"""Compose the docstring of a class from the docstrings that describe its parts.

Each parameter is documented once: the parameters of an architecture in its `build_x`
function, and shared parameters in the functions that declare them.
"""

from __future__ import annotations

import inspect
import re

_ORDER = ("Parameters", "Attributes", "Notes", "References", "Examples")


def _split_sections(docstring):
    """Return the text of each section of a docstring by its title.

    The text before the first section has the title "".
    """
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring), flags=re.M)
    titles, bodies = ["", *parts[1::2]], parts[0::2]
    return {title: body.rstrip() for title, body in zip(titles, bodies, strict=True)}


def _split_entries(body):
    """Return the entries of a Parameters section by parameter name."""
    entries = re.split(r"^(?=\w+ :)", body, flags=re.M)
    return {entry.split(" :")[0]: entry.rstrip() for entry in entries if entry.strip()}


def _replace_default(entry, value):
    """Return the docstring entry of a parameter with another default."""
    text = str(value) if not isinstance(value, str) else f'"{value}"'
    first, rest = entry.split("\n", 1)
    return f"{first.rsplit('default=', 1)[0]}default={text}\n{rest}"


def compose(class_doc, *sources, names, defaults=None):
    """Return the complete docstring of a class.

    Parameters
    ----------
    class_doc : str or None
        Docstring in the class body: the summary, and sections for this class only. Its
        Parameters section describes parameters that no source describes.
    *sources : str or None
        Docstrings that describe parameters and attributes. Notes, references and the
        paragraphs below the summary line are each taken from the first source that has
        them. The paragraphs of the source come before those of `class_doc`. Notes and
        references in `class_doc` replace those of the source.
    names : iterable of str
        The parameters of the class, in order.
    defaults : dict or None, default=None
        Defaults of this class that replace those in the sources.

    Returns
    -------
    docstring : str or None
        The complete docstring. If any docstring is None, as under ``python -OO``, this
        is `class_doc` unchanged.
    """
    if class_doc is None or None in sources:
        return class_doc
    entries, attributes, sections = {}, [], {}
    for source in map(_split_sections, sources):
        entries |= _split_entries(source.get("Parameters", ""))
        attributes += filter(None, [source.get("Attributes")])
        source[""] = source[""].partition("\n\n")[2]
        for title in ("", "Notes", "References"):
            if source.get(title):
                sections.setdefault(title, source[title])
    own = _split_sections(class_doc)
    summary, _, paragraphs = own[""].partition("\n\n")
    own[""] = "\n\n".join(filter(None, [summary, sections.get(""), paragraphs]))
    entries |= _split_entries(own.get("Parameters", ""))
    for name, value in (defaults or {}).items():
        entries[name] = _replace_default(entries[name], value)
    sections |= own
    attributes += filter(None, [own.get("Attributes")])
    sections["Attributes"] = "\n".join(attributes)
    sections["Parameters"] = "\n".join(entries.get(name, name) for name in names)
    text = [own[""]]
    for title in _ORDER:
        if sections.get(title):
            text.append(f"{title}\n{'-' * len(title)}\n{sections[title]}")
    return "\n\n".join(text) + "\n"
