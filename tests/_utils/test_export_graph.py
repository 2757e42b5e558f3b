"""Test how export graphs are combined."""

from skcnnlstm._utils.export_graph import ExportGraph


def test_graphs_are_applied_in_order():
    double = ExportGraph(lambda x: 2 * x, (3,))
    assert double.then(lambda x: x + 1).run(5) == 11
    assert double.after(ExportGraph(lambda x: x + 1, (3,))).run(5) == 12


def test_a_combined_graph_takes_the_input_of_the_first_and_keeps_the_rest():
    last = ExportGraph(abs, (4, 2), networks=["network"], classes=["a"])
    combined = last.after(ExportGraph(abs, (2,), "rows"))
    assert (combined.shape, combined.input_name) == ((2,), "rows")
    assert (combined.networks, combined.classes) == (["network"], ["a"])
    open_input = last.after(ExportGraph(abs, None, None))
    assert (open_input.shape, open_input.input_name) == ((4, 2), "windows")
