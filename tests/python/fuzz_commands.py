"""Damaged descriptions through every command: python fuzz_commands.py RESNETC COUNT [SEED].

Each description that ships is mutated, and each mutant given to one command; so are weight files, arrays and arguments.
Whatever it is, the command ends by itself within thirty seconds with 0, 1 or 2, does not panic, and prints no control
character. What breaks that is printed and kept.
"""

import concurrent.futures
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
SPLICES = """ 0 -1 1 2 3 16 64 65536 65537 1048576 4294967296 18446744073709551616 1e308 0.5 -0.0 nan none true false [] [1,2] {} ( ) { }
 [ ] = == , . ; : " ' ''' # // /// * / % + - not and or if then else for in 0..4 0..100000 unit let join add concat multiply require
 network block dialect names use stage stem head expect budget extends as at(first, project( previous( channels height width index
 blocks number stage_stride conv norm act linear flatten global_pool dense se eca avg relu torchvision keras é 漢 \u202e \x00 \x1b[31m
 \x7f \r \t \u2028 =cmd|' a|b <b> & ` ~ \\ $ %s {block} {stage} {role} """.split(" ")

# What a command line can hold: no zero byte.
PLAIN = [word for word in SPLICES if word and "\0" not in word and "{" not in word]
# The description whose weights are damaged.
WEIGHED = "cifar_resnet20.toml"

COMMANDS = [
    ["check"],
    ["check", "--message-format", "json"],
    ["flops", "--convention", "all"],
    ["flops", "--by", "layer", "--format", "csv"],
    ["flops", "--by", "block", "--format", "markdown"],
    ["flops", "--format", "json"],
    ["summary"],
    ["summary", "--format", "csv"],
    ["expand"],
    ["convert", "--output", "-"],
    ["graph", "--output", "-"],
    ["graph", "--format", "dot", "--output", "-"],
    ["graph", "--format", "mermaid", "--output", "-"],
    ["report", "--output", "-"],
    ["fmt", "--check"],
    ["diff", None],
    ["weights", "list"],
    ["sweep", "--set", "filters=8,16"],
    ["build", "--target", "keras", "--output", "{folder}"],
    ["build", "--target", "burn", "--output", "{folder}"],
    ["build", "--target", "onnx", "--output", "{folder}", "--fold-batch-norm"],
    ["flops", "--input", "{word}", "--batch", "{word}"],
    ["summary", "--limit", "{word}"],
    ["graph", "--depth", "{word}", "--output", "-"],
    ["sweep", "--set", "{word}={word},{word}", "--format", "jsonl"],
    ["sweep", "--set", "stage.1.filters=8..={word}", "--where", "macs<={word}", "--format", "csv"],
    ["weights", "check", None, "{weights}"],
    ["weights", "convert", None, "{weights}", "--to", "{dialect}", "--output", "{folder}"],
    ["verify", "--python", "false", "--input", "{array}"],
]

# These take no description.
OWN = [
    ["new", "--depth", "{word}"],
    ["new", "--blocks", "{word},2", "--kind", "{word}", "--dialect", "{dialect}"],
    ["new", "--depth", "18", "--stem", "{word}", "--input", "{word}"],
    ["explain", "{word}"],
]
# Seconds. What an ONNX file takes is written to a disk.
LIMIT = 30
DIALECTS = ["torchvision", "keras", "paper", "timm", "{word}"]


def mutate(text, others, draw):
    for _ in range(draw.randint(1, 5)):
        lines = text.split("\n")
        at = draw.randrange(len(lines))
        kind = draw.randrange(9)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, draw.choice(lines))
        elif kind == 2:
            other = draw.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            lines.insert(at, draw.choice(draw.choice(others).split("\n")))
        elif kind in (4, 5):
            numbers = list(re.finditer(r"\d+(\.\d+)?", lines[at]))
            if numbers:
                number = draw.choice(numbers)
                lines[at] = lines[at][: number.start()] + draw.choice(SPLICES) + lines[at][number.end() :]
        elif kind in (6, 7):
            words = list(re.finditer(r"[A-Za-z_]\w*", lines[at]))
            if words:
                word = draw.choice(words)
                other = draw.choice(SPLICES + re.findall(r"\w+", text)[:200])
                lines[at] = lines[at][: word.start()] + other + lines[at][word.end() :]
        else:
            place = draw.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + draw.choice(SPLICES) + lines[at][place:]
        text = "\n".join(lines) or "\n"
    return text


