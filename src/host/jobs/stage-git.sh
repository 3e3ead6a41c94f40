# Brings a repository back beside the one that is there, and has git look it through.
# usage: stage-git SOURCE ID PLACE(-|FOLDER) SNAPSHOT BYTES NEEDED-BYTES TARGET BARE(yes|no) OWNER(USER:GROUP|-) HEAD|-
#   PLACE  -: beside the target
#   OWNER  whom it belonged to; where there is no such account, to whom the one that is there belongs
#   HEAD   the branch that was checked out; a bundle tells its commit only
# keeps as its result KEY VALUE lines: seconds until it could be used, `ref COMMIT NAME` for each
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 49 it cannot be restored, 53 it
#   could not be swapped in
# uses: give-up progress store place target staged bring result
set -eu
source=$1 id=$2 folder=$3 snapshot=$4 bytes=$5 needed=$6 target=$7 bare=$8 owner=$9
shift 9
head=$1
store_at "$source" "$id"
bring_restic() { store_restic "$@"; }
staged_begin "$id" "$folder"
store_reading
if [ "$folder" = - ]; then staged_may_swap "$target"; fi
begun=$(date +%s)
place_of=$target
[ "$folder" = - ] || place_of=$folder
staged_place "$place_of" "$needed"
# its account must come by
chmod 711 "$place"
mkdir -m 700 "$place/files"
chown "$owner" "$place/files" 2>/dev/null || { [ ! -e "$target" ] || chown --reference="$target" "$place/files"; }
bring_bundle "$snapshot" "$bytes"
usable=$(($(date +%s) - begun))
{
  echo "seconds $usable"
  bring_refs
} >"$place/result"
# it came from nowhere that is still there
bring_git -C all.git remote remove origin
[ "$head" = - ] || bring_git -C all.git symbolic-ref HEAD "$head"
if [ "$bare" = no ]; then
  bring_git -C all.git config core.bare false
  # shellcheck disable=SC2016 # by the account's own shell
  setpriv --reuid "$(stat -c %u "$place/files")" --regid "$(stat -c %g "$place/files")" --clear-groups \
    sh -c 'mkdir -m 755 "$1/tree" && mv -T "$1/all.git" "$1/tree/.git"' - "$place/files"
  # a branch that has no commit yet has no files
  ! bring_git -C tree rev-parse --verify --quiet HEAD >/dev/null || bring_git -C tree reset --quiet --hard >"$place/said" 2>&1 ||
    give_up 49 "it cannot be checked out: $(tail -n 3 "$place/said")"
  staged=$place/files/tree
else
  staged=$place/files/all.git
fi
result_keep "$id" "$place/result"
staged_note "$place_of" "$staged"
staged_end "$store_secrets/store"
