"""The engine beside ONNX Runtime on the same network with the same weights, alternately in one run.

Usage: engine_speed.py [NETWORK[:BATCH] ...]; both programs are those of `cargo build --release --no-default-features --example engine`.
Printed are the least and the median time of a pass in milliseconds, and the ratio of the medians: above 1 the engine is faster.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parents[1]
RUNS = 30


def session(description, folder):
    command = [Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/resnetc", "build", description, "--target", "onnx", "--fold-batch-norm", "-o", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    (path,) = Path(folder).glob("*.onnx")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def measure(description, batch):
    with tempfile.TemporaryDirectory() as folder:
        model = session(description, folder)
        (given,) = model.get_inputs()
        images = np.random.default_rng(0).standard_normal((batch, *given.shape[1:])).astype(np.float32)
        command = [Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/engine", description, str(batch)]
        engine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ours, theirs = [], []
        for _ in range(RUNS + 3):
            time.sleep(0.05)
            engine.stdin.write("\n")
            engine.stdin.flush()
            ours.append(float(engine.stdout.readline()))
            time.sleep(0.05)
            start = time.perf_counter()
            model.run(None, {given.name: images})
            theirs.append((time.perf_counter() - start) * 1e3)
        engine.stdin.close()
        engine.wait()
    ours, theirs = ours[3:], theirs[3:]
    middle = [statistics.median(times) for times in (ours, theirs)]
    print(
        f"{Path(description).stem:18} batch {batch}: engine {min(ours):8.2f} {middle[0]:8.2f}, "
        f"ONNX Runtime {min(theirs):8.2f} {middle[1]:8.2f}, "
        f"ratio of the least {min(theirs) / min(ours):5.2f}, of the medians {middle[1] / middle[0]:5.2f}",
        flush=True,
    )


for argument in sys.argv[1:] or ["resnet18.toml:1", "resnet18.toml:8", "resnet50.toml:1", "resnet50.toml:8"]:
    name, _, batch = argument.partition(":")
    measure(str(ROOT / "architectures" / name), int(batch or 1))
