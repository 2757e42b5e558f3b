"""
Classification
==============

Classify windows of two variables as one of three motions with an LSTM-FCN.
"""

# %%
# Generate three kinds of motion. They differ in frequency and in the phase between the
# two variables. The noise is so strong that no classifier can separate all windows.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import cross_val_score, train_test_split

from skcnnlstm import LSTMFCNClassifier

rng = np.random.default_rng(0)
t = np.linspace(0, 4 * np.pi, 64)


def motion(kind):
    """Return a window (64, 2) of one kind."""
    phase, noise = rng.uniform(0, 2 * np.pi), rng.normal(scale=1.6, size=(64, 2))
    rate, lag = {"walk": (1, 0), "run": (2, 0), "turn": (1, np.pi / 2)}[kind]
    axes = [np.sin(rate * t + phase), np.sin(rate * t + phase + lag)]
    return np.transpose(axes) + noise


y = rng.choice(["walk", "run", "turn"], size=240)
X = np.stack([motion(kind) for kind in y])
figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True, layout="constrained")
for ax, kind in zip(axes, ("walk", "run", "turn"), strict=True):
    lines = ax.plot(X[y == kind][0])
    ax.set(title=kind, xlabel="time step")
legend = figure.legend(lines, ["first variable", "second"], loc="outside right center")

# %%
# The published network was trained for 2,000 epochs. 30 epochs are enough here. Labels
# can be text.

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
classifier = LSTMFCNClassifier(epochs=30, batch_size=32, random_state=0)
scores = cross_val_score(classifier, X_train, y_train, cv=3)
scores.round(3)

# %%
# Fit the classifier on the training windows, and draw the confusion matrix of the test
# windows.

classifier.fit(X_train, y_train)
display = ConfusionMatrixDisplay.from_estimator(classifier, X_test, y_test)
