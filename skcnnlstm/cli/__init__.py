"""The command line: options, CSV files, the report."""
