# Prints what Pawl wants of servers and has not taken back: UPSTREAM/SERVER STATE WEIGHT EPOCH SINCE HOLDER, one a line.
# usage: nginx-wanted FOLDER
# uses: give-up nginx-server wanted
set -u
folder=$1 upstream='' server=''
nginx_open
for file in "$wanted_folder"/*/*; do
  wanted_read "$file" && echo "${file#"$wanted_folder/"} $kept_state $kept_weight $kept_epoch $kept_since $kept_holder"
done
exit 0
