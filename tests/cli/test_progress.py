"""Progress and the time left."""

from skcnnlstm.cli import progress
from skcnnlstm.cli.progress import Progress


def test_the_time_left_is_that_of_the_networks_that_are_done(capsys, monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 1.0, 11.0, 11.0, 31.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    shown = Progress(["cnn", "lstm"], 0.5)
    for name, rmse in (("Ridge", "19.2"), ("cnn", "17.8"), ("lstm", "18.3")):
        shown.start()
        shown.show_model(name, rmse)
    assert capsys.readouterr().err.splitlines() == [
        "  Ridge           RMSE   19.2    1.0 s",
        "  cnn             RMSE   17.8   10.0 s  about 15 s left",
        "  lstm            RMSE   18.3   20.0 s  about 8 s left",
    ]


def test_a_quiet_run_prints_nothing(capsys):
    shown = Progress(["cnn"], quiet=True)
    shown.show("loading")
    shown.show_model("cnn", "1.0")
    assert capsys.readouterr().err == ""
