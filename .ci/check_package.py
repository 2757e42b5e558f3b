"""Check that wheel and sdist hold the files that users need, and no others."""

import sys
import tarfile
import zipfile
from pathlib import Path

WANTED = (
    "skcnnlstm/py.typed",
    "skcnnlstm/__init__.pyi",
    "skcnnlstm/datasets/airline-passengers.csv",
    "skcnnlstm/__main__.py",
)


def main(folder):
    """Raise SystemExit with a message if a file is missing or should not be there."""
    (wheel,) = Path(folder).glob("*.whl")
    (sdist,) = Path(folder).glob("*.tar.gz")
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = [name for name in WANTED if name not in names]
    foreign = [name for name in names if not name.startswith("skcnnlstm")]
    with tarfile.open(sdist) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}
    missing += [name for name in (*WANTED, "LICENSE") if name not in sources]
    if missing or foreign:
        raise SystemExit(f"missing: {missing}; not of the package: {foreign}")
    print(f"{wheel.name}: {len(names)} files; {sdist.name}: {len(sources)} files")


if __name__ == "__main__":
    main(sys.argv[1])
