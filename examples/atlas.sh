#!/bin/sh
# A tour of the Atlas dialect with curl:
#   ROLECALL=http://127.0.0.1:8480 PUBLIC=… KEY=… GROUP=… examples/atlas.sh
# PUBLIC and KEY are the halves of an owner's key; GROUP the id of a project that has a MongoDB server under management.
set -eu
: "${ROLECALL:=http://127.0.0.1:8480}" "${PUBLIC:?set PUBLIC to the public half of an API key}"
: "${KEY:?set KEY to its private half}" "${GROUP:?set GROUP to the id of a project}"

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
# The key and bodies go in by file descriptors: arguments can be read by everybody on the machine.
ask() { curl -sS -w '\n' --digest --config /dev/fd/3 "$@" 3<<EOF
user = "$PUBLIC:$KEY"
EOF
}
send() { ask -X "$1" -d @/dev/fd/4 "$HERE$2" 4<<EOF
$3
EOF
}
HERE=$ROLECALL/api/atlas/v1.0/groups/$GROUP

say 'The project, and its clusters'
ask "$HERE?pretty=true"
ask "$HERE/clusters?itemsPerPage=1"

NAME=tour$$
say 'A user that may read one database, on every cluster of the project'
send POST /databaseUsers "{\"databaseName\": \"admin\", \"username\": \"$NAME\", \"password\": \"$NAME-Harbor-91\",
  \"roles\": [{\"databaseName\": \"billing\", \"roleName\": \"read\"}]}"

say 'The list, as it is published'
ask "$HERE/databaseUsers?pretty=true"

say 'Another role; its password stays'
send PATCH "/databaseUsers/admin/$NAME" '{"roles": [{"databaseName": "billing", "roleName": "readWrite"}]}'

say 'The same user in words of v2, which wants a date'
ask -H 'Accept: application/vnd.atlas.2025-03-12+json' "$ROLECALL/api/atlas/v2/groups/$GROUP/databaseUsers/admin/$NAME"

say 'Gone again, and what is said of it then'
ask -o /dev/null -w '%{http_code}\n' -X DELETE "$HERE/databaseUsers/admin/$NAME"
ask "$HERE/databaseUsers/admin/$NAME"
