"""The command line ``skcnnlstm``: options, CSV files, models, and the report."""

from skcnnlstm.cli.run import main

__all__ = ["main"]
