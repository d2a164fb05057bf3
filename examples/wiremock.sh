#!/bin/sh
# A tour of the WireMock Cloud dialect with curl:
#   ROLECALL=http://127.0.0.1:8480 KEY=… examples/wiremock.sh
# The key has to be an admin's. PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD say which PostgreSQL to try, as they do for psql;
# without them nothing answers, and that is shown too.
set -eu
: "${ROLECALL:=http://127.0.0.1:8480}" "${KEY:?set KEY to the private half of an API key}"
: "${PGHOST:=127.0.0.1}" "${PGPORT:=1}" "${PGDATABASE:=postgres}" "${PGUSER:=postgres}" "${PGPASSWORD:=not-a-real-one}"

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
# Key and bodies go in by file descriptors: arguments can be read by everybody on the machine.
ask() { curl -sS -w '\n' -H @- "$@" <<EOF
Authorization: Token $KEY
EOF
}
send() { ask -X "$1" -H 'Content-Type: application/json' -d @/dev/fd/3 "$ROLECALL$2" 3<<EOF
$3
EOF
}
first() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

say 'Who am I?'
ME=$(ask -o /dev/null -D - "$ROLECALL/v1/users/self" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
echo "$ME"

coordinates="\"databaseType\":\"POSTGRESQL\",\"host\":\"$PGHOST\",\"port\":$PGPORT,\"databaseName\":\"$PGDATABASE\",\"username\":\"$PGUSER\""

say 'Create a database connection; its server is not contacted'
MADE=$(send POST "$ME/database-connections" "{\"databaseConnection\":{\"connectionName\":\"Tour $$\",$coordinates,\"password\":\"$PGPASSWORD\"}}")
echo "$MADE"
SELF=$(echo "$MADE" | first self)

say 'List them, two a page'
ask "$ROLECALL$ME/database-connections?limit=2"

say 'Find it by its name'
ask "$ROLECALL$ME/database-connections?q=tour%20$$"

say 'Try coordinates before they are stored'
send POST "$ME/database-connections/test" "{$coordinates,\"password\":\"$PGPASSWORD\"}"

say 'Try what is stored, with the stored password'
send POST "$SELF/test" '{}'

say 'Rename it; the password that is left out stays'
send PATCH "$SELF" "{\"databaseConnection\":{\"connectionName\":\"Tour $$, renamed\",$coordinates}}"

say 'What the published API has no words for'
ask "$ROLECALL$SELF?view=rolecall"

say 'Something wrong is told whole'
send POST "$ME/database-connections" '{"databaseConnection":{"connectionName":"x","databaseType":"POSTGRESQL","host":null}}'

say 'Delete it'
ask -X DELETE -o /dev/null -w '%{http_code}\n' "$ROLECALL$SELF"
