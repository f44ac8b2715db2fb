"""Compares the syntax trees of generated modules, and tables of TOML, but for names, texts and comments.

usage: syntax_trees.py PAIRS.json

A pair is two paths. Prints how many pairs are equal; the first that is not ends it.
"""

import ast
import json
import sys
import tomllib
from pathlib import Path


def blank(node):
    """A tree in which every name and text is one and the same."""
    for child in ast.walk(node):
        for field, value in ast.iter_fields(child):
            if isinstance(value, str):
                setattr(child, field, "")
            elif isinstance(value, list) and any(isinstance(item, str) for item in value):
                setattr(child, field, ["" if isinstance(item, str) else item for item in value])
    return node


def structure(value):
    """What TOML holds, without keys and texts."""
    if isinstance(value, dict):
        return {number: structure(item) for number, item in enumerate(value.values())}
    if isinstance(value, list):
        return [structure(item) for item in value]
    return type(value).__name__


def tree(path):
    text = Path(path).read_text(encoding="utf-8")
    if path.endswith(".toml"):
        return structure(tomllib.loads(text))
    return ast.dump(blank(ast.parse(text, path)), indent=1)


def main(pairs):
    pairs = json.loads(Path(pairs).read_text())
    for hostile, benign in pairs:
        found, expected = tree(hostile), tree(benign)
        assert found == expected, f"{hostile} has another structure than {benign}\n{Path(hostile).read_text()}"
    print(len(pairs))


if __name__ == "__main__":
    main(*sys.argv[1:])
