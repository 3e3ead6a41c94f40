# Brings the files of a configuration beside those in use, and sets aside what is in use now. Touches nothing else; safe to repeat.
# usage: stage-config FOLDER STATE MANIFEST-BYTES ACTIONS-BYTES KEEP   the manifest, the actions and all files on stdin
#   STATE  name and sum of the manifest and the actions together
# prints: before STATE   what is in use now, as such a state of its own
# exits 20 too little space, 24 no such account, 25 something else than a file is in the way, 82 other bytes than announced
# uses: releases give-up config
set -eu
folder=$1 state=$2 manifest_bytes=$3 actions_bytes=$4 keep=$5
umask 077
alone "$folder"
work=$(mktemp -d "$folder/stage.XXXXXX")
trap 'rm -rf "$work"' EXIT
# a folder of the tree is seen by whoever checks the files: what is around it is closed
umask 022
mkdir "$work/new"
head -c "$manifest_bytes" >"$work/new/manifest"
head -c "$actions_bytes" >"$work/new/actions"
[ "$(config_sum "$work/new")" = "$state" ] || give_up 82 'the manifest has another sum'
config_receive "$work/new"
config_publish "$work/new" "$folder/$state"
config_look "$work/now" "$folder/$state"
before=$(config_sum "$work/now")
config_publish "$work/now" "$folder/$before"
echo "before $before"
config_forget "$folder" "$keep" "$state" "$before"
