"""Messages about windows with missing history."""


def describe_filled_samples(missing):
    """Return the warning about samples that `predict` fills.

    `missing` holds the number of missing first steps of each sample.
    """
    n_missing = int((missing > 0).sum())
    message = (
        f"{n_missing} of {len(missing)} samples have no full history: their missing "
        "first steps are filled with the first known step."
    )
    if missing[0] and n_missing < len(missing):
        message += (
            " SlidingWindow can use the fitted rows as history, if the rows given to "
            "predict directly follow them. For this, keep the index of the rows in the "
            'Pipeline, for example with StandardScaler().set_output(transform="pandas")'
            ', or use SlidingWindow(context="always").'
        )
    return message


def describe_no_sample(missing, length):
    """Return the message of the error that no sample can be used for training.

    Parameters
    ----------
    missing : ndarray of int
        The number of missing first steps of each window.
    length : int
        The number of steps of a window.
    """
    n_missing = int((missing > 0).sum())
    remedy = "Use more rows or a smaller window_length."
    if n_missing == len(missing) >= 2 * length:
        remedy = (
            "There are enough rows, so they are probably not in time order: split "
            "them with train_test_split(..., shuffle=False) or TimeSeriesSplit, and "
            "sort them by their index before SlidingWindow."
        )
    return (
        "X must hold at least one sample with a full history and a positive weight: "
        f"got {len(missing)} samples, {n_missing} of them with missing (NaN) first "
        f"steps. {remedy}"
    )
