"""How fast programs of one network are, side by side: the live model, the same in burn's own ops, ONNX Runtime, Keras on TensorFlow and
on JAX.

usage: inference_speed.py RELEASE [NETWORK:BATCH ...]

RELEASE is the folder with `resnetc` and `examples/passes`, both built with --release. Every program is a process of its own that loads
the network once (batch norms folded in all of them) and then runs a pass whenever it is told to. They take turns, one pass each, in
another order each round, so that what else the machine does falls on all of them, with a pause before each pass in which the threads of
the last one go to sleep. Printed as Markdown: the median time, the
ratio of ONNX Runtime's to it (above 1 is faster than ONNX Runtime), the time from start to the first output, and the peak of memory of
the process, as the kernel counts it.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ["resnet18", "resnet50", "resnet152", "resnext50_32x4d", "mobilenet_v2", "vgg16"]
ROUNDS = {1: 40, 8: 12}
# ONNX Runtime's thread spins for 57 ms after a pass, on a processor that the next program needs.
PAUSE = 0.1


class Program:
    """A process that runs a pass for each line that it reads."""

    def __init__(self, name, command, **environment):
        self.name = name
        self.times = []
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | environment,
        )
        first = self.process.stdout.readline().split()
        self.is_there = len(first) == 2
        self.first_output = float(first[1]) if self.is_there else None

    def run(self):
        """Runs a pass; its time in milliseconds."""
        time.sleep(PAUSE)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def peak(self):
        """The largest resident memory so far, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def description(network):
    """The file that describes a network."""
    (path,) = ROOT.glob(f"architectures/{network}.*")
    return path


def programs(release, network, batch, place):
    """All programs of a network that there are."""
    path = description(network)
    for target in ("onnx", "keras"):
        command = [release / "resnetc", "build", path, "--target", target, "--fold-batch-norm", "-o", place, "--force"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    foreign = [sys.executable, ROOT / "benches/inference_runtimes.py"]
    found = [
        Program("live model", [release / "examples/passes", path, batch]),
        Program("live model, burn's ops", [release / "examples/passes", path, batch, "plain"]),
        Program("ONNX Runtime", [*foreign, "onnx", place, network, batch]),
        Program("Keras on TensorFlow", [*foreign, "keras", place, network, batch], KERAS_BACKEND="tensorflow"),
        Program("Keras on JAX", [*foreign, "keras", place, network, batch], KERAS_BACKEND="jax"),
    ]
    return [program for program in found if program.is_there]


def measure(release, network, batch):
    """Prints a network's rows."""
    with tempfile.TemporaryDirectory() as place:
        found = programs(release, network, batch, Path(place))
        for program in found:
            program.run()
        for number in range(ROUNDS.get(batch, 10)):
            for program in random.Random(number).sample(found, len(found)):
                program.times.append(program.run())
        medians = {program.name: statistics.median(program.times) for program in found}
        theirs = medians.get("ONNX Runtime", float("nan"))
        for program in found:
            own = medians[program.name]
            print(
                f"| {network} | {batch} | {program.name} | {own:.1f} | {theirs / own:.2f} "
                f"| {program.first_output:.0f} | {program.peak():.0f} |",
                flush=True,
            )
            program.stop()


def main(release, *cases):
    """Measures the cases, or all."""
    release = Path(release)
    print("| network | batch | program | ms | x ONNX Runtime | ms to the first output | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for case in cases or [f"{network}:{batch}" for network in NETWORKS for batch in (1, 8)]:
        network, _, batch = case.partition(":")
        measure(release, network, int(batch or 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
