# Brings the files of a configuration beside those in use, and sets aside what is in use now. Touches nothing else; safe to repeat.
# usage: stage-config FOLDER STATE LABEL BEFORE MANIFEST-BYTES ACTIONS-BYTES KEEP   the manifest, the actions and all files on stdin
#   STATE   name and sum of the manifest and the actions together
#   LABEL   by which the host knows it from now on
#   BEFORE  label of what is in use when this change is first here
# exits 20 too little space, 24 no such account, 25 something else than a file is in the way, 82 other bytes than announced
# uses: releases give-up config
set -eu
folder=$1 state=$2 label=$3 found=$4 manifest_bytes=$5 actions_bytes=$6 keep=$7
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
[ -f "$folder/at/$found" ] || config_label "$folder" "$found" "$before $(config_known "$folder" || echo "$found")"
config_label "$folder" "$label" "$state $label"
config_forget "$folder" "$keep" "$state" "$before"
