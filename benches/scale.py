"""How the time of every command grows with the network, up to 100,000 nodes, however they are distributed.

    python benches/scale.py target/release/resnetc [--nodes N] [--only ...] [--commands ...] [--limit SECONDS]

A row for each distribution, a column for each command: seconds of the processor at N nodes, and in brackets by how
much that is more than at half of them. 2 is linear; of what takes hundredths of a second the ratio says nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

LEVELS, CALLS = 27, 25  # joins in a block, blocks in blocks

HEAD = "use dialect {dialect}\nnetwork big {{\n    input 8 x 32 x 32\n    stem none\n{stages}}}\n{blocks}"


def network(stages, blocks, dialect="torchvision"):
    return HEAD.format(dialect=dialect, stages=stages, blocks=blocks)


def one(body, dialect="torchvision"):
    """A network of one block, which consists of `body`."""
    return network("    stage own(8)\n", f"block own(filters: channels) {{ {body} }}\n", dialect)


def each(count, body):
    return f"for i in 0..{count} {{ {body} }}"


def stages(count, call):
    return "".join(f"    stage {call(number)}\n" for number in range(count))


def repeats(count, call):
    """Stages of `count` blocks in all; one has at most 10,000."""
    runs = [min(10_000, count - start) for start in range(0, count, 10_000)]
    return "".join(f"    stage {call} * {run}\n" for run in runs)


def nested(n):
    """Joins in joins, as deep as brackets and calls allow."""
    inner = "LEAF"
    for _ in range(LEVELS):
        inner = f"join add {{ main {{ {inner} }} skip {{}} }}"
    body = f"block own(filters: channels) {{ {each(n // (LEVELS * CALLS), 'deep0(filters)')} }}\n"
    for level in range(CALLS):
        leaf = f"deep{level + 1}(filters)" if level + 1 < CALLS else "act"
        body += f"block deep{level}(filters: channels) {{ {inner.replace('LEAF', leaf)} }}\n"
    return network("    stage own(8)\n", body)


def shared(n):
    """Joins whose branches are joins of the same tensor, which thousands of layers read."""
    branches = " ".join(f"b{number} {{}}" for number in range(20))
    inner = "act"
    for _ in range(20):
        inner = f"join add {{ main {{ {inner} }} {branches} }}\n"
    return one(each(n // 21, inner))


def wide(n, kind, inner):
    branches = "\n".join(f"b{number} {{ {inner} }}" for number in range(249))
    return one(each(n // 250, f"join {kind} {{ {branches} }}"))


def unlike(n):
    """Blocks of which no two have one structure."""
    bits = ", ".join(str(1 << bit) for bit in range(12))
    body = f"for bit in [{bits}] {{ if floor(code / bit) % 2 == 1 {{ act(relu) }} else {{ act(silu) }} }}"
    own = f"block own(filters: channels, code: integer) {{ {body} norm {each(7, 'act')} }}\n"
    return network(stages(n // 20, lambda number: f"own(8, {number})"), own)


def optional(n):
    """Blocks that share twelve parts, of which each has some."""
    bits = ", ".join(str(1 << bit) for bit in range(12))
    body = f"for bit in [{bits}] {{ if floor(index / bit) % 2 == 1 {{ unit bit {{ norm }} }} }}"
    own = f"block own(filters: channels) {{ {body} unit 0 {{ {each(6, 'act')} }} }}\n"
    return network(repeats(n // 12, "own(8)"), own)


def definitions(n):
    """Blocks of their own, each called once."""
    count = n // 100
    body = each(33, UNIT)
    blocks = "".join(f"block b{number}(filters: channels) {{ {body} }}\n" for number in range(count))
    return network(stages(count, lambda number: f"b{number}(8)"), blocks)


def labels(n):
    """Layers of 2,000 labels."""
    body = "\n".join(f"l{number} {{ act }}" for number in range(2_000))
    return one(each(n // 2_000, body))


def repeated(n, size, body):
    """Stages of many blocks of so many layers."""
    return network(repeats(n // size, "own(8)"), f"block own(filters: channels) {{ {body} }}\n")


def ends(n, stem, head):
    """A stem or a head of all the layers."""
    own = f"block own(filters: channels) {{ {each(n, 'act')} }}\n"
    return network(f"    stage basic(8)\n{head}", own).replace("stem none", f"stem {stem}")


UNIT = "unit i { conv 1x1 (filters) norm act }"
SUM = "unit i { join add { main { conv 3x3 (filters) norm act } skip {} } }"
CONCAT = "unit i { join concat { skip {} main { slice(0, 4) act conv 1x1 (4) } } }"
GATE = "unit i { join multiply { main {} gate { avg_pool(kernel = 1) conv 1x1 (filters) act(sigmoid) } } }"
BLOCK_OF_NORMS = f"block own(filters: channels) {{ {each(20, 'norm')} }}\n"
BLOCK_OF_UNITS = f"block own(filters: channels) {{ {each(7, UNIT)} }}\n"

DISTRIBUTIONS = {
    "norms": lambda n: one(each(n, "norm")),
    "activations": lambda n: one(each(n, "act")),
    "convolutions": lambda n: one(each(n, "conv 3x3 (filters)")),
    "no two convolutions alike": lambda n: one(each(n // 2, "unit i { conv 1x1 (filters + i) act }")),
    "units": lambda n: one(each(n // 3, UNIT)),
    "units of a norm": lambda n: one(each(n, "unit i { norm }")),
    "labels": labels,
    "sums": lambda n: one(each(n // 4, SUM)),
    "concatenations": lambda n: one(each(n // 4, CONCAT)),
    "gates": lambda n: one(each(n // 4, GATE)),
    "long skip": lambda n: one(f"join add {{ main {{ {each(n, 'act')} }} skip {{}} }}"),
    "joins in joins": nested,
    "shared tensors": shared,
    "sums of 249": lambda n: wide(n, "add", "act"),
    "concatenations of 249": lambda n: wide(n, "concat", "conv 1x1 (4)"),
    "stem": lambda n: ends(n, "own(8)", ""),
    "head": lambda n: ends(n, "none", "    head own(8)\n"),
    "repeats of 2 layers": lambda n: repeated(n, 2, "norm act"),
    "bottlenecks": lambda n: network(repeats(n // 10, "bottleneck(8)"), ""),
    "stages": lambda n: network(stages(n // 20, lambda _: "own(8)"), BLOCK_OF_NORMS),
    "arguments": lambda n: network(stages(n // 21, lambda number: f"own({number + 1})"), BLOCK_OF_UNITS),
    "definitions": definitions,
    "no two blocks alike": lambda n: repeated(n, 1, "conv 1x1 (filters, dilation = [1, index + 2])"),
    "twelve choices": unlike,
    "twelve options": optional,
    "nothing shared": lambda n: repeated(n, 20, each(20, "unit 20 * index + i { norm }")),
    "vectors": lambda n: one(f"flatten {each(n // 2, 'unit i { linear(64) act }')}", "keras"),
    "flattened map": lambda n: one(f"flatten {each(n, 'act')} linear(10)", "keras"),
}

COMMANDS = {
    "check": ["check", "{file}"],
    "summary": ["summary", "{file}"],
    "summary, blocks": ["summary", "{file}", "--depth", "block"],
    "summary, JSON": ["summary", "{file}", "--format", "json"],
    "flops": ["flops", "{file}"],
    "flops, all": ["flops", "{file}", "--convention", "all"],
    "flops, layers": ["flops", "{file}", "--by", "layer", "--memory"],
    "flops, sorted": ["flops", "{file}", "--by", "layer", "--sort", "macs", "--unfold"],
    "flops, blocks": ["flops", "{file}", "--by", "block"],
    "flops, JSON": ["flops", "{file}", "--format", "json"],
    "graph": ["graph", "{file}", "-o", "{out}/graph.svg"],
    "graph, layers": ["graph", "{file}", "--depth", "layer", "--unfold", "-o", "{out}/layers.svg"],
    "graph, DOT": ["graph", "{file}", "--format", "dot", "--depth", "layer", "-o", "{out}/graph.dot"],
    "graph, Mermaid": ["graph", "{file}", "--format", "mermaid", "--depth", "layer", "-o", "{out}/graph.mmd"],
    "report": ["report", "{file}", "-o", "{out}/report.html"],
    "diff": ["diff", "{file}", "{file}"],
    "diff, other": ["diff", "{file}", "{other}"],
    "convert": ["convert", "{file}", "--to", "toml", "-o", "{out}/net.toml"],
    "expand": ["expand", "{file}"],
    "fmt": ["fmt", "{file}"],
    "weights list": ["weights", "list", "{file}"],
    "sweep": ["sweep", "{file}", "--set", "input.size=32,33", "--threads", "1"],
    "build burn": ["build", "{file}", "--target", "burn", "-o", "{out}/burn"],
    "build Keras": ["build", "{file}", "--target", "keras", "-o", "{out}/keras"],
    "build ONNX": ["build", "{file}", "--target", "onnx", "-o", "{out}/onnx", "--seed", "0"],
    "build folded": ["build", "{file}", "--target", "keras", "-o", "{out}/folded", "--fold-batch-norm"],
    "weights list, names": ["weights", "list", "{file}", "--names", "keras"],
}


def seconds(program: str, command: list[str], limit: float) -> float | str:
    """Seconds of the processor that `command` takes, or why there are none."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        done = subprocess.run([program, *command], timeout=limit, **streams)
    except subprocess.TimeoutExpired:
        return "too long"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    errors = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("error")]
    if errors:
        print(" ".join(command[:2]), errors[0], file=sys.stderr)
        return "refused"
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cell(program: str, distribution: str, command: str, nodes: int, limit: float) -> str:
    taken = []
    for size in (nodes // 2, nodes):
        with tempfile.TemporaryDirectory() as folder:
            file, other = Path(folder) / "big.resnet", Path(folder) / "other.resnet"
            text = DISTRIBUTIONS[distribution](size)
            file.write_text(text)
            other.write_text(text.replace("32 x 32", "16 x 16"))
            arguments = [part.format(file=file, other=other, out=folder) for part in COMMANDS[command]]
            last = seconds(program, arguments, limit)
        if isinstance(last, str):
            return last
        taken.append(last)
    return f"{taken[1]:.1f} ({taken[1] / max(taken[0], 0.01):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--nodes", type=int, default=99_000)
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("--only", nargs="+", choices=DISTRIBUTIONS, default=list(DISTRIBUTIONS), metavar="ROW")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS), metavar="COMMAND")
    asked = parser.parse_args()
    print("| nodes |", " | ".join(asked.commands), "|")
    print("| --- |", " | ".join("---" for _ in asked.commands), "|")
    for name in asked.only:
        cells = (cell(asked.program, name, command, asked.nodes, asked.limit) for command in asked.commands)
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
