"""Print the lowest version of each requirement in setup.cfg, as constraints for pip."""

import configparser
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The import of matplotlib 3.8 warns with pyparsing 3.3, and warnings fail the tests.
_OTHERS = ["pyparsing<3.3"]


def lowest_versions(extras=("test", "save", "plot")):
    """Return one line ``name==version`` for each requirement with a lower bound.

    Constraints of packages that these need follow.

    Parameters
    ----------
    extras : sequence of str
        The extras whose requirements are included.
    """
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].split("\n")
    for extra in extras:
        lines += config["options.extras_require"][extra].split("\n")
    bounds = {}
    for line in lines:
        match = re.match(r"\s*([\w.-]+)(?:\[[\w,]+\])?>=([\d.]+)", line)
        if match:
            bounds[match[1]] = match[2]
    # ".*" lets pip take the last patch release.
    return [
        f"{name}=={version}.*" if version.count(".") < 2 else f"{name}=={version}"
        for name, version in sorted(bounds.items())
    ] + _OTHERS


if __name__ == "__main__":
    sys.stdout.write("\n".join(lowest_versions()) + "\n")
