"""A network in somebody else's runtime, run as often as lines come in: what `inference_speed.py` starts.

usage: inference_runtimes.py onnx|keras FOLDER NETWORK BATCH

FOLDER has what `resnetc build` wrote. The first line that is printed says when the first output was there, in milliseconds after the
start; each further one how long a pass took.
"""

import os
import sys
import time

START = time.perf_counter()


def onnx(folder, network, batch):
    """ONNX Runtime on the processor, with a thread for each core."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(f"{folder}/{network}.onnx", options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    images = np.random.default_rng(0).standard_normal((batch, *given.shape[1:])).astype(np.float32)
    return lambda: session.run(None, {given.name: images})


def keras(folder, network, batch):
    """The generated package, compiled as its back end does."""
    import importlib

    import numpy as np

    sys.path.insert(0, folder)
    from keras_speed import compiled

    model = getattr(importlib.import_module(network), network)()
    images = np.random.default_rng(0).standard_normal((batch, *model.input_shape[1:])).astype(np.float32)
    run = compiled(model)
    return lambda: run(images)


def main(runtime, folder, network, batch):
    """Loads, then runs a pass a line."""
    run = {"onnx": onnx, "keras": keras}[runtime](folder, network, int(batch))
    run()
    print("ready", 1e3 * (time.perf_counter() - START), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(1e3 * (time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