def damaged(data, draw):
    """Bytes of which some were changed, left out or doubled, most of them in the header."""
    data = bytearray(data)
    for _ in range(draw.randint(0, 4)):
        at = draw.randrange(min(len(data), draw.choice([10, 300, len(data)])))
        kind = draw.randrange(4)
        if kind == 0:
            data[at] = draw.randrange(256)
        elif kind == 1:
            data[at : at + draw.randint(1, 9)] = draw.choice(SPLICES).encode()
        elif kind == 2:
            del data[at : at + draw.randint(1, 50)]
        else:
            data[at:at] = data[at : at + draw.randint(1, 50)]
        data = data or bytearray(b"\0")
    return bytes(data)


def safetensors(program, description):
    """A file of zeros that fits a description."""
    listed = subprocess.run([program, "weights", "list", str(description), "--format", "json"], capture_output=True, check=True)
    header, end = {}, 0
    for tensor in json.loads(listed.stdout)["tensors"]:
        size = 4 * math.prod(tensor["shape"])
        header[tensor["name"]] = {"dtype": "F32", "shape": tensor["shape"], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(end)


def npy(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00\x76\x00" + header.encode() + bytes(4 * math.prod(shape))


def wrong(answer):
    if answer.returncode not in (0, 1, 2):
        return f"it ended with {answer.returncode}"
    text = (answer.stdout + answer.stderr).decode("utf-8", "replace")
    if "panicked" in text:
        return "it panicked"
    control = re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text.replace("\r\n", "\n"))
    if control:
        return f"it printed {control.group()!r}"
    if answer.returncode != 0 and not text.strip():
        return "it refused without a word"
    return None


def filled(word, draw, files):
    """A word of a command line, with what its placeholders stand for."""
    while "{" in word:
        for name, file in files.items():
            word = word.replace("{" + name + "}", str(file))
        word = re.sub(r"\{dialect\}", lambda _: draw.choice(DIALECTS), word)
        word = re.sub(r"\{word\}", lambda _: draw.choice(PLAIN), word)
    return word


def execute(program, seed, texts, folder, weights):
    draw = random.Random(seed)
    name = draw.choice(sorted(texts))
    mutant = mutate(texts[name], list(texts.values()), draw) if draw.randrange(20) else texts[name]
    path = folder / f"{seed}{pathlib.Path(name).suffix}"
    path.write_text(mutant, encoding="utf-8", newline="")
    command = draw.choice(COMMANDS + OWN)
    files = {"folder": folder / f"{seed}.out", "weights": folder / f"{seed}.weights", "array": folder / f"{seed}.array"}
    if "{weights}" in command:
        files["weights"].write_bytes(damaged(weights, draw))
    if "{array}" in command:
        files["array"].write_bytes(damaged(npy((1, 3, 8, 8)), draw))
    # A command that needs a description of its own beside the mutant, or whose weights fit only this one.
    other = ROOT / "architectures" / (WEIGHED if "{weights}" in command else name)
    words = [str(other) if word is None else filled(word, draw, files) for word in command]
    has_own = "{weights}" in command or command in OWN
    arguments = [program, *words] if has_own else [program, *words, str(path)]
    try:
        answer = subprocess.run(arguments, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, cwd=folder)
        reason = wrong(answer)
    except subprocess.TimeoutExpired:
        reason, answer = f"it did not end within {LIMIT} seconds", None
    if reason is None:
        subprocess.run(["rm", "-rf", str(path), *map(str, files.values())], check=True)
        return answer.returncode, None
    return None, f"{' '.join(arguments)}\n  {reason}"


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    files = [*(ROOT / "architectures").iterdir(), *(ROOT / "tests/strangers").iterdir(), *(ROOT / "tests/cases").iterdir()]
    texts = {path.name: path.read_text() for path in files if path.suffix in (".toml", ".resnet")}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fuzz-"))
    weights = safetensors(program, ROOT / "architectures" / WEIGHED)
    codes, faults = {}, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for code, fault in pool.map(lambda seed: execute(program, seed, texts, folder, weights), range(first, first + count)):
            codes[code] = codes.get(code, 0) + 1
            if fault:
                faults.append(fault)
                print(fault, flush=True)
    print(f"{count} executions from seed {first}: {codes.get(0, 0)} accepted, {codes.get(1, 0)} refused, "
          f"{codes.get(2, 0)} not asked, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
