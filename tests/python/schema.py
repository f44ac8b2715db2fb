"""Holds descriptions in TOML against a JSON Schema.

usage: schema.py SCHEMA.json FOLDER

Prints a line for each FOLDER/*.toml, in the order of their names: the name, a tab, and `valid`,
`no TOML`, or where the first fault is and what is wrong there. The schema is read as the draft
that it names and as draft 7, which is all that some editors know, and both must agree.
"""

import json
import sys
import tomllib
from pathlib import Path

import jsonschema


def verdict(validators, text):
    """What the schema says of a description."""
    try:
        description = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return "no TOML"
    faults = [sorted(validator.iter_errors(description), key=str) for validator in validators]
    assert len({bool(found) for found in faults}) == 1, "the drafts do not agree"
    if not faults[0]:
        return "valid"
    fault = jsonschema.exceptions.best_match(faults[0])
    return f"{fault.json_path}: {fault.message}".splitlines()[0]


def main(schema, folder):
    schema = json.loads(Path(schema).read_text(encoding="utf-8"))
    newest = jsonschema.validators.validator_for(schema)
    assert newest is jsonschema.Draft202012Validator
    newest.check_schema(schema)
    jsonschema.Draft7Validator.check_schema(schema)
    validators = [newest(schema), jsonschema.Draft7Validator(schema)]
    for path in sorted(Path(folder).glob("*.toml")):
        print(path.stem, verdict(validators, path.read_text(encoding="utf-8")), sep="\t")


main(*sys.argv[1:])
