"""Calls pydo for the tests: one call a line of standard input as JSON, its outcome as a line of standard output."""

import json
import sys

from azure.core.exceptions import HttpResponseError
from pydo import Client


def outcome_of(databases, call):
    try:
        return {"result": getattr(databases, call["method"])(*call["args"])}
    except HttpResponseError as error:
        response = error.response
        body = response.text() if response is not None else str(error)
        return {"status": error.status_code, "body": body, "kind": type(error).__name__}
    except Exception as error:  # Told to the test, which fails with it.
        return {"body": str(error), "kind": type(error).__name__}


def main():
    settings = json.loads(sys.argv[1])
    databases = Client(settings["token"], endpoint=settings["endpoint"]).databases
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps({"id": call["id"], **outcome_of(databases, call)}), flush=True)


main()
