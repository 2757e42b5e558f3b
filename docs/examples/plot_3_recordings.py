"""
Activity recognition by subject
===============================

Recognize the activities of persons that are not in the training data, with a
DeepConvLSTM.
"""

# %%
# Generate the accelerometer data of six persons. They wear the sensor at different
# angles, walk at different paces, and change their activity every few seconds. Some
# windows hold two activities, and the data are noisy, so no classifier can separate all
# windows.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import (
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)

from skcnnlstm import (
    DeepConvLSTMClassifier,
    MistakeWarning,
    check_leakage,
    make_windows,
)

rng = np.random.default_rng(0)
PACES = {"rest": 0.0, "walk": 0.45, "climb": 0.3}  # radians in each time step


def record(person):
    """Return the rows of one person, 20 activities."""
    lengths = rng.integers(40, 90, size=20)
    activity = np.repeat(rng.choice(list(PACES), size=len(lengths)), lengths)
    pace = rng.uniform(0.9, 1.1) * pd.Series(activity).map(PACES).to_numpy()
    swing = rng.uniform(0.9, 1.5) * np.where(pace > 0, np.sin(np.cumsum(pace)), 0)
    tilt = rng.normal(scale=0.25, size=(3, 3))  # gravity at each activity
    axes = tilt[pd.factorize(activity, sort=True)[0]] + swing[:, None] * [1, 0.6, 0.2]
    axes += rng.normal(scale=0.5, size=axes.shape)
    rows = pd.DataFrame(axes, columns=["x", "y", "z"])
    return rows.assign(activity=activity, person=person)


names = ["ann", "bo", "cy", "di", "eve", "fay"]
rows = pd.concat([record(name) for name in names])
rows.groupby("person")["activity"].value_counts().unstack().head(3)

# %%
# Make windows of 32 steps that overlap by half. No window holds rows of two persons.
# The label of a window is its most frequent activity.

X, y, person = make_windows(
    rows.drop(columns="person"),
    window_length=32,
    stride=16,
    target="activity",
    label="majority",
    groups=rows["person"],
)
X.shape, y[:3], person[:3]

# %%
# Each fold leaves one person out. The result is the accuracy for new persons, who wear
# the sensor at a different angle.

classifier = DeepConvLSTMClassifier(
    filters=(16, 16),
    lstm_units=32,
    dropout=0.2,
    learning_rate=0.003,
    epochs=20,
    random_state=0,
)
by_person = LeaveOneGroupOut()
predicted = cross_val_predict(classifier, X, y, groups=person, cv=by_person)
accuracy_score(y, predicted)

# %%
# Folds that mix persons give a higher score, because the network was trained on windows
# of the same persons. `fit` warns about such folds, and `check_leakage` reports them.

mixed = StratifiedKFold(6, shuffle=True, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", MistakeWarning)
    score = cross_val_score(classifier, X, y, cv=mixed).mean()
score.round(3)

# %%
check_leakage(classifier, X, y, mixed, groups=person, n_fits=0)

# %%
# Report the score of each person, not only the mean, because scores differ between
# persons.

hits = pd.Series(predicted == y).groupby(person).mean()
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
hits.plot.barh(ax=left, xlabel="accuracy", ylabel="", title="Each person left out")
left.axvline(score, color="grey", linestyle="--", label="persons mixed")
figure.legend(loc="outside lower left")
display = ConfusionMatrixDisplay.from_predictions(y, predicted, ax=right)
