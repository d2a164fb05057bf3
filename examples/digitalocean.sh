#!/bin/sh
# A tour of the DigitalOcean dialect with curl, and with doctl where that is installed:
#   ROLECALL=http://127.0.0.1:8480 KEY=… sh examples/digitalocean.sh
# CLUSTER says which one; without, it is the first. Wants curl and sed. Makes a database and a user, and removes both again.
# Ends with 0 if everything was as it should be, else with 1 and what was not.
set -eu

: "${ROLECALL:?where Rolecall is reached, such as http://127.0.0.1:8480}"
: "${KEY:?the private half of a key with the role editor}"

name=example_$$
body=$(mktemp)
made=

# The key goes in by standard input: arguments can be read by everybody on the machine.
with_key() { printf 'Authorization: Bearer %s\n' "$KEY" | curl -H @- "$@"; }

# ask METHOD PATH STATUS [JSON]: the answer is in $body; any other status ends the script.
ask() {
  method=$1 path=$2 wanted=$3 json=${4:-}
  # Clients resolve "..", and curl does; here it is sent as it is.
  set -- -sS --path-as-is -o "$body" -w '%{http_code}' -X "$method"
  if [ -n "$json" ]; then set -- "$@" -H 'Content-Type: application/json' -d "$json"; fi
  status=$(with_key "$@" "$ROLECALL/v2/databases$path") || fail "$ROLECALL does not answer"
  [ "$status" = "$wanted" ] || fail "$method $path answered $status instead of $wanted: $(cat "$body")"
}

expect() { grep -q -- "$1" "$body" || fail "no $1 in: $(cat "$body")"; }
text() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" "$body"; }
say() { echo "ok  $*"; }
fail() { echo "not ok  $*" >&2; exit 1; }

# Only what this run made: things of that name may have been there before.
tidy() {
  for path in $made; do
    with_key -sS -o /dev/null -X DELETE "$ROLECALL/v2/databases$path" || true
  done
  rm -f "$body"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

ask GET "" 200
: "${CLUSTER:=$(sed -E 's/^\{"databases":\[\{"id":"([^"]*)".*/\1/' "$body")}"
ask GET "/$CLUSTER" 200
say "the server is the cluster $CLUSTER"

ask POST "/$CLUSTER/dbs" 201 "{\"name\":\"$name\"}"
made="/$CLUSTER/dbs/$name"
ask GET "/$CLUSTER/dbs/$name" 200
say "made the database $name"

ask POST "/$CLUSTER/users" 201 "{\"name\":\"$name\"}"
made="/$CLUSTER/users/$name $made"
expect '"role":"normal"'
first=$(text password)
say "made the user $name; its password is in that answer, and in no other"

ask GET "/$CLUSTER/users/$name" 200
if grep -q password "$body"; then fail "there should be no password in: $(cat "$body")"; fi
ask POST "/$CLUSTER/users" 422 "{\"name\":\"$name\"}"
expect 'user name is not available'
say "a second one of that name is refused"

ask POST "/$CLUSTER/users/$name/reset_auth" 200 '{}'
[ "$(text password)" != "$first" ] || fail "the password is still the old one"
say "gave it another password"

ask DELETE "/$CLUSTER/" 404
ask DELETE "/$CLUSTER/users/.." 404
ask GET "/$CLUSTER" 200
say "a user that is called \"..\" leads to no cluster's end"

ask DELETE "/$CLUSTER/users/$name" 204
ask GET "/$CLUSTER/users/$name" 404
ask DELETE "/$CLUSTER/dbs/$name" 204
made=
say "dropped both"

if ! command -v doctl >/dev/null; then
  say "doctl is not installed here: its part of the tour is left out"
  exit 0
fi

# The same with doctl. `doctl auth init` would send the key to DigitalOcean unless it is told --token-validation-server "$ROLECALL";
# with the key in the environment nobody has to log in.
export DIGITALOCEAN_API_URL="$ROLECALL" DIGITALOCEAN_ACCESS_TOKEN="$KEY"
databases() { doctl databases "$@" >"$body" || fail "doctl databases $1 $2: $(cat "$body")"; }

databases list --format ID,Name,Engine,Status
expect "$CLUSTER"
databases db create "$CLUSTER" "$name"
made="/$CLUSTER/dbs/$name"
databases user create "$CLUSTER" "$name"
made="/$CLUSTER/users/$name $made"
databases user reset "$CLUSTER" "$name"
databases user list "$CLUSTER" --format Name,Role
expect "$name"
databases user delete "$CLUSTER" "$name" --force
databases db delete "$CLUSTER" "$name" --force
made=
say "doctl made, reset and dropped them, too"
