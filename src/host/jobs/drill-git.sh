# Makes a repository of a bundle in a scratch place on the store, and has git look it through.
# usage: drill-git FOLDER ACCOUNT SOURCE ID SNAPSHOT BYTES
# keeps as its result KEY VALUE lines: seconds until it could be used, `ref COMMIT NAME` for each
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 49 it cannot be restored
# uses: give-up repository result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 bytes=$6
repository_at "$folder" "$account" "$source" "$id"
command -v git >/dev/null || give_up 30 'has no git'
begun=$(date +%s)
repository_scratch "$id" "$((3 * bytes))"

restored() { # ARGUMENT…
  (
    cd "$scratch/files"
    exec setpriv --reuid "$account" --regid "$account" --clear-groups env HOME="$scratch/files" git "$@"
  )
}
repository_restic dump "$snapshot" /all.bundle 2>"$scratch/said" >"$scratch/all.bundle" ||
  give_up 45 "it cannot be read: $(tail -n 3 "$scratch/said")"
chmod 644 "$scratch/all.bundle"
{
  restored init --quiet --bare empty.git && restored -C empty.git bundle verify --quiet "$scratch/all.bundle" &&
    restored clone --quiet --mirror "$scratch/all.bundle" all.git
} >"$scratch/said" 2>&1 || give_up 49 "git does not take it: $(tail -n 3 "$scratch/said")"
usable=$(($(date +%s) - begun))
restored -C all.git fsck --full --no-dangling --no-progress >"$scratch/said" 2>&1 ||
  give_up 49 "git finds it broken: $(tail -n 3 "$scratch/said")"
{
  echo "seconds $usable"
  restored -C all.git for-each-ref --format='ref %(objectname) %(refname)'
} >"$scratch/result"
result_keep "$id" "$scratch/result"
