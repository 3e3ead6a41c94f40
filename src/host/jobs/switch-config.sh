# Makes the files of a configuration those of a staged configuration, all or none, and services use them. Goes on where an earlier, cut run stood.
# usage: switch-config FOLDER LABEL [UNIT [ACTIONS]]   UNIT: runs when this is over
#   ACTIONS   numbers, `-` for none: the host serves, so nothing is touched where a file with one of these is another one
# exits 33 then
# uses: going-down give-up config
set -eu
config_switch "$1" "$2" "${4:-}"
config_act "$1"
# other files may have made it end without a word
[ -z "${3:-}" ] || systemctl start -- "$3"
