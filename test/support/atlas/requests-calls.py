"""Asks by Digest what its one argument (JSON) says, in one session of requests, and prints the answers as JSON."""

import json
import sys

import requests
from requests.auth import HTTPDigestAuth

wish = json.loads(sys.argv[1])
session = requests.Session()
session.auth = HTTPDigestAuth(wish["publicKey"], wish["privateKey"])
answers = []
for call in wish["calls"]:
    answer = session.request(call["method"], wish["origin"] + call["path"], json=call.get("body"), headers=call.get("headers"))
    sent = answer.request.headers["Authorization"]
    answers.append({
        "status": answer.status_code,
        "challenges": len(answer.history),
        "nc": sent.split("nc=")[1].split(",")[0],
        "body": answer.json() if answer.text else None,
    })
print(json.dumps(answers))
