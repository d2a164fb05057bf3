"""Calls troveclient for the tests: one call a line of standard input as JSON, its outcome as a line of standard output."""

import json
import os
import sys
import tempfile

from keystoneauth1 import exceptions as keystone
from keystoneauth1 import session
from keystoneauth1.identity import v2, v3
from troveclient.apiclient import base
from troveclient.apiclient import exceptions
from troveclient.v1.client import Client

MOST_PAGES = 600


def client_with(settings):
    """The ways in which its users make one."""
    way = settings["way"]
    origin, project = settings["origin"], settings["project"]
    username, password = settings["username"], settings["password"]
    if way == "old":
        return Client(username, password, project, f"{origin}/identity/v2.0", region_name=settings.get("region"))
    if way == "v2":
        auth = v2.Password(f"{origin}/identity/v2.0", username=username, password=password, tenant_name=project)
    elif way == "application":
        auth = v3.ApplicationCredential(
            f"{origin}/identity/v3", application_credential_id=username, application_credential_secret=password
        )
    elif way == "token":
        auth = v3.Token(f"{origin}/identity/v3", token=password, project_id=project)
    else:
        domains = {"user_domain_id": "default", "project_domain_id": "default"}
        auth = v3.Password(
            f"{origin}/identity/v3", username=username, password=password, project_name=project, **domains
        )
    return Client(session=session.Session(auth=auth), endpoint_type="public", region_name="RegionOne")


def plain(value):
    if isinstance(value, base.Resource):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def every_page(method, args, kwargs):
    """As its own command goes from page to page."""
    items = method(*args, **kwargs)
    found = list(items)
    for _ in range(MOST_PAGES):
        if not items.next:
            return found
        items = method(*args, **{**kwargs, "marker": items.next})
        found += items
    raise RuntimeError("troveclient turns pages in a circle")


def outcome_of(client, call):
    manager, name = call["method"].split(".")
    method = getattr(getattr(client, manager), name)
    args, kwargs = call["args"], call["kwargs"]
    try:
        result = every_page(method, args, kwargs) if call["pages"] else method(*args, **kwargs)
        return {"result": plain(result)}
    except (exceptions.HttpError, keystone.HttpError) as error:
        return {"kind": type(error).__name__, "status": error.http_status, "message": error.message}
    except Exception as error:  # Told to the test, which fails with it.
        return {"kind": type(error).__name__, "message": str(error)}


def main():
    # What the client itself says goes elsewhere.
    answers, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TROVECLIENT_UUID_CACHE_DIR"] = cache
        client = client_with(json.loads(sys.argv[1]))
        for line in sys.stdin:
            call = json.loads(line)
            print(json.dumps({"id": call["id"], **outcome_of(client, call)}), file=answers, flush=True)


main()
