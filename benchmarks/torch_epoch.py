"""Time a training epoch of an LSTM and a linear layer in PyTorch, for `bench_speed.py`.

The interpreter that runs this file needs only PyTorch and NumPy. The training loop has
no data loader: batches are taken from a random permutation of the windows in memory.

    python benchmarks/torch_epoch.py 8521 96 24 50 32    # prints JSON
"""

from __future__ import annotations

import json
import statistics
import sys
import time


def main(n_windows, n_steps, horizon, units, batch_size, epochs=4):
    import torch
    from torch import nn

    torch.manual_seed(0)
    X, y = torch.randn(n_windows, n_steps, 1), torch.randn(n_windows, horizon)
    lstm, head = nn.LSTM(1, units, batch_first=True), nn.Linear(units, horizon)
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()])
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        for rows in torch.randperm(n_windows).split(batch_size):
            optimizer.zero_grad()
            hidden, _ = lstm(X[rows])
            loss = nn.functional.mse_loss(head(hidden[:, -1]), y[rows])
            loss.backward()
            optimizer.step()
        seconds.append(time.perf_counter() - start)
    return {
        "seconds": statistics.median(seconds[1:]),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
