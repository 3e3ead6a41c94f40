# Prints which files a snapshot holds: `files NUMBER` of all, and nodes as restic's JSON has them, at most MOST by chance.
# usage: list-files FOLDER ACCOUNT SOURCE ID SNAPSHOT MOST
# exits 31 without its secret, 45 it cannot be read
# uses: give-up repository
set -eu
repository_at "$1" "$2" "$3" "$4"
snapshot=$5 most=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# what stands behind a path is not needed; inside of JSON's strings there is no bare quote
{ repository_restic ls --json --no-lock "$snapshot" 2>"$work/said" || echo $? >"$work/code"; } |
  LC_ALL=C awk -v most="$most" '
    BEGIN { srand() }
    index($0, "\"struct_type\":\"snapshot\"") { found = 1 }
    !index($0, "\"struct_type\":\"node\"") || index($0, "\"type\":\"dir\"") { next }
    { sub(/,"uid":.*/, "}") }
    ++files <= most { kept[files] = $0; next }
    { at = int(rand() * files) + 1; if (at <= most) kept[at] = $0 }
    END { if (found) print "files", files + 0; for (at = 1; at in kept; at++) print kept[at] }
  ' >"$work/list"
[ ! -e "$work/code" ] || give_up 45 "it cannot be read: $(tail -n 3 "$work/said")"
# restic ends well where there is no such snapshot
[ -s "$work/list" ] || give_up 45 "it has no snapshot $snapshot"
cat "$work/list"
