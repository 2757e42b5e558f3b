"""The rows of one or many series, in the forms that models take."""


class Rows:
    """The rows of one series or of many, with their covariates.

    Parameters
    ----------
    frames : dict of DataFrame
        Targets and past covariates, by the name of the series. The name of a single
        series is None.
    exogs : dict of DataFrame or None
        Covariates that are known ahead, by the name of the series. None if there are no
        such covariates.
    targets : list of str
        Names of the target columns.
    """

    def __init__(self, frames, exogs, targets):
        self.frames, self.exogs, self.targets = frames, exogs, targets

    @classmethod
    def numbered(cls, series):
        """Return the rows of an `InputSeries`, labelled by row numbers."""
        frames, exogs = (
            None
            if tables is None
            else {key: table.reset_index(drop=True) for key, table in tables.items()}
            for tables in (series.frames, series.exogs)
        )
        return cls(frames, exogs, series.targets)

    @property
    def values(self):
        """The rows in the form that `SeriesForecaster` takes."""
        return self._join(self.frames)

    @property
    def target_values(self):
        """The target columns, in the form that `SeriesForecaster` takes."""
        return self._join({key: one[self.targets] for key, one in self.frames.items()})

    @property
    def exog(self):
        """The keyword arguments that pass the covariates to a forecaster."""
        return {} if self.exogs is None else {"exog": self._join(self.exogs)}

    def _join(self, tables):
        return tables[None] if None in tables else tables

    def are_positive(self):
        """Return whether all known values of the targets are positive."""
        return all(
            bool(((one[self.targets] > 0) | one[self.targets].isna()).all(axis=None))
            for one in self.frames.values()
        )

    def have_missing(self):
        """Return whether a value or a covariate is missing."""
        tables = [*self.frames.values(), *(self.exogs or {}).values()]
        return any(bool(table.isna().any(axis=None)) for table in tables)
