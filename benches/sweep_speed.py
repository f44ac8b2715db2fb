"""How long `resnetc sweep` takes for a million variants of ResNet-50: wall-clock and CPU time, on so many threads.

    python benches/sweep_speed.py target/release/resnetc 2

What the rows say is held against `resnetc flops` for a few of them.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NETWORK = ROOT / "architectures" / "resnet50.toml"
GRIDS = {
    "depths, width, groups, input sizes": [
        "stage.1.blocks=1..=5",
        "stage.2.blocks=1..=10",
        "stage.3.blocks=1..=40",
        "stage.4.blocks=1..=5",
        "stage.*.filters*=0.5,0.75,1,1.25,1.5",
        "block.groups=1,2,4,8,16",
        "input.size=160,192,224,256",
    ],
    "the depth of each stage": [
        "stage.1.blocks=1..=10",
        "stage.2.blocks=1..=25",
        "stage.3.blocks=1..=40",
        "stage.4.blocks=1..=100",
    ],
    "the width of each stage": [
        "stage.1.filters=16..=160 step 16",
        "stage.2.filters=32..=320 step 32",
        "stage.3.filters=64..=640 step 64",
        "stage.4.filters=128..=1280 step 128",
        "stage.3.blocks=1..=100",
    ],
}


def sweep(resnetc: str, threads: str, grid: list[str], out: Path) -> tuple[float, float]:
    """Wall-clock and CPU seconds."""
    command = [resnetc, "sweep", NETWORK, "--threads", threads]
    for setting in grid:
        command += ["--set", setting]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with out.open("wb") as file:
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def alone(resnetc: str, row: dict[str, str]) -> dict:
    """What `flops` says of a row of the first grid, whose description is written here."""
    blocks = [row[f"stage.{stage}.blocks"] for stage in range(1, 5)]
    filters = [round(64 * 2**stage * float(row["stage.*.filters*"])) for stage in range(4)]
    size, groups = row["input.size"], row["block.groups"]
    stages = "".join(
        f"[[stage]]\nfilters = {filters[at]}\nblocks = {blocks[at]}\nstride = {1 if at == 0 else 2}\n" for at in range(4)
    )
    text = (
        f'name = "one"\ndialect = "torchvision"\n[input]\nchannels = 3\nsize = [{size}, {size}]\n[stem]\nkind = "imagenet"\n'
        f'filters = 64\n[block]\nkind = "bottleneck"\nshortcut = "B"\ngroups = {groups}\n{stages}[head]\npool = "avg"\n'
        "classes = 1000\n"
    )
    command = [resnetc, "flops", "-", "--format", "json"]
    return json.loads(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)


def check(resnetc: str, out: Path) -> None:
    with out.open() as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number % 99_991 == 0:
                network = alone(resnetc, row)
                assert int(row["parameters"]) == network["parameters"]["trainable"], row
                assert int(row["total_parameters"]) == network["parameters"]["total"], row
                assert all(int(row[key]) == network[key] for key in ["macs", "flops", "activations"]), row
                memory = ["weights_bytes", "inference_peak_bytes", "training_saved_bytes"]
                assert all(int(row[key]) == network["memory"][key] for key in memory), row
                assert int(row["receptive_field"]) == network["receptive_field"]["size"], row


def main() -> None:
    resnetc, threads = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else str(os.cpu_count())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sweep.csv"
        for at, (name, grid) in enumerate(GRIDS.items()):
            wall, cpu = sweep(resnetc, threads, grid, out)
            with out.open("rb") as file:
                rows = sum(1 for _ in file) - 1
            print(f"{name}: {rows:,} variants, {threads} threads, {wall:.1f} s, {cpu:.1f} s of CPU, {1e6 * cpu / rows:.1f} µs each")
            if at == 0:
                check(resnetc, out)


if __name__ == "__main__":
    main()
