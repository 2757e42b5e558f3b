"""Print the stored scores of `bench_contenders.py` as Markdown tables."""

from __future__ import annotations

import math
from statistics import fmean, geometric_mean, median

from _contenders_models import OURS
from _contenders_sets import CLASSIFICATION, FORECASTING, SETS
from bench_accuracy import UCR

RIDGES = ("Ridge", "RidgePerColumn")
MARGIN = 1.01  # a model loses if its error is more than this times that of Ridge


def medians(stored):
    """Return the medians over seeds as a nested dict: by set, model and figure."""
    seeds = {}
    for key, result in stored.items():
        set_name, model, _ = key.split("/")
        if "left_out" not in result:
            seeds.setdefault((set_name, model), []).append(result)
    found = {name: {} for name in SETS}
    for (set_name, model), results in seeds.items():
        figures = {name: median(r[name] for r in results) for name in results[0]}
        found[set_name][model] = figures | {"seeds": len(results)}
    return {name: models for name, models in found.items() if models}


def best(models, part, among):
    """Return the name of the model with the smallest error in a part.

    `among` is a function that selects models by name. The result is None if it selects
    no model.
    """
    return min(
        (name for name in models if among(name)),
        key=lambda name: models[name][part],
        default=None,
    )


def is_contender(name):
    return name not in OURS


def is_ridge(name):
    return name in RIDGES


def print_table(head, rows):
    """Print a Markdown table."""
    for cells in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(str(cell) for cell in cells)} |")


def short(value):
    """Format a number with four significant digits."""
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"


def print_sets(found):
    """Print every model on each forecasting set, sorted by test error."""
    rows = []
    for set_name in FORECASTING:
        models = found.get(set_name, {})
        reference = best(models, "validation", is_contender)
        ranked = sorted(models, key=lambda name: models[name]["test"])
        for rank, name in enumerate(ranked, 1):
            one = models[name]
            ratio = one["test"] / models[reference]["test"] if reference else math.nan
            rows.append(
                [
                    set_name,
                    f"{name} (reference)" if name == reference else name,
                    short(one["validation"]),
                    short(one["test"]),
                    rank,
                    f"{ratio:.3f}",
                    f"{one['seconds']:.1f}",
                    f"{one['megabytes']:.0f}",
                    one["seeds"],
                ]
            )
    head = "set|model|validation|test|rank|error / reference|seconds|MB|seeds"
    print_table(head.split("|"), rows)


def print_best(found, ours="CNNLSTM"):
    """Print our network next to the reference and the better Ridge of each set.

    The reference is the contender with the smallest validation error.
    """
    rows = []
    for set_name in FORECASTING:
        models = found.get(set_name, {})
        mine = "ConvLSTMGrid" if set_name == "grid" else ours
        reference = best(models, "validation", is_contender)
        if mine not in models or reference is None:
            continue
        cells = [set_name]
        for name in (best(models, "validation", is_ridge), reference):
            one = models.get(name)
            cells.append(
                f"{name}: {short(one['validation'])}, {short(one['test'])}"
                if one
                else ""
            )
        one = models[mine]
        first = best(models, "test", is_contender)
        cells += [
            f"{short(one['validation'])}, {short(one['test'])}",
            f"{one['test'] / models[reference]['test']:.3f}",
            f"{first}: {short(models[first]['test'])}",
            "won" if one["test"] < models[first]["test"] else "lost",
            one["seeds"],
            f"{one['seconds']:.0f}",
            f"{one['megabytes']:.0f}",
        ]
        rows.append(cells)
    head = (
        "set|better Ridge: validation, test|reference: validation, test|"
        f"{ours}: validation, test|{ours} / reference, test|best contender on test|"
        f"{ours} against best contender|seeds|seconds|MB"
    )
    print_table(head.split("|"), rows)


def print_models(found):
    """Print the error ratios and the mean rank of each model over its sets."""
    ratios, against_ridge, ranks = {}, {}, {}
    for set_name in FORECASTING:
        models = found.get(set_name, {})
        reference = best(models, "validation", is_contender)
        ridge = best(models, "validation", is_ridge)
        ranked = sorted(models, key=lambda name: models[name]["test"])
        for rank, name in enumerate(ranked, 1):
            ranks.setdefault(name, []).append(rank)
            error = models[name]["test"]
            for kept, other in ((ratios, reference), (against_ridge, ridge)):
                if other:
                    ratio = error / models[other]["test"]
                    kept.setdefault(name, {})[set_name] = ratio
    rows = []
    for name in sorted(ratios, key=lambda name: geometric_mean(ratios[name].values())):
        worst = max(ratios[name], key=ratios[name].get)
        of_ridge = against_ridge.get(name, {})
        lost = [one for one, ratio in of_ridge.items() if ratio > MARGIN]
        rows.append(
            [
                name,
                len(ratios[name]),
                f"{geometric_mean(ratios[name].values()):.3f}",
                f"{ratios[name][worst]:.3f} ({worst})",
                f"{fmean(ranks[name]):.1f}",
                f"{geometric_mean(of_ridge.values()):.3f}" if of_ridge else "",
                f"{len(lost)}: {', '.join(lost)}" if lost else 0,
            ]
        )
    head = (
        "model|sets|error / reference, geometric mean|worst set: error / reference|"
        "mean rank|error / better Ridge, geometric mean|"
        "sets with error / better Ridge above 1.01"
    )
    print_table(head.split("|"), rows)


def print_classification(found):
    """Print the accuracy of each classifier, and its mean over the UCR sets."""
    present = [name for name in CLASSIFICATION if name in found]
    names = sorted({model for one in present for model in found[one]})
    rows = []
    for name in names:
        scores = {one: found[one][name] for one in present if name in found[one]}
        archive = [scores[one] for one in UCR if one in scores]
        whole = len(archive) == len(UCR)
        rows.append(
            [
                name,
                *(
                    f"{scores[one]['validation']:.3f}, {scores[one]['test']:.3f}"
                    if one in scores
                    else ""
                    for one in present
                ),
                *(
                    f"{fmean(one[part] for one in archive):.3f}" if whole else ""
                    for part in ("validation", "test")
                ),
                f"{fmean(one['seconds'] for one in archive):.1f}" if whole else "",
            ]
        )
    head = [
        "accuracy: validation, test",
        *present,
        "mean of the UCR sets, validation",
        "test",
        "seconds",
    ]
    print_table(head, rows)


def summarise(stored):
    """Print all tables, and the models that were left out."""
    found = medians(stored)
    if any(name in found for name in FORECASTING):
        for table in (print_sets, print_best, print_models):
            table(found)
            print()
    if any(name in found for name in CLASSIFICATION):
        print_classification(found)
        print()
    for key, result in stored.items():
        if "left_out" in result:
            print(f"{key} left out: {result['left_out']}")
