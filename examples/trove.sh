#!/bin/sh
# A tour of the Trove / Rackspace Cloud Databases dialect with curl:
#   ROLECALL=http://127.0.0.1:8480 KEY=… INSTANCE=… examples/trove.sh
# KEY is the private half of an editor's key; INSTANCE the id or name of a PostgreSQL that is under management.
set -eu
: "${ROLECALL:=http://127.0.0.1:8480}" "${KEY:?set KEY to the private half of an API key}"
: "${INSTANCE:?set INSTANCE to the id or name of an instance}"

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
# Tokens and bodies go in by file descriptors: arguments can be read by everybody on the machine.
ask() { curl -sS -w '\n' -H @- "$@" <<EOF
X-Auth-Token: $TOKEN
EOF
}
send() { ask -o /dev/null -w '%{http_code}\n' -X "$1" -H "Content-Type: application/$4" -d @/dev/fd/3 "$HERE$2" 3<<EOF
$3
EOF
}
first() { sed -E "s/.*\"$1\": ?\"([^\"]*)\".*/\1/"; }

say 'A token, and where the service is: a key is itself a token, so this could be left out'
TOKEN=$KEY
PROJECT=$(ask "$ROLECALL/identity/v2.0/tenants" | first id)
TOKEN=$(curl -sS -H 'Content-Type: application/json' -d @/dev/fd/3 "$ROLECALL/identity/v2.0/tokens" 3<<EOF | sed -E 's/.*"token":\{"id":"([^"]*)".*/\1/'
{"auth": {"token": {"id": "$KEY"}, "tenantName": "$PROJECT"}}
EOF
)
HERE=$ROLECALL/v1.0/$PROJECT/instances/$INSTANCE
echo "$HERE"

say 'The instance'
ask "$HERE"

NAME=tour$$
say 'A database, and two users at once: both of them, or none'
send POST /databases "{\"databases\": [{\"name\": \"$NAME\"}]}" json
send POST /users "{\"users\": [{\"name\": \"$NAME\", \"password\": \"$NAME-password\", \"databases\": [{\"name\": \"$NAME\"}]},
  {\"name\": \"${NAME}b\", \"password\": \"$NAME-password\"}]}" json

say 'One of them, in XML'
ask -H 'Accept: application/xml' "$HERE/users/$NAME"

say 'And as a page with a link to the next'
ask "$HERE/users.xml?limit=1&marker=tou"

say 'What it may use; the other gets it too, asked in XML'
ask "$HERE/users/$NAME/databases"
send PUT "/users/${NAME}b/databases" "<databases xmlns=\"http://docs.openstack.org/database/api/v1.0\"><database name=\"$NAME\"/></databases>" xml

say 'Another name; its password and what it may use stay'
send PUT "/users/$NAME" "{\"user\": {\"name\": \"${NAME}c\"}}" json
ask "$HERE/users/${NAME}c"

say 'A name that is taken is refused, and nothing is made'
ask -X POST -H 'Content-Type: application/json' -d @/dev/fd/3 "$HERE/users" 3<<EOF
{"users": [{"name": "${NAME}d", "password": "$NAME-password"}, {"name": "${NAME}b", "password": "$NAME-password"}]}
EOF

say 'Gone again'
for user in "${NAME}b" "${NAME}c"; do ask -X DELETE -o /dev/null -w '%{http_code}\n' "$HERE/users/$user"; done
ask -X DELETE -o /dev/null -w '%{http_code}\n' "$HERE/databases/$NAME"
