"""Runs the command openstack for the tests, many times in one process: its words a line of standard input, what it said a line of standard output."""

import contextlib
import io
import json
import logging
import sys

from openstackclient.shell import main as openstack


def said_to(words):
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        # A run adds its own, which speak to where it complained.
        logging.getLogger().handlers.clear()
        try:
            status = openstack(words)
        except SystemExit as ended:
            status = ended.code
    return {"status": status or 0, "said": said.getvalue(), "complained": complained.getvalue()}


def main():
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps({"id": call["id"], **said_to(call["words"])}), flush=True)


main()
