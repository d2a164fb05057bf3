#!/bin/sh
# The README's tour as a script: makes a database and a login on a server that Rolecall manages, and removes both again.
#   ROLECALL=http://127.0.0.1:8480 KEY=… INSTANCE=… sh examples/native.sh
# Wants curl and sed. Ends with 0 if everything was as it should be, else with 1 and what was not.
set -eu

: "${ROLECALL:?where Rolecall is reached, such as http://127.0.0.1:8480}"
: "${KEY:?the private half of a key with the role editor}"
: "${INSTANCE:?id of a managed instance}"

base=$ROLECALL/rolecall/v1/instances/$INSTANCE
name=example_$$
body=$(mktemp)
made=

# The key goes in by standard input: arguments can be read by everybody on the machine.
with_key() { printf 'Authorization: Bearer %s\n' "$KEY" | curl -H @- "$@"; }

# ask METHOD PATH STATUS [JSON]: the answer is in $body; any other status ends the script.
ask() {
  method=$1 path=$2 wanted=$3 json=${4:-}
  set -- -sS -o "$body" -w '%{http_code}' -X "$method"
  if [ -n "$json" ]; then set -- "$@" -H 'Content-Type: application/json' -d "$json"; fi
  status=$(with_key "$@" "$base$path") || fail "$ROLECALL does not answer"
  [ "$status" = "$wanted" ] || fail "$method $path answered $status instead of $wanted: $(cat "$body")"
}

expect() { grep -q -- "$1" "$body" || fail "no $1 in: $(cat "$body")"; }
refuse() { ! grep -q -- "$1" "$body" || fail "there should be no $1 in: $(cat "$body")"; }
text() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" "$body"; }
say() { echo "ok  $*"; }
fail() { echo "not ok  $*" >&2; exit 1; }

# Only what this run made: things of that name may have been there before.
tidy() {
  for path in $made; do
    with_key -sS -o /dev/null -X DELETE "$base$path" || true
  done
  rm -f "$body"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

ask POST /databases 201 "{\"name\":\"$name\"}"
made="/databases/$name"
say "made the database $name"

ask POST "/users?dryRun=true" 200 "{\"name\":\"$name\",\"grants\":[{\"role\":\"readwrite\",\"database\":\"$name\"}]}"
expect '"statement":"create role'
ask GET "/users/$name" 404
say "a dry run shows the statements, and makes nothing"

ask POST "/users?verify=true" 201 "{\"name\":\"$name\",\"grants\":[{\"role\":\"readwrite\",\"database\":\"$name\"}]}"
expect '"verified":{'
made="/users/$name /databases/$name"
first=$(text password)
say "made the login $name; the server let it in with its new password"

ask POST "/users" 409 "{\"name\":\"$name\"}"
expect 'urn:rolecall:fault:exists'
say "a second one of that name is refused"

ask POST "/users/$name/reset?verify=true" 200 '{}'
expect '"verified":{'
[ "$(text password)" != "$first" ] || fail "the password is still the old one"
say "gave it another password, which works"

ask POST "/users/$name/lock" 200
expect '"state":"locked"'
ask POST "/users/$name/unlock" 200
expect '"state":"active"'
say "locked it, and let it in again"

ask PATCH "/users/$name/grants" 200 \
  "{\"add\":[{\"role\":\"read\",\"database\":\"$name\"}],\"remove\":[{\"role\":\"readwrite\",\"database\":\"$name\"}]}"
ask GET "/users/$name/grants" 200
expect '"role":"read",'
refuse '"role":"readwrite"'
say "it may read now, and no longer write"

ask DELETE "/users/$name" 200
ask GET "/users/$name" 404
made="/databases/$name"
say "dropped it"

ask DELETE "/databases/$name" 200
ask GET "/databases/$name" 404
made=
say "dropped the database, and its roles with it"
