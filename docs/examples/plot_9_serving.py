"""
Saving, ONNX and a web service
==============================

Save a forecaster, export it to ONNX, and serve its forecasts over HTTP.
"""

# %%
# Fit a forecaster and save it. The file contains no pickle. The forecasts of the loaded
# forecaster are bit-identical to those of the saved forecaster.

import json
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster, export, load, save
from skcnnlstm.datasets import load_airline

series = load_airline()
forecaster = SeriesForecaster(
    CNNLSTMRegressor(random_state=0), window_length=24, horizon=12, transformer="log"
).fit(series)
folder = Path(tempfile.mkdtemp())
save(forecaster, folder / "airline.skcnnlstm")
loaded = load(folder / "airline.skcnnlstm")
bool((loaded.forecast() == forecaster.forecast()).all())

# %%
# Export the forecaster to ONNX. Scaling is part of the exported model: input and output
# are in thousands of passengers.

import onnxruntime

export(forecaster, folder / "airline.onnx")
session = onnxruntime.InferenceSession(folder / "airline.onnx")
(graph_input,) = session.get_inputs()
window = series.to_numpy(np.float32)[-24:].reshape(1, 24, 1)
(answer,) = session.run(None, {graph_input.name: window})
float(np.abs(answer.ravel() - forecaster.forecast()).max().round(3))

# %%
# Serve the ONNX model with the standard library. A request holds the values of the last
# 24 months. The answer holds the forecasts of the next 12 months. For many users, call
# the same function from a server such as uvicorn.


class Service(BaseHTTPRequestHandler):
    """Answer requests with JSON."""

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        window = np.asarray(rows, np.float32).reshape(1, 24, 1)
        (forecast,) = session.run(None, {graph_input.name: window})
        body = json.dumps(forecast.ravel().tolist()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Print nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
request = urllib.request.Request(
    f"http://127.0.0.1:{server.server_port}", json.dumps(series[-24:].tolist()).encode()
)
with urllib.request.urlopen(request) as response:
    forecast = json.loads(response.read())
server.shutdown()
np.round(forecast[:3], 1)

# %%
# Draw the answer of the service and the forecast in Python. They agree.

figure, ax = plt.subplots(layout="constrained")
forecaster.forecast().plot(ax=ax, label="Python", linewidth=4, alpha=0.4)
ax.plot(forecaster.forecast().index, forecast, "o", clip_on=False, label="web service")
ax.set_ylabel("passengers")
legend = ax.legend()
