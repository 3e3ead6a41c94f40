# Prints what lies in a source's repository, as restic's JSON.
# usage: list-snapshots FOLDER ACCOUNT SOURCE ID
# exits 31 without its secret
# uses: give-up repository
set -eu
repository_at "$1" "$2" "$3" "$4"
repository_restic snapshots --json --no-lock
